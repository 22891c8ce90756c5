"""How far a covariance structure is from the answers, as a whole and item by item."""
