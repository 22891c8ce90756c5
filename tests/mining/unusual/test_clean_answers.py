"""Clean answers: correlations of cut normals against scipy's bivariate normal, margins and correlations recovered."""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from crmresearch.mining.unusual.clean_answers import clean_answers, normal_correlations


@pytest.mark.parametrize("rho", [-0.6, 0.3, 0.8])
def test_correlations_of_cut_normals_are_those_of_scipy(rho: float) -> None:
    cuts = [ndtri(np.array([0.3])), ndtri(np.array([0.8]))]
    values = [np.array([0.0, 1]), np.array([1.0, 7])]
    below = multivariate_normal.cdf([cuts[0][0], cuts[1][0]], cov=[[1, rho], [rho, 1]])
    phi = (below - 0.3 * 0.8) / np.sqrt(0.3 * 0.7 * 0.8 * 0.2)  # of the two dichotomies
    found = normal_correlations(np.array([[1, phi], [phi, 1]]), values, cuts)
    assert found[0, 1] == pytest.approx(rho, abs=2e-3)


def test_shares_and_correlations_come_again() -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=(4000, 1))
    X = np.clip(np.rint(8 + 2 * (0.8 * common + 0.6 * rng.normal(size=(4000, 5)))), 1, 10)  # skewed at the top
    X[:, 4] = 11 - X[:, 4]
    gaps = X.copy()
    gaps[rng.random(X.shape) < 0.1] = np.nan
    drawn = clean_answers(gaps).draw(40_000, rng)
    assert np.corrcoef(drawn.T) == pytest.approx(np.corrcoef(X.T), abs=0.03)
    assert (drawn == 10).mean(axis=0) == pytest.approx((X == 10).mean(axis=0), abs=0.015)
    assert set(np.unique(drawn)) == set(np.unique(X))


def test_items_that_copy_one_another_can_be_drawn() -> None:
    x = np.random.default_rng(2).integers(1, 6, size=200).astype(float)
    drawn = clean_answers(np.column_stack([x, x, 6 - x])).draw(500, np.random.default_rng(1))
    assert np.corrcoef(drawn.T)[0] == pytest.approx([1, 1, -1], abs=0.05)
