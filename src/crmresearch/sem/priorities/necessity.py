"""Necessary conditions: what nobody lacks who reaches an outcome, beyond chance, and where the bottlenecks are.

Dul (2016), Organizational Research Methods 19, 10–52; with scores of a path model Richter, Schubring, Hauff, Ringle &
Sarstedt (2020), Industrial Management & Data Systems 120, 2243–2267.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmresearch.caution import Caution, gravest_first
from crmresearch.errors import ParameterError
from crmresearch.sem.priorities.ceilings import CEILINGS, Ceiling, CeilingName, Floats, Points, ceiling, order_of
from crmresearch.sem.priorities.influence import influence
from crmresearch.sem.priorities.permutation import chance

MEDIUM = 0.1  # d from which a condition counts (Dul 2016: below it small, from .3 large, from .5 very large)
FEW = 10  # answers below which a ceiling says little
FRAGILE = 3  # answers whose absence would undo a necessity: so few or fewer are told


@dataclass(frozen=True)
class Necessity:
    """Which conditions are necessary for one outcome.

    `effects`, a row a condition and ceiling: condition, ceiling, n, d, p_value (permutations), p_adjusted (of all
    conditions by this ceiling, Holm 1979), accuracy (share of answers not above), peers, intercept, slope, d_lowest and
    d_highest without a single answer, dropped (answers whose absence brings d below .1, after `influence`; −1 more than
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
    def fragile(self) -> dict[str, int]:
        """Necessary conditions that the absence of `FRAGILE` answers or fewer would undo, and of how many."""
        rows = self.leading_effects
        few = rows.loc[rows["necessary"] & rows["dropped"].between(1, FRAGILE), "dropped"]
        return {str(key): int(dropped) for key, dropped in few.items()}

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
        x, y = data.loc[known, condition].to_numpy(), data.loc[known, outcome].to_numpy()
        if known.sum() < len(data):
            cautions.append(_caution("gaps", "note", condition, rows=int((~known).sum())))
        if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
            cautions.append(_caution("constant", "weak", condition, rows=len(x)))
            rows += [{"condition": condition, "ceiling": name, "n": len(x), "necessary": False} for name in CEILINGS]
            continue
        if len(x) < FEW:
            cautions.append(_caution("few", "weak", condition, rows=len(x)))
        sign = -1.0 if condition in low else 1.0
        order = order_of(sign * x, y)
        points, labels = Points(sign * x[order], y[order]), frame.index.to_numpy()[known][order]
        p_values, tried = chance(points, permutations, np.random.SeedSequence(seed, spawn_key=(place,)))
        share = np.ones(len(x)) if weights is None else weights[known]
        for name, p in zip(CEILINGS, p_values, strict=True):
            found, moved = ceiling(name, points), influence(name, points, MEDIUM)
            rows.append({
                "condition": condition, "ceiling": name, "n": len(x), "d": found.effect, "p_value": p,
                "permutations": tried, "accuracy": found.accuracy, "peers": len(found.peers),
                "intercept": found.intercept, "slope": sign * found.slope,
                "d_lowest": _least(moved.effects, found.effect), "d_highest": -_least(-moved.effects, -found.effect),
                "dropped": moved.dropped,
            })  # fmt: skip
            moving.append(pd.DataFrame({
                "condition": condition, "ceiling": name, "row": labels[moved.rows], "x": sign * points.x[moved.rows],
                "y": points.y[moved.rows], "d_without": moved.effects,
            }))  # fmt: skip
            tables.append(_bottleneck(found, points, data[outcome], levels, sign, (sign * x, share)))
            tables[-1].insert(1, "condition", condition)
    told = Necessity(
        outcome, leading, confidence, permutations, _judged(pd.DataFrame(rows, columns=EFFECTS), confidence),
        pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=BOTTLENECK),
        pd.concat(moving, ignore_index=True) if moving else pd.DataFrame(columns=INFLUENTIAL),
        tuple(low), (),
    )  # fmt: skip
    cautions += [_caution("fragile", "weak", key, dropped=dropped) for key, dropped in told.fragile.items()]
    return replace(told, cautions=gravest_first(cautions))


EFFECTS = ["condition", "ceiling", "n", "d", "p_value", "permutations", "accuracy", "peers", "intercept", "slope",
           "d_lowest", "d_highest", "dropped"]  # fmt: skip
BOTTLENECK = ["level", "condition", "percent", "ceiling", "required", "status", "share_below"]
INFLUENTIAL = ["condition", "ceiling", "row", "x", "y", "d_without"]


def _least(effects: Floats, own: float) -> float:
    """The lowest d without one answer, or that with all where nothing is lower."""
    known = effects[np.isfinite(effects)]
    return float(min(known.min(), own)) if len(known) else own


def _bottleneck(
    found: Ceiling, points: Points, outcome: pd.Series, levels: Sequence[float] | None, sign: float,
    answers: tuple[Floats, Floats],
) -> pd.DataFrame:  # fmt: skip
    """What a ceiling requires for every level, and the share of respondents (x, weight) who do not have it."""
    low, high = outcome.min(), outcome.max()
    at = np.linspace(low, high, 11) if levels is None else np.asarray(levels, dtype=np.float64)
    need = found.required(at, points)
    x, weight = answers
    near = 1e-9 * (points.x[-1] - points.x[0])
    below = [np.nan if np.isnan(one) else float(weight[x < one - near].sum() / weight.sum()) for one in need]
    status = np.where(np.isnan(need), "not_reached", np.where(np.isinf(need), "not_necessary", "required"))
    return pd.DataFrame({
        "level": at, "percent": 100 * (at - low) / (high - low), "ceiling": found.name,
        "required": np.where(np.isfinite(need), sign * need, np.nan), "status": status, "share_below": below,
    })  # fmt: skip


def _judged(effects: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """With p_adjusted of the conditions that have one, ceiling by ceiling, and whether each is necessary."""
    effects = effects.astype(dict.fromkeys(EFFECTS[3:], np.float64))
    adjusted = pd.Series(np.nan, effects.index)
    for _, part in effects.groupby("ceiling"):
        if len(known := part["p_value"].dropna()):
            adjusted[known.index] = _holm(known.to_numpy())
    effects.insert(5, "p_adjusted", adjusted)
    return effects.assign(necessary=(effects["d"] >= MEDIUM) & (adjusted < 1 - confidence))


def _holm(p: Floats) -> Floats:
    """p (m,) adjusted for their number (Holm 1979); `multipletests` collects all garbage first, .15 s a call."""
    order = np.argsort(p)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted


def _caution(code: str, severity: str, condition: object, **facts: object) -> Caution:
    return Caution(f"necessity_{code}", severity, f"condition: {condition}", {"condition": str(condition), **facts})  # type: ignore[arg-type]


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
