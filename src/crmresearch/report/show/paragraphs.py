"""Sentences made from results, shown as one paragraph, as a list or as a heading: text, never Markdown or HTML.

This is the one door through which sentences, and with them whatever data, codebook, theory and parameters say, become
Markdown. Only `Prose`, written beforehand, passes as it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_BLOCK = re.compile(r"^(\d{0,9})([.)+:](?=\s|$)|[#>-])")  # begins a list, a heading, a quotation or a rule
# begins code, a link, an image, a line through, mathematics as \(…\), a tag, an entity, an address
_INLINE = re.compile(r"[`\[\]~\\]|<(?=[a-z/!?])|&(?=#?\w+;)|(?<=http):(?=//)|(?<=https):(?=//)|(?<=www)\.", re.I)
_MARKS = re.compile(r"[*_$]")


def escape_markdown(text: str) -> str:
    """A text as Markdown on one line in which every character stands for itself."""
    line = _INLINE.sub(lambda found: f"&#{ord(found[0])};", _BREAKS.sub(" ", text).strip())
    line = _BLOCK.sub(lambda found: f"{found[1]}&#{ord(found[2])};", line)
    return _MARKS.sub(r"\\\g<0>", line)


@dataclass(frozen=True, repr=False)
class Paragraph:
    """Sentences that a notebook shows as text, or, with a `level` above 0, as a heading."""

    sentences: tuple[str, ...]
    bullets: bool = False
    level: int = 0

    def __repr__(self) -> str:
        return " ".join(["#" * self.level, *self.sentences]) if self.level else "\n".join(self.sentences)

    def _repr_markdown_(self) -> str:
        escaped = [escape_markdown(sentence) for sentence in self.sentences]
        if self.bullets:
            return "\n".join(f"- {sentence}" for sentence in escaped)
        return " ".join(["#" * self.level, *escaped] if self.level else escaped)


@dataclass(frozen=True, repr=False)
class Prose:
    """Paragraphs of Markdown written beforehand, which no result changes: headings, explanations, formulas."""

    markdown: str

    def __repr__(self) -> str:
        return self.markdown

    def _repr_markdown_(self) -> str:
        return self.markdown


def show_text(sentences: Sequence[str], *, bullets: bool = False) -> Paragraph:
    """The sentences as a paragraph, or as a list of `bullets`."""
    return Paragraph(tuple(sentences), bullets)


def show_heading(text: str, level: int = 3) -> Paragraph:
    """A heading of the page; `level` 2 begins a chapter, 3 a section."""
    return Paragraph((text,), level=level)
