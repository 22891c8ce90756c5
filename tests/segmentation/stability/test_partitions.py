"""Likeness of partitions: by hand, against scikit-learn, and what it is expected to be by chance."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.stability.partitions import (
    adjusted_mutual_information,
    adjusted_rand,
    adjusted_rand_of_pairs,
    contingency,
    jaccard,
)

A = np.array([0, 0, 0, 1, 1, 2])
B = np.array([0, 0, 1, 1, 1, 1])


def test_contingency_and_jaccard_of_six_customers_by_hand() -> None:
    table = contingency(A, B)
    assert table.tolist() == [[2, 1], [0, 2], [0, 1]]
    assert jaccard(table) == pytest.approx(np.array([[2 / 3, 1 / 6], [0, 2 / 4], [0, 1 / 4]]))


def test_adjusted_rand_by_hand() -> None:
    # pairs together in both: 1 + 1; in A: 3 + 1; in B: 1 + 6; of 15: expected 4 × 7 / 15, at most (4 + 7) / 2
    assert adjusted_rand(contingency(A, B)) == pytest.approx((2 - 28 / 15) / (5.5 - 28 / 15))


def test_same_partition_under_other_labels_is_one_and_one_segment_says_nothing() -> None:
    assert adjusted_rand(contingency(A, np.array([7, 7, 7, 0, 0, 3]))) == 1
    assert adjusted_mutual_information(A, np.array([7, 7, 7, 0, 0, 3])) == pytest.approx(1)
    assert adjusted_rand(contingency(A, np.zeros(6, dtype=int))) == 0
    assert adjusted_rand(contingency(np.zeros(6, dtype=int), np.zeros(6, dtype=int))) == 1


def test_independent_partitions_are_zero_on_average() -> None:
    rng = np.random.default_rng(5)
    found = np.array([rng.integers(0, 4, (2, 300)) for _ in range(400)])
    rand = np.array([adjusted_rand(contingency(a, b)) for a, b in found])
    mutual = np.array([adjusted_mutual_information(a, b) for a, b in found[:100]])
    for values in (rand, mutual):  # four standard errors of the mean
        assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))


def test_all_pairs_of_weighted_columns_are_what_scikit_learn_says_of_the_customers() -> None:
    rng = np.random.default_rng(6)
    columns = rng.integers(0, 3, (5, 12)).astype(np.int16)
    weights = rng.integers(1, 9, 12)
    customers = np.repeat(columns, weights, axis=1)
    expected = [adjusted_rand_score(customers[i], customers[j]) for i, j in zip(*np.triu_indices(5, 1), strict=True)]
    assert adjusted_rand_of_pairs(columns, weights.astype(float)) == pytest.approx(np.array(expected))
    assert adjusted_rand_of_pairs(customers, np.ones(customers.shape[1])) == pytest.approx(np.array(expected))


def test_partitions_of_other_customers_are_refused() -> None:
    with pytest.raises(SegmentationError, match="6 and 5"):
        contingency(A, B[:5])
