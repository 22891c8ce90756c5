"""A file of transactions opened as a table of one engine; a file that cannot be used is one sentence."""

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from crmresearch.data.dataset import files_sha256
from crmresearch.data.transactions.codebook import DATABASES, TransactionsCodebook
from crmresearch.data.transactions.engine_errors import unusable


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
        lines = read_parquet(connection, path)
    elif suffix in DATABASES:
        lines = _open_database(connection, codebook, path, spark)
    else:
        _check_header(codebook, path)
        options = (
            {"inferSchema": False, "sep": codebook.separator, "escape": '"', "mode": "FAILFAST"}
            if spark
            else {"all_varchar": True, "hive_partitioning": False, "delim": codebook.separator, "quote": '"',
                  "header": True, "auto_detect": False, "columns": dict.fromkeys(_header(codebook, path), "VARCHAR")}
        )  # fmt: skip
        lines = connection.read_csv(literal_path(path, spark), **options)
    check_columns(wanted_columns(codebook), list(lines.columns), path)
    return lines


def read_parquet(connection: Any, path: Path) -> ir.Table:
    """A Parquet file as a table; its zoned times have a zoned type on every engine."""
    zoned: list[str] = []
    with suppress(pa.ArrowInvalid):  # a file that is not Parquet: the engine says so
        schema = pq.read_schema(path)
        _check_names(schema.names, path)
        zoned = [field.name for field in schema if pa.types.is_timestamp(field.type) and field.type.tz]
    spark = connection.name == "pyspark"
    options = {} if spark else {"hive_partitioning": False}
    lines: ir.Table = connection.read_parquet(literal_path(path, spark), **options)
    if spark and zoned:  # ibis calls Spark's two types of times by one name
        lines = lines.mutate(**{name: lines[name].cast("timestamp('UTC')") for name in zoned})
    return lines


def literal_path(path: Path, spark: bool = False) -> str:
    """The path as an engine must be told it to read this file: what it would take for a pattern stands for itself."""
    absolute = path.absolute().as_posix()
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", absolute) if spark else re.sub(r"([*?\[])", r"[\1]", absolute)


def _open_database(connection: Any, codebook: TransactionsCodebook, path: Path, spark: bool) -> ir.Table:
    if spark:
        raise unusable(path, "Spark does not read a DuckDB database; export the table as Parquet")
    with path.open("rb") as file:
        if file.read(15) == b"SQLite format 3":  # DuckDB would fetch an extension from the network
            raise unusable(path, "it is a SQLite database, which is not read; export the table as CSV or Parquet")
    name = f"source_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    attached = connection.raw_sql("SELECT database_name FROM duckdb_databases()").fetchall()
    if (name,) not in attached:
        connection.attach(str(path.absolute()).replace("'", "''"), name=name, read_only=True)
    listing = "SELECT table_schema, table_name FROM information_schema.tables"
    tables = {
        table if schema == "main" else f"{schema}.{table}": (schema, table)
        for schema, table in connection.raw_sql(f"{listing} WHERE table_catalog = '{name}' ORDER BY ALL").fetchall()
    }
    wanted = str(codebook.table).removeprefix("main.")
    if wanted not in tables:
        raise unusable(path, f"it has no table {codebook.table!r}; its tables are {', '.join(tables) or 'none'}")
    schema, table = tables[wanted]
    lines: ir.Table = connection.table(table, database=(name, schema))
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
    if header and re.fullmatch(r"sep=.?", header[0], re.IGNORECASE):
        raise unusable(path, "its first line is a note from Excel to itself (sep=…); delete that line")
    check_columns(wanted_columns(codebook), header, path)
    _check_names(header, path)
    if "" in header:
        raise unusable(path, f"column {header.index('') + 1} of its header has no name; name it or delete it")


def _check_names(names: Sequence[str], path: Path) -> None:
    if twice := list(dict.fromkeys(name for name in names if names.count(name) > 1)):
        raise unusable(path, f"its header names {', '.join(map(repr, twice))} more than once; rename or delete one")
    if alike := [name for name in names if [other.lower() for other in names].count(name.lower()) > 1]:
        first, second = [name for name in alike if name.lower() == alike[0].lower()][:2]
        raise unusable(path, f"its columns {first!r} and {second!r} differ only in case; rename or delete one")


def wanted_columns(codebook: TransactionsCodebook) -> dict[str, str]:
    """The columns of the file that the codebook names → the key under which it names them."""
    return {
        **dict.fromkeys(codebook.columns.named().values(), "columns"),
        **dict.fromkeys(codebook.attributes, "attributes"),
    }


def check_columns(wanted: Mapping[str, str], present: Sequence[str], path: Path) -> None:
    """Raises DataError, which names the columns of the file, when one that is wanted is not among them.

    `wanted`: column → the key of the codebook that names it.
    """
    absent = [name for name in wanted if name not in present]
    if not absent:
        return
    close = get_close_matches(absent[0], [name for name in present if name not in wanted], n=1)
    hint = f" (is {close[0]!r} the one?)" if close else ""
    one = "column" if len(absent) == 1 else "columns"
    keys = " and ".join(f"`{key}`" for key in dict.fromkeys(wanted[name] for name in absent))
    text = path.suffix.lower() in (".csv", ".txt")
    raise unusable(
        path,
        f"it has no {one} {', '.join(map(repr, absent))}{hint}; its columns are {', '.join(map(repr, present))}: put "
        f"their names under {keys} in the codebook{', or mend `separator`' if text else ''}",
    )
