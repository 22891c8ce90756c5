"""How precisely answers with holes tell the moments of the items: covariances of their saturated estimates.

The information H₁ of the saturated model is the observed one, −∂² log L, whose inverse is the covariance of the
saturated moments, or where robust errors were asked for H₁⁻¹ J₁ H₁⁻¹ (Yuan & Bentler 2000, Sociological Methodology 30,
165–200). Moments are the covariances, lower triangle row by row, and behind them the means.
"""

import numpy as np

from crmresearch.sem.covariance.full_information import sample_patterns
from crmresearch.sem.covariance.likelihood.discrepancy import observed_hessian
from crmresearch.sem.covariance.likelihood.saturated import saturated_ram
from crmresearch.sem.covariance.result import CbEstimate, Errors
from crmresearch.sem.covariance.robust import inverse_or_nan, sandwich
from crmresearch.sem.pls.algorithm import Floats


def saturated_information(estimate: CbEstimate, means: Floats, covariances: Floats) -> Floats:
    """H₁ (m, m) of the m = p(p + 1)/2 + p moments at these `means` (p,) and `covariances` (p, p)."""
    patterns = sample_patterns(estimate.ram, estimate.answers, weights=estimate.weights)
    free = saturated_ram(estimate.ram.observed, means, covariances)
    return sum(pattern.rows for pattern in patterns) / 2 * observed_hessian(free, free.start, patterns)


def saturated_covariance(estimate: CbEstimate, errors: Errors | None = None) -> Floats:
    """Covariance (m, m) of the saturated moments of an estimate from answers with holes, by default its `errors`.

    NaN where the answers do not determine it.
    """
    assert estimate.full_information is not None
    found = estimate.full_information.saturated[0]
    if (errors or estimate.errors) == "standard":
        return inverse_or_nan(saturated_information(estimate, found.means, found.covariances))
    free = saturated_ram(estimate.ram.observed, found.means, found.covariances)
    return sandwich(free, free.start, estimate.answers, weights=estimate.weights, design=estimate.design).covariance


def drawn_correlations(estimate: CbEstimate, draws: int, seed: int) -> Floats:
    """Correlations (draws, p, p) of the items from moments drawn out of the normal distribution of their estimates.

    Resamples of rows with holes would need an estimate each (Monte Carlo method: MacKinnon, Lockwood & Williams 2004,
    Multivariate Behavioral Research 39, 99–128). The errors are robust, as resamples take no answers for normal. Drawn
    covariances with a variance that is not positive are left out; none are drawn where the answers do not determine
    the errors.
    """
    assert estimate.full_information is not None
    S = estimate.full_information.saturated[0].covariances
    p = len(S)
    i, j = np.tril_indices(p)
    covariance = saturated_covariance(estimate, "robust")[: len(i), : len(i)]
    if not np.isfinite(covariance).all():
        return np.empty((0, p, p))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**32 - 4,)))
    moved = rng.standard_normal((draws, len(i))) @ root.T
    drawn = np.empty((draws, p, p))
    drawn[:, i, j] = drawn[:, j, i] = S[i, j] + moved
    variances = np.diagonal(drawn, axis1=1, axis2=2)
    drawn, spread = drawn[kept := (variances > 0).all(axis=1)], np.sqrt(variances[kept])
    return np.asarray(drawn / (spread[:, :, None] * spread[:, None, :]))
