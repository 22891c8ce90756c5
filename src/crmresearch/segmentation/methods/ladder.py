"""The relationship ladder from prospect to advocate-like, by how often and how lately a customer bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Codes, Segment, SegmentationError, Segmenter, Text, register
from crmresearch.segmentation.wording import named_segment, told

_RUNGS = ("prospect", "first_time", "repeat", "client", "advocate_like")
_ADVICE: dict[str, Text] = {
    "first_time": told("advice.ladder_first_time"),
    "repeat": told("advice.ladder_repeat"),
    "client": told("advice.ladder_client"),
    "advocate_like": told("advice.ladder_advocate_like"),
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

    title: ClassVar[Text] = told("title.relationship_ladder")
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
                "The ladder needs 3 or more purchases for a client and more than that for an advocate; "
                f"{self.client} and {self.advocate} were given."
            )

    @property
    def name(self) -> str:
        """`relationship_ladder`."""
        return "relationship_ladder"

    @property
    def definition(self) -> Text:
        """The rungs and the numbers in use."""
        return told("definition.ladder", client=self.client, advocate=self.advocate, days=self.active_days)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The rungs, lowest first."""
        return tuple(map(named_segment, _RUNGS))

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
