"""Names of learned segments against their profile, by hand and over random profiles."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.methods.clusters import KMeans
from crmresearch.segmentation.methods.rfm_classes import RfmEight, RfmFour
from crmresearch.segmentation.methods.tree import OutcomeTree
from crmresearch.segmentation.segment_names import profile_names
from crmresearch.segmentation.wording import told

COLUMNS = ("recency", "frequency", "monetary_mean")


def test_a_name_tells_the_two_columns_that_stand_out_most_with_their_medians() -> None:
    medians = np.array([[200.0, 1, 20], [90, 3, 20], [100, 2, 20]])
    deviations = np.array([[1.0, -0.9, 0.1], [-0.3, 0.8, 0.5], [0.1, 0.2, 0.0]])
    first, second, middle = profile_names(COLUMNS, medians, np.array([100.0, 2, 20]), deviations)
    longer, fewer = told("name.recency_high", value="200"), told("name.frequency_low", value="1")
    assert first["en"] == f"{longer['en']}, {fewer['en']}"
    more, sooner = told("name.frequency_high", value="3"), told("name.recency_low", value="90")
    assert second["en"] == f"{more['en']}, {sooner['en']}"  # spend deviates more, but its median is everybody's
    assert "100" in middle["en"]
    assert set(first) == {"en", "zh"}


@pytest.mark.parametrize("seed", range(5))
def test_no_name_contradicts_the_profile_and_no_two_are_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    medians = rng.integers(1, 4, (8, 3)).astype(float)
    deviations, everybody = rng.normal(0, 0.7, (8, 3)), np.array([2.0, 2, 2])
    names = [name["en"] for name in profile_names(COLUMNS, medians, everybody, deviations)]
    assert len(set(names)) == 8
    for name, row, deviation in zip(names, medians, deviations, strict=True):
        for j, column in enumerate(COLUMNS):
            for side, sign in (("low", -1), ("high", 1)):
                if told(f"name.{column}_{side}", value=f"{row[j]:g}")["en"] in name:
                    assert sign * (row[j] - 2) > 0
                    assert sign * deviation[j] > 0


def test_clusters_are_called_by_their_profile_and_tell_their_centres() -> None:
    frame = pd.DataFrame({"recency": [200.0, 210, 190, 10, 12, 8], "frequency": [1.0, 1, 2, 8, 9, 8],
                          "monetary_mean": [5.0, 6, 5, 5, 6, 5]})  # fmt: skip
    method = KMeans(2)
    assert [one.label["en"] for one in method.segments] == ["Cluster 1", "Cluster 2"]
    method.fit(frame)
    assert method.medians_["recency"].sort_values().tolist() == [10, 200]
    old = method.medians_["recency"].to_numpy().argmax()
    assert told("name.recency_high", value="200")["en"] in method.segments[old].label["en"]
    assert told("name.recency_is", value="200")["en"] in method.definition["en"]  # the centre, mean of the three
    assert method.predict(frame).cat.categories.tolist() == method.keys == ["c1", "c2"]


def test_leaves_are_called_by_their_splits() -> None:
    frame = pd.DataFrame({"recency": [1.0, 2, 80, 90], "holdout_spend": [50.0, 60, 0, 1]})
    tree = OutcomeTree(2, columns=("recency",)).fit(pd.concat([frame] * 30, ignore_index=True))
    assert [one.label["en"] for one in tree.segments] == ["recency > 40", "recency ≤ 40"]
    assert "recency ≤ 40 (55)" in tree.definition["en"]


def test_rfm_classes_are_high_or_low_in_each_of_three_columns() -> None:
    frame = pd.DataFrame({"recency": [10.0, 100], "frequency": [5.0, 1], "monetary_total": [90.0, 10]})
    eight = RfmEight("threshold", {"recency": 50, "frequency": 2.5, "monetary_total": 40}).fit(frame)
    levels = pd.DataFrame({one.column: {k: v["en"] for k, v in one.levels.items()} for one in eight.criteria})
    assert levels.loc["important_keep"].tolist() == ["low", "high", "high"]
    assert levels.loc["general_develop"].tolist() == ["high", "low", "low"]
    assert len(levels.drop_duplicates()) == 8
    assert all(cut in one.heading["en"] for cut, one in zip(("50", "2.5", "40"), eight.criteria, strict=True))
    four = RfmFour("threshold", eight.cuts_).fit(frame)
    assert [one.levels["other"]["en"] for one in four.criteria] == ["high or low", "high or low", "low"]
    assert RfmEight("mean").criteria == ()
