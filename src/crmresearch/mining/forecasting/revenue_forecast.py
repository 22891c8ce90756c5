"""What a shop will sell in the coming periods: every method's forecast, how each did before, and which one to use."""

from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.mining.forecasting.forecast_made import RevenueForecast
from crmresearch.mining.forecasting.forecasters import LEAST
from crmresearch.mining.forecasting.periods import QUANTITIES, Period, PurchaseSeries, purchase_series
from crmresearch.mining.forecasting.rivals import LeftOut, Rivals, rivals
from crmresearch.mining.forecasting.rolling_origin import Evaluation, forecast_frame, over_horizon, rolling_origin
from crmresearch.mining.forecasting.tracking import tracking
from crmresearch.value.rhythm import Rhythm, purchase_rhythm

MOST_ORIGINS = 200
SHARE = 6  # a horizon is a sixth of the data at most, unless set
NOT_TRACKED = pd.DataFrame(columns=["end", "expected", "actual", "expected_sum", "actual_sum", "learned"])
OFF = 0.2  # of what came: an error of known customers from which their model is in doubt, by convention


def forecast_or_reason(*arguments: Any, **named: Any) -> tuple[RevenueForecast | None, str]:
    """`revenue_forecast`, or None and in one sentence why these purchases cannot be forecast."""
    try:
        return revenue_forecast(*arguments, **named), ""
    except EstimationError as error:
        return None, str(error)


def revenue_forecast(
    transactions: Transactions,
    period: Period | None = None,
    horizon: int | None = None,
    *,
    origins: int = 8,
    calibration_end: date | str | None = None,
    until: date | str | None = None,
    seed: int = 0,
) -> RevenueForecast:
    """Purchases, revenue and active customers of the `horizon` periods after the day `until`, by every method.

    `period` is week or month, by default as `purchase_series` says; `horizon` a quarter, or a sixth of the data where
    that is shorter. The evaluation forecasts from `origins` evenly spread over the data, the last one horizon before
    their end, the first after half a year or a third of the data. The tracking model learns until `calibration_end`, by
    default half of the periods. Where customers pay in a rhythm (`purchase_rhythm`), BG/NBD, which supposes purchases
    at random, is in neither, nor the cohorts where newcomers are expected by it. Raises ParameterError for a horizon,
    number of origins or day that cannot be, EstimationError where there are too few periods to forecast at all.
    """
    series = purchase_series(transactions, period, until)
    if horizon is None:
        horizon = max(1, min(series.season // 4, len(series) // SHARE))
    if isinstance(horizon, bool) or not isinstance(horizon, int) or not 1 <= horizon <= 2 * series.season:
        raise ParameterError(
            f"`horizon` must be a whole number of {series.period}s from 1 to {2 * series.season}; it is {horizon!r}."
        )
    if isinstance(origins, bool) or not isinstance(origins, int) or not 0 <= origins <= MOST_ORIGINS:
        raise ParameterError(f"`origins` must be a whole number from 0 to {MOST_ORIGINS}; it is {origins!r}.")
    if len(series) < 3:
        raise EstimationError(
            f"The purchases hold {len(series)} whole {series.period}s; a forecast needs three, so collect more."
        )
    rhythm = purchase_rhythm(transactions, series.ends()[-1])
    found = rivals(series, horizon, seed, rhythm is None)
    if not found.made:
        raise EstimationError("No method can learn from so few purchases; collect more.")
    bounds = pd.to_datetime(series.coming_bounds(horizon), unit="D")
    start, end = bounds[:-1].strftime("%Y-%m-%d"), (bounds[1:] - pd.Timedelta(days=1)).strftime("%Y-%m-%d")
    made = [({"quantity": quantity, "method": method}, one) for (method, quantity), one in found.made.items()]
    coming = [forecast_frame(one).assign(**head, start=start, end=end) for head, one in made]
    sums = [forecast_frame(over_horizon(one, head["quantity"])).assign(**head) for head, one in made]
    cohorts = [(cohort, quantity, one.point.sum()) for (cohort, quantity), one in found.cohorts.items()]
    places = chosen_origins(series, horizon, origins)
    evaluation = rolling_origin(series, places, horizon, seed, rhythm is None) if places else None
    calibration = _calibration(series, calibration_end)
    try:
        tracked = NOT_TRACKED if rhythm else tracking(series, calibration)
    except EstimationError:
        tracked = NOT_TRACKED
    return RevenueForecast(
        series,
        horizon,
        pd.concat(coming, ignore_index=True),
        pd.concat(sums, ignore_index=True).drop(columns="step"),
        pd.DataFrame(cohorts, columns=["cohort", "quantity", "estimate"]),
        evaluation,
        _left_out(found, evaluation),
        tracked,
        calibration,
        _cautions(series, evaluation, found.of_customers.fit.cautions if found.of_customers else (), rhythm),
        rhythm,
    )


def chosen_origins(series: PurchaseSeries, horizon: int, origins: int) -> list[int]:
    """Numbers of periods known at each origin, earliest first, evenly spread; none where no two have room.

    The last is one horizon before the end, the first after half a year, or a third of shorter data, and of a closed
    group not before a quarter without anybody new.
    """
    closed = series.closed_since
    least = max(LEAST, min(series.season // 2, len(series) // 3))
    if closed is not None:
        least = max(least, closed + series.season // 4)
    last = len(series) - horizon
    if origins < 2 or last - least < 1:
        return []
    step = max(1, (last - least) // (origins - 1))
    return [k for k in range(last - step * (origins - 1), last + 1, step) if k >= least]


def _left_out(found: Rivals, evaluation: Evaluation | None) -> pd.DataFrame:
    """Methods without a forecast, and those that had none at some of the origins, with the reason."""
    reasons = dict(found.left_out)
    for method, quantity in found.made if evaluation else ():
        assert evaluation is not None
        own = evaluation.periods.query("method == @method and quantity == @quantity")["origin"].nunique()
        if own < (tried := len(evaluation.origins)):
            reasons[method, quantity] = LeftOut("part", tried, own)
    rows = [(*key, *why) for key, why in reasons.items()]
    return pd.DataFrame(rows, columns=["method", "quantity", *LeftOut._fields])


def _calibration(series: PurchaseSeries, end: date | str | None) -> int:
    """How many periods the tracking model learns from: those that end by a day, or half of all."""
    if end is None:
        return len(series) // 2
    whole = sum(day <= str(as_date("calibration_end", end)) for day in series.ends())
    if not 0 < whole < len(series):
        raise ParameterError(
            f"`calibration_end` must leave whole {series.period}s on both sides, between {series.ends()[0]} and "
            f"{series.ends()[-2]}; it is {end}."
        )
    return whole


def _cautions(
    series: PurchaseSeries, evaluation: Evaluation | None, of_model: tuple[Caution, ...], rhythm: Rhythm | None
) -> tuple[Caution, ...]:
    """What must be known before the forecasts are believed, beside what the purchase model says of itself."""
    facts: dict[str, object] = {"periods": len(series), "season": series.season}
    cautions = list(of_model)
    if rhythm:
        cautions.append(Caution("rhythm", "weak", "purchase_model", asdict(rhythm)))
    if len(series) < 2 * series.season:
        cautions.append(Caution("no_season", "weak", "season", facts))
    if evaluation is None:
        cautions.append(Caution("unchecked", "weak", "forecast", facts))
        return tuple(cautions)
    facts = {"origins": len(evaluation.origins), "windows": evaluation.windows}
    tested = any(np.isfinite(evaluation.differences(name)["p_value"]).any() for name in QUANTITIES)
    few = Caution("few_origins", "note", "method", facts), Caution("untested", "weak", "method", facts)
    cautions.append(few[0] if tested else few[1])
    parts = evaluation.parts.dropna()
    if len(parts) and parts["known"].sum() > 0:
        error = float(parts["expected_known"].sum() / parts["known"].sum() - 1)
        if abs(error) > OFF:
            cautions.append(Caution("known_off", "weak", "purchase_model", {"off": error, "origins": len(parts)}))
    return tuple(cautions)
