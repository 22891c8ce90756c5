"""Text files as tables: their encoding, separator and decimal mark are recognised and told."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from crmresearch.data import wording
from crmresearch.data.table_place import Place, find_place
from crmresearch.data.text_table import FileProblem, Note, TextTable, check_header, rows_below_header

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_ENCODINGS = ["cp1252", "cp1250", "cp1251", "gb18030", "big5", "shift_jis", "euc_kr"]  # besides UTF
_CENTRAL_EUROPE = re.compile(  # bytes of cp1250 that are no letters in words of the West: łąż, šž, őű beside öü
    rb"[a-z][\xb3\xb9\xbf][a-z]|[a-z\xe0-\xff][\x9a\x9e]|[\x8a\x9a\x8e\x9e][a-z]"
    rb"|\A(?=[\s\S]*[a-z][\xf5\xfb])(?=[\s\S]*[\xf6\xfc])(?![\s\S]*[\xe3\xe7\xe8])"
)
UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE = 200  # rows that tell the separator and the decimal mark
_NOTE_OF_EXCEL = re.compile(r'\ufeff?"?sep=(.)"?', re.IGNORECASE)  # to itself, in the first line


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
    if content.startswith(UTF16):
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


def read_text(
    content: bytes, separator: str | None, encoding: str | None, place: Place | None, cut: bool = False
) -> TextTable:
    """The bytes of a text file as a table; of a `cut` one without its last line. Options as of `read_table`."""
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
    header, data, lines = rows_below_header(rows, lines, place)
    check_header(header)
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
