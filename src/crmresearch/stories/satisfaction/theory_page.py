"""A theory as a page: what it claims and why, its definitions, its hypotheses, where it was published.

Markdown for a terminal or a file; in a report its tables behind a fold.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from crmresearch.models.specification import Specification
from crmresearch.models.theory import Theory
from crmresearch.report.show.paragraphs import escape_markdown
from crmresearch.stories.satisfaction import TEXTS

Lines = list[list[str]]  # of a table: its headings, then its rows


def theory_page(theory: Theory, language: str = "en") -> str:
    """The page of a theory in Markdown: title, claim, reasons, a row a construct and a row a hypothesis, citation.

    Hypotheses are numbered in the order of the file; a report numbers those that its survey measures.

    >>> from crmresearch.models.theory import load_theory
    >>> print(theory_page(load_theory("scsb")).splitlines()[0])
    # Swedish Customer Satisfaction Barometer (SCSB)
    """
    numbers = [f"H{i}" for i in range(1, len(theory.paths) + 1)]
    claim = [escape_markdown(_text(told, language)) for told in (theory.title, theory.about, theory.why) if told]
    sheets = [f"**{title}**\n\n{_markdown(lines)}" for title, lines in _sheets(theory, language, numbers)]
    notes = [escape_markdown(note) for note in _notes(theory, language)]
    return "\n\n".join([f"# {claim[0]}", *claim[1:], *sheets, *notes]) + "\n"


@dataclass(frozen=True, repr=False)
class FoldedTheory:
    """The whole theory of a specification behind a fold, hypotheses numbered as in the report."""

    specification: Specification
    language: str = "en"

    @property
    def _shown(self) -> list[tuple[str, Lines]]:
        theory, spec = self.specification.theory, self.specification
        known = {(p.predictor, p.outcome): p.hypothesis for p in spec.paths}
        numbers = [known.get((p.predictor, p.outcome), "–") for p in theory.paths]
        return list(_sheets(theory, self.language, numbers, spec.keys))

    def __repr__(self) -> str:
        sheets = [f"{title}\n{_markdown(lines)}" for title, lines in self._shown]
        return "\n\n".join([*sheets, *_notes(self.specification.theory, self.language)])

    def _repr_html_(self) -> str:
        told = "".join(f"<p>{escape(note)}</p>" for note in _notes(self.specification.theory, self.language))
        summary = escape(TEXTS.say("theory_page.fold", self.language))
        tables = "".join(_html(title, lines) for title, lines in self._shown)
        return f"<details><summary>{summary}</summary>\n{tables}{told}</details>"


def _sheets(
    theory: Theory, language: str, numbers: Sequence[str], asked: Collection[str] | None = None
) -> Iterator[tuple[str, Lines]]:
    """Definitions and hypotheses with their titles; `asked`: constructs that the survey of a report measures."""
    say = partial(TEXTS.say, language=language)
    names = {key: _text(c.label, language) for key, c in theory.constructs.items()}
    lines: Lines = [[say(f"theory_page.{head}") for head in ("construct", "definition", "stage", "how", "here")]]
    for key, c in theory.constructs.items():
        parts = ", ".join(names[part] for part in c.of)
        how = f"{say('measured.of')}: {parts}" if parts else say(f"measured.{c.measurement}")
        here = "" if asked is None else say("theory_page.asked" if key in asked else "theory_page.not_asked")
        lines.append([names[key], _text(c.definition, language), say(f"stage.{c.stage}") if c.stage else "", how, here])
    yield say("theory_page.definitions"), _kept(lines)
    lines = [[say(f"theory_page.{head}") for head in ("number", "path", "sign")]]
    for number, p in zip(numbers, theory.paths, strict=True):
        lines.append([number, f"{names[p.predictor]} → {names[p.outcome]}", say(f"word.{p.sign}")])
    for m in theory.moderations:
        path = f"{names[m.predictor]} × {names[m.moderator]} → {names[m.outcome]}"
        lines.append(["", path, say(f"word.{m.sign}")])
    yield say("theory_page.hypotheses"), _kept(lines)


def _kept(lines: Lines) -> Lines:
    """Headings and rows without the columns that have nothing in any row."""
    columns = [column for column in zip(*lines, strict=True) if any(column[1:])]
    return [list(line) for line in zip(*columns, strict=True)]


def _notes(theory: Theory, language: str) -> Iterator[str]:
    if theory.moderations:
        yield TEXTS.say("theory_page.moderations", language)
    yield TEXTS.say("theory_page.source", language, citation=theory.citation)


def _text(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, texts["en"])


def _markdown(lines: Lines) -> str:
    heads, *rows = ([escape_markdown(cell).replace("|", "&#124;") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows))


def _html(title: str, lines: Lines) -> str:
    heads, *rows = ([escape(cell) for cell in line] for line in lines)
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    caption = f'<caption style="text-align: left; font-weight: 600">{escape(title)}</caption>'
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
