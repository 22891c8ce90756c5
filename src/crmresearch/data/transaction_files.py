"""A file of transactions opened as a table of one engine; a file that cannot be used is one sentence."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from crmresearch.data.dataset import files_sha256
from crmresearch.data.documents import shown
from crmresearch.data.transactions_codebook import TransactionsCodebook
from crmresearch.errors import CrmResearchError, DataError


def unusable(path: Path, why: str) -> DataError:
    """The error of a file that cannot be analysed at all."""
    return DataError(f"{shown(path)} cannot be used as transactions:", [f"{path.name}: {why}."])


def file_checksum(codebook: TransactionsCodebook, path: Path) -> tuple[str, dict[str, str] | None]:
    """The sha256 of the file (of several, `files_sha256`), and a note, by language, where it is another copy than
    the codebook's.

    Raises DataError when the file is empty, cannot be opened, or is committed and was changed.
    """
    try:
        if not path.stat().st_size:
            raise unusable(path, "it is empty; put the purchases there, one line each")
        checksum = files_sha256(codebook.data_files(path))
    except OSError as problem:
        raise unusable(path, f"it cannot be opened: {problem.strerror or problem}") from None
    if codebook.sha256 in (None, checksum):
        return checksum, None
    if codebook.committed:
        raise unusable(
            path,
            f"its checksum is {checksum}, not {codebook.sha256}: the file was changed; restore it or, if the change "
            "is meant, record the checksum under `sha256`",
        )
    return checksum, {
        "en": f"{path.name} (sha256 {checksum}) is not the copy this codebook was written with ({codebook.sha256}).",
        "zh": f"{path.name}（sha256 {checksum}）不是编写此编码簿时所用的文件（{codebook.sha256}）。",
    }


def open_lines(connection: Any, codebook: TransactionsCodebook, path: Path) -> ir.Table:
    """The file as it is: every column, cells of a CSV as text. Raises DataError when a column is missing."""
    suffix = path.suffix.lower()
    spark = connection.name == "pyspark"
    if suffix == ".parquet":
        lines = connection.read_parquet(path)
    elif suffix == ".duckdb":
        lines = _open_database(connection, codebook, path, spark)
    else:
        _check_header(codebook, path)
        options = (
            {"inferSchema": False, "sep": codebook.separator, "escape": '"', "mode": "FAILFAST"}
            if spark
            else {"all_varchar": True, "delim": codebook.separator, "quote": '"', "header": True, "auto_detect": False,
                  "columns": dict.fromkeys(_header(codebook, path), "VARCHAR")}
        )  # fmt: skip
        lines = connection.read_csv(path, **options)
    check_columns(_wanted(codebook), list(lines.columns), path)
    return lines


@contextmanager
def engine_sentences(path: Path) -> Iterator[None]:
    """What an engine says about a broken file, as one sentence."""
    try:
        yield
    except CrmResearchError:
        raise
    except Exception as problem:
        kind = type(problem).__module__.split(".")[0]
        if kind not in ("duckdb", "_duckdb", "pyspark", "py4j"):
            raise
        text = " ".join(str(problem).split("\n\n")[0].split())
        raise unusable(path, f"it cannot be read to its end: {text[:300].rstrip('.')}") from None


def _open_database(connection: Any, codebook: TransactionsCodebook, path: Path, spark: bool) -> ir.Table:
    if spark:
        raise unusable(path, "Spark does not read a DuckDB database; export the table as Parquet")
    name = f"source_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    attached = connection.raw_sql("SELECT database_name FROM duckdb_databases()").fetchall()
    if (name,) not in attached:
        connection.attach(str(path).replace("'", "''"), name=name, read_only=True)
    query = f"SELECT table_name FROM information_schema.tables WHERE table_catalog = '{name}' ORDER BY 1"
    tables = [table for (table,) in connection.raw_sql(query).fetchall()]
    if codebook.table not in tables:
        raise unusable(path, f"it has no table {codebook.table!r}; its tables are {', '.join(tables) or 'none'}")
    lines: ir.Table = connection.table(codebook.table, database=(name, "main"))
    return lines


def _header(codebook: TransactionsCodebook, path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [name.strip() for name in next(csv.reader(file, delimiter=codebook.separator, strict=True), [])]
    except UnicodeDecodeError:
        raise unusable(path, "it is not UTF-8 text; save it as 'CSV UTF-8'") from None
    except csv.Error:
        raise unusable(path, "its header is broken; look for an unpaired quotation mark in the first line") from None


def _check_header(codebook: TransactionsCodebook, path: Path) -> None:
    header = _header(codebook, path)
    check_columns(_wanted(codebook), header, path)
    if twice := list(dict.fromkeys(name for name in header if header.count(name) > 1)):
        raise unusable(path, f"its header names {', '.join(map(repr, twice))} more than once; rename or delete one")
    if "" in header:
        raise unusable(path, f"column {header.index('') + 1} of its header has no name; name it or delete it")


def _wanted(codebook: TransactionsCodebook) -> list[str]:
    return [*codebook.columns.named().values(), *codebook.attributes]


def check_columns(wanted: Sequence[str], present: Sequence[str], path: Path) -> None:
    """Raises DataError, which names the columns of the file, when one that is wanted is not among them."""
    absent = [name for name in wanted if name not in present]
    if not absent:
        return
    close = get_close_matches(absent[0], [name for name in present if name not in wanted], n=1)
    hint = f" (is {close[0]!r} the one?)" if close else ""
    one = "column" if len(absent) == 1 else "columns"
    raise unusable(
        path,
        f"it has no {one} {', '.join(map(repr, absent))}{hint}; its columns are {', '.join(map(repr, present))}: put "
        "their names under `columns` in the codebook, or mend `separator`",
    )
