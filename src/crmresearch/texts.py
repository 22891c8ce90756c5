"""Texts by key and language: what a story can say about its results, in a YAML file a language beside the story.

A sentence is a format string; its facts come from the results. A language without a sentence falls back to
English, so that a catalogue can grow sentence by sentence without touching a notebook.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml


class Sentence(str):
    """A sentence as it is told, which remembers its `key` and the `facts` it was made of."""

    key: str
    facts: dict[str, Any]

    def __new__(cls, told: str, key: str, facts: dict[str, Any]) -> "Sentence":
        sentence = super().__new__(cls, told)
        sentence.key, sentence.facts = key, facts
        return sentence


@dataclass(frozen=True)
class Texts:
    """The texts in `<language>.yaml` of one folder, and those its parent shares with its siblings.

    No other file is read: a report is made again when its own texts change, and not when those of another do.
    """

    folder: Path

    def catalogue(self, language: str) -> dict[str, str]:
        """All sentences of one language by dotted key, such as `finding.index`; empty when there is none.

        KeyError when the folder and what it shares write the same sentence.
        """
        shared, own = (_read(folder / f"{language}.yaml") for folder in (self.folder.parent, self.folder))
        if twice := sorted(shared.keys() & own.keys()):
            raise KeyError(f"{self.folder.name}/{language}.yaml says {twice[0]}, which the stories share already")
        return {**shared, **own}

    def languages(self) -> list[str]:
        """Languages that have a catalogue."""
        return sorted(path.stem for path in self.folder.glob("*.yaml"))

    def say(self, key: str, language: str = "en", **facts: Any) -> Sentence:
        """The sentence of this key with its facts filled in and true minus signs.

        Raises KeyError for a sentence nobody wrote.
        """
        text = self.catalogue(language).get(key) or self.catalogue("en")[key]
        told = " ".join(text.format(**facts).split())
        return Sentence(re.sub(r"(?<![\w.])-(?=[\d.])", "−", told), key, facts)

    def listed(self, words: Sequence[str], language: str = "en") -> str:
        """Words as a list in a sentence: a, b and c."""
        sentences = {**self.catalogue("en"), **self.catalogue(language)}
        *head, last = words
        return sentences["list.and"].join([*([sentences["list.comma"].join(head)] if head else []), last])


@cache
def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, texts in sections.items() for key, text in texts.items()}
