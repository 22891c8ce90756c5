"""A method of another package in whole reports: named in tables, figures and sentences, and followed over time."""

import os
import re
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


def lines(customers: int = 150) -> pd.DataFrame:
    """Purchases of 2020; how long ago a customer bought foretells the later ones, so that `last_4` is a good method."""
    rng = np.random.default_rng(3)
    bought = []
    for i in range(customers):
        start, gone = int(rng.integers(0, 150)), int(rng.choice([160, 366]))
        for at in [start, *rng.integers(start + 1, gone, rng.poisson(5 * (gone - start) / 366 + 1))]:
            bought.append((f"c{i:03d}", date(2020, 1, 1) + timedelta(days=int(at)), round(float(rng.gamma(4, 5)), 2)))
    return pd.DataFrame(bought, columns=["customer", "day", "amount"])


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
    name, title = "shop-comparison", "Last buyers (4)"
    tables = [path.name for path in (reports / name / "tables").glob("*.csv") if title in path.read_text("utf-8")]
    assert len(tables) >= 3, tables
    page = (reports / f"{name}.html").read_text(encoding="utf-8")
    figure = page[page.index('id="figure-forest') :]
    assert title in page
    assert "Own rules" not in page
    assert "last 4" not in page
    print(tables, figure[:100])


def test_monitoring_follows_it(reports: Path) -> None:
    page = (reports / "shop-monitoring.html").read_text(encoding="utf-8")
    assert "Last buyers (4)" in page
    assert "Own rules" not in page
    shares = pd.read_csv(reports / "shop-monitoring" / "tables" / "shares.csv")
    assert {"since_1", "since_4"} <= set(shares["segment"]) or re.search("Group 1", shares.to_string())
