"""Rules recovered where planted, not claimed where there are none; scores by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

import crmresearch as crm
from crmresearch.errors import ParameterError
from crmresearch.mining.profiles.rule_tree import encoded


def customers(seed: int, n: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.integers(18, 80, n), "spend": rng.gamma(2, 30, n).round(2)})
    sizes = pd.CategoricalDtype(["small", "middle", "large"], ordered=True)
    frame["size"] = pd.Series(rng.choice(["small", "middle", "large"], n)).astype(sizes)
    return frame.assign(city=rng.choice(["X", "Y", "Z"], n))


def test_a_planted_rule_is_recovered_in_units_of_the_data() -> None:
    frame = customers(1)
    old, rich = frame["age"] > 50, frame["spend"] > 60
    segments = pd.Series(np.select([old & rich, old], ["rich and old", "old"], "young"))
    rules = crm.segment_rules(frame, segments)
    assert rules.branches["segment"].tolist() == ["old", "rich and old", "young"]
    assert (rules.branches["share"] == 1).all()
    found = rules.conditions.set_index(["branch", "feature"])
    assert found.loc[(2, "age"), "above"] == 50
    assert found.loc[(2, "spend"), "above"] == pytest.approx(60, abs=0.6)
    assert (rules.scores[["precision", "recall"]] > 0.97).all(axis=None)
    assert rules.told
    assert not rules.weak
    assert (rules.verdict, rules.unnamed, rules.best["segment"].tolist()) == ("told", [], ["rich and old"])
    assert (found["kind"].tolist(), rules.facts["branches"], rules.facts["used"]) == (
        ["above", "up_to", "above", "above", "up_to"], 3, 4,
    )  # fmt: skip
    assert rules.branches["base"].sum() == pytest.approx(1)
    assert rules.facts["right"] == pytest.approx(rules.scores["recall"].mean())


def test_categories_are_told_by_their_levels_and_ordered_ones_by_their_places() -> None:
    frame = customers(2)
    rules = crm.segment_rules(frame, (frame["city"] == "Y").map({True: "in", False: "out"}))
    assert rules.conditions[["feature", "level"]].drop_duplicates().values.tolist() == [["city", "Y"]]
    assert rules.conditions["kind"].tolist() == ["is", "is_not"]
    rules = crm.segment_rules(frame, (frame["size"] == "large").map({True: "big", False: "other"}))
    above = rules.conditions.loc[rules.conditions["branch"] == 1].iloc[0]
    assert (above["feature"], above["level"], above["above"]) == ("size", "", 1)
    assert rules.of_branch(1)[["kind", "lowest", "highest"]].values.tolist() == [["from_above", "large", ""]]
    assert rules.of_branch(2)[["kind", "lowest", "highest"]].values.tolist() == [["from_up_to", "", "middle"]]


def test_where_nothing_tells_a_rule_is_hardly_ever_claimed() -> None:
    claimed = 0
    for seed in range(20):
        segments = pd.Series(np.random.default_rng(100 + seed).choice(["a", "b", "c"], 200))
        claimed += crm.segment_rules(customers(seed, 200), segments).told
    assert claimed <= 3  # 1 expected at 5%


def test_scores_are_of_customers_held_out_and_agree_with_their_counts() -> None:
    frame = customers(4)
    rng = np.random.default_rng(4)
    segments = pd.Series(np.where((frame["age"] > 50) ^ (rng.random(600) < 0.2), "a", "b"))
    scores = crm.segment_rules(frame, segments).scores
    np.testing.assert_array_equal(scores["precision"], scores["right"] / scores["named"])
    np.testing.assert_array_equal(scores["recall"], scores["right"] / scores["customers"])
    row = scores.iloc[0]
    lower, upper = proportion_confint(row["right"], row["named"], 0.05, "wilson")
    assert (row["precision_lower"], row["precision_upper"]) == (lower, upper)
    assert scores["named"].sum() == scores["customers"].sum() == 600
    assert scores["precision"].between(0.72, 0.88).all()  # a fifth of the labels is turned


def test_gaps_constants_and_few_customers() -> None:
    frame = customers(5).assign(constant=1, gone=np.nan, rare=np.where(np.arange(600) < 100, 1.0, np.nan))
    frame.loc[::7, "spend"] = np.nan
    _, columns, filled, left_out = encoded(frame)
    assert (filled, left_out) == (("spend",), ("constant", "gone", "rare"))
    assert ("size", "") in columns
    with pytest.raises(ParameterError, match="two or more segments of 30 customers"):
        crm.segment_rules(frame, pd.Series(np.where(np.arange(600) < 29, "few", "many")))
    rules = crm.segment_rules(frame[["constant"]], pd.Series(np.arange(600) % 2))
    assert (len(rules.branches), rules.told, rules.features) == (0, False, ())
    assert (rules.verdict, len(rules.best), rules.unnamed) == ("none", 0, [])


def test_the_same_seed_gives_the_same_rule_and_the_order_of_customers_does_not_matter_to_the_shown_one() -> None:
    frame = customers(6)
    segments = pd.Series(np.where(frame["age"] > 50, "a", "b"))
    first, again = (crm.segment_rules(frame, segments, seed=1) for _ in range(2))
    pd.testing.assert_frame_equal(first.scores, again.scores)
    turned = crm.segment_rules(frame[::-1], segments[::-1], seed=1)
    pd.testing.assert_frame_equal(first.conditions, turned.conditions)


def test_customers_of_segments_too_small_to_learn_count_as_wrongly_named() -> None:
    frame = customers(7)
    segments = pd.Series(np.where(frame["age"] > 50, "a", "b"))
    few = segments.where(np.arange(600) % 24 > 0, "few")  # 25 customers of both
    rules = crm.segment_rules(frame, few)
    assert rules.scores["segment"].tolist() == ["a", "b"]
    assert rules.scores["named"].sum() == rules.branches["customers"].sum() == 600
    assert (rules.scores["recall"] == 1).all()
    assert rules.scores["right"].sum() == 575
    np.testing.assert_array_equal(rules.scores["base"], rules.scores["customers"] / 600)
