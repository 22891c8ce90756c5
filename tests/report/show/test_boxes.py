"""The findings and warnings boxes, and the facts a report records."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.report.record import record
from crmresearch.report.show.boxes import show_findings, show_warnings

COLUMNS = ["code", "severity", "quantity", "message"]
WARNINGS = pd.DataFrame(
    [
        ["single_item", "note", "Complaint", "One item only."],
        ["heywood", "inadmissible", "CUSL2", "Negative variance <0."],
        ["high_vif", "weak", None, "Predictors overlap."],
    ],
    columns=COLUMNS,
)


def test_warnings_stand_worst_first() -> None:
    box = show_warnings(WARNINGS)
    assert repr(box).splitlines() == [
        "[Inadmissible] CUSL2: Negative variance <0. (heywood)",
        "[Weak] Predictors overlap. (high_vif)",
        "[Note] Complaint: One item only. (single_item)",
    ]
    html = box._repr_html_()
    assert 'class="crm-box crm-warnings inadmissible"' in html
    assert "Negative variance &lt;0." in html
    assert 'role="heading"' in html


@pytest.mark.parametrize(("rows", "worst"), [([2], "weak"), ([0], "note"), ([0, 2], "weak")])
def test_box_takes_the_worst_severity(rows: list[int], worst: str) -> None:
    assert show_warnings(WARNINGS.iloc[rows]).worst == worst


@pytest.mark.parametrize("empty", [WARNINGS.iloc[:0], pd.DataFrame()])
def test_no_warning_is_said_aloud(empty: pd.DataFrame) -> None:
    box = show_warnings(empty)
    assert repr(box) == "Nothing to warn about"
    assert "crm-warnings none" in box._repr_html_()


def test_wrong_warnings_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown severity \\['bad'\\]"):
        show_warnings(WARNINGS.assign(severity="bad"))
    with pytest.raises(ValueError, match="lack the columns \\['code'\\]"):
        show_warnings(WARNINGS.drop(columns="code"))


def test_findings_begin_with_the_headline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMRESEARCH_REPORT_FOLDER", str(tmp_path))
    box = show_findings(["Image matters most.", "Price < trust."], language="zh")
    assert repr(box) == "Image matters most.\nPrice < trust."
    html = box._repr_html_()
    assert '<p class="headline">Image matters most.</p>' in html
    assert "Price &lt; trust." in html
    assert "主要发现" in html
    assert json.loads((tmp_path / "record.json").read_text()) == {"headline": "Image matters most."}


@pytest.mark.parametrize("sentences", [[], ["a", " "], "one text"])
def test_findings_need_sentences(sentences: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one sentence"):
        show_findings(sentences)


def test_record_merges_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRMRESEARCH_REPORT_FOLDER", raising=False)
    record(ignored=1)
    monkeypatch.setenv("CRMRESEARCH_REPORT_FOLDER", str(tmp_path / "new"))
    record(respondents=np.int64(250), theory="ecsi")
    record(theory="acsi", path=tmp_path, label="满意")
    text = (tmp_path / "new" / "record.json").read_text(encoding="utf-8")
    assert json.loads(text) == {
        "respondents": 250,
        "theory": "acsi",
        "path": str(tmp_path),
        "label": "满意",
    }
    assert "满意" in text
