"""What every codebook says, whatever its data: key, title, file and checksum, source, citation and licence."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from crmresearch.data.documents import read_document
from crmresearch.data.table_place import Place
from crmresearch.errors import CodebookError

CODEBOOK_FILE = "codebook.yaml"
_NO_ROWS = (".parquet", ".feather", ".sav", ".zsav", ".por", ".dta", ".duckdb", ".db", ".sqlite", ".sqlite3")


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


def files_sha256(files: Sequence[Path]) -> str:
    """Hexadecimal SHA-256 of a file; of several, that of the list `sha256sum a b c` prints of them in their folder."""
    digests = []
    for path in files:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    if len(files) == 1:
        return digests[0]
    listed = "".join(f"{digest}  {path.name}\n" for digest, path in zip(digests, files, strict=True))
    return hashlib.sha256(listed.encode()).hexdigest()


Text = Annotated[dict[str, str], AfterValidator(_with_english)]
TextOrEnglish = Annotated[Text, BeforeValidator(lambda given: {"en": given} if isinstance(given, str) else given)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Code = Number | str
Filled = Annotated[str, Field(min_length=1)]
Key = Annotated[str, AfterValidator(_key)]
Checksum = Annotated[str, AfterValidator(_checksum)]


class Strict(BaseModel):
    """A part of a codebook: a key it does not know is a mistake, and nobody changes it once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetCodebook(Strict):
    """The part that surveys and transactions share. Every kind adds its columns and calls `file_mistakes`.

    `file` may be a folder of files of one shape, and `more_files` names further ones. `encoding` and `separator` of
    a text file are recognised unless given; `table` is the sheet of a workbook or the table of a database. In a text or
    a workbook the names of the columns stand in row `header_row` (of the file; by default the first), in so many
    `header_rows`, and the data begin in row `first_row` (by default below them). `leave_out`: column → values; lines
    that hold one of them are no data, such as cancelled orders and previews of a questionnaire. Data that are not
    committed need no source, citation and licence.
    """

    key: Key
    title: Text
    about: Text
    file: Filled
    more_files: tuple[Filled, ...] = ()
    encoding: Filled | None = None
    separator: Literal[",", ";", "\t", "|"] | None = None
    table: Filled | None = None
    header_row: Annotated[int, Field(strict=True, ge=1)] = 1
    header_rows: Literal[1, 2] = 1
    first_row: Annotated[int, Field(strict=True, ge=2)] | None = None
    leave_out: dict[str, Annotated[tuple[Code, ...], Field(min_length=1)]] = Field(default_factory=dict)
    sha256: Checksum | None = None
    committed: Annotated[bool, Field(strict=True)]
    how_to_get: TextOrEnglish | None = None
    source: Filled = "not stated"
    citation: Filled = "none"
    licence: Filled = "not stated"
    url: Filled | None = None
    _folder: Path = PrivateAttr(default=Path())

    @property
    def place(self) -> Place:
        """Where in the file the table stands."""
        return Place(self.header_row, self.header_rows, self.first_row)

    @property
    def folder(self) -> Path:
        """The folder the codebook was read from."""
        return self._folder

    @property
    def path(self) -> Path:
        """The codebook file."""
        return self._folder / CODEBOOK_FILE

    def data_files(self, path: Path) -> list[Path]:
        """All files that are read when the data file is `path`: it, or all it holds where it is a folder, and
        `more_files` beside it."""
        held = sorted(file for file in path.iterdir() if not file.name.startswith(".")) if path.is_dir() else [path]
        return [*held, *(path.parent / name for name in self.more_files)]

    def file_mistakes(self) -> list[str]:
        """What is wrong with the keys about the data file, each text beginning with the key."""
        mistakes = []
        for key, name in (("file", self.file), *(("more_files", name) for name in self.more_files)):
            if Path(name).name != name or name in (".", "..") or "\\" in name:
                mistakes.append(f"{key}: {name!r} must be a file name without folders")
        if self.first_row is not None and self.first_row < self.header_row + self.header_rows:
            mistakes.append(f"first_row: row {self.first_row} is the header or above it; data begin below the header")
        if self.place.keys and Path(self.file.lower().removesuffix(".gz")).suffix in _NO_ROWS:
            mistakes.append(f"{next(iter(self.place.keys))}: {self.file} has no rows of titles; remove this key")
        if self.committed and self.sha256 is None:
            mistakes.append("sha256: this key is missing; a committed file needs its checksum (`sha256sum` prints it)")
        if self.committed:
            mistakes += [
                f"{key}: this key is missing; data in a repository need their source, citation and licence"
                for key in ("source", "citation", "licence")
                if key not in self.model_fields_set
            ]
        return mistakes


def in_language(texts: Mapping[str, str], language: str = "en") -> str:
    """The text in this language, in English where there is none."""
    return texts.get(language, texts["en"])


Kind = TypeVar("Kind", bound=DatasetCodebook)


def read_dataset(folder: Path, kind: type[Kind]) -> Kind:
    """The codebook of a folder as this kind. Raises CodebookError: one sentence per mistake, naming file and key."""
    folder = Path(folder).resolve()
    codebook = read_document(folder / CODEBOOK_FILE, kind, CodebookError)
    codebook._folder = folder
    return codebook
