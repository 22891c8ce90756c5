"""Elimination along the batch against LAPACK, matrix by matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmresearch.sem.pls.elimination import SMALL, eigenvalues_exceed, invert_positive, solve_positive

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=8, deadline=None)


@few
@given(seed=SEEDS, m=st.integers(1, 9), batch=st.integers(1, 5))
def test_solve_positive_solves(seed: int, m: int, batch: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(batch, m, m + 2))
    A = root @ root.transpose(0, 2, 1)
    b = rng.normal(size=(batch, m))
    expected = np.linalg.solve(A, b[:, :, None])[:, :, 0]
    scale = np.linalg.cond(A)[:, None] * np.abs(expected).max(axis=1, keepdims=True)
    before = A.copy()
    assert (np.abs(solve_positive(A, b) - expected) <= 1e-14 * scale).all()
    assert (before == A).all()  # inputs are left alone


@pytest.mark.parametrize("m", [1, 4, SMALL, SMALL + 1])
def test_several_right_hand_sides_and_the_inverse(m: int) -> None:
    rng = np.random.default_rng(m)
    A = rng.normal(size=(30, m, 2 * m + 1))
    A, b = A @ A.swapaxes(1, 2) / m, rng.normal(size=(30, m, 3))
    before = A.copy(), b.copy()
    np.testing.assert_allclose(A @ solve_positive(A, b), b, atol=1e-10)
    np.testing.assert_allclose(A @ invert_positive(A), np.broadcast_to(np.eye(m), A.shape), atol=1e-10)
    for now, then in zip((A, b), before, strict=True):  # arguments stay as they are
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("limit", [-1e-9, 1e-10, 0.05])
@pytest.mark.parametrize("m", [1, 2, 5, 9])
def test_pivots_tell_what_eigenvalues_tell(m: int, limit: float) -> None:
    rng = np.random.default_rng(m)
    A = rng.normal(size=(500, m, m + 1)) / np.sqrt(m)
    A = A @ A.swapaxes(1, 2) - 0.1 * np.eye(m) * rng.integers(0, 2, size=(500, 1, 1))
    A[:50, :, -1] = A[:50, :, 0]  # exactly singular
    A[:50, -1, :] = A[:50, 0, :]
    A[:50, -1, -1] = A[:50, 0, 0]
    np.testing.assert_array_equal(eigenvalues_exceed(A, limit), np.linalg.eigvalsh(A)[:, 0] > limit)
    A[3, 0, 0] = np.nan
    assert not eigenvalues_exceed(A, limit)[3]
