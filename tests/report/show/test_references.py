"""The methods paragraph and the references close a page, and go with it as files."""

from pathlib import Path

import pytest

from crmresearch.references import Reference, known
from crmresearch.report.record import FOLDER_VARIABLE
from crmresearch.report.show.references import show_references

OWN = Reference("data", text="<b>Me</b> & *you* (2020).")


def test_a_paragraph_is_folded_and_references_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    html = show_references(["We did <this>.", "So."], [known()["hu1999"]], [OWN, known()["hu1999"]])._repr_html_()
    assert "We did &lt;this&gt;. So." in html
    assert "<li>&lt;b&gt;Me&lt;/b&gt; &amp; *you* (2020).</li>" in html
    assert "<em>Structural Equation Modeling, 6</em>(1), 1–55." in html
    assert 'download="methods.txt"' in html
    text = (tmp_path / "methods.txt").read_text(encoding="utf-8")
    assert text.startswith("We did <this>. So.\n\nReferences\n\nHu, L., & Bentler, P. M. (1999).")
    assert (tmp_path / "references.bib").read_text(encoding="utf-8").count("@") == 2


def test_outside_a_report_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert "download=" not in show_references(["Done."], [], [OWN])._repr_html_()
