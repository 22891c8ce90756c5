"""The verdict of the comparison follows the numbers: who wins, who lasts, and what of the claim."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmresearch.data.transactions import load_transactions
from crmresearch.report import comparison_charts
from crmresearch.report.comparison_charts import spread
from crmresearch.report.comparison_story import ComparisonStory
from crmresearch.report.comparison_tables import (
    inside,
    lasting_view,
    lead_segments,
    reach_text,
    singles_view,
    targeting,
    targeting_text,
    targeting_view,
    validity_view,
)
from crmresearch.report.comparison_windows import two_windows
from crmresearch.segmentation.benchmark import benchmark
from crmresearch.segmentation.clusters import KMeans
from crmresearch.segmentation.mixture import GaussianMixtureClusters
from crmresearch.segmentation.portfolio import PortfolioMatrix
from crmresearch.segmentation.quantiles import QuantileSegments
from crmresearch.segmentation.rfm_classes import RfmEight
from crmresearch.segmentation.tree import OutcomeTree


@pytest.fixture(scope="module")
def story() -> ComparisonStory:
    """CDNOW with a handful of methods, of which three have eight segments."""
    transactions = load_transactions("cdnow")
    windows = two_windows(transactions, "1997-06-30", "1997-09-30", "1998-06-30", 0.1)
    methods = [RfmEight("mean"), RfmEight("median"), QuantileSegments("expected_value", 8), KMeans(4), OutcomeTree(4)]
    methods += [PortfolioMatrix(), GaussianMixtureClusters(k=3)]
    some = np.random.default_rng(0).permutation(len(windows.now))[:3000]  # a quick sample is enough for sentences
    kept = windows.now.index[some]
    windows = dataclasses.replace(
        windows,
        table=dataclasses.replace(windows.table, frame=windows.table.frame.loc[kept]),
        now=windows.now.loc[kept],
        earlier=windows.earlier.loc[windows.earlier.index.isin(kept)],
        frozen=windows.frozen.loc[kept],
    )
    found = benchmark(
        windows.now, windows.earlier, methods, windows.forecasts, frozen=windows.frozen, estimates=windows.estimates,
        folds=5, resamples=50, refits=4,
    )  # fmt: skip
    return ComparisonStory(transactions, windows, found)


def with_table(story: ComparisonStory, **columns: object) -> ComparisonStory:
    """The story with some columns of the benchmark's table changed."""
    table = story.benchmark.table.assign(**columns)
    return dataclasses.replace(story, benchmark=dataclasses.replace(story.benchmark, table=table))


def paired(difference: float, lower: float, upper: float) -> pd.Series:
    return pd.Series({"difference": difference, "lower": lower, "upper": upper})


@pytest.mark.parametrize(
    ("spread", "said"), [((0.1, 0.05, 0.2), ("more than any of them", "better than segments")),
                         ((-0.1, -0.2, -0.05), ("naive rule tells less", "individual number tells less")),
                         ((0.0, -0.1, 0.1), ("about as much", "about as well"))]
)  # fmt: skip
def test_the_naive_rule_wins_where_it_does(
    story: ComparisonStory, monkeypatch: pytest.MonkeyPatch, spread: tuple[float, float, float], said: tuple[str, str]
) -> None:
    monkeypatch.setattr(ComparisonStory, "_paired", lambda *_: paired(*spread))
    assert said[0] in story.findings()[1]
    assert said[1] in story.findings()[2]


@pytest.mark.parametrize(
    ("spread", "said"), [((0.1, 0.05, 0.2), "Here it is not so"), ((-0.1, -0.2, -0.05), "Here it is so"),
                         ((0.0, -0.1, 0.1), "cannot be told apart")]
)  # fmt: skip
def test_the_claim_is_answered_by_the_paired_interval(
    story: ComparisonStory, monkeypatch: pytest.MonkeyPatch, spread: tuple[float, float, float], said: str
) -> None:
    monkeypatch.setattr(ComparisonStory, "_paired", lambda *_: paired(*spread))
    assert said in story.claim()
    without = with_table(story, k=pd.array(range(len(story.benchmark.table)), dtype="Int64"))
    assert "cannot be tested" in without.claim()


def test_the_headline_is_the_best_row_of_the_table(story: ComparisonStory) -> None:
    table = story.benchmark.table.query("kind == 'segmentation'").set_index("method")
    best = table["r2"].idxmax()
    assert story.name(best) in story.findings()[0]
    assert f"{table['r2'].max():.1%}" in story.findings()[0]


def test_only_segmentations_that_last_are_recommended(story: ComparisonStory) -> None:
    lasting = with_table(story, lowest_jaccard=0.9)
    assert lasting.choice is not None
    assert lasting.choice["r2"] == lasting.segmentations.query("k <= 10")["r2"].max()
    assert any("every one of them" in sentence for sentence in lasting.findings())
    none = with_table(story, lowest_jaccard=0.3)
    assert none.choice is None
    assert none.lead == none.best["method"]
    assert any("No segmentation is to be recommended" in sentence for sentence in none.findings())


def test_rules_that_learn_nothing_are_not_counted_as_found_again(story: ComparisonStory) -> None:
    lasting = with_table(story, lowest_jaccard=0.9)
    assert not any("take no cut point" in sentence for sentence in lasting.findings())
    stability = story.benchmark.stability
    solutions = stability.solutions.assign(fixed=stability.solutions["method"] == "portfolio_matrix")
    marked = dataclasses.replace(stability, solutions=solutions)
    table = story.benchmark.table
    table = table.assign(lowest_jaccard=np.where(table["method"] == "k_means_4", 0.3, 0.9))  # one of the seven
    found = dataclasses.replace(story.benchmark, stability=marked, table=table)
    told = " ".join(dataclasses.replace(story, benchmark=found).findings())
    assert "5 of 6 find each of their segments again" in told
    assert f"come back whole whoever is drawn: {story.name('portfolio_matrix')}." in told


def test_blocks_hold_equal_numbers_best_first(story: ComparisonStory) -> None:
    table = story.segmentations
    for block, part in table.groupby("block"):
        assert block == 0 or set(part["k"]) == {block}
        assert part["r2"].is_monotonic_decreasing
    assert set(table["block"]) >= {4, 8}


def test_targeting_is_margin_times_spend_less_cost(story: ComparisonStory) -> None:
    free = targeting(dataclasses.replace(story, cost=0.0))
    spend = story.table.frame["holdout_spend"].sum()
    assert free["profit"].to_numpy() == pytest.approx(0.3 * spend)  # contacts that cost nothing go to everybody
    dear = targeting(dataclasses.replace(story, cost=1e6))
    assert (dear["share_contacted"] == 0.05).all()
    assert "Capture is not uplift" in " ".join(targeting_text(story))


def test_every_sentence_is_filled_in_and_every_column_has_a_heading(story: ComparisonStory) -> None:
    told = [*story.findings(), *story.windows_text(), *story.limits(), *story.moved_text(), *story.agreement_text()]
    told += [*story.method_text("validity"), *story.method_text("stability"), *reach_text(story), *story.lead_text()]
    told += [story.caption(key) for key in ("validity", "lasting", "flows", "transitions", "profiles", "lead")]
    assert not any("{" in sentence or "nan" in sentence for sentence in told)
    joined = {"r2_log_lower", "r2_log_upper", "ci_lower", "ci_upper"}
    for view in (validity_view, lasting_view, singles_view, targeting_view, lead_segments, inside):
        table = view(story)
        assert len(table)
        assert table.index.equals(pd.RangeIndex(len(table)))  # any other would be shown
        assert set(table.columns) - joined <= set(story.headings)
    assert {"code", "severity", "quantity", "message"} == set(story.warnings().columns)


def test_pictures(story: ComparisonStory) -> None:
    drawings = [getattr(comparison_charts, name) for name in dir(comparison_charts) if name.startswith("plot_")]
    assert len(drawings) == 7
    for draw in drawings:
        figure = draw(story)
        texts = [text.get_text() for axes in figure.axes for text in axes.texts]
        assert not any("nan" in text for text in texts)
        plt.close(figure)
    figure = comparison_charts.plot_validity_stability(story)
    names = {text.get_text() for text in figure.axes[0].texts}
    assert {story.name(method.name) for method in story.benchmark.methods} <= names
    plt.close(figure)


def test_names_are_moved_apart_as_little_as_possible() -> None:
    assert spread(np.array([0.0, 5.0, 9.0]), 1.0) == pytest.approx([0.0, 5.0, 9.0])
    assert spread(np.array([2.0, 2.0]), 1.0) == pytest.approx([1.5, 2.5])
    moved = spread(np.sort(np.random.default_rng(0).normal(size=30)), 0.2)
    assert np.diff(moved).min() >= 0.2 - 1e-12
