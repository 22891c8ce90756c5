"""Sales of categories in two equal windows before a cut-off: what a portfolio matrix of categories asks for."""

from datetime import date, timedelta

import ibis
import pandas as pd

from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import PARTS, Transactions, in_parts
from crmresearch.errors import ParameterError

_ = ibis._


def category_sales(
    transactions: Transactions, cutoff: date | str, days: int = 91, *, by_customer: bool = False
) -> pd.DataFrame:
    """Columns `category` (text), `current` and `previous` (float64, in the currency), largest current sales first.

    With `by_customer` a row for each customer of a category, `customer` (text) the first column.

    `current` is of the `days` days that end with the cut-off, `previous` of the `days` days before them. Returns are
    netted where the codebook nets them; lines without a category are left out. Amounts are rounded to 1/10,000 first.
    Index it by `category` and give its two columns to `portfolio_matrix`, or that by customer to `told_apart`. Checked
    by hand and against plain pandas.

    Raises ParameterError when there is no column of categories, or when the data do not cover both windows.
    """
    cut = as_date("cutoff", cutoff)
    if transactions.codebook.columns.category is None:
        raise ParameterError(f"{transactions.codebook.key} has no column of categories; it has no sales of categories.")
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise ParameterError(f"`days` must be a whole number of days, 1 or more; it is {days!r}.")
    middle, start = cut - timedelta(days=days), cut - timedelta(days=2 * days)
    if start < transactions.first_day - timedelta(days=1) or cut > transactions.known_until:
        raise ParameterError(
            f"Two windows of {days} days before {cut} reach from {start + timedelta(days=1)} to {cut}, but the "
            f"purchases are known from {transactions.first_day} to {transactions.known_until}; choose "
            f"{_other(transactions, days)}."
        )
    lines = transactions.table.filter(_.day > ibis.date(start), _.day <= ibis.date(cut), _.category.notnull()).mutate(
        parts=in_parts(_.amount)
    )
    keys = ["customer", "category"] if by_customer else ["category"]
    sales = lines.group_by(*keys).agg(
        current=_.parts.sum(where=_.day > ibis.date(middle)).fill_null(0),
        previous=_.parts.sum(where=_.day <= ibis.date(middle)).fill_null(0),
    )
    order = [False, *(True for _ in keys)]
    frame = transactions.run(sales).sort_values(["current", *keys], ascending=order, ignore_index=True)
    money = frame[["current", "previous"]].astype("float64") / PARTS
    return pd.DataFrame({**{key: frame[key].astype("str") for key in keys}, **money})


def _other(transactions: Transactions, days: int) -> str:
    """The cut-offs that two windows of so many days allow, or the longest windows that the data do."""
    earliest = transactions.first_day + timedelta(days=2 * days - 1)
    if earliest <= transactions.known_until:
        return f"a `cutoff` from {earliest} to {transactions.known_until}, or fewer `days`"
    return f"fewer `days`, {((transactions.known_until - transactions.first_day).days + 1) // 2} at most"
