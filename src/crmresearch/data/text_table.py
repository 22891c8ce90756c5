"""A table of text, whatever file it came from, and what its header and cells may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.table_place import Place, table_rows


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


def rows_below_header(
    rows: Sequence[Sequence[str]], numbers: list[int], place: Place
) -> tuple[list[str], list[Sequence[str]], list[int]]:
    """Header, rows and their numbers, by the place of the table. Raises FileProblem where there is none."""
    if not rows:
        raise FileProblem("it is empty; put the data there, one row each below a header")
    try:
        return table_rows(rows, numbers, place)
    except IndexError:
        raise FileProblem(f"row {place.header_row} is empty or not there; mend `header_row`") from None


def check_header(header: Sequence[str]) -> None:
    """Raises FileProblem for a name that stands twice."""
    if twice := list(dict.fromkeys(name for name in header if name and list(header).count(name) > 1)):
        raise FileProblem(f"its header names {', '.join(twice)} more than once; rename or delete one")


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """A typed frame as text: whole numbers without a point, days and times as ISO writes them, "" where missing."""
    header = [str(name).strip() for name in frame.columns]
    check_header(header)
    cells = (
        frame.set_axis(header, axis=1).astype(object).map(cell_text) if len(frame) else frame.set_axis(header, axis=1)
    )
    return cells.set_axis(pd.RangeIndex(2, len(frame) + 2)).rename_axis("row")


def cell_text(value: Any) -> str:
    """A typed cell as text, as in `as_text`."""
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
