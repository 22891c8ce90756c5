"""Simulated customers of known classes, in the columns of the customer table."""

import numpy as np
import pandas as pd


def simulated_customers(n: int = 1500, seed: int = 1) -> pd.DataFrame:
    """Customers of three classes; `rate` and the column `true_class` say which, the holdout depends on nothing else."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, n)
    rate = np.array([0.3, 2.0, 8.0])[true]
    ticket = np.array([20.0, 30.0, 60.0])[true]
    tenure = rng.integers(200, 273, n).astype(float)
    repeat = np.minimum(rng.poisson(rate), 60)
    frequency = 1 + repeat
    last = np.where(repeat > 0, np.floor(tenure * rng.beta(frequency, 1.5, n)), 0.0)
    gap = np.where(repeat > 0, last / np.maximum(repeat, 1), np.nan)
    mean = ticket * rng.gamma(10, 0.1, n)
    recent = rng.binomial(frequency, 0.5)
    half = rng.binomial(recent, 0.5)
    bought = rng.poisson(rate)
    return pd.DataFrame(
        {
            "frequency": frequency,
            "repeat": repeat,
            "recency": tenure - last,
            "tenure": tenure,
            "t_last": last,
            "monetary_total": mean * frequency,
            "monetary_mean": mean,
            "repeat_mean": np.where(repeat > 0, mean, np.nan),
            "gap_mean": gap,
            "gap_sd": np.where(repeat > 1, gap * rng.gamma(10, 0.08, n), np.nan),
            "spend_last_91": mean * half,
            "spend_last_182": mean * recent,
            "purchases_last_91": half,
            "purchases_last_182": recent,
            "expected_value": mean * frequency * rng.gamma(10, 0.1, n),
            "p_alive": rng.beta(2, 2, n),
            "holdout_spend": bought * ticket * rng.gamma(10, 0.1, n),
            "holdout_purchases": bought,
            "holdout_active": (bought > 0).astype(int),
            "true_class": true,
        },
        index=pd.Index([f"c{i:05d}" for i in range(n)], name="customer"),
    )
