"""What in a file of purchases can be read but is likely not what it seems, from a few passes of sums over its lines."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice, pairwise
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmresearch.caution import SMALL_NUMBER, Caution, Severity
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.engine_errors import engine_sentences
from crmresearch.data.transactions.files import is_one_text, numbered_rows
from crmresearch.data.transactions.lines import NUMBER_ROLES, plain_id
from crmresearch.data.transactions.times import swapped_format, swapped_times, time_pattern
from crmresearch.data.transactions.transactions import Transactions, in_parts

MATTERS = 0.01  # share of the lines, or of the spend, beyond which the numbers of a report change
LARGE = 0.2  # share of the spend that one of thirty customers or more hardly has
SWAPPED = 0.05  # share of lines that only the swapped reading makes a day; of days of a month it is 18 of 30
IN_ORDER, IN_DISORDER = 0.99, 0.97  # share of steps forward in a file that is kept in the order of its days, and not
HEAD = 5_000  # lines of a text file whose order is looked at
GAP = 365  # days without a purchase that divide placeholders from purchases
BEFORE_UNIX = date(1971, 1, 1)  # 1900-01-01, 1904-01-01 and 1970-01-01 are what programs write for no date
SAMPLE = 1_000  # lines that show which columns may hold currencies
_CURRENCIES = frozenset(
    "AED ARS AUD BDT BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW MAD MXN MYR "  # noqa: SIM905
    "NGN NOK NZD PEN PHP PKR PLN RMB RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR € $ £ ¥ ₹ ₽ ₩".split()
)
_CURRENCY_NAME = re.compile(r"curr(ency)?(_?(code|iso))?|iso_?4217|w(ä|ae)hrung|devise|moneda|valuta|币种|货币", re.I)
_TOTAL = (
    r"^(grand|sub)?[ _-]?"
    r"(total|totals|sum|summe|gesamt|insgesamt|gesamtsumme|totaal|totale|suma|somme|итого|合计|总计|小计)[ .:]*$"
)
_BETWEEN = "\x1f"  # of two ids; no file has it
_ = ibis._


def suspicions(transactions: Transactions) -> tuple[Caution, ...]:
    """What the file likely does not mean, though it can be read so; none that the codebook calls `settled`.

    Severity is weak where more than 1 % of the lines (for a customer: of the spend) is touched, which is the fact
    `share`, else note. The facts name an example and what the codebook line that settles it needs.
    """
    with engine_sentences(transactions.path):
        found = [*_of_lines(transactions), *_of_customers(transactions), *_of_currencies(transactions)]
    return tuple(caution for caution in found if caution.code not in transactions.codebook.settled)


def _severity(share: float) -> Severity:
    return "weak" if share > MATTERS else "note"


def _text(transactions: Transactions, name: str) -> ir.StringValue | None:
    """A column of the file as text without outer blanks; None where its type says what it is."""
    column = transactions.read[f"written_{transactions.file_columns.index(name)}"]
    return column.strip() if column.type().is_string() else None


def _of_lines(transactions: Transactions) -> Iterator[Caution]:
    """One pass: numbers that look like thousands, times read the wrong way round, placeholders, what is no number."""
    read, codebook, named = transactions.read, transactions.codebook, transactions.codebook.columns.named()
    kept = read.rule.isnull()
    sums: dict[str, ir.Value] = {
        "lines": read.count(),
        "second": read.day.min(where=kept & (read.day > ibis.date(transactions.first_day))),
        "on_first": _number(kept & (read.day == ibis.date(transactions.first_day))),
        "old": _number(kept & (read.day < ibis.date(BEFORE_UNIX))),
        "last_old": read.day.max(where=kept & (read.day < ibis.date(BEFORE_UNIX))),
        "first_new": read.day.min(where=kept & (read.day >= ibis.date(BEFORE_UNIX))),
    }
    texts = {role: _text(transactions, named[role]) for role in ("amount", *NUMBER_ROLES) if role in named}
    numbers = [role for role, text in texts.items() if text is not None]
    for role in numbers:
        sums |= _number_sums(role, texts[role], codebook.decimal)
    amount, time = texts["amount"], _text(transactions, named["time"])
    if amount is not None:
        sums |= _unreadable("amount", amount, read.rule)
    if time is not None:
        unread = ibis.ifelse(read.rule == "time", time, ibis.null("string"))  # few: only these are read once more
        swapped = swapped_times(unread, codebook.time_format, read).notnull()
        other = (read.day.day() <= 12) & (read.day.day() != read.day.month())
        sums |= _unreadable("time", time, read.rule)
        sums |= {"swappable": _number(swapped), "both": _number(kept & other)}
    found = read.aggregate(**sums).execute().iloc[0].to_dict()
    found["lines"] = int(found["lines"])
    thousands = [caution for role in numbers for caution in _thousands(found, role, named[role], codebook.decimal)]
    yield from thousands
    swaps = [] if time is None else [*_swapped(found, transactions)]
    yield from swaps
    yield from _placeholders(found, transactions)
    if amount is not None and not thousands and (facts := _of_unread(found, "amount", named)):
        yield Caution("unreadable_amounts", "weak", named["amount"], facts)
    if time is not None and not swaps and (facts := _of_unread(found, "time", named)):
        yield Caution("unreadable_times", "weak", named["time"], facts)


def _number(which: ir.BooleanValue) -> ir.IntegerValue:
    """Of how many lines it is true; unknown is not true."""
    return which.cast("int64").sum().fill_null(0)


def _of_unread(found: dict[str, Any], role: str, named: dict[str, str]) -> dict[str, Any]:
    """The facts of cells that are written and cannot be read, where they are many."""
    lines = int(found[f"unread_{role}"])
    facts = {"column": named[role], "lines": lines, "share": lines / found["lines"], "example": found[f"such_{role}"]}
    return facts if lines > MATTERS * found["lines"] else {}


def _unreadable(role: str, text: ir.StringValue, rule: ir.StringValue) -> dict[str, ir.Value]:
    wrong = (rule == role) & (text != "")
    return {f"unread_{role}": _number(wrong), f"such_{role}": text.min(where=wrong)}


def _number_sums(role: str, text: Any, decimal: str) -> dict[str, ir.Value]:
    """How many numbers have groups of three digits after the decimal mark, and how many another fraction."""
    other = "," if decimal == "." else "."
    ends = text.right(4).startswith(decimal) | text.endswith(")") | text.endswith("-")  # few: only these are searched
    pattern = text.re_search(rf"^[(+-]?[1-9]\d{{0,2}}([{decimal}]\d{{3}})+[)-]?$")
    grouped = ibis.ifelse(ends, pattern, ibis.literal(False))
    fraction = text.contains(decimal) & ~text.contains(other) & ~grouped
    return {
        f"grouped_{role}": _number(grouped),
        f"fractions_{role}": _number(fraction),
        f"example_{role}": text.max(where=grouped),
    }


def _thousands(found: dict[str, Any], role: str, column: str, decimal: str) -> Iterator[Caution]:
    """Every fraction of the column has three digits: 1.234 is rather one thousand than one and a bit."""
    lines = int(found[f"grouped_{role}"])
    if lines and not int(found[f"fractions_{role}"]):
        share = lines / found["lines"]
        facts = {"column": column, "lines": lines, "share": share, "example": found[f"example_{role}"]}
        facts |= {"decimal": decimal, "other": "," if decimal == "." else "."}
        yield Caution("thousands_as_decimals", _severity(share), column, facts)


def _swapped(found: dict[str, Any], transactions: Transactions) -> Iterator[Caution]:
    """Days that only the swapped reading allows, or a file whose days are in order only if they are swapped."""
    codebook, dropped = transactions.codebook, int(found["swappable"])
    if dropped > SWAPPED * found["lines"] or (not dropped and in_order_if_swapped(transactions)):
        column = codebook.columns.time
        share = (dropped + int(found["both"])) / found["lines"]
        right = swapped_format(codebook.time_format or "%Y-%m-%d")
        facts = {"column": column, "dropped": dropped, "moved": int(found["both"]), "share": share, "format": right}
        yield Caution("day_and_month_swapped", _severity(share), column, facts)


def in_order_if_swapped(transactions: Transactions) -> bool:
    """Whether the days of a text file go forward if days are read for months, and to and fro as they are read."""
    codebook, path = transactions.codebook, transactions.path
    if not is_one_text(codebook, path):
        return False
    pattern, codes = time_pattern(codebook.time_format or "%Y-%m-%d")
    year, month, day = (codes.index(code) + 1 for code in ("%Y" if "%Y" in codes else "%y", "%m", "%d"))
    days = []
    place = transactions.file_columns.index(codebook.columns.time)
    for _number, row in islice(numbered_rows(codebook, path), 1, HEAD + 1):
        if read := re.match(pattern if codebook.time_format else pattern[:-1], row[place].strip()):
            days.append((int(read[year]), int(read[month]), int(read[day])))
    forward, backward = ([step for step in pairwise(order) if step[0] != step[1]] for order in (
        days, [(year, day, month) for year, month, day in days]))  # fmt: skip
    if len(forward) < SMALL_NUMBER:
        return False
    as_read, swapped = (sum(a < b for a, b in steps) / len(steps) for steps in (forward, backward))
    return swapped >= IN_ORDER and as_read < IN_DISORDER


def _placeholders(found: dict[str, Any], transactions: Transactions) -> Iterator[Caution]:
    """Days so far before all others that they stand for no date."""
    first, second, lines = transactions.first_day, found["second"], int(found["on_first"])
    if int(found["old"]) and pd.notna(found["first_new"]):
        first, second, lines = found["last_old"], found["first_new"], int(found["old"])
    if pd.isna(second) or (pd.Timestamp(second) - pd.Timestamp(first)).days <= GAP or lines > found["lines"] / 2:
        return
    share = lines / found["lines"]
    facts = {"lines": lines, "share": share, "day": transactions.first_day, "next": pd.Timestamp(second).date()}
    yield Caution("placeholder_days", _severity(share), transactions.codebook.columns.time, facts)


def _of_customers(transactions: Transactions) -> Iterator[Caution]:
    """One pass: ids that differ only by their format, and a customer who is a sum of others."""
    table = transactions.table
    text = table.customer.type().is_string()
    spend = in_parts(table.amount)
    customers = table.group_by("customer").agg(lines=_.count(), parts=spend.sum(where=spend > 0).fill_null(0))
    customers = customers.mutate(
        plain=plain_id(_.customer) if text else _.customer,
        total=_.customer.lower().re_search(_TOTAL) if text else ibis.literal(False),
    )
    people = customers.group_by("plain").agg(
        spellings=_.count(),
        lines=_.lines.sum(),
        usual=_.lines.max(),
        first=_.customer.min(),
        second=_.customer.max(),
        parts=_.parts.sum(),
        most=_.parts.max(),
        largest=_.customer.argmax(_.parts),
        named=_.customer.min(where=_.total),
        of_named=_.parts.sum(where=_.total).fill_null(0),
    )
    several = _.spellings > 1
    pair = [_[name].cast("string") for name in ("first", "second")]
    found = people.aggregate(
        customers=_.spellings.sum(),
        several=_number(several),
        lines=_.lines.sum(),
        other=(_.lines - _.usual).sum(where=several).fill_null(0),
        pair=(pair[0] + _BETWEEN + pair[1]).min(where=several),
        parts=_.parts.sum().cast("float64"),
        most=_.most.max().cast("float64"),
        largest=_.largest.argmax(_.most),
        named=_.named.min(),
        of_named=_.of_named.sum().cast("float64"),
    ).execute().iloc[0]  # fmt: skip
    column = transactions.codebook.columns.customer
    if int(found["several"]):
        first, second = str(found["pair"]).split(_BETWEEN, 1)
        share = int(found["other"]) / int(found["lines"])
        facts = {"count": int(found["several"]), "first": first, "second": second, "lines": int(found["other"])}
        yield Caution("ids_alike", _severity(share), column, {"column": column, "share": share, **facts})
    if not found["parts"] > 0:
        return
    named = pd.notna(found["named"])
    share = float(found["of_named" if named else "most"]) / float(found["parts"])
    if named or (share > LARGE and int(found["customers"]) >= SMALL_NUMBER):
        who = str(found["named"] if named else found["largest"])
        facts = {"customer": who, "share": share, "customers": int(found["customers"])}
        yield Caution("large_customer", _severity(share), column, facts)


def _of_currencies(transactions: Transactions) -> Iterator[Caution]:
    """One pass over columns that look like currencies, where there are some."""
    for name in currency_columns(transactions):
        text = _text(transactions, name)
        assert text is not None
        lines = transactions.read.filter(transactions.read.rule.isnull())
        counts = lines.select(currency=text.upper().nullif("")).drop_null().group_by("currency").agg(lines=_.count())
        found = counts.order_by(ibis.desc("lines"), "currency").limit(SMALL_NUMBER).execute()
        if len(found) > 1:
            other = int(found["lines"].iloc[1:].sum())
            share = other / transactions.rows
            facts = {"column": name, "currencies": [str(one) for one in found["currency"][:5]], "lines": other}
            facts |= {"currency": transactions.codebook.currency}
            yield Caution("several_currencies", _severity(share), name, {"share": share, **facts})


def currency_columns(transactions: Transactions) -> list[str]:
    """Columns of the file that look like currencies and are not read as one, by their name or by their first lines."""
    codebook: TransactionsCodebook = transactions.codebook
    if codebook.columns.currency is not None:
        return []
    used = set(codebook.columns.named().values())
    texts = {n: t for n in transactions.file_columns if n not in used and (t := _text(transactions, n)) is not None}
    if not texts:
        return []
    places = {f"c{i}": name for i, name in enumerate(texts)}
    head = transactions.read.select(**{c: texts[name] for c, name in places.items()}).limit(SAMPLE).execute()
    found = []
    for place, name in places.items():
        values = {str(value).upper() for value in head[place].dropna()} - {""}
        coded = bool(values) and all(re.fullmatch(r"[A-Z]{3}|[A-Z]{0,3}\W", value) for value in values)
        if values and (values <= _CURRENCIES or (coded and _CURRENCY_NAME.fullmatch(name))):
            found.append(name)
    return found
