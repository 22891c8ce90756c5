"""Planted segments: found where the answers differ, not where only weights do."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.planted import found_again


def test_segments_apart_are_found_and_those_of_one_level_are_not() -> None:
    rng = np.random.default_rng(3)
    planted = pd.Series(np.repeat([1, 2, 3], 100))
    level = rng.normal(size=(300, 1))
    alike = pd.DataFrame(level + 0.5 * rng.normal(size=(300, 4)), columns=list("abcd"))
    hidden = found_again(alike, planted)
    assert hidden.rand < 0.05
    assert hidden.level > 0.85  # clusters of one common level are high and low raters
    apart = alike.add(10 * planted.map({1: 0, 2: 1, 3: 0}), axis=0).assign(
        e=10.0 * (planted == 3) + rng.normal(size=300)
    )
    found = found_again(apart, planted)
    assert found.rand > 0.9
    assert found.rand > found.by_chance
    assert (found.segments, found.respondents) == (3, 300)


def test_chance_is_that_of_shuffled_segments() -> None:
    rng = np.random.default_rng(4)
    features = pd.DataFrame(rng.normal(size=(150, 3)), columns=list("abc"))
    planted = pd.Series(rng.integers(0, 2, 150))
    shuffled = [adjusted_rand_score(features["a"] > 0, rng.permutation(planted)) for _ in range(300)]
    assert found_again(features, planted).by_chance == pytest.approx(np.quantile(shuffled, 0.95), abs=0.02)


def test_gaps_are_left_out_and_one_segment_is_refused() -> None:
    features = pd.DataFrame({"a": [1.0, 1.1, 5.0, 5.1, np.nan, 1.0], "b": [1.0, 0.9, 5.0, 5.2, 1.0, 1.2]})
    planted = pd.Series([1, 1, 2, 2, 2, None])
    assert found_again(features, planted).respondents == 4
    with pytest.raises(SegmentationError, match="Fewer than two segments"):
        found_again(features, pd.Series([1] * 6))
