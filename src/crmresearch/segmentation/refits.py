"""Methods learned again on bootstrap samples of the customers: who is in which segment each time.

Resample b of a seed holds the same rows for every method, so that methods differ by what they learn, not by luck.
Only the method is learned again: a column that another model estimated (expected_value, p_alive) is a fixed feature
here, so the stability of value-based segments leaves out the uncertainty of the value model.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.resamples import DRAWS_PER_SEED, bootstrap_rows
from crmresearch.segmentation.contract import Codes, SegmentationError, Segmenter


@dataclass(frozen=True)
class Refits:
    """One method learned on all customers and on every resample, applied to the same n customers.

    `base`: segments learned on all customers, a category Series. `codes` (refits that learned, distinct): position of
    the segment of every distinct customer; `row` (n,): which distinct customer each is. `resample`: numbers of the
    resamples that the rows of `codes` come from; `refits`: how many were asked for.
    `drawn` (refits that learned, n): who was in the resample; None where others than the learners are looked at.
    """

    base: pd.Series
    codes: NDArray[np.int16]
    row: Codes
    resample: Codes
    refits: int
    drawn: NDArray[np.bool_] | None

    @property
    def method(self) -> str:
        """Name of the method."""
        return str(self.base.name)

    @property
    def failed(self) -> int:
        """Resamples from which the method could not learn."""
        return self.refits - len(self.resample)

    def segments(self, i: int) -> Codes:
        """Segments (n,) by the i-th refit that learned."""
        return self.codes[i][self.row].astype(np.intp)


def refit(
    methods: Sequence[Segmenter],
    features: pd.DataFrame,
    apply_to: pd.DataFrame | None = None,
    refits: int = 50,
    seed: int = 0,
) -> list[Refits]:
    """Every method learned on `features` and again on bootstrap samples of its rows, applied to `apply_to`.

    `features` (customers × columns) is what the methods learn from; `apply_to` (default: the same customers) are those
    they then segment, with frozen cut points. The methods themselves stay as they are. A resample from which a method
    raises SegmentationError counts as failed.
    Raises SegmentationError where a method cannot learn from all customers, and for fewer than 2 refits.
    """
    if refits < 2:
        raise SegmentationError(f"Stability needs at least 2 refits, better 50; {refits} were asked for.")
    if len(set(names := [method.name for method in methods])) < len(names):
        raise SegmentationError("Two methods have one name; give each its own.")
    target = features if apply_to is None else apply_to
    bases = [copy.deepcopy(method).fit(features).predict(target) for method in methods]
    distinct = [_distinct(target, method) for method in methods]
    codes: list[list[NDArray[np.int16]]] = [[] for _ in methods]
    learned: list[list[int]] = [[] for _ in methods]
    n = len(features)
    drawn = np.zeros((refits, n), dtype=bool)
    for b, rows in enumerate(_resamples(n, refits, seed)):
        drawn[b, rows] = True
        sample = features.iloc[rows].reset_index(drop=True)  # new customers, so that nobody is listed twice
        for m, method in enumerate(methods):
            try:
                segments = copy.deepcopy(method).fit(sample).predict(distinct[m][0])
            except SegmentationError:
                continue
            codes[m].append(segments.cat.codes.to_numpy().astype(np.int16))
            learned[m].append(b)
    return [
        Refits(
            base,
            np.array(codes[m], dtype=np.int16).reshape(len(codes[m]), len(distinct[m][0])),
            distinct[m][1],
            np.array(learned[m], dtype=np.intp),
            refits,
            drawn[learned[m]] if apply_to is None else None,
        )
        for m, base in enumerate(bases)
    ]


def _resamples(n: int, refits: int, seed: int) -> NDArray[np.int64]:
    groups = -(-refits // DRAWS_PER_SEED)
    return np.concatenate([bootstrap_rows(n, group, seed) for group in range(groups)])[:refits]


def _distinct(target: pd.DataFrame, method: Segmenter) -> tuple[pd.DataFrame, Codes]:
    """Customers who differ in what the method reads, and which of them everyone is: the others need no prediction."""
    reads = [column for column in dict.fromkeys(method.needs) if column in target.columns]
    frame = target[reads]
    if not reads:
        return frame, np.arange(len(frame))
    row = frame.groupby(reads, dropna=False, sort=False).ngroup().to_numpy().astype(np.intp)
    first = np.unique(row, return_index=True)[1]
    return frame.iloc[first], row
