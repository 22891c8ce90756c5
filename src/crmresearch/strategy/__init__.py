"""Which factors of satisfaction to strengthen, keep or reduce, what that is worth, and what to do."""
