"""Where the files of a report are in `reports/`, and how they appear there whole or not at all.

A finished report is `<name>.html` and the folder `<name>/`; a skipped one only `<name>/report.json`; a failed one
`<name>.failed.json` and, when its notebook ran, `<name>.failed.ipynb`. No two of the three stand side by side:
what an earlier run made is taken away, so that nothing stale looks fresh.
"""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crmresearch import paths


@dataclass(frozen=True)
class Outputs:
    """The files of the report `name`, in `reports/` or another folder `where`."""

    name: str
    where: Path = field(default_factory=lambda: paths.REPORTS)

    @property
    def page(self) -> Path:
        """The self-contained HTML file."""
        return self.where / f"{self.name}.html"

    @property
    def folder(self) -> Path:
        """Tables, figures and the record."""
        return self.where / self.name

    @property
    def record(self) -> Path:
        """What was made of what: the file whose date make compares."""
        return self.folder / "report.json"

    @property
    def failure(self) -> Path:
        """What went wrong, when something did."""
        return self.where / f"{self.name}.failed.json"

    @property
    def failed_notebook(self) -> Path:
        """The notebook up to the cell that failed."""
        return self.where / f"{self.name}.failed.ipynb"

    @property
    def dependencies(self) -> Path:
        """The report's fragment of the Makefile."""
        return self.where / ".depends" / f"{self.name}.d"

    @property
    def building(self) -> Path:
        """Where the report is made before it is moved into place."""
        return self.where / ".building" / self.name

    def begin(self) -> Path:
        """An empty folder to build in."""
        self.end()
        self.building.mkdir(parents=True)
        return self.building

    def end(self) -> None:
        """Take the building folder away."""
        shutil.rmtree(self.building, ignore_errors=True)
        with suppress(OSError):  # another report is being made, or there is no such folder
            self.building.parent.rmdir()

    def publish(self, record: dict[str, Any], page: Path | None, started: float) -> None:
        """Move what was built into place: `building/folder`, the record and, unless skipped, the page.

        The record is dated when the rendering started (seconds since the epoch), so that a file changed while
        it ran is newer. The page comes last: make renders again when it is missing.
        """
        folder = self.building / "folder"
        folder.mkdir(exist_ok=True)
        write_json(folder / self.record.name, record)
        os.utime(folder / self.record.name, (started, started))
        self._remove_all()
        os.replace(folder, self.folder)
        if page is not None:
            os.replace(page, self.page)
        self.end()

    def fail(self, record: dict[str, Any], notebook: Path | None) -> None:
        """Leave the record of a failure and the notebook where it stopped, and nothing else."""
        self._remove_all()
        self.where.mkdir(parents=True, exist_ok=True)
        if notebook is not None:
            os.replace(notebook, self.failed_notebook)
        write_json(self.failure, record)
        self.end()

    def remove(self) -> None:
        """Take away everything the report ever wrote."""
        self._remove_all()
        self.dependencies.unlink(missing_ok=True)
        self.end()

    def read(self) -> dict[str, Any] | None:
        """The record of the last run, whatever came of it; None when there was no run."""
        for path in (self.failure, self.record):
            if path.is_file():
                record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                return record
        return None

    def _remove_all(self) -> None:
        for path in (self.page, self.failure, self.failed_notebook):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def known_outputs() -> list[str]:
    """Names of all reports that have left a record in `reports/`."""
    made = {path.parent.name for path in paths.REPORTS.glob("*/report.json")}
    return sorted(made | {path.name.removesuffix(".failed.json") for path in paths.REPORTS.glob("*.failed.json")})


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write readable JSON: UTF-8, two spaces, keys as given."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
