"""What a shop will sell in the coming periods: every method's forecast, how each did before, and which one to use."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.mining.forecasters import LEAST
from crmresearch.mining.periods import QUANTITIES, Period, PurchaseSeries, purchase_series
from crmresearch.mining.rivals import METHODS, LeftOut, Rivals, rivals
from crmresearch.mining.rolling_origin import Evaluation, forecast_frame, over_horizon, record_interval, rolling_origin
from crmresearch.mining.tracking import tracking

MOST_ORIGINS = 200
SHARE = 6  # a horizon is a sixth of the data at most, unless set
LED = "revenue"  # the quantity by which a method is chosen
WIDTH = "interval_80"
LEAST_WINDOWS = 3  # that do not overlap, from which the spread of errors is known at all
OFF = 0.2  # of what came: an error of known customers from which their model is in doubt, by convention


@dataclass(frozen=True)
class RevenueForecast:
    """Series, forecasts and their record; frames are tidy, money in `series.currency`.

    `series.total` and `series.by_cohort`: what was bought. `coming`, a row a quantity, method and coming period:
    quantity, method, step, start, end, estimate, and the ends interval_80_lower, interval_80_upper,
    interval_95_lower, interval_95_upper; `coming_sums`: over all of them (`over_horizon`); `coming_cohorts`: cohort,
    quantity and estimate of the sum, by cohort. `evaluation`: the same from earlier origins beside what came, None
    where the data are too short. `left_out`: method, quantity and why (`LeftOut`). `tracking`: as
    `crmresearch.mining.tracking`, empty where BG/NBD cannot be fitted; it is fitted to the first `calibration` periods.
    """

    series: PurchaseSeries
    horizon: int
    coming: pd.DataFrame
    coming_sums: pd.DataFrame
    coming_cohorts: pd.DataFrame
    evaluation: Evaluation | None
    left_out: pd.DataFrame
    tracking: pd.DataFrame
    calibration: int
    cautions: tuple[Caution, ...] = ()

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Error of each method (`Evaluation.scores`); empty without an evaluation."""
        return self.evaluation.scores() if self.evaluation else pd.DataFrame(columns=["quantity", "method"])

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """How often intervals held what came (`Evaluation.coverage`); empty without an evaluation."""
        return self.evaluation.coverage() if self.evaluation else pd.DataFrame(columns=["quantity", "method"])

    @property
    def too_narrow(self) -> bool:
        """Whether intervals of the revenue by the chosen method are shown to hold less often than they say."""
        rows = self.coverage[(self.coverage["quantity"] == LED) & (self.coverage["method"] == self.chosen)]
        return bool(len(rows) and rows["narrow"].any())

    @cached_property
    def chosen(self) -> str:
        """The method to use: that of the lowest error of revenue before; without an evaluation the simplest."""
        made = set(self.coming_sums.loc[self.coming_sums["quantity"] == LED, "method"])
        if self.evaluation:
            scores = self.scores[(self.scores["quantity"] == LED) & self.scores["method"].isin(made)]
            if scores["mase"].notna().any():
                return str(scores.loc[scores["mase"].idxmin(), "method"])
        return min(made, key=METHODS.index)

    @cached_property
    def plan(self) -> pd.DataFrame:
        """What to plan with over the horizon, by quantity: method, estimate, the four ends, by_record.

        The ends are the wider ones: those of the method or, `by_record`, as far around the estimate as it was off
        before (`record_interval`).
        """
        rows = self.coming_sums[self.coming_sums["method"] == self.chosen].set_index("quantity").assign(by_record=False)
        if self.evaluation is None or self.evaluation.windows < LEAST_WINDOWS:
            return rows
        before = self.evaluation.sums[self.evaluation.sums["method"] == self.chosen]
        for quantity, row in rows.iterrows():
            part = before[before["quantity"] == quantity]
            if len(part):
                ends = record_interval(float(row["estimate"]), part, self.evaluation.windows)
                if ends[f"{WIDTH}_upper"] - ends[f"{WIDTH}_lower"] > row[f"{WIDTH}_upper"] - row[f"{WIDTH}_lower"]:
                    rows.loc[quantity, [*ends, "by_record"]] = [*ends.values(), True]
        return rows.astype({"by_record": bool})

    def cohort_table(self) -> pd.DataFrame:
        """One row a cohort: cohort, customers, purchases and revenue so far, coming_purchases and coming_revenue.

        What is to come is that of the coming periods by exponential smoothing of the cohort, missing without any.
        """
        rows = []
        for name, bought in self.series.cohorts().items():
            coming = self.coming_cohorts[self.coming_cohorts["cohort"] == name].set_index("quantity")["estimate"]
            sums = {what: bought[what].sum() for what in ("purchases", "revenue")}
            later = {f"coming_{what}": coming.get(what, np.nan) for what in ("purchases", "revenue")}
            rows.append({"cohort": name, "customers": bought["customer"].nunique(), **sums, **later})
        return pd.DataFrame(rows)

    def tracking_sums(self) -> pd.DataFrame:
        """Repeat purchases learned from and after it: learned, periods, expected, actual, off (%)."""
        parts = self.tracking.groupby("learned", sort=False)
        table = parts.agg(periods=("end", "size"), expected=("expected", "sum"), actual=("actual", "sum")).reset_index()
        return table.assign(off=100 * (table["expected"] / table["actual"].where(table["actual"] > 0) - 1))


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
    default half of the periods. Raises ParameterError for a horizon, number of origins or day that cannot be,
    EstimationError where there are too few periods to forecast at all.
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
    found = rivals(series, horizon, seed)
    if not found.made:
        raise EstimationError("No method can learn from so few purchases; collect more.")
    bounds = pd.to_datetime(series.coming_bounds(horizon), unit="D")
    start, end = bounds[:-1].strftime("%Y-%m-%d"), (bounds[1:] - pd.Timedelta(days=1)).strftime("%Y-%m-%d")
    made = [({"quantity": quantity, "method": method}, one) for (method, quantity), one in found.made.items()]
    coming = [forecast_frame(one).assign(**head, start=start, end=end) for head, one in made]
    sums = [forecast_frame(over_horizon(one, head["quantity"])).assign(**head) for head, one in made]
    cohorts = [(cohort, quantity, one.point.sum()) for (cohort, quantity), one in found.cohorts.items()]
    places = chosen_origins(series, horizon, origins)
    evaluation = rolling_origin(series, places, horizon, seed) if places else None
    calibration = _calibration(series, calibration_end)
    try:
        tracked = tracking(series, calibration)
    except EstimationError:
        tracked = pd.DataFrame(columns=["end", "expected", "actual", "expected_sum", "actual_sum", "learned"])
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
        _cautions(series, evaluation, found.of_customers.fit.cautions if found.of_customers else ()),
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
    series: PurchaseSeries, evaluation: Evaluation | None, of_model: tuple[Caution, ...]
) -> tuple[Caution, ...]:
    """What must be known before the forecasts are believed, beside what the purchase model says of itself."""
    facts: dict[str, object] = {"periods": len(series), "season": series.season}
    cautions = list(of_model)
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
