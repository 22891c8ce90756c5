"""A whole report, rendered by the command a user types: in a project of its own, or from an installed wheel."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from crmresearch.paths import DATA, NOTEBOOKS, PACKAGE

ROOT = PACKAGE.parents[1]


def render(home: Path, name: str) -> Path:
    """A project of its own at `home` with the committed notebook and data; renders one report there."""
    shutil.copytree(NOTEBOOKS, home / "notebooks", dirs_exist_ok=True)
    shutil.copytree(DATA, home / "data", dirs_exist_ok=True)
    environment = {**os.environ, "CRMRESEARCH_HOME": str(home)}
    command = [sys.executable, "-m", "crmresearch", "report", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "reports"


def install(site: Path) -> None:
    """The files of the wheel where pip would put them, told by the one list of them."""
    shutil.copytree(PACKAGE, site / "crmresearch", ignore=shutil.ignore_patterns("__pycache__"))
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    for source, target in build["targets"]["wheel"]["force-include"].items():
        shutil.copytree(ROOT / source, site / target)


def render_installed(site: Path, working: Path, parameters: str, out: str) -> None:
    """The report of a parameters file anywhere, made by the wheel at `site` in the folder `working`, far away."""
    unset = ("CRMRESEARCH_HOME", "CRMRESEARCH_DATA")
    environment = {key: value for key, value in os.environ.items() if key not in unset} | {"PYTHONPATH": str(site)}
    environment |= {"TZ": "Pacific/Auckland", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-m", "crmresearch", "report", parameters, "--out", out]
    done = subprocess.run(command, cwd=working, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def as_told(page: str) -> str:
    """A page whose words for terms are no links and whose intervals may break, so that a sentence is found as told."""
    return re.sub(r"</?a\b[^>]*>", "", page).replace("\u00a0", " ")
