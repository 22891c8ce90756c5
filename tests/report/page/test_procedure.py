"""The page on the procedure: every step with its reports, and every notebook says what it answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from html_page import Page

from crmresearch.paths import NOTEBOOKS
from crmresearch.report.make.site import STAGES
from crmresearch.report.page.procedure import FUNCTIONS, STEPS, export_procedure
from crmresearch.report.page.self_contained import external_resources

SAYS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))["metadata"]["crmresearch"]
    for path in sorted(Path(NOTEBOOKS).glob("*.ipynb"))
}


@pytest.mark.parametrize("notebook", SAYS)
def test_a_notebook_says_where_it_stands_and_what_it_answers(notebook: str) -> None:
    says = SAYS[notebook]
    assert says["stage"] in STAGES
    assert set(says["title"]) == {"en", "zh"}
    assert says["steps"]
    assert set(says["steps"]) <= set(STEPS)
    assert set(says["functions"]) <= set(FUNCTIONS)


def test_every_function_of_data_mining_has_a_report() -> None:
    assert {name for says in SAYS.values() for name in says["functions"]} == set(FUNCTIONS)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_step_names_its_reports_and_links_those_made(language: str) -> None:
    one = {"title": "One <b>", "steps": ["goal"], "functions": [], "reports": [{"title": "A", "href": "a.html"}]}
    many = {"title": "Many", "steps": ["goal", "watch"], "functions": ["churn"],
            "reports": [{"title": "B", "href": "b.html"}, {"title": "C", "href": "c.html"}]}  # fmt: skip
    none = {"title": "None", "steps": ["segment"], "functions": ["churn"], "reports": []}
    html = export_procedure([one, many, none], language, "index.html")
    page = Page(html)
    assert external_resources(html) == []
    assert [name for name in page.ids if name.startswith("step-")] == [f"step-{step}" for step in STEPS]
    assert len(page.ids) == len(set(page.ids))
    links = [link["href"] for link in page.all("a") if link["href"].endswith(".html")]
    assert links == ["index.html", "a.html", "b.html", "c.html", "b.html", "c.html", "b.html", "c.html"]
    assert "One &lt;b&gt;" in html
    assert html.count("None <span") == 2
