"""A language is a YAML file beside each of English: a report and the index told in a pseudo-language show no other.

The pseudo-language writes every letter with a mark (`tests/cases/pseudo_language.py`), so that a word of bare letters
on a page is one that no text file says. What stays is data: names of items, citations, keys of files and their formats,
symbols of parameters, and code.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from pseudo_language import LANGUAGE, add_language, bare_words, codebook_data, headline, marked, visible

from crmresearch.paths import DATA, NOTEBOOKS, PACKAGE
from crmresearch.references import known
from crmresearch.texts import lacking

REPORTS: dict[str, dict[str, object]] = {
    "survey-quality-ecsi-mobile": {},
    "satisfaction-index-ecsi-mobile-staged": {"resamples": 100},
    "theory-comparison-ecsi-mobile": {"resamples": 100},
    "model-checks-ecsi-mobile-ecsi": {"resamples": 100},
    "measurement-quality-ecsi-mobile-ecsi": {"resamples": 100},
    "marketing-strategy-ecsi-mobile-staged": {
        "resamples": 100,
        "classes": 1,
        "importance_cut": 0.01,
        "performance_cut": 50,
    },
    "profit-link-staged-simulated-staged": {},
    "customer-value-cdnow": {"resamples": 50, "value_resamples": 50},
    "customer-profiles-cdnow": {"resamples": 20, "refits": 2},
    "unusual-purchases-cdnow": {},
    "revenue-forecast-cdnow": {"origins": 3},
    "cross-selling-baskets-simulated": {"worlds": 2, "resamples": 50},
    "customer-today-cdnow": {"resamples": 20, "contact_cost": 2.0},
    "churn-warning-cdnow": {"resamples": 20},
    "new-customers-cdnow": {"resamples": 20},
}
SKIPPED = ("satisfaction-index-acsi-2015-acsi", "customer-value-online-retail")  # no data, but how to get them
SHORT = "survey-quality-ecsi-mobile"
LETTERS = set(marked("aeio"))
SYMBOLS = ["alpha", "beta", "gamma"]  # parameters of the value models, which the literature writes so
RULES = ["cdnow desk"]  # the key of a file of rules, by which its method is called
KEYS = ["ecsi_mobile", "staged"]  # of a data set and a theory, to be typed


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package (`site`) and of notebooks and data (`home`), told in the pseudo-language by YAML alone."""
    root = tmp_path_factory.mktemp("language")
    shutil.copytree(PACKAGE, root / "site" / "crmresearch", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(NOTEBOOKS, root / "home" / "notebooks")
    shutil.copytree(DATA, root / "home" / "data")
    _fewer(root / "home" / "data" / "cdnow")
    parameters = root / "home" / "notebooks" / "parameters"
    for path in parameters.glob("*.yaml"):
        if path.stem not in (*REPORTS, *SKIPPED):
            path.unlink()
            continue
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        content["parameters"] |= {"language": LANGUAGE, **REPORTS.get(path.stem, {})}
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    shutil.copy(parameters / "customer-value-cdnow.yaml", parameters / "not-made.yaml")
    add_language(root / "site" / "crmresearch", _documents(root))
    return root


def _fewer(cdnow: Path) -> None:
    """Every tenth customer is enough to say something of."""
    purchases = pd.read_parquet(cdnow / "transactions.parquet")
    purchases[purchases["customer"].astype(int) % 10 == 0].to_parquet(cdnow / "transactions.parquet", index=False)
    codebook = yaml.safe_load((cdnow / "codebook.yaml").read_text(encoding="utf-8"))
    codebook["sha256"] = hashlib.sha256((cdnow / "transactions.parquet").read_bytes()).hexdigest()
    (cdnow / "codebook.yaml").write_text(yaml.safe_dump(codebook, allow_unicode=True), encoding="utf-8")


def _documents(root: Path) -> list[Path]:
    """What has its languages inside: codebooks, rules, theories, parameters."""
    data, home = root / "home" / "data", root / "home"
    models = (root / "site" / "crmresearch" / "models").glob("*.yaml")
    return [*data.rglob("*.yaml"), *models, *(home / "notebooks" / "parameters").glob("*.yaml")]


def _run(root: Path, *arguments: str) -> str:
    code, told = _command(root, *arguments)
    assert code == 0, told
    return told


def _refused(root: Path, *arguments: str) -> str:
    code, told = _command(root, *arguments)
    assert code == 2, told
    return told


def _command(root: Path, *arguments: str) -> tuple[int, str]:
    hidden = ("CRMRESEARCH_DATA", "PYTHONPATH")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment |= {"PYTHONPATH": str(root / "site"), "CRMRESEARCH_HOME": str(root / "home")}
    command = [sys.executable, "-m", "crmresearch", *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _data(root: Path) -> list[str]:
    found = [codebook_data(path) for path in _documents(root) if path.parent.name != "parameters"]
    sold = pd.read_csv(root / "home" / "data" / "baskets_simulated" / "orders.csv")
    names = [str(name) for column in ("product", "category") for name in sold[column].unique()]
    return [*(text for texts in found for text in texts), *SYMBOLS, *RULES, *KEYS, *names, *_publications()]


def _publications() -> list[str]:
    """References and how they are cited, which are the same in every language."""
    found = [[one.cited(), one.cited(narrative=True), *one.apa("*").split("*")] for one in known().values()]
    return [text.strip(" ,.") for texts in found for text in texts if text.strip(" ,.")]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == SHORT else pytest.mark.long) for name in REPORTS]
)
def test_a_report_says_nothing_that_its_language_does_not_say(site: Path, name: str) -> None:
    _run(site, "report", name)
    html = (site / "home" / "reports" / f"{name}.html").read_text(encoding="utf-8")
    assert f'<html lang="{LANGUAGE}">' in html
    files = ["references.bib", "methods.txt", f"{name}.xlsx", f"{name}.docx"]
    formats = ["BibTeX", "Excel", "Word", *files]  # names of programs and files
    assert bare_words(html, [*_data(site), *formats]) == []
    told = visible(html)
    kinds = {re.split(r"[ .]", place.split(" > ")[-1])[0] for place, text in told if set(text) & LETTERS}
    assert kinds >= {"picture", "svg", "nav", "button", "title", "h1", "p", "td", "th"}
    assert set(headline(site / "home" / "reports" / name)) & LETTERS


@pytest.mark.long
def test_the_index_says_nothing_that_its_language_does_not_say(site: Path) -> None:
    for name in SKIPPED:
        assert f"skipped {name}" in _run(site, "report", name)
    _run(site, "index", "--language", LANGUAGE)
    html = (site / "home" / "reports" / "index.html").read_text(encoding="utf-8")
    assert marked("Not made yet: run") in html
    assert html.count(marked("Download")) == len(SKIPPED)  # how to get the data, by their codebooks
    assert bare_words(html, _data(site)) == []


def test_a_language_that_lacks_something_is_refused_by_file_and_key(site: Path) -> None:
    package = site / "site" / "crmresearch"
    assert lacking(package, LANGUAGE) == lacking(package, "en") == []
    path = package / "stories" / "satisfaction" / f"{LANGUAGE}.yaml"
    whole = path.read_text(encoding="utf-8")
    content = yaml.safe_load(whole)
    try:
        del content["finding"]["index"], content["word"]
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        refused = _refused(site, "report", "satisfaction-index-ecsi-mobile-staged")
        assert (
            f"`language`: '{LANGUAGE}' cannot be told: crmresearch/stories/satisfaction/{LANGUAGE}.yaml lacks"
            in refused
        )
        assert "lacks finding.index, word.index, word.path, word.r_squared" in refused
        assert refused.count("cannot be told") == 1
        path.unlink()
        assert f"{LANGUAGE}.yaml is missing; write it beside en.yaml" in _refused(site, "index", "--language", LANGUAGE)
    finally:
        path.write_text(whole, encoding="utf-8")
