"""Fisher scoring with damping and lower bounds, for a batch of samples at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.covariance.likelihood import Pattern, evaluate
from crmresearch.sem.covariance.ram import Ram
from crmresearch.sem.pls import Floats

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
        step = _step(projected, expected, held, damping)
        if observed is not None:
            # close to the minimum Newton's own step, where it goes down: 6 iterations instead of 30
            newton = _step(projected, observed, held, damping)
            trusted = (damping == 0) & (size[active] < 0.1) & ((newton * projected).sum(axis=1) > 0)
            step = np.where(trusted[:, None], newton, step)
            stubborn = np.flatnonzero(iterations[active] >= STUBBORN)
            if len(stubborn):
                step[stubborn] = _saddle_free_step(
                    projected[stubborn], observed[stubborn], expected[stubborn], held[stubborn], damping[stubborn]
                )
        proposed = np.maximum(here - step, lower)
        value = evaluate(ram, proposed, parts)
        iterations[active] += 1
        better = value.discrepancy <= F[active] + 1e-13 * np.abs(F[active])
        damping = np.where(better, np.where(damping > 1e-6, damping / 10, 0.0), np.maximum(damping, 1e-5) * 10)
        F[active] = np.where(better, value.discrepancy, F[active])
        here = np.where(better[:, None], proposed, here)
        gradient = np.where(better[:, None], value.gradient, gradient)
        expected = np.where(better[:, None, None], value.expected, expected)
        if observed is not None and value.observed is not None:
            observed = np.where(better[:, None, None], value.observed, observed)
    theta[active] = here
    return Minimum(theta, F, size, iterations)


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
    free = ~held
    diagonal = np.diagonal(expected, axis1=1, axis2=2)
    scale = np.where(free, 1 / np.sqrt(np.maximum(diagonal, 1e-10)), 0.0)
    values, vectors = np.linalg.eigh(observed * scale[:, :, None] * scale[:, None, :])
    along = (vectors.swapaxes(1, 2) @ (scale * gradient)[..., None])[..., 0]
    along = along / (np.maximum(np.abs(values), 1e-9) + damping[:, None])
    return scale * (vectors @ along[..., None])[..., 0]
