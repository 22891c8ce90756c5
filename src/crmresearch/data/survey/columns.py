"""One column of a survey file: its cells read as numbers or group values, and what is wrong with them."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from crmresearch.data.survey.codebook import Codebook, Group, as_value

LISTED = 5  # cells named in one message; the rest are counted


def read_item(cells: pd.Series, name: str, codebook: Codebook, listed: int = LISTED) -> tuple[pd.Series, list[str]]:
    """The answers as float64 (NaN where missing or wrong, reversed items turned), a sentence per problem.

    `listed`: how many cells a sentence names.
    """
    item = codebook.items[name]
    numbers, missing, problems = _read_numbers(cells, codebook.missing_codes_of(name), f"items.{name}", listed)
    outside = numbers.notna() & ~numbers.between(item.min, item.max)
    if outside.any():
        problems.append(
            f"Column {name} has {count_of(outside.sum(), 'value')} outside its scale "
            f"{item.min:g} to {item.max:g}: {name_cells(cells[outside], listed)}. "
            f"Correct the scale (min, max) or add a code for no answer to items.{name}.missing_codes in the codebook, "
            f"or mend {_them(outside.sum())}."
        )
    valid = numbers.mask(outside)
    if missing.all():
        problems.append(
            f"Column {name} holds no answer at all. Put the answers in, or remove the item from the codebook."
        )
    elif not problems and valid.min() == valid.max():
        problems.append(
            f"Column {name} is constant: every answer is {valid.min():g}. An item without variance "
            "measures nothing: remove it from the codebook."
        )
    return (item.min + item.max - valid if item.reversed else valid), problems


def read_group(cells: pd.Series, name: str, group: Group, listed: int = LISTED) -> tuple[pd.Series, list[str]]:
    """The group values (Int64 or text where the codebook names them, else float64), and the problems."""
    if group.values is None:
        numbers, _, problems = _read_numbers(cells, group.missing_codes, f"groups.{name}", listed)
        return numbers, problems
    values = _recode(cells, as_value)
    declared = {as_value(key): key for key in group.values}
    missing = (cells == "") | values.isin([as_value(code) for code in group.missing_codes])
    unknown = ~missing & ~values.isin(list(declared))
    problems = []
    if unknown.any():
        problems.append(
            f"Column {name} has {count_of(unknown.sum(), 'value')} the codebook does not declare: "
            f"{name_cells(cells[unknown], listed)}. Add {_them(unknown.sum())} to groups.{name}.values, or mend "
            "the file."
        )
    known = values.map(declared).mask(missing | unknown, None)
    whole = all(isinstance(key, int) for key in group.values)
    return known.astype("Int64" if whole else "str"), problems


def repeated_ids(ids: pd.Series, listed: int = LISTED) -> list[str]:
    """One sentence on respondents without an id, one on ids that stand in several rows."""
    problems = []
    blank = ids == ""
    if blank.any():
        rows = name_rows(ids.index[blank], listed)
        problems.append(f"Column {ids.name} has {count_of(blank.sum(), 'row')} without an id: {rows}. Fill it in.")
    twice = ids[ids.duplicated(keep=False) & ~blank]
    if len(twice):
        places = twice.groupby(twice, sort=False).apply(lambda rows: ", ".join(map(str, rows.index)))
        named = _listed([f"{value} in rows {rows}" for value, rows in places.items()], listed)
        problems.append(
            f"Column {ids.name} names {count_of(len(places), 'respondent')} more than once: {named}. "
            "Keep one row each, or give each respondent an id of their own."
        )
    return problems


def _read_numbers(
    cells: pd.Series, codes: Sequence[float | str], key: str, listed: int
) -> tuple[pd.Series, pd.Series, list[str]]:
    """Numbers (NaN where missing or wrong), which cells are missing, and a sentence on what is no number."""
    numbers = _recode(cells, number_of)
    missing = (cells == "") | cells.isin([c for c in codes if isinstance(c, str)])
    missing |= numbers.isin([c for c in codes if not isinstance(c, str)])
    wrong = numbers.isna() & ~missing
    problems = []
    if wrong.any():
        section, name = key.split(".", 1)
        are = "is" if wrong.sum() == 1 else "are"
        problems.append(
            f"Column {name} has {count_of(wrong.sum(), 'cell')} that {are} not a number: "
            f"{name_cells(cells[wrong], listed)}. Write numbers with a decimal point, or add a code for no answer to "
            f"{section}.{name}.missing_codes in the codebook."
        )
    return numbers.mask(missing).astype("float64"), missing, problems


def number_of(cell: str) -> float:
    """The number a cell shows; NaN for what only Python calls one (`1_0`, full-width digits)."""
    if not cell.isascii() or "_" in cell:
        return np.nan
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _recode(cells: pd.Series, read: Callable[[str], object]) -> pd.Series:
    # a survey column has a dozen different texts: reading each once is what makes 8,000 rows load in no time
    return cells.map({text: read(text) for text in cells.unique()})


def name_cells(cells: pd.Series, listed: int = LISTED) -> str:
    """`'x' in row 3, 'y' in row 9 and 4 more`."""
    return _listed([f"{text!r} in row {row}" for row, text in cells.items()], listed)


def name_rows(rows: pd.Index, listed: int = LISTED) -> str:
    """`row 3, row 9 and 4 more`."""
    return _listed([f"row {row}" for row in rows], listed)


def _listed(names: Sequence[str], listed: int) -> str:
    more = len(names) - listed
    return ", ".join(names[:listed]) + (f" and {more} more" if more > 0 else "")


def count_of(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
