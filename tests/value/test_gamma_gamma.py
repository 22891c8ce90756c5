"""Gamma–Gamma: published estimates, the mixture that defines it, recovery of known truth, and what it refuses."""

import numpy as np
import pytest
from clv_cases import cdnow, gamma_weights
from scipy.stats import gamma as gamma_distribution

from crmresearch.errors import EstimationError
from crmresearch.value import bootstrap, fit_gamma_gamma
from crmresearch.value.gamma_gamma import gamma_gamma_score
from crmresearch.value.histories import unique_rows
from crmresearch.value.maximum import hessian


@pytest.fixture(scope="module")
def published():
    """The 946 customers of the published sample who bought again."""
    again = cdnow().query("x > 0")
    return fit_gamma_gamma(again.x, again.zbar, again.customers)


def spenders(n, seed, p=6.0, q=4.0, gamma=15.0):
    """Number and mean of purchases of n customers of known truth."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 12, n)
    scale = rng.gamma(q, 1 / gamma, n)
    return x, rng.gamma(p * x, 1 / (scale * x))


def test_published_estimates(published):
    # Fader & Hardie (2013), section 4
    assert published.parameters == pytest.approx((6.25, 3.74, 15.44), abs=0.01)
    assert published.parameters == pytest.approx((6.249, 3.745, 15.448), abs=1e-3)
    assert published.n == 946
    assert published.converged
    assert published.cautions == ()


def test_likelihood_is_that_of_the_story():
    # the mean of x purchases, each gamma(p, ν), is gamma(px, νx)
    p, q, gamma = 6.25, 3.74, 15.44
    for x, m in [(1, 20.0), (5, 3.0), (40, 300.0)]:
        scale, weights = gamma_weights(q, gamma)
        density = weights @ gamma_distribution.pdf(m, p * x, scale=1 / (scale * x))
        mean = weights @ (gamma_distribution.pdf(m, p * x, scale=1 / (scale * x)) * p / scale) / density
        rows = unique_rows([np.array([float(x)]), np.array([m])])
        assert np.exp(gamma_gamma_score(np.log([p, q, gamma]), rows)[0]) == pytest.approx(density, rel=1e-10)
        fit = fit_gamma_gamma(*spenders(100, 1))
        fit = type(fit)(type(fit.parameters)(p, q, gamma), fit.standard_errors, 0, 1, True, (), fit.covariances, rows)
        assert fit.expected_spend([x], [m]) == pytest.approx([mean], rel=1e-10)


def test_gradient_and_hessian():
    rows = unique_rows([np.array([1.0, 3, 20]), np.array([5.0, 8, 2])])
    theta = np.array([0.4, 1.1, 2.0])

    def score(theta):
        return gamma_gamma_score(theta, rows)

    steps = 1e-5 * np.eye(3)
    assert score(theta)[1] == pytest.approx(
        [(score(theta + h)[0] - score(theta - h)[0]) / 2e-5 for h in steps], rel=1e-6
    )
    second = [(score(theta + h)[1] - score(theta - h)[1]) / 2e-5 for h in steps]
    assert hessian(score, theta) == pytest.approx(np.array(second), rel=1e-6)


def test_expected_spend_lies_between_own_and_everybodys(published):
    everybody = published.population_mean
    assert everybody == pytest.approx(35.17, abs=0.01)
    assert published.expected_spend([0], [np.nan]) == pytest.approx([everybody])
    little, much = published.expected_spend([1, 1000], [100, 100])
    assert everybody < little < much < 100
    assert much == pytest.approx(100, abs=0.2)


def test_unit_of_money_does_not_matter(published):
    again = cdnow().query("x > 0")
    cents = fit_gamma_gamma(again.x, 100 * again.zbar, again.customers)
    assert cents.parameters == pytest.approx(np.array(published.parameters) * [1, 1, 100], rel=1e-6)


def test_truth_is_recovered():
    fit = fit_gamma_gamma(*spenders(5000, 2))
    assert (np.abs(np.array(fit.parameters) - (6, 4, 15)) < 3 * np.array(fit.standard_errors)).all()


@pytest.mark.long
def test_standard_errors_are_those_of_the_bootstrap():
    fit = fit_gamma_gamma(*spenders(2000, 3))
    errors = bootstrap(fit, 200, seed=1).standard_errors
    assert errors == pytest.approx(fit.standard_errors, rel=0.2)  # 200 resamples: about 5 % each


def test_all_alike_ends_at_a_bound():
    rng = np.random.default_rng(4)
    x = rng.integers(1, 10, 300)
    flags = fit_gamma_gamma(x, 5 + 1e-3 * rng.random(300)).cautions
    assert {flag.quantity for flag in flags if flag.code == "boundary"} == {"p", "q"}


def test_no_population_mean_is_said():
    rng = np.random.default_rng(4)
    fit = fit_gamma_gamma(rng.integers(1, 10, 300), np.exp(rng.normal(0, 3, 300)))
    assert "no_mean" in {flag.code for flag in fit.cautions}
    assert np.isnan(fit.population_mean)
    assert np.isnan(fit.expected_spend([0], [0])).all()


def test_spend_that_goes_with_frequency_is_said():
    x, m = spenders(500, 5)
    assert "spend_frequency" in {flag.code for flag in fit_gamma_gamma(x, m * x).cautions}


@pytest.mark.parametrize(
    ("x", "mean_spend", "sentence"),
    [
        ([], [], "two or more customers"),
        ([3], [5.0], "two or more customers"),
        ([1, 2], [5.0], "give one a customer"),
        ([1, 2], [5.0, 0.0], "must be above 0"),
        ([1, 2], [5.0, -3.0], "must not be negative"),
        ([1, 2], [5.0, np.nan], "must not be missing"),
        ([0, 2], [5.0, 4.0], "whole numbers of at least 1"),
        ([1.5, 2], [5.0, 4.0], "whole numbers of at least 1"),
        ([1, 1], [5.0, 4.0], "two purchases to average"),
        ([1, 2], [5.0, 5.0], "spend the same per purchase"),
        (["one", 2], [5.0, 5.0], "must be numbers"),
    ],
)
def test_refused(x, mean_spend, sentence):
    with pytest.raises(EstimationError, match=sentence):
        fit_gamma_gamma(x, mean_spend)
