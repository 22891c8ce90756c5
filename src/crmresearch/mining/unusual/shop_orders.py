"""The orders of a shop as they are judged: one row a purchase with its money and pieces, and what was returned.

A purchase is what `crmresearch.data.customers.customer_table` counts: an order where the file has orders, else all that
a customer buys on a day.
"""

from datetime import date

import ibis
import pandas as pd

from crmresearch.data.transactions.transactions import PARTS, Transactions, in_parts

_ = ibis._


def shop_orders(transactions: Transactions, until: date) -> pd.DataFrame:
    """Every purchase: customer, order (missing without a number), day (its first), amount, and pieces where known.

    Lines of zero or more up to the day `until` only, sorted by customer, day and order; amount in the currency, pieces
    the sum of `quantity`.
    """
    bought = transactions.table.filter(in_parts(_.amount) >= 0, _.day <= ibis.date(until))
    order = _.order if transactions.has_orders else ibis.null("string")
    pieces = {"pieces": _.quantity} if "quantity" in transactions.table.columns else {}
    lines = bought.select("customer", "day", order=order, parts=in_parts(_.amount), **pieces)
    lines = lines.mutate(loose=ibis.ifelse(_.order.isnull(), _.day, ibis.null("date")))
    sums = {"day": _.day.min(), "parts": _.parts.sum(), **({"pieces": _.pieces.sum()} if pieces else {})}
    found = transactions.run(lines.group_by("customer", "order", "loose").agg(**sums))
    table = pd.DataFrame({"customer": found["customer"].astype("str"), "order": found["order"]})
    table = table.assign(day=pd.to_datetime(found["day"]), amount=found["parts"].astype("float64") / PARTS)
    if pieces:
        table["pieces"] = found["pieces"].astype("float64")
    return table.sort_values(["customer", "day", "order", "amount"], kind="stable", ignore_index=True)


def shop_returns(transactions: Transactions, until: date) -> pd.DataFrame:
    """Every return up to the day `until`: customer, day, returned (above zero).

    A return is the lines below zero of one order number, and without one of one day.
    """
    if not transactions.returns:
        return pd.DataFrame(
            {"customer": pd.Series(dtype="str"), "day": pd.Series(dtype="datetime64[us]"), "returned": []}
        )
    order = _.order if transactions.has_orders else ibis.null("string")
    lines = transactions.table.select("customer", "day", order=order, parts=in_parts(_.amount)).filter(
        _.parts < 0, _.day <= ibis.date(until)
    )
    found = transactions.run(lines.group_by("customer", "order", "day").agg(parts=_.parts.sum()))
    returned = -found["parts"].astype("float64") / PARTS
    table = pd.DataFrame({"customer": found["customer"].astype("str"), "day": pd.to_datetime(found["day"])})
    return table.assign(returned=returned).sort_values(["customer", "day", "returned"], ignore_index=True)


def returned_since(orders: pd.DataFrame, returns: pd.DataFrame) -> pd.Series:
    """The single return of each order's customer, on its day or later, that is nearest to its amount; 0 without one."""
    columns = orders[["customer", "day", "amount"]].rename_axis("place").reset_index()
    pairs = columns.merge(returns, "inner", "customer")
    pairs = pairs[pairs["day_y"] >= pairs["day_x"]]
    nearest = pairs.assign(off=(pairs["returned"] - pairs["amount"]).abs()).sort_values("off", kind="stable")
    return nearest.groupby("place")["returned"].first().reindex(orders.index, fill_value=0.0)
