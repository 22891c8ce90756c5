"""Descriptions of segments on a handful of customers, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.customer_profiles import (
    attribute_shares,
    campaign_list,
    mean_shares,
    segment_outcomes,
    widest_gap,
)
from crmresearch.segmentation.methods.rfm import RfmScore
from crmresearch.segmentation.methods.rfm_classes import RfmEight

SEGMENTS = pd.Series(pd.Categorical(["high", "low", "low", "high"], ["high", "low", "nobody"]), index=list("abcd"))


def test_outcomes_are_means_of_the_members_and_an_empty_segment_has_none() -> None:
    customers = pd.DataFrame(
        {"monetary_total": [50, 1, 3, 30], "holdout_spend": [8.0, 0, 2, 0], "holdout_active": [1, 0, 1, 0]},
        index=SEGMENTS.index,
    )
    table = segment_outcomes(customers, SEGMENTS).set_index("segment")
    assert table.loc["high"].tolist() == [2, 0.5, 40, 4, 4, 0.5]
    assert table.loc["low"].tolist() == [2, 0.5, 2, 1, 1, 0.5]
    assert (table.customers["nobody"], table.share["nobody"]) == (0, 0)
    assert table.loc["nobody"][["spend_before", "spend_after", "active_after"]].isna().all()


def test_attribute_shares_are_of_everybody_and_of_each_segment_that_has_members() -> None:
    towns = pd.DataFrame({"town": ["Ulm", "Bonn", "Ulm", None]}, index=SEGMENTS.index)
    table = attribute_shares(towns, SEGMENTS, "others", "unknown")
    assert list(table.columns) == ["attribute", "level", "customers", "all_customers", "high", "low"]
    assert table.drop(columns="attribute").to_numpy().tolist() == [
        ["Ulm", 2, 0.5, 0.5, 0.5],
        ["Bonn", 1, 0.25, 0, 0.5],
        ["unknown", 1, 0.25, 0.5, 0],
    ]


@pytest.mark.parametrize("kind", ["str", "category"])
def test_rare_levels_are_pooled_after_the_frequent_and_before_the_missing(kind: str) -> None:
    values = ["c", "c", "b", "b", "a", "d", "e", None]
    frame = pd.DataFrame({"size": pd.Series(values, dtype=kind)})
    segments = pd.Series(pd.Categorical(["one"] * len(values)))
    table = attribute_shares(frame, segments, "others", "unknown", most=3)
    assert table.level.tolist() == ["b", "c", "others", "unknown"]
    assert table.customers.tolist() == [2, 2, 3, 1]
    assert (table.all_customers == table.one).all()
    every = attribute_shares(frame, segments, "others", "unknown", most=5)
    assert every.level.tolist() == ["b", "c", "a", "d", "e", "unknown"]


def test_levels_with_an_order_keep_it() -> None:
    kind = pd.CategoricalDtype(["young", "mid", "old", "oldest"], ordered=True)
    frame = pd.DataFrame({"age": pd.Series(["old", "old", "mid", "mid", "mid", "young", "oldest", None], dtype=kind)})
    segments = pd.Series(pd.Categorical(["one"] * len(frame)))
    every = attribute_shares(frame, segments, "others", "unknown")
    assert every.level.tolist() == ["young", "mid", "old", "oldest", "unknown"]
    some = attribute_shares(frame, segments, "others", "unknown", most=3)
    assert some.level.tolist() == ["mid", "old", "others", "unknown"]


def test_mean_shares_are_of_customers_in_whom_they_are_defined() -> None:
    shares = pd.DataFrame({"tea": [1, 0.5, np.nan, 0.5], "off": [0.0, 0, 0.4, 0]}, index=SEGMENTS.index)
    table = mean_shares(shares, SEGMENTS).set_index("segment")
    assert table.index.tolist() == ["all", "high", "low"]
    assert table.customers.tolist() == [4, 2, 2]
    assert table.tea.to_numpy() == pytest.approx([2 / 3, 0.75, 0.5])
    assert table.off.to_numpy() == pytest.approx([0.1, 0, 0.2])


def test_the_widest_gap_is_not_that_of_a_small_segment() -> None:
    segments = pd.Series(["a"] * 60 + ["b"] * 60 + ["few"] * 3)
    gaps = pd.DataFrame({"tea": [0.1, -0.3, 0.9], "cups": [0.2, 0.0, -0.9]}, index=["a", "b", "few"])
    assert widest_gap(gaps, segments) == ("tea", "b", 0.3)
    assert widest_gap(gaps.loc[["few"]], segments) is None


def test_a_campaign_list_has_every_customer_once_with_every_segment() -> None:
    rng = np.random.default_rng(1)
    ids = ["0012", "12", "=1+1", *(f"c{i}" for i in range(57))]
    customers = pd.DataFrame(
        {
            "recency": rng.integers(0, 300, 60),
            "frequency": rng.integers(1, 9, 60),
            "monetary_total": rng.lognormal(3, 1, 60),
            "p_alive": 0.987654,
            "expected_purchases": 1.23456,
            "expected_value": 10.129,
        },
        index=pd.Index(ids, name="customer"),
    )
    methods = [RfmEight("mean").fit(customers), RfmScore(2).fit(customers)]
    table = campaign_list(customers, methods)
    assert table["customer"].tolist() == ids
    assert list(table.columns[1:3]) == [method.name for method in methods]
    for method in methods:
        assert table[method.name].astype(str).tolist() == method.predict(customers).astype(str).tolist()
    assert table[["p_alive", "expected_purchases", "expected_value"]].iloc[0].tolist() == [0.9877, 1.235, 10.13]
    without = campaign_list(customers.drop(columns=["p_alive", "expected_purchases", "expected_value"]), methods)
    assert list(without.columns) == ["customer", *(method.name for method in methods)]
