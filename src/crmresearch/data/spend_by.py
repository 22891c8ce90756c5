"""What customers bought by channel, category or product up to a cut-off: who, how often, for how much."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

import ibis
import pandas as pd

from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import PARTS, Transactions, in_parts
from crmresearch.errors import ParameterError

Role = Literal["channel", "category", "product"]
MOST = 20  # rows of a table of channels, categories or products; the rest is one row
JOINED = " + "
_ = ibis._


def spend_by(transactions: Transactions, role: Role, cutoff: date | str) -> pd.DataFrame:
    """Columns `customer` (text), `item` (text), `purchases` (int64) and `spend` (float64, in the currency).

    One row a customer and value of the column of that `role` bought up to the cut-off; lines without a value are left
    out. Of categories and products, what a customer returned of one is taken off what was bought of it, down to 0; of
    channels it is not, for returns need not go by the channel of the purchase. A purchase is an order or a day, as in
    `customer_table`: one with lines in two channels is a purchase of each. Amounts are rounded to 1/10,000 first.
    Checked against plain pandas.

    Raises ParameterError where the codebook has no such column.
    """
    if getattr(transactions.codebook.columns, role) is None:
        raise ParameterError(f"{transactions.codebook.key} has no column {role}; name it in the codebook.")
    cut = as_date("cutoff", cutoff)
    lines = transactions.table.filter(_.day <= ibis.date(cut), _[role].notnull()).mutate(
        item=_[role], parts=in_parts(_.amount), number=_.order if transactions.has_orders else ibis.null("string")
    )
    bought = _.parts >= 0
    days = _.day.nunique(where=bought & _.number.isnull())  # lines without a number are one purchase a day
    counted = bought if role == "channel" else None
    sums = lines.group_by("customer", "item").agg(
        purchases=_.number.nunique(where=bought) + days, parts=_.parts.sum(where=counted)
    )
    found = transactions.run(sums.filter(_.purchases > 0)).astype({"customer": "str", "item": "str"})
    found = found.sort_values(["customer", "item"], ignore_index=True)
    money = {
        "purchases": found["purchases"].astype("int64"),
        "spend": found["parts"].clip(lower=0).astype("float64") / PARTS,
    }
    return found[["customer", "item"]].assign(**money)


def shares_by(spend: pd.DataFrame, segments: pd.Series, order: Sequence[str]) -> pd.DataFrame:
    """Share of each item, in this order, in the spend of all (`all_customers`) and of each segment that bought any.

    `spend` as `spend_by`, `segments` of customers as a category, whose order the columns have.

    >>> spend = pd.DataFrame({"customer": ["a", "a", "b"], "item": ["shop", "web", "web"], "spend": [1.0, 3.0, 4.0]})
    >>> shares_by(spend, pd.Series({"a": "x", "b": "y"}, dtype="category"), ["web", "shop"]).to_dict("list")
    {'item': ['web', 'shop'], 'all_customers': [0.875, 0.125], 'x': [0.75, 0.25], 'y': [1.0, 0.0]}
    """
    segment = spend["customer"].map(segments.astype(str))
    sums = spend.pivot_table(index="item", columns=segment, values="spend", aggfunc="sum", fill_value=0)
    sums = sums.reindex(order)[[key for key in segments.cat.categories if key in sums]]
    shares = sums.div(sums.sum()).rename_axis(columns=None)
    shares.insert(0, "all_customers", sums.sum(axis=1) / sums.to_numpy().sum())
    return shares.rename_axis("item").reset_index()


def several(spend: pd.DataFrame) -> dict[str, float]:
    """Who bought several items: their share of the `customers` and of the spend (`share`), and their `mean` spend.

    `one`: the mean spend of those who kept to one; means are NaN where there is nobody.

    >>> several(pd.DataFrame({"customer": ["a", "a", "b"], "item": ["shop", "web", "web"], "spend": [1.0, 3.0, 4.0]}))
    {'customers': 0.5, 'share': 0.5, 'mean': 4.0, 'one': 4.0}
    """
    used = spend.groupby("customer").agg(items=("item", "size"), spend=("spend", "sum"))
    more = used["items"] > 1
    money, mean, one = used["spend"][more].sum(), used["spend"][more].mean(), used["spend"][~more].mean()
    told = {"customers": more.mean(), "share": money / used["spend"].sum(), "mean": mean, "one": one}
    return {name: float(value) for name, value in told.items()}


def pooled(spend: pd.DataFrame, others: str, most: int = MOST) -> pd.DataFrame:
    """`spend_by` with the items of the largest spend kept and all others called `others`; one row a customer and item.

    Up to `most` items are kept; ties go by the alphabet.
    """
    kept = largest(spend, most)
    named = spend.assign(item=spend["item"].where(spend["item"].isin(kept), others))
    return named.groupby(["customer", "item"], as_index=False)[["purchases", "spend"]].sum()


def largest(spend: pd.DataFrame, most: int = MOST) -> list[str]:
    """The items with the largest spend, largest first; ties in the order of the alphabet."""
    return [*spend.groupby("item")["spend"].sum().sort_values(ascending=False, kind="stable").index[:most]]


def totals(spend: pd.DataFrame, last: str | None = None) -> pd.DataFrame:
    """One row an item: item, customers, purchases, spend, share (of all spend); largest first, but `last` last."""
    sums = spend.groupby("item").agg(
        customers=("customer", "nunique"), purchases=("purchases", "sum"), spend=("spend", "sum")
    )
    sums["share"] = sums["spend"] / sums["spend"].sum()
    return _in_order(sums, last).reset_index()


def mixes(spend: pd.DataFrame, others: str, most: int = MOST) -> pd.DataFrame:
    """One row a combination of items, such as shop + web: item, items (how many), customers, spend, spend_mean.

    `customers` are those who bought in exactly these, `spend` is theirs, `spend_mean` a customer. Those beyond the
    `most` of the largest spend are one row, `others`, last.
    """
    own = spend.sort_values(["customer", "item"]).groupby("customer").agg(
        item=("item", JOINED.join), items=("item", "size"), spend=("spend", "sum")
    )  # fmt: skip
    sums = own.groupby(["item", "items"], as_index=False).agg(customers=("spend", "size"), spend=("spend", "sum"))
    table = _in_order(sums.set_index("item"), None).reset_index()
    if len(table) > most:
        rest = table[most:]
        row = pd.DataFrame({"item": [others], "customers": [rest["customers"].sum()], "spend": [rest["spend"].sum()]})
        table = pd.concat([table[:most].astype({"items": "Int64"}), row], ignore_index=True)
    return table.assign(spend_mean=table["spend"] / table["customers"])


def _in_order(sums: pd.DataFrame, last: str | None) -> pd.DataFrame:
    """Largest spend first, ties by the alphabet, the item `last` at the end."""
    ordered = sums.sort_index().sort_values("spend", ascending=False, kind="stable")
    at_end = ordered.index == last
    return pd.concat([ordered[~at_end], ordered[at_end]])
