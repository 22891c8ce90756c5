"""Sliders in a real browser: what they show is the forecast, by keyboard too; without the script a table stands."""

import json
import shutil
from typing import Any

import nbformat.v4 as nb
import numpy as np
import pandas as pd
import pytest

from crmresearch.report.page.exporter import export_html
from crmresearch.report.show.tables import show_table
from crmresearch.report.show.what_if import Choice, Outcome, WhatIf, show_what_if

CHROMIUM = shutil.which("chromium")
CENTRE = {"Index": np.array([70.0, 4.0, -2.5]), "Other": np.array([99.0, 3.0, 0.0])}
COVARIANCE = np.array([[1.0, 0.2, 0.0], [0.2, 0.25, 0.1], [0.0, 0.1, 0.04]])


def sliders(**given: Any) -> WhatIf:
    outcomes = [Outcome(name, centre, COVARIANCE) for name, centre in CENTRE.items()]
    few = [Outcome(name, centre - 10, 4 * COVARIANCE) for name, centre in CENTRE.items()]
    choices = [
        Choice("All", np.array([-2.0, -0.27]), np.array([2.0, 0.5]), outcomes),
        Choice("A < B", np.array([-2.0, -2.0]), np.array([0.19, 2.0]), few),
    ]
    known = {"title": "What if?", "inputs": ["Quality", "Price <i>"], "choices": choices, "z": 1.96, "ends": (0, 100)}
    return show_what_if(**{**known, **given})


def expected(name: str, shifts: list[float], less: float = 0, wider: float = 1) -> str:
    x = np.array([1, *shifts])
    estimate, half = CENTRE[name] @ x - less * x.sum(), 1.96 * wider * np.sqrt(x @ COVARIANCE @ x)
    ends = np.clip([estimate, estimate - half, estimate + half], 0, 100)
    return "{:.1f} ({:.1f} to {:.1f})".format(*ends)


def page_of(box: WhatIf) -> str:
    table = show_table(pd.DataFrame({"factor": ["Quality"], "estimate": [74.0]}), "raised", "Raised")
    outputs = [nb.new_output("display_data", {"text/html": one._repr_html_()}) for one in (box, table)]
    cells = [nb.new_markdown_cell("# Title\n\n## Chapter"), nb.new_code_cell("show()", outputs=outputs)]
    return export_html(nb.new_notebook(cells=cells), title="T", subtitle="", provenance={"seed": 1})


def test_the_numbers_are_in_the_page_as_data() -> None:
    model = json.loads(sliders().model)
    assert model["choices"][0]["least"] == [-2, -0.2]  # whole steps, so that 0 is one of them
    assert model["choices"][1]["most"] == [0.1, 2]
    assert model["choices"][0]["outcomes"][0] == [CENTRE["Index"].tolist(), COVARIANCE.tolist()]
    page = page_of(sliders())
    assert "Price &lt;i&gt;" in page
    assert "Price <i>" not in page
    assert 'form.crm-what-if"' in page  # the script comes with the box alone
    assert 'form.crm-what-if"' not in export_html(nb.new_notebook(), title="T", subtitle="", provenance={})


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one slider"):
        sliders(inputs=[])
    with pytest.raises(ValueError, match="do not fit 1 sliders"):
        sliders(inputs=["Quality"])
    one = Choice("Other", np.zeros(2), np.zeros(2), [Outcome("Index", CENTRE["Index"], COVARIANCE)])
    with pytest.raises(ValueError, match="outcomes of 'Other'"):
        sliders(choices=[*sliders().choices, one])


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A browser, and the address of the page."""
    if CHROMIUM is None:
        pytest.skip("no chromium to open the page in (Debian: apt install chromium)")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser; install it to run this")
    path = tmp_path_factory.mktemp("what_if") / "page.html"
    path.write_text(page_of(sliders()), encoding="utf-8")
    with sync.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser, path.as_uri()
        browser.close()


def test_sliders_move_the_forecast_by_keyboard(opened: Any) -> None:
    browser, address = opened
    tab, errors = browser.new_page(), list[str]()
    tab.on("console", lambda message: errors.append(message.text))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(address)
    results, quality, price = tab.locator(".result output"), *tab.locator("input[type=range]").all()
    assert results.all_inner_texts() == [expected("Index", [0, 0]), expected("Other", [0, 0])]
    quality.focus()
    for _ in range(10):
        tab.keyboard.press("ArrowRight")
    assert tab.locator(".slider output").first.inner_text() == "+1.0"
    assert quality.get_attribute("aria-valuetext") == "+1.0"
    assert results.all_inner_texts() == [expected("Index", [1, 0]), expected("Other", [1, 0])]
    assert "to 100.0" in results.nth(1).inner_text()  # not beyond the end of the index
    tab.keyboard.press("Tab")
    tab.keyboard.press("Home")
    assert price.input_value() == "-0.2"
    assert results.first.inner_text() == expected("Index", [1, -0.2])
    assert tab.locator(".slider output").nth(1).inner_text() == "−0.2"
    tab.locator("select").select_option("A < B")
    assert quality.input_value() == "0.1"  # as far as it goes there
    assert results.first.inner_text() == expected("Index", [0.1, -0.2], 10, 2)
    tab.get_by_role("button", name="Back to how it is").press("Enter")
    assert results.first.inner_text() == expected("Index", [0, 0], 10, 2)
    assert errors == []


def test_every_slider_has_a_name_and_paper_has_none(opened: Any) -> None:
    browser, address = opened
    tab = browser.new_page()
    tab.goto(address)
    assert tab.get_by_role("slider").count() == 2
    assert tab.get_by_role("slider", name="Price <i>", exact=True).count() == 1
    assert tab.get_by_role("form", name="What if?").is_visible()
    tab.emulate_media(media="print")
    assert not tab.locator("form.crm-what-if").is_visible()


def test_without_script_the_table_stands_alone(opened: Any) -> None:
    browser, address = opened
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(address)
    assert not tab.locator("form.crm-what-if").is_visible()
    assert tab.locator("#table-raised td").first.inner_text() == "74"
