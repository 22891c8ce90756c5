"""The data sets a reader can name: where their codebooks and data files are."""

from pathlib import Path

from crmresearch.data.codebook import CODEBOOK_FILE, Codebook, is_key, read_codebook
from crmresearch.data.documents import shown
from crmresearch.errors import CodebookError, DatasetMissingError
from crmresearch.paths import data_folders


def dataset_keys() -> list[str]:
    """Keys of the data sets in the project's `data/` and in the folder named by `CRMRESEARCH_DATA`."""
    return sorted({path.parent.name for folder in data_folders() for path in folder.glob(f"*/{CODEBOOK_FILE}")})


def find_codebook(dataset: str) -> Codebook:
    """The codebook of a data set, named by its key or by the path of a folder that holds a codebook.yaml.

    Raises CodebookError when there is none, when it has mistakes, and when its key is not its folder's name
    (two surveys under one key would overwrite each other's reports).
    """
    if is_key(dataset):
        for folder in data_folders():
            if (folder / dataset / CODEBOOK_FILE).is_file():
                codebook = read_codebook(folder / dataset)
                if codebook.key != dataset:
                    raise CodebookError(
                        f"{shown(codebook.path)}, key: is {codebook.key!r} but the folder is named "
                        f"{dataset!r}; give both the same name."
                    )
                return codebook
    path = Path(dataset).expanduser()
    if dataset and (path / CODEBOOK_FILE).is_file():
        return read_codebook(path)
    raise CodebookError(
        f"There is no dataset {dataset!r}; there are {', '.join(dataset_keys()) or 'none'}. Name one, "
        f"or a folder that holds a {CODEBOOK_FILE}."
    )


def candidate_data_files(codebook: Codebook) -> list[Path]:
    """Places the data file may be, in the order of search: beside the codebook, then the data folders."""
    places = [codebook.folder]
    for folder in data_folders():
        places += [folder / codebook.key, folder]
    return list(dict.fromkeys(place / codebook.file for place in places))


def find_data_file(codebook: Codebook) -> Path:
    """The data file of a codebook. Raises DatasetMissingError, which says how to get it."""
    for path in candidate_data_files(codebook):
        if path.is_file():
            return path
    advice = codebook.how_to_get or "It belongs to the repository: get it back with `git restore`."
    raise DatasetMissingError(
        f"The data file {codebook.file} of {codebook.key} is not on this machine (looked in "
        f"{', '.join(shown(path.parent) for path in candidate_data_files(codebook))}). {advice}"
    )
