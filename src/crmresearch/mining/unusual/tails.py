"""How rare a value is among many of its kind, whatever their spread, skew and tails: probabilities that hold far out.

A robust z (median and median absolute deviation) with the limits of the normal distribution lists far too many of what
has heavy tails, as money has even on the logarithm. Here each side of the median has its own tail, learned from the
outer fifth of that side.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from crmresearch.caution import SMALL_NUMBER
from crmresearch.errors import ParameterError

Floats = NDArray[np.float64]
OUTER = 0.2  # share of a side whose excesses its tail is learned from
HIDDEN = 0.02  # outermost share of a side of which only the limit is known: what is looked for teaches nothing
FEWEST = 10  # excesses that a tail is learned from; of fewer all deviations of the side are taken
THIN = 1e-4  # the smallest ξ: an exponential tail but for rounding
NODES = 300  # of more excesses so many quantiles are taken: the same tail in a hundredth of the time


def require_alpha(alpha: float) -> None:
    """Raise ParameterError for an impossible rate of false alarms, or one that no simulation of this size shows."""
    if not 1e-4 <= alpha <= 0.2:
        raise ParameterError(f"alpha={alpha:g}: the rate of false alarms lies between 0.0001 and 0.2, such as 0.001.")


def tail_p_values(x: Floats, learned: NDArray[np.bool_] | None = None) -> Floats:
    """Two-sided probabilities (n,) of values at least as far out as each of x (n,); 1 for those at the median.

    `learned` (n,): the values that median and tails are learned from, by default all. With π the share of these on its
    side of the median, a value d from it has

        p = min(1, 2 π P(D ≥ d)),   P(D ≥ d) = ζ (1 + ξ (d − u)/σ)^(−1/ξ)   beyond u, which ζ = .2 of the side exceed,

    the generalised Pareto tail (Pickands 1975, Annals of Statistics 3, 119–131) by maximum likelihood with ξ ≥ 0, and
    the outer 2 % of the side known only to lie beyond their limit (censored), so that up to so many of any size do not
    hide themselves or one another. ξ ≥ 0 keeps to the safe side of tails as thin as the normal's: of normal values
    about 2 in 10,000 have p ≤ .001, of Laplace values 9, of Student t of 8 degrees of freedom 10 to 12; of t with 4 it
    is exceeded (15 to 18). Up to u p is no smaller than ζ. Of fewer than 30 values nothing is rare: p = 1.

    >>> x = np.append(np.random.default_rng(1).normal(size=999), 12.0)
    >>> p = tail_p_values(x)
    >>> bool(p[-1] < 0.0001), int((p <= 0.001).sum())
    (True, 1)
    """
    p = np.ones(len(x))
    known = x if learned is None else x[learned]
    if len(known) < SMALL_NUMBER:
        return p
    middle = np.median(known)
    for sign in (1.0, -1.0):
        deviations = sign * (known - middle)
        teaching = deviations[deviations > 0]
        if len(teaching) >= FEWEST // 2:
            side = sign * (x - middle) > 0
            share = len(teaching) / len(known)
            p[side] = np.minimum(1.0, 2 * share * _beyond(sign * (x[side] - middle), teaching))
    return p


def _beyond(d: Floats, teaching: Floats) -> Floats:
    """Probability of at least every deviation d > 0, learned from those of one side (m,)."""
    ordered = np.sort(teaching)
    u = ordered[int((1 - OUTER) * len(ordered)) - 1] if len(ordered) > FEWEST else 0.0
    if (ordered > u).sum() < FEWEST:
        u = 0.0
    excess = ordered[ordered > u] - u
    limit = np.quantile(ordered, 1 - HIDDEN) - u
    within = excess[excess <= limit]
    if 2 * len(within) < len(excess):  # hardly any lies between u and the limit, as of few different values
        within, limit = excess, excess[-1]
    xi, sigma = _pareto(within, len(excess) - len(within), float(limit))
    outer = (ordered > u).mean() * np.exp(-np.log1p(xi * np.maximum(d - u, 0) / sigma) / xi)
    return np.asarray(np.where(d > u, outer, 1.0))


def _pareto(within: Floats, beyond: int, limit: float) -> tuple[float, float]:
    """ξ ≥ 0 and σ of the generalised Pareto distribution of excesses, `beyond` of them known to exceed a limit."""
    weight = max(1.0, len(within) / NODES)
    if weight > 1:
        within = np.quantile(within, (np.arange(NODES) + 0.5) / NODES)
    n = weight * len(within)

    def minus_log_likelihood(parameters: Floats) -> tuple[float, Floats]:
        """It and its derivatives by ξ and ln σ."""
        xi, sigma = parameters[0], np.exp(parameters[1])
        t, c = within / sigma, limit / sigma
        logs, hidden = weight * np.log1p(xi * t).sum(), beyond * np.log1p(xi * c)
        slopes, edge = weight * (t / (1 + xi * t)).sum(), beyond * c / (1 + xi * c)
        value = (1 / xi + 1) * logs + n * parameters[1] + hidden / xi
        by_xi = (1 / xi + 1) * slopes + edge / xi - (logs + hidden) / xi**2
        return float(value), np.array([by_xi, n - (1 + xi) * slopes - edge])

    start = np.log((weight * within.sum() + beyond * limit) / n)  # the exponential distribution, ξ = 0
    bounds = [(THIN, 2), (start - 20, start + 20)]
    found = minimize(minus_log_likelihood, [0.1, start], jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"ftol": 1e-14, "gtol": 1e-7})  # fmt: skip
    return float(found.x[0]), float(np.exp(found.x[1]))
