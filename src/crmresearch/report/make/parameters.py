"""A report's parameters file, checked in full against its notebook and the data before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crmresearch import paths
from crmresearch.data.dataset import Text
from crmresearch.data.documents import read_document, shown
from crmresearch.errors import ParameterError
from crmresearch.report.make.declarations import check_values, read_declarations, suggestion
from crmresearch.report.show.wording import TEXTS


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
    def dataset(self) -> str | None:
        """The data set as the catalogue takes it, None for a report without a parameter `dataset`."""
        dataset = self.parameters.get("dataset")
        return locate_dataset(dataset, self.notebook) if isinstance(dataset, str) else None


@dataclass(frozen=True)
class Heading:
    """What the index says of a report even when its file cannot be used."""

    title: dict[str, str]
    group: dict[str, str]


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
    """Names of all reports, one per file in `notebooks/parameters`, in alphabetical order."""
    return sorted(path.stem for path in paths.PARAMETERS.glob("*.yaml"))


def parameters_file(report: str) -> Path:
    """The parameters file of a report named by its key in `notebooks/parameters`, or by a path that ends in .yaml."""
    own = report.endswith((".yaml", ".yml"))
    return paths.typed_path(report).resolve() if own else paths.PARAMETERS / f"{report}.yaml"


def load_report(name: str) -> Report:
    """The report of this name or of this parameters file, its parameters checked and completed.

    A notebook, data set, theory or file of rules that lies beside the parameters file, or on a path from there, is
    that one; other names are those of the project. Raises ParameterError with one sentence for every problem of the
    file: which key, and what is allowed.
    """
    path = parameters_file(name)
    if not path.is_file():
        if path.suffix and name != path.stem:
            raise ParameterError(f"There is no parameters file {shown(path)}.")
        raise ParameterError(f"There is no report {name!r}{suggestion(name, report_names())}")
    file = read_document(path, _File, ParameterError)
    file.parameters.update(_from_beside(path, file.parameters))
    notebook = find_notebook(file.notebook, path)
    declared = read_declarations(notebook)
    parameters, problems = check_values(declared, file.parameters)
    # the other parameters of a file with a mistake are looked at too: every problem is told at once
    defaults = {name: declaration.default for name, declaration in declared.items()}
    problems += _check_existence({**defaults, **file.parameters}, notebook)
    if problems:
        lines = [f"  - {problem}{'' if problem.endswith(('.', '?')) else '.'}" for problem in problems]
        raise ParameterError("\n".join([f"{shown(path)} does not fit {shown(notebook)}:", *lines]))
    return Report(path.stem, path, notebook, file.title, file.group, parameters)


def read_heading(name: str) -> Heading:
    """Title and group of a report, or its name under "Other reports" when the file cannot be read."""
    try:
        file = read_document(paths.PARAMETERS / f"{name}.yaml", _File, ParameterError)
    except ParameterError:
        return Heading({"en": name}, {"en": "Other reports", "zh": "其他报告"})
    return Heading(file.title, file.group)


def locate_dataset(dataset: str, notebook: Path) -> str:
    """The data set as the catalogue takes it: a key stays, a path is read as from the notebook's folder."""
    folder = paths.typed_path(dataset, notebook.parent)
    return str(folder.resolve()) if (folder / "codebook.yaml").is_file() else dataset


def find_notebook(notebook: str, path: Path) -> Path:
    """The notebook a parameters file at `path` names: a file beside it, or the name of one of the project.

    Raises ParameterError when there is none.
    """
    own = path.parent / notebook
    if own.suffix == ".ipynb" and own.is_file():
        return own.resolve()
    found = paths.NOTEBOOKS / f"{notebook.removesuffix('.ipynb')}.ipynb"
    if not found.is_file():
        known = sorted(other.stem for other in paths.NOTEBOOKS.glob("*.ipynb"))
        raise ParameterError(f"{shown(path)}, notebook: there is no notebook {notebook!r}{suggestion(notebook, known)}")
    return found


def _from_beside(path: Path, parameters: Mapping[str, Any]) -> dict[str, str]:
    """What these parameters name by a path from the folder of their file, as whole paths."""
    found = {}
    for key, marker in (("dataset", "codebook.yaml"), ("theory", ""), ("rules", "")):
        value = parameters.get(key)
        if isinstance(value, str) and value and (place := paths.typed_path(value, path.parent) / marker).is_file():
            found[key] = str((place.parent if marker else place).resolve())
    return found


def _check_existence(parameters: Mapping[str, Any], notebook: Path) -> list[str]:
    problems = []
    dataset, theory, language = (parameters.get(key) for key in ("dataset", "theory", "language"))
    if isinstance(language, str) and language not in (known := TEXTS.languages()):
        problems.append(f"`language`: there are no texts in {language!r}, only in {', '.join(known)}")
    # imported only where they are needed: every import is a reason to render again
    if isinstance(dataset, str) and not (Path(locate_dataset(dataset, notebook)) / "codebook.yaml").is_file():
        from crmresearch.data.catalog import dataset_keys

        known = dataset_keys()
        if dataset not in known:
            problems.append(f"`dataset`: there is no data set {dataset!r}{suggestion(dataset, known)}")
    if isinstance(theory, str):
        from crmresearch.models.theory import theory_keys

        known = theory_keys()
        own = theory.endswith((".yaml", ".yml")) and (notebook.parent / theory).is_file()
        if theory not in known and not own:
            problems.append(f"`theory`: there is no theory {theory!r}{suggestion(theory, known)}")
    return problems
