"""The importance–performance map of constructs and of items, with intervals of both and of ranks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.caution import Caution, gravest_first
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.ranks import rank_intervals, simultaneous
from crmresearch.sem.importance import Effects, effects_of
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.sem.priorities.scores import limits_of, target_of

LEVELS = ("construct", "component", "item")


@dataclass(frozen=True)
class Ipma:
    """Importance for one `target` and performance, on indices from 0 to 100.

    `constructs`, a row a construct that leads to the target: construct, level (`component` of a construct of second
    order, else `construct`), importance (index points of the target a point of the construct, by all routes), its
    interval (importance_lower, importance_upper), rank_lower and rank_upper among those of its level,
    importance_against (1 shown above the mean importance of its level, −1 below, 0 open), performance (its index),
    its interval, performance_rank_lower and performance_rank_upper. `items`, a row an item of these: construct, item,
    weight in the index, and the same columns; ranks among all items.
    """

    target: str
    confidence: float
    constructs: pd.DataFrame
    items: pd.DataFrame
    cautions: tuple[Caution, ...]


def importance_performance_map(estimate: PlsEstimate, bounds: pd.DataFrame, target: str | None = None) -> Ipma:
    """The map of a bootstrapped estimate; `bounds`: a row an item, min and max; `target` as in `target_of`.

    Performance is the mean of the score, importance the unstandardised total effect between scores whose items are
    rescaled to 0–100 by the ends of their scales and weighed by w / sd, normed to sum 1 (Ringle & Sarstedt 2016,
    Industrial Management & Data Systems 116, 1865–1886; Hair et al. 2022). An item has its weight in the construct
    times the importance of that. Intervals are percentiles of the bootstrap, ranks those of `rank_intervals`, which
    hold at once. A construct with a negative weight has no index: its numbers and those of its items are NaN, and a
    caution says so; so is everything where the target has one. Moderations are left out (effects at the mean of a
    moderator). Checked against the map of SmartPLS's definition in R, and performance against `construct_index`.

    Raises ParameterError for an estimate without bootstrap, an item without scale, or a target no path leads to;
    EstimationError where scores determine one another.
    """
    boot, spec = estimate.resampling, estimate.specification
    if boot is None:
        raise ParameterError("The map has intervals: pass an estimate that went through bootstrap.")
    limits, target = limits_of(estimate, bounds), target_of(estimate, target)
    point, drawn = effects_of(estimate, limits)
    if not np.isfinite(point.totals).all():
        raise EstimationError(
            "Importance cannot be told, because scores of constructs determine one another or one does not vary; "
            "leave one of them out of the model."
        )
    composites = estimate.composites
    refused = [key for key, column in zip(spec.keys, composites.T, strict=True) if (column < 0).any()]
    to = spec.keys.index(target)
    leading = [k for k, key in enumerate(spec.keys) if k != to and point.totals[0, k, to] != 0]
    negative = np.isin(spec.keys, refused) | (target in refused)
    where = np.array(leading, dtype=np.intp)
    kept = np.where(negative[where], np.nan, 1.0)
    parts = spec.components
    level = ["component" if spec.keys[k] in parts else "construct" for k in leading]
    constructs = pd.DataFrame({"construct": [spec.keys[k] for k in leading], "level": level})
    constructs = _numbers(
        constructs, (point.totals[0, where, to] * kept, (drawn.totals[:, where, to] * kept).T),
        (point.indices[0, where] * kept, (drawn.indices[:, where] * kept).T), boot.confidence,
    )  # fmt: skip
    items = _items(estimate, point, drawn, to, where, negative, boot.confidence)
    cautions = _cautions(estimate, refused, target, leading)
    cautions += [
        Caution("importance_negative", "note", f"importance: {key}", {"construct": key})
        for key, upper in zip(constructs["construct"], constructs["importance_upper"], strict=True)
        if upper < 0
    ]
    return Ipma(target, boot.confidence, constructs, items, gravest_first(cautions))


def foremost(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of constructs or items not told apart from the one of largest importance, that first.

    None where these are more than half of several, so that nothing comes first.
    """
    known = table.dropna(subset="importance")
    first = known[known["rank_lower"] == 1].sort_values("importance", ascending=False, kind="stable")
    return first if len(first) <= max(1, len(known) / 2) else first.head(0)


def lowest(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of constructs not told apart from the one of lowest performance, that first.

    None where more of that one is not shown to be better for the target.
    """
    known = table.dropna(subset="performance")
    last = known[known["performance_rank_upper"] == len(known)].sort_values("performance", kind="stable")
    return last if (last["importance_lower"].head(1) > 0).all() else last.head(0)


def _items(
    estimate: PlsEstimate, point: Effects, drawn: Effects, to: int, where: np.ndarray, negative: np.ndarray,
    confidence: float,
) -> pd.DataFrame:  # fmt: skip
    """The rows of the items whose construct is among `where`."""
    spec = estimate.specification
    owner = estimate.model.main.mask.argmax(axis=1)
    chosen = np.flatnonzero(np.isin(owner, where))
    of, kept = owner[chosen], np.where(negative[owner[chosen]], np.nan, 1.0)
    weight = point.weights[0, chosen] * kept
    frame = pd.DataFrame({
        "construct": [spec.keys[k] for k in of], "item": [spec.items[i] for i in chosen], "level": "item",
        "weight": weight,
    })  # fmt: skip
    importance = drawn.weights[:, chosen] * drawn.totals[:, of, to] * kept
    return _numbers(
        frame, (weight * point.totals[0, of, to], importance.T),
        (point.means[0, chosen], drawn.means[:, chosen].T), confidence,
    ).drop(columns="level")  # fmt: skip


def _numbers(
    frame: pd.DataFrame, importance: tuple[Floats, Floats], performance: tuple[Floats, Floats], confidence: float
) -> pd.DataFrame:
    """The frame with estimates (m,), intervals and ranks of importance and performance, from draws (m, B)."""
    tail = (1 - confidence) / 2
    new: dict[str, Floats] = {}
    for name, rank, (points, draws) in (
        ("importance", "rank", importance), ("performance", "performance_rank", performance),
    ):  # fmt: skip
        new[name] = points
        known = np.isfinite(points)
        for end, at in (("lower", tail), ("upper", 1 - tail)):
            new[f"{name}_{end}"] = np.full(len(points), np.nan)
            if known.any():
                new[f"{name}_{end}"][known] = np.nanquantile(draws[known], at, axis=1)
        ranks = np.full((2, len(points)), np.nan)
        against = np.zeros(len(points))
        for one in frame["level"].unique():
            rows = np.flatnonzero(known & (frame["level"] == one).to_numpy())
            if len(rows):
                ranks[:, rows] = rank_intervals(points[rows], draws[rows], confidence)
                against[rows] = _against_mean(points[rows], draws[rows], confidence)
        new[f"{rank}_lower"], new[f"{rank}_upper"] = ranks
        if name == "importance":
            new["importance_against"] = against
    return frame.assign(**new)


def _against_mean(points: Floats, draws: Floats, confidence: float) -> Floats:
    """Whether each (m,) is shown to lie above (1) or below (−1) their mean; intervals of all differences at once."""
    apart = points - points.mean()
    wide = np.nan_to_num(simultaneous(apart, draws - draws.mean(axis=0), confidence), nan=np.inf)
    return np.asarray(np.where(apart - wide > 0, 1.0, np.where(apart + wide < 0, -1.0, 0.0)))


def _cautions(estimate: PlsEstimate, refused: list[str], target: str, leading: list[int]) -> list[Caution]:
    spec, found = estimate.specification, []
    for key, column in zip(spec.keys, estimate.composites.T, strict=True):
        facts = {"construct": key, "items": [spec.items[i] for i in np.flatnonzero(column < 0)]}
        if key in refused and key == target:
            found.append(Caution("importance_refused_target", "weak", f"importance: {key}", facts))
        elif key in refused and spec.keys.index(key) in leading:
            found.append(Caution("importance_refused", "weak", f"importance: {key}", facts))
    if spec.moderations:
        found.append(Caution("importance_moderated", "note", "importance", {"target": target}))
    return found
