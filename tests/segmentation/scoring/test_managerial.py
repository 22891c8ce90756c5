"""Usable segments: rules of known length, reachable and unreachable ones, profit by hand, indices of their family."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score

from crmresearch.data.margins import Margins
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.scoring.evaluation import Evaluation
from crmresearch.segmentation.scoring.managerial import internal_indices, reachability, rule_length, targeting
from crmresearch.segmentation.scoring.scores import gains

RNG = np.random.default_rng(7)
FRAME = pd.DataFrame({"x": RNG.uniform(size=3000), "y": RNG.uniform(size=3000), "town": "Graz"})


def leaves(m: int) -> pd.Series:
    """Segments of a tree with m leaves: x cut at steps, the last but one of them by y."""
    parts = np.digitize(FRAME["x"], np.arange(1, m - 1) / (m - 1))
    parts = np.where((parts == m - 2) & (FRAME["y"] > 0.4), m - 1, parts)
    return pd.Series(parts, name="planted").map(lambda part: f"s{part}")


@pytest.mark.parametrize("m", [2, 3, 5, 9])
def test_segments_of_a_tree_need_its_number_of_leaves(m: int) -> None:
    found = rule_length(FRAME, leaves(m), fidelity=1.0)
    assert found.iloc[0].tolist() == ["planted", m, 1]
    assert leaves(m).nunique() == m


def test_no_shorter_rule_of_the_tree_reaches_the_segments() -> None:
    noisy = leaves(6).where(RNG.uniform(size=3000) < 0.97, "s0").rename("noisy")
    for fidelity in (0.6, 0.75, 0.9):
        found = rule_length(FRAME, noisy, fidelity)
        assert found["fidelity"][0] >= fidelity
        shorter = rule_length(FRAME, noisy, fidelity, most=int(found["leaves"][0]) - 1)
        assert np.isnan(shorter["leaves"][0])
        assert shorter["fidelity"][0] < fidelity


def test_a_rule_of_most_leaves_may_not_reach_the_segments() -> None:
    chance = pd.Series(RNG.choice(list("ab"), 3000), name="chance")
    found = rule_length(FRAME, chance, most=8).iloc[0]
    assert np.isnan(found["leaves"])
    assert 0.5 < found["fidelity"] < 0.65
    nearly_all = pd.Series(np.where(np.arange(3000) < 2900, "a", "b"), name="one")
    assert rule_length(FRAME, nearly_all).iloc[0].tolist() == ["one", 1, 2900 / 3000]


def test_a_rule_never_reads_the_holdout() -> None:
    segments = leaves(3)
    future = FRAME[["y"]].assign(holdout_spend=segments.map({"s0": 0, "s1": 1, "s2": 2}))
    assert np.isnan(rule_length(future, segments, most=8)["leaves"][0])
    with pytest.raises(SegmentationError, match="numeric"):
        rule_length(FRAME[["town"]], segments)


def test_planted_segments_are_reached_and_independent_ones_are_not() -> None:
    demographics = pd.DataFrame(
        {
            "region": RNG.choice(["north", "south", None], 1500),
            "age": np.where(RNG.uniform(size=1500) < 0.1, np.nan, RNG.uniform(18, 80, 1500)),
        }
    )
    planted = demographics["region"].fillna("unknown").rename("planted")
    chance = pd.Series(RNG.choice(list("abc"), 1500, p=[0.7, 0.2, 0.1]), name="chance")
    reached = reachability(demographics, planted).iloc[0]
    missed = reachability(demographics, chance).iloc[0]
    assert reached["balanced_accuracy"] == 1
    assert reached["chance"] == missed["chance"] == 1 / 3
    assert abs(missed["balanced_accuracy"] - 1 / 3) < 4 * missed["error"]
    pd.testing.assert_frame_equal(reachability(demographics, chance), reachability(demographics, chance))


def test_that_nothing_is_known_of_somebody_does_not_reach_them() -> None:
    """Only whether the region is on record has to do with the segments: among those on record it tells nothing."""
    rng = np.random.default_rng(3)
    segments = pd.Series(rng.choice(["a", "b"], 2000), name="planted")
    region = pd.Series(rng.choice(["north", "south"], 2000), dtype=object)
    region[(segments == "b") & (rng.random(2000) < 0.8)] = None
    found = reachability(pd.DataFrame({"region": region}), segments).iloc[0]
    assert abs(found["balanced_accuracy"] - found["chance"]) < 3 * found["error"]
    assert found["left_out"] == pytest.approx(region.isna().mean())


def test_segments_too_small_for_the_folds_are_left_out() -> None:
    demographics = pd.DataFrame({"age": np.arange(100.0)})
    segments = pd.Series(["young"] * 50 + ["old"] * 47 + ["rare"] * 3, name="age_groups")
    found = reachability(demographics, segments).iloc[0]
    assert (found["k"], found["left_out"]) == (2, pytest.approx(0.03))
    with pytest.raises(SegmentationError, match="Fewer than two"):
        reachability(demographics, segments.where(segments == "rare", "all"))
    with pytest.raises(SegmentationError, match="every one"):
        reachability(demographics.iloc[:50], segments)


def four_customers(expected: list[float], resamples: int = 50) -> Evaluation:
    """An evaluation of one method on four customers of whom so much is expected."""
    none, shares = pd.DataFrame(), [0.25, 0.5, 0.75, 1]
    captured = gains(np.array(expected), SPEND.to_numpy(), np.zeros(4, dtype=np.intp), shares)
    curve = pd.DataFrame({"method": "m", "share": shares, "captured": captured})
    columns = pd.DataFrame({"m": expected, "frozen:m": expected}, index=SPEND.index)
    return Evaluation(none, none, none, none, curve, "m", 2, resamples, 1, np.empty((0, 7, 0)), columns)


SPEND = pd.Series([100.0, 60, 20, 10], index=list("abcd"))


def test_profit_of_targeting_by_hand() -> None:
    row = targeting(four_customers([18.0, 17, 17, 3]), SPEND[::-1], margin=0.5, cost=8, top=0.5).iloc[0]
    # the best half: the second and third of equal value share their 80, so that half holds 140 of 190
    assert (row["method"], row["captured"]) == ("m", pytest.approx(140 / 190))
    assert row["profit"] == pytest.approx(0.5 * 140 - 8 * 2)
    assert row["contacted"] == 0.75  # of the last 1.5 is expected, less than the contact costs
    assert row["targeted"] == pytest.approx(0.5 * 180 - 8 * 3)
    assert row["everybody"] == pytest.approx(0.5 * 190 - 8 * 4)
    assert row["gained"] == pytest.approx(8 - 0.5 * 10)  # the contact saved less the margin lost
    assert len(targeting(four_customers([18.0, 17, 17, 3]), SPEND, 0.5, 8)) == 1  # nothing of an earlier window
    with pytest.raises(SegmentationError, match="from 0 to 1"):
        targeting(four_customers([1.0, 1, 1, 1]), SPEND, 1, 1, top=20)


def test_profit_where_margins_differ_by_what_was_bought_by_hand() -> None:
    each = pd.Series([0.1, 0.5, 0.5, 0.5], index=SPEND.index)
    left = pd.Series(
        [20.0, 30, 5, -2], index=SPEND.index
    )  # what the lines after the cut-off left, at their own margins
    margins = Margins(0.3, each, {"tea": 0.1, "cake": 0.5}, None, left)
    row = targeting(four_customers([60.0, 40, 30, 10]), SPEND, margins, cost=8, top=0.5).iloc[0]
    # 6, 20, 15 and 5 are expected: the second and third pay a contact, and are the best half
    assert row["contacted"] == 0.5
    assert row["targeted"] == pytest.approx(30 + 5 - 2 * 8)
    assert row["everybody"] == pytest.approx(20 + 30 + 5 - 4 * 8)  # less than nothing counts as nothing
    assert row["captured"] == pytest.approx(80 / 190)
    assert row["profit"] == pytest.approx(35 - 2 * 8)


def test_equal_margins_are_one_number() -> None:
    same = Margins(0.5, pd.Series(0.5, index=SPEND.index), {"tea": 0.5}, 0.5, 0.5 * SPEND)
    found = four_customers([18.0, 17, 17, 3])
    by_category, number = targeting(found, SPEND, same, 8, 0.5), targeting(found, SPEND, 0.5, 8, 0.5)
    pd.testing.assert_frame_equal(by_category, number)


def test_the_interval_of_what_targeting_brings_is_that_of_a_mean() -> None:
    """n customers of whom the first half is contacted: the difference is a sum with the error √(n Σ(dᵢ − d̄)²)."""
    rng = np.random.default_rng(3)
    y = pd.Series(rng.normal(10, 4, 400).clip(0))
    found = four_customers([1.0, 1, 1, 1], resamples=2000)
    found = replace(found, expected=pd.DataFrame({"m": np.where(np.arange(400) < 200, 99.0, 0.0)}))
    row = targeting(found, y, 0.5, 5.0).iloc[0]
    saved = np.where(np.arange(400) < 200, 0, 5 - 0.5 * y)
    error = np.sqrt(400) * saved.std()
    assert row["gained"] == pytest.approx(saved.sum())
    assert [row["ci_lower"], row["ci_upper"]] == pytest.approx(
        saved.sum() + 1.96 * error * np.array([-1, 1]), abs=0.1 * error
    )


def test_internal_indices_prefer_the_planted_clusters_to_chance() -> None:
    labels = pd.Series(np.repeat(list("abc"), 100), name="planted")
    X = np.repeat([[0.0, 0], [10, 0], [0, 10]], 100, axis=0) + RNG.normal(size=(300, 2))
    planted = internal_indices(X, labels).iloc[0]
    chance = internal_indices(X, labels.sample(frac=1, random_state=1).reset_index(drop=True)).iloc[0]
    assert planted["silhouette"] == pytest.approx(silhouette_score(X, labels))
    assert planted["silhouette"] > 0.7 > 0.1 > chance["silhouette"]
    assert planted["calinski_harabasz"] > chance["calinski_harabasz"]
    assert planted["davies_bouldin"] < chance["davies_bouldin"]
    sampled = internal_indices(X, labels, seed=3, sample=200)
    assert sampled["silhouette"][0] == pytest.approx(planted["silhouette"], abs=0.05)  # a third of the customers left
    assert internal_indices(X, labels.where(labels == "", "all"))["silhouette"].isna().all()


def test_the_money_of_a_scored_sample_is_raised_to_all() -> None:
    found = four_customers([18.0, 17, 17, 3])
    everybody = pd.concat([SPEND, pd.Series(9.0, index=list("efgh"))])
    whole, half = targeting(found, SPEND, 0.5, 8), targeting(found, everybody, 0.5, 8)
    money = ["profit", "targeted", "everybody", "gained", "ci_lower", "ci_upper"]
    assert (half[money].to_numpy(float) == 2 * whole[money].to_numpy(float)).all()
    assert half["contacted"].equals(whole["contacted"])
