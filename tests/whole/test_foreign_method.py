"""A method of another package in whole reports: named in tables, figures and sentences, and followed over time."""

import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.paths import NOTEBOOKS
from crmresearch.segmentation.registry import GROUP

pytestmark = pytest.mark.long

CODEBOOK = """\
kind: transactions
key: shop
title: {en: Shop}
about: {en: Made up.}
file: lines.csv
committed: false
how_to_get: Ask the test.
source: made up
citation: none
licence: none
columns: {customer: customer, time: day, amount: amount}
last_day: "2020-12-31"
currency: EUR
rules: {returns: net, duplicates: keep}
"""
REPORTS = {
    "shop-comparison": """\
notebook: segmentation_comparison
title: {en: Compared}
group: {en: Segments}
parameters: {dataset: shop, earlier_cutoff: "2020-05-31", cutoff: "2020-08-31", holdout_end: "2020-12-31",
  sizes: [4], folds: 2, resamples: 50, refits: 2}
""",
    "shop-monitoring": """\
notebook: segment_monitoring
title: {en: Monitored}
group: {en: Segments}
parameters: {dataset: shop, method: last_4, first_cutoff: "2020-05-31", step: 61, windows: 3,
  folds: 2, resamples: 50, simulations: 20}
""",
}


def lines(customers: int = 160) -> pd.DataFrame:
    """Purchases of 2020. What follows the cut-off depends on the quarter of a customer by the last purchase alone."""
    rng, cutoff = np.random.default_rng(3), 243
    bought: list[tuple[str, int]] = []
    for i in range(customers):
        last = cutoff - round(240 * (i + 0.5) / customers)
        days = [last, *rng.integers(0, last + 1, rng.integers(1, 7))]
        days += list(rng.integers(cutoff + 1, 366, (12, 5, 2, 0)[4 * i // customers]))
        bought += [(f"c{i:03d}", int(day)) for day in days]
    frame = pd.DataFrame(bought, columns=["customer", "day"])
    frame["day"] = [date(2020, 1, 1) + timedelta(days=day) for day in frame["day"]]
    return frame.assign(amount=rng.gamma(4, 5, len(frame)).round(2))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two reports, rendered where a package with one method is installed."""
    home, site = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("site")
    shutil.copytree(NOTEBOOKS, home / "notebooks", ignore=shutil.ignore_patterns("parameters"))
    (home / "notebooks" / "parameters").mkdir()
    for name, text in REPORTS.items():
        (home / "notebooks" / "parameters" / f"{name}.yaml").write_text(text, encoding="utf-8")
    shop = home / "data" / "shop"
    shop.mkdir(parents=True)
    (shop / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    lines().to_csv(shop / "lines.csv", index=False)
    shutil.copy(Path(__file__).parents[1] / "cases" / "foreign_method.py", site)
    information = site / "foreign-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n", encoding="utf-8")
    (information / "entry_points.txt").write_text(f"[{GROUP}]\nlast = foreign_method\n", encoding="utf-8")
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "CRMRESEARCH_HOME": str(home), "PYTHONPATH": path}
    for name in REPORTS:
        command = [sys.executable, "-m", "crmresearch", "report", name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return home / "reports"


def test_the_comparison_names_it_in_tables_figures_and_sentences(reports: Path) -> None:
    folder, name = reports / "shop-comparison", "Last buyers (4)"
    tables = {path.stem for path in (folder / "tables").glob("*.csv") if name in path.read_text("utf-8")}
    assert {"ranking", "accuracy", "lasting"} <= tables
    figures = {path.stem for path in (folder / "figures").glob("*.svg") if name in path.read_text("utf-8")}
    assert {"forest", "validity_stability", "agreement", "gains"} <= figures
    assert name in json.loads((folder / "report.json").read_text("utf-8"))["headline"]
    assert "Other methods" in (folder / "figures" / "validity_stability.svg").read_text("utf-8")


def test_monitoring_follows_it(reports: Path) -> None:
    folder = reports / "shop-monitoring"
    assert "Last buyers (4)" in json.loads((folder / "report.json").read_text("utf-8"))["headline"]
    shares = pd.read_csv(folder / "tables" / "shares.csv")
    assert set(shares["segment"]) == {"since_1", "since_2", "since_3", "since_4"}


@pytest.mark.parametrize("name", list(REPORTS))
def test_it_is_never_called_own_rules(reports: Path, name: str) -> None:
    texts = [reports / f"{name}.html", *(reports / name).rglob("*.svg"), *(reports / name).rglob("*.csv")]
    for path in texts:
        assert "Own rules" not in path.read_text("utf-8"), path.name
        assert "last 4" not in path.read_text("utf-8"), path.name
