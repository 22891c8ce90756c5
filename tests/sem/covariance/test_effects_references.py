"""Standardised solution and total effects, each with its delta-method error, equal lavaan's."""

from functools import cache

import numpy as np
import pytest
from covariance_cases import EXTRA, MODELS, Problem, labelled, problem

from crmresearch.sem.covariance.likelihood.discrepancy import evaluate
from crmresearch.sem.covariance.standardised import delta_errors, effects, standardised_cells

# lavaan takes these derivatives by differences, good to 1e-8; ecsi is weakly identified, which magnifies that
TOLERANCE = dict.fromkeys(MODELS, 1e-8) | {"ecsi": 2e-6}
PAIRS = {"scsb": 10, "acsi": 15, "ecsi": 21, "reputation": 5}


@cache
def fitted(name: str) -> tuple[Problem, np.ndarray, np.ndarray]:
    """The model, its estimates (1, q) and their covariance matrix (q, q) by expected information."""
    case = problem(name)
    theta = case.fit().theta
    return case, theta, np.linalg.inv(evaluate(case.ram, theta, case.patterns).expected[0] * case.n / 2)


@pytest.mark.parametrize("name", MODELS)
def test_standardised_solution(name: str) -> None:
    case, theta, covariance = fitted(name)
    labels = [cell.label or f"{cell.column} =~ {cell.row}" for cell in case.ram.cells]
    printed = labelled(EXTRA[name]["ML"]["parameters"], labels)
    errors = delta_errors(lambda at: standardised_cells(case.ram, at), theta[0], covariance)
    found = np.column_stack([standardised_cells(case.ram, theta)[0], errors])
    np.testing.assert_allclose(found, printed[:, 2:], atol=TOLERANCE[name])


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("standardise", [False, True])
def test_total_effects(name: str, standardise: bool) -> None:
    case, theta, covariance = fitted(name)
    table = EXTRA[name]["ML"]["parameters"]
    variables = case.ram.variables
    pairs = [(a, b) for a in variables for b in variables if f"total_{a}_{b}" in table]
    assert len(pairs) == PAIRS[name]
    printed = np.array([table[f"total_{a}_{b}"] for a, b in pairs])[:, 2 * standardise :][:, :2]
    errors = delta_errors(lambda at: effects(case.ram, at, pairs, standardise=standardise), theta[0], covariance)
    found = np.column_stack([effects(case.ram, theta, pairs, standardise=standardise)[0], errors])
    np.testing.assert_allclose(found, printed, atol=TOLERANCE[name])
