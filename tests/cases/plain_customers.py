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


def plain_shop(
    lines: pd.DataFrame, cutoff: str, holdout_end: str, categories: tuple[str, ...] = (), windows=(91, 182)
) -> pd.DataFrame:
    """The customer table of cleaned lines (customer, time, amount; discount, category, town where there) with returns.

    With a column `order` the lines of one number are a purchase, those without a number a purchase a day.

    A customer at a time in plain Python, for its definitions are to be read here, not to be fast.
    """
    cut, end = (pd.Timestamp(day).toordinal() for day in (cutoff, holdout_end))
    rows = {}
    for customer, own in lines.groupby("customer"):
        day = np.array([time.toordinal() for time in own["time"]])
        paid = (own["amount"] * 10_000).round().to_numpy()
        number = own["order"].to_numpy() if "order" in own else np.full(len(own), None)
        purchase = [f"day {at}" if pd.isna(key) else f"order {key}" for key, at in zip(number, day, strict=True)]
        opened: dict[str, tuple] = {}
        for key, written, time, amount in zip(purchase, number, own["time"], paid, strict=True):
            if amount >= 0:
                moment = (time, "" if pd.isna(written) else written)
                opened[key] = min(opened.get(key, moment), moment)
        days = np.array(sorted(time.toordinal() for time, _ in opened.values()))
        if not len(days) or days[0] > cut:
            continue
        counted, bought = day >= days[0], paid >= 0
        of_first = np.array(purchase) == min(opened, key=lambda key: opened[key])
        known = counted & (day <= cut)
        purchases, after = days[days <= cut], days[(days > cut) & (days <= end)]
        repeat, gaps = len(purchases) - 1, np.diff(purchases)
        first_day = paid[known & (of_first | (~bought & (day == days[0])))].sum()
        row = {
            "frequency": len(purchases),
            "repeat": repeat,
            "recency": float(cut - purchases[-1]),
            "tenure": float(cut - purchases[0]),
            "t_last": float(purchases[-1] - purchases[0]),
            "monetary_total": paid[known].sum() / 10_000,
            "monetary_mean": paid[known].sum() / 10_000 / len(purchases),
            "repeat_mean": (paid[known].sum() - first_day) / 10_000 / repeat if repeat else np.nan,
            "gap_mean": gaps.mean() if len(gaps) else np.nan,
            "gap_sd": gaps.std(ddof=1) if len(gaps) > 1 else np.nan,
        }
        for d in windows:
            row[f"spend_last_{d}"] = paid[known & (day > cut - d)].sum() / 10_000
            row[f"purchases_last_{d}"] = int((purchases > cut - d).sum())
        gross = paid[known & bought].sum()
        for name in categories:
            of = paid[known & bought & (own["category"] == name).to_numpy()].sum()
            row[f"share_{name}"] = of / gross if gross else np.nan
        if "discount" in own:
            off = (own["discount"].abs() * 10_000).round().fillna(0).to_numpy()[known & bought].sum()
            row["discount_share"] = off / (off + gross) if off + gross else np.nan
        if "town" in own:
            row["town"] = max(own["town"].dropna()[known[own["town"].notna()]], default=None)
        row["holdout_spend"] = paid[counted & (day > cut) & (day <= end)].sum() / 10_000
        row["holdout_purchases"] = len(after)
        row["holdout_active"] = int(len(after) > 0)
        rows[str(customer)] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("customer").sort_index()
