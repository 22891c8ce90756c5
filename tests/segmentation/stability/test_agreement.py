"""Agreement of methods: the same and independent partitions, and flows by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.stability.agreement import agreement, flows, likeness

RNG = np.random.default_rng(1)
A = pd.Series(RNG.choice(list("abc"), 2000), name="a")
RENAMED = A.map({"a": "x", "b": "y", "c": "z"}).rename("renamed")
B = pd.Series(RNG.choice(list("pqrs"), 2000), name="b")


def test_agreement_is_symmetric_one_for_the_same_and_near_zero_for_independent_segments() -> None:
    found = agreement([A, RENAMED, B]).set_index(["method", "other"])
    assert len(found) == 9
    for measure in ("ami", "ari"):
        matrix = found[measure].unstack()
        assert np.array_equal(matrix, matrix.T)
        assert np.diag(matrix) == pytest.approx(1)
        assert matrix.loc["a", "renamed"] == pytest.approx(1)
        assert abs(matrix.loc["a", "b"]) < 0.01


def test_customers_that_one_method_leaves_out_are_left_out_of_its_comparisons() -> None:
    found = agreement([A, B.iloc[100:900].iloc[::-1]]).set_index(["method", "other"]).loc[("a", "b")]
    assert found["ari"] == pytest.approx(adjusted_rand_score(A[100:900], B[100:900]))
    assert found["ami"] == pytest.approx(adjusted_mutual_info_score(A[100:900], B[100:900]))


def test_the_long_frame_of_an_evaluation_is_read_alike() -> None:
    long = pd.concat([pd.DataFrame({"customer": s.index, "method": s.name, "segment": s.values}) for s in (A, B)])
    pd.testing.assert_frame_equal(agreement(long), agreement([A, B]))


def test_flows_by_hand() -> None:
    first = pd.Series(list("aabb"), index=list("wxyz"), name="first")
    second = pd.Series(list("tstt"), index=list("zwxy"), name="second", dtype=pd.CategoricalDtype(["t", "s"]))
    # w a s, x a t, y b t, z b t
    found = flows(first, second)
    assert found.to_dict("list") == {
        "source": ["a", "a", "b"],
        "target": ["t", "s", "t"],
        "customers": [1, 1, 2],
        "share": [0.25, 0.25, 0.5],
    }


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(SegmentationError, match="b and a have no customer in common"):
        agreement([A.iloc[:10], B.iloc[10:]])
    with pytest.raises(SegmentationError, match="no customer"):
        flows(A.iloc[:10], B.iloc[10:])
    with pytest.raises(SegmentationError, match="one name"):
        agreement([A, A])


def test_methods_that_agree_stand_side_by_side() -> None:
    """Two pairs of methods, shuffled; each pair agrees but for a few customers, the pairs hardly."""
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 4, (2, 400))
    codes = {"a": first, "x": second, "b": np.where(rng.random(400) < 0.1, 0, first)}
    codes["y"] = np.where(rng.random(400) < 0.1, 0, second)
    square = likeness(agreement([pd.Series(c, name=name).astype("category") for name, c in codes.items()]))
    order = list(square.index)
    assert list(square.columns) == order
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset("ab"), frozenset("xy")}
    assert np.diag(square) == pytest.approx(1)
