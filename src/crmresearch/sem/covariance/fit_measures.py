"""Measures of fit of a covariance structure, with lavaan's definitions (normal likelihood, divisor N).

Hu & Bentler (1999), Structural Equation Modeling 6, 1–55, for cut-offs; Steiger (1990) for RMSEA; MacCallum, Browne
& Sugawara (1996) for its test; Bentler (1990) for CFI; Tucker & Lewis (1973) for TLI.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtr, chdtrc, chndtr

from crmresearch.sem.pls.algorithm import Floats


class Test(NamedTuple):
    """A χ² statistic and its degrees of freedom, fractional where they stand for the mean of a scaled statistic."""

    chisq: float
    df: float

    @property
    def p_value(self) -> float:
        """Upper tail of χ²; 1 without degrees of freedom."""
        return float(chdtrc(self.df, max(self.chisq, 0.0))) if self.df else 1.0


def comparative_fit(model: Test, baseline: Test) -> dict[str, float]:
    """CFI, TLI and NFI against the model of uncorrelated variables; NaN where a measure is undefined."""
    excess, excess_base = max(model.chisq - model.df, 0.0), max(baseline.chisq - baseline.df, 0.0)
    worst = max(excess, excess_base)
    measures = {"cfi": 1 - excess / worst if worst > 0 else 1.0, "tli": np.nan}
    if model.df and baseline.df and baseline.chisq / baseline.df != 1:
        ratio, ratio_base = model.chisq / model.df, baseline.chisq / baseline.df
        measures["tli"] = (ratio_base - ratio) / (ratio_base - 1)
    elif not model.df:
        measures["tli"] = 1.0
    measures["nfi"] = (baseline.chisq - model.chisq) / baseline.chisq
    return measures


def approximation_error(model: Test, n: float, groups: int = 1) -> dict[str, float]:
    """RMSEA with its 90 % interval and the p-value of RMSEA ≤ .05; zeros without degrees of freedom.

    RMSEA² = max(χ² − df, 0) / (N df), times the number of groups; the limits are those of the noncentrality λ at
    which χ² is the 95 % and the 5 % quantile.
    """
    x, df = model.chisq, model.df
    if not df:
        return {"rmsea": 0.0, "rmsea_lower": 0.0, "rmsea_upper": 0.0, "rmsea_p_close": 1.0}
    from scipy.stats import ncx2  # slow to import, and no model is estimated without semopy, which does so too

    scale = groups / (n * df)
    close = float(ncx2.sf(x, df, 0.05**2 / scale))
    return {
        "rmsea": float(np.sqrt(max(x - df, 0.0) * scale)),
        "rmsea_lower": float(np.sqrt(_noncentrality(x, df, 0.95) * scale)),
        "rmsea_upper": float(np.sqrt(_noncentrality(x, df, 0.05) * scale)),
        "rmsea_p_close": close,
    }


def _noncentrality(x: float, df: float, level: float) -> float:
    """λ ≥ 0 with P(χ²(df, λ) ≤ x) = level; 0 when even λ = 0 is below."""
    x = max(x, 0.0)  # of a model that fits exactly rounding may leave less
    if chdtr(df, x) < level:
        return 0.0
    upper = max(x, 1.0)
    while chndtr(x, df, upper) > level:
        upper *= 2
    return float(brentq(lambda value: chndtr(x, df, value) - level, 0.0, upper, xtol=1e-10))


def residual_fit(S: Floats, Sigma: Floats) -> float:
    """SRMR (Bentler): root mean square of (s − σ)/√(s_ii s_jj) over the lower triangle with diagonal."""
    scale = np.sqrt(np.diag(S))
    lower = np.tril_indices(len(S))
    return float(np.sqrt(np.mean(((S - Sigma) / np.outer(scale, scale))[lower] ** 2)))


def information_criteria(log_likelihood: float, parameters: int, n: int) -> dict[str, float]:
    """AIC, BIC and the sample-size adjusted BIC (Sclove 1987)."""
    deviance = -2 * log_likelihood
    return {
        "aic": deviance + 2 * parameters,
        "bic": deviance + parameters * np.log(n),
        "sabic": deviance + parameters * np.log((n + 2) / 24),
    }


def normal_log_likelihood(S: Floats, Sigma: Floats, n: int) -> float:
    """Log-likelihood of n rows with covariance S (divisor n) at Σ, means at their sample values."""
    p = len(S)
    _, log_determinant = np.linalg.slogdet(Sigma)
    return float(-n / 2 * (p * np.log(2 * np.pi) + log_determinant + np.trace(np.linalg.solve(Sigma, S))))


def baseline_test(S: Floats, n: int) -> Test:
    """χ² of the model in which the variables have variances only: N (Σ log s_ii − log|S|)."""
    p = len(S)
    _, log_determinant = np.linalg.slogdet(S)
    return Test(float(n * (np.log(np.diag(S)).sum() - log_determinant)), p * (p - 1) // 2)
