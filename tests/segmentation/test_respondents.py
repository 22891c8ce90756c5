"""Sizes, shares, profile and character of respondents' segments, by hand on eight answers."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.respondents import RespondentSegments
from crmresearch.segmentation.stability.number_of_segments import SegmentNumbers

ANSWERS = pd.DataFrame({"a": [1.0, 1, 1, 1, 3, 3, 3, 3], "b": [2.0, 2, 1, 1, 2, 2, 1, 1]})
CLASSES = SimpleNamespace(
    segments=(SimpleNamespace(key="c1"), SimpleNamespace(key="c2")),
    predict=lambda answers: pd.Series(np.where(answers["a"] < 2, "c1", "c2"), answers.index, dtype="category"),
    members=lambda answers: pd.DataFrame({"segment": ["c1"] * 4 + ["c2"] * 4, "posterior": [0.9, 0.7] * 4}),
)


@pytest.fixture
def found() -> RespondentSegments:
    segments = pd.DataFrame({"k": 2, "segment": ["c1", "c2"], "slsw": [0.9, 0.5], "slsa": 1, "named": [True, False]})
    numbers = SimpleNamespace(chosen=2, classes={2: CLASSES}, solutions=pd.DataFrame({"k": [2]}), segments=segments)
    return RespondentSegments(cast(SegmentNumbers, numbers), ANSWERS, {"first": ["a"], "second": ["b"]})


def test_sizes_shares_and_profile(found: RespondentSegments) -> None:
    assert found.sizes.tolist() == [4, 4]
    assert found.profile.loc["c1"].tolist() == [-1, 0]  # a: 1 of mean 2, sd 1; b does not differ
    assert found.level[0] == pytest.approx(0.5)  # p d̄² = 2 · .5² of Σ d² = 1
    weights = pd.Series([3.0] * 4 + [1.0] * 4)
    assert replace(found, weights=weights).shares.tolist() == [0.75, 0.25]
    assert (found.stable("c1"), found.stable("c2"), found.stable("c3")) == (True, False, False)
    row: dict[str, Any] = dict(found.table.iloc[0])
    told = {"segment": "c1", "respondents": 4, "share": 0.5, "certainty": 0.8, "slsw": 0.9, "slsa": 1.0, "level": 0.5}
    assert row == pytest.approx(told)


def test_a_character_is_told_from_a_quarter_of_a_deviation_on(found: RespondentSegments) -> None:
    assert found.character("c1") == ("low", "most", "second", "first", -0.5)
    for values, expected in (
        ([0.4, 0.5], ("high", "all")),
        ([0.2, 0.4], ("high", "all")),
        ([-0.1, 0.7], ("high", "most")),
        ([0.2, -0.2], ("average", "pattern")),
        ([0.1, -0.1], ("average", "all")),
    ):
        vars(found)["profile"] = pd.DataFrame([values], ["c1"], ["a", "b"])
        assert found.character("c1")[:2] == expected
    one = replace(found, constructs={"both": ["a", "b"]})
    vars(one)["profile"] = pd.DataFrame([[0.9, -0.3]], ["c1"], ["a", "b"])
    assert one.character("c1") == ("high", "whole", "both", "both", pytest.approx(0.3))
