"""Names of learned segments, made from what sets each apart from all customers and told in units of the data."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import Floats, Text
from crmresearch.segmentation.cuts import shown
from crmresearch.segmentation.wording import TEXTS, told

STANDS_OUT = 0.25  # standard deviations of a segment's mean from everybody's, from which a column may name it
MOST = 2  # columns in a name


def profile_names(columns: Sequence[str], medians: Floats, everybody: Floats, deviations: Floats) -> list[Text]:
    """A name by language for every segment, no two alike.

    `medians` (k, columns) and `everybody` (columns,) in the units of the columns, `deviations` (k, columns) of the
    segments' means from everybody's in standard deviations. A segment is named by the two columns in which it deviates
    most, where it stands out and its median lies on the same side of everybody's; so no name contradicts mean or
    median. Where two would be called the same, all medians are told, then the number of the segment.
    """
    sides = np.sign(medians - everybody)
    outstanding = np.where((np.abs(deviations) >= STANDS_OUT) & (sides == np.sign(deviations)), np.abs(deviations), 0.0)
    names = []
    for row, side, strength in zip(medians, sides, outstanding, strict=True):
        first = [int(j) for j in np.argsort(-strength, kind="stable")[:MOST] if strength[j] > 0]
        words = [_word(columns[j], "high" if side[j] > 0 else "low", row[j]) for j in first]
        names.append(listed(words) if words else told("name.middle", values=centre_words(columns, row)))
    names = [
        told("name.longer", name=name, values=centre_words(columns, row)) if names.count(name) > 1 else name
        for name, row in zip(names, medians, strict=True)
    ]
    return [
        told("name.numbered", name=name, number=i) if names.count(name) > 1 else name
        for i, name in enumerate(names, start=1)
    ]


def centre_words(columns: Sequence[str], values: Floats) -> Text:
    """Every column with its value, in words."""
    return listed([_word(column, "is", value) for column, value in zip(columns, values, strict=True)])


def rule_name(columns: Sequence[str], above: Mapping[str, float], up_to: Mapping[str, float]) -> Text:
    """The conditions of one leaf of a tree: lower bounds (exclusive) and upper bounds (inclusive) by column."""

    def conditions() -> Iterator[Text]:
        for column in columns:
            bounds = {"column": column_names([column]), "low": _cut(above.get(column)), "high": _cut(up_to.get(column))}
            if column in above or column in up_to:
                yield told(f"bound.{'above' if column in above else ''}{'upto' if column in up_to else ''}", **bounds)

    return listed(list(conditions())) or told("segment.everybody")


def listed(words: Sequence[Text], comma: str = "list.columns") -> Text:
    """Words by language as a list in each, with the text of the key `comma` between them; empty for none."""
    languages = TEXTS.languages() if words else []
    return {
        language: TEXTS.written(comma, language).join(word.get(language, word["en"]) for word in words)
        for language in languages
    }


def _word(column: str, side: str, value: float) -> Text:
    facts = {"value": shown(value), "column": column_names([column])}
    return told(f"name.{column}_{side}", **facts) or told(f"name.column_{side}", **facts)


def _cut(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}"
