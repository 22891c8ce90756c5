"""Unusual orders, customers and days of a shop: lists that keep a rate of false alarms, and what rests on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.stats import binom

from crmresearch.caution import Caution
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import DataError
from crmresearch.mining.unusual.shop_orders import returned_since, shop_orders, shop_returns
from crmresearch.mining.unusual.tails import require_alpha
from crmresearch.mining.unusual.unusual_customers import customer_numbers, judged_customers
from crmresearch.mining.unusual.unusual_days import judged_days
from crmresearch.mining.unusual.unusual_orders import judged_orders

LISTS = ("orders", "customers", "days")
CHANCE = 0.95  # of clean shops have no more listed than the number from which a list is beyond chance


@dataclass(frozen=True)
class UnusualPurchases:
    """What `unusual_purchases` found: of orders, customers and days (or weeks) every one judged, with `p_value`.

    orders: as `judged_orders`, with `returned` of those listed, the single return of the customer, on that day or
    later, nearest to the amount; customers: as `judged_customers`, index customer; days: as `judged_days`; each with
    `listed`. alpha: the rate of false alarms asked for. summary: list, judged, listed, expected (by chance), most (that
    95 of 100 clean shops have at most), beyond (whether there are more), revenue of those listed and its share.
    without: left_out (none, then each list), purchases, customers, revenue, mean and median purchase, spend_a_customer,
    change of the revenue, a share.
    """

    orders: pd.DataFrame
    customers: pd.DataFrame
    days: pd.DataFrame
    alpha: float
    summary: pd.DataFrame
    without: pd.DataFrame
    cautions: tuple[Caution, ...]

    def listed(self, name: str) -> pd.DataFrame:
        """Those listed of orders, customers or days, the rarest first."""
        table: pd.DataFrame = getattr(self, name)
        return table[table["listed"]].sort_values("p_value", kind="stable")


def unusual_purchases(
    transactions: Transactions, alpha: float = 0.001, seed: int = 0, until: date | None = None
) -> UnusualPurchases:
    """Orders, customers and days that are rarer than one in 1/alpha of their kind, with what they are compared with.

    A usual order (customer, day) is listed with probability `alpha` (0.0001–0.2) or less; that rate holds for tails up
    to those of Student's t with 8 degrees of freedom on the logarithm. The forest is grown with `seed`; `until` is the
    last day that is known. What is compared with what is said by `judged_orders`, `judged_customers` and `judged_days`.
    Lines of zero or more are purchases; returns are a number of the customer. Nothing is left out of anything:
    `without` says what would change.

    Checked: clean shops (gamma–Poisson customers, lognormal orders, overdispersed days) list no more than alpha,
    planted orders, customers and days are found. Raises ParameterError for an impossible alpha, DataError when all
    lines are returns.

    >>> import crmresearch as crm
    >>> found = unusual_purchases(crm.load_transactions("cdnow"))
    >>> found.summary["list"].tolist()
    ['orders', 'customers', 'days']
    """
    require_alpha(alpha)
    last = until or transactions.known_until
    bought = shop_orders(transactions, last)
    if bought.empty:
        raise DataError(
            "There are no purchases to judge:",
            ["Every line of the file is a return (a negative amount); look at the sign of the amounts."],
        )
    period = transactions.first_day, last
    return judged_purchases(bought, shop_returns(transactions, last), *period, alpha, seed)


def judged_purchases(
    orders: pd.DataFrame, returns: pd.DataFrame, first: date, last: date, alpha: float, seed: int
) -> UnusualPurchases:
    """`unusual_purchases` of the frames of `shop_orders` and `shop_returns`, of days from the first to the last."""
    numbers = customer_numbers(orders, returns.groupby("customer")["returned"].sum())
    tables = {
        "orders": judged_orders(orders),
        "customers": judged_customers(numbers, alpha, seed),
        "days": judged_days(orders, first, last),
    }
    tables = {name: table.assign(listed=table["p_value"] <= alpha) for name, table in tables.items()}
    tables["orders"]["returned"] = 0.0
    listed = tables["orders"]["listed"]
    tables["orders"].loc[listed, "returned"] = returned_since(tables["orders"][listed], returns)
    days = tables["days"]
    start = days["day"].where(days["listed"]).dropna()
    length = 7 if (days["unit"] == "week").any() else 1
    covered = pd.DatetimeIndex([day + pd.Timedelta(days=i) for day in start for i in range(length)])
    members = {
        "orders": tables["orders"]["listed"].to_numpy(),
        "customers": orders["customer"].isin(tables["customers"].index[tables["customers"]["listed"]]).to_numpy(),
        "days": orders["day"].isin(covered).to_numpy(),
    }
    total = float(orders["amount"].sum())
    rows = []
    for name, table in tables.items():
        judged, listed = int(table["p_value"].notna().sum()), int(table["listed"].sum())
        most, revenue = int(binom.ppf(CHANCE, judged, alpha)), float(orders["amount"][members[name]].sum())
        share = revenue / total if total > 0 else np.nan
        rows.append((name, judged, listed, alpha * judged, most, listed > most, revenue, share))
    columns = ["list", "judged", "listed", "expected", "most", "beyond", "revenue", "share"]
    return UnusualPurchases(
        **tables, alpha=alpha, summary=pd.DataFrame(rows, columns=columns), without=_without(orders, members),
        cautions=tuple(_cautions(tables)),
    )  # fmt: skip


def _without(orders: pd.DataFrame, members: dict[str, np.ndarray]) -> pd.DataFrame:
    """What was paid with none left out, and without those on each list: left_out, purchases, customers, money."""
    rows = []
    for name, members_of in {"none": np.zeros(len(orders), dtype=bool), **members}.items():
        kept = orders[~members_of]
        customers = kept["customer"].nunique()
        revenue = float(kept["amount"].sum())
        of_customers = revenue / customers if customers else np.nan
        rows.append((name, len(kept), customers, revenue, kept["amount"].mean(), kept["amount"].median(), of_customers))
    table = pd.DataFrame(
        rows, columns=["left_out", "purchases", "customers", "revenue", "mean", "median", "spend_a_customer"]
    )
    return table.assign(change=table["revenue"] / table["revenue"].iloc[0] - 1)


def _cautions(tables: dict[str, pd.DataFrame]) -> Iterator[Caution]:
    judged = {name: bool((table["p_value"] < 1).any()) for name, table in tables.items()}
    if not judged["orders"]:
        yield Caution("orders_not_judged", "note", "", {"count": len(tables["orders"])})
    if not judged["customers"]:
        yield Caution("customers_not_judged", "note", "", {"count": len(tables["customers"])})
    if not judged["days"]:
        yield Caution("days_not_judged", "note", "")
    if free := int(tables["orders"]["p_value"].isna().sum()):
        yield Caution("orders_of_nothing", "note", "", {"count": free})
    days = tables["days"]
    closed = days["p_value"].isna()
    if judged["days"] and closed.any():
        yield Caution(
            "days_closed", "note", "", {"count": int(closed.sum()), "sold": int((days["purchases"][closed] > 0).sum())}
        )
