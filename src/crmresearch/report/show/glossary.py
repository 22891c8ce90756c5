"""The glossary of a page: every term used on it, with its meaning and the words by which the page calls it."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Entry:
    """A term: its key, its name, what it means, and how the page writes it in sentences and at the head of columns."""

    key: str
    name: str
    meaning: str
    words: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Glossary:
    """Terms in alphabetical order. The renderer explains each where it first stands on the page."""

    entries: tuple[Entry, ...]

    def __repr__(self) -> str:
        return "\n".join(f"{entry.name} – {entry.meaning}" for entry in self.entries)

    def _repr_html_(self) -> str:
        return '<dl class="crm-glossary">\n' + "\n".join(map(_entry, self.entries)) + "\n</dl>"


def _entry(entry: Entry) -> str:
    words, headings = (escape("|".join(forms)) for forms in (entry.words, entry.headings))
    return (
        f'<dt id="term-{entry.key}" data-words="{words}" data-headings="{headings}">{escape(entry.name)}</dt>\n'
        f'<dd id="term-{entry.key}-meaning">{escape(entry.meaning)}</dd>'
    )
