"""Maximum likelihood over log-parameters: bounded quasi-Newton, then Newton steps to machine precision.

The likelihoods of these models have a flat ridge on which quasi-Newton stops early. The Hessian is the derivative of
the analytic gradient by a complex step (Squire & Trapp 1998), exact to rounding, so Newton finishes the way. It costs
ten times a gradient: a resample of the same customers is fitted with the Hessian of all of them (chord method).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import psi, zeta

from crmresearch.caution import Caution
from crmresearch.value.histories import Floats, Scores, UniqueRows

WIDTH = float(np.log(1e4))  # a parameter is sought within a factor of 10,000 of its start
STEP = 1e-30  # imaginary; no difference is taken, so it can be as small as one likes
SETTLED = 1e-6  # largest derivative of the log-likelihood per customer, in log-parameters, that is called zero
CLOSE = 1e-10  # the same where steps with the curvature of a neighbour end
MANY = 20_000  # distinct rows from which a part of the customers says where to search
VAGUE = 1.0  # standard error of a log-parameter from which it is known only to a factor of about seven either way

Likelihood = Callable[[Scores], tuple[float, Scores]]  # log-parameters → log-likelihood, gradient


class Maximum(NamedTuple):
    """Natural parameters (k,), their covariances (k, k) by the delta method, the log-likelihood, and cautions."""

    parameters: Floats
    covariances: Floats
    log_likelihood: float
    converged: bool
    cautions: tuple[Caution, ...]

    @property
    def standard_errors(self) -> Floats:
        """Standard errors (k,) of the natural parameters, NaN where the information has none to give."""
        return np.sqrt(np.diagonal(self.covariances))


@dataclass(frozen=True)
class MaximumFit:
    """What every model is at its maximum likelihood; `maximum` is where the search for it ended.

    `parameters` and `standard_errors` are named tuples, `covariances` (k, k) those of natural parameters; `rows` are
    the unique weighted customers the fit saw, `n` how many they are together.
    """

    parameters: Any
    standard_errors: Any
    log_likelihood: float
    n: float
    converged: bool
    cautions: tuple[Caution, ...]
    covariances: Floats = field(repr=False)
    rows: UniqueRows = field(repr=False)

    @property
    def maximum(self) -> Maximum:
        """The fit as the optimiser left it."""
        parameters = np.array(self.parameters)
        return Maximum(parameters, self.covariances, self.log_likelihood, self.converged, self.cautions)


def hessian(likelihood: Likelihood, theta: Floats) -> Floats:
    """Second derivatives (k, k) of the log-likelihood at theta (k,)."""
    k = len(theta)
    H = np.array([likelihood(theta + 1j * STEP * np.eye(k)[j])[1].imag / STEP for j in range(k)])
    return (H + H.T) / 2


def digamma(z: Scores) -> Scores:
    """ψ(z) for real z, and for z with the tiny imaginary part of a complex step (scipy's is 2.6 times slower then)."""
    if np.iscomplexobj(z):
        return psi(z.real) + 1j * z.imag * zeta(2, z.real)  # ψ′(z) = ζ(2, z)
    return psi(z)


def maximise_rows(
    score: Callable[[Scores, UniqueRows], tuple[float, Scores]],
    rows: UniqueRows,
    centre: Floats,
    names: tuple[str, ...],
    near: Maximum | None = None,
) -> Maximum:
    """`maximise` the score of unique rows.

    Of more than 20,000 rows the search begins at the maximum of a tenth of the customers (20,000 at least), drawn;
    where the curvature there leads on, it takes seven evaluations of everybody instead of thirty. The maximum and its
    covariances are those of everybody.
    """

    def likelihood(theta: Scores) -> tuple[float, Scores]:
        return score(theta, rows)

    if near is not None or len(rows.weights) <= MANY:
        return maximise(likelihood, centre, names, rows.n, near)
    part = rows.drawn(max(MANY, round(rows.n / 10)))
    first = maximise_rows(score, part, centre, names)
    scaled = first._replace(covariances=first.covariances * part.n / rows.n)
    return maximise(likelihood, centre, names, rows.n, scaled, errors=True)


def maximise(
    likelihood: Likelihood,
    centre: Floats,
    names: tuple[str, ...],
    n: float,
    near: Maximum | None = None,
    errors: bool = False,
) -> Maximum:
    """Maximise a log-likelihood of n customers over log-parameters within `centre` (k,) ± log 10,000.

    `near`: the maximum for much the same customers. The search begins there; where steps with its covariances close in
    quickly they are all there is, and unless `errors` are asked for the covariances are not computed anew (NaN). A
    parameter that ends at its bound is held there: it is flagged `boundary`, its covariances are NaN, and the rest is
    estimated given it.
    """
    lower, upper = centre - WIDTH, centre + WIDTH

    def objective(theta: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood(theta)
        return -value / n, -gradient / n

    def settled_at(theta: Floats) -> bool:
        gradient = objective(theta)[1]
        return bool(np.abs(gradient[(theta > lower) & (theta < upper)]).max(initial=0) < SETTLED)

    theta = centre
    if near is not None:
        start = np.log(near.parameters)
        inverse = n * near.covariances / np.outer(near.parameters, near.parameters)
        found = _chord(objective, start, inverse, lower, upper) if np.isfinite(inverse).all() else None
        if found is None:
            theta = _newton(objective, likelihood, n, np.clip(start, lower, upper), lower, upper)
        else:
            theta, value = found
            if not errors:
                unknown = np.full((len(theta), len(theta)), np.nan)
                return Maximum(np.exp(theta), unknown, -value * n, True, ())
    if near is None or not settled_at(theta):
        # Newton takes over near the maximum: a tighter tolerance here only costs evaluations
        options = {"ftol": 1e-11, "gtol": 1e-5, "maxiter": 1000, "maxcor": 20}
        bounds = list(zip(lower, upper, strict=True))
        least = minimize(objective, theta, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        theta = _newton(objective, likelihood, n, least.x, lower, upper)
    value = objective(theta)[0]
    at_bound = (theta - lower < 1e-6) | (upper - theta < 1e-6)
    free = ~at_bound
    information = -hessian(likelihood, theta)[np.ix_(free, free)]
    definite = _positive_definite(information)
    settled = settled_at(theta)
    covariances = np.full((len(theta), len(theta)), np.nan)
    if definite:
        covariances[np.ix_(free, free)] = np.linalg.inv(information)
    cautions = _cautions(names, theta, covariances, at_bound, settled, definite)
    scale = np.exp(theta)
    return Maximum(scale, covariances * np.outer(scale, scale), -value * n, settled and definite, cautions)


def _chord(
    objective: Callable[[Floats], tuple[float, Floats]], theta: Floats, inverse: Floats, lower: Floats, upper: Floats
) -> tuple[Floats, float] | None:
    """Steps with one inverse curvature (k, k) to the maximum and the objective there; None where they do not halve
    the gradient every time, or leave the bounds."""
    value, gradient = objective(theta)
    while (size := np.abs(gradient).max()) >= CLOSE:
        theta = theta - inverse @ gradient
        if not ((lower < theta) & (theta < upper)).all():
            return None
        value, gradient = objective(theta)
        if not np.abs(gradient).max() < size / 2:
            return None
    return theta, value


def _newton(
    objective: Callable[[Floats], tuple[float, Floats]],
    likelihood: Likelihood,
    n: float,
    theta: Floats,
    lower: Floats,
    upper: Floats,
) -> Floats:
    """Damped Newton steps, projected on the bounds, until the objective no longer falls."""
    value, gradient = objective(theta)
    for _ in range(100):
        held = ((theta <= lower) & (gradient > 0)) | ((theta >= upper) & (gradient < 0))
        free = ~held
        if np.abs(gradient[free]).max(initial=0) < 1e-12:
            break
        curvature = -hessian(likelihood, theta)[np.ix_(free, free)] / n
        eigenvalues, axes = np.linalg.eigh(curvature)
        # where the surface is not a bowl, the absolute curvature still points downhill
        sizes = np.maximum(np.abs(eigenvalues), 1e-10)
        step = np.zeros_like(theta)
        step[free] = -axes @ ((axes.T @ gradient[free]) / sizes)
        step /= max(1.0, np.abs(step).max() / 2)
        for halving in range(30):
            tried = np.clip(theta + step * 0.5**halving, lower, upper)
            new_value, new_gradient = objective(tried)
            if new_value < value:
                break
            # near the bottom values differ by rounding only, and a smaller gradient is the better sign
            level = new_value - value <= 1e-11 * abs(value)
            if level and np.abs(new_gradient[free]).max() < np.abs(gradient[free]).max():
                break
        else:
            break
        theta, value, gradient = tried, new_value, new_gradient
    return theta


def _positive_definite(matrix: Floats) -> bool:
    """Whether a symmetric matrix is positive definite beyond rounding."""
    if not len(matrix):
        return True
    eigenvalues = np.linalg.eigvalsh(matrix)
    return bool(eigenvalues[0] > 1e-12 * max(eigenvalues[-1], 0) and eigenvalues[0] > 0)


def _cautions(
    names: tuple[str, ...], theta: Floats, covariances: Floats, at_bound: Any, settled: bool, definite: bool
) -> tuple[Caution, ...]:
    """What the end of the search says about the fit, gravest first."""
    cautions = []
    if not settled:
        cautions.append(Caution("unconverged", "inadmissible", "parameters", {}))
    if not definite:
        cautions.append(Caution("information", "unidentified", "parameters", {}))
    for j, name in enumerate(names):
        value = float(np.exp(theta[j]))
        if at_bound[j]:
            cautions.append(Caution("boundary", "unidentified", name, {"value": value}))
        elif covariances[j, j] > VAGUE**2:
            cautions.append(
                Caution("vague", "weak", name, {"value": value, "log_error": float(np.sqrt(covariances[j, j]))})
            )
    return tuple(cautions)
