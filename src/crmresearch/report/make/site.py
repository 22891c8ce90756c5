"""The index of all reports, one line of result each: built from their parameters files and the records of last runs."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from crmresearch import paths
from crmresearch.data.dataset import in_language
from crmresearch.errors import ParameterError
from crmresearch.report.make.changes import Change, changes_since_last_build
from crmresearch.report.make.depends import write_dependencies
from crmresearch.report.make.inputs import imported_modules, opened_files, opened_templates
from crmresearch.report.make.outputs import Outputs, known_outputs
from crmresearch.report.make.parameters import Heading, read_heading, report_names
from crmresearch.report.page.exporter import render_template
from crmresearch.report.page.guide import export_guide
from crmresearch.report.page.procedure import export_procedure
from crmresearch.report.page.self_contained import check_self_contained
from crmresearch.report.show.wording import TEXTS, words
from crmresearch.texts import lacking

STATUSES = ("done", "skipped", "failed")
# the way from a question to a customer; a notebook says in its metadata where it stands, and what it answers:
# {"crmresearch": {"stage": …, "title": {"en": …, "zh": …}, "steps": […], "functions": […]}}
STAGES = ("question", "survey", "model", "segments", "customers", "action", "watch")
GUIDE = "how-to-read.html"
PROCEDURE = "procedure.html"


def build_index(language: str = "en") -> Path:
    """Write `reports/index.html` and the pages beside it, on how to read reports and on the procedure.

    Outputs without parameters file are taken away.

    Raises ParameterError for a language in which not everything can be said.
    """
    if problems := lacking(paths.PACKAGE, language):
        raise ParameterError("\n".join(f"{problem}." for problem in problems))
    opened_files()  # listens from here on
    names = report_names()
    for orphan in set(known_outputs()) - set(names):
        Outputs(orphan).remove()
    for left in (paths.REPORTS / ".building").glob("*/"):
        Outputs(left.name).tidy()
    for name in names:
        _drop_unreadable(Outputs(name))
    records = {name: Outputs(name).read() for name in names}
    groups: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for name in names:
        heading = read_heading(name)
        stage = _stage(heading.notebook)
        place = STAGES.index(stage) if stage else len(STAGES)
        title = TEXTS.say(f"stage.{stage}", language) if stage else in_language(heading.group, language)
        groups.setdefault((place, title), []).append(_entry(name, heading, records[name], language))
    found = {
        name: {"title": read_heading(name).title, "headline": record.get("headline"), "trust": record.get("trust")}
        for name, record in records.items()
        if record is not None and record["status"] == "done"
    }
    page = export_index(
        [{"title": title, "reports": entries} for (_, title), entries in sorted(groups.items(), key=lambda g: g[0][0])],
        language,
        changes=changes_since_last_build(found, set(names)),
        guide=GUIDE,
        procedure=PROCEDURE,
    )
    target = paths.REPORTS / "index.html"
    _write(target, page)
    _write(target.with_name(GUIDE), export_guide(language, "index.html"))
    _write(target.with_name(PROCEDURE), export_procedure(_kinds(names, language), language, "index.html"))
    texts = set((paths.PACKAGE / "report" / "show" / "words").glob("*.yaml"))
    read = opened_templates() | imported_modules() | texts
    write_dependencies(target, paths.REPORTS / ".depends" / "index.d", read)
    return target


def _write(target: Path, page: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_suffix(".building")
    building.write_text(page, encoding="utf-8")
    os.replace(building, target)


def _drop_unreadable(outputs: Outputs) -> None:
    """Take a record away that cannot be read, so that make renders the report again."""
    if outputs.read() is None:
        outputs.failure.unlink(missing_ok=True)
        outputs.record.unlink(missing_ok=True)


def _says_of_itself(notebook: Path) -> dict[str, Any]:
    """What a notebook says of itself for the index; {} where it says nothing."""
    with suppress(OSError, ValueError, KeyError, AttributeError):
        return dict(json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("crmresearch", {}))
    return {}


def _stage(notebook: Path) -> str | None:
    """Where the notebook of a report says that it stands on the way; None where it says nothing that is known."""
    stage = _says_of_itself(notebook).get("stage")
    return stage if stage in STAGES else None


def _kinds(names: Sequence[str], language: str) -> list[dict[str, Any]]:
    """Every kind of report whose notebook says which steps of the procedure it answers, with the reports made of it."""
    reports: dict[Path, list[dict[str, str]]] = {}
    for name in names:
        heading, page = read_heading(name), Outputs(name).page
        made = [{"title": in_language(heading.title, language), "href": quote(page.name)}] if page.is_file() else []
        reports.setdefault(heading.notebook, []).extend(made)
    own = {notebook: _says_of_itself(notebook) for notebook in reports}
    return [
        {
            "title": _told(says.get("title", notebook.stem), language),
            "steps": says.get("steps", []),
            "functions": says.get("functions", []),
            "reports": reports[notebook],
        }
        for notebook, says in own.items()
    ]


def _entry(name: str, heading: Heading, record: Mapping[str, Any] | None, language: str) -> dict[str, Any]:
    outputs = Outputs(name)
    if record is None:
        record = {"status": "skipped", "message": TEXTS.say("word.not_made", language)}
    parameters = {**heading.parameters, **record.get("parameters", {})}
    dataset, theory = parameters.get("dataset"), parameters.get("theory")
    codebook = _document(*(folder / str(dataset) / "codebook.yaml" for folder in paths.data_folders()))
    advice = codebook.get("how_to_get") if record["status"] == "skipped" and "how_to_get" in record else None
    return {
        "name": name,
        "title": in_language(heading.title, language),
        "headline": _told(record.get("headline"), language),
        "href": quote(outputs.page.name) if outputs.page.is_file() else None,
        "status": record["status"],
        "message": _told(advice or record.get("how_to_get") or record.get("message"), language),
        "trust": record.get("trust"),
        "dataset": _told(codebook.get("title"), language) or dataset,
        "theory": _told(_document(paths.THEORIES / f"{theory}.yaml").get("title"), language) or theory,
        "drivers": [_told(driver, language) for driver in record.get("drivers", [])],
    }


def _told(text: Any, language: str) -> Any:
    """A text of one or of several languages in this one."""
    return in_language(text, language) if isinstance(text, dict) else text


def _document(*places: Path) -> dict[str, Any]:
    """The first of these documents that can be read, of which the index needs the title; {} where none can."""
    for place in places:
        with suppress(OSError, ValueError, yaml.YAMLError):
            read = yaml.safe_load(place.read_text(encoding="utf-8"))
            if isinstance(read, dict):
                return read
    return {}


def export_index(
    groups: Sequence[Mapping[str, Any]],
    language: str = "en",
    *,
    changes: Sequence[Change] = (),
    guide: str | None = None,
    procedure: str | None = None,
) -> str:
    """The index page: groups of reports in the order to read them, each with its headline, or why it is missing.

    A group is `{title, reports}`; a report is `{name, title, headline, href, status, message, trust, dataset, theory,
    drivers}` with status `done`, `skipped` (message: how to get the data) or `failed` (message: where the notebook is
    kept); all but title and status may be None or absent. What is skipped stands folded at the end. `guide`,
    `procedure`: addresses of the pages on how to read reports and on the procedure. Raises ValueError for another
    status.
    """
    blank = dict.fromkeys(("headline", "href", "message", "trust", "dataset", "theory"))
    entries: list[dict[str, Any]] = [
        {**blank, "name": "", "drivers": [], **report, "group": group["title"]}
        for group in groups
        for report in group["reports"]
    ]
    statuses = [entry["status"] for entry in entries]
    unknown = sorted(set(statuses) - set(STATUSES))
    if unknown:
        raise ValueError(f"unknown status {unknown}; known: {list(STATUSES)}")
    word = words(language)
    shown = [entry for entry in entries if entry["status"] != "skipped"]
    made = [entry for entry in shown if entry["href"]]
    readable = [entry for entry in made if entry["trust"] not in ("inadmissible", "unidentified")]
    page = render_template(
        "index.html.j2",
        language,
        scripts=("page.js", "index.js"),
        groups=[
            {"title": title, "anchor": f"group-{number}", "reports": [e for e in shown if e["group"] == title]}
            for number, title in enumerate(dict.fromkeys(entry["group"] for entry in shown), start=1)
        ],
        counts=" · ".join(f"{statuses.count(s)} {word['count_' + s]}" for s in STATUSES if s in statuses),
        start=next(iter(readable or made), None),
        guide=guide,
        procedure=procedure,
        filters=[
            (key, label, options)
            for key, label in (("dataset", word["dataset"]), ("theory", word["theory"]), ("group", word["question"]))
            if len(options := list(dict.fromkeys(entry[key] for entry in shown if entry[key]))) > 1
        ],
        shown=shown,
        skipped=_by_message([entry for entry in entries if entry["status"] == "skipped"]),
        rivals=_rivals(made, language),
        changes=[_change(change, language) for change in changes],
    )
    check_self_contained(page)
    return page


def _by_message(skipped: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Any, list[str]]]:
    """Data set, how to get it and the reports that wait for it."""
    waiting: dict[tuple[Any, Any], list[str]] = {}
    for entry in skipped:
        waiting.setdefault((entry["dataset"], entry["message"]), []).append(entry["title"])
    return [(*key, titles) for key, titles in waiting.items()]


def _rivals(made: Sequence[Mapping[str, Any]], language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Of every data set whose reports name different drivers: a question, and the drivers each report names."""
    by_dataset: dict[str, list[Mapping[str, Any]]] = {}
    for entry in made:
        if entry["drivers"] and entry["theory"]:
            by_dataset.setdefault(entry["dataset"], []).append(entry)
    return [
        (
            TEXTS.say("rivals.title", language, count=len(entries), dataset=dataset),
            [(entry["theory"], TEXTS.listed(entry["drivers"], language)) for entry in entries],
        )
        for dataset, entries in by_dataset.items()
        if len({tuple(entry["drivers"]) for entry in entries}) > 1
    ]


def _change(change: Change, language: str) -> tuple[str, str]:
    """Title and what changed; a verdict of trust in its words."""
    before, now = (
        words(language).get(f"trust_{text}", "–") if change.kind == "trust" else _told(text, language) or "–"
        for text in (change.before, change.now)
    )
    return _told(change.title, language), TEXTS.say(f"change.{change.kind}", language, before=before, now=now)
