"""Segments over successive periods: who moves, what drifts, when to learn again."""
