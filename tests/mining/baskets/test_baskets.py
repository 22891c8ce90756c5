"""Baskets of orders, days and customers against plain pandas."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from basket_shop import LINES, shop

from crmresearch.data.transactions.transactions import Transactions, load_transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.baskets.baskets import Baskets, find_baskets, item_names


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Transactions:
    folder = tmp_path_factory.mktemp("baskets") / "shop"
    return load_transactions(shop(folder, LINES, order="number", product="what"))


def sets(baskets: Baskets) -> list[tuple[str, ...]]:
    rows = (baskets.matrix[[i]].indices for i in range(baskets.matrix.shape[0]))
    return sorted(
        (baskets.customers[who], *baskets.items[row]) for who, row in zip(baskets.customer, rows, strict=True)
    )


def test_orders_of_one_customer_and_days_without_a_number(small: Transactions) -> None:
    found = find_baskets(small, leave_out=["post"])
    assert sets(found) == [
        ("a", "milk", "tea"), ("a", "tea"), ("b", "jam", "tea"), ("b", "tea"), ("b", "tea"),
    ]  # fmt: skip
    assert found.sizes.sum() == found.counts.sum() == found.matrix.nnz == 7


def test_all_that_a_customer_bought_in_a_period(small: Transactions) -> None:
    assert sets(find_baskets(small, "customer")) == [("a", "milk", "tea"), ("b", "jam", "post", "tea")]
    assert sets(find_baskets(small, "customer", until=date(2024, 2, 1))) == [("a", "milk", "tea"), ("b", "tea")]
    assert sets(find_baskets(small, "customer", after="2024-02-01")) == [("b", "jam", "post", "tea")]


def test_baskets_of_the_simulated_shop_are_those_of_pandas() -> None:
    transactions = load_transactions("baskets_simulated")
    found = find_baskets(transactions, "order", "category")
    lines = pd.read_csv(transactions.path)
    table = pd.crosstab(lines["order"], lines["category"]).gt(0)
    assert found.matrix.shape == table.shape
    assert sorted(map(tuple, found.matrix.toarray())) == sorted(map(tuple, table.astype(int).to_numpy()))
    assert len(found.customers) == 800


def test_names_are_those_given_most_often(tmp_path: Path) -> None:
    lines = LINES.assign(name=["Tea", "Milk", "milk", "Tea ", "Cups", "TEA", "Jam", "Tea", "Tea", "", "X"])
    transactions = load_transactions(shop(tmp_path / "named", lines, order="number", product="what"))
    names = item_names(transactions, "name")
    assert names == {"tea": "Tea", "milk": "Milk", "cups": "Cups", "jam": "Jam"}
    with pytest.raises(ParameterError, match="no column 'label'"):
        item_names(transactions, "label")


def test_what_is_not_there_is_told(small: Transactions) -> None:
    with pytest.raises(ParameterError, match=r"no column category.*baskets of product"):
        find_baskets(small, of="category")
    with pytest.raises(ParameterError, match="nothing was bought"):
        find_baskets(small, after="2024-06-01")
