"""Samples with missing answers shared by the tests of full-information and robust estimation."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from covariance_cases import MODELS, REFERENCE, hs_groups, survey

from crmresearch.sem.covariance.full_information import sample_patterns
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern
from crmresearch.sem.covariance.likelihood.minimise import minimise
from crmresearch.sem.covariance.likelihood.ram import Ram
from crmresearch.sem.covariance.model import build_ram


class Sample(NamedTuple):
    """A model, the answers (n, p) of its items with NaN where there is none, and the group of every row."""

    ram: Ram
    X: np.ndarray
    group: np.ndarray | None = None

    @property
    def patterns(self) -> list[Pattern]:
        return sample_patterns(self.ram, self.X, self.group)

    @property
    def n(self) -> int:
        return sum(pattern.rows for pattern in self.patterns)

    def estimates(self) -> np.ndarray:
        return minimise(self.ram, self.patterns, self.ram.start[None]).theta[0]


def sample(name: str, answers: pd.DataFrame | None = None, *, means: bool = True) -> Sample:
    """One of the models on its survey, or on other answers."""
    model = MODELS[name]
    answers = survey(model.survey) if answers is None else answers
    average = answers.mean(numeric_only=True) if means else None
    ram = build_ram(answers.cov(ddof=0, numeric_only=True), *model[1:], means=average)
    return Sample(ram, answers[list(ram.observed)].to_numpy(dtype=np.float64))


@cache
def holed_mobi() -> pd.DataFrame:
    """The mobile survey without the 300 answers of mobi_holes.csv."""
    answers = survey("mobi").copy()
    holes = pd.read_csv(REFERENCE / "mobi_holes.csv", comment="#")
    for row, item in zip(holes["row"], holes["item"], strict=True):
        answers.loc[answers.index[row - 1], item] = np.nan
    return answers


def hs_groups_with_holes(equal: str) -> Sample:
    """Two schools with a tenth of the answers missing."""
    ram = hs_groups(equal).ram
    answers = survey("hs")
    X = answers[list(ram.observed)].to_numpy(dtype=np.float64)
    X[np.random.default_rng(1).random(X.shape) < 0.1] = np.nan
    return Sample(ram, X, (answers["school"] == "Grant-White").to_numpy(dtype=np.intp))
