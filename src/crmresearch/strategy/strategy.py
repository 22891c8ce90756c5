"""The strategy of every segment: decisions, gains, the best use of a budget, forecasts, and where segments differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from crmresearch.errors import ParameterError
from crmresearch.strategy.decisions import Floats, Rule, decide, segments_apart
from crmresearch.strategy.what_if import Forecast, forecast, one_at_a_time
from crmresearch.strategy.worth import Plan, best_plan, costs_of, gains, room_above

REPORTED = [
    "segment", "factor", "stage", "importance", "importance_lower", "importance_upper", "performance",
    "rank_lower", "rank_upper", "decision",
]  # fmt: skip  # the columns of decisions.csv


class Drivers(Protocol):
    """What a strategy is made of: `crmresearch.sem.importance.Importance`, or arrays from elsewhere."""

    @property
    def factors(self) -> list[str]: ...
    @property
    def aims(self) -> dict[str, str]: ...
    @property
    def segments(self) -> list[str]: ...
    @property
    def importance(self) -> Floats: ...
    @property
    def performance(self) -> Floats: ...
    @property
    def index(self) -> Floats: ...
    @property
    def point(self) -> Floats: ...
    @property
    def importance_draws(self) -> Floats: ...
    @property
    def performance_draws(self) -> Floats: ...
    @property
    def index_draws(self) -> Floats: ...


@dataclass(frozen=True)
class Strategy:
    """What to do about F factors in S segments for the sake of one aim.

    `decisions`: segment, factor, stage and the columns of `decide`. `gains`: segment, factor, aim, raised (in scale
    points, 1 or what is left to the top), gain, gain_lower, gain_upper (index points). `plans`: the best use of the
    budget in every segment with a factor that is defined. `forecasts` by segment and aim, a step being a scale point;
    `raised`: the index with one factor at a time a scale point higher: segment, aim, factor ("" as it is), estimate,
    ci_lower, ci_upper. `room`: (segments, 2, factors), scale points each can fall and rise. `apart`: the table of
    `segments_apart`, by key, everybody left out.
    """

    aim: str
    rule: Rule
    decisions: pd.DataFrame
    gains: pd.DataFrame
    plans: dict[str, Plan]
    forecasts: dict[tuple[str, str], Forecast]
    raised: pd.DataFrame
    room: Floats
    apart: pd.DataFrame

    @property
    def reported(self) -> pd.DataFrame:
        """The decisions as `decisions.csv` holds them."""
        return self.decisions[REPORTED]

    def of(self, segment: str) -> pd.DataFrame:
        """The decisions on one segment, a row a factor."""
        return self.decisions[self.decisions["segment"] == segment].set_index("factor")

    @property
    def decided(self) -> list[tuple[str, str, list[str]]]:
        """The decisions taken: decision, factor, and the segments for which it is."""
        taken = self.decisions[self.decisions["decision"] != "undecided"]
        groups = taken.groupby(["decision", "factor"], sort=False)["segment"]
        return [(decision, factor, list(keys)) for (decision, factor), keys in groups]

    def leading(self, segment: str) -> list[str]:
        """Factors that may be the most important one of a segment, largest first; none where more than half may."""
        rows = self.of(segment).dropna(subset="importance").sort_values("importance", ascending=False, kind="stable")
        first = list(rows.index[rows["rank_lower"] == 1])
        return first if len(first) <= max(len(rows) / 2, 1) else []


def strategy_of(
    drivers: Drivers,
    stages: Mapping[str, str | None],
    *,
    aim: str = "satisfaction",
    rule: Rule | None = None,
    budget: float = 2.0,
    costs: Mapping[str, float] | None = None,
    most: float = 1.0,
) -> Strategy:
    """The strategy that follows from importance and performance by a rule, for each segment by itself.

    `stages`: of the factors, None without one. `aim`: satisfaction or loyalty, for which importance counts. `budget`,
    `costs` of a scale point of a factor (1 unless named) and `most`, scale points by which a factor can be raised, are
    of the best plan. Raises ParameterError for an aim that the model does not have, and as `Rule` and `best_plan`.
    """
    if aim not in drivers.aims:
        raise ParameterError(f"The aim {aim!r} is not in this model; it has {', '.join(drivers.aims)}.")
    if not most > 0:
        raise ParameterError(f"`most` is {most:g}; the scale points by which a factor can be raised are above 0.")
    rule, a = rule or Rule(), list(drivers.aims).index(aim)
    cost, point = costs_of(drivers.factors, costs or {}), drivers.point
    decided, gained, raised, plans, forecasts = [], [], [], {}, {}
    for s, segment in enumerate(drivers.segments):
        effects, draws = drivers.importance[s], drivers.importance_draws[s]
        table = decide(effects[:, a], draws[:, a], drivers.performance[s], drivers.performance_draws[s], rule)
        decided.append(_labelled(table, drivers.factors, segment=segment, stage=[stages[f] for f in drivers.factors]))
        room = room_above(drivers.performance[s], point)
        step = np.clip(room, 0, 1)
        for b, name in enumerate(drivers.aims):
            table = gains(effects[:, b], draws[:, b], step * point, rule.confidence).assign(raised=step, aim=name)
            gained.append(_labelled(table, drivers.factors, segment=segment))
            index = float(drivers.index[s, b]), drivers.index_draws[s, b]
            one = forecast(*index, effects[:, b], draws[:, b], point, rule.confidence)
            forecasts[segment, name] = one
            raised.append(_labelled(one_at_a_time(one), ["", *drivers.factors], segment=segment, aim=name))
        if np.isfinite(effects[:, a]).any():
            bound = np.minimum(room, most)
            plans[segment] = best_plan(effects[:, a], draws[:, a], point, cost, budget, bound, rule.confidence)
    apart = segments_apart(drivers.importance[1:, :, a], drivers.importance_draws[1:, :, a], rule.confidence)
    known = {"factor": drivers.factors, "more": drivers.segments[1:], "less": drivers.segments[1:]}
    return Strategy(
        aim,
        rule,
        pd.concat(decided, ignore_index=True),
        pd.concat(gained, ignore_index=True),
        plans,
        forecasts,
        pd.concat(raised, ignore_index=True),
        np.stack([drivers.performance / point, (100 - drivers.performance) / point], axis=1),
        apart.assign(**{column: [names[place] for place in apart[column]] for column, names in known.items()}),
    )


def _labelled(table: pd.DataFrame, factors: Sequence[str], **labels: str | list[str | None]) -> pd.DataFrame:
    table = table.assign(factor=list(factors), **labels)
    first = [name for name in ("segment", "factor", "stage", "aim") if name in table]
    return table[[*first, *(name for name in table if name not in first)]]
