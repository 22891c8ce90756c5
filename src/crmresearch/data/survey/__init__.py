"""Surveys: codebook, CSV file, and the validated frame of items they make together."""
