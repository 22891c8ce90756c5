"""Workbooks, files of statistics programs, columnar files and databases as tables of text."""

import io
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from crmresearch.data.table_place import Place, find_place, numbered_names
from crmresearch.data.text_table import FileProblem, Note, TextTable, as_text, cell_text, rows_below_header


def read_excel(content: bytes, table: str | None, place: Place | None) -> TextTable:
    """A workbook: the sheet named, else that with the most cells."""
    try:
        book = pd.ExcelFile(io.BytesIO(content), engine="openpyxl")
    except Exception:
        raise FileProblem("it is no workbook that can be read; save it as .xlsx or as 'CSV UTF-8'") from None
    with book:
        sheets = {str(name): _sheet(book, str(name)) for name in book.sheet_names if table in (None, str(name))}
        if table is not None and table not in sheets:
            _chosen([str(name) for name in book.sheet_names], table, "sheet")
    sheet = max(sheets, key=lambda name: int(sheets[name].count().sum()))
    others = [name for name in sheets if name != sheet]
    notes: list[Note] = [("note.largest_sheet", {"sheet": sheet, "others": ", ".join(others)})] if others else []
    frame = sheets[sheet]
    every = [[cell_text(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    numbers = [number for number, row in enumerate(every, 1) if any(row)]
    rows = [every[number - 1] for number in numbers]
    place = place or find_place(rows, numbers)
    header, data, numbers = rows_below_header(rows, numbers, place)
    cells = pd.DataFrame(data, index=numbers, columns=numbered_names(header), dtype=object).rename_axis("row")
    unnamed = [name for name, of in zip(cells.columns, header, strict=True) if not of and not (cells[name] != "").any()]
    found: dict[str, str | int] = {**({"table": sheet} if others else {}), **place.keys}
    return TextTable(cells.drop(columns=unnamed), tuple(notes), questions=place.questions, found=found)


def _sheet(book: pd.ExcelFile, name: str) -> pd.DataFrame:
    return pd.read_excel(book, sheet_name=name, dtype=object, header=None, keep_default_na=False, na_values=[""])


def _chosen(names: Sequence[str], wanted: str | None, what: str) -> str:
    """The sheet or table that is meant: the one named, else the only one."""
    if wanted is not None:
        if wanted not in names:
            raise FileProblem(f"it has no {what} {wanted!r}; there are {', '.join(names) or 'none'} (key `table`)")
        return wanted
    if not names:
        raise FileProblem(f"it has no {what}")
    if len(names) > 1:
        raise FileProblem(f"it has several tables: {', '.join(names)}; name one under `table`")
    return names[0]


def read_statistics(path: Path, content: bytes, table: str | None) -> TextTable:
    """SPSS and Stata: codes as numbers, user-defined missing values as none, value labels beside."""
    try:
        import pyreadstat
    except ImportError:
        raise FileProblem(
            "SPSS and Stata files need the package pyreadstat: install crmresearch[readers] (in a clone, "
            "`make setup EXTRAS=readers`)"
        ) from None
    stata = content.startswith(b"<stata_dta>") or path.suffix.lower() == ".dta"
    read = (
        pyreadstat.read_dta if stata else pyreadstat.read_por if path.suffix.lower() == ".por" else pyreadstat.read_sav
    )
    try:
        frame, about = read(str(path))
    except Exception as problem:
        raise FileProblem(f"it cannot be read as {'a Stata' if stata else 'an SPSS'} file ({problem})") from None
    labels = {
        column: {cell_text(code): str(label) for code, label in of.items()}
        for column, of in about.variable_value_labels.items()
    }
    questions = {name: text for name, text in zip(about.column_names, about.column_labels, strict=True) if text}
    return TextTable(as_text(frame), (), ".", labels, questions)


def read_columnar(path: Path, content: bytes, table: str | None) -> TextTable:
    """Parquet, Feather and Arrow."""
    read = pd.read_parquet if content.startswith(b"PAR1") else pd.read_feather
    try:
        frame = read(io.BytesIO(content))
    except Exception:
        raise FileProblem("it is cut off or damaged; export it again") from None
    return TextTable(as_text(frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()))


def largest_table(path: Path, read: Callable[..., TextTable]) -> dict[str, str]:
    """The table of a database with the most rows, where it has several."""
    import duckdb

    if read is read_sqlite:
        connection: Any = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        listing = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    else:
        connection = duckdb.connect(str(path), read_only=True)
        listing = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY ALL"
    try:
        names = [str(name) for (name,) in connection.execute(listing).fetchall()]
        count = {}
        for name in names:
            quoted = name.replace('"', '""')
            count[name] = int(connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])
    except (sqlite3.Error, duckdb.Error):
        return {}
    finally:
        connection.close()
    return {"table": max(count, key=lambda name: count[name])} if len(count) > 1 else {}


def read_sqlite(path: Path, content: bytes, table: str | None) -> TextTable:
    """The table named, else the only one, of a SQLite database."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        listing = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        names = [name for (name,) in connection.execute(listing) if not name.startswith("sqlite_")]
        chosen = _chosen(names, table, "table")
        quoted = chosen.replace('"', '""')
        frame = pd.read_sql_query(f'SELECT * FROM "{quoted}"', connection, dtype=object)
    except sqlite3.Error as problem:
        raise FileProblem(f"it cannot be read as a SQLite database ({problem})") from None
    finally:
        connection.close()
    return TextTable(as_text(frame))


def read_duckdb(path: Path, content: bytes, table: str | None) -> TextTable:
    """The table named, else the only one, of a DuckDB database."""
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            listing = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"
            found = connection.execute(listing).fetchall()
            names = {name if schema == "main" else f"{schema}.{name}": (schema, name) for schema, name in found}
            chosen = _chosen(list(names), table, "table")
            schema, name = (part.replace('"', '""') for part in names[chosen])
            frame = connection.execute(f'SELECT * FROM "{schema}"."{name}"').df()
    except duckdb.Error:
        raise FileProblem("it cannot be read as a DuckDB database; was it made by a newer version?") from None
    return TextTable(as_text(frame))
