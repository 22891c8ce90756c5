"""The fit of an estimated covariance structure as one table."""

from typing import Any

import numpy as np
import pandas as pd

from crmresearch.sem.covariance.corrected_fit import corrected_tests
from crmresearch.sem.covariance.fit_measures import (
    Test,
    approximation_error,
    baseline_test,
    comparative_fit,
    information_criteria,
    normal_log_likelihood,
    residual_fit,
)
from crmresearch.sem.covariance.full_information import residual_fit_with_means
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.robust import robust_fit, scaled_test, scaling

# Hu & Bentler (1999): CFI and TLI at least, RMSEA and SRMR at most
CUT_OFFS = {"cfi": 0.95, "tli": 0.95, "rmsea": 0.06, "srmr": 0.08}


def missed_cut_offs(fit: pd.DataFrame) -> list[str]:
    """The measures of a `fit_table` that miss the cut-offs of Hu & Bentler (1999)."""
    value = fit.set_index("measure")["value"]
    met = {
        key: value[key] >= limit if key in ("cfi", "tli") else value[key] <= limit for key, limit in CUT_OFFS.items()
    }
    return [key for key in CUT_OFFS if not met[key]]


def fit_table(estimate: CbEstimate) -> pd.DataFrame:
    """χ², baseline, CFI, TLI, NFI, RMSEA with 90 % interval, SRMR, log-likelihoods, AIC, BIC, SABIC.

    Columns measure and value, and robust where robust errors were asked for: the scaled χ² (yuan.bentler.mplus) with
    its factor, and CFI, TLI and RMSEA corrected for answers that are not normal. With sampling weights, which make
    errors robust, `value` is of the weighted moments as if they were of n equal rows: only `robust` is a test. Checked
    against lavaan.
    """
    n, parameters = estimate.rows, len(estimate.ram.labels)
    S, Sigma = estimate.residual_moments
    full = estimate.full_information
    model = Test(estimate.chisq, estimate.df)
    if full is None:
        baseline = baseline_test(S, n)
        log_likelihood, unrestricted = normal_log_likelihood(S, Sigma, n), normal_log_likelihood(S, S, n)
        srmr = residual_fit(S, Sigma)
    else:
        baseline = Test(full.baseline_chisq, len(S) * (len(S) - 1) // 2)
        log_likelihood, unrestricted = full.log_likelihood, full.unrestricted
        srmr = residual_fit_with_means(full.saturated[0], estimate.ram, estimate.theta)
    log_likelihood, unrestricted = log_likelihood - estimate.log_units, unrestricted - estimate.log_units
    measures: dict[str, Any] = {
        "n": n,
        "npar": parameters,
        "chisq": model.chisq,
        "df": model.df,
        "p_value": model.p_value,
        "scaling_factor": np.nan,
        "baseline_chisq": baseline.chisq,
        "baseline_df": baseline.df,
        **comparative_fit(model, baseline),
        **approximation_error(model, n),
        "srmr": srmr,
        "log_likelihood": log_likelihood,
        "unrestricted_log_likelihood": unrestricted,
        **information_criteria(log_likelihood, parameters, n),
    }
    if estimate.errors == "standard":
        del measures["scaling_factor"]
    table = pd.DataFrame({"measure": list(measures), "value": [float(value) for value in measures.values()]})
    if estimate.errors == "robust":
        table["robust"] = table["measure"].map(_robust(estimate, model, baseline)).astype(float)
    return table


def _robust(estimate: CbEstimate, model: Test, baseline: Test) -> dict[str, float]:
    scales = scaling(estimate.ram, estimate.theta, estimate.answers, weights=estimate.weights, design=estimate.design)
    scaled = scaled_test(model, scales.factor)
    full = estimate.full_information
    if full is None:
        corrected = robust_fit(model, baseline, scales, estimate.rows)
    else:
        tests = corrected_tests(
            estimate.ram,
            estimate.theta,
            estimate.answers,
            full.saturated,
            robust=True,
            weights=estimate.weights,
            design=estimate.design,
        )
        corrected = robust_fit(tests.model, tests.baseline, tests.scaling, estimate.rows)
    return {
        "chisq": scaled.chisq,
        "df": scaled.df,
        "p_value": scaled.p_value,
        "scaling_factor": scales.factor,
        **corrected._asdict(),
    }
