"""Clusters: planted ones found, scikit-learn's and scipy's numbers, medians by hand, frozen for strangers."""

import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
from customers import simulated_customers
from planted import ITEMS, SPACE, planted
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.clusters import KCentroids, KMeans, Ward
from crmresearch.segmentation.methods.k_centroids import (
    FAMILIES,
    SKETCH,
    descend,
    k_centroids,
    medians,
    some_rows,
    spread_start,
)
from crmresearch.segmentation.space import FeatureSpace

ALL = [KMeans(4, space=SPACE), KCentroids(4, space=SPACE), Ward(4, space=SPACE), Ward(4, space=SPACE, sample=100)]
ALL += [KCentroids(4, space=SPACE, centre="angles")]
names = [f"{method.name}_{getattr(method, 'sample', '')}" for method in ALL]


@pytest.mark.parametrize("method", ALL, ids=names)
def test_planted_clusters_are_found_and_applied_to_strangers(method) -> None:
    method.fit(planted(seed=1))
    frozen = method.centroids_.copy()
    strangers = planted(seed=2)
    segments = method.predict(strangers)
    assert (segments.cat.codes == strangers["true"]).all()  # in rising order of mean spend, as planted
    assert np.array_equal(method.centroids_, frozen)
    assert (method.predict(strangers.iloc[:1]) == segments.iloc[:1]).all()


def test_only_the_order_of_the_labels_depends_on_order_by() -> None:
    frame = planted()
    up = KMeans(4, space=SPACE).fit(frame).predict(frame)
    down = KMeans(4, space=SPACE).fit(frame.assign(monetary_total=-frame["monetary_total"])).predict(frame)
    assert (up.cat.codes == 3 - down.cat.codes).all()
    by_x = KMeans(4, space=SPACE).fit(frame.drop(columns="monetary_total"))
    assert (np.diff(by_x.centroids_[:, 0]) >= 0).all()


@pytest.mark.parametrize("method", [KMeans(5), KCentroids(5), Ward(5), Ward(5, sample=150)], ids=lambda m: m.name)
def test_a_linear_change_of_unit_changes_nothing(method) -> None:
    frame = simulated_customers(400)
    before = method.fit(frame).predict(frame)
    hours = frame.assign(recency=frame["recency"] * 32)  # a power of 2, exact in floating point
    assert (method.fit(hours).predict(hours) == before).all()


def test_same_seed_same_clusters_and_another_seed_another_sample() -> None:
    frame = simulated_customers(600)
    for make in (lambda seed: KMeans(5, seed=seed), lambda seed: KCentroids(5, seed=seed)):
        assert np.array_equal(make(3).fit(frame).centroids_, make(3).fit(frame).centroids_)
    first, again, other = (Ward(5, sample=100, seed=seed).fit(frame) for seed in (1, 1, 2))
    assert np.array_equal(first.centroids_, again.centroids_)
    assert not np.array_equal(first.centroids_, other.centroids_)
    assert (first.learned_on_, first.learned_from_) == (100, 600)


def test_k_means_is_scikit_learns_from_the_same_centroids() -> None:
    frame = simulated_customers(800)
    frame[["recency", "monetary_mean"]] = frame[["recency", "monetary_mean"]].round(-1)  # many customers alike
    method = KMeans(5).fit(frame)
    X = method.space_.transform(frame)
    assert len(np.unique(X, axis=0)) < len(X)
    theirs = sklearn.cluster.KMeans(5, init=method.centroids_, n_init=1, tol=0).fit(X)
    np.testing.assert_allclose(theirs.inertia_, method.inertia_, rtol=1e-3)
    own = sklearn.cluster.KMeans(5, init=theirs.cluster_centers_, n_init=1, max_iter=1).fit(X)
    assert (own.labels_ == cdist(X, theirs.cluster_centers_, "sqeuclidean").argmin(axis=1)).all()
    assert (method.predict(frame).cat.codes.to_numpy() == cdist(X, method.centroids_).argmin(axis=1)).all()
    best = sklearn.cluster.KMeans(5, n_init=20, random_state=1).fit(X)
    assert method.inertia_ <= best.inertia_ * 1.05


def test_medians_by_hand_and_by_repeated_rows() -> None:
    X = np.array([[1.0, 5], [2, 1], [9, 3], [7, 7], [8, 0]])
    weights = np.array([1.0, 2, 1, 3, 3])
    codes = np.array([0, 0, 0, 2, 2])
    found = medians(X, weights)(codes, 3)
    np.testing.assert_array_equal(found[0], [2, 2])  # 1 2 2 9 → 2; 1 1 3 5 → 2
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[2], [7.5, 3.5])
    rng = np.random.default_rng(4)
    X, weights, codes = rng.normal(size=(60, 2)).round(1), rng.integers(1, 6, 60).astype(float), rng.integers(0, 3, 60)
    repeated, members = np.repeat(X, weights.astype(int), axis=0), np.repeat(codes, weights.astype(int))
    by_hand = [np.median(repeated[members == cluster], axis=0) for cluster in range(3)]
    np.testing.assert_allclose(medians(X, weights)(codes, 3), by_hand)


def test_k_medians_by_hand() -> None:
    """0, 1, 2 and 10, 11, 100: medians 1 and 11 with 2 + 90 of absolute differences, where the mean would be 40.3."""
    X = np.array([[0.0], [1], [2], [10], [11], [100]])
    family = FAMILIES["medians"]
    centroids, total = descend(X, np.ones(6), np.array([[0.0], [10.0]]), family.metric, family.centroids(X, np.ones(6)))
    np.testing.assert_array_equal(centroids, [[1], [11]])
    assert total == 2 + 1 + 89


@pytest.mark.parametrize("seed", range(5))
def test_k_medians_are_never_worse_than_from_the_k_means_solution(seed: int) -> None:
    frame = simulated_customers(500, seed=seed)
    method = KCentroids(6, seed=seed).fit(frame)
    X = method.space_.transform(frame)
    codes = KMeans(6, seed=seed, starts=1).fit(frame).predict(frame).cat.codes.to_numpy()
    of_means = sum(np.abs(X[codes == c] - np.median(X[codes == c], axis=0)).sum() for c in range(6))
    assert method.objective_ <= of_means
    np.testing.assert_allclose(method.objective_, cdist(X, method.centroids_, "cityblock").min(axis=1).sum())


@pytest.mark.parametrize("k", [4, 8])
@pytest.mark.long
def test_what_is_found_does_not_depend_on_the_luck_of_the_starts(k: int) -> None:
    """Two random starts ended up to 3 % apart, so a resample looked like another segmentation."""
    frame = simulated_customers(500)
    totals = [KCentroids(k, seed=seed).fit(frame).objective_ for seed in range(6)]
    assert max(totals) <= 1.005 * min(totals)
    squares = [KMeans(k, seed=seed).fit(frame).inertia_ for seed in range(6)]
    assert max(squares) <= 1.005 * min(squares)
    found = KCentroids(k).fit(frame)
    assert 1 <= found.agreed_ <= found.starts


def test_agreement_of_starts_is_that_of_planted_clusters() -> None:
    X = np.concatenate([np.zeros((20, 1)), np.full((20, 1), 5.0), np.full((20, 1), 9.0)])
    X, weights = X + np.linspace(0, 0.1, 60)[:, None], np.ones(60)
    _, total, agreed = k_centroids(X, weights, X[[0, 20, 40]], 30, FAMILIES["medians"], np.random.default_rng(1))
    assert agreed == 30  # greedy seeds fall into each of the three, and there is one valley from there
    assert total == pytest.approx(sum(np.abs(X[i : i + 20] - np.median(X[i : i + 20])).sum() for i in (0, 20, 40)))


def test_spread_starts_on_a_part_of_many_rows_end_on_all_of_them() -> None:
    rng = np.random.default_rng(7)
    X = np.array([[0.0, 0], [20, 0], [0, 20], [20, 20]])[rng.integers(0, 4, 3 * SKETCH)] + rng.normal(
        size=(3 * SKETCH, 2)
    )
    bad, weights = X[:1] + np.array([[0.0, 0], [0.1, 0], [0, 0.1], [0.1, 0.1]]), np.ones(len(X))
    found, total, agreed = k_centroids(X, weights, bad, 10, FAMILIES["medians"], rng)
    near = cdist(X, found, "cityblock")
    assert total == pytest.approx(near.min(axis=1).sum())
    by_hand = [np.median(X[near.argmin(axis=1) == c], axis=0) for c in range(4)]
    np.testing.assert_allclose(found, by_hand, atol=1e-12)
    assert agreed > 5


def test_some_rows_stand_for_all_by_their_weights() -> None:
    X, weights, rng = (
        np.arange(1000.0)[:, None],
        np.r_[np.full(10, 100.0), np.full(990, 1e-9)],
        np.random.default_rng(2),
    )
    part, counts = some_rows(X, weights, 500, rng)
    assert part.ravel().tolist() == list(range(10))
    assert counts.sum() == 500
    same, same_weights = some_rows(X, weights, 1000, rng)
    assert same is X
    assert same_weights is weights


def test_a_spread_start_takes_rows_far_apart() -> None:
    X = np.array([[0.0], [0.1], [100.0], [100.1], [-50.0]])
    for seed in range(20):
        rows = spread_start(X, np.ones(5), 3, "cityblock", np.random.default_rng(seed))
        assert sorted(np.round(rows.ravel(), -1)) == [-50, 0, 100]


def test_angles_see_the_direction_from_the_mean_and_not_its_length() -> None:
    frame = planted()
    method = KCentroids(4, space=SPACE, centre="angles").fit(frame)
    np.testing.assert_allclose(np.linalg.norm(method.centroids_, axis=1), 1)
    items = list(ITEMS)
    middle = frame[items].mean()
    further = frame.assign(**(3 * (frame[items] - middle) + middle))
    assert (method.predict(further) == method.predict(frame)).all()
    X = method.space_.transform(frame)
    cosine = 1 - (X @ method.centroids_.T).max(axis=1) / np.linalg.norm(X, axis=1)
    np.testing.assert_allclose(method.objective_, cosine.sum())


def test_an_empty_cluster_moves_to_the_farthest_customer() -> None:
    X, family = np.array([[0.0], [1], [2], [50]]), FAMILIES["medians"]
    start = np.array([[1.0], [900.0]])
    centroids, _ = descend(X, np.ones(4), start, family.metric, family.centroids(X, np.ones(4)))
    np.testing.assert_array_equal(np.sort(centroids, axis=0), [[1], [50]])


def test_ward_on_everybody_has_the_means_of_scipys_partition() -> None:
    frame = simulated_customers(300)
    method = Ward(6).fit(frame)
    X = method.space_.transform(frame)
    theirs = fcluster(linkage(X, "ward"), 6, "maxclust")
    means = np.array([X[theirs == cluster].mean(axis=0) for cluster in range(1, 7)])
    np.testing.assert_allclose(method.centroids_[np.lexsort(method.centroids_.T)], means[np.lexsort(means.T)])
    np.testing.assert_allclose(method.heights_, np.sort(linkage(X, "ward")[:, 2])[::-1][:20])
    frame = planted(noise=0.2)
    separated = fcluster(linkage(Ward(4, space=SPACE).fit(frame).space_.transform(frame), "ward"), 4, "maxclust")
    ours = Ward(4, space=SPACE).fit(frame).predict(frame)
    assert (pd.crosstab(separated, ours.to_numpy()) > 0).to_numpy().sum() == 4


def test_ward_has_k_clusters_where_heights_are_equal() -> None:
    corners = pd.DataFrame([(x, y) for x in (0.0, 1) for y in (0.0, 1)], columns=["x", "y"])
    method = Ward(3, space=FeatureSpace(("x", "y"), log=())).fit(corners)
    assert method.predict(corners).nunique() == 3


@pytest.mark.parametrize("method", [KMeans(4), KCentroids(4), Ward(4)], ids=lambda method: method.name)
def test_unusable_customers_are_refused_in_one_sentence(method) -> None:
    frame = simulated_customers(50)
    for bad, said in (
        (frame.iloc[:3], "4 segments, but only 3"),
        (frame.assign(monetary_mean=5.0), "monetary_mean is the same for all 50"),
        (frame.assign(monetary_mean="x"), "needs numbers in monetary_mean"),
        (frame.assign(monetary_mean=np.nan), "50 have none"),
    ):
        with pytest.raises(SegmentationError, match=said):
            method.fit(bad)
    # all different as amounts, but equal at the floor of the logarithm
    floored = frame.assign(frequency=1 + (np.arange(50) < 3), recency=frame["recency"] > 100)
    floored["monetary_mean"] = -np.arange(50.0) + 1
    with pytest.raises(SegmentationError, match="differ in the feature space"):
        type(method)(9).fit(floored)
    with pytest.raises(SegmentationError, match="call fit first"):
        type(method)(4).predict(frame)


def test_contradicting_parameters_are_refused() -> None:
    for make, said in (
        (lambda: KMeans(1), "2 or more"),
        (lambda: KMeans(4, starts=0), "At least 1"),
        (lambda: KCentroids(4, centre="means"), "neither"),  # type: ignore[arg-type]
        (lambda: Ward(4, sample=3), "sample of 3"),
        (lambda: KMeans(2, order_by="nobody").fit(simulated_customers(20)), "nobody, which the table does not have"),
    ):
        with pytest.raises(SegmentationError, match=said):
            make()
    middle = pd.DataFrame({"x": [-1.0, 0, 1, 2, -2], "y": [1.0, 0, -1, 1, -1]})
    with pytest.raises(SegmentationError, match="at the mean of every column"):
        KCentroids(2, centre="angles", space=FeatureSpace(("x", "y"), log=())).fit(middle)
