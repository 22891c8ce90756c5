"""What to offer to whom: of each pair beyond chance, the customers who have the one and not the other."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from crmresearch.mining.baskets.association import Associations
from crmresearch.mining.baskets.baskets import Baskets

ALPHA, POWER = 0.05, 0.8  # of the test of an offer


def offers(rules: Associations, today: Baskets, worth: pd.Series, response: float) -> pd.DataFrame:
    """A row a pair beyond chance, in the direction of more sales: antecedent, consequent, owners, targets, …

    `today`: baskets by customer of all that is known; `worth`: mean spend of a purchase of each item. Owners have
    bought the antecedent, `share` of them the consequent; `targets` have not, and are offered it by no pair before:
    who owns what two pairs begin with is offered an item once. `sales`: targets × `response` × worth, what an offer
    would bring if that share of those who get it bought because of it – an assumption, not an estimate. Largest sales
    first.
    """
    place = today.items.get_indexer(rules.baskets.items)
    columns = today.matrix.tocsc()
    rows = []
    for row in rules.told[rules.told["second"] < 0].itertuples():
        one, other = place[row.first], place[row.third]
        if min(one, other) < 0:
            continue
        owners, both = columns[:, [one]].sum(), columns[:, [one]].multiply(columns[:, [other]]).sum()
        value = float(worth.get(row.consequent, np.nan))
        targets = int(owners - both)
        rows.append({
            "antecedent": row.antecedent, "consequent": row.consequent, "first": one, "third": other,
            "beyond": row.beyond, "owners": int(owners), "share": both / owners, "targets": targets, "worth": value,
            "sales": targets * response * value,
        })  # fmt: skip
    columns_ = ["antecedent", "consequent", "first", "third", "beyond", "owners", "share", "targets", "worth", "sales"]
    table = pd.DataFrame(rows, columns=columns_).sort_values("sales", ascending=False, kind="stable")
    key = pd.Series([tuple(sorted(pair)) for pair in zip(table["first"], table["third"], strict=True)], table.index,
                    dtype=object)  # fmt: skip
    return _once(table[~key.duplicated()], today)


def _once(table: pd.DataFrame, today: Baskets) -> pd.DataFrame:
    """The offers with those customers alone who get the item by none before; without any, an offer falls away."""
    counts = target_list(table, today).value_counts(["antecedent", "consequent"])
    pairs = zip(table["antecedent"], table["consequent"], strict=True)
    targets = pd.Series([int(counts.get(pair, 0)) for pair in pairs], table.index, dtype=int)
    table = table.assign(sales=table["sales"] * targets / table["targets"].where(table["targets"] > 0), targets=targets)
    return table[targets > 0].sort_values("sales", ascending=False, kind="stable", ignore_index=True)


def target_list(table: pd.DataFrame, today: Baskets) -> pd.DataFrame:
    """A row a customer and item offered: customer, antecedent, consequent; in the order of the offers, the first of
    which that offers a customer an item counts, then of customers."""
    columns, tables = today.matrix.tocsc(), []
    offered: dict[int, np.ndarray] = {}
    for row in table.itertuples():
        has = columns[:, [row.first, row.third]].toarray()
        reached = (has[:, 0] > 0) & (has[:, 1] == 0) & ~offered.get(row.third, np.zeros(len(has), bool))
        offered[row.third] = offered.get(row.third, False) | reached
        who = today.customers[np.flatnonzero(reached)]
        tables.append(pd.DataFrame({"customer": who, "antecedent": row.antecedent, "consequent": row.consequent}))
    return (
        pd.concat(tables, ignore_index=True)
        if tables
        else pd.DataFrame(columns=["customer", "antecedent", "consequent"])
    )


def base_rates(table: pd.DataFrame, past: Baskets, later: Baskets) -> pd.Series:
    """Of those who had the antecedent and not the consequent at the cut-off, the share who bought it later unasked."""
    bought = {item: set(later.customers[later.matrix[:, [place]].toarray().ravel() > 0])
              for place, item in enumerate(later.items) if item in set(table["consequent"])}  # fmt: skip
    found = []
    for row in table.itertuples():
        ends = past.items.get_indexer([row.antecedent, row.consequent])
        if ends[0] < 0:
            found.append(np.nan)
            continue
        has = past.matrix[:, ends[ends >= 0]].toarray()
        without = (has[:, 0] > 0) & ((has[:, 1] == 0) if has.shape[1] > 1 else True)
        who = past.customers[without]
        after = bought.get(row.consequent, set())
        found.append(float(np.mean([customer in after for customer in who])) if len(who) else np.nan)
    return pd.Series(found, index=table.index, dtype=float)


class Experiment(NamedTuple):
    """The first offer, by `row`, that its customers suffice to test, and of how many that is so (`enough`).

    Where it is so of none, `row` is the first whose test has a size.
    """

    row: pd.Series
    enough: int


def experiment(table: pd.DataFrame) -> Experiment | None:
    """Which of the `offers` can be tested: those with twice the customers `needed`; None where no test has a size."""
    sized = table[table["needed"].notna()] if "needed" in table else table[:0]
    if sized.empty:
        return None
    enough = sized[sized["targets"] >= 2 * sized["needed"]]
    return Experiment((enough if len(enough) else sized).iloc[0], len(enough))


def needed(base: float, response: float) -> float:
    """Customers in each of two random halves, one with the offer, to see that it raises a share `base` by `response`.

    n = (z_{1−α/2} √(2 p̄ q̄) + z_{power} √(p0 q0 + p1 q1))² / (p1 − p0)², two-sided 5 %, power 80 % (Fleiss, Levin & Paik
    2003, ch. 4).

    >>> int(np.ceil(needed(0.10, 0.05)))
    686
    """
    one = base + response
    if not response > 0 or not base >= 0 or one >= 1:
        return float("nan")
    mean = (base + one) / 2
    spread = norm.isf(ALPHA / 2) * np.sqrt(2 * mean * (1 - mean))
    return float(((spread + norm.isf(1 - POWER) * np.sqrt(base * (1 - base) + one * (1 - one))) / response) ** 2)
