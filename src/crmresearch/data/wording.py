"""What is said of files of data, by language: the texts of `en.yaml` beside it."""

from pathlib import Path
from typing import Any

from crmresearch.texts import Sentence, Texts

TEXTS = Texts(Path(__file__).parent)


def counted(key: str, **facts: Any) -> Sentence:
    """The name of a rule (`rule.<key>`) or of what it does (`treatment.<key>`), in English."""
    return TEXTS.say(key, **facts)


def note(key: str, **facts: Any) -> dict[str, str]:
    """The text `<key>` in every language that has it; a fact that is a text by language is told in each."""
    return TEXTS.in_languages(key, **facts)
