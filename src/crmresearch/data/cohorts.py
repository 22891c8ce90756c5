"""Retention by cohort: who of those that first bought in a month buys again in each month after."""

import ibis
import pandas as pd

from crmresearch.data.transactions import Transactions

_ = ibis._


def cohort_retention(transactions: Transactions) -> pd.DataFrame:
    """One row a cohort and month: cohort (month, such as 1997-01), months (since then), customers, share.

    A customer belongs to the month of the first purchase day; `customers` of them bought in the month that lies
    `months` later, `share` is of the cohort. Returns (negative lines) are no purchases.
    """
    bought = transactions.table.filter(_.amount >= 0)
    month = (_.day.year() * 12 + _.day.month() - 1).cast("int64")
    active = bought.mutate(month=month).select("customer", "month").distinct()
    first = active.group_by("customer").agg(cohort=_.month.min())
    counted = active.join(first, "customer").group_by("cohort", "month").agg(customers=_.customer.nunique())
    table = counted.order_by("cohort", "month").execute()
    size = table[table.cohort == table.month].set_index("cohort")["customers"]
    return pd.DataFrame(
        {
            "cohort": [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in table.cohort],
            "months": (table.month - table.cohort).astype("int64"),
            "customers": table.customers.astype("int64"),
            "share": table.customers / table.cohort.map(size),
        }
    )
