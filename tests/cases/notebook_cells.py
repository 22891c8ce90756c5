"""The code cells of a committed notebook run in this process: a report without kernel and page."""

import ast
import json
from typing import Any

import matplotlib.pyplot as plt

from crmresearch.paths import NOTEBOOKS


def run_cells(notebook: str, given: dict[str, Any]) -> dict[str, Any]:
    """The names left by the cells with these parameters; `shown` holds what the cells show, as text."""
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {"shown": []}
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        body = ast.parse("".join(cell["source"])).body
        shown = ast.Expression(body.pop().value) if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "notebook", "exec"), names)
        if "parameters" in cell["metadata"].get("tags", []):
            names |= given
        if shown:
            names["shown"].append(repr(eval(compile(shown, "notebook", "eval"), names)))
    plt.close("all")
    return names
