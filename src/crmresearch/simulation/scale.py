"""Answers on a scale: the shares of its points that have a stated mean, spread and skewness, and their thresholds.

Of all distributions on the points of a scale with three given moments the one of maximum entropy is
p_k ∝ exp(λ₁k + λ₂k² + λ₃k³); λ is the minimum of a convex function (Cover & Thomas 2006, Elements of Information
Theory, chapter 12). A continuous answer becomes the highest point whose threshold it reaches, τ_k = Φ⁻¹(p_1 + … + p_k).
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermevander
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp
from scipy.stats import norm

from crmresearch.errors import TruthError

Floats = NDArray[np.float64]
STEPS = 200
SERIES = 120  # terms of the expansion of a correlation; |ρ|^120 is below 1e-5 up to .90
CLOSE = 1e-10  # on the moments, in units of the scale's half-width


@dataclass(frozen=True)
class Scale:
    """A scale of whole points and the moments of the answers on it; of two points only the mean is free."""

    min: int
    max: int
    mean: float
    sd: float
    skewness: float

    @property
    def points(self) -> int:
        """How many answers there are."""
        return self.max - self.min + 1


def point_shares(scale: Scale, item: str) -> Floats:
    """Shares (points,) of the points of the scale, lowest first, with the stated moments exactly.

    Raises TruthError, which names the `item`, for moments that no answers on the scale can have.

    >>> shares = point_shares(Scale(1, 10, mean=7, sd=2, skewness=-0.5), "Q1")
    >>> round(float(shares @ np.arange(1, 11)), 6)
    7.0
    """
    low, high, mean, sd = scale.min, scale.max, scale.mean, scale.sd
    if not low < mean < high:
        raise TruthError(f"answers of {item}: the mean {mean:g} must lie between {low} and {high}.")
    if scale.points == 2:
        return np.array([high - mean, mean - low])
    half = (high - low) / 2
    x = (np.arange(low, high + 1) - (low + high) / 2) / half
    m, s = (mean - (low + high) / 2) / half, sd / half
    aims = np.array([m, s**2 + m**2, scale.skewness * s**3 + 3 * m * s**2 + m**3])
    shares = _maximum_entropy(np.stack([x, x**2, x**3]), aims)
    if shares is None:
        raise TruthError(
            f"answers of {item}: no answers from {low} to {high} have mean {mean:g}, standard deviation {sd:g} and "
            f"skewness {scale.skewness:g}; move the mean to the middle, or make the skewness smaller."
        )
    return shares


def _maximum_entropy(features: Floats, aims: Floats) -> Floats | None:
    """Shares p with features @ p = aims and the most entropy, by damped Newton steps; None where there are none."""
    multipliers = np.zeros(len(aims))

    def dual(t: Floats) -> float:
        return float(logsumexp(t @ features) - t @ aims)

    for _ in range(STEPS):
        logits = multipliers @ features
        p = np.exp(logits - logsumexp(logits))
        gradient = features @ p - aims
        if np.abs(gradient).max() < CLOSE:
            return p
        centred = features - (features @ p)[:, None]
        hessian = (centred * p) @ centred.T
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-14)[0]
        size, now, slope = 1.0, dual(multipliers), gradient @ step
        while dual(multipliers - size * step) > now - 1e-4 * size * slope and size > 1e-10:
            size /= 2
        multipliers = multipliers - size * step
    return None


def thresholds(shares: Floats) -> Floats:
    """Thresholds (points − 1,) at which a standard normal variable has these shares."""
    return np.asarray(norm.ppf(np.clip(np.cumsum(shares)[:-1], 0, 1)))


def series(cuts: Floats, mean: float = 0.0) -> Floats:
    """Coefficients (SERIES,) of an answer on the scale in Hermite polynomials of its continuous y ~ N(mean, 1).

    With a_m = Σ_k φ(τ_k) He_{m−1}(τ_k) / √m! the covariance of two answers is Σ_m a_m b_m ρ^m, ρ the correlation of
    their continuous ones (Mehler's expansion; Olsson 1979, Psychometrika 44, 443–460, for the polychoric case).

    >>> one = series(thresholds(np.array([0.5, 0.5])))
    >>> rho = 0.5  # Sheppard 1899: the covariance of two halves is arcsin(ρ) / 2π
    >>> bool(abs((one * one) @ rho ** np.arange(1, 121) - np.arcsin(rho) / (2 * np.pi)) < 1e-12)
    True
    """
    tau = cuts[np.isfinite(cuts)] - mean
    orders = np.arange(1, SERIES + 1)
    with np.errstate(over="ignore"):
        polynomials = hermevander(tau, SERIES - 1) * np.exp(-0.5 * gammaln(orders + 1))
    return np.asarray(norm.pdf(tau) @ polynomials)
