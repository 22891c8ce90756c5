"""One report from its parameters file to its page, tables and figures: checked, run, exported, moved into place."""

import errno
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from crmresearch import paths
from crmresearch.data.dataset import files_sha256, in_language
from crmresearch.data.documents import shown
from crmresearch.errors import CrmResearchError, DatasetMissingError, RenderError
from crmresearch.report.make.depends import data_has_come, page_is_missing, write_dependencies
from crmresearch.report.make.inputs import imported_modules, opened_files, opened_templates
from crmresearch.report.make.kernel import INPUTS_VARIABLE
from crmresearch.report.make.outputs import Outputs
from crmresearch.report.make.parameters import Report, load_report, parameters_file
from crmresearch.report.make.provenance import describe_origin, unchanged
from crmresearch.report.record import FOLDER_VARIABLE

# the lines of an error message a reader is shown; the kept notebook has all of them
_MOST_LINES = 15


@dataclass(frozen=True)
class Outcome:
    """What became of a report; `message` says how to get the data when it was skipped."""

    name: str
    status: Literal["done", "skipped"]
    seconds: float
    page: Path | None = None
    message: str = ""


@dataclass(frozen=True)
class _Data:
    codebook: Path
    candidates: list[Path]
    file: Path | None
    files: tuple[Path, ...] = ()
    how_to_get: str = ""

    @property
    def of_report(self) -> tuple[Path, ...]:
        return self.codebook, *self.files


def render_report(name: str, where: Path | None = None, waits: Callable[[str], None] = lambda name: None) -> Outcome:
    """Make `<name>.html` and the folder `<name>/`, or only a record of how to get data that is not here.

    `name`: a file of `notebooks/parameters` without .yaml, or the path of a parameters file anywhere. `where`: the
    folder to write into, by default `reports/` of the project (of the working folder, with an installed wheel).
    `waits` is called with the name of the report when another process is making it, whose end is then waited for.

    Raises ParameterError before anything runs when the parameters file is wrong, RenderError when the notebook
    stops; what an earlier run made is then replaced by a record of the failure, which the index shows.

    >>> import json, pathlib, tempfile
    >>> import crmresearch as crm
    >>> temporary = tempfile.TemporaryDirectory()
    >>> folder = pathlib.Path(temporary.name)
    >>> cells = [
    ...     {"cell_type": "code", "id": f"cell-{number}", "source": source, "outputs": [], "execution_count": None,
    ...      "metadata": {"tags": tags}}
    ...     for number, (source, tags) in enumerate([("seed: int = 1", ["parameters"]), ("seed + 1", [])])
    ... ]
    >>> notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    >>> _ = (folder / "sum.ipynb").write_text(json.dumps(notebook))
    >>> _ = (folder / "sum-two.yaml").write_text(
    ...     "{notebook: sum.ipynb, title: {en: A sum}, group: {en: Sums}, parameters: {seed: 2}}"
    ... )
    >>> made = crm.render_report(str(folder / "sum-two.yaml"), where=folder / "reports")
    >>> made.status, made.page.name
    ('done', 'sum-two.html')
    >>> temporary.cleanup()
    """
    opened_files()  # listens from here on
    parameters = parameters_file(name)
    outputs = Outputs(parameters.stem, paths.REPORTS if where is None else paths.typed_path(where).resolve())
    with _refusals_told(outputs), outputs.alone(lambda: waits(outputs.name)), _failure_recorded(outputs):
        started = time.time()
        report = load_report(name)
        data = _find_data(report)
        if data and data.file is None:
            return _skip(report, outputs, data, started)
        folder = outputs.begin() / "folder"
        read = {
            report.path,
            report.notebook,
            *(data.of_report if data else ()),
            *chain.from_iterable(_named_files(report).values()),
        }
        with unchanged(read):
            record = _run(report, outputs, folder, data, started)
        page = _export(report, outputs, record, _downloads(report, outputs))
        inputs = _renderer_inputs(report, data) | set(map(Path, _lines(outputs.building / "inputs")))
        if outputs.where == paths.REPORTS:  # make looks at no other folder
            write_dependencies(outputs.record, outputs.dependencies, inputs, page_is_missing(outputs))
        outputs.publish(record, page, started)
    return Outcome(report.name, "done", time.time() - started, outputs.page)


def _find_data(report: Report) -> _Data | None:
    """Where the report's data file is or could be; None for a report without a data set."""
    from crmresearch.data.catalog import candidate_data_files, find_codebook, find_data_file

    if report.dataset is None:
        return None
    codebook = find_codebook(report.dataset)
    candidates = candidate_data_files(codebook)
    try:
        found = find_data_file(codebook)
        return _Data(codebook.path, candidates, found, tuple(codebook.data_files(found)))
    except DatasetMissingError as missing:
        told = in_language(missing.told, report.language)
        return _Data(codebook.path, candidates, None, how_to_get=told)


def _skip(report: Report, outputs: Outputs, data: _Data, started: float) -> Outcome:
    outputs.begin()
    record = {**_facts(report, started), "status": "skipped", "how_to_get": data.how_to_get}
    condition = data_has_come(data.candidates)
    write_dependencies(outputs.record, outputs.dependencies, _renderer_inputs(report, data), condition)
    outputs.publish(record, None, started)
    return Outcome(report.name, "skipped", time.time() - started, message=data.how_to_get)


def _run(report: Report, outputs: Outputs, folder: Path, data: _Data | None, started: float) -> dict[str, Any]:
    """Execute the notebook into the building folder; returns the report's record."""
    from papermill.exceptions import PapermillExecutionError

    from crmresearch.report.make.execute import execute

    folder.mkdir()
    environment = {
        "CRMRESEARCH_HOME": str(paths.ROOT),
        FOLDER_VARIABLE: str(folder),
        INPUTS_VARIABLE: str(outputs.building / "inputs"),
    }
    executed = outputs.building / "notebook.ipynb"
    try:
        execute(report.notebook, executed, report.parameters, environment)
    except PapermillExecutionError as error:
        raise RenderError(_explain(error, report, outputs)) from None
    except RuntimeError as error:  # nbclient's DeadKernelError: killed, out of memory
        kept = f"The notebook so far: {shown(outputs.failed_notebook)}"
        why = str(error).strip().rstrip(".") or "it ended without a word"
        memory = "Mostly the memory was not enough: ask for fewer resamples, customers or jobs at a time."
        raise RenderError(f"{shown(report.notebook)}: the kernel died ({why}). {memory}\n{kept}") from None
    found = folder / "record.json"
    recorded = json.loads(found.read_text(encoding="utf-8")) if found.exists() else {}
    found.unlink(missing_ok=True)
    record = {
        **_facts(report, started),
        "status": "done",
        **describe_origin(data.files if data else ()),
        **{f"{key}_sha256": files_sha256(files) for key, files in _named_files(report).items()},
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "duration": round(time.time() - started, 1),
    }
    # what the notebook says of itself comes after, and never in place of, what is known here
    return {**record, **{key: value for key, value in recorded.items() if key not in record}}


def _downloads(report: Report, outputs: Outputs) -> list[Path]:
    """Workbook and document of all tables, written beside them."""
    from crmresearch.report.make.downloads import write_downloads
    from crmresearch.report.show.wording import words

    language = str(report.parameters.get("language", "en"))
    title = in_language(report.title, language)
    return write_downloads(outputs.building / "folder", outputs.name, title, words(language)["table"])


def _export(report: Report, outputs: Outputs, record: dict[str, Any], downloads: list[Path]) -> Path:
    import nbformat

    from crmresearch.report.page.exporter import export_html

    origin = ("notebook", "parameters", "data_file", "data_sha256", "theory_sha256", "theories_sha256", "rules_sha256",
              "seed", "commit", "uncommitted_changes", "python", "versions", "platform", "started",
              "duration")  # fmt: skip
    page = outputs.building / "page.html"
    html = export_html(
        nbformat.read(outputs.building / "notebook.ipynb", as_version=4),
        title=in_language(report.title, report.language),
        subtitle=in_language(report.group, report.language),
        provenance={key: record[key] for key in origin if key in record},
        language=report.language,
        home="index.html" if outputs.where == paths.REPORTS else None,
        guide="how-to-read.html" if outputs.where == paths.REPORTS else None,
        downloads=[(path.name, path.read_bytes()) for path in downloads],
    )
    page.write_text(html, encoding="utf-8")
    return page


def _facts(report: Report, started: float) -> dict[str, Any]:
    return {
        "name": report.name,
        "notebook": shown(report.notebook),
        "title": report.title,
        "parameters": report.parameters,
        "seed": report.parameters.get("seed"),
    }


def _named_files(report: Report) -> dict[str, list[Path]]:
    """The theory or theories and the rules the parameters name, as files."""
    found: dict[str, list[Path]] = {}
    beside = [report.notebook.parent]
    for key, folders in (("theory", beside), ("theories", beside), ("rules", [paths.ROOT, *paths.data_folders()])):
        value = report.parameters.get(key)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one:
                places = [*(folder / one for folder in folders), paths.THEORIES / f"{one}.yaml"]
                if file := next((place for place in places if os.path.isfile(place)), None):
                    found.setdefault(key, []).append(file)
    return found


def _renderer_inputs(report: Report, data: _Data | None) -> set[Path]:
    found = set(data.of_report) if data else set()
    found |= set(chain.from_iterable(_named_files(report).values()))  # wherever they lie
    return {report.path, report.notebook} | found | opened_templates() | imported_modules()


def _explain(error: Any, report: Report, outputs: Outputs) -> str:
    lines = [line for line in str(error.evalue).splitlines() if line.strip()] or [""]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"  … and {len(lines) - _MOST_LINES} more lines in the notebook"]
    where = f"{shown(report.notebook)} stopped in cell [{error.exec_count}], `{_failed_line(error)}`"
    message = "\n".join([f"{error.ename}: {lines[0]}", *lines[1:]])
    return f"{where}\n{message}\nThe notebook up to the error: {shown(outputs.failed_notebook)}"


def _failed_line(error: Any) -> str:
    """The line of the cell that failed, as the traceback points to it; else the cell's first."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
    pointed = re.search(r"^-+> *\d+ (.*)$", plain, re.MULTILINE)  # the outermost frame is the cell
    first = next((line for line in error.source.splitlines() if line.strip()), "")
    return (pointed[1] if pointed else first).strip()


@contextmanager
def _failure_recorded(outputs: Outputs) -> Iterator[None]:
    """Leave a record of any failure; an interruption leaves nothing."""
    try:
        yield
    except Exception as error:
        told = _refused(error, outputs) or error
        message = str(told) if isinstance(told, CrmResearchError) else f"{type(told).__name__}: {told}"
        notebook = outputs.building / "notebook.ipynb"
        record = {"name": outputs.name, "status": "failed", "message": message}
        with suppress(OSError):  # on a full disk there is no place for this either
            outputs.fail(record, notebook if notebook.is_file() else None)
        raise
    finally:
        outputs.end()


@contextmanager
def _refusals_told(outputs: Outputs) -> Iterator[None]:
    """Raise RenderError for what the disk does not let us write."""
    try:
        yield
    except OSError as error:
        if told := _refused(error, outputs):
            raise told from None
        raise


def _refused(error: Exception, outputs: Outputs) -> RenderError | None:
    """One sentence for a full disk, or a folder that is not ours to write to."""
    if not isinstance(error, OSError):
        return None
    ours = error.filename is not None and Path(os.fsdecode(error.filename)).is_relative_to(outputs.where)
    why = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "your share of the disk is used up"}.get(error.errno or 0)
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) and ours:
        why = "it is not yours to write to"
    if why is None:
        return None
    place = shown(outputs.where)
    return RenderError(f"{place}: {why}, so {outputs.name} was not written. Make room, or name another folder (--out).")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
