"""What one purchase is: all that a customer buys on a day or, where the file has orders, by an order."""

from datetime import date

import ibis
import ibis.expr.types as ir

from crmresearch.caution import Caution
from crmresearch.data.transactions.transactions import Transactions, in_parts

_ = ibis._


def orders_apart(transactions: Transactions, until: date) -> Caution | None:
    """Order numbers that stand on several days of a customer, or at several customers; returns aside.

    Up to and including the day `until`. None where there are none, or no column of orders.
    """
    if not transactions.has_orders:
        return None
    bought = transactions.table.filter(_.order.notnull(), in_parts(_.amount) >= 0, _.day <= ibis.date(until))
    of_customer = bought.group_by("order", "customer").agg(days=_.day.nunique())
    orders = of_customer.group_by("order").agg(several_days=(_.days > 1).any(), several_customers=_.count() > 1)
    sums = orders.aggregate(
        orders=_.count(), several_days=_.several_days.sum(), several_customers=_.several_customers.sum()
    )
    facts: dict[str, object] = {name: int(n) for name, n in transactions.run(sums.fill_null(0)).iloc[0].items()}
    if not (facts["several_days"] or facts["several_customers"]):
        return None
    return Caution("orders_apart", "note", "frequency", facts)


def of_days(lines: ir.Table, returns: bool) -> ir.Table:
    """Of each line the purchase day before it, or its own if a line before it was bought on it, and the first one.

    Lines are ordered instead of grouped by day, for most days of a customer have one line: half the memory. With
    returns it is a running maximum, because days with nothing but returns stand between; without, the line before, in
    three quarters of the time.
    """
    purchase = ibis.ifelse(_.bought, _.day, ibis.null("int32"))
    if returns:
        order = _.day * 2 + (~_.bought).cast("int32")
        before = purchase.max().over(group_by="customer", order_by=order, rows=(None, -1))
    else:
        order = _.day
        before = _.day.lag().over(group_by="customer", order_by=order)
    first = purchase.min().over(group_by="customer", order_by=order, rows=(None, None))
    return lines.mutate(previous=before, first=first)


def opens_day() -> ir.BooleanValue:
    """Whether a line of `of_days` is the first that was bought on its day."""
    return _.bought & (_.previous.isnull() | (_.previous < _.day))


def of_orders(lines: ir.Table, returns: bool) -> ir.Table:
    """Of each line whether it `opens` its order, is `of_first`, the first order, and the day of the order `previous`.

    The first order is the earliest, of two of the same moment that with the smaller number; with it go the returns of
    its day. `returns` changes nothing here.
    """
    order = ["customer", "order", "loose"]
    placed = lines.mutate(loose=ibis.ifelse(_.order.isnull(), _.day, ibis.null("int32")))
    place = ibis.row_number().over(group_by=order, order_by=[(~_.bought).cast("int32"), _.day, _.time])
    opened = placed.mutate(opens=_.bought & (place == 0))
    opening = ibis.ifelse(_.opens, _.day, ibis.null("int32"))
    rank = ibis.row_number().over(
        group_by="customer", order_by=[(~_.opens).cast("int32"), _.day, _.time, _.order.fill_null("")]
    )
    ranked = opened.mutate(
        previous=opening.max().over(
            group_by="customer",
            order_by=[_.day * 2 + (~_.bought).cast("int32"), _.time, (~_.opens).cast("int32")],
            rows=(None, -1),
        ),
        first=opening.min().over(group_by="customer"),
        opens_first=_.opens & (rank == 0),
    )
    in_first = _.opens_first.cast("int32").max().over(group_by=order) == 1
    return ranked.mutate(of_first=in_first | (~_.bought & (_.day == _.first)))
