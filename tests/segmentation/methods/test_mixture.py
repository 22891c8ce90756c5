"""The Gaussian mixture: planted components and their number, BIC by hand and by scikit-learn, frozen for strangers."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from planted import SPACE, planted
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters


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
