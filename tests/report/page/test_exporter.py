"""The exported page, read as a browser and a screen reader would."""

import base64
import hashlib
import re
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat.v4 as nb
import pandas as pd
import pytest
from html_page import Page

from crmresearch.errors import RenderError
from crmresearch.report.make.site import export_index
from crmresearch.report.page.cells import unbroken
from crmresearch.report.page.exporter import export_html
from crmresearch.report.page.guide import PARTS, export_guide
from crmresearch.report.page.self_contained import external_resources
from crmresearch.report.page.terms import explain_terms
from crmresearch.report.show.boxes import show_findings, show_trust
from crmresearch.report.show.figures import show_figure
from crmresearch.report.show.glossary import Entry, Glossary
from crmresearch.report.show.tables import show_table

PROVENANCE = {
    "notebook": "satisfaction_index",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "data_sha256": "ab" * 32,
    "parameters": {"theory": "ecsi", "resamples": 2000, "note": None},
    "versions": {"numpy": "2.4.6"},
    "seed": 7,
    "duration": 12.345,
}


def shown(value: Any) -> Any:
    data = {"text/plain": repr(value), "text/html": value._repr_html_()}
    return nb.new_output("execute_result", data, execution_count=1)


def code(source: str, *outputs: Any, tags: tuple[str, ...] = ()) -> Any:
    return nb.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def figure(name: str) -> Any:
    drawing, axes = plt.subplots(figsize=(3, 2))
    axes.plot([0, 1])
    return show_figure(drawing, name, f"Figure of {name}", "A rising line", "Up is more.")


def notebook(*cells: Any) -> Any:
    return nb.new_notebook(cells=list(cells))


def export(*cells: Any, **options: Any) -> str:
    settings = {"title": "A <title>", "subtitle": "of 250 customers", "provenance": PROVENANCE, **options}
    return export_html(notebook(*cells), **settings)


def table(name: str) -> Any:
    return show_table(pd.DataFrame({"outcome": ["a"], "estimate": [0.5]}), name, f"Table of {name}")


def whole_story() -> list[Any]:
    warnings = pd.DataFrame(
        [["CB-SEM", "heywood", "inadmissible", "CUSL2", "Negative variance."]],
        columns=["subject", "code", "severity", "quantity", "message"],
    )
    return [
        nb.new_markdown_cell("# The notebook's own title"),
        code("theory = 'scsb'", tags=("parameters",)),
        code("theory = 'ecsi'", tags=("injected-parameters",)),
        code("show_findings(...)", shown(show_findings(["Image matters."])), tags=("hide",)),
        code("show_trust(...)", shown(show_trust(warnings))),
        nb.new_markdown_cell("## Sample\n\nSee [Table](#table-paths) and [it](#figure-model).\n\n### Sample"),
        code("figure", shown(figure("model"))),
        nb.new_markdown_cell("Weights $w_k$ give\n\n$$\\sum_k w_k x_k$$\n\nat a price of \\$5."),
        code("first", shown(table("loadings"))),
        code("second", shown(table("paths")), nb.new_output("stream", name="stderr", text="careful <now>\n")),
        code("third", shown(figure("importance"))),
        nb.new_markdown_cell("## Glossary\n\nAVE\n: Average variance extracted.\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
    ]


@pytest.fixture(autouse=True)
def in_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMRESEARCH_REPORT_FOLDER", str(tmp_path))


@pytest.fixture
def html() -> str:
    return export(*whole_story(), home="../index.html")


@pytest.fixture
def page(html: str) -> Page:
    return Page(html)


def test_nothing_is_loaded_from_elsewhere(html: str, page: Page) -> None:
    assert external_resources(html) == []
    assert page.all("link") == []
    assert [script for script in page.all("script") if "src" in script] == []
    assert all(image["src"].startswith("data:") for image in page.all("img"))
    assert "@import" not in html
    assert re.findall(r"url\((?!data:|#)", html) == []
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy[0]["content"].startswith("default-src 'none'")


def test_no_script_but_the_pages_own_may_run(html: str, page: Page) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy["content"].endswith(f"script-src 'sha256-{digest}'")


def test_page_has_its_parts(html: str, page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert "A &lt;title&gt;" in html
    assert "The notebook's own title" not in html
    assert [a["href"] for a in page.all("a", **{"class": "skip"})] == ["#content"]
    assert len(page.all("main")) == len(page.all("nav")) == len(page.all("header")) == 1
    assert [a["href"] for a in page.all("a", **{"class": "home"})] == ["../index.html"]
    assert page.all("dt")
    assert page.all("dd")


def test_ids_are_unique_and_links_arrive(page: Page) -> None:
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []
    targets = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert {"sample", "sample-2", "glossary", "provenance", "table-paths"} <= set(targets)
    assert set(targets) <= set(page.ids)
    labels = [attributes.get("aria-labelledby") for _, attributes in page.elements]
    assert {label for label in labels if label} <= set(page.ids)


def test_downloads_are_inside_the_page(page: Page) -> None:
    saved = {a["download"]: a["href"].split(",")[0] for a in page.all("a") if "download" in a}
    assert set(saved) == {
        *("loadings.csv", "loadings.tex", "paths.csv", "paths.tex"),
        *("model.svg", "model.png", "importance.svg", "importance.png"),
    }
    drawn = {file for file in saved if file.endswith((".svg", ".png"))}  # saved from the page by its script
    assert all(address.startswith("data:") for file, address in saved.items() if file not in drawn)
    assert all(saved[file].endswith(f"/figures/{file}") for file in drawn)


def test_every_image_has_an_alt_text(page: Page) -> None:
    assert page.all("img") == []
    assert len(page.all("svg", role="img")) == 2
    assert all(drawing["aria-label"].strip() for drawing in page.all("svg"))


def test_captions_are_numbered_in_order(html: str) -> None:
    captions = re.findall(r'<span class="crm-number">([^<]+)</span> ([^<]+)</figcaption>', html)
    assert captions == [
        ("Figure 1.", "Figure of model"),
        ("Table 1.", "Table of loadings"),
        ("Table 2.", "Table of paths"),
        ("Figure 2.", "Figure of importance"),
    ]
    assert '<a href="#table-paths">Table 2</a> and <a href="#figure-model">Figure 1</a>' in html


def test_equations_are_mathml(html: str, page: Page) -> None:
    assert len(page.all("math")) == 2
    assert len(page.all("math", display="block")) == 1
    assert "".join(page.text).count("$") == 1  # the price
    assert "a price of $5" in html


def test_code_is_folded_or_hidden(html: str, page: Page) -> None:
    summaries = re.findall(r"<summary[^>]*>([^<]+)</summary><pre class", html)
    # one fold of code a chapter, at its end: opening and "Sample"; the glossary has none
    assert summaries == ["Parameters", "Parameters: defaults", "Code", "Code"]
    assert re.findall(r'<summary aria-label="([^"]+)">Code', html) == ["Code: Sample"]
    opening, sample = html.index("Can this be trusted?"), html.index('id="sample"')
    assert opening < html.index(">Code</summary>") < sample
    assert html.index("careful &lt;now&gt;") < html.rindex(">Code</summary>") < html.index('id="glossary"')
    assert "show_findings" not in html
    assert len(page.all("details", **{"class": "code"})) == len(summaries)
    assert "open" not in page.all("details", **{"class": "code"})[0]


@pytest.mark.parametrize(
    ("told", "shown"),
    [("(0.12 to 0.34)", "(0.12\u00a0to\u00a00.34)"), ("27.9% to −30.2%", "27.9%\u00a0to\u00a0−30.2%"),
     ("[−0.1, 2,345.6]", "[−0.1,\u00a02,345.6]"), ("3 to them, up to 5", "3 to them, up to 5")],
)  # fmt: skip
def test_no_line_ends_within_an_interval(told: str, shown: str) -> None:
    assert unbroken(told) == shown


def test_no_line_ends_within_a_date() -> None:
    date = '<span class="crm-unbroken">1997-06-30</span>'
    assert unbroken("<p>On 1997-06-30, not</p>") == f"<p>On {date}, not</p>"
    assert unbroken("to 1997-06-30") == f"to {date}"
    for other in ('<a title="on 1997-06-30" href="/1997-06-30/x">x</a>', "a1997-06-30-1", "1997-06"):
        assert unbroken(other) == other


def test_boxes_are_headings_of_their_place(html: str, page: Page) -> None:
    assert [box["aria-level"] for box in page.all("div", **{"class": "box-title"})] == ["2", "2"]
    later = export(nb.new_markdown_cell("## Chapter"), code("f", shown(show_findings(["Found."]))))
    assert Page(later).all("div", **{"class": "box-title"})[0]["aria-level"] == "3"


def test_stderr_is_shown_and_escaped(html: str) -> None:
    assert "Messages of this step" in html
    assert "careful &lt;now&gt;" in html


def test_provenance_stands_at_the_end(html: str) -> None:
    end = html[html.index('<h2 id="provenance">') :]
    for fact in (PROVENANCE["commit"], PROVENANCE["data_sha256"], "2000", "2.4.6", "12.3 s", "Seed"):
        assert str(fact) in end


def test_same_bytes_twice(html: str) -> None:
    assert export(*whole_story(), home="../index.html") == html


def test_chinese_page_speaks_chinese() -> None:
    html = export(*whole_story(), language="zh")
    assert '<html lang="zh">' in html
    assert '<span class="crm-number">表 2.</span>' in html
    assert "目录" in html
    assert "Show all code" not in html


def test_errors_and_plain_outputs() -> None:
    error = nb.new_output("error", ename="KeyError", evalue="'<x>'", traceback=["\x1b[31mTraceback\x1b[0m"])
    text = nb.new_output("stream", name="stdout", text="a < b")
    latex = nb.new_output("display_data", {"text/latex": "$$x^2$$", "text/plain": "x"})
    markdown = nb.new_output("display_data", {"text/markdown": "## Made here\n\n$y$", "text/plain": "m"})
    picture = nb.new_output("display_data", {"image/png": "aGVsbG8=\n", "text/plain": "p"})
    frame = nb.new_output("execute_result", {"text/html": "<table><tr><th></th></tr></table>"})
    html = export(code("x", error, text, latex, markdown, picture, frame))
    page = Page(html)
    assert "This step failed" in html
    assert "KeyError: &#x27;&lt;x&gt;&#x27;" in html
    assert "\x1b" not in html
    assert "a &lt; b" in html
    assert len(page.all("math")) == 2
    assert '<a href="#made-here">Made here</a>' in html
    assert page.all("img")[0]["src"] == "data:image/png;base64,aGVsbG8="
    assert page.all("img")[0]["alt"]
    assert "<th></th>" not in html


def test_wrong_formula_names_its_cell() -> None:
    cells = [nb.new_markdown_cell("fine"), nb.new_markdown_cell(r"bad $\frobnicate{x}$")]
    with pytest.raises(RenderError, match=r"cell 2: the formula \$\\frobnicate\{x\}\$"):
        export(*cells)


def test_two_tables_of_one_name_are_refused() -> None:
    with pytest.raises(RenderError, match="two tables are named 'paths'"):
        export(code("a", shown(table("paths"))), code("b", shown(table("paths"))))


def test_reference_to_nothing_is_refused() -> None:
    with pytest.raises(RenderError, match="refers to #table-absent"):
        export(nb.new_markdown_cell("[Table](#table-absent)"))


@pytest.mark.parametrize("markdown", ["![logo](https://example.org/logo.png)", "![local](figure.png)"])
def test_external_resources_are_refused(markdown: str) -> None:
    with pytest.raises(RenderError, match="must open without a network"):
        export(nb.new_markdown_cell(markdown))


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://example.org/x.js"></script>',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        "<style>@import 'https://example.org/x.css';</style>",
        '<div style="background: url(https://example.org/x.png)">x</div>',
    ],
)
def test_external_resources_are_refused_in_what_a_cell_shows(html: str) -> None:
    with pytest.raises(RenderError, match="must open without a network"):
        export(code("a", nb.new_output("display_data", {"text/html": html})))


@pytest.mark.parametrize(
    "html",
    ["<script>window.ran = 1</script>", 'so <img src=x onerror="ran()"> it', "<!-- a -->", "<b>b</b>", "</main>"],
)
def test_tags_in_markdown_are_shown_as_they_are_written(html: str) -> None:
    written = escape(html)
    assert written in export(nb.new_markdown_cell(html))
    assert written in export(code("a", nb.new_output("display_data", {"text/markdown": html})))


@pytest.mark.parametrize(
    "address", ["javascript:run()", "JaVaScript:run()", "java&#115;cript:run()", "&#1;javascript:run()",
                "data:text/html,x", "vbscript:x", "file:///etc/passwd"]
)  # fmt: skip
def test_links_that_could_run_something_are_words(address: str) -> None:
    for markdown in (f"[words]({address})", f"[words][a]\n\n[a]: {address}", f"<{address}>"):
        links = [link["href"] for link in Page(export(nb.new_markdown_cell(markdown))).all("a")]
        assert all(link.startswith("#") for link in links)


def test_a_drawing_that_no_script_makes_is_code() -> None:
    assert "&lt;b&gt;" in export(nb.new_markdown_cell("```mermaid\n<b>\n```"))


def test_links_to_sources_are_fine() -> None:
    assert 'href="https://doi.org/10.1016/x"' in export(nb.new_markdown_cell("[doi](https://doi.org/10.1016/x)"))


def test_index_tells_what_was_found_and_what_is_missing() -> None:
    reports = [
        {"name": "a", "title": "SCSB & co", "headline": "Value <matters>.", "href": "a/a.html", "status": "done"},
        {"name": "b", "title": "ACSI", "status": "skipped", "message": "Get the file from Mendeley."},
        {"name": "c", "title": "ECSI", "status": "failed", "message": "Kept in reports/failed/c.ipynb"},
    ]
    html = export_index([{"title": "Mobile", "reports": reports}, {"title": "Other", "reports": []}])
    page = Page(html)
    assert external_resources(html) == []
    assert "Value &lt;matters&gt;." in html
    assert [a["href"] for a in page.all("a")] == ["#content", "a/a.html", "a/a.html"]
    assert [item["class"] for item in page.all("li") if "class" in item] == ["done", "failed", "skipped"]
    assert "Get the file from Mendeley." in html
    assert "Kept in reports/failed/c.ipynb" in html
    assert "1 ready · 1 skipped · 1 failed" in html
    assert len(page.ids) == len(set(page.ids))
    assert "已跳过" in export_index([{"title": "Mobile", "reports": reports}], "zh")
    with pytest.raises(ValueError, match="unknown status"):
        export_index([{"title": "x", "reports": [{**reports[0], "status": "perhaps"}]}])


def _finished(name: str, theory: str, **facts: Any) -> dict[str, Any]:
    return {
        "name": name,
        "title": name,
        "href": f"{name}.html",
        "status": "done",
        "dataset": "Mobile",
        "theory": theory,
        **facts,
    }


def test_index_begins_with_what_can_be_read_and_says_why_models_name_different_drivers() -> None:
    reports = [
        _finished("first", "ACSI", trust="inadmissible", drivers=["Value"]),
        _finished("second", "ECSI", trust="weak", drivers=["Image", "Quality"]),
    ]
    html = export_index([{"title": "The model", "reports": reports}], guide="how-to-read.html")
    page = Page(html)
    assert [a["href"] for a in page.all("a")][1:3] == ["second.html", "how-to-read.html"]
    assert [span["class"] for span in page.all("span")] == ["status inadmissible", "status weak"]
    assert "Why 2 models of one survey" in html
    assert "Image and Quality" in html
    assert [select["data-of"] for select in page.all("select")] == ["theory"]  # one data set, one question
    alike = [{**report, "drivers": ["Value"]} for report in reports]
    assert "models of one survey" not in export_index([{"title": "The model", "reports": alike}])


def test_a_term_is_explained_where_it_first_stands_and_nowhere_else() -> None:
    entries = (Entry("auc", "AUC", 'Odds, in "short".', ("AUC",)), Entry("fit", "Fit", "Close.", ("fit",)),
               Entry("r2", "R²", "A share.", ("R²",)), Entry("rule", "Rule", "Branches.", (), ("Rule",)))  # fmt: skip
    glossary = Glossary(entries)
    html = explain_terms(
        "<h2>AUC</h2><details><p>fit</p><p>R² in a fold</p></details><th>AUCs</th><p>Rule: AUC_x (R², AUC)</p>"
        "<th>Rule</th><code>fit</code><p>R²</p>" + glossary._repr_html_()
    )
    found = re.findall(r'<a class="term" href="#term-(\w+)"[^>]*>(.*?)</a>', html)
    assert found == [("fit", "fit"), ("r2", "R²"), ("auc", "AUC"), ("rule", "Rule")]
    assert "(<a" in html  # R² in sight, not the one in the fold
    assert 'title="Odds, in &quot;short&quot;."' in html
    assert explain_terms("<p>no glossary</p>") == "<p>no glossary</p>"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_on_how_to_read_reports_shows_every_part_and_loads_nothing(language: str) -> None:
    html = export_guide(language, "index.html")
    page = Page(html)
    assert external_resources(html) == []
    assert [section["aria-labelledby"] for section in page.all("section") if section["class"] == "part"] == [
        f"part-{part}" for part in PARTS
    ]
    assert len(page.ids) == len(set(page.ids))
    assert {link["href"].removeprefix("#") for link in page.all("a") if link["href"].startswith("#")} <= set(page.ids)
