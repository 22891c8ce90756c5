"""The page that lists the reports: one line of result each, and what to do about those that are not there."""

from collections.abc import Mapping, Sequence
from typing import Any

from crmresearch.report.page.exporter import render_template
from crmresearch.report.page.self_contained import check_self_contained
from crmresearch.report.show.wording import words

STATUSES = ("done", "skipped", "failed")


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
