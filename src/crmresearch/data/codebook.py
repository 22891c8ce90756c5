"""A codebook: what every column of a survey file asks, its scale, and which construct it measures."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from crmresearch.data.documents import MistakesError, read_document
from crmresearch.errors import CodebookError

CODEBOOK_FILE = "codebook.yaml"


def _with_english(texts: dict[str, str]) -> dict[str, str]:
    if "en" not in texts:
        raise ValueError("has no English text; write it under `en`, the fallback of every other language")
    if empty := [language for language, text in texts.items() if not text.strip()]:
        raise ValueError(f"the text under {empty[0]!r} is empty; write it or remove the key")
    return texts


def _key(text: str) -> str:
    if not is_key(text):
        raise ValueError(f"{text!r} must be lower-case letters, digits and _, beginning with a letter")
    return text


def _checksum(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError("must be the 64 hexadecimal digits that `sha256sum` prints for the data file")
    return text


def is_key(text: str) -> bool:
    """Whether the text can be the key of a dataset."""
    return re.fullmatch(r"[a-z][a-z0-9_]*", text) is not None


Text = Annotated[dict[str, str], AfterValidator(_with_english)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Code = Number | str
Filled = Annotated[str, Field(min_length=1)]
Key = Annotated[str, AfterValidator(_key)]
Checksum = Annotated[str, AfterValidator(_checksum)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Strict):
    """One question: its text, its lowest and highest answer, and whether high means less of the construct."""

    text: Text
    min: Number
    max: Number
    reversed: Annotated[bool, Field(strict=True)] = False
    missing_codes: tuple[Code, ...] = ()
    only_for: Filled | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max:
            raise ValueError(f"min ({self.min:g}) must be below max ({self.max:g})")
        return self


class Group(_Strict):
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


class Binding(_Strict):
    """How this survey measures one theory where that is not the default: the items, a note, or both."""

    note: Text | None = None
    constructs: dict[str, tuple[str, ...]] | None = None


class Codebook(_Strict):
    """A survey described: columns, scales, constructs, source and licence. Read it with `read_codebook`."""

    key: Key
    title: Text
    about: Text
    file: Filled
    sha256: Checksum | None = None
    committed: Annotated[bool, Field(strict=True)]
    how_to_get: Filled | None = None
    source: Filled
    citation: Filled
    licence: Filled
    url: Filled | None = None
    id: Filled | None = None
    missing_codes: tuple[Code, ...] = ()
    other_columns: Literal["refuse", "ignore"] = "refuse"
    identical_rows: Literal["refuse", "expected"] = "refuse"
    identical_rows_reason: Filled | None = None
    items: Annotated[dict[str, Item], Field(min_length=1)]
    constructs: dict[str, tuple[str, ...]] = {}
    theories: dict[str, Binding] = {}
    groups: dict[str, Group] = {}
    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """The folder the codebook was read from."""
        return self._folder

    @property
    def path(self) -> Path:
        """The codebook file."""
        return self._folder / CODEBOOK_FILE

    def items_of(self, theory: str) -> dict[str, list[str]]:
        """Construct → items for a theory: its own map where the codebook gives one, else the default map."""
        binding = self.theories.get(theory)
        chosen = self.constructs if binding is None or binding.constructs is None else binding.constructs
        return {construct: list(items) for construct, items in chosen.items()}

    def note_of(self, theory: str) -> dict[str, str] | None:
        """What a reader must know about measuring this theory with this survey, by language, or None."""
        binding = self.theories.get(theory)
        return None if binding is None else binding.note

    def missing_codes_of(self, item: str) -> tuple[float | str, ...]:
        """Codes that mean "no answer" in this item's column: the survey's and the item's own."""
        return (*self.missing_codes, *self.items[item].missing_codes)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mistakes = [
            *self._file_mistakes(),
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

    def _file_mistakes(self) -> list[str]:
        mistakes = []
        if Path(self.file).name != self.file or self.file in (".", ".."):
            mistakes.append(f"file: {self.file!r} must be a file name without folders")
        if self.committed and self.sha256 is None:
            mistakes.append("sha256: this key is missing; a committed file needs its checksum (`sha256sum` prints it)")
        if not self.committed and self.how_to_get is None:
            mistakes.append(
                "how_to_get: this key is missing; a file that is not committed needs a sentence on getting it"
            )
        if self.identical_rows == "expected" and self.identical_rows_reason is None:
            mistakes.append("identical_rows_reason: this key is missing; say why identical rows are expected")
        return mistakes

    def _column_mistakes(self) -> list[str]:
        mistakes = [f"groups.{name}: is an item as well; keep one" for name in self.groups if name in self.items]
        if self.id is not None and (self.id in self.items or self.id in self.groups):
            mistakes.append(f"id: {self.id!r} is an item or a group as well; the id must be a column of its own")
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
    """A code as a reader wrote it: 2, not 2.0."""
    return f"{code:g}" if isinstance(code, float) else str(code)


def in_language(texts: Mapping[str, str], language: str = "en") -> str:
    """The text in this language, in English where there is none."""
    return texts.get(language, texts["en"])


def read_codebook(folder: Path) -> Codebook:
    """The codebook of a folder. Raises CodebookError: one sentence per mistake, naming file and key."""
    folder = Path(folder).resolve()
    codebook = read_document(folder / CODEBOOK_FILE, Codebook, CodebookError)
    codebook._folder = folder
    return codebook
