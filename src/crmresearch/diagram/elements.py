"""What a path diagram is made of: constructs, their indicators, paths and moderations, as plain data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from crmresearch.errors import TheoryError


@dataclass(frozen=True)
class Indicator:
    """An item beside its construct: a loading (reflective) or a weight (formative)."""

    name: str
    value: float
    mode: Literal["reflective", "formative"] = "reflective"


@dataclass(frozen=True)
class Ellipse:
    """A construct. Constructs with a `stage` stand in the first column, grouped under that heading."""

    key: str
    label: str
    r_squared: float | None = None
    indicators: tuple[Indicator, ...] = ()
    stage: str | None = None


@dataclass(frozen=True)
class Arrow:
    """A path predictor → outcome and, where known, the interval of its estimate."""

    predictor: str
    outcome: str
    estimate: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Moderation:
    """An effect of `moderator` on the path predictor → outcome."""

    moderator: str
    predictor: str
    outcome: str
    estimate: float
    lower: float | None = None
    upper: float | None = None


def holds_zero(path: Arrow | Moderation) -> bool:
    """Whether the interval of a path holds zero; False when there is no interval."""
    if path.lower is None or path.upper is None:
        return False
    return path.lower <= 0 <= path.upper


def number(value: float | None, digits: int) -> str:
    """The number as printed, with a true minus sign; empty when it is missing."""
    if value is None or not math.isfinite(value):
        return ""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def check_elements(ellipses: Sequence[Ellipse], arrows: Sequence[Arrow], moderations: Sequence[Moderation]) -> None:
    """Raise TheoryError when these are not the parts of one acyclic path model."""
    keys = [ellipse.key for ellipse in ellipses]
    problems = [f"construct {key!r} is there twice" for key in sorted({k for k in keys if keys.count(k) > 1})]
    pairs = [(arrow.predictor, arrow.outcome) for arrow in arrows]
    problems += [f"path {a} → {b} is there twice" for a, b in sorted({p for p in pairs if pairs.count(p) > 1})]
    named = {key for pair in pairs for key in pair} | {m.moderator for m in moderations}
    problems += [f"unknown construct {key!r}" for key in sorted(named - set(keys))]
    for moderation in moderations:
        if (moderation.predictor, moderation.outcome) not in pairs:
            path = f"{moderation.predictor} → {moderation.outcome}"
            problems.append(f"{moderation.moderator} moderates {path}, which is not a path of the model")
    if not keys:
        problems.append("there is no construct")
    if not problems:
        waiting = set(keys)
        while free := {key for key in waiting if not any(b == key and a in waiting for a, b in pairs)}:
            waiting -= free
        if waiting:
            problems.append(f"the paths among {', '.join(sorted(waiting))} form a cycle")
    if problems:
        raise TheoryError("No path diagram can be drawn: " + "; ".join(problems) + ".")
