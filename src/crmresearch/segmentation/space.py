"""The space in which customers are alike or not: chosen columns, logged where named, each standardised."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Floats, SegmentationError, needed_columns, numeric

_READER = "The feature space"


@dataclass(eq=False)
class FeatureSpace:
    """Columns of the customer table (or items of a survey) as axes with mean 0 and standard deviation 1.

    Columns in `log` enter as log(1 + x): money and counts, where twice as much matters alike for small and large
    customers. Negative values (returns) count as 0 there. The default is recency, frequency and spend a purchase: total
    spend is the product of the last two and would count both twice. `fit` learns `means_` and `deviations_` (divisor
    n); a linear change of the unit of a column that is not logged changes nothing.
    """

    columns: tuple[str, ...] = ("recency", "frequency", "monetary_mean")
    log: tuple[str, ...] | None = None
    means_: Floats = field(init=False, repr=False)
    deviations_: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.columns = tuple(self.columns)
        if self.log is None:
            self.log = tuple(column for column in ("frequency", "monetary_mean") if column in self.columns)
        if not self.columns:
            raise SegmentationError("A feature space needs at least one column.")
        if len(set(self.columns)) < len(self.columns):
            raise SegmentationError(f"A feature space names each column once; this one has {', '.join(self.columns)}.")
        if unknown := [column for column in self.log if column not in self.columns]:
            raise SegmentationError(f"{', '.join(unknown)} is to be logged, but is no column of the feature space.")

    def fit(self, features: pd.DataFrame) -> Self:
        """The space with centre and scale of these customers.

        Raises SegmentationError for missing columns, text, missing numbers, and a column with one value only.
        """
        X = self._raw(features)
        ordered = np.sort(X, axis=0)  # sums in one order: the same customers in another order give the same bytes
        if len(constant := np.flatnonzero(ordered[0] == ordered[-1])):
            raise SegmentationError(
                f"{self.columns[constant[0]]} is the same for all {len(X)} customers; leave it out of the feature "
                "space."
            )
        self.means_, self.deviations_ = ordered.mean(axis=0), ordered.std(axis=0)
        return self

    def transform(self, features: pd.DataFrame) -> Floats:
        """Coordinates (n, columns) of customers, who may be others than those of `fit`. Raises as `fit`."""
        if not hasattr(self, "means_"):
            raise SegmentationError("The feature space has no centre and scale yet; call fit first.")
        return (self._raw(features) - self.means_) / self.deviations_

    def restored(self, X: Floats) -> pd.DataFrame:
        """Points (m, columns) of the space, such as centroids, in the units of the columns."""
        raw = pd.DataFrame(X * self.deviations_ + self.means_, columns=list(self.columns))
        return raw.assign(**{column: np.expm1(raw[column]) for column in self.log or ()})

    def _raw(self, features: pd.DataFrame) -> Floats:
        frame = numeric(needed_columns(features, self.columns, _READER), frozenset(), _READER)
        X = frame.to_numpy(copy=True)
        logged = [self.columns.index(column) for column in self.log or ()]
        X[:, logged] = np.log1p(np.maximum(X[:, logged], 0))
        return X
