"""The outlook of the customers of CDNOW against the published parameters, identities, and what bad input gets."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError
from crmresearch.value.outlook import Outlook, customer_outlook

# BG/NBD on the sample of 2,357 customers, 39 weeks (Fader, Hardie & Lee 2005, Marketing Science 24, table 2)
SPEND = (6.25, 3.74, 15.44)  # Gamma–Gamma on its 946 repeat customers (Fader & Hardie 2013, section 4)
PUBLISHED = (0.243, 4.414, 0.793, 2.426)


@pytest.fixture(scope="module")
def sample() -> CustomerTable:
    transactions = load_transactions("cdnow")
    table = customer_table(transactions, "1997-09-30", attributes=["published_sample"])
    return CustomerTable(
        table.frame[table.frame["published_sample"].astype(bool)], table.cutoff, None, table.counts, table.codebook, 1
    )


@pytest.fixture(scope="module")
def outlook(sample: CustomerTable) -> Outlook:
    return customer_outlook(sample, [36, 12], 0.1, 0.5)


def test_the_model_is_the_published_one(outlook: Outlook) -> None:
    assert outlook.value is not None
    assert outlook.value.purchases.parameters == pytest.approx(PUBLISHED, abs=0.0006)
    assert outlook.value.spend.parameters == pytest.approx(SPEND, rel=0.002)
    assert outlook.value.spend.n == 946
    assert len(outlook.customers) == 2357


def test_horizons_are_calendar_months_shortest_first(outlook: Outlook) -> None:
    assert outlook.days == {12: 365, 36: 1096}  # 1997-09-30 to 1998-09-30 and, over 29 February, to 2000-09-30
    frame = outlook.customers
    assert frame["expected_purchases"].equals(frame["expected_purchases_12"])
    assert (frame["expected_purchases_36"] > frame["expected_purchases_12"]).all()


def test_margin_and_discount_lower_the_value(sample: CustomerTable, outlook: Outlook) -> None:
    whole = customer_outlook(sample, [12], 0.0).customers
    value = outlook.value.forecast(365, 0.1)["value"]  # type: ignore[union-attr]
    assert outlook.customers["expected_value_12"].to_numpy() == pytest.approx(value.to_numpy() / 2)
    assert (outlook.customers["expected_value_12"] < whole["expected_value_12"] / 2).all()


def test_the_median_time_follows_its_formula(outlook: Outlook) -> None:
    """(α+T)(2^(1/(r+x)) − 1) weeks, by the published parameters to their digits."""
    frame = outlook.customers[outlook.customers["repeat"] >= 3]
    r, alpha, _, _ = PUBLISHED
    weeks = (alpha + frame["tenure"] / 7) * (2 ** (1 / (r + frame["repeat"])) - 1)
    assert frame["next_days"].to_numpy() == pytest.approx(7 * weeks.to_numpy(), rel=0.001)


def test_totals_add_up_and_lie_in_their_intervals(outlook: Outlook) -> None:
    again = pd.Series(np.where(outlook.customers["repeat"] > 0, "again", "once"), index=outlook.customers.index)
    table = outlook.totals({"again": again}, 20, 1)
    sums = table.pivot_table(index="group", columns="quantity", values="estimate")
    assert (sums.loc["again"] + sums.loc["once"]).to_numpy() == pytest.approx(sums.loc["all"].to_numpy())
    assert sums.loc["all", "p_alive"] == pytest.approx(outlook.customers["p_alive"].sum())
    assert sums.loc["once", "p_alive"] == pytest.approx((again == "once").sum())  # no coin was tossed
    inside = table["estimate"].between(table["ci_lower"] - 1e-9, table["ci_upper"] + 1e-9)
    assert inside.mean() > 0.8
    assert table.equals(outlook.totals({"again": again}, 20, 1))


@pytest.mark.long
def test_intervals_of_a_part_are_about_those_of_everybody(outlook: Outlook) -> None:
    """m out of n: of a third of the customers, made smaller by √(1/3), the ends are near; the sums are the same."""
    again = pd.Series(np.where(outlook.customers["repeat"] > 0, "again", "once"), index=outlook.customers.index)
    again.iloc[:40] = "few"
    whole, part = (outlook.totals({"again": again}, 40, 1, most=most) for most in (None, 800))
    assert part["estimate"].equals(whole["estimate"])
    few = part["group"] == "few"  # some 14 of them are drawn
    assert part.loc[few, ["ci_lower", "ci_upper"]].isna().to_numpy().all()
    money = whole["quantity"].str.startswith("expected") & ~few
    width = (part["ci_upper"] - part["ci_lower"])[money] / (whole["ci_upper"] - whole["ci_lower"])[money]
    assert width.mean() == pytest.approx(1, abs=0.3)
    assert (part["ci_lower"] < part["estimate"])[money].all()
    assert (part["ci_upper"] > part["estimate"])[money].all()
    assert outlook.totals({}, 5, 1, most=2357).equals(outlook.totals({}, 5, 1))


def test_customers_who_never_come_back_have_no_forecast_and_the_reason_is_told(sample: CustomerTable) -> None:
    once = sample.frame[sample.frame["repeat"] == 0]
    found = customer_outlook(CustomerTable(once, sample.cutoff, None, sample.counts, sample.codebook, 1), [12], 0.1)
    assert found.value is None
    assert "Nobody bought again" in found.failure
    assert not found.alive_identified
    assert found.totals({}, 20, 1).empty


@pytest.mark.parametrize("months", [[], [0], [12, 12], [1.5], [True], [601]])
def test_horizons_are_whole_months_each_once(sample: CustomerTable, months: list[int]) -> None:
    with pytest.raises(ParameterError, match="`horizons_months` must be whole numbers"):
        customer_outlook(sample, months, 0.1)


def test_the_next_day_is_a_date_within_the_horizons(outlook: Outlook) -> None:
    frame, day = outlook.customers, outlook.next_day()
    assert day.notna().equals(frame["next_days"] <= 1096)
    first = day.dropna().index[0]
    assert (pd.Timestamp(day[first]) - pd.Timestamp("1997-09-30")).days == round(frame.loc[first, "next_days"])
    table = outlook.by_next_day()
    assert table["customers"].sum() == len(frame)
    assert table["expected_value"].sum() == pytest.approx(frame["expected_value_12"].sum())
    assert table["customers"].iloc[0] == (frame["next_days"] <= 30).sum()
