"""Standardised solution, R², direct, indirect and total effects, with delta-method standard errors.

Each is a smooth function of the parameters θ; its Jacobian is taken by complex steps, exact to rounding.
"""

from collections.abc import Callable

import numpy as np

from crmresearch.sem.covariance.likelihood.ram import Ram, reach
from crmresearch.sem.pls.algorithm import Floats

Function = Callable[[Floats], Floats]


def total_covariances(ram: Ram, theta: Floats) -> Floats:
    """Model-implied covariances (batch, v, v) of observed and latent variables of the first group."""
    A, S, _ = ram.matrices(theta)
    B = reach(A[:, 0])
    return B @ S[:, 0] @ B.swapaxes(1, 2)


def standardised_cells(ram: Ram, theta: Floats) -> Floats:
    """Every cell of the first group with all variables standardised (batch, cells), lavaan's `std.all`.

    Loadings and paths times sd(predictor)/sd(outcome); covariances over the roots of their own (residual)
    variances; variances over the total variance; intercepts over the standard deviation.
    """
    A, S, M = (part[:, 0] for part in ram.matrices(theta))
    deviation = np.sqrt(np.diagonal(total_covariances(ram, theta), axis1=1, axis2=2))
    own = np.sqrt(np.diagonal(S, axis1=1, axis2=2).astype(complex))
    at = {name: i for i, name in enumerate(ram.variables)}
    columns = []
    with np.errstate(divide="ignore", invalid="ignore"):  # a variable without variance, at a bound, has no units
        for cell in ram.cells:
            i, j = at[cell.row], at[cell.column]
            if cell.matrix == "A":
                columns.append(A[:, i, j] * deviation[:, j] / deviation[:, i])
            elif cell.matrix == "M":
                columns.append(M[:, i] / deviation[:, i])
            elif cell.is_variance:
                columns.append(S[:, i, i] / deviation[:, i] ** 2)
            else:
                scale = own[:, i] * own[:, j]
                columns.append(S[:, i, j] / (scale if np.iscomplexobj(theta) else scale.real))
    return np.stack(columns, axis=1)


def explained(ram: Ram, theta: Floats, variables: list[str]) -> Floats:
    """R² (batch, variables) = 1 − residual variance / total variance."""
    S = ram.matrices(theta).S[:, 0]
    C = total_covariances(ram, theta)
    at = [ram.variables.index(name) for name in variables]
    return 1 - S[:, at, at] / C[:, at, at]


def effects(ram: Ram, theta: Floats, pairs: list[tuple[str, str]], *, standardise: bool = False) -> Floats:
    """Total effects (batch, pairs) of (origin, outcome); with `standardise` in standard deviations of both."""
    B = reach(ram.matrices(theta).A[:, 0])
    origin = [ram.variables.index(a) for a, _ in pairs]
    outcome = [ram.variables.index(b) for _, b in pairs]
    total = B[:, outcome, origin]
    if standardise:
        deviation = np.sqrt(np.diagonal(total_covariances(ram, theta), axis1=1, axis2=2))
        total = total * deviation[:, origin] / deviation[:, outcome]
    return total


def jacobian(function: Function, theta: Floats) -> Floats:
    """∂function (rows, q) at θ (q,), by complex steps."""
    step = 1e-30
    moved = theta[None, :] + 1j * step * np.eye(len(theta))
    return function(moved).imag.T / step


def delta_errors(function: Function, theta: Floats, covariance: Floats) -> Floats:
    """Standard errors (rows,) of function(θ) by the delta method; NaN where the variance is negative."""
    J = jacobian(function, theta)
    variance = np.einsum("ij,jk,ik->i", J, covariance, J)
    return np.sqrt(np.where(variance >= 0, variance, np.nan))
