"""Intervals for all differences at once, against Dunnett's tables; and who may be the highest or the lowest."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from crmresearch.ranks import highest, holm, independent_draws, leads


@pytest.mark.parametrize(("others", "bound"), [(1, 1.96), (3, 2.35), (9, 2.69)])
def test_equal_independent_estimates_have_the_bound_of_dunnett(others: int, bound: float) -> None:
    """Two-sided 95 % comparisons with a control, infinite degrees of freedom (Dunnett 1964, Biometrics 20, table)."""
    draws = np.random.default_rng(1).normal(size=(1 + others, 20_000))
    difference, wide = leads(np.zeros(1 + others), draws, 0)
    assert difference.tolist() == [0.0] * others
    assert wide / np.sqrt(2) == pytest.approx(bound, abs=0.04)


def test_the_highest_and_the_lowest_are_named_with_those_they_are_not_told_apart_from() -> None:
    points, errors = np.array([5.0, 4.9, 3.0, 1.0]), np.array([0.2, 0.2, 0.2, 0.2])
    draws = independent_draws(points, errors)
    assert highest(points, draws).tolist() == [True, True, False, False]
    assert highest(-points, -draws).tolist() == [False, False, False, True]
    holed = draws.copy()
    holed[:, 3] = np.nan  # a resample in which one is not defined tells nothing
    assert highest(points, holed).tolist() == [True, True, False, False]
    assert highest(points[:1], draws[:1]).tolist() == [True]
    assert highest(points, np.empty((4, 0))).all()  # without resamples nothing is told apart


def test_probabilities_are_adjusted_as_statsmodels_does() -> None:
    p = np.random.default_rng(1).random(20) ** 4
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-14)
    with_gap = holm(np.r_[p[:3], np.nan])
    assert np.isnan(with_gap[3])
    np.testing.assert_allclose(with_gap[:3], holm(p[:3]))
