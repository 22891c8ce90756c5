"""From a codebook and a data file to a validated survey, or to purchases and the customers who made them."""
