"""What customers buy together: the published CDNOW sample, paths against formulas, newcomers by hand, coverage."""

from dataclasses import replace

import numpy as np
import pytest
from clv_cases import cdnow, histories_of, simulate
from series_cases import published, shop

from crmresearch.errors import EstimationError
from crmresearch.front.customers import as_transactions
from crmresearch.mining.forecasting.known_customers import Aggregate, aggregate, known_paths
from crmresearch.mining.forecasting.periods import PurchaseSeries, purchase_series
from crmresearch.value import BgNbdFit, fit_bg_nbd

NAMED = {"customer": "customer", "time": "time", "amount": "amount"}


@pytest.fixture(scope="module")
def fit() -> BgNbdFit:
    fitted = fit_bg_nbd(**histories_of(cdnow()))
    return replace(fitted, covariances=np.full((4, 4), np.nan))  # so that paths have these parameters


@pytest.fixture(scope="module")
def open_shop() -> PurchaseSeries:
    with as_transactions(shop(40, 1), **NAMED) as lines:
        return purchase_series(lines)


@pytest.fixture(scope="module")
def of_open_shop(open_shop: PurchaseSeries) -> Aggregate:
    return aggregate(open_shop, 4, np.random.default_rng(1))


def test_the_published_sample_is_expected_to_buy_what_btyd_expects() -> None:
    """BTYD 2.4.3 (R 4.2.2): the maximum, and 1,653.941259 at three digits of it in weeks 40–78, where 1,882 came."""
    found = aggregate(published(), 39, np.random.default_rng(1), paths=20)
    assert found.fit.parameters == pytest.approx((0.242594, 4.413600, 0.792922, 2.425905), abs=1e-5)
    assert found.known["purchases"].point.sum() == pytest.approx(1653.94, rel=5e-4)
    rounded = replace(found.fit, parameters=type(found.fit.parameters)(0.243, 4.414, 0.793, 2.426))
    x, t_x, T = published().histories()
    assert rounded.expected_purchases(x, t_x, T, 39).sum() == pytest.approx(1653.94125931335, rel=1e-8)
    assert found.arrivals is None
    assert found.all("purchases").point.tolist() == found.known["purchases"].point.tolist()


def test_paths_go_around_what_the_formulas_expect(fit: BgNbdFit) -> None:
    rows = cdnow()
    one = rows.loc[rows.index.repeat(rows["customers"])]
    histories = tuple(one[name].to_numpy(dtype=float) for name in ("x", "t_x", "T"))
    edges = np.array([1.0, 5.0, 13.0])
    paths = known_paths(fit, histories, edges, np.random.default_rng(2), 400)
    starts = np.array([0.0, 1.0, 5.0])
    expected = np.diff([0.0, *(fit.expected_purchases(*histories, edge).sum() for edge in edges)])
    active = [fit.p_buys(*histories, s, e - s).sum() for s, e in zip(starts, edges, strict=True)]
    for found, points in zip(paths, (expected, active), strict=True):
        assert np.abs(found.mean(axis=0) - points).max() < 4 * (found.std(axis=0) / np.sqrt(400)).max()


def test_who_buys_at_all_is_who_is_alive_and_no_more_than_is_bought(fit: BgNbdFit) -> None:
    x, t_x, T = np.array([0.0, 1.0, 5.0]), np.array([0.0, 3.0, 30.0]), np.full(3, 35.0)
    assert fit.p_buys(x, t_x, T, 0, 1e12) == pytest.approx(fit.p_alive(x, t_x, T), rel=1e-2)
    assert (fit.p_buys(x, t_x, T, 0, 10) < fit.expected_purchases(x, t_x, T, 10)).all()
    short = fit.p_buys(x, t_x, T, 0, 1e-6) / fit.expected_purchases(x, t_x, T, 1e-6)
    assert short == pytest.approx(np.ones(3), rel=1e-5)


def test_newcomers_come_as_in_the_last_quarter_and_buy_as_new_customers(
    open_shop: PurchaseSeries, of_open_shop: Aggregate
) -> None:
    mean, fitted = open_shop.total["new"].to_numpy()[-13:].mean(), of_open_shop.fit
    # those of week i have been customers for half a week at its end
    since = [[j - i + 0.5 for i in range(j + 1)] for j in range(4)]
    repeats = np.diff([0.0, *(sum(fitted.expected_purchases_of_new(t) for t in times) for times in since)])
    assert of_open_shop.newcomers["purchases"].point == pytest.approx(mean * (1 + repeats))
    assert of_open_shop.newcomers["active"].point[0] == pytest.approx(mean)
    second = mean * (1 + fitted.p_buys(0, 0, 0, 0.5, 1)[0])
    assert of_open_shop.newcomers["active"].point[1] == pytest.approx(second)
    paths = of_open_shop.newcomers["purchases"].paths
    assert paths.mean() == pytest.approx(of_open_shop.newcomers["purchases"].point.mean(), rel=0.05)


def test_revenue_is_purchases_times_what_one_brought(open_shop: PurchaseSeries, of_open_shop: Aggregate) -> None:
    sums = open_shop.total[["revenue", "purchases"]].sum()
    each = sums["revenue"] / sums["purchases"]
    assert of_open_shop.all("revenue").point == pytest.approx(each * of_open_shop.all("purchases").point)


def test_nobody_who_buys_again_is_no_model() -> None:
    lines = shop(20, 2).drop_duplicates("customer")
    with as_transactions(lines, **NAMED) as purchases, pytest.raises(EstimationError, match="Nobody bought again"):
        aggregate(purchase_series(purchases), 4, np.random.default_rng(1))


@pytest.mark.long
def test_intervals_hold_as_many_simulated_groups_as_they_say() -> None:
    """Groups of 400 customers who buy as BG/NBD has it: within four standard errors of 80 %."""
    held, trials = [], 60
    for seed in range(trials):
        x, _, _ = simulate("bg_nbd", (0.8, 6.0, 0.8, 2.5), 400, seed, weeks=60)
        # seen until ten weeks before the end, as the same seed and the same customers have it
        early = simulate_until(seed)
        fitted = fit_bg_nbd(*early)
        paths = known_paths(fitted, early, np.array([10.0]), np.random.default_rng(seed), 200)[0, :, 0]
        lower, upper = np.quantile(paths, [0.1, 0.9])
        held.append(lower <= (x - early[0]).sum() <= upper)
    assert np.mean(held) == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / trials))


def simulate_until(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The customers of `simulate` ten weeks earlier: its draws, cut off there."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.8, 1 / 6.0, 400)
    T = 60 - rng.uniform(0, 30, 400)
    dropout = rng.beta(0.8, 2.5, 400)
    alive, now = np.ones(400, dtype=bool), np.zeros(400)
    x, t_x = np.zeros(400), np.zeros(400)
    while alive.any():
        now += rng.exponential(1 / rate)
        alive &= now <= T
        seen = alive & (now <= T - 10)
        x[seen] += 1
        t_x[seen] = now[seen]
        alive &= rng.random(400) >= dropout
    return x, t_x, T - 10
