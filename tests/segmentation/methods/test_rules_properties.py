"""What holds of rule methods for any customers: one segment each, whatever the order, and never worse for more."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from hypothesis import given, settings
from hypothesis import strategies as st

from crmresearch.segmentation.methods.abc_classes import Abc
from crmresearch.segmentation.methods.ladder import RelationshipLadder
from crmresearch.segmentation.methods.life_cycle import LifeCycle, LifeCycleAlive
from crmresearch.segmentation.methods.portfolio import PortfolioMatrix
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm import RfmCells, RfmScore
from crmresearch.segmentation.methods.rfm_classes import RfmEight, RfmFour
from crmresearch.segmentation.methods.value_matrix import CurrentPotential

METHODS = [
    RfmScore(),
    RfmCells(),
    RfmEight(),
    RfmEight("median"),
    RfmFour(),
    Abc(),
    CurrentPotential(groups=3),
    QuantileSegments("monetary_total"),
    PortfolioMatrix(),
    LifeCycle(),
    LifeCycleAlive(),
    RelationshipLadder(),
]
BETTER = {"frequency": 1.0, "monetary_total": 1.0, "recency": -1.0}
seeds = st.integers(0, 10_000)
ties = st.sampled_from([1.0, 10.0, 50.0])


def customers(seed: int, tie: float, n: int = 200) -> pd.DataFrame:
    """Simulated customers with amounts and days rounded, so that many are equal."""
    frame = simulated_customers(n, seed)
    for column in ("monetary_total", "recency", "spend_last_91", "spend_last_182", "expected_value"):
        frame[column] = (frame[column] / tie).round() * tie
    return frame


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@settings(max_examples=8, deadline=None)
@given(seed=seeds, tie=st.sampled_from([1.0, 5.0]))
def test_every_customer_has_one_segment_whatever_the_order(method, seed: int, tie: float) -> None:
    frame = customers(seed, tie)
    segments = method.fit(frame).predict(frame)
    assert segments.index.equals(frame.index)
    assert segments.notna().all()
    mixed = frame.sample(frac=1, random_state=seed)
    again = method.fit(mixed).predict(mixed).reindex(frame.index)
    assert (again.astype(str) == segments.astype(str)).all()


@pytest.mark.parametrize("column", list(BETTER))
@settings(max_examples=15, deadline=None)
@given(seed=seeds, tie=ties, more=st.floats(0, 500))
def test_a_better_customer_never_scores_lower(column: str, seed: int, tie: float, more: float) -> None:
    frame = customers(seed, tie).astype({"frequency": float})
    method = RfmScore().fit(frame)
    better = frame.assign(**{column: frame[column] + BETTER[column] * more})
    assert (method.predict(better).cat.codes >= method.predict(frame).cat.codes).all()


@settings(max_examples=15, deadline=None)
@given(seed=seeds, tie=ties, more=st.floats(0, 500))
def test_more_spend_never_lowers_the_class(seed: int, tie: float, more: float) -> None:
    frame = customers(seed, tie)
    richer = frame.assign(monetary_total=frame["monetary_total"] + more)
    for method, sign in ((Abc(), -1), (QuantileSegments("monetary_total", groups=4), 1)):
        codes = [sign * method.fit(frame).predict(f).cat.codes.astype(int) for f in (frame, richer)]
        assert (codes[1] >= codes[0]).all()


@settings(max_examples=15, deadline=None)
@given(seed=seeds, tie=ties)
def test_quantile_segments_depend_on_the_order_of_the_column_only(seed: int, tie: float) -> None:
    frame = customers(seed, tie)
    method = QuantileSegments("monetary_total", groups=4)
    before = method.fit(frame).predict(frame)
    bent = frame.assign(monetary_total=np.log1p(frame["monetary_total"]))
    assert (method.fit(bent).predict(bent) == before).all()


@settings(max_examples=15, deadline=None)
@given(seed=seeds, tie=ties)
def test_equal_values_share_a_segment_and_groups_differ_by_their_ties_at_most(seed: int, tie: float) -> None:
    frame = customers(seed, tie)
    segments = QuantileSegments("monetary_total", groups=5).fit(frame).predict(frame)
    assert segments.astype(str).groupby(frame["monetary_total"]).nunique().max() == 1
    biggest_tie = frame["monetary_total"].value_counts().max()
    assert segments.value_counts().max() <= len(frame) / 5 + biggest_tie
