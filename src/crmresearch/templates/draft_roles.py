"""Which column of a file of purchases is what, told from its name and from what it holds."""

import re
from collections.abc import Callable, Sequence

import pandas as pd

from crmresearch.data.text_table import TextTable
from crmresearch.templates.draft_times import written_times

ROLES = {
    "customer": r"customer|client|cust|member|user|buyer|household|shopper|subscri|donor|guest|patient|e-?mail|card"
    r"|account|acct|kunde|kd\b|kdnr|debitor|mitglied|gast|klant|abonn|sócio|客户|会员|顾客|手机|^id$|_id$",
    "time": r"date|time|^day$|when|created|ordered|datum|zeit|tag$|fecha|data|日期|时间|_at$|_ts$|^ts$|^month$",
    "amount": r"amount|total|revenue|sales|spend|spent|price|value|paid|net|gross|turnover|charge|debit(?!or)|betrag"
    r"|umsatz|preis|summe|brutto|netto|^soll$|montant|importe|valor|prix|ventas|金额|销售额|价格|单价|实付",
    "order": r"order|invoice|receipt|basket|transaction|ticket|beleg|rechnung|bestell|auftrag|^bon|factur|pedido"
    r"|commande|订单|单号",
    "product": r"product|sku|item|article|stock|artikel|produkt|titel|产品|商品",
    "category": r"categor|department|depart|^dept|class|group|warengruppe|kategorie|类别|品类",
    "channel": r"channel|store|shop|source|filiale|vertriebsweg|kanal|standort|tienda|渠道|门店",
    "quantity": r"quantity|qty|units|pieces|menge|anzahl|stück|cantidad|quantité|数量",
    "refund": r"refund|^credit( amount)?$|^haben|erstattet|gutschrift|reembols|退款",
    "currency": r"currency|währung|waehrung|moneda|devise|币种",
}
_PLAINLY = r"customer|client|cust|member|user|buyer|household|shopper|kunde|kd\b|kdnr|debitor|mitglied|客户|会员"
_EMAIL = r"e-?mail"
_NOT_WHO = r"name|type|segment|city|country|group|since|age|gender|phone|tel|note|address|zip|accept|market"
_PRICE = r"price|preis|prix|单价|价格"
_NO_MONEY = r"cost|compare|count|method|status|code|type"
_NO_SPEND = (
    rf"{_NO_MONEY}|tax|vat|mwst|ust|iva|shipping|versand|fee|gebühr|kosten|discount|rabatt|refund|margin|marge|tip|balance"
    r"|saldo|credit|haben|outstanding|due|id$|nr$|number"
)
_NUMBERED = r"(id|nr|no|num|number|key|code|号)\.?$"
_NO_TIME = (
    r"paid|fulfil|cancel|updated|modified|processed|shipped|deliver|due|birth|geburt|valid|expir|fällig|liefer|import"
)
NOBODY = ("0", "-1", "guest", "gast", "anonymous", "anonym", "laufkunde", "barverkauf", "walk-in", "walkin", "unknown",
          "unbekannt", "none", "null", "n/a", "散客", "匿名")  # fmt: skip
_IN_TURN = ("time", "customer", "quantity", "amount", "refund", "currency", "order", "category", "product", "channel")
ROWS = 5_000  # that are looked at
_FILLED = 0.95  # share of cells of a column that every line has


def roles_of(table: TextTable) -> dict[str, str]:
    """Role → column. Of several that fit, the one that most lines fill, then the one whose name says it best."""
    cells = table.cells.head(ROWS)
    fits: dict[str, Callable[[pd.Series], bool]] = {
        "customer": lambda column: column[column != ""].nunique() < (column != "").sum() or len(column) < 50,
        "time": _are_times,
        "amount": are_numbers,
        "quantity": are_numbers,
        "refund": _are_refunds,
    }
    better: dict[str, Callable[[str], tuple[object, ...]]] = {
        "customer": lambda name: _as_customer(name, cells[name]),
        "time": lambda name: (_says(_NO_TIME, name), -_filled(cells[name])),
        "amount": lambda name: _as_amount(name, cells[name]),
        "quantity": lambda name: (-_filled(cells[name]),),
        "product": lambda name: (_says(r"price|preis|quantity|qty|status|tax|ship", name),),
        "order": lambda name: (_says(_NO_MONEY, name),),
    }
    roles: dict[str, str] = {}
    for role in _IN_TURN:
        free = [str(name) for name in cells.columns if name and name not in roles.values() and _filled(cells[name])]
        named = [name for name in free if _says(ROLES[role], name) and (role not in fits or fits[role](cells[name]))]
        if role == "order":
            plain = [name for name in free if _says(r"^(id|name|no|nr)\.?$", name)]
            named = _orders(named, cells) or _orders(plain, cells, roles.get("customer"))
        if role == "time":
            named = named or [name for name in free if _are_times(cells[name])]
        if role in ("channel", "category"):
            named = [name for name in named if not _says(r"id$", name)]
        if named:
            roles[role] = min(named, key=better.get(role, lambda _name: ()))
    return roles


def _says(words: str, name: str) -> bool:
    return re.search(words, name, re.I) is not None


def _filled(cells: pd.Series) -> float:
    return float((cells != "").mean())


def nobodies(cells: pd.Series) -> list[str]:
    """Values of a column of customers that stand for nobody in particular, such as 0 for guests."""
    lines = cells[cells != ""].value_counts()
    many = 3 * lines.mean()  # a number may be somebody's: nobody has many more lines than others
    return [
        str(value)
        for value in lines.index
        if value.casefold() in NOBODY and (not re.fullmatch(r"-?\d+", value) or lines[value] > many)
    ]


def _as_customer(name: str, cells: pd.Series) -> tuple[object, ...]:
    """An id that most lines have rather than an e-mail, an e-mail rather than the number of an order."""
    known = float((~cells.str.casefold().isin(["", *NOBODY])).mean())
    plain = 0 if _says(_PLAINLY, name) and not _says(_EMAIL, name) else 1 if _says(_EMAIL, name) else 2
    about = _says(_NOT_WHO, name) and not _says(_EMAIL, name)
    return (about, plain == 2, known < _FILLED, plain, not _says(_NUMBERED, name), -known)


def _as_amount(name: str, cells: pd.Series) -> tuple[object, ...]:
    """What was paid for the line rather than the sum of an order, that rather than the price of a piece."""
    return (_says(_NO_SPEND, name), _says(_PRICE, name), _filled(cells) < _FILLED, _says(r"sub", name))


def _orders(names: Sequence[str], cells: pd.DataFrame, of_one: str | None = None) -> list[str]:
    """Columns with enough different values to number orders, each, with `of_one`, nearly always of one customer."""
    found = []
    for name in names:
        given = cells[cells[name] != ""]
        enough = len(given) > 0.5 * len(cells) and given[name].nunique() > 0.1 * len(given)
        owners = given.groupby(name)[of_one].nunique() if of_one else None
        if enough and (owners is None or (owners <= 1).mean() > _FILLED):
            found.append(name)
    return found


def _are_times(cells: pd.Series) -> bool:
    given = cells[cells != ""]
    times = written_times(cells)
    return len(given) > 0 and bool(times.days.notna().sum() > 0.9 * len(given))


def are_numbers(cells: pd.Series) -> bool:
    """Whether these are amounts, with or without a sign or code of a currency."""
    given = cells[cells != ""]
    sign = r"\W{0,3}(?:[A-Za-zčłŁ]{1,4}\.?|[元円원])?\W{0,4}"
    number = rf"{sign}\d[\d.,'’ \u00a0\u202f]*[-–]{{0,2}}{sign}"
    return bool(len(given)) and bool(given.str.fullmatch(number).mean() > 0.95)


def _are_refunds(cells: pd.Series) -> bool:
    given = cells[cells != ""]
    return are_numbers(cells) and not bool(given.str.contains(r"^\W*[-(]").any())
