"""The relationship ladder from prospect to advocate-like, by how often and how lately a customer bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Codes, Segment, SegmentationError, Segmenter, Text, register

_RUNGS = (
    Segment("prospect", {"en": "Prospect", "zh": "潜在客户"}),
    Segment("first_time", {"en": "First-time customer", "zh": "首次购买客户"}),
    Segment("repeat", {"en": "Repeat customer", "zh": "重复购买客户"}),
    Segment("client", {"en": "Client", "zh": "稳定客户"}),
    Segment("advocate_like", {"en": "Advocate-like customer", "zh": "类拥护者客户"}),
)
_ADVICE: dict[str, Text] = {
    "first_time": {"en": "Make the second purchase happen.", "zh": "促成第二次购买。"},
    "repeat": {"en": "Turn repetition into preference.", "zh": "把重复变成偏好。"},
    "client": {"en": "Involve them; ask for their opinion.", "zh": "让他们参与，征求意见。"},
    "advocate_like": {"en": "Ask them to recommend.", "zh": "请他们推荐。"},
}


@register
@dataclass(eq=False)
class RelationshipLadder(Segmenter):
    """Rungs by purchase days: none prospect, one first-time, more repeat; `client` or more and active a client.

    Active means a purchase in the last `active_days`; an active client with `advocate` purchase days or more is
    advocate-like. Recommending is not seen in transactions, so this rung says only that the customer behaves like
    one. The ladder is that of Christopher, Payne & Ballantyne (1991), *Relationship Marketing*; the numbers are ours.
    recency may be missing for prospects only. Nothing is learned.
    """

    title: ClassVar[Text] = {"en": "Relationship ladder", "zh": "关系阶梯"}
    family: ClassVar[str] = "stage"
    advice: ClassVar[Mapping[str, Text]] = _ADVICE
    place: ClassVar[int] = 8

    client: int = 4
    advocate: int = 8
    active_days: float = 182
    may_be_missing: ClassVar[frozenset[str]] = frozenset({"recency"})

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls()]

    def __post_init__(self) -> None:
        if not 3 <= self.client < self.advocate:
            raise SegmentationError(
                "The ladder needs 3 or more purchase days for a client and more than that for an advocate; "
                f"{self.client} and {self.advocate} were given."
            )

    @property
    def name(self) -> str:
        """`relationship_ladder`."""
        return "relationship_ladder"

    @property
    def definition(self) -> Text:
        """The rungs and the numbers in use."""
        return {
            "en": "Ladder of Christopher, Payne & Ballantyne (1991) as far as purchases show it: no purchase, one "
            f"purchase day, more; {self.client} or {self.advocate} purchase days with one in the last "
            f"{self.active_days:g} days make a client or an advocate-like customer. Recommending is not observed.",
            "zh": "Christopher、Payne 与 Ballantyne（1991）的关系阶梯，以购买行为近似：未购买、购买一天、购买多天；"
            f"最近 {self.active_days:g} 天内有购买且累计不少于 {self.client} 天为稳定客户，"
            f"不少于 {self.advocate} 天为类拥护者。推荐行为本身不可观察。",
        }

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The rungs, lowest first."""
        return _RUNGS

    @property
    def needs(self) -> tuple[str, ...]:
        """frequency and recency."""
        return ("frequency", "recency")

    @property
    def learns(self) -> bool:
        """Nothing."""
        return False

    def _learn(self, frame: pd.DataFrame) -> None:
        self._assign(frame)

    def _assign(self, frame: pd.DataFrame) -> Codes:
        frequency, recency = frame["frequency"].to_numpy(), frame["recency"].to_numpy()
        lost = np.isnan(recency) & (frequency > 0)
        if lost.any():
            raise SegmentationError(f"Customer {frame.index[lost.argmax()]} has bought, but recency is missing.")
        active = recency <= self.active_days
        rungs = [
            frequency <= 0,
            frequency == 1,
            active & (frequency >= self.advocate),
            active & (frequency >= self.client),
        ]
        return np.select(rungs, [0, 1, 4, 3], 2)
