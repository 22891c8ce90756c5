"""The forecasts of a customer report: purchase models side by side, values with intervals, or why there are none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom

from crmresearch.caution import SMALL_NUMBER
from crmresearch.data.customers import CustomerTable
from crmresearch.data.margins import Margins, as_margins
from crmresearch.errors import EstimationError
from crmresearch.resampling import sampled
from crmresearch.value import CustomerValue
from crmresearch.value.customer_value import CONTRACT, SPEND
from crmresearch.value.histories import Floats
from crmresearch.value.rhythm import Rhythm

PURCHASE_MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd")
SPEND_MODEL = "gamma_gamma"
RARE = 0.05  # probability of so many misses from which they are not held for chance
MOST_REPEATS = 7  # repeat purchases from which customers are pooled in the calibration


@dataclass(frozen=True)
class CustomerForecast:
    """What the customers of a table are expected to do in its holdout, by a value model fitted before the cut-off.

    `value` and `frame` (as `CustomerValue.forecast`) are None where the model cannot be fitted. `models`: model,
    parameters, log_likelihood, aic, expected and actual (purchases of all in the holdout), absolute_error (mean per
    customer), one row a purchase model that could be fitted. `failures`: model and reason of the others. `unsettled`:
    models that did not converge inside their bounds, which are never called the best. `rhythm`: that in which the
    customers pay, where `model` is the shifted beta-geometric; its likelihood is of renewals and not comparable.
    `margin`: what is left of the spend and counts as value.
    """

    model: str
    days: int
    rate: float
    value: CustomerValue | None
    frame: pd.DataFrame | None
    models: pd.DataFrame
    failures: pd.DataFrame
    unsettled: tuple[str, ...] = ()
    rhythm: Rhythm | None = None
    margin: Margins = field(default_factory=lambda: as_margins(1.0))

    def beside(self, customers: pd.DataFrame) -> pd.DataFrame:
        """The customer table with p_alive, expected_purchases and expected_value, where there is a forecast.

        There is no p_alive where the data cannot tell leaving from waiting.
        """
        if self.frame is None:
            return customers
        expected = self.frame.drop(columns=["expected_spend", "value"]).assign(expected_value=self.frame["value"])
        return customers.assign(**expected)  # both have one row a customer in one order: nothing is copied

    @property
    def tells_dropout(self) -> bool:
        """Whether there is a forecast whose model tells leaving from waiting."""
        return self.value is not None and self.value.purchases.tells_dropout

    @property
    def best(self) -> pd.DataFrame:
        """Those of the `models` that may be called the best of them: converged, inside their bounds."""
        return self.models[~self.models["model"].isin(self.unsettled)]

    @property
    def individual(self) -> dict[str, str]:
        """The forecasts that the evaluator scores, by name."""
        return {} if self.frame is None else {name: name for name in ("expected_value", "expected_purchases")}

    @property
    def off(self) -> pd.Series:
        """How far the purchases that each of the `models` expects are off those made, in % of these; NaN for none."""
        made = self.models["actual"].where(self.models["actual"] > 0)
        return 100 * (self.models["expected"] / made - 1).astype(float)

    @property
    def parameters(self) -> pd.DataFrame:
        """Estimates of both models with standard errors: model, parameter, estimate, se; no row without a value model.

        Times are in weeks.
        """
        fits = ((self.model, self.value.purchases), (SPEND_MODEL, self.value.spend)) if self.value else ()
        rows = [
            (model, *row)
            for model, fit in fits
            for row in zip(fit.parameters._fields, fit.parameters, fit.standard_errors, strict=True)
        ]
        return pd.DataFrame(rows, columns=["model", "parameter", "estimate", "se"])

    def calibration(self, customers: pd.DataFrame, most: int = MOST_REPEATS) -> pd.DataFrame:
        """Mean expected and actual purchases in the holdout by repeat purchases before; the last row is `most` or more.

        `customers` is the table of this forecast. Columns repeat, customers, expected, actual; no row where there is no
        forecast.
        """
        if self.frame is None:
            return pd.DataFrame(columns=["repeat", "customers", "expected", "actual"])
        repeat = customers["repeat"].clip(upper=most)
        both = pd.DataFrame({"expected": self.frame["expected_purchases"], "actual": customers["holdout_purchases"]})
        means = both.groupby(repeat).agg(
            customers=("actual", "size"), expected=("expected", "mean"), actual=("actual", "mean")
        )
        return means.rename_axis("repeat").reset_index()


def forecast_customers(
    table: CustomerTable,
    rate: float,
    model: str = "bg_nbd",
    models: Sequence[str] = PURCHASE_MODELS,
    rhythm: Rhythm | None = None,
    margin: float | Margins = 1.0,
) -> CustomerForecast:
    """The forecast of one table over its holdout by `model` and Gamma–Gamma, beside the other purchase `models`.

    `rate` is the discount a year, `margin` the profit of a unit of spend (`customer_margins`: of each customer). Where
    the customers pay in a `rhythm`, the shifted beta-geometric takes the place of `model`, which then stands beside it
    with the others. Raises EstimationError for a table without a holdout or a model that is not known; customers from
    which a model cannot be estimated (nobody bought twice, …) are a row of `failures`.
    """
    if table.holdout_end is None:
        raise EstimationError("A forecast is compared with a holdout; give the customer table a `holdout_end`.")
    if model not in PURCHASE_MODELS:
        raise EstimationError(f"There is no model {model!r}; use one of {', '.join(PURCHASE_MODELS)}.")
    days, margin = (table.holdout_end - table.cutoff).days, as_margins(margin)
    actual = table.frame["holdout_purchases"]
    rows, failures, unsettled = [], [], []
    value, frame, spend = None, None, None
    others = [model, *models]
    if rhythm is not None:
        model, others = CONTRACT, [CONTRACT, *others]
    for key in dict.fromkeys(others):
        try:
            fitted = CustomerValue.fit(table.frame, key, period_days=rhythm.days if rhythm else None, spend=spend)
            spend = fitted.spend
            forecast = fitted.forecast(days, rate, margin=margin.each)
        except EstimationError as error:
            failures.append((key, str(error)))
            continue
        if key == model:
            value, frame = fitted, forecast
        if not fitted.purchases.settled:
            unsettled.append(key)
        k, log_likelihood = len(fitted.purchases.parameters), fitted.purchases.log_likelihood
        if key == CONTRACT:
            log_likelihood = np.nan
        expected = forecast["expected_purchases"]
        error_of_each = float((expected - actual).abs().mean())
        rows.append(
            (key, k, log_likelihood, 2 * (k - log_likelihood), float(expected.sum()), int(actual.sum()), error_of_each)
        )
    columns = ["model", "parameters", "log_likelihood", "aic", "expected", "actual", "absolute_error"]
    return CustomerForecast(
        model,
        days,
        rate,
        value,
        frame,
        pd.DataFrame(rows, columns=columns),
        pd.DataFrame(failures, columns=["model", "reason"]),
        tuple(unsettled),
        rhythm,
        margin,
    )


class Foreseen(NamedTuple):
    """Segments, how many of them (`inside`) spent what the interval of the outcome holds, and the `worst` foreseen.

    `worst`: the row furthest off in proportion, None where all are inside; `wrong`: more misses than intervals of 95 %
    have by chance (binomial, below 5 %).
    """

    inside: int
    segments: int
    worst: pd.Series | None
    wrong: bool


def foreseen(intervals: pd.DataFrame) -> Foreseen | None:
    """Whether the segments spent what was foreseen of them, by `value_intervals`; None where nobody knows.

    >>> rows = {"group": ["all", "a", "b"], "quantity": SPEND, "estimate": [5, 2, 8], "ci_lower": [4, 1, 7]}
    >>> told = foreseen(pd.DataFrame({**rows, "ci_upper": [6, 3, 9], "actual": [5.0, 2.5, 4.0]}))
    >>> told.inside, told.segments, told.worst["group"], told.wrong
    (1, 2, 'b', False)
    """
    parts = intervals[(intervals["quantity"] == SPEND) & (intervals["group"] != "all")].dropna(subset=["actual"])
    if parts.empty:
        return None
    inside = parts["actual"].between(parts["ci_lower"], parts["ci_upper"])
    missed, held = parts[~inside], int(inside.sum())
    off = np.log(np.maximum(missed["actual"], 1e-9) / missed["estimate"]).abs()
    worst = missed.loc[off.idxmax()] if len(missed) else None
    return Foreseen(held, len(parts), worst, bool(binom.cdf(held, len(parts), 0.95) < RARE))


def value_intervals(
    forecast: CustomerForecast,
    segments: pd.Series,
    resamples: int,
    seed: int,
    spent: pd.Series | None = None,
    most: int | None = None,
) -> tuple[pd.DataFrame, Floats]:
    """Mean P(alive), purchases, spend per purchase, value and spend, of all and of each segment, with 95 % intervals.

    Those of `CustomerValue.intervals`, both models fitted again in each resample: of the mean for a forecast, of the
    outcome for `spend_expected`. Beside it stands in the column `actual` the mean of what the customers have `spent`,
    NaN elsewhere. Segments of fewer than 30 customers are left out: a resample may draw none of them. Of more than
    `most` customers, all of this is of so many `sampled` with the seed, from whom the models are learned as well; its
    intervals are wider than those of everybody would be. Beside the table stand the resamples of the mean value, a row
    each for all and the segments in its order, (groups, usable resamples): the same models value all segments of a
    resample, so that these go up and down together. Both are empty where there is no forecast, or where too few
    customers teach the models in fewer than two resamples.
    """
    columns = ["group", "customers", "quantity", "estimate", "se", "ci_lower", "ci_upper", "actual"]
    empty = pd.DataFrame(columns=columns), np.empty((0, 0))
    if forecast.value is None:
        return empty
    value, places = forecast.value, sampled(len(segments), most, seed)
    try:
        if len(places) < len(segments):
            segments, spent = segments.iloc[places], None if spent is None else spent.iloc[places]
            period = forecast.rhythm.days if forecast.rhythm else None
            value = CustomerValue.fit(value.customers.loc[segments.index], forecast.model, period_days=period)
        size = segments.map(segments.value_counts()).astype(int)
        large = segments.where(size >= SMALL_NUMBER)
        frame, drawn = value.intervals(
            forecast.days, forecast.rate, resamples, seed, large, margin=forecast.margin.each
        )
    except EstimationError:
        return empty
    made = {} if spent is None else {"all": spent.mean(), **spent.groupby(large, observed=True).mean()}
    values = drawn.values.T[frame.loc[frame["quantity"] != SPEND, "quantity"].to_numpy() == "value"]
    return frame.assign(actual=frame["group"].map(made).where(frame["quantity"] == SPEND).astype(float)), values
