"""A whole report, rendered in a project of its own by the command a user types."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from crmresearch.paths import DATA, NOTEBOOKS


def render(home: Path, name: str) -> Path:
    """A project of its own at `home` with the committed notebook and data; renders one report there."""
    shutil.copytree(NOTEBOOKS, home / "notebooks", dirs_exist_ok=True)
    shutil.copytree(DATA, home / "data", dirs_exist_ok=True)
    environment = {**os.environ, "CRMRESEARCH_HOME": str(home)}
    command = [sys.executable, "-m", "crmresearch", "report", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "reports"
