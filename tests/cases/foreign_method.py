"""A segmentation method as somebody outside the package would write it: one class, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Codes, Segment, Segmenter, Text, register


@register
@dataclass(eq=False)
class LastBuyers(Segmenter):
    """Customers in `k` groups by how long ago they last bought."""

    title: ClassVar[Text] = {"en": "Last buyers", "zh": "最近客户"}
    family: ClassVar[str] = "other"
    advice: ClassVar[Mapping[str, Text]] = {"since_1": {"en": "Thank them.", "zh": "感谢他们。"}}

    k: int = 2
    cuts_: np.ndarray = field(init=False, repr=False)

    @classmethod
    def of_size(cls, k: int, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls(k)]

    @classmethod
    def as_described(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls(3)]

    @property
    def name(self) -> str:
        """`last_<k>`."""
        return f"last_{self.k}"

    @property
    def definition(self) -> Text:
        """Equal groups by recency."""
        return {"en": "Groups of equal size by the time since the last purchase."}

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The groups, most recent first."""
        return tuple(Segment(f"since_{i + 1}", {"en": f"Group {i + 1}"}) for i in range(self.k))

    @property
    def needs(self) -> tuple[str, ...]:
        """recency."""
        return ("recency",)

    def _learn(self, frame: pd.DataFrame) -> None:
        self.cuts_ = np.quantile(frame["recency"], np.arange(1, self.k) / self.k)

    def _assign(self, frame: pd.DataFrame) -> Codes:
        return np.searchsorted(self.cuts_, frame["recency"])
