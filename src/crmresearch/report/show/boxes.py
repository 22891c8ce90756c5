"""The boxes that open a page: what was found, whether it can be trusted, and what follows."""

import re
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
_COLUMNS = ("subject", "code", "severity", "quantity", "message")
_TOLD = ("severity", "quantity", "message")
_USABLE = ("note", "none")
SHOWN = 4  # findings that a reader can repeat
MOST = 4  # things that one reason is said of: the rest is in the file
# colours that hold where the report's own style sheet is absent (JupyterLab)
_EDGES = {"inadmissible": "#b3261e", "unidentified": "#b3261e", "weak": "#b26a00", "note": "#6b7280", "none": "#2e7d32"}


@dataclass(frozen=True, repr=False)
class TrustBox:
    """Whether the results can be trusted: a line for each thing they rest on, its reasons folded.

    Of the first that is not simply usable the gravest reason is shown, so that it is read before any number is used.
    `frame` has the columns subject, code, severity, quantity and message; subjects stand in the order in which they
    come first, with the severity `none` where every check of them passed.
    """

    frame: pd.DataFrame
    language: str = "en"
    quantities: bool = True

    @property
    def worst(self) -> str:
        """The worst severity of the first subject, which the page leads with, or `none`."""
        lines = self._lines()
        return lines[0][1][0][0] if lines else "none"

    def __repr__(self) -> str:
        word = words(self.language)
        told = []
        for subject, reasons in self._lines():
            told.append(f"{subject}: {word['trust_' + reasons[0][0]]}")
            told += [f"  {f'{quantity}: ' if quantity else ''}{message}" for _, quantity, message in reasons if message]
        return "\n".join(told) or word["trust_all"]

    def _repr_html_(self) -> str:
        word = words(self.language)
        told = self._lines()
        grave = [i for i, (_, reasons) in enumerate(told) if reasons[0][0] not in _USABLE]
        lines = "\n".join(self._line(*line, 1 if [i] == grave[:1] else 0) for i, line in enumerate(told))
        body = f"<ul>\n{lines}\n</ul>" if lines else f"<p>{escape(word['trust_all'])}</p>"
        return _box("trust", f" {self.worst}", word["trust"], body, _EDGES[self.worst])

    def _line(self, subject: str, reasons: Sequence[tuple[str, str, str]], shown: int) -> str:
        """A subject with its verdict; its reasons are folded but for so many."""
        severity, told = reasons[0][0], self._once(reasons)
        first = "".join(f": {_reason(*reason)}" for reason in told[:shown])
        summary = words(self.language)["trust_why" if not shown and severity not in _USABLE else "trust_more"]
        return (
            f'<li class="{severity}"><span class="severity">{escape(words(self.language)["trust_" + severity])}</span> '
            f'<span class="what"><strong>{escape(subject)}</strong>{first}{self._folded(told[shown:], summary)}</span>'
            "</li>"
        )

    def _once(self, reasons: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        """Reasons with the same words once, before all they are said of where these are several."""
        merged: dict[tuple[str, str], list[str]] = {}
        for severity, quantity, message in reasons:
            if message:
                merged.setdefault((severity, message), []).append(quantity)
        told = []
        for (severity, message), quantities in merged.items():
            several = len(quantities) > 1 and all(quantities)
            if len(quantities) > MOST:
                more = words(self.language)["trust_others"].format(count=len(quantities) - MOST + 1)
                quantities = [*quantities[: MOST - 1], more]
            listed = f"{message.removesuffix('.')}: {'; '.join(quantities)}." if several else message
            told.append((severity, "" if several else quantities[0], listed))
        return told

    def _folded(self, reasons: Sequence[tuple[str, str, str]], summary: str) -> str:
        """Reasons behind a fold, how many said by its summary."""
        told = [f'<li class="{reason[0]}">{_reason(*reason)}</li>' for reason in reasons]
        return _fold(summary.format(count=len(told)), told) if told else ""

    def _lines(self) -> list[tuple[str, list[tuple[str, str, str]]]]:
        """Each subject with severity, quantity and message of its reasons, worst first."""
        lines = []
        for subject, rows in self.frame.groupby("subject", sort=False):
            told = rows[list(_TOLD)] if self.quantities else rows[list(_TOLD)].assign(quantity="")
            cells = ("" if is_missing(cell) else str(cell) for row in told.to_numpy() for cell in row)
            reasons = list(zip(cells, cells, cells, strict=True))
            lines.append((str(subject), sorted(reasons, key=lambda row: (*SEVERITIES, "none").index(row[0]))))
        return lines


@dataclass(frozen=True, repr=False)
class FindingsBox:
    """The findings in sentences; the first is the headline, those beyond the fourth are folded."""

    sentences: tuple[str, ...]
    language: str = "en"

    def __repr__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        word = words(self.language)
        headline, *rest = self.sentences
        body = f'<p class="headline">{escape(headline)}</p>'
        told = [f"<li>{escape(sentence)}</li>" for sentence in rest]
        if told:
            body += "\n<ul>\n" + "\n".join(told[: SHOWN - 1]) + "\n</ul>"
        if len(told) >= SHOWN:
            body += "\n" + _fold(word["more_findings"].format(count=len(told) - SHOWN + 1), told[SHOWN - 1 :])
        return _box("findings", "", word["findings"], body, "#1f5f8b")


@dataclass(frozen=True, repr=False)
class FollowsBox:
    """What to do with the findings, or why nothing follows from them."""

    sentences: tuple[str, ...]
    language: str = "en"

    def __repr__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        body = "<ul>\n" + "\n".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences) + "\n</ul>"
        return _box("follows", "", words(self.language)["follows"], body, "#1f5f8b")


def show_trust(frame: pd.DataFrame, *, language: str = "en", quantities: bool = True) -> TrustBox:
    """What an analysis says of itself: columns subject, code, severity, quantity, message.

    severity: `inadmissible` or `unidentified` (do not read), `weak` (with care), `note` or `none` (usable). A rendered
    report also gets `tables/warnings.csv`, and the verdict on the first subject goes to its record. `quantities`:
    whether what a message is about stands before it; not where every message names it. Raises ValueError for a missing
    column or an unknown severity.
    """
    missing = [column for column in _COLUMNS if column not in frame.columns]
    if missing and not frame.empty:
        raise ValueError(f"warnings lack the columns {missing}")
    frame = frame.reindex(columns=list(_COLUMNS))
    unknown = sorted(set(frame["severity"].astype(str)) - {*SEVERITIES, "none"})
    if unknown:
        raise ValueError(f"unknown severity {unknown}; known: {list(SEVERITIES)}")
    write_output("tables", "warnings.csv", csv_text(frame[frame["severity"] != "none"]).encode())
    box = TrustBox(frame.reset_index(drop=True), language, quantities)
    record(trust=box.worst)
    return box


def show_findings(sentences: Sequence[str], *, language: str = "en") -> FindingsBox:
    """The findings box; the first sentence is the headline and goes to the report's record as well.

    The first four are shown, the others folded. Raises ValueError when there is no sentence or an empty one.
    """
    _check_sentences(sentences)
    record(headline=sentences[0])
    return FindingsBox(tuple(sentences), language)


def show_follows(sentences: Sequence[str], *, language: str = "en") -> FollowsBox:
    """The box of what follows from the findings. Raises ValueError when there is no sentence or an empty one."""
    _check_sentences(sentences)
    return FollowsBox(tuple(sentences), language)


def _check_sentences(sentences: Sequence[str]) -> None:
    if isinstance(sentences, str) or not sentences or any(not sentence.strip() for sentence in sentences):
        raise ValueError("what is told is a list of at least one sentence, none of them empty")


def _reason(severity: str, quantity: str, message: str) -> str:
    named = re.search(rf"\b{re.escape(quantity)}\b", message)  # nothing is named twice
    subject = f'<span class="quantity">{escape(quantity)}:</span> ' if quantity and not named else ""
    return f"{subject}{escape(message)}"


def _fold(summary: str, items: Sequence[str]) -> str:
    listed = "\n".join(items)
    return f"<details><summary>{escape(summary)}</summary>\n<ul>\n{listed}\n</ul></details>"


def _box(kind: str, modifier: str, title: str, body: str, edge: str) -> str:
    return f"""<section class="crm-box crm-{kind}{modifier}" aria-labelledby="box-{kind}" \
style="border-left: 6px solid {edge}; padding: 0.5em 1em">
<div class="box-title" id="box-{kind}" role="heading" aria-level="2">{escape(title)}</div>
{body}
</section>"""
