"""The questionnaire of a survey as Markdown, to print or to set up in a survey tool, and its empty data file."""

import csv
from collections.abc import Iterator, Sequence
from itertools import groupby

from crmresearch.data.dataset import in_language
from crmresearch.data.documents import shown
from crmresearch.data.survey.codebook import Codebook, as_text
from crmresearch.data.survey.questionnaire import (
    QUESTIONNAIRE_FILE,
    Ends,
    Part,
    Questionnaire,
    Section,
    read_questionnaire,
)
from crmresearch.data.wording import note
from crmresearch.errors import CodebookError, TemplateError
from crmresearch.models.theory import Theory, load_theory
from crmresearch.references import known, listed, with_citations

BOX, LINE = "☐", "____"
MOST_POINTS = 10  # between the ends of a scale that is printed point by point


def blank_answers(codebook: Codebook) -> str:
    """The data file before anybody answered: a line with the id, then every question in the order it is asked."""
    return ",".join([*([codebook.id] if codebook.id else []), *read_questionnaire(codebook).asked]) + "\n"


def questionnaire(codebook: Codebook, languages: Sequence[str] = ()) -> str:
    """The questionnaire as Markdown, one language after another: what the researcher has to know, then the form.

    `languages`: by default those in which the codebook has a text for every item. Raises TemplateError for a language
    in which an item has none, CodebookError for mistakes in questionnaire.yaml.

    >>> from crmresearch.data.catalog import find_codebook
    >>> print(questionnaire(find_codebook("ecsi_mobile"), ["en"])[:60])
    # European customer satisfaction index, mobile phones
    <BLANKLINE>
    ## It
    """
    texts = [item.text for item in codebook.items.values()]
    complete = [language for language in texts[0] if all(language in text for text in texts)]
    for language in languages:
        if language not in complete:
            raise TemplateError(
                f"{codebook.path}: not every item has a text in the language {language!r}; every one has in "
                f"{', '.join(complete)}."
            )
    found = read_questionnaire(codebook)
    theory = load_theory(found.theory) if found.theory else None
    return "\n".join(_Form(codebook, found, theory, language).text() for language in languages or complete)


class _Form:
    """One questionnaire in one language."""

    def __init__(self, codebook: Codebook, found: Questionnaire, theory: Theory | None, language: str) -> None:
        self.codebook, self.found, self.theory, self.language = codebook, found, theory, language
        self.number = {name: number for number, name in enumerate(found.asked, start=1)}
        self.cited: set[str] = set()

    def text(self) -> str:
        """The whole, its references last."""
        lines = [f"# {self._in(self.found.title or self.codebook.title)}", ""]
        for section in self.found.sections:
            lines += self._section(section)
        lines += self._origins()
        if self.cited:
            lines += [f"## {self._say('references')}", ""]
            lines += [f"- {one.apa('*')}" for one in listed(known()[key] for key in self.cited)] + [""]
        if self.found.parts and (self.found.introduction or self.found.screening):
            lines += ["---", "", f"## {self._say('form')}", ""]
        if self.found.introduction:
            lines += [self._in(self.found.introduction), ""]
        lines += self._screening()
        for letter, part in enumerate(self.found.parts):
            lines += self._part(f"{chr(ord('A') + letter)}. " if len(self.found.parts) > 1 else "", part)
        if self.found.closing:
            lines += [self._in(self.found.closing), ""]
        return "\n".join(lines)

    def _in(self, texts: dict[str, str]) -> str:
        return in_language(texts, self.language).strip()

    def _cited(self, texts: dict[str, str]) -> str:
        """A text of the questionnaire with its citations written out; what a codebook says is told as it is."""
        try:
            written, cited = with_citations(self._in(texts))
        except KeyError as unknown:
            raise CodebookError(
                f"{shown(self.codebook.folder / QUESTIONNAIRE_FILE)} cites @{unknown.args[0]}, which the package does "
                "not know; write the publication out in words."
            ) from None
        self.cited |= cited
        return written

    def _say(self, key: str) -> str:
        return in_language(note(f"questionnaire.{key}"), self.language)

    def _section(self, section: Section) -> list[str]:
        lines = [f"## {self._in(section.title)}", "", self._cited(section.text), ""]
        if section.table:
            with (self.codebook.folder / section.table).open(encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))
            told = [[self._in(section.words[c]) if c in section.words else c for c in row] for row in rows]
            lines += [*_table(told[0], told[1:]), ""]
        return lines

    def _origins(self) -> Iterator[str]:
        """Every item with its construct, what it asks about, and what it follows."""
        of = {item: key for key, items in self.codebook.constructs.items() for item in items}
        rows = []
        for name, item in self.codebook.items.items():
            key = of.get(name)
            origin = self.found.constructs.get(key or "")
            facet = self._in(origin.facets[name]) if origin and name in origin.facets else ""
            turned = self._say("reversed") if item.reversed else ""
            follows = self._cited(origin.follows) if origin else ""
            rows.append([str(self.number[name]), name, self._construct(key), facet, turned, follows])
        heads = [self._say(key) for key in ("number", "item", "construct", "facet", "wording", "follows")]
        told = [column for column in range(6) if column < 2 or any(row[column] for row in rows)]
        yield from [f"## {self._say('items')}", ""]
        yield from _table([heads[c] for c in told], [[row[c] for c in told] for row in rows])
        yield ""

    def _construct(self, key: str | None) -> str:
        if key is None or self.theory is None or key not in self.theory.constructs:
            return (key or "").replace("_", " ")
        return self._in(self.theory.constructs[key].label)

    def _screening(self) -> Iterator[str]:
        for letter, asked in enumerate(self.found.screening, start=1):
            yield f"**S{letter}. {self._in(asked.question)}**"
            yield ""
            for answer in asked.answers:
                yield f"- {BOX} {self._in(answer)}"
            if asked.answers:
                yield ""
            if asked.then:
                yield f"*{self._in(asked.then)}*"
                yield ""

    def _part(self, letter: str, part: Part) -> list[str]:
        lines = [f"### {letter}{self._in(part.title)}", ""]
        if part.instruction:
            lines += [self._in(part.instruction), ""]
        for kind, same in groupby(part.ask, lambda name: self._kind(name, part)):
            names = list(same)
            lines += self._scale(names, part, *kind) if kind else self._choices(names, part)
        return lines

    def _kind(self, name: str, part: Part) -> tuple[tuple[str, ...], Ends | None] | None:
        """What items of one table share: their points and what the ends mean; None where answers are listed."""
        item = self.codebook.items.get(name)
        if item is None or item.max - item.min < 2:
            return None
        ends = self.found.ends.get(name, part.ends)
        if not item.min.is_integer() or item.max - item.min > MOST_POINTS:
            return (f"{item.min:g} – {item.max:g}",), ends
        said = {number: words for words, number in self.codebook.labels_of(name).items()}
        values = [item.min + step for step in range(int(item.max - item.min) + 1)]
        return tuple(f"{value:g} {said.get(value, '')}".strip() for value in values), ends

    def _scale(self, names: list[str], part: Part, points: tuple[str, ...], ends: Ends | None) -> list[str]:
        meaning = ""
        if ends:
            first, last = (points[0], points[-1]) if len(points) > 1 else points[0].split(" – ")
            meaning = f"{first} = {self._in(ends.low)} … {last} = {self._in(ends.high)}"
        codes = [" ".join(code) for code in self._codes(part)]
        boxes = [BOX if len(points) > 1 else LINE] * len(points) + [BOX] * len(codes)
        rows = [[str(self.number[name]), self._in(self.codebook.items[name].text), *boxes] for name in names]
        return [*([f"**{meaning}**", ""] if meaning else []), *_table(["", "", *points, *codes], rows), ""]

    def _choices(self, names: list[str], part: Part) -> Iterator[str]:
        """Questions whose answers are listed one by one."""
        for name in names:
            yield f"**{self.number[name]}. {self._question(name)}**"
            yield ""
            for code, told in [*self._answers(name), *self._codes(part)]:
                yield f"- {code}" if code == LINE else f"- {BOX} {f'{told} [{code}]' if told else code}"
            yield ""

    def _codes(self, part: Part) -> list[tuple[str, str]]:
        return [(str(code), self._in(self.found.codes[code])) for code in part.offer]

    def _question(self, name: str) -> str:
        if name in self.codebook.items:
            return self._in(self.codebook.items[name].text)
        return self._in(self.found.questions.get(name, self.codebook.groups[name].label))

    def _answers(self, name: str) -> Iterator[tuple[str, str]]:
        if name in self.codebook.groups:
            for value, told in (self.codebook.groups[name].values or {}).items():
                yield as_text(value), self._in(told)
            if not self.codebook.groups[name].values:
                yield LINE, ""
            return
        item, ends = self.codebook.items[name], self.found.ends.get(name)
        yield f"{item.min:g}", self._in(ends.low) if ends else ""
        yield f"{item.max:g}", self._in(ends.high) if ends else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
