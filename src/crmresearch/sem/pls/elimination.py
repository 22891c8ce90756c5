"""Small positive definite matrices by the batch: solved, inverted and tested by elimination along the batch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # of float64

COLLINEAR = 1e-10  # smallest eigenvalue of correlations up to which a variable is a combination of the others
SMALL = 12  # unknowns up to which elimination across the batch is faster than LAPACK


def solve_positive(A: Floats, b: Floats) -> Floats:
    """Solve A x = b for a batch of positive definite A (batch, m, m) and b (batch, m) or (batch, m, r).

    Gaussian elimination across the batch: for the small m of path models this is up to ten times faster than
    one LAPACK call per matrix, and no pivoting is needed because A is positive definite.
    """
    if b.ndim == 2:
        return np.asarray(solve_positive(A, b[:, :, None])[:, :, 0])
    if A.shape[1] > SMALL:
        return np.asarray(np.linalg.solve(A, b))
    return np.asarray(eliminated(batch_last(np.concatenate([A, b], axis=2))).transpose(2, 0, 1))


def batch_last(A: Floats) -> Floats:
    # a copy (m, m, batch): every step then runs along the batch, several times faster than along rows of a few numbers
    return np.array(A.transpose(1, 2, 0), order="C")


def eliminated(bordered: Floats) -> Floats:
    """The solutions (m, r, batch) of A (m, m, batch) with the r columns (m, r, batch) beside it, all overwritten."""
    m = len(bordered)
    for i in range(m):
        row = bordered[i, i + 1 :]
        row /= bordered[i, i]
        if i + 1 < m:
            below = bordered[i + 1 :, i + 1 :]
            below -= bordered[i + 1 :, i, None] * row
    for i in reversed(range(1, m)):
        above = bordered[:i, m:]
        above -= bordered[:i, i, None] * bordered[i, m:]
    return bordered[:, m:]


def invert_positive(A: Floats) -> Floats:
    """Inverses of a batch of positive definite matrices (batch, m, m), by sweeping every pivot."""
    A = batch_last(A)
    for i in range(len(A)):
        pivot = A[i, i].copy()
        column = A[:, i] / pivot
        row = A[i].copy()
        A -= column[:, None] * row
        A[i] = row / pivot
        A[:, i] = -column
        A[i, i] = 1 / pivot
    return np.ascontiguousarray(A.transpose(2, 0, 1))


def eigenvalues_exceed(A: Floats, limit: float) -> NDArray[np.bool_]:
    """Which symmetric matrices (batch, m, m) have every eigenvalue above `limit`; none with NaN.

    All pivots of A − limit · I are positive then, and only then: a tenth of the time of eigenvalues.
    """
    A = batch_last(A - limit * np.eye(A.shape[-1]))
    exceed = np.ones(A.shape[-1], dtype=np.bool_)
    with np.errstate(all="ignore"):  # what follows a pivot that is not positive is of no consequence
        for i in range(len(A)):
            exceed &= A[i, i] > 0
            A[i + 1 :, i + 1 :] -= (A[i + 1 :, i] / A[i, i])[:, None] * A[i, i + 1 :]
    return exceed
