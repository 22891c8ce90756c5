"""Every word the page itself says (as opposed to the report's sentences), and the heading of every column."""

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
    """The printed heading of a column: the known one, else its name with underscores as spaces."""
    return columns(language).get(name, name.replace("_", " "))


def fact_label(key: str, language: str = "en") -> str:
    """The printed name of a provenance fact: the known one, else its key with underscores as spaces."""
    return words(language).get(key, key.replace("_", " ").capitalize())
