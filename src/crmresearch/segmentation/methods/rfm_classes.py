"""RFM classes: recency, frequency and monetary value each high or low make eight classes, of which four are important.

The sources name the classes and give no rule for "high": mean against median matters more than the choice of method,
so the rule is a parameter and part of the method's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
import pandas as pd

from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import (
    Codes,
    Criterion,
    Segment,
    SegmentationError,
    Segmenter,
    Text,
    register,
)
from crmresearch.segmentation.cuts import groups_above, middle, shown
from crmresearch.segmentation.wording import named_segment, told

Cut = Literal["mean", "median", "threshold"]

# by (recent, frequent): what the four classes of one level of spend are called
_ROLES = {(1, 1): "value", (0, 1): "keep", (1, 0): "develop", (0, 0): "win_back"}
_EIGHT = tuple(f"{level}_{role}" for level in ("important", "general") for role in _ROLES.values())
_ADVICE: dict[str, Text] = {
    "important_value": told("advice.rfm_classes_important_value"),
    "important_keep": told("advice.rfm_classes_important_keep"),
    "important_develop": told("advice.rfm_classes_important_develop"),
    "important_win_back": told("advice.rfm_classes_important_win_back"),
    "general_value": told("advice.rfm_classes_general_value"),
    "general_keep": told("advice.rfm_classes_general_keep"),
    "general_develop": told("advice.rfm_classes_general_develop"),
    "general_win_back": told("advice.rfm_classes_general_win_back"),
}
_POSITION = {(m, r, f): 4 * (1 - m) + i for m in (1, 0) for i, (r, f) in enumerate(_ROLES)}
_RFM = ("recency", "frequency", "monetary")
_LEVELS = ("level.low", "level.high")

_CUTS: dict[Cut, Text] = {
    "mean": told("word.rfm_classes_mean"),
    "median": told("word.rfm_classes_median"),
    "threshold": told("word.rfm_classes_threshold"),
}


@register
@dataclass(eq=False)
class RfmEight(Segmenter):
    """Eight classes: important or general by spend, each to value, keep, develop or win back by recency and frequency.

    High means strictly better than the cut: bought more recently, more often, for more. `cut` is the mean, the median
    or given `thresholds` for recency (days), frequency (purchase days) and the `monetary` column.
    Learns `cuts_`, one number a column.
    """

    title: ClassVar[Text] = told("title.rfm_eight")
    family: ClassVar[str] = "rfm"
    advice: ClassVar[Mapping[str, Text]] = _ADVICE
    place: ClassVar[int] = 1

    cut: Cut = "mean"
    thresholds: Mapping[str, float] | None = None
    monetary: str = "monetary_total"
    cuts_: dict[str, float] = field(init=False, repr=False)

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls("mean"), cls("median")]

    def __post_init__(self) -> None:
        if self.cut not in get_args(Cut):
            raise SegmentationError(
                f"The cut of RFM classes is mean, median or threshold; {self.cut!r} is none of them."
            )
        given = set(self.thresholds or {})
        if self.cut != "threshold" and given:
            raise SegmentationError(f"Thresholds are given, but the cut is {self.cut}; write cut='threshold'.")
        if self.cut == "threshold" and given != set(self.needs):
            raise SegmentationError(f"RFM classes by threshold need one threshold each for {', '.join(self.needs)}.")

    @property
    def name(self) -> str:
        """`rfm_eight_<cut>`."""
        return f"rfm_eight_{self.cut}"

    @property
    def label(self) -> Text:
        """The title with the cut."""
        return told("word.with_cut", title=self.title, cut=_CUTS[self.cut])

    @property
    def definition(self) -> Text:
        """The eight classes and the cut in use, with its values where they are learned."""
        return self._defined("rfm_eight")

    def _defined(self, which: str) -> Text:
        cut = told(f"cut.{self.cut}")
        if hasattr(self, "cuts_"):
            values = {what: shown(self.cuts_[column]) for what, column in zip(_RFM, self.needs, strict=True)}
            cut = told("cut.with_values", cut=cut, column=column_names([self.monetary]), **values)
        return told(f"definition.{which}", cut=cut)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Recency, frequency and money, each high or low in every class, with the cut in the heading; once learned."""
        if not hasattr(self, "cuts_"):
            return ()
        found = []
        for place, (what, column) in enumerate(zip(_RFM, self.needs, strict=True)):
            sides = {position: (r, f, m)[place] for (m, r, f), position in _POSITION.items()}
            levels = {
                segment.key: told("level.any" if segment.other and what != "monetary" else _LEVELS[sides[position]])
                for position, segment in enumerate(self.segments)  # who is in no class is low in money
            }
            heading = told(f"criterion.{what}", cut=shown(self.cuts_[column]))
            found.append(Criterion(column, heading, levels))
        return tuple(found)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The eight classes, important ones first."""
        return tuple(map(named_segment, _EIGHT))

    @property
    def needs(self) -> tuple[str, ...]:
        """recency, frequency and the monetary column."""
        return ("recency", "frequency", self.monetary)

    @property
    def learns(self) -> bool:
        """Not where thresholds are given."""
        return self.cut != "threshold"

    def _learn(self, frame: pd.DataFrame) -> None:
        if self.cut == "threshold":
            self.cuts_ = dict(self.thresholds or {})
        else:
            self.cuts_ = {column: middle(frame[column].to_numpy(), self.cut) for column in self.needs}

    def _assign(self, frame: pd.DataFrame) -> Codes:
        r, f, m = (
            groups_above(frame[column].to_numpy(), np.array([self.cuts_[column]]), low_is_good=column == "recency")
            for column in self.needs
        )
        positions = np.empty((2, 2, 2), dtype=np.intp)
        for place, position in _POSITION.items():
            positions[place] = position
        return positions[m, r, f]


@register
@dataclass(eq=False)
class RfmFour(RfmEight):
    """The four important classes of `RfmEight`; everyone who spends less is "other".

    Learns `coverage_` too, the share of customers that the four classes describe.
    """

    title: ClassVar[Text] = told("title.rfm_four")
    family: ClassVar[str] = "rfm"
    advice: ClassVar[Mapping[str, Text]] = {key: _ADVICE[key] for key in _EIGHT[:4]}
    place: ClassVar[int] = 2

    coverage_: float = field(init=False, repr=False)

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls("mean")]

    @property
    def name(self) -> str:
        """`rfm_four_<cut>`."""
        return f"rfm_four_{self.cut}"

    @property
    def definition(self) -> Text:
        """The four classes and the cut in use, with its values where they are learned."""
        return self._defined("rfm_four")

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The four important classes and other."""
        return (*map(named_segment, _EIGHT[:4]), named_segment("other", other=True))

    def _learn(self, frame: pd.DataFrame) -> None:
        super()._learn(frame)
        self.coverage_ = float((self._assign(frame) < 4).mean())

    def _assign(self, frame: pd.DataFrame) -> Codes:
        return np.minimum(super()._assign(frame), 4)
