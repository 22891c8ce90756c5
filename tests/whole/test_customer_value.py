"""The customer report as its reader gets it: the real notebook on CDNOW with few folds, rendered for good."""

import json
from pathlib import Path

import pandas as pd
import pytest
from whole_report import as_told, render

from crmresearch.report.page.self_contained import external_resources

NAME = "customer-value-small"
PARAMETERS = """notebook: customer_value
title: {en: Customers}
group: {en: Customers}
parameters:
  dataset: cdnow
  rules: data/cdnow/segments.yaml
  folds: 2
  resamples: 50
  value_resamples: 50
"""


@pytest.mark.long
def test_the_report_on_cdnow(tmp_path: Path) -> None:
    home = tmp_path / "project"
    file = home / "notebooks" / "parameters" / f"{NAME}.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(PARAMETERS, encoding="utf-8")
    reports = render(home, NAME)
    page = (reports / f"{NAME}.html").read_text(encoding="utf-8")
    assert external_resources(page) == []
    assert "Traceback" not in page
    for heading in (
        "The transactions",
        "Who comes back",
        "What each customer is worth",
        "Segments",
        "Who the segments are",
        "What this cannot say",
        "Methods",
        "Glossary",
    ):
        assert heading in page
    tables = reports / NAME / "tables"
    customers = pd.read_csv(tables / "customers.csv", dtype={"customer": str})
    assert customers["customer"].nunique() == len(customers) == 23_570
    record = json.loads((reports / NAME / "report.json").read_text(encoding="utf-8"))
    assert record["status"] == "done"
    assert record["headline"] in as_told(page)
    scores = pd.read_csv(tables / "scores.csv").set_index("method")
    assert {"unsegmented", "recency", "past_spend", "recent_spend", "gradient_boosting"} <= set(scores.index)
    assert abs(scores.r2_log["unsegmented"]) < 1e-3
    # the user's own rules, named in the parameters file of this report
    assert set(customers["cdnow_desk"]) == {"collectors", "lapsed_spenders", "fresh", "tried_once", "other"}
    intervals = pd.read_csv(tables / "clv_intervals.csv")
    assert len(intervals) == 5 * 9  # quantities × (all and eight classes)
    assert intervals.ci_lower.notna().all()
