"""Current × potential value: what customers bring now against what they may bring."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import Codes, Floats, Segment, SegmentationError, Segmenter, Text, register
from crmresearch.segmentation.cuts import groups_above, middle, quantile_cuts
from crmresearch.segmentation.wording import named_segment, told

# by (current, potential), each low 0 or high 1
_FOUR = ("low_low", "low_high", "high_low", "high_high")
_ADVICE: dict[str, Text] = {
    "high_high": told("advice.value_matrix_high_high"),
    "high_low": told("advice.value_matrix_high_low"),
    "low_high": told("advice.value_matrix_low_high"),
    "low_low": told("advice.value_matrix_low_low"),
}


@register
@dataclass(eq=False)
class CurrentPotential(Segmenter):
    """A k × k matrix of current value (`current`) and potential value (`potential`, such as an expected value).

    With `groups` = 2 the `cut` is the mean or the median and high is strictly above it; more groups are cut at
    quantiles. Learns `cuts_`, the cut points of each of the two columns. The potential column is made elsewhere, by a
    model of future purchases or by a share of wallet.
    """

    title: ClassVar[Text] = told("title.current_potential")
    family: ClassVar[str] = "value"
    advice: ClassVar[Mapping[str, Text]] = _ADVICE
    place: ClassVar[int] = 10

    potential: str = "expected_value"
    current: str = "monetary_total"
    groups: int = 2
    cut: Literal["mean", "median"] = "median"
    cuts_: dict[str, Floats] = field(init=False, repr=False)

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls("expected_value"), cls("expected_value", groups=3)]

    @classmethod
    def as_described(cls, seed: int = 0) -> list[Segmenter]:
        """Two groups of each value."""
        return [cls("expected_value")]

    def __post_init__(self) -> None:
        if not 2 <= self.groups <= 9:
            raise SegmentationError(f"The value matrix has 2 to 9 groups a side; {self.groups} were asked for.")
        if self.cut not in ("mean", "median"):
            raise SegmentationError(f"The cut of the value matrix is mean or median; {self.cut!r} is neither.")
        if self.current == self.potential:
            raise SegmentationError(f"Current and potential value are the same column, {self.current}.")

    @property
    def name(self) -> str:
        """`current_potential_<k>x<k>`, with the cut where there are two groups."""
        size = f"current_potential_{self.groups}x{self.groups}"
        return f"{size}_{self.cut}" if self.groups == 2 else size

    @property
    def label(self) -> Text:
        """The title, with the cut where it is the mean, and the number of groups where there are more than two."""
        if self.groups > 2:
            size = f"{self.groups}×{self.groups}"
            return told("word.value_matrix_size", size=size)
        if self.cut == "mean":
            return told("word.with_cut", title=self.title, cut=told("word.rfm_classes_mean"))
        return self.title

    @property
    def definition(self) -> Text:
        """The two axes and how they are cut."""
        cut = self.cut if self.groups == 2 else "quantiles"
        current, potential = column_names([self.current]), column_names([self.potential])
        return told(f"definition.value_matrix_{cut}", current=current, potential=potential, groups=self.groups)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The cells, lowest current and potential value first."""
        if self.groups == 2:
            return tuple(map(named_segment, _FOUR))
        sides = range(1, self.groups + 1)
        return tuple(
            named_segment(f"c{c}p{p}", "current_potential", current=c, potential=p) for c, p in product(sides, sides)
        )

    @property
    def needs(self) -> tuple[str, ...]:
        """The two columns."""
        return (self.current, self.potential)

    def _learn(self, frame: pd.DataFrame) -> None:
        if self.groups == 2:
            self.cuts_ = {column: np.array([middle(frame[column].to_numpy(), self.cut)]) for column in self.needs}
        else:
            self.cuts_ = {column: quantile_cuts(frame[column].to_numpy(), self.groups) for column in self.needs}

    def _assign(self, frame: pd.DataFrame) -> Codes:
        current, potential = (groups_above(frame[column].to_numpy(), self.cuts_[column]) for column in self.needs)
        return current * self.groups + potential
