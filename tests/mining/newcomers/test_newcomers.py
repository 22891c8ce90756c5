"""Newcomers against cases counted by hand, and the own clock against customer tables made one by one."""

import pandas as pd
import pytest

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import DataError, ParameterError
from crmresearch.front.customers import as_transactions
from crmresearch.mining.newcomers.first_days import first_days
from crmresearch.mining.newcomers.newcomers import as_day, may_be_old, newcomers, own_clock, purchase_days

LINES = pd.DataFrame(
    {
        "customer": ["a", "a", "a", "b", "b", "c", "d"],
        "time": ["2020-01-04 10:00", "2020-01-04 15:00", "2020-02-10", "2020-01-20 09:00", "2020-03-01", "2020-03-02",
                 "2020-03-05"],
        "amount": [10.0, 5.0, 7.0, 20.0, -4.0, 3.0, -1.0],
        "kind": ["x", "y", "y", "y", "y", "z", "z"],
        "land": ["FR", "FR", "DE", "DE", "DE", None, "FR"],
    }
)  # fmt: skip


def test_the_first_day_is_counted_by_hand() -> None:
    with as_transactions(LINES, category="kind", attributes=["land"]) as lines:
        people = newcomers(lines)
        assert people.index.tolist() == ["a", "b", "c"]  # d has returned only
        assert [str(as_day(day)) for day in people["came"]] == ["2020-01-04", "2020-01-20", "2020-03-02"]
        assert people["weekday"].tolist() == [5, 0, 0]
        assert people["first_spend"].tolist() == [15, 20, 3]
        assert people["first_lines"].tolist() == [2, 1, 1]
        assert people["first_category"].tolist() == ["x", "y", "z"]
        assert people["hour"].tolist() == [10, 9, 0]
        assert people["land"].tolist()[:2] == ["FR", "DE"]
        assert newcomers(lines, 16).index.tolist() == ["b", "c"]
        assert purchase_days(lines, people.index).groupby("customer").size().tolist() == [2, 1, 1]
        with pytest.raises(DataError, match="quiet_days"):
            newcomers(lines, 400)
        with pytest.raises(ParameterError, match="quiet_days"):
            newcomers(lines, -1)


def test_the_own_clock_gives_the_table_of_each_customer_on_the_own_day() -> None:
    transactions = load_transactions("cdnow")
    found = first_days(transactions, 30)
    for came in ("1997-01-05", "1997-02-11"):
        day = (pd.Timestamp(came) - pd.Timestamp("1970-01-01")).days
        members = found.people.index[found.people["came"] == day]
        scored = (pd.Timestamp(came) + pd.Timedelta(days=30)).date()
        expected = customer_table(transactions, scored, windows=()).frame.loc[members]
        pd.testing.assert_frame_equal(found.table.frame.loc[members], expected)
    assert own_clock(transactions).run(own_clock(transactions).table.day.min()).date() == transactions.first_day


def test_old_customers_show_by_a_burst_at_the_begin() -> None:
    first = as_day(0)
    assert may_be_old(pd.Series([*[1] * 30, *range(30, 60)]), first) == ()
    (caution,) = may_be_old(pd.Series([*[1] * 90, *range(30, 60)]), first)
    assert caution.facts["times"] == pytest.approx(3)
    assert may_be_old(pd.Series([1, 1, 1, 35]), first) == ()  # of four customers that is chance
