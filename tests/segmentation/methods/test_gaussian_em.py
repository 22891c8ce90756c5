"""EM of Gaussian mixtures: scikit-learn's steps from the same start, moments by hand, weights as repeated rows."""

import warnings

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from crmresearch.segmentation.methods.gaussian_em import Components, Rows, best_mixture

FLOOR = 0.01
SINGLE = 1e-5  # relative, of numbers in single precision


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.concatenate([rng.normal(size=(120, 2)), [6, 2] + rng.normal(size=(80, 2)) @ [[1.0, 0.8], [0, 0.4]]])


def test_moments_of_a_component_by_hand(points: np.ndarray) -> None:
    shares = np.array([np.ones(200), np.arange(200) < 50]) / 200
    found = Rows(points, np.ones(200), FLOOR).components(shares[None]).of(0)
    assert found.weights == pytest.approx([0.8, 0.2])
    assert found.means == pytest.approx(np.array([points.mean(axis=0), points[:50].mean(axis=0)]), rel=SINGLE)
    own = np.cov(points[:50], rowvar=False, bias=True) + FLOOR * np.eye(2)
    assert found.covariances[1] == pytest.approx(own, rel=SINGLE)


def test_posterior_shares_and_likelihood_by_the_density(points: np.ndarray) -> None:
    covariances = np.array([[[1.0, 0.3], [0.3, 2.0]], [[0.5, -0.2], [-0.2, 0.6]]])
    given = Components(np.array([0.3, 0.7]), np.array([[0.0, 1.0], [5.0, 2.0]]), covariances)
    density = np.column_stack([w * multivariate_normal(m, c).pdf(points) for w, m, c in zip(*given, strict=True)])
    shares, level = Rows(points, np.ones(200), FLOOR).shares(given.of(None))
    posterior = density / density.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares[0].T * 200, posterior, rtol=1e-4, atol=1e-7)
    assert level == pytest.approx([np.log(density.sum(axis=1)).mean()], rel=SINGLE)


def test_every_step_is_scikit_learns(points: np.ndarray) -> None:
    rows = Rows(points, np.ones(200), FLOOR)
    start = rows.components(rows.around(3, np.random.default_rng(1), narrow=False)[None])
    given = {"weights_init": start.weights[0], "means_init": start.means[0]}
    given["precisions_init"] = np.linalg.inv(start.covariances[0])
    for steps in (1, 4):
        theirs = GaussianMixture(3, reg_covar=FLOOR, max_iter=steps, tol=0, **given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs.fit(points)
        ours = start
        for _ in range(steps):
            ours = rows.components(rows.shares(ours)[0])
        assert ours.means[0] == pytest.approx(theirs.means_, rel=SINGLE)
        assert ours.covariances[0] == pytest.approx(theirs.covariances_, rel=SINGLE)


def test_weights_are_rows_that_often(points: np.ndarray) -> None:
    counts = np.random.default_rng(5).integers(1, 4, 200)
    weighted, repeated = (
        Rows(points, counts, FLOOR),
        Rows(np.repeat(points, counts, axis=0), np.ones(counts.sum()), FLOOR),
    )
    start = weighted.components(weighted.around(2, np.random.default_rng(2), narrow=False)[None])
    ours, level = weighted.climb(start, 1e-6)
    theirs, same = repeated.climb(start, 1e-6)
    assert level == pytest.approx(same, rel=SINGLE)
    assert ours.means == pytest.approx(theirs.means, rel=1e-3)


def test_the_best_of_the_starts_wins_over_a_bad_first(points: np.ndarray) -> None:
    rows = Rows(points, np.ones(200), FLOOR)
    bad = np.zeros((2, 200))
    bad[0] = 1 / 200  # one component has everybody
    found, agreed = best_mixture(rows, bad, 10, 1e-4, np.random.default_rng(4))
    first = rows.climb(rows.components(bad[None]), 1e-4)[1]
    assert rows.shares(found.of(None))[1] > first + 0.1
    assert np.sort(found.weights) == pytest.approx([0.4, 0.6], abs=0.03)
    assert agreed > 5


def test_starts_that_climb_together_end_where_each_ends_alone(points: np.ndarray) -> None:
    rows, rng = Rows(points, np.ones(200), FLOOR), np.random.default_rng(8)
    starts = rows.components(np.stack([rows.around(3, rng, narrow=bool(i % 2)) for i in range(6)]))
    together, levels = rows.climb(starts, 1e-4)
    for i in range(6):
        alone, level = rows.climb(starts.of([i]), 1e-4)
        assert levels[i] == pytest.approx(level[0], rel=SINGLE)
        assert together.means[i] == pytest.approx(alone.means[0], rel=1e-3)


def test_a_row_far_away_is_counted_in_double_precision(points: np.ndarray) -> None:
    far = np.vstack([points, [3000.0, 0.0]])
    rows = Rows(far, np.ones(201), FLOOR)
    alone = np.zeros((1, 1, 201), dtype=rows.precision)
    alone[0, 0, 200] = 1
    assert rows.components(alone).covariances[0, 0] == pytest.approx(FLOOR * np.eye(2), abs=1e-6)
    assert Rows(points, np.ones(200), FLOOR).precision == np.float32


def test_narrow_starts_have_the_floor_for_variance(points: np.ndarray) -> None:
    rows = Rows(points, np.ones(200), FLOOR)
    start = rows.components(rows.around(3, np.random.default_rng(6), narrow=True)[None])
    assert start.covariances[0] == pytest.approx(np.broadcast_to(FLOOR * np.eye(2), (3, 2, 2)), abs=1e-4)


def test_drawn_starts_are_different_rows_with_the_floor(points: np.ndarray) -> None:
    rows = Rows(points, np.ones(200), FLOOR)
    start = rows.components(rows.drawn(3, np.random.default_rng(6))[None]).of(0)
    assert start.weights == pytest.approx(np.full(3, 1 / 3))
    assert start.covariances == pytest.approx(np.broadcast_to(FLOOR * np.eye(2), (3, 2, 2)), abs=1e-4)
    assert all(np.isclose(points, mean, rtol=SINGLE).all(axis=1).any() for mean in start.means)
    assert len(np.unique(start.means, axis=0)) == 3


def test_slices_have_equal_weight_across_a_direction() -> None:
    rows = Rows(np.column_stack([np.arange(60.0), np.tile([0.0, 1.0], 30)]), np.ones(60), FLOOR)
    assert rows.white.T @ rows.white / 60 == pytest.approx(np.eye(2))
    start = rows.components(rows.sliced(3, np.random.default_rng(7))[None]).of(0)
    assert start.weights == pytest.approx(np.full(3, 1 / 3))
    flat = Rows(np.column_stack([np.arange(60.0), np.arange(60.0)]), np.ones(60), FLOOR)  # one direction to cut
    means = flat.components(flat.sliced(3, np.random.default_rng(7))[None]).means[0]
    assert np.sort(means[:, 0]) == pytest.approx([9.5, 29.5, 49.5])
