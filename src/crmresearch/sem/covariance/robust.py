"""MLR: standard errors and fit of maximum likelihood when the answers are not normal, with or without holes.

With s_r(θ) the score of row r, J = Σ s_r s_r' and H the observed information −∂² log L, θ̂ has covariance H⁻¹ J H⁻¹
(Huber 1967; White 1982, Econometrica 50, 1–25), and χ² has the mean

    c · df = tr(H₁⁻¹ J₁) − tr(H₀⁻¹ J₀)

with H₁, J₁ of the saturated model at its own estimates and H₀, J₀ of the model (Yuan & Bentler 2000, Sociological
Methodology 30, 165–200, in the form of Mplus: Asparouhov & Muthén 2005), lavaan's `yuan.bentler.mplus`. The scaled χ²
is χ²/c. With sampling weights w the log-likelihood is Σ w_r log L_r, of which H is the information, and J = Σ w_r² s_r
s_r' (Skinner 1989; Asparouhov 2005, Structural Equation Modeling 12, 411–434). Of rows drawn in clusters within strata
J is the covariance of the total of the scores, `SamplingDesign.covariance_of_total` (Binder 1983; Oberski 2014, Journal
of Statistical Software 57(1)). Checked against lavaan's MLR, on complete data, with missing="fiml", with
sampling.weights, and with cluster; with strata against R survey.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sampling_design import SamplingDesign
from crmresearch.sem.covariance.fit_measures import Test, approximation_error, comparative_fit
from crmresearch.sem.covariance.full_information import pattern_rows, sample_patterns
from crmresearch.sem.covariance.likelihood.curvature import moment_jacobian
from crmresearch.sem.covariance.likelihood.discrepancy import observed_hessian
from crmresearch.sem.covariance.likelihood.ram import Ram, implied
from crmresearch.sem.covariance.likelihood.saturated import independence_ram, saturated_moments, saturated_ram
from crmresearch.sem.pls.algorithm import Floats

Groups = NDArray[np.intp]


class Sandwich(NamedTuple):
    """Information H and covariance H⁻¹ J H⁻¹ of the parameters (q, q), and tr(H⁻¹ J)."""

    information: Floats
    covariance: Floats
    trace: float


class Scaling(NamedTuple):
    """Scaling factors c of the χ² of the model and of the independence model, and their degrees of freedom."""

    factor: float
    df: int
    baseline_factor: float
    baseline_df: int


class RobustFit(NamedTuple):
    """Fit measures corrected for answers that are not normal, or missing; RMSEA with 90 % interval and p-close."""

    cfi: float
    tli: float
    rmsea: float
    rmsea_lower: float
    rmsea_upper: float
    rmsea_p_close: float


def casewise_scores(
    ram: Ram, theta: Floats, X: Floats, group: Groups | None = None, weights: Floats | None = None
) -> Floats:
    """∂ log L of every row (n, q) at θ (q,); X (n, p) in the order of `ram.observed`, NaN for missing answers.

    The score of a row with a sampling weight is multiplied with it.

    With W = Σ_oo⁻¹ and x = W (y − μ) of the answered variables, ½ (x'dΣ x − tr W dΣ) + x'dμ. Without modelled means
    they are at their sample values. Rows without any answer have score 0.
    """
    n, p = X.shape
    group = np.zeros(n, dtype=np.intp) if group is None else group
    Sigmas, mus = implied(ram, theta[None])
    scores = np.zeros((n, len(theta)))
    for g in range(ram.groups):
        mine = np.flatnonzero(group == g)
        jacobian = moment_jacobian(ram, theta, g)
        own = None if weights is None else weights[mine]
        mu = mus[0, g] if ram.has_means else np.average(X[mine], axis=0, weights=own)
        x, spread = np.zeros((len(mine), p)), np.zeros((len(mine), p, p))
        for observed, rows in pattern_rows(X[mine]):
            W = np.linalg.inv(Sigmas[0, g][np.ix_(observed, observed)])
            x[rows[:, None], observed] = (X[mine[rows][:, None], observed] - mu[observed]) @ W
            spread[rows[:, None, None], observed[:, None], observed] = -W
        spread += x[:, :, None] * x[:, None, :]
        scores[mine] = spread.reshape(len(mine), -1) @ jacobian.covariances / 2 + x @ jacobian.means
    return scores if weights is None else scores * weights[:, None]


def sandwich(
    ram: Ram,
    theta: Floats,
    X: Floats,
    group: Groups | None = None,
    weights: Floats | None = None,
    design: SamplingDesign | None = None,
) -> Sandwich:
    """Robust covariance of the estimates θ (q,) from X (n, p), with the observed information as bread."""
    patterns = sample_patterns(ram, X, group, weights)
    rows = sum(pattern.rows for pattern in patterns)
    information = rows / 2 * observed_hessian(ram, theta, patterns)
    inverse = inverse_or_nan(information)
    variability = score_covariance(casewise_scores(ram, theta, X, group, weights), design)
    covariance = inverse @ variability @ inverse
    return Sandwich(information, (covariance + covariance.T) / 2, float((inverse * variability).sum()))


def score_covariance(scores: Floats, design: SamplingDesign | None) -> Floats:
    """J (q, q) from the scores (n, q) of the rows, which were drawn one by one or as the `design` says."""
    return np.asarray(scores.T @ scores) if design is None else design.covariance_of_total(scores)


def inverse_or_nan(information: Floats) -> Floats:
    """The inverse; NaN where there is none, as at a model that is not identified."""
    try:
        return np.asarray(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)


def saturated_trace(
    ram: Ram,
    X: Floats,
    group: Groups | None = None,
    weights: Floats | None = None,
    design: SamplingDesign | None = None,
) -> float:
    """tr(H₁⁻¹ J₁) of free covariances (and means, when the model has means) in every group."""
    patterns = sample_patterns(ram, X, group, weights)
    total = 0.0
    for g in range(ram.groups):
        mine = np.full(len(X), True) if group is None else group == g
        if ram.has_means:
            moments = saturated_moments(ram.observed, patterns, g)
            free = saturated_ram(ram.observed, moments.means, moments.covariances)
        else:
            (pattern,) = [pattern for pattern in patterns if pattern.group == g]
            free = saturated_ram(ram.observed, None, pattern.covariances[0])
        own = None if weights is None else weights[mine]
        drawn = None if design is None else design.rows(mine)
        total += sandwich(free, free.start, X[mine], weights=own, design=drawn).trace
    return total


def scaling(
    ram: Ram,
    theta: Floats,
    X: Floats,
    group: Groups | None = None,
    weights: Floats | None = None,
    design: SamplingDesign | None = None,
) -> Scaling:
    """Scaling factors of the model estimated as θ (q,) and of the independence model of the same answers."""
    p = len(ram.observed)
    moments = ram.groups * (p * (p + 1) // 2 + (p if ram.has_means else 0))
    baseline = independence_ram(ram.observed, sample_patterns(ram, X, group, weights))
    free = saturated_trace(ram, X, group, weights, design)
    df, baseline_df = moments - len(theta), moments - len(baseline.start)
    ours = sandwich(ram, theta, X, group, weights, design).trace
    theirs = sandwich(baseline, baseline.start, X, group, weights, design).trace
    return Scaling(
        (free - ours) / df if df else np.nan, df, (free - theirs) / baseline_df if baseline_df else np.nan, baseline_df
    )


def scaled_test(model: Test, factor: float) -> Test:
    """The scaled χ² = χ²/c with the degrees of freedom of the model."""
    return Test(model.chisq / factor if model.df else 0.0, model.df)


def scaled_fit(model: Test, baseline: Test, scales: Scaling, n: int, groups: int = 1) -> RobustFit:
    """The fit measures with χ²/c in place of χ², lavaan's `.scaled`.

    They estimate other quantities than those of normal answers; prefer `robust_fit`. The limits of RMSEA are those
    of χ² with c · df degrees of freedom.
    """
    if not model.df:
        return RobustFit(1.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    indices = comparative_fit(scaled_test(model, scales.factor), scaled_test(baseline, scales.baseline_factor))
    error = approximation_error(Test(model.chisq, model.df * scales.factor), n, groups)
    return RobustFit(indices["cfi"], indices["tli"], *error.values())


def robust_fit(model: Test, baseline: Test, scales: Scaling, n: int, groups: int = 1) -> RobustFit:
    """CFI, TLI and RMSEA that estimate their values under normal answers, lavaan's `.robust`.

    With c and c_b the scaling factors and b the baseline model,

        CFI = 1 − (χ² − c df)/(χ²_b − c_b df_b),  TLI = 1 − (χ² − c df) df_b / ((χ²_b − c_b df_b) df),
        RMSEA² = (χ² − c df)/(N df)

    with negative excesses 0 in CFI and RMSEA (Brosseau-Liard, Savalei & Li 2012, Multivariate Behavioral Research 47,
    904–930; Brosseau-Liard & Savalei 2014, 49, 460–470); limits of RMSEA by Li & Bentler (2006).
    """
    if not model.df:
        return RobustFit(1.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    excess = model.chisq - scales.factor * model.df
    excess_base = baseline.chisq - scales.baseline_factor * baseline.df
    worst = max(excess, excess_base, 0.0)
    error = approximation_error(scaled_test(model, scales.factor), n / scales.factor, groups)
    return RobustFit(
        1 - max(excess, 0.0) / worst if worst > 0 else 1.0,
        1 - excess * baseline.df / (excess_base * model.df),
        *error.values(),
    )
