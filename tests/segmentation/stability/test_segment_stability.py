"""Segment level stability: entropy by hand, segments that stay together, planted and carved segments."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.cuts import quantile_cuts
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.stability.partitions import adjusted_rand_of_pairs
from crmresearch.segmentation.stability.refits import Refits, refit
from crmresearch.segmentation.stability.segment_stability import global_stability, slsa, slsw


def solution(text: str, name: str) -> pd.Series:
    return pd.Series(list(text), index=range(len(text)), name=name, dtype="category")


def test_stability_across_solutions_by_hand() -> None:
    two, three = solution("aaaabbbb", "two"), solution("xxxyyzzz", "three")
    found = slsa([two, three]).set_index("segment")
    # x and z come from one segment; y takes one member of each of two: entropy ln 2, the most there is
    assert found["slsa"].to_dict() == pytest.approx({"x": 1, "y": 0, "z": 1})
    assert found.loc["x", ["method", "previous", "k", "share", "main_origin", "from_main"]].tolist() == [
        "three",
        "two",
        3,
        3 / 8,
        "a",
        1,
    ]


def test_entropy_of_unequal_origins_by_hand() -> None:
    three, four = solution("aaabbccc", "three"), solution("ppppqrrr", "four")  # p: 3 of a, 1 of b
    found = slsa([three, four]).set_index("segment")["slsa"]
    assert found["p"] == pytest.approx(1 + (0.75 * np.log(0.75) + 0.25 * np.log(0.25)) / np.log(3))
    assert found["q"] == 1


def test_a_chain_of_solutions_has_the_rows_of_every_solution_but_the_first() -> None:
    chain = [solution("aaaaaa", "one"), solution("aaabbb", "two"), solution("aabbbc", "three")]
    found = slsa(chain)
    assert found["method"].tolist() == ["two"] * 2 + ["three"] * 3
    assert found["slsa"].isna().tolist() == [True] * 2 + [False] * 3  # from one segment there is nothing to choose
    assert slsa(chain[1:])["slsa"].tolist() == found["slsa"].tolist()[2:]


def test_solutions_of_other_customers_are_refused() -> None:
    with pytest.raises(SegmentationError, match="two and three"):
        slsa([solution("ab", "two"), solution("abc", "three")])
    with pytest.raises(SegmentationError, match="at least two"):
        slsa([solution("ab", "two")])


def test_within_solutions_by_hand() -> None:
    # refit 0 is the solution, refit 1 moves one customer of a to b: Jaccard 1 and 2/3 for a, 1 and 3/4 for b
    again = Refits(
        base=solution("aaabbb", "two"),
        codes=np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1]], dtype=np.int16),
        row=np.arange(6),
        resample=np.array([0, 1]),
        refits=2,
        drawn=np.array([[True, False] * 3] * 2),  # plays no part: all customers are compared
    )
    found = slsw([again])
    assert found["slsw"].tolist() == pytest.approx([(1 + 2 / 3) / 2, (1 + 3 / 4) / 2])
    assert found["pairs"].tolist() == [1, 1]
    assert global_stability([again])["ari"].tolist() == pytest.approx(adjusted_rand_of_pairs(again.codes, np.ones(6)))


def test_a_pair_of_which_one_refit_failed_is_left_out() -> None:
    codes = np.zeros((3, 2), dtype=np.int16)
    codes[:, 1] = 1
    again = Refits(solution("ab", "two"), codes, np.arange(2), np.array([0, 2, 3]), 4, None)
    assert global_stability([again])["pair"].tolist() == [1]
    assert slsw([again])["pairs"].tolist() == [1, 1]
    nothing = Refits(solution("ab", "two"), codes[:1], np.arange(2), np.array([1]), 4, None)
    assert global_stability([nothing]).empty
    assert slsw([nothing])["slsw"].isna().all()


class _BlobAndIsland(QuantileSegments):
    """Quartiles of the blob below 25, and whoever is above."""

    def _learn(self, frame: pd.DataFrame) -> None:
        values = frame["x"].to_numpy()
        self.cuts_ = np.append(quantile_cuts(values[values < 25], self.groups - 1), 25.0)


def test_a_planted_segment_is_stable_in_a_solution_that_is_not() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": np.concatenate([rng.normal(0, 1, 150), rng.normal(50, 1, 50)])})
    methods = [_BlobAndIsland("x", 2), _BlobAndIsland("x", 9)]
    again = refit(methods, frame, refits=40)
    found = slsw(again).set_index(["k", "segment"])["slsw"]
    assert found[2].tolist() == [1, 1]
    assert found[9, "q9"] == 1
    carved = found[9].drop("q9")
    assert carved.max() < 0.9
    assert carved.iloc[1:-1].max() < 0.75  # slices that have a moving cut on both sides
    ari = global_stability(again).groupby("k")["ari"].agg(["mean", "size"])
    assert ari["size"].tolist() == [20, 20]
    assert ari.loc[2, "mean"] == 1
    assert ari.loc[9, "mean"] < 0.8
