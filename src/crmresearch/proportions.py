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


def customers_a_group(first: float, second: float, power: float = 0.8, confidence: float = 0.95) -> float:
    """How many customers each of two groups needs for a difference of two shares to be shown with so much power.

    (z_α √(2 p̄ q̄) + z_β √(p₁q₁ + p₂q₂))² / (p₁ − p₂)², two-sided, p̄ their mean (Fleiss, Levin & Paik 2003, Statistical
    Methods for Rates and Proportions, eq. 4.14, without correction for continuity). Infinite for no difference.
    Checked against the power that statsmodels gives at that size.

    >>> round(customers_a_group(0.5, 0.45))
    1565
    """
    if first == second:
        return np.inf
    mean, own = (first + second) / 2, first * (1 - first) + second * (1 - second)
    wide = norm.ppf((1 + confidence) / 2) * np.sqrt(2 * mean * (1 - mean)) + norm.ppf(power) * np.sqrt(own)
    return float((wide / (first - second)) ** 2)


def customers_for_money(deviation: float, difference: float, power: float = 0.8, confidence: float = 0.95) -> float:
    """The same for a difference of two means of money that vary by this standard deviation between customers.

    2 (z_α + z_β)² σ² / δ², two-sided. Infinite for no difference.

    >>> round(customers_for_money(30, 3))
    1570
    """
    if difference == 0:
        return np.inf
    return float(2 * ((norm.ppf((1 + confidence) / 2) + norm.ppf(power)) * deviation / difference) ** 2)
