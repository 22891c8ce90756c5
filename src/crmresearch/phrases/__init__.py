"""Every sentence a report can say about its results, keyed, one YAML catalogue per language.

A sentence is a format string; its facts come from the results. A language without a sentence falls back to
English, so a catalogue can grow sentence by sentence without touching a notebook.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of one language by dotted key, such as `finding.index`; empty when there is none."""
    path = FOLDER / f"{language}.yaml"
    if not path.is_file():
        return {}
    sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, texts in sections.items() for key, text in texts.items()}


def languages() -> list[str]:
    """Languages that have a catalogue."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def say(key: str, language: str = "en", **facts: Any) -> str:
    """The sentence of this key with its facts filled in and true minus signs.

    Raises KeyError for a sentence nobody wrote.
    """
    sentence = catalogue(language).get(key) or catalogue("en")[key]
    told = " ".join(sentence.format(**facts).split())
    return re.sub(r"(?<![\w.])-(?=[\d.])", "−", told)


def listed(words: Sequence[str], language: str = "en") -> str:
    """Words as a list in a sentence: a, b and c."""
    sentences = {**catalogue("en"), **catalogue(language)}
    *head, last = words
    return sentences["list.and"].join([*([sentences["list.comma"].join(head)] if head else []), last])
