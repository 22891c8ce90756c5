"""Chance in baskets of given sizes, against sums over all sets in exact fractions and against swapped baskets."""

from fractions import Fraction
from itertools import combinations
from math import prod

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from crmresearch.mining.baskets.baskets import Baskets
from crmresearch.mining.baskets.chance import chance, first_order, joint
from crmresearch.mining.baskets.swaps import swapped


def test_probabilities_are_the_sums_over_all_sets() -> None:
    weights = np.exp(np.random.default_rng(1).normal(size=7))
    sizes = np.arange(1, 8)
    one, both = first_order(weights, np.ones(7), sizes), joint(weights, np.ones(7), sizes, np.array([0]), np.array([3]))
    for s in sizes:
        sets = {chosen: prod(weights[list(chosen)]) for chosen in combinations(range(7), int(s))}
        whole = sum(sets.values())
        for k in range(7):
            assert one[s - 1, k] == pytest.approx(sum(w for c, w in sets.items() if k in c) / whole, abs=1e-12)
        assert both[s - 1, 0] == pytest.approx(sum(w for c, w in sets.items() if {0, 3} <= {*c}) / whole, abs=1e-12)


def _symmetric(weights: list[Fraction], size: int) -> list[Fraction]:
    sums = [Fraction(1)] + [Fraction(0)] * size
    for weight in weights:
        for s in range(size, 0, -1):
            sums[s] += weight * sums[s - 1]
    return sums


@pytest.mark.parametrize(("size", "near"), [(3, 1e-9), (18, 1e-6), (30, 3e-3), (50, 1e-6)])
def test_many_items_in_small_middle_and_nearly_full_baskets(size: int, near: float) -> None:
    """Elementary symmetric functions in fractions; in the middle Hájek's approximation holds to three per mille."""
    weights = np.exp(np.random.default_rng(2).normal(size=52) * 0.6)
    exact = [Fraction(float(w)) for w in weights]
    found = joint(weights, np.ones(52), np.array([size]), np.array([0, 5]), np.array([1, 40]))[0]
    whole = _symmetric(exact, size)[size]
    for (a, b), told in zip(((0, 1), (5, 40)), found, strict=True):
        rest = [w for k, w in enumerate(exact) if k not in (a, b)]
        assert told == pytest.approx(
            float(exact[a] * exact[b] * _symmetric(rest, size - 2)[size - 2] / whole), rel=near
        )


def test_weights_give_every_item_its_number_of_baskets_and_every_basket_its_size() -> None:
    rng = np.random.default_rng(3)
    sizes = np.minimum(1 + rng.poisson(rng.gamma(1.0, 6.0, 500)), 60)
    counts = rng.multinomial(sizes.sum() - 60, rng.dirichlet(np.full(60, 2.0))) + 1
    counts = np.minimum(counts, 400)
    sizes[0] += counts.sum() - sizes.sum() if counts.sum() > sizes.sum() else 0
    model = chance(sizes, counts)
    assert model.single @ model.many == pytest.approx(model.sizes, rel=5e-3)


def test_size_two_of_equal_items_is_the_hypergeometric() -> None:
    model = chance(np.full(100, 2), np.full(10, 20))
    assert model.pair(np.array([0]), np.array([1]))[0, 0] == pytest.approx(1 / 45)


def test_expected_baskets_are_the_mean_over_swapped_worlds() -> None:
    """Independent of the formulas: trades of items that keep sizes and frequencies."""
    rng = np.random.default_rng(4)
    heavy = np.exp(rng.normal(size=12)) / 12
    held = rng.random((300, 12)) < np.minimum(heavy * rng.gamma(2.0, 1.5, (300, 1)), 0.9)
    held = held[held.any(axis=1)]
    matrix = sparse.csr_matrix(held.astype(np.int32))
    baskets = Baskets(matrix, pd.Index([f"i{j}" for j in range(12)]), np.arange(len(held)), pd.Index([]))
    together = np.zeros((12, 12))
    worlds = [world.matrix for world in swapped(baskets, 150, seed=5)]
    for world in worlds:
        assert (world.sum(axis=0) == matrix.sum(axis=0)).all()
        assert (np.diff(world.indptr) == np.diff(matrix.indptr)).all()
        together += (world.T @ world).toarray() / len(worlds)
    a, b = np.triu_indices(12, 1)
    model = chance(baskets.sizes, baskets.counts)
    expected = model.baskets @ model.pair(a, b)
    assert expected == pytest.approx(together[a, b], abs=4 * np.sqrt(expected.max() / 150) + 0.3)
    assert np.corrcoef(expected, together[a, b])[0, 1] > 0.999
    naive = baskets.counts[a] * baskets.counts[b] / len(held)  # what knows no sizes is further off
    assert np.abs(expected - together[a, b]).mean() < 0.2 * np.abs(naive - together[a, b]).mean()
