"""How far the correlations that a PLS model implies lie from those of the answers: SRMR, saturated and estimated."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.result import PlsEstimate

SRMR_LIMIT = 0.08  # Hu & Bentler (1999), as Henseler et al. (2014) take it over for PLS


def srmr(R: Floats, implied: Floats) -> float:
    """Root mean square difference of two correlation matrices (p, p), over the p(p + 1)/2 entries on and below the
    diagonal, where those on it are 0."""
    below = np.tril_indices(len(R))
    return float(np.sqrt(np.mean((R - implied)[below] ** 2)))


def structural_correlations(Q: Floats, B: Floats, r_squared: Floats) -> Floats:
    """Correlations (k, k) of constructs as their paths B (k, k), at [predictor, outcome], imply them.

    Σ = (I − B')⁻¹ Ψ (I − B)⁻¹, where Ψ holds the correlations Q of the exogenous constructs and 1 − R² of the others,
    whose R² is NaN otherwise.
    """
    exogenous = np.isnan(r_squared)
    Psi = np.where(np.outer(exogenous, exogenous), Q, np.diag(1 - np.nan_to_num(r_squared)))
    inverse = np.linalg.inv(np.eye(len(Q)) - B.T)
    return np.asarray(inverse @ Psi @ inverse.T)


def item_correlations(
    R: Floats, loadings: Floats, constructs: Floats, mask: Floats, factor: NDArray[np.bool_]
) -> Floats:
    """Correlations (p, p) of the items that loadings (p,) and correlations of the constructs (k, k) imply.

    λ_i φ_jk λ_l between constructs and within a common factor; within a composite those of the answers, which it does
    not explain.
    """
    L = loadings[:, None] * mask
    implied = L @ constructs @ L.T
    composite = mask[:, ~factor] @ mask[:, ~factor].T > 0
    implied = np.where(composite, R, implied)
    j = np.arange(len(R))
    implied[j, j] = np.where(composite[j, j], 1.0, implied[j, j] + 1 - loadings**2)
    scale = np.sqrt(np.diag(implied))
    return np.asarray(implied / np.outer(scale, scale))


def approximate_fit(estimate: PlsEstimate) -> pd.DataFrame:
    """SRMR of the saturated and of the estimated model: columns model, then one an estimator (pls, plsc).

    The saturated model takes the correlations of the constructs as they are, so that its SRMR judges the measurement;
    the estimated one takes those that the paths imply. All constructs are composites to PLS; PLSc takes common factors
    as such; components go with others through their construct of second order. The estimated one is NaN with
    moderations, whose products have no moments that follow from the model.

    Source: Henseler et al. (2014), Organizational Research Methods 17, 182–209; definitions of R cSEM (fit and
    calculateSRMR). Checked against a computation item by item.
    """
    spec, k, p = estimate.specification, estimate.model.constructs, len(estimate.specification.items)
    R = estimate.fits.moments.correlations[0][:p, :p]
    mask = estimate.model.main.mask
    table = pd.DataFrame({"model": ["saturated", "estimated"]})
    for estimator in estimate.estimators:
        fitted = estimate.fits.pls if estimator == "pls" else estimate.fits.consistent
        assert fitted is not None
        factor = estimate.model.main.factor & (estimator == "plsc")
        loadings = estimate.only("loadings", estimator)["standardized"].to_numpy()
        Q, B = fitted.correlations[0][:k, :k], fitted.paths[0][:k, :k]
        found = [srmr(R, item_correlations(R, loadings, _through_wholes(estimate, Q, Q), mask, factor))]
        if spec.moderations:
            found.append(np.nan)
        else:
            own = estimate.model.main.adjacency
            implied = structural_correlations(Q, np.where(own, B, 0.0), fitted.r_squared[0][:k])
            implied = _through_wholes(estimate, Q, implied)
            found.append(srmr(R, item_correlations(R, loadings, implied, mask, factor)))
        table[estimator] = found
    return table


def _through_wholes(estimate: PlsEstimate, Q: Floats, implied: Floats) -> Floats:
    """Correlations (k, k) of constructs where components go with others through their construct of second order only.

    It is their composite: among them they correlate as in Q (k, k), with others their correlation with it times its
    own, `implied`. Without constructs of second order `implied` as it is.
    """
    if estimate.model.stages is None:
        return implied
    whole = np.arange(len(Q))
    whole[estimate.model.stages.parts] = estimate.model.stages.wholes
    with_whole = Q[np.arange(len(Q)), whole]
    through = np.outer(with_whole, with_whole) * implied[np.ix_(whole, whole)]
    return np.where(whole[:, None] == whole, Q, through)
