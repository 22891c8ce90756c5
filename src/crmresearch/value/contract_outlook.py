"""What is to be expected of each customer under contract: renewals, who is left later, and what is still to come."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from crmresearch.value.contract import ContractFit
from crmresearch.value.customer_value import CustomerValue


def contract_outlook(
    value: CustomerValue, days: Mapping[int, int], rate: float, margin: "float | pd.Series" = 1.0
) -> pd.DataFrame:
    """One row a customer of a fitted shifted beta-geometric, at its parameters.

    Columns: renewals (how often each has renewed so far, up to the last payment), renewal_chance (that who still is a
    customer renews the next time: r(t) = (β+t−1) / (α+β+t−1), Fader & Hardie 2007), survival_m (that each still is a
    customer m months on, for the `days` of every horizon: P(alive) S(t+n)/S(t) over the n renewals due in it) and,
    where there is a discount `rate` a year, residual_payments and residual_value: all payments to come without an end,
    discounted from the day each is due, and what they leave at the `margin`: P(alive) × the discounted expected
    residual lifetime (Fader & Hardie 2010) × spend a payment. Without a discount these need not have an end (α ≤ 1),
    and are left out.
    """
    fit = value.purchases
    assert isinstance(fit, ContractFit)
    frame = value.customers
    x, t_x, T = (frame[name].to_numpy(dtype=np.float64) for name in ("repeat", "t_last", "tenure"))
    t_x, T = t_x / value.unit_days, T / value.unit_days
    columns = {"renewals": fit.renewals(t_x).astype(np.int64), "renewal_chance": fit.renewal_chance(t_x, T)}
    for months, horizon in days.items():
        columns[f"survival_{months}"] = fit.survival(x, t_x, T, horizon / value.unit_days)
    if rate > 0:
        endless = value.forecast(np.inf, rate, margin=margin)
        columns |= {"residual_payments": endless["expected_purchases"], "residual_value": endless["value"]}
    return pd.DataFrame(columns, index=frame.index)


def by_renewals(customers: pd.DataFrame, most: int = 12) -> pd.DataFrame:
    """Customers under contract by how often they have renewed, the last row `most` times or more.

    `customers` has the columns of `contract_outlook` and p_alive. Columns renewals, customers, active (expected still
    to be customers: the sum of P(alive)), then of those (means weighted by P(alive)) renewal_chance, the survival
    given that they still are customers, residual_payments and residual_value; missing where hardly one (0.5) is left.
    """
    alive = customers["p_alive"]
    given = [name for name in customers if str(name).startswith(("survival_", "residual_"))]
    parts = customers[given].assign(renewal_chance=customers["renewal_chance"] * alive, active=alive)
    grouped = parts.groupby(customers["renewals"].clip(upper=most))
    sums = grouped.sum()
    means = sums[["renewal_chance", *given]].div(sums["active"].where(sums["active"] >= 0.5), axis=0)
    table = pd.DataFrame({"customers": grouped.size(), "active": sums["active"]}).join(means)
    return table.rename_axis("renewals").reset_index()
