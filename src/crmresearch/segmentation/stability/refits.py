"""Methods learned again on bootstrap samples of the customers: who is in which segment each time.

Resample b of a seed holds the same rows for every method, so that methods differ by what they learn, not by luck.
A column that another model estimated (expected_value, p_alive) is a fixed feature, unless `Estimates` say how the
model is learned: then it is learned again on each resample too, once for all methods that read what it estimates.
No refit begins from what was learned on all customers: a search that starts there ends there more often than the
resample warrants, and the segments would look more stable than they are.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.errors import CrmResearchError
from crmresearch.resampling import resampled_rows
from crmresearch.sampling_design import SamplingDesign
from crmresearch.segmentation.contract import Codes, SegmentationError, Segmenter, sharing

_Frames = tuple[pd.DataFrame, pd.DataFrame]  # customers to learn from and customers to segment


@dataclass(frozen=True)
class Estimates:
    """Columns of the customer table that a model estimates from the columns it `reads`.

    `learn` fits the model to customers and returns a function that gives any customers these `columns` (customers ×
    columns). It may raise the project's errors where these customers cannot teach the model.
    """

    columns: tuple[str, ...]
    reads: tuple[str, ...]
    learn: Callable[[pd.DataFrame], Callable[[pd.DataFrame], pd.DataFrame]]


@dataclass(frozen=True)
class Refits:
    """One method learned on all customers and on every resample, applied to the same n customers.

    `base`: segments learned on all customers, a category Series. `codes` (refits that learned, distinct): position of
    the segment of every distinct customer; `row` (n,): which distinct customer each is. `resample`: numbers of the
    resamples that the rows of `codes` come from; `refits`: how many were asked for.
    `drawn` (refits that learned, n): who was in the resample; None where others than the learners are looked at.
    `learns`: whether the method, or a model whose estimates it reads, takes anything from the customers.
    """

    base: pd.Series
    codes: NDArray[np.int16]
    row: Codes
    resample: Codes
    refits: int
    drawn: NDArray[np.bool_] | None
    learns: bool = True

    @property
    def method(self) -> str:
        """Name of the method."""
        return str(self.base.name)

    @property
    def failed(self) -> int:
        """Resamples from which the method could not learn."""
        return self.refits - len(self.resample)

    @property
    def fixed(self) -> bool:
        """Whether nothing could change: a rule that learns no cut points and gave the same segments every time."""
        base = self.base.cat.codes.to_numpy()[np.unique(self.row, return_index=True)[1]]
        return not self.learns and bool((self.codes == base).all())

    def segments(self, i: int) -> Codes:
        """Segments (n,) by the i-th refit that learned."""
        return self.codes[i][self.row].astype(np.intp)


@sharing()
def refit(
    methods: Sequence[Segmenter],
    features: pd.DataFrame,
    apply_to: pd.DataFrame | None = None,
    refits: int = 50,
    seed: int = 0,
    estimates: Estimates | None = None,
    design: SamplingDesign | None = None,
) -> list[Refits]:
    """Every method learned on `features` and again on bootstrap samples of its rows, applied to `apply_to`.

    `features` (customers × columns) is what the methods learn from; `apply_to` (default: the same customers) are those
    they then segment, with frozen cut points. The methods themselves stay as they are. With `estimates`, methods that
    read an estimated column learn from a resample, and segment everybody, by what the model learned on that resample
    says. A resample from which a method or its model raises one of the project's errors counts as failed. With the
    `design` of the rows samples are of clusters within strata.
    Raises SegmentationError where a method cannot learn from all customers, and for fewer than 2 refits.
    """
    if refits < 2:
        raise SegmentationError(f"Stability needs at least 2 refits, better 50; {refits} were asked for.")
    if len(set(names := [method.name for method in methods])) < len(names):
        raise SegmentationError("Two methods have one name; give each its own.")
    target = features if apply_to is None else apply_to
    bases = [copy.deepcopy(method).fit(features).predict(target) for method in methods]
    estimated = [bool(estimates and set(estimates.columns) & set(method.needs)) for method in methods]
    distinct = [_distinct(target, method, estimates) for method in methods]
    codes: list[list[NDArray[np.int16]]] = [[] for _ in methods]
    learned: list[list[int]] = [[] for _ in methods]
    n = len(features)
    drawn = np.zeros((refits, n), dtype=bool)
    for b, rows in enumerate(resampled_rows(n, refits, seed, design)):
        drawn[b, rows] = True
        known: list[_Frames | None] = [(_new(features, rows), target)]
        known += [_valued(features, apply_to, rows, estimates)] if estimates and any(estimated) else [None]
        for m, method in enumerate(methods):
            if (frames := known[estimated[m]]) is None:
                continue
            sample, everyone = frames
            reads = [column for column in dict.fromkeys(method.needs) if column in everyone.columns]
            try:
                segments = copy.deepcopy(method).fit(sample).predict(everyone[reads].iloc[distinct[m][0]])
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
            methods[m].learns or estimated[m],
        )
        for m, base in enumerate(bases)
    ]


def _new(features: pd.DataFrame, rows: NDArray[np.int64]) -> pd.DataFrame:
    """The rows drawn, as new customers, so that nobody is listed twice."""
    return features.iloc[rows].reset_index(drop=True)


def _valued(
    features: pd.DataFrame, apply_to: pd.DataFrame | None, rows: NDArray[np.int64], estimates: Estimates
) -> _Frames | None:
    """The rows drawn and everybody with the columns of a model learned on those rows; None where it cannot learn.

    All are estimated in one call: two calls may differ in the last digit for customers who are alike, and a cut point
    that is the value of many would then leave them on the other side.
    """
    inputs = features[list(estimates.reads)]
    both = inputs if apply_to is None else pd.concat([inputs, apply_to[list(estimates.reads)]])
    try:
        values = estimates.learn(_new(inputs, rows))(both.reset_index(drop=True))[list(estimates.columns)]
    except CrmResearchError:
        return None
    n = len(features)
    learners = features.assign(**{column: values[column].to_numpy()[:n] for column in values})
    if apply_to is None:
        return _new(learners, rows), learners
    return _new(learners, rows), apply_to.assign(**{column: values[column].to_numpy()[n:] for column in values})


def _distinct(target: pd.DataFrame, method: Segmenter, estimates: Estimates | None) -> tuple[Codes, Codes]:
    """Rows of customers who differ in what the method reads, and which of them everyone is: the others need no
    prediction. What is estimated anew differs where what its model reads differs."""
    reads = [column for column in dict.fromkeys(method.needs) if column in target.columns]
    if estimates and set(reads) & set(estimates.columns):
        reads = [*dict.fromkeys([column for column in reads if column not in estimates.columns] + [*estimates.reads])]
    if not reads:
        return np.arange(len(target)), np.arange(len(target))
    row = target.groupby(reads, dropna=False, sort=False).ngroup().to_numpy().astype(np.intp)
    return np.unique(row, return_index=True)[1], row
