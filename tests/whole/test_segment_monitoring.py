"""The monitoring report as its reader gets it: the real notebook on CDNOW with few windows, rendered for good."""

import json
from pathlib import Path

import pandas as pd
import pytest
from whole_report import as_told, render

from crmresearch.report.page.self_contained import external_resources

NAME = "segment-monitoring-small"
PARAMETERS = """notebook: segment_monitoring
title: {en: Monitoring}
group: {en: Segments}
parameters:
  dataset: cdnow
  method: k_means_4
  first_cutoff: "1997-09-30"
  step: 150
  windows: 2
  folds: 2
  resamples: 50
  simulations: 20
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
    for heading in ("Who moved", "Growing older, or change", "When to refit", "What this cannot say", "Glossary"):
        assert heading in page
    windows = pd.read_csv(reports / NAME / "tables" / "windows.csv")
    assert list(windows["cutoff"]) == ["1997-09-30", "1998-02-27"]
    assert (windows["customers"] == 23_570).all()
    assert windows["r2_frozen"].notna().tolist() == [True, False]  # CDNOW ends before the second step does
    transitions = pd.read_csv(reports / NAME / "tables" / "transitions.csv")
    assert transitions["customers"].sum() == 23_570
    record = json.loads((reports / NAME / "report.json").read_text(encoding="utf-8"))
    assert record["status"] == "done"
    assert record["headline"] in as_told(page)
