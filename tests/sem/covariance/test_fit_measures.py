"""Fit measures against lavaan's, their definitions and limit cases."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from covariance_cases import EXTRA, PRINTED, problem
from estimate_cases import (
    THEORIES,
    answers,
    estimated,
    estimated_with_holes,
    implied_correlations,
    small_model,
    with_covariance,
)
from scipy.stats import chi2, multivariate_normal, ncx2

from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.table import CUT_OFFS, fit_table, missed_cut_offs
from crmresearch.sem.covariance.fit_measures import Test as ChisqTest
from crmresearch.sem.covariance.fit_measures import (
    approximation_error,
    baseline_test,
    comparative_fit,
    information_criteria,
    normal_log_likelihood,
    residual_fit,
)
from crmresearch.sem.covariance.likelihood.ram import implied

NAMES = {
    "n": "ntotal",
    "npar": "npar",
    "chisq": "chisq",
    "df": "df",
    "p_value": "pvalue",
    "baseline_chisq": "baseline.chisq",
    "baseline_df": "baseline.df",
    "cfi": "cfi",
    "tli": "tli",
    "nfi": "nfi",
    "rmsea": "rmsea",
    "rmsea_lower": "rmsea.ci.lower",
    "rmsea_upper": "rmsea.ci.upper",
    "rmsea_p_close": "rmsea.pvalue",
    "srmr": "srmr",
    "log_likelihood": "logl",
    "unrestricted_log_likelihood": "unrestricted.logl",
    "aic": "aic",
    "bic": "bic",
    "sabic": "bic2",
}
ROBUST = {
    "chisq": "chisq.scaled",
    "df": "df.scaled",
    "p_value": "pvalue.scaled",
    "scaling_factor": "chisq.scaling.factor",
    "cfi": "cfi.robust",
    "tli": "tli.robust",
    "rmsea": "rmsea.robust",
    "rmsea_lower": "rmsea.ci.lower.robust",
    "rmsea_upper": "rmsea.ci.upper.robust",
    "rmsea_p_close": "rmsea.pvalue.robust",
}
# lavaan writes 10 digits, but p-values below about 1e-12 as 0, and finds the limits of RMSEA to about 1e-8
DIGITS: dict[str, float] = {"rtol": 1e-8, "atol": 2e-8}
# lavaan's saturated moments with holes stop at their own tolerance, and it finds the limits of RMSEA to 1e-6
HOLES: dict[str, float] = {"rtol": 1e-6, "atol": 1e-6}


def printed(fit: dict[str, float], names: dict[str, str]) -> list[float]:
    return [fit[name] for name in names.values()]


def model_rows(estimate: Any, column: str, names: dict[str, str]) -> np.ndarray:
    return fit_table(estimate).set_index("measure").loc[list(names), column].to_numpy()


@pytest.mark.parametrize("theory", THEORIES)
def test_maximum_likelihood(theory: str) -> None:
    estimate = estimated(theory)
    fit = EXTRA[theory]["ML"]["fit"]
    np.testing.assert_allclose(model_rows(estimate, "value", NAMES), printed(fit, NAMES), **DIGITS)
    table = fit_table(estimate)
    assert list(table) == ["measure", "value"]
    assert list(table["measure"]) == list(NAMES)
    assert table["value"].notna().all()


@pytest.mark.parametrize("theory", THEORIES)
def test_robust(theory: str) -> None:
    """The scaled χ² and CFI, TLI, RMSEA corrected for answers that are not normal; lavaan's `.robust`."""
    estimate, fit = estimated(theory, "robust"), EXTRA[theory]["MLR"]["fit"]
    np.testing.assert_allclose(model_rows(estimate, "value", NAMES), printed(fit, NAMES), **DIGITS)
    np.testing.assert_allclose(model_rows(estimate, "robust", ROBUST), printed(fit, ROBUST), rtol=1e-6, atol=1e-6)
    robust = fit_table(estimate).set_index("measure")["robust"]
    assert robust.drop(list(ROBUST)).isna().all()


@pytest.mark.parametrize("kind", ["ML", "MLR"])
@pytest.mark.parametrize("theory", ["scsb", "acsi"])
def test_full_information(theory: str, kind: str) -> None:
    estimate = estimated_with_holes(theory, "standard" if kind == "ML" else "robust")
    fit = EXTRA["fiml"][theory][kind]["fit"]
    np.testing.assert_allclose(model_rows(estimate, "value", NAMES), printed(fit, NAMES), **HOLES)
    if kind == "MLR":
        np.testing.assert_allclose(model_rows(estimate, "robust", ROBUST), printed(fit, ROBUST), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["hs", "pd"])
def test_printed_fit_of_the_classics(name: str) -> None:
    """The reference of another version of lavaan, 6 decimals."""
    case, fit = problem(name), PRINTED[name]["ML"]["fit"]
    minimum = case.fit()
    S, Sigma = case.patterns[0].covariances[0], implied(case.ram, minimum.theta)[0][0, 0]
    model, baseline = ChisqTest(case.n * minimum.discrepancy[0], fit["df"]), baseline_test(S, case.n)
    log_likelihood = normal_log_likelihood(S, Sigma, case.n)
    found = {
        "chisq": model.chisq,
        "pvalue": model.p_value,
        "baseline.chisq": baseline.chisq,
        **comparative_fit(model, baseline),
        **{NAMES[key]: value for key, value in approximation_error(model, case.n).items()},
        "srmr": residual_fit(S, Sigma),
        "logl": log_likelihood,
        **{NAMES[key]: value for key, value in information_criteria(log_likelihood, fit["npar"], case.n).items()},
    }
    for name, value in found.items():
        assert value == pytest.approx(fit[name], abs=2e-6), name


@pytest.mark.parametrize("theory", ["scsb", "staged"])
def test_log_likelihood_is_the_sum_of_normal_densities(theory: str) -> None:
    estimate = estimated(theory)
    fit = fit_table(estimate).set_index("measure")["value"]
    S, Sigma = estimate.residual_moments
    mean = estimate.answers.mean(axis=0)
    for covariance, name in ((Sigma, "log_likelihood"), (S, "unrestricted_log_likelihood")):
        densities = multivariate_normal(mean, covariance).logpdf(estimate.answers)
        assert fit[name] == pytest.approx(densities.sum(), rel=1e-12)
    assert fit["chisq"] == pytest.approx(2 * (fit["unrestricted_log_likelihood"] - fit["log_likelihood"]), abs=1e-7)
    assert fit["aic"] - fit["bic"] == pytest.approx(fit["npar"] * (2 - np.log(fit["n"])))


def test_log_likelihood_with_holes_is_the_sum_of_normal_densities() -> None:
    estimate = estimated_with_holes("scsb")
    Sigmas, mus = implied(estimate.ram, estimate.theta[None])
    total = 0.0
    for row in estimate.answers:
        o = np.flatnonzero(~np.isnan(row))
        total += multivariate_normal(mus[0, 0][o], Sigmas[0, 0][np.ix_(o, o)]).logpdf(row[o])
    fit = fit_table(estimate).set_index("measure")["value"]
    assert fit["log_likelihood"] == pytest.approx(total, rel=1e-12)


def test_a_saturated_model_fits() -> None:
    """A factor of two items and one observed predictor leave no degree of freedom."""
    model = small_model({"value": ["PERV1", "PERV2"], "complaints": ["CUSCO"]}, [("complaints", "value")])
    fit = fit_table(estimate_cbsem(model, answers("scsb"))).set_index("measure")["value"]
    assert fit["df"] == 0
    assert fit["chisq"] == pytest.approx(0, abs=1e-8)
    for name in ("cfi", "tli", "p_value", "rmsea_p_close"):
        assert fit[name] == 1
    for name in ("rmsea", "rmsea_lower", "rmsea_upper"):
        assert fit[name] == 0
    assert fit["nfi"] == pytest.approx(1)
    assert fit["srmr"] == pytest.approx(0, abs=1e-7)


def test_a_true_population_fits() -> None:
    """Exact covariances of the model with degrees of freedom: χ² 0, RMSEA 0 with a limit at 0, TLI above 1."""
    items = {"quality": ["q1", "q2", "q3"], "loyalty": ["l1", "l2", "l3"]}
    S = implied_correlations(items, {key: [0.8, 0.7, 0.6] for key in items}, np.array([[1, 0.5], [0.5, 1]]))
    estimate = estimate_cbsem(small_model(items, [("quality", "loyalty")]), with_covariance(S, 300))
    fit = fit_table(estimate).set_index("measure")["value"]
    assert fit["chisq"] == pytest.approx(0, abs=1e-8)
    assert fit["df"] == 8
    assert fit["cfi"] == fit["p_value"] == 1
    assert fit["rmsea"] == fit["rmsea_lower"] == fit["rmsea_upper"] == 0
    assert fit["tli"] > 1


@pytest.mark.parametrize(("chisq", "df", "n"), [(85.3, 24, 301), (40.0, 35, 75), (389.5, 156, 250), (5.0, 8, 100)])
def test_limits_of_rmsea_invert_the_noncentral_chisq(chisq: float, df: int, n: int) -> None:
    """At the noncentrality of its limits χ² is the 95 % and the 5 % quantile, or the limit is 0."""
    error = approximation_error(ChisqTest(chisq, df), n)
    for limit, level in (("rmsea_lower", 0.95), ("rmsea_upper", 0.05)):
        if error[limit] == 0:
            assert chi2.cdf(chisq, df) <= level
        else:
            assert ncx2.cdf(chisq, df, error[limit] ** 2 * n * df) == pytest.approx(level, abs=1e-9)
    assert error["rmsea_p_close"] == pytest.approx(1 - ncx2.cdf(chisq, df, 0.0025 * n * df), abs=1e-12)
    assert error["rmsea_lower"] <= error["rmsea"] <= error["rmsea_upper"]


def test_a_model_as_bad_as_none() -> None:
    base = ChisqTest(100.0, 10)
    assert comparative_fit(base, base) == {"cfi": 0.0, "tli": 0.0, "nfi": 0.0}
    assert comparative_fit(ChisqTest(5.0, 5), ChisqTest(8.0, 10))["cfi"] == 1.0


def test_residuals_in_standard_deviations() -> None:
    """One residual of .1 among the ten cells of four uncorrelated items, whatever their scales."""
    S = np.eye(4)
    S[0, 1] = S[1, 0] = 0.1
    scale = np.diag([1.0, 2.0, 3.0, 40.0])
    assert residual_fit(scale @ S @ scale, scale @ scale) == pytest.approx(np.sqrt(0.01 / 10))


def test_cut_offs_are_met_at_the_bound_and_missed_beyond() -> None:
    met = pd.DataFrame({"measure": list(CUT_OFFS), "value": list(CUT_OFFS.values())})
    assert missed_cut_offs(met) == []
    beyond = met.assign(value=[0.949, 0.99, 0.061, 0.05])
    assert missed_cut_offs(beyond) == ["cfi", "rmsea"]
    assert missed_cut_offs(met.assign(value=float("nan"))) == list(CUT_OFFS)
