"""The data sets a reader can name: where their codebooks and data files are."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from crmresearch.data.dataset import CODEBOOK_FILE, is_key, read_dataset
from crmresearch.data.documents import read_document, shown
from crmresearch.data.survey.codebook import Codebook
from crmresearch.data.transactions.codebook import Package, TransactionsCodebook
from crmresearch.data.wording import note
from crmresearch.errors import CodebookError, DatasetMissingError
from crmresearch.paths import data_folders, typed_path

AnyCodebook = Codebook | TransactionsCodebook


class _Heading(BaseModel):
    """The one key that says which codebook a document is; the rest is read afterwards."""

    kind: Literal["survey", "transactions"] = "survey"


def dataset_keys() -> list[str]:
    """Keys of the data sets, of surveys and of transactions, in `data/` and in the folder of `CRMRESEARCH_DATA`."""
    return sorted({path.parent.name for folder in data_folders() for path in folder.glob(f"*/{CODEBOOK_FILE}")})


def read_any_codebook(folder: Path) -> AnyCodebook:
    """The codebook of a folder, of the kind its key `kind` names. Raises CodebookError, a sentence per mistake."""
    kind = read_document(folder / CODEBOOK_FILE, _Heading, CodebookError).kind
    if kind == "transactions":
        return read_dataset(folder, TransactionsCodebook)
    return read_dataset(folder, Codebook)


def find_codebook(dataset: str) -> AnyCodebook:
    """The codebook of a data set, named by its key or by the path of a folder that holds a codebook.yaml.

    Raises CodebookError when there is none, when it has mistakes, and when its key is not its folder's name
    (two data sets under one key would overwrite each other's reports).
    """
    if is_key(dataset):
        for folder in data_folders():
            if os.path.isfile(folder / dataset / CODEBOOK_FILE):
                codebook = read_any_codebook(folder / dataset)
                if codebook.key != dataset:
                    raise CodebookError(
                        f"{shown(codebook.path)}, key: is {codebook.key!r} but the folder is named "
                        f"{dataset!r}; give both the same name."
                    )
                return codebook
    path = typed_path(dataset)
    if dataset and os.path.isfile(path / CODEBOOK_FILE):
        return read_any_codebook(path)
    raise CodebookError(
        f"There is no dataset {dataset!r}; there are {', '.join(dataset_keys()) or 'none'}. Name one, "
        f"or a folder that holds a {CODEBOOK_FILE}."
    )


def _package(codebook: AnyCodebook) -> Package | None:
    return codebook.package if isinstance(codebook, TransactionsCodebook) else None


def candidate_data_files(codebook: AnyCodebook) -> list[Path]:
    """Places the data file may be, in the order of search: beside the codebook, then the data folders; for a data
    set of a Python package, that package's folder only."""
    if package := _package(codebook):
        from crmresearch.data.transactions.packaged import package_folder  # with it comes ibis, slow to import

        return [package_folder(package) / codebook.file]
    places = [codebook.folder]
    for folder in data_folders():
        places += [folder / codebook.key, folder]
    return list(dict.fromkeys(place / codebook.file for place in places))


def find_data_file(codebook: AnyCodebook) -> Path:
    """The data file of a codebook. Raises DatasetMissingError, which says how to get it."""
    for path in candidate_data_files(codebook):
        if path.exists() and all(file.is_file() for file in codebook.data_files(path)):
            return path
    if package := _package(codebook):
        file = shown(candidate_data_files(codebook)[0])
        facts = {"dataset": codebook.key, "package": package.name, "file": file, "advice": codebook.how_to_get}
        raise DatasetMissingError(note("missing.package", **facts))
    folders = ", ".join(shown(path.parent) for path in candidate_data_files(codebook))
    advice = codebook.how_to_get or note("missing.committed" if codebook.committed else "missing.own")
    facts = {"dataset": codebook.key, "file": codebook.file, "folders": folders, "advice": advice}
    raise DatasetMissingError(note("missing.file", **facts))
