"""Every sentence a report can say about its results, keyed, one folder of YAML catalogues per language.

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
    """All sentences of one language by dotted key, such as `finding.index`; empty when there is none.

    A section may go on in another file; KeyError when two of them write the same sentence.
    """
    told: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.yaml")):
        for section, texts in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for key, text in texts.items():
                if f"{section}.{key}" in told:
                    raise KeyError(f"{path.name} says {section}.{key} a second time")
                told[f"{section}.{key}"] = text
    return told


def languages() -> list[str]:
    """Languages that have a catalogue."""
    return sorted({path.parent.name for path in FOLDER.glob("*/*.yaml")})


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
