"""What an index would be if factors moved: a linear forecast with the interval of what is estimated in it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from crmresearch.ranks import LEVEL

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forecast:
    """The index of one aim in one segment as a linear function of by how much F factors are raised.

    `centre` (1 + F,): the index as it is, and its change a step of each factor; `covariance` (1 + F, 1 + F) of these
    over resamples; `z` the normal quantile of the interval. The index at shifts s is (1, s) · centre, its error
    √((1, s) covariance (1, s)'). A shift adds to a factor what the other factors do not bring it, so that shifts add up
    in a linear model, and what follows from one for the others is counted in its total effect.
    """

    centre: Floats
    covariance: Floats
    z: float

    def at(self, shifts: Floats) -> tuple[float, float, float]:
        """The index and the ends of its interval, within 0 to 100, for shifts (F,) in steps."""
        moved = np.flatnonzero([1.0, *shifts])  # what is not defined and does not move takes no part
        x, part = np.array([1.0, *shifts])[moved], self.covariance[np.ix_(moved, moved)]
        estimate, half = float(x @ self.centre[moved]), self.z * float(np.sqrt(x @ part @ x))
        estimate, lower, upper = np.clip([estimate, estimate - half, estimate + half], 0, 100).tolist()
        return estimate, lower, upper


def forecast(
    index: float, index_draws: Floats, effects: Floats, draws: Floats, step: Floats, confidence: float = LEVEL
) -> Forecast:
    """The forecast of one aim in one segment: its `index` with draws (B,), effects (F,) with draws (F, B), steps (F,).

    `step`: index points of a factor that one step of it is. What is not defined (NaN) of a factor stays so; a forecast
    is then one of the others, its shift left at 0.

    >>> draws = np.array([[69.0, 71.0, 70.0]]), np.array([[0.4, 0.6, 0.5]])
    >>> one = forecast(70.0, draws[0][0], np.array([0.5]), draws[1], np.array([10.0]))
    >>> [round(value, 1) for value in one.at(np.array([1.0]))]
    [75.0, 71.1, 78.9]
    """
    centre = np.concatenate([[index], effects * step])
    drawn = np.concatenate([index_draws[None], draws * step[:, None]])
    known = np.isfinite(centre)
    covariance = np.full((len(centre), len(centre)), np.nan)
    defined = drawn[known][:, np.isfinite(drawn[known]).all(axis=0)]
    covariance[np.ix_(known, known)] = np.cov(defined)
    return Forecast(centre, covariance, float(norm.ppf(0.5 + confidence / 2)))


def one_at_a_time(forecast: Forecast) -> pd.DataFrame:
    """The index with each factor raised by one step and the others as they are: estimate, ci_lower, ci_upper.

    The first row is the index as it is; a factor that is not defined has none.
    """
    shifts = np.vstack([np.zeros(len(forecast.centre) - 1), np.eye(len(forecast.centre) - 1)])
    return pd.DataFrame([forecast.at(s) for s in shifts], columns=["estimate", "ci_lower", "ci_upper"])
