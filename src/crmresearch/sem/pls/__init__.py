"""Partial least squares path models: algorithm, batches of replicates, estimate, bootstrap, cautions."""
