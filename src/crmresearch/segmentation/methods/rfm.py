"""RFM score and cells: recency, frequency and monetary value, each in quantile groups."""

from dataclasses import dataclass, field
from itertools import product
from typing import ClassVar

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Codes, Floats, Segment, SegmentationError, Segmenter, Text, register
from crmresearch.segmentation.cuts import groups_above, quantile_cuts
from crmresearch.segmentation.wording import named_segment, told


@dataclass(eq=False)
class Rfm(Segmenter):
    """Scores 1 (worst) to `groups` (best) of recency, frequency and a monetary column, by cut points."""

    groups: int = 5
    monetary: str = "monetary_total"
    cuts_: dict[str, Floats] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 2 <= self.groups <= 9:
            raise SegmentationError(f"RFM groups must be 2 to 9 for each of R, F and M; {self.groups} were asked for.")

    @property
    def needs(self) -> tuple[str, ...]:
        """recency, frequency and the monetary column."""
        return ("recency", "frequency", self.monetary)

    def _learn(self, frame: pd.DataFrame) -> None:
        self.cuts_ = {
            column: quantile_cuts(frame[column].to_numpy(), self.groups, low_is_good=column == "recency")
            for column in self.needs
        }

    def scores(self, features: pd.DataFrame) -> pd.DataFrame:
        """Scores r, f and m of every customer, 1 (worst) to `groups` (best), by the learned cut points."""
        frame = self._checked(features)
        scores = {
            letter: 1 + groups_above(frame[column].to_numpy(), self.cuts_[column], low_is_good=column == "recency")
            for letter, column in zip("rfm", self.needs, strict=True)
        }
        return pd.DataFrame(scores, index=features.index)


@register
@dataclass(eq=False)
class RfmScore(Rfm):
    """Customers by the sum of their R, F and M scores: 3 to 15 with quintiles.

    Learns `cuts_`: cut points of recency, frequency and the `monetary` column. A score is 1 plus the number of cut
    points the customer is strictly better than (less recency, more frequency and spend); ties share one score.
    Source: Hughes (1994), *Strategic Database Marketing*: equal fifths, here by cut points instead of ranks.
    """

    title: ClassVar[Text] = told("title.rfm_score")
    family: ClassVar[str] = "rfm"
    place: ClassVar[int] = 3

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls()]

    @property
    def name(self) -> str:
        """`rfm_score`, with the number of groups where it is not 5."""
        return "rfm_score" if self.groups == 5 else f"rfm_score_{self.groups}"

    @property
    def label(self) -> Text:
        """The title, with the number of groups where it is not 5."""
        return self.title if self.groups == 5 else {k: f"{title} ({self.groups})" for k, title in self.title.items()}

    @property
    def definition(self) -> Text:
        """Sum of the three scores."""
        return told("definition.rfm_score", groups=self.groups)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """One segment a sum, lowest first."""
        sums = range(3, 3 * self.groups + 1)
        return tuple(named_segment(f"score_{s}", "rfm_score", number=s) for s in sums)

    def _assign(self, frame: pd.DataFrame) -> Codes:
        return self.scores(frame).sum(axis=1).to_numpy() - 3


@register
@dataclass(eq=False)
class RfmCells(Rfm):
    """Customers by the cell of their three scores: 111 to 555 with quintiles, 125 cells.

    Learns and scores as `RfmScore`.
    """

    title: ClassVar[Text] = told("title.rfm_cells")
    family: ClassVar[str] = "rfm"
    place: ClassVar[int] = 4

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls(3)]

    @classmethod
    def as_described(cls, seed: int = 0) -> list[Segmenter]:
        """The 125 cells of quintiles."""
        return [cls()]

    @property
    def name(self) -> str:
        """`rfm_cells`, with the number of groups where it is not 5."""
        return "rfm_cells" if self.groups == 5 else f"rfm_cells_{self.groups}"

    @property
    def label(self) -> Text:
        """The title, with the number of groups where it is not 5."""
        if self.groups == 5:
            return self.title
        return {k: f"{title} {self.groups}×{self.groups}×{self.groups}" for k, title in self.title.items()}

    @property
    def definition(self) -> Text:
        """The cell of the three scores."""
        return told("definition.rfm_cells", groups=self.groups)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """One segment a cell, 111 first."""
        digits = range(1, self.groups + 1)
        return tuple(
            named_segment(f"{r}{f}{m}", "rfm_cell", r=r, f=f, m=m) for r, f, m in product(digits, digits, digits)
        )

    def _assign(self, frame: pd.DataFrame) -> Codes:
        scores = self.scores(frame).to_numpy() - 1
        return scores @ np.array([self.groups**2, self.groups, 1])


def recency_frequency(scores: pd.DataFrame, spend: pd.Series) -> pd.DataFrame:
    """How many customers have each pair of scores, and their mean spend after the cut-off.

    `scores` are those of `RfmCells.scores`; columns recency_score, frequency_score, customers, spend_after.
    """
    grouped = spend.groupby([scores["r"], scores["f"]]).agg(["size", "mean"]).reset_index()
    return grouped.set_axis(["recency_score", "frequency_score", "customers", "spend_after"], axis=1)
