"""What clusterings of a feature space have in common: centroids, the nearest one, and an order of their labels."""

import copy
from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import Codes, Floats, Segment, SegmentationError, Segmenter, Text
from crmresearch.segmentation.segment_names import centre_words, listed, profile_names
from crmresearch.segmentation.space import FeatureSpace
from crmresearch.segmentation.wording import named_segment, told

TOTAL = "monetary_total"  # orders the clusters where the customer table has it
_ROWS = 2**16  # customers whose distances are held at once: 1M customers in 8 clusters take 4 MB, not 64


@dataclass(eq=False)
class SpaceClusters(Segmenter):
    """A clustering of a feature space with segments c1, c2, … in rising order of their customers' mean `order_by`.

    By default that is total spend, or the first column of the space where the table has none; so the labels do not
    jump from one refit to the next. The column is read by `fit` only. Learns `space_`, a fitted copy of the space, and
    `medians_` (a row a segment, columns of the space in their units), from which the segments have their names.
    """

    space: FeatureSpace = field(default_factory=FeatureSpace, kw_only=True)
    order_by: str | None = field(default=None, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    space_: FeatureSpace = field(init=False, repr=False)
    medians_: pd.DataFrame = field(init=False, repr=False)

    @property
    @abstractmethod
    def _number(self) -> int:
        """Number of clusters, as far as it is known."""

    @abstractmethod
    def _learn_points(self, X: Floats) -> None:
        """Learn from points (n, columns) that come in an order of their own, whatever that of the customers was."""

    @abstractmethod
    def _nearest(self, X: Floats) -> Codes: ...

    @abstractmethod
    def _reorder(self, order: Codes) -> None:
        """Put cluster order[i] at place i."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The clusters, lowest mean of `order_by` first; called by what sets them apart once they are learned."""
        if hasattr(self, "medians_"):
            return self._named
        return tuple(named_segment(key, "cluster", number=i) for i, key in enumerate(self.keys, start=1))

    @property
    def keys(self) -> list[str]:
        """c1, c2, … without their names, for which a refit has no use."""
        return [f"c{i}" for i in range(1, self._number + 1)]

    @cached_property
    def _named(self) -> tuple[Segment, ...]:
        names = profile_names(self.space.columns, self.medians_.to_numpy(), self._everybody, self._deviations)
        return tuple(Segment(key, name) for key, name in zip(self.medians_.index, names, strict=True))

    def _told(self, key: str, **facts: Any) -> Text:
        """The definition of this key, with the centres of the segments once they are learned."""
        definition = told(f"definition.{key}", columns=column_names(self.space.columns), **facts)
        if not hasattr(self, "medians_"):
            return definition
        rows = enumerate(self._centres.itertuples(index=False), start=1)
        centres = [told("name.centre", number=i, values=centre_words(self.space.columns, row)) for i, row in rows]
        return told("definition.with_centres", definition=definition, centres=listed(centres, "list.centres"))

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of the space."""
        return self.space.columns

    def fit(self, features: pd.DataFrame) -> Self:
        """The clustering learned from these customers. Raises as every method, and for a constant column."""
        order_by = self.order_by or (TOTAL if TOTAL in features.columns else self.space.columns[0])
        if order_by not in features.columns:
            raise SegmentationError(f"{self.name} orders its clusters by {order_by}, which the table does not have.")
        self.__dict__.pop("medians_", None)  # names given before say nothing about these customers
        self.__dict__.pop("_named", None)
        super().fit(features)
        frame = self._checked(features)
        codes = self._assign(frame)
        values = pd.to_numeric(features[order_by], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        means = [np.sort(values[codes == i]).mean() if (codes == i).any() else np.inf for i in range(self._number)]
        order = np.argsort(means, kind="stable")
        self._reorder(order)
        self._describe(frame, np.argsort(order)[codes])
        return self

    def _describe(self, frame: pd.DataFrame, codes: Codes) -> None:
        """Learn medians and deviations of the segments; those of an empty one are everybody's."""
        raw, X = frame[list(self.space.columns)].to_numpy(), self.space_.transform(frame)
        self._everybody = np.median(raw, axis=0)
        rows = [codes == i for i in range(self._number)]
        medians = [np.median(raw[row], axis=0) if row.any() else self._everybody for row in rows]
        self._deviations = np.array(
            [np.sort(X[row], axis=0).mean(axis=0) if row.any() else np.zeros(X.shape[1]) for row in rows]
        )  # sums in one order, whatever that of the customers
        self.medians_ = pd.DataFrame(medians, pd.Index(self.keys, name="segment"), list(self.space.columns))

    @property
    @abstractmethod
    def _centres(self) -> pd.DataFrame:
        """The centres in the units of the columns, one row a segment."""

    def _learn(self, frame: pd.DataFrame) -> None:
        self.space_ = copy.copy(self.space).fit(frame)
        X = self.space_.transform(frame)
        self._learn_points(X[np.lexsort(X.T[::-1])])

    def _assign(self, frame: pd.DataFrame) -> Codes:
        X = self.space_.transform(frame)
        parts = [self._nearest(X[start : start + _ROWS]) for start in range(0, len(X), _ROWS)]
        return np.concatenate(parts)


@dataclass(eq=False)
class CentroidClusters(SpaceClusters):
    """`k` clusters, each with a centroid; a customer belongs to the nearest, the first of those equally near.

    Learns `centroids_` (k, columns) in the space; `centroid_values` has them in the units of the columns.
    """

    k: int = 4
    metric = "sqeuclidean"
    centroids_: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.k < 2:
            raise SegmentationError(f"Clusters are 2 or more; {self.k} were asked for.")

    @property
    def _number(self) -> int:
        return self.k

    @property
    def centroid_values(self) -> pd.DataFrame:
        """The centroids in the units of the columns, one row a segment."""
        return self.space_.restored(self.centroids_).set_axis(pd.Index(self.keys, name="segment"))

    @property
    def _centres(self) -> pd.DataFrame:
        return self.centroid_values

    def _nearest(self, X: Floats) -> Codes:
        return cdist(X, self.centroids_, self.metric).argmin(axis=1)

    def _reorder(self, order: Codes) -> None:
        self.centroids_ = self.centroids_[order]


def distinct_points(X: Floats, k: int, name: str) -> tuple[Floats, Floats]:
    """Distinct rows (m, p) of sorted X (n, p) and how many rows each stands for (m,).

    A k-means or k-median of the distinct rows with these weights has the objective of all rows. Raises
    SegmentationError for fewer than k distinct rows.
    """
    new = np.r_[True, (X[1:] != X[:-1]).any(axis=1)]
    starts = np.flatnonzero(new)
    if len(starts) < k:
        raise SegmentationError(
            f"{name} has {k} clusters, but only {len(starts)} of the {len(X)} customers it learns from differ in the "
            "feature space; use more customers or fewer clusters."
        )
    return X[starts], np.diff(np.r_[starts, len(X)]).astype(float)


def drawn(X: Floats, sample: int, seed: int) -> Floats:
    """`sample` rows of X in their order, drawn without replacement with the seed; all where there are no more."""
    if len(X) <= sample:
        return X
    rows = np.random.default_rng(np.random.SeedSequence(seed)).choice(len(X), sample, replace=False)
    return X[np.sort(rows)]
