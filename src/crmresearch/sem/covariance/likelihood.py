"""The normal-theory discrepancy of a covariance (and mean) structure, with gradient and information.

For a sample with mean m and covariance S (divisor n) of the observed variables o of one pattern of missing
answers,

    F = log|Σ_oo| + tr(S* Σ_oo⁻¹) − log|S| − p,   S* = S + (m − μ)(m − μ)'

and the discrepancy of the model is the mean of F weighted by the rows of each pattern and group; complete data are
one pattern, and then N·F is the likelihood ratio χ². log|S| + p is left out where S is singular, as it is in
patterns of few rows. With G and B = (I − A)⁻¹ as in `ram`, and Ω the gradient of F in Σ,

    ∂F/∂A = 2 G'Ω G S B',   ∂F/∂S = G'Ω G (twice off the diagonal)

so a gradient is a few products of small matrices whatever the number of parameters.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.covariance.ram import Ram, reach
from crmresearch.sem.pls import Floats


@dataclass(frozen=True)
class Pattern:
    """Moments of rows that answered the same questions, for a batch of samples.

    rows: how many; observed: positions of the answered variables; covariances (batch, o, o), divisor n; means
    (batch, o) or None when the means are not modelled.
    """

    rows: int
    observed: NDArray[np.intp]
    covariances: Floats
    means: Floats | None = None
    group: int = 0

    def take(self, samples: NDArray[np.intp]) -> "Pattern":
        """The same pattern for some samples of the batch."""
        means = None if self.means is None else self.means[samples]
        return Pattern(self.rows, self.observed, self.covariances[samples], means, self.group)


class Value(NamedTuple):
    """F (batch,), ∞ where Σ is not positive definite; gradient (batch, q); Hessians (batch, q, q).

    `expected` is E[∂²F], N/2 times which is the Fisher information; `observed` is ∂²F itself, None for models with
    means (`observed_hessian` has it for those).
    """

    discrepancy: Floats
    gradient: Floats
    expected: Floats
    observed: Floats | None


def evaluate(
    ram: Ram, theta: Floats, patterns: list[Pattern], *, hessian: bool = True, observed_too: bool = True
) -> Value:
    """Discrepancy, gradient and, if wanted, Hessians of the batch at θ (batch, q).

    Complex θ give the gradient only (discrepancy NaN), for complex-step derivatives.
    """
    batch, q = theta.shape
    p = len(ram.observed)
    A, S, M = ram.matrices(theta)
    B = reach(A)
    G = B[..., :p, :]
    Sigma = G @ S @ G.swapaxes(-1, -2)
    loaded = S @ B.swapaxes(-1, -2)
    eta = (B @ M[..., None])[..., 0]
    total = sum(pattern.rows for pattern in patterns)
    F = np.zeros(batch)
    gradient = np.zeros((batch, q), dtype=theta.dtype)
    expected = np.zeros((batch, q, q))
    exact = observed_too and not ram.has_means
    observed = np.zeros((batch, q, q)) if exact else None
    for g in range(ram.groups):
        Omega = np.zeros((batch, p, p), dtype=theta.dtype)
        pull = np.zeros((batch, p), dtype=theta.dtype)
        inverses = []
        for pattern in patterns:
            if pattern.group != g:
                continue
            share = pattern.rows / total
            o = pattern.observed
            inverse, log_determinant = _inverse(Sigma[:, g][:, o[:, None], o])
            scatter = pattern.covariances
            if pattern.means is not None:
                d = pattern.means - eta[:, g, o]
                scatter = scatter + d[:, :, None] * d[:, None, :]
                pull[:, o] += share * (inverse @ d[..., None])[..., 0]
            ratio = scatter @ inverse
            if not np.iscomplexobj(theta):
                F += share * (log_determinant + np.trace(ratio, axis1=1, axis2=2))
            Omega[:, o[:, None], o] += share * (inverse - inverse @ ratio)
            inverses.append((share, inverse if len(o) == p else _padded(inverse, o, p)))
        gradient += _group_gradient(ram, g, G[:, g], loaded[:, g], eta[:, g], Omega, pull, q)
        if hessian:
            parts = Directions(ram, g, G[:, g], loaded[:, g], eta[:, g])
            for share, inverse in inverses:
                parts.add_expected(expected, share, inverse)
            if observed is not None:
                parts.add_observed(observed, inverses, Omega, B[:, g], loaded[:, g])
    F = F - _saturated_constant(patterns, total)
    return Value(np.where(np.isfinite(F), F, np.inf), gradient, expected, observed if hessian else None)


def _padded(inverse: Floats, o: NDArray[np.intp], p: int) -> Floats:
    result = np.zeros((len(inverse), p, p))
    result[:, o[:, None], o] = inverse
    return result


def _saturated_constant(patterns: list[Pattern], total: int) -> Floats | float:
    """Σ share (log|S| + p) of complete data, 0 for data with holes."""
    if len({pattern.group for pattern in patterns}) < len(patterns):
        return 0.0
    parts = []
    for pattern in patterns:
        sign, log_determinant = np.linalg.slogdet(pattern.covariances)
        if (sign <= 0).any():
            return 0.0
        parts.append(pattern.rows / total * (log_determinant + len(pattern.observed)))
    return np.sum(parts, axis=0)


def _inverse(sigma: Floats) -> tuple[Floats, Floats]:
    """Σ⁻¹ and log|Σ| of a batch, the latter NaN where Σ is not positive definite."""
    if np.iscomplexobj(sigma):
        return np.linalg.inv(sigma), np.full(len(sigma), np.nan)
    try:
        factor = np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        positive = np.linalg.eigvalsh(np.where(np.isfinite(sigma), sigma, -1.0))[:, 0] > 0
        sigma = np.where(positive[:, None, None], sigma, np.eye(sigma.shape[-1]))
        inverse, log_determinant = _inverse(sigma)
        return inverse, np.where(positive, log_determinant, np.nan)
    diagonal = np.diagonal(factor, axis1=1, axis2=2)
    return np.linalg.inv(sigma), 2 * np.log(diagonal).sum(axis=1)


def _group_gradient(
    ram: Ram, g: int, G: Floats, loaded: Floats, eta: Floats, Omega: Floats, pull: Floats, q: int
) -> Floats:
    """Gradient (batch, q) of one group; `pull` is Σ⁻¹(m − μ), `eta` the implied means of all variables."""
    p = G.shape[1]
    by_s = G.swapaxes(1, 2) @ Omega @ G
    by_a = 2 * by_s @ loaded
    back = (G.swapaxes(1, 2) @ pull[:, :p, None])[..., 0]
    result = np.zeros((len(G), q), dtype=G.dtype)
    row, column, number = ram.free("A", g)
    _add(result, number, by_a[:, row, column] - 2 * back[:, row] * eta[:, column])
    row, column, number = ram.free("S", g)
    _add(result, number, np.where(row == column, 1.0, 2.0) * by_s[:, row, column])
    row, _, number = ram.free("M", g)
    _add(result, number, -2 * back[:, row])
    return result


def _add(result: Floats, number: NDArray[np.intp], values: Floats) -> None:
    # cells with one label add up
    if len(set(number.tolist())) == len(number):
        result[:, number] += values
    else:
        cells: Any = (slice(None), number)
        np.add.at(result, cells, values)


class Directions:
    """The derivatives of Σ and μ of one group: ∂Σ = u w' + w u' and ∂μ = d for every free cell.

    Every u and w is a column of Z = [G, G S B'] (batch, p, 2v), so that products of derivatives are entries of
    Z'ΣZ: one product of small matrices and a gather, five times faster than products of U and W.
    """

    def __init__(self, ram: Ram, g: int, G: Floats, loaded: Floats, eta: Floats) -> None:
        self.A, self.S = ram.free("A", g), ram.free("S", g)
        v = G.shape[-1]
        self.Z = np.concatenate([G, G @ loaded], axis=2)
        self.u = np.concatenate([self.A[0], self.S[0]])
        self.w = np.concatenate([v + self.A[1], self.S[1]])
        self.half = np.where(self.S[0] == self.S[1], 0.5, 1.0)
        self.scale = np.concatenate([np.ones(len(self.A[0])), self.half])
        self.number = np.concatenate([self.A[2], self.S[2]])
        rows_m, _, number_m = ram.free("M", g)
        self.means = bool(len(rows_m))
        if self.means:
            self.D = np.concatenate([G[:, :, self.A[0]] * eta[:, None, self.A[1]], G[:, :, rows_m]], axis=2)
            self.number_d = np.concatenate([self.A[2], number_m])

    def _products(self, weight: Floats) -> tuple[Floats, Floats, Floats]:
        """R = W'ΣU, P = U'ΣU, Q = W'ΣW (batch, cells, cells) for a weight matrix Σ (batch, p, p)."""
        ZZ = self.Z.swapaxes(1, 2) @ (weight @ self.Z)
        scale = self.scale
        return (
            _gather(ZZ, self.w, self.u) * scale[:, None],
            _gather(ZZ, self.u, self.u),
            _gather(ZZ, self.w, self.w) * (scale[:, None] * scale),
        )

    def add_expected(self, result: Floats, share: float, inverse: Floats) -> None:
        """Add share · E[∂²F] = share · (tr(Σ⁻¹∂Σ Σ⁻¹∂Σ) + 2 ∂μ'Σ⁻¹∂μ), the trace being 2 (R∘R' + P∘Q)."""
        R, P, Q = self._products(inverse)
        _add_square(result, self.number, 2 * share * (R * R.swapaxes(1, 2) + P * Q))
        if self.means:
            _add_square(result, self.number_d, 2 * share * (self.D.swapaxes(1, 2) @ inverse @ self.D))

    def add_observed(
        self, result: Floats, inverses: list[tuple[float, Floats]], Omega: Floats, B: Floats, loaded: Floats
    ) -> None:
        """Add ∂²F of complete data without means: E[∂²F] − 2 tr(Σ⁻¹∂Σ Ω∂Σ) + tr(Ω ∂²Σ)."""
        ((share, inverse),) = inverses
        v = B.shape[-1]
        R, P, Q = self._products(inverse)
        R_, P_, Q_ = self._products(Omega)
        cross = R_.swapaxes(1, 2) * R
        H = share * (R * R.swapaxes(1, 2) + P * Q) - (cross + cross.swapaxes(1, 2) + Q_ * P + P_ * Q)
        G = self.Z[:, :, :v]
        by_s = G.swapaxes(1, 2) @ Omega @ G
        by_a, K = by_s @ loaded, B @ loaded
        i, j, _ = self.A
        k, m, _ = self.S
        a = len(i)
        once = _gather(B, j, i).swapaxes(1, 2) * _gather(by_a, i, j).swapaxes(1, 2)
        H[:, :a, :a] += once + once.swapaxes(1, 2) + _gather(K, j, j) * _gather(by_s, i, i)
        mixed = _gather(B, j, k) * _gather(by_s, i, m) + _gather(B, j, m) * _gather(by_s, i, k)
        mixed *= self.half
        H[:, :a, a:] += mixed
        H[:, a:, :a] += mixed.swapaxes(1, 2)
        _add_square(result, self.number, 2 * H)


def _gather(matrix: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """matrix[:, rows[:, None], columns] of a batch of matrices, by flat positions: four times faster."""
    flat = (rows[:, None] * matrix.shape[-1] + columns).ravel()
    return matrix.reshape(len(matrix), -1).take(flat, axis=1).reshape(len(matrix), len(rows), len(columns))


def _add_square(result: Floats, number: NDArray[np.intp], values: Floats) -> None:
    if np.array_equal(number, np.arange(result.shape[-1])):
        result += values
    elif len(set(number.tolist())) == len(number):
        result[:, number[:, None], number] += values
    else:
        cells: Any = (slice(None), number[:, None], number)
        np.add.at(result, cells, values)


def observed_hessian(ram: Ram, theta: Floats, patterns: list[Pattern]) -> Floats:
    """∂²F (q, q) at θ (q,) of one sample, exact to rounding: complex steps through the analytic gradient."""
    q = len(theta)
    step = 1e-30
    moved = theta[None, :] + 1j * step * np.eye(q)
    one = [pattern.take(np.zeros(q, dtype=np.intp)) for pattern in patterns]
    H = evaluate(ram, moved, one, hessian=False).gradient.imag / step
    return (H + H.T) / 2
