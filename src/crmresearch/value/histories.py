"""Purchase histories as the models read them, checked at the door and collapsed to unique rows with weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from crmresearch.errors import EstimationError

Floats = NDArray[np.float64]
BLOCK = 4_000  # rows whose nodes are held at once
Scores = NDArray[Any]  # real, or complex while a derivative is taken by a complex step


@dataclass(frozen=True)
class UniqueRows:
    """The distinct rows of a table: `columns` (c, m), how many customers each stands for (m,), where each went (n,)."""

    columns: Floats
    weights: Floats
    position: NDArray[np.intp]

    @property
    def n(self) -> float:
        """Number of customers: the sum of the weights."""
        return float(self.weights.sum())

    def counted(self, weights: NDArray[Any]) -> "UniqueRows":
        """The rows with a weight (m,) above 0, standing for that many customers; nobody is placed in them."""
        kept = weights > 0
        return UniqueRows(self.columns[:, kept], weights[kept].astype(np.float64), np.empty(0, dtype=np.intp))

    def drawn(self, customers: int) -> "UniqueRows":
        """The rows of so many customers drawn with replacement, the same ones every time."""
        return self.counted(np.random.default_rng(0).multinomial(customers, self.weights / self.n))


def in_blocks(formula: Callable[..., Floats], *columns: Floats) -> Floats:
    """A formula of rows (n,), result (…, n), computed a block at a time: of millions 48 nodes each take gigabytes."""
    starts = range(0, max(1, len(columns[0])), BLOCK)
    parts = [formula(*(column[start : start + BLOCK] for column in columns)) for start in starts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)


def unique_rows(columns: list[Floats], weights: Floats | None = None) -> UniqueRows:
    """Distinct rows of `columns` (each (n,)), sorted, with summed weights: a weekly grid has few of them.

    One million customers of 39 weeks have some ten thousand distinct histories, so a likelihood costs a hundredth.
    """
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes, values = pd.factorize(column)
        if len(code) and code.max() > np.iinfo(np.int64).max // (len(values) + 1) - 1:
            code = pd.factorize(code)[0].astype(np.int64)
        code = code * len(values) + codes
    code, distinct = pd.factorize(code)
    first = np.empty(len(distinct), dtype=np.intp)
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    rows = np.array([column[first] for column in columns])
    order = np.lexsort(rows[::-1])
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    position = rank[code]
    counted = np.bincount(position, weights=weights, minlength=len(order)).astype(np.float64)
    return UniqueRows(rows[:, order], counted, position)


def numbers(name: str, values: ArrayLike) -> Floats:
    """A one-dimensional array of finite numbers, not below 0.

    Raises EstimationError when it is anything else.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise EstimationError(f"{name} must be numbers; convert or remove what is not.") from None
    if array.ndim != 1:
        raise EstimationError(f"{name} must have one value a customer; it has {array.ndim} dimensions.")
    for problem, wrong in (("missing or infinite", ~np.isfinite(array)), ("negative", array < 0)):
        if wrong.any():
            rows = f"{wrong.sum()} of {len(array)} values, first at position {int(wrong.argmax())}"
            raise EstimationError(f"{name} must not be {problem} ({rows}); correct or leave out these customers.")
    return array


def checked_weights(weights: ArrayLike | None, n: int) -> Floats | None:
    """Weights (n,) ≥ 0 that sum to more than 0, or None for one each."""
    if weights is None:
        return None
    array = numbers("weights", weights)
    if len(array) != n:
        raise EstimationError(f"weights has {len(array)} values for {n} customers; give one for each.")
    if not array.sum() > 0:
        raise EstimationError("All weights are 0; at least one customer must count.")
    return array


def checked_histories(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Repeat purchases x, time of the last one t_x and time observed T, each (n,), both times from the first purchase.

    t_x may be 0 for x > 0: where time is counted in days, two orders of one day have no time between them.
    Raises EstimationError when they cannot belong to one customer each.
    """
    repeats, last, observed = numbers("x (repeat purchases)", x), numbers("t_x (last purchase)", t_x), numbers("T", T)
    n = len(repeats)
    if not len(last) == len(observed) == n:
        raise EstimationError(f"x, t_x and T have {n}, {len(last)} and {len(observed)} values; give one a customer.")
    for what, wrong in (
        ("x (repeat purchases) must be whole numbers", repeats != np.rint(repeats)),
        ("t_x (last purchase) must not be later than T (end of observation)", last > observed),
        ("t_x must be 0 for customers with x = 0", (repeats == 0) & (last > 0)),
    ):
        if wrong.any():
            raise EstimationError(f"{what}; {wrong.sum()} of {n} are not, first at position {int(wrong.argmax())}.")
    return repeats, last, observed


def histories(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> UniqueRows:
    """Unique rows (x, t_x, T) from which a purchase model can be estimated.

    Raises EstimationError when there is nobody, nobody was observed, or nobody bought again.
    """
    repeats, last, observed = checked_histories(x, t_x, T)
    if not len(repeats):
        raise EstimationError("There are no customers to estimate from.")
    rows = unique_rows([repeats, last, observed], checked_weights(weights, len(repeats)))
    counted = rows.weights > 0
    if not rows.columns[2, counted].any():
        raise EstimationError("All customers first bought at the end of observation (T = 0); choose a later cut-off.")
    if not rows.columns[0, counted].any():
        raise EstimationError(
            "Nobody bought again before the cut-off, so neither a purchase rate nor dropout can be estimated; "
            "observe longer or use a method without repeat purchases."
        )
    return rows
