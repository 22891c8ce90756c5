"""Measures of correlation matrices that every estimator shares: α, ω, ρ_C, AVE, HTMT, HTMT2, variance inflation.

Matrices may be one (m, m) or a batch (…, m, m), as resamples give them.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def heterotrait_monotrait(R: Floats, mask: Floats, *, geometric: bool = False) -> Floats:
    """HTMT (…, k, k) of item correlations R (…, p, p), from absolute correlations; HTMT2 where `geometric`.

    Mean correlation between the items of two constructs over the geometric mean of the mean correlations within
    them; 1 within a single item. Henseler, Ringle & Sarstedt (2015), JAMS 43, 115–135, as R seminr computes it. HTMT2
    takes geometric means throughout, and is then consistent for items whose loadings differ: Roemer, Schuberth &
    Henseler (2021), Industrial Management & Data Systems 121, 2637–2650. `mask` (p, k): which items are whose. Checked
    against R semTools (both, several items) to 10 digits.
    """
    size = mask.sum(axis=0)
    with np.errstate(divide="ignore"):  # of a correlation of 0 HTMT2 is 0
        sizes = np.log(np.abs(R)) if geometric else np.abs(R)
    own = np.diagonal(sizes, axis1=-2, axis2=-1)
    if geometric:
        # −∞ times the zeros of the mask is not defined, and no correlation is that small
        sizes, own = np.maximum(sizes, -700.0), np.maximum(own, -700.0)
    sums = mask.T @ sizes @ mask
    pairs = size * (size - 1)
    within = np.diagonal(sums, axis1=-2, axis2=-1) - own @ mask
    within = np.where(pairs > 0, within / np.where(pairs > 0, pairs, 1.0), 0.0 if geometric else 1.0)
    between = sums / np.outer(size, size)
    if geometric:
        return np.asarray(np.exp(between - (within[..., :, None] + within[..., None, :]) / 2))
    root = np.sqrt(within)
    return between / (root[..., :, None] * root[..., None, :])


def cronbach_alpha(S: Floats) -> Floats:
    """Cronbach's α (…,) of item covariances or correlations S (…, m, m); 1 for a single item. Cronbach (1951)."""
    m = S.shape[-1]
    if m == 1:
        return np.ones(S.shape[:-2])
    trace = np.trace(S, axis1=-2, axis2=-1)
    return np.asarray(m / (m - 1) * (1 - trace / S.sum(axis=(-2, -1))))


def alpha_slopes(S: Floats) -> Floats:
    """∂α/∂S (m, m) of item covariances S (m, m), each cell by itself: m/(m − 1) · (tr S / (j'Sj) − δ_ij) / (j'Sj)."""
    m, total = len(S), S.sum()
    return np.asarray(m / (m - 1) * (np.trace(S) / total - np.eye(m)) / total)


def alpha_error(S: Floats, n: float) -> float:
    """Standard error of α from the covariances S (m, m) of n rows of normal answers.

        Q = 2m²/((m − 1)² (j'Sj)³) · [j'Sj (tr S² + (tr S)²) − 2 tr S · j'S²j],   error √(Q/n)

    Sources: van Zyl, Neudecker & Nel (2000), Psychometrika 65, 271–280; Duhachek & Iacobucci (2004), Journal of Applied
    Psychology 89, 792–808. Checked against R psych to 12 digits. 0 for a single item.

    >>> S = np.array([[1.0, 0.5], [0.5, 1.0]])  # Q = 8/27 · (3 · 6.5 − 4 · 4.5)
    >>> round(alpha_error(S, 100), 6)  # √(0.444/100)
    0.066667
    """
    m = len(S)
    if m == 1:
        return 0.0
    total, trace, square = S.sum(), np.trace(S), S @ S
    Q = total * (np.trace(square) + trace**2) - 2 * trace * square.sum()
    return float(np.sqrt(2 * m**2 / ((m - 1) ** 2 * total**3) * Q / n))


def composite_reliability(loadings: Floats, errors: Floats | None = None) -> Floats:
    """ρ_C, also ω, (…,) = (Σλ)² / ((Σλ)² + Σθ) of loadings (…, m) and error variances, 1 − λ² unless given.

    Jöreskog (1971), Psychometrika 36, 109–133; McDonald (1999), Test theory, chapter 6. θ are those of the model, so
    that the denominator is the implied variance of the sum, not the observed one.
    """
    errors = 1 - loadings**2 if errors is None else errors
    squared = loadings.sum(axis=-1) ** 2
    return np.asarray(squared / (squared + errors.sum(axis=-1)))


def average_variance(loadings: Floats) -> Floats:
    """AVE (…,) = mean λ² of standardised loadings (…, m). Fornell & Larcker (1981), JMR 18, 39–50."""
    return np.asarray((loadings**2).mean(axis=-1))


def variance_inflation(R: Floats) -> Floats:
    """Variance inflation factors (…, m) of variables with correlations R (…, m, m): the diagonal of R⁻¹.

    Infinite where a variable is a sum of others.
    """
    try:
        return np.diagonal(np.linalg.inv(R), axis1=-2, axis2=-1)
    except np.linalg.LinAlgError:
        if R.ndim == 2:
            return np.full(len(R), np.inf)
        return np.stack([variance_inflation(one) for one in R])


def redundancy(R: Floats, r: Floats) -> tuple[Floats, Floats]:
    """How well a block of items tells a construct that one global item asks for: path (…,) and weights (…, m).

    The path from the block in mode B to the global item is their multiple correlation, √(r'R⁻¹r), with correlations R
    (…, m, m) of the items and r (…, m) with the global item; weights R⁻¹r over it. Sources: Chin (1998), in Marcoulides
    (ed.), Modern methods for business research, 295–336; Hair et al. (2022), chapter 5. Checked against R seminr.

    >>> path, weights = redundancy(np.eye(2), np.array([0.6, 0.6]))
    >>> path.round(4).item(), weights.round(4).tolist()
    (0.8485, [0.7071, 0.7071])
    """
    slopes = np.linalg.solve(R, r[..., None])[..., 0]
    path = np.sqrt((slopes * r).sum(axis=-1))
    return path, slopes / path[..., None]


def single_factor_share(R: Floats) -> Floats:
    """Share (…,) of the variance of items with correlations R (…, p, p) in their first principal component.

    Harman's test takes a share above one half for a sign of a common source (Podsakoff et al. 2003, Journal of Applied
    Psychology 88, 879–903); it misses much of it.
    """
    return np.asarray(np.linalg.eigvalsh(R)[..., -1] / R.shape[-1])
