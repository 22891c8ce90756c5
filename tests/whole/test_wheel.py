"""An installed wheel renders a report from a parameters file and a theory that lie anywhere."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from crmresearch.paths import PACKAGE, THEORIES

ROOT = PACKAGE.parents[1]
PARAMETERS = """\
notebook: satisfaction_index
title: {en: Mine}
group: {en: Mine}
parameters:
  dataset: ecsi_mobile
  theory: own.yaml
  resamples: 100
"""


def _install(site: Path) -> None:
    """The files of the wheel where pip would put them, told by the one list of them."""
    shutil.copytree(PACKAGE, site / "crmresearch", ignore=shutil.ignore_patterns("__pycache__"))
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    for source, target in build["targets"]["wheel"]["force-include"].items():
        shutil.copytree(ROOT / source, site / target)


def test_an_installed_wheel_renders_a_report_of_ones_own(tmp_path: Path) -> None:
    site, study, elsewhere = (tmp_path / name for name in ("site", "my study", "elsewhere"))
    _install(site)
    study.mkdir()
    elsewhere.mkdir()
    (study / "mine.yaml").write_text(PARAMETERS, encoding="utf-8")
    shutil.copy(THEORIES / "scsb.yaml", study / "own.yaml")
    unset = ("CRMRESEARCH_HOME", "CRMRESEARCH_DATA")
    environment = {key: value for key, value in os.environ.items() if key not in unset} | {"PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "crmresearch", "report", "../my study/mine.yaml", "--out", "../made"]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["mine", "mine.html"]
    assert not list(elsewhere.iterdir())
    record = json.loads((tmp_path / "made" / "mine" / "report.json").read_text(encoding="utf-8"))
    assert record["status"] == "done"
    assert record["notebook"].endswith("satisfaction_index.ipynb")
