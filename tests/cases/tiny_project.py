"""A small project of its own in a temporary folder: one notebook, one survey, one parameters file."""

from pathlib import Path
from typing import Any

import nbformat
import yaml

PARAMETERS = """\
dataset: str = "toy"
theory: str = "scsb"
times: Annotated[int, Field(ge=1)] = 1
share: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
scheme: Literal["path", "factorial", "centroid"] = "path"
fail: bool = False
seed: int = 7"""

CODEBOOK: dict[str, Any] = {
    "key": "toy",
    "title": {"en": "A toy survey"},
    "about": {"en": "Nobody was asked."},
    "file": "toy.csv",
    "committed": False,
    "how_to_get": "Write it yourself.",
    "source": "made up",
    "citation": "none",
    "licence": "MIT",
    "items": {"Q1": {"text": {"en": "How?"}, "min": 1, "max": 5}},
    "constructs": {"satisfaction": ["Q1"]},
}

CODE = [
    "from crmresearch.models.theory import load_theory\nfrom crmresearch.report.record import record, write_output",
    "from crmresearch.data.catalog import find_codebook, find_data_file",
    "rows = open(find_data_file(find_codebook(dataset))).read().split()[1:] * times",
    "if fail:\n    raise ValueError('first line\\nthe last word')",
    "record(headline=f'{len(rows)} answers to {load_theory(theory).key}', status='ignored')\n"
    "write_output('tables', 'answers.csv', '\\n'.join(rows).encode())",
    "f'{len(rows)} rows'",
]


def make_project(folder: Path) -> Path:
    """A project with the report `tiny-toy-scsb`."""
    (folder / "notebooks" / "parameters").mkdir(parents=True)
    write_notebook(folder / "notebooks" / "tiny.ipynb")
    write_parameters(folder, "tiny-toy-scsb")
    toy = folder / "data" / "toy"
    toy.mkdir(parents=True)
    (toy / "codebook.yaml").write_text(yaml.safe_dump(CODEBOOK, allow_unicode=True), encoding="utf-8")
    (toy / "toy.csv").write_text("Q1\n1\n2\n5\n", encoding="utf-8")
    return folder


def write_notebook(path: Path, parameters: str = PARAMETERS, code: list[str] = CODE) -> None:
    """A notebook with a title, the parameters cell and one cell for every string of `code`."""
    imports = nbformat.v4.new_code_cell("from typing import Annotated, Literal\nfrom pydantic import Field")
    tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_markdown_cell("# Tiny\n\n## Steps"), imports, tagged]
    notebook = nbformat.v4.new_notebook(cells=cells + [nbformat.v4.new_code_cell(source) for source in code])
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, path)


def write_parameters(folder: Path, name: str, **changes: Any) -> Path:
    """The parameters file `name`; keyword arguments are the report's parameters."""
    file = {"notebook": "tiny", "title": {"en": f"Title of {name}"}, "group": {"en": "Toys"}, "parameters": changes}
    path = folder / "notebooks" / "parameters" / f"{name}.yaml"
    path.write_text(yaml.safe_dump(file), encoding="utf-8")
    return path
