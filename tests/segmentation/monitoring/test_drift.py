"""Drift between two dates: tables and indices by hand, identities, and what chance alone brings."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.monitoring.drift import (
    drift_verdict,
    feature_stability,
    population_stability,
    share_moved,
    stability_terms,
    transition_matrix,
)


def keys(text: str, start: int = 0) -> pd.Series:
    return pd.Series(list(text), index=[f"c{i}" for i in range(start, start + len(text))])


def test_transitions_of_the_customers_present_at_both_dates_by_hand() -> None:
    before, after = keys("aaabbx"), keys("aabbb", start=1)  # c1 to c5 are in both: a a b b x, then a a b b b
    found = transition_matrix(before, after).set_index(["before", "after"])
    assert found["customers"].to_dict() == {
        ("a", "a"): 2,
        ("a", "b"): 0,
        ("b", "a"): 0,
        ("b", "b"): 2,
        ("x", "a"): 0,
        ("x", "b"): 1,
    }
    assert found["share"].tolist() == [1, 0, 0, 1, 0, 1]
    assert share_moved(before, after) == 1 / 5


def test_transitions_show_empty_segments_and_do_not_depend_on_the_order_of_customers() -> None:
    before = keys("abab").astype(pd.CategoricalDtype(["b", "a", "empty"]))
    after = keys("aabb").astype(pd.CategoricalDtype(["b", "a"]))
    found = transition_matrix(before, after)
    assert found["before"].tolist() == ["b", "b", "a", "a", "empty", "empty"]
    assert found["customers"].tolist() == [1, 1, 1, 1, 0, 0]
    assert found["share"].isna().tolist() == [False] * 4 + [True] * 2
    assert transition_matrix(before, after.iloc[::-1]).equals(found)


def test_nobody_moves_between_a_segmentation_and_itself() -> None:
    segments = keys("aabbbc")
    assert share_moved(segments, segments) == 0
    assert population_stability(segments, segments) == 0


def test_population_stability_by_hand() -> None:
    before, after = keys("aaaab" * 2), keys("aab" + "bb", start=50)  # shares .8 and .2, then .4 and .6
    by_hand = (0.4 - 0.8) * np.log(0.4 / 0.8) + (0.6 - 0.2) * np.log(0.6 / 0.2)
    assert population_stability(before, after) == pytest.approx(by_hand)
    assert population_stability(after, before) == pytest.approx(by_hand)
    terms = stability_terms(before, after)
    assert terms[["before", "after"]].to_numpy().tolist() == [[0.8, 0.4], [0.2, 0.6]]
    assert terms["term"].sum() == pytest.approx(by_hand)


def test_an_empty_segment_counts_with_the_floor() -> None:
    found = population_stability(keys("aa"), keys("ab"), floor=0.01)
    assert found == pytest.approx(-0.5 * np.log(0.5) + 0.49 * np.log(50))


def test_without_drift_the_index_is_what_chance_brings() -> None:
    rng = np.random.default_rng(8)
    n, m, k = 2000, 1000, 5
    drawn = [population_stability(*(pd.Series(rng.integers(0, k, size)) for size in (n, m))) for _ in range(60)]
    expected = (1 / n + 1 / m) * (k - 1)
    assert np.mean(drawn) == pytest.approx(expected, abs=4 * np.std(drawn) / np.sqrt(60))


def test_feature_drift_sees_a_shift_and_not_a_change_of_unit() -> None:
    rng = np.random.default_rng(9)
    before = pd.DataFrame({"spend": rng.exponential(50, 4000), "visits": rng.poisson(2, 4000)})
    same = pd.DataFrame({"spend": rng.exponential(50, 4000), "visits": rng.poisson(2, 4000)})
    more = same.assign(spend=same["spend"] * 2)
    columns = ["spend", "visits"]
    found = feature_stability(before, more, columns).set_index("feature")
    assert found["verdict"].to_dict() == {"spend": "shifted", "visits": "stable"}
    assert feature_stability(before, same, columns)["verdict"].tolist() == ["stable", "stable"]
    in_cents = feature_stability(before * 100, more * 100, columns)["psi"].to_numpy()
    assert in_cents == pytest.approx(found["psi"].to_numpy())


def test_feature_drift_by_hand_with_missing_values() -> None:
    before = pd.DataFrame({"x": [1.0, 2, 3, np.nan]})
    after = pd.DataFrame({"x": [1.0, 3, np.nan, np.nan]})  # cut at 2: shares .5 .25 .25, then .25 .25 .5
    found = feature_stability(before, after, ["x"], groups=2).iloc[0]
    assert found["psi"] == pytest.approx(-0.25 * np.log(0.5) + 0.25 * np.log(2))
    assert (found["missing_before"], found["missing_after"]) == (0.25, 0.5)
    assert found["groups"] == 3


def test_drift_of_words_is_that_of_their_shares() -> None:
    before = pd.DataFrame({"town": ["Ulm", "Ulm", "Bonn", None]})
    after = pd.DataFrame({"town": ["Ulm", "Bonn", None, None]})  # shares .5 .25 .25, then .25 .25 .5, as above
    found = feature_stability(before, after, ["town"]).iloc[0]
    assert found["psi"] == pytest.approx(-0.25 * np.log(0.5) + 0.25 * np.log(2))
    assert (found["groups"], found["missing_before"], found["missing_after"]) == (3, 0.25, 0.5)
    ordered = [frame.astype(pd.CategoricalDtype(["Ulm", "Bonn"], ordered=True)) for frame in (before, after)]
    assert feature_stability(*ordered, ["town"])["psi"].tolist() == pytest.approx([found["psi"]])


@pytest.mark.parametrize("value", [3.0, 7.0])
def test_a_constant_feature_that_changes_is_seen(value: float) -> None:
    before, after = pd.DataFrame({"x": [5.0] * 10}), pd.DataFrame({"x": [value] * 10})
    assert feature_stability(before, before, ["x"])["psi"].tolist() == [0]
    assert feature_stability(before, after, ["x"])["verdict"].tolist() == ["shifted"]


def test_verdicts_at_the_bounds() -> None:
    assert [drift_verdict(psi) for psi in (0, 0.0999, 0.1, 0.25, 0.2501)] == [
        "stable",
        "stable",
        "watch",
        "watch",
        "shifted",
    ]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(SegmentationError, match="No customer is in both"):
        share_moved(keys("ab"), keys("ab", start=9))
    with pytest.raises(SegmentationError, match="c0 is listed twice"):
        transition_matrix(pd.concat([keys("a"), keys("b")]), keys("ab"))
    with pytest.raises(SegmentationError, match="at least 2 groups"):
        feature_stability(pd.DataFrame({"x": [1]}), pd.DataFrame({"x": [1]}), ["x"], groups=1)
    with pytest.raises(SegmentationError, match="none after"):
        population_stability(keys("ab"), pd.Series(["a", None]))
