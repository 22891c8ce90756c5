"""Pareto/NBD: purchases at a gamma-distributed rate, dropout after a gamma-exponential (Pareto) lifetime.

Schmittlein, Morrison & Colombo (1987, Management Science 33:1–24); Fader & Hardie (2005, "A note on deriving the
Pareto/NBD model and related expressions"). With λ ~ gamma(r, α) and death rate μ ~ gamma(s, β) the likelihood is

    Γ(r+x) α^r β^s / Γ(r) · { (α+T)^−(r+x) (β+T)^−s + s ∫[t_x, T] (α+τ)^−(r+x) (β+τ)^−(s+1) dτ }.

The note writes the integral as a difference of two hypergeometric functions ₂F₁, which overflow for frequent buyers
and have no simple derivative in their parameters. Here it stays an integral of positive terms: Gauss–Legendre in
log(min(α,β)+τ), cut where the integrand has fallen by e^(−45). It agrees with the ₂F₁ to 1e-12, and the gradient is a
weighted mean over the nodes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exprel, gammaln

from crmresearch.value.histories import Floats, Scores, UniqueRows, in_blocks
from crmresearch.value.maximum import digamma
from crmresearch.value.purchases import NODE_WEIGHTS, NODES, PurchaseFit

FALLEN = 45.0  # e^(−45) = 3e-20 of the integrand's start


class ParetoNbdParameters(NamedTuple):
    """Purchase rate λ ~ gamma(r, alpha), mean r / alpha; death rate μ ~ gamma(s, beta), mean s / beta."""

    r: float
    alpha: float
    s: float
    beta: float


class ParetoNbdFit(PurchaseFit):
    """Pareto/NBD at its maximum likelihood."""

    names = ParetoNbdParameters
    timed = (False, True, False, True)

    @staticmethod
    def score(theta: Scores, rows: UniqueRows) -> tuple[float, Scores]:
        """Log-likelihood and gradient at log-parameters (r, alpha, s, beta)."""
        *by_row, value = in_blocks(lambda x, t_x, T: _of_rows(theta, x, t_x, T), *rows.columns)
        gradient = np.array([rows.weights @ part for part in by_row]) * np.exp(theta)
        if np.iscomplexobj(theta):
            return np.nan, gradient
        return float(rows.weights @ value), gradient

    def _p_alive(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        r, alpha, s, beta = self.parameters
        tau, log_width = death_nodes(x, t_x, T, *self.parameters)
        alive = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
        dead = log_width - (r + x)[:, None] * np.log(alpha + tau) - (s + 1) * np.log(beta + tau) + np.log(s)
        odds = np.exp(np.minimum(dead[:, :-1] - alive[:, None], 650)).sum(axis=1)
        return 1 / (1 + odds)

    def _purchases_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rate: float) -> Floats:
        """(r+x)/(α+T) ∫ ((β+T)/(β+T+u))^s e^(−rate·u) du over the horizon.

        Without a discount (β+T) ((1+h)^(1−s) − 1)/(1−s), h = horizon/(β+T), also at s = 1. With one, Gauss–Legendre in
        log(1 + u/(β+T)); without end it is Tricomi's (β+T)^s rate^(s−1) U(s, s, rate (β+T)) (Fader, Hardie & Lee 2005,
        "RFM and CLV", eq. 2), which scipy computes wrongly for s above about 100.
        """
        r, alpha, s, beta = self.parameters
        scale = beta + T
        if rate == 0:
            width = np.log1p(horizon / scale)
            time = scale * width * exprel((1 - s) * width)
        else:
            width = np.log1p(min(horizon, FALLEN / rate) / scale)[:, None]
            if s > 1:
                width = np.minimum(width, FALLEN / (s - 1))
            v = width * NODES
            time = scale * ((np.exp((1 - s) * v - rate * scale[:, None] * np.expm1(v)) * width) @ NODE_WEIGHTS)
        return (r + x) / (alpha + T) * time

    def _draw_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rng: np.random.Generator) -> Floats:
        """Purchases at the rate λ ~ gamma(r+x, α+T) until death at the rate μ ~ gamma(s, β+T)."""
        r, alpha, s, beta = self.parameters
        rate, death = rng.gamma(r + x) / (alpha + T), rng.gamma(s, size=len(x)) / (beta + T)
        time = np.minimum(horizon, rng.exponential(size=len(x)) / np.maximum(death, 1e-300))
        return rng.poisson(np.minimum(rate * time, 1e9)).astype(np.float64)


def _of_rows(theta: Scores, x: Floats, t_x: Floats, T: Floats) -> Scores:
    """Derivatives of each row's log-likelihood by the parameters, and the log-likelihood itself, (5, m)."""
    r, alpha, s, beta = np.exp(theta)
    tau, log_width = death_nodes(x, t_x, T, *np.exp(theta.real))
    purchase, death = alpha + tau, beta + tau  # (m, nodes + 1), the last column being "alive at T"
    log_purchase, log_death = np.log(purchase), np.log(death)
    terms = log_width - (r + x)[:, None] * log_purchase - s * log_death
    terms[:, :-1] += np.log(s) - log_death[:, :-1]
    top = terms.real.max(axis=1, keepdims=True)
    share = np.exp(terms - top)
    total = share.sum(axis=1, keepdims=True)
    share /= total
    dead = share[:, :-1].sum(axis=1)
    by_row = [
        digamma(r + x) - digamma(r) + np.log(alpha) - (share * log_purchase).sum(axis=1),
        r / alpha - (r + x) * (share / purchase).sum(axis=1),
        np.log(beta) + dead / s - (share * log_death).sum(axis=1),
        s / beta - s * (share / death).sum(axis=1) - (share[:, :-1] / death[:, :-1]).sum(axis=1),
    ]
    if np.iscomplexobj(theta):
        return np.array([*by_row, np.full(len(x), np.nan)])
    mixed = (top + np.log(total))[:, 0]
    return np.array([*by_row, gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + mixed])


def death_nodes(
    x: Floats, t_x: Floats, T: Floats, r: float, alpha: float, s: float, beta: float
) -> tuple[Floats, Floats]:
    """Times (m, nodes + 1) at which the integral over death in [t_x, T] is taken, and the logs of their widths.

    The last column is T itself with width 1: the customer who is alive.
    """
    low, gap = min(alpha, beta), abs(alpha - beta)
    power_low, power_high = (r + x, s + 1.0) if alpha <= beta else (np.full_like(x, s + 1.0), r + x)
    first = low + t_x
    full = np.log((low + T) / first)
    # rate of fall in w = log(low + τ); it never lessens along w, so Newton from the right never cuts too early
    reach = full
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for _ in range(8):
            now = first * np.exp(reach)
            fallen = (power_low - 1) * reach + power_high * np.log((now + gap) / (first + gap))
            slope = power_low - 1 + power_high * now / (now + gap)
            cut = reach - (fallen - FALLEN) / slope
            reach = np.where((fallen > FALLEN) & (slope > 0) & (cut > 0), cut, reach)
    w = reach[:, None] * NODES
    tau = first[:, None] * np.expm1(w) + t_x[:, None]
    with np.errstate(divide="ignore"):  # a last purchase at T leaves no time to die in
        log_width = np.log(reach)[:, None] + np.log(NODE_WEIGHTS) + w + np.log(first)[:, None]
    return np.hstack([tau, T[:, None]]), np.hstack([log_width, np.zeros((len(T), 1))])


def fit_pareto_nbd(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> ParetoNbdFit:
    """Pareto/NBD by maximum likelihood; input and errors as in `fit_bg_nbd`.

    Fader & Hardie (2005), eq. 19; checked against their CDNOW estimates and the hypergeometric form.
    """
    fitted: ParetoNbdFit = ParetoNbdFit.fit(x, t_x, T, weights)
    return fitted
