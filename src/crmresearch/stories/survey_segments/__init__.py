"""Segments of a survey."""
