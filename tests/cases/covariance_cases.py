"""Models, samples and lavaan's numbers shared by the tests of `crmresearch.sem.covariance`.

Moments have divisor n. With n − 1 the χ² n·F and the loadings stay as they are, but every variance moves by
1/(n − 1): on the 301 rows of hs by up to 0.0038 (x2 ~~ x2, 1.134/300). The data sets themselves are lavaan's own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from semopy.examples import holzinger39, political_democracy

from crmresearch.paths import DATA
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate
from crmresearch.sem.covariance.likelihood.minimise import Minimum, minimise
from crmresearch.sem.covariance.likelihood.ram import Cell, Ram
from crmresearch.sem.covariance.model import build_ram

REFERENCE = Path(__file__).parents[1] / "reference"
PRINTED = json.loads((REFERENCE / "lavaan.json").read_text(encoding="utf-8"))
EXTRA = json.loads((REFERENCE / "lavaan_extra.json").read_text(encoding="utf-8"))

ITEMS = {
    "image": [f"IMAG{i}" for i in range(1, 6)],
    "expectation": [f"CUEX{i}" for i in range(1, 4)],
    "quality": [f"PERQ{i}" for i in range(1, 8)],
    "value": ["PERV1", "PERV2"],
    "satisfaction": [f"CUSA{i}" for i in range(1, 4)],
    "loyalty": [f"CUSL{i}" for i in range(1, 4)],
}


class Model(NamedTuple):
    """What `build_ram` takes, and the survey it is estimated on."""

    survey: str
    measurement: Mapping[str, Sequence[str]]
    regressions: Mapping[str, Sequence[str]] = {}
    residual_covariances: Sequence[tuple[str, str]] = ()


def _some(*keys: str) -> dict[str, list[str]]:
    return {key: ITEMS[key] for key in keys}


LOYALTY = {"CUSCO": ["satisfaction"], "loyalty": ["satisfaction", "CUSCO"]}
MODELS = {
    "hs": Model("hs", {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}),
    "pd": Model(
        "pd",
        {"ind60": ["x1", "x2", "x3"], "dem60": ["y1", "y2", "y3", "y4"], "dem65": ["y5", "y6", "y7", "y8"]},
        {"dem60": ["ind60"], "dem65": ["ind60", "dem60"]},
        [("y1", "y5"), ("y2", "y4"), ("y2", "y6"), ("y3", "y7"), ("y4", "y8"), ("y6", "y8")],
    ),
    "scsb": Model(
        "mobi",
        _some("expectation", "value", "satisfaction", "loyalty"),
        {"value": ["expectation"], "satisfaction": ["expectation", "value"], **LOYALTY},
    ),
    "acsi": Model(
        "mobi",
        _some("expectation", "quality", "value", "satisfaction", "loyalty"),
        {
            "quality": ["expectation"],
            "value": ["expectation", "quality"],
            "satisfaction": ["expectation", "quality", "value"],
            **LOYALTY,
        },
    ),
    "ecsi": Model(
        "mobi",
        ITEMS,
        {
            "expectation": ["image"],
            "quality": ["expectation"],
            "value": ["expectation", "quality"],
            "satisfaction": ["image", "expectation", "quality", "value"],
            "CUSCO": ["satisfaction"],
            "loyalty": ["image", "satisfaction", "CUSCO"],
        },
    ),
    "staged": Model(
        "mobi",
        {
            "brand": ["IMAG2", "IMAG3", "IMAG5"],
            "quality_stability": ["PERQ1", "PERQ2", "PERQ5", "PERQ6"],
            "price_stability": ["PERV1", "PERV2"],
            "contact_points": ["CUSCO", "IMAG4"],
            **_some("satisfaction", "loyalty"),
        },
        {
            "satisfaction": [
                *("PERQ7", "brand", "quality_stability", "price_stability"),
                *("PERQ3", "PERQ4", "IMAG1", "contact_points"),
            ],
            "loyalty": ["satisfaction"],
        },
    ),
    "reputation": Model(
        "reputation",
        {key: [f"{key}_{i}" for i in range(1, 4)] for key in ("comp", "like", "cusl")},
        {"cusa": ["comp", "like"], "cusl": ["comp", "like", "cusa"]},
    ),
}


@cache
def survey(name: str) -> pd.DataFrame:
    """Answers of one survey; the reputation survey with the item's mean for −99."""
    if name == "hs":
        return holzinger39.get_data()
    if name == "pd":
        return political_democracy.get_data()
    if name == "mobi":
        return pd.read_csv(DATA / "ecsi_mobile" / "mobi.csv").astype(np.float64)
    answers = pd.read_csv(DATA / "corporate_reputation" / "corp_rep_data.csv").astype(np.float64).replace(-99.0, np.nan)
    return answers.fillna(answers.mean())


def resample_counts() -> np.ndarray:
    """How often each row of mobi was drawn in each of the committed resamples (40, 250)."""
    drawn = pd.read_csv(REFERENCE / "mobi_resamples.csv", comment="#", dtype=str)["counts"]
    return np.array([[int(digit) for digit in line] for line in drawn])


def moments(answers: pd.DataFrame, items: Sequence[str], *, means: bool = False, group: int = 0) -> Pattern:
    """Complete answers as one pattern of one sample."""
    X = answers[list(items)].to_numpy(dtype=np.float64)
    mean = X.mean(axis=0)[None] if means else None
    return Pattern(len(X), np.arange(len(items)), np.cov(X.T, ddof=0)[None], mean, group)


class Problem(NamedTuple):
    """A model with its data as moments."""

    ram: Ram
    patterns: list[Pattern]

    @property
    def n(self) -> int:
        return sum(pattern.rows for pattern in self.patterns)

    def fit(self, lower: np.ndarray | None = None) -> Minimum:
        return minimise(self.ram, self.patterns, self.ram.start[None], lower)


def problem(name: str, answers: pd.DataFrame | None = None, *, means: bool = False) -> Problem:
    """One of the models on its survey, or on other answers."""
    model = MODELS[name]
    answers = survey(model.survey) if answers is None else answers
    ram = build_ram(
        answers.cov(ddof=0, numeric_only=True), *model[1:], means=answers.mean(numeric_only=True) if means else None
    )
    return Problem(ram, [moments(answers, ram.observed, means=means)])


def hs_equal() -> Problem:
    """The hs model whose free loadings are equal within a factor."""
    ram, patterns = problem("hs")
    return Problem(replace(ram, cells=tuple(_equal_within_factor(cell) for cell in ram.cells)), patterns)


def _equal_within_factor(cell: Cell) -> Cell:
    return replace(cell, label=f"{cell.column} =~ x") if cell.label and "=~" in cell.label else cell


def hs_groups(equal: str) -> Problem:
    """The hs model with means in both schools: configural, metric (loadings equal) or scalar (intercepts too)."""
    shared = {"configural": (), "metric": ("=~",), "scalar": ("=~", "~1")}[equal]
    answers = survey("hs")
    cells: list[Cell] = []
    patterns = []
    for g, school in enumerate(("Pasteur", "Grant-White")):
        one, (pattern,) = problem("hs", answers[answers["school"] == school], means=True)
        patterns.append(replace(pattern, group=g))
        for cell in one.cells:
            own = cell.label and not any(operator in cell.label.split() for operator in shared)
            cells.append(replace(cell, group=g, label=f"{cell.label} in {school}" if own else cell.label))
        if equal == "scalar" and g:
            cells += [Cell("M", f, f, 0.0, f"{f} ~1 in {school}", g) for f in one.latent]
    return Problem(Ram(one.observed, one.latent, tuple(cells), groups=2), patterns)


def standard_errors(case: Problem, theta: np.ndarray, *, observed: bool = False) -> np.ndarray:
    """From the expected or the observed information n/2 · Hessian at θ (q,)."""
    value = evaluate(case.ram, theta[None], case.patterns)
    hessian = value.observed if observed else value.expected
    assert hessian is not None
    return np.sqrt(np.diag(np.linalg.inv(hessian[0] * case.n / 2)))


def labelled(table: Mapping[str, Any], labels: Sequence[str]) -> np.ndarray:
    """Rows of a reference table in the order of our labels; covariances may be written either way round."""

    def row(label: str) -> Any:
        left, operator, *right = label.split()
        return table[label] if label in table or operator != "~~" else table[f"{right[0]} ~~ {left}"]

    return np.array([row(label) for label in labels], dtype=np.float64)
