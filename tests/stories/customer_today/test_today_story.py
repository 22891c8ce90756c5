"""Sentences, tables and cautions of the report of today say what the numbers say, on CDNOW and for other results."""

import math
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from crmresearch.data.customers import customer_table
from crmresearch.data.margins import as_margins
from crmresearch.data.rule_file import Tag
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.segmentation.customer_methods import today_methods
from crmresearch.segmentation.fitting import fit_methods
from crmresearch.segmentation.tags import carried_tags
from crmresearch.stories.customer_today import tables
from crmresearch.stories.customer_today.cautions import cautions
from crmresearch.stories.customer_today.story import TodayStory
from crmresearch.value.back_check import back_checks
from crmresearch.value.negative_binomial import fit_nbd
from crmresearch.value.outlook import customer_outlook


@pytest.fixture(scope="module")
def story() -> TodayStory:
    transactions = load_transactions("cdnow")
    table = customer_table(transactions, transactions.known_until)
    outlook = customer_outlook(table, [12, 36], 0.1)
    checks = back_checks(transactions, table.cutoff, outlook.days, 0.1)
    methods, left_out = fit_methods(today_methods("data/cdnow/segments.yaml"), outlook.customers)
    return TodayStory(transactions, table, outlook, checks, methods, left_out, 0.0, 20, 1)


def keys(told: list[str]) -> list[str]:
    return [sentence.key for sentence in told]  # type: ignore[attr-defined]


def codes(story: TodayStory) -> list[str]:
    return list(cautions(story)["code"])


def without_forecast(story: TodayStory) -> TodayStory:
    outlook = replace(story.outlook, value=None, failure="Nobody bought again.", customers=story.table.frame)
    return replace(story, outlook=outlook, checks=())


def unidentified(story: TodayStory) -> TodayStory:
    value = story.outlook.value
    assert value is not None
    doubt = replace(value.purchases, log_likelihood=fit_nbd(value.purchases.rows).log_likelihood)
    return replace(story, outlook=replace(story.outlook, value=replace(value, purchases=doubt)))


def test_the_report_begins_with_what_is_expected_and_how_far_it_was_right(story: TodayStory) -> None:
    told = story.findings()
    assert keys(told) == ["today.headline_checked", "today.half", "today.alive", "today.overdue"]
    assert told[0].facts["error"] == pytest.approx(story.checks[0].error("spend"))  # type: ignore[attr-defined]
    assert keys(replace(story, checks=()).findings())[0] == "today.headline_unchecked"
    half = story.customers.loc[story.half, "expected_value"]
    assert half.sum() >= story.customers["expected_value"].sum() / 2 > half.iloc[:-1].sum()


@pytest.mark.long
def test_the_checks_stand_beside_the_forecast_with_their_trust(story: TodayStory) -> None:
    inner = [line.facts["told"].key for line in story.trust()]  # type: ignore[attr-defined]
    assert inner == ["today.check_purchases", "today.check_spend", "today.alive_model", "today.next_model"]
    assert codes(story)[:2] == ["learned_short", "unchecked"]
    unchecked = replace(story, checks=())
    assert unchecked.trust()[0].facts["told"].key == "today.check_none"  # type: ignore[attr-defined]
    assert codes(unchecked).count("no_check") == 2
    assert keys(unchecked.follows()) == ["today.do_half", "today.do_overdue", "today.do_advice"]


@pytest.mark.long
def test_nothing_follows_from_a_forecast_that_was_far_off(story: TodayStory) -> None:
    (check,) = story.checks
    came = check.table.frame.assign(holdout_spend=check.table.frame["holdout_spend"] * 5)
    off = replace(story, checks=(replace(check, table=replace(check.table, frame=came)),))
    assert keys(off.follows()) == ["today.do_nothing", "today.do_advice"]
    assert "check_off" in codes(off)
    assert "check_off" not in codes(story)


@pytest.mark.long
def test_p_alive_is_told_of_those_who_bought_again_and_only_where_it_is_identified(story: TodayStory) -> None:
    listed = tables.customer_list(story).set_index("customer")
    assert listed["p_alive"].isna().equals(story.customers["repeat"] == 0)
    assert tables.expected(story).set_index("quantity").loc["P(alive)"].notna().tolist() == [False, True, False]
    doubt = unidentified(story)
    assert doubt.findings()[2].key == "today.alive_unknown"  # type: ignore[attr-defined]
    assert tables.customer_list(doubt)["p_alive"].isna().all()
    assert "P(alive)" not in tables.expected(doubt)["quantity"].tolist()
    assert "p_alive" not in tables.overdue_table(doubt)


def test_a_contact_pays_where_it_raises_more_than_it_costs(story: TodayStory) -> None:
    worth = story.customers["expected_value"]
    told = next(one for one in replace(story, contact_cost=2.0).follows() if one.key == "today.do_cost_raise")  # type: ignore[attr-defined]
    assert told.facts["below"] == (worth < 2).sum()  # type: ignore[attr-defined]
    assert told.facts["needed"] == pytest.approx(2 / worth[story.half].mean())  # type: ignore[attr-defined]


def test_without_a_forecast_the_report_says_why_and_keeps_what_is_known(story: TodayStory) -> None:
    none = without_forecast(story)
    assert keys(none.findings()) == ["today.headline_none", "today.overdue"]
    assert none.trust()[0].facts["told"].key == "today.no_forecast"  # type: ignore[attr-defined]
    assert keys(none.follows()) == ["today.do_nothing", "today.do_advice"]
    assert codes(none)[0] == "no_forecast"
    listed = tables.customer_list(none)
    assert not [name for name in listed if name.startswith("expected")]
    assert "expected_value_12" not in tables.segment_table(none, none.methods[0])


def test_the_list_has_a_row_a_customer_and_the_advice_of_the_named_segment(story: TodayStory) -> None:
    listed = tables.customer_list(story)
    assert listed["customer"].tolist() == story.customers.index.tolist()
    assert listed["half"].sum() == len(story.half)
    assert listed.groupby("rfm_named", observed=True)["advice"].nunique().eq(1).all()
    assert {"rfm_named", "life_cycle_rhythm", "cdnow_desk", "next_day", "overdue_days"} <= set(listed)
    late = listed.dropna(subset="overdue_days")["customer"]
    known = story.customers.loc[late]
    assert (known["recency"] > known["gap_mean"] + 2 * known["gap_sd"]).all()
    assert len(late) == (story.customers["recency"] > story.customers["gap_mean"] + 2 * story.customers["gap_sd"]).sum()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_table_of_segments_holds_every_customer_and_all_their_spend(story: TodayStory, place: int) -> None:
    table = tables.segment_table(story, story.methods[place])
    assert table["customers"].sum() == len(story.customers)
    assert table["spend"].sum() == pytest.approx(story.customers["monetary_total"].sum())
    assert table["expected_value_12"].notna().all()
    groups = story.totals[story.totals["grouping"] == story.methods[place].name]
    value = groups[groups["quantity"] == "expected_value_12"]["estimate"].sum()
    assert value == pytest.approx(story.customers["expected_value"].sum())


def test_a_margin_is_told_as_one(story: TodayStory) -> None:
    half = replace(story, outlook=replace(story.outlook, margin=as_margins(0.5)))
    assert half.findings()[0].facts["told"].key == "today.headline_margin"  # type: ignore[attr-defined]
    assert tables.horizon_headings(half)["expected_value_12"] != tables.horizon_headings(story)["expected_value_12"]


def test_days_of_the_next_purchase_lie_after_the_last_day(story: TodayStory) -> None:
    days = story.outlook.next_day().dropna()
    assert len(days)
    assert pd.to_datetime(days).dt.date.min() >= date(1998, 6, 30)
    assert not any(math.isnan(value) for value in tables.next_table(story)["expected_value_12"])


@pytest.mark.long
def test_the_list_has_the_tags_of_own_rules_and_says_which_are_left_out(story: TodayStory) -> None:
    often, later = (
        Tag.model_validate({"tag": key, "label": {"en": key.title()}, "when": {column: {"min": 5}}})
        for key, column in (("often", "frequency"), ("later", "holdout_spend"))
    )
    tagged = replace(story, tags=carried_tags([often, later], story.customers))
    listed = tables.customer_list(tagged)
    assert (listed["tags"] == "often").tolist() == (story.customers["frequency"] >= 5).tolist()
    assert "tags" not in tables.customer_list(story)
    assert "tag_left_out" in codes(tagged)
