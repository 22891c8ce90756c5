"""A report's parameters file, checked in full against its notebook and the data before anything runs."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crmresearch import paths
from crmresearch.data.dataset import Text
from crmresearch.data.documents import read_document, shown
from crmresearch.errors import CodebookError, ParameterError
from crmresearch.report.make.declarations import check_values, read_declarations, shortened, suggestion
from crmresearch.report.show.wording import TEXTS
from crmresearch.texts import lacking

if TYPE_CHECKING:
    from crmresearch.data.transactions.codebook import TransactionsCodebook


@dataclass(frozen=True)
class Report:
    """One parameters file, complete: `parameters` holds the notebook's defaults where the file is silent."""

    name: str
    path: Path
    notebook: Path
    title: dict[str, str]
    group: dict[str, str]
    parameters: dict[str, Any]

    @property
    def language(self) -> str:
        """The language the report is told in, English for one without a parameter `language`."""
        return str(self.parameters.get("language", "en"))

    @property
    def dataset(self) -> str | None:
        """The data set as the catalogue takes it, None for a report without a parameter `dataset`."""
        dataset = self.parameters.get("dataset")
        return locate_dataset(dataset, self.notebook) if isinstance(dataset, str) else None


@dataclass(frozen=True)
class Heading:
    """What the index says of a report even when its file cannot be used."""

    title: dict[str, str]
    group: dict[str, str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    notebook: Path = Path()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    notebook: str
    title: Text
    group: Text
    parameters: dict[str, Any] = Field(default_factory=dict)

    @field_validator("parameters", mode="before")
    @classmethod
    def _nothing_below_the_key(cls, value: Any) -> Any:
        return {} if value is None else value


def report_names() -> list[str]:
    """Names of all reports, one per file in `notebooks/parameters`, in alphabetical order; `misnamed` left out."""
    return [path.stem for path in _parameters_files() if not _UNFIT.search(path.stem)]


def misnamed() -> list[str]:
    """A sentence for every file in `notebooks/parameters` whose name make or a link would take for several."""
    return [
        f"{shown(path)} is not rendered: the name of a report is made of letters, digits, . _ and -; rename the file."
        for path in _parameters_files()
        if _UNFIT.search(path.stem)
    ]


_UNFIT = re.compile(r"[^\w.\-\u0080-\U0010ffff]|\s")


def _parameters_files() -> list[Path]:
    return sorted(path for path in paths.PARAMETERS.glob("*.yaml") if not path.name.startswith("."))


def parameters_file(report: str) -> Path:
    """The parameters file of a report named by its key in `notebooks/parameters`, or by a path that ends in .yaml.

    Raises ParameterError when there is no such file.
    """
    if report.endswith((".yaml", ".yml")):
        path = Path(os.path.abspath(paths.typed_path(report)))
        if not os.path.isfile(path):  # False, not an error, for a name that no disk can have
            raise ParameterError(f"There is no parameters file {shortened(shown(path))}.")
        return path.resolve()
    path = paths.PARAMETERS / f"{report}.yaml"
    if not os.path.isfile(path):
        raise ParameterError(f"There is no report {shortened(report)!r}{suggestion(report, report_names())}")
    return path


def load_report(name: str) -> Report:
    """The report of this name or of this parameters file, its parameters checked and completed.

    A notebook, data set, theory or file of rules that lies beside the parameters file, or on a path from there, is
    that one; other names are those of the project. Raises ParameterError with one sentence for every problem of the
    file: which key, and what is allowed.
    """
    path = parameters_file(name)
    file = read_document(path, _File, ParameterError)
    file.parameters.update(_from_beside(path, file.parameters))
    notebook = find_notebook(file.notebook, path)
    declared = read_declarations(notebook)
    parameters, problems = check_values(declared, file.parameters)
    # the other parameters of a file with a mistake are looked at too: every problem is told at once
    defaults = {name: declaration.default for name, declaration in declared.items()}
    everything = {**defaults, **file.parameters}
    missing = _check_existence(everything, notebook)
    problems += missing or _check_kind(defaults, everything, notebook)
    problems += [*_check_days(defaults, everything), *_check_rules(defaults, everything, notebook)]
    if problems:
        lines = [f"  - {problem}{'' if problem.endswith(('.', '?')) else '.'}" for problem in problems]
        raise ParameterError("\n".join([f"{shown(path)} does not fit {shown(notebook)}:", *lines]))
    return Report(path.stem, path, notebook, file.title, file.group, parameters)


def read_heading(name: str) -> Heading:
    """Title and group of a report, or its name under "Other reports" when the file cannot be read."""
    path = paths.PARAMETERS / f"{name}.yaml"
    try:
        file = read_document(path, _File, ParameterError)
    except ParameterError:
        return Heading({"en": name}, TEXTS.in_languages("word.other_reports"))
    try:
        notebook = find_notebook(file.notebook, path)
    except ParameterError:  # told when the report is rendered
        notebook = Path()
    return Heading(file.title, file.group, file.parameters, notebook)


def locate_dataset(dataset: str, notebook: Path) -> str:
    """The data set as the catalogue takes it: a key stays, a path is read as from the notebook's folder."""
    folder = paths.typed_path(dataset, notebook.parent)
    return str(folder.resolve()) if os.path.isfile(folder / "codebook.yaml") else dataset


def find_notebook(notebook: str, path: Path) -> Path:
    """The notebook a parameters file at `path` names: a file beside it, or the name of one of the project.

    Raises ParameterError when there is none.
    """
    own = path.parent / notebook
    if own.suffix == ".ipynb" and os.path.isfile(own):
        return own.resolve()
    found = paths.NOTEBOOKS / f"{notebook.removesuffix('.ipynb')}.ipynb"
    if not os.path.isfile(found):
        known = sorted(other.stem for other in paths.NOTEBOOKS.glob("*.ipynb"))
        raise ParameterError(
            f"{shown(path)}, notebook: there is no notebook {shortened(notebook)!r}{suggestion(notebook, known)}"
        )
    return found


def _from_beside(path: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What these parameters name by a path from the folder of their file, as whole paths."""

    def whole(value: Any, marker: str = "") -> str | None:
        place = paths.typed_path(value, path.parent) / marker if isinstance(value, str) and value else None
        if place is None or not os.path.isfile(place):  # False, not an error, for a name that no disk can have
            return None
        return str((place.parent if marker else place).resolve())

    datasets = [(key, "codebook.yaml") for key in ("dataset", "purchases", "survey")]
    named = (*datasets, *((key, "") for key in ("theory", "rules", "segments_file")))
    found: dict[str, Any] = {key: file for key, marker in named if (file := whole(parameters.get(key), marker))}
    if isinstance(theories := parameters.get("theories"), list):
        found["theories"] = [whole(theory) or theory for theory in theories]
    return found


def kind_read(defaults: Mapping[str, Any]) -> Literal["survey", "transactions"] | None:
    """What kind of data set a notebook reads, told by the one it has for its default; None when that is not here."""
    from crmresearch.data.catalog import dataset_keys, find_codebook

    usual = defaults.get("dataset")
    return find_codebook(usual).kind if isinstance(usual, str) and usual in dataset_keys() else None


HELD = {"survey": "a survey", "transactions": "purchases"}


def _check_kind(defaults: Mapping[str, Any], parameters: Mapping[str, Any], notebook: Path) -> list[str]:
    """A survey where the notebook reads purchases, or the other way round."""
    dataset = parameters.get("dataset")
    if not isinstance(dataset, str) or dataset == defaults.get("dataset"):
        return []
    from crmresearch.data.catalog import find_codebook

    wanted = kind_read(defaults)
    try:
        kind = find_codebook(locate_dataset(dataset, notebook)).kind
    except CodebookError as mistakes:
        return [f"`dataset`: {mistakes}"]
    if wanted in (kind, None):
        return []
    return [f"`dataset`: {shown(notebook)} reads {HELD[wanted or kind]}, and {dataset} holds {HELD[kind]}"]


def _check_days(defaults: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[str]:
    """Texts that must be days because the defaults are, and days that must follow upon each other."""
    days, problems = {}, []
    for key, default in defaults.items():
        if (value := parameters.get(key)) is None or _day(default) is None or not isinstance(value, str):
            continue
        days[key] = _day(value)
        if days[key] is None:
            problems.append(f"`{key}` must be a day written as {default}, not {shortened(value)!r}")
    known = [(key, day) for key in ("earlier_cutoff", "cutoff", "holdout_end") if (day := days.get(key))]
    for (before, first), (after, second) in pairwise(known):
        if first >= second:
            problems.append(f"`{after}` ({second}) must come after `{before}` ({first})")
    return problems


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and value.count("-") == 2 else None
    except ValueError:
        return None


def _check_rules(defaults: Mapping[str, Any], parameters: Mapping[str, Any], notebook: Path) -> list[str]:
    """A file of rules that is not there or not right, or names columns that no customer of the data set has."""
    rules, follows = parameters.get("rules"), "method" in defaults and "rules" in defaults
    if not isinstance(rules, str) or not (rules or follows):
        return []
    from crmresearch.data.rule_file import OWN_RULES, forecasts_read, misfits, read_rule_file

    own = parameters.get("method") == OWN_RULES
    if not rules:
        return [f"`rules`: `method: {OWN_RULES}` follows the segments of a file; name it here"] if own else []
    if follows and not own:
        return [f"`rules` is read by `method: {OWN_RULES}` only; write that, or leave `rules` empty"]
    places = [folder / rules for folder in (notebook.parent, paths.ROOT, *paths.data_folders())]
    file = next((place for place in places if os.path.isfile(place)), None)
    if file is None:
        looked = ", ".join(shown(place.parent) for place in places)
        return [f"`rules`: there is no file {shortened(rules)!r} (looked in {shortened(looked)})"]
    try:
        document = read_rule_file(file, ParameterError)
    except ParameterError as mistakes:
        return [f"`rules`: {mistake}" for mistake in str(mistakes).splitlines()]
    problems = [f"`rules`: {shown(file)}, {misfit}" for misfit in misfits(document, _purchases(parameters, notebook))]
    if follows and not document.rules:
        problems.append(f"`rules`: {shown(file)} gives tags but no segments to follow; add `rules` to it")
    if follows:
        problems += [f"`rules`: {shown(file)}, {forecast}" for forecast in forecasts_read(document)]
    return problems


def _purchases(parameters: Mapping[str, Any], notebook: Path) -> "TransactionsCodebook | None":
    """The codebook of the purchases these parameters name, None where others say what is wrong with it."""
    from crmresearch.data.catalog import find_codebook
    from crmresearch.data.transactions.codebook import TransactionsCodebook

    dataset = parameters.get("dataset")
    try:
        codebook = find_codebook(locate_dataset(dataset, notebook)) if isinstance(dataset, str) else None
    except CodebookError:
        return None
    return codebook if isinstance(codebook, TransactionsCodebook) else None


def _check_existence(parameters: Mapping[str, Any], notebook: Path) -> list[str]:
    problems = []
    theory, language = (parameters.get(key) for key in ("theory", "language"))
    if isinstance(language, str):
        problems += [f"`language`: {problem}" for problem in lacking(paths.PACKAGE, language)]
    # imported only where they are needed: every import is a reason to render again
    for key in ("dataset", "purchases", "survey"):
        one = parameters.get(key)
        if (
            isinstance(one, str)
            and (one or key != "survey")
            and not os.path.isfile(Path(locate_dataset(one, notebook)) / "codebook.yaml")
        ):
            from crmresearch.data.catalog import dataset_keys

            if one not in (known := dataset_keys()):
                problems.append(f"`{key}`: there is no data set {shortened(one)!r}{suggestion(one, known)}")
    several = parameters.get("theories")
    named = [("theory", theory), *(("theories", one) for one in (several if isinstance(several, list) else []))]
    for key, one in named:
        if isinstance(one, str):
            from crmresearch.models.theory import theory_keys

            known = theory_keys()
            own = one.endswith((".yaml", ".yml")) and os.path.isfile(notebook.parent / one)
            if one not in known and not own:
                problems.append(f"`{key}`: there is no theory {shortened(one)!r}{suggestion(one, known)}")
    return problems
