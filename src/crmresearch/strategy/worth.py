"""What raising factors is worth: the gain of an aim, the best use of a budget, and how far it hangs on the costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog

from crmresearch.errors import ParameterError
from crmresearch.ranks import LEVEL, rank_intervals

Floats = NDArray[np.float64]


def room_above(performance: Floats, point: Floats) -> Floats:
    """How many points of the scale each factor (F,) can still rise: to 100, `point` index points a scale point."""
    return (100 - performance) / point


def gains(effects: Floats, draws: Floats, step: Floats, confidence: float = LEVEL) -> pd.DataFrame:
    """Gain of an aim, in index points, from raising each factor by `step` (F,) index points: gain, gain_lower, _upper.

    `effects` (F,), draws (F, B); percentile intervals, each of one factor by itself. NaN for a factor not defined.

    >>> gains(np.array([0.5]), np.array([[0.4, 0.5, 0.6]]), np.array([10.0]), 0.9).round(2).to_numpy().tolist()
    [[5.0, 4.1, 5.9]]
    """
    tail = (1 - confidence) / 2
    limits = np.full((2, len(effects)), np.nan)
    for row in np.flatnonzero(np.isfinite(effects)):
        drawn = draws[row][np.isfinite(draws[row])]
        if drawn.size:
            limits[:, row] = np.quantile(drawn, [tail, 1 - tail])
    return pd.DataFrame({"gain": effects * step, "gain_lower": limits[0] * step, "gain_upper": limits[1] * step})


@dataclass(frozen=True)
class Plan:
    """The best use of a budget.

    `table`, a row a factor: cost (of a scale point), points (to raise it by), spent, gain (index points of the aim),
    per_cost (its gain a unit of cost), break_even (cost of a point up to which money goes to it while the other costs
    stay as they are), alike (whether its gain for the money is not told apart from the best). `gain` of the whole plan
    with its interval, `spent` of the `budget`.
    """

    table: pd.DataFrame
    gain: float
    gain_lower: float
    gain_upper: float
    spent: float
    budget: float


def costs_of(factors: Sequence[str], costs: Mapping[str, float]) -> Floats:
    """The cost of a scale point of each factor (F,); 1 of those not named. Raises ParameterError for an unknown name
    and for a cost that is not above 0."""
    if unknown := [key for key in costs if key not in factors]:
        raise ParameterError(f"`costs` names {unknown[0]!r}, which is no factor here; they are {', '.join(factors)}.")
    if wrong := [key for key, cost in costs.items() if not 0 < cost < np.inf]:
        raise ParameterError(f"`costs`: a point of {wrong[0]!r} costs {costs[wrong[0]]:g}; give a number above 0.")
    return np.array([float(costs.get(key, 1.0)) for key in factors])


def best_plan(
    effects: Floats, draws: Floats, point: Floats, cost: Floats, budget: float, most: Floats, confidence: float = LEVEL
) -> Plan:
    """How many scale points to raise each factor so that the aim gains most: a linear programme, solved exactly.

    Maximise Σ effects · point · x subject to Σ cost · x ≤ budget and 0 ≤ x ≤ most, x (F,) in scale points; HiGHS by
    `scipy.optimize.linprog`. A factor gets money as long as it gains more for it than the last unit of the budget does
    in the best plan without this factor; that is its break-even cost. The interval of the gain is that of this plan,
    which was picked because it came out best: rather too high. Factors not defined get nothing. Raises ParameterError
    for a budget below 0.

    >>> rng = np.random.default_rng(1)
    >>> effects, ones = np.array([0.5, 0.3]), np.ones(2)
    >>> plan = best_plan(effects, effects[:, None] + 0.01 * rng.normal(size=(2, 99)), 10 * ones, ones, 2, 2 * ones)
    >>> plan.table["points"].tolist(), plan.gain, plan.table["break_even"].round(2).tolist()
    ([2.0, 0.0], 10.0, [1.67, 0.6])
    """
    if not 0 <= budget < np.inf:
        raise ParameterError(f"The budget is {budget:g}; it is a number of 0 or more, in the unit of the costs.")
    gain, drawn = effects * point, draws * point[:, None]
    worth, room = np.nan_to_num(gain), np.maximum(np.nan_to_num(most), 0)
    points = _solve(worth, cost, budget, room)
    others = np.where(np.eye(len(cost), dtype=np.bool_), 0.0, room)  # a row without each factor
    last_unit = np.array([_last_unit(_solve(worth, cost, budget, rest), worth, cost, budget) for rest in others])
    with np.errstate(divide="ignore"):
        break_even = np.divide(worth, last_unit, out=np.zeros_like(worth), where=worth > 0)
    known = np.flatnonzero(np.isfinite(gain) & (room > 0))
    alike = np.zeros(len(cost), dtype=np.bool_)
    alike[known] = rank_intervals(gain[known] / cost[known], drawn[known] / cost[known, None], confidence)[0] == 1
    totals = points[known] @ drawn[known][:, np.isfinite(drawn[known]).all(axis=0)]
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(totals, [tail, 1 - tail]) if totals.size else (np.nan, np.nan)
    table = pd.DataFrame(
        {"cost": cost, "points": points, "spent": points * cost, "gain": worth * points, "per_cost": gain / cost,
         "break_even": break_even, "alike": alike}
    )  # fmt: skip
    return Plan(table, float(worth @ points), float(lower), float(upper), float(points @ cost), budget)


def _solve(worth: Floats, cost: Floats, budget: float, room: Floats) -> Floats:
    found = linprog(-worth, cost[None], [budget], bounds=np.stack([np.zeros(len(cost)), room], axis=1))
    assert found.status == 0, found.message  # 0 is feasible, and the room is bounded
    return np.asarray(found.x, dtype=np.float64) + 0.0


def _last_unit(points: Floats, worth: Floats, cost: Floats, budget: float) -> float:
    """What the last unit of the budget gains in a plan: 0 where some is left, infinity where there never was one."""
    if points @ cost < budget * (1 - 1e-9):
        return 0.0
    funded = points > 0
    return float((worth[funded] / cost[funded]).min()) if funded.any() else np.inf
