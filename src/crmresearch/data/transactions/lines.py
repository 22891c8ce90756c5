"""The lines of a file as customer, time and amount, each with the rule that leaves it out, if one does."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from crmresearch.data.survey.codebook import as_text
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.times import EARLIEST, LocalTimes

TEXT_ROLES = ("order", "product", "category", "channel")
NUMBER_ROLES = ("discount", "quantity")
SIGNS = {
    "EUR": "€", "USD": "US$ $", "GBP": "£", "JPY": "JP¥ ¥ 円", "CNY": "RMB CN¥ ¥ 元", "CHF": "SFr. Fr. SFr Fr",
    "INR": "₹ Rs. Rs", "KRW": "₩ 원", "RUB": "₽ руб. руб", "PLN": "zł", "CZK": "Kč", "SEK": "kr. kr", "NOK": "kr. kr",
    "DKK": "kr. kr", "HUF": "Ft", "TRY": "₺ TL", "ILS": "₪", "UAH": "₴", "VND": "₫", "THB": "฿", "NGN": "₦",
    "BRL": "R$", "AUD": "A$ AU$ $", "CAD": "C$ CA$ $", "NZD": "NZ$ $", "SGD": "S$ $", "HKD": "HK$ $", "TWD": "NT$",
    "MXN": "MX$ $", "ARS": "$", "CLP": "$", "COP": "$", "ZAR": "R", "RON": "lei",
}  # fmt: skip
_GAPS = "[ \u00a0\u202f\u2009'’]"  # which separate thousands as well
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
    currency = codebook.currency
    amount = read_number(lines[columns.amount], codebook.decimal, currency)
    numbers = {
        role: read_number(lines[name], codebook.decimal, currency)
        for role, name in columns.named().items()
        if role in NUMBER_ROLES
    }
    if codebook.amount_per == "unit":
        amount = amount * numbers["quantity"]
    if columns.refund is not None:
        amount = _less_refund(
            amount, lines[columns.amount], read_number(lines[columns.refund], codebook.decimal, currency)
        )
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
        **({"given_out": _named(lines, codebook)} if codebook.leave_out else {}),
        **(more or {}),
    )
    typed = typed.mutate(day=typed.time.date()).relocate("day", after="time")
    wrong = [
        *([(typed.given_out, "left_out")] if codebook.leave_out else []),
        *(
            [(_further(typed, [*texts, *numbers, *codebook.attributes]), "further")]
            if codebook.amount_per == "order"
            else []
        ),
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
    return ruled.drop(*({"another_currency", "given_out"} & set(ruled.columns)))


def _named(lines: ir.Table, codebook: TransactionsCodebook) -> ir.BooleanValue:
    """Whether `leave_out` of the codebook names a value of the line, whatever its capitals."""
    found: ir.BooleanValue = ibis.literal(False)
    for name, values in codebook.leave_out.items():
        column = lines[name]
        text = _text(column) if column.type().is_floating() or column.type().is_string() else column.cast("string")
        found = found | text.lower().isin([as_text(value).lower() for value in values]).fill_null(False)
    return found


def _further(typed: ir.Table, others: list[str]) -> ir.BooleanValue:
    """Whether the sum of the order stands in another line: this one has none, or has it again.

    Of the lines that have it, the first in the order of their other columns is kept, whatever the engine.
    """
    known = typed.amount.notnull()
    of_order = known.cast("int64").sum().over(group_by=typed.order)
    order = [typed.time, *(typed[name] for name in others if name != "order")]
    again = ibis.row_number().over(group_by=[typed.order, typed.customer, typed.amount], order_by=order) > 0
    return typed.order.notnull() & ((~known & (of_order > 0)) | (known & again))


def _less_refund(amount: ir.FloatingValue, written: ir.Value, refund: ir.FloatingValue) -> ir.FloatingValue:
    """The amount less what was given back; a return where no amount is written."""
    empty = written.cast("string").strip().fill_null("") == ""
    returned = ibis.ifelse(empty, -refund, ibis.null("float64"))
    return ibis.ifelse(amount.notnull(), amount - refund.fill_null(0.0), returned)


def _customer(column: ir.Value, alike: bool) -> ir.Value:
    # grouping by whole numbers takes half the time of grouping by their text
    if column.type().is_integer():
        return column.cast("int64")
    return plain_id(_text(column)) if alike else _text(column)


def plain_id(text: ir.StringValue) -> ir.StringValue:
    """An id without what only its format adds: capitals, blanks, leading zeros, the .0 of a number that was a float."""
    return text.lower().re_replace(r"\s+", "").re_replace(r"^(\d+)\.0+$", r"\1").re_replace(r"^0+(.)", r"\1")


def _without_sign(text: ir.StringValue, currency: str) -> tuple[ir.StringValue, ir.StringValue]:
    """The number of an amount written with its currency, and its minus, wherever that stands."""
    signs = [currency, *SIGNS.get(currency.upper(), "").split()] if currency else []
    sign = "|".join(re.escape(one) for one in sorted(signs, key=len, reverse=True))
    blank = "[\\s\u00a0\u202f]*"
    bare = text.re_replace(rf"(?i)^([-+(]?){blank}({sign})({blank})", r"\1") if signs else text
    bare = bare.re_replace(rf"(?i){blank}({sign})(-?\)?)$", r"\2") if signs else bare
    bare = bare.re_replace(rf"^{blank}|{blank}$", "").re_replace(rf"^([-+(]){blank}", r"\1")
    bare = bare.re_replace(r"(\d)[.,][-–—]{1,2}$", r"\1")  # no cents
    minus = bare.re_search(rf"^\([^()-]*\)$|^[^()-]*-$|^[{_MINUS}-][^()-]*$")
    bare = ibis.ifelse(minus | bare.re_search(r"^\+?[^()-]*$"), bare, ibis.null("string"))
    bare = bare.re_replace(rf"^[(+{_MINUS}-]|[)-]$", "")
    return bare.re_replace(rf"^{blank}|{blank}$", ""), ibis.ifelse(minus, ibis.literal("-"), ibis.literal(""))


def _another(column: ir.Value, codebook: TransactionsCodebook) -> ir.BooleanValue:
    """Whether a line is in another currency than the codebook's, or in none."""
    return _text(column).upper().fill_null("") != codebook.currency.upper()


def _text(column: ir.Value) -> ir.StringValue:
    if column.type().is_floating():  # ids that pandas made floats: 17850.0 is 17850
        whole = column.cast("int64").cast("string")
        return ibis.ifelse(column == column.floor(), whole, column.cast("string"))
    return column.strip().nullif("") if column.type().is_string() else column.cast("string")


def read_number(column: ir.Value, decimal: str, currency: str = "") -> ir.FloatingValue:
    """float64; null for what is no number, infinite, or larger than any amount.

    The mark that is not `decimal` separates thousands. It must stand before every group of three digits or not at
    all, and no such number begins with 0: 12.50 or 0.125 in a file of decimal commas is a mistake, not 1250 or 125.
    (10.86), 10.86- and a true minus sign are negative, as accountants write it. The sign and the code of `currency`
    may stand on either side, those of another may not; a blank or an apostrophe may separate thousands.
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
        with_minus = rf"(({whole})([{decimal}]\d+)?|[{decimal}]\d+)"  # 12.- is twelve whole francs
        of_accountants = text.re_search(rf"^\(\s*{digits}\s*\)$|^{with_minus}\s*-$|^{_MINUS}\s*{digits}$")
        negative = ibis.literal("-") + text.re_replace(rf"[()\s{_MINUS}-]", "")
        bare, signed = _without_sign(text, currency)  # few files: only cells that are no number yet come so far
        gaps = rf"^[+-]?[1-9]\d{{0,2}}({_GAPS}\d{{3}})*([{decimal}]\d*)?$"
        number = ibis.cases(
            (plain, text),
            (of_accountants, negative),
            (bare.re_search(rf"^[+-]?{digits}$") | bare.re_search(gaps), signed + bare.re_replace(_GAPS, "")),
            else_=ibis.null("string"),
        ).replace(thousands, "")
        number = (number.replace(",", ".") if decimal == "," else number).try_cast("float64")
    return ibis.ifelse(number.abs() < LARGEST_AMOUNT, number, ibis.null("float64"))
