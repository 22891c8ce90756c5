"""Theories of satisfaction and loyalty, and their binding to a codebook."""
