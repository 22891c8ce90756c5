"""Customers who buy and leave as BG/NBD has it, with the day on which each left and what each is like."""

import numpy as np
import pandas as pd
from rhythm_cases import BEGIN


def leaving_buyers(n: int, days: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Purchase days of n customers, and of each: rate (a day), dropout, gone (day of the last purchase if it was that).

    λ ~ gamma(1.2), a purchase in 25 days in the mean, p ~ beta(1, 5), tossed after every repeat purchase; everybody
    begins in the first third of the `days`.
    """
    rng = np.random.default_rng(seed)
    rate, dropout = rng.gamma(1.2, 1 / (1.2 * 25), n), rng.beta(1.0, 5.0, n)
    rows, gone = [], np.full(n, np.inf)
    for i in range(n):
        at, lived = float(rng.integers(0, days // 3)), True
        rows.append((i, int(at)))
        while lived:
            at += rng.exponential(1 / rate[i])
            if at >= days:
                break
            rows.append((i, int(at)))
            if rng.random() < dropout[i]:
                gone[i], lived = at, False
    frame = pd.DataFrame(rows, columns=["customer", "day"]).drop_duplicates()
    truth = pd.DataFrame({"rate": rate, "dropout": dropout, "gone": gone}, index=pd.RangeIndex(n).astype(str))
    return frame.assign(day=BEGIN + frame["day"].to_numpy()), truth
