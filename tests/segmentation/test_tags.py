"""Tags: several a customer; counts by hand, intervals against scipy's bootstrap and Welch's standard error."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from scipy import stats

from crmresearch.data.rule_file import Tag
from crmresearch.segmentation.customer_profiles import campaign_list, segment_outcomes
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.tags import carried_tags, tag_outcomes, tag_overlap


def tag(key: str, **when: dict[str, object]) -> Tag:
    return Tag.model_validate({"tag": key, "label": {"en": key.title()}, "when": when})


def test_every_rule_that_holds_gives_its_tag_and_any_of_two_rules_of_one_tag_will_do() -> None:
    customers = pd.DataFrame(
        {"frequency": [9, 6, 1, 1], "recency": [3.0, 90, 300, np.nan], "town": ["Ulm", None, "Bonn", "Ulm"]},
        index=list("abcd"),
    )
    tags = carried_tags(
        [tag("often", frequency={"min": 5}), tag("near", town={"in": ["Ulm"]}), tag("lately", recency={"max": 90}),
         tag("near", recency={"min": 300}, frequency={"max": 1})],
        customers,
    )  # fmt: skip
    assert tags.of_customers.tolist() == ["often; near; lately", "often; lately", "near", "near"]
    assert tags.left_out.empty
    listed = campaign_list(customers, [QuantileSegments("frequency", 2).fit(customers)], tags=tags.of_customers)
    assert listed.columns.tolist() == ["customer", "frequency_quantiles_2", "tags"]
    assert listed["tags"].tolist() == tags.of_customers.tolist()


def test_a_tag_whose_rule_cannot_hold_is_left_out_with_its_reason() -> None:
    customers = pd.DataFrame({"frequency": [9, 6], "town": ["Ulm", "Bonn"]})
    wrong = [tag("a", frequence={"min": 1}), tag("b", town={"min": 1}), tag("c", frequency={"in": ["many"]})]
    tags = carried_tags([*wrong, tag("often", frequency={"min": 5})], customers)
    assert list(tags.carried) == ["often"]
    assert tags.left_out["tag"].tolist() == ["a", "b", "c"]
    column, text, number = tags.left_out["reason"]
    assert column == "The tag a needs frequence, which the customer table does not have."
    assert text == "The tag b compares town with a number in its rule, but it holds text; use `in`."
    assert number == "The tag c compares frequency with the text 'many' in its rule, but it holds numbers."


def test_tags_that_tell_nothing_are_cautions() -> None:
    customers = pd.DataFrame({"frequency": [9] * 7 + [1] * 93})
    some = [tag("often", frequency={"min": 5}), tag("all", frequency={"min": 1}), tag("none", frequency={"min": 99})]
    found = {one.code: one.facts for one in carried_tags([*some, tag("odd", town={"min": 1})], customers).cautions}
    assert found.pop("tag_left_out")["reason"].startswith("The tag odd needs town")
    assert found == {"tag_empty": {"tags": {"none": 0}}, "tag_small": {"tags": {"often": 7}},
                     "tag_everybody": {"tags": {"all": 100}}}  # fmt: skip


def test_outcomes_are_means_of_who_carries_and_agree_with_segments() -> None:
    customers = simulated_customers(600, seed=2)
    carried = pd.DataFrame({"often": customers["frequency"] >= 4, "seldom": customers["frequency"] < 4})
    found = tag_outcomes(customers, carried, resamples=50, seed=1)
    segments = pd.Series(np.where(carried["often"], "often", "seldom"), customers.index).astype("category")
    same = ["customers", "share", "spend_before", "spend_after", "active_after"]
    pd.testing.assert_frame_equal(found[same], segment_outcomes(customers, segments)[same])
    means = found["spend_after"].to_numpy()
    assert found["against_others"].tolist() == pytest.approx([means[0] - means[1], means[1] - means[0]])


def test_intervals_are_those_of_a_bootstrap_of_customers() -> None:
    """scipy 1.x `bootstrap` (percentile, paired) of the same statistic, and 1.96 standard errors of Welch's test."""
    customers = simulated_customers(800, seed=5)
    has, after = (customers["frequency"] >= 4).to_numpy(), customers["holdout_spend"].to_numpy()
    found = tag_outcomes(customers, pd.DataFrame({"often": has}, customers.index), resamples=4000, seed=1).iloc[0]

    def statistics(carries: np.ndarray, spend: np.ndarray) -> tuple[float, float]:
        carries = carries.astype(bool)  # scipy hands on numbers
        mean = spend[carries].mean()
        return mean, mean - spend[~carries].mean()

    rng = np.random.default_rng(9)
    theirs = stats.bootstrap(
        (has, after), statistics, n_resamples=4000, paired=True, vectorized=False, method="percentile", rng=rng
    ).confidence_interval
    ours = found[["spend_after_lower", "spend_after_upper", "against_others_lower", "against_others_upper"]]
    width = theirs.high - theirs.low
    error = np.sqrt(after[has].var(ddof=1) / has.sum() + after[~has].var(ddof=1) / (~has).sum())
    for i, (low, high) in enumerate([tuple(ours[:2]), tuple(ours[2:])]):
        assert abs(low - theirs.low[i]) < 0.05 * width[i]  # the error of a percentile of 4,000 draws is 1.4 % of it
        assert abs(high - theirs.high[i]) < 0.05 * width[i]
    assert ours.iloc[3] - ours.iloc[2] == pytest.approx(2 * 1.959964 * error, rel=0.05)


def test_of_very_many_customers_a_part_is_resampled_around_the_means_of_all() -> None:
    """A quarter of the customers: the means are those of all, and the intervals are twice as wide."""
    customers = simulated_customers(2000, seed=5)
    carried = pd.DataFrame({"often": customers["frequency"] >= 4})
    whole, part = (tag_outcomes(customers, carried, 400, 1, most).iloc[0] for most in (None, 500))
    told = ["customers", "spend_before", "spend_after", "active_after", "against_others"]
    assert part[told].tolist() == whole[told].tolist()
    assert part["spend_after_lower"] < part["spend_after"] < part["spend_after_upper"]
    width = [one["spend_after_upper"] - one["spend_after_lower"] for one in (whole, part)]
    assert width[1] / width[0] == pytest.approx(2, rel=0.3)


def test_nobody_or_one_has_no_interval() -> None:
    customers = simulated_customers(50, seed=5)
    carried = pd.DataFrame({"none": False, "all": True, "one": customers.index == customers.index[0]}, customers.index)
    found = tag_outcomes(customers, carried, resamples=20).set_index("tag")
    assert found.loc[["none", "one"]].filter(like="er").filter(regex="lower|upper").isna().all(axis=None)
    assert found.loc["all", ["spend_after_lower", "spend_after_upper"]].notna().all()
    assert found.loc["all", ["against_others", "against_others_lower"]].isna().all()
    assert found["customers"].tolist() == [0, 50, 1]


def test_overlap_by_hand() -> None:
    carried = pd.DataFrame({"a": [1, 1, 1, 1], "b": [1, 0, 0, 0], "c": [1, 1, 0, 0], "d": [0, 0, 0, 0]}).astype(bool)
    found = tag_overlap(carried)
    assert found.iloc[:3].to_numpy().tolist() == [
        ["a", "c", 2, 0.5, 1.0],
        ["a", "b", 1, 0.25, 1.0],
        ["b", "c", 1, 1.0, 0.5],
    ]
    assert found["both"].tolist() == [2, 1, 1, 0, 0, 0]
    assert np.isnan(found["of_other"].iloc[3])
