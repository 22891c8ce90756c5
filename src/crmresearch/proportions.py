"""Shares of customers: the interval of one, and how many customers it takes to tell two apart."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm


def wilson(share: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper end of the interval of a `share` of `n`, which broadcast; n need not be whole (effective n).

    (p + z²/2n ∓ z √(p(1−p)/n + z²/4n²)) / (1 + z²/n) (Wilson 1927, Journal of the American Statistical Association 22,
    209–212), never outside 0 to 1 and never of no width. Checked against scipy.

    >>> [round(float(end), 3) for end in wilson(0.1, 50)]
    [0.043, 0.214]
    """
    p, size, z = np.asarray(share, dtype=float), np.asarray(n, dtype=float), norm.ppf((1 + confidence) / 2)
    centre, half = p + z**2 / (2 * size), z * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    return ((centre - half) / (1 + z**2 / size)).clip(0, 1), ((centre + half) / (1 + z**2 / size)).clip(0, 1)
