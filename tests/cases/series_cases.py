"""Purchases for forecasts: a simulated shop that goes on, and the published CDNOW sample as a series of weeks."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from clv_cases import cdnow

from crmresearch.mining.forecasting.periods import PurchaseSeries

START = date(2020, 1, 1)


def shop(weeks: int, seed: int, arrivals: float = 12.0, stop: int | None = None) -> pd.DataFrame:
    """Lines of a shop to which `arrivals` new customers a week come, until week `stop`, and buy as BG/NBD has it."""
    rng = np.random.default_rng(seed)
    lines: list[tuple[str, date, float]] = []
    for week in range(stop or weeks):
        for i in range(rng.poisson(arrivals)):
            day, rate, coin = 7 * week + int(rng.integers(7)), rng.gamma(0.8) / 6, rng.beta(0.8, 2.5)
            while day < 7 * weeks:
                lines.append((f"c{week}_{i}", START + timedelta(days=day), float(np.round(rng.gamma(4) * 8, 2))))
                if len(lines) > 1 and rng.random() < coin:
                    break
                day += 1 + int(rng.exponential(7 / rate))
    # somebody buys on the first and on the last day, so that all weeks are whole
    lines += [("first", START + timedelta(days=day), 10.0) for day in (0, 7 * weeks - 1)]
    return pd.DataFrame(lines, columns=["customer", "time", "amount"])


def published() -> PurchaseSeries:
    """The 2,357 customers of the CDNOW sample at the end of week 39, of whom first and last purchase are known."""
    rows = cdnow()
    one = rows.loc[rows.index.repeat(rows["customers"])].reset_index(drop=True)
    first = (39 * 7 - 1 - (7 * one["T"]).round()).astype(int)
    last = first + (7 * one["t_x"]).round().astype(int)
    begun = pd.DataFrame({"customer": one.index, "first": first, "last": first, "purchases": 1})
    again = pd.DataFrame({"customer": one.index, "first": first, "last": last, "purchases": one["x"].astype(int)})
    both = pd.concat([begun, again[one["x"] > 0]])
    both = both.assign(period=both["last"] // 7, cohort=both["first"] // 7, revenue=30.0 * both["purchases"])
    buyers = both.groupby(["customer", "period"], as_index=False).agg(
        {"first": "first", "last": "max", "cohort": "first", "purchases": "sum", "revenue": "sum"}
    )
    return PurchaseSeries("week", 7 * np.arange(40), buyers, "USD")
