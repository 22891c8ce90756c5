"""Which correlations of the items a covariance structure does not explain, and which of them beyond chance.

With s and σ̂ the observed and implied covariances, Γ/N the covariance of s and W the inverse of Γ under the model,

    r = (s − σ̂)/√(s_ii s_jj),   Acov(s − σ̂) = Q Γ Q'/N,   Q = I − Δ(Δ'WΔ)⁻¹Δ'W,   Δ = ∂σ/∂θ

and z = r/se(r). With holes in the answers s are the saturated moments, means among them, and both Γ and W follow from
the information of the saturated model, at its own estimates and at the moments that the model implies. Sources: Bentler
(1995), EQS structural equations program manual; Maydeu-Olivares (2017), Psychometrika 82, 533–558. Γ is that of normal
answers with the observed covariances, or where robust errors were asked for (weights and designs ask for them) that of
the answers themselves.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from crmresearch.ranks import holm
from crmresearch.sem.covariance.fit.saturated_errors import saturated_covariance, saturated_information
from crmresearch.sem.covariance.likelihood.curvature import moment_jacobian
from crmresearch.sem.covariance.likelihood.ram import implied
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.robust import score_covariance
from crmresearch.sem.pls.algorithm import Floats

NOTHING = 1e-6  # a residual correlation, or its error, that is rounding: the model fits this one by definition


def normal_gamma(S: Floats) -> Floats:
    """Γ (m, m) of the m = p(p + 1)/2 covariances of normal answers: γ_ij,kl = s_ik s_jl + s_il s_jk."""
    i, j = np.tril_indices(len(S))
    return np.asarray(S[np.ix_(i, i)] * S[np.ix_(j, j)] + S[np.ix_(i, j)] * S[np.ix_(j, i)])


def residual_variances(covariance: Floats, Sigma: Floats, jacobian: Floats) -> Floats:
    """The diagonal (m,) of Acov(s − σ̂) from the `covariance` (m, m) of s, implied Σ (p, p) and ∂Σ/∂θ (q, p, p).

    Of normal answers Γ⁻¹ vech(X) holds the cells of Σ⁻¹XΣ⁻¹, those on the diagonal halved: with 68 items no matrix of
    2,346 rows needs an inverse, which takes six seconds.
    """
    i, j = np.tril_indices(len(Sigma))
    inverse = np.linalg.inv(Sigma)
    delta = jacobian[:, i, j].T
    weighted = (inverse @ jacobian @ inverse)[:, i, j] * np.where(i == j, 0.5, 1.0)  # (WΔ)'
    K = np.linalg.solve(weighted @ delta, weighted)  # Q = I − ΔK
    moved = covariance @ K.T
    twice = (delta * moved).sum(axis=1)
    return np.asarray(np.diag(covariance) - 2 * twice + (delta * (delta @ (K @ moved))).sum(axis=1))


def _residual_variances_with_holes(estimate: CbEstimate) -> Floats:
    """The same (m,) of the covariances among saturated moments."""
    (Sigma,), (mean,) = (moment[0] for moment in implied(estimate.ram, estimate.theta[None]))
    i, j = np.tril_indices(len(Sigma))
    jacobian = moment_jacobian(estimate.ram, estimate.theta)
    covariances = jacobian.covariances.reshape(len(Sigma), len(Sigma), -1)[i, j]
    delta = np.concatenate([covariances, jacobian.means])
    weighted = delta.T @ saturated_information(estimate, mean, Sigma)  # Δ'W
    Q = np.eye(len(delta)) - delta @ np.linalg.solve(weighted @ delta, weighted)
    return np.asarray(((Q @ saturated_covariance(estimate)) * Q).sum(axis=1)[: len(i)])


def residual_correlations(estimate: CbEstimate) -> pd.DataFrame:
    """Every pair of items, the largest residual first.

    Columns: item, other; observed and implied correlation; residual, observed less implied covariance over the observed
    standard deviations; z, p_value and p_adjusted (Holm, for all pairs). z is NaN where the model fits a pair by
    definition. Checked against lavaan's lavResiduals (cor.bentler) 0.6-14, with holes in the answers as well.
    """
    S, Sigma = estimate.residual_moments
    p = len(S)
    i, j = np.tril_indices(p)
    spread, of_model = np.sqrt(np.diag(S)), np.sqrt(np.diag(Sigma))
    residual = ((S - Sigma) / np.outer(spread, spread))[i, j]
    if estimate.full_information is not None:
        variance = _residual_variances_with_holes(estimate)
    else:
        X, weights, n = estimate.answers, estimate.weights, estimate.rows
        if estimate.errors == "standard":
            covariance = normal_gamma(S) / n
        else:
            deviations = X - np.average(X, axis=0, weights=weights)
            of_rows = (deviations[:, i] * deviations[:, j] - S[i, j]) / n
            covariance = score_covariance(of_rows if weights is None else of_rows * weights[:, None], estimate.design)
        jacobian = moment_jacobian(estimate.ram, estimate.theta).covariances.T.reshape(-1, p, p)
        variance = residual_variances(covariance, Sigma, jacobian)
    error = np.sqrt(np.maximum(variance, 0.0)) / (spread[i] * spread[j])
    told = (error > NOTHING) & (np.abs(residual) > NOTHING)
    z = np.divide(residual, error, out=np.full(len(i), np.nan), where=told)
    items = np.array(estimate.ram.observed)
    frame = pd.DataFrame(
        {
            "item": items[j],
            "other": items[i],
            "observed": (S / np.outer(spread, spread))[i, j],
            "implied": (Sigma / np.outer(of_model, of_model))[i, j],
            "residual": residual,
            "z": z,
        }
    )[i != j]
    frame["p_value"] = 2 * ndtr(-frame["z"].abs())
    frame["p_adjusted"] = holm(frame["p_value"].to_numpy())
    order = frame["residual"].abs().sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)
