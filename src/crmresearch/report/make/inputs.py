"""Which files of the project this process has read: what make compares with the report's date."""

import os
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from crmresearch import paths

# told from the name alone: a notebook imports thousands of modules, and asking the disk about each takes seconds
_INSTALLED = tuple(sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib"))


def imported_modules() -> set[Path]:
    """Source files of the modules imported so far that belong to the project, not to the environment."""
    files = (getattr(module, "__file__", None) for module in tuple(sys.modules.values()))
    ours = {file for file in files if file and not file.startswith(_INSTALLED)}
    return {path for file in ours if _is_of_project(path := Path(file).resolve())}


class OpenedFiles:
    """The files opened for reading since the start, told by an audit hook, which Python cannot take off again."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        sys.addaudithook(self._listen)

    def _listen(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open":
            return
        name, _, flags = arguments
        if isinstance(name, str | os.PathLike) and not flags & (os.O_WRONLY | os.O_RDWR):
            self._names.add(os.path.abspath(name))

    def of_project(self) -> set[Path]:
        """Those below the project or a data folder that exist, without bytecode and hidden files."""
        names = (name for name in tuple(self._names) if not name.endswith(".pyc") and not name.startswith(_INSTALLED))
        found = {Path(name).resolve() for name in names}
        return {path for path in found if path.is_file() and _is_of_project(path)}


@cache
def opened_files() -> OpenedFiles:
    """The one watcher of this process, at work from the first call."""
    return OpenedFiles()


def opened_templates() -> set[Path]:
    """Page templates, style sheets and scripts read since the first call of `opened_files`."""
    return {
        path
        for path in opened_files().of_project()
        if path.is_relative_to(paths.PACKAGE / "report" / "page" / "template")
    }


def _is_of_project(path: Path) -> bool:
    if path.is_relative_to(Path(sys.prefix).resolve()) or path.is_relative_to(paths.REPORTS):
        return False
    if path.is_relative_to(paths.ROOT) and any(part.startswith(".") for part in path.relative_to(paths.ROOT).parts):
        return False
    return any(path.is_relative_to(folder) for folder in (paths.ROOT, paths.PACKAGE, *paths.data_folders()))
