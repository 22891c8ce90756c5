"""All tables of a report in one Excel workbook and in one Word document, besides the CSV and LaTeX of each.

The workbook holds the numbers in full, a sheet a table; the document holds the tables as printed, in the style of the
American Psychological Association: number and title above, three rules, notes below (APA 7, section 7.8–7.21).
"""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from crmresearch.report.record import TABLES_LIST

if TYPE_CHECKING:
    from docx.table import Table as WordTable

_MOST_ROWS = 5_000  # of a sheet; longer tables are CSV only, or the page that carries the workbook grows too large
_SHEET_NAME = 31  # characters, as Excel has it
_THEN = datetime(2000, 1, 1)  # a date in the file would make other bytes of the same tables
_NO_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


class Shown(NamedTuple):
    """A table as a page shows it: what stands above, in and below it."""

    name: str
    caption: str
    headings: list[str]
    rows: list[list[str]]
    numeric: list[bool]
    note: str | None = None


def write_downloads(folder: Path, name: str, title: str, word: str) -> list[Path]:
    """Write `<name>.xlsx` and `<name>.docx` of all tables a notebook has left in `folder`, and return them.

    `word`: what "Table" is in the language of the report. Nothing is written where there is no table.
    """
    listed = folder / TABLES_LIST
    if not listed.is_file():
        return []
    told = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    listed.unlink()
    frames = []
    for one in told:
        rows = None if one["rows_written"] <= _MOST_ROWS else 0
        types = dict.fromkeys(one["text"], str)
        frame = pd.read_csv(
            folder / "tables" / one["file"], dtype=types, nrows=rows, keep_default_na=False, na_values=[""]
        )
        for column in frame.select_dtypes(include=["object", "string"]):  # a cell of text needs no guard here
            frame[column] = frame[column].str.replace(r"^'(?=[=+\-@\t\r\n])", "", regex=True)
        frames.append((one["name"], frame, one["rows_written"]))
    shown = [Shown(**one["shown"]) for one in told if one["shown"]]
    made = {
        ".xlsx": workbook(
            frames, {table.name: table.caption for table in shown}, {one["name"]: one["file"] for one in told}
        ),
        ".docx": word_document(title, shown, word),
    }
    paths = [folder / f"{name}{ending}" for ending in made]
    for path, content in zip(paths, made.values(), strict=True):
        path.write_bytes(content)
    return paths


def workbook(
    tables: Sequence[tuple[str, pd.DataFrame, int]], captions: dict[str, str], files: dict[str, str] | None = None
) -> bytes:
    """An Excel workbook: a sheet of contents, then one for every table (name, frame, rows), numbers in full.

    Text stays text, also where it looks like a formula. Tables of more than 5,000 rows are named and left out.
    The same tables give the same bytes.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    contents = book.active
    assert contents is not None
    contents.title = "contents"
    names = _sheet_names([name for name, _, _ in tables])
    for (name, frame, rows), sheet_name in zip(tables, names, strict=True):
        held = rows <= _MOST_ROWS
        told = (
            captions.get(name, name)
            if held
            else f"{captions.get(name, name)} ({rows:,} rows: {(files or {}).get(name, f'{name}.csv')})"
        )
        _append(contents, [sheet_name if held else "–", told])
        if not held:
            continue
        sheet = book.create_sheet(sheet_name)
        _append(sheet, list(frame.columns))
        for row in frame.itertuples(index=False):
            _append(sheet, list(row))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
    contents.column_dimensions["A"].width, contents.column_dimensions["B"].width = 34, 110
    book.properties.created = book.properties.modified = _THEN
    written = io.BytesIO()
    book.save(written)
    return _undated(written.getvalue())


def word_document(title: str, tables: Sequence[Shown], word: str = "Table") -> bytes:
    """A Word document of the printed tables, numbered in order. The same tables give the same bytes."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Pt

    document = Document()
    document.core_properties.created = document.core_properties.modified = _THEN
    document.core_properties.title, document.core_properties.author = _text(title)[:255], "crmresearch"
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(10)
    document.add_heading(_text(title), 1)
    for number, table in enumerate(tables, start=1):
        head = document.add_paragraph()
        head.add_run(f"{word} {number}").bold = True
        document.add_paragraph().add_run(_text(table.caption)).italic = True
        for paragraph in document.paragraphs[-2:]:
            paragraph.paragraph_format.keep_with_next = True
        _fill(document.add_table(rows=1, cols=len(table.headings)), table)
        note = document.add_paragraph()
        if table.note:
            note.add_run("Note. ").italic = True
            note.add_run(_text(table.note))
    written = io.BytesIO()
    document.save(written)
    return _undated(written.getvalue())


def _fill(made: "WordTable", table: Shown) -> None:
    """Headings and rows, numbers to the right, a rule above, below the headings and at the end."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for number, row in enumerate([table.headings, *table.rows]):
        cells = made.rows[0].cells if number == 0 else made.add_row().cells
        for cell, text, numeric in zip(cells, row, table.numeric, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph.add_run(_text(text.replace("-", "−") if numeric and number else text)).font.size = Pt(9)
            paragraph.paragraph_format.space_after = Pt(0)
            if numeric:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if number == 0:
            _rules(cells, ("top", "bottom"))
    _rules(made.rows[-1].cells, ("bottom",) if table.rows else ("top", "bottom"))


def _rules(cells: Sequence[Any], sides: Sequence[str]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in cells:
        borders = OxmlElement("w:tcBorders")
        for side in sides:
            rule = OxmlElement(f"w:{side}")
            for key, value in {"val": "single", "sz": "6", "space": "0", "color": "auto"}.items():
                rule.set(qn(f"w:{key}"), value)
            borders.append(rule)
        cell._tc.get_or_add_tcPr().append(borders)


def _append(sheet: Any, values: Sequence[Any]) -> None:
    sheet.append([_plain(value) for value in values])
    for cell in sheet[sheet.max_row]:
        if cell.data_type == "f":  # text that begins with = is no formula
            cell.data_type = "s"


def _plain(value: Any) -> Any:
    """A value as Excel can hold it: numbers as numbers, nothing where a value is missing, all else as text."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    if isinstance(value, bool | int | float):
        return value
    return _text(str(value))[:32_767]


def _text(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return _NO_XML.sub("", text)


def _sheet_names(names: Sequence[str]) -> list[str]:
    """Names of at most 31 characters, each once."""
    found: list[str] = []
    for name in names:
        short, number = name[:_SHEET_NAME], 1
        while short in found or short == "contents":
            number += 1
            short = f"{name[: _SHEET_NAME - 3]}_{number}"
        found.append(short)
    return found


def _undated(content: bytes) -> bytes:
    """The same archive without the times at which its parts were written."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in sorted(old.namelist()):
            plain = _MODIFIED.sub(rb"\g<1>2000-01-01T00:00:00Z", old.read(part))
            new.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), plain, zipfile.ZIP_DEFLATED)
    return written.getvalue()
