"""Successive windows of one segmentation: drift, moves and refits counted by hand or planted."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.monitoring.drift import population_stability
from crmresearch.segmentation.monitoring.monitor import Monitoring, customer_windows, monitor

DAYS = [date(2020, 1, 1) + timedelta(days=91 * i) for i in range(3)]


def planted(feature: np.ndarray, spend: np.ndarray) -> pd.DataFrame:
    """Customers c0, c1, … with one feature and what they spend in the step before and after."""
    index = pd.Index([f"c{i}" for i in range(len(feature))], name="customer")
    active = (spend > 0).astype(int)
    return pd.DataFrame(
        {"recency": feature, "monetary_total": spend, "spend_last_91": spend, "feature": feature,
         "holdout_spend": spend, "holdout_active": active}, index=index,
    )  # fmt: skip


@pytest.fixture(scope="module")
def windows() -> dict[date, pd.DataFrame]:
    """600 customers, feature 0…599; at the second cut-off all the same, at the third the lower half moved up by 300."""
    feature = np.arange(600.0)
    spend = np.where(feature >= 300, 10.0, 1.0)
    shifted = np.where(feature < 300, feature + 300, feature)
    return {DAYS[0]: planted(feature, spend), DAYS[1]: planted(feature, spend), DAYS[2]: planted(shifted, spend)}


@pytest.fixture(scope="module")
def found(windows: dict[date, pd.DataFrame]) -> Monitoring:
    return monitor(windows, QuantileSegments("feature", 2), folds=5, resamples=50, seed=1)


def test_nothing_moves_where_nothing_changed(found: Monitoring) -> None:
    second = found.windows.iloc[1]
    assert (second.psi, second.psi_previous, second.share_moved, second.relabelled) == (0, 0, 0, 0)
    assert second.difference == 0
    assert second.reason == "none"
    assert not second.refit


def test_moves_are_counted(found: Monitoring) -> None:
    """Half of the customers move up; all are in q2 then, half of them were: PSI ½ ln 2 + ½ ln(½ / 1e-4)."""
    third = found.windows.iloc[2]
    assert (third.share_moved, third.moved_first, third.up, third.down) == (0.5, 0.5, 0.5, 0)
    expected = (1 - 0.5) * np.log(1 / 0.5) + (1e-4 - 0.5) * np.log(1e-4 / 0.5)
    assert third.psi == pytest.approx(expected)
    assert third.psi_known == pytest.approx(expected)
    step = found.transitions.query("to_cutoff == @DAYS[2]").set_index(["before", "after"])["customers"]
    assert step.to_dict() == {("q1", "q1"): 0, ("q1", "q2"): 300, ("q2", "q1"): 0, ("q2", "q2"): 300}


def test_an_emptied_segment_calls_for_a_refit(found: Monitoring) -> None:
    """All customers are in one frozen segment; cut again in the middle, each half holds as many of either spend."""
    third = found.windows.iloc[2]
    assert third.small == "q1"
    assert third.r2_frozen == pytest.approx(0, abs=0.01)
    assert third.reason == "size"
    assert third.refit


def test_a_loss_is_a_loss_only_beyond_the_margin() -> None:
    """Spend follows the feature, which doubles: frozen, all are in q4; anew, quarters of equal size as before."""
    rng = np.random.default_rng(3)
    feature = rng.uniform(1, 2, 800)
    spend = np.round(np.exp(3 * feature) * rng.gamma(4, 0.25, 800), 2)
    tables = {DAYS[0]: planted(feature, spend), DAYS[1]: planted(2 * feature, spend)}
    method = QuantileSegments("feature", 4)
    rows = {m: monitor(tables, method, 5, 50, margin=m, seed=1).windows.iloc[1] for m in (0.01, 0.95)}
    assert rows[0.01].reason == "loss"
    assert rows[0.01].difference < -0.5
    assert rows[0.95].reason == "size"  # three of four segments are empty all the same


def test_a_small_segment_is_dropped_where_learning_anew_foresees_less() -> None:
    """Frozen at 0 and 10 the segments part those who spend; learned anew the middle third mixes them."""
    rng = np.random.default_rng(5)
    first = np.concatenate([np.zeros(300), np.full(300, 10.0), np.full(300, 20.0)])
    later = np.concatenate([rng.uniform(5, 10, 500), rng.uniform(20, 30, 400)])
    spend = np.where(later > 20, 100.0, 1.0)
    tables = {DAYS[0]: planted(first, np.where(first > 10, 100.0, 1.0)), DAYS[1]: planted(later, spend)}
    row = monitor(tables, QuantileSegments("feature", 3), 5, 50, seed=2).windows.iloc[1]
    assert row.small == "q1"
    assert row.lower > 0
    assert row.reason == "size_only"
    assert not row.refit


def test_newcomers_count_in_shares_but_do_not_move(windows: dict[date, pd.DataFrame]) -> None:
    more = windows[DAYS[1]]
    joined = more.iloc[:100].set_axis([f"n{i}" for i in range(100)])
    found = monitor({**windows, DAYS[1]: pd.concat([more, joined])}, QuantileSegments("feature", 2), 5, 20)
    second, third = found.windows.iloc[1], found.windows.iloc[2]
    assert (second.new, third.new) == (100, 0)
    assert second.share_moved == 0
    assert second.psi_known == 0
    assert second.psi > 0
    assert found.assigned[DAYS[0]].isna().sum() == 100


def test_the_order_of_segments_is_the_later_spend_of_the_first_customers(found: Monitoring) -> None:
    assert list(found.ranks["segment"]) == ["q2", "q1"]
    assert list(found.ranks["spend"]) == [10.0, 1.0]


def test_moves_are_worth_what_is_spent_after_them(found: Monitoring) -> None:
    """Those who moved to q2 spend 1 each, those who were there 10 each."""
    up = found.moves.query("cutoff == @DAYS[2] and direction == 'up'").iloc[0]
    assert (up.customers, up.share) == (300, 0.5)
    assert (up.spend_before, up.spend_between, up.spend_after) == (1, 1, 1)
    assert (up.spend_of_others, up.difference) == (10, -9)


def test_the_last_cut_off_may_have_no_holdout(windows: dict[date, pd.DataFrame]) -> None:
    last = windows[DAYS[2]].drop(columns=["holdout_spend", "holdout_active"])
    found = monitor({**windows, DAYS[2]: last}, QuantileSegments("feature", 2), 5, 20)
    assert np.isnan(found.windows.iloc[2].r2_frozen)
    assert set(found.moves["cutoff"]) == {DAYS[1]}
    assert found.windows.iloc[2].reason == "size"


def test_unequal_steps_and_single_windows_are_refused(windows: dict[date, pd.DataFrame]) -> None:
    method = QuantileSegments("feature", 2)
    with pytest.raises(SegmentationError, match="equal steps"):
        monitor({DAYS[0]: windows[DAYS[0]]}, method)
    late = {DAYS[0]: windows[DAYS[0]], DAYS[1]: windows[DAYS[1]], DAYS[2] + timedelta(1): windows[DAYS[2]]}
    with pytest.raises(SegmentationError, match="equal steps"):
        monitor(late, method)


def test_windows_of_cdnow_are_customer_tables() -> None:
    transactions = load_transactions("cdnow")
    tables = customer_windows(transactions, "1998-03-01", 91, 2)
    assert list(tables) == [date(1998, 3, 1), date(1998, 5, 31)]
    plain = customer_table(transactions, "1998-03-01", "1998-05-31", (91, 182)).frame
    pd.testing.assert_frame_equal(tables[date(1998, 3, 1)], plain)
    assert "holdout_spend" not in tables[date(1998, 5, 31)]  # CDNOW ends on 30 June
    with pytest.raises(ParameterError, match="fewer windows"):
        customer_windows(transactions, "1998-03-01", 91, 3)
    with pytest.raises(ParameterError, match="date such as"):
        customer_windows(transactions, "March", 91, 2)
    with pytest.raises(ParameterError, match="2 cut-offs or more"):
        customer_windows(transactions, "1998-03-01", 91, 1)


def test_what_was_learned_is_not_changed_by_what_follows(found: Monitoring, windows: dict[date, pd.DataFrame]) -> None:
    fresh = QuantileSegments("feature", 2).fit(windows[DAYS[0]])
    for day in DAYS:
        expected = fresh.predict(windows[day])
        assert found.assigned[day].astype(str).equals(expected.astype(str))
    assert population_stability(found.assigned[DAYS[0]], found.assigned[DAYS[1]]) == found.windows.psi[1]
    assert replace(found, margin=0.5).cutoffs == DAYS


def test_windows_end_where_the_codebook_says_that_the_data_do(tmp_path: Path) -> None:
    """Nobody bought on the last two days, which are known all the same."""
    buyers = [(f"c{i}", date(2022, 1, 1) + timedelta(days=(7 * i + step) % 543)) for i in range(60) for step in (0, 90)]
    lines = [f"{who},{day},5" for who, day in buyers if day <= date(2023, 6, 28)]
    (tmp_path / "shop.csv").write_text("\n".join(["who,when,paid", *lines]) + "\n", encoding="utf-8")
    codebook = {"kind": "transactions", "key": "shop", "title": {"en": "Shop"}, "about": {"en": "One shop"},
                "file": "shop.csv", "committed": False, "how_to_get": "Ask.", "source": "made", "citation": "none",
                "licence": "none", "columns": {"customer": "who", "time": "when", "amount": "paid"}, "currency": "EUR",
                "last_day": "2023-06-30", "rules": {"returns": "net", "duplicates": "keep"}}  # fmt: skip
    (tmp_path / "codebook.yaml").write_text(json.dumps(codebook), encoding="utf-8")
    transactions = load_transactions(str(tmp_path))
    assert transactions.last_day < date(2023, 6, 29)
    assert transactions.known_until == date(2023, 6, 30)
    tables = customer_windows(transactions, "2022-09-30", 91, 3)
    assert all("holdout_spend" in table for table in tables.values()), "the last step ends on 2023-06-30"
    assert "holdout_spend" not in customer_windows(transactions, "2022-09-30", 91, 4)[date(2023, 6, 30)]
    with pytest.raises(ParameterError, match=r"known until 2023-06-30; .* cut-off, 2022-09-30 at the latest"):
        customer_windows(transactions, "2022-10-01", 91, 4)
