"""CFI, TLI and RMSEA of rows with holes as they would be without holes.

χ² of full-information likelihood grows less with misfit the more is missing, so that the fit measures made of it
depend on how much that is. The corrected ones (Zhang & Savalei 2023, Psychological Methods 28, 263–283) take the
discrepancy F_C of complete data between the saturated and the model's moments, both estimated from the rows with
holes, and its mean N F_C ≈ tr(Q'WQ Γ) under the model: Γ the covariance of the saturated estimates, W the
information of complete data about them, and Q = I − Δ(Δ'HΔ)⁻¹Δ'H what estimation leaves of their errors, with H the
information of the rows with holes and Δ the derivatives of the moments.

Checked against lavaan's `cfi.robust`, `tli.robust` and `rmsea.robust` with missing="fiml", ML and MLR.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag

from crmresearch.sampling_design import SamplingDesign
from crmresearch.sem.covariance.fit_measures import Test
from crmresearch.sem.covariance.full_information import sample_patterns
from crmresearch.sem.covariance.likelihood.curvature import moment_jacobian
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate, observed_hessian
from crmresearch.sem.covariance.likelihood.ram import Ram
from crmresearch.sem.covariance.likelihood.saturated import Saturated, independence_ram, saturated_ram
from crmresearch.sem.covariance.robust import Groups, Scaling, casewise_scores, inverse_or_nan, score_covariance
from crmresearch.sem.pls.algorithm import Floats


class Corrected(NamedTuple):
    """N F_C of the model and of the independence model, and their means over df: the input of `robust_fit`."""

    model: Test
    baseline: Test
    scaling: Scaling


class _Moments(NamedTuple):
    """Saturated moments of all groups: as complete patterns, H and W, and their covariance Γ."""

    patterns: list[Pattern]
    information: Floats
    complete: Floats
    covariance: Floats


def corrected_tests(
    ram: Ram,
    theta: Floats,
    X: Floats,
    saturated: Sequence[Saturated],
    group: Groups | None = None,
    *,
    robust: bool = False,
    weights: Floats | None = None,
    design: SamplingDesign | None = None,
) -> Corrected:
    """Complete-data χ² and scaling factors of a model with means, estimated as θ (q,) from X (n, p) with holes.

    `saturated` are the saturated moments of every group. Γ is H⁻¹, or with `robust` the sandwich H⁻¹ J H⁻¹ for
    answers that are not normal.
    """
    patterns = sample_patterns(ram, X, group, weights)
    moments = _moments(ram, X, patterns, saturated, group, robust, weights, design)
    baseline = independence_ram(ram.observed, patterns)
    free = len(moments.information)
    tests, factors = [], []
    for model, estimates in ((ram, theta), (baseline, baseline.start)):
        chisq, mean = _complete_test(model, estimates, moments)
        tests.append(Test(chisq, free - len(estimates)))
        factors.append(mean / tests[-1].df if tests[-1].df else np.nan)
    model_test, baseline_test = tests
    return Corrected(
        model_test, baseline_test, Scaling(factors[0], int(model_test.df), factors[1], int(baseline_test.df))
    )


def _moments(
    ram: Ram,
    X: Floats,
    patterns: list[Pattern],
    saturated: Sequence[Saturated],
    group: Groups | None,
    robust: bool,
    weights: Floats | None,
    design: SamplingDesign | None,
) -> _Moments:
    complete, H, W, Gamma = [], [], [], []
    everything = np.arange(len(ram.observed))
    for g, estimate in enumerate(saturated):
        mine = [replace(pattern, group=0) for pattern in patterns if pattern.group == g]
        rows = sum(pattern.rows for pattern in mine)
        free = saturated_ram(ram.observed, estimate.means, estimate.covariances)
        whole = Pattern(rows, everything, estimate.covariances[None], estimate.means[None])
        complete.append(replace(whole, group=g))
        H.append(rows / 2 * observed_hessian(free, free.start, mine))
        W.append(rows / 2 * observed_hessian(free, free.start, [whole]))
        inverse = inverse_or_nan(H[-1])
        if robust:
            own = np.full(len(X), True) if group is None else group == g
            scores = casewise_scores(free, free.start, X[own], weights=None if weights is None else weights[own])
            variability = score_covariance(scores, None if design is None else design.rows(own))
            inverse = inverse @ variability @ inverse
        Gamma.append(inverse)
    return _Moments(complete, block_diag(*H), block_diag(*W), block_diag(*Gamma))


def _complete_test(ram: Ram, theta: Floats, moments: _Moments) -> tuple[float, float]:
    """N F_C at θ and tr(Q'WQ Γ)."""
    p = len(ram.observed)
    lower = np.ravel_multi_index(np.tril_indices(p), (p, p))
    blocks = [moment_jacobian(ram, theta, g) for g in range(ram.groups)]
    Delta = np.vstack([part for block in blocks for part in (block.covariances[lower], block.means)])
    H = moments.information
    Q = np.eye(len(H)) - Delta @ inverse_or_nan(Delta.T @ H @ Delta) @ Delta.T @ H
    rows = sum(pattern.rows for pattern in moments.patterns)
    F = evaluate(ram, theta[None], moments.patterns, hessian=False).discrepancy[0]
    return float(rows * F), float(((Q.T @ moments.complete @ Q) * moments.covariance).sum())
