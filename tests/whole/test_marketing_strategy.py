"""The report on what to strengthen, keep or drop as its reader gets it: the strategy planted in two groups is found."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from planted_survey import planted_codebook
from whole_report import as_told, render

from crmresearch.report.page.self_contained import external_resources
from crmresearch.strategy.strategy import REPORTED

NAME = "marketing-strategy-planted"
CHROMIUM = shutil.which("chromium")
# factor: mean answer, effect on satisfaction of group 1 and of group 2, and what follows from them
PLANTED = {
    "brand": (6.0, 0.15, 0.15, "undecided", "undecided"),
    "quality_stability": (4.0, 0.45, 0.15, "strengthen", "undecided"),
    "price_stability": (4.4, 0.15, 0.45, "undecided", "strengthen"),
    "staff": (8.0, 0.40, 0.15, "keep", "undecided"),
    "service_quality": (7.6, 0.15, 0.40, "undecided", "keep"),
    "trust": (6.0, 0.0, 0.0, "reduce", "reduce"),
}
RESPONDENTS = 6000


def plant(home: Path) -> None:
    """A survey of two groups who weigh the same factors differently, three items each, and the parameters."""
    rng = np.random.default_rng(11)
    group = rng.integers(1, 3, RESPONDENTS)
    effects = np.array([[rows[g] for rows in PLANTED.values()] for g in (1, 2)])[group - 1]
    common = rng.normal(size=(RESPONDENTS, 1))  # a factor alone of all would have weights made of chance
    factors = np.sqrt(0.3) * common + np.sqrt(0.7) * rng.normal(size=(RESPONDENTS, len(PLANTED)))
    satisfaction = (factors * effects).sum(axis=1) + 0.5 * rng.normal(size=RESPONDENTS)
    loyalty = 0.8 * satisfaction + 0.5 * rng.normal(size=RESPONDENTS)
    constructs = dict(zip(PLANTED, factors.T, strict=True)) | {"satisfaction": satisfaction, "loyalty": loyalty}
    columns = {}
    for key, values in constructs.items():
        middle = PLANTED[key][0] if key in PLANTED else 6.0
        for i in (1, 2, 3):
            noise = 0.4 * rng.normal(size=RESPONDENTS)
            columns[f"{key}_{i}"] = np.clip(np.rint(middle + 1.4 * (values + noise)), 1, 10)
    frame = pd.DataFrame(columns).astype(int).assign(use=group)
    codebook = planted_codebook(
        {key: [f"{key}_{i}" for i in (1, 2, 3)] for key in constructs},
        {"use": {"label": {"en": "Use"}, "values": {1: {"en": "at home"}, 2: {"en": "at work"}}}},
    )
    report = {
        "notebook": "marketing_strategy",
        "title": {"en": "Planted"},
        "group": {"en": "Strategy"},
        "parameters": {"dataset": "planted", "theory": "staged", "group": "use", "resamples": 200},
    }
    for path, content in (
        (home / "data/planted/codebook.yaml", codebook),
        (home / "notebooks/parameters" / f"{NAME}.yaml", report),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
    frame.to_csv(home / "data/planted/planted.csv", index=False)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("strategy") / "project"
    plant(home)
    return render(home, NAME)


@pytest.mark.slow
def test_the_planted_strategy_is_decided(reports: Path) -> None:
    table = pd.read_csv(reports / NAME / "tables" / "decisions.csv")
    assert list(table.columns) == REPORTED
    decided = table.pivot(index="factor", columns="segment", values="decision")
    for factor, (*_, home, work) in PLANTED.items():
        assert (decided.loc[factor, "1"], decided.loc[factor, "2"]) == (home, work), factor
    assert table["stage"].unique().tolist() == ["before", "during", "after"]
    assert ((table["rank_lower"] >= 1) & (table["rank_upper"] <= len(PLANTED))).all()


@pytest.mark.slow
def test_the_page(reports: Path) -> None:
    page = (reports / f"{NAME}.html").read_text(encoding="utf-8")
    assert external_resources(page) == []
    assert "Traceback" not in page
    record = json.loads((reports / NAME / "report.json").read_text(encoding="utf-8"))
    assert record["status"] == "done"
    assert record["headline"] in as_told(page)
    assert {path.stem for path in (reports / NAME / "figures").glob("*.svg")} == {"decisions", "importance"}
    named = {"decisions", "gains", "plans", "what_if", "actions", "apart", "warnings"}
    assert named <= {path.stem for path in (reports / NAME / "tables").glob("*.csv")}
    actions = pd.read_csv(reports / NAME / "tables" / "actions.csv")
    assert len(actions) == (pd.read_csv(reports / NAME / "tables" / "decisions.csv")["decision"] != "undecided").sum()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium to open the page in (Debian: apt install chromium)")
def test_sliders_say_what_the_table_says(reports: Path) -> None:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser; install it to run this")
    table = pd.read_csv(reports / NAME / "tables" / "what_if.csv", dtype={"segment": str}).fillna({"factor": ""})
    with sync.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto((reports / f"{NAME}.html").as_uri())
        results, sliders = tab.locator(".result output"), tab.locator("input[type=range]").all()
        for place, segment in enumerate(["all", "1", "2"]):
            tab.locator(".crm-what-if select").select_option(index=place)
            for moved, factor in enumerate(["", *PLANTED]):
                for i, slider in enumerate(sliders):
                    slider.fill("1" if i == moved - 1 else "0")
                rows = table[(table["segment"] == segment) & (table["factor"] == factor)]
                ends = zip(rows["estimate"], rows["ci_lower"], rows["ci_upper"], strict=True)
                told = [f"{estimate:.1f} ({lower:.1f} to {upper:.1f})" for estimate, lower, upper in ends]
                assert results.all_inner_texts() == told
        browser.close()
