"""Forecasts of one regular series by its own past: naive, seasonal naive, exponential smoothing, seasonal ARIMA.

A forecast is a point for each coming period and paths the series may take, so that the interval of a sum over several
periods is as easily had as that of one. Series without a 0 are forecast on logarithms: what trades at a tenth of its
level varies by a tenth as much.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmresearch.errors import EstimationError

Floats = NDArray[np.float64]
DRAWS = 500
LEAST = 8  # values from which a level and its variation can be learned
LEAST_MORE = 16  # values from which a damped trend, and ARIMA, are tried
MOST_SEASON = 12  # of weeks a year has 52 seasonal states, which few years do not determine
ORDERS = ((0, 1, 1), (1, 1, 0), (1, 1, 1), (0, 1, 2))  # of one difference, so that their AICc can be compared


class TooShortError(EstimationError):
    """A series too short for a method: how many values are `needed`, for what (`code`), and how many are `known`."""

    def __init__(self, needed: int, known: int, code: str = "short") -> None:
        super().__init__(f"It needs {needed} values and there are {known}.")
        self.needed, self.known, self.code = needed, known, code


@dataclass(frozen=True)
class Foreseen:
    """Of h coming periods the `point` (h,) and `paths` (draws, h) that the series may take; intervals end at `floor`.

    Paths themselves may go below the floor: cut off there, each would pull the sum of several up.
    """

    point: Floats
    paths: Floats
    floor: float = -np.inf

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Lower and upper (h,) ends within which this share of the paths lies in each period."""
        lower, upper = np.quantile(self.paths, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return np.maximum(lower, self.floor), np.maximum(upper, self.floor)

    def summed(self) -> "Foreseen":
        """The same of the sum over all periods."""
        return Foreseen(self.point.sum(keepdims=True), self.paths.sum(axis=1, keepdims=True), self.floor)


def added(parts: Sequence[Foreseen]) -> Foreseen:
    """Several forecasts together, whose paths are independent; at the floor 0 only where all are."""
    point = np.sum([one.point for one in parts], axis=0)
    return Foreseen(point, np.sum([one.paths for one in parts], axis=0), min(one.floor for one in parts))


def naive(y: Floats, horizon: int, season: int, rng: np.random.Generator, draws: int = DRAWS) -> Foreseen:
    """As in the last period; paths are a random walk with steps as large as those of the past."""
    _enough(y, 3)
    z, back = _scale(y)
    steps = rng.normal(scale=np.sqrt(np.mean(np.diff(z) ** 2)), size=(draws, horizon))
    return _foreseen(y, np.full(horizon, y[-1]), back(z[-1] + steps.cumsum(axis=1)))


def seasonal_naive(y: Floats, horizon: int, season: int, rng: np.random.Generator, draws: int = DRAWS) -> Foreseen:
    """As in the same period a year before; only where two years and the horizon are known, to judge it at all."""
    _enough(y, 2 * season + horizon, "short_years")
    z, back = _scale(y)
    place = len(y) - season + np.arange(horizon) % season
    spread = np.sqrt(np.mean((z[season:] - z[:-season]) ** 2))
    steps = rng.normal(scale=spread, size=(draws, -(-horizon // season), season)).cumsum(axis=1)
    return _foreseen(y, y[place], back(z[place] + steps.reshape(draws, -1)[:, :horizon]))


def exponential_smoothing(
    y: Floats, horizon: int, season: int, rng: np.random.Generator, draws: int = DRAWS
) -> Foreseen:
    """Exponential smoothing with additive errors, with a damped trend or a season where long enough and AICc has it.

    Hyndman, Koehler, Ord & Snyder (2008), by statsmodels' ETSModel.
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # a second, for who forecasts

    _enough(y, LEAST)
    z, back = _scale(y)
    trends = [None, "add"] if len(y) >= LEAST_MORE else [None]
    seasonal = season <= MOST_SEASON and len(y) >= 2 * season + LEAST
    fits = []
    for trend in trends:
        for cycle in ("add", None) if seasonal else (None,):
            form = {"trend": trend, "damped_trend": trend is not None, "seasonal": cycle}
            periods = season if cycle else None
            fits.append(_fitted(ETSModel, z, seasonal_periods=periods, **form))
    best = _best(fits)
    errors = rng.normal(scale=np.sqrt(best.mse), size=(horizon, draws))
    paths = np.reshape(best.simulate(horizon, anchor="end", repetitions=draws, random_errors=errors), (horizon, draws))
    return _foreseen(y, back(np.asarray(best.forecast(horizon))), back(paths.T))


def arima(y: Floats, horizon: int, season: int, rng: np.random.Generator, draws: int = DRAWS) -> Foreseen:
    """ARIMA of one difference, its order of four by AICc; with a seasonal (0, 1, 1) where three years are known.

    Box & Jenkins (1976), by statsmodels' SARIMAX. Paths are the point forecast and coming errors weighted by the moving
    average of infinite order that the model is.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    _enough(y, LEAST_MORE)
    z, back = _scale(y)
    cycle = (0, 1, 1, season) if season <= MOST_SEASON and len(y) >= 3 * season else (0, 0, 0, 0)
    best = _best([_fitted(SARIMAX, z, order=order, seasonal_order=cycle) for order in ORDERS])
    weights = np.ravel(best.impulse_responses(horizon - 1))
    errors = rng.normal(scale=np.sqrt(best.params[-1]), size=(draws, horizon))
    later, earlier = np.indices((horizon, horizon))
    moving = np.where(later >= earlier, weights[later - earlier], 0.0)
    point = np.asarray(best.forecast(horizon))
    return _foreseen(y, back(point), back(point + errors @ moving.T))


FORECASTERS: dict[str, Callable[..., Foreseen]] = {
    "naive": naive,
    "seasonal_naive": seasonal_naive,
    "exponential_smoothing": exponential_smoothing,
    "arima": arima,
}


def _scale(y: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """The series as it is forecast, and the way back: logarithms, or as it is where it touches 0 or goes below."""
    if (y > 0).all():
        return np.log(y), lambda z: np.exp(np.minimum(z, np.log(y.max()) + 10))
    return y, lambda z: z


def _foreseen(y: Floats, point: Floats, paths: Floats) -> Foreseen:
    """A forecast of a series, which was never below 0 or had no floor."""
    floor = 0.0 if y.min() >= 0 else -np.inf
    return Foreseen(np.maximum(point, floor), paths, floor)


def _enough(y: Floats, least: int, code: str = "short") -> None:
    if len(y) < least:
        raise TooShortError(least, len(y), code)


def _fitted(model: Any, z: Floats, **form: Any) -> Any:
    """A fit, or None where the search fails; what statsmodels warns of is seen in the AICc and in the coverage."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return model(z, **form).fit(disp=False)
        except (ValueError, np.linalg.LinAlgError):
            return None


def _best(fits: list[Any]) -> Any:
    """The fit of the lowest AICc among those that came to an end."""
    usable = [fit for fit in fits if fit is not None and np.isfinite(fit.aicc)]
    if not usable:
        raise EstimationError("It could not be fitted to this series.")
    return min(usable, key=lambda fit: fit.aicc)
