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


@dataclass(frozen=True)
class _Sheet:
    """A table of texts; columns with nothing in any row are left out."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def lines(self) -> list[list[str]]:
        """Headings and rows with the columns that are kept."""
        kept = [i for i in range(len(self.heads)) if any(row[i] for row in self.rows)]
        return [[line[i] for i in kept] for line in (self.heads, *self.rows)]


def theory_page(theory: Theory, language: str = "en") -> str:
    """The page of a theory in Markdown: title, claim, reasons, a row a construct and a row a hypothesis, citation.

    Hypotheses are numbered in the order of the file; a report numbers those that its survey measures.

    >>> from crmresearch.models.theory import load_theory
    >>> print(theory_page(load_theory("scsb")).splitlines()[0])
    # Swedish Customer Satisfaction Barometer (SCSB)
    """
    numbers = [f"H{i}" for i in range(1, len(theory.paths) + 1)]
    claim = [escape_markdown(_text(told, language)) for told in (theory.title, theory.about, theory.why) if told]
    sheets = [f"**{sheet.title}**\n\n{_markdown(sheet)}" for sheet in _sheets(theory, language, numbers)]
    notes = [escape_markdown(note) for note in _notes(theory, language)]
    return "\n\n".join([f"# {claim[0]}", *claim[1:], *sheets, *notes]) + "\n"


@dataclass(frozen=True, repr=False)
class FoldedTheory:
    """The whole theory of a specification behind a fold, hypotheses numbered as in the report."""

    specification: Specification
    language: str = "en"

    @property
    def _parts(self) -> tuple[list[_Sheet], list[str]]:
        theory = self.specification.theory
        known = {(p.predictor, p.outcome): p.hypothesis for p in self.specification.paths}
        numbers = [known.get((p.predictor, p.outcome), "–") for p in theory.paths]
        sheets = _sheets(theory, self.language, numbers, self.specification.keys)
        return list(sheets), list(_notes(theory, self.language))

    def __repr__(self) -> str:
        sheets, notes = self._parts
        return "\n\n".join([*(f"{sheet.title}\n{_markdown(sheet)}" for sheet in sheets), *notes])

    def _repr_html_(self) -> str:
        sheets, notes = self._parts
        told = "".join(f"<p>{escape(note)}</p>" for note in notes)
        summary = escape(TEXTS.say("theory_page.fold", self.language))
        return f"<details><summary>{summary}</summary>\n{''.join(map(_html, sheets))}{told}</details>"


def _sheets(
    theory: Theory, language: str, numbers: Sequence[str], asked: Collection[str] | None = None
) -> Iterator[_Sheet]:
    """Definitions and hypotheses; `asked`: constructs that the survey of a report measures."""
    say = partial(TEXTS.say, language=language)
    names = {key: _text(c.label, language) for key, c in theory.constructs.items()}
    rows = []
    for key, c in theory.constructs.items():
        parts = ", ".join(names[part] for part in c.of)
        how = f"{say('measured.of')}: {parts}" if parts else say(f"measured.{c.measurement}")
        here = "" if asked is None else say("theory_page.asked" if key in asked else "theory_page.not_asked")
        rows.append([names[key], _text(c.definition, language), say(f"stage.{c.stage}") if c.stage else "", how, here])
    heads = [say(f"theory_page.{head}") for head in ("construct", "definition", "stage", "how", "here")]
    yield _Sheet(say("theory_page.definitions"), heads, rows)
    paths = [
        [number, f"{names[p.predictor]} → {names[p.outcome]}", say(f"word.{p.sign}")]
        for number, p in zip(numbers, theory.paths, strict=True)
    ]
    paths += [
        ["", f"{names[m.predictor]} × {names[m.moderator]} → {names[m.outcome]}", say(f"word.{m.sign}")]
        for m in theory.moderations
    ]
    heads = [say(f"theory_page.{head}") for head in ("number", "path", "sign")]
    yield _Sheet(say("theory_page.hypotheses"), heads, paths)


def _notes(theory: Theory, language: str) -> Iterator[str]:
    if theory.moderations:
        yield TEXTS.say("theory_page.moderations", language)
    yield TEXTS.say("theory_page.source", language, citation=theory.citation)


def _text(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, texts["en"])


def _markdown(sheet: _Sheet) -> str:
    heads, *rows = ([escape_markdown(cell).replace("|", "&#124;") for cell in line] for line in sheet.lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows))


def _html(sheet: _Sheet) -> str:
    heads, *rows = ([escape(cell) for cell in line] for line in sheet.lines)
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    caption = f'<caption style="text-align: left; font-weight: 600">{escape(sheet.title)}</caption>'
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
