"""The findings and warnings boxes, and the facts a report records."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.report.record import record
from crmresearch.report.show.boxes import show_findings, show_follows, show_trust

COLUMNS = ["subject", "code", "severity", "quantity", "message"]
ROWS = pd.DataFrame(
    [
        ["PLS", "high_vif", "weak", None, "Predictors overlap."],
        ["PLS", "single_item", "note", "Complaint", "One item only."],
        ["CB-SEM", "heywood", "inadmissible", "CUSL2", "Negative variance <0."],
        ["Answers", "", "none", "", ""],
    ],
    columns=COLUMNS,
)


def test_every_subject_has_one_line_and_the_first_to_beware_of_its_gravest_reason() -> None:
    box = show_trust(ROWS)
    assert repr(box).splitlines() == [
        "PLS: with care",
        "  Predictors overlap.",
        "  Complaint: One item only.",
        "CB-SEM: do not read",
        "  CUSL2: Negative variance <0.",
        "Answers: usable",
    ]
    html = box._repr_html_()
    assert 'class="crm-box crm-trust weak"' in html  # that of the first subject, with which the page leads
    assert "Negative variance &lt;0." in html
    shown = re.sub("<details>.*?</details>", "", html, flags=re.DOTALL)
    assert "Predictors overlap." in shown  # of the first that is not simply usable; of the others one line each
    assert "Negative variance" not in shown
    assert html.count("Why (1)") == 1  # of CB-SEM, which has nothing shown
    assert html.count("1 more to know") == 1
    assert "heywood" not in html  # codes are for the file
    assert 'role="heading"' in html


def test_the_same_words_stand_once_with_all_they_are_said_of() -> None:
    rows = [["S", "a", "weak", "first", "Lead."], ["S", "b", "weak", "x", "Same."], ["S", "b", "weak", "y", "Same."]]
    html = show_trust(pd.DataFrame(rows, columns=COLUMNS))._repr_html_()
    assert html.count("Same: x; y.") == html.count("Same") == 1
    many = pd.DataFrame([["S", "a", "weak", str(i), "Many."] for i in range(9)], columns=COLUMNS)
    assert "Many: 0; 1; 2; 6 more." in show_trust(many)._repr_html_()
    assert "1 more to know" in html


def test_what_a_reason_names_does_not_stand_before_it_as_well() -> None:
    rows = [["S", "a", "weak", "b", "The parameter b is vague."], ["T", "a", "note", "b", "Not about it."]]
    html = show_trust(pd.DataFrame(rows, columns=COLUMNS))._repr_html_()
    assert html.count('class="quantity"') == 1


def test_the_file_has_what_is_said_and_the_record_the_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMRESEARCH_REPORT_FOLDER", str(tmp_path))
    show_trust(ROWS)
    written = pd.read_csv(tmp_path / "tables" / "warnings.csv")
    assert written["code"].tolist() == ["high_vif", "single_item", "heywood"]
    assert json.loads((tmp_path / "record.json").read_text()) == {"trust": "weak"}


@pytest.mark.parametrize(("rows", "worst"), [([2], "inadmissible"), ([1], "note"), ([1, 0], "weak"), ([3, 2], "none")])
def test_box_takes_the_worst_severity_of_its_first_subject(rows: list[int], worst: str) -> None:
    assert show_trust(ROWS.iloc[rows]).worst == worst


@pytest.mark.parametrize("empty", [ROWS.iloc[:0], pd.DataFrame()])
def test_no_warning_is_said_aloud(empty: pd.DataFrame) -> None:
    box = show_trust(empty)
    assert repr(box) == "Every check made for this report passed."
    assert "crm-trust none" in box._repr_html_()


def test_wrong_warnings_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown severity \\['bad'\\]"):
        show_trust(ROWS.assign(severity="bad"))
    with pytest.raises(ValueError, match="lack the columns \\['code'\\]"):
        show_trust(ROWS.drop(columns="code"))


def test_four_findings_are_shown_and_the_others_folded() -> None:
    html = show_findings([f"Finding {i}." for i in range(6)])._repr_html_()
    shown, folded = html.split("<details>")
    assert [f"Finding {i}." in shown for i in range(6)] == [True] * 4 + [False] * 2
    assert "More findings (2)" in folded
    assert "<details>" not in show_findings([f"Finding {i}." for i in range(4)])._repr_html_()


def test_what_follows_is_a_box_of_sentences() -> None:
    box = show_follows(["Do <this>.", "Not that."])
    assert repr(box) == "Do <this>.\nNot that."
    assert "<li>Do &lt;this&gt;.</li>" in box._repr_html_()
    with pytest.raises(ValueError, match="at least one sentence"):
        show_follows([])


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
