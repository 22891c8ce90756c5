"""Purchase days of shops of known making: customers who buy at random, and subscribers whose payments fail."""

from pathlib import Path

import numpy as np
import pandas as pd

CODEBOOK = """kind: transactions
key: {key}
title: {{en: Simulated}}
about: {{en: Simulated customers of known making.}}
file: purchases.csv
committed: false
how_to_get: Simulated.
columns: {{customer: customer, time: day, amount: amount}}
currency: EUR
last_day: "2023-12-31"
rules: {{returns: net, duplicates: keep}}
"""
BEGIN = np.datetime64("2022-01-01")


def random_buyers(n: int, shape: float, gap: float, days: int, seed: int) -> pd.DataFrame:
    """Customers with Poisson purchases, `gap` days apart in the mean, their rates gamma of this `shape`."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(shape, 1 / (shape * gap), n)
    first = rng.integers(0, days // 2, n)
    counts = rng.poisson(rates * (days - first))
    customer = np.concatenate([np.arange(n), np.repeat(np.arange(n), counts)])
    day = np.concatenate([first, np.ceil(rng.uniform(np.repeat(first, counts), days)).astype(int)])
    frame = pd.DataFrame({"customer": customer, "day": BEGIN + day})
    return frame.drop_duplicates().reset_index(drop=True)


def subscribers(
    n: int,
    seed: int,
    churn: tuple[float, float] = (1.0, 19.0),
    failed: float = 0.0,
    late: float = 0.0,
    step: int | None = None,
    last: str = "2023-12-31",
) -> tuple[pd.DataFrame, list[np.datetime64]]:
    """Customers who pay every month on the day they began, or every `step` days, until they leave.

    θ ~ beta(churn) is tossed before each payment after the first, `failed` of which are not made and `late` of which
    come up to eight days later. Their purchase days up to `last`, and the day on which each leaves (or NaT).
    """
    rng = np.random.default_rng(seed)
    end = np.datetime64(last)
    rows, leaving = [], []
    for customer in range(n):
        start = BEGIN + int(rng.integers(0, 300))
        theta, payment = rng.beta(*churn), 0
        while (due := start + step * payment if step else months_later(start, payment)) <= end:
            if payment and rng.random() < theta:
                break
            paid = due + (int(rng.integers(1, 9)) if payment and rng.random() < late else 0)
            if paid <= end and (not payment or rng.random() >= failed):
                rows.append((customer, paid))
            payment += 1
        leaving.append(due if due <= end else np.datetime64("NaT"))
    return pd.DataFrame(rows, columns=["customer", "day"]).drop_duplicates(), leaving


def months_later(day: np.datetime64, months: int) -> np.datetime64:
    """The same day of the month so many months later, or the last of a month that has no such day."""
    return np.datetime64((pd.Timestamp(day) + pd.DateOffset(months=months)).date())


def histories(days: pd.DataFrame, cutoff: str) -> pd.DataFrame:
    """The columns of a customer table that value models read, by customer, of the purchase days up to the cut-off."""
    known = days[days["day"] <= np.datetime64(cutoff)].groupby("customer")["day"].agg(["count", "min", "max"])
    cut = pd.Timestamp(cutoff)
    return pd.DataFrame(
        {
            "repeat": known["count"] - 1,
            "t_last": (known["max"] - known["min"]).dt.days.astype(float),
            "tenure": (cut - known["min"]).dt.days.astype(float),
        }
    )


def shop(folder: Path, days: pd.DataFrame) -> Path:
    """The data set of these purchase days in `folder`, each customer with amounts around a level of their own."""
    rng = np.random.default_rng(1)
    level = rng.gamma(4, 5, days["customer"].nunique())
    amount = level[pd.factorize(days["customer"])[0]] * rng.gamma(5, 0.2, len(days))
    folder.mkdir(parents=True)
    days.assign(amount=amount.round(2) + 0.01).to_csv(folder / "purchases.csv", index=False)
    (folder / "codebook.yaml").write_text(CODEBOOK.format(key=folder.name), encoding="utf-8")
    return folder
