"""The normal-theory discrepancy of a covariance (and mean) structure, with gradient and information.

For a sample with mean m and covariance S (divisor n) of the observed variables o of one pattern of missing
answers,

    F = log|Σ_oo| + tr(S* Σ_oo⁻¹) − log|S| − p,   S* = S + (m − μ)(m − μ)'

and the discrepancy of the model is the mean of F weighted by the rows of each pattern and group; complete data are
one pattern, and then N·F is the likelihood ratio χ². log|S| + p is left out where S is singular, as it is in
patterns of few rows. With G and B = (I − A)⁻¹ as in `ram`, and Ω the gradient of F in Σ,

    ∂F/∂A = 2 G'Ω G S B',   ∂F/∂S = G'Ω G (twice off the diagonal)

so a gradient is a few products of small matrices whatever the number of parameters; the Hessians are in `curvature`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.covariance.likelihood.curvature import Directions, Weights
from crmresearch.sem.covariance.likelihood.ram import Ram, reach
from crmresearch.sem.pls.algorithm import Floats


@dataclass(frozen=True)
class Pattern:
    """Moments of rows that answered the same questions, for a batch of samples.

    rows: how many, or the sum of their sampling weights; observed: positions of the answered variables; covariances
    (batch, o, o), divisor n; means (batch, o) or None when the means are not modelled.
    """

    rows: float
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

    `expected` is E[∂²F] for the given patterns, N/2 times which is the Fisher information; `observed` is ∂²F itself,
    None when it was not asked for.
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
    observed = np.zeros((batch, q, q)) if hessian and observed_too else None
    for g in range(ram.groups):
        mine = [pattern for pattern in patterns if pattern.group == g]
        if not mine:
            continue
        part, weights = _weigh(mine, total, Sigma[:, g], eta[:, g, :p])
        F = F + part
        Omega = (weights.share @ weights.residual.reshape(batch, len(mine), -1)).reshape(batch, p, p)
        pull = weights.share @ weights.pull
        gradient += _group_gradient(ram, g, G[:, g], loaded[:, g], eta[:, g], Omega, pull, q)
        if hessian:
            directions = Directions(ram, g, B[:, g], loaded[:, g], eta[:, g])
            directions.add_expected(expected, weights)
            if observed is not None:
                directions.add_observed(observed, weights, Omega, pull)
    F = F - saturated_constant(patterns)
    return Value(np.where(np.isfinite(F), F, np.inf), gradient, expected, observed)


def _weigh(patterns: list[Pattern], total: float, Sigma: Floats, mu: Floats) -> tuple[Floats, Weights]:
    """The part of one group in F, without its saturated constant, and the weights for the derivatives.

    Patterns are padded to all p variables, with ones on the diagonal of Σ for the missing, and inverted as one
    stack: for a hundred patterns ten times faster than one after another.
    """
    batch, p = mu.shape
    stack = (batch, len(patterns), p, p)
    share = np.array([pattern.rows / total for pattern in patterns])
    answered = np.zeros((len(patterns), p), dtype=bool)
    scatter, means = np.zeros(stack), np.zeros(stack[:3])
    for m, pattern in enumerate(patterns):
        o = pattern.observed
        answered[m, o] = True
        scatter[:, m, o[:, None], o] = pattern.covariances
        if pattern.means is not None:
            means[:, m, o] = pattern.means
    sigma = np.broadcast_to(Sigma[:, None], stack)
    both = answered[:, :, None] & answered[:, None, :]
    complete = bool(answered.all())
    inverse, log_determinant = _inverse((sigma if complete else np.where(both, sigma, np.eye(p))).reshape(-1, p, p))
    inverse = inverse.reshape(stack)
    if not complete:
        inverse = np.where(both, inverse, 0.0)
    pull = np.zeros(stack[:3], dtype=Sigma.dtype)
    if patterns[0].means is not None:
        d = np.where(answered, means - mu[:, None], 0.0)
        scatter = scatter + d[..., :, None] * d[..., None, :]
        pull = (inverse @ d[..., None])[..., 0]
    ratio = scatter @ inverse
    trace = np.trace(ratio, axis1=2, axis2=3)
    F = np.full(batch, np.nan)
    if not np.iscomplexobj(Sigma):
        F = (log_determinant.reshape(stack[:2]) + trace) @ share
    return F, Weights(share, inverse, inverse - inverse @ ratio, pull)


def saturated_constant(patterns: list[Pattern]) -> Floats | float:
    """Σ share (log|S| + p), what F leaves out of −2 log L / N; 0 for data with holes and samples with singular S."""
    total = sum(pattern.rows for pattern in patterns)
    if len({pattern.group for pattern in patterns}) < len(patterns):
        return 0.0
    constant: Floats | float = 0.0
    positive: NDArray[np.bool_] | bool = True
    for pattern in patterns:
        sign, log_determinant = np.linalg.slogdet(pattern.covariances)
        positive = positive & (sign > 0)
        constant = constant + pattern.rows / total * (log_determinant + len(pattern.observed))
    return np.where(positive, constant, 0.0)


def _inverse(sigma: Floats) -> tuple[Floats, Floats]:
    """Σ⁻¹ and log|Σ| of a batch, the latter NaN where Σ is not positive definite."""
    if np.iscomplexobj(sigma):
        return np.linalg.inv(sigma), np.full(len(sigma), np.nan)
    positive = np.ones(len(sigma), dtype=np.bool_)
    try:
        factor, inverse = np.linalg.cholesky(sigma), np.linalg.inv(sigma)
    except np.linalg.LinAlgError:  # one matrix of the batch is not positive definite, or only just
        eigenvalues = np.linalg.eigvalsh(np.where(np.isfinite(sigma), sigma, -1.0))
        positive = eigenvalues[:, 0] > 1e-12 * np.abs(eigenvalues[:, -1])
        sigma = np.where(positive[:, None, None], sigma, np.eye(sigma.shape[-1]))
        factor, inverse = np.linalg.cholesky(sigma), np.linalg.inv(sigma)
    diagonal = np.diagonal(factor, axis1=1, axis2=2)
    return inverse, np.where(positive, 2 * np.log(diagonal).sum(axis=1), np.nan)


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


def observed_hessian(ram: Ram, theta: Floats, patterns: list[Pattern]) -> Floats:
    """∂²F (q, q) at θ (q,) of one sample; equal to complex steps through the analytic gradient."""
    observed = evaluate(ram, theta[None], patterns).observed
    assert observed is not None
    return observed[0]


def log_likelihood(ram: Ram, theta: Floats, patterns: list[Pattern]) -> float:
    """log L at θ (q,) = −½ Σ rows (o log 2π + log|Σ_oo| + tr(S* Σ_oo⁻¹)) over the patterns; −∞ outside the model.

    Equal to the summed normal densities of the answers.
    """
    F = float((evaluate(ram, theta[None], patterns, hessian=False).discrepancy + saturated_constant(patterns))[0])
    rows = sum(pattern.rows for pattern in patterns)
    answers = sum(pattern.rows * len(pattern.observed) for pattern in patterns)
    return -(rows * F + answers * float(np.log(2 * np.pi))) / 2
