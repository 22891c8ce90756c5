"""Series of purchases against a plain pandas program, the customer table, and a case counted by hand."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import Transactions, load_transactions
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.front.customers import as_transactions
from crmresearch.mining.forecasting.periods import PurchaseSeries, purchase_series

NAMED = {"customer": "customer", "time": "time", "amount": "amount"}
# weeks end on 22 January: 2–8, 9–15, 16–22; ann's first purchase and dan lie before the first whole one
LINES = [
    ("ann", "2020-01-01", 10.0), ("ann", "2020-01-02", 5.0), ("ann", "2020-01-02", 7.0), ("ann", "2020-01-20", -3.0),
    ("bob", "2020-01-08", 20.0), ("bob", "2020-01-16", 1.0), ("bob", "2020-01-22", 2.0),
    ("cid", "2020-01-03", -9.0), ("cid", "2020-01-17", 4.0), ("dan", "2020-01-01", 1.0),
]  # fmt: skip


def made(lines: list[tuple[str, str, float]], **options: object) -> PurchaseSeries:
    frame = pd.DataFrame(lines, columns=list(NAMED))
    with as_transactions(frame, **NAMED) as purchases:
        return purchase_series(purchases, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def transactions() -> Transactions:
    return load_transactions("cdnow")


@pytest.fixture(scope="module")
def cdnow(transactions: Transactions) -> PurchaseSeries:
    return purchase_series(transactions)


def test_weeks_counted_by_hand() -> None:
    series = made(LINES)
    assert series.period == "week"
    total = series.total
    assert total["start"].tolist() == ["2020-01-02", "2020-01-09", "2020-01-16"]
    assert total["end"].tolist() == ["2020-01-08", "2020-01-15", "2020-01-22"]
    assert total["purchases"].tolist() == [2, 0, 3]
    # the return of cid lies before the first purchase and is not netted
    assert total["revenue"].tolist() == [32, 0, 4]
    assert total["active"].tolist() == [2, 0, 2]
    assert total["new"].tolist() == [1, 0, 1]
    x, t_x, T = series.histories()  # ann, bob, cid, dan
    assert x.tolist() == [1, 2, 0, 0]
    assert (7 * t_x).round().tolist() == [1, 14, 0, 0]
    assert (7 * T).round().tolist() == [21, 14, 5, 21]


def test_what_is_known_at_an_origin_is_what_a_file_that_ends_there_says() -> None:
    whole, short = made(LINES).known(2), made(LINES, until="2020-01-15")
    pd.testing.assert_frame_equal(whole.total, short.total)
    np.testing.assert_array_equal(whole.histories(), short.histories())


def test_only_whole_months_count() -> None:
    lines = [("a", "2020-01-31", 1.0), ("a", "2020-02-01", 2.0), ("b", "2020-03-31", 4.0), ("b", "2020-04-29", 8.0)]
    series = made(lines, period="month")
    assert series.total["start"].tolist() == ["2020-02-01", "2020-03-01"]
    assert series.total["revenue"].tolist() == [2, 4]
    assert series.total["new"].tolist() == [0, 1]
    assert np.diff(series.coming_bounds(3)).tolist() == [30, 31, 30]


def test_cdnow_is_what_a_plain_program_counts(cdnow: PurchaseSeries, transactions: Transactions) -> None:
    lines = transactions.run(transactions.table[["customer", "day", "amount"]])
    week = (pd.to_datetime(lines["day"]) - pd.Timestamp("1997-01-01")).dt.days // 7
    days = lines.assign(week=week).drop_duplicates(["customer", "day"])
    first = days.groupby("customer")["week"].min()
    assert len(cdnow) == 78
    assert cdnow.total["purchases"].tolist() == days.groupby("week").size().tolist()
    assert cdnow.total["active"].tolist() == days.groupby("week")["customer"].nunique().tolist()
    assert cdnow.total["revenue"].to_numpy() == pytest.approx(lines.groupby(week)["amount"].sum().to_numpy())
    assert cdnow.total["new"].tolist() == first.value_counts().reindex(range(78), fill_value=0).tolist()
    parts = cdnow.by_cohort.groupby("end")[["purchases", "revenue", "active"]].sum()
    assert (parts.to_numpy() - cdnow.total[["purchases", "revenue", "active"]].to_numpy()) == pytest.approx(0, abs=1e-6)


def test_histories_are_those_of_the_customer_table(cdnow: PurchaseSeries, transactions: Transactions) -> None:
    known = cdnow.known(39)
    table = customer_table(transactions, "1997-09-30", windows=()).frame
    expected = np.array([table["repeat"], table["t_last"] / 7, table["tenure"] / 7])
    assert np.array(known.histories()) == pytest.approx(expected, abs=1e-12)


def test_orders_of_a_day_are_purchases_of_their_own(tmp_path: Path) -> None:
    book = """\
kind: transactions
key: tiny
title: {en: Tiny}
about: {en: Made up.}
file: lines.csv
committed: false
how_to_get: Ask the test.
source: made up
citation: none
licence: none
columns: {customer: customer, time: day, amount: amount, order: order}
currency: EUR
rules: {returns: net, duplicates: keep}
"""
    (tmp_path / "codebook.yaml").write_text(book, encoding="utf-8")
    (tmp_path / "lines.csv").write_text(
        "customer,day,amount,order\na,2020-01-01,1,1\na,2020-01-01,1,2\na,2020-01-01,1,2\nb,2020-01-14,1,3\n",
        encoding="utf-8",
    )
    series = purchase_series(load_transactions(str(tmp_path), today=date(2020, 6, 30)))
    assert series.total["purchases"].tolist() == [2, 1]
    assert series.total["active"].tolist() == [1, 1]


def test_a_group_is_closed_from_a_quarter_without_anybody_new_on(cdnow: PurchaseSeries) -> None:
    assert cdnow.closed_since == 12
    assert cdnow.known(25).closed_since == 12
    assert cdnow.known(24).closed_since is None
    assert made(LINES).closed_since is None


def test_months_are_the_default_of_three_years_and_cohorts_become_coarser() -> None:
    long = [("a", f"{year}-{month:02d}-15", 1.0) for year in (2017, 2018, 2019, 2020) for month in range(1, 13)]
    assert made(long).period == "month"
    new = [(f"c{i}", f"2020-{month:02d}-15", 1.0) for i, month in enumerate(range(1, 13))]
    assert list(made(new).cohorts()) == ["2020 Q1", "2020 Q2", "2020 Q3", "2020 Q4"]


def test_what_cannot_be_a_series_is_refused_in_one_sentence() -> None:
    with pytest.raises(EstimationError, match="fewer than two whole weeks"):
        made([("a", "2020-01-01", 1.0), ("a", "2020-01-09", 1.0)])
    with pytest.raises(ParameterError, match="week or month"):
        made(LINES, period="day")
    with pytest.raises(ParameterError, match="`until` must lie between"):
        made(LINES, until="2021-01-01")
