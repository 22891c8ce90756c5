"""The feature space: logs and scales by hand, the customers' order and linear units without effect, clear refusals."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from sklearn.preprocessing import StandardScaler

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.space import FeatureSpace

FRAME = pd.DataFrame({"recency": [10.0, 20.0, 30.0], "monetary_mean": [0.0, np.e - 1, -5.0]}, index=list("abc"))


def test_coordinates_by_hand_with_negative_amounts_at_the_floor() -> None:
    space = FeatureSpace(("recency", "monetary_mean")).fit(FRAME)
    np.testing.assert_allclose(space.means_, [20, 1 / 3])
    np.testing.assert_allclose(space.deviations_, [np.sqrt(200 / 3), np.sqrt(2) / 3])
    expected = np.column_stack([[-np.sqrt(1.5), 0, np.sqrt(1.5)], [-np.sqrt(0.5), np.sqrt(2), -np.sqrt(0.5)]])
    np.testing.assert_allclose(space.transform(FRAME), expected, atol=1e-12)


def test_others_are_placed_by_the_learned_centre_and_scale() -> None:
    learned, others = simulated_customers(400, seed=1), simulated_customers(300, seed=2)
    space = FeatureSpace(("recency", "tenure"), log=()).fit(learned)
    scaler = StandardScaler().fit(learned[["recency", "tenure"]])
    np.testing.assert_allclose(space.transform(others), scaler.transform(others[["recency", "tenure"]]))


def test_back_in_the_units_of_the_columns() -> None:
    frame = simulated_customers(50)
    space = FeatureSpace().fit(frame)
    restored = space.restored(space.transform(frame))
    np.testing.assert_allclose(restored, frame[list(space.columns)])


def test_order_of_customers_and_a_linear_unit_change_nothing() -> None:
    frame = simulated_customers(500)
    space = FeatureSpace().fit(frame)
    mixed = FeatureSpace().fit(frame.sample(frac=1, random_state=3))
    assert np.array_equal(mixed.means_, space.means_)
    assert np.array_equal(mixed.deviations_, space.deviations_)
    weeks = frame.assign(recency=frame["recency"] / 7 + 3)
    np.testing.assert_allclose(FeatureSpace().fit(weeks).transform(weeks), space.transform(frame), atol=1e-12)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (FRAME.assign(recency=5.0), "recency is the same for all 3 customers"),
        (FRAME.assign(recency=["x", "y", "z"]), "needs numbers in recency; it holds 'x'"),
        (FRAME.assign(recency=[1.0, np.nan, 2.0]), "1 have none, the first is customer b"),
        (FRAME.drop(columns="recency"), "needs recency, which the customer table does not have"),
        (FRAME.iloc[:0], "without customers"),
    ],
)
def test_unusable_customers_are_refused_in_one_sentence(frame: pd.DataFrame, said: str) -> None:
    with pytest.raises(SegmentationError, match=said):
        FeatureSpace(("recency", "monetary_mean")).fit(frame)


@pytest.mark.parametrize(
    ("columns", "log", "said"),
    [((), None, "at least one"), (("a", "a"), (), "once"), (("a",), ("b",), "b is to be logged")],
)
def test_contradicting_parameters_are_refused(columns: tuple, log: tuple | None, said: str) -> None:
    with pytest.raises(SegmentationError, match=said):
        FeatureSpace(columns, log=log)
    with pytest.raises(SegmentationError, match="call fit first"):
        FeatureSpace().transform(FRAME)
