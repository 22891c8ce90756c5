"""Measures of correlation matrices that every estimator shares: α, HTMT, variance inflation."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def heterotrait_monotrait(R: Floats, mask: Floats) -> Floats:
    """HTMT (…, k, k) of item correlations R (…, p, p), from absolute correlations.

    Mean correlation between the items of two constructs over the geometric mean of the mean correlations within
    them; 1 within a single item. Henseler, Ringle & Sarstedt (2015), JAMS 43, 115–135, as R seminr computes it.
    """
    size = mask.sum(axis=0)
    sums = mask.T @ np.abs(R) @ mask
    pairs = size * (size - 1)
    within = np.diagonal(sums, axis1=-2, axis2=-1)
    within = np.where(pairs > 0, (within - size) / np.where(pairs > 0, pairs, 1.0), 1.0)
    root = np.sqrt(within)
    return sums / np.outer(size, size) / (root[..., :, None] * root[..., None, :])


def cronbach_alpha(S: Floats) -> float:
    """Cronbach's α of the item covariance or correlation matrix S (m, m); 1 for a single item."""
    m = len(S)
    return 1.0 if m == 1 else float(m / (m - 1) * (1 - np.trace(S) / S.sum()))


def variance_inflation(R: Floats) -> Floats:
    """Variance inflation factors (m,) of variables with correlations R (m, m): the diagonal of R⁻¹."""
    return np.diag(np.linalg.inv(R))
