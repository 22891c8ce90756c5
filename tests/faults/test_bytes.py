"""The same commit, data and seed give the same bytes in another folder, language and time zone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crmresearch import paths

REPOSITORY = paths.PACKAGE.parents[1]
REPORT = "satisfaction-index-ecsi-mobile-scsb"


def rendered(root: Path, out: Path, **variables: str) -> dict[str, bytes]:
    """Tables and figures of the report by name."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("CRMRESEARCH", "LC_", "LANG"))}
    own = {"CRMRESEARCH_HOME": str(root), "PYTHONPATH": str(root / "src")}
    subprocess.run(
        [sys.executable, "-m", "crmresearch", "report", REPORT, "--out", str(out)],
        check=True, capture_output=True, env=clean | own | variables, cwd=out.parent,
    )  # fmt: skip
    folder = out / REPORT
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.suffix in (".csv", ".svg")}


@pytest.mark.slow
def test_a_report_is_the_same_bytes_elsewhere(tmp_path: Path) -> None:
    here = rendered(REPOSITORY, tmp_path / "here", TZ="UTC", LC_ALL="C.UTF-8")
    away = tmp_path / "é and blanks"
    away.mkdir()
    for name in ("src", "notebooks", "data"):
        shutil.copytree(REPOSITORY / name, away / name, ignore=shutil.ignore_patterns("__pycache__"))
    there = rendered(away, tmp_path / "there", TZ="Pacific/Auckland", LC_ALL="tr_TR.UTF-8", PYTHONHASHSEED="7")
    assert len(here) > 10
    assert there == here
