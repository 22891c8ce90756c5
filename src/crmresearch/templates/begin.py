"""A survey, a shop and a theory to begin with: commented, with invented data, and right as they are.

Each template is itself a working example under the name it has in `files`; a new one is that with its own name.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from crmresearch.data.catalog import dataset_keys, find_codebook
from crmresearch.data.dataset import is_key
from crmresearch.data.documents import shown
from crmresearch.data.survey.codebook import Codebook
from crmresearch.data.survey.questionnaire import QUESTIONNAIRE_FILE, read_questionnaire
from crmresearch.errors import TemplateError
from crmresearch.models.theory import theory_keys
from crmresearch.paths import TEMPLATES
from crmresearch.templates.draft_words import quoted
from crmresearch.templates.questionnaire import blank_answers, questionnaire


def new_survey(name: str, folder: Path = Path()) -> list[Path]:
    """Write the folder `name`: a commented codebook and invented answers, which pass `check-data`. Returns the files.

    Raises TemplateError when the name is no key or is that of another data set, when something of this name is there
    already, and when nothing can be written there.

    >>> new_survey("my_survey", Path("data"))  # doctest: +SKIP
    [PosixPath('data/my_survey/answers.csv'), PosixPath('data/my_survey/codebook.yaml')]
    """
    return _new_dataset("my_survey", name, folder)


def new_survey_like(dataset: str, name: str, folder: Path = Path()) -> list[Path]:
    """Write the folder `name`: the questionnaire of another survey, to be fielded anew. Returns the files.

    They are its codebook under the new name and without its data, an empty answers.csv in the order of the questions,
    the questionnaire as Markdown, and its questionnaire.yaml with its tables where it has one.

    Raises TemplateError as `new_survey` and where `dataset` holds purchases, CodebookError where there is none.

    >>> new_survey_like("staged_simulated", "my_survey", Path("data"))  # doctest: +SKIP
    [PosixPath('data/my_survey/answers.csv'), PosixPath('data/my_survey/codebook.yaml'), …]
    """
    target, known = _free_dataset(name, folder), find_codebook(dataset)
    if not isinstance(known, Codebook):
        raise TemplateError(f"{dataset} holds purchases; --like begins a survey like another one, so name a survey.")
    kept = known.folder / QUESTIONNAIRE_FILE
    tables = [section.table for section in read_questionnaire(known).sections if section.table]
    texts = {
        target / "answers.csv": blank_answers(known),
        target / "codebook.yaml": _codebook_like(known, name),
        target / "questionnaire.md": questionnaire(known),
    }
    if kept.is_file():
        copied = {QUESTIONNAIRE_FILE, *tables}
        texts |= {target / file: (known.folder / file).read_text(encoding="utf-8") for file in sorted(copied)}
    return write_new(texts)


_OF_ITS_DATA = ("key", "title", "about", "file", "more_files", "encoding", "separator", "table", "sha256", "committed",
                "how_to_get", "source", "citation", "licence", "url", "weight", "identical_rows",
                "identical_rows_reason", "settled", "decimal")  # fmt: skip


def _codebook_like(known: Codebook, name: str) -> str:
    """The text of a codebook but for what it says of its data."""
    blocks = re.split(r"^(?=[a-z_]+:)", known.path.read_text(encoding="utf-8-sig"), flags=re.MULTILINE)
    kept = [block for block in blocks[1:] if block.split(":")[0] not in _OF_ITS_DATA]
    return f"""\
# Begun with the questionnaire of {known.key}. Say here who answered, when and how.
key: {name}
title: {{en: {quoted(name.replace("_", " ").capitalize())}}}
about: {{en: {quoted(f"Answers to the questionnaire of {known.key}.")}}}
file: answers.csv
committed: false
{"".join(kept)}"""


def new_shop(name: str, folder: Path = Path()) -> list[Path]:
    """Write the folder `name`: a commented codebook, invented purchases, and segments and tags of one's own.

    Returns and raises as `new_survey`.

    >>> new_shop("my_shop", Path("data"))  # doctest: +SKIP
    [PosixPath('data/my_shop/codebook.yaml'), PosixPath('data/my_shop/purchases.csv'), …]
    """
    return _new_dataset("my_shop", name, folder)


def new_theory(name: str, folder: Path = Path()) -> list[Path]:
    """Write `name`.yaml: a commented theory, which can be bound to the survey of `new_survey`. Returns the file.

    Raises TemplateError as `new_survey`; the name of a theory of the package is refused, because codebooks may say
    of that one how it is measured.

    >>> new_theory("my_theory")  # doctest: +SKIP
    [PosixPath('my_theory.yaml')]
    """
    target = free_place(name, folder, ".yaml")
    if name in theory_keys():
        raise TemplateError(f"The package has a theory {name!r} already; choose another name.")
    return write_new({target: _template("my_theory.yaml", "my_theory", name)})


def free_place(name: str, folder: Path, suffix: str = "", *, hyphens: bool = False) -> Path:
    """Where something new of this name goes. Raises TemplateError for a bad name and where something is already."""
    if not is_key(name.replace("-", "_") if hyphens else name) or not isinstance(
        yaml.safe_load(name), str
    ):  # null and true are no words in YAML
        raise TemplateError(
            f"{name!r} cannot be a name; use lower-case letters, digits and {'_ or -' if hyphens else '_'}, "
            "beginning with a letter, as in my_shop."
        )
    if not folder.is_dir():
        raise TemplateError(f"There is no folder {folder}; make it first, or name another one.")
    target = folder / f"{name}{suffix}"
    if os.path.lexists(target):
        raise TemplateError(f"{target} is there already and stays as it is; choose another name or another folder.")
    return target


def write_new(texts: Mapping[Path, str]) -> list[Path]:
    """Write these files, none of which is there yet, and return them. Raises TemplateError when that cannot be done."""
    for path, text in texts.items():
        try:
            path.parent.mkdir(exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as problem:
            raise TemplateError(f"{path} cannot be written: {problem.strerror or problem}.") from None
    return list(texts)


def _free_dataset(name: str, folder: Path) -> Path:
    target = free_place(name, folder)
    if name in dataset_keys():
        place = shown(find_codebook(name).folder)
        raise TemplateError(f"There is a data set {name!r} already, in {place}; choose another name.")
    return target


def _new_dataset(template: str, name: str, folder: Path) -> list[Path]:
    target = _free_dataset(name, folder)
    files = sorted(path.name for path in (TEMPLATES / template).iterdir() if path.is_file())
    return write_new({target / file: _template(f"{template}/{file}", template, name) for file in files})


def _template(file: str, own: str, name: str) -> str:
    return (TEMPLATES / file).read_text(encoding="utf-8").replace(own, name)
