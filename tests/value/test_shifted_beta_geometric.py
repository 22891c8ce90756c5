"""The shifted beta-geometric: both published cases, an independent program's digits, identities, recovery of truth."""

import doctest
import json
from pathlib import Path

import numpy as np
import pytest

from crmresearch.errors import EstimationError
from crmresearch.value import bootstrap, fit_shifted_beta_geometric, fit_survivors, shifted_beta_geometric

# own likelihood in R, Newton polished, on the survivors of Fader & Hardie (2007), table 1; see its `_about`
REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "sbg.json").read_text(encoding="utf-8"))
CASES = {"regular": 7, "high_end": 7, "regular_years_1_to_12": 12}
every_case = pytest.mark.parametrize("case", list(CASES))


def survivors(case):
    return np.rint(1000 * np.array(REFERENCE[case]["survival_0_to_12_actual"]))[: CASES[case] + 1]


@every_case
def test_estimates_as_in_r(case):
    fit, expected = fit_survivors(survivors(case)), REFERENCE[case]
    assert fit.parameters == pytest.approx((expected["alpha"], expected["beta"]), abs=2e-9)
    errors = (expected["se_alpha_N1000"], expected["se_beta_N1000"])
    assert fit.standard_errors == pytest.approx(errors, abs=2e-9)
    assert fit.covariances[0, 1] == pytest.approx(expected["covariance_N1000"], abs=2e-9)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood_N1000"], abs=1e-9)
    assert fit.mean_churn == pytest.approx(expected["mean_churn"], abs=1e-9)
    assert fit.polarization == pytest.approx(expected["polarization"], abs=1e-9)
    assert fit.converged
    assert fit.cautions == ()


@every_case
def test_curves_and_lifetimes_as_in_r(case):
    fit, expected = fit_survivors(survivors(case)), REFERENCE[case]
    survival = fit.survival(np.arange(13))
    assert survival == pytest.approx(expected["survival_0_to_12"], abs=1e-9)
    assert fit.retention(np.arange(1, 13)) == pytest.approx(expected["retention_rate_1_to_12"], abs=1e-9)
    assert -np.diff(survival) == pytest.approx(expected["churn_probability_1_to_12"], abs=1e-9)
    missed = 100 * np.abs(survival - expected["survival_0_to_12_actual"])[8:].mean()
    assert missed == pytest.approx(expected["mae_percentage_points_years_8_to_12"], abs=1e-7)
    assert fit.expected_lifetime(0.1) == pytest.approx(expected["DEL_at_acquisition_d_10pct"], abs=1e-8)
    for rate, key in ((0.1, "DERL_d_10pct_in_period_n"), (0.05, "DERL_d_5pct_in_period_n")):
        lifetimes = expected[key]
        periods = [int(period.removeprefix("n=")) for period in lifetimes]
        assert fit.expected_residual_lifetime(periods, rate) == pytest.approx([*lifetimes.values()], abs=1e-8)


@pytest.mark.parametrize("case", ["regular", "high_end"])
def test_published_estimates(case):
    # Fader & Hardie (2007), p. 83: alpha 0.704, beta 1.182 (Regular), 0.668, 3.806 (High End)
    published = REFERENCE[case]["published"]
    assert fit_survivors(survivors(case)).parameters == pytest.approx((published["alpha"], published["beta"]), abs=5e-4)


def test_lifetimes_of_single_customers_are_the_same_data():
    counts = survivors("high_end").astype(int)
    left = np.repeat(np.arange(1, 8), -np.diff(counts))
    lifetimes = np.concatenate([left, np.full(counts[-1], 7)])
    gone = np.arange(len(lifetimes)) < len(left)
    one_each = fit_shifted_beta_geometric(lifetimes, gone)
    assert one_each.n == 1000
    assert one_each.parameters == pytest.approx(fit_survivors(counts).parameters, rel=1e-9)


def test_cohorts_observed_for_different_times_have_one_truth():
    rng = np.random.default_rng(1)
    truth = (0.8, 2.5)
    cohorts = []
    for periods in (3, 6, 12):
        theta = rng.beta(*truth, size=20_000)
        lifetime = rng.geometric(theta)
        cohorts.append([(lifetime > t).sum() for t in range(periods + 1)])
    fit = fit_survivors(*cohorts)
    assert fit.n == 60_000
    for estimate, error, true in zip(fit.parameters, fit.standard_errors, truth, strict=True):
        assert abs(estimate - true) < 3 * error
        assert error < 0.1


def test_a_lifetime_without_discount_is_a_sum_that_ends():
    # heavy leaving, so that alpha > 1: E(T) = (α+β−1)/(α−1), and what remains is the sum of S(t)/S(n−1)
    rng = np.random.default_rng(2)
    lifetime = rng.geometric(rng.beta(3.0, 4.0, size=20_000))
    fit = fit_survivors([(lifetime > t).sum() for t in range(9)])
    t = np.arange(200_000)
    assert fit.parameters.alpha > 1
    assert fit.expected_lifetime() == pytest.approx(fit.survival(t).sum(), rel=1e-6)
    rest = fit.survival(t[3:]).sum() / fit.survival(2)
    assert fit.expected_residual_lifetime(3) == pytest.approx(rest, rel=1e-6)
    # what a customer of period n pays is the next payment if renewed, and then what one of period n + 1 pays
    now, later = fit.expected_residual_lifetime([3, 4], 0.07)
    assert now == pytest.approx(fit.retention(3)[0] * (1 + later / 1.07), rel=1e-12)


def test_intervals_of_the_retention_curve_hold_it():
    fit = fit_survivors(survivors("regular"))
    found = bootstrap(fit, 200, 1, lambda again: again.retention(np.arange(1, 13)))
    lower, upper = found.interval()
    assert ((lower < fit.retention(np.arange(1, 13))) & (fit.retention(np.arange(1, 13)) < upper)).all()
    # the delta method on r(1) = β/(α+β), from the covariances in R
    alpha, beta = fit.parameters
    slope = np.array([-beta, alpha]) / (alpha + beta) ** 2
    assert found.standard_errors[0] == pytest.approx(np.sqrt(slope @ fit.covariances @ slope), rel=0.15)
    parameters = bootstrap(fit, 200, 1).standard_errors
    assert parameters == pytest.approx(fit.standard_errors, rel=0.2)


def test_equal_customers_are_said_to_be_alike():
    # a constant rate is the limit alpha, beta → ∞ of the model; its rates are right all the same
    fit = fit_survivors(np.rint(1_000_000 * 0.8 ** np.arange(8)))
    (caution,) = fit.cautions
    assert (caution.code, caution.severity) == ("alike", "note")
    assert caution.facts["churn"] == pytest.approx(0.2, abs=1e-3)
    assert fit.retention([1, 7]) == pytest.approx([0.8, 0.8], abs=1e-3)
    # where those who leave leave at once, beta runs to 0: some always renew, which is not the same as being alike
    (caution,) = fit_survivors([1000, 500, 500, 500, 500]).cautions[:1]
    assert caution.code == "boundary"


@pytest.mark.parametrize(
    ("renewals", "left", "told"),
    [
        ([1, 2], [0, 0], "Nobody has left yet"),
        ([1, 1], [1, 1], "Everybody left at the first renewal"),
        ([1, 0], [1, 1], "1 of 2 are not, first at position 1"),
        ([1, 1.5], [1, 0], "whole numbers of 0 or more"),
        ([1, 2], [1], "2 and 1 values"),
    ],
)
def test_lifetimes_that_cannot_be(renewals, left, told):
    with pytest.raises(EstimationError, match=told):
        fit_shifted_beta_geometric(renewals, left)


def test_what_cannot_be_asked():
    fit = fit_survivors(survivors("regular"))
    for call, told in (
        (lambda: fit_survivors([10, 11]), "never growing"),
        (lambda: fit_survivors(), "no cohort"),
        (lambda: fit.expected_lifetime(), "alpha = 0.704"),
        (lambda: fit.expected_lifetime(-0.1), "0 or more; it is -0.1"),
        (lambda: fit.retention(0), "1 or more"),
    ):
        with pytest.raises(EstimationError, match=told):
            call()


def test_examples_of_the_module():
    assert doctest.testmod(shifted_beta_geometric).failed == 0
