"""Forecasts from the front door: what a shop will sell, of a plain frame of purchases or of loaded transactions."""

from datetime import date
from typing import Literal

import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.front.customers import as_transactions
from crmresearch.mining.forecasting import revenue_forecast as engine
from crmresearch.mining.forecasting.forecast_made import RevenueForecast

__all__ = ["revenue_forecast"]


def revenue_forecast(
    purchases: pd.DataFrame | Transactions,
    period: Literal["week", "month"] | None = None,
    horizon: int | None = None,
    *,
    origins: int = 8,
    calibration_end: date | str | None = None,
    until: date | str | None = None,
    seed: int = 0,
    customer: str = "customer",
    time: str = "time",
    amount: str = "amount",
    returns: Literal["net", "drop"] = "net",
    duplicates: Literal["keep", "drop"] = "keep",
    last_day: str | None = None,
) -> RevenueForecast:
    """Purchases, revenue and active customers of the coming weeks or months, by every method, with their record.

    `purchases`: a frame with a line a purchase, whose columns `customer`, `time` and `amount` name, or loaded
    transactions; `returns`, `duplicates` and `last_day` as in `customer_table`. The series has one row a `period`, week
    or month (by default months from three whole years on), whole ones `until` the last day that is known. Forecast are
    `horizon` periods (a quarter, or a sixth of shorter data): by the last period's number, that of a year before,
    exponential smoothing, ARIMA, the sum of the cohorts, and BG/NBD of Fader, Hardie & Lee (2005) summed over the
    customers, with newcomers as in the last quarter. Where customers pay in a `rhythm`, as by contract, BG/NBD is left
    out, and a caution says so.

    What is returned holds frames: `plan` (a row a quantity: the chosen method, estimate, intervals of 80 and 95 %),
    `coming` (a row a quantity, method and period), `coming_sums`, `series.total`, `series.by_cohort`; from `origins`
    earlier days, each forecast with nothing but what was known then, `scores` (MASE of Hyndman & Koehler (2006);
    differences as Diebold & Mariano (1995) and Harvey, Leybourne & Newbold (1997) test them), `coverage` of the
    intervals and `evaluation`; and `tracking`, repeat purchases expected by BG/NBD learned until `calibration_end`
    (half of the data) beside those that came. The same `seed`, the same intervals. Raises ParameterError for what
    cannot be asked, EstimationError where the purchases are too short for any forecast.

    >>> import crmresearch as crm
    >>> forecast = crm.revenue_forecast(crm.load_transactions("cdnow"), "month", origins=0)
    >>> list(forecast.plan.columns[:2]), forecast.plan.index.tolist()
    (['estimate', 'interval_80_lower'], ['purchases', 'revenue', 'active'])
    >>> forecast.series.total[["start", "purchases", "new"]].values.tolist()[0]
    ['1997-01-01', 8767.0, 7846]
    """
    named = {"customer": customer, "time": time, "amount": amount}
    with as_transactions(purchases, **named, returns=returns, duplicates=duplicates, last_day=last_day) as lines:
        return engine.revenue_forecast(
            lines, period, horizon, origins=origins, calibration_end=calibration_end, until=until, seed=seed
        )
