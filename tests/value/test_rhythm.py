"""A rhythm of payments is found where there is one, and not among customers who buy at random."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rhythm_cases import months_later, random_buyers, subscribers
from shop_codebook import shop_codebook

from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.value.rhythm import MONTH_DAYS, purchase_rhythm, rhythm_of, variation

CODEBOOK = """kind: transactions
key: many
title: {en: Many}
about: {en: Simulated subscribers.}
file: purchases.csv
committed: false
how_to_get: Simulated.
columns: {customer: customer, time: day, amount: amount}
currency: EUR
rules: {returns: net, duplicates: keep}
"""


@pytest.mark.parametrize("gap", [2, 7, 14, 30, 60])
def test_random_customers_have_no_rhythm(gap):
    """Poisson customers, alike (shape 50) or very different (0.5): none of 300 shops in all, so at 95 % fewer than 1 %.

    Chance alone would have to move E(2M−1)² from 1/3 to 1/9, over four standard errors with 30 customers, and most
    gaps into six days of a month.
    """
    for seed in range(60):
        shop = random_buyers([60, 200][seed % 2], [0.5, 2, 50][seed % 3], gap, 500, seed)
        assert rhythm_of(shop) is None, seed


@pytest.mark.parametrize(("cutoff"), ["1997-09-30", "1998-06-30"])
def test_a_shop_of_records_has_no_rhythm(cutoff):
    assert purchase_rhythm(load_transactions("cdnow"), cutoff) is None


@pytest.mark.parametrize(
    ("step", "period", "days"),
    [(None, "month", MONTH_DAYS), (7, "week", 7), (14, "two_weeks", 14), (28, "four_weeks", 28), (91, "quarter", 91.3)],
)
@pytest.mark.parametrize("failed", [0.0, 0.1])
def test_the_period_of_subscribers_is_found_though_payments_fail(step, period, days, failed):
    for seed in range(3):
        shop, _ = subscribers(150, seed, failed=failed, step=step)
        rhythm = rhythm_of(shop)
        assert rhythm is not None
        assert rhythm.period == period
        assert rhythm.days == pytest.approx(days, abs=0.1)
        assert rhythm.kept == pytest.approx(1 - failed, abs=0.05)
        assert rhythm.variation < 0.3


def test_late_payments_do_not_hide_the_month():
    for seed in range(5):
        rhythm = rhythm_of(subscribers(150, seed, failed=0.15, late=0.15)[0])
        assert rhythm is not None
        assert rhythm.period == "month"


def test_a_month_ends_with_the_calendar():
    start = np.datetime64("2022-01-31")
    days = [(c, months_later(start, payment)) for c in range(40) for payment in range(13)]
    rhythm = rhythm_of(pd.DataFrame(days, columns=["customer", "day"]))
    assert rhythm is not None
    assert (rhythm.period, rhythm.kept, rhythm.customers) == ("month", 1.0, 40)


def test_the_variation_is_that_of_gamma_gaps():
    # Wheat & Morrison (1990): M ~ beta(k, k), whose variance is 1/(4(2k+1)); the gaps vary by 1/√k of their mean
    for k in (1, 2, 4, 9):
        assert variation(1 / (2 * k + 1)) == pytest.approx(1 / np.sqrt(k))
    rng = np.random.default_rng(1)
    first, second = rng.gamma(4, size=(2, 100_000))
    spread = ((first - second) / (first + second)) ** 2
    assert variation(float(spread.mean())) == pytest.approx(0.5, abs=0.005)


def test_regular_shoppers_without_a_period_have_no_rhythm():
    # gaps of gamma shape 6, each customer at a pace of their own: CV 0.41, regular, but under no contract
    rng = np.random.default_rng(2)
    rows = []
    for customer in range(200):
        days = np.cumsum(rng.gamma(6, rng.uniform(10, 60) / 6, size=12)).round()
        rows += [(customer, np.datetime64("2022-01-01") + int(day)) for day in days]
    assert rhythm_of(pd.DataFrame(rows, columns=["customer", "day"]).drop_duplicates()) is None


def test_a_second_slower_rhythm_is_not_taken_for_leaving():
    monthly, _ = subscribers(120, 1)
    rows = [(1000 + c, months_later(np.datetime64("2020-01-10"), 12 * year)) for c in range(40) for year in range(4)]
    yearly = pd.DataFrame(rows, columns=["customer", "day"])
    assert rhythm_of(monthly) is not None
    assert rhythm_of(pd.concat([monthly, yearly])) is None


def test_a_part_of_very_many_customers_tells(monkeypatch, tmp_path):
    days, _ = subscribers(200, 1, failed=0.05)
    days.assign(amount=1.0).to_csv(tmp_path / "purchases.csv", index=False)
    (tmp_path / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    shop = load_transactions(str(tmp_path))
    everybody = purchase_rhythm(shop, "2023-12-31")
    assert everybody == rhythm_of(days)
    monkeypatch.setattr("crmresearch.value.rhythm.MOST", 60)
    part = purchase_rhythm(shop, "2023-12-31")
    assert part is not None
    assert part.period == "month"
    assert 40 < part.customers <= 60 < everybody.customers
    assert purchase_rhythm(shop, "2022-01-02") is None


def test_thirty_customers_must_tell():
    shop, _ = subscribers(60, 1, churn=(0.01, 10.0))
    assert rhythm_of(shop) is not None
    assert rhythm_of(shop[shop["customer"] < 29]) is None
    assert rhythm_of(shop.iloc[:0]) is None


def test_customers_may_be_whole_numbers(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-15", "2020-12-15", freq="MS") + pd.Timedelta(days=14)
    frame = pd.DataFrame([(i, day, 10.0) for i in range(60) for day in days], columns=["who", "when", "paid"])
    frame.to_parquet(tmp_path / "shop.parquet", index=False)
    text = shop_codebook().replace("shop.csv", "shop.parquet")
    (tmp_path / "codebook.yaml").write_text(text, encoding="utf-8")
    found = purchase_rhythm(load_transactions(str(tmp_path)), "2020-12-31")
    assert found is not None
    assert found.period == "month"
