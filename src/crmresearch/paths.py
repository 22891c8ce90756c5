"""Where things are: the one module that knows the folders of the project."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = Path(os.environ.get("CRMRESEARCH_HOME", PACKAGE.parents[1])).resolve()
NOTEBOOKS = ROOT / "notebooks"
PARAMETERS = NOTEBOOKS / "parameters"
DATA = ROOT / "data"
REPORTS = ROOT / "reports"
THEORIES = PACKAGE / "models"


def data_folders() -> list[Path]:
    """Folders searched for data sets: the project's own, then the one named by `CRMRESEARCH_DATA`."""
    outside = os.environ.get("CRMRESEARCH_DATA")
    return [DATA, Path(outside).expanduser().resolve()] if outside else [DATA]
