"""Full-information maximum likelihood equals lavaan's missing="fiml", and ML where nothing is missing.

The references are lavaan at a gradient below 1e-8 and EM at 1e-12 or so, written with 10 digits.
"""

import numpy as np
import pytest
from covariance_cases import EXTRA, labelled, problem
from holes_cases import Sample, holed_mobi, hs_groups_with_holes, sample
from scipy.stats import multivariate_normal, norm

from crmresearch.errors import EstimationError
from crmresearch.sem.covariance.full_information import (
    FullInformation,
    estimate_full_information,
    missing_patterns,
    residual_fit_with_means,
    sample_patterns,
    without_answers,
)
from crmresearch.sem.covariance.likelihood.discrepancy import evaluate, log_likelihood, observed_hessian
from crmresearch.sem.covariance.likelihood.ram import implied
from crmresearch.sem.covariance.likelihood.saturated import independence_ram, saturated_moments

NAMES = ["scsb", "acsi"]


@pytest.fixture(scope="module")
def fits() -> dict[str, tuple[Sample, FullInformation]]:
    found = {}
    for name in NAMES:
        case = sample(name, holed_mobi())
        found[name] = case, estimate_full_information(case.ram, case.patterns)
    return found


def errors(information: np.ndarray) -> np.ndarray:
    return np.sqrt(np.diag(np.linalg.inv(information)))


@pytest.mark.parametrize("name", NAMES)
def test_estimates_and_errors_equal_lavaan(name: str, fits: dict[str, tuple[Sample, FullInformation]]) -> None:
    case, fit = fits[name]
    theta = fit.minimum.theta[0]
    reference = EXTRA["fiml"][name]["ML"]
    printed = labelled(reference["parameters"], case.ram.labels)
    np.testing.assert_allclose(theta, printed[:, 0], rtol=1e-8, atol=1e-8)
    observed = case.n / 2 * observed_hessian(case.ram, theta, case.patterns)
    np.testing.assert_allclose(errors(observed), printed[:, 1], rtol=1e-8)
    expected = case.n / 2 * evaluate(case.ram, theta[None], case.patterns).expected[0]
    np.testing.assert_allclose(errors(expected), labelled(reference["expected_se"], case.ram.labels), rtol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_fit_equals_lavaan(name: str, fits: dict[str, tuple[Sample, FullInformation]]) -> None:
    case, fit = fits[name]
    reference = EXTRA["fiml"][name]["ML"]["fit"]
    assert len(case.patterns) == EXTRA["fiml"][name]["ML"]["patterns"]
    assert fit.minimum.gradient[0] < 1e-8
    assert fit.chisq == pytest.approx(reference["chisq"], abs=1e-6)
    assert fit.baseline_chisq == pytest.approx(reference["baseline.chisq"], abs=1e-6)
    assert fit.log_likelihood == pytest.approx(reference["logl"], rel=1e-9)
    assert fit.unrestricted == pytest.approx(reference["unrestricted.logl"], rel=1e-9)
    srmr = residual_fit_with_means(fit.saturated[0], case.ram, fit.minimum.theta[0])
    assert srmr == pytest.approx(reference["srmr"], abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_saturated_moments_equal_lavaan(name: str, fits: dict[str, tuple[Sample, FullInformation]]) -> None:
    case, fit = fits[name]
    printed = EXTRA["fiml"][name]["ML"]["unrestricted"]
    (saturated,) = fit.saturated
    assert saturated.gradient < 1e-9
    order = [list(printed["means"]).index(item) for item in case.ram.observed]
    means = np.array(list(printed["means"].values()))[order]
    covariances = np.array(list(printed["covariances"].values()))[np.ix_(order, order)]
    np.testing.assert_allclose(saturated.means, means, rtol=1e-6)
    np.testing.assert_allclose(saturated.covariances, covariances, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["hs", "pd", "scsb", "acsi", "staged", "ecsi"])
def test_complete_answers_give_maximum_likelihood(name: str) -> None:
    case, complete = sample(name), problem(name)
    fit, ml = estimate_full_information(case.ram, case.patterns), complete.fit()
    theta = dict(zip(case.ram.labels, fit.minimum.theta[0], strict=True))
    np.testing.assert_allclose([theta[label] for label in complete.ram.labels], ml.theta[0], rtol=1e-6, atol=1e-7)
    mu = implied(case.ram, fit.minimum.theta)[1][0, 0]
    np.testing.assert_allclose(mu, case.X.mean(axis=0), rtol=1e-8)
    reference = EXTRA[name]["ML"]["fit"]
    assert fit.chisq == pytest.approx(reference["chisq"], abs=1e-6)
    assert fit.log_likelihood == pytest.approx(reference["logl"], rel=1e-9)
    assert fit.baseline_chisq == pytest.approx(reference["baseline.chisq"], abs=1e-6)


def test_estimates_at_infinity_do_not_look_converged() -> None:
    # with these holes the likelihood of ecsi grows without end as expectation and quality become one
    case = sample("ecsi", holed_mobi())
    fit = estimate_full_information(case.ram, case.patterns)
    assert not fit.minimum.converged()[0]
    assert fit.minimum.iterations[0] <= 300


def test_saturated_moments_of_complete_answers_are_the_sample_moments() -> None:
    case = sample("acsi")
    saturated = saturated_moments(case.ram.observed, case.patterns)
    np.testing.assert_allclose(saturated.means, case.X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(saturated.covariances, np.cov(case.X.T, ddof=0), rtol=1e-10, atol=1e-12)


def test_log_likelihood_is_the_density_of_the_answers_there_are() -> None:
    case = sample("scsb", holed_mobi())
    theta = case.estimates()
    Sigma, mu = (moment[0, 0] for moment in implied(case.ram, theta[None]))
    total = 0.0
    for row in case.X:
        o = np.flatnonzero(~np.isnan(row))
        total += multivariate_normal.logpdf(row[o], mu[o], Sigma[np.ix_(o, o)])
    assert log_likelihood(case.ram, theta, case.patterns) == pytest.approx(total, abs=1e-8)


def test_independence_model_is_every_variable_by_itself() -> None:
    case = sample("acsi", holed_mobi())
    baseline = independence_ram(case.ram.observed, case.patterns)
    total = sum(norm.logpdf(y, y.mean(), y.std()).sum() for x in case.X.T for y in [x[~np.isnan(x)]])
    assert log_likelihood(baseline, baseline.start, case.patterns) == pytest.approx(total, abs=1e-8)
    assert np.abs(evaluate(baseline, baseline.start[None], case.patterns).gradient).max() < 1e-12


def test_rows_without_answers_say_nothing() -> None:
    case = sample("scsb", holed_mobi())
    empty = np.vstack([case.X[:3], np.full((2, case.X.shape[1]), np.nan), case.X[3:]])
    assert without_answers(empty) == 2
    theta = case.ram.start
    patterns = missing_patterns(empty)
    assert sum(pattern.rows for pattern in patterns) == len(case.X)
    assert log_likelihood(case.ram, theta, patterns) == log_likelihood(case.ram, theta, case.patterns)


def test_patterns_hold_every_row_once() -> None:
    X = np.array([[1.0, 2.0, 3.0], [4.0, np.nan, 6.0], [2.0, 4.0, 5.0], [np.nan, np.nan, 1.0]])
    complete, *single = missing_patterns(X)
    assert complete.rows == 2
    np.testing.assert_allclose(complete.means, [[1.5, 3.0, 4.0]])
    np.testing.assert_allclose(complete.covariances[0], np.cov(X[[0, 2]].T, ddof=0))
    assert {tuple(pattern.observed) for pattern in single} == {(0, 2), (2,)}
    for pattern in single:
        assert pattern.rows == 1
        np.testing.assert_array_equal(pattern.covariances, 0)


def test_the_order_of_rows_does_not_matter() -> None:
    case = sample("scsb", holed_mobi())
    mixed = case.X[np.random.default_rng(0).permutation(len(case.X))]
    fit = estimate_full_information(case.ram, missing_patterns(mixed))
    assert fit.chisq == pytest.approx(EXTRA["fiml"]["scsb"]["ML"]["fit"]["chisq"], abs=1e-6)


@pytest.mark.long
def test_many_holes() -> None:
    case = sample("hs")
    X = case.X.copy()
    X[np.random.default_rng(3).random(X.shape) < 0.4] = np.nan
    saturated = saturated_moments(case.ram.observed, missing_patterns(X))
    assert saturated.gradient < 1e-8
    assert estimate_full_information(case.ram, missing_patterns(X)).minimum.gradient[0] < 1e-8


def test_groups_without_equalities_are_estimated_apart() -> None:
    case = hs_groups_with_holes("configural")
    together = estimate_full_information(case.ram, case.patterns)
    apart = []
    for g in range(2):
        ram = sample("hs").ram
        apart.append(estimate_full_information(ram, missing_patterns(case.X[case.group == g])))
    assert together.chisq == pytest.approx(sum(fit.chisq for fit in apart), abs=1e-7)
    assert together.baseline_chisq == pytest.approx(sum(fit.baseline_chisq for fit in apart), abs=1e-8)


def test_items_never_answered_together_are_refused() -> None:
    case = sample("scsb")
    X = case.X.copy()
    X[: len(X) // 2, 0] = np.nan
    X[len(X) // 2 :, 1] = np.nan
    with pytest.raises(EstimationError, match="both 'CUEX1' and 'CUEX2'"):
        saturated_moments(case.ram.observed, missing_patterns(X))
    X[:, 0] = np.nan
    with pytest.raises(EstimationError, match="'CUEX1' has no answer"):
        saturated_moments(case.ram.observed, missing_patterns(X))


def test_too_few_answers_are_refused() -> None:
    X = sample("hs").X[:10].copy()
    X[np.random.default_rng(0).random(X.shape) < 0.15] = np.nan
    with pytest.raises(EstimationError, match="10 rows"):
        saturated_moments(sample("hs").ram.observed, missing_patterns(X))


def test_a_constant_item_is_refused() -> None:
    case = sample("scsb", holed_mobi())
    X = case.X.copy()
    X[~np.isnan(X[:, 2]), 2] = 7
    with pytest.raises(EstimationError, match="'CUEX3' has one and the same answer"):
        saturated_moments(case.ram.observed, missing_patterns(X))


def test_holes_need_means() -> None:
    case = sample("scsb", holed_mobi(), means=False)
    with pytest.raises(EstimationError, match="model with means"):
        sample_patterns(case.ram, case.X)
