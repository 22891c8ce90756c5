"""Which of several estimates are told apart: intervals for all differences at once, and those that may be the highest.

The highest of several estimates is picked because it came out high; the interval of one difference does not know that.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
Floats = NDArray[np.float64]


def verdict(lower: float, upper: float) -> Literal["wins", "loses", "ties"]:
    """Whether a difference is told: its interval lies above zero (wins), below (loses), or holds it (ties).

    An interval that does not exist tells nothing apart.
    """
    if lower > 0:
        return "wins"
    return "loses" if upper < 0 else "ties"


def leads(points: Floats, draws: Floats, base: int, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Differences of all other estimates to one, and half the width of their simultaneous intervals: (k − 1,) each.

    `points` (k,) are the estimates, `draws` (k, B) those of paired resamples; resamples in which one of them is not
    defined are left out.
    """
    difference: Floats = np.delete(points, base) - points[base]
    return difference, simultaneous(difference, np.delete(draws, base, axis=0) - draws[base], level)


def simultaneous(points: Floats, draws: Floats, level: float = LEVEL) -> Floats:
    """Half the width (k,) of the intervals of k estimates that hold for all of them at once: c standard errors.

    `points` (k,), `draws` (k, B) of resamples, those in which one of them is not defined left out; c is the quantile of
    the largest deviation among the k in a resample, in standard errors (max-t; Romano & Wolf, 2005, Econometrica 73,
    1237–1282). NaN without a resample.
    """
    drawn = draws[:, np.isfinite(draws).all(axis=0)]
    if not drawn.size:
        return np.full(len(points), np.nan)
    error = drawn.std(axis=1)
    apart = np.divide(np.abs(drawn - points[:, None]), error[:, None], out=np.zeros_like(drawn),
                      where=error[:, None] > 0)  # fmt: skip
    return np.asarray(_quantile(apart.max(axis=0), level) * error)


def rank_intervals(points: Floats, draws: Floats, level: float = LEVEL) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first and the last rank (k,) that each of k estimates may have, 1 the highest, of all of them at once.

    Of the intervals of all pairwise differences, which hold at once (`simultaneous`), those that leave out 0 tell two
    apart: the first rank is 1 + how many are shown to be higher, the last k less how many are shown to be lower. In at
    least `level` of the samples every true rank lies between; percentiles of the ranks in resamples do not do that
    where some are alike (Mogstad, Romano, Shaikh & Wilhelm 2024, Review of Economic Studies 91, 476–518).

    >>> draws = np.array([[3.0], [1.0], [0.9]]) + 0.1 * np.random.default_rng(1).normal(size=(3, 200))
    >>> first, last = rank_intervals(np.array([3.0, 1.0, 0.9]), draws)
    >>> first.tolist(), last.tolist()
    ([1, 2, 2], [1, 3, 3])
    """
    one, other = np.triu_indices(len(points), 1)
    difference = points[one] - points[other]
    wide = simultaneous(difference, draws[one] - draws[other], level)
    higher = np.zeros((len(points), len(points)), dtype=np.bool_)  # whether the row is shown to be above the column
    higher[one, other], higher[other, one] = difference - wide > 0, difference + wide < 0
    return 1 + higher.sum(axis=0), len(points) - higher.sum(axis=1)


def highest(points: Floats, draws: Floats, level: float = LEVEL) -> NDArray[np.bool_]:
    """Which estimates (k,) are not told apart from the highest, itself among them; of `-points`, `-draws` the lowest.

    One is told apart where another is shown to be higher: the lower bound of that lead, among the simultaneous
    intervals of all leads over it, lies above 0. So the truly highest is kept in at least `level` of the samples,
    however many are compared (multiple comparisons with the best: Hsu 1981, Annals of Statistics 9, 1026–1034; 1984,
    Annals of Statistics 12, 1136–1144; his intervals are one-sided, these keep more).

    >>> draws = np.array([[3.0], [1.0], [0.9]]) + 0.1 * np.random.default_rng(1).normal(size=(3, 200))
    >>> highest(np.array([3.0, 1.0, 0.9]), draws).tolist(), highest(-np.array([3.0, 1.0, 0.9]), -draws).tolist()
    ([True, False, False], [False, True, True])
    """

    def beaten(i: int) -> bool:
        difference, wide = leads(points, draws, i, level)
        return bool((difference - wide > 0).any())

    return np.array([not beaten(i) for i in range(len(points))], dtype=bool)


def holm(p: Floats) -> Floats:
    """Probabilities (m,) adjusted for all of them at once (Holm 1979, Scandinavian Journal of Statistics 6, 65–70).

    NaN are no tests and stay. statsmodels' `multipletests` gives the same and takes a quarter of a second for it.

    >>> holm(np.array([0.01, np.nan, 0.04, 0.03])).tolist()
    [0.03, nan, 0.06, 0.06]
    """
    adjusted = np.full(len(p), np.nan)
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted


def independent_draws(points: Floats, errors: Floats) -> Floats:
    """Draws (k, 999) of independent estimates with these standard errors, for `highest`: normal, always the same.

    Of estimates that go up and down together the errors of differences are too large so, and fewer are told apart.
    """
    noise = np.random.default_rng(0).standard_normal((len(points), 999))
    drawn: Floats = points[:, None] + errors[:, None] * noise
    return drawn


def _quantile(deviations: Floats, level: float) -> float:
    """The quantile of B draws that a further one passes in 1 − level of the cases: that of rank level (B + 1)."""
    rank = int(np.ceil(level * (len(deviations) + 1) - 1e-9))
    return float(np.sort(deviations)[min(rank, len(deviations)) - 1])
