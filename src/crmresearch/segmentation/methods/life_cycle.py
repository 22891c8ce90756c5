"""Stages of the customer life cycle — acquire, develop, retain, recover — by each customer's own purchase rhythm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Codes, Segment, SegmentationError, Segmenter, Text, register
from crmresearch.segmentation.wording import named_segment, told

_STAGES = ("acquire", "develop", "retain", "recover")
_ADVICE: dict[str, Text] = {
    "acquire": told("advice.life_cycle_acquire"),
    "develop": told("advice.life_cycle_develop"),
    "retain": told("advice.life_cycle_retain"),
    "recover": told("advice.life_cycle_recover"),
}


def _stages(frequency: np.ndarray, overdue: np.ndarray, established: int) -> Codes:
    return np.select([overdue, frequency <= 1, frequency < established], [3, 0, 1], 2)


def _check_established(established: int) -> None:
    if established < 3:
        raise SegmentationError(f"Established customers have bought on 3 days or more; {established} were given.")


@register
@dataclass(eq=False)
class LifeCycle(Segmenter):
    """Recover: silent for longer than the own rhythm allows. Else acquire, develop or retain by purchase days.

    A customer is overdue when recency > gap_mean + patience × gap_sd, in days. Who has only one gap lends the typical
    ratio gap_sd / gap_mean, who has none also the typical gap: both medians over the customers who have them, learned
    by `fit` as `typical_gap_` and `typical_variation_`. Of the others, one purchase day is acquire, fewer than
    `established` develop, the rest retain. The stages are those of customer life-cycle management; the rule by own
    rhythm and its numbers are ours.
    """

    title: ClassVar[Text] = told("title.life_cycle")
    family: ClassVar[str] = "stage"
    advice: ClassVar[Mapping[str, Text]] = _ADVICE
    place: ClassVar[int] = 6

    patience: float = 2.0
    established: int = 4
    may_be_missing: ClassVar[frozenset[str]] = frozenset({"gap_mean", "gap_sd"})
    typical_gap_: float = field(init=False, repr=False)
    typical_variation_: float = field(init=False, repr=False)

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls()]

    def __post_init__(self) -> None:
        _check_established(self.established)
        if not self.patience >= 0:
            raise SegmentationError(
                f"Patience is a number of standard deviations, 0 or more; {self.patience:g} is not."
            )

    @property
    def name(self) -> str:
        """`life_cycle_rhythm`."""
        return "life_cycle_rhythm"

    @property
    def definition(self) -> Text:
        """Stages by own purchase rhythm."""
        return told("definition.life_cycle_rhythm", patience=self.patience, most=self.established - 1)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The four stages."""
        return tuple(map(named_segment, _STAGES))

    @property
    def needs(self) -> tuple[str, ...]:
        """recency, frequency, gap_mean and gap_sd; the gaps are missing for those who bought once."""
        return ("recency", "frequency", "gap_mean", "gap_sd")

    @property
    def learns(self) -> bool:
        """Only the typical rhythm; the number of stages asks nothing of the number of customers."""
        return False

    def _learn(self, frame: pd.DataFrame) -> None:
        gaps = frame["gap_mean"].dropna()
        if gaps.empty:
            raise SegmentationError(
                f"{self.name} needs customers who bought on two days or more; nobody here did, so there is no rhythm."
            )
        self.typical_gap_ = float(gaps.median())
        variations = (frame["gap_sd"] / frame["gap_mean"]).where(frame["gap_mean"] > 0).dropna()
        self.typical_variation_ = float(variations.median()) if len(variations) else 1.0  # 1: a Poisson process

    def silence_allowed(self, frame: pd.DataFrame) -> pd.Series:
        """Days without a purchase (n,) after which a customer is overdue, by the own rhythm or the typical one."""
        gap = frame["gap_mean"].fillna(self.typical_gap_)
        return gap + self.patience * frame["gap_sd"].fillna(gap * self.typical_variation_)

    def overdue_days(self, frame: pd.DataFrame) -> pd.Series:
        """Days (n,) by which customers are silent for longer than their own rhythm allows, below 0 who are not yet.

        NaN for those without a rhythm of their own: it takes two gaps, three purchase days.
        """
        return (frame["recency"] - self.silence_allowed(frame)).where(frame["gap_sd"].notna())

    def _assign(self, frame: pd.DataFrame) -> Codes:
        overdue = frame["recency"] > self.silence_allowed(frame)
        return _stages(frame["frequency"].to_numpy(), overdue.to_numpy(), self.established)


@register
@dataclass(eq=False)
class LifeCycleAlive(Segmenter):
    """The same stages with recover where the probability of being alive is below `alive`.

    `column` holds P(alive) of a purchase model such as BG/NBD, between 0 and 1. Nothing is learned.
    """

    title: ClassVar[Text] = told("title.life_cycle_alive")
    family: ClassVar[str] = "stage"
    advice: ClassVar[Mapping[str, Text]] = _ADVICE
    place: ClassVar[int] = 7

    column: str = "p_alive"
    alive: float = 0.5
    established: int = 4

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls()]

    def __post_init__(self) -> None:
        _check_established(self.established)
        if not 0 < self.alive < 1:
            raise SegmentationError(f"The bound for P(alive) must lie between 0 and 1; {self.alive:g} does not.")

    @property
    def name(self) -> str:
        """`life_cycle_alive`."""
        return "life_cycle_alive"

    @property
    def definition(self) -> Text:
        """Stages by P(alive)."""
        return told("definition.life_cycle_alive", alive=self.alive, most=self.established - 1)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The four stages."""
        return tuple(map(named_segment, _STAGES))

    @property
    def needs(self) -> tuple[str, ...]:
        """frequency and the column of P(alive)."""
        return ("frequency", self.column)

    @property
    def learns(self) -> bool:
        """Nothing."""
        return False

    def _learn(self, frame: pd.DataFrame) -> None:
        self._assign(frame)

    def _assign(self, frame: pd.DataFrame) -> Codes:
        p = frame[self.column].to_numpy()
        if p.min() < 0 or p.max() > 1:
            raise SegmentationError(
                f"{self.column} must hold probabilities; its values reach from {p.min():g} to {p.max():g}."
            )
        return _stages(frame["frequency"].to_numpy(), p < self.alive, self.established)
