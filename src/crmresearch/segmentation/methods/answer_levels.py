"""Answers on a long scale as few levels of adjacent answers, so that a class needs few probabilities an item."""

from dataclasses import dataclass

import numpy as np

from crmresearch.segmentation.contract import Codes, Floats


@dataclass(frozen=True)
class AnswerLevels:
    """Levels of one item: answers up to cuts[0], up to cuts[1], …, above the last; lowest to highest seen of each."""

    item: str
    cuts: Floats
    lowest: tuple[float, ...]
    highest: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.lowest)

    def codes(self, answers: Floats) -> Codes:
        """Level (n,) of every answer, counted from 0; −1 where there is none."""
        return np.where(np.isnan(answers), -1, np.searchsorted(self.cuts, answers, side="left"))


def answer_levels(item: str, answers: Floats, most: int, rarest: float) -> AnswerLevels:
    """The different answers (n,) to one item, merged into at most `most` levels with a share of `rarest` or more.

    While there are more levels, or one is rarer, the rarest joins the rarer of its neighbours; two levels always stay
    where two answers were given. Cuts lie halfway between the levels, so that an answer that nobody gave before has a
    level too. Missing answers count for nothing.
    """
    values, counts = np.unique(answers[~np.isnan(answers)], return_counts=True)
    lowest, highest, size = list(values), list(values), list(counts)
    while len(size) > 2 and (len(size) > most or min(size) < rarest * counts.sum()):
        place = int(np.argmin(size))
        left, right = place - 1, place + 1
        joins = right if left < 0 or (right < len(size) and size[right] < size[left]) else left
        first, second = sorted((place, joins))
        size[first] += size.pop(second)
        highest[first] = highest.pop(second)
        del lowest[second]
    cuts = (np.array(highest[:-1]) + np.array(lowest[1:])) / 2
    return AnswerLevels(item, cuts, tuple(map(float, lowest)), tuple(map(float, highest)))
