"""Bootstrap stability: fpc::clusterboot with the same draws, planted segments, and segments made of nothing."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score

from crmresearch.resampling import bootstrap_counts
from crmresearch.segmentation.contract import Codes, Floats, Segment, Segmenter, Text
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm_classes import RfmEight
from crmresearch.segmentation.stability.refits import refit
from crmresearch.segmentation.stability.stability import bootstrap_stability, stability

REFERENCE = Path(__file__).parents[2] / "reference"
SEED, REFITS = 11, 40  # of clusterboot_resamples.csv
ITEMS = ("sepal_length", "sepal_width", "petal_length", "petal_width")


@dataclass(eq=False)
class MeansFromGivenStarts(Segmenter):
    """k-means from the starts of the R script, so that both programs find the same clusters."""

    starts: Floats
    centers_: Floats = field(init=False)

    @property
    def name(self) -> str:
        return "means"

    @property
    def definition(self) -> Text:
        return {"en": "k-means"}

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(Segment(f"c{j}", {"en": f"c{j}"}) for j in range(len(self.starts)))

    @property
    def needs(self) -> tuple[str, ...]:
        return ITEMS

    def _learn(self, frame: pd.DataFrame) -> None:
        means = KMeans(len(self.starts), init=self.starts, n_init=1, tol=0, max_iter=1000)
        self.centers_ = means.fit(frame.to_numpy()).cluster_centers_

    def _assign(self, frame: pd.DataFrame) -> Codes:
        X = frame.to_numpy()
        return ((X[:, None, :] - self.centers_) ** 2).sum(axis=2).argmin(axis=1)


@pytest.fixture(scope="module")
def iris() -> pd.DataFrame:
    return pd.DataFrame(load_iris().data, columns=ITEMS)


def test_the_draws_of_the_reference_are_those_of_the_package() -> None:
    text = pd.read_csv(REFERENCE / "clusterboot_resamples.csv", comment="#", dtype=str)["counts"]
    counts = np.concatenate(list(bootstrap_counts(150, REFITS, SEED))).astype(int)
    assert text.tolist() == ["".join(map(str, row)) for row in counts]


@pytest.mark.parametrize("key", ["quantiles", "means"])
def test_jaccard_recovered_and_dissolved_are_those_of_fpc(iris: pd.DataFrame, key: str) -> None:
    expected = json.loads((REFERENCE / "clusterboot.json").read_text())[key]
    starts = iris.iloc[[0, 50, 100, 119]].to_numpy()
    method = QuantileSegments("petal_length", 4) if key == "quantiles" else MeansFromGivenStarts(starts)
    found = bootstrap_stability([method], iris, refits=REFITS, seed=SEED).segments
    assert (found["share"] * 150).round().tolist() == expected["size"]
    assert found["jaccard"].to_numpy() == pytest.approx(np.array(expected["jaccard"]), rel=1e-12)
    assert found["recovered"].to_numpy() == pytest.approx(np.array(expected["recovered"]))
    assert found["dissolved"].to_numpy() == pytest.approx(np.array(expected["dissolved"]))
    assert found["named"].tolist() == [value >= 0.6 for value in expected["jaccard"]]


def test_segments_far_apart_come_back_every_time_and_slices_of_one_blob_do_not() -> None:
    rng = np.random.default_rng(3)
    planted = pd.DataFrame({"x": np.repeat([0.0, 100.0, 200.0, 300.0], 50)})
    blob = pd.DataFrame({"x": rng.normal(size=200)})
    eight = QuantileSegments("x", 8)
    apart = bootstrap_stability([_Apart()], planted, refits=20)
    carved = bootstrap_stability([eight], blob, refits=20)
    assert apart.solutions[["ari", "ari_lower", "lowest_jaccard"]].to_numpy().tolist() == [[1, 1, 1]]
    assert apart.segments["recovered"].tolist() == [1] * 4
    assert apart.segments["dissolved"].tolist() == [0] * 4
    assert carved.solutions["ari"][0] < 0.8
    assert carved.solutions["lowest_jaccard"][0] < 0.7


class _Apart(QuantileSegments):
    """Cut points in the three widest gaps: what any sensible clustering finds in points far apart."""

    def __init__(self) -> None:
        super().__init__("x", 4)

    def _learn(self, frame: pd.DataFrame) -> None:
        values = np.unique(frame["x"])
        widest = np.sort(np.argsort(np.diff(values))[-3:])
        self.cuts_ = values[widest]


def test_solutions_sum_up_the_segments_and_count_what_failed(iris: pd.DataFrame) -> None:
    methods = [QuantileSegments("petal_width", 3), QuantileSegments("sepal_width", 22)]
    again = refit(methods, iris, refits=10, seed=2)
    found = stability(again)
    for _, row in found.solutions.iterrows():
        own = found.segments.query("method == @row.method")["jaccard"]
        assert (row["lowest_jaccard"], row["largest_jaccard"]) == (own.min(), own.max())
        assert row["ari_lower"] <= row["ari"] <= row["ari_upper"]
    assert found.solutions["failed"].tolist() == [0, again[1].failed]
    assert again[1].failed > 0
    assert found.segments.groupby("method")["share"].sum().to_numpy() == pytest.approx(1)


def test_a_rule_that_learns_nothing_is_perfectly_stable() -> None:
    rng = np.random.default_rng(4)
    columns = {"recency": 50.0, "frequency": 3.0, "monetary_total": 100.0}
    frame = pd.DataFrame({name: rng.exponential(scale, 200) for name, scale in columns.items()})
    found = bootstrap_stability([RfmEight("threshold", columns)], frame, refits=5)
    assert found.solutions["ari"].tolist() == [1]
    assert (found.segments["jaccard"] == 1).all()
    assert found.solutions["fixed"].tolist() == [True]  # and that is no finding
    assert bootstrap_stability([RfmEight("mean")], frame, refits=5).solutions["fixed"].tolist() == [False]


def test_rand_indices_count_the_customers_and_not_the_distinct_ones() -> None:
    # 97 customers at 1, one each at 2, 3 and 4: what the refits do with the three hardly matters to all hundred
    frame = pd.DataFrame({"x": np.r_[np.ones(97), [2.0, 3.0, 4.0]]})
    again = refit([_Apart()], pd.DataFrame({"x": np.repeat([1.0, 2, 3, 4], 25)}), frame, refits=2)[0]
    assert again.row.tolist() == [0] * 97 + [1, 2, 3]
    again = dataclasses.replace(again, codes=np.array([[0, 0, 1, 1], [0, 1, 1, 1]], dtype=np.int16))
    everyone = [codes[again.row] for codes in again.codes]
    found = stability([again]).solutions["ari"][0]
    assert found == pytest.approx(adjusted_rand_score(*everyone))
    assert found != pytest.approx(adjusted_rand_score(*again.codes), abs=0.1)
