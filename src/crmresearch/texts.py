"""Texts by key and language: what a story can say about its results, in a YAML file a language beside the story.

A sentence is a format string; its facts come from the results. A page is made only in a language in which everything
is written (`lacking`); asked for a single sentence it does not have, a language falls back to English.
"""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from crmresearch.references import with_citations

TERM = re.compile(r"\[\[(?:(\w+)\|)?([^\[\]|]+)\]\]")


Terms = frozenset[tuple[str, str]]  # key of a term, and the words that stand for it in a text


class _Numbered(string.Formatter):
    """Format strings in which `{count:customer|customers}` is the first word for one, the second for any other number.

    >>> _Numbered().format("{n:,} {n:customer has|customers have} no segment", n=1)
    '1 customer has no segment'
    """

    def format_field(self, value: Any, format_spec: str) -> str:
        one, several, many = format_spec.partition("|")
        return (one if value == 1 else many) if several else str(super().format_field(value, format_spec))


class Sentence(str):
    """A sentence as it is told, which remembers its `key` among the `texts`, the `facts` it was made of, and the
    `terms` in it, their keys with the words for them, and the publications `cited` in it."""

    texts: "Texts"
    key: str
    facts: dict[str, Any]
    terms: Terms
    cited: frozenset[str]

    def __new__(
        cls,
        told: str,
        texts: "Texts",
        key: str,
        facts: dict[str, Any],
        terms: Terms = frozenset(),
        cited: frozenset[str] = frozenset(),
    ) -> "Sentence":
        sentence = super().__new__(cls, told)
        sentence.texts, sentence.key, sentence.facts, sentence.terms, sentence.cited = texts, key, facts, terms, cited
        return sentence

    def __reduce__(self) -> tuple[Any, ...]:  # tables of counts hold sentences, and users store and copy tables
        return Sentence, (str(self), self.texts, self.key, self.facts, self.terms, self.cited)

    def told_in(self, language: str) -> "Sentence":
        """The same sentence in this language."""
        return self.texts.say(self.key, language, **self.facts)


def without_marks(text: str) -> tuple[str, Terms]:
    """A text without the marks of its terms, and these.

    `[[stability index|PSI]]` is not a mark; `[[psi|stability index]]` marks the words "stability index" as the term
    psi, and `[[Latent class]]` the words as the term latent_class.
    """
    found = TERM.findall(text)
    terms = frozenset((key or "_".join(re.findall(r"\w+", words.lower())), words) for key, words in found)
    return TERM.sub(r"\2", text), terms


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
        return {**self.catalogue("en"), **self.catalogue(language)}[key]

    def facts_in(self, key: str, language: str = "en") -> set[str]:
        """The names of the facts in a sentence. KeyError when nobody wrote it."""
        return _facts(key, self.written(key, language))

    def say(self, key: str, language: str = "en", **facts: Any) -> Sentence:
        """The sentence of this key with its facts filled in and true minus signs.

        Raises KeyError for a sentence nobody wrote.
        """
        text, terms = self.with_terms(self.written(key, language), language)  # before the facts: data mark nothing
        text, cited = with_citations(text)
        told = " ".join(_Numbered().format(text, **facts).split())
        told = re.sub(r"(?<![\w.])-(?=0(\.0+)?(?!\d|\.\d))", "", told)  # what is rounded to zero has no sign
        return Sentence(re.sub(r"(?<![\w.])-(?=[\d.])", "−", told), self, key, facts, terms, cited)

    def with_terms(self, text: str, language: str = "en") -> tuple[str, Terms]:
        """A text without marks, and the terms in it: those marked, and the words of the section `technical`.

        These, such as `auc: AUC` or `pls: PLS, PLSc`, are the term of their key wherever they stand.
        """
        text, marked = without_marks(text)
        keys, pattern = _technical(self, language)
        return text, marked | {(keys[word], word) for word in pattern.findall(text)}

    def in_languages(self, key: str, **facts: Any) -> dict[str, str]:
        """The sentence in every language that has it; a fact that is itself a text by language is told in each."""

        def told(language: str) -> str:
            ours = {name: f.get(language, f["en"]) if isinstance(f, Mapping) else f for name, f in facts.items()}
            return str(self.say(key, language, **ours))

        return {language: told(language) for language in self.languages() if key in self.catalogue(language)}

    def listed(self, words: Sequence[str], language: str = "en") -> str:
        """Words as a list in a sentence: a, b and c; or, where one of several holds an and, a; b and c; and d."""
        sentences = {**self.catalogue("en"), **self.catalogue(language)}
        apart = "_apart" if len(words) > 1 and any(sentences["list.and"] in word for word in words) else ""
        *head, last = words
        told = [sentences[f"list.comma{apart}"].join(head)] if head else []
        return sentences[f"list.and{apart}"].join([*told, last])


MOST_NAMED = 12  # keys that a sentence on what is missing names


def lacking(package: Path, language: str) -> list[str]:
    """What keeps the texts below a folder from being told in a language, a sentence a file; empty when nothing does.

    Beside every `en.yaml` must lie a `<language>.yaml` with the same keys, in which no text names a fact that the
    English one does not have.
    """
    told = []
    for english in sorted(package.rglob("en.yaml")) if language != "en" else []:
        path = english.with_name(f"{language}.yaml")
        ours, theirs = _read(english), _read(path)
        where = f"{language!r} cannot be told: {path.relative_to(package.parent).as_posix()}"
        if not path.is_file():
            told.append(f"{where} is missing; write it beside {english.name}, with the same keys")
        elif missing := [key for key, text in ours.items() if text and not theirs.get(key)]:
            told.append(f"{where} lacks {_some(missing)}")
        elif unknown := [key for key in theirs if key not in ours]:
            told.append(f"{where} says {_some(unknown)}, which {english.name} does not have")
        elif wrong := [key for key in ours if not _facts(key, theirs.get(key, "")) <= _facts(key, ours[key])]:
            told.append(f"{where} names facts in {_some(wrong)} that {english.name} does not have there")
    return told


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    return ", ".join(keys[:MOST_NAMED]) + more


def _facts(key: str, text: str) -> set[str]:
    if key.startswith("prose."):  # Markdown as written, with braces of its own
        return set()
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@cache
def _technical(texts: Texts, language: str) -> tuple[dict[str, str], re.Pattern[str]]:
    """The term of every technical word, and where one stands: not within a longer word of Latin letters."""
    keys = {word: key for key, words in texts.section("technical", language).items() for word in words.split(", ")}
    forms = "|".join(re.escape(word) for word in sorted(keys, key=len, reverse=True))
    return keys, re.compile(f"(?<![A-Za-z0-9])(?:{forms})(?![A-Za-z0-9])" if forms else r"(?!)")


@cache
def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, texts in sections.items() for key, text in texts.items()}
