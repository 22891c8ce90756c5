"""A file of transactions opened as a table of one engine; a file that cannot be used is one sentence."""

import csv
import gzip
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from crmresearch.data.dataset import files_sha256
from crmresearch.data.files import DATABASES, TEXT, read_table
from crmresearch.data.text_files import SEPARATORS, find_separator, has_note_of_excel
from crmresearch.data.text_table import FileProblem, TextTable
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.engine_errors import unusable
from crmresearch.data.wording import note


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
    return checksum, note("note.another_copy", file=path.name, checksum=checksum, written=codebook.sha256)


def recognised(codebook: TransactionsCodebook, path: Path) -> tuple[TransactionsCodebook, list[dict[str, str]]]:
    """The codebook with the separator of a text file where it names none, and notes, by language, of what was found."""
    files = codebook.line_files(path)
    converted = [file for file in files if _is_converted(codebook, file)]
    if converted:
        found = [(file, key, facts) for file in converted for key, facts in _converted(codebook, file).notes]
        # the decimal mark of purchases is the codebook's
        told = [note(key, file=file.name, **facts) for file, key, facts in found if key != "note.decimal_comma"]
        return codebook, told
    first = files[0] if files else path
    if codebook.separator is not None or not _is_plain_text(codebook, first):
        return codebook, []
    mark = find_separator(_beginning(first))
    if mark == ",":
        return codebook.model_copy(update={"separator": mark}), []
    said = note("note.separator", file=path.name, mark=note(f"separator.{SEPARATORS[mark]}"))
    return codebook.model_copy(update={"separator": mark}), [said]


def open_lines(connection: Any, codebook: TransactionsCodebook, path: Path) -> ir.Table:
    """The files as they are: every column, cells of a CSV as text. Raises DataError when a column is missing."""
    files = codebook.line_files(path)
    if not files:
        raise unusable(path, "the folder is empty; put the files with the purchases there")
    tables = []
    for file in files:
        tables.append(_open_file(connection, codebook, file))
        check_columns(wanted_columns(codebook), list(tables[-1].columns), file)
        if other := set(tables[-1].columns) ^ set(tables[0].columns):
            raise unusable(file, f"it has not the columns of {files[0].name}: {', '.join(map(repr, sorted(other)))}")
    return tables[0] if len(tables) == 1 else ibis.union(*(table.select(*tables[0].columns) for table in tables))


def _open_file(connection: Any, codebook: TransactionsCodebook, path: Path) -> ir.Table:
    spark = connection.name == "pyspark"
    if _is_converted(codebook, path):
        return _open_converted(connection, codebook, path)
    if path.suffix.lower() == ".parquet":
        return read_parquet(connection, path)
    if path.suffix.lower() in DATABASES:
        return _open_database(connection, codebook, path, spark)
    _check_header(codebook, path)
    options = (
        {"inferSchema": False, "sep": codebook.separator, "escape": '"', "mode": "FAILFAST"}
        if spark
        else {"all_varchar": True, "hive_partitioning": False, "delim": codebook.separator, "quote": '"',
              "header": True, "auto_detect": False, "columns": dict.fromkeys(_header(codebook, path), "VARCHAR")}
    )  # fmt: skip
    lines: ir.Table = connection.read_csv(literal_path(path, spark), **options)
    return lines


def is_one_text(codebook: TransactionsCodebook, path: Path) -> bool:
    """Whether all lines stand in one text file, packed or not, so that they have numbers and an order."""
    name = path.name.lower().removesuffix(".gz")
    return codebook.line_files(path) == [path] and name.endswith(TEXT)


def numbered_rows(codebook: TransactionsCodebook, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number of the line it begins in, and cells, of the header and every row of a text file, as `open_lines` reads it.

    It ends before a cell of more than 131,072 characters, which an engine reads and the csv module refuses.
    """
    if not _is_plain_text(codebook, path):
        cells = _converted(codebook, path).cells
        yield 1, [str(name) for name in cells.columns]
        yield from zip(cells.index, cells.to_numpy().tolist(), strict=True)
        return
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with suppress(csv.Error), opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=codebook.separator or ",")
        number = 1
        for row in reader:
            if row:
                yield number, row
            number = reader.line_num + 1


_NUMBERS = count()  # of tables in memory: a file that has changed is another table


def _open_converted(connection: Any, codebook: TransactionsCodebook, path: Path) -> ir.Table:
    """A file that the engine does not read by itself, read as text into its memory."""
    table = _converted(codebook, path)
    _check_names([str(name) for name in table.cells.columns], path)
    cells = pa.Table.from_pandas(table.cells.astype("str"), preserve_index=False)
    name = f"converted_{next(_NUMBERS)}"
    if connection.name == "pyspark":
        return connection.create_table(name, obj=cells.to_pandas(), temp=True)
    connection.con.register(name, cells)
    return connection.table(name)


def _is_converted(codebook: TransactionsCodebook, path: Path) -> bool:
    """Whether the engine does not read the file by itself."""
    if path.suffix.lower() in DATABASES:
        return _is_sqlite(path)
    return path.suffix.lower() != ".parquet" and not _is_plain_text(codebook, path)


def _converted(codebook: TransactionsCodebook, path: Path) -> TextTable:
    about = path.stat()
    try:
        return _read_once(
            path, about.st_mtime_ns, about.st_size, separator=codebook.separator, encoding=codebook.encoding,
            table=codebook.table, place=codebook.place,
        )  # fmt: skip
    except FileProblem as why:
        raise unusable(path, str(why)) from None


@lru_cache(maxsize=1)
def _read_once(path: Path, _changed: int, _size: int, **options: Any) -> TextTable:
    """`read_table`, remembered while its lines are looked at: such a file is read into memory as a whole."""
    return read_table(path, **options)


def _is_plain_text(codebook: TransactionsCodebook, path: Path) -> bool:
    """Whether the engine reads the file by itself: UTF-8 text, packed or not. Told from its first megabyte."""
    if (
        codebook.place.keys
        or path.suffix.lower() not in (*TEXT, ".gz")
        or codebook.encoding not in (None, "utf-8", "UTF-8")
    ):
        return False
    if path.suffix.lower() == ".gz" and Path(path.stem).suffix.lower() not in TEXT:
        return False
    try:
        return not has_note_of_excel(_beginning(path))
    except UnicodeDecodeError:
        return False


def _beginning(path: Path) -> str:
    """The first megabyte of a text file, to the last whole line. Raises UnicodeDecodeError where it is not UTF-8."""
    packed = path.suffix.lower() == ".gz"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        content = file.read(2**20)
    if len(content) == 2**20:
        content = content[: content.rfind(b"\n") + 1]
    if b"\0" in content:
        raise UnicodeDecodeError("utf-8", content, content.index(b"\0"), content.index(b"\0") + 1, "a zero byte")
    return content.decode("utf-8-sig")


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"  # DuckDB would fetch an extension from the network


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
        with io.StringIO(_beginning(path), newline="") as file:
            return [
                name.strip() for name in next(csv.reader(file, delimiter=codebook.separator or ",", strict=True), [])
            ]
    except UnicodeDecodeError:
        raise unusable(path, "it is not UTF-8 text; save it as 'CSV UTF-8'") from None
    except csv.Error:
        raise unusable(path, "its header is broken; look for an unpaired quotation mark in the first line") from None


def _check_header(codebook: TransactionsCodebook, path: Path) -> None:
    header = _header(codebook, path)
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
        **dict.fromkeys(codebook.leave_out, "leave_out"),
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
    text = path.suffix.lower() in TEXT
    raise unusable(
        path,
        f"it has no {one} {', '.join(map(repr, absent))}{hint}; its columns are {', '.join(map(repr, present))}: put "
        f"their names under {keys} in the codebook{', or mend `separator`' if text else ''}",
    )
