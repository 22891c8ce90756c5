"""Transactions: the purchases of a data file, cleaned by the rules of its codebook, every rule's lines counted.

Written as ibis expressions: DuckDB runs them where no other engine is named, Spark runs the same ones.
"""

import os
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd

from crmresearch.data.catalog import find_codebook, find_data_file
from crmresearch.data.documents import shown
from crmresearch.data.packaged import open_package_lines
from crmresearch.data.transaction_files import engine_sentences, file_checksum, open_lines, unusable
from crmresearch.data.transaction_times import read_times
from crmresearch.data.transactions_codebook import TransactionsCodebook
from crmresearch.errors import CodebookError, DataError

TEXT_ROLES = ("order", "product", "category", "channel")
NUMBER_ROLES = ("discount", "quantity")
LARGEST_AMOUNT = 1e12  # beyond it an amount is no amount; sums of 10⁻⁴ of it still fit into 64 bits
FEW_HASHES = 1_000_000  # so many, 8 bytes each, may pass through this process

_DROPPED = {
    "customer": "no customer id",
    "time": "time missing or not readable",
    "future": "time in the future",
    "amount": "amount missing or not a number",
    "return": "return (negative amount)",
}


@dataclass(frozen=True)
class Transactions:
    """The purchases of one data set.

    `table`: an ibis table, one row a line that was kept: `customer` (text, or int64
    where the file has whole numbers), `time` (timestamp without zone), `day`
    (date), `amount` (float64, in `codebook.currency`), then those of `order`, `product`, `category`, `channel`
    (text), `discount`, `quantity` (float64) and the attributes that the codebook names. A negative amount is a return.
    `counts`: `rule`, `rows`, `treatment`; a line is counted under the first rule that leaves it out.
    `rows`, `returns`: lines kept, and those of them with a negative amount. `first_day`, `last_day`: of the lines
    kept. `notes`: what a report must say of the file.
    """

    table: ir.Table
    codebook: TransactionsCodebook
    counts: pd.DataFrame
    rows: int
    returns: int
    first_day: date
    last_day: date
    path: Path
    sha256: str
    notes: tuple[str, ...]

    def customers(self) -> int:
        """Number of different customers."""
        return int(self.table.customer.nunique().execute())

    def categories(self, most: int = 5) -> list[str]:
        """The categories with the largest spend, largest first; ties in the order of the alphabet."""
        if self.codebook.columns.category is None:
            return []
        spend = self.table.filter(self.table.category.notnull()).group_by("category").agg(spend=_.amount.sum())
        ordered = spend.order_by(ibis.desc(spend.spend), spend.category).limit(most)
        return [str(name) for name in ordered.execute()["category"]]


_ = ibis._


def load_transactions(dataset: str, connection: Any = None, today: date | None = None) -> Transactions:
    """The cleaned transactions of a dataset key or of a folder with a codebook.yaml.

    `connection`: an ibis connection (DuckDB or PySpark); by default an embedded DuckDB of its own. `today`: the day
    after which a time lies in the future, where the codebook has no `last_day`; by default the day of the call.

    Raises CodebookError (for the data set of a survey as well), DatasetMissingError, or DataError with one sentence
    when the file is unusable: empty, not its codebook's file, without a column, broken, or nothing left of it.
    """
    codebook = find_codebook(dataset)
    if not isinstance(codebook, TransactionsCodebook):
        raise CodebookError(
            f"{shown(codebook.path)} describes a survey, not transactions; name a data set of transactions, or load "
            "it with `load_survey`."
        )
    return read_transactions(codebook, find_data_file(codebook), connection, today)


def check_transactions(dataset: str) -> list[str]:
    """What makes a dataset's file unusable, one sentence each; empty when it can be analysed."""
    try:
        load_transactions(dataset)
    except DataError as error:
        return error.problems
    return []


def read_transactions(
    codebook: TransactionsCodebook, path: Path, connection: Any = None, today: date | None = None
) -> Transactions:
    """A data file cleaned by its codebook; see `load_transactions`."""
    checksum, notes = file_checksum(codebook, path)
    connection = embedded_duckdb() if connection is None else connection
    with engine_sentences(path):
        opened = open_package_lines if codebook.package else open_lines
        lines = opened(connection, codebook, path)
        total = int(lines.count().execute())
        if not total:
            raise unusable(path, "it has no lines; put the purchases there, one line each")
        repeated = _copies(lines)
        if codebook.rules.duplicates == "drop" and repeated:
            lines = lines.distinct()
        last = date.fromisoformat(codebook.last_day) if codebook.last_day else today or date.today()
        typed = typed_lines(lines, codebook, last)
        found = _tally(typed)
    kept = typed.filter(typed.rule.isnull()).drop("rule")
    rows = found["rows"].get("", 0)
    counts = _counts(codebook, total, repeated, found, last)
    if not rows:
        reasons = [f"{row.rows:,} × {row.rule}" for row in counts.iloc[1:].itertuples() if row.rows]
        raise unusable(
            path,
            f"nothing is left of its {total:,} lines ({'; '.join(reasons)}); check `columns`, `time_format`, "
            f"`decimal` and `last_day` in {shown(codebook.path)}",
        )
    return Transactions(
        table=kept,
        codebook=codebook,
        counts=counts,
        rows=rows,
        returns=found["returns"][""],
        first_day=found["first"][""].date(),
        last_day=found["last"][""].date(),
        path=path,
        sha256=checksum,
        notes=tuple(notes),
    )


def embedded_duckdb() -> Any:
    """A DuckDB of its own; beyond half a gigabyte a core it works in the system's folder for temporary files."""
    connection = ibis.duckdb.connect(
        temp_directory=tempfile.gettempdir(),
        preserve_insertion_order=False,
        memory_limit=f"{max(1024, 512 * (os.cpu_count() or 1))}MiB",
    )
    connection.raw_sql("SET TimeZone = 'UTC'")  # zoned columns are read as UTC, wherever the machine is
    return connection


def typed_lines(lines: ir.Table, codebook: TransactionsCodebook, last: date) -> ir.Table:
    """The columns of `Transactions.table` and `rule`: null where the line is kept, else what leaves it out."""
    columns = codebook.columns
    amount = _number(lines[columns.amount], codebook.decimal)
    numbers = {
        role: _number(lines[name], codebook.decimal) for role, name in columns.named().items() if role in NUMBER_ROLES
    }
    if codebook.amount_per == "unit":
        amount = amount * numbers["quantity"]
    texts = {role: _text(lines[name]) for role, name in columns.named().items() if role in TEXT_ROLES}
    customer = _customer(lines[columns.customer])
    if codebook.missing_codes:
        codes = [f"{code:g}" if isinstance(code, float) else code for code in codebook.missing_codes]
        customer = ibis.ifelse(customer.cast("string").isin(codes), ibis.null(customer.type()), customer)
    typed = lines.select(
        customer=customer,
        time=read_times(lines, codebook),
        amount=amount,
        **texts,
        **numbers,
        **{name: lines[name] for name in codebook.attributes},
    )
    typed = typed.mutate(day=typed.time.date()).relocate("day", after="time")
    wrong = [
        (typed.customer.isnull(), "customer"),
        (typed.time.isnull(), "time"),
        (typed.time >= ibis.timestamp(f"{last + timedelta(days=1)} 00:00:00"), "future"),
        (typed.amount.isnull(), "amount"),
    ]
    if codebook.rules.returns == "drop":
        wrong.append((typed.amount < 0, "return"))
    return typed.mutate(rule=ibis.cases(*wrong, else_=ibis.null("string")))


def _customer(column: ir.Value) -> ir.Value:
    # grouping by whole numbers takes half the time of grouping by their text
    return column.cast("int64") if column.type().is_integer() else _text(column)


def _text(column: ir.Value) -> ir.StringValue:
    if column.type().is_floating():  # ids that pandas made floats: 17850.0 is 17850
        whole = column.cast("int64").cast("string")
        return ibis.ifelse(column == column.floor(), whole, column.cast("string"))
    return column.strip().nullif("") if column.type().is_string() else column.cast("string")


def _number(column: ir.Value, decimal: str) -> ir.FloatingValue:
    """float64; null for what is no number, infinite, or larger than any amount."""
    if column.type().is_numeric():
        number = column.cast("float64")
    else:
        text = column.cast("string").strip()
        if decimal == ",":
            text = text.replace(".", "").replace(",", ".")
        plain = text.re_search(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")  # engines differ on 1_000, 5d and inf
        number = ibis.ifelse(plain, text, ibis.null("string")).try_cast("float64")
    return ibis.ifelse(number.abs() < LARGEST_AMOUNT, number, ibis.null("float64"))


@ibis.udf.scalar.builtin(name="hash")
def _hash(line) -> dt.int64:  # type: ignore[no-untyped-def]
    """The engine's own hash, without sign on DuckDB: `Value.hash` goes through text there."""


def _copies(lines: ir.Table) -> int:
    """Number of lines that repeat another one in every column.

    Grouping whole lines takes more time and memory than grouping their hashes. Lines whose hash another one has are
    compared column by column: the number is exact.
    """
    name = f"{max(lines.columns, key=len)}_hash"
    line = _hash(ibis.struct({column: lines[column] for column in lines.columns}))
    hashed = lines.mutate((line >> 1).name(name))  # 63 bits fit where ibis expects a sign
    shared = hashed.group_by(name).having(_.count() > 1).agg()
    few = shared.limit(FEW_HASHES + 1).execute()
    if few.empty:
        return 0
    if len(few) <= FEW_HASHES:  # known, they are not searched for a second time: half the time
        shared = ibis.memtable(few)
    alike = hashed.semi_join(shared, name).group_by(*lines.columns).agg(**{name: _.count() - 1})
    return int(alike[name].sum().fill_null(0).execute())


def _tally(typed: ir.Table) -> dict[str, dict[str, Any]]:
    """One pass: per rule ("" = kept) the rows, returns, amounts of zero, first and last time."""
    tally = typed.group_by(rule=typed.rule.fill_null("")).agg(
        rows=_.count(),
        returns=(_.amount < 0).sum(),
        zero=(_.amount == 0).sum(),
        first=_.time.min(),
        last=_.time.max(),
    )
    frame = tally.execute().set_index("rule")
    whole = frame[["rows", "returns", "zero"]].fillna(0).astype("int64")
    return {**whole.to_dict(), **frame[["first", "last"]].to_dict()}


def _counts(
    codebook: TransactionsCodebook, total: int, repeated: int, found: dict[str, dict[str, Any]], last: date
) -> pd.DataFrame:
    rules, rows = codebook.rules, found["rows"]
    kept = "kept" if rules.duplicates == "keep" else "dropped"
    future = f"dropped: later than {last}"
    returns = (
        ("dropped", rows.get("return", 0))
        if rules.returns == "drop"
        else ("netted against spend, no purchase", found["returns"].get("", 0))
    )
    table = [
        ("lines in the file", total, ""),
        ("exact copy of another line", repeated, kept),
        (_DROPPED["customer"], rows.get("customer", 0), "dropped"),
        (_DROPPED["time"], rows.get("time", 0), "dropped"),
        (_DROPPED["future"], rows.get("future", 0), future),
        (_DROPPED["amount"], rows.get("amount", 0), "dropped"),
        (_DROPPED["return"], returns[1], returns[0]),
        ("amount of zero", found["zero"].get("", 0), "kept, a purchase"),
        ("lines used", rows.get("", 0), ""),
    ]
    return pd.DataFrame(table, columns=["rule", "rows", "treatment"])
