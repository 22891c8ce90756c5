"""The lines of a file as customer, time and amount, each with the rule that leaves it out, if one does."""

from collections.abc import Mapping
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from crmresearch.data.survey.codebook import as_text
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.times import EARLIEST, LocalTimes

TEXT_ROLES = ("order", "product", "category", "channel")
NUMBER_ROLES = ("discount", "quantity")
_MINUS = "\N{MINUS SIGN}"
LARGEST_AMOUNT = 1e12  # beyond it an amount is no amount; sums of 10⁻⁴ of it still fit into 64 bits


def typed_lines(
    lines: ir.Table,
    codebook: TransactionsCodebook,
    local: LocalTimes,
    last: date,
    more: Mapping[str, ir.Value] | None = None,
) -> ir.Table:
    """The columns of `Transactions.table`, `clock` (that of `local`, if any) and `rule`.

    `rule` is null where the line is kept, else the first rule that leaves it out. `more`: other columns of the lines
    to come with it.
    """
    columns = codebook.columns
    amount = read_number(lines[columns.amount], codebook.decimal)
    numbers = {
        role: read_number(lines[name], codebook.decimal)
        for role, name in columns.named().items()
        if role in NUMBER_ROLES
    }
    if codebook.amount_per == "unit":
        amount = amount * numbers["quantity"]
    texts = {role: _text(lines[name]) for role, name in columns.named().items() if role in TEXT_ROLES}
    customer = _customer(lines[columns.customer], codebook.customer_ids == "alike")
    if codebook.missing_codes:
        codes = [as_text(code) for code in codebook.missing_codes]
        customer = ibis.ifelse(customer.cast("string").isin(codes), ibis.null(customer.type()), customer)
    typed = lines.select(
        customer=customer,
        time=local.times,
        amount=amount,
        **texts,
        **numbers,
        **{name: lines[name] for name in codebook.attributes},
        **({} if local.clock is None else {"clock": local.clock}),
        **({} if columns.currency is None else {"another_currency": _another(lines[columns.currency], codebook)}),
        **(more or {}),
    )
    typed = typed.mutate(day=typed.time.date()).relocate("day", after="time")
    wrong = [
        (typed.customer.isnull(), "customer"),
        (typed.time.isnull(), "time"),
        (typed.time < ibis.timestamp(f"{codebook.first_day or EARLIEST} 00:00:00"), "early"),
        (typed.time >= ibis.timestamp(f"{last + timedelta(days=1)} 00:00:00"), "future"),
        (typed.amount.isnull(), "amount"),
    ]
    if columns.currency is not None:
        wrong.append((typed.another_currency, "currency"))
    if codebook.rules.returns == "drop":
        wrong.append((typed.amount < 0, "return"))
    ruled = typed.mutate(rule=ibis.cases(*wrong, else_=ibis.null("string")))
    return ruled if columns.currency is None else ruled.drop("another_currency")


def _customer(column: ir.Value, alike: bool) -> ir.Value:
    # grouping by whole numbers takes half the time of grouping by their text
    if column.type().is_integer():
        return column.cast("int64")
    return plain_id(_text(column)) if alike else _text(column)


def plain_id(text: ir.StringValue) -> ir.StringValue:
    """An id without what only its format adds: capitals, blanks, leading zeros, the .0 of a number that was a float."""
    return text.lower().re_replace(r"\s+", "").re_replace(r"^(\d+)\.0+$", r"\1").re_replace(r"^0+(.)", r"\1")


def _another(column: ir.Value, codebook: TransactionsCodebook) -> ir.BooleanValue:
    """Whether a line is in another currency than the codebook's, or in none."""
    return _text(column).upper().fill_null("") != codebook.currency.upper()


def _text(column: ir.Value) -> ir.StringValue:
    if column.type().is_floating():  # ids that pandas made floats: 17850.0 is 17850
        whole = column.cast("int64").cast("string")
        return ibis.ifelse(column == column.floor(), whole, column.cast("string"))
    return column.strip().nullif("") if column.type().is_string() else column.cast("string")


def read_number(column: ir.Value, decimal: str) -> ir.FloatingValue:
    """float64; null for what is no number, infinite, or larger than any amount.

    The mark that is not `decimal` separates thousands. It must stand before every group of three digits or not at
    all, and no such number begins with 0: 12.50 or 0.125 in a file of decimal commas is a mistake, not 1250 or 125.
    (10.86), 10.86- and a true minus sign are negative, as accountants write it.
    """
    if column.type().is_numeric():
        number = column.cast("float64")
    else:
        text = column.cast("string").strip()
        thousands = "." if decimal == "," else ","
        # engines differ on 1_000, 5d and inf
        whole = rf"\d+|[1-9]\d{{0,2}}([{thousands}]\d{{3}})+"
        digits = rf"(({whole})([{decimal}]\d*)?|[{decimal}]\d+)"
        plain = text.re_search(rf"^[+-]?{digits}([eE][+-]?\d+)?$")
        of_accountants = text.re_search(rf"^\(\s*{digits}\s*\)$|^{digits}\s*-$|^{_MINUS}\s*{digits}$")
        negative = ibis.literal("-") + text.re_replace(rf"[()\s{_MINUS}-]", "")
        number = ibis.cases((plain, text), (of_accountants, negative), else_=ibis.null("string")).replace(thousands, "")
        number = (number.replace(",", ".") if decimal == "," else number).try_cast("float64")
    return ibis.ifelse(number.abs() < LARGEST_AMOUNT, number, ibis.null("float64"))
