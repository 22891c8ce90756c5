"""The segments chosen for the respondents of a survey: who is in which, how stable each is, and what sets it apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.segmentation.methods.latent_class import LatentClasses
from crmresearch.segmentation.stability.number_of_segments import REPRODUCED, SegmentNumbers
from crmresearch.segmentation.stability.segment_profiles import construct_deviations, deviations, level_share

LEVEL_LIMIT = 0.75  # share of the variance between segments from which they are called segments of level
STANDS_OUT = 0.25  # standard deviations from which a segment is high or low


class Character(NamedTuple):
    """What sets a segment apart: its side (high, low, or neither: average) and how far that holds.

    `extent`: most (of all on `highest`, of a low one on `lowest`), all (every item on that side), whole (the mean of
    the items only), and of an average segment pattern (better on `highest` than on `lowest`), all (no item stands out)
    or whole. `highest` and `lowest` are constructs, `level` the mean deviation of the constructs.
    """

    side: Literal["high", "low", "average"]
    extent: Literal["most", "pattern", "all", "whole"]
    highest: str
    lowest: str
    level: float


@dataclass(frozen=True)
class RespondentSegments:
    """Who is in which of the segments chosen, their sizes, stability and profile.

    `numbers`: what was made of `answers` (n, items; NaN where missing); `constructs`: the items of each construct that
    defines the segments; `weights`: sampling weights of the survey, None without any.
    """

    numbers: SegmentNumbers
    answers: pd.DataFrame
    constructs: dict[str, list[str]]
    weights: pd.Series | None = None

    @property
    def method(self) -> LatentClasses:
        """The latent classes chosen."""
        return self.numbers.classes[self.numbers.chosen]

    @property
    def keys(self) -> list[str]:
        """Keys of the segments."""
        return [segment.key for segment in self.method.segments]

    @cached_property
    def segments(self) -> pd.Series:
        """Segment of every respondent."""
        return self.method.predict(self.answers)

    @cached_property
    def members(self) -> pd.DataFrame:
        """respondent, segment and its posterior probability."""
        return self.method.members(self.answers)

    @cached_property
    def solution(self) -> pd.Series:
        """The chosen row of the solutions."""
        return self.numbers.solutions.set_index("k").loc[self.numbers.chosen]

    @cached_property
    def stability(self) -> pd.DataFrame:
        """Stability of the chosen segments, one row each; segments without members are not there."""
        table = self.numbers.segments
        return table[table["k"] == self.numbers.chosen].set_index("segment")

    def stable(self, key: str) -> bool:
        """Whether a segment is stable enough to be named."""
        return key in self.stability.index and bool(self.stability["named"][key])

    @cached_property
    def sizes(self) -> pd.Series:
        """Members of every segment."""
        return self.segments.value_counts().reindex(self.keys)

    @cached_property
    def shares(self) -> pd.Series:
        """Share of every segment: of all sampling weight where there are weights, else of the respondents."""
        if self.weights is None:
            return self.sizes / self.sizes.sum()
        weight = self.weights[self.answers.index]
        return (weight.groupby(self.segments, observed=False).sum() / weight.sum()).reindex(self.keys)

    @cached_property
    def profile(self) -> pd.DataFrame:
        """Deviation of every item in every segment, in standard deviations."""
        return deviations(self.answers, self.segments)

    @property
    def by_construct(self) -> pd.DataFrame:
        """Deviation of every construct in every segment."""
        return construct_deviations(self.profile, self.constructs).rename_axis("segment")

    @cached_property
    def level(self) -> tuple[float, pd.Series]:
        """Share of the variance between segments that is level: of all, and of each."""
        return level_share(self.profile, self.sizes)

    @property
    def cautions(self) -> Iterator[Caution]:
        """What to beware of in the number of segments and in each, with the facts that a sentence names.

        Of the number: none_stable, chosen_unstable (not found again), no_segments and bic_at_the_end (BIC lowest for
        one class, or for the most tried); of the segments: unstable_segments, level_segments (three quarters of what
        separates them is level); of the search: more_parameters_than_cells and shares_differ (other classes fit as
        well), one_start, unconverged, failed_refits.
        """
        row, numbers, classes, k = self.solution, self.numbers, self.method, self.numbers.chosen
        bic = numbers.solutions.set_index("k")["bic"]
        if numbers.choice == "none_stable":
            yield Caution("none_stable", "weak", "")
        elif not row.stability >= REPRODUCED:
            yield Caution("chosen_unstable", "weak", "", {"k": k, "stability": row.stability})
        if unstable := [key for key in self.keys if not self.stable(key)]:
            yield Caution("unstable_segments", "weak", "", {"segments": unstable})
        if self.level[0] >= LEVEL_LIMIT:
            yield Caution("level_segments", "weak", "", {"share": self.level[0]})
        if bic.idxmin() == 1:
            yield Caution("no_segments", "weak", "")
        if bic.idxmin() == bic.index.max():
            yield Caution("bic_at_the_end", "note", "", {"most": int(bic.index.max())})
        if classes.parameters > classes.free_cells_:
            facts: dict[str, float] = {"k": k, "parameters": classes.parameters, "cells": int(classes.free_cells_)}
            yield Caution("more_parameters_than_cells", "unidentified", "", facts)
        elif not classes.identified:
            facts = {"k": k, "found": int(row.found), "apart": classes.apart_}
            yield Caution("shares_differ", "unidentified", "", facts)
        if row.found == 1 and row.starts > 1:
            yield Caution("one_start", "weak", "", {"k": k, "starts": int(row.starts)})
        if not row.converged:
            yield Caution("unconverged", "weak", "")
        if row.failed > 0:
            yield Caution("failed_refits", "note", "", {"k": k, "count": int(row.failed)})

    @property
    def table(self) -> pd.DataFrame:
        """A row a segment: segment, respondents, share, certainty (mean posterior), slsw, slsa, level (its share)."""
        table = pd.DataFrame({"segment": self.keys, "respondents": self.sizes, "share": self.shares}, index=self.keys)
        certainty = self.members.groupby("segment")["posterior"].mean()
        found = self.stability[["slsw", "slsa"]].astype(float)
        return table.assign(certainty=certainty).join(found).assign(level=self.level[1]).reset_index(drop=True)

    def character(self, key: str) -> Character:
        """What sets a segment apart from everybody, from a quarter of a standard deviation on."""
        row, items = self.by_construct.loc[key], self.profile.loc[key].dropna()
        level, spread = float(row.mean()), len(row) > 1 and row.max() - row.min() >= STANDS_OUT
        ends = str(row.idxmax()), str(row.idxmin()), level
        if abs(level) < STANDS_OUT:
            all_alike = bool((items.abs() < STANDS_OUT).all())
            return Character("average", "pattern" if spread else "all" if all_alike else "whole", *ends)
        all_alike = bool((items > 0).all() if level > 0 else (items < 0).all())
        return Character("high" if level > 0 else "low", "most" if spread else "all" if all_alike else "whole", *ends)
