"""Customers from the front door: the customer table of a plain frame, what is unusual, the methods, their stability."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from crmresearch.data import customers
from crmresearch.data.customers import CustomerTable
from crmresearch.data.dataset import in_language
from crmresearch.data.documents import shown
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.transactions import Transactions, read_transactions
from crmresearch.errors import DataError, ParameterError, UnusableFileError
from crmresearch.mining.unusual.unusual_purchases import UnusualPurchases
from crmresearch.mining.unusual.unusual_purchases import unusual_purchases as judge
from crmresearch.segmentation.registry import every_method
from crmresearch.segmentation.stability.stability import bootstrap_stability as stability

__all__ = ["customer_table", "methods", "stability", "unusual_purchases"]


def customer_table(
    purchases: pd.DataFrame | Transactions,
    cutoff: date | str,
    holdout_end: date | str | None = None,
    windows: Sequence[int] = (91, 182),
    *,
    customer: str = "customer",
    time: str = "time",
    amount: str = "amount",
    category: str | None = None,
    returns: Literal["net", "drop"] = "net",
    duplicates: Literal["keep", "drop"] = "keep",
    last_day: str | None = None,
    categories: Sequence[str] = (),
    attributes: Sequence[str] = (),
    unit_days: float = 1,
) -> CustomerTable:
    """One row a customer who bought by the cut-off: `.frame` with counts, times in `unit_days` days, money as given.

    `purchases`: a frame with a line a purchase, whose columns `customer`, `time` and `amount` name (times as dates or
    as text such as 1998-06-30), or loaded transactions, whose codebook names them. Negative amounts are `returns`,
    netted or dropped; lines equal in the three columns are kept unless `duplicates` is drop; purchases are known until
    `last_day`, by default the last line's. `attributes` and `category` are columns of the frame too;
    `categories` get a share of spend each. The past ends with the day `cutoff`, the holdout with `holdout_end`;
    `windows` are days before the cut-off whose spend and purchases are columns of their own.
    Columns of the table, and their formulas: `crmresearch.data.customers`.
    Raises ParameterError for an unknown column or impossible dates, DataError when nothing is left of the lines.

    >>> import pandas as pd, crmresearch as crm
    >>> purchases = pd.DataFrame(
    ...     {"id": [1, 1, 2], "date": ["2011-01-05", "2011-03-01", "2011-06-30"], "total": [10.0, 20.0, 5.0]}
    ... )
    >>> table = crm.customer_table(purchases, customer="id", time="date", amount="total", cutoff="2011-06-30")
    >>> table.frame[["frequency", "recency", "monetary_total"]].values.tolist()
    [[2.0, 121.0, 30.0], [1.0, 0.0, 5.0]]
    """
    options: dict[str, Any] = {"categories": categories, "attributes": attributes, "unit_days": unit_days}
    with as_transactions(
        purchases, customer=customer, time=time, amount=amount, category=category, returns=returns,
        duplicates=duplicates, last_day=last_day, attributes=attributes,
    ) as lines:  # fmt: skip
        return customers.customer_table(lines, cutoff, holdout_end, windows, **options)


@contextmanager
def as_transactions(
    purchases: pd.DataFrame | Transactions,
    *,
    customer: str = "customer",
    time: str = "time",
    amount: str = "amount",
    category: str | None = None,
    returns: Literal["net", "drop"] = "net",
    duplicates: Literal["keep", "drop"] = "keep",
    last_day: str | None = None,
    attributes: Sequence[str] = (),
) -> Iterator[Transactions]:
    """The purchases of a frame as transactions while the context lasts, with the arguments of `customer_table`.

    Loaded transactions are given back. Errors speak to who has a frame and no codebook.
    """
    if isinstance(purchases, Transactions):
        yield purchases
        return
    wanted = {"customer": customer, "time": time, "amount": amount}
    if category is not None:
        wanted["category"] = category
    columns = _columns(purchases, wanted, attributes)
    codebook = _codebook(
        columns=wanted,
        attributes={name: {"en": name} for name in attributes},
        rules={"returns": returns, "duplicates": duplicates},
        last_day=last_day,
    )
    # the one chain from lines to customers reads files, so that a frame is cleaned as every data set is
    with tempfile.TemporaryDirectory() as folder, _sentences(codebook):
        path = Path(folder) / codebook.file
        purchases[columns].to_parquet(path, index=False)
        yield read_transactions(codebook, path)


def unusual_purchases(
    purchases: pd.DataFrame | Transactions,
    alpha: float = 0.001,
    seed: int = 0,
    *,
    customer: str = "customer",
    time: str = "time",
    amount: str = "amount",
) -> UnusualPurchases:
    """Unusual orders, customers and days, each with what it is compared with; at most `alpha` of usual ones are listed.

    `purchases`: a frame with a line a purchase, whose columns `customer`, `time` and `amount` name, or loaded
    transactions, whose codebook names them (and order numbers and pieces). Negative amounts are returns. `.orders`,
    `.customers` and `.days` have a row each, with p_value and listed; `.listed("orders")` those listed, the rarest
    first; `.summary` how many chance would list; `.without` what was paid without them, for nothing is left out.
    An order is compared with its customer's others, or with such orders of the shop, a day with the weekday and the
    time, a customer with the others, number by number and by an isolation forest (Liu, Ting & Zhou, 2012, ACM TKDD 6,
    3) drawn with `seed`; tails are learned, generalised Pareto (Pickands, 1975, Annals of Statistics 3, 119–131), and
    the rate holds up to those of Student's t with 8 degrees of freedom on the logarithm. Definitions:
    `crmresearch.mining`. Raises ParameterError for an alpha outside 0.0001–0.2 or an unknown column, DataError when
    nothing is left of the lines or all are returns.

    >>> import crmresearch as crm
    >>> found = crm.unusual_purchases(crm.load_transactions("cdnow"))
    >>> found.summary["list"].tolist()
    ['orders', 'customers', 'days']
    >>> row = found.listed("orders").iloc[0]
    >>> row["measure"], row["compared"], float(row["times"])
    ('pieces', 'own', 20.0)
    """
    with as_transactions(purchases, customer=customer, time=time, amount=amount) as lines:
        return judge(lines, alpha, seed)


def _columns(purchases: object, wanted: dict[str, str], attributes: Sequence[str]) -> list[str]:
    """Names of the frame's columns that are needed, each there and each with one role."""
    if not isinstance(purchases, pd.DataFrame):
        raise ParameterError(
            f"A {type(purchases).__name__} is not a frame; pass a pandas frame, or load_transactions(…)."
        )
    for role, name in [*wanted.items(), *(("attributes", name) for name in attributes)]:
        if name not in purchases:
            raise ParameterError(
                f"The frame has no column {name!r}; name another as {role}=…: {', '.join(map(str, purchases.columns))}."
            )
    return list(dict.fromkeys([*wanted.values(), *attributes]))


def _codebook(**said: Any) -> TransactionsCodebook:
    """What a codebook would say of the frame. Raises ParameterError for an argument no codebook may hold."""
    always = {
        "kind": "transactions",
        "key": "purchases",
        "title": {"en": "Purchases"},
        "about": {"en": "Purchases of a frame in memory."},
        "file": "purchases.parquet",
        "committed": False,
        "how_to_get": "It is made from the frame.",
        "source": "A frame in memory.",
        "citation": "None.",
        "licence": "Its owner's.",
        "currency": "as given",
    }
    try:
        return TransactionsCodebook.model_validate(always | said)
    except ValidationError as error:
        first = error.errors()[0]
        where, why = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        raise ParameterError(f"{where}: {why}." if where else f"{why}.") from None


@contextmanager
def _sentences(codebook: TransactionsCodebook) -> Iterator[None]:
    """What is wrong, in words for a reader who has a frame and neither a file nor a codebook."""
    book = shown(codebook.path)
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowTypeError) as problem:
        raise ParameterError(
            f"A column of the frame mixes numbers and text; give each one type ({problem.args[0]})."
        ) from None
    except ParameterError as error:
        raise ParameterError(str(error).replace(f"set `last_day` in {book}", "pass `last_day`")) from None
    except DataError as error:
        settings = f"check `columns`, `time_format`, `decimal` and `last_day` in {book}"
        advice = "name other columns, or write times as dates or as text such as 1998-06-30 and amounts as numbers"
        problems = [p.removeprefix(f"{codebook.file}: ").replace(settings, advice) for p in error.problems]
        unusable = isinstance(error, UnusableFileError)
        raise DataError("The frame cannot be used as purchases:" if unusable else error.heading, problems) from None


def methods(sizes: Sequence[int] = (4, 8)) -> pd.DataFrame:
    """The segmentation methods, registered ones of other packages too: method, title, family, columns (of the customer
    table it reads), definition.

    A row a method; those that can have any number of segments come once for each of `sizes`.
    Raises SegmentationError for a size that no segmentation has, such as 1.

    >>> import crmresearch as crm
    >>> "rfm_eight_mean" in set(crm.methods()["method"])
    True
    """
    rows = [
        (m.name, in_language(m.label), m.family, ", ".join(m.needs), in_language(m.definition))
        for m in every_method(sizes)
    ]
    return pd.DataFrame(rows, columns=["method", "title", "family", "columns", "definition"])
