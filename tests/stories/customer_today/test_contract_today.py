"""What the report of today says of customers under contract, and at margins by category."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rhythm_cases import shop, subscribers

from crmresearch.data.customers import customer_table
from crmresearch.data.margins import Margins, as_margins
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.segmentation.customer_methods import today_methods
from crmresearch.segmentation.fitting import fit_methods
from crmresearch.stories.customer_today import tables
from crmresearch.stories.customer_today.cautions import cautions
from crmresearch.stories.customer_today.story import TodayStory
from crmresearch.value.back_check import back_checks
from crmresearch.value.outlook import customer_outlook
from crmresearch.value.rhythm import purchase_rhythm

LAST = "2023-06-30"


@pytest.fixture(scope="module")
def days() -> tuple[pd.DataFrame, np.ndarray]:
    found, leaving = subscribers(500, 1, (1.2, 10.0), failed=0.03)
    return found, np.array(leaving)


@pytest.fixture(scope="module")
def story(days: tuple[pd.DataFrame, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> TodayStory:
    transactions = load_transactions(str(shop(tmp_path_factory.mktemp("data") / "contract", days[0])))
    table = customer_table(transactions, LAST)
    rhythm = purchase_rhythm(transactions, LAST)
    outlook = customer_outlook(table, [6, 12], 0.1, 0.5, rhythm)
    checks = back_checks(transactions, table.cutoff, outlook.days, 0.1, rhythm)
    methods, left_out = fit_methods(today_methods(), outlook.customers)
    return TodayStory(transactions, table, outlook, checks, methods, left_out, 0.0, 20, 1)


def keys(told: list[str]) -> list[str]:
    return [sentence.key for sentence in told]  # type: ignore[attr-defined]


def test_who_is_left_is_known_and_foreseen(days: tuple[pd.DataFrame, np.ndarray], story: TodayStory) -> None:
    """The customers still there on the last day and half a year later, of a simulation that knows them."""
    customers, leaving = story.customers, pd.Series(days[1], index=np.arange(len(days[1])).astype(str))
    of_each = leaving[customers.index]
    there = of_each.isna() | (of_each > np.datetime64(LAST))
    later = of_each.isna() | (of_each > np.datetime64("2023-12-31"))
    assert customers["p_alive"].sum() == pytest.approx(there.sum(), rel=0.03)
    assert customers["survival_6"].sum() == pytest.approx(later.sum(), rel=0.06)
    assert (customers["survival_12"] <= customers["survival_6"]).all()
    payments = days[0][days[0]["day"] > np.datetime64(LAST)]
    came = payments["customer"].astype(str).isin(customers.index).sum()
    assert customers["expected_purchases_6"].sum() == pytest.approx(came, rel=0.06)
    assert (customers["residual_value"] >= customers["expected_value_12"]).all()


def test_the_page_speaks_of_contracts(story: TodayStory) -> None:
    assert story.outlook.contract is not None
    assert keys(story.findings())[2] == "today.alive_contract"
    inner = [line.facts["told"].key for line in story.trust()]  # type: ignore[attr-defined]
    assert inner[-2:] == ["today.alive_model_contract", "today.next_model_contract"]
    assert keys(story.next_purchases()) == ["today.next_contract"]
    assert {"today_method.value_contract", "today_method.next_contract"} <= set(keys(story.method_notes()))
    told = cautions(story).set_index("code")
    assert told.loc["rhythm", "severity"] == "note"  # it is no longer wrong for them
    assert "no_residual" not in told.index
    free = replace(story, outlook=replace(story.outlook, rate=0.0))
    assert "no_residual" in cautions(free)["code"].tolist()


def test_the_list_and_the_tables_have_the_columns_of_contracts(story: TodayStory) -> None:
    listed = tables.customer_list(story)
    added = {"renewals", "renewal_chance", "survival_6", "survival_12", "residual_payments", "residual_value"}
    assert added <= set(listed)
    assert listed["p_alive"].notna().all()  # of who paid once too
    gone = listed["p_alive"] < 0.5
    assert listed.loc[gone, "next_day"].isna().all()
    assert pd.to_datetime(listed["next_day"].dropna()).min() >= pd.Timestamp(LAST)
    expected = tables.expected(story)
    assert {"Still customers, 12 months on", "Residual value"} <= set(expected["quantity"])
    table = tables.contracts(story)
    assert table["customers"].sum() == len(story.customers)
    told = table["renewal_chance"].dropna()
    assert told.iloc[-1] > told.iloc[0]  # who has stayed long leaves less often
    assert table["active"].sum() == pytest.approx(story.customers["p_alive"].sum())


def test_margins_by_category_are_told_and_turn_values_into_profit(story: TodayStory) -> None:
    each = pd.Series(0.25, index=story.customers.index)
    margins = Margins(0.25, each, {"tea": 0.2, "cake": 0.4}, 0.1)
    outlook = customer_outlook(story.table, [6, 12], 0.1, margins, story.outlook.rhythm)
    own = replace(story, outlook=outlook)
    ratio = outlook.customers["residual_value"] / story.customers["residual_value"]
    assert ratio.to_numpy() == pytest.approx(0.5)
    told = next(one for one in own.known() if getattr(one, "key", "") == "margin.by_category")
    assert told.facts["named"] == "tea 20%, cake 40% and all else 10%"  # type: ignore[attr-defined]
    assert "margin.by_category" not in [getattr(one, "key", "") for one in story.known()]
    assert tables.horizon_headings(own)["expected_value_6"] == "Margin, 6 months"
    whole = replace(story, outlook=replace(story.outlook, margin=as_margins(1.0)))
    assert tables.horizon_headings(whole)["expected_value_6"] == "Value, 6 months"


@pytest.mark.parametrize(("share", "key"), [(0.2, "raise"), (1.5, "double"), (100.0, "nobody")])
def test_a_contact_that_costs_too_much_hardly_pays(story: TodayStory, share: float, key: str) -> None:
    cost = share * story.customers.loc[story.half, "expected_value"].mean()
    dear = replace(story, contact_cost=float(cost))
    assert f"today.do_cost_{key}" in keys(dear.follows())
    below = tables.customer_list(dear)["below_cost"]
    assert below.sum() == (story.customers["expected_value"] < cost).sum()
    assert "below_cost" not in tables.customer_list(story)
