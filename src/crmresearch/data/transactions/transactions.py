"""Transactions: the purchases of a data file, cleaned by the rules of its codebook, every rule's lines counted.

Written as ibis expressions: DuckDB runs them where no other engine is named, Spark runs the same ones.
"""

import os
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmresearch.data.catalog import find_codebook, find_data_file
from crmresearch.data.documents import shown
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.counts import count_copies, counts_table, label, tally
from crmresearch.data.transactions.engine_errors import engine_sentences, unusable
from crmresearch.data.transactions.files import file_checksum, open_lines, recognised
from crmresearch.data.transactions.left_out import examples, lines_left_out
from crmresearch.data.transactions.lines import typed_lines
from crmresearch.data.transactions.packaged import open_package_lines
from crmresearch.data.transactions.times import read_times
from crmresearch.errors import CodebookError, DataError, DatasetMissingError

_ = ibis._
PARTS = 10_000  # of the unit of money: sums of whole parts are the same in any order, on any engine


def in_parts(money: ir.Value) -> ir.IntegerValue:
    """Money as a whole number of ten-thousandths; divide the sums by `PARTS`."""
    return (money * PARTS).round().cast("int64")


@dataclass(frozen=True)
class Transactions:
    """The purchases of one data set.

    `table`: an ibis table, one row a line that was kept: `customer` (text, or int64
    where the file has whole numbers), `time` (timestamp without zone), `day`
    (date), `amount` (float64, in `codebook.currency`), then those of `order`, `product`, `category`, `channel`
    (text), `discount`, `quantity` (float64) and the attributes that the codebook names. A negative amount is a return.
    `left_out`: the lines that were not kept, as `lines_left_out` has them.
    `read`: the columns of `table` of every line, kept or not, with its `rule`, and its `file_columns` as it writes
    them, named `written_0`, `written_1` … in their order.
    `counts`: `rule`, `rows`, `treatment`; a line is counted under the first rule that leaves it out.
    `rows`, `returns`: lines kept, and those of them with a negative amount. `first_day`, `last_day`: of the lines
    kept. `notes`: what a report must say of the file, by language: another copy than the codebook's, the codebook's own
    notes, the zone in which days begin where times are turned into it.
    """

    table: ir.Table
    left_out: ir.Table
    read: ir.Table
    file_columns: tuple[str, ...]
    codebook: TransactionsCodebook
    counts: pd.DataFrame
    rows: int
    returns: int
    first_day: date
    last_day: date
    path: Path
    sha256: str
    notes: tuple[dict[str, str], ...]

    def run(self, expression: ir.Expr) -> Any:
        """The value of an expression over `table`; a file that broke since it was opened is a DataError."""
        with engine_sentences(self.path):
            return expression.execute()

    def customers(self) -> int:
        """Number of different customers."""
        return int(self.run(self.table.customer.nunique()))

    @cached_property
    def buyers(self) -> int:
        """Number of different customers with a purchase, a line of zero or more, as `customer_table` has it."""
        return int(self.run(self.table.filter(in_parts(self.table.amount) >= 0).customer.nunique()))

    @property
    def known_until(self) -> date:
        """The last day of which the purchases are known: the codebook's `last_day`, else that of the last line."""
        return date.fromisoformat(self.codebook.last_day) if self.codebook.last_day else self.last_day

    @property
    def has_orders(self) -> bool:
        """Whether a purchase is an order: the codebook names a column of order numbers."""
        return self.codebook.columns.order is not None

    @property
    def thirds(self) -> tuple[date, date]:
        """The days that cut what is known into thirds; the second is the cut-off to begin with."""
        third = timedelta(days=(self.known_until - self.first_day).days // 3)
        return self.first_day + third, self.first_day + 2 * third

    def examples(self) -> dict[str, str]:
        """Label of a rule in `counts` → a line it left out, such as "line 7: when is 'yesterday'"."""
        with engine_sentences(self.path):
            found = examples(self.left_out, self.codebook, self.path)
        return {label(rule, self.codebook): line for rule, line in found.items()}

    def categories(self, most: int = 5) -> list[str]:
        """The categories with the largest spend, largest first; ties in the order of the alphabet."""
        if self.codebook.columns.category is None:
            return []
        spend = self.table.filter(self.table.category.notnull()).group_by("category").agg(spend=_.amount.sum())
        ordered = spend.order_by(ibis.desc(spend.spend), spend.category).limit(most)
        return [str(name) for name in self.run(ordered)["category"]]


def load_transactions(dataset: str, connection: Any = None, today: date | None = None) -> Transactions:
    """The cleaned transactions of `dataset`: a key, or a folder with a codebook.yaml.

    `connection`: an ibis connection (DuckDB or PySpark); by default an embedded DuckDB of its own. `today`: the day
    after which a time lies in the future, where the codebook has no `last_day`; by default the day of the call.

    Its `table` has a row a purchase, amounts in the currency of the codebook; its `counts` a row a cleaning rule.

    Raises CodebookError (for the data set of a survey as well), DatasetMissingError, or DataError with one sentence
    when the file is unusable: empty, not its codebook's file, without a column, broken, or nothing left of it.

    >>> import crmresearch as crm
    >>> purchases = crm.load_transactions("cdnow")
    >>> purchases.rows, purchases.customers(), str(purchases.last_day)
    (69659, 23570, '1998-06-30')
    >>> list(purchases.table.columns[:4])
    ['customer', 'time', 'day', 'amount']
    """
    codebook = find_codebook(dataset)
    if not isinstance(codebook, TransactionsCodebook):
        raise CodebookError(
            f"{shown(codebook.path)} describes a survey, not transactions; name a data set of transactions, or load "
            "it with `load_survey`."
        )
    return read_transactions(codebook, find_data_file(codebook), connection, today)


def transactions_if_here(dataset: str | None) -> tuple[Transactions | None, dict[str, str]]:
    """The transactions of a data set that a report can do without, or None and, by language, how to get its file.

    Without a name there are none and nothing is said. Raises as `load_transactions` but for a file that is not here.
    """
    try:
        return (load_transactions(dataset), {}) if dataset else (None, {})
    except DatasetMissingError as missing:
        return None, dict(missing.told)


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
    checksum, another_copy = file_checksum(codebook, path)
    codebook, recognitions = recognised(codebook, path)
    connection = embedded_duckdb() if connection is None else connection
    with engine_sentences(path):
        lines = (open_package_lines if codebook.package else open_lines)(connection, codebook, path)
        total = int(lines.count().execute())
        if not total:
            raise unusable(path, "it has no lines; put the purchases there, one line each")
        opened, copies = lines, count_copies(lines)
        if codebook.rules.duplicates == "drop" and copies:
            lines = lines.distinct()
        last = date.fromisoformat(codebook.last_day) if codebook.last_day else today or date.today()
        local = read_times(lines, codebook, last)
        typed = typed_lines(lines, codebook, local, last)
        found = tally(typed)
    left_out = lines_left_out(opened, lines, codebook, local, last)
    kept = typed.filter(typed.rule.isnull()).drop("rule", *({"clock"} & set(typed.columns)))
    rows = found["rows"].get("", 0)
    counts = counts_table(codebook, total, copies, found, last)
    if not rows:
        such = {label(rule, codebook): f", {line}" for rule, line in examples(left_out, codebook, path).items()}
        reasons = [f"{row.rows:,} × {row.rule}{such.get(row.rule, '')}" for row in counts[1:].itertuples() if row.rows]
        raise unusable(
            path,
            f"nothing is left of its {total:,} lines ({'; '.join(reasons)}); check `columns`, `time_format`, "
            f"`decimal` and `last_day` in {shown(codebook.path)}",
        )
    return Transactions(
        table=kept,
        left_out=left_out,
        read=typed_lines(lines, codebook, local, last, {f"written_{i}": lines[n] for i, n in enumerate(lines.columns)}),
        file_columns=tuple(lines.columns),
        codebook=codebook,
        counts=counts,
        rows=rows,
        returns=found["returns"][""],
        first_day=found["first"][""].date(),
        last_day=found["last"][""].date(),
        path=path,
        sha256=checksum,
        notes=tuple(note for note in (another_copy, *recognitions, codebook.notes, local.note) if note),
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
