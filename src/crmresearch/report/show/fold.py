"""Details that a page keeps behind a fold: sentences and tables that most readers do without."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from crmresearch.report.show.tables import Table


@dataclass(frozen=True, repr=False)
class Fold:
    """Sentences, each a point of a list, and tables behind a line that says what they are."""

    summary: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]

    def __repr__(self) -> str:
        return "\n\n".join([self.summary, *self.sentences, *map(repr, self.tables)])

    def _repr_html_(self) -> str:
        points = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        parts = [f"<ul>{points}</ul>"] if points else []
        parts += [table._repr_html_() for table in self.tables]
        told = "\n".join(parts)
        return f'<details class="crm-fold"><summary>{escape(self.summary)}</summary>\n{told}\n</details>'


def show_fold(summary: str, *tables: Table, sentences: Sequence[str] = ()) -> Fold | None:
    """The fold, or None where there is nothing in it."""
    return Fold(summary, tuple(sentences), tables) if tables or sentences else None
