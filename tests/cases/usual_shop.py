"""A shop in which nothing is unusual: gamma–Poisson customers, lognormal orders, overdispersed days of a week."""

import numpy as np
import pandas as pd

FIRST = pd.Timestamp("2022-01-03")
NO_RETURNS = pd.DataFrame(
    {"customer": pd.Series(dtype="str"), "day": pd.Series(dtype="datetime64[us]"), "returned": []}
)


def usual_shop(seed: int, customers: int = 800, days: int = 400, tail: float = np.inf) -> pd.DataFrame:
    """Orders as `shop_orders` has them, one a customer and day; logarithms of Student t tails if asked."""
    rng = np.random.default_rng(seed)
    bought = 1 + rng.poisson(rng.gamma(1.0, 6.0, size=customers))
    week = np.array([1, 1, 1, 1.1, 1.3, 1.5, 0.6])[np.arange(days) % 7]
    shares = week * np.exp(0.001 * np.arange(days)) * rng.gamma(20, 1 / 20, size=days)
    customer, n = np.repeat(np.arange(customers), bought), int(bought.sum())
    day = FIRST + pd.to_timedelta(rng.choice(days, size=n, p=shares / shares.sum()), unit="D")
    errors = rng.normal(size=n) if np.isinf(tail) else rng.standard_t(tail, size=n)
    amount = np.round(np.exp(rng.normal(3, 0.6, size=customers)[customer] + 0.5 * errors), 2)
    lines = pd.DataFrame({"customer": customer, "day": day, "amount": amount, "pieces": 1.0 + rng.poisson(amount / 15)})
    orders = lines.groupby(["customer", "day"], as_index=False).sum().assign(order=None)
    return orders.assign(customer="c" + orders["customer"].astype("str"))
