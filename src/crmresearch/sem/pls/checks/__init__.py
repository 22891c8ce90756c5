"""Whether the model is the right one: congruence, copulas, tetrads, and all checks together."""
