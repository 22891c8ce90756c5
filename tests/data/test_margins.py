"""Margins by category: a shop by hand, plain pandas on a made one, and the mistakes a caller can make."""

import numpy as np
import pandas as pd
import pytest
from channel_shop import CUTOFF, HOLDOUT_END, write_channel_shop
from shop_codebook import shop_codebook

from crmresearch.data.customers import customer_table
from crmresearch.data.margins import customer_margins
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError

LINES = """\
who,when,paid,kind
ann,2021-01-01,10,tea
ann,2021-01-05,30,cake
ann,2021-01-06,-10,cake
ann,2021-02-01,100,tea
ann,2021-02-02,-20,tea
bob,2021-01-20,0,cake
cid,2021-01-05,60,
cid,2021-02-05,7,cake
"""
GIVEN = {"default": 0.2, "tea": 0.5, "cake": 0.1}


@pytest.fixture
def shop(tmp_path):
    """The transactions of the shop and their customers, with or without a column of categories and a holdout."""

    def load(columns: str = ", category: kind", lines: str = LINES, holdout: str | None = "2021-02-28"):
        (tmp_path / "codebook.yaml").write_text(shop_codebook(also=columns), encoding="utf-8")
        (tmp_path / "shop.csv").write_text(lines, encoding="utf-8")
        transactions = load_transactions(str(tmp_path))
        return transactions, customer_table(transactions, "2021-01-31", holdout)

    return load


def test_margins_by_hand(shop):
    found = customer_margins(*shop(), GIVEN)
    # returns aside, ann bought 10 of tea and 30 of cake; bob nothing, so that the margin of all is his
    share = (10 * 0.5 + 30 * 0.1 + 60 * 0.2) / 100
    assert found.share == pytest.approx(share)
    assert found.each.to_dict() == pytest.approx({"ann": 8 / 40, "bob": share, "cid": 0.2})
    assert found.after.to_dict() == pytest.approx({"ann": 80 * 0.5, "bob": 0, "cid": 0.7})
    table = found.categories.set_index(found.categories["category"].fillna("none")).drop(columns="category")
    assert table.loc["tea"].tolist() == pytest.approx([0.5, 10, 5, 5 / 20])
    assert table.loc["none"].tolist() == pytest.approx([0.2, 60, 12, 12 / 20])
    assert found.categories["profit"].is_monotonic_decreasing
    assert customer_margins(*shop(holdout=None), GIVEN).after is None


def test_one_number_is_everybodys_however_it_is_written(shop):
    for margin in (0.3, {"default": 0.3}):
        found = customer_margins(*shop(columns=""), margin)
        assert (found.share, found.each, found.named, found.after) == (0.3, 0.3, {}, None)
    assert customer_margins(*shop()).whole
    same = customer_margins(*shop(), {"default": 0.3, "tea": 0.3})
    assert same.each.to_numpy() == pytest.approx([0.3] * 3)
    assert not same.whole


def test_margins_equal_plain_pandas(tmp_path):
    lines = write_channel_shop(tmp_path)
    transactions = load_transactions(str(tmp_path))
    table = customer_table(transactions, CUTOFF, HOLDOUT_END)
    given = {"default": 0.25, "kind 00": 0.6, "kind 07": 0.05}
    found = customer_margins(transactions, table, given)
    lines["margin"] = lines["category"].map(given).fillna(0.25)
    lines["profit"] = lines["margin"] * lines["amount"]
    known = lines["time"] < pd.Timestamp(CUTOFF) + pd.Timedelta(days=1)
    bought = lines[known & (lines["amount"] >= 0)].groupby("customer")[["profit", "amount"]].sum()
    each = (bought["profit"] / bought["amount"]).reindex(table.frame.index)
    np.testing.assert_allclose(found.each, each, rtol=1e-12)
    assert found.share == pytest.approx(bought["profit"].sum() / bought["amount"].sum())
    after = lines[~known].groupby("customer")["profit"].sum().reindex(table.frame.index, fill_value=0)
    np.testing.assert_allclose(found.after, after, atol=1e-9)
    assert found.categories["profit"].sum() == pytest.approx(bought["profit"].sum())
    assert found.categories["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("margin", "told"),
    [
        ({"default": 0.3, "cakes": 0.2}, "'cakes', which is not in the data of shop; did you mean 'cake'?"),
        ({"default": 0.3, "wine": 0.2}, "'wine', which is not in the data of shop; there are cake, tea."),
        ({"tea": 0.3}, "`margin` says nothing of the category cake; add `default`"),
        ({"tea": 0.3, "cake": 0.2}, "`margin` says nothing of lines without a category; add `default`"),
        ({"default": 0.3, "tea": 1.2}, "must be above 0 and at most 1, such as 0.3 of the spend; one is 1.2"),
        (0, "must be above 0 and at most 1, such as 0.3 of the spend; one is 0"),
        (True, "one is True"),
        ("0.3", "one is 0.3"),
    ],
)
def test_a_margin_that_cannot_be_is_refused_with_what_there_is(shop, margin, told):
    with pytest.raises(ParameterError) as caught:
        customer_margins(*shop(), margin)
    assert told in str(caught.value)


def test_categories_need_a_column(shop):
    with pytest.raises(ParameterError, match="shop has no column of categories; name it under `columns`"):
        customer_margins(*shop(columns=""), GIVEN)
