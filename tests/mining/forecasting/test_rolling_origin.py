"""The record of forecasts: errors by hand, differences against scipy and by simulation, coverage, nothing foreknown."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, t, ttest_rel
from series_cases import shop

from crmresearch.front.customers import as_transactions
from crmresearch.mining.forecasting.periods import QUANTITIES, purchase_series
from crmresearch.mining.forecasting.rivals import METHODS, rivals
from crmresearch.mining.forecasting.rolling_origin import (
    Evaluation,
    compared,
    naive_error,
    record_interval,
    rolling_origin,
    share_interval,
)

NAMED = {"customer": "customer", "time": "time", "amount": "amount"}


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    return shop(44, 3)


@pytest.fixture(scope="module")
def evaluation(lines: pd.DataFrame) -> Evaluation:
    with as_transactions(lines, **NAMED) as purchases:
        return rolling_origin(purchase_series(purchases), [28, 32, 36, 40], 4, seed=1)


def test_scaled_errors_by_hand(evaluation: Evaluation, lines: pd.DataFrame) -> None:
    assert naive_error(np.array([1.0, 3.0, 2.0])) == 1.5
    assert np.isnan(naive_error(np.array([2.0, 2.0])))
    with as_transactions(lines, **NAMED) as purchases:
        y = purchase_series(purchases).total["purchases"].to_numpy()
    losses = [np.abs(y[k : k + 4] - y[k - 1]).mean() / np.abs(np.diff(y[:k])).mean() for k in (28, 32, 36, 40)]
    assert evaluation.losses("purchases")["naive"].to_numpy() == pytest.approx(losses)
    scores = evaluation.scores().set_index(["quantity", "method"])
    assert scores.loc[("purchases", "naive"), "mase"] == pytest.approx(np.mean(losses))
    assert scores.loc[("purchases", "naive"), "ratio"] == 1
    assert set(scores.index.get_level_values("method")) == set(METHODS) - {"seasonal_naive"}


def test_nothing_after_the_origin_is_in_a_forecast(lines: pd.DataFrame) -> None:
    """Other purchases after week 28 and other customers: the same forecasts and intervals, to the byte."""
    cut = pd.Timestamp("2020-01-01") + pd.Timedelta(days=7 * 28)
    later = pd.to_datetime(lines["time"]) >= cut
    other = lines.assign(amount=np.where(later, 9 * lines["amount"], lines["amount"]))
    other["customer"] = np.where(later & (np.arange(len(lines)) % 2 == 0), "z" + lines["customer"], lines["customer"])
    found = []
    for frame in (lines, other):
        with as_transactions(frame, **NAMED) as purchases:
            found.append(rivals(purchase_series(purchases).known(28), 4, seed=1).made)
    assert found[0].keys() == found[1].keys()
    for key, one in found[0].items():
        assert one.point.tobytes() == found[1][key].point.tobytes(), key
        assert one.paths.tobytes() == found[1][key].paths.tobytes(), key


def test_cohorts_and_newcomers_add_up_and_the_total_is_of_all(lines: pd.DataFrame) -> None:
    with as_transactions(lines, **NAMED) as purchases:
        found = rivals(purchase_series(purchases), 4, seed=1)
    assert found.of_customers is not None
    for name in QUANTITIES:
        parts = sum(one.point for (_, quantity), one in found.cohorts.items() if quantity == name)
        assert found.made["cohorts", name].point == pytest.approx(parts + found.of_customers.newcomers[name].point)


def test_a_full_cohort_is_not_learned_from_while_it_filled(lines: pd.DataFrame) -> None:
    """Other purchases of a cohort while it filled, the same customers and first purchases: the same forecasts of it."""
    with as_transactions(lines, **NAMED) as purchases:
        cohort, rows = next(iter(purchase_series(purchases).cohorts().items()))
    full = pd.Timestamp("2020-01-01") + pd.Timedelta(days=7 * (int(rows["cohort"].max()) + 1))
    when = pd.to_datetime(lines["time"])
    again = when.ne(when.groupby(lines["customer"]).transform("min"))
    found = []
    for frame in (lines, lines.assign(amount=lines["amount"].where(~again | (when >= full), 3 * lines["amount"]))):
        with as_transactions(frame, **NAMED) as purchases:
            found.append(rivals(purchase_series(purchases), 4, seed=1).cohorts[cohort, "revenue"])
    assert found[0].point.tobytes() == found[1].point.tobytes()


def test_windows_that_do_not_overlap_are_counted(evaluation: Evaluation) -> None:
    assert (evaluation.lag, evaluation.distinct, evaluation.windows) == (0, 16, 4)


def test_known_and_new_customers_are_told_apart(evaluation: Evaluation, lines: pd.DataFrame) -> None:
    with as_transactions(lines, **NAMED) as purchases:
        total = purchase_series(purchases).total["purchases"].to_numpy()
    sums = [total[k : k + 4].sum() for k in (28, 32, 36, 40)]
    assert (evaluation.parts["known"] + evaluation.parts["new"]).tolist() == sums
    assert (evaluation.parts["new"] > 0).all()


def test_without_overlap_the_comparison_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 12))
    assert compared(one - other, 0) == pytest.approx(ttest_rel(one, other).pvalue, rel=1e-12)


def test_overlap_widens_it_by_the_published_formula() -> None:
    d = np.array([0.3, 0.5, 0.1, 0.4, 0.2, 0.6, 0.0, 0.3])
    centred = d - d.mean()
    gamma = [centred @ centred / 8, centred[1:] @ centred[:-1] / 8]
    variance = max(gamma[0], gamma[0] + 2 * gamma[1])
    statistic = d.mean() / np.sqrt(variance / 8) * np.sqrt((8 + 1 - 4 + 2 / 8) / 8)
    assert compared(d, 1) == pytest.approx(2 * t.sf(statistic, 9 / 2 - 1))


def test_few_origins_constant_and_missing_differences_tell_nothing() -> None:
    assert np.isnan(compared(np.array([0.1, 0.2, 0.3]), 0))
    assert np.isnan(compared(np.arange(5.0), 2))
    assert np.isnan(compared(np.full(8, 0.2), 0))
    assert np.isnan(compared(np.array([0.1, np.nan, 0.3, 0.2]), 0))


@pytest.mark.parametrize(("n", "lag"), [(8, 0), (8, 2), (8, 3), (12, 3)])
def test_methods_alike_are_seldom_told_apart(n: int, lag: int) -> None:
    """Differences of overlapping windows without any difference in truth: 5 % meant, at most 7 % of 2,000."""
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(2000, n + lag))
    moving = np.array([noise[:, k : k + n] for k in range(lag + 1)]).sum(axis=0)
    found = np.array([compared(row, lag) for row in moving])
    assert (found < 0.05).mean() < 0.07


def test_interval_of_a_share_is_that_of_so_many_trials_as_the_hits_are_worth() -> None:
    alike = np.tile([True, True, True, False], (5, 1))  # every origin the same: as many as may be
    low, high = binomtest(15, 20).proportion_ci(method="exact")
    assert share_interval(alike, most=20, least=5) == pytest.approx((low, high))
    torn = np.array([[True] * 4] * 4 + [[False] * 4])  # all or none: as many as there are windows
    low, high = binomtest(4, 5).proportion_ci(method="exact")
    assert share_interval(torn, most=20, least=5) == pytest.approx((low, high), abs=0.03)
    assert share_interval(np.ones((5, 4), dtype=bool), most=20, least=5)[1] == 1


def test_interval_by_the_record_by_hand() -> None:
    before = pd.DataFrame({"estimate": [100.0, 100.0], "actual": [110.0, 100 / 1.1]})
    half = t.ppf(0.9, 1) * np.log(1.1) * np.sqrt(1 + 1 / 2)
    found = record_interval(50.0, before, windows=2)
    assert found["interval_80_upper"] == pytest.approx(50 * np.exp(half))
    assert found["interval_80_lower"] == pytest.approx(50 * np.exp(-half))
    signed = record_interval(5.0, pd.DataFrame({"estimate": [1.0], "actual": [-1.0]}), windows=2)
    assert signed["interval_80_upper"] == pytest.approx(5 + t.ppf(0.9, 1) * 2 * np.sqrt(1.5))


def test_coverage_counts_what_lies_between(evaluation: Evaluation) -> None:
    table = evaluation.coverage()
    row = table[(table["quantity"] == "revenue") & (table["method"] == "naive") & (table["of"] == "periods")].iloc[0]
    part = evaluation.periods.query("quantity == 'revenue' and method == 'naive'")
    inside = (part["actual"] >= part["interval_80_lower"]) & (part["actual"] <= part["interval_80_upper"])
    assert (row["held"], row["tried"]) == (inside.sum(), 16)
    assert row["ci_lower"] <= row["share"] <= row["ci_upper"]
