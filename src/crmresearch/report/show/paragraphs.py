"""Sentences made from results, shown as one paragraph or as a list."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Paragraph:
    """Sentences that a notebook shows as text."""

    sentences: tuple[str, ...]
    bullets: bool = False

    def __repr__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_markdown_(self) -> str:
        escaped = [sentence.replace("*", r"\*").replace("_", r"\_").replace("$", r"\$") for sentence in self.sentences]
        return "\n".join(f"- {s}" for s in escaped) if self.bullets else " ".join(escaped)


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
