"""A copy of the package with two reports of its own, made with the project's Makefile."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tiny_project import make_project, write_notebook, write_parameters

from crmresearch import paths

REPOSITORY = paths.PACKAGE.parents[1]
TINY, PLAIN = "tiny-toy-scsb", "plain"


class Project:
    """A copy of the package with two reports of its own, and an environment that logs every start of Python."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / ".venv" / "starts"

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("CRMRESEARCH", "MAKE", "MFLAGS"))}
        own = {"CRMRESEARCH_HOME": str(self.root), "PYTHONPATH": str(self.root / "src")}
        command = ["make", f"UV={self.root / '.venv' / 'uv'}", *arguments]
        return subprocess.run(command, cwd=self.root, env=clean | own | variables, capture_output=True, text=True)

    def would_render(self, **variables: str) -> set[str]:
        """Names of the reports a dry run says it would render."""
        done = self.make("-n", "reports", **variables)
        assert done.returncode == 0, done.stderr
        return set(re.findall(r"-m crmresearch report --record-failures (\S+)", done.stdout))

    def starts(self) -> str:
        return self.log.read_text()

    def touch(self, file: str) -> None:
        path = self.root / file
        assert path.is_file()
        later = time.time() + 1  # later than the reports even on a file system with coarse dates
        os.utime(path, (later, later))


def rendered(done: subprocess.CompletedProcess[str]) -> set[str]:
    return set(re.findall(r"^rendering (\S+)", done.stdout, re.MULTILINE))


def make_built(folder: Path) -> Project:
    """The project in `folder` after `make -j2 reports`."""
    root = make_project(folder)
    shutil.copytree(REPOSITORY / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(REPOSITORY / name, root / name)
    write_notebook(root / "notebooks" / "plain.ipynb", "fail: bool = False", ["assert not fail"])
    parameters = write_parameters(root, PLAIN)
    parameters.write_text(parameters.read_text().replace("notebook: tiny", "notebook: plain"))
    environment = root / ".venv"
    (environment / "bin").mkdir(parents=True)
    for script, command in {"bin/python": f'exec "{sys.executable}" "$@"', "uv": "exit 0"}.items():
        (environment / script).write_text(f'#!/bin/sh\necho "$0 $*" >> .venv/starts\n{command}\n')
        (environment / script).chmod(0o755)
    (environment / ".locked").touch()
    project = Project(root)
    done = project.make("-j2", "reports")
    assert done.returncode == 0, done.stderr
    assert rendered(done) == {TINY, PLAIN}
    return project
