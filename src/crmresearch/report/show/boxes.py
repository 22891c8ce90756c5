"""The two boxes a reader must not miss: what was found, and what to beware of."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from crmresearch.caution import RANK
from crmresearch.report.record import record, write_output
from crmresearch.report.show.number_format import is_missing
from crmresearch.report.show.tables import csv_text
from crmresearch.report.show.wording import words

SEVERITIES = tuple(RANK)  # worst first
_COLUMNS = ("code", "severity", "quantity", "message")
# colours that hold where the report's own style sheet is absent (JupyterLab)
_EDGES = {"inadmissible": "#b3261e", "unidentified": "#b3261e", "weak": "#b26a00", "note": "#6b7280", "none": "#2e7d32"}


@dataclass(frozen=True, repr=False)
class WarningsBox:
    """Warnings as a box coloured by the worst of them, and said to be empty when there are none."""

    frame: pd.DataFrame
    language: str = "en"

    @property
    def worst(self) -> str:
        """The worst severity present, or `none`."""
        present = set(self.frame["severity"])
        return next((severity for severity in SEVERITIES if severity in present), "none")

    def __repr__(self) -> str:
        word = words(self.language)
        if self.frame.empty:
            return word["warnings_none"]
        return "\n".join(
            f"[{word['severity_' + severity]}] {f'{quantity}: ' if quantity else ''}{message} ({code})"
            for code, severity, quantity, message in self._sorted()
        )

    def _repr_html_(self) -> str:
        word = words(self.language)
        if self.frame.empty:
            body = f"<p>{escape(word['warnings_none_text'])}</p>"
        else:
            body = "<ul>\n" + "\n".join(self._entry(*row) for row in self._sorted()) + "\n</ul>"
        return _box("warnings", f" {self.worst}", word[f"warnings_{self.worst}"], body, _EDGES[self.worst])

    def _entry(self, code: str, severity: str, quantity: str, message: str) -> str:
        tag = words(self.language)[f"severity_{severity}"]
        subject = f'<strong class="quantity">{escape(quantity)}</strong> ' if quantity else ""
        return (
            f'<li class="{severity}"><span class="severity">{escape(tag)}</span> '
            f'<span class="what">{subject}{escape(message)} <code>{escape(code)}</code></span></li>'
        )

    def _sorted(self) -> list[tuple[str, str, str, str]]:
        rows = self.frame[list(_COLUMNS)].itertuples(index=False, name=None)
        texts = [["" if is_missing(value) else str(value) for value in row] for row in rows]
        ordered = sorted(texts, key=lambda row: SEVERITIES.index(row[1]))
        return [(code, severity, quantity, message) for code, severity, quantity, message in ordered]


@dataclass(frozen=True, repr=False)
class FindingsBox:
    """The findings in sentences; the first is the headline."""

    sentences: tuple[str, ...]
    language: str = "en"

    def __repr__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        headline, *rest = self.sentences
        body = f'<p class="headline">{escape(headline)}</p>'
        if rest:
            body += "\n<ul>\n" + "\n".join(f"<li>{escape(sentence)}</li>" for sentence in rest) + "\n</ul>"
        return _box("findings", "", words(self.language)["findings"], body, "#1f5f8b")


@dataclass(frozen=True, repr=False)
class FoldedBox:
    """Sentences under a title that a reader unfolds."""

    title: str
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join([self.title, *self.sentences])

    def _repr_html_(self) -> str:
        entries = "\n".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        return (
            f'<details class="crm-more">\n<summary>{escape(self.title)}</summary>\n<ul>\n{entries}\n</ul>\n</details>'
        )


def show_folded(title: str, sentences: Sequence[str]) -> FoldedBox:
    """Sentences that not everybody needs, folded under a title."""
    return FoldedBox(title, tuple(sentences))


def show_warnings(frame: pd.DataFrame, *, language: str = "en") -> WarningsBox:
    """The warnings of an analysis, worst first: columns code, severity, quantity, message.

    severity: `inadmissible` or `unidentified` (red), `weak` (amber) or `note` (grey). An empty frame prints a green
    box that says so. A rendered report also gets `tables/warnings.csv`. Raises ValueError for a missing column or an
    unknown severity.
    """
    missing = [column for column in _COLUMNS if column not in frame.columns]
    if missing and not frame.empty:
        raise ValueError(f"warnings lack the columns {missing}")
    frame = frame.reindex(columns=list(_COLUMNS))
    unknown = sorted(set(frame["severity"].astype(str)) - set(SEVERITIES))
    if unknown:
        raise ValueError(f"unknown severity {unknown}; known: {list(SEVERITIES)}")
    write_output("tables", "warnings.csv", csv_text(frame).encode())
    return WarningsBox(frame.reset_index(drop=True), language)


def show_findings(sentences: Sequence[str], *, language: str = "en") -> FindingsBox:
    """The findings box; the first sentence is the headline and goes to the report's record as well.

    Raises ValueError when there is no sentence or an empty one.
    """
    if isinstance(sentences, str) or not sentences or any(not sentence.strip() for sentence in sentences):
        raise ValueError("the findings are a list of at least one sentence, none of them empty")
    record(headline=sentences[0])
    return FindingsBox(tuple(sentences), language)


def _box(kind: str, modifier: str, title: str, body: str, edge: str) -> str:
    return f"""<section class="crm-box crm-{kind}{modifier}" aria-labelledby="box-{kind}" \
style="border-left: 6px solid {edge}; padding: 0.5em 1em">
<div class="box-title" id="box-{kind}" role="heading" aria-level="2">{escape(title)}</div>
{body}
</section>"""
