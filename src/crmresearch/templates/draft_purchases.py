"""The codebook of a file of purchases, drafted: roles of the columns, how times and numbers are written."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from crmresearch.data.files import TEXT
from crmresearch.data.text_files import find_decimal
from crmresearch.data.text_table import TextTable
from crmresearch.data.transactions.lines import SIGNS
from crmresearch.errors import TemplateError
from crmresearch.templates.draft_roles import ROLES, ROWS, nobodies, roles_of
from crmresearch.templates.draft_times import written_times
from crmresearch.templates.draft_words import column as column_key
from crmresearch.templates.draft_words import head, quoted

_LATER = ("customer", "time", "amount", "currency", "refund")  # written first, or only where they are found
_NOT_BOUGHT = re.compile(
    r"(wc-)?(cancell?ed|failed|denied|reversed|pending( payment)?|unpaid|refunded|void(ed)?|expired|declined|rejected"
    r"|abandoned|trash|chargeback)|storniert|storno|abgebrochen|abgelehnt|fehlgeschlagen|erstattet|annulée?|remboursée?"
    r"|cancelad[oa]|reembolsad[oa]|已取消|已退款",
    re.I,
)
_PAYMENT = re.compile(r".*(zahlung|überweisung|lastschrift|payment|receipt|paiement|pago|付款)", re.I)
_BY_SIGN = {
    "€": "EUR", "£": "GBP", "R$": "BRL", "$": "USD", "¥": "CNY", "₹": "INR", "₩": "KRW", "₽": "RUB", "zł": "PLN",
    "Kč": "CZK", "₺": "TRY", "Ft": "HUF", "Fr": "CHF", "kr": "SEK",
}  # fmt: skip
_OF_LINE = r"item|line|unit|position|price|preis|artikel"  # not of an order
_MOST_STATES = 30  # different values of a column that says what became of a line
_MANY_ORDERS = 20  # of several lines, from which on equal amounts are no chance
_AS_MUCH = 0.5  # share of the amounts that was given back, from which on it is rather payments


def purchases_codebook(table: TextTable, file: Path, key: str) -> Iterator[str]:
    cells, roles = table.cells, roles_of(table)
    if absent := [role for role in ("customer", "time", "amount") if role not in roles]:
        raise TemplateError(
            f"{file}: no column looks like the {' or the '.join(absent)}; its columns are {', '.join(cells.columns)}. "
            "Name them by hand in the file that `crmresearch new-shop` writes."
        )
    times = written_times(cells[roles["time"]])
    decimal, told = _decimal(cells[roles["amount"]])
    yield from head("transactions", file, key, f"{len(cells):,} lines", table)
    if decimal == "," or file.suffix.lower() in (*TEXT, ".gz"):
        yield f"decimal: {quoted(decimal)}    # {told}"
    left_out = dict(_left_out(cells, roles))
    whole_orders = _is_of_order(cells, roles)
    hidden = ("product", "category", "quantity") if whole_orders else ()
    price = "quantity" in roles and re.search(r"price|preis|prix|单价|价格", roles["amount"], re.I) and not whole_orders
    yield ""
    yield "# which column is what; the first three must be there"
    yield "columns:"
    for role in ROLES:
        if role in roles and role not in (*hidden, "currency", "refund"):
            yield f"  {role}: {column_key(roles[role])}"
        elif role not in _LATER:
            yield f"  # {role}:" + (f" {roles[role]}, which has no money of its own" if role in roles else "")
    yield from _refund(cells, roles, decimal, left_out)
    if whole_orders:
        yield f"amount_per: order    # {whole_orders}: remove this line where it is the sum of the line"
    elif price:
        yield "amount_per: unit    # the amount is called a price: remove this line where it is the sum of the line"
    currency, said = _currency(cells, roles)
    yield f"currency: {quoted(currency)}    # {said}"
    if nobody := nobodies(cells[roles["customer"]]):
        lines = int(cells[roles["customer"]].isin(nobody).sum())
        yield f"missing_codes: [{', '.join(map(quoted, nobody))}]    # {lines:,} lines of nobody in particular"
    if left_out:
        yield "# lines that hold these values are no purchases"
        yield "leave_out:"
        yield from (f"  {column_key(name)}: [{', '.join(map(quoted, values))}]" for name, values in left_out.items())
    yield ""
    native = file.suffix.lower() in (".parquet", ".duckdb", ".db")
    if times.time_format is None or (times.zone and native):
        yield f"# time_format: ISO dates need nothing; {times.why}"
    else:
        yield f"time_format: {quoted(times.time_format)}    # {times.why}"
    if times.zone:
        yield f"day_zone: {times.zone}    # where days begin; the times tell the hours from UTC only: look at it"
    last = f"last_day: {quoted(times.days.max().date().isoformat())}"
    yield f"{last}    # of the file: until which day is it complete?" if table.whole else f"# {last}, of these lines"
    negative = cells[roles["amount"]].str.contains(r"^\W*[-(\u2212]|\d-$").sum()
    yield ""
    yield f"# returns, lines with a negative amount ({negative:,} here): net (subtracted, no purchase) or drop;"
    yield f"# duplicates, lines equal in every column ({int(cells.duplicated().sum()):,} here): keep or drop"
    yield "rules: {returns: net, duplicates: keep}"
    others = [name for name in cells.columns if name and name not in roles.values()]
    if others:
        yield f"# not used: {', '.join(map(str, others))[:100]}; a column that describes customers is an attribute:"
        yield f"# attributes: {{{column_key(str(others[0]))}: {{en: {quoted(str(others[0]))}}}}}"


def _is_of_order(cells: pd.DataFrame, roles: Mapping[str, str]) -> str:
    """Why the amount is the sum of an order, "" where it is that of a line."""
    if "order" not in roles:
        return ""
    amounts = cells[roles["amount"]].where(cells[roles["amount"]] != "").head(10 * ROWS)
    orders = (
        amounts.groupby(cells[roles["order"]])
        .agg(["size", "count", "nunique", "first"])
        .drop(index="", errors="ignore")
    )
    several = orders[orders["size"] > 1]
    if len(several) >= 2 and (several["count"] == 1).mean() > 0.9:
        return "it stands in one line of each order"
    same = (several["count"] == several["size"]) & (several["nunique"] == 1)
    differ = several["first"].nunique() > len(several) / 2  # prices of one kind of thing do not
    of_line = re.search(_OF_LINE, roles["amount"], re.I)
    if len(several) >= _MANY_ORDERS and same.mean() > 0.95 and differ and not of_line:
        return "it is the same in every line of an order"
    return ""


def _left_out(cells: pd.DataFrame, roles: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Columns that say what became of a line, and their values that mean that nothing was bought."""
    ledger = "refund" in roles
    for name in (name for name in cells.columns if name and name not in roles.values()):
        values = cells[name][cells[name] != ""].unique()
        if 2 <= len(values) <= _MOST_STATES:
            no_sale = [str(value) for value in values if _NOT_BOUGHT.fullmatch(value)]
            paid = [str(value) for value in values if ledger and _PAYMENT.match(value)]
            if 0 < len(no_sale + paid) < len(values):
                yield str(name), [*no_sale, *paid]


def _refund(
    cells: pd.DataFrame, roles: Mapping[str, str], decimal: str, left_out: Mapping[str, list[str]]
) -> Iterator[str]:
    """The column of what was given back, unless it holds about as much as was paid: payments, which are no returns."""
    if "refund" not in roles:
        return
    kept = cells
    for name, values in left_out.items():
        kept = kept[~kept[name].isin(values)]
    paid, back = (_sum(kept[roles[role]], decimal) for role in ("amount", "refund"))
    line = f"refund: {column_key(roles['refund'])}"
    if back < _AS_MUCH * paid:
        yield f"  {line}    # money given back, which is subtracted"
    else:
        yield f"  # {line}    # as much as was paid, or more: are these payments? then it is no refund"


def _sum(cells: pd.Series, decimal: str) -> float:
    digits = cells.str.replace(rf"[^\d{decimal}]", "", regex=True).str.replace(decimal, ".", regex=False)
    return float(pd.to_numeric(digits, errors="coerce").sum())


def _decimal(cells: pd.Series) -> tuple[str, str]:
    comma = find_decimal(cells.str.replace(r"[^\d.,+-]", "", regex=True).to_frame()) == ","
    if comma:
        return ",", "numbers such as " + str(next(text for text in cells if "," in text))
    thousands = cells.str.fullmatch(r"[^\d]*\d{1,3}(\.\d{3})+[^\d]*").mean()
    if thousands > 0.5:
        return ",", "points seem to separate thousands: look at it"
    if cells.str.fullmatch(r"[^\d]*[1-9]\d{0,2}(,\d{3})+[^\d]*").mean() > 0.5:
        return ".", "commas seem to separate thousands: look at it"
    return ".", f"numbers such as {next((text for text in cells if '.' in text), cells.iloc[0])}"


def _currency(cells: pd.DataFrame, roles: Mapping[str, str]) -> tuple[str, str]:
    if "currency" in roles:
        named = cells[roles["currency"]]
        named = named[named != ""].str.replace(r"^[a-z]{3}$", lambda code: code[0].upper(), regex=True)
        most = str(named.mode().get(0, "EUR"))
        if (named != most).any():
            return most, f"of most lines; {roles['currency']} names several, which must not be added"
        return most, "as the file says"
    text = " ".join(cells[roles["amount"]].head(100))
    codes = {word.upper() for word in re.findall(r"\b[A-Za-z]{3}\b", text)} & {*SIGNS}
    found = next(iter(sorted(codes)), None) or next((code for sign, code in _BY_SIGN.items() if sign in text), None)
    if found:
        return found, "by the sign in the amounts"
    words = re.findall(r"[A-Z]{3}", roles["amount"])
    if named := [word for word in words if word in SIGNS]:
        return named[-1], f"by the name of the column {roles['amount']}"
    return "EUR", "the file does not say: mend it"
