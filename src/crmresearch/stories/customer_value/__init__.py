"""Which customers are worth what."""
