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

TERM = re.compile(r"\[\[(?:(\w+)\|)?([^\[\]|]+)\]\]")


class Sentence(str):
    """A sentence as it is told, which remembers its `key`, the `facts` it was made of, and the `terms` marked in it."""

    key: str
    facts: dict[str, Any]
    terms: frozenset[str]

    def __new__(cls, told: str, key: str, facts: dict[str, Any], terms: frozenset[str] = frozenset()) -> "Sentence":
        sentence = super().__new__(cls, told)
        sentence.key, sentence.facts, sentence.terms = key, facts, terms
        return sentence


def without_marks(text: str) -> tuple[str, frozenset[str]]:
    """A text without the marks of its terms, and the keys of these.

    `[[stability index|PSI]]` is not a mark; `[[psi|stability index]]` marks the words "stability index" as the term
    psi, and `[[Latent class]]` the words as the term latent_class.
    """
    found = TERM.findall(text)
    keys = frozenset(key or "_".join(re.findall(r"\w+", words.lower())) for key, words in found)
    return TERM.sub(r"\2", text), keys


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

    def section(self, section: str, language: str = "en") -> dict[str, str]:
        """The texts of one section by their key in it, those of English where the language has none."""
        both = {**self.catalogue("en"), **self.catalogue(language)}
        return {key.removeprefix(f"{section}."): text for key, text in both.items() if key.startswith(f"{section}.")}

    def written(self, key: str, language: str = "en") -> str:
        """A text as it is written, such as paragraphs of Markdown with formulas. KeyError when nobody wrote it."""
        return self.catalogue(language).get(key) or self.catalogue("en")[key]

    def say(self, key: str, language: str = "en", **facts: Any) -> Sentence:
        """The sentence of this key with its facts filled in and true minus signs.

        Raises KeyError for a sentence nobody wrote.
        """
        text, terms = without_marks(self.written(key, language))  # before the facts: data mark nothing
        told = " ".join(text.format(**facts).split())
        return Sentence(re.sub(r"(?<![\w.])-(?=[\d.])", "−", told), key, facts, terms)

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
