"""From transactions to the customer table: one row a customer, what was known at the cut-off and what came after.

One chain of ibis expressions. Money is added in whole ten-thousandths and days as whole numbers, so that every sum
is exact and the table is the same whatever engine adds it, with any number of workers, in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmresearch.caution import Caution, Severity
from crmresearch.data.documents import shown
from crmresearch.data.purchases import of_days, of_orders, opens_day, orders_apart
from crmresearch.data.reserved_columns import FEATURES, OUTCOMES
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.counts import counts_frame
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import PARTS, Transactions, in_parts
from crmresearch.data.wording import counted
from crmresearch.errors import DataError, ParameterError

EPOCH = date(1970, 1, 1)
MATTERS = 0.01  # share of the lines or customers beyond which the numbers of a report change
_ = ibis._


@dataclass(frozen=True)
class CustomerTable:
    """Customers at a cut-off date.

    `frame`: index `customer` (text, sorted), the columns that `customer_table` describes. `counts`: `rule`, `rows`,
    `treatment`: those of the transactions, then the customers that are not in the frame. Days up to and including
    `cutoff` are known; outcomes are of the days after it up to and including `holdout_end`, if there is one.
    `cautions`: early_returns, where returns before a customer's first purchase day are not netted; negative_totals,
    where customers of the frame returned more than they bought; orders_apart, where an order number stands on several
    days or at several customers.
    """

    frame: pd.DataFrame
    cutoff: date
    holdout_end: date | None
    counts: pd.DataFrame
    codebook: TransactionsCodebook
    unit_days: float
    cautions: tuple[Caution, ...] = ()


def customer_table(
    transactions: Transactions,
    cutoff: date | str,
    holdout_end: date | str | None = None,
    windows: Sequence[int] = (91, 182),
    *,
    categories: Sequence[str] = (),
    attributes: Sequence[str] = (),
    unit_days: float = 1,
) -> CustomerTable:
    """One row per customer with a purchase on or before the cut-off.

    Where the codebook has a column of orders, a purchase is an order: the lines with one number of one customer, on the
    day of the first of them that is zero or more; two orders of a day are two purchases. Lines without a number, and
    all lines where there are no orders, are one purchase a day. Money counts on the day of its line. Returns (negative
    lines, where the codebook nets them) are no purchase and count in sums of money from the customer's first purchase
    day on: what was returned before it was bought before the data begin, and is of no purchase in them. `counts` and
    `cautions` say how much that is.

    Counts (int64): `frequency` (purchases), `repeat` (= frequency − 1), `purchases_last_<d>` (purchases in the d days
    that end with the cut-off). Times (float64, in units of `unit_days` days): `recency` (last purchase to cut-off),
    `tenure` (first purchase to cut-off: T of BG/NBD), `t_last` (first to last purchase: t_x), `gap_mean`, `gap_sd` (of
    the days between purchases; divisor n − 1; NaN for fewer than one and two gaps). Money (float64): `monetary_total`,
    `monetary_mean` (per purchase), `repeat_mean` (all but the lines of the first purchase and returns on its day, per
    repeat purchase; NaN without one: the input of Gamma–Gamma), `spend_last_<d>`. With `categories`:
    `share_<category>` of what was bought (returns aside; NaN if that is 0). With a discount column: `discount_share`
    = discount / (discount + what was paid), returns aside. `attributes`: the named columns, the largest value of a
    customer (of text the last in the alphabet; where the codebook has `levels`, ordered categories and the highest),
    missing where no line has one. With `holdout_end`: `holdout_spend` (returns netted), `holdout_purchases`,
    `holdout_active` (0/1, a purchase).

    Amounts are rounded to 1/10,000 of the currency first. Checked against a hand-computed case, a plain pandas
    program (CDNOW, Online Retail, a generated shop with returns, discounts, categories and zones) and, on CDNOW, the
    published x, t_x, T (Fader, Hardie & Lee 2005, Marketing Science 24, 275–284).

    Raises ParameterError for impossible dates (also later than the codebook's `last_day`, without one than the last
    line), windows, categories or attributes, and DataError when nobody has bought by the cut-off.
    """
    cut, end = as_date("cutoff", cutoff), None if holdout_end is None else as_date("holdout_end", holdout_end)
    _check(transactions, cut, end, windows, categories, attributes, unit_days)
    chain = customer_expression(transactions, cut, end, windows, categories, attributes)
    everybody = transactions.run(chain)
    frame = everybody[everybody["frequency"] > 0]
    if frame.empty:
        raise DataError("There is no customer table:", [_nobody(transactions, cut)])
    frame = frame.set_index(frame["customer"].astype("str")).drop(columns="customer").sort_index()
    # customers of the chain are those who bought by the end of the holdout, which may be all there are
    buyers = len(everybody) if (end or cut) >= transactions.last_day else transactions.buyers
    early = early_returns(transactions, cut, len(frame))
    told = [
        (counted("rule.in_table"), len(frame), ""),
        (counted("rule.later", cutoff=cut), buyers - len(frame), counted("treatment.not_in_table")),
    ]
    if early is not None:
        facts = {"money": early.facts["money"], "currency": transactions.codebook.currency}
        told.append((counted("rule.early_return"), early.facts["lines"], counted("treatment.not_netted", **facts)))
    added = counts_frame(told)
    counts = pd.concat([transactions.counts, added], ignore_index=True)
    frame = _with_levels(_finished(frame, categories, attributes, unit_days), transactions, attributes)
    found = (early, _negative_totals(frame), orders_apart(transactions, end or cut))
    cautions = tuple(caution for caution in found if caution is not None)
    return CustomerTable(frame, cut, end, counts, transactions.codebook, unit_days, cautions)


def early_returns(transactions: Transactions, cutoff: date, customers: int) -> Caution | None:
    """Returns up to the cut-off before the first purchase day of their customer, who may have none.

    `customers`: how many are in the table; grave where more than 1 % of them, or of the lines, are touched.
    """
    if not transactions.returns:
        return None
    lines = transactions.table.select("customer", "day", parts=in_parts(_.amount))
    first = _.day.min(where=_.parts >= 0).over(group_by="customer")
    early = lines.mutate(first=first).filter(
        _.parts < 0, _.day <= ibis.date(cutoff), _.first.isnull() | (_.day < _.first)
    )
    known = _.first <= ibis.date(cutoff)
    sums = early.aggregate(
        lines=_.count(),
        parts=_.parts.sum().cast("float64"),
        customers=_.customer.nunique(where=known),
        of_customers=_.parts.sum(where=known).fill_null(0).cast("float64"),
    )
    found = transactions.run(sums).iloc[0]
    if not int(found["lines"]):
        return None
    facts: dict[str, object] = {"lines": int(found["lines"]), "money": -float(found["parts"]) / PARTS}
    facts |= {"customers": int(found["customers"]), "of_customers": -float(found["of_customers"]) / PARTS}
    facts |= {"currency": transactions.codebook.currency}
    share = max(int(found["lines"]) / transactions.rows, int(found["customers"]) / customers)
    return Caution("early_returns", "weak" if share > MATTERS else "note", "monetary_total", facts)


def _negative_totals(frame: pd.DataFrame) -> Caution | None:
    """Customers who returned more than they bought."""
    negative = frame["monetary_total"] < 0
    if not negative.any():
        return None
    facts = {"customers": int(negative.sum()), "share": float(negative.mean())}
    facts |= {"money": -float(frame.loc[negative, "monetary_total"].sum())}
    facts |= {"total": float(frame["monetary_total"].sum())}
    severity: Severity = "weak" if facts["share"] > MATTERS or facts["total"] <= 0 else "note"
    return Caution("negative_totals", severity, "monetary_total", facts)


def customer_expression(
    transactions: Transactions,
    cutoff: date,
    holdout_end: date | None,
    windows: Sequence[int],
    categories: Sequence[str],
    attributes: Sequence[str],
) -> ir.Table:
    """The chain lines → lines in the order of their days → customers; money in ten-thousandths, times in days."""
    cut = (cutoff - EPOCH).days
    discounts = "discount" in transactions.table.columns
    levels = transactions.codebook.levels

    def ranked(name: str) -> ir.Value:
        if name not in levels:
            return _[name]
        places = [(_[name].cast("string") == value, place) for place, value in enumerate(levels[name])]
        # what is not among the levels ranks above them, so that a maximum never hides it
        return ibis.cases((_[name].isnull(), ibis.null("int64")), *places, else_=len(places))

    # attributes and categories go by numbers: no name of theirs meets a name of the chain, or another in other case
    at = {f"at_{i}": ranked(name) for i, name in enumerate(attributes)}
    orders = transactions.has_orders
    lines = transactions.table.filter(_.day <= ibis.date(holdout_end or cutoff)).select(
        "customer",
        *(["order", "time"] if orders else []),
        day=_.day.delta(ibis.date(EPOCH), unit="day").cast("int32"),
        parts=in_parts(_.amount),
        **({"category": _.category} if categories else {}),
        **({"discount": _.discount} if discounts else {}),
        **at,
    )
    bought, nothing = _.parts >= 0, ibis.null("int64")
    gross = {"gross": ibis.ifelse(bought, _.parts, nothing)} if categories or discounts else {}
    off = {"off": ibis.ifelse(bought, in_parts(_.discount.abs()), nothing)} if discounts else {}
    of = {f"of_{i}": ibis.ifelse(bought & (_.category == name), _.parts, nothing) for i, name in enumerate(categories)}
    kept = ["customer", "day", "parts", *(["order", "time"] if orders else [])]
    of_line = lines.select(*kept, bought=bought, **gross, **off, **of, **{n: _[n] for n in at})
    of_line = (of_orders if orders else of_days)(of_line, transactions.returns > 0)
    of_line = of_line.filter(_.bought | _.previous.notnull())
    known = _.day <= cut
    opens, of_first = (_.opens, _.of_first) if orders else (opens_day(), _.day == _.first)
    paid = opens & known
    gap = (_.day - _.previous).cast("int64")
    recent = {}
    for d in windows:
        recent[f"spend_last_{d}"] = _.parts.sum(where=known & (_.day > cut - d)).fill_null(0)
        recent[f"purchases_last_{d}"] = _.count(where=paid & (_.day > cut - d))
    outcomes = {}
    if holdout_end is not None:
        outcomes["holdout_spend"] = _.parts.sum(where=_.day > cut).fill_null(0)
        outcomes["holdout_purchases"] = _.count(where=opens & (_.day > cut))
    customers = of_line.group_by("customer").agg(
        frequency=_.count(where=paid),
        first=_.day.min(where=paid),
        last=_.day.max(where=paid),
        monetary_total=_.parts.sum(where=known),
        first_parts=_.parts.sum(where=known & of_first),
        gap_squares=(gap * gap).sum(where=paid),
        **recent,
        **{name: _[name].sum(where=known).fill_null(0) for name in [*gross, *off, *of]},
        **{name: _[name].max(where=known) for name in at},
        **outcomes,
    )
    n, gaps = _.frequency - 1, (_.last - _.first).cast("int64")
    # as sums, engines give wider types, which would come back as one Python object a number
    money = [name for name in ("monetary_total", *recent, *outcomes) if "purchases" not in name]
    derived = customers.mutate(
        repeat=n,
        recency=cut - _.last,
        tenure=cut - _.first,
        t_last=_.last - _.first,
        monetary_mean=_.monetary_total / _.frequency,
        repeat_mean=(_.monetary_total - _.first_parts) / n.nullif(0),
        gap_mean=gaps / n.nullif(0),
        gap_sd=((n * _.gap_squares - gaps * gaps) / (n * (n - 1)).nullif(0)).sqrt(),
        **{f"share_{i}": _[f"of_{i}"] / _.gross.nullif(0) for i in range(len(categories))},
        **({"discount_share": _.off / (_.off + _.gross).nullif(0)} if discounts else {}),
        **({"holdout_active": (_.holdout_purchases > 0).cast("int64")} if outcomes else {}),
    )
    derived = derived.mutate(**{name: _[name].cast("float64") for name in money})
    shares = [*(f"share_{i}" for i in range(len(categories))), *(["discount_share"] if discounts else [])]
    return derived.select("customer", *FEATURES, *recent, *shares, *at, *(OUTCOMES if outcomes else []))


def _nobody(transactions: Transactions, cutoff: date) -> str:
    """Nobody has bought by the cut-off, and the day on which somebody has."""
    bought = transactions.table.filter(in_parts(_.amount) >= 0)
    first = transactions.run(bought.day.min())
    if pd.isna(first):
        return "Every line of the file is a return (a negative amount); look at the sign of the amounts."
    return (
        f"Nobody has bought by the cut-off {cutoff}; the first purchase is of {pd.Timestamp(first).date()}, choose a "
        "later cut-off."
    )


def _finished(
    frame: pd.DataFrame, categories: Sequence[str], attributes: Sequence[str], unit_days: float
) -> pd.DataFrame:
    """Money in the currency, times in the unit asked for, one type a column on every engine, shares and attributes
    by their names."""
    finished = frame.copy()
    at = {f"at_{i}": name for i, name in enumerate(attributes)}
    for name in frame.columns.difference(list(at), sort=False):
        if name.startswith(("monetary_", "spend_last_")) or name in ("repeat_mean", "holdout_spend"):
            finished[name] = frame[name].astype("float64") / PARTS
        elif name in ("recency", "tenure", "t_last", "gap_mean", "gap_sd"):
            finished[name] = frame[name].astype("float64") / unit_days
        else:
            finished[name] = frame[name].astype("float64" if "share" in name else "int64")
    return finished.rename(columns={**at, **{f"share_{i}": f"share_{name}" for i, name in enumerate(categories)}})


def _with_levels(frame: pd.DataFrame, transactions: Transactions, attributes: Sequence[str]) -> pd.DataFrame:
    """Attributes with levels as ordered categories; they come as the place of the value among its levels."""
    book, named = transactions.codebook, frame.copy()
    for name in attributes:
        if values := book.levels.get(name):
            codes = frame[name].astype("float64").fillna(-1).astype("int64")
            if (codes == len(values)).any():
                found = transactions.table[name].cast("string")
                other = transactions.table.filter(~found.isin(values)).select(value=found).distinct()
                others = transactions.run(other)["value"]
                raise DataError(
                    f"{transactions.path.name} does not fit {shown(book.path)}:",
                    [f"Column {name} holds {min(others)!r}, which levels.{name} does not name; add it there."],
                )
            named[name] = pd.Categorical.from_codes(codes, categories=list(values), ordered=True)
    return named


def _check(
    transactions: Transactions,
    cutoff: date,
    holdout_end: date | None,
    windows: Sequence[int],
    categories: Sequence[str],
    attributes: Sequence[str],
    unit_days: float,
) -> None:
    first, until, book = transactions.first_day, transactions.known_until, transactions.codebook
    middle = transactions.thirds[1]
    if cutoff < first:
        raise ParameterError(
            f"The cut-off {cutoff} lies before the first purchase on {first}; choose a day from {first} to {until}, "
            f"such as {middle}."
        )
    if holdout_end is not None and cutoff == until:
        raise ParameterError(
            f"No day is known after the cut-off {cutoff}, on which the data end, so that nothing can be scored; choose "
            f"an earlier cut-off, such as {middle}."
        )
    for what, end in (("The cut-off", cutoff), ("The end of the holdout", holdout_end)):
        if end is not None and end > until:
            why = (
                f"purchases are known until {until}, the `last_day` of {shown(book.path)}; choose a day up to then"
                if book.last_day
                else f"the last purchase is of {until}; choose a day up to then or, if the data are complete until "
                f"{end}, set `last_day` in {shown(book.path)}"
            )
            such = f" (such as {middle} for the cut-off)" if end == cutoff else ""
            raise ParameterError(f"{what}, {end}, lies after the data: {why}{such}.")
    if holdout_end is not None and holdout_end <= cutoff:
        raise ParameterError(
            f"The holdout ends on {holdout_end}, not after the cut-off {cutoff}; choose a later day, "
            f"{cutoff + timedelta(days=1)} at the earliest."
        )
    for d in windows:
        if isinstance(d, bool) or not isinstance(d, int | np.integer) or d < 1:
            raise ParameterError(f"`windows` must be whole numbers of days, 1 or more; one of them is {d!r}.")
    if len(set(windows)) < len(windows):
        raise ParameterError(f"`windows` names a number of days twice: {', '.join(map(str, windows))}.")
    if not unit_days > 0:
        raise ParameterError(f"`unit_days` must be a number of days above 0; it is {unit_days!r}.")
    if categories and transactions.codebook.columns.category is None:
        raise ParameterError(f"{transactions.codebook.key} has no column of categories; leave `categories` empty.")
    if unknown := [name for name in attributes if name not in transactions.codebook.attributes]:
        known = ", ".join(transactions.codebook.attributes) or "none"
        raise ParameterError(f"{transactions.codebook.key} has no attribute {unknown[0]!r}; there are {known}.")
