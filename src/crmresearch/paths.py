"""Where things are: the one module that knows the folders of the project."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
SHIPPED = PACKAGE / "shipped"  # notebooks and small data sets, in an installed wheel only
ROOT = Path(os.environ.get("CRMRESEARCH_HOME", Path.cwd() if SHIPPED.is_dir() else PACKAGE.parents[1])).resolve()
NOTEBOOKS = SHIPPED / "notebooks" if SHIPPED.is_dir() and not (ROOT / "notebooks").is_dir() else ROOT / "notebooks"
PARAMETERS = NOTEBOOKS / "parameters"
DATA = ROOT / "data"
REPORTS = ROOT / "reports"
THEORIES = PACKAGE / "models"
TEMPLATES = PACKAGE / "templates" / "files"


def typed_path(text: str | Path, folder: Path = Path()) -> Path:
    """The path someone typed, as from `folder`; a leading `~` is a home only where nothing there has that name."""
    path = folder / text
    if os.path.exists(path):  # False, not an error, for a name that no disk can have
        return path
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:  # ~name of nobody
        return path


def data_folders() -> list[Path]:
    """Folders searched for data sets: the project's own, the one named by `CRMRESEARCH_DATA`, those of the wheel."""
    outside = os.environ.get("CRMRESEARCH_DATA")
    shipped = [SHIPPED / "data"] if SHIPPED.is_dir() else []
    return [DATA, *([typed_path(outside).resolve()] if outside else []), *shipped]
