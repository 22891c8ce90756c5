"""Necessary conditions: what nobody lacks who reaches an outcome, beyond chance, and where the bottlenecks are.

Dul (2016), Organizational Research Methods 19, 10–52; with scores of a path model Richter, Schubring, Hauff, Ringle &
Sarstedt (2020), Industrial Management & Data Systems 120, 2243–2267.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from crmresearch.caution import Caution, gravest_first
from crmresearch.errors import ParameterError
from crmresearch.ranks import holm
from crmresearch.sem.priorities.ceilings import CEILINGS, Ceiling, CeilingName, Floats, Points, ceiling, order_of
from crmresearch.sem.priorities.influence import influence
from crmresearch.sem.priorities.permutation import association, chance

MEDIUM = 0.1  # d from which a condition counts (Dul 2016: below it small, from .3 large, from .5 very large)
FEW = 10  # answers below which a ceiling says little
FRAGILE = 3  # answers whose absence would undo a necessity: so few or fewer are told


@dataclass(frozen=True)
class Necessity:
    """Which conditions are necessary for one outcome.

    `effects`, a row a condition and ceiling: condition, ceiling, n, d, p_value (permutations), p_adjusted (of all
    conditions by this ceiling, Holm 1979), p_association (so adjusted as well, against merely going together:
    `permutation.association`), accuracy (share of answers not above), peers, intercept, slope, d_lowest and d_highest
    without a single answer, dropped (answers whose absence brings d below .1, after `influence`; −1 more than
    ten), necessary (d ≥ .1 and p_adjusted < 1 − confidence). `bottleneck`, a row a level of the outcome, condition and
    ceiling: level, percent (of the range of the outcome), required (the least x; NaN where none is needed or none is
    enough), status (required, not_necessary, not_reached), share_below (of respondents below what is required).
    `influential`, a row an answer that can move d: condition, ceiling, row, x, y, d_without. `low`: conditions of which
    a low level is needed; `required` is then the most. `leading`: the ceiling by which statements are made.
    """

    outcome: str
    leading: CeilingName
    confidence: float
    permutations: int
    effects: pd.DataFrame
    bottleneck: pd.DataFrame
    influential: pd.DataFrame
    low: tuple[str, ...]
    cautions: tuple[Caution, ...]

    @property
    def leading_effects(self) -> pd.DataFrame:
        """The rows of `effects` of the leading ceiling, by condition."""
        return self.effects[self.effects["ceiling"] == self.leading].set_index("condition")

    @property
    def more_than_association(self) -> list[str]:
        """Necessary conditions whose corner is emptier, beyond chance, than a normal connexion as strong makes it."""
        rows = self.leading_effects
        return [str(key) for key in rows.index[rows["necessary"] & (rows["p_association"] < 1 - self.confidence)]]

    @property
    def fragile(self) -> dict[str, int]:
        """Necessary conditions that the absence of `FRAGILE` answers or fewer would undo, and of how many."""
        rows = self.leading_effects
        few = rows.loc[rows["necessary"] & rows["dropped"].between(1, FRAGILE), "dropped"]
        return {str(key): int(dropped) for key, dropped in few.items()}

    def most_influential(self, answers: int) -> pd.DataFrame:
        """Of every necessary condition so many rows of `influential`: those without which d falls most or rises least.

        By the leading ceiling; without its column.
        """
        rows = self.influential[self.influential["ceiling"] == self.leading].drop(columns="ceiling")
        rows = rows[self.leading_effects["necessary"].reindex(rows["condition"]).to_numpy(dtype=np.bool_)]
        return (
            rows.sort_values(["condition", "d_without"], kind="stable").groupby("condition", sort=False).head(answers)
        )

    def at(self, level: float) -> pd.DataFrame:
        """The bottlenecks of the leading ceiling at one of the levels, by condition."""
        rows = self.bottleneck[self.bottleneck["ceiling"] == self.leading]
        return rows[np.isclose(rows["level"], level)].set_index("condition")


def necessity(
    frame: pd.DataFrame,
    outcome: str,
    *,
    levels: Sequence[float] | None = None,
    low: Collection[str] = (),
    leading: CeilingName = "ce_fdh",
    permutations: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    weights: Floats | None = None,
) -> Necessity:
    """Every other column of `frame` as a condition for the column `outcome`.

    Rows without an answer to the two are left out, pair by pair. `levels`: of the outcome, in its units, for the
    bottlenecks; by default its lowest to its highest value in ten steps. `weights` (n,) of respondents only count in
    `share_below`: the analysis is of the points that exist, however often. The scope is the empirical one. Raises
    ParameterError for an absent column, fewer than 99 permutations, an unknown ceiling.
    """
    conditions = [name for name in frame if name != outcome]
    _check(frame, outcome, conditions, low, leading, permutations, confidence)
    data, cautions = frame.astype(np.float64).replace([np.inf, -np.inf], np.nan), []
    rows, tables, moving = [], [], []
    for place, condition in enumerate(conditions):
        known = data[[condition, outcome]].notna().all(axis=1).to_numpy()
        pair, about, n = data.loc[known, [condition, outcome]], f"condition: {condition}", int(known.sum())
        facts = {"condition": str(condition), "rows": n}
        if n < len(data):
            cautions.append(Caution("necessity_gaps", "note", about, facts))
        if n < 2 or (np.ptp(pair.to_numpy(), axis=0) == 0).any():
            cautions.append(Caution("necessity_constant", "weak", about, facts))
            rows += [{"condition": condition, "ceiling": name, "n": n} for name in CEILINGS]
            continue
        if n < FEW:
            cautions.append(Caution("necessity_few", "weak", about, facts))
        sign = -1.0 if condition in low else 1.0
        at = np.linspace(data[outcome].min(), data[outcome].max(), 11) if levels is None else np.array(levels, float)
        seeds = [np.random.SeedSequence(seed, spawn_key=key) for key in ((place,), (place, 1))]
        for found in _found(pair, sign, permutations, seeds):
            rows.append(found.row)
            moving.append(found.influential)
            share = np.ones(n) if weights is None else weights[known]
            tables.append(_bottleneck(found, sign * pair[condition].to_numpy(), share, at))
            tables[-1]["percent"] = 100 * (at - data[outcome].min()) / np.ptp(data[outcome].dropna())
    told = Necessity(
        outcome, leading, confidence, permutations, _judged(pd.DataFrame(rows, columns=EFFECTS), confidence),
        pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=BOTTLENECK),
        pd.concat(moving, ignore_index=True) if moving else pd.DataFrame(columns=INFLUENTIAL),
        tuple(low), (),
    )  # fmt: skip
    cautions += [
        Caution("necessity_fragile", "weak", f"condition: {key}", {"condition": str(key), "dropped": dropped})
        for key, dropped in told.fragile.items()
    ]
    return replace(told, cautions=gravest_first(cautions))


EFFECTS = ["condition", "ceiling", "n", "d", "p_value", "permutations", "accuracy", "peers", "intercept", "slope",
           "d_lowest", "d_highest", "dropped", "p_association"]  # fmt: skip
BOTTLENECK = ["level", "condition", "percent", "ceiling", "required", "status", "share_below"]
INFLUENTIAL = ["condition", "ceiling", "row", "x", "y", "d_without"]


class _Found(NamedTuple):
    """One condition under one ceiling: the row of `effects`, those of `influential`, the ceiling and its points."""

    row: dict[str, Any]
    influential: pd.DataFrame
    ceiling: Ceiling
    points: Points
    sign: float


def _found(
    pair: pd.DataFrame, sign: float, permutations: int, seeds: Sequence[np.random.SeedSequence]
) -> Iterator[_Found]:
    """Both ceilings over the columns of a condition, whose sign is turned where little of it is needed, and outcome."""
    condition, (x, y) = pair.columns[0], pair.to_numpy().T
    order = order_of(sign * x, y)
    points, labels = Points(sign * x[order], y[order]), pair.index.to_numpy()[order]
    p_values, tried = chance(points, permutations, seeds[0])
    for name, p, of_both in zip(CEILINGS, p_values, association(points, seeds[1]), strict=True):
        found, moved = ceiling(name, points), influence(name, points, MEDIUM)
        effects = np.append(moved.effects[np.isfinite(moved.effects)], found.effect)
        row = {
            "condition": condition, "ceiling": name, "n": len(x), "d": found.effect, "p_value": p,
            "permutations": tried, "accuracy": found.accuracy, "peers": len(found.peers), "intercept": found.intercept,
            "slope": sign * found.slope, "d_lowest": effects.min(), "d_highest": effects.max(),
            "dropped": moved.dropped, "p_association": of_both,
        }  # fmt: skip
        influential = pd.DataFrame({
            "condition": condition, "ceiling": name, "row": labels[moved.rows], "x": sign * points.x[moved.rows],
            "y": points.y[moved.rows], "d_without": moved.effects,
        })  # fmt: skip
        yield _Found(row, influential, found, points, sign)


def _bottleneck(found: _Found, x: Floats, weights: Floats, levels: Floats) -> pd.DataFrame:
    """What a ceiling requires for every level, and the share of respondents, by `weights`, whose x is less."""
    need, points = found.ceiling.required(levels, found.points), found.points
    near = 1e-9 * (points.x[-1] - points.x[0])
    below = [np.nan if np.isnan(one) else float(weights[x < one - near].sum() / weights.sum()) for one in need]
    status = np.where(np.isnan(need), "not_reached", np.where(np.isinf(need), "not_necessary", "required"))
    return pd.DataFrame({
        "level": levels, "condition": found.row["condition"], "percent": np.nan, "ceiling": found.ceiling.name,
        "required": np.where(np.isfinite(need), found.sign * need, np.nan), "status": status, "share_below": below,
    })  # fmt: skip


def _judged(effects: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """With p_adjusted of the conditions that have one, ceiling by ceiling, and whether each is necessary."""
    effects = effects.astype(dict.fromkeys(EFFECTS[3:], np.float64))
    effects.insert(5, "p_adjusted", effects["p_value"])
    for _, part in effects.groupby("ceiling"):
        for name in ("p_adjusted", "p_association"):
            effects.loc[part.index, name] = holm(part[name].to_numpy())
    return effects.assign(necessary=(effects["d"] >= MEDIUM) & (effects["p_adjusted"] < 1 - confidence))


def _check(
    frame: pd.DataFrame, outcome: str, conditions: Sequence[str], low: Collection[str], leading: str,
    permutations: int, confidence: float,
) -> None:  # fmt: skip
    if outcome not in frame or not conditions:
        raise ParameterError(
            f"Necessary conditions need the column {outcome!r} and another one; the frame has "
            f"{', '.join(map(str, frame.columns)) or 'none'}."
        )
    if not frame.columns.is_unique:
        raise ParameterError("Two columns of the frame have the same name; rename one of them.")
    if words := [str(name) for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]:
        raise ParameterError(f"The answers to {', '.join(words)} are not numbers; turn them into numbers first.")
    if absent := [name for name in low if name not in conditions]:
        raise ParameterError(f"low names {absent[0]!r}, which is no condition; these are {', '.join(conditions)}.")
    if leading not in CEILINGS:
        raise ParameterError(f"The ceiling {leading!r} is not known; use {' or '.join(CEILINGS)}.")
    if permutations < 99:
        raise ParameterError(f"{permutations} permutations show nothing below .01; ask for 99 or more, better 10000.")
    if not 0 < confidence < 1:
        raise ParameterError(f"A confidence of {confidence:g} is impossible; it lies between 0 and 1.")
