"""The index of all reports, built from their parameters files and the records of their last runs."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crmresearch import paths
from crmresearch.report.make.depends import write_dependencies
from crmresearch.report.make.inputs import imported_modules, opened_files, opened_templates
from crmresearch.report.make.outputs import Outputs, known_outputs
from crmresearch.report.make.parameters import read_heading, report_names
from crmresearch.report.page.index_page import export_index


def build_index(language: str = "en") -> Path:
    """Write `reports/index.html`; outputs of reports whose parameters file is gone are taken away."""
    opened_files()  # listens from here on
    names = report_names()
    for orphan in set(known_outputs()) - set(names):
        Outputs(orphan).remove()
    groups: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        heading = read_heading(name)
        group = heading.group.get(language, heading.group["en"])
        groups.setdefault(group, []).append(_entry(name, heading.title, language))
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
    write_dependencies(target, paths.REPORTS / ".depends" / "index.d", opened_templates() | imported_modules())
    return target


def _skipped(entry: dict[str, Any]) -> bool:
    """Sorts what cannot be read behind what can."""
    return entry["status"] == "skipped"


def _entry(name: str, title: dict[str, str], language: str) -> dict[str, Any]:
    outputs = Outputs(name)
    record = outputs.read()
    if record is None:
        record = {"status": "skipped", "message": f"Not made yet: run `make report REPORT={name}`."}
    headline = record.get("headline")
    return {
        "name": name,
        "title": title.get(language, title["en"]),
        "headline": headline.get(language, headline.get("en")) if isinstance(headline, dict) else headline,
        "href": quote(outputs.page.name) if outputs.page.is_file() else None,
        "status": record["status"],
        "message": record.get("how_to_get") or record.get("message"),
    }
