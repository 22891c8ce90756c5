"""CDNOW as shipped: its totals, and the published sample's x, t_x, T (Fader, Hardie & Lee 2005)."""

import hashlib

import pytest

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions


@pytest.fixture(scope="module")
def cdnow():
    return load_transactions("cdnow")


@pytest.fixture(scope="module")
def sample(cdnow):
    table = customer_table(cdnow, "1997-09-30", "1998-06-30", attributes=["published_sample"], unit_days=7)
    return table.frame[table.frame["published_sample"]]


def test_the_totals_of_the_file(cdnow):
    assert cdnow.rows == 69_659
    assert cdnow.customers() == 23_570
    assert (cdnow.first_day.isoformat(), cdnow.last_day.isoformat()) == ("1997-01-01", "1998-06-30")
    assert round(float(cdnow.table.amount.sum().execute()), 2) == 2_500_315.63
    counts = cdnow.counts.set_index("rule")["rows"]
    assert counts["exact copy of another line"] == 255
    assert counts["amount of zero"] == 80
    assert counts[["no customer id", "time in the future", "return (negative amount)"]].sum() == 0


def test_the_published_sample(sample):
    """`cdnow_customers_summary.csv` of lifetimes 0.11.3: 2,357 rows of x and, in weeks with two decimals, t_x and T.

    Two decimals of a week name the day: the checksum is of the sorted lines "x,days of t_x,days of T" of that file.
    """
    assert len(sample) == 2_357
    assert (sample["repeat"].sum(), (sample["repeat"] > 0).sum()) == (2_457, 946)
    assert sample["t_last"].sum() == pytest.approx(16_135.52, abs=2_357 * 0.005)
    assert sample["tenure"].sum() == pytest.approx(77_111.21, abs=2_357 * 0.005)
    days = (sample[["t_last", "tenure"]] * 7).round().astype("int64")
    rows = [f"{x},{t},{T}" for x, t, T in zip(sample["repeat"], days["t_last"], days["tenure"], strict=True)]
    checksum = hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()
    assert checksum == "02d8cffd9b56ece92bbf295cf9bbb464ee3122884bcbe189f3c39791e9a47a1f"


def test_one_customer_of_the_published_sample(sample):
    """Its first row: x = 2, t_x = 30.43, T = 38.86, mean of the repeat purchases 22.35."""
    first = sample.loc["00004"]
    assert (first["repeat"], round(first["t_last"], 2), round(first["tenure"], 2)) == (2, 30.43, 38.86)
    assert first["repeat_mean"] == pytest.approx(22.345)


def test_the_input_of_gamma_gamma(sample):
    """The mean repeat spends of `cdnow_customers_summary_with_transactions.csv` add to 33,184.31."""
    repeat = sample["repeat_mean"].dropna()
    assert len(repeat) == 946
    assert repeat.sum() == pytest.approx(33_184.31, abs=946 * 0.005)
