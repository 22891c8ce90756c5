"""Tables of any usual kind of file as text: what was recognised (separator, encoding, decimal mark) is told.

CSV of any separator and encoding, gzip, Excel, SPSS, Stata, Parquet, SQLite and DuckDB; the suffix of the file and
its first bytes say which. Nothing is fetched from a network.
"""

import csv
import gzip
import io
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data import wording
from crmresearch.data.table_place import Place, find_place, numbered_names, table_rows

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
TEXT = (".csv", ".txt", ".tsv", ".dat")
STATISTICS = (".sav", ".zsav", ".por", ".dta")
DATABASES = (".duckdb", ".db", ".sqlite", ".sqlite3")
SUFFIXES = (*TEXT, ".xlsx", ".xlsm", *STATISTICS, ".parquet", ".feather", *DATABASES)
_REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls); save it as .xlsx",
    b"%PDF": "a PDF document, no table",
    b"\x89PNG": "a picture, no table",
}
_ENCODINGS = ["cp1252", "cp1250", "cp1251", "gb18030", "big5", "shift_jis", "euc_kr"]  # besides UTF
_CENTRAL_EUROPE = re.compile(  # bytes of cp1250 that are no letters in words of the West: łąż, šž, őű beside öü
    rb"[a-z][\xb3\xb9\xbf][a-z]|[a-z\xe0-\xff][\x9a\x9e]|[\x8a\x9a\x8e\x9e][a-z]"
    rb"|\A(?=[\s\S]*[a-z][\xf5\xfb])(?=[\s\S]*[\xf6\xfc])(?![\s\S]*[\xe3\xe7\xe8])"
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE = 200  # rows that tell the separator and the decimal mark
_NOTE_OF_EXCEL = re.compile(r'\ufeff?"?sep=(.)"?', re.IGNORECASE)  # to itself, in the first line


class FileProblem(ValueError):  # noqa: N818, a sentence, which the reader of a kind of data set puts into its own
    """Why a file is no table: what, where, what to do, without a full stop."""


Note = tuple[str, dict[str, Any]]  # the key of a text of `data`, and its facts


@dataclass(frozen=True)
class TextTable:
    """`cells`: text without outer blanks, "" where there is none, columns as in the header, rows labelled by line.

    `notes`: what was recognised and not told by the codebook, with the key that overrules it. `decimal`: the mark that
    divides a number from its decimals. `labels`: column → code as text → its label, where the file carries them.
    `whole`: whether these are all rows of the file. `found`: keys of a codebook, the sheet and the rows, that were
    looked for and are not the first.
    """

    cells: pd.DataFrame
    notes: tuple[Note, ...] = ()
    decimal: str = "."
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    whole: bool = True
    found: dict[str, str | int] = field(default_factory=dict)


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
            if cut and (_reader_of(content, suffix) is not _text or content.startswith(_UTF16)):
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
    if read is _text:
        return _text(content, separator, encoding, place, cut)
    if read is _excel:
        return _excel(content, table, place)
    found = {} if place or table or read not in (_sqlite, _duckdb) else _largest(path, read)
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
        return _sqlite
    if content[8:12] == b"DUCK":
        return _duckdb
    if content.startswith(b"PAR1"):
        return _columnar
    if content.startswith((b"ARROW1", b"FEA1")):
        return _columnar
    if content.startswith(b"PK\x03\x04"):
        return _excel
    if content.startswith((b"$FL2", b"$FL3", b"<stata_dta>")) or suffix in STATISTICS:
        return _statistics
    return _text


def decode(content: bytes, encoding: str | None) -> tuple[str, Note | None]:
    """The text of a file and a note on an encoding that nobody named and that is not UTF-8."""
    if encoding is not None:
        try:
            return content.decode(encoding).removeprefix("\ufeff"), None
        except LookupError:
            raise FileProblem(f"there is no encoding {encoding!r}; name one such as utf-8, cp1252 or gb18030") from None
        except UnicodeDecodeError as problem:
            line = content.count(b"\n", 0, problem.start) + 1
            raise FileProblem(f"line {line} is no text in {encoding}; mend `encoding`, or remove it") from None
    if content.startswith(_UTF16):
        try:
            return content.decode("utf-16"), ("note.encoding", {"encoding": "UTF-16"})
        except UnicodeDecodeError:
            raise FileProblem("it is cut off or damaged (UTF-16 text); export it again") from None
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as problem:
        from charset_normalizer import from_bytes

        found = None if b"\0" in content else from_bytes(content, cp_isolation=_ENCODINGS).best()
        if found is not None and found.encoding == "cp1250" and not _CENTRAL_EUROPE.search(content):
            with suppress(UnicodeDecodeError):
                return content.decode("cp1252"), ("note.encoding", {"encoding": "cp1252"})
        if found is not None:
            return str(found), ("note.encoding", {"encoding": found.encoding})
        with suppress(UnicodeDecodeError):  # too short to tell: what most programs of the West write
            text = content.decode("cp1252")
            if not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
                return text, ("note.encoding", {"encoding": "cp1252"})
        line = content.count(b"\n", 0, problem.start) + 1
        why = f"line {line} is not UTF-8 text; save it as 'CSV UTF-8', or name its `encoding`"
        raise FileProblem(why) from None


def find_separator(text: str) -> str:
    """The mark that cuts the first rows into the most cells, the same number in each; a comma where none does."""
    lines = text.splitlines(keepends=True)
    sample = "".join(lines[:_SAMPLE])
    cut = len(lines) > _SAMPLE  # perhaps within a cell of several lines
    best, most = ",", 1
    for mark in SEPARATORS:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=mark, strict=True)
        rows: list[list[str]] = []
        try:
            rows.extend(row for row in reader if any(row))
        except csv.Error:
            if not cut or reader.line_num < _SAMPLE:
                continue
        widths = Counter(map(len, rows))
        usual, times = widths.most_common(1)[0] if widths else (1, 0)
        titles = next((i for i, row in enumerate(rows) if len(row) > 1), 0) if usual > 2 else 0  # above the header
        if rows and usual > most and times >= 0.9 * (len(rows) - titles) and len(rows[titles]) == usual:
            best, most = mark, usual
    return best


def find_decimal(cells: pd.DataFrame) -> str:
    """A comma where numbers have one before their decimals and none has a point there, else a point.

    Numbers such as 1,234 alone do not tell decimals from thousands.
    """
    texts = pd.Series(cells.head(_SAMPLE).to_numpy().ravel(), dtype="str")
    thousands = texts.str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}")
    with_comma = (texts.str.fullmatch(r"[+-]?(\d*|\d{1,3}(\.\d{3})+),\d+") & ~thousands).sum()
    with_point = texts.str.fullmatch(r"[+-]?\d*\.\d+").sum()
    return "," if with_comma > 0 and not with_point else "."


def _text(
    content: bytes, separator: str | None, encoding: str | None, place: Place | None, cut: bool = False
) -> TextTable:
    text, note = decode(content[: content.rfind(b"\n") + 1] if cut else content, encoding)
    if "\0" in text:
        raise FileProblem("it holds zero bytes, so it is no text; save it as 'CSV UTF-8'")
    notes = [note] if note else []
    first, _, below = text.partition("\n")
    skipped = 0
    if told := _NOTE_OF_EXCEL.fullmatch(first.strip("\r ")):
        separator, text, skipped = separator or told[1], below, 1
    mark = separator or find_separator(text)
    if separator is None and mark != ",":
        notes.append(("note.separator", {"mark": wording.note(f"separator.{SEPARATORS[mark]}")}))
    rows, lines = _split(text, mark, skipped, cut)
    place = place or find_place(rows, lines)
    cells = _cells(rows, lines, mark, place)
    decimal = "," if mark != "," and find_decimal(cells) == "," else "."
    if decimal == ",":
        notes.append(("note.decimal_comma", {}))
    return TextTable(cells, tuple(notes), decimal, questions=place.questions, whole=not cut, found={**place.keys})


def has_note_of_excel(text: str) -> bool:
    """Whether the first line of a text file is `sep=;` or the like, no header."""
    return _NOTE_OF_EXCEL.fullmatch(text.partition("\n")[0].strip("\r ")) is not None


def _split(text: str, separator: str, skipped: int, cut: bool) -> tuple[list[list[str]], list[int]]:
    """The rows of a text that hold anything, and the line in which each begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1 + skipped
    try:
        for row in reader:
            if any(cell.strip() for cell in row) or len(row) > 1:
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1 + skipped
    except csv.Error as problem:
        if not (cut and rows and reader.line_num >= text.count("\n")):  # within a cell that goes on beyond the cut
            raise FileProblem(
                f"the row that begins in line {start} is broken ({problem}); look for an unpaired quotation mark"
            ) from None
    return rows, lines


def _cells(rows: Sequence[Sequence[str]], lines: list[int], separator: str, place: Place) -> pd.DataFrame:
    header, data, lines = _table_rows(rows, lines, place)
    _check_header(header)
    if ragged := [(line, len(row)) for line, row in zip(lines, data, strict=True) if len(row) != len(header)]:
        line, cells = ragged[0]
        more = f", and so have {len(ragged) - 1} more rows another number" if len(ragged) > 1 else ""
        raise FileProblem(
            f"line {line} has {cells} cells where the header has {len(header)}{more}; put text that holds "
            f"{SEPARATORS.get(separator, separator)} in quotation marks, and write decimals with a point"
        )
    values = np.array([[cell.strip() for cell in row] for row in data], dtype=object)
    frame = pd.DataFrame(values.reshape(len(data), len(header)), index=lines, columns=header, dtype=object)
    return frame.rename_axis("row")


def _table_rows(
    rows: Sequence[Sequence[str]], numbers: list[int], place: Place
) -> tuple[list[str], list[Sequence[str]], list[int]]:
    if not rows:
        raise FileProblem("it is empty; put the data there, one row each below a header")
    try:
        return table_rows(rows, numbers, place)
    except IndexError:
        raise FileProblem(f"row {place.header_row} is empty or not there; mend `header_row`") from None


def _check_header(header: Sequence[str]) -> None:
    if twice := list(dict.fromkeys(name for name in header if name and list(header).count(name) > 1)):
        raise FileProblem(f"its header names {', '.join(twice)} more than once; rename or delete one")


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """A typed frame as text: whole numbers without a point, days and times as ISO writes them, "" where missing."""
    header = [str(name).strip() for name in frame.columns]
    _check_header(header)
    cells = frame.set_axis(header, axis=1).astype(object).map(_cell) if len(frame) else frame.set_axis(header, axis=1)
    return cells.set_axis(pd.RangeIndex(2, len(frame) + 2)).rename_axis("row")


def _cell(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ""
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() and abs(float(value)) < 1e15 else repr(float(value))
    if isinstance(value, pd.Timestamp) or hasattr(value, "isoformat"):
        text = str(value)
        return text.removesuffix(" 00:00:00")
    return str(value).strip()


def _excel(content: bytes, table: str | None, place: Place | None) -> TextTable:
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
    every = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    numbers = [number for number, row in enumerate(every, 1) if any(row)]
    rows = [every[number - 1] for number in numbers]
    place = place or find_place(rows, numbers)
    header, data, numbers = _table_rows(rows, numbers, place)
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


def _statistics(path: Path, content: bytes, table: str | None) -> TextTable:
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
        column: {_cell(code): str(label) for code, label in of.items()}
        for column, of in about.variable_value_labels.items()
    }
    questions = {name: text for name, text in zip(about.column_names, about.column_labels, strict=True) if text}
    return TextTable(_as_text(frame), (), ".", labels, questions)


def _columnar(path: Path, content: bytes, table: str | None) -> TextTable:
    read = pd.read_parquet if content.startswith(b"PAR1") else pd.read_feather
    try:
        frame = read(io.BytesIO(content))
    except Exception:
        raise FileProblem("it is cut off or damaged; export it again") from None
    return TextTable(_as_text(frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()))


def _largest(path: Path, read: Callable[..., TextTable]) -> dict[str, str]:
    """The table of a database with the most rows, where it has several."""
    import duckdb

    if read is _sqlite:
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


def _sqlite(path: Path, content: bytes, table: str | None) -> TextTable:
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
    return TextTable(_as_text(frame))


def _duckdb(path: Path, content: bytes, table: str | None) -> TextTable:
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
    return TextTable(_as_text(frame))
