"""New customers: when each came, what the first purchase day held, and the purchases on each customer's own clock."""

from dataclasses import replace
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.customers import EPOCH
from crmresearch.data.transactions.transactions import PARTS, Transactions, in_parts
from crmresearch.errors import DataError, ParameterError

BURST = 1.5  # times the rate of newcomers later, from which those of the first month are likely old customers
_ = ibis._


def require_days(name: str, value: object, least: int) -> int:
    """A whole number of days, `least` or more; ParameterError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(f"`{name}` must be a whole number of days, {least} or more; it is {value!r}.")
    return int(value)


def day_number(day: date) -> int:
    """Days from 1970-01-01."""
    return (day - EPOCH).days


def as_day(number: float) -> date:
    """The day so many days after 1970-01-01."""
    return EPOCH + timedelta(days=int(number))


def newcomers(transactions: Transactions, quiet_days: int = 0) -> pd.DataFrame:
    """One row a customer whose first purchase lies `quiet_days` or more after the data begin, by `customer` (text).

    `came` (first purchase day, days from 1970), `weekday` (0 is Monday), and of the lines bought on that day
    `first_spend` (money, returns aside), `first_lines`, and where the file has them `first_units`, `first_products`,
    `first_categories`, `first_category` (that of the largest spend, ties by the alphabet), `first_channel` (last in the
    alphabet), `hour` (of the earliest line; only where the times have hours), and each attribute that describes
    customers (of several values the last in the alphabet; text, missing where no line has one). Who was seen first in
    the first days of the data may have bought before they begin: `quiet_days` leaves them out.

    Raises ParameterError for days that cannot be, DataError where nobody is left.
    """
    require_days("quiet_days", quiet_days, 0)
    columns, names = transactions.codebook.columns, transactions.codebook.demographics
    lines = _first_day(transactions)
    has = {role for role in ("product", "category", "channel", "quantity") if getattr(columns, role) is not None}
    found = {
        "first_parts": _.parts.sum().cast("float64"),
        "first_lines": _.count(),
        "hour": _.time.hour().min(),
        **({"first_units": _.quantity.sum()} if "quantity" in has else {}),
        **({"first_products": _["product"].nunique()} if "product" in has else {}),
        **({"first_categories": _.category.nunique()} if "category" in has else {}),
        **({"first_channel": _.channel.max()} if "channel" in has else {}),
        **{f"at_{i}": _[name].cast("string").max() for i, name in enumerate(names)},
    }
    frame = transactions.run(lines.group_by("customer", "came").agg(**found))
    frame = frame.set_index(frame["customer"].astype("str")).drop(columns="customer").sort_index()
    frame["came"] = (pd.to_datetime(frame["came"]) - pd.Timestamp(EPOCH)).dt.days.astype("int64")
    frame = frame[frame["came"] >= day_number(transactions.first_day) + quiet_days]
    if frame.empty:
        raise DataError(
            "There are no new customers:",
            [f"Nobody first bought {quiet_days} days or more after {transactions.first_day}; lower `quiet_days`."],
        )
    frame.insert(1, "weekday", (frame["came"] + 3) % 7)  # 1970-01-01 was a Thursday
    frame.insert(2, "first_spend", frame.pop("first_parts") / PARTS)
    if not frame["hour"].any():
        frame = frame.drop(columns="hour")
    if "category" in has:
        sums = lines.filter(_.category.notnull()).group_by("customer", "category").agg(parts=_.parts.sum())
        ranked = transactions.run(sums).sort_values(["parts", "category"], ascending=[False, True])
        first = ranked.astype({"customer": "str", "category": "str"}).drop_duplicates("customer")
        frame["first_category"] = first.set_index("customer")["category"].reindex(frame.index)
    renamed = frame.rename(columns={f"at_{i}": name for i, name in enumerate(names)})
    return renamed.astype({name: "float64" for name in ("first_units", "hour") if name in renamed})


def _first_day(transactions: Transactions) -> ir.Table:
    """The lines bought on the first purchase day of their customer, `came`; money in ten-thousandths, `parts`."""
    lines = transactions.table.mutate(parts=in_parts(_.amount)).filter(_.parts >= 0)
    return lines.mutate(came=_.day.min().over(group_by="customer")).filter(_.day == _.came)


def purchase_days(transactions: Transactions, customers: pd.Index) -> pd.DataFrame:
    """The days on which these customers bought: `customer` (text), `day` (from 1970), in order, one row each."""
    bought = transactions.table.filter(in_parts(_.amount) >= 0).select("customer", "day").distinct()
    frame = transactions.run(bought)
    days = (pd.to_datetime(frame["day"]) - pd.Timestamp(EPOCH)).dt.days.astype("int64")
    frame = pd.DataFrame({"customer": frame["customer"].astype("str"), "day": days})
    return frame[frame["customer"].isin(customers)].sort_values(["customer", "day"], ignore_index=True)


def own_clock(transactions: Transactions) -> Transactions:
    """The purchases with every customer's days moved so that the first purchase day is the first day of the data.

    A customer table of it at that day + d is what is known of each customer after d days of their own: days, money and
    orders are added by the one chain that does it everywhere. Times of day stay; who never bought is not in it.
    """
    start = transactions.first_day
    came = _.day.min(where=in_parts(_.amount) >= 0).over(group_by="customer")
    moved = transactions.table.mutate(came=came).filter(_.came.notnull())
    after = moved.day.delta(moved.came, unit="day").cast("int32").as_interval("D")
    moved = moved.mutate(day=(ibis.date(start) + after).cast("date")).drop("came")
    return replace(transactions, table=moved)


def may_be_old(came: pd.Series, first_day: date) -> tuple[Caution, ...]:
    """Caution may_be_old where far more a day were first seen in the first 30 days of the data than until the last.

    Where data begin in the life of a shop, its old customers are all first seen then. `times`: the ratio of both rates;
    told from `BURST` on, where it is above 1 beyond chance (95 %, of two Poisson rates, on the log scale).
    """
    after = came.to_numpy() - day_number(first_day)
    early, later = int((after < 30).sum()), int((after >= 30).sum())
    if not early or not later:
        return ()
    times = (early / 30) / (later / (after.max() - 29))
    beyond = np.log(times) > 1.96 * np.sqrt(1 / early + 1 / later)
    return (Caution("may_be_old", "weak", "", {"times": float(times)}),) if times > BURST and beyond else ()
