"""What was bought by channel, category or product, counted again in plain pandas from the lines of an invented shop."""

from pathlib import Path

import pandas as pd
import pytest
from channel_shop import CUTOFF, write_channel_shop

from crmresearch.data.spend_by import mixes, pooled, several, shares_by, spend_by, totals
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channel_shop")


@pytest.fixture(scope="module")
def lines(folder: Path) -> pd.DataFrame:
    lines = write_channel_shop(folder)
    return lines[lines["time"] < pd.Timestamp(CUTOFF) + pd.Timedelta(days=1)]


@pytest.fixture(scope="module")
def bought(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["amount"] >= 0]


@pytest.mark.parametrize("role", ["channel", "category", "product"])
def test_spend_and_orders_are_counted_from_the_lines(
    folder: Path, lines: pd.DataFrame, bought: pd.DataFrame, role: str
) -> None:
    found = spend_by(load_transactions(str(folder)), role, CUTOFF).set_index(["customer", "item"])  # type: ignore[arg-type]
    grouped = bought.groupby(["customer", role])
    money = grouped if role == "channel" else lines.groupby(["customer", role])
    expected = money["amount"].sum().reindex(found.index).clip(lower=0)
    assert found["spend"].to_numpy() == pytest.approx(expected.to_numpy())
    assert found["purchases"].tolist() == grouped["order"].nunique().tolist()
    assert found.index.tolist() == grouped.size().index.tolist()


def test_without_orders_a_purchase_is_a_day(folder: Path, bought: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "lines.csv").write_bytes((folder / "lines.csv").read_bytes())
    book = (folder / "codebook.yaml").read_text(encoding="utf-8").replace("order: order, ", "")
    (tmp_path / "codebook.yaml").write_text(book, encoding="utf-8")
    found = spend_by(load_transactions(str(tmp_path)), "channel", CUTOFF)
    days = bought.assign(day=bought["time"].dt.date).groupby(["customer", "channel"])["day"].nunique()
    assert found["purchases"].tolist() == days.tolist()


def test_a_long_table_has_its_largest_rows_and_the_rest_in_one(
    folder: Path, lines: pd.DataFrame, bought: pd.DataFrame
) -> None:
    spend = spend_by(load_transactions(str(folder)), "product", CUTOFF)
    table = totals(pooled(spend, "others"), "others")
    own = lines.groupby(["customer", "product"])["amount"].sum().clip(lower=0)
    sums = own.groupby("product").sum().sort_values(ascending=False)
    assert table["item"].tolist() == [*sums.index[:20], "others"]
    assert table["spend"].tolist() == pytest.approx([*sums[:20], sums[20:].sum()])
    rest = bought[bought["product"].isin(sums.index[20:])]
    assert table["customers"].iloc[-1] == rest["customer"].nunique()  # each once, not once a product
    assert table["share"].sum() == pytest.approx(1)
    few = spend[spend["item"].isin(sums.index[:20])]
    assert "others" not in set(totals(pooled(few, "others"), "others")["item"])


def test_customers_stand_once_by_their_channels(folder: Path, bought: pd.DataFrame) -> None:
    spend = spend_by(load_transactions(str(folder)), "channel", CUTOFF)
    own = bought.groupby("customer").agg(
        channels=("channel", lambda of: " + ".join(sorted(set(of)))), spend=("amount", "sum")
    )
    expected = own.groupby("channels")["spend"].agg(["size", "sum", "mean"])
    table = mixes(spend, "others").set_index("item")
    assert table[["customers", "spend", "spend_mean"]].to_numpy() == pytest.approx(expected.loc[table.index].to_numpy())
    assert table["items"].tolist() == [name.count("+") + 1 for name in table.index]
    short = mixes(spend, "others", most=3)
    assert (short["item"].iloc[-1], len(short)) == ("others", 4)
    assert short["customers"].sum() == len(own)
    assert short["spend"].sum() == pytest.approx(bought["amount"].sum())


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterError, match="cdnow has no column channel"):
        spend_by(load_transactions("cdnow"), "channel", "1997-09-30")


def test_shares_by_segment_add_up_and_who_bought_several_is_counted_once() -> None:
    spend = pd.DataFrame(
        {"customer": ["a", "a", "b", "c"], "item": ["shop", "web", "web", "shop"], "spend": [1.0, 3.0, 4.0, 2.0]}
    )
    segments = pd.Series(pd.Categorical(["y", "x", "x"], ["x", "y", "z"]), ["a", "b", "c"])
    shares = shares_by(spend, segments, ["web", "shop"]).set_index("item")
    assert list(shares) == ["all_customers", "x", "y"]  # nobody of z bought
    assert shares.loc["web"].tolist() == pytest.approx([0.7, 4 / 6, 0.75])
    assert shares.sum().tolist() == pytest.approx([1, 1, 1])
    assert several(spend) == pytest.approx({"customers": 1 / 3, "share": 0.4, "mean": 4.0, "one": 3.0})
