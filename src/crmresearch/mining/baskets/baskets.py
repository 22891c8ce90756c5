"""Baskets: which products or categories were bought together, in one order or by one customer, as a sparse matrix."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import Transactions, in_parts
from crmresearch.errors import ParameterError

_ = ibis._
By = Literal["order", "customer"]
Of = Literal["product", "category"]


@dataclass(frozen=True)
class Baskets:
    """Baskets of items: `matrix` (baskets × items, sparse, 1 where an item is in a basket), the names of its `items`.

    `customer` (baskets,): whose basket it is, a place in `customers`. No basket is empty. `by`, `of`: what a basket and
    an item are.
    """

    matrix: sparse.csr_matrix
    items: pd.Index
    customer: NDArray[np.intp]
    customers: pd.Index
    by: By = "order"
    of: Of = "product"

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Number of different items in each basket (baskets,)."""
        return np.diff(self.matrix.indptr).astype(np.intp)

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of baskets that hold each item (items,)."""
        return np.bincount(self.matrix.indices, minlength=len(self.items)).astype(np.intp)

    def described(self) -> dict[str, float]:
        """How many baskets, items and customers there are; mean and largest size, and the share of a single item."""
        sizes = self.sizes
        counted = {"baskets": len(sizes), "items": len(self.items), "customers": len(self.customers)}
        return {**counted, "mean": sizes.mean(), "largest": sizes.max(), "single": (sizes == 1).mean()}

    def rows(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> "Baskets":
        """Some of the baskets, all items."""
        return replace(self, matrix=self.matrix[chosen], customer=self.customer[chosen])

    def holding(self, item: int) -> "Baskets":
        """The baskets that hold an item, without it."""
        inside = self.rows(np.flatnonzero(self.matrix[:, [item]].toarray().ravel()))
        others = sparse.diags_array((np.arange(len(self.items)) != item).astype(np.int32), dtype=np.int32)
        rest = sparse.csr_matrix(inside.matrix @ others)
        rest.eliminate_zeros()
        return replace(inside, matrix=rest)


def find_baskets(
    transactions: Transactions,
    by: By = "order",
    of: Of = "product",
    *,
    after: date | str | None = None,
    until: date | str | None = None,
    leave_out: Sequence[str] = (),
) -> Baskets:
    """The baskets of all that was bought (returns aside) after the day `after`, up to and including the day `until`.

    An order is the lines of one order number of one customer; lines without a number, and all lines where the codebook
    names no column of orders, are one order a day. Of an item that stands in a basket several times, once counts.
    `leave_out`: items that nobody chooses, such as postage. Checked against plain pandas.

    Raises ParameterError where the codebook has no column of products, or of categories, or nothing was bought then.
    """
    if getattr(transactions.codebook.columns, of) is None:
        other = "category" if of == "product" else "product"
        instead = f", or look at baskets of {other}" if getattr(transactions.codebook.columns, other) else ""
        raise ParameterError(
            f"{transactions.codebook.key} has no column {of}: what was bought together is not known; name it under "
            f"`columns` in the codebook{instead}."
        )
    lines = transactions.table.filter(in_parts(_.amount) >= 0, _[of].notnull(), ~_[of].isin([*leave_out, ""]))
    if after is not None:
        lines = lines.filter(_.day > ibis.date(as_date("after", after)))
    if until is not None:
        lines = lines.filter(_.day <= ibis.date(as_date("until", until)))
    key = {"customer": _.customer.cast("string"), "item": _[of]}
    if by == "order":
        number = _.order if transactions.has_orders else ibis.null("string")
        key |= {"order": number.fill_null(""), "loose": ibis.ifelse(number.isnull(), _.day, ibis.null("date"))}
    found = transactions.run(lines.select(**key).distinct())
    if not len(found):
        raise ParameterError(f"{transactions.codebook.key}: nothing was bought in the days asked for; choose others.")
    return baskets_of(found, by, of)


def baskets_of(found: pd.DataFrame, by: By = "order", of: Of = "product") -> Baskets:
    """Baskets of a frame with the columns customer and item and, for orders, order and loose, a row an item of one."""
    customer, customers = pd.factorize(found["customer"], sort=True)
    item, items = pd.factorize(found["item"], sort=True)
    if by == "order":
        order = pd.factorize(found["order"], sort=True)[0].astype(np.int64)
        loose = pd.factorize(found["loose"], sort=True)[0].astype(np.int64) + 1
        number = (customer.astype(np.int64) * (order.max() + 1) + order) * (loose.max() + 1) + loose
        basket = np.unique(number, return_inverse=True)[1]
        whose = np.zeros(basket.max() + 1, dtype=np.intp)
        whose[basket] = customer
    else:
        basket, whose = customer, np.arange(len(customers), dtype=np.intp)
    shape = len(whose), len(items)
    matrix = sparse.csr_matrix((np.ones(len(found), dtype=np.int32), (basket, item)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    matrix.sort_indices()
    return Baskets(matrix, pd.Index(items.astype(str)), whose, pd.Index(customers.astype(str)), by, of)


def item_names(transactions: Transactions, column: str, of: Of = "product") -> dict[str, str]:
    """Item → the name that a column of the file gives it most often, the first of the alphabet of several.

    Raises ParameterError where the file has no such column.
    """
    if column not in transactions.file_columns:
        columns = ", ".join(transactions.file_columns)
        raise ParameterError(f"`names`: the file has no column {column!r}; name another: {columns}.")
    written = f"written_{transactions.file_columns.index(column)}"
    lines = transactions.read.filter(_.rule.isnull(), _[of].notnull(), _[written].notnull())
    counted = lines.group_by(item=_[of], name=_[written].cast("string").strip()).agg(lines=_.count())
    found = transactions.run(counted).sort_values(["lines", "name"], ascending=[False, True])
    first = found[found["name"] != ""].drop_duplicates("item")
    return dict(zip(first["item"].astype(str), first["name"].astype(str), strict=True))
