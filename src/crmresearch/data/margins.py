"""What spend leaves: one margin of all of it, or one a category of what was bought, and from these one a customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import ibis
import numpy as np
import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.transactions.transactions import PARTS, Transactions, in_parts
from crmresearch.errors import ParameterError

DEFAULT = "default"  # of every category that has no margin of its own, and of lines without one
MOST_NAMED = 12  # categories that an error lists
_ = ibis._


@dataclass(frozen=True)
class Margins:
    """The margin of the customers of a table: the part of their spend that is left as profit.

    `share`: of all that they bought up to the cut-off, returns aside. `each`: one number where it is one of all spend;
    else of each customer (n,), that of what they bought so far. `named`: the categories with a margin of their own,
    `default` that of all others, None where there are none. `after`: what the spend of each customer in the holdout
    left (n,), every line at the margin of its category and returns netted; None for one number, where it is that part
    of the spend. `categories`: category, margin, spend (up to the cut-off, returns aside), profit and share (of all
    profit), most profit first; no row for one number.
    """

    share: float
    each: "float | pd.Series"
    named: Mapping[str, float] = field(default_factory=dict)
    default: float | None = None
    after: pd.Series | None = None
    categories: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def whole(self) -> bool:
        """Whether all of the spend is kept, so that values are spend."""
        return not self.named and self.share == 1


def as_margins(margin: float | Margins) -> Margins:
    """One number as the margin of every customer; margins as they are."""
    return margin if isinstance(margin, Margins) else Margins(margin, margin)


def customer_margins(
    transactions: Transactions, table: CustomerTable, margin: "float | Mapping[str, float]" = 1.0
) -> Margins:
    """The margin of the customers of `table`, from one number or from numbers by category, each above 0 and at most 1.

    A mapping names categories of the data and, under `default`, the margin of all others and of lines without one:
    `{default: 0.3, Coffee: 0.55}`. Sums are exact, whatever engine adds them. Checked by hand and against plain pandas.

    Raises ParameterError for a margin that cannot be, a category that is not in the data, or one left without a margin.

    >>> import pandas as pd, crmresearch as crm
    >>> transactions = crm.load_transactions("cdnow")
    >>> customer_margins(transactions, crm.customer_table(transactions, "1997-09-30"), 0.3).each
    0.3
    """
    numbers = margin.values() if isinstance(margin, Mapping) else [margin]
    if wrong := [
        one for one in numbers if isinstance(one, bool) or not isinstance(one, int | float) or not 0 < one <= 1
    ]:
        raise ParameterError(f"`margin` must be above 0 and at most 1, such as 0.3 of the spend; one is {wrong[0]}.")
    if isinstance(margin, Mapping) and list(margin) == [DEFAULT]:
        margin = margin[DEFAULT]
    if not isinstance(margin, Mapping):
        return as_margins(margin)
    named = {str(name): float(one) for name, one in margin.items() if name != DEFAULT}
    default = margin.get(DEFAULT)
    sold = _sold(transactions, table)
    _check(transactions, named, default, sold)
    rates = sorted({*named.values(), *([] if default is None else [float(default)])})
    last = 0 if default is None else rates.index(default)
    of_line = ibis.cases(
        *((_.category.cast("string") == name, rates.index(one)) for name, one in named.items()), else_=last
    )
    cut = ibis.date(table.cutoff)
    lines = transactions.table.filter(_.day <= ibis.date(table.holdout_end or table.cutoff)).select(
        "customer", known=_.day <= cut, parts=in_parts(_.amount), rate=of_line
    )
    sums = lines.group_by("customer").agg(
        **{f"bought_{i}": _.parts.sum(where=_.known & (_.parts >= 0) & (_.rate == i)) for i in range(len(rates))},
        **{f"after_{i}": _.parts.sum(where=~_.known & (_.rate == i)) for i in range(len(rates))},
    )
    found = transactions.run(sums)
    found = found.set_index(found["customer"].astype("str")).reindex(table.frame.index)
    bought, after = (
        found[[f"{what}_{i}" for i in range(len(rates))]].astype("float64").fillna(0).to_numpy() / PARTS
        for what in ("bought", "after")
    )
    share = float(bought.sum(axis=0) @ rates / bought.sum()) if bought.sum() > 0 else float(np.mean(rates))
    spent = bought.sum(axis=1)
    each = np.divide(bought @ rates, spent, out=np.full(len(spent), share), where=spent > 0)
    index = table.frame.index
    left = pd.Series(after @ rates, index=index, name="profit") if table.holdout_end else None
    return Margins(
        share, pd.Series(each, index=index, name="margin"), named, default, left, _categories(sold, named, default)
    )


def _sold(transactions: Transactions, table: CustomerTable) -> pd.DataFrame:
    """Every category of the data, missing for lines without one, and its spend up to the cut-off, returns aside."""
    if transactions.codebook.columns.category is None:
        raise ParameterError(
            f"`margin` names categories, but {transactions.codebook.key} has no column of categories; name it under "
            "`columns` in the codebook (category: …), or give one number."
        )
    lines = transactions.table.select(category=_.category.cast("string"), day=_.day, parts=in_parts(_.amount))
    known = (_.day <= ibis.date(table.cutoff)) & (_.parts >= 0)
    found = transactions.run(lines.group_by("category").agg(parts=_.parts.sum(where=known)))
    return pd.DataFrame(
        {
            "category": found["category"].astype(object).where(found["category"].notna(), None),
            "spend": found["parts"].astype("float64").fillna(0) / PARTS,
        }
    )


def _check(transactions: Transactions, named: Mapping[str, float], default: float | None, sold: pd.DataFrame) -> None:
    """A margin for every category of the data, and for none that is not in them."""
    largest = sold.sort_values(["spend", "category"], ascending=[False, True])["category"]
    known = [str(name) for name in largest if name is not None]
    there = ", ".join(known[:MOST_NAMED]) + (f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else "")
    if unknown := [name for name in named if name not in known]:
        near = get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {there}."
        key = transactions.codebook.key
        raise ParameterError(f"`margin` names the category {unknown[0]!r}, which is not in the data of {key}; {hint}")
    without = [name for name in known if name not in named]
    if default is None and (without or sold["category"].isna().any()):
        what = f"the {'category' if len(without) == 1 else 'categories'} {', '.join(without[:MOST_NAMED])}"
        raise ParameterError(
            f"`margin` says nothing of {what if without else 'lines without a category'}; add `default`, the margin of "
            "all others, such as {default: 0.3, …}."
        )


def _categories(sold: pd.DataFrame, named: Mapping[str, float], default: float | None) -> pd.DataFrame:
    bought = sold[sold["spend"] > 0]
    margin = bought["category"].map(named).astype("float64")
    table = bought.assign(margin=margin if default is None else margin.fillna(default))
    table["profit"] = table["margin"] * table["spend"]
    table["share"] = table["profit"] / table["profit"].sum()
    ordered = table.sort_values(["profit", "category"], ascending=[False, True], ignore_index=True)
    return ordered[["category", "margin", "spend", "profit", "share"]]
