"""One decision a factor from its importance and its performance, taken only beyond chance, by a stated rule."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.errors import ParameterError
from crmresearch.ranks import LEVEL, rank_intervals, simultaneous

Floats = NDArray[np.float64]
Decision = Literal["strengthen", "keep", "reduce", "undecided"]
DECISIONS: tuple[Decision, ...] = ("strengthen", "keep", "reduce", "undecided")
RELEVANT = 0.05  # points of the aim a point of the factor: ten points more of the factor bring half a point


@dataclass(frozen=True)
class Rule:
    """What is important, what is high, and what is too little to count, in points of indices from 0 to 100.

    `importance_cut` and `performance_cut` divide factors; None is the median over the factors of the segment.
    `relevant` is the smallest effect that counts. Raises ParameterError for a confidence outside 0 to 1 and for a
    `relevant` below 0.
    """

    importance_cut: float | None = None
    performance_cut: float | None = None
    relevant: float = RELEVANT
    confidence: float = LEVEL

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise ParameterError(f"A confidence of {self.confidence:g} is impossible; it lies between 0 and 1.")
        if self.relevant < 0:
            raise ParameterError(f"The smallest relevant effect is {self.relevant:g}; it is 0 or more.")


def decide(
    importance: Floats, importance_draws: Floats, performance: Floats, performance_draws: Floats, rule: Rule
) -> pd.DataFrame:
    """The decision on each of F factors of one segment, a row a factor.

    `importance`, `performance` (F,), their draws (F, B) from the same resamples. Columns: importance and performance
    with _lower, _upper and _cut; rank_lower, rank_upper (`rank_intervals` of importance); important and high (1 beyond
    chance above the cut, −1 below, 0 open); decision. Every interval holds for all factors of the segment at once
    (`simultaneous`).

    reduce: the whole interval of importance lies below `rule.relevant`. Of the others, strengthen: important and low.
    keep: important and high. undecided: the rest, and factors that are not defined (NaN).

    >>> noise = 0.01 * np.random.default_rng(1).normal(size=(4, 200))
    >>> importance, performance = np.array([0.5, 0.4, 0.2, 0.0]), np.array([50.0, 80.0, 60.0, 70.0])
    >>> found = decide(importance, importance[:, None] + noise, performance, performance[:, None] + noise, Rule())
    >>> found["decision"].tolist()
    ['strengthen', 'keep', 'undecided', 'reduce']
    """
    known = np.flatnonzero(np.isfinite(importance) & np.isfinite(performance))
    table = pd.DataFrame(index=pd.RangeIndex(len(importance)))
    sides = {}
    for name, points, draws, cut in (
        ("importance", importance, importance_draws, rule.importance_cut),
        ("performance", performance, performance_draws, rule.performance_cut),
    ):
        half, side = np.full(len(points), np.nan), np.zeros(len(points), dtype=np.intp)
        half[known] = simultaneous(points[known], draws[known], rule.confidence)
        at, apart = _against(points[known], draws[known], cut, rule.confidence)
        side[known] = apart
        table[name], table[f"{name}_lower"], table[f"{name}_upper"] = points, points - half, points + half
        table[f"{name}_cut"], sides[name] = at, side
    first, last = rank_intervals(importance[known], importance_draws[known], rule.confidence)
    table["rank_lower"], table["rank_upper"] = 1, len(importance)  # of those not defined
    table.loc[known, "rank_lower"], table.loc[known, "rank_upper"] = first, last + len(importance) - len(known)
    table["important"], table["high"] = important, high = sides["importance"], sides["performance"]
    little = table["importance_upper"] < rule.relevant
    cases = [little, (important > 0) & (high < 0), (important > 0) & (high > 0)]
    return table.assign(decision=np.select(cases, ["reduce", "strengthen", "keep"], "undecided"))


def _against(points: Floats, draws: Floats, cut: float | None, confidence: float) -> tuple[float, NDArray[np.intp]]:
    """The cut, and on which side of it each point (k,) lies beyond chance: 1 above, −1 below, 0 open."""
    if not len(points):
        return np.nan, np.zeros(0, dtype=np.intp)
    at, drawn = (np.median(points), np.median(draws, axis=0)) if cut is None else (cut, np.array(cut))
    half = simultaneous(points - at, draws - drawn, confidence)
    return float(at), ((points - at - half > 0).astype(np.intp) - (points - at + half < 0))


def segments_apart(importance: Floats, draws: Floats, confidence: float = LEVEL) -> pd.DataFrame:
    """Between which segments a factor differs in importance beyond chance: a row a factor and pair.

    `importance` (S, F), `draws` (S, F, B) of paired resamples. Columns factor, more and less, places in these, and
    difference, lower, upper: intervals for all pairs of segments and all factors at once. Largest difference first.
    """
    one, other = np.triu_indices(len(importance), 1)
    difference, drawn = importance[one] - importance[other], draws[one] - draws[other]
    half = np.full(difference.shape, np.nan)
    known = np.isfinite(difference)
    if known.any():
        half[known] = simultaneous(difference[known], drawn[known], confidence)
    pair, factor = np.nonzero(np.abs(difference) - half > 0)
    size, wide, up = np.abs(difference[pair, factor]), half[pair, factor], difference[pair, factor] > 0
    more, less = np.where(up, one[pair], other[pair]), np.where(up, other[pair], one[pair])
    found = {
        "factor": factor,
        "more": more,
        "less": less,
        "difference": size,
        "lower": size - wide,
        "upper": size + wide,
    }
    return pd.DataFrame(found).sort_values("difference", ascending=False, kind="stable", ignore_index=True)
