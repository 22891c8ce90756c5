"""Tables of any usual kind of file as text: what was recognised (separator, encoding, decimal mark) is told.

CSV of any separator and encoding, gzip, Excel, SPSS, Stata, Parquet, SQLite and DuckDB; the suffix of the file and
its first bytes say which. Nothing is fetched from a network.
"""

import gzip
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from crmresearch.data.table_place import Place
from crmresearch.data.text_files import UTF16, read_text
from crmresearch.data.text_table import FileProblem, Note, TextTable
from crmresearch.data.typed_files import (
    largest_table,
    read_columnar,
    read_duckdb,
    read_excel,
    read_sqlite,
    read_statistics,
)

TEXT = (".csv", ".txt", ".tsv", ".dat")
STATISTICS = (".sav", ".zsav", ".por", ".dta")
DATABASES = (".duckdb", ".db", ".sqlite", ".sqlite3")
SUFFIXES = (*TEXT, ".xlsx", ".xlsm", *STATISTICS, ".parquet", ".feather", *DATABASES)
_REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls); save it as .xlsx",
    b"%PDF": "a PDF document, no table",
    b"\x89PNG": "a picture, no table",
}


def read_table(
    path: Path,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    table: str | None = None,
    place: Place | None = Place(),  # noqa: B008, frozen
    most: int | None = None,
) -> TextTable:
    """A file as a table of text.

    `separator` and `encoding` overrule what is recognised of a text file; `table` names the sheet of a workbook or the
    table of a database that has several; `place` says in which rows of a text or a workbook the table stands, None
    that it is looked for. Of a text file longer than `most` bytes only its beginning is read.
    Raises FileProblem with why it is no table and what to do.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            content = file.read(-1 if most is None else most)
            suffix = Path(path.stem if packed else path).suffix.lower()
            cut = most is not None and len(content) == most and bool(rest := file.read(1))
            if cut and (_reader_of(content, suffix) is not read_text or content.startswith(UTF16)):
                content, cut = content + rest + file.read(), False
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise FileProblem("it is cut off or damaged (gzip); make it again") from None
    except OSError as problem:
        raise FileProblem(f"it cannot be opened: {problem.strerror or problem}") from None
    if not content.strip():
        raise FileProblem("it is empty; put the data there, one row each below a header")
    for mark, told in _REFUSED.items():
        if content.startswith(mark):
            raise FileProblem(f"it is {told}")
    read = _reader_of(content, suffix)
    if read is read_text:
        return read_text(content, separator, encoding, place, cut)
    if read is read_excel:
        return read_excel(content, table, place)
    found = {} if place or table or read not in (read_sqlite, read_duckdb) else largest_table(path, read)
    opened = read(path, content, found.get("table", table))
    return replace(opened, found={**found})


def read_tables(paths: Sequence[Path], **options: Any) -> TextTable:
    """Several files of one shape as one table, their rows numbered through. Options as of `read_table`.

    Raises FileProblem naming the file that cannot be read or has other columns than the first.
    """
    if not paths:
        raise FileProblem("the folder is empty; put the files there")
    if len(paths) == 1:
        return read_table(paths[0], **options)
    tables = []
    for path in paths:
        try:
            tables.append(read_table(path, **options))
        except FileProblem as why:
            raise FileProblem(f"{path.name}: {why}") from None
        if set(tables[-1].cells.columns) != set(tables[0].cells.columns):
            other = sorted(set(tables[-1].cells.columns) ^ set(tables[0].cells.columns))
            raise FileProblem(f"{path.name} has not the columns of {paths[0].name}: {', '.join(map(repr, other))}")
    columns = tables[0].cells.columns
    cells = pd.concat([table.cells[columns] for table in tables])
    cells.index = pd.RangeIndex(2, len(cells) + 2, name="row")
    counted = ", ".join(f"{path.name} {len(table.cells):,}" for path, table in zip(paths, tables, strict=True))
    notes: list[Note] = [("note.several_files", {"count": len(paths), "rows": counted})]
    notes += [("note." + key.partition(".")[2], {"file": path.name, **facts})
              for path, table in zip(paths, tables, strict=True) for key, facts in table.notes]  # fmt: skip
    decimal = "," if any(table.decimal == "," for table in tables) else "."
    return TextTable(cells, tuple(notes), decimal, tables[0].labels, tables[0].questions)


def _reader_of(content: bytes, suffix: str) -> Callable[..., TextTable]:
    """By the first bytes, which do not lie; by the suffix where they say nothing."""
    if content.startswith(b"SQLite format 3"):
        return read_sqlite
    if content[8:12] == b"DUCK":
        return read_duckdb
    if content.startswith(b"PAR1"):
        return read_columnar
    if content.startswith((b"ARROW1", b"FEA1")):
        return read_columnar
    if content.startswith(b"PK\x03\x04"):
        return read_excel
    if content.startswith((b"$FL2", b"$FL3", b"<stata_dta>")) or suffix in STATISTICS:
        return read_statistics
    return read_text
