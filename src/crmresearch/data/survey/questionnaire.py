"""A questionnaire: how the items of a codebook are asked, in which parts and order, with which words around them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from crmresearch.data.dataset import Filled, Strict, Text, TextOrEnglish
from crmresearch.data.documents import read_document, shown
from crmresearch.data.survey.codebook import Codebook
from crmresearch.errors import CodebookError

QUESTIONNAIRE_FILE = "questionnaire.yaml"


class Ends(Strict):
    """What the lowest and the highest answer of a scale mean."""

    low: Text
    high: Text


class Part(Strict):
    """Questions that stand together: items and groups by name, in the order they are asked.

    `ends` are those of its items that have none of their own; `offer` the codes for no answer a respondent may choose.
    """

    title: Text
    instruction: Text | None = None
    ends: Ends | None = None
    offer: tuple[int, ...] = ()
    ask: Annotated[tuple[str, ...], Field(min_length=1)]


class Screening(Strict):
    """A question that decides who is asked the others; its answer is not in the data."""

    question: Text
    answers: tuple[Text, ...] = ()
    then: Text | None = None


class Section(Strict):
    """What the researcher has to know; `table` is a CSV file beside the questionnaire, `words` say its cells."""

    title: Text
    text: Text
    table: Filled | None = None
    words: dict[str, TextOrEnglish] = Field(default_factory=dict)


class Origin(Strict):
    """What the items of a construct follow in kind ([@key] cites a publication), and what each asks about."""

    follows: TextOrEnglish
    facets: dict[str, Text] = Field(default_factory=dict)


class Questionnaire(Strict):
    """The words of a questionnaire that a codebook does not hold. `theory` names the constructs."""

    title: Text | None = None
    theory: Filled | None = None
    sections: tuple[Section, ...] = ()
    introduction: Text | None = None
    screening: tuple[Screening, ...] = ()
    codes: dict[int, Text] = Field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    ends: dict[str, Ends] = Field(default_factory=dict)
    questions: dict[str, Text] = Field(default_factory=dict)
    closing: Text | None = None
    constructs: dict[str, Origin] = Field(default_factory=dict)

    @cached_property
    def asked(self) -> list[str]:
        """Items and groups in the order they are asked."""
        return [name for part in self.parts for name in part.ask]

    @model_validator(mode="after")
    def _offered(self) -> Self:
        for part in self.parts:
            if unknown := [code for code in part.offer if code not in self.codes]:
                raise ValueError(f"a part offers {unknown[0]}, which `codes` does not name; name it there")
        return self


def read_questionnaire(codebook: Codebook) -> Questionnaire:
    """The questionnaire.yaml beside a codebook; without one, all items and groups in the order of the codebook.

    Raises CodebookError, a sentence per mistake: among others where it asks what the codebook does not know, asks
    something twice, or leaves an item or group out.
    """
    path = codebook.folder / QUESTIONNAIRE_FILE
    everything = (*codebook.items, *codebook.groups)
    if not path.is_file():
        return Questionnaire(parts=(Part(title=codebook.title, ask=everything),))
    found = read_document(path, Questionnaire, CodebookError)
    if mistakes := list(_mistakes(found, codebook, everything)):
        raise CodebookError("\n".join(f"{shown(path)}, {mistake}." for mistake in mistakes))
    return found


def _mistakes(found: Questionnaire, codebook: Codebook, everything: Iterable[str]) -> Iterator[str]:
    asked = Counter(found.asked)
    for name in everything:
        if asked[name] != 1:
            times = "is not asked" if not asked[name] else f"is asked {asked[name]} times"
            yield f"parts: {name} {times}; ask every item and group of the codebook once"
    for key, names, known in (
        ("parts", list(asked), "items and groups"),
        ("ends", list(found.ends), "items"),
        ("questions", list(found.questions), "groups"),
        ("constructs", list(found.constructs), "constructs"),
    ):
        there = {name for kind in known.split(" and ") for name in getattr(codebook, kind)}
        for name in names:
            if name not in there:
                yield f"{key}: {name!r} is not among the {known} of {codebook.path.name}; mend the name"
    for construct, origin in found.constructs.items():
        for name in origin.facets:
            if name not in codebook.constructs.get(construct, (name,)):
                yield f"constructs.{construct}.facets: {name!r} is no item of this construct"
    for code in found.codes:
        if code not in codebook.missing_codes:
            yield f"codes: {code} is not among the `missing_codes` of {codebook.path.name}; name it there too"
    for section in found.sections:
        if section.table and not (codebook.folder / section.table).is_file():
            yield f"sections: the table {section.table} is not there; put it beside the questionnaire"
