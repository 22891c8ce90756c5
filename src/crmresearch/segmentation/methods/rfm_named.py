"""The segments that English-speaking practice calls Champions, Loyal, At risk and so on: a grid of RFM scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Codes, Segment, Segmenter, Text, register
from crmresearch.segmentation.methods.rfm import Rfm
from crmresearch.segmentation.wording import named_segment, told

# by score of recency (rows, 1 to 5) and of frequency and spend together (columns, 1 to 5)
_GRID = (
    ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
    ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
    ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    ("promising", "potential_loyal", "potential_loyal", "loyal", "loyal"),
    ("new", "potential_loyal", "potential_loyal", "champions", "champions"),
)
_SEGMENTS = (
    "champions", "loyal", "potential_loyal", "new", "promising", "need_attention", "about_to_sleep", "at_risk",
    "cannot_lose", "hibernating",
)  # fmt: skip
_CODES = np.array([[_SEGMENTS.index(key) for key in row] for row in _GRID])


@register
@dataclass(eq=False)
class RfmNamed(Rfm):
    """Ten segments by two scores of quintiles: recency, and the mean of frequency and spend, rounded half up.

    Learns and scores as `RfmScore`, always in fifths. The names and the grid are a convention of practice without an
    author that could be cited; other grids under the same names are in use, so the rule is told with the segments.

    >>> import crmresearch as crm
    >>> customers = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30").frame
    >>> RfmNamed().fit(customers).predict(customers).value_counts().index[0]
    'hibernating'
    """

    title: ClassVar[Text] = told("title.rfm_named")
    family: ClassVar[str] = "rfm"
    advice: ClassVar[Mapping[str, Text]] = {key: told(f"advice.rfm_named_{key}") for key in _SEGMENTS}
    place: ClassVar[int] = 4

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls()]

    @property
    def name(self) -> str:
        """`rfm_named`."""
        return "rfm_named"

    @property
    def definition(self) -> Text:
        """The grid, cell by cell."""
        return told("definition.rfm_named")

    @property
    def segments(self) -> tuple[Segment, ...]:
        """From Champions to Hibernating."""
        return tuple(map(named_segment, _SEGMENTS))

    def _assign(self, frame: pd.DataFrame) -> Codes:
        scores = self.scores(frame)
        together = (scores["f"] + scores["m"] + 1) // 2
        codes: Codes = _CODES[scores["r"] - 1, together - 1]
        return codes
