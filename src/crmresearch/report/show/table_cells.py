"""A data frame as a reader sees it: columns of formatted text, numbers rounded, intervals in one column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import pandas as pd

from crmresearch.report.show.number_format import (
    MISSING,
    Probability,
    format_interval,
    format_number,
    format_p_value,
    is_missing,
    is_number,
    is_whole,
)
from crmresearch.report.show.wording import column_heading, words
from crmresearch.report.show.wording import columns as headings_of


@dataclass(frozen=True)
class Column:
    """One printed column: heading, formatted cells (ASCII minus), and whether it holds numbers."""

    heading: str
    cells: tuple[str, ...]
    numeric: bool


def flat_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy with text column names, a named or labelled index as first columns, and no negative zero."""
    flat = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    names = [" ".join(str(part) for part in c) if isinstance(c, tuple) else str(c) for c in flat.columns]
    flat = flat.set_axis(names, axis=1).reset_index(drop=True)
    repeated = flat.columns[flat.columns.duplicated()].tolist()
    if repeated:
        raise ValueError(f"a table needs distinct column names; repeated: {repeated}")
    floats = [name for name in names if pd.api.types.is_float_dtype(flat[name])]
    return flat.assign(**{name: flat[name] + 0.0 for name in floats})


def printed_columns(
    frame: pd.DataFrame, digits: int | Mapping[str, int], headings: Mapping[str, str], language: str
) -> list[Column]:
    """The columns of a flat frame as printed.

    `p_value` prints as a p-value, with ≤ where `p_value_floor`, not printed itself, is true. `x_lower` and `x_upper`
    become one interval column, headed as `interval` (for `ci`), as `x_range` where that has a heading, or as `x`,
    unless `headings` names either end itself.
    `digits` may be a mapping column -> decimals (3 for columns it does not name).
    """
    columns: list[Column] = []
    known = {**headings_of(language), **headings}
    floor = frame.get("p_value_floor", pd.Series(False, frame.index)).tolist()
    for name in frame.columns.drop("p_value_floor", errors="ignore"):
        stem = name.removesuffix("_upper") if name.endswith("_upper") else None
        if stem is not None and _joined(stem, frame, headings):
            continue
        stem = name.removesuffix("_lower") if name.endswith("_lower") else None
        places = digits if isinstance(digits, int) else digits.get(name, 3)
        if stem is not None and _joined(stem, frame, headings):
            key = "interval" if stem == "ci" else f"{stem}_range" if f"{stem}_range" in known else stem
            ends = zip(frame[name].astype(float), frame[f"{stem}_upper"].astype(float), strict=True)
            cells = tuple(format_interval(lower, upper, places) for lower, upper in ends)
            columns.append(Column(headings.get(key, column_heading(key, language)), cells, numeric=True))
        else:
            heading = headings.get(name, column_heading(name, language))
            columns.append(_column(heading, name, frame[name].tolist(), places, language, floor))
    return columns


def _joined(stem: str, frame: pd.DataFrame, headings: Mapping[str, str]) -> bool:
    ends = (f"{stem}_lower", f"{stem}_upper")
    return all(end in frame.columns for end in ends) and not any(end in headings for end in ends)


def _column(heading: str, name: str, values: list[Any], places: int, language: str, floor: Sequence[bool]) -> Column:
    present = [value for value in values if not is_missing(value)]
    numeric = bool(present) and all(is_number(value) for value in present)
    if not numeric:
        return Column(heading, tuple(_text(value, places, language) for value in values), numeric=not present)
    if name == "p_value" or name.endswith("_p_value"):
        ends = zip(values, floor, strict=True)
        cells = tuple(MISSING if is_missing(v) else format_p_value(float(v), bool(end)) for v, end in ends)
        return Column(heading, cells, numeric=True)
    # counts stored as floats (because a cell is missing) read as counts; a column of 0s and 1s stays rounded
    floats = any(isinstance(value, float) for value in present)
    counts = all(is_whole(value) for value in present) and (not floats or max(abs(v) for v in present) > 1)
    return Column(heading, tuple(_number(value, 0 if counts else places) for value in values), True)


def _number(value: Any, places: int) -> str:
    """A cell of numbers; among others a count stays a count and a probability a probability."""
    if is_missing(value):
        return MISSING
    if isinstance(value, Probability):
        return format_p_value(value)
    return format_number(float(value), 0 if isinstance(value, Integral) else places)


def _text(value: Any, places: int, language: str) -> str:
    if is_missing(value):
        return MISSING
    if type(value).__name__ in ("bool", "bool_"):
        return words(language)["yes" if value else "no"]
    if is_number(value):
        return format_number(float(value), 0 if is_whole(value) else places)
    return str(value)
