"""The whole way from a file to the customer table against plain pandas: a shop that has everything, Online Retail."""

import numpy as np
import pandas as pd
import pytest
from plain_customers import plain_shop

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import DatasetMissingError

CODEBOOK = """\
kind: transactions
key: bazaar
title: {en: Bazaar}
about: {en: Generated}
file: bazaar.csv
committed: false
how_to_get: generated
source: generated
citation: none
licence: none
separator: ;
decimal: ","
columns: {customer: who, time: when, amount: price, quantity: units, category: kind, discount: off}
attributes: {town: {en: Town}}
amount_per: unit
time_format: "%d.%m.%Y %H:%M"
time_zone: Europe/Berlin
day_zone: America/New_York
last_day: "2021-12-31"
missing_codes: [1000000]
currency: EUR
rules: {returns: net, duplicates: drop}
"""
CATEGORIES = ("tea", "Tea", "cake", "a name; with a semicolon")
LINES = 2_000


def german(number: float) -> str:
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


@pytest.fixture(scope="module")
def bazaar() -> pd.DataFrame:
    """Lines as they are meant: local times of Berlin, with returns, discounts, categories, copies, and faults."""
    draw = np.random.default_rng(5)
    minutes = draw.integers(0, 397 * 24 * 60, LINES)
    lines = pd.DataFrame(
        {
            "who": (draw.random(LINES) ** 2 * 400).astype(int) + 999_900,
            "when": pd.Timestamp("2020-12-01") + pd.to_timedelta(minutes, unit="min"),
            "price": draw.choice([0, 0.01, 2.5, 19.99, 1234.56, 12345], LINES, p=[0.05, 0.05, 0.3, 0.4, 0.15, 0.05]),
            "units": draw.choice([1, 2, 7, -1, -3], LINES, p=[0.5, 0.3, 0.1, 0.07, 0.03]),
            "kind": draw.choice([*CATEGORIES, None], LINES, p=[0.4, 0.2, 0.2, 0.1, 0.1]),
            "off": draw.choice([0, 1.25, -3.5, np.nan], LINES, p=[0.4, 0.3, 0.2, 0.1]),
            "town": draw.choice(["Rome", "Oslo", "Bonn", None], LINES),
        }
    )
    # the hours that Berlin's clock skipped and showed twice, and both ends of the last day of New York
    for start, rows in (("2021-03-28 02:00", 60), ("2021-10-31 02:00", 60), ("2022-01-01 05:30", 60)):
        at = draw.choice(LINES, rows, replace=False)
        lines.loc[at, "when"] = pd.Timestamp(start) + pd.to_timedelta(draw.integers(0, 60, rows), unit="min")
    # returns on the day of a purchase: of the first one they count, before it they do not
    at = draw.choice(LINES, (2, 400), replace=False)
    lines.loc[at[0], ["who", "when"]] = lines.loc[at[1], ["who", "when"]].to_numpy()
    lines.loc[at[0], "units"] = -1
    return pd.concat([lines, lines.sample(80, random_state=1)], ignore_index=True)


@pytest.mark.long
def test_a_shop_that_has_everything(bazaar, tmp_path):
    text = bazaar.assign(
        when=bazaar["when"].dt.strftime("%d.%m.%Y %H:%M"),
        price=bazaar["price"].map(german),
        off=bazaar["off"].map(german).where(bazaar["off"].notna()),
    ).astype("object")
    text.loc[0:9, "who"] = None
    text.loc[10:19, "when"] = "30.02.2021 10:00"
    text.loc[20:29, "price"] = "12.50"
    (tmp_path / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    text.to_csv(tmp_path / "bazaar.csv", index=False, sep=";")
    transactions = load_transactions(str(tmp_path))

    spoilt = bazaar.index.isin(range(30))
    once = ~text.duplicated()
    zoned = bazaar["when"].dt.tz_localize(
        "Europe/Berlin", ambiguous=np.ones(len(bazaar), bool), nonexistent=pd.Timedelta("1h")
    )
    time = zoned.dt.tz_convert("America/New_York").dt.tz_localize(None)
    future, nobody = time >= pd.Timestamp("2022-01-01"), bazaar["who"] == 1_000_000
    kept = ~spoilt & once & ~future & ~nobody
    plain = pd.DataFrame(
        {"customer": bazaar["who"].astype("str"), "time": time, "amount": bazaar["price"] * bazaar["units"],
         "category": bazaar["kind"], "discount": bazaar["off"], "town": bazaar["town"]}
    )[kept]  # fmt: skip

    counts = transactions.counts.set_index("rule")["rows"]
    written = bazaar["when"].dt.floor("h")[kept]
    assert {rule: counts[rule] for rule in counts.index} == {
        "lines in the file": LINES + 80,
        "exact copy of another line": (~once).sum(),
        "no customer id": (once & (nobody | bazaar.index.isin(range(10)))).sum(),
        "time missing or not readable": (once & ~nobody & bazaar.index.isin(range(10, 20))).sum(),
        "time in the future": (once & ~nobody & future & ~bazaar.index.isin(range(20))).sum(),
        "amount missing or not a number": (once & ~nobody & ~future & bazaar.index.isin(range(20, 30))).sum(),
        "return (negative amount)": (plain["amount"] < 0).sum(),
        "amount of zero": (plain["amount"] == 0).sum(),
        "local time the clock skipped": (written == "2021-03-28 02:00").sum(),
        "local time the clock showed twice": (written == "2021-10-31 02:00").sum(),
        "lines used": len(plain),
    }
    assert counts[["time in the future", "local time the clock skipped", "no customer id"]].min() > 10

    read, meant = (
        frame.sort_values(["customer", "time", "amount"], ignore_index=True)[["customer", "time", "amount"]]
        for frame in (transactions.table.execute(), plain)
    )
    pd.testing.assert_frame_equal(read, meant, check_dtype=False, rtol=1e-14)
    for cutoff, end in (("2021-06-30", "2021-12-31"), ("2021-10-30", "2021-10-31"), ("2020-12-05", "2021-03-27")):
        table = customer_table(transactions, cutoff, end, categories=CATEGORIES, attributes=["town"])
        expected = plain_shop(plain, cutoff, end, CATEGORIES)[table.frame.columns]
        expected["town"] = expected["town"].astype("str")
        pd.testing.assert_frame_equal(table.frame, expected, rtol=1e-12)
        came = plain[plain["amount"] >= 0].groupby("customer")["time"].min()
        later = table.counts.set_index("rule")["rows"][f"customers whose first purchase is after {cutoff}"]
        assert later == (came >= pd.Timestamp(cutoff) + pd.Timedelta(days=1)).sum()


@pytest.mark.long
@pytest.mark.parametrize(("cutoff", "end"), [("2011-06-30", "2011-11-30"), ("2011-09-30", "2011-12-09")])
def test_online_retail(cutoff, end):
    try:
        transactions = load_transactions("online_retail")
    except DatasetMissingError:
        pytest.skip("Online Retail is not here (data/online_retail/README.md says how to get it)")
    raw = pd.read_parquet(transactions.path).drop_duplicates().dropna(subset="CustomerID")
    lines = pd.DataFrame(
        {"customer": raw["CustomerID"].astype("str"), "time": raw["InvoiceDate"],
         "amount": raw["UnitPrice"] * raw["Quantity"], "order": raw["InvoiceNo"]}
    )  # fmt: skip
    table = customer_table(transactions, cutoff, end)
    frame = table.frame
    assert (lines["amount"] < 0).sum() == transactions.returns > 8_000
    pd.testing.assert_frame_equal(frame, plain_shop(lines, cutoff, end)[frame.columns], rtol=1e-12)
    day = lines["time"].dt.normalize()
    first = lines["customer"].map(day[lines["amount"] >= 0].groupby(lines["customer"]).min())
    early = lines[(lines["amount"] < 0) & (day <= cutoff) & (first.isna() | (day < first))]
    of_table = early[early["customer"].isin(frame.index)]
    facts = {caution.code: caution.facts for caution in table.cautions}["early_returns"]
    assert (facts["lines"], facts["customers"]) == (len(early), of_table["customer"].nunique())
    assert facts["money"] == pytest.approx(-early["amount"].sum(), abs=0.01)
    assert facts["of_customers"] == pytest.approx(-of_table["amount"].sum(), abs=0.01)
    assert facts["customers"] > 0.01 * len(frame)
