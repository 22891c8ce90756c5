"""Retention by cohort: who of those that first bought in a month buys again in each month after."""

from datetime import timedelta

import ibis
import pandas as pd

from crmresearch.data.transactions.transactions import Transactions

_ = ibis._


def cohort_retention(transactions: Transactions) -> pd.DataFrame:
    """One row a cohort and month: cohort (month, such as 1997-01), months (since then), customers, share.

    A customer belongs to the month of the first purchase day; `customers` of them bought in the month that lies
    `months` later (0 where nobody did), `share` is of the cohort. Returns (negative lines) are no purchases. The grid
    ends with the last month that the data hold whole, by the codebook's `last_day` or the last purchase: a month of
    nine days says nothing of those who buy on the tenth. Checked against a hand-computed case.
    """
    bought = transactions.table.filter(_.amount >= 0)
    month = (_.day.year() * 12 + _.day.month() - 1).cast("int64")
    active = bought.mutate(month=month).select("customer", "month").distinct()
    first = active.group_by("customer").agg(cohort=_.month.min())
    counted = active.join(first, "customer").group_by("cohort", "month").agg(customers=_.customer.nunique())
    found = transactions.run(counted).astype("int64").set_index(["cohort", "month"])["customers"].sort_index()
    last = last_whole_month(transactions)
    whole = [(cohort, month) for cohort in found.index.unique("cohort") for month in range(cohort, last + 1)]
    grid = pd.MultiIndex.from_arrays([[place[i] for place in whole] for i in (0, 1)], names=found.index.names)
    table = found.reindex(grid, fill_value=0).reset_index().astype("int64")
    size = table[table.cohort == table.month].set_index("cohort")["customers"]
    return pd.DataFrame(
        {
            "cohort": [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in table.cohort],
            "months": table.month - table.cohort,
            "customers": table.customers,
            "share": table.customers / table.cohort.map(size),
        }
    )


def last_whole_month(transactions: Transactions) -> int:
    """The last month, counted from the year 0, of which the data hold every day."""
    after = transactions.known_until + timedelta(days=1)
    return 12 * after.year + after.month - 2


def pooled_retention(cohorts: pd.DataFrame) -> pd.DataFrame:
    """One row a month since the first purchase, of the cohorts that have lived through it: months, customers, share.

    `customers` are those of these cohorts, whether they bought or not; `of_all` their share of all customers.
    """
    size = cohorts[cohorts["months"] == 0].set_index("cohort")["customers"]
    members = cohorts["cohort"].map(size)
    sums = cohorts.assign(members=members).groupby("months", as_index=False)[["customers", "members"]].sum()
    return pd.DataFrame(
        {
            "months": sums["months"],
            "customers": sums["members"],
            "share": sums["customers"] / sums["members"],
            "of_all": sums["members"] / size.sum(),
        }
    )
