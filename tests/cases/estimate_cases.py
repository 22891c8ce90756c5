"""Specifications of the committed surveys and their estimates, shared by the tests of the public surface."""

from functools import cache

import numpy as np
import pandas as pd
from covariance_cases import survey
from holes_cases import holed_mobi

from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import Specification, bind, bind_items
from crmresearch.models.theory import Theory, load_theory
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.result import CbEstimate, Errors

THEORIES = ("scsb", "acsi", "ecsi", "staged", "reputation")


@cache
def specification(theory: str) -> Specification:
    """The theory with the committed codebook's items."""
    dataset = "corporate_reputation" if theory == "reputation" else "ecsi_mobile"
    return bind(load_theory(theory), load_survey(dataset).codebook)


def answers(theory: str) -> pd.DataFrame:
    """Complete answers of all items of the specification."""
    data = survey("reputation" if theory == "reputation" else "mobi")
    return data[specification(theory).items]


@cache
def estimated(theory: str, errors: Errors = "standard") -> CbEstimate:
    """The theory estimated from complete answers."""
    return estimate_cbsem(specification(theory), answers(theory), errors=errors)


@cache
def estimated_with_holes(theory: str, errors: Errors = "standard") -> CbEstimate:
    """The theory estimated by full information from the mobile survey with holes."""
    items = holed_mobi()[specification(theory).items]
    return estimate_cbsem(specification(theory), items, full_information=True, errors=errors)


def with_covariance(S: pd.DataFrame, n: int, seed: int = 1) -> pd.DataFrame:
    """n rows of normal answers whose covariance (divisor n) is S exactly."""
    X = np.random.default_rng(seed).standard_normal((n, len(S)))
    X -= X.mean(axis=0)
    X = np.linalg.solve(np.linalg.cholesky(X.T @ X / n), X.T).T
    return pd.DataFrame(X @ np.linalg.cholesky(S.to_numpy()).T + 5, columns=S.columns)


def small_model(items: dict[str, list[str]], paths: list[tuple[str, str]], **measurement: str) -> Specification:
    """A model of one's own: items per construct, common factors unless said otherwise, paths (predictor, outcome)."""
    text = {"en": "text"}
    theory = Theory.model_validate(
        {
            "key": "small",
            "title": text,
            "about": text,
            "citation": "made for a test",
            "constructs": {
                key: {"label": {"en": key}, "definition": text, "measurement": measurement.get(key, "common_factor")}
                for key in items
            },
            "paths": [{"from": predictor, "to": outcome} for predictor, outcome in paths],
        }
    )
    return bind_items(theory, items, "the test")


def implied_correlations(items: dict[str, list[str]], loadings: dict[str, list[float]], R: np.ndarray) -> pd.DataFrame:
    """Correlations of items of factors with correlations R, in the order of `items`."""
    names = [item for block in items.values() for item in block]
    L = np.zeros((len(names), len(items)))
    for j, key in enumerate(items):
        rows = [names.index(item) for item in items[key]]
        L[rows, j] = loadings[key]
    S = L @ R @ L.T
    np.fill_diagonal(S, 1.0)
    return pd.DataFrame(S, names, names)
