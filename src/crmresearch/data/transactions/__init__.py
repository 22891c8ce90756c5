"""Transactions: codebook, files of purchases, and the lines they make together."""
