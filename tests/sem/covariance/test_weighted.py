"""Covariance structures of weighted answers: lavaan's sampling.weights, with and without holes, and identities.

The references are lavaan's at a tight minimum, written with 10 digits.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from covariance_cases import MODELS, labelled, survey
from holes_cases import holed_mobi
from weight_cases import WEIGHTED, reference_weights, whole_weights

from crmresearch.models.lavaan import model
from crmresearch.models.specification import Specification
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.covariance.bootstrap import as_if_true, bootstrap_cbsem
from crmresearch.sem.covariance.corrected_fit import corrected_tests
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.table import fit_table
from crmresearch.sem.covariance.fit_measures import Test as ChiSquare
from crmresearch.sem.covariance.full_information import weighted_moments
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.robust import robust_fit

COMPLETE, HOLES = "complete", "fiml"
VALUES = {
    "chisq": "chisq", "df": "df", "baseline_chisq": "baseline.chisq", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea",
    "srmr": "srmr", "log_likelihood": "logl", "unrestricted_log_likelihood": "unrestricted.logl", "aic": "aic",
    "bic": "bic",
}  # fmt: skip
SCALED = {"chisq": "chisq.scaled", "p_value": "pvalue.scaled", "scaling_factor": "chisq.scaling.factor"}
CORRECTED = {"cfi": "cfi.robust", "tli": "tli.robust", "rmsea": "rmsea.robust"}


def specification(name: str) -> Specification:
    """One of the models of the mobile survey."""
    measurement, regressions = MODELS[name].measurement, MODELS[name].regressions
    lines = [f"{factor} =~ {' + '.join(items)}" for factor, items in measurement.items()]
    lines += [f"{y} ~ {' + '.join(xs)}" for y, xs in regressions.items()]
    return model("\n".join(lines).replace("CUSCO", "complaints") + "\ncomplaints =~ 1*CUSCO")


def estimated(name: str, kind: str, weights: Any = None, **options: Any) -> CbEstimate:
    answers = survey("mobi") if kind == COMPLETE else holed_mobi()
    return estimate_cbsem(specification(name), answers, weights=weights, full_information=kind == HOLES, **options)


def of_parameters(estimate: CbEstimate, *columns: str) -> np.ndarray:
    cells = estimate.cells[estimate.cells.label.notna()].set_index("label")
    return cells.loc[list(estimate.ram.labels), list(columns)].to_numpy()


@pytest.mark.parametrize("kind", [COMPLETE, HOLES])
@pytest.mark.parametrize("name", ["scsb", "acsi"])
def test_estimates_errors_and_fit_are_those_of_lavaan(name: str, kind: str) -> None:
    estimate, reference = estimated(name, kind, reference_weights(survey("mobi"))), WEIGHTED[name][kind]
    printed = labelled(reference["parameters"], estimate.ram.labels)
    ours = of_parameters(estimate, "estimate", "se", "standardized", "standardized_se")
    np.testing.assert_allclose(ours, printed, rtol=1e-6, atol=1e-8)
    fit, theirs = fit_table(estimate).set_index("measure"), reference["fit"]
    for measure, key in VALUES.items():
        assert fit.loc[measure, "value"] == pytest.approx(theirs[key], rel=1e-8), measure
    for measure, key in SCALED.items():
        assert fit.loc[measure, "robust"] == pytest.approx(theirs[key], rel=1e-6), measure
    if kind == COMPLETE:
        for measure, key in CORRECTED.items():
            assert fit.loc[measure, "robust"] == pytest.approx(theirs[key], rel=1e-6), measure


@pytest.mark.parametrize("name", ["scsb", "acsi"])
def test_corrected_fit_with_holes_is_lavaans_but_for_the_row_it_loses(name: str) -> None:
    # lavaan 0.6-14 cuts the sum of the weights, 249.999…, off to 249 rows when it computes N F_C
    weights = reference_weights(survey("mobi"))
    estimate, theirs = estimated(name, HOLES, weights), WEIGHTED[name][HOLES]["fit"]
    assert estimate.full_information is not None
    saturated = estimate.full_information.saturated
    tests = corrected_tests(
        estimate.ram, estimate.theta, estimate.answers, saturated, robust=True, weights=estimate.weights
    )
    model_test, baseline = (ChiSquare(test.chisq * 249 / 250, test.df) for test in (tests.model, tests.baseline))
    fit = robust_fit(model_test, baseline, tests.scaling, estimate.rows)
    for measure, key in CORRECTED.items():
        assert getattr(fit, measure) == pytest.approx(theirs[key], rel=1e-6), measure


@pytest.mark.parametrize("kind", [COMPLETE, HOLES])
def test_constant_weights_change_nothing_but_errors_to_robust_ones(kind: str) -> None:
    plain = estimated("scsb", kind, errors="robust")
    constant = estimated("scsb", kind, np.full(250, 3.7))
    columns = ("estimate", "se", "standardized", "standardized_se")
    np.testing.assert_allclose(of_parameters(constant, *columns), of_parameters(plain, *columns), rtol=1e-8, atol=1e-8)
    pd.testing.assert_frame_equal(fit_table(constant), fit_table(plain), rtol=1e-9)


def test_moments_of_weights_of_1_are_the_moments_to_the_last_bit() -> None:
    X = survey("mobi").to_numpy()
    deviations = X - X.mean(axis=0)
    for weights in (None, np.ones(len(X))):
        means, covariances = weighted_moments(X, weights)
        np.testing.assert_array_equal(means, X.mean(axis=0))
        np.testing.assert_array_equal(covariances, deviations.T @ deviations / len(X))


@pytest.mark.parametrize("kind", [COMPLETE, HOLES])
def test_whole_weights_estimate_what_repeated_rows_do(kind: str) -> None:
    answers = survey("mobi") if kind == COMPLETE else holed_mobi()
    w = whole_weights(answers)
    full = kind == HOLES
    spec = specification("scsb")
    ours = estimate_cbsem(spec, answers, weights=w, full_information=full)
    repeated = estimate_cbsem(spec, answers.loc[answers.index.repeat(w)].reset_index(drop=True), full_information=full)
    assert max(ours.minimum.gradient[0], repeated.minimum.gradient[0]) < 1e-8
    columns = ("estimate", "standardized")
    np.testing.assert_allclose(of_parameters(ours, *columns), of_parameters(repeated, *columns), rtol=1e-6, atol=1e-8)
    # χ² and log-likelihood are of n rows, so that they differ by the mean weight and nothing else
    assert ours.chisq * w.mean() == pytest.approx(repeated.chisq, rel=1e-9)
    a, b = (fit_table(e).set_index("measure")["value"] for e in (ours, repeated))
    assert a["log_likelihood"] * w.mean() == pytest.approx(b["log_likelihood"], rel=1e-10)
    assert a["srmr"] == pytest.approx(b["srmr"], rel=1e-6)


@pytest.mark.long
def test_robust_errors_are_those_of_the_bootstrap_and_naive_ones_are_not() -> None:
    estimate = estimated("scsb", COMPLETE, reference_weights(survey("mobi")) ** 2)  # n_eff of 152 of 250
    boot = bootstrap_cbsem(estimate, resamples=400, seed=2)
    below, above = np.quantile(boot.theta, [0.16, 0.84], axis=0)  # a few resamples lie far away: no standard deviation
    resampled = (above - below) / 2
    naive = np.sqrt(np.diag(np.linalg.inv(estimate.information)))
    robust = np.sqrt(np.diag(estimate.covariance))
    assert np.median(resampled / robust) == pytest.approx(1, abs=0.05)
    assert np.median(resampled / naive) > 1.4


def test_resamples_carry_weights_along() -> None:
    weights = reference_weights(survey("mobi"))
    estimate = estimated("scsb", COMPLETE, weights)
    boot = bootstrap_cbsem(estimate, resamples=5, seed=3)
    assert estimate.weights is not None
    (counts,) = bootstrap_counts(250, 5, 3)
    for b in np.flatnonzero(boot.admissible):
        _, S = weighted_moments(estimate.answers, counts[b] * estimate.weights)
        value = evaluate(estimate.ram, boot.theta[b][None], [Pattern(250, np.arange(len(S)), S[None])])
        assert np.abs(value.gradient).max() < 1e-6
        assert 250 * value.discrepancy[0] == pytest.approx(boot.chisq[b], rel=1e-9)


def test_answers_made_to_fit_have_the_moments_of_the_model_when_weighted() -> None:
    estimate = estimated("scsb", COMPLETE, reference_weights(survey("mobi")))
    _, S = weighted_moments(as_if_true(estimate), estimate.weights)
    np.testing.assert_allclose(S, estimate.residual_moments[1], atol=1e-10)


def test_semopy_agrees_with_weighted_moments() -> None:
    estimate = estimated("acsi", COMPLETE, reference_weights(survey("mobi")))
    assert estimate.semopy is not None
    assert estimate.distances.max() < 1e-3
