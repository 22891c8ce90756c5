"""Folds are even, the same for a seed, keep clusters together, and take labels as they are."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.errors import ParameterError
from crmresearch.sampling_design import SamplingDesign
from crmresearch.sem.pls.prediction.folds import folds_of

INDEX = pd.RangeIndex(25)


def test_folds_are_even_and_their_own_in_every_repeat() -> None:
    dealt = folds_of(INDEX, 10, repeats=3, seed=5)
    assert dealt.shape == (3, 25)
    for one in dealt:
        assert sorted(np.bincount(one)) == [2] * 5 + [3] * 5
    assert not (dealt[0] == dealt[1]).all()
    np.testing.assert_array_equal(dealt[:1], folds_of(INDEX, 10, repeats=1, seed=5))  # more repeats change none before
    assert not (dealt[0] == folds_of(INDEX, 10, seed=6)[0]).all()
    np.testing.assert_array_equal(np.sort(folds_of(INDEX, 25)[0]), np.arange(25))


def test_rows_of_a_cluster_are_held_out_together() -> None:
    clusters = np.repeat(np.arange(5), 5)
    dealt = folds_of(INDEX, 3, repeats=2, seed=1, design=SamplingDesign.of(None, clusters))
    for one in dealt:
        assert all(len(set(one[clusters == cluster])) == 1 for cluster in range(5))
    with pytest.raises(ParameterError, match="folds=10 is impossible with 5 clusters"):
        folds_of(INDEX, 10, design=SamplingDesign.of(None, clusters))


def test_labels_are_taken_by_row_or_by_name() -> None:
    labels = np.array(["b", "a", "a", "b", "c"] * 5)
    expected = pd.factorize(labels)[0]
    np.testing.assert_array_equal(folds_of(INDEX, labels)[0], expected)
    np.testing.assert_array_equal(folds_of(INDEX, list(labels))[0], expected)
    named = pd.Series(labels, INDEX).sample(frac=1, random_state=1)
    np.testing.assert_array_equal(folds_of(INDEX, named)[0], expected)
    more = pd.Series(np.append(labels, "d"), range(26))  # of rows that were left out for a gap as well
    np.testing.assert_array_equal(folds_of(INDEX, more)[0], expected)


@pytest.mark.parametrize(
    ("folds", "options", "told"),
    [
        (1, {}, "folds=1 is impossible with 25 rows; ask for 2 to 25"),
        (26, {}, "folds=26 is impossible with 25 rows"),
        (10, {"repeats": 0}, "repeats must be 1 or more"),
        (10, {"seed": -1}, "seed 0 or more"),
        ([1, 2], {}, "2 labels for 25 rows"),
        ([1.0, np.nan, *[2.0] * 23], {}, "1 of 25 rows have no label"),
        ([1] * 25, {}, "same label"),
        ([1, 2, *[3] * 23], {"repeats": 2}, "repeats is 1, not 2"),
    ],
)
def test_impossible_folds_are_told(folds: object, options: dict[str, int], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        folds_of(INDEX, folds, **options)  # type: ignore[arg-type]
