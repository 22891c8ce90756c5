"""A CSV file as text: columns, cells, and each row's line number; an unreadable file is one sentence."""

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from crmresearch.data.documents import shown
from crmresearch.errors import DataError

_OTHER_FORMATS = {
    ".xlsx": "an Excel workbook",
    ".xls": "an Excel workbook",
    ".ods": "a spreadsheet",
    ".sav": "an SPSS file",
    ".dta": "a Stata file",
    ".parquet": "a Parquet file",
    ".feather": "a Feather file",
}
_SIGNATURES = {
    b"PK\x03\x04": "an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"$FL2": "an SPSS file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF document",
}
_EXPORT = "which is not read yet; open it in its own program and save it as 'CSV UTF-8 (comma separated)'"


@dataclass(frozen=True)
class CsvTable:
    """`cells`: text, stripped of outer blanks, columns as in the header, rows labelled by line number."""

    cells: pd.DataFrame
    path: Path
    sha256: str


def read_csv_table(path: Path) -> CsvTable:
    """The file as text. Raises DataError with one sentence on why it is no table and what to do."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise _unreadable(path, f"it cannot be opened: {problem.strerror or problem}") from None
    if not content.strip():
        raise _unreadable(path, "it is empty; put the survey there, one row per respondent below a header")
    signature = next((kind for mark, kind in _SIGNATURES.items() if content.startswith(mark)), None)
    if other := signature or _OTHER_FORMATS.get(path.suffix.lower()):
        raise _unreadable(path, f"it is {other}, {_EXPORT}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise _unreadable(path, f"line {line} is not UTF-8 text; save it as 'CSV UTF-8'") from None
    if "\0" in text:
        raise _unreadable(path, "it holds zero bytes, so it is not UTF-8 text; save it as 'CSV UTF-8'")
    return CsvTable(_cells(path, text), path, hashlib.sha256(content).hexdigest())


def _cells(path: Path, text: str) -> pd.DataFrame:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row) or len(row) > 1:
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as problem:
        raise _unreadable(
            path,
            f"the row that begins in line {start} is broken ({problem}); look for an unpaired quotation mark",
        ) from None
    if not rows:
        raise _unreadable(path, "it is empty; put the survey there, one row per respondent below a header")
    header = [name.strip() for name in rows[0]]
    if len(header) == 1 and (mark := next((m for m in (";", "\t", "|") if m in header[0]), None)):
        name = {";": "semicolons", "\t": "tabs", "|": "bars"}[mark]
        raise _unreadable(
            path, f"its columns are separated by {name}; save it separated by commas, with decimal points"
        )
    if twice := list(dict.fromkeys(name for name in header if name and header.count(name) > 1)):
        raise _unreadable(path, f"its header names {', '.join(twice)} more than once; rename or delete one")
    if ragged := [(line, len(row)) for line, row in zip(lines, rows, strict=True) if len(row) != len(header)]:
        line, cells = ragged[0]
        more = f", and so have {len(ragged) - 1} more rows another number" if len(ragged) > 1 else ""
        raise _unreadable(
            path,
            f"line {line} has {cells} cells where the header has {len(header)}{more}; "
            "put text that holds a comma in quotation marks and write decimals with a point",
        )
    values = np.array([[cell.strip() for cell in row] for row in rows[1:]], dtype=object)
    frame = pd.DataFrame(values.reshape(len(rows) - 1, len(header)), index=lines[1:], columns=header, dtype=object)
    return frame.rename_axis("row")


def _unreadable(path: Path, why: str) -> DataError:
    return DataError(f"{shown(path)} cannot be read as a survey:", [f"{path.name}: {why}."])
