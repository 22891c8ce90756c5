"""Maximum likelihood estimates, standard errors and χ² equal lavaan's.

The tight references are lavaan at a gradient below 1e-10, written with 10 digits; what is left is their rounding.
"""

import numpy as np
import pytest
from covariance_cases import (
    EXTRA,
    MODELS,
    PRINTED,
    Problem,
    hs_equal,
    hs_groups,
    labelled,
    problem,
    resample_counts,
    standard_errors,
    survey,
)

from crmresearch.sem.covariance.likelihood.discrepancy import Pattern
from crmresearch.sem.covariance.likelihood.minimise import minimise

# ecsi is weakly identified (a path with a standard error of 10): rounding and lavaan's numeric observed information
# are magnified
FLAT = {"ecsi": 1e-6}


def assert_equal(case: Problem, reference: dict, table: dict, tolerance: float = 1e-8) -> np.ndarray:
    """Compare and return our estimates."""
    minimum = case.fit()
    assert minimum.gradient[0] < 1e-8
    assert case.n * minimum.discrepancy[0] == pytest.approx(reference["fit"]["chisq"], abs=1e-6)
    printed = labelled(table, case.ram.labels)
    errors = standard_errors(case, minimum.theta[0])
    np.testing.assert_allclose(minimum.theta[0], printed[:, 0], rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(errors, printed[:, 1], rtol=tolerance, atol=tolerance)
    return minimum.theta[0]


@pytest.mark.parametrize("name", MODELS)
def test_complete_data(name: str) -> None:
    reference = EXTRA[name]["ML"]
    theta = assert_equal(problem(name), reference, reference["parameters"], FLAT.get(name, 1e-8))
    assert len(theta) == reference["fit"]["npar"]


@pytest.mark.parametrize("name", MODELS)
def test_errors_by_observed_information(name: str) -> None:
    case, reference = problem(name), EXTRA[name]["ML"]["observed_se"]
    errors = standard_errors(case, case.fit().theta[0], observed=True)
    tolerance = FLAT.get(name, 1e-8)
    np.testing.assert_allclose(errors, labelled(reference, case.ram.labels), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["hs", "pd", "scsb", "acsi"])
def test_printed_reference(name: str) -> None:
    """The other reference, by another version of lavaan and its default tolerance: 5e-5 from the minimum of acsi."""
    reference = PRINTED[name]["ML"]
    case = problem(name)
    minimum = case.fit()
    printed = labelled(reference["parameters"], case.ram.labels)
    np.testing.assert_allclose(minimum.theta[0], printed[:, 0], atol=6e-5)
    np.testing.assert_allclose(standard_errors(case, minimum.theta[0]), printed[:, 1], atol=2e-5)
    assert case.n * minimum.discrepancy[0] == pytest.approx(reference["fit"]["chisq"], abs=1e-6)


@pytest.mark.parametrize("rows", ["1-150", "101-250"])
@pytest.mark.parametrize("name", ["scsb", "acsi"])
def test_subsets_of_rows(name: str, rows: str) -> None:
    first, last = (int(row) for row in rows.split("-"))
    reference = EXTRA["subsets"][name][rows]
    assert_equal(problem(name, survey("mobi").iloc[first - 1 : last]), reference, reference["parameters"])


def test_equality_constraints() -> None:
    case = hs_equal()
    table = EXTRA["hs_equal"]["parameters"]
    second = {"visual": "x2", "textual": "x5", "speed": "x8"}
    printed = table | {f"{f} =~ x": table[f"{f} =~ {item}"] for f, item in second.items()}
    assert_equal(case, EXTRA["hs_equal"], printed)


@pytest.mark.parametrize("equal", ["configural", "metric", "scalar"])
def test_two_groups_with_means(equal: str) -> None:
    reference = EXTRA["hs_mg"][equal]
    printed = {f"{key} in {g}": row for g, rows in reference["parameters"].items() for key, row in rows.items()}
    shared = reference["parameters"]["Pasteur"]
    theta = assert_equal(hs_groups(equal), reference, printed | shared)
    assert 2 * (9 + 45) - len(theta) == reference["fit"]["df"]


@pytest.mark.parametrize("name", ["scsb", "acsi"])
def test_resamples(name: str) -> None:
    """χ² of the 40 resamples, admissible or not, wherever lavaan converged; bounded: everywhere.

    Unbounded, two resamples of acsi need the one or the other of two starts: from the estimate of the whole sample
    one follows a flat valley (expectation and quality collinear) past its admissible minimum, from the start values
    of `build_ram` another does. The one where lavaan does not converge has its least discrepancy at infinity.
    """
    case = problem(name)
    X = survey("mobi")[list(case.ram.observed)].to_numpy()
    covariances = np.array([np.cov(X.T, fweights=counts, ddof=0) for counts in resample_counts()])
    patterns = [Pattern(len(X), np.arange(X.shape[1]), covariances)]
    start = np.repeat(case.fit().theta, len(covariances), axis=0)
    reference = {key: np.array(column, dtype=np.float64) for key, column in EXTRA["resamples"][name].items()}
    converged = reference["converged"] == 1
    assert converged.sum() == {"scsb": 40, "acsi": 39}[name]
    free = minimise(case.ram, patterns, start)
    other = minimise(case.ram, patterns, np.repeat(case.ram.start[None], len(start), axis=0))
    found = free.converged() | other.converged()
    np.testing.assert_array_equal(found, converged)
    theta = np.where(free.converged()[:, None], free.theta, other.theta)
    discrepancy = np.where(free.converged(), free.discrepancy, other.discrepancy)
    np.testing.assert_allclose(case.n * discrepancy[converged], reference["chisq"][converged], atol=1e-6)
    smallest = theta[:, case.ram.variances].min(axis=1)
    np.testing.assert_allclose(smallest[converged], reference["smallest_variance"][converged], atol=1e-6)
    bounded = minimise(case.ram, patterns, start, np.where(case.ram.variances, 0.0, -np.inf))
    assert bounded.converged().all()
    np.testing.assert_allclose(case.n * bounded.discrepancy, reference["bounded_chisq"], atol=1e-6)
