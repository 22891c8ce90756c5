"""Whether the same segments come out again, and how much two segmentations agree."""
