"""Profiles of segments: deviations and level shares by hand, shares by value add up."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.stability.segment_profiles import (
    construct_deviations,
    deviations,
    level_share,
    shares_by_group,
)


def categories(values: list[str]) -> pd.Series:
    return pd.Series(pd.Categorical(values, categories=["c1", "c2"]), name="latent_class_2")


def test_deviations_by_hand() -> None:
    answers = pd.DataFrame({"a": [1.0, 1, 3, 3], "b": [2.0, np.nan, 4, 6]})
    found = deviations(answers, categories(["c1", "c1", "c2", "c2"]))
    assert found.loc["c1", "a"] == pytest.approx(-1)  # mean 2, standard deviation 1
    sd = np.sqrt(8 / 3)  # of 2, 4, 6 around 4
    assert found.loc["c1", "b"] == pytest.approx(-2 / sd)
    assert found.loc["c2", "b"] == pytest.approx(1 / sd)
    assert construct_deviations(found, {"both": ["a", "b"]}).loc["c1", "both"] == pytest.approx((-1 - 2 / sd) / 2)


@pytest.mark.parametrize(
    ("profile", "shares", "whole"),
    [
        ([[1.0, 1], [-1, -1]], [1, 1], 1.0),  # higher and lower on everything
        ([[1.0, -1], [-1, 1]], [0, 0], 0.0),  # nothing but pattern
        ([[2.0, 0], [-1, 0]], [0.5, 0.5], 0.5),  # 2 of 4 and .5 of 1 are level
        ([[1.0, 1], [1, -1]], [1, 0], 0.25),  # 2 of 2 for one member, 0 of 2 for each of three
    ],
)
def test_level_is_what_all_items_share(profile: list[list[float]], shares: list[float], whole: float) -> None:
    frame = pd.DataFrame(profile, index=["c1", "c2"])
    share, each = level_share(frame, pd.Series({"c1": 1, "c2": 3}))
    assert list(each) == pytest.approx(shares)
    assert share == pytest.approx(whole)


def test_everybody_with_the_same_habit_of_answering_is_all_level() -> None:
    rng = np.random.default_rng(1)
    habit = rng.integers(1, 10, 400)
    answers = pd.DataFrame({f"q{i}": habit + rng.normal(0, 0.3, 400) for i in range(8)})
    segments = categories(list(np.where(habit > 5, "c2", "c1")))
    share, _ = level_share(deviations(answers, segments), segments.value_counts())
    assert share > 0.99


def test_shares_by_value_add_up_and_leave_out_the_unknown() -> None:
    groups = pd.DataFrame({"sex": ["f", "f", "m", None], "age": [1.0, 2, 2, 2]})
    table = shares_by_group(groups, categories(["c1", "c2", "c1", "c1"])).set_index(["variable", "value"])
    assert table.loc[("sex", "f"), ["respondents", "c1", "c2"]].tolist() == [2, 0.5, 0.5]
    assert table.loc[("sex", "m"), ["respondents", "c1", "c2"]].tolist() == [1, 1, 0]
    assert table.loc[("age", 2.0), "c1"] == pytest.approx(2 / 3)
    np.testing.assert_allclose(table.c1 + table.c2, 1)
