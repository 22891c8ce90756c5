"""Shops of known truth: new customers whose first basket tells, or does not tell, how often they come back."""

import numpy as np
import pandas as pd

DAYS = 420  # of data
LAST = str((pd.Timestamp("2020-01-01") + pd.Timedelta(days=DAYS - 1)).date())


def shop(seed: int, n: int = 900, told: float = 1.0, mean: float = 1.2) -> pd.DataFrame:
    """Lines customer, time, amount of `n` newcomers over 390 days; with `told` the rate goes with the first basket.

    Purchases after the first are Poisson of `mean` a 90 days × exp(told · z − told²/2), z the standard normal of the
    log of the first basket; their amounts are drawn alike for everybody, so that only how often one buys is told.
    """
    rng = np.random.default_rng(seed)
    z, came = rng.normal(size=n), rng.integers(0, 390, n)
    rate = mean / 90 * np.exp(told * z - told**2 / 2)
    count = rng.poisson(rate * (DAYS - came))
    who = np.repeat(np.arange(n), count)
    day = came[who] + np.ceil(rng.random(len(who)) * (DAYS - 1 - came[who]))
    lines = pd.DataFrame(
        {
            "customer": np.concatenate([np.arange(n), who]),
            "day": np.concatenate([came, day]),
            "amount": np.round(np.concatenate([20 * np.exp(z / 2), rng.gamma(4, 5, len(who))]), 2),
        }
    )
    lines["time"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(lines["day"], unit="D")
    return lines.drop(columns="day")
