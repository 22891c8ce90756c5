"""Answers as attentive respondents would give them: the margins and correlations of a survey, and nothing else of it.

One normal vector a respondent, cut into answers where the shares of the survey are met (Cario & Nelson 1997, NORTA;
for answers in points Ferrari & Barbiero 2012, Multivariate Behavioral Research 47, 566–589).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import norm

from crmresearch.data.survey.answers import Floats

TERMS = 60  # of the series of a correlation; up to r = .95 the rest is below 1e-3
CLOSEST = 0.995  # correlation of the normals of two items at most, so that every survey can be drawn


@dataclass(frozen=True)
class CleanAnswers:
    """What answers are drawn from: `values` and `cuts` of every item, `root` (p, p) with root @ root' its correlations.

    An item has the answer `values[j][k]` where its normal lies between the cuts k − 1 and k.
    """

    values: tuple[Floats, ...]
    cuts: tuple[Floats, ...]
    root: Floats

    def draw(self, n: int, random: np.random.Generator) -> Floats:
        """Answers (n, p) without gaps."""
        Z = random.standard_normal((n, len(self.root))) @ self.root.T
        drawn = [values[np.searchsorted(cuts, z)] for values, cuts, z in zip(self.values, self.cuts, Z.T, strict=True)]
        return np.column_stack(drawn)


def clean_answers(X: Floats) -> CleanAnswers:
    """The source of answers with the shares of every answer and the correlations (of pairs of answers) of X (n, p).

    Gaps are NaN. Correlations that no normal vector has together are brought to the nearest by leaving out negative
    eigenvalues. Every item needs two different answers.
    """
    values, cuts = [], []
    for x in X.T:
        levels, counts = np.unique(x[~np.isnan(x)], return_counts=True)
        values.append(levels)
        cuts.append(ndtri(counts.cumsum()[:-1] / counts.sum()))
    roots, vectors = np.linalg.eigh(normal_correlations(_correlations(X), values, cuts))
    root = vectors * np.sqrt(np.maximum(roots, 1e-9))
    return CleanAnswers(tuple(values), tuple(cuts), root / np.linalg.norm(root, axis=1, keepdims=True))


def normal_correlations(R: Floats, values: list[Floats], cuts: list[Floats]) -> Floats:
    """Correlations (p, p) that normals must have for the answers they are cut into to have the correlations R (p, p).

    An item in Hermite polynomials h_k of its normal is x = x̄ + Σ_k c_k h_k(z), of every cut τ with a step s up the
    scale the part s φ(τ) h_{k−1}(τ)/√k of c_k, and so (Lancaster 1957, Biometrika 44, 289–292)

        r_ij = Σ_k c_ik c_jk ρ_ij^k / (s_i s_j),

    which grows with ρ and is solved for it by halving. Checked against the bivariate normal distribution of scipy.
    """
    C = np.array([_coefficients(*item) for item in zip(values, cuts, strict=True)])
    C /= np.sqrt([_variance(*item) for item in zip(values, cuts, strict=True)])[:, None]
    low, high = np.full(R.shape, -CLOSEST), np.full(R.shape, CLOSEST)
    for _ in range(30):
        rho = (low + high) / 2
        found = np.zeros_like(R)
        for k in range(TERMS - 1, -1, -1):
            found = (found + np.outer(C[:, k], C[:, k])) * rho
        low, high = np.where(found < R, rho, low), np.where(found < R, high, rho)
    rho = (low + high) / 2
    np.fill_diagonal(rho, 1.0)
    return rho


def _coefficients(values: Floats, cuts: Floats) -> Floats:
    """c_1 … c_TERMS of one item."""
    before, here = np.zeros_like(cuts), np.ones_like(cuts)
    steps, found = np.diff(values) * norm.pdf(cuts), np.empty(TERMS)
    for k in range(1, TERMS + 1):
        found[k - 1] = (steps * here).sum() / np.sqrt(k)
        before, here = here, (cuts * here - np.sqrt(k - 1) * before) / np.sqrt(k)
    return found


def _variance(values: Floats, cuts: Floats) -> float:
    shares = np.diff(norm.cdf(cuts), prepend=0.0, append=1.0)
    return float(shares @ values**2 - (shares @ values) ** 2)


def _correlations(X: Floats) -> Floats:
    """Correlations (p, p) over the rows that answered both items; 0 where fewer than two did, or one does not vary."""
    answered = (~np.isnan(X)).astype(np.float64)
    filled = np.where(np.isnan(X), 0.0, X - np.nanmean(X, axis=0))
    n = answered.T @ answered
    sums = filled.T @ answered  # of item i over the rows that answered j
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = filled.T @ filled - sums * sums.T / n
        squares = (filled**2).T @ answered - sums**2 / n
        R = cross / np.sqrt(squares * squares.T)
    return np.clip(np.nan_to_num(R), -1.0, 1.0)
