"""Repeat purchases week by week and added up, as a purchase model expects them of its customers, and as they came."""

import numpy as np
import pandas as pd

from crmresearch.mining.forecasting.periods import PurchaseSeries
from crmresearch.value.beta_geometric import fit_bg_nbd


def tracking(series: PurchaseSeries, calibration: int) -> pd.DataFrame:
    """BG/NBD fitted to the first `calibration` periods, and what its customers bought again in each period of all.

    One row a period: end, expected, actual, expected_sum, actual_sum, learned (whether the model has seen it). Repeat
    purchases of customers whose first purchase lies in the calibration, expected as the sum over them of
    E[X(t)] − E[X(t − period)] from each one's own first purchase on (Fader, Hardie & Lee 2005, eq. 9), not given what
    they did: so the fit is seen as well as the forecast. Customers new later are in neither. Checked against BTYD
    2.4.3 and the identity Σ E[X(T_i)]. Raises EstimationError where BG/NBD cannot be fitted.
    """
    known = series.known(calibration)
    fit = fit_bg_nbd(*known.histories())
    first = known.buyers.groupby("customer")["first"].first().to_numpy()
    days, customers = np.unique(first, return_counts=True)
    longest = int(series.bounds[-1] - 1 - days[0])
    # the last day of a period counts whole: who bought first on it has been a customer for 0 days
    of_new = np.array([fit.expected_purchases_of_new(day / 7) for day in range(longest + 1)])
    since = np.maximum(series.bounds[:, None] - 1 - days, 0)
    expected_sum = of_new[since] @ customers
    rows = series.buyers[series.buyers["cohort"] < calibration]
    actual = series.sums(rows)["purchases"]
    begun = rows[(rows["period"] == rows["cohort"]) & (rows["period"] >= 0)]
    actual = actual - np.bincount(begun["period"], minlength=len(series))
    return pd.DataFrame(
        {
            "end": series.ends(),
            "expected": np.diff(expected_sum),
            "actual": actual,
            "expected_sum": expected_sum[1:] - expected_sum[0],
            "actual_sum": actual.cumsum(),
            "learned": np.arange(len(series)) < calibration,
        }
    )
