"""Whether a covariance-structure solution can be believed: inadmissible, weakly identified, or neither.

Inadmissible: a negative variance, latent covariances or an information matrix that are not positive definite, a
gradient that is not zero. Weakly identified: predictors whose model-implied correlations give a variance inflation
above 10, or a standardised path with a standard error above .5. A standardised path beyond 1 alone is legitimate
(Jöreskog 1999, "How large can a standardized coefficient be?").
"""

import numpy as np

from crmresearch.caution import Caution
from crmresearch.sem.covariance.likelihood.ram import Ram
from crmresearch.sem.covariance.standardised import total_covariances
from crmresearch.sem.measures import variance_inflation
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.cautions import WEAK_ERROR
from crmresearch.sem.pls.elimination import eigenvalues_exceed

GRADIENT = 1e-6  # largest entry of the gradient of F at a minimum
LATENT_VIF = 10.0
AGREEMENT = 1e-3  # standard errors between semopy's estimate and ours


def inadmissible(ram: Ram, theta: Floats, gradient: float, information: Floats) -> list[Caution]:
    """Why the solution θ (q,) is no solution of the model; empty when it is admissible."""
    found = []
    if not gradient < GRADIENT:
        found.append(Caution("cb_gradient", "inadmissible", "cbsem", {"value": gradient}))
    variance_of = {cell.label: cell.row for cell in ram.cells if cell.is_variance}
    for label, value in zip(ram.labels, theta, strict=True):
        if label in variance_of and value < 0:
            facts = {"variable": variance_of[label], "value": value}
            found.append(Caution("cb_variance", "inadmissible", f"cbsem: {label}", facts))
    found += _latent(ram, theta)
    if not _positive(information):
        found.append(Caution("cb_information", "inadmissible", "cbsem", {}))
    return found


def _latent(ram: Ram, theta: Floats) -> list[Caution]:
    p = len(ram.observed)
    C = total_covariances(ram, theta[None])[0, p:, p:]
    if not len(C) or _positive(C):
        return []
    deviation = np.sqrt(np.where(np.diag(C) > 0, np.diag(C), np.nan))
    R = np.abs(np.tril(C / np.outer(deviation, deviation), -1))
    if np.nanmax(R, initial=0.0) > 1:
        i, j = np.unravel_index(np.nanargmax(R), R.shape)
        value = float(C[i, j] / (deviation[i] * deviation[j]))
        facts = {"construct": ram.latent[j], "other": ram.latent[i], "value": value}
        return [Caution("cb_correlation", "inadmissible", f"cbsem: {ram.latent[j]}, {ram.latent[i]}", facts)]
    return [Caution("cb_latent", "inadmissible", "cbsem", {})]


def _positive(matrix: Floats) -> bool:
    if not np.isfinite(matrix).all():
        return False
    scale = np.sqrt(np.abs(np.diag(matrix)))
    scale = np.where(scale > 0, scale, 1.0)
    return bool(np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0] > 1e-10)


def admissible_samples(ram: Ram, theta: Floats) -> np.ndarray:
    """Which samples (batch,) have no negative variance and positive definite latent covariances."""
    p = len(ram.observed)
    latent = total_covariances(ram, theta)[:, p:, p:]
    return np.asarray((theta[:, ram.variances] >= 0).all(axis=1) & eigenvalues_exceed(latent, 0.0))


def weakly_identified(
    ram: Ram, theta: Floats, regressions: dict[str, list[str]], errors: dict[tuple[str, str], float]
) -> list[Caution]:
    """What the data hardly determine: collinear latent predictors and standardised paths with large errors.

    `regressions`: outcome → predictors as RAM variables; `errors`: standard errors of the standardised paths by
    (predictor, outcome).
    """
    C = total_covariances(ram, theta[None])[0]
    deviation = np.sqrt(np.abs(np.diag(C)))
    R = C / np.outer(deviation, deviation)
    found = []
    for outcome, predictors in regressions.items():
        at = [ram.variables.index(name) for name in predictors]
        if len(at) > 1 and _positive(R[np.ix_(at, at)]):
            inflation = variance_inflation(R[np.ix_(at, at)])
            worst = int(inflation.argmax())
            if inflation[worst] > LATENT_VIF:
                facts = {"predictor": predictors[worst], "outcome": outcome, "value": float(inflation[worst])}
                found.append(Caution("cb_collinear", "unidentified", f"cbsem: {outcome} ~ {predictors[worst]}", facts))
    large = {pair: error for pair, error in errors.items() if not error <= WEAK_ERROR}
    if large:
        (predictor, outcome), error = max(large.items(), key=lambda item: np.nan_to_num(item[1], nan=np.inf))
        facts = {"predictor": predictor, "outcome": outcome, "value": error, "count": len(large)}
        found.append(Caution("cb_weak_path", "unidentified", f"cbsem: {outcome} ~ {predictor}", facts))
    return found
