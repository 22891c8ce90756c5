"""Fisher scoring with damping and lower bounds, for a batch of samples at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotrf

from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate
from crmresearch.sem.covariance.likelihood.ram import Ram
from crmresearch.sem.pls.algorithm import Floats

GRADIENT = 1e-8  # largest entry of the projected gradient of F at which a fit has converged
MAX_ITERATIONS = 200
STUBBORN = 12  # iterations after which the exact curvature, made positive, takes over in every step


class Minimum(NamedTuple):
    """Where scoring stopped: θ (batch, q), F (batch,), largest projected gradient (batch,), iterations (batch,)."""

    theta: Floats
    discrepancy: Floats
    gradient: Floats
    iterations: NDArray[np.intp]

    def converged(self, tolerance: float = 1e-6) -> NDArray[np.bool_]:
        """Samples whose projected gradient is below the tolerance."""
        return self.gradient < tolerance


def minimise(
    ram: Ram,
    patterns: list[Pattern],
    start: Floats,
    lower: Floats | None = None,
    *,
    tolerance: float = GRADIENT,
    max_iterations: int = MAX_ITERATIONS,
) -> Minimum:
    """Minimise the discrepancy of every sample from `start` (batch, q), each parameter at least `lower` (q,).

    Newton steps on the expected Hessian, damped (Levenberg–Marquardt) while they do not lower F; parameters at a
    bound the gradient pushes against are held (projected scoring). Samples leave the batch when converged, or
    when no damping lowers F any more.
    """
    batch, q = start.shape
    lower = np.full(q, -np.inf) if lower is None else lower
    theta = np.maximum(start, lower)
    value = evaluate(ram, theta, patterns)
    F, gradient = value.discrepancy.copy(), value.gradient
    expected, observed = value.expected, value.observed
    size = np.full(batch, np.inf)
    iterations = np.zeros(batch, dtype=np.intp)
    active = np.arange(batch)
    damping = np.zeros(batch)
    here, parts = theta, patterns
    for _ in range(max_iterations):
        held = (here <= lower) & (gradient > 0)
        projected = np.where(held, 0.0, gradient)
        size[active] = np.abs(projected).max(axis=1)
        theta[active] = here
        stay = (size[active] >= tolerance) & (damping < 1e12)
        if not stay.any():
            break
        if not stay.all():
            active, here, held = active[stay], here[stay], held[stay]
            gradient, projected, damping = gradient[stay], projected[stay], damping[stay]
            expected, observed = expected[stay], None if observed is None else observed[stay]
            parts = [pattern.take(active) for pattern in patterns]
        step = _propose(projected, expected, observed, held, damping, size[active], iterations[active])
        proposed = np.maximum(here - step, lower)
        with np.errstate(over="ignore", invalid="ignore"):  # a step of almost singular curvature: F = ∞, not taken
            value = evaluate(ram, proposed, parts)
        iterations[active] += 1
        better = value.discrepancy <= F[active] + 1e-13 * np.abs(F[active])
        damping = np.where(better, np.where(damping > 1e-6, damping / 10, 0.0), np.maximum(damping, 1e-5) * 10)
        F[active] = np.where(better, value.discrepancy, F[active])
        if better.all():  # copies of the Hessians cost a tenth of the time
            here, gradient, expected, observed = proposed, value.gradient, value.expected, value.observed
            continue
        here = np.where(better[:, None], proposed, here)
        gradient = np.where(better[:, None], value.gradient, gradient)
        expected = np.where(better[:, None, None], value.expected, expected)
        if observed is not None and value.observed is not None:
            observed = np.where(better[:, None, None], value.observed, observed)
    theta[active] = here
    return Minimum(theta, F, size, iterations)


def _propose(
    gradient: Floats,
    expected: Floats,
    observed: Floats | None,
    held: NDArray[np.bool_],
    damping: Floats,
    size: Floats,
    iterations: NDArray[np.intp],
) -> Floats:
    """A step for every sample: close to the minimum Newton's own where it goes down, 6 iterations instead of 30."""
    if observed is None:
        return _step(gradient, expected, held, damping)
    step = np.zeros_like(gradient)
    stubborn = iterations >= STUBBORN
    near = ~stubborn & (damping == 0) & (size < 0.1)
    far = ~stubborn & ~near
    if near.any():
        step[near] = _step(gradient[near], observed[near], held[near], damping[near])
        far |= near & ~((step * gradient).sum(axis=1) > 0)
    if far.any():
        step[far] = _step(gradient[far], expected[far], held[far], damping[far])
    if stubborn.any():
        step[stubborn] = _saddle_free_step(
            gradient[stubborn], observed[stubborn], expected[stubborn], held[stubborn], damping[stubborn]
        )
    return step


def _step(gradient: Floats, H: Floats, held: NDArray[np.bool_], damping: Floats) -> Floats:
    """(H + damping · diag H)⁻¹ gradient with the held parameters left where they are."""
    q = H.shape[-1]
    diagonal = np.arange(q)
    free = ~held
    H = H * free[:, :, None] * free[:, None, :]
    scale = np.where(free, np.maximum(H[:, diagonal, diagonal], 1e-10), 1.0)
    H[:, diagonal, diagonal] = scale * (1 + damping[:, None])
    try:
        return np.linalg.solve(H, gradient[..., None])[..., 0]
    except np.linalg.LinAlgError:
        H[:, diagonal, diagonal] += 1e-6 * scale
        return np.linalg.solve(H, gradient[..., None])[..., 0]


def _saddle_free_step(
    gradient: Floats, observed: Floats, expected: Floats, held: NDArray[np.bool_], damping: Floats
) -> Floats:
    """Damped Newton step with the absolute eigenvalues of ∂²F, in units of the expected curvature.

    It follows the curved valleys of nearly collinear predictors, where expected curvature misleads (Dauphin et al.
    2014, NeurIPS 27).
    """
    diagonal = np.diagonal(expected, axis1=1, axis2=2)
    scale = np.where(held, 0.0, 1 / np.sqrt(np.maximum(diagonal, 1e-10)))
    H, g = observed * scale[:, :, None] * scale[:, None, :], scale * gradient
    step = np.empty_like(g)
    convex = np.zeros(len(g), dtype=np.bool_)
    every = np.arange(g.shape[1])
    for k in range(len(g)):
        # where H is positive definite there is nothing to make positive, and Cholesky is ten times faster than eigh
        C = H[k].copy()
        C[every, every] += held[k]
        if _is_convex(C):
            C[every, every] += damping[k]
            step[k] = cho_solve(cho_factor(C, lower=True, check_finite=False), g[k], check_finite=False)
            convex[k] = True
    if not convex.all():
        values, vectors = np.linalg.eigh(H[~convex])
        along = (vectors.swapaxes(1, 2) @ g[~convex][..., None])[..., 0]
        along = along / (np.maximum(np.abs(values), 1e-9) + damping[~convex][:, None])
        step[~convex] = (vectors @ along[..., None])[..., 0]
    return scale * step


def _is_convex(H: Floats) -> bool:
    factor, failed = dpotrf(H, lower=1)
    return not failed and bool(np.diagonal(factor).min() > 1e-4)
