"""Scores of constructs in the units that respondents answered in: points of the scale where its items share one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.errors import ParameterError
from crmresearch.sem.importance import weights_of_index
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.result import PlsEstimate

WANTED = 0.8  # of the scale of the outcome: the level that is looked at unless another is named
MOST_POINTS = 20  # of a scale whose points are levels one by one
DIGITS = 9  # of a score: equal answers give equal scores, however their sums were added up


@dataclass(frozen=True)
class Unit:
    """What a score counts: points of the `scale` of all items, of the `index` from 0 to 100, or standard deviations.

    `low` and `high` are the ends of the scale or index. A construct with a negative weight has no index, and its scores
    are standard deviations (`sd`), whose ends are open.
    """

    kind: str
    low: float
    high: float

    @property
    def levels(self) -> list[float] | None:
        """The levels of an outcome in this unit: whole points of a short scale, tens of an index; None of sd."""
        if self.kind == "scale" and self.low % 1 == self.high % 1 == 0 and self.high - self.low <= MOST_POINTS:
            return [float(level) for level in np.arange(self.low, self.high + 1)]
        return None if self.kind == "sd" else [float(level) for level in np.linspace(self.low, self.high, 11)]

    @property
    def wanted(self) -> float | None:
        """The level nearest to four fifths of the scale; None of sd."""
        levels, at = self.levels, self.low + WANTED * (self.high - self.low)
        return None if levels is None else min(levels, key=lambda level: (abs(level - at), level))


def scale_scores(estimate: PlsEstimate, bounds: pd.DataFrame | None) -> tuple[pd.DataFrame, dict[str, Unit]]:
    """Scores (n, k) of every construct, and their units by construct.

    A linear function of the standardised composite: items rescaled by `bounds` (a row an item: min, max) and weighed by
    w / sd, normed to sum 1, as in the index. So no effect size or order depends on the unit. Without `bounds` all are
    standard deviations.
    """
    spec = estimate.specification
    if bounds is None:
        return estimate.scores.round(DIGITS), {key: Unit("sd", -np.inf, np.inf) for key in spec.keys}
    limits = limits_of(estimate, bounds)
    composites, span = estimate.composites, limits[:, 1] - limits[:, 0]
    V = weights_of_index(composites[None], estimate.values("deviations/pls")[None], span)[0]
    index = ((estimate.sample.rows + estimate.sample.shift - limits[:, 0]) * 100 / span) @ V
    units, columns = {}, {}
    for place, key in enumerate(spec.keys):
        weights, of_items = composites[:, place], limits[composites[:, place] != 0]
        low, high = of_items[0]
        if (weights < 0).any():
            units[key], columns[key] = Unit("sd", -np.inf, np.inf), estimate.scores[key].to_numpy()
        elif (of_items == of_items[0]).all():
            units[key], columns[key] = Unit("scale", low, high), low + index[:, place] * (high - low) / 100
        else:
            units[key], columns[key] = Unit("index", 0.0, 100.0), index[:, place]
    frame = pd.DataFrame(columns, index=estimate.items.index).round(DIGITS)
    return frame, units


def limits_of(estimate: PlsEstimate, bounds: pd.DataFrame) -> Floats:
    """The ends (p, 2) of the scales of the items; ParameterError where they are absent, impossible or overstepped."""
    items = estimate.specification.items
    known = bounds.reindex(items)[["min", "max"]]
    if absent := list(known.index[known.isna().any(axis=1)]):
        raise ParameterError(f"The scale of {', '.join(absent)} is not given; add a row with min and max for each.")
    limits = known.to_numpy(dtype=np.float64)
    if wrong := [item for item, (low, high) in zip(items, limits, strict=True) if not high > low]:
        raise ParameterError(f"The scale of {', '.join(wrong)} ends where it begins; max lies above min.")
    answers = estimate.sample.rows + estimate.sample.shift
    outside = ((answers < limits[:, 0] - 1e-9) | (answers > limits[:, 1] + 1e-9)).any(axis=0)
    if beyond := [item for item, out in zip(items, outside, strict=True) if out]:
        raise ParameterError(
            f"Answers to {', '.join(beyond)} lie outside the scale that is given for them; correct it."
        )
    return limits


def target_of(estimate: PlsEstimate, target: str | None) -> str:
    """The outcome that is to be raised: the one named, else loyalty, satisfaction, or the last that paths lead to.

    Raises ParameterError for a construct to which no path leads.
    """
    spec = estimate.specification
    outcomes = [*spec.outcomes, *spec.components.values()]
    named = [key for key in reversed(list(spec.theory.aims.values())) if key in outcomes]
    chosen = target or next(iter([*named, *reversed(spec.outcomes)]), None)
    if chosen not in outcomes:
        raise ParameterError(
            f"No path of the model leads to {chosen!r}; outcomes are {', '.join(spec.outcomes) or 'none'}."
        )
    return chosen
