"""Robust errors and fit equal lavaan's MLR, with complete answers and with holes.

The references are lavaan's at a tight minimum, written with 10 digits.
"""

from typing import Any

import numpy as np
import pytest
from covariance_cases import EXTRA, PRINTED, labelled
from holes_cases import Sample, holed_mobi, hs_groups_with_holes, sample

from crmresearch.sem.covariance.corrected_fit import corrected_tests
from crmresearch.sem.covariance.fit_measures import Test as ChiSquare
from crmresearch.sem.covariance.full_information import estimate_full_information, missing_patterns
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate
from crmresearch.sem.covariance.likelihood.ram import implied
from crmresearch.sem.covariance.likelihood.saturated import saturated_moments, saturated_ram
from crmresearch.sem.covariance.robust import (
    RobustFit,
    Scaling,
    casewise_scores,
    robust_fit,
    sandwich,
    scaled_fit,
    scaled_test,
    scaling,
)
from crmresearch.sem.covariance.standardised import delta_errors, standardised_cells

COMPLETE = ["hs", "pd", "scsb", "acsi"]
HOLES = ["scsb", "acsi"]
MEASURES = {
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "rmsea_lower": "rmsea.ci.lower",
    "rmsea_upper": "rmsea.ci.upper",
    "rmsea_p_close": "rmsea.pvalue",
}


def assert_measures(ours: RobustFit, reference: dict[str, Any], kind: str) -> None:
    """Points to 1e-7; limits and p-close to lavaan's own root finding, 1e-6."""
    for name, value in ours._asdict().items():
        tolerance = 1e-7 if name in ("cfi", "tli", "rmsea") else 1e-6
        assert value == pytest.approx(reference[f"{MEASURES[name]}.{kind}"], abs=tolerance), name


def assert_errors(case: Sample, theta: np.ndarray, reference: dict[str, Any]) -> None:
    covariance = sandwich(case.ram, theta, case.X).covariance
    printed = labelled(reference["parameters"], case.ram.labels)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), printed[:, 1], rtol=1e-6)
    standardised = delta_errors(lambda t: standardised_cells(case.ram, t), theta, covariance)
    free = [i for i, cell in enumerate(case.ram.cells) if cell.label]
    np.testing.assert_allclose(standardised[free], printed[:, 3], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", COMPLETE)
def test_complete_answers_equal_lavaan(name: str) -> None:
    case, reference = sample(name, means=False), EXTRA[name]["MLR"]
    theta, fit = case.estimates(), reference["fit"]
    assert_errors(case, theta, reference)
    scales = scaling(case.ram, theta, case.X)
    assert scales.factor == pytest.approx(fit["chisq.scaling.factor"], abs=1e-7)
    assert scales.baseline_factor == pytest.approx(fit["baseline.chisq.scaling.factor"], abs=1e-7)
    model, baseline = ChiSquare(fit["chisq"], fit["df"]), ChiSquare(fit["baseline.chisq"], fit["baseline.df"])
    scaled = scaled_test(model, scales.factor)
    assert scaled.chisq == pytest.approx(fit["chisq.scaled"], abs=1e-5)
    assert scaled.p_value == pytest.approx(fit["pvalue.scaled"], abs=1e-7)
    assert_measures(scaled_fit(model, baseline, scales, case.n), fit, "scaled")
    assert_measures(robust_fit(model, baseline, scales, case.n), fit, "robust")


@pytest.mark.parametrize("name", COMPLETE)
def test_printed_numbers_of_another_version_of_lavaan(name: str) -> None:
    case, reference = sample(name, means=False), PRINTED[name]["MLR"]
    theta, fit = case.estimates(), reference["fit"]
    scales = scaling(case.ram, theta, case.X)
    model, baseline = ChiSquare(fit["chisq"], fit["df"]), ChiSquare(fit["baseline.chisq"], fit["baseline.df"])
    assert scaled_test(model, scales.factor).chisq == pytest.approx(fit["chisq.scaled"], abs=2e-3)
    robust = robust_fit(model, baseline, scales, case.n)
    assert robust[:3] == pytest.approx([fit["cfi.robust"], fit["tli.robust"], fit["rmsea.robust"]], abs=1e-5)
    errors = np.sqrt(np.diag(sandwich(case.ram, theta, case.X).covariance))
    np.testing.assert_allclose(errors, labelled(reference["parameters"], case.ram.labels)[:, 1], atol=1e-4)


@pytest.mark.parametrize("name", HOLES)
def test_holes_equal_lavaan(name: str) -> None:
    case, reference = sample(name, holed_mobi()), EXTRA["fiml"][name]["MLR"]
    estimated = estimate_full_information(case.ram, case.patterns)
    theta, fit = estimated.minimum.theta[0], reference["fit"]
    assert_errors(case, theta, reference)
    scales = scaling(case.ram, theta, case.X)
    assert scales.factor == pytest.approx(fit["chisq.scaling.factor"], abs=1e-6)
    assert scales.baseline_factor == pytest.approx(fit["baseline.chisq.scaling.factor"], abs=1e-6)
    model, baseline = ChiSquare(fit["chisq"], fit["df"]), ChiSquare(fit["baseline.chisq"], fit["baseline.df"])
    assert_measures(scaled_fit(model, baseline, scales, case.n), fit, "scaled")
    corrected = corrected_tests(case.ram, theta, case.X, estimated.saturated, robust=True)
    assert_measures(robust_fit(*corrected, case.n), fit, "robust")
    normal = corrected_tests(case.ram, theta, case.X, estimated.saturated)
    assert_measures(robust_fit(*normal, case.n), EXTRA["fiml"][name]["ML"]["fit"], "robust")


def moved(case: Sample) -> np.ndarray:
    return case.ram.start + 0.1 * np.random.default_rng(2).random(len(case.ram.start))


@pytest.mark.parametrize(
    "case",
    [
        sample("acsi", means=False),
        sample("acsi"),
        sample("scsb", holed_mobi()),
        hs_groups_with_holes("scalar"),
    ],
    ids=["complete", "with means", "holes", "groups"],
)
def test_scores_sum_to_the_gradient(case: Sample) -> None:
    theta = moved(case)
    gradient = -case.n / 2 * evaluate(case.ram, theta[None], case.patterns).gradient[0]
    scores = casewise_scores(case.ram, theta, case.X, case.group)
    np.testing.assert_allclose(scores.sum(axis=0), gradient, rtol=1e-9, atol=1e-8)


def test_score_of_a_row_is_the_gradient_of_that_row_alone() -> None:
    case = sample("scsb", holed_mobi())
    X = np.vstack([case.X[:6], np.full(case.X.shape[1], np.nan)])
    theta = moved(case)
    *scores, of_nothing = casewise_scores(case.ram, theta, X)
    np.testing.assert_array_equal(of_nothing, 0)
    for row, score in zip(X, scores, strict=False):
        alone = evaluate(case.ram, theta[None], missing_patterns(row[None])).gradient[0]
        np.testing.assert_allclose(score, -alone / 2, rtol=1e-9, atol=1e-10)


def test_means_change_nothing_with_complete_answers() -> None:
    with_means, without = sample("pd"), sample("pd", means=False)
    ours, theirs = with_means.estimates(), without.estimates()
    shared = [with_means.ram.labels.index(label) for label in without.ram.labels]
    np.testing.assert_allclose(
        sandwich(with_means.ram, ours, with_means.X).covariance[np.ix_(shared, shared)],
        sandwich(without.ram, theirs, without.X).covariance,
        rtol=1e-5,
        atol=1e-8,
    )
    assert scaling(with_means.ram, ours, with_means.X) == pytest.approx(scaling(without.ram, theirs, without.X))


def simulated(n: int, share_missing: float) -> Sample:
    """Normal answers of the hs model at its estimates, some missing completely at random."""
    case = sample("hs")
    rng = np.random.default_rng(11)
    Sigma, mu = (moment[0, 0] for moment in implied(case.ram, case.estimates()[None]))
    X = rng.multivariate_normal(mu, Sigma, size=n)
    X[rng.random(X.shape) < share_missing] = np.nan
    return Sample(case.ram, X)


@pytest.mark.parametrize("share_missing", [0.0, 0.05])
@pytest.mark.long
def test_normal_answers_need_no_correction(share_missing: float) -> None:
    case = simulated(20_000, share_missing)
    theta = case.estimates()
    scales = scaling(case.ram, theta, case.X)
    assert scales.factor == pytest.approx(1, abs=0.03)
    assert scales.baseline_factor == pytest.approx(1, abs=0.05)
    robust = sandwich(case.ram, theta, case.X)
    errors = np.sqrt(np.diag(robust.covariance) / np.diag(np.linalg.inv(robust.information)))
    np.testing.assert_allclose(errors, 1, atol=0.04)


def test_corrected_fit_of_complete_answers_is_the_ordinary_one() -> None:
    case = sample("acsi")
    fit = estimate_full_information(case.ram, case.patterns)
    corrected = corrected_tests(case.ram, fit.minimum.theta[0], case.X, fit.saturated)
    assert corrected.model.chisq == pytest.approx(fit.chisq, abs=1e-7)
    assert corrected.baseline.chisq == pytest.approx(fit.baseline_chisq, abs=1e-7)
    assert corrected.scaling == pytest.approx(Scaling(1.0, 144, 1.0, 171), abs=1e-9)


def test_groups_add_up() -> None:
    case = hs_groups_with_holes("configural")
    theta = case.estimates()
    together = scaling(case.ram, theta, case.X, case.group)
    total = baseline = 0.0
    for g in range(2):
        one = sample("hs")
        X = case.X[case.group == g]
        alone = scaling(one.ram, Sample(one.ram, X).estimates(), X)
        total, baseline = total + alone.factor * alone.df, baseline + alone.baseline_factor * alone.baseline_df
    assert together.factor * together.df == pytest.approx(total, rel=1e-6)
    assert together.baseline_factor * together.baseline_df == pytest.approx(baseline, rel=1e-9)
    fit = estimate_full_information(case.ram, case.patterns)
    corrected = corrected_tests(case.ram, theta, case.X, fit.saturated, case.group, robust=True)
    assert corrected.scaling.df == together.df == 48
    assert 0.5 < corrected.scaling.factor < 2


def test_a_saturated_model_fits() -> None:
    case = sample("hs", means=False)
    moments = Pattern(len(case.X), np.arange(9), np.cov(case.X.T, ddof=0)[None])
    free = saturated_ram(case.ram.observed, None, moments.covariances[0])
    scales = scaling(free, free.start, case.X)
    assert scales.df == 0
    assert np.isnan(scales.factor)
    assert robust_fit(ChiSquare(0.0, 0), ChiSquare(900.0, 36), scales, 301) == RobustFit(1, 1, 0, 0, 0, 1)
    assert saturated_moments(case.ram.observed, sample("hs").patterns).gradient < 1e-10
