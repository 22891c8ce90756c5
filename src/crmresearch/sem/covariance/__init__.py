"""The covariance-structure engine: RAM matrices, normal-theory likelihood, Fisher scoring; batched over samples."""
