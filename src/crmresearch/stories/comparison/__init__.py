"""Segmentations compared out of time."""
