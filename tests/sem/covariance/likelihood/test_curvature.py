"""Hessians and Jacobians of the discrepancy equal complex-step derivatives, exact to rounding."""

from dataclasses import replace

import numpy as np
import pytest
from holes_cases import Sample, holed_mobi, hs_groups_with_holes, sample

from crmresearch.sem.covariance.likelihood.curvature import moment_jacobian
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate, observed_hessian
from crmresearch.sem.covariance.likelihood.ram import implied

STEP = 1e-30
CASES = {
    "complete": lambda: sample("acsi", means=False),
    "complete with means": lambda: sample("acsi"),
    "residual covariances": lambda: sample("pd"),
    "holes": lambda: sample("scsb", holed_mobi()),
    "groups with holes": lambda: hs_groups_with_holes("configural"),
    "groups with equal loadings and intercepts": lambda: hs_groups_with_holes("scalar"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Sample:
    return CASES[request.param]()


def away_from_minimum(case: Sample) -> np.ndarray:
    """Parameters where no derivative vanishes."""
    start = case.ram.start
    return start + 0.1 * np.random.default_rng(2).random(len(start))


def test_observed_hessian_is_the_derivative_of_the_gradient(case: Sample) -> None:
    theta = away_from_minimum(case)
    moved = theta + 1j * STEP * np.eye(len(theta))
    repeated = [pattern.take(np.zeros(len(theta), dtype=np.intp)) for pattern in case.patterns]
    steps = evaluate(case.ram, moved, repeated, hessian=False).gradient.imag / STEP
    np.testing.assert_allclose(observed_hessian(case.ram, theta, case.patterns), steps, rtol=1e-9, atol=1e-11)


def test_gradient_is_the_derivative_of_the_discrepancy(case: Sample) -> None:
    theta, step = away_from_minimum(case), 1e-6
    gradient = evaluate(case.ram, theta[None], case.patterns).gradient[0]
    for i in range(0, len(theta), 3):
        both = theta + step * np.array([[1.0], [-1.0]]) * (np.arange(len(theta)) == i)
        repeated = [pattern.take(np.zeros(2, dtype=np.intp)) for pattern in case.patterns]
        up, down = evaluate(case.ram, both, repeated, hessian=False).discrepancy
        assert (up - down) / (2 * step) == pytest.approx(gradient[i], rel=1e-5, abs=1e-7)


def test_both_hessians_agree_where_the_moments_are_the_models(case: Sample) -> None:
    theta = away_from_minimum(case)
    Sigma, mu = implied(case.ram, theta[None])

    def perfect(pattern: Pattern) -> Pattern:
        o, g = pattern.observed, pattern.group
        means = None if pattern.means is None else mu[:, g, o]
        return replace(pattern, covariances=Sigma[:, g][:, o[:, None], o], means=means)

    value = evaluate(case.ram, theta[None], [perfect(pattern) for pattern in case.patterns])
    np.testing.assert_allclose(value.gradient, 0, atol=1e-12)
    np.testing.assert_allclose(value.observed, value.expected, rtol=1e-9, atol=1e-11)


def test_moment_jacobian(case: Sample) -> None:
    theta = away_from_minimum(case)
    Sigma, mu = implied(case.ram, theta + 1j * STEP * np.eye(len(theta)))
    for g in range(case.ram.groups):
        jacobian = moment_jacobian(case.ram, theta, g)
        steps = Sigma[:, g].reshape(len(theta), -1).T.imag / STEP
        np.testing.assert_allclose(jacobian.covariances, steps, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(jacobian.means, mu[:, g].T.imag / STEP, rtol=1e-12, atol=1e-13)


def test_a_batch_is_its_samples_one_by_one() -> None:
    case = sample("scsb", holed_mobi())
    thetas = np.stack([away_from_minimum(case), case.ram.start])
    twice = [pattern.take(np.zeros(2, dtype=np.intp)) for pattern in case.patterns]
    together = evaluate(case.ram, thetas, twice)
    for i, theta in enumerate(thetas):
        alone = evaluate(case.ram, theta[None], case.patterns)
        for ours, theirs in zip(together, alone, strict=True):
            np.testing.assert_allclose(ours[i], theirs[0], rtol=1e-12, atol=1e-13)
