"""The outcome tree: scikit-learn's partition, rules in words that reproduce it, learned earlier, applied to others."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from sklearn.tree import DecisionTreeRegressor

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.tree import OutcomeTree


def features(frame: pd.DataFrame) -> pd.DataFrame:
    """The table without what happens after the cut-off."""
    return frame[[column for column in frame if not column.startswith("holdout")]]


@pytest.mark.parametrize("leaves", [2, 5, 8])
def test_leaves_are_scikit_learns_in_rising_order_of_the_outcome(leaves: int) -> None:
    frame = simulated_customers(800)
    method = OutcomeTree(leaves).fit(frame)
    X, y = frame[list(method.columns)].to_numpy(), np.log1p(frame["holdout_spend"].to_numpy())
    theirs = DecisionTreeRegressor(max_leaf_nodes=leaves, min_samples_leaf=0.01).fit(X, y)
    codes = method.predict(frame).cat.codes.to_numpy()
    np.testing.assert_allclose(method.leaves_["mean_log_outcome"].to_numpy()[codes], theirs.predict(X))
    assert method.leaves_["mean_log_outcome"].is_monotonic_increasing
    np.testing.assert_allclose(
        method.leaves_["mean_outcome"], frame["holdout_spend"].groupby(method.predict(frame), observed=False).mean()
    )
    assert method.leaves_["customers"].min() >= 8


def test_the_rules_in_words_are_the_method() -> None:
    method = OutcomeTree(8).fit(simulated_customers(800, seed=1))
    strangers = features(simulated_customers(1000, seed=2))
    segments = method.predict(strangers)
    assert list(method.rules_) == [segment.key for segment in method.segments]
    for key, conditions in method.rules_.items():
        assert set(strangers.query(" and ".join(conditions)).index) == set(segments.index[segments == key])


def test_cut_points_have_no_more_digits_than_they_need() -> None:
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4.123, 4.987, 6], "holdout_spend": [0.0, 0, 0, 0, 9, 9]})
    method = OutcomeTree(2, columns=("a",), smallest_share=0.1).fit(frame)
    assert method.rules_ == {"leaf1": ["a <= 4.6"], "leaf2": ["a > 4.6"]}  # halfway is 4.555; 5 would part otherwise


def test_order_of_customers_and_any_monotone_unit_change_nothing() -> None:
    frame = simulated_customers(500)
    before = OutcomeTree().fit(frame).predict(frame)
    mixed = frame.sample(frac=1, random_state=1)
    assert (OutcomeTree().fit(mixed).predict(frame) == before).all()
    bent = frame.assign(monetary_total=np.log1p(frame["monetary_total"]), recency=frame["recency"] * 24)
    assert (OutcomeTree().fit(bent).predict(bent) == before).all()


def test_an_outcome_that_depends_on_one_cut_grows_two_leaves() -> None:
    frame = simulated_customers(300)
    frame["holdout_spend"] = np.where(frame["recency"] > 50, 0.0, 20.0)
    method = OutcomeTree(8).fit(frame)
    assert len(method.segments) == 2
    assert [len(conditions) for conditions in method.rules_.values()] == [1, 1]
    assert (method.predict(frame) == np.where(frame["recency"] > 50, "leaf1", "leaf2")).all()
    assert len(method.fit(simulated_customers(300)).segments) == 8  # a refit forgets the leaves grown before


def test_unusable_customers_and_parameters_are_refused_in_one_sentence() -> None:
    frame = simulated_customers(60)
    for bad, said in (
        (features(frame), "give fit the customer table of one window earlier"),
        (frame.assign(holdout_spend=0.0), "holdout_spend is the same for all 60"),
        (frame.iloc[:5], "8 segments, but only 5"),
        (frame.assign(recency="x"), "needs numbers in recency"),
        (frame.assign(recency=np.nan), "60 have none"),
        (frame.assign(holdout_spend=np.nan), "needs a number in holdout_spend"),
    ):
        with pytest.raises(SegmentationError, match=said):
            OutcomeTree().fit(bad)
    for make in (
        lambda: OutcomeTree(1),
        lambda: OutcomeTree(smallest_share=0.6),
        lambda: OutcomeTree(columns=("holdout_spend",)),
    ):
        with pytest.raises(SegmentationError):
            make()
