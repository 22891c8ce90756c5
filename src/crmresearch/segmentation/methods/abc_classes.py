"""ABC classes: who brings the first 80 % of the value, the next 15 %, the last 5 %; and the Lorenz curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import (
    Codes,
    Floats,
    Segment,
    SegmentationError,
    Segmenter,
    Text,
    numeric,
    register,
)
from crmresearch.segmentation.cuts import groups_above
from crmresearch.segmentation.wording import named_segment, told

_ADVICE: dict[str, Text] = {
    "A": told("advice.abc_classes_A"),
    "B": told("advice.abc_classes_B"),
    "C": told("advice.abc_classes_C"),
}


@register
@dataclass(eq=False)
class Abc(Segmenter):
    """Classes A, B, C … by the share of the whole value that customers bring together, the best first.

    `shares` in percent, one a class, adding up to 100; 80/15/5 is a convention. A class ends with the customer who
    lifts the cumulated share to its bound, together with all customers of equal value. A customer whose returns
    exceed the purchases counts as bringing nothing. Learns `cuts_` (ascending): the least value that belongs to the
    better class. Source: Dickie (1951), ABC inventory analysis shoots for dollars, not pennies.
    """

    title: ClassVar[Text] = told("title.abc")
    family: ClassVar[str] = "value"
    advice: ClassVar[Mapping[str, Text]] = _ADVICE
    place: ClassVar[int] = 5

    column: str = "monetary_total"
    shares: Sequence[float] = (80, 15, 5)
    cuts_: Floats = field(init=False, repr=False)

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls()]

    def __post_init__(self) -> None:
        if not 2 <= len(self.shares) <= 26 or min(self.shares) <= 0 or abs(sum(self.shares) - 100) > 1e-9:
            shares = "/".join(f"{share:g}" for share in self.shares)
            raise SegmentationError(f"ABC shares must be positive percentages adding up to 100; {shares} are not.")

    @property
    def name(self) -> str:
        """`abc_80_15_5`, after the shares."""
        return "abc_" + "_".join(f"{share:g}" for share in self.shares)

    @property
    def label(self) -> Text:
        """The title with the shares."""
        return {k: f"{title} {'/'.join(f'{share:g}' for share in self.shares)}" for k, title in self.title.items()}

    @property
    def definition(self) -> Text:
        """The shares in use."""
        shares, column = "/".join(f"{share:g}" for share in self.shares), column_names([self.column])
        return told("definition.abc", shares=shares, column=column)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """A, B, C …"""
        letters = [chr(ord("A") + i) for i in range(len(self.shares))]
        return tuple(named_segment(a, "abc", letter=a) for a in letters)

    @property
    def needs(self) -> tuple[str, ...]:
        """The column of value."""
        return (self.column,)

    def _learn(self, frame: pd.DataFrame) -> None:
        values = np.sort(np.maximum(frame[self.column].to_numpy(), 0))[::-1]
        if not values[0] > 0:
            raise SegmentationError(f"{self.name} needs customers who bring something; no {self.column} is above 0.")
        reached = values.cumsum() / values.sum()
        bounds = np.cumsum(self.shares)[:-1] / 100
        last = np.searchsorted(reached, bounds - 1e-12)  # rounding must not add a customer to a class that is full
        self.cuts_ = values[last][::-1]

    def _assign(self, frame: pd.DataFrame) -> Codes:
        # at or above a cut is the better class; the next smaller number turns "at or above" into "above"
        reached = groups_above(frame[self.column].to_numpy(), np.nextafter(self.cuts_, -np.inf))
        return len(self.cuts_) - reached


def lorenz_curve(values: pd.Series) -> pd.DataFrame:
    """The Lorenz curve: columns `customers` and `value`, cumulated shares from the smallest customer, from (0, 0).

    Values below 0 count as 0. Raises SegmentationError for no customers, missing numbers, or nothing to share.
    """
    sizes = _sizes(values)
    n = len(sizes)
    return pd.DataFrame(
        {"customers": np.arange(n + 1) / n, "value": np.concatenate([[0.0], sizes.cumsum() / sizes.sum()])}
    )


def gini(values: pd.Series) -> float:
    """Gini coefficient: 1 − 2 × area under the Lorenz curve, 0 for equal values, 1 − 1/n for one who has all."""
    curve = lorenz_curve(values)
    return float(1 - 2 * np.trapezoid(curve["value"], curve["customers"]))


def top_share(values: pd.Series, share: float) -> float:
    """Part of the whole that the largest `share` of the customers have, one customer at least; as `lorenz_curve`."""
    sizes = _sizes(values)
    return float(sizes[-max(1, round(share * len(sizes))) :].sum() / sizes.sum())


def _sizes(values: pd.Series) -> Floats:
    if values.empty:
        raise SegmentationError("The Lorenz curve got no customers.")
    numbers = numeric(values.to_frame("value"), frozenset(), "The Lorenz curve")["value"].to_numpy()
    sizes = np.sort(np.maximum(numbers, 0))
    if not sizes[-1] > 0:
        raise SegmentationError("The Lorenz curve needs something to share; no value is above 0.")
    return sizes
