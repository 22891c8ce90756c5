"""Every method in the cells of a monitoring report: followed, or refused before any data are read, with the reason."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from notebook_cells import run_cells

from crmresearch.data.reserved_columns import FORECASTS
from crmresearch.errors import ParameterError
from crmresearch.segmentation.registry import described, every_method

pytestmark = pytest.mark.usefixtures("few_starts")

CODEBOOK = """\
kind: transactions
key: shop
title: {en: Shop}
about: {en: Made up.}
file: lines.csv
committed: false
how_to_get: Ask the test.
columns: {customer: customer, time: day, amount: amount, category: category}
attributes: {town: {en: Home town}}
last_day: "2020-12-31"
currency: EUR
rules: {returns: net, duplicates: keep}
"""
RULES = """\
key: desk
definition: {en: Who the desk calls.}
rules:
  - {segment: near, label: {en: Near}, when: {town: {in: [Ulm]}, recency: {max: 120}}}
  - {segment: tea, label: {en: Tea}, when: {share_tea: {min: 0.5}}}
  - {segment: lately, label: {en: Lately}, when: {spend_last_30: {min: 1}}}
tags:
  - {tag: often, label: {en: Often}, when: {frequency: {min: 4}}}
"""
FEW = {"first_cutoff": "2020-06-30", "step": 61, "windows": 2, "folds": 2, "resamples": 50, "simulations": 20}
METHODS = {method.name: method for method in [*every_method((3,)), *described()]}


def not_at_a_cutoff(name: str) -> bool:
    """What a cut-off does not know: forecasts, and what comes after it."""
    return bool(METHODS[name].outcome or set(METHODS[name].needs) & set(FORECASTS))


FOLLOWED = [name for name in METHODS if not not_at_a_cutoff(name)]
REFUSED = [name for name in METHODS if not_at_a_cutoff(name)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "shop"
    folder.mkdir()
    rng, lines = np.random.default_rng(4), []
    for i in range(160):
        days = [int(rng.integers(0, 150)), *rng.integers(150, 366, rng.poisson(rng.gamma(1.0, 4.0)))]
        for day in days:
            what = ("tea", "cups")[int(rng.random() < 0.5)]
            lines.append((i, date(2020, 1, 1) + timedelta(days=int(day)), round(rng.gamma(4, 5), 2), what,
                          ("Ulm", "Bonn", "Kiel")[i % 3]))  # fmt: skip
    columns = ["customer", "day", "amount", "category", "town"]
    pd.DataFrame(lines, columns=columns).to_csv(folder / "lines.csv", index=False)
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "method", [pytest.param(name, marks=[pytest.mark.long] * (i % 6 > 0)) for i, name in enumerate(FOLLOWED)]
)
def test_a_method_is_followed(shop: Path, method: str) -> None:
    names = run_cells("segment_monitoring", {"dataset": str(shop), "method": method, **FEW})
    assert names["monitoring"].method.name == method
    learned = pd.notna(names["monitoring"].windows["r2_refitted"].iloc[1])
    assert not (learned and not METHODS[method].learns)


@pytest.mark.parametrize("method", REFUSED)
def test_a_method_is_refused_before_the_data_are_read(method: str) -> None:
    with pytest.raises(ParameterError, match=f"'{method}' cannot be monitored: it (reads|learns from) "):
        run_cells("segment_monitoring", {"dataset": "nowhere", "method": method, **FEW})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"method": "nobody"}, "'nobody' cannot be monitored: there is no such method; use one of rfm_eight_mean"),
        ({"method": "own_rules"}, "follows the segments of a file; name that file as `rules`"),
        ({"rules": "rules.yaml"}, "`rules` is read by `method: own_rules` only"),
    ],
)
def test_method_and_rules_must_fit(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ParameterError) as refused:
        run_cells("segment_monitoring", {"dataset": "nowhere", **FEW, **given})
    assert sentence in str(refused.value)


def test_own_rules_are_followed_by_attribute_share_and_days_of_their_own(shop: Path) -> None:
    given = {"dataset": str(shop), "method": "own_rules", "rules": str(shop / "rules.yaml"), **FEW}
    names = run_cells("segment_monitoring", given)
    monitoring, customers = names["monitoring"], names["customers"]
    last = customers[monitoring.now.cutoff]
    near = (last["town"] == "Ulm") & (last["recency"] <= 120)
    tea = ~near & (last["share_tea"] >= 0.5)
    lately = ~near & ~tea & (last["spend_last_30"] >= 1)
    found = monitoring.assigned[monitoring.now.cutoff].value_counts()
    assert found[["near", "tea", "lately"]].tolist() == [near.sum(), tea.sum(), lately.sum()]
    assert list(monitoring.features["feature"]) == ["town", "recency", "share_tea", "spend_last_30"]
    assert names["story"].feature("town") == "Home town"
    assert names["story"].outcome.decision in ("rules", "rules_size")
    assert "town is no column that a purchase model can foresee" in names["no_ageing"]
    assert not set(names["tables"].scores(names["story"])) & {"r2_refitted", "difference", "relabelled"}
    assert "not_learned" not in set(names["cautions"](names["story"])["code"])
