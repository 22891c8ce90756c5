"""A survey: the answers of a data file, validated against its codebook, every problem told at once."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from crmresearch.data.catalog import find_codebook, find_data_file
from crmresearch.data.dataset import files_sha256
from crmresearch.data.documents import shown
from crmresearch.data.files import read_tables
from crmresearch.data.survey.codebook import Codebook
from crmresearch.data.survey.columns import LISTED, read_group, read_item, repeated_ids
from crmresearch.data.survey.design import design_notes, read_design
from crmresearch.data.survey.labels import answered, without_left_out
from crmresearch.data.survey.weights import effective_size, read_weights, to_mean_one
from crmresearch.data.text_table import FileProblem, TextTable
from crmresearch.data.wording import note
from crmresearch.errors import CodebookError, DataError

FEW_ITEMS = 10  # fewer can be answered alike by different people


@dataclass(frozen=True)
class Survey:
    """The answers to one questionnaire.

    `items`: float64, NaN = missing, one column per item of the codebook in its order, reversed items turned so that a
    high answer means more of the construct. `groups`: one column per group. Rows of both are labelled by the line
    number in `path` (the header is line 1). `notes`: what a report must say of the file, by language. `weights`: the
    sampling weight of every row, of mean 1; None where the codebook names none. `design`: stratum and cluster of every
    row, in columns of these names, None where the codebook names neither. `ids`: the respondent's id of every row as it
    is written; None where the codebook names no column of ids.
    """

    codebook: Codebook
    items: pd.DataFrame
    groups: pd.DataFrame
    path: Path
    sha256: str
    notes: tuple[dict[str, str], ...]
    weights: pd.Series | None = None
    design: pd.DataFrame | None = None
    ids: pd.Series | None = None

    @property
    def respondents(self) -> int:
        """Number of rows."""
        return len(self.items)

    @property
    def as_asked(self) -> pd.DataFrame:
        """The items as they were answered, reversed ones not turned."""
        turned = [key for key, item in self.codebook.items.items() if item.reversed]
        ends = self.bounds.loc[turned].sum(axis=1)
        return self.items.assign(**{key: ends[key] - self.items[key] for key in turned})

    @property
    def bounds(self) -> pd.DataFrame:
        """Ends of the scale of every item (rows): min, max."""
        items = self.codebook.items
        ends = {"min": {key: item.min for key, item in items.items()}, "max": {k: i.max for k, i in items.items()}}
        return pd.DataFrame(ends)


def load_survey(dataset: str) -> Survey:
    """The validated survey of `dataset`: a key, or a folder with a codebook.yaml.

    Its `items` are (respondents, items of the codebook), each in the points of its own scale, NaN = missing; its
    `groups` (respondents, groups). `crm.datasets()` lists the keys.

    Raises CodebookError (for a data set of transactions as well), DatasetMissingError, or DataError with one
    sentence per problem of the file.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> survey.items.shape
    (250, 24)
    >>> survey.items["CUSA1"].between(1, 10).all().item()
    True
    """
    codebook = find_codebook(dataset)
    if not isinstance(codebook, Codebook):
        raise CodebookError(
            f"{shown(codebook.path)} describes transactions, not a survey; name a survey, or load it with "
            "`load_transactions`."
        )
    return read_survey(codebook, find_data_file(codebook))


def check_survey(dataset: str, every: bool = False) -> list[str]:
    """The problems of a dataset's file, one sentence each; empty when it can be analysed.

    A sentence names the first cells of its kind, with `every` all of them.

    Raises CodebookError and DatasetMissingError: without codebook and file there is nothing to check.
    """
    try:
        codebook = find_codebook(dataset)
        if not every or not isinstance(codebook, Codebook):
            load_survey(dataset)
        else:
            read_survey(codebook, find_data_file(codebook), sys.maxsize)
    except DataError as error:
        return error.problems
    return []


def read_survey(codebook: Codebook, path: Path, listed: int = LISTED) -> Survey:
    """A data file validated against a codebook. Raises DataError with one sentence per problem.

    `listed`: how many cells or rows a sentence names.
    """
    table, left_out = without_left_out(_read_file(codebook, path), codebook)
    cells = answered(table, codebook)
    checksum = files_sha256(codebook.data_files(path))
    problems, notes = _check_checksum(codebook, path, checksum)
    notes = [*(note(key, **{"file": path.name, **facts}) for key, facts in table.notes), *notes]
    columns, ignored = _check_columns(codebook, cells.columns, path)
    problems += columns
    notes += [*ignored, *left_out]
    items: dict[str, pd.Series] = {}
    groups: dict[str, pd.Series] = {}
    weights: pd.Series | None = None
    design: pd.DataFrame | None = None
    if len(cells) < 2:
        problems.append(
            f"{path.name} has {'one row' if len(cells) else 'a header but no rows'}; a survey needs at least "
            "two respondents, one row each."
        )
    else:
        for name in codebook.items:
            if name in cells:
                items[name], found = read_item(cells[name], name, codebook, listed)
                problems += found
        for name, group in codebook.groups.items():
            if name in cells:
                groups[name], found = read_group(cells[name], name, group, listed)
                problems += found
        if codebook.weight in cells:
            weights, found = read_weights(cells[codebook.weight], codebook, listed)
            problems += found
        design, found = read_design(cells, codebook, listed)
        problems += found
        if codebook.id in cells:
            problems += repeated_ids(cells[codebook.id], listed)
        found, same = _check_rows(codebook, cells, listed)
        problems += found
        notes += same
    if problems:
        raise DataError(
            f"{shown(path)} does not fit its codebook {shown(codebook.path)} (row numbers are lines of "
            "the file, its header is row 1):",
            problems,
        )
    if weights is not None:
        weights = to_mean_one(weights)
        size = {"respondents": len(weights), "effective": effective_size(weights)}
        ends = {"least": float(weights.min()), "most": float(weights.max())}
        notes = [*notes, note("note.weighted", column=codebook.weight, **size, **ends)]
    answers = pd.DataFrame(items, index=cells.index)
    if design is not None:
        notes = [*notes, *design_notes(answers, weights, design, codebook)]
    return Survey(
        codebook=codebook,
        items=answers,
        groups=pd.DataFrame(groups, index=cells.index),
        path=path,
        sha256=checksum,
        notes=tuple(notes),
        weights=weights,
        design=design,
        ids=cells[codebook.id].str.strip() if codebook.id in cells else None,
    )


def _read_file(codebook: Codebook, path: Path) -> TextTable:
    try:
        return read_tables(
            codebook.data_files(path), separator=codebook.separator, encoding=codebook.encoding, table=codebook.table,
            place=codebook.place,
        )  # fmt: skip
    except FileProblem as why:
        raise DataError(f"{shown(path)} cannot be read as a survey:", [f"{path.name}: {why}."]) from None


def _check_checksum(codebook: Codebook, path: Path, checksum: str) -> tuple[list[str], list[dict[str, str]]]:
    if codebook.sha256 in (None, checksum):
        return [], []
    if codebook.committed:
        return [
            f"The checksum of {path.name} is {checksum}, not {codebook.sha256}: the file "
            "was changed. Restore it, or, if the change is meant, record the checksum under `sha256`."
        ], []
    return [], [note("note.another_copy", file=path.name, checksum=checksum, written=codebook.sha256)]


def _check_columns(codebook: Codebook, columns: Iterable[str], path: Path) -> tuple[list[str], list[dict[str, str]]]:
    columns = list(columns)
    roles = (codebook.id, codebook.weight, codebook.stratum, codebook.cluster)
    known = list(
        dict.fromkeys([*codebook.items, *codebook.groups, *(name for name in roles if name), *codebook.leave_out])
    )
    unknown = [name for name in columns if name not in known]
    absent = [name for name in known if name not in columns]
    problems = []
    for name in absent:
        hint = f" ({path.name} has {close!r}: is it that one?)" if (close := _closest(name, unknown)) else ""
        problems.append(
            f"Column {name} is in the codebook but not in {path.name}{hint}. Add the column, or remove "
            f"{name} from the codebook."
        )
    if codebook.other_columns == "ignore":
        listed = {
            language: ", ".join(name or nameless for name in unknown)
            for language, nameless in note("note.no_name").items()
        }
        return problems, [note("note.not_used", file=path.name, columns=listed)] if unknown else []
    for name in unknown:
        if name == "":
            problems.append(
                f"Column {columns.index(name) + 1} of {path.name} has no name; name it, or delete it if it "
                "only numbers the rows."
            )
        elif not _closest(name, absent):
            problems.append(
                f"Column {name} of {path.name} is not in the codebook. Describe it under items or groups, "
                "delete it, or set other_columns: ignore."
            )
    return problems, []


def _closest(name: str, names: list[str]) -> str | None:
    """The one of `names` that is this name but for capitals, blanks or a typing error; names of a series
    (Q1, Q2) are different names."""
    folded = {other.casefold().strip(): other for other in names}
    stem = name.casefold().strip()
    if stem in folded:
        return folded[stem]
    close = get_close_matches(stem, folded, n=1, cutoff=0.8)
    digits = [c for c in stem if c.isdigit()]
    return folded[close[0]] if close and [c for c in close[0] if c.isdigit()] == digits else None


def _check_rows(codebook: Codebook, cells: pd.DataFrame, most: int) -> tuple[list[str], list[dict[str, str]]]:
    """Rows that hold nothing, and rows equal in every column of the file but the respondent's id."""
    problems = []
    empty = (cells == "").all(axis=1)
    if empty.any():
        problems.append(f"{_rows(cells.index[empty], most)} nothing at all. Delete what is left of empty lines.")
    answers = cells[~empty].drop(columns=[codebook.id] if codebook.id in cells else [])
    again = answers.duplicated()
    if not again.any():
        return problems, []
    if codebook.identical_rows == "expected":
        key = "note.copy" if again.sum() == 1 else "note.copies"
        return problems, [note(key, count=int(again.sum()), reason=codebook.identical_rows_reason)]
    if codebook.identical_rows is None and len(codebook.items) < FEW_ITEMS:
        key = "note.alike" if again.sum() == 1 else "note.alikes"
        return problems, [note(key, count=int(again.sum()), items=len(codebook.items))]
    problems.append(
        f"{_rows(answers.index[again], most)} exactly what an earlier row holds. Delete the copies, or, if "
        "different people can have answered alike, set identical_rows: expected with the reason."
    )
    return problems, []


def _rows(labels: pd.Index, most: int) -> str:
    listed = ", ".join(map(str, labels[:most]))
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return f"Row {listed} holds" if len(labels) == 1 else f"Rows {listed}{more} hold"
