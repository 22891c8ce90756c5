"""Fragments of the Makefile that say what a report was made of, written after each run as `gcc -MD` does.

Every file has an empty rule of its own: when one is deleted, make renders again instead of stopping.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from crmresearch import paths
from crmresearch.report.make.outputs import Outputs


def write_dependencies(target: Path, fragment: Path, inputs: Iterable[Path], *conditions: str) -> None:
    """Write the fragment: `target` is made again when an input is newer or a condition (a make expression
    that is not empty when true) holds."""
    names = sorted({_make_path(path) for path in inputs})
    lines = [f"{_make_path(target)}: \\", *(f"  {name} \\" for name in names), ""]
    lines += [f"{_make_path(target)}: $(if $(strip {condition}),FORCE)" for condition in conditions]
    lines += [f"{name}:" for name in names]
    fragment.parent.mkdir(parents=True, exist_ok=True)
    building = fragment.with_suffix(".building")
    building.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(building, fragment)


def page_is_missing(outputs: Outputs) -> str:
    """Condition: the page of a finished report was deleted."""
    return f"$(if $(wildcard {_make_path(outputs.page)}),,yes)"


def data_has_come(candidates: Iterable[Path]) -> str:
    """Condition: a data file that was missing is there now, however old it is.

    Also looked for below the folder `CRMRESEARCH_DATA` names when make runs, set or not when this is written.
    """
    here, outside = [], []
    for path in candidates:
        folder = next((f for f in paths.data_folders() if path.is_relative_to(f)), None)
        if folder in (None, paths.DATA):
            here.append(_make_path(path))
        if folder is not None:
            outside.append(f"$(CRMRESEARCH_DATA)/{_escape(path.relative_to(folder).as_posix())}")
    there = f"$(if $(CRMRESEARCH_DATA),$(wildcard {' '.join(dict.fromkeys(outside))}))"
    return f"$(wildcard {' '.join(here)}) {there}"


def _make_path(path: Path) -> str:
    """Relative to the Makefile's folder where it is below it: the project can be moved."""
    path = Path(os.path.abspath(path))
    return _escape(path.relative_to(paths.ROOT).as_posix() if path.is_relative_to(paths.ROOT) else str(path))


def _escape(name: str) -> str:
    return name.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ").replace("%", "\\%")
