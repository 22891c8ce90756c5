"""The satisfaction report as its reader gets it: the real notebook on the real survey, rendered for good."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from whole_report import as_told, install, render, render_installed

from crmresearch.paths import PARAMETERS, THEORIES
from crmresearch.report.page.self_contained import external_resources

NAME = "satisfaction-index-ecsi-mobile-ecsi"
SECTIONS = [
    "Who was asked, and what is missing",
    "The model",
    "Can the constructs be measured by these items?",
    "What goes with what",
    "The same model as a covariance structure",
    "Direct and indirect effects",
    "Does the model foresee other respondents?",
    "The index of every construct",
    "What this cannot say",
    "Methods",
    "Glossary",
    "Provenance",
]
PATH_COLUMNS = ["estimator", "group", "outcome", "predictor", "estimate", "standardized", "se", "ci_lower", "ci_upper",
                "p_value"]  # fmt: skip
TABLES = ["paths", "loadings", "weights", "r_squared", "total_effects", "index", "warnings", "fit", "cb_paths"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("first") / "project", NAME)


@pytest.fixture(scope="module")
def page(reports: Path) -> str:
    return (reports / f"{NAME}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tables(reports: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_csv(path) for path in (reports / NAME / "tables").glob("*.csv")}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.alts: list[str] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag == "h2"
        if tag == "h2":
            self.headings.append("")
        if tag == "svg":
            self.alts.append(dict(attrs).get("aria-label") or "")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "h2"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.headings[-1] += data


def test_the_page_loads_nothing_and_has_every_section_in_order(page: str) -> None:
    assert external_resources(page) == []
    text = _Text()
    text.feed(page)
    found = [re.sub(r"\s+", " ", heading).strip(" ¶#") for heading in text.headings]
    assert [heading for heading in found if heading in SECTIONS] == SECTIONS
    assert len(text.alts) == 3
    assert all(len(alt) > 30 for alt in text.alts)
    assert page.count("<math") >= 8
    assert "Traceback" not in page
    assert not re.search(r"<pre[^>]*>(False|None)", page)  # a step that shows nothing shows nothing


def test_captions_are_numbered_in_order(page: str) -> None:
    for kind, count in (("Table", 17), ("Figure", 3)):
        numbers = re.findall(rf'class="crm-number"[^>]*>{kind} (\d+)', page)
        assert [int(number) for number in numbers] == list(range(1, count + 1))


def test_tables_have_the_fixed_names_and_columns(tables: dict[str, pd.DataFrame]) -> None:
    assert set(TABLES) <= set(tables)
    assert list(tables["paths"].columns)[:10] == PATH_COLUMNS
    assert set(tables["paths"].estimator) == {"pls", "plsc", "cbsem"}
    assert list(tables["warnings"].columns) == ["subject", "code", "severity", "quantity", "message"]
    for name in ("loadings", "weights"):
        assert {"estimator", "group", "construct", "item", "estimate", "se", "ci_lower"} <= set(tables[name].columns)


def test_paths_are_those_of_the_reference(tables: dict[str, pd.DataFrame]) -> None:
    """R seminr 2.3.4, composites with path weighting, ECSI mobile data: two paths of each kind."""
    paths = tables["paths"].set_index(["estimator", "predictor", "outcome"])["estimate"]
    assert paths["pls", "quality", "satisfaction"] == pytest.approx(0.51202394, abs=5e-9)
    assert paths["pls", "satisfaction", "loyalty"] == pytest.approx(0.48547762, abs=5e-9)
    assert paths["plsc", "image", "expectation"] == pytest.approx(0.86329322, abs=5e-9)
    assert paths["plsc", "image", "loyalty"] == pytest.approx(-0.09097198, abs=5e-9)


def test_intervals_hold_their_estimates(tables: dict[str, pd.DataFrame]) -> None:
    pls = tables["paths"].query("estimator == 'pls'")
    assert (pls.ci_lower < pls.estimate).all()
    assert (pls.estimate < pls.ci_upper).all()
    clear = (pls.ci_lower > 0) | (pls.ci_upper < 0)
    assert ((pls.p_value < 0.05) == clear).all()


def test_the_headline_is_the_index(reports: Path, page: str, tables: dict[str, pd.DataFrame]) -> None:
    record = json.loads((reports / NAME / "report.json").read_text(encoding="utf-8"))
    index = tables["index"].set_index("construct").loc["satisfaction"]
    assert f"{index.estimate:.1f} out of 100" in record["headline"]
    assert record["headline"] in as_told(page)
    assert record["status"] == "done"
    assert record["data_sha256"] in page
    assert {"notebook", "title", "parameters", "commit", "versions", "seed", "duration"} <= set(record)


def test_figures_are_written_as_svg_and_png(reports: Path) -> None:
    names = {path.name for path in (reports / NAME / "figures").iterdir()}
    assert names == {f"{figure}.{kind}" for figure in ("model", "paths", "index") for kind in ("svg", "png")}


@pytest.mark.long
def test_an_installed_wheel_makes_the_same_bytes_from_files_of_ones_own(reports: Path, tmp_path: Path) -> None:
    """Made a second time: by a wheel, of files that lie anywhere, in another language and time zone."""
    site, study, elsewhere = (tmp_path / name for name in ("site é", "my study", "elsewhere"))
    install(site)
    study.mkdir()
    elsewhere.mkdir()
    parameters = yaml.safe_load((PARAMETERS / f"{NAME}.yaml").read_text(encoding="utf-8"))
    parameters["parameters"]["theory"] = "own.yaml"
    (study / "mine.yaml").write_text(yaml.safe_dump(parameters, allow_unicode=True), encoding="utf-8")
    shutil.copy(THEORIES / "ecsi.yaml", study / "own.yaml")
    render_installed(site, elsewhere, "../my study/mine.yaml", "../made")
    made = tmp_path / "made"
    assert sorted(path.name for path in made.iterdir()) == ["mine", "mine.html"]
    assert not list(elsewhere.iterdir())
    record = json.loads((made / "mine" / "report.json").read_text(encoding="utf-8"))
    assert record["status"] == "done"
    assert record["notebook"].endswith("satisfaction_index.ipynb")
    first, again = (_bytes(folder) for folder in (reports / NAME, made / "mine"))
    assert len(first) >= 15
    assert first == again


def _bytes(folder: Path) -> dict[Path, bytes]:
    """What a report writes besides its page: tables and figures."""
    kinds = {".csv", ".tex", ".svg", ".png"}
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.suffix in kinds}


def test_the_weakly_identified_structure_is_red_at_the_top(page: str, tables: dict[str, pd.DataFrame]) -> None:
    warnings = tables["warnings"]
    gravest = warnings.drop_duplicates("subject").set_index("subject")
    assert gravest.code.tolist() == ["htmt", "cb_collinear", "correlations"]
    assert "smallest eigenvalue -0.0030" in gravest.message.iloc[2].replace("−", "-")
    assert re.search(r'<section class="crm-box crm-trust weak"', page)  # that of the numbers the page leads with
    for severity, subject in (("unidentified", "CB-SEM"), ("inadmissible", "PLSc")):
        line = rf'<li class="{severity}"><span class="severity">do not read</span> <span class="what"><strong>[^<]*'
        assert re.search(line + subject, as_told(page))
    assert "Read the PLS numbers" in page
    # lavaan: chi-square of the full ECSI model on the mobile data
    fit = tables["fit"].set_index("measure")["value"]
    assert fit["chisq"] == pytest.approx(575.571282, abs=1e-4)


@pytest.mark.long
def test_an_inadmissible_correction_turns_the_report_red(tmp_path: Path) -> None:
    name = "satisfaction-index-ecsi-mobile-staged"
    reports = render(tmp_path / "project", name)
    warnings = pd.read_csv(reports / name / "tables" / "warnings.csv").set_index("code")
    assert warnings.severity["correlation"] == "inadmissible"
    assert "Brand information and Quality and its stability would correlate 1.03" in warnings.message["correlation"]
    assert "proxies chosen after the fact" in warnings.message["proxies"]
    page = (reports / f"{name}.html").read_text(encoding="utf-8")
    lines = [
        found.start() for found in re.finditer(r'<li class="inadmissible"><span class="severity">do not read', page)
    ]
    assert len(lines) == 2
    assert max(lines) < page.rindex("Who was asked")
    r2 = pd.read_csv(reports / name / "tables" / "r_squared.csv").query("estimator == 'pls'").set_index("outcome")
    # first-order staged proxies on the mobile data in mode A: .70 and .43
    assert np.round(r2.estimate[["satisfaction", "loyalty"]], 2).tolist() == [0.70, 0.43]
