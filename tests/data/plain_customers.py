"""The customer table as a plain pandas program: what the ibis expressions are compared with, and timed against."""

import numpy as np
import pandas as pd


def plain_cleaned(lines: pd.DataFrame, last_day: str) -> tuple[pd.DataFrame, int]:
    """Lines (customer, time, amount) with an id, a time up to the last day and an amount; number of exact copies."""
    copies = int(lines.duplicated().sum())
    future = lines["time"] >= pd.Timestamp(last_day) + pd.Timedelta(days=1)
    return lines[lines["customer"].notna() & lines["time"].notna() & ~future & lines["amount"].notna()], copies


def plain_table(lines: pd.DataFrame, cutoff: str, holdout_end: str, windows: tuple[int, ...] = (91, 182)):
    """The customer table of lines (customer, time, amount) without returns, amounts with two decimals."""
    lines = lines.assign(
        day=lines["time"].to_numpy().astype("datetime64[D]").astype("int64"),
        cents=(lines["amount"] * 100).round().astype("int64"),
    )
    days = lines.groupby(["customer", "day"], sort=True)["cents"].sum().reset_index()
    cut, end = (int(np.datetime64(day, "D").astype("int64")) for day in (cutoff, holdout_end))
    known, later = days[days["day"] <= cut], days[(days["day"] > cut) & (days["day"] <= end)]
    customers = known.groupby("customer")
    table = pd.DataFrame({"frequency": customers.size()})
    first, last = customers["day"].min(), customers["day"].max()
    total, first_cents = customers["cents"].sum(), customers["cents"].first()
    gaps = customers["day"].diff().groupby(known["customer"])
    table["repeat"] = table["frequency"] - 1
    table["recency"] = (cut - last).astype("float64")
    table["tenure"] = (cut - first).astype("float64")
    table["t_last"] = (last - first).astype("float64")
    table["monetary_total"] = total / 100
    table["monetary_mean"] = total / table["frequency"] / 100
    table["repeat_mean"] = (total - first_cents) / table["repeat"].replace(0, np.nan) / 100
    table["gap_mean"] = gaps.mean()
    table["gap_sd"] = gaps.std()
    for d in windows:
        recent = known[known["day"] > cut - d].groupby("customer")["cents"]
        table[f"spend_last_{d}"] = (recent.sum() / 100).reindex(table.index, fill_value=0.0)
        table[f"purchases_last_{d}"] = recent.size().reindex(table.index, fill_value=0)
    holdout = later.groupby("customer")["cents"]
    table["holdout_spend"] = (holdout.sum() / 100).reindex(table.index, fill_value=0.0)
    table["holdout_purchases"] = holdout.size().reindex(table.index, fill_value=0)
    table["holdout_active"] = (table["holdout_purchases"] > 0).astype("int64")
    return table
