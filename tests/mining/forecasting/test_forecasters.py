"""Forecasts of one series: by hand, against statsmodels itself, and intervals that hold what simulated series do."""

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.sarimax import SARIMAX

from crmresearch.errors import EstimationError
from crmresearch.mining.forecasting.forecasters import FORECASTERS, arima, exponential_smoothing, naive, seasonal_naive

RNG = np.random.default_rng


def walk(n: int, seed: int) -> np.ndarray:
    """A level that moves, with noise around it, above 0."""
    rng = RNG(seed)
    return np.exp(5 + 0.1 * rng.normal(size=n).cumsum() + 0.1 * rng.normal(size=n))


def test_naive_by_hand() -> None:
    y = np.array([1.0, 2.0, 4.0, 8.0])
    one = naive(y, 3, 12, RNG(1), draws=40_000)
    assert one.point.tolist() == [8, 8, 8]
    # steps of log 2: the logarithm of the paths spreads by it times the root of the periods
    assert np.log(one.paths / 8).std(axis=0) == pytest.approx(np.log(2) * np.sqrt([1, 2, 3]), rel=0.02)
    assert one.summed().point.tolist() == [24]
    assert one.summed().paths[:, 0] == pytest.approx(one.paths.sum(axis=1))


def test_seasonal_naive_by_hand() -> None:
    y = np.tile([1.0, 2.0, 3.0, 4.0], 3) + np.repeat([0.0, 1.0, 2.0], 4)
    assert seasonal_naive(y, 3, 4, RNG(1)).point.tolist() == [3, 4, 5]
    assert seasonal_naive(y, 4, 4, RNG(1)).point.tolist() == [3, 4, 5, 6]
    with pytest.raises(EstimationError, match="needs 13 values and there are 12"):
        seasonal_naive(y, 5, 4, RNG(1))


def test_exponential_smoothing_is_that_of_statsmodels_on_logarithms() -> None:
    y, horizon = walk(60, 1), 5
    fits = [
        ETSModel(np.log(y), trend=trend, damped_trend=damped).fit(disp=False)
        for trend, damped in ((None, False), ("add", True))
    ]
    best = min(fits, key=lambda fit: fit.aicc)
    one = exponential_smoothing(y, horizon, 52, RNG(1), draws=20_000)
    assert one.point == pytest.approx(np.exp(best.forecast(horizon)))
    alpha = best.params[0]  # without a trend, whose variance is known: σ² (1 + (j − 1) α²)
    assert len(best.params) == 2
    spread = np.sqrt(best.mse * (1 + np.arange(horizon) * alpha**2))
    assert np.log(one.paths).std(axis=0) == pytest.approx(spread, rel=0.02)


def test_arima_is_that_of_statsmodels_with_its_intervals() -> None:
    y, horizon = walk(60, 2), 5
    y = y - y.mean()  # of both signs: as it is
    fits = [SARIMAX(y, order=order).fit(disp=False) for order in ((0, 1, 1), (1, 1, 0), (1, 1, 1), (0, 1, 2))]
    best = min(fits, key=lambda fit: fit.aicc).get_forecast(horizon)
    one = arima(y, horizon, 52, RNG(1), draws=20_000)
    assert one.point == pytest.approx(best.predicted_mean, rel=1e-6)
    assert one.paths.std(axis=0) == pytest.approx(best.se_mean, rel=0.02)


def test_a_season_is_found_where_the_series_is_long_enough() -> None:
    season = np.tile([1.0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 6], 5)
    y = 100 * season * np.exp(0.02 * RNG(3).normal(size=60))
    for forecast in (exponential_smoothing, arima, seasonal_naive):
        point = forecast(y, 12, 12, RNG(1)).point
        assert point[:11] == pytest.approx(np.full(11, 100), rel=0.2)
        assert point[11] == pytest.approx(600, rel=0.2)


def test_counts_are_never_below_zero_and_the_same_seed_gives_the_same_paths() -> None:
    y = RNG(4).poisson(1.0, 40).astype(float)
    assert 0 in y
    for name in ("naive", "exponential_smoothing", "arima"):
        one, again = (FORECASTERS[name](y, 6, 52, RNG(5)) for _ in range(2))
        assert one.interval(0.95)[0].min() >= 0
        assert one.point.min() >= 0
        assert one.paths.tobytes() == again.paths.tobytes()


def test_short_and_constant_series() -> None:
    with pytest.raises(EstimationError, match="needs 8 values and there are 7"):
        exponential_smoothing(np.ones(7), 2, 12, RNG(1))
    with pytest.raises(EstimationError, match="needs 16 values"):
        arima(np.ones(15), 2, 12, RNG(1))
    for forecast in (naive, exponential_smoothing, arima):
        assert forecast(np.full(30, 7.0), 3, 12, RNG(1)).point == pytest.approx([7, 7, 7], rel=1e-3)


@pytest.mark.parametrize("name", ["naive", "exponential_smoothing", pytest.param("arima", marks=pytest.mark.long)])
def test_intervals_hold_as_many_simulated_series_as_they_say(name: str) -> None:
    """Random walks, of which all three are a case: within four standard errors, less what is learned from 80 values."""
    trials, horizon, held = 60, 4, []
    for seed in range(trials):
        z = 5 + 0.1 * RNG(seed).normal(size=80 + horizon).cumsum()
        one = FORECASTERS[name](np.exp(z[:80]), horizon, 52, RNG(seed))
        lower, upper = one.summed().interval(0.8)
        held.append(lower[0] <= np.exp(z[80:]).sum() <= upper[0])
    assert np.mean(held) == pytest.approx(0.8, abs=4 * np.sqrt(0.8 * 0.2 / trials))
