"""How often chance alone gives an effect size as large: permutations of the outcome against the condition.

A permutation decides a ceiling only through its records: the highest outcome, then the highest of those at smaller x,
and so on. They are drawn directly, each from its distribution given the one before, so that a permutation of n rows
costs about log n draws instead of n.
"""

from itertools import permutations as every_order

import numpy as np
from scipy.special import gammaln, ndtri

from crmresearch.sem.priorities.ceilings import CEILINGS, Floats, Points, effect_size, lines, zone_above_lines

ENUMERATED = 8  # rows up to which all n! orders are tried
LEAST_DRAWN, MOST_DRAWN = 199, 999  # samples in which a condition and the outcome merely go together
DRAWN = 20_000_000  # numbers in all of them
CHUNK = 500_000  # numbers of samples that are drawn at a time
SAME = 1e-12  # of d: what chance gives is as large up to rounding


def chance(points: Points, permutations: int, seed: np.random.SeedSequence) -> tuple[Floats, int]:
    """p (2,) of d of CE-FDH and CR-FDH under permutations, and of how many; n! where all orders were tried.

    (k + 1) / (R + 1) of R random permutations of which k have at least the d of the points (Dul, van der Laan & Kuik
    2020, Organizational Research Methods 23, 385–395; the permutation that was observed is one of them, Davison &
    Hinkley 1997, section 4.3); k / n! of all.
    """
    observed = np.array([effect_size(name, points) for name in CEILINGS])
    exact = len(points.x) <= ENUMERATED
    drawn = all_effects(points) if exact else permuted_effects(points, permutations, np.random.default_rng(seed))
    as_large = (drawn >= observed[:, None] - SAME).sum(axis=1)
    if exact:
        return as_large / drawn.shape[1], drawn.shape[1]
    return (as_large + 1) / (permutations + 1), permutations


def all_effects(points: Points) -> Floats:
    """d (2, n!) of both ceilings in all orders of y against x."""
    return effects_of_orders(points.x, np.array(list(every_order(points.y))))


def effects_of_orders(x: Floats, orders: Floats) -> Floats:
    """d (2, R) of both ceilings for every row of `orders` (R, n), values of y, against ascending x (n,)."""
    places, first = np.unique(x - x[0], return_index=True)
    highest = np.maximum.accumulate(np.maximum.reduceat(orders, first, axis=1), axis=1)
    y = float(orders[0].min()), float(orders[0].max())
    new = np.diff(highest, axis=1, prepend=-np.inf) > 0
    at_y = np.where(new, highest, 0.0)
    sums = new.sum(axis=1), new @ places, at_y.sum(axis=1), new @ places**2, at_y @ places
    zone = (y[1] - highest[:, :-1]) @ np.diff(places)
    of_lines = zone_above_lines(*lines(*sums), (0.0, float(places[-1])), y)
    return np.stack([zone, of_lines]) / (places[-1] * (y[1] - y[0]))


def permuted_effects(points: Points, permutations: int, rng: np.random.Generator) -> Floats:
    """d (2, R) of both ceilings in R random permutations.

    Rows are taken in descending order of y and fall on free positions in the order of x. With m free positions left of
    the last record and N rows to come, k rows fall right of it with the probability C(N − m, k) / C(N, k) at least; the
    one after them is the next record, at any of the m positions with the same probability. Checked against all orders
    of seven points and against permutations of whole columns.
    """
    x, y = points.x, np.sort(points.y)[::-1]
    n, (low, high), (top, bottom) = len(x), (x[0], x[-1]), y[[0, -1]]
    lowest = int((x == low).sum())  # once a record stands there, no other changes the ceiling
    factorials = gammaln(np.arange(n + 1) + 1.0)

    left = rng.integers(0, n, permutations)  # position of the last record: so many lie left of it
    to_come = np.full(permutations, n - 1)
    at_x, at_y = x[left] - low, np.full(permutations, top)  # the peer at hand; x from its lowest
    sums = np.zeros((5, permutations))  # of peers: count, x, y, xx, xy
    zone = np.zeros(permutations)
    open_ = np.flatnonzero(left >= lowest)
    while len(open_):
        m, N = left[open_], to_come[open_]
        skipped = _skipped(rng.random(len(open_)), m, N, factorials)
        to_come[open_] = N - skipped - 1
        left[open_] = position = rng.integers(0, m)
        new_x, new_y = x[position] - low, y[n - 1 - to_come[open_]]
        old_x, old_y = at_x[open_], at_y[open_]
        lower, further = new_y < old_y, new_x < old_x
        peer = lower & further  # of equal y the smallest x is the peer, of equal x the highest y
        zone[open_[peer]] += (old_x * (old_y - new_y))[peer]
        _add(sums, open_[peer], old_x[peer], old_y[peer])
        at_x[open_] = new_x
        at_y[open_] = np.where(further, new_y, old_y)
        open_ = open_[position >= lowest]
    _add(sums, np.arange(permutations), at_x, at_y)
    scope = (high - low) * (top - bottom)
    of_lines = zone_above_lines(*lines(*sums), (0.0, float(high - low)), (float(bottom), float(top)))
    return np.stack([zone, of_lines]) / scope


def association(points: Points, seed: np.random.SeedSequence, draws: int | None = None) -> Floats:
    """p (2,) of d of both ceilings among samples in which x and y go together as here, and nothing is necessary.

    Permutations test against no connexion at all; but two that merely go together leave the corner emptier, too. Here
    x stays, and y gets the order of r z + √(1 − r²) e, z the normal scores of x, e normal, r the correlation of the
    normal scores of both: a normal copula with the margins of the sample, of which no corner is empty for good. Our
    own addition, in the spirit of a parametric bootstrap (Davison & Hinkley 1997, section 4.2): (k + 1) / (draws + 1).
    `draws`: 999, of many rows fewer down to 199; 1.9 s for 25,000 rows, 2.7 s for 100,000.
    """
    from scipy.stats import rankdata  # as slow to import as all of the engine

    observed = np.array([effect_size(name, points) for name in CEILINGS])
    n, rng, y = len(points.x), np.random.default_rng(seed), np.sort(points.y)
    draws = draws or min(MOST_DRAWN, max(LEAST_DRAWN, DRAWN // n))
    z, of_y = (ndtri((rankdata(axis) - 0.5) / n) for axis in points)
    r = float(np.corrcoef(z, of_y)[0, 1])
    as_large = np.zeros(2)
    for start in range(0, draws, size := max(1, CHUNK // n)):
        rows = min(size, draws - start)
        latent = r * z + np.sqrt(max(1 - r * r, 0.0)) * rng.standard_normal((rows, n))
        orders = np.empty_like(latent)
        np.put_along_axis(orders, latent.argsort(axis=1), np.broadcast_to(y, latent.shape), axis=1)
        as_large += (effects_of_orders(points.x, orders) >= observed[:, None] - SAME).sum(axis=1)
    return (as_large + 1) / (draws + 1)


def _add(sums: Floats, where: np.ndarray, x: Floats, y: Floats) -> None:
    sums[:, where] += [np.ones_like(x), x, y, x * x, x * y]


def _skipped(uniform: Floats, m: np.ndarray, N: np.ndarray, factorials: Floats) -> np.ndarray:
    """How many of N rows fall right of the last record before one falls on the m positions left of it.

    The largest k with C(N − m, k) / C(N, k) > `uniform`, by halving.
    """
    least, most, right = np.zeros_like(N), N - m, N - m
    level = np.log1p(-uniform) + factorials[N] - factorials[right]  # 1 − uniform is never 0
    while (least < most).any():
        k = (least + most + 1) // 2
        enough = factorials[N - k] - factorials[right - k] > level
        least, most = np.where(enough, k, least), np.where(enough, most, k - 1)
    return least
