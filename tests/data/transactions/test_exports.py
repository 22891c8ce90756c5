"""Purchases as shops, payment services and ledgers export them: the money in the file is the money that is read."""

from pathlib import Path

import pandas as pd
import pytest
from shop_codebook import shop_codebook

from crmresearch.data.transactions.transactions import Transactions, load_transactions
from crmresearch.errors import CodebookError


def loaded(folder: Path, lines: str, *, also: str = "", more: str = "") -> Transactions:
    (folder / "shop.csv").write_text(lines, encoding="utf-8")
    (folder / "codebook.yaml").write_text(shop_codebook(also=also, more=more), encoding="utf-8")
    return load_transactions(str(folder))


def counted(purchases: Transactions) -> dict[str, int]:
    return {str(rule): rows for rule, rows in zip(purchases.counts["rule"], purchases.counts["rows"], strict=True)}


def amounts(folder: Path, written: list[str], currency: str, decimal: str) -> list[float | None]:
    """What is read of amounts, None where nothing is; a line more so that there is always one to keep."""
    frame = pd.DataFrame({"who": range(len(written) + 1), "when": "2021-01-05", "paid": [*written, "7"]})
    frame.to_csv(folder / "shop.csv", index=False)
    book = shop_codebook(more=f'decimal: "{decimal}"').replace("currency: EUR", f"currency: {currency}")
    (folder / "codebook.yaml").write_text(book, encoding="utf-8")
    read = load_transactions(str(folder)).table.execute().set_index("customer")["amount"].to_dict()
    return [read.get(str(i)) for i in range(len(written))]


@pytest.mark.parametrize(
    ("currency", "decimal", "written"),
    [
        ("EUR", ",", {
            "€ 1.234,50": 1234.5, "€ -12,00": -12.0, "-€12,50": -12.5, "12,50 €": 12.5, "-12,50 EUR": -12.5,
            "1 234,50": 1234.5, "1\u00a0234,50\u00a0€": 1234.5, "EUR 5": 5.0, "12,50-": -12.5, "(12,50 €)": -12.5,
            "eur 7,1": 7.1, "− 3,50 €": -3.5, "12,- €": 12.0, "12,–": 12.0,
            "12.50": None, "$12,50": None, "12,50 USD": None, "€": None, "abc €": None, "12 34": None,
        }),
        ("USD", ".", {
            "$1,234.56": 1234.56, "($12.00)": -12.0, "-$5.00": -5.0, "$-5.00": -5.0, "US$ 7": 7.0, "$ (5.00)": -5.0,
            "12.00 USD": 12.0, "$0.99": 0.99, "€5": None, "$1,23": None,
        }),
        ("CHF", ".", {"CHF 1'234.50": 1234.5, "Fr. 12.50": 12.5, "12.-": 12.0, "12.50-": -12.5}),
    ],
)  # fmt: skip
def test_the_sign_of_the_currency_is_no_mistake_and_that_of_another_is(
    tmp_path: Path, currency: str, decimal: str, written: dict[str, float | None]
) -> None:
    assert dict(zip(written, amounts(tmp_path, list(written), currency, decimal), strict=True)) == written


FIRST = "no,who,when,paid\n1,a,2021-01-05,30\n1,a,2021-01-05,\n1,a,2021-01-05,\n2,b,2021-01-06,12\n3,a,2021-02-01,\n"
EACH = (
    "no,who,when,paid\n1,a,2021-01-05,30\n1,a,2021-01-05,30\n2,b,2021-01-06,12\n1,a,2021-01-09,-30\n2,c,2021-01-06,12\n"
)


@pytest.mark.parametrize(
    ("lines", "money", "further", "missing"),
    [(FIRST, 42.0, 2, 1), (EACH, 24.0, 1, 0)],  # of EACH: 30 − 30 given back + 12 of b + 12 of c
    ids=["in the first line", "in each line"],
)
def test_the_sum_of_an_order_counts_once(tmp_path: Path, lines: str, money: float, further: int, missing: int) -> None:
    purchases = loaded(tmp_path, lines, also=", order: no", more="amount_per: order")
    counts = counted(purchases)
    assert float(purchases.table.amount.sum().execute()) == money
    assert counts["further line of an order, whose sum stands in another line"] == further
    assert counts["amount missing or not a number"] == missing


def test_a_sum_of_an_order_needs_orders_and_has_no_products(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match=r"columns\.order: this key is missing"):
        loaded(tmp_path, FIRST, more="amount_per: order")
    with pytest.raises(CodebookError, match=r"columns\.product: with a sum per order"):
        loaded(tmp_path, FIRST, also=", order: no, product: what", more="amount_per: order")


def test_lines_that_are_no_purchases_are_left_out_and_counted(tmp_path: Path) -> None:
    lines = "who,when,paid,state\na,2021-01-05,30,paid\na,2021-01-06,9,Cancelled\nb,2021-01-06,12,\nb,,5,failed\n"
    purchases = loaded(tmp_path, lines, more="leave_out: {state: [cancelled, failed]}")
    assert float(purchases.table.amount.sum().execute()) == 42.0
    rule = "left out by the codebook (state: cancelled, failed)"
    assert counted(purchases)[rule] == 2
    assert purchases.examples()[rule] == "line 3: state is 'Cancelled'"


def test_money_given_back_in_a_column_of_its_own_is_subtracted(tmp_path: Path) -> None:
    lines = "who,when,paid,back\na,2021-01-05,30,\na,2021-01-06,20,5.5\na,2021-01-07,,4\na,2021-01-08,x,4\n"
    purchases = loaded(tmp_path, lines, also=", refund: back")
    assert sorted(purchases.table.amount.execute()) == [-4.0, 14.5, 30.0]
    assert (purchases.returns, counted(purchases)["amount missing or not a number"]) == (1, 1)
