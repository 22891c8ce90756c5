"""Repeat purchases tracked: the sum over customers of the published formula, and what a plain count finds."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import hyp2f1
from series_cases import published

from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.mining.forecasting.periods import PurchaseSeries, purchase_series
from crmresearch.mining.forecasting.tracking import tracking
from crmresearch.value import fit_bg_nbd


@pytest.fixture(scope="module")
def series() -> PurchaseSeries:
    return purchase_series(load_transactions("cdnow"))


@pytest.fixture(scope="module")
def tracked(series: PurchaseSeries) -> pd.DataFrame:
    return tracking(series, 39)


def expected_by(parameters: tuple[float, ...], t: np.ndarray) -> np.ndarray:
    """E[X(t)] of a new customer as printed: Fader, Hardie & Lee (2005), eq. 9."""
    r, alpha, a, b = parameters
    inside = (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t))
    return (a + b - 1) / (a - 1) * (1 - inside)


def test_the_formula_is_that_of_btyd() -> None:
    """BTYD 2.4.3 at (.243, 4.414, .793, 2.426): expectation at weeks 1, 13, 39, 78."""
    found = expected_by((0.243, 4.414, 0.793, 2.426), np.array([1.0, 13, 39, 78]))
    published_by = [0.05326789117166, 0.534439541094, 1.196723193321, 1.860519057943]
    assert found == pytest.approx(published_by, rel=1e-9)


def test_sums_are_those_over_customers_since_their_first_purchase(
    series: PurchaseSeries, tracked: pd.DataFrame
) -> None:
    x, t_x, T = series.known(39).histories()
    parameters = fit_bg_nbd(x, t_x, T).parameters
    for end, later in ((39, 0), (78, 39)):
        assert tracked["expected_sum"].iloc[end - 1] == pytest.approx(
            expected_by(parameters, T + later).sum(), rel=1e-9
        )
    assert tracked["expected"].cumsum().iloc[-1] == pytest.approx(tracked["expected_sum"].iloc[-1])


def test_what_came_is_counted_again(series: PurchaseSeries, tracked: pd.DataFrame) -> None:
    x, _, _ = series.known(39).histories()
    assert tracked["actual_sum"].iloc[38] == x.sum()
    assert tracked["actual"].sum() == series.total["purchases"].sum() - 23_570  # all but the first of each customer
    assert tracked["learned"].sum() == 39


def test_the_published_sample_is_tracked_to_the_end_of_its_calibration() -> None:
    """2,457 repeat purchases in 39 weeks (Fader, Hardie & Lee 2005), which the model repeats to a percent."""
    one = published()
    table = tracking(one, 39)
    assert table["actual_sum"].iloc[-1] == 2457
    assert table["expected_sum"].iloc[-1] == pytest.approx(2457, rel=0.02)


def test_customers_new_after_the_calibration_are_in_neither(series: PurchaseSeries) -> None:
    early = tracking(series, 8)
    later = series.buyers[series.buyers["cohort"] >= 8]["customer"].unique()
    known = series.buyers[~series.buyers["customer"].isin(later)]
    assert early["actual"].sum() == known["purchases"].sum() - known["customer"].nunique()
