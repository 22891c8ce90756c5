"""Where the files of a report are in `reports/`, and how they appear there whole or not at all.

A finished report is `<name>.html` and the folder `<name>/`; a skipped one only `<name>/report.json`; a failed one
`<name>.failed.json` and, when its notebook ran, `<name>.failed.ipynb`. No two of the three stand side by side:
what an earlier run made is taken away, so that nothing stale looks fresh.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from crmresearch import paths

STATUSES = ("done", "skipped", "failed")


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

    @contextmanager
    def alone(self, waits: Callable[[], None]) -> Iterator[None]:
        """While this holds no other process makes the report here: it calls `waits` and waits for its turn.

        A process that is killed holds nothing.
        """
        lock = FileLock(self.building.with_name(f"{self.name}.lock"))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            waits()
            while not lock.is_locked:
                with suppress(FileNotFoundError):  # the folder has just gone with the run before
                    lock.acquire()
        try:
            yield
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()
            self.end()

    def tidy(self) -> None:
        """Take away what a killed process left halfway, unless another is at work here."""
        with suppress(_BusyError), self.alone(_busy):
            pass

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
        """Move what was built into place: `building/folder`, unless skipped the page, and the record.

        The record comes last, so that there is none of a run that was stopped halfway. It is dated when the rendering
        started (seconds since the epoch), so that a file changed while it ran is newer.
        """
        folder = self.building / "folder"
        folder.mkdir(exist_ok=True)
        written = self.building / "record.json"
        write_json(written, record)
        os.utime(written, (started, started))
        self._remove_all()
        os.replace(folder, self.folder)
        if page is not None:
            os.replace(page, self.page)
        os.replace(written, self.record)
        self.end()

    def fail(self, record: dict[str, Any], notebook: Path | None) -> None:
        """Leave the record of a failure and the notebook where it stopped, and nothing else."""
        self._remove_all()
        self.building.mkdir(parents=True, exist_ok=True)
        written = self.building / "failed.json"
        write_json(written, record)
        if notebook is not None:
            os.replace(notebook, self.failed_notebook)
        os.replace(written, self.failure)
        self.end()

    def remove(self) -> None:
        """Take away everything the report ever wrote."""
        self._remove_all()
        self.dependencies.unlink(missing_ok=True)
        self.end()

    def read(self) -> dict[str, Any] | None:
        """The record of the last run, whatever came of it; None when there was no run.

        A record that cannot be read, as a full disk may leave it, counts as none.
        """
        for path in (self.failure, self.record):
            with suppress(OSError, ValueError):
                record = json.loads(path.read_text(encoding="utf-8"))
                if isinstance(record, dict) and record.get("status") in STATUSES:
                    return record
        return None

    def _remove_all(self) -> None:
        for path in (self.page, self.failure, self.failed_notebook):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


class _BusyError(Exception):
    pass


def _busy() -> None:
    raise _BusyError


def known_outputs() -> list[str]:
    """Names of all reports that have left a record in `reports/`."""
    made = {path.parent.name for path in paths.REPORTS.glob("*/report.json")}
    return sorted(made | {path.name.removesuffix(".failed.json") for path in paths.REPORTS.glob("*.failed.json")})


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write readable JSON: UTF-8, two spaces, keys as given."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
