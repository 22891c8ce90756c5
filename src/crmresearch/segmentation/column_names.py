"""What readers call the columns of a customer table, by language."""

import re
from collections.abc import Iterable

from crmresearch.segmentation.contract import Text
from crmresearch.segmentation.wording import TEXTS, told


def column_names(columns: Iterable[str]) -> Text:
    """The names of columns as a list in words; a column without a name keeps its own."""
    names = [_name(column) for column in columns]
    return {
        language: TEXTS.written("list.columns", language).join(name.get(language, name["en"]) for name in names)
        for language in TEXTS.languages()
    }


def _name(column: str) -> Text:
    if recent := re.fullmatch(r"spend_last_(\d+)", column):
        return told("column.spend_last", days=recent[1])
    return told(f"column.{column}") or {"en": column}
