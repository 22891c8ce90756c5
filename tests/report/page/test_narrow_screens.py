"""A page on a narrow screen, in a real browser: no wider than it, and rows no higher than what is seen of them."""

import shutil
from pathlib import Path

import nbformat.v4 as nb
import pandas as pd
import pytest

from crmresearch.report.page.exporter import export_html
from crmresearch.report.show.tables import show_table

CHROMIUM = shutil.which("chromium")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium to open the page in (Debian: apt install chromium)")
def test_what_is_out_of_sight_makes_no_row_higher(tmp_path: Path) -> None:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser; install it to run this")
    long = "European customer satisfaction index, mobile phones"
    columns = {"survey": [long, long], "theory": ["SCSB", "ACSI"], "number": [1.5, 2.5], "other": [3.5, 4.5]}
    columns |= {"source": "Fornell and Larcker (1981)", "verdict": "not told apart"}
    shown = nb.new_output("display_data", {"text/html": show_table(pd.DataFrame(columns), "t", "T")._repr_html_()})
    cells = [nb.new_markdown_cell("# Title\n\n## Chapter"), nb.new_code_cell("show()", outputs=[shown])]
    html = export_html(nb.new_notebook(cells=cells), title="T", subtitle="", provenance={"seed": 1})
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with sync.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 390, "height": 844})
        tab.goto((tmp_path / "page.html").as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        first, again = tab.evaluate(
            "[...document.querySelectorAll('.crm-table tbody tr')].map(row => row.clientHeight)"
        )
        line = tab.evaluate("parseFloat(getComputedStyle(document.querySelector('.crm-table td')).lineHeight)")
        assert again < 2 * line < first  # a name that is repeated in one line, at first the whole of it
        browser.close()
