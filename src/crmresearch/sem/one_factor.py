"""One common factor behind a few items, by maximum likelihood for a batch of correlation matrices; McDonald's ω.

Of error variances ψ the best loadings come from the largest eigenvalue of Ψ^−½ R Ψ^−½. With its eigenvalues l₁ ≥ l₂ …
and eigenvectors w the discrepancy, and its derivatives in x = log ψ, are

    F = Σ_{m>1} (l_m − log l_m − 1),   ∂F/∂x_i = Σ_{m>1} (1 − l_m) w_im²
    ∂²F/∂x_i∂x_j = P_ij Q_ij + w_i1 w_j1 Σ_{m>1} c_m w_im w_jm,   c_m = (1 − l_m)(l₁ + l_m)/(l₁ − l_m)

P and Q the sums of l_m w_im w_jm and w_im w_jm over m > 1 (Jöreskog 1967, Psychometrika 32, 443–482; Clarke 1970,
British Journal of Mathematical and Statistical Psychology 23, 43–52).
"""

import numpy as np

from crmresearch.sem.measures import Floats, composite_reliability, cronbach_alpha

STEP = 1e-7  # in log ψ, at which a fit has converged: its likelihood may be flat, so that no gradient tells
PATIENCE = 60  # iterations; what then still moves runs towards an error variance of 0


def one_factor(R: Floats) -> tuple[Floats, Floats]:
    """Loadings and error variances (batch, m) of one factor of variance 1, of correlations R (batch, m ≥ 3, m).

    The error variances are not below 0: where the likelihood has no maximum inside, one of them is 0. Signs: the
    loadings sum to more than 0. NaN where R is not positive definite. Checked against lavaan.
    """
    loadings, errors = _without_error(R)
    usable = np.flatnonzero(np.isfinite(R).all(axis=(1, 2)) & (_least(R) > 1e-12))
    x, F, inside = _minimise(R[usable])
    edge = _discrepancy(R[usable], loadings[usable], errors[usable])
    psi = np.exp(x)
    values, vectors = _decomposed(R[usable], psi)
    found = np.sqrt(psi * np.maximum(values[:, -1:] - 1, 0.0)) * vectors[:, :, -1]
    kept = inside & (edge >= F)
    at = usable[kept]
    loadings[at], errors[at] = found[kept], psi[kept]
    sign = np.where(loadings.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    known = np.zeros((len(R), 1), dtype=np.bool_)
    known[usable] = True
    return np.where(known, sign * loadings, np.nan), np.where(known, errors, np.nan)


def _minimise(R: Floats) -> tuple[Floats, Floats, np.ndarray]:
    """x (batch, m) = log ψ, the discrepancy (batch,) and whether it is a minimum: damped Newton steps."""
    batch, m, _ = R.shape
    x = np.log((1 - 0.5 / m) / np.diagonal(np.linalg.inv(R), axis1=1, axis2=2))
    F, gradient, H = _derivatives(R, x)
    damping, size, every = np.zeros(batch), np.full(batch, np.inf), np.arange(m)
    for _ in range(PATIENCE):
        active = np.flatnonzero(size > STEP)
        if not len(active):
            break
        A = H[active].copy()
        least = _least(A)
        A[:, every, every] += (np.where(least > 0, 0.0, 1e-3 - least) + damping[active])[:, None]
        step = np.linalg.solve(A, gradient[active][..., None])[..., 0]
        size[active] = np.abs(step).max(axis=1)
        step /= np.maximum(1.0, size[active, None] / 2)
        tried = _derivatives(R[active], x[active] - step)
        better = tried[0] <= F[active] + 1e-13
        taken = active[better]
        x[taken] -= step[better]
        F[taken], gradient[taken], H[taken] = (part[better] for part in tried)
        damping[active] = np.where(better, np.where(damping[active] > 1e-6, damping[active] / 10, 0.0),
                                   np.maximum(damping[active], 1e-5) * 10)  # fmt: skip
    return x, F, size <= STEP


def _derivatives(R: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    values, vectors = _decomposed(R, np.exp(x))
    first, others = values[:, -1:], values[:, :-1]
    w, W = vectors[:, :, -1], vectors[:, :, :-1]
    F = (others - np.log(others) - 1).sum(axis=1)
    gradient = ((1 - others)[:, None] * W**2).sum(axis=2)
    c = (1 - others) * (first + others) / np.maximum(first - others, 1e-10)
    across = W.swapaxes(1, 2)
    H = ((W * others[:, None]) @ across) * (W @ across) + ((W * c[:, None]) @ across) * (w[:, :, None] * w[:, None])
    return F, gradient, H


def _decomposed(R: Floats, psi: Floats) -> tuple[Floats, Floats]:
    scale = 1 / np.sqrt(psi)
    values, vectors = np.linalg.eigh(R * scale[:, :, None] * scale[:, None])
    return np.maximum(values, 1e-300), vectors


def _least(A: Floats) -> Floats:
    return np.asarray(np.linalg.eigvalsh(np.where(np.isfinite(A), A, 0.0))[:, 0])


def _discrepancy(R: Floats, loadings: Floats, errors: Floats) -> Floats:
    """log|Σ| − log|R| of a factor that is one of the items, for which tr(RΣ⁻¹) is m."""
    others = np.where(errors > 0, errors, 1.0)
    return np.log(others).sum(axis=1) - np.linalg.slogdet(R)[1]


def _without_error(R: Floats) -> tuple[Floats, Floats]:
    """Loadings and error variances (batch, m) of the best factor that is one of the items.

    A factor without error in item k is that item: λ_j = r_jk, θ_j = 1 − r_jk², and log|Σ| = Σ log θ_j over the others.
    At most one error variance can be 0, or Σ has no inverse.
    """
    m = R.shape[-1]
    errors = np.where(np.eye(m, dtype=np.bool_), 0.0, 1 - R**2)
    logs = np.log(np.where(errors > 0, errors, 1.0)).sum(axis=1)
    best, every = logs.argmin(axis=1), np.arange(len(R))
    return R[every, :, best].copy(), errors[every, :, best].copy()


def mcdonald_omega(R: Floats) -> Floats:
    """ω (batch,) of correlations R (batch, m, m): how much of the variance of the sum of the items is the factor's.

        ω = (Σλ)² / ((Σλ)² + Σθ)

    with loadings λ and error variances θ of `one_factor`. Two items determine no factor: with equal loadings ω is α,
    the formula of Spearman and Brown (Eisinga, te Grotenhuis & Pelzer 2013). 1 for a single item. Source: McDonald
    (1999), Test theory, chapter 6. Checked against lavaan's loadings of one factor to 7 digits, which are its own.

    >>> R = np.full((1, 3, 3), 0.5) + 0.5 * np.eye(3)  # λ² = .5: 4.5 / (4.5 + 1.5)
    >>> mcdonald_omega(R).round(6).tolist()
    [0.75]
    """
    return cronbach_alpha(R) if R.shape[-1] < 3 else composite_reliability(*one_factor(R))
