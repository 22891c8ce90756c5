"""The check one window back: against sums by hand, on the published split, and with data that are too short."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import Transactions, load_transactions
from crmresearch.value.back_check import BackCheck, back_checks, checks_table
from crmresearch.value.outlook import customer_outlook, holders

LAST = date(1998, 6, 30)


@pytest.fixture(scope="module")
def transactions() -> Transactions:
    return load_transactions("cdnow")


@pytest.fixture(scope="module")
def published(transactions: Transactions) -> BackCheck:
    """39 weeks back from the end of CDNOW is the split of Fader, Hardie & Lee (2005)."""
    (check,) = back_checks(transactions, LAST, {9: 273}, 0.1)
    return check


def test_the_window_back_forecasts_as_the_fit_of_that_day_does(
    transactions: Transactions, published: BackCheck
) -> None:
    assert published.table.cutoff == date(1997, 9, 30)
    assert published.learned == 272
    alone = customer_outlook(customer_table(transactions, "1997-09-30"), [9], 0.1)
    expected = alone.value.forecast(273, 0.1)["expected_purchases"]  # type: ignore[union-attr]
    assert published.customers["expected_purchases"].to_numpy() == pytest.approx(expected.to_numpy())
    made = customer_table(transactions, "1997-09-30", LAST).frame
    sums = published.customers.sum()
    assert published.error("purchases") == pytest.approx(expected.sum() / made["holdout_purchases"].sum() - 1)
    assert published.error("spend") == pytest.approx(sums["expected_spend"] / made["holdout_spend"].sum() - 1)


def test_the_rank_correlation_is_that_of_the_ranks(published: BackCheck) -> None:
    frame = published.customers
    ranks = [rankdata(frame[name]) for name in ("expected_purchases", "purchases")]
    assert published.rank_correlation("purchases") == pytest.approx(np.corrcoef(ranks)[0, 1])


def test_the_calibration_holds_every_customer_and_the_whole_sum(published: BackCheck) -> None:
    table, frame = published.calibration(), published.customers
    assert len(table) == 10
    assert table["customers"].sum() == len(frame)
    assert table["expected"].is_monotonic_increasing
    assert (table["customers"] * table["actual"]).sum() == pytest.approx(frame["purchases"].sum())
    last = frame.nlargest(int(table["customers"].iloc[-1]), "expected_purchases")["purchases"]
    error = 1.96 * last.std() / np.sqrt(len(last))
    assert table["ci_upper"].iloc[-1] - table["actual"].iloc[-1] == pytest.approx(error)


def test_the_shortest_list_of_half_the_value(published: BackCheck) -> None:
    cases = ([4.0, 3.0, 3.0], [1.0] * 10, [0.0, -1.0], [])
    assert [len(holders(pd.Series(values, dtype=float))) for values in cases] == [2, 5, 0, 0]
    assert list(holders(pd.Series([1.0, 9.0, 2.0], index=["a", "b", "c"]), 0.9)) == ["b", "c"]
    count, share = published.captured()
    best = published.customers.nlargest(count, "expected_spend")
    assert best["expected_spend"].sum() >= published.customers["expected_spend"].sum() / 2
    assert best["expected_spend"].iloc[:-1].sum() < published.customers["expected_spend"].sum() / 2
    assert share == pytest.approx(best["spend"].sum() / published.customers["spend"].sum())


def test_horizons_that_do_not_fit_are_left_out_and_half_the_data_takes_their_place(transactions: Transactions) -> None:
    both = back_checks(transactions, LAST, {12: 365, 36: 1096}, 0.1)
    assert [(check.months, check.days, check.learned) for check in both] == [(12, 365, 180)]
    (half,) = back_checks(transactions, LAST, {36: 1096}, 0.1)
    assert (half.months, half.days, half.learned) == (None, 272, 273)
    assert back_checks(transactions, date(1997, 5, 1), {12: 365}, 0.1) == ()


def test_trust_follows_the_size_of_the_error_and_what_was_learned(published: BackCheck) -> None:
    assert published.learned < published.days
    assert published.trust("purchases") == "care"  # off by 14 %, but learned from a day less than it foretells
    assert replace(published, learned=273).trust("purchases") == "usable"
    assert replace(published, learned=273, months=None).trust("purchases") == "care"
    nothing = replace(published.table, frame=published.table.frame.assign(holdout_purchases=0))
    assert replace(published, table=nothing).trust("purchases") == "no"
    tenfold = replace(published.table, frame=published.table.frame.assign(holdout_purchases=10))
    assert replace(published, table=tenfold).trust("purchases") == "no"
    table = checks_table([published]).set_index("quantity")
    assert table["off"]["purchases"] == pytest.approx(100 * (table["expected"] / table["actual"] - 1)["purchases"])
