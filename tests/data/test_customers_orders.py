"""A purchase is an order where the codebook names a column of them: by hand, and against a plain pandas program."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_customers import plain_shop

from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.value import CustomerValue

CODEBOOK = """\
kind: transactions
key: orders
title: {en: Orders}
about: {en: Made up.}
file: lines.csv
committed: false
how_to_get: made up
source: made up
citation: none
licence: none
columns: {customer: customer, time: time, amount: amount, order: order, category: category}
time_format: "%Y-%m-%d %H:%M"
last_day: "2021-12-31"
currency: EUR
rules: {returns: net, duplicates: keep}
"""
HAND = """\
customer,time,amount,order,category
a,2021-01-01 09:00,10,A1,tea
a,2021-01-01 09:00,5,A1,cups
a,2021-01-01 17:00,20,A2,tea
a,2021-01-03 09:00,7,A1,tea
a,2021-01-11 09:00,-4,A1,tea
a,2021-02-01 09:00,50,A3,tea
a,2021-07-15 09:00,30,A4,tea
b,2021-01-05 09:00,8,,tea
b,2021-01-05 19:00,9,,tea
b,2021-01-09 09:00,3,A2,cups
"""


def made(folder: Path, text: str, **more: object) -> CustomerTable:
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "lines.csv").write_text(text, encoding="utf-8")
    return customer_table(load_transactions(str(folder)), "2021-06-30", "2021-12-31", **more)


def test_lines_of_one_number_are_one_purchase_on_its_first_day(tmp_path: Path) -> None:
    table = made(tmp_path, HAND)
    a, b = table.frame.loc["a"], table.frame.loc["b"]
    assert a[["frequency", "repeat", "t_last", "gap_mean", "holdout_purchases"]].tolist() == [3, 2, 31, 15.5, 1]
    assert a["gap_sd"] == pytest.approx(np.std([0, 31], ddof=1))
    assert a[["monetary_total", "monetary_mean"]].tolist() == pytest.approx([88, 88 / 3])
    assert a["repeat_mean"] == (20 + 50) / 2  # all of A1, what came later and went back included, is the first one
    assert b[["frequency", "monetary_total", "repeat_mean", "t_last"]].tolist() == [2, 20, 3, 4]
    (note,) = table.cautions
    assert (note.code, note.severity) == ("orders_apart", "note")
    assert note.facts == {"orders": 4, "several_days": 1, "several_customers": 1}


def test_orders_of_one_day_and_one_customer_need_no_note(tmp_path: Path) -> None:
    assert made(tmp_path, "\n".join(HAND.splitlines()[:4])).cautions == ()


def test_a_shop_of_orders_is_the_plain_one(tmp_path: Path) -> None:
    draw = np.random.default_rng(11)
    n = 3_000
    minutes = draw.integers(0, 380 * 24 * 60, n)
    lines = pd.DataFrame(
        {
            "customer": [f"c{i:03d}" for i in (draw.random(n) ** 2 * 300).astype(int)],
            "time": pd.Timestamp("2020-12-10") + pd.to_timedelta(minutes, unit="min"),
            "amount": draw.choice([0, 1.5, 20, 99.99, -3, -20], n, p=[0.05, 0.3, 0.3, 0.2, 0.1, 0.05]),
            "order": [f"o{i}" for i in draw.integers(0, 1_500, n)],
            "category": draw.choice(["tea", "cups"], n),
        }
    )
    # most lines of an order are of one moment; the others are deliveries, returns, and numbers used again
    first = lines.groupby("order")[["customer", "time"]].transform("first")
    for column, share in (("customer", 0.95), ("time", 0.7)):
        lines[column] = first[column].where(draw.random(n) < share, lines[column])
    lines.loc[draw.random(n) < 0.1, "order"] = None
    same_minute = draw.choice(n, (2, 200), replace=False)  # two orders of one moment
    lines.loc[same_minute[0], ["customer", "time"]] = lines.loc[same_minute[1], ["customer", "time"]].to_numpy()
    written = lines.assign(time=lines["time"].dt.strftime("%Y-%m-%d %H:%M"))
    table = made(tmp_path, written.to_csv(index=False), categories=("tea",))
    lines = lines[lines["time"] < "2022-01-01"]
    expected = plain_shop(lines, "2021-06-30", "2021-12-31", ("tea",))[table.frame.columns]
    pd.testing.assert_frame_equal(table.frame, expected, rtol=1e-12)
    days = plain_shop(lines.drop(columns="order"), "2021-06-30", "2021-12-31")["frequency"]
    assert (table.frame["frequency"] > days).sum() > 20 < (table.frame["frequency"] < days).sum()


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
def test_two_orders_of_one_day_are_the_limit_of_two_soon_after_each_other(model: str) -> None:
    draw = np.random.default_rng(2)
    repeat = draw.poisson(draw.gamma(1, 2, 400))
    tenure = draw.uniform(100, 300, 400)
    last = np.where(repeat > 0, draw.beta(repeat + 0.01, 1) * tenure, 0)
    frame = pd.DataFrame({"repeat": repeat, "t_last": last, "tenure": tenure, "repeat_mean": 10.0 + draw.random(400)})
    same_day = frame.assign(t_last=frame["t_last"].mask(frame.index < 20, 0))
    soon = frame.assign(t_last=frame["t_last"].mask((frame.index < 20) & (repeat > 0), 1e-7))
    values = [CustomerValue.fit(each, model).forecast(365, 0.1) for each in (same_day, soon)]
    pd.testing.assert_frame_equal(*values, rtol=1e-4)
