"""Who is about to be lost, how early that shows, and what an offer to them earns."""
