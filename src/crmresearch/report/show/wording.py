"""Every word the page itself says (as opposed to the report's sentences), and the heading of every column."""

import re
from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent / "words")


def words(language: str) -> dict[str, str]:
    """The page's words in `language`, falling back to English word by word."""
    return TEXTS.section("word", language.split("-")[0])


def columns(language: str = "en") -> dict[str, str]:
    """The heading of every known column, falling back to English column by column."""
    return TEXTS.section("column", language.split("-")[0])


def column_heading(name: str, language: str = "en") -> str:
    """The printed heading of a column: the known one, a key with underscores as spaces, else the name as it is."""
    own = name.replace("_", " ") if re.fullmatch(r"\w+", name) else name  # a label from data is not a key
    return columns(language).get(name, own)


def fact_label(key: str, language: str = "en") -> str:
    """The printed name of a provenance fact: the known one, else its key with underscores as spaces."""
    return words(language).get(key, key.replace("_", " ").capitalize())
