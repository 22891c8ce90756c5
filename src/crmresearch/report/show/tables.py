"""Tables of a report: rounded for the reader, raw for download."""

import re
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import pairwise
from typing import Any
from unicodedata import east_asian_width
from urllib.parse import quote

import pandas as pd

from crmresearch.report.record import list_table, report_folder, write_output, write_parts
from crmresearch.report.show.latex import latex_table
from crmresearch.report.show.table_cells import Column, flat_frame, printed_columns
from crmresearch.report.show.wording import words

CSV_NUMBERS = "%.10g"
_ROWS_AT_ONCE = 100_000  # of a long table: the text of two million rows takes gigabytes
_PACKED = 250_000  # rows of a long table beyond which its file is packed: two million take 400 MB, packed a fifth
_CARRIED = 2**20  # bytes of a CSV beyond which a page links it beside itself instead of carrying it
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what begins one in a spreadsheet
PAGE_HEIGHT = 235  # mm of rows on an A4 page; a higher table may break between rows
LONG_TEXT = 28  # characters; longer cells are sentences and may wrap
_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")


def check_name(name: str) -> str:
    """`name` itself when it can be a file name and an anchor (`paths`, `total_effects`), else ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"a table or figure name is lower-case words joined by _ or -, not {name!r}")
    return name


def data_uri(content: bytes, media_type: str) -> str:
    """`content` as a `data:` address, so that a page carries its own downloads."""
    return f"data:{media_type};base64,{b64encode(content).decode('ascii')}"


def download_link(content: bytes, media_type: str, filename: str, label: str) -> str:
    """A link that saves `content` under `filename`."""
    return (
        f'<a download="{escape(filename)}" href="{data_uri(content, media_type)}"'
        f' aria-label="{escape(label)}: {escape(filename)}">{escape(label)}</a>'
    )


def beside_page(kind: str, file: str) -> str:
    """The address, from the page of the report being rendered, of a file among its `tables` or `figures`."""
    folder = report_folder()
    return quote(f"{folder.parent.name}/{kind}/{file}") if folder is not None else ""


@dataclass(frozen=True, repr=False)
class Table:
    """One table: printed rounded (`repr`, HTML, `latex`), downloaded and written in full (`csv`)."""

    frame: pd.DataFrame
    name: str
    caption: str
    digits: int | Mapping[str, int] = 3
    headings: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    language: str = "en"
    data: pd.DataFrame | None = None

    @cached_property
    def columns(self) -> list[Column]:
        """The columns as printed."""
        return printed_columns(self.frame, self.digits, self.headings, self.language)

    @property
    def csv(self) -> str:
        """The raw frame (`data` where the printed one is a view of it) as CSV, numbers at 10 significant digits."""
        return csv_text(self.written)

    @property
    def written(self) -> pd.DataFrame:
        """What the CSV holds; counts and shares that stand in one column are numbers alike."""
        return (self.frame if self.data is None else self.data).infer_objects()

    @property
    def latex(self) -> str:
        """The printed table as LaTeX source."""
        return latex_table(
            self.name,
            self.caption,
            [column.heading for column in self.columns],
            [list(row) for row in self._rows()],
            [column.numeric for column in self.columns],
            self.note,
        )

    def as_shown(self) -> dict[str, Any]:
        """The printed table as plain lists, for other programs' documents."""
        return {
            "name": self.name,
            "caption": self.caption,
            "headings": [column.heading for column in self.columns],
            "rows": self._rows(),
            "numeric": [column.numeric for column in self.columns],
            "note": self.note,
        }

    def __repr__(self) -> str:
        if self.frame.empty:
            return self._nothing
        lines = [[column.heading for column in self.columns], *self._rows()]
        widths = [max(_width(line[i]) for line in lines) for i in range(len(self.columns))]
        printed = []
        for line in lines:
            cells = []
            for cell, width, column in zip(line, widths, self.columns, strict=True):
                padding = " " * (width - _width(cell))
                cells.append(padding + cell if column.numeric else cell + padding)
            printed.append("  ".join(cells).rstrip())
        return "\n".join(printed)

    def _repr_html_(self) -> str:
        anchor, word = f"table-{self.name}", words(self.language)
        if self.frame.empty:
            return f"""<figure class="crm-table" id="{anchor}">
<figcaption><span class="crm-number" data-counter="table">{word["table"]}</span> {escape(self._nothing)}</figcaption>
</figure>"""
        head = "".join(_html_heading(column) for column in self.columns)
        places = _places_in_blocks(self.columns)
        body = "\n".join(self._html_row(row, place) for row, place in zip(self._rows(), places, strict=True))
        size = " wide" if len(self.columns) > 7 else ""
        size += " long" if _printed_height(self.columns) > PAGE_HEIGHT else ""
        note = f'\n<p class="crm-note">{escape(self.note)}</p>' if self.note else ""
        return f"""<figure class="crm-table{size}" id="{anchor}">
<figcaption id="{anchor}-caption"><span class="crm-number" data-counter="table">{word["table"]}</span> \
{escape(self.caption)}</figcaption>
<div class="crm-scroll" role="region" tabindex="0" aria-labelledby="{anchor}-caption">
<table aria-labelledby="{anchor}-caption">
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>{note}{self._downloads() if report_folder() else ""}
</figure>"""

    @property
    def _nothing(self) -> str:
        """What is said in place of a table without rows."""
        return words(self.language)["no_rows"].format(caption=self.caption)

    def _downloads(self) -> str:
        # only in a rendered report: in a notebook they would double what is stored
        content, file = self.csv.encode(), f"{self.name}.csv"
        if len(content) > _CARRIED:
            csv = f'<a download="{file}" href="{beside_page("tables", file)}" aria-label="CSV: {file}">CSV</a>'
        else:
            csv = download_link(content, "text/csv;charset=utf-8", file, "CSV")
        tex = download_link(self.latex.encode(), "text/x-tex;charset=utf-8", f"{self.name}.tex", "LaTeX")
        return f'\n<p class="crm-downloads">{words(self.language)["download"]} {csv} {tex}</p>'

    def _rows(self) -> list[tuple[str, ...]]:
        return list(zip(*(column.cells for column in self.columns), strict=True))

    def _html_row(self, row: tuple[str, ...], place: str) -> str:
        cells = ['<tr class="group">' if place == "start" else "<tr>"]
        again = ' class="again"' if place == "again" else ""
        for position, (cell, column) in enumerate(zip(row, self.columns, strict=True)):
            text = escape(cell.replace("-", "−") if column.numeric else cell)
            if position == 0 and text and not column.numeric:  # a heading is never empty
                cells.append(f'<th scope="row"{again}>{text}</th>')
            else:
                cells.append(f"<td{_class(column)}>{text}</td>")
        return "".join([*cells, "</tr>"])


def show_table(
    frame: pd.DataFrame,
    name: str,
    caption: str,
    *,
    digits: int | Mapping[str, int] = 3,
    headings: Mapping[str, str] | None = None,
    note: str | None = None,
    language: str = "en",
    data: pd.DataFrame | None = None,
) -> Table:
    """A numbered table; in a rendered report with CSV and LaTeX downloads and a file `tables/<name>.csv`.

    `frame`: one row per printed row; an index that is not a plain count becomes the first column(s).
    `name`: file name and anchor (`#table-<name>`), lower-case words joined by `_` or `-`.
    `digits`: decimals for every column, or a mapping column -> decimals. `headings`: column -> heading;
    "interval" heads the column made of `ci_lower` and `ci_upper`. `data`: what the CSV holds, where `frame` is
    the reader's view of it. Raises ValueError for a name that cannot be a file name, repeated column names,
    an empty column list, or a p-value outside 0..1.
    """
    if frame.shape[1] == 0:
        raise ValueError(f"table {name!r} has no columns")
    raw = None if data is None else flat_frame(data)
    table = Table(flat_frame(frame), check_name(name), caption, digits, dict(headings or {}), note, language, raw)
    _ = table.columns  # a value that cannot be printed is an error here, not inside the display machinery
    write_output("tables", f"{name}.csv", table.csv.encode())
    write_output("tables", f"{name}.tex", table.latex.encode())
    shown = None if frame.empty else table.as_shown()
    list_table(name, len(table.written), _of_text(table.written), shown)
    return table


def write_table(frame: pd.DataFrame, name: str) -> str:
    """A table too long to print: in a rendered report `tables/<name>.csv`, nothing elsewhere. Returns its file name.

    Beyond 250,000 rows it is `<name>.csv.gz`, which pandas, R and DuckDB read as it is.
    """
    file = f"{check_name(name)}.csv{'.gz' if len(frame) > _PACKED else ''}"
    starts = range(0, max(1, len(frame)), _ROWS_AT_ONCE)
    parts = (csv_text(frame.iloc[start : start + _ROWS_AT_ONCE], header=start == 0).encode() for start in starts)
    write_parts("tables", file, _packed(parts) if file.endswith(".gz") else parts)
    list_table(name, len(frame), _of_text(frame), None, file)
    return file


def _packed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same as gzip, without the date that would make other bytes of the same table."""
    packer = zlib.compressobj(wbits=31)
    for part in parts:
        yield packer.compress(part)
    yield packer.flush()


@dataclass(frozen=True)
class WrittenTable:
    """A table too long for the page: a sentence that says what it holds, with a link to its file beside the page."""

    file: str
    told: str
    language: str

    def __repr__(self) -> str:
        return self.told

    def _repr_html_(self) -> str:
        link = ""
        if report_folder() is not None:
            word, packed = words(self.language), self.file.endswith(".gz")
            label = escape(f"{word['download']} {self.file}")
            link = f' <a download="{escape(self.file)}" href="{beside_page("tables", self.file)}">{label}</a>'
            link += f" {escape(word['packed'])}" if packed else ""
        return f'<p class="crm-downloads">{escape(self.told)}{link}</p>'


def _of_text(frame: pd.DataFrame) -> list[str]:
    """Columns that hold no numbers, whose cells stay as they are written."""
    return [str(column) for column in frame.columns if not pd.api.types.is_numeric_dtype(frame[column])]


def csv_text(frame: pd.DataFrame, header: bool = True) -> str:
    """A frame as CSV, numbers at 10 significant digits, in which no text is a formula to a spreadsheet.

    A heading or text that begins with = + - @, a tab or a line break gets an apostrophe before it, unless it is a
    number (OWASP, CSV injection).
    """
    safe = frame.copy(deep=False)
    for name, values in frame.select_dtypes(exclude=["number", "bool", "datetime"]).items():
        if isinstance(values.dtype, pd.CategoricalDtype):  # a list of customers: few names, many rows
            named = [_no_formula(value) for value in values.cat.categories]
            safe[name] = values.cat.rename_categories(named) if len(set(named)) == len(named) else values
        elif any(_no_formula(value) is not value for value in values):
            safe[name] = values.astype(object).map(_no_formula)
    safe.columns = pd.Index([_no_formula(name) for name in frame.columns])
    return safe.to_csv(index=False, header=header, float_format=CSV_NUMBERS, lineterminator="\n")


def _no_formula(value: Any) -> Any:
    if not isinstance(value, str) or len(value) < 2 or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def _class(column: Column) -> str:
    if column.numeric:
        return ' class="number"'
    return ' class="text"' if _length(column) > LONG_TEXT else ""


def _html_heading(column: Column) -> str:
    text = escape(_unbroken(column))
    return f'<th scope="col"{_class(column)}>{text}</th>' if text else f"<td{_class(column)}></td>"


def _length(column: Column) -> int:
    return max((len(cell) for cell in column.cells), default=0)


def _unbroken(column: Column) -> str:
    """The heading, kept on one line when the cells below are as long."""
    fits = len(column.heading) <= _length(column) <= LONG_TEXT
    return column.heading.replace(" ", "\u00a0") if fits else column.heading


def _printed_height(columns: list[Column]) -> float:
    """About how many millimetres the rows take on paper (4.05 a line, 1.15 between rows; texts wrap at 40)."""
    rows = zip(*(column.cells for column in columns), strict=True)
    return sum(1.15 + 4.05 * max(1 + len(cell) // 40 for cell in row) for row in rows)


def _places_in_blocks(columns: list[Column]) -> list[str]:
    """For each row `start` or `again` where the first column names blocks of rows, else an empty text."""
    first = columns[0].cells
    if columns[0].numeric or not any(a == b for a, b in pairwise(first)):
        return [""] * len(first)
    return ["", *("again" if a == b else "start" for a, b in pairwise(first))]


def _width(text: str) -> int:
    """Character cells of `text` in a terminal: Chinese characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
