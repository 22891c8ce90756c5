"""A codebook: what every column of a survey file asks, its scale, and which construct it measures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crmresearch.data.dataset import (
    Code,
    DatasetCodebook,
    Filled,
    Number,
    Strict,
    Text,
    TextOrEnglish,
    in_language,
    read_dataset,
)
from crmresearch.data.dataset import Key as Key
from crmresearch.data.documents import MistakesError


class Item(Strict):
    """One question: its text, its lowest and highest answer, and whether high means less of the construct."""

    text: Text
    min: Number
    max: Number
    reversed: Annotated[bool, Field(strict=True)] = False
    missing_codes: tuple[Code, ...] = ()
    labels: dict[str, Number] = Field(default_factory=dict)
    only_for: Filled | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max:
            raise ValueError(f"min ({self.min:g}) must be below max ({self.max:g})")
        return self


class Group(Strict):
    """A column that divides the respondents; `values` names its values, null for a number such as age."""

    label: Text
    values: dict[int | str, Text] | None = None
    missing_codes: tuple[Code, ...] = ()

    def value_label(self, value: object, language: str = "en") -> str:
        """The name of one value; the value itself where the codebook gives none."""
        for key, texts in (self.values or {}).items():
            if as_value(key) == as_value(value):
                return in_language(texts, language)
        return as_text(value)


class Binding(Strict):
    """How this survey measures one theory where that is not the default: the items, a note, or both."""

    note: Text | None = None
    constructs: dict[str, tuple[str, ...]] | None = None


class Codebook(DatasetCodebook):
    """A survey described: columns, scales, constructs, source and licence. Read it with `read_codebook`.

    `identical_rows`: by default rows equal in every answer are refused where the questionnaire has ten items or more,
    and counted and kept where it has fewer, which different people can answer alike. `settled`: suspicions that were
    looked at and mean nothing here. `weight`: the column of sampling weights, if any. `stratum` and `cluster`: the
    columns of the strata and of the clusters (primary sampling units) in which respondents were drawn, if they were;
    either may be a group as well.
    """

    kind: Literal["survey"] = "survey"
    id: Filled | None = None
    weight: Filled | None = None
    stratum: Filled | None = None
    cluster: Filled | None = None
    missing_codes: tuple[Code, ...] = ()
    labels: dict[str, Number] = Field(default_factory=dict)
    decimal: Literal[".", ","] | None = None
    other_columns: Literal["refuse", "ignore"] = "refuse"
    identical_rows: Literal["refuse", "expected"] | None = None
    identical_rows_reason: TextOrEnglish | None = None
    items: Annotated[dict[str, Item], Field(min_length=1)]
    constructs: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    theories: dict[str, Binding] = Field(default_factory=dict)
    groups: dict[str, Group] = Field(default_factory=dict)
    settled: tuple[Literal["scale_too_long", "uneven_weights"], ...] = ()

    def items_of(self, *theories: str) -> dict[str, list[str]]:
        """Construct → items: the map of the first of these theories to which the codebook gives one, else its default.

        `theories`: a theory and those it extends, as `Theory.lineage`.
        """
        known = (self.theories[theory].constructs for theory in theories if theory in self.theories)
        chosen = next((constructs for constructs in known if constructs is not None), self.constructs)
        return {construct: list(items) for construct, items in chosen.items()}

    def note_of(self, *theories: str) -> dict[str, str] | None:
        """What a reader must know about measuring a theory, or one it extends, with this survey, by language."""
        return next((self.theories[theory].note for theory in theories if theory in self.theories), None)

    def labels_of(self, item: str) -> dict[str, float]:
        """Text answers of this item and the numbers they stand for: the survey's labels and the item's own."""
        return {**self.labels, **self.items[item].labels}

    def missing_codes_of(self, item: str) -> tuple[float | str, ...]:
        """Codes that mean "no answer" in this item's column: the survey's and the item's own."""
        return (*self.missing_codes, *self.items[item].missing_codes)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mistakes = [
            *self.file_mistakes(),
            *self._rows_mistakes(),
            *self._column_mistakes(),
            *_map_mistakes("constructs", self.constructs, self.items),
        ]
        for theory, binding in self.theories.items():
            if binding.note is None and binding.constructs is None:
                mistakes.append(f"theories.{theory}: is empty; give `constructs`, a `note`, or remove it")
            mistakes += _map_mistakes(f"theories.{theory}.constructs", binding.constructs or {}, self.items)
        if mistakes:
            raise MistakesError(mistakes)
        return self

    def _rows_mistakes(self) -> list[str]:
        if self.identical_rows == "expected" and self.identical_rows_reason is None:
            return ["identical_rows_reason: this key is missing; say why identical rows are expected"]
        return []

    def _column_mistakes(self) -> list[str]:
        mistakes = [f"groups.{name}: is an item as well; keep one" for name in self.groups if name in self.items]
        if self.id is not None and (self.id in self.items or self.id in self.groups):
            mistakes.append(f"id: {self.id!r} is an item or a group as well; the id must be a column of its own")
        if self.weight is not None and self.weight in (*self.items, *self.groups, self.id):
            mistakes.append(
                f"weight: {self.weight!r} is an item, a group or the id as well; weights are a column of their own"
            )
        for role, column in (("stratum", self.stratum), ("cluster", self.cluster)):
            if column is not None and column in (*self.items, self.id, self.weight):
                mistakes.append(
                    f"{role}: {column!r} is an item, the id or the weight as well; name the column of how the sample "
                    "was drawn"
                )
        if self.stratum is not None and self.stratum == self.cluster:
            mistakes.append(f"cluster: {self.cluster!r} is the stratum as well; clusters are drawn within strata")
        for name, item in self.items.items():
            for code in self.missing_codes_of(name):
                if isinstance(code, float) and item.min <= code <= item.max:
                    mistakes.append(
                        f"items.{name}: the missing code {code:g} lies inside the scale {item.min:g} to {item.max:g}"
                    )
        for name, group in self.groups.items():
            if group.values is not None and not group.values:
                mistakes.append(f"groups.{name}.values: must not be empty; use null for a column of numbers")
            declared = {as_value(key) for key in group.values or {}}
            for code in group.missing_codes:
                if as_value(code) in declared:
                    mistakes.append(f"groups.{name}: {as_text(code)} is both a value and a missing code; keep one")
        return mistakes


def _map_mistakes(where: str, constructs: Mapping[str, Sequence[str]], items: Mapping[str, Item]) -> list[str]:
    mistakes = []
    for construct, names in constructs.items():
        if not names:
            mistakes.append(f"{where}.{construct}: has no items; list some or remove the construct")
        for name in dict.fromkeys(names):
            if name not in items:
                mistakes.append(f"{where}.{construct}: {name!r} is not among the items; describe it under `items`")
            elif list(names).count(name) > 1:
                mistakes.append(f"{where}.{construct}: {name!r} is listed twice; keep one")
    return mistakes


def as_value(code: object) -> float | str:
    """A code as the loader compares it: a number where it reads as one ("2", 2, 2.0 are one), else text."""
    try:
        return float(str(code))
    except ValueError:
        return str(code)


def as_text(code: object) -> str:
    """A code as a reader wrote it: 2, not 2.0; 1000000, not 1e+06."""
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)


def read_codebook(folder: Path) -> Codebook:
    """The survey codebook of a folder. Raises CodebookError: one sentence per mistake, naming file and key."""
    return read_dataset(folder, Codebook)
