"""Publications: cited in texts by key, printed as the American Psychological Association has them, and as BibTeX."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_CITED = re.compile(r"\[(@[\w;@\s]+)\]")
_NAMED = re.compile(r"(?<![\w@;\[.])@([a-z]+\d{4})\b")


@dataclass(frozen=True)
class Reference:
    """One publication in the fields of BibTeX; `authors` as "Surname, A. B.".

    A citation that a codebook or a theory writes in its own words has a `text` and no fields.
    """

    key: str
    type: str = "misc"
    authors: tuple[str, ...] = ()
    year: int | None = None
    title: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    text: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Surnames of the authors."""
        return tuple(author.split(",")[0] for author in self.authors)

    def cited(self, *, narrative: bool = False) -> str:
        """`Hu & Bentler, 1999`, or within a sentence `Hu and Bentler (1999)`; of three or more authors the first."""
        first, *rest = self.names
        if len(rest) == 1:
            named = f"{first} {'and' if narrative else '&'} {rest[0]}"
        else:
            named = f"{first} et al." if rest else first
        return f"{named} ({self.year})" if narrative else f"{named}, {self.year}"

    def apa(self, emphasis: str = "") -> str:
        """The entry of a reference list, what is set in italics between two of the marks `emphasis`."""
        if self.text:
            return self.text
        own = dict(self.fields)
        what = self.title if self.type == "article" else f"{emphasis}{self.title}{emphasis}"
        *head, last = self.authors
        told = f"{', '.join(head)}, & {last}" if head else last
        told += f" ({self.year}). {what}"
        told += f" ({own['edition']})" if "edition" in own else ""
        told += "" if told.endswith("?") else "."
        if self.type == "article":
            number = f"({own['number']})" if "number" in own else ""
            pages = f", {own['pages']}" if "pages" in own else ""
            told += f" {emphasis}{own['journal']}, {own['volume']}{emphasis}{number}{pages}."
        told += "".join(f" {own[name]}." for name in ("publisher", "note") if name in own)
        return told + (f" https://doi.org/{own['doi']}" if "doi" in own else "")

    def bibtex(self) -> str:
        """The entry of a .bib file."""
        if self.text:
            entries = {"note": self.text}
        else:
            known = {"author": " and ".join(self.authors), "year": str(self.year), "title": f"{{{self.title}}}"}
            entries = {**known, **dict(self.fields)}
        lines = [f"  {name} = {{{_latex(value, name)}}}" for name, value in entries.items()]
        return f"@{self.type}{{{self.key},\n" + ",\n".join(lines) + "\n}\n"


def _latex(text: str, name: str) -> str:
    if name in ("doi", "title"):
        return text.replace("&", r"\&") if name == "title" else text
    return re.sub(r"([&%#_$])", r"\\\1", text.replace("–", "--") if name == "pages" else text)


@cache
def known() -> dict[str, Reference]:
    """Every publication of `references.yaml` by key."""
    text = Path(__file__).with_name("references.yaml").read_text(encoding="utf-8")
    return {key: _read(key, entry) for key, entry in yaml.safe_load(text).items()}


def _read(key: str, entry: dict[str, Any]) -> Reference:
    main = {"type", "author", "year", "title"}
    fields = tuple((name, str(value)) for name, value in entry.items() if name not in main)
    return Reference(key, entry["type"], tuple(entry["author"]), entry["year"], entry["title"], fields)


def with_citations(text: str) -> tuple[str, frozenset[str]]:
    """A text with its citations written out, and their keys.

    `[@hu1999; @hair2021]` becomes (Hair et al., 2021; Hu & Bentler, 1999), `@hu1999` within a sentence Hu and Bentler
    (1999). Raises KeyError for a key that nobody described.

    >>> with_citations("a usual limit [@hu1999], says @rosseel2012")
    ('a usual limit (Hu & Bentler, 1999), says Rosseel (2012)', frozenset({'hu1999', 'rosseel2012'}))
    """
    keys: set[str] = set()

    def bracketed(match: re.Match[str]) -> str:
        own = [key.strip().removeprefix("@") for key in match[1].split(";")]
        keys.update(own)
        return f"({'; '.join(sorted(known()[key].cited() for key in own))})"

    def narrative(match: re.Match[str]) -> str:
        keys.add(match[1])
        return known()[match[1]].cited(narrative=True)

    return _NAMED.sub(narrative, _CITED.sub(bracketed, text)), frozenset(keys)


def found(citation: str, key: str) -> Reference:
    """The known publication that a codebook's or theory's `citation` is, else one of that very text under `key`."""
    line = " ".join(citation.split())
    same = (one for one in known().values() if _letters(line) == _letters(one.apa().partition(" https://doi.org/")[0]))
    return next(same, Reference(key, text=line))


def _letters(text: str) -> str:
    return "".join(re.findall(r"\w", text.lower()))


def listed(references: Iterable[Reference]) -> list[Reference]:
    """Each once, in the order of a reference list."""
    return sorted(dict.fromkeys(references), key=lambda one: _letters(one.apa()))
