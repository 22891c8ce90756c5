"""The number of segments: planted patterns are found and named, answers without classes are not cut with confidence."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.stability.number_of_segments import REPRODUCED, SegmentNumbers, number_of_segments
from crmresearch.segmentation.stability.partitions import adjusted_rand, contingency

ITEMS = [f"q{i}" for i in range(1, 10)]


def answers_of(profiles: list[list[float]], n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Answers of 1 to 5 to nine items; each class has its own mean for each third of the items."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, len(profiles), n)
    means = np.repeat(np.array(profiles), 3, axis=1)[true]
    answers = np.clip(np.rint(means + rng.normal(0, 0.7, means.shape)), 1, 5)
    return pd.DataFrame(answers, columns=ITEMS, index=[f"r{i:03d}" for i in range(n)]), true


@pytest.fixture(scope="module")
def planted() -> tuple[SegmentNumbers, pd.DataFrame, np.ndarray]:
    answers, true = answers_of([[4.5, 1.5, 3], [1.5, 4.5, 3], [3, 3, 1.2]], 300, 1)
    return number_of_segments(answers, answers, 4, starts=3, refits=6, seed=1), answers, true


def test_planted_segments_are_found_again_and_named(planted: tuple[SegmentNumbers, pd.DataFrame, np.ndarray]) -> None:
    numbers, answers, true = planted
    assert (numbers.chosen, numbers.choice) == (3, "stable")
    members = numbers.classes[3].predict(answers).cat.codes.to_numpy()
    assert adjusted_rand(contingency(members, true)) > 0.9
    row = numbers.solutions.set_index("k").loc[3]
    assert row["stability"] > 0.9
    assert row["agreement"] > 0.9
    assert numbers.segments[numbers.segments.k == 3]["named"].all()
    assert numbers.solutions["bic"].idxmin() == numbers.solutions.index[numbers.solutions.k == 3][0]


def test_one_segment_too_many_is_not_named(planted: tuple[SegmentNumbers, pd.DataFrame, np.ndarray]) -> None:
    numbers = planted[0]
    four = numbers.segments[numbers.segments.k == 4]
    assert not four["named"].all()
    assert numbers.solutions.set_index("k")["stability"][4] < numbers.solutions.set_index("k")["stability"][3]


def test_answers_without_classes_reach_no_stable_number() -> None:
    answers, _ = answers_of([[3, 3, 3]], 150, 2)
    numbers = number_of_segments(answers, answers, 2, starts=2, refits=6, seed=1)
    assert numbers.choice == "none_stable"
    assert (numbers.solutions["stability"].dropna() < REPRODUCED).all()
    assert numbers.solutions["bic"].idxmin() == 0  # one class


def test_a_given_number_overrules_the_rule(planted: tuple[SegmentNumbers, pd.DataFrame, np.ndarray]) -> None:
    answers = planted[1].iloc[:120]
    numbers = number_of_segments(answers, answers, 2, 2, starts=1, refits=4, seed=1)
    assert (numbers.chosen, numbers.choice) == (2, "given")
