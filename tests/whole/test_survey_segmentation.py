"""The report on segments of a survey as its reader gets it: planted segments of a survey of one's own, named."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from planted_survey import planted_codebook
from sklearn.metrics import adjusted_rand_score
from whole_report import as_told, render

from crmresearch.report.page.self_contained import external_resources

pytestmark = pytest.mark.long

NAME = "survey-segmentation-planted"
CONSTRUCTS = {"expectation": 2, "quality": 3, "value": 2, "satisfaction": 2, "complaint_handling": 1, "loyalty": 2}
# of expectation, quality and value: those who praise quality, those who praise the price, few who praise nothing
PROFILES = {"expectation": [6.5, 6.5, 2.0], "quality": [9.0, 4.0, 2.0], "value": [4.0, 9.0, 2.0]}
SIZES = [120, 100, 30]
SECTIONS = [
    "Who was asked, and what is missing",
    "How many segments",
    "The segments",
    "What sets each segment apart",
    "Who is in them",
    "How satisfied and loyal each segment is",
    "What this cannot say",
    "Methods",
    "Glossary",
]


def plant(home: Path) -> np.ndarray:
    """A survey of 250 in three segments of known size below `home`, and the parameters of its report."""
    rng = np.random.default_rng(4)
    truth = rng.permutation(np.repeat([0, 1, 2], SIZES))
    level = rng.normal(0, 1, len(truth))
    columns = {}
    for construct, number in CONSTRUCTS.items():
        for item in range(1, number + 1):
            centre = np.array(PROFILES.get(construct, [7.5, 6.5, 3.0]))[truth]
            own = level if construct not in PROFILES else 0
            columns[f"{construct}_{item}"] = np.clip(np.rint(centre + own + rng.normal(0, 1, len(truth))), 1, 10)
    frame = pd.DataFrame(columns).astype(int).astype(object)
    frame.loc[rng.random(len(frame)) < 0.1, "quality_2"] = ""
    frame["region"] = np.where(rng.random(len(frame)) < 0.9, truth, 0)
    codebook = planted_codebook(
        {c: [f"{c}_{i}" for i in range(1, n + 1)] for c, n in CONSTRUCTS.items()},
        {"region": {"label": {"en": "Region"}, "values": {i: {"en": f"region {i}"} for i in range(3)}}},
    )
    report = {
        "notebook": "survey_segmentation",
        "title": {"en": "Planted"},
        "group": {"en": "Segments"},
        "parameters": {"dataset": "planted", "theory": "acsi", "missing": "mean", "classes_most": 4, "starts": 2,
                       "refits": 4, "resamples": 100},
    }  # fmt: skip
    for path, content in ((home / "data/planted/codebook.yaml", codebook), (_parameters(home), report)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
    frame.to_csv(home / "data/planted/planted.csv", index=False)
    return truth


def _parameters(home: Path) -> Path:
    return home / "notebooks" / "parameters" / f"{NAME}.yaml"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    home = tmp_path_factory.mktemp("survey") / "project"
    truth = plant(home)
    return render(home, NAME), truth


def test_the_page(planted: tuple[Path, np.ndarray]) -> None:
    page = (planted[0] / f"{NAME}.html").read_text(encoding="utf-8")
    assert external_resources(page) == []
    assert "Traceback" not in page
    places = [page.rindex(f">{heading}") for heading in SECTIONS]
    assert places == sorted(places)
    record = json.loads((planted[0] / NAME / "report.json").read_text(encoding="utf-8"))
    assert record["status"] == "done"
    assert record["headline"] in as_told(page)
    figures = {path.stem for path in (planted[0] / NAME / "figures").glob("*.svg")}
    assert figures == {"numbers", "profile", "outcomes"}


def test_planted_segments_are_found_and_named(planted: tuple[Path, np.ndarray]) -> None:
    reports, truth = planted
    members = pd.read_csv(reports / NAME / "tables" / "segments.csv")
    assert list(members.columns) == ["respondent", "segment", "posterior"]
    assert adjusted_rand_score(truth, members.segment) > 0.9
    solutions = pd.read_csv(reports / NAME / "tables" / "solutions.csv").set_index("k")
    assert {"bic", "aic", "entropy_r2", "stability", "lowest_slsw"} <= set(solutions.columns)
    assert solutions.bic.idxmin() == 3
    assert solutions.stability[3] > 0.9
    headline = json.loads((reports / NAME / "report.json").read_text(encoding="utf-8"))["headline"]
    assert "250 respondents make 3 segments" in headline
    for name in ("12% low", "perceived quality", "perceived value"):
        assert name in headline


def test_too_few_for_a_model_are_flagged_and_pattern_is_not_called_level(planted: tuple[Path, np.ndarray]) -> None:
    reports = planted[0]
    warnings = pd.read_csv(reports / NAME / "tables" / "warnings.csv").set_index("code")
    assert "segment 1 (30)" in warnings.message["small_segments"].lower()
    assert not {"level_segments", "unstable_segments", "none_stable", "no_segments"} & set(warnings.index)
    models = pd.read_csv(reports / NAME / "tables" / "models.csv")
    assert set(models.segment) == {"all", "c2", "c3"}
    page = (reports / f"{NAME}.html").read_text(encoding="utf-8")
    assert "too small (30)" in page
    assert "By region the segments can be told apart better than by chance" in page


def test_a_variable_planted_with_the_segments_reaches_them(planted: tuple[Path, np.ndarray]) -> None:
    shares = pd.read_csv(planted[0] / NAME / "tables" / "shares.csv").set_index("value")
    np.testing.assert_allclose(shares[["c1", "c2", "c3"]].sum(axis=1), 1)
    assert shares.c1["region 2"] > 0.95
