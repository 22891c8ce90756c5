"""What holds of learned methods for any customers: one segment each, whatever the order, labels in rising order."""

import numpy as np
import pytest
from customers import simulated_customers
from hypothesis import given, settings
from hypothesis import strategies as st

from crmresearch.segmentation.methods.clusters import KCentroids, KMeans, Ward
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.methods.tree import OutcomeTree

CLUSTERS = [KMeans(4), KCentroids(4), Ward(4), Ward(4, sample=60), GaussianMixtureClusters(k=3, sample=100)]
ids = [f"{method.name}_{getattr(method, 'sample', '')}" for method in CLUSTERS]
seeds = st.integers(0, 10_000)
ties = st.sampled_from([1.0, 10.0, 50.0])


@pytest.mark.parametrize("method", [*CLUSTERS, OutcomeTree()], ids=[*ids, "tree"])
@settings(max_examples=8, deadline=None)
@given(seed=seeds, tie=ties)
def test_every_customer_has_one_segment_whatever_the_order(method, seed: int, tie: float) -> None:
    frame = simulated_customers(200, seed)
    frame["monetary_total"] = (frame["monetary_total"] / tie).round() * tie  # many customers equal
    frame["monetary_mean"] = frame["monetary_total"] / frame["frequency"]
    segments = method.fit(frame).predict(frame)
    assert segments.index.equals(frame.index)
    assert segments.notna().all()
    mixed = frame.sample(frac=1, random_state=seed)
    again = method.fit(mixed).predict(mixed).reindex(frame.index)
    assert (again.astype(str) == segments.astype(str)).all()


@pytest.mark.parametrize("method", CLUSTERS, ids=ids)
@settings(max_examples=8, deadline=None)
@given(seed=seeds)
def test_labels_rise_with_mean_spend_and_equal_customers_share_one(method, seed: int) -> None:
    frame = simulated_customers(200, seed)
    segments = method.fit(frame).predict(frame)
    spend = frame["monetary_total"].groupby(segments, observed=True).mean()
    assert (np.diff(spend) >= 0).all()
    twin = frame.set_axis([f"{customer}_twin" for customer in frame.index])
    assert (method.predict(twin).to_numpy() == segments.to_numpy()).all()
