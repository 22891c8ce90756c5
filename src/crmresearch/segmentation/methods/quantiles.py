"""Quantile segments of any one column: CLV octiles, spend deciles."""

from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import Codes, Floats, Segment, SegmentationError, Segmenter, Text, register
from crmresearch.segmentation.cuts import groups_above, quantile_cuts
from crmresearch.segmentation.wording import named_segment, told

_COLUMNS: dict[str, Text] = {  # shorter than in `column_names`
    "monetary_total": told("word.quantiles_monetary_total"),
    "expected_value": told("word.quantiles_expected_value"),
}


@register
@dataclass(eq=False)
class QuantileSegments(Segmenter):
    """`groups` segments of about equal size by one column, q1 lowest; equal values stay together.

    Learns `cuts_` (groups − 1,) in the units of the column.
    """

    title: ClassVar[Text] = told("title.quantile_segments")
    family: ClassVar[str] = "value"
    place: ClassVar[int] = 11

    column: str
    groups: int = 8
    cuts_: Floats = field(init=False, repr=False)

    @classmethod
    def of_size(cls, k: int, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls("monetary_total", k), cls("expected_value", k)]

    @classmethod
    def as_described(cls, seed: int = 0) -> list[Segmenter]:
        """Octiles of the expected value."""
        return [cls("expected_value", 8)]

    def __post_init__(self) -> None:
        if self.groups < 2:
            raise SegmentationError(f"Quantile segments need at least 2 groups; {self.groups} were asked for.")

    @property
    def name(self) -> str:
        """`<column>_quantiles_<groups>`."""
        return f"{self.column}_quantiles_{self.groups}"

    @property
    def label(self) -> Text:
        """The column and the number of quantiles."""
        if (self.column, self.groups) == ("expected_value", 8):
            return told("word.value_octiles")
        column = _COLUMNS.get(self.column) or column_names([self.column])
        return told("word.quantiles_of", column=column, groups=self.groups)

    @property
    def definition(self) -> Text:
        """Equal shares of the customers, by one column."""
        return told("definition.quantiles", groups=self.groups, column=column_names([self.column]))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """q1 (lowest) … `q<groups>` (highest)."""
        n = self.groups
        return tuple(named_segment(f"q{i}", "quantile", number=i, groups=n) for i in range(1, n + 1))

    @property
    def needs(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def _learn(self, frame: pd.DataFrame) -> None:
        self.cuts_ = quantile_cuts(frame[self.column].to_numpy(), self.groups)

    def _assign(self, frame: pd.DataFrame) -> Codes:
        return groups_above(frame[self.column].to_numpy(), self.cuts_)
