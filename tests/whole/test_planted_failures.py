"""Planted data that a covariance structure cannot fit properly turn the whole report red, and PLS leads."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from whole_report import as_told, render

from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.paths import DATA
from crmresearch.sem.covariance.likelihood.ram import implied
from crmresearch.sem.covariance.model import build_ram, covariance_part

pytestmark = pytest.mark.long

ROWS = 400


def planted(theory: str, **truth: float) -> pd.DataFrame:
    """Answers from 2 to 9 whose correlations are exactly those of `theory` with some parameters set to a known truth.

    Keys are parameter labels with spaces and operators spelt out: `A_on_B` is a path, `A_by_item` a loading, `var_A`
    a residual variance.
    """
    survey = load_survey("ecsi_mobile")
    specification = bind(load_theory(theory), survey.codebook)
    measurement, regressions, _ = covariance_part(specification)
    ram = build_ram(survey.items.cov(ddof=0), measurement, regressions)
    theta = np.array([_plain(label) for label in ram.labels])
    for key, value in truth.items():
        theta[ram.labels.index(_label(key))] = value
    Sigma = implied(ram, theta[None])[0][0, 0]
    assert np.linalg.eigvalsh(Sigma)[0] > 0, "a covariance matrix all the same"
    draws = np.random.default_rng(7).standard_normal((ROWS, len(Sigma)))
    draws -= draws.mean(axis=0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(draws.T)), draws.T)
    X = (np.linalg.cholesky(Sigma) @ white).T
    low, high = X.min(axis=0), X.max(axis=0)
    answers = pd.DataFrame(2 + 7 * (X - low) / (high - low), columns=list(ram.observed))
    return answers.reindex(columns=list(survey.items.columns)).fillna(
        pd.DataFrame(np.random.default_rng(8).integers(1, 11, (ROWS, 24)).astype(float), columns=survey.items.columns)
    )


def _plain(label: str) -> float:
    left, operator, right = label.split(" ")
    if operator == "~~":
        return 1.0 if left == right else 0.3
    return 1.0 if operator == "=~" else 0.4


def _label(key: str) -> str:
    for spelt, operator in (("_on_", " ~ "), ("_by_", " =~ ")):
        if spelt in key:
            return operator.join(key.split(spelt))
    name = key.removeprefix("var_")
    return f"{name} ~~ {name}"


def project(home: Path, answers: pd.DataFrame, theory: str) -> str:
    """A project with the planted survey and one report on it; returns the report's name."""
    codebook = yaml.safe_load((DATA / "ecsi_mobile" / "codebook.yaml").read_text(encoding="utf-8"))
    codebook |= {"key": "planted", "file": "planted.csv", "committed": False, "how_to_get": "It is made by a test."}
    del codebook["sha256"]
    folder = home / "data" / "planted"
    folder.mkdir(parents=True)
    (folder / "codebook.yaml").write_text(yaml.safe_dump(codebook, allow_unicode=True), encoding="utf-8")
    answers.to_csv(folder / "planted.csv", index=False)
    name = f"satisfaction-index-planted-{theory}"
    parameters = {"notebook": "satisfaction_index", "title": {"en": "Planted"}, "group": {"en": "Planted"}}
    parameters["parameters"] = {"dataset": "planted", "theory": theory, "resamples": 100}
    (home / "notebooks" / "parameters").mkdir(parents=True)
    (home / "notebooks" / "parameters" / f"{name}.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")
    return name


CASES = {
    # the second item of value correlates so highly with satisfaction that its own variance would be negative
    "heywood": ("scsb", {"var_PERV2": -0.25}, "inadmissible", "cb_variance"),
    # quality is all but determined by expectation, so the data cannot tell what either does
    "collinear": ("acsi", {"quality_on_expectation": 1.0, "var_quality": 0.02}, "unidentified", "cb_collinear"),
}


@pytest.mark.parametrize("case", CASES)
def test_planted_failures_turn_the_report_red(tmp_path: Path, case: str) -> None:
    theory, truth, verdict, code = CASES[case]
    home = tmp_path / "project"
    name = project(home, planted(theory, **truth), theory)
    reports = render(home, name)
    warnings = pd.read_csv(reports / name / "tables" / "warnings.csv")
    assert code in set(warnings.code)
    assert set(warnings.severity[warnings.code == code]) == {verdict}
    page = (reports / f"{name}.html").read_text(encoding="utf-8")
    line = rf'<li class="{verdict}"><span class="severity">do not read</span> <span class="what"><strong>[^<]*CB-SEM'
    assert re.search(line, as_told(page))
    assert "Read the PLS numbers" in page
    paths = pd.read_csv(reports / name / "tables" / "paths.csv")
    assert paths.query("estimator == 'pls'").ci_lower.notna().all()
