"""From a codebook and a data file to a validated survey."""
