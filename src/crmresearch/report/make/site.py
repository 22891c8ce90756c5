"""The index of all reports, one line of result each: built from their parameters files and the records of last runs."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crmresearch import paths
from crmresearch.data.dataset import in_language
from crmresearch.errors import ParameterError
from crmresearch.report.make.depends import write_dependencies
from crmresearch.report.make.inputs import imported_modules, opened_files, opened_templates
from crmresearch.report.make.outputs import Outputs, known_outputs
from crmresearch.report.make.parameters import read_heading, report_names
from crmresearch.report.page.exporter import render_template
from crmresearch.report.page.self_contained import check_self_contained
from crmresearch.report.show.wording import TEXTS, words
from crmresearch.texts import lacking

STATUSES = ("done", "skipped", "failed")


def build_index(language: str = "en") -> Path:
    """Write `reports/index.html`; outputs of reports whose parameters file is gone are taken away.

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
    groups: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        heading = read_heading(name)
        groups.setdefault(in_language(heading.group, language), []).append(_entry(name, heading.title, language))
    ordered: list[dict[str, Any]] = [
        {"title": title, "reports": sorted(entries, key=_skipped)} for title, entries in groups.items()
    ]
    ordered.sort(key=lambda group: all(map(_skipped, group["reports"])))
    page = export_index(ordered, language)
    target = paths.REPORTS / "index.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_suffix(".building")
    building.write_text(page, encoding="utf-8")
    os.replace(building, target)
    texts = set((paths.PACKAGE / "report" / "show" / "words").glob("*.yaml"))
    write_dependencies(target, paths.REPORTS / ".depends" / "index.d", opened_templates() | imported_modules() | texts)
    return target


def _drop_unreadable(outputs: Outputs) -> None:
    """Take a record away that cannot be read, so that make renders the report again."""
    if outputs.read() is None:
        outputs.failure.unlink(missing_ok=True)
        outputs.record.unlink(missing_ok=True)


def _skipped(entry: dict[str, Any]) -> bool:
    """Sorts what cannot be read behind what can."""
    return entry["status"] == "skipped"


def _entry(name: str, title: dict[str, str], language: str) -> dict[str, Any]:
    outputs = Outputs(name)
    record = outputs.read()
    if record is None:
        record = {"status": "skipped", "message": TEXTS.say("word.not_made", language, name=name)}
    headline = record.get("headline")
    return {
        "name": name,
        "title": in_language(title, language),
        "headline": in_language(headline, language) if isinstance(headline, dict) else headline,
        "href": quote(outputs.page.name) if outputs.page.is_file() else None,
        "status": record["status"],
        "message": record.get("how_to_get") or record.get("message"),
    }


def export_index(groups: Sequence[Mapping[str, Any]], language: str = "en") -> str:
    """The index page: groups of reports, each with its headline, or why it is missing.

    A group is `{title, reports}`; a report is `{name, title, headline, href, status, message}` with status
    `done`, `skipped` (message: how to get the data) or `failed` (message: where the notebook is kept).
    `headline`, `href` and `message` may be None or absent. Raises ValueError for another status.
    """
    entries = [
        {
            "title": group["title"],
            "anchor": f"group-{number}",
            "reports": [
                {"name": "", "headline": None, "href": None, "message": None, **report} for report in group["reports"]
            ],
        }
        for number, group in enumerate(groups, start=1)
    ]
    statuses = [report["status"] for group in entries for report in group["reports"]]
    unknown = sorted(set(statuses) - set(STATUSES))
    if unknown:
        raise ValueError(f"unknown status {unknown}; known: {list(STATUSES)}")
    word = words(language)
    counts = [f"{statuses.count(s)} {word['count_' + s]}" for s in STATUSES if s in statuses]
    page = render_template("index.html.j2", language, groups=entries, counts=" · ".join(counts))
    check_self_contained(page)
    return page
