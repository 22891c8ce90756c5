"""Which segmentation to use and which number is ahead, on scores planted so that the answer is known."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.benchmark import Benchmark
from crmresearch.segmentation.ranking import Ranking
from crmresearch.segmentation.scoring.evaluation import Evaluation
from crmresearch.segmentation.scoring.scores import METRICS

R2 = {"rfm": 0.30, "tree": 0.31, "expected_value_quantiles_4": 0.20, "pairs": 0.10, "recency": 0.40, "expected": 0.50}
SIZES = {"rfm": 4, "tree": 4, "expected_value_quantiles_4": 4, "pairs": 2}
NEEDS = {"rfm": ("recency", "frequency"), "tree": ("recency", "frequency"), "pairs": ("recency",),
         "expected_value_quantiles_4": ("expected_value",)}  # fmt: skip


@pytest.fixture(scope="module")
def ranking() -> Ranking:
    """Four segmentations, the best two .01 apart with errors of .02, a naive number and a forecast ahead of them."""
    noise = np.random.default_rng(1).normal(scale=0.02, size=(len(R2), len(METRICS), 400))
    kinds = ["segmentation"] * 4 + ["naive", "forecast"]
    scores = pd.DataFrame(
        {"method": list(R2), "kind": kinds, "k": [SIZES.get(m, 1) for m in R2], "smallest_share": 0.2}
    )
    scores = scores.assign(**{metric: list(R2.values()) for metric in METRICS})
    none = pd.DataFrame()
    people = pd.DataFrame(index=range(1000))
    draws = np.array(list(R2.values()))[:, None, None] + noise
    found = Evaluation(scores, none, none, people, none, "rfm", 2, 400, 1, draws)
    table = scores[["method", "kind", "k"]].assign(
        r2=list(R2.values()), lowest_jaccard=[0.9, 0.4, 0.8, 0.9, None, None]
    )
    methods = tuple(SimpleNamespace(name=name, needs=needs) for name, needs in NEEDS.items())
    stub = SimpleNamespace(table=table, evaluation=found, methods=methods)
    return Ranking(cast(Benchmark, stub))


def test_the_smallest_not_told_apart_is_used_and_what_is_not_found_again_is_no_lead(ranking: Ranking) -> None:
    assert ranking.best["method"] == "tree"  # of two with 4 segments, not told apart, that which came out higher
    assert ranking.alike == ["rfm"]
    assert (ranking.lead, ranking.rival) == ("rfm", "tree")  # the tree's worst segment has a Jaccard of .4
    assert list(ranking.blocks) == [4]  # one method of two segments is no block
    assert list(ranking.segmentations["block"]) == [4, 4, 4, 0]


def test_the_best_number_is_a_forecast_where_one_may_be_named(ranking: Ranking) -> None:
    assert ranking.numbers() == ["expected", "recency"]
    assert ranking.ahead(ranking.numbers())["method"] == ranking.single["method"] == "expected"
    unsettled = replace(ranking, forecasts=False)
    assert unsettled.single["method"] == "recency"
    assert ranking.ahead(["recency"])["difference"] == pytest.approx(0.40 - 0.31)
    sides = ranking.by_other_scores("recency")  # .09 higher in every score, of which two are better low
    assert (sides["loses"], sides["ties"]) == (["deviance", "brier"], [])


def test_value_first_is_set_against_groups_of_several_numbers_of_as_many_segments(ranking: Ranking) -> None:
    (row,) = ranking.value_first().to_dict("records")
    assert (row["k"], row["value"], row["group"], row["methods"]) == (4, "expected_value_quantiles_4", "tree", 2)
    assert row["difference"] == pytest.approx(0.20 - 0.31)
    assert row["lower"] < row["difference"] < row["upper"] < 0
    assert row["outcome"] == "supported"
    assert (row["value_jaccard"], row["group_jaccard"]) == (0.8, 0.4)
