"""What is known of newcomers in the first days since their own first purchase, as numbers a model can learn from."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.newcomers.newcomers import day_number, newcomers, own_clock

CATEGORIES = 5  # most often the largest of a first basket, whose share is a feature
RARE = 0.03  # of the customers; a value of an attribute that fewer have is no feature
MOST = 8  # values of an attribute
LOGGED = ("spend", "first_spend", "first_lines", "first_units", "first_products", "purchases")


@dataclass(frozen=True)
class FirstDays:
    """Newcomers after `days` days, by customer.

    `people`: as `newcomers` has them. `table`: the customer table on the own clock, at that day. `features`: the
    numbers, none missing. `meaning`: of each feature its kind and what it is about, such as ("share", "Coffee").
    """

    people: pd.DataFrame
    table: CustomerTable
    features: pd.DataFrame
    meaning: dict[str, tuple[str, str]]
    days: int


def first_days(transactions: Transactions, days: int, quiet_days: int = 0) -> FirstDays:
    """What the first purchase day and the `days` days after it tell of every newcomer; nothing later is looked at.

    Who has not been a customer for so many days yet is left out. Features: purchases, spend, first_spend and size of
    the first basket (log(1 + x); money below 0 counts as 0), t_last (days to the last purchase), close (mean days
    between purchases below 0, `days` where there is none), categories and their shares, discount, hour, weekend, and
    the values of attributes. Constant ones are left out.

    Raises ParameterError and DataError as `newcomers` and `customer_table`.
    """
    clocked = own_clock(transactions)
    people = newcomers(transactions, quiet_days)
    names: list[str] = []
    if "first_category" in people:  # by first baskets: what is bought later must not choose the features
        bought = people["first_category"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        names = [str(name) for name in bought.index[:CATEGORIES]]
    table = customer_table(clocked, transactions.first_day + timedelta(days=days), windows=(), categories=names)
    over = people["came"] + days <= day_number(transactions.known_until)
    people = people[over & people.index.isin(table.frame.index)]
    known = table.frame.loc[people.index]
    features, meaning = _numbers(people, known, names, transactions, days)
    return FirstDays(people, table, features, meaning, days)


def _numbers(
    people: pd.DataFrame, known: pd.DataFrame, categories: list[str], transactions: Transactions, days: int
) -> tuple[pd.DataFrame, dict[str, tuple[str, str]]]:
    """The features of a customer a row, and what each is."""
    found = {
        "purchases": known["frequency"].astype(float),
        "spend": known["monetary_total"],
        "t_last": known["t_last"],
        "close": -known["gap_mean"].fillna(days),
        "weekend": (people["weekday"] >= 5).astype(float),
    }
    for name in ("first_spend", "first_lines", "first_units", "first_products", "first_categories", "hour"):
        if name in people:
            found[name] = people[name].astype(float).fillna(0)
    if "discount_share" in known:
        found["discount"] = known["discount_share"].fillna(0)
    meaning = {name: (name, "") for name in found}
    for name in LOGGED:
        if name in found:
            found[name] = np.log1p(found[name].clip(lower=0))
    for name in categories:
        found[f"share_{name}"], meaning[f"share_{name}"] = known[f"share_{name}"].fillna(0), ("share", name)
    levels = transactions.codebook.levels
    for name in transactions.codebook.demographics:
        if name in levels:
            places = {value: float(i) for i, value in enumerate(levels[name])}
            found[name], meaning[name] = people[name].map(places).astype(float).fillna(-1), ("attribute", name)
            continue
        shares = people[name].value_counts(normalize=True)
        for value in shares[shares.between(RARE, 1 - RARE)].index[:MOST]:
            key = f"{name}={value}"
            found[key], meaning[key] = (people[name] == value).astype(float), ("is", f"{name}: {value}")
    frame = pd.DataFrame(found, index=people.index)
    frame = frame.loc[:, [varies(frame[name]) for name in frame]]
    return frame, {name: meaning[name] for name in frame}


def varies(values: pd.Series) -> bool:
    """Whether not all are the same; none is missing."""
    return bool(values.max() > values.min())
