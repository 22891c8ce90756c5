"""Re-execute the committed notebooks with their default parameters, leaving nothing in them that changes by itself."""

import os
from pathlib import Path
from typing import Any

import nbformat

from crmresearch import paths
from crmresearch.data.documents import shown
from crmresearch.errors import RenderError
from crmresearch.report.record import FOLDER_VARIABLE

_METADATA: dict[str, Any] = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def refresh_notebook(notebook: Path) -> None:
    """Execute a notebook in place. Raises RenderError, the file untouched, when a cell fails."""
    from papermill.exceptions import PapermillExecutionError

    from crmresearch.report.make.execute import execute

    building = notebook.with_name(f".{notebook.stem}.building.ipynb")
    try:
        executed = execute(notebook, building, environment={FOLDER_VARIABLE: ""})
        nbformat.write(without_traces(executed), building)
        os.replace(building, notebook)
    except PapermillExecutionError as error:
        message = f"{error.ename}: {error.evalue}"
        raise RenderError(f"{shown(notebook)} stopped in cell [{error.exec_count}]\n{message}") from None
    finally:
        building.unlink(missing_ok=True)


def committed_notebooks() -> list[Path]:
    """The notebooks of the project, in alphabetical order."""
    return sorted(paths.NOTEBOOKS.glob("*.ipynb"))


def without_traces(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without times, durations, versions and papermill's notes: only tags stay on cells.

    Of its own metadata `crmresearch` stays, which says where the index lists its reports.
    """
    ours = {key: value for key, value in notebook.metadata.items() if key == "crmresearch"}
    notebook = nbformat.from_dict({**notebook, "metadata": {**ours, **_METADATA}})
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "tags" and v})
    return notebook
