"""Gamma–Gamma: what a customer spends per purchase varies around a mean that differs between customers.

Fader & Hardie (2013), "The gamma–gamma model of monetary value". Each purchase is gamma(p, ν), ν ~ gamma(q, γ); for a
mean m of x purchases the likelihood is

    Γ(px+q) / (Γ(px) Γ(q)) · γ^q m^(px−1) x^(px) / (γ + xm)^(px+q).

Checked against the published CDNOW estimates and numerical integration over ν.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError
from crmresearch.value.histories import Floats, Scores, UniqueRows, checked_weights, numbers, unique_rows
from crmresearch.value.maximum import MaximumFit, digamma, maximise_rows

RELATED = 0.3  # correlation of spend and frequency from which their independence, which the model assumes, is in doubt


class GammaGammaParameters(NamedTuple):
    """Shape p of single purchases; scale ν ~ gamma(q, gamma) across customers; mean spend p gamma / (q − 1)."""

    p: float
    q: float
    gamma: float


@dataclass(frozen=True)
class GammaGammaFit(MaximumFit):
    """Gamma–Gamma at its maximum likelihood; gamma is in units of money."""

    parameters: GammaGammaParameters
    standard_errors: GammaGammaParameters

    @property
    def population_mean(self) -> float:
        """Mean spend per purchase over all customers; NaN when q ≤ 1, for then it does not exist."""
        p, q, gamma = self.parameters
        return p * gamma / (q - 1) if q > 1 else np.nan

    def expected_spend(self, x: ArrayLike, mean_spend: ArrayLike) -> Floats:
        """Expected mean spend (n,) per later purchase: p (γ + x m) / (p x + q − 1).

        A weighted mean of the customer's own and everybody's; with x = 0 everybody's (m is not read, it may be NaN).
        """
        p, q, gamma = self.parameters
        repeats = numbers("x (purchases averaged)", x)
        own = np.where(repeats > 0, np.asarray(mean_spend, dtype=np.float64), 0.0)
        own = numbers("mean spend", own)
        known = p * repeats + q > 1
        return np.where(known, p * (gamma + repeats * own) / np.where(known, p * repeats + q - 1, 1.0), np.nan)

    def draw_spend(self, x: ArrayLike, mean_spend: ArrayLike, purchases: ArrayLike, rng: np.random.Generator) -> Floats:
        """Spend (n,) in so many later `purchases` (n,), drawn given each customer's x purchases and their mean.

        The customer's ν is gamma(q + p x, γ + x m), and the spend of n purchases gamma(p n, ν).
        """
        p, q, gamma = self.parameters
        repeats = numbers("x (purchases averaged)", x)
        own = np.where(repeats > 0, np.asarray(mean_spend, dtype=np.float64), 0.0)
        nu = rng.gamma(q + p * repeats) / (gamma + repeats * own)
        return rng.gamma(p * numbers("purchases", purchases)) / np.maximum(nu, 1e-300)

    @classmethod
    def estimate(cls, rows: UniqueRows, near: "GammaGammaFit | None" = None) -> "GammaGammaFit":
        """Fit unique rows (x, mean spend); `near`: a fit of much the same customers, quicker, may leave errors NaN."""
        _, m = rows.columns
        centre = np.array([0.0, 0.0, np.log(rows.weights @ m / rows.n)])
        fields = GammaGammaParameters._fields
        start = None if near is None else near.maximum
        best = maximise_rows(gamma_gamma_score, rows, centre, fields, start)
        parameters = GammaGammaParameters(*best.parameters.tolist())
        cautions = list(best.cautions)
        if parameters.q <= 1:
            cautions.append(Caution("no_mean", "inadmissible", "q", {"value": parameters.q}))
        related = _correlation(rows)
        if abs(related) > RELATED:
            cautions.append(Caution("spend_frequency", "weak", "spend", {"value": related}))
        errors = GammaGammaParameters(*best.standard_errors.tolist())
        return cls(
            parameters, errors, best.log_likelihood, rows.n, best.converged, tuple(cautions), best.covariances, rows
        )


def gamma_gamma_score(theta: Scores, rows: UniqueRows) -> tuple[float, Scores]:
    """Log-likelihood and gradient (3,) at log-parameters (p, q, gamma), real or complex."""
    p, q, gamma = np.exp(theta)
    x, m = rows.columns
    pooled = gamma + x * m
    shape = p * x + q
    by_row = [
        x * (digamma(shape) - digamma(p * x) + np.log(x * m) - np.log(pooled)),
        digamma(shape) - digamma(q) + np.log(gamma) - np.log(pooled),
        q / gamma - shape / pooled,
    ]
    gradient = np.array([rows.weights @ part for part in by_row]) * np.exp(theta)
    if np.iscomplexobj(theta):
        return np.nan, gradient
    value = (
        gammaln(shape) - gammaln(p * x) - gammaln(q)
        + q * np.log(gamma) + p * x * np.log(x * m) - np.log(m) - shape * np.log(pooled)
    )  # fmt: skip
    return float(rows.weights @ value), gradient


def fit_gamma_gamma(x: ArrayLike, mean_spend: ArrayLike, weights: ArrayLike | None = None) -> GammaGammaFit:
    """Gamma–Gamma by maximum likelihood, from the number of purchases x ≥ 1 and their mean spend > 0, each (n,).

    The field fits it to repeat purchases of customers who bought again. Raises EstimationError for other numbers, for
    fewer than two customers or when nobody bought twice (then variation within and between customers is one).
    Fader & Hardie (2013), eq. 1a.
    """
    repeats, spend = numbers("x (purchases averaged)", x), numbers("mean spend", mean_spend)
    if len(repeats) != len(spend):
        raise EstimationError(f"x has {len(repeats)} and mean spend {len(spend)} values; give one a customer.")
    for what, wrong in (
        ("x (purchases averaged) must be whole numbers of at least 1", (repeats < 1) | (repeats != np.rint(repeats))),
        ("mean spend must be above 0", spend <= 0),
    ):
        if wrong.any():
            raise EstimationError(f"{what}; leave out these customers ({wrong.sum()} of {len(wrong)}).")
    counted = checked_weights(weights, len(repeats))
    if len(repeats) < 2:
        raise EstimationError("Spend per purchase needs two or more customers who bought again and spent more than 0.")
    if not (repeats > 1).any():
        raise EstimationError("No customer has two purchases to average, so spread within customers is unknown.")
    if np.ptp(spend) <= 1e-12 * spend.max():
        raise EstimationError(f"All customers spend the same per purchase ({spend[0]:g}); there is no spread to model.")
    return GammaGammaFit.estimate(unique_rows([repeats, spend], counted))


def _correlation(rows: UniqueRows) -> float:
    """Weighted correlation of number of purchases and mean spend, 0 when one is constant."""
    covariances = np.cov(rows.columns, aweights=rows.weights, bias=True)
    scale = np.sqrt(covariances[0, 0] * covariances[1, 1])
    return float(covariances[0, 1] / scale) if scale > 0 else 0.0
