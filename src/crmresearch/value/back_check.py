"""A forecast checked one window back: the same fit on what was known then, against what came since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.value.forecast import CustomerForecast, forecast_customers
from crmresearch.value.outlook import holders
from crmresearch.value.rhythm import Rhythm

LARGE, TOO_LARGE = 0.2, 0.5  # errors of a total; a convention of ours
LEAST_LEARNED = 91  # days of purchases from which a rhythm can be learned at all: a quarter, by convention
GROUPS = 10  # of customers in the calibration

QUANTITIES = ("purchases", "spend")
Trust = Literal["usable", "care", "no"]


@dataclass(frozen=True)
class BackCheck:
    """The customers known at an earlier cut-off, what was to be expected of them until the later one, and what came.

    `months`: of the horizon that is checked, None where no horizon fits into the data and half of them are the window.
    `learned`: days from the first purchase of the data to the earlier cut-off.
    """

    months: int | None
    learned: int
    table: CustomerTable
    forecast: CustomerForecast

    @property
    def days(self) -> int:
        """Length of the window."""
        return self.forecast.days

    @cached_property
    def customers(self) -> pd.DataFrame:
        """purchases and spend of each customer in the window, as expected (not discounted) and as they came."""
        assert self.forecast.frame is not None
        expected, came = self.forecast.frame, self.table.frame
        return pd.DataFrame(
            {
                "expected_purchases": expected["expected_purchases"],
                "purchases": came["holdout_purchases"].astype(float),
                "expected_spend": expected["expected_purchases"] * expected["expected_spend"],
                "spend": came["holdout_spend"],
            }
        )

    def error(self, quantity: str) -> float:
        """By how much the expected sum of `purchases` or `spend` is off what came, as a share of it.

        NaN where nothing came or no spend is defined.
        """
        sums = self.customers.sum(min_count=1)
        return float(sums[f"expected_{quantity}"] / sums[quantity] - 1) if sums[quantity] > 0 else np.nan

    def trust(self, quantity: str) -> Trust:
        """How far a forecast is to be trusted that was off so much, over as long a time as it was learned from or less.

        Off by more than a half of what came, or nothing to compare with: no. By a fifth at most, over a whole horizon
        not longer than what was learned from: usable. Else with care.
        """
        error = abs(self.error(quantity))
        if not error <= TOO_LARGE:
            return "no"
        return "usable" if error <= LARGE and self.learned >= self.days and self.months else "care"

    def rank_correlation(self, quantity: str) -> float:
        """Spearman's rank correlation over customers of expected and actual; NaN where one is the same for all."""
        expected, actual = self.customers[f"expected_{quantity}"], self.customers[quantity]
        if min(expected.nunique(), actual.nunique()) < 2:
            return np.nan
        return float(expected.corr(actual, method="spearman"))

    def captured(self, share: float = 0.5) -> tuple[int, float]:
        """How many customers hold this share of the spend expected, and which share of the spend came from them."""
        best, came = holders(self.customers["expected_spend"], share), self.customers["spend"].clip(lower=0)
        return len(best), float(came[best].sum() / came.sum()) if came.sum() > 0 else np.nan

    def calibration(self, groups: int = GROUPS) -> pd.DataFrame:
        """Mean purchases in up to so many groups of customers by the purchases expected, fewest first.

        Columns customers, expected, actual, ci_lower, ci_upper: the interval is that of the mean of what came (±1.96
        standard errors), NaN for one customer. Customers of whom the same is expected are in one group.
        """
        frame = self.customers
        codes = pd.qcut(frame["expected_purchases"], groups, labels=False, duplicates="drop").fillna(0)
        came, expected = (frame.groupby(codes)[name] for name in ("purchases", "expected_purchases"))
        table = pd.DataFrame({"customers": came.size(), "expected": expected.mean(), "actual": came.mean()})
        half = 1.96 * came.std(ddof=1) / np.sqrt(table["customers"])
        return table.assign(ci_lower=table["actual"] - half, ci_upper=table["actual"] + half).reset_index(drop=True)


def back_checks(
    transactions: Transactions, cutoff: date, days: Mapping[int, int], rate: float, rhythm: Rhythm | None = None
) -> tuple[BackCheck, ...]:
    """Every horizon (its `days` by months) that can be checked before the cut-off, one window back each.

    A window fits where `LEAST_LEARNED` days of purchases or more lie before it and the models can be fitted to them.
    Where no horizon does, half of the days that are known are the window; where that is too short too, there is none.
    `rhythm`: that of the outlook, whose model is then checked.
    """
    known = (cutoff - transactions.first_day).days
    windows: dict[int | None, int] = {m: horizon for m, horizon in days.items() if known - horizon >= LEAST_LEARNED}
    if not windows and known // 2 >= LEAST_LEARNED:
        windows = {None: known // 2}
    found = []
    for months, window in windows.items():
        table = customer_table(transactions, cutoff - timedelta(days=window), cutoff)
        forecast = forecast_customers(table, rate, models=(), rhythm=rhythm)
        if forecast.frame is not None:
            found.append(BackCheck(months, known - window, table, forecast))
    return tuple(found)


def checks_table(checks: Sequence[BackCheck]) -> pd.DataFrame:
    """Every check: start, end, learned (days), quantity, expected, actual, off (%) and rank_correlation."""
    rows = [
        {
            "start": str(check.table.cutoff),
            "end": str(check.table.holdout_end),
            "learned": check.learned,
            "quantity": quantity,
            "expected": check.customers[f"expected_{quantity}"].sum(),
            "actual": check.customers[quantity].sum(),
            "off": 100 * check.error(quantity),
            "rank_correlation": check.rank_correlation(quantity),
        }
        for check in checks
        for quantity in QUANTITIES
    ]
    return pd.DataFrame(rows)
