"""Customers from the front door: the customer table of a plain frame, the methods, how stable they are."""

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa

from crmresearch.data import customers
from crmresearch.data.customers import CustomerTable
from crmresearch.data.dataset import in_language
from crmresearch.data.transactions.codebook import Columns, Rules, TransactionsCodebook
from crmresearch.data.transactions.transactions import Transactions, read_transactions
from crmresearch.errors import DataError, ParameterError
from crmresearch.segmentation.registry import every_method, family
from crmresearch.segmentation.stability.stability import bootstrap_stability as stability

__all__ = ["customer_table", "methods", "stability"]


def customer_table(
    purchases: pd.DataFrame | Transactions,
    cutoff: date | str,
    holdout_end: date | str | None = None,
    windows: Sequence[int] = (91, 182),
    *,
    customer: str = "customer",
    time: str = "time",
    amount: str = "amount",
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
    `last_day`, by default the last line's. Columns of the table, and their formulas: `crmresearch.data.customers`.
    Raises ParameterError for an unknown column or impossible dates, DataError when nothing is left of the lines.

    >>> import pandas as pd, crmresearch as crm
    >>> purchases = pd.DataFrame(
    ...     {"id": [1, 1, 2], "date": ["2011-01-05", "2011-03-01", "2011-06-30"], "total": [10.0, 20.0, 5.0]}
    ... )
    >>> table = crm.customer_table(purchases, customer="id", time="date", amount="total", cutoff="2011-06-30")
    >>> table.frame[["frequency", "recency", "monetary_total"]].values.tolist()
    [[2.0, 121.0, 30.0], [1.0, 0.0, 5.0]]
    """
    if isinstance(purchases, Transactions):
        return customers.customer_table(
            purchases, cutoff, holdout_end, windows,
            categories=categories, attributes=attributes, unit_days=unit_days,
        )  # fmt: skip
    wanted = {"customer": customer, "time": time, "amount": amount}
    for role, name in wanted.items():
        if name not in purchases:
            raise ParameterError(
                f"The frame has no column {name!r}; say which of its columns holds the {role}: {role}=…, one of "
                f"{', '.join(map(str, purchases.columns))}."
            )
    if len(set(wanted.values())) < len(wanted):
        raise ParameterError("`customer`, `time` and `amount` must be three columns of the frame.")
    codebook = TransactionsCodebook(
        kind="transactions",
        key="purchases",
        title={"en": "Purchases"},
        about={"en": "Purchases of a frame in memory."},
        file="purchases.parquet",
        committed=False,
        how_to_get="It is made from the frame.",
        source="A frame in memory.",
        citation="None.",
        licence="Its owner's.",
        columns=Columns(**wanted),
        currency="as given",
        rules=Rules(returns=returns, duplicates=duplicates),
        last_day=last_day,
    )
    # the one chain from lines to customers reads files, so that a frame is cleaned as every data set is
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / codebook.file
        try:
            purchases[list(wanted.values())].to_parquet(path, index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as problem:
            raise ParameterError(
                f"A column of the frame mixes numbers and text; give each one type ({problem.args[0]})."
            ) from None
        try:
            lines = read_transactions(codebook, path)
        except DataError as error:
            problems = [problem.removeprefix(f"{path.name}: ") for problem in error.problems]
            raise DataError("The frame cannot be used as purchases:", problems) from None
        return customers.customer_table(
            lines, cutoff, holdout_end, windows,
            categories=categories, attributes=attributes, unit_days=unit_days,
        )  # fmt: skip


def methods(sizes: Sequence[int] = (4, 8)) -> pd.DataFrame:
    """The segmentation methods of the package: method, family, columns (of the customer table it reads), definition.

    Methods that can have any number of segments come once for each of `sizes`.

    >>> import crmresearch as crm
    >>> "rfm_eight_mean" in set(crm.methods()["method"])
    True
    """
    rows = [(m.name, family(m), ", ".join(m.needs), in_language(m.definition)) for m in every_method(sizes)]
    return pd.DataFrame(rows, columns=["method", "family", "columns", "definition"])
