"""The codebook of a file of purchases, drafted: roles of the columns, how times and numbers are written."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from crmresearch.data.files import TextTable, find_decimal
from crmresearch.errors import TemplateError
from crmresearch.templates.draft_words import column as column_key
from crmresearch.templates.draft_words import head, quoted

_ROLES = {
    "customer": r"customer|client|cust|member|user|buyer|household|card|kunde|klant|客户|会员|^id$|_id$",
    "time": r"date|time|^day$|when|datum|zeit|日期|时间|_at$|^month$",
    "amount": r"amount|total|revenue|sales|spend|spent|price|value|paid|betrag|umsatz|preis|金额|销售额",
    "order": r"order|invoice|receipt|basket|transaction|beleg|rechnung|订单",
    "product": r"product|sku|item|article|stock|artikel|产品|商品",
    "category": r"categor|department|depart|class|group|warengruppe|类别",
    "channel": r"channel|store|shop|source|filiale|渠道",
    "quantity": r"quantity|qty|units|pieces|menge|数量",
    "currency": r"currency|währung|waehrung|币种",
}
_PLAINLY = r"customer|client|member|user|household|kunde|客户|会员"
_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d.%m.%y",
         "%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y")  # fmt: skip
_CURRENCIES = ("JPY", "AUD", "CAD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "INR", "BRL", "MXN", "ZAR", "TRY", "SGD")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def purchases_codebook(table: TextTable, file: Path, key: str) -> Iterator[str]:
    cells, roles = table.cells, roles_of(table)
    if absent := [role for role in ("customer", "time", "amount") if role not in roles]:
        raise TemplateError(
            f"{file}: no column looks like the {' or the '.join(absent)}; its columns are {', '.join(cells.columns)}. "
            "Name them by hand in the file that `crmresearch new-shop` writes."
        )
    time_format, why, days = _time_format(cells[roles["time"]])
    decimal, told = _decimal(cells[roles["amount"]])
    yield from head("transactions", file, key, f"{len(cells):,} lines", table)
    if file.suffix.lower() in (".csv", ".txt", ".tsv", ".dat", ".gz"):
        yield f"decimal: {quoted(decimal)}    # {told}"
    yield ""
    yield "# which column is what; the first three must be there"
    yield "columns:"
    for role in _ROLES:
        if role in roles and role != "currency":
            yield f"  {role}: {column_key(roles[role])}"
        elif role not in ("customer", "time", "amount", "currency"):
            yield f"  # {role}:"
    if "quantity" in roles and re.search(r"price|preis", roles["amount"], re.I):
        yield "amount_per: unit    # the amount is called a price: remove this line where it is the sum of the line"
    currency, said = _currency(cells, roles)
    yield f"currency: {quoted(currency)}    # {said}"
    yield ""
    if time_format is None:
        yield f"# time_format: ISO dates need nothing; {why}"
    else:
        yield f"time_format: {quoted(time_format)}    # {why}"
    last = f"last_day: {quoted(days.max().date().isoformat())}"
    yield f"{last}    # of the file: until which day is it complete?" if table.whole else f"# {last}, of these lines"
    negative = cells[roles["amount"]].str.match(r"^\s*(-|\()").sum()
    yield ""
    yield f"# returns, lines with a negative amount ({negative:,} here): net (subtracted, no purchase) or drop;"
    yield f"# duplicates, lines equal in every column ({int(cells.duplicated().sum()):,} here): keep or drop"
    yield "rules: {returns: net, duplicates: keep}"
    others = [name for name in cells.columns if name not in roles.values()]
    if others:
        yield f"# not used: {', '.join(map(str, others))[:100]}; a column that describes customers is an attribute:"
        yield f"# attributes: {{{column_key(str(others[0]))}: {{en: {quoted(str(others[0]))}}}}}"


def roles_of(table: TextTable) -> dict[str, str]:
    """Role → column, by the name of the column and by what it holds."""
    cells = table.cells.head(5000)
    fits: dict[str, Callable[[pd.Series], bool]] = {
        "customer": lambda column: column.nunique() < len(column) or len(column) < 50,
        "time": lambda column: bool(_time_format(column)[2].notna().mean() > 0.9),
        "amount": _are_numbers,
        "quantity": _are_numbers,
    }
    roles: dict[str, str] = {}
    for role in ("time", "quantity", "amount", "currency", "order", "customer", "category", "product", "channel"):
        named = [
            name for name in cells.columns if re.search(_ROLES[role], str(name), re.I) and name not in roles.values()
        ]
        good = [name for name in named if role not in fits or fits[role](cells[name])]
        if role == "customer":  # the name that says so most plainly, not an order's or a product's number
            good.sort(
                key=lambda name: (
                    not re.search(r"customer|client|member|user|household|kunde|客户|会员", str(name), re.I)
                )
            )
        if role == "amount":  # the sum of a line rather than the price of a piece
            good.sort(key=lambda name: bool(re.search(r"price|preis", str(name), re.I)))
        if good:
            roles[role] = str(good[0])
    return roles


def _are_numbers(cells: pd.Series) -> bool:
    given = cells[cells != ""]
    return bool(len(given)) and bool(given.str.fullmatch(r"[^\w]*[(-]?[^\w]*[\d.,' ]+[^\w]*[-)]?").mean() > 0.95)


def _time_format(cells: pd.Series) -> tuple[str | None, str, pd.Series]:
    """How the times are written (None for ISO), why, and the days that come of it."""
    given = cells[cells != ""].head(5000)
    iso = pd.to_datetime(given, format="ISO8601", errors="coerce", utc=True)
    if given.str.match(r"\d{4}-\d{2}-\d{2}").mean() > 0.95 and iso.notna().mean() > 0.95:
        full = pd.to_datetime(cells[cells != ""], format="ISO8601", errors="coerce", utc=True)
        return None, "these are such", full
    reads = {}
    for day in _DAYS:
        for clock in _CLOCKS:
            read = pd.to_datetime(given, format=day + clock, errors="coerce")
            if len(given) and read.notna().mean() > 0.99:
                reads[day + clock] = read
    if not reads:
        return None, "no usual way of writing days was recognised", iso

    # of ways that all can be read, the one in whose order the file runs; else the one that spreads least
    def disorder(read: pd.Series) -> tuple[float, float]:
        steps = read.dropna().diff().dropna()
        return float((steps < pd.Timedelta(0)).mean()), (read.max() - read.min()) / pd.Timedelta(days=1)

    chosen = min(reads, key=lambda one: disorder(reads[one]))
    written = chosen.replace("%B", "%b")  # the codebook has one code for names of months, short or whole
    others = [other for other in reads if other not in (chosen, chosen.replace("%B", "%b")) and "%B" not in other]
    why = f"{given.iloc[0]!r} could also be {', '.join(others)}: look at it" if others else f"such as {given.iloc[0]!r}"
    return written, why, pd.to_datetime(cells[cells != ""], format=chosen, errors="coerce")


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
    signs = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "CNY", "CHF": "CHF"}
    if "currency" in roles:
        named = cells[roles["currency"]]
        most = str(named[named != ""].mode().get(0, "EUR"))
        if (named != most).any():
            return most, f"of most lines; {roles['currency']} names several, which must not be added"
        return most, "as the file says"
    text = " ".join(cells[roles["amount"]].head(100))
    found = next((code for sign, code in signs.items() if sign in text), None)
    if found:
        return found, "by the sign in the amounts"
    words = re.findall(r"[A-Z]{3}", roles["amount"])
    if named := [word for word in words if word in (*signs.values(), *_CURRENCIES)]:
        return named[-1], f"by the name of the column {roles['amount']}"
    return "EUR", "the file does not say: mend it"
