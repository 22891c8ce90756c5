"""The Gaussian mixture: planted components and their number, BIC by hand and by scikit-learn, frozen for strangers."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from planted import SPACE, planted
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from crmresearch.segmentation.contract import SegmentationError, sharing
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.space import FeatureSpace


def test_bic_finds_the_planted_number_and_strangers_their_component() -> None:
    method = GaussianMixtureClusters(largest=6, space=SPACE).fit(planted(seed=1))
    assert method.k_ == 4
    assert len(method.segments) == 4
    strangers = planted(seed=2)
    assert (method.predict(strangers).cat.codes == strangers["true"]).all()


def test_bic_by_the_formula_and_by_scikit_learn() -> None:
    frame = simulated_customers(500)
    method = GaussianMixtureClusters(largest=3).fit(frame)
    X = method.space_.transform(frame)
    mixture = method.mixture_
    density = sum(
        weight * multivariate_normal(mean, covariance).pdf(X)
        for weight, mean, covariance in zip(mixture.weights_, mixture.means_, mixture.covariances_, strict=True)
    )
    k, p = method.k_, X.shape[1]
    parameters = k - 1 + k * p + k * p * (p + 1) / 2
    by_hand = -2 * np.log(density).sum() + parameters * np.log(len(X))
    assert method.bic_.set_index("k")["bic"][k] == pytest.approx(by_hand)
    one = GaussianMixture(1, reg_covar=method.floor).fit(X)
    assert method.bic_["bic"][0] == pytest.approx(one.bic(X))
    assert method.bic_["bic"].min() == method.bic_.set_index("k")["bic"][k]


def test_the_likeliest_component_and_probabilities_that_sum_to_one() -> None:
    frame = simulated_customers(400)
    method = GaussianMixtureClusters(k=3).fit(frame)
    assert list(method.bic_["k"]) == [3]
    assert method.name == "gaussian_mixture_3"
    given = method.posterior(frame)
    np.testing.assert_allclose(given.sum(axis=1), 1)
    assert (given.idxmax(axis=1) == method.predict(frame).astype(str)).all()
    spend = frame["monetary_total"].groupby(method.predict(frame), observed=False).mean()
    assert spend.is_monotonic_increasing


@pytest.mark.parametrize("k", [2, 4])
def test_what_is_found_does_not_depend_on_the_luck_of_the_starts(k: int) -> None:
    """One k-means start ended up to .15 of log-likelihood a customer apart: other segments, by luck."""
    frame = simulated_customers(500)
    levels = [GaussianMixtureClusters(k=k, seed=seed).fit(frame).mixture_.lower_bound_ for seed in range(5)]
    assert np.ptp(levels) < 0.005
    found = GaussianMixtureClusters(k=k).fit(frame)
    assert 1 <= found.agreed_ <= found.starts


@pytest.mark.parametrize(("columns", "seed"), [(2, 0), (2, 1), (3, 1)])
def test_long_components_side_by_side_are_found_as_scikit_learn_finds_them_from_the_truth(
    columns: int, seed: int
) -> None:
    """Starts around spread customers ended 260 of BIC higher in the plane, and chose four components or seven."""
    rng, n = np.random.default_rng(seed), 400
    apart = [np.c_[rng.normal(0, 6, (n, columns - 1)), 2.5 * i + rng.normal(0, 0.4, n)] for i in range(3)]
    turned = np.vstack(apart) @ np.linalg.qr(rng.normal(size=(columns, columns)))[0]
    names, true = [f"x{i}" for i in range(columns)], np.repeat(range(3), n)
    frame = pd.DataFrame(turned, columns=names, index=[f"c{i}" for i in range(3 * n)])
    method = GaussianMixtureClusters(largest=5, space=FeatureSpace(names, log=()), seed=seed).fit(frame)
    assert method.k_ == 3
    assert method.agreed_ == method.bic_.set_index("k")["agreed"][3]
    assert pd.crosstab(method.predict(frame), true).max().min() > 0.98 * n
    X = method.space_.transform(frame)
    given = {"means_init": [X[true == i].mean(axis=0) for i in range(3)], "weights_init": np.full(3, 1 / 3)}
    given["precisions_init"] = [
        np.linalg.inv(np.cov(X[true == i].T) + method.floor * np.eye(columns)) for i in range(3)
    ]
    theirs = GaussianMixture(3, reg_covar=method.floor, tol=1e-4, max_iter=500, **given).fit(X)
    assert method.bic_["bic"].min() == pytest.approx(theirs.bic(X), abs=2)


@pytest.mark.long
def test_what_scikit_learn_finds_from_many_starts_is_found() -> None:
    frame = simulated_customers(500)
    for k in (3, 5):
        method = GaussianMixtureClusters(k=k).fit(frame)
        X = method.space_.transform(frame)
        for kind in ("k-means++", "random_from_data"):
            options = {"reg_covar": method.floor, "tol": 1e-4, "max_iter": 500, "init_params": kind}
            theirs = GaussianMixture(k, n_init=20, random_state=0, **options).fit(X)
            assert method.bic_["bic"].min() <= theirs.bic(X) + 2


def test_the_order_of_the_customers_changes_nothing() -> None:
    frame = simulated_customers(300)
    method = GaussianMixtureClusters(k=4)
    first = method.fit(frame).predict(frame)
    other = method.fit(frame[::-1]).predict(frame)
    assert (first == other).all()


def test_the_floor_keeps_components_off_single_values() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=300), "y": np.where(rng.random(300) < 0.6, 1.0, rng.normal(5, 2, 300))})
    space = type(SPACE)(("x", "y"), log=())
    method = GaussianMixtureClusters(k=2, space=space).fit(frame)
    assert min(np.linalg.eigvalsh(covariance).min() for covariance in method.mixture_.covariances_) >= 0.99 * 0.01
    bare = GaussianMixtureClusters(k=2, space=space, floor=1e-6).fit(frame)
    assert min(np.linalg.eigvalsh(covariance).min() for covariance in bare.mixture_.covariances_) < 1e-4


def test_a_sample_by_seed_says_how_many_took_part() -> None:
    frame = simulated_customers(700)
    first, again, other = (GaussianMixtureClusters(k=3, sample=200, seed=seed).fit(frame) for seed in (1, 1, 2))
    assert (first.learned_on_, first.learned_from_) == (200, 700)
    assert np.array_equal(first.mixture_.means_, again.mixture_.means_)
    assert not np.array_equal(first.mixture_.means_, other.mixture_.means_)


def test_a_refit_forgets_the_number_chosen_before() -> None:
    method = GaussianMixtureClusters(largest=6, space=SPACE).fit(planted())
    few = planted(300, noise=0.3).query("true < 2")
    assert method.fit(few.assign(z=few["z"])).k_ == 2


def test_unusable_customers_and_parameters_are_refused_in_one_sentence() -> None:
    frame = simulated_customers(50)
    for bad, said in (
        (frame.iloc[:3], "8 segments, but only 3"),
        (frame.assign(frequency=1), "frequency is the same for all 50"),
        (frame.assign(frequency="x"), "needs numbers in frequency"),
        (frame.assign(frequency=np.nan), "50 have none"),
    ):
        with pytest.raises(SegmentationError, match=said):
            GaussianMixtureClusters().fit(bad)
    for parameters in ({"k": 1}, {"largest": 1}, {"k": 9, "sample": 10}, {"starts": 0}, {"floor": -1.0}):
        with pytest.raises(SegmentationError):
            GaussianMixtureClusters(**parameters)


def test_a_mixture_is_shared_only_where_nobody_is_timed() -> None:
    customers = planted()
    learn = lambda k: GaussianMixtureClusters(k=k, space=SPACE, largest=3, starts=4).fit(customers)  # noqa: E731
    alone = [learn(2), learn(2)]
    with sharing():
        together = [learn(None), learn(3), learn(2), learn(2)]
    again = learn(2)
    assert alone[0].mixture_ is not alone[1].mixture_
    assert together[2].mixture_ is together[3].mixture_
    assert again.mixture_ is not together[2].mixture_
    for one in (alone[1], together[2], again):
        np.testing.assert_array_equal(one.mixture_.means_, alone[0].mixture_.means_)
