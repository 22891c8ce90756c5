"""Where a report comes from: the commit, the packages, the machine, the data."""

import platform
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from crmresearch import paths
from crmresearch.data.dataset import files_sha256
from crmresearch.data.documents import shown
from crmresearch.errors import RenderError

PACKAGES = (
    "crmresearch",
    "numpy",
    "scipy",
    "pandas",
    "semopy",
    "scikit-learn",
    "stepmix",
    "ibis-framework",
    "duckdb",
    "pyarrow",
    "matplotlib",
    "seaborn",
    "pydantic",
    "papermill",
    "nbconvert",
)


class Commit(NamedTuple):
    """The commit the project stands at, and whether files differ from it."""

    hash: str
    dirty: bool


def describe_origin(data_files: Sequence[Path]) -> dict[str, Any]:
    """Facts about the code, the environment and the data files, ready for JSON.

    Keys: commit (None outside a git work tree), uncommitted_changes, versions (by package), python, platform,
    data_file (names only: folders are nobody's business) and data_sha256 (see `files_sha256`).
    """
    commit = find_commit(paths.ROOT)
    return {
        "commit": commit.hash if commit else None,
        "uncommitted_changes": commit.dirty if commit else None,
        "versions": package_versions(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "data_file": ", ".join(path.name for path in data_files) or None,
        "data_sha256": files_sha256(data_files) if data_files else None,
    }


@contextmanager
def unchanged(files: Iterable[Path]) -> Iterator[None]:
    """A run that reads these files and then tells their checksums, which is true only if nobody changed them meanwhile.

    Raises RenderError naming those whose size or date differ at the end.
    """
    before = {path: _state(path) for path in files}
    yield
    if changed := [shown(path) for path, state in sorted(before.items()) if _state(path) != state]:
        raise RenderError(f"{' and '.join(changed)} changed while the report was being made. Render it again.")


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def find_commit(root: Path) -> Commit | None:
    """The commit of the work tree whose top is `root`; None when it is no work tree or git is not there."""
    try:
        top, head = _git(root, "rev-parse", "--show-toplevel", "HEAD").split("\n")
        if Path(top).resolve() != root.resolve():  # unpacked inside somebody else's repository
            return None
        return Commit(head, bool(_git(root, "status", "--porcelain")))
    except (OSError, subprocess.CalledProcessError):
        return None


def package_versions() -> dict[str, str]:
    """Installed versions of the packages the numbers depend on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()
