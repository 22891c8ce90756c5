"""NBD: purchases at a gamma-distributed rate by customers who never leave, the other models without their dropout.

Ehrenberg (1959, "The pattern of consumer purchases", Applied Statistics 8:26–41), timed as the models that nest it:
λ ~ gamma(r, α), and x repeat purchases until T have the likelihood Γ(r+x) α^r / (Γ(r) (α+T)^(r+x)). Checked against the
limit of BG/NBD and Pareto/NBD without dropout.
"""

import numpy as np
from scipy.special import gammaln

from crmresearch.value.histories import Scores, UniqueRows
from crmresearch.value.maximum import Maximum, digamma, maximise_rows

NAMES = ("r", "alpha")


def nbd_score(theta: Scores, rows: UniqueRows) -> tuple[float, Scores]:
    """Log-likelihood and gradient at log-parameters (r, alpha) of rows (x, t_x, T), of which t_x says nothing."""
    r, alpha = np.exp(theta)
    x, _, T = rows.columns
    by_row = [
        digamma(r + x) - digamma(r) + np.log(alpha) - np.log(alpha + T),
        r / alpha - (r + x) / (alpha + T),
    ]
    gradient = np.array([rows.weights @ part for part in by_row]) * np.exp(theta)
    if np.iscomplexobj(theta):
        return np.nan, gradient
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + T)
    return float(rows.weights @ value), gradient


def fit_nbd(rows: UniqueRows) -> Maximum:
    """NBD by maximum likelihood of unique histories (x, t_x, T)."""
    _, _, T = rows.columns
    centre = np.array([0.0, np.log(rows.weights @ T / rows.n)])
    return maximise_rows(nbd_score, rows, centre, NAMES)
