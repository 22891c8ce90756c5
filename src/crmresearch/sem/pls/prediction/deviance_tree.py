"""A regression tree that looks for groups of rows whose mean lies in the tails of all rows.

It is grown like R rpart's tree by analysis of variance without pruning (Breiman et al. 1984, chapter 8), but only where
a branch can still hold such a group: means of rows that are all between the limits are so too. A group is found by the
first node on its branch whose mean is beyond the limits.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.pls.algorithm import Floats

DEEPEST = 30  # of R rpart
EQUAL = 1e-10  # relative difference up to which two improvements are one, and the first variable is taken


class Split(NamedTuple):
    """Rows below `value` of `variable` go one way, the others the other; `improvement`: share of deviance removed."""

    variable: int
    value: float
    improvement: float


class Rule(NamedTuple):
    """One condition of a group: at_least ≤ variable < below; infinite where there is no bound."""

    variable: int
    at_least: float
    below: float


class Group(NamedTuple):
    """Rows (positions) whose mean is beyond the limits, and the conditions that single them out."""

    rows: NDArray[np.intp]
    rules: tuple[Rule, ...]


class Deviants(NamedTuple):
    """Groups, outermost first, and single rows beyond the limits that belong to no group."""

    groups: list[Group]
    alone: NDArray[np.intp]


def best_split(X: Floats, y: Floats) -> Split | None:
    """The split of rows X (n, k) that removes most of Σ(y − ȳ)²; None where no split removes any.

    Between neighbours in one variable, at their midpoint. Of splits that remove as much the first variable's is taken,
    and its lowest.

    >>> import numpy as np
    >>> best_split(np.array([[1.0], [2.0], [3.0]]), np.array([0.0, 0.0, 3.0]))
    Split(variable=0, value=2.5, improvement=1.0)
    """
    n = len(y)
    centred = y - y.mean()
    total = float(centred @ centred)
    if n < 2 or total <= 0:
        return None
    order = np.argsort(X, axis=0, kind="stable")
    ordered = np.take_along_axis(X, order, axis=0)
    left = np.arange(1, n)[:, None]
    sums = np.cumsum(centred[order], axis=0)[:-1]
    removed = sums**2 * (1 / left + 1 / (n - left))
    removed[ordered[1:] == ordered[:-1]] = -1.0
    most = float(removed.max())
    if most <= EQUAL * total:
        return None
    variable, at = np.argwhere(most * (1 - EQUAL) <= removed.T)[0]
    return Split(int(variable), float(ordered[at : at + 2, variable].mean()), min(1.0, most / total))


def deviants(X: Floats, y: Floats, lower: float, upper: float) -> Deviants:
    """Groups of rows X (n, k) whose mean of y (n,) is below `lower` or above `upper`, and such rows alone."""
    groups: list[tuple[int, Group]] = []
    alone: list[NDArray[np.intp]] = []
    waiting: list[tuple[int, NDArray[np.intp], dict[int, tuple[float, float]]]] = [(1, np.arange(len(y)), {})]
    while waiting:
        node, rows, bounds = waiting.pop()
        own = y[rows]
        if not ((own < lower) | (own > upper)).any():
            continue
        split = best_split(X[rows], own) if node.bit_length() <= DEEPEST else None
        beyond = not lower <= own.mean() <= upper
        if split is None:
            if beyond:
                alone.append(rows)
        elif beyond:
            rules = tuple(Rule(variable, *limits) for variable, limits in bounds.items())
            groups.append((node, Group(rows, rules)))
        else:
            variable, value, _ = split
            low, high = bounds.get(variable, (-np.inf, np.inf))
            below = X[rows, variable] < value
            parts = [(rows[below], (low, value)), (rows[~below], (value, high))]
            parts.sort(key=lambda part: float(y[part[0]].mean()))  # the lower mean to the left, as rpart numbers them
            for side, (part, limits) in enumerate(parts):
                waiting.append((2 * node + side, part, {**bounds, variable: limits}))
    found = [group for _, group in sorted(groups, key=lambda one: one[0])]
    return Deviants(found, np.sort(np.concatenate(alone)) if alone else np.empty(0, dtype=np.intp))
