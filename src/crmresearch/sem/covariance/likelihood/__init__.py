"""The model as matrices, its normal-theory discrepancy, and the minimum of it."""
