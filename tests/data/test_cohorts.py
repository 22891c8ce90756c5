"""Retention by cohort against a case counted by hand."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from crmresearch.data.cohorts import cohort_retention, pooled_retention
from crmresearch.data.transactions.transactions import load_transactions

CODEBOOK = """\
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
columns: {customer: customer, time: day, amount: amount}
currency: EUR
rules: {returns: net, duplicates: keep}
"""
# ann and bob first buy in January, cid in February, dot in April, eve on 9 May, after which the data end
LINES = """\
customer,day,amount
ann,2020-01-05,10
ann,2020-03-01,10
ann,2020-05-08,10
bob,2020-01-31,10
bob,2020-02-01,-10
cid,2020-02-02,10
cid,2020-02-20,10
dot,2020-04-30,10
eve,2020-05-09,10
"""


@pytest.fixture
def cohorts(tmp_path: Path) -> pd.DataFrame:
    return retention(tmp_path, "")


def retention(folder: Path, last_day: str) -> pd.DataFrame:
    (folder / "codebook.yaml").write_text(CODEBOOK + last_day, encoding="utf-8")
    (folder / "lines.csv").write_text(LINES, encoding="utf-8")
    return cohort_retention(load_transactions(str(folder), today=date(2020, 6, 30)))


def test_months_without_a_purchase_are_zero_and_the_partial_last_month_is_left_out(cohorts: pd.DataFrame) -> None:
    table = {(row.cohort, row.months): row.customers for row in cohorts.itertuples()}
    january = {("2020-01", 0): 2, ("2020-01", 1): 0, ("2020-01", 2): 1, ("2020-01", 3): 0}
    february = {("2020-02", 0): 1, ("2020-02", 1): 0, ("2020-02", 2): 0}
    assert table == january | february | {("2020-04", 0): 1}
    assert cohorts.set_index(["cohort", "months"]).share["2020-01", 2] == 0.5


def test_a_last_day_in_the_codebook_makes_a_month_whole(tmp_path: Path) -> None:
    cohorts = retention(tmp_path, 'last_day: "2020-05-31"\n').set_index(["cohort", "months"])
    assert cohorts.customers["2020-01", 4] == 1
    assert cohorts.customers["2020-05", 0] == 1


def test_pooled_months_count_who_has_lived_through_them(cohorts: pd.DataFrame) -> None:
    pooled = pooled_retention(cohorts).set_index("months")
    assert list(pooled.customers) == [4, 3, 3, 2]
    assert list(pooled.share) == [1, 0, 1 / 3, 0]
    assert list(pooled.of_all) == [1, 0.75, 0.75, 0.5]


def test_data_of_less_than_a_month_have_no_cohort(tmp_path: Path) -> None:
    (tmp_path / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    (tmp_path / "lines.csv").write_text("customer,day,amount\nann,2020-01-05,10\n", encoding="utf-8")
    cohorts = cohort_retention(load_transactions(str(tmp_path), today=date(2020, 6, 30)))
    assert cohorts.empty
    assert pooled_retention(cohorts).empty
