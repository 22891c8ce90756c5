"""Answers and purchases are joined by customer id, and what does not match is counted or told."""

import dataclasses

import pandas as pd
import pytest

from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.linked import before_and_after, link
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import DataError, ParameterError, SpecificationError


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey("staged_simulated")


@pytest.fixture(scope="module")
def table() -> CustomerTable:
    return customer_table(load_transactions("linked_simulated"), "2024-12-31")


def test_each_respondent_gets_the_row_of_the_same_id(survey: Survey, table: CustomerTable) -> None:
    assert survey.ids is not None
    ids = survey.ids.iloc[::-1].set_axis(survey.ids.index)  # the other way round
    some = pd.concat([pd.Series(["nobody"], ids.index[:1]), ids.iloc[1:]])
    linked = link(dataclasses.replace(survey, ids=some), table)
    assert (linked.respondents, linked.unknown, linked.not_asked) == (1200, 1, 1)
    assert len(linked.customers) == 1199
    row = ids.index[5]
    pd.testing.assert_series_equal(linked.customers.loc[row], table.frame.loc[ids[row]], check_names=False)


def test_purchases_and_profit_before_and_after_are_those_of_the_file(survey: Survey) -> None:
    transactions = load_transactions("linked_simulated")
    both = before_and_after(survey, transactions, "2024-12-31", 365, 0.3)
    lines = pd.read_csv(transactions.path, parse_dates=["date"]).set_index("customer")
    assert survey.ids is not None
    for frame, days in ((both.before, lines["date"].dt.year == 2024), (both.after, lines["date"].dt.year == 2025)):
        own = lines[days & (lines["date"] != "2024-01-01")].groupby(level=0)["amount"].agg(["count", "sum"])
        expected = own.reindex(survey.ids.astype(int), fill_value=0)
        assert frame["purchases"].tolist() == expected["count"].tolist()
        assert frame["profit"].to_numpy() == pytest.approx(0.3 * expected["sum"].to_numpy())
    assert (both.days_after, both.known_before) == (365, 365)  # 2024 has a day more
    with pytest.raises(ParameterError, match="known from 2024-01-01 to 2025-12-31"):
        before_and_after(survey, transactions, "2025-12-31")
    with pytest.raises(ParameterError, match="1 or more"):
        before_and_after(survey, transactions, "2024-12-31", 0)


def test_ids_that_do_not_match_and_surveys_without_ids_are_told(survey: Survey, table: CustomerTable) -> None:
    assert survey.ids is not None
    with pytest.raises(DataError, match=r"no id of staged_simulated .such as '0001'. bought in linked_simulated"):
        link(dataclasses.replace(survey, ids="000" + survey.ids), table)
    with pytest.raises(SpecificationError, match="names no column of customer ids"):
        link(load_survey("ecsi_mobile"), table)
