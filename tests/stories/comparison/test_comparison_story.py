"""The verdict of the comparison follows the numbers: who wins, who lasts, and what of the claim."""

import copy
import dataclasses
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmresearch.caution import Caution
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.segmentation.benchmark import benchmark
from crmresearch.segmentation.contract import FAMILIES
from crmresearch.segmentation.methods.clusters import KMeans
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.methods.portfolio import PortfolioMatrix
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm_classes import RfmEight
from crmresearch.segmentation.methods.tree import OutcomeTree
from crmresearch.segmentation.ranking import Ranking
from crmresearch.segmentation.windows import two_windows
from crmresearch.stories.comparison import charts as comparison_charts
from crmresearch.stories.comparison.cautions import cautions
from crmresearch.stories.comparison.story import ComparisonStory
from crmresearch.stories.comparison.tables import (
    accuracy,
    inside,
    lead_segments,
    mixture_numbers,
    ranking,
    singles,
    validity,
)
from crmresearch.stories.comparison.tables import (
    lasting as lasting_table,
)


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
        folds=2, resamples=50, refits=4,
    )  # fmt: skip
    return ComparisonStory(transactions, windows, found)


def with_table(story: ComparisonStory, **columns: object) -> ComparisonStory:
    """The story with some columns of the benchmark's table changed."""
    table = story.benchmark.table.assign(**columns)
    return dataclasses.replace(story, benchmark=dataclasses.replace(story.benchmark, table=table))


@pytest.mark.parametrize(
    ("spread", "outcome"), [((0.1, 0.05, 0.2), "wins"), ((-0.1, -0.2, -0.05), "loses"), ((0.0, -0.1, 0.1), "ties")]
)
@pytest.mark.long
def test_the_naive_rule_wins_where_it_does(
    story: ComparisonStory, monkeypatch: pytest.MonkeyPatch, spread: tuple[float, float, float], outcome: str
) -> None:
    def lead(_: Ranking, methods: list[str]) -> pd.Series:
        return pd.Series({"method": methods[0], **dict(zip(("difference", "lower", "upper"), spread, strict=True))})

    monkeypatch.setattr(Ranking, "ahead", lead)
    assert [told.key for told in story.findings()[1:3]] == [
        f"comparison.naive_{outcome}",
        f"comparison.forecast_{outcome}",
    ]


@pytest.mark.long
def test_the_forecast_of_a_model_at_its_bounds_is_never_the_best_number(story: ComparisonStory) -> None:
    assert story.ranking.kinds == ("naive", "forecast")
    value = story.windows.value
    assert value is not None
    bound = Caution("boundary", "unidentified", "a", {"value": 1e-4})
    purchases = dataclasses.replace(value.purchases, cautions=(bound,))
    windows = dataclasses.replace(story.windows, value=dataclasses.replace(value, purchases=purchases))
    planted = dataclasses.replace(story, windows=windows)
    planted = with_table(planted, r2=story.benchmark.table["r2"] + (story.benchmark.table["kind"] == "forecast"))
    assert planted.ranking.single["kind"] == "naive"
    individual = [story.method_name(method) for method in story.windows.forecasts]
    assert any(name in told for told in story.findings()[1:3] for name in individual)
    assert not any(name in told for told in planted.findings()[:3] for name in individual)


def with_draws(story: ComparisonStory, method: str, other: str, shift: np.ndarray) -> ComparisonStory:
    """The story with the draws of R² of log spend of one method those of another plus a shift, as is its score."""
    found = story.benchmark.evaluation
    names = list(found.scores["method"])
    draws, scores = found.draws.copy(), found.scores.copy()
    draws[names.index(method), 0] = draws[names.index(other), 0] + shift
    place = scores.columns.get_loc("r2_log")
    scores.iloc[names.index(method), place] = scores.iloc[names.index(other), place] + shift.mean()
    planted = dataclasses.replace(found, draws=draws, scores=scores)
    return dataclasses.replace(story, benchmark=dataclasses.replace(story.benchmark, evaluation=planted))


@pytest.mark.parametrize(
    ("shift", "said"),
    [(0.5, "With 8 segments it is not so"), (-0.5, "With 8 segments it is so"), (0.0, "cannot be told apart")],
)
def test_the_claim_compares_value_first_with_groups_of_several_numbers(
    story: ComparisonStory, shift: float, said: str
) -> None:
    """Rivals of the CLV octiles here are the RFM eight classes; quantiles of past spend are value first as well."""
    rival = max(("rfm_eight_mean", "rfm_eight_median"), key=story.benchmark.table.set_index("method")["r2"].get)
    wobble = 0.01 * np.cos(np.arange(50))
    planted = with_draws(story, "expected_value_quantiles_8", rival, shift + wobble - wobble.mean())
    told = planted.claim()[0]
    assert said in told
    assert f"against {story.method_name(rival)}" in told or f"less than {story.method_name(rival)}" in told or shift > 0
    assert "2 methods" in told
    without = with_table(story, k=pd.array(range(len(story.benchmark.table)), dtype="Int64"))
    assert "cannot be tested" in without.claim()[0]


def test_other_scores_are_told_of_the_same_two_methods(story: ComparisonStory) -> None:
    """By AUC and Brier as by spend: each score is named once, on the side of its own paired interval."""
    told = story.single_number("naive")[1]
    single = story.ranking.singles.query("kind == 'naive'")["method"].iloc[0]
    assert story.method_name(single) in told
    assert story.method_name(story.ranking.best["method"]) in told
    rows = (
        story.benchmark.evaluation.against(story.ranking.best["method"]).query("method == @single").set_index("metric")
    )
    for metric, sign in (("r2", 1), ("deviance", -1), ("auc", 1), ("brier", -1)):
        lower, upper = rows.loc[metric, ["lower", "upper"]]
        side = "not told apart by" if lower < 0 < upper else "ahead by" if (lower > 0) == (sign > 0) else "behind by"
        part = next(part for part in told.split("; ") if story.say(f"comparison_score.{metric}") in part)
        assert side in part, metric


def test_the_headline_names_the_smallest_segmentation_not_told_apart_from_the_best(story: ComparisonStory) -> None:
    table = story.benchmark.table.query("kind == 'segmentation'").set_index("method")
    chosen = story.benchmark.evaluation.smallest_alike()
    assert story.ranking.best["method"] == chosen
    headline = story.findings()[0]
    assert story.method_name(chosen) in headline
    assert f"{table.loc[chosen, 'r2']:.1%}" in headline
    assert ("beyond\nchance" in headline or "beyond chance" in headline) == (not story.ranking.alike)


def test_only_segmentations_that_last_are_recommended(story: ComparisonStory) -> None:
    lasting = with_table(story, lowest_jaccard=0.9)
    assert lasting.ranking.lasting is not None
    few = list(lasting.ranking.segmentations.query("k <= 10")["method"])
    assert lasting.ranking.lasting["method"] == story.benchmark.evaluation.smallest_alike(few)
    assert any("every one of them" in sentence for sentence in lasting.findings())
    other = next(method for method in few if method != story.ranking.best["method"])
    alone = with_table(story, lowest_jaccard=np.where(story.benchmark.table["method"] == other, 0.9, 0.3))
    told = next(sentence for sentence in alone.findings() if sentence.key == "comparison.choice")
    alike = other in story.benchmark.evaluation.alike()
    assert told.facts["against"].key == f"comparison.choice_{'alike' if alike else 'less'}"
    none = with_table(story, lowest_jaccard=0.3)
    assert none.ranking.lasting is None
    assert none.lead == none.ranking.best["method"]
    assert any(sentence.key == "comparison.choice_none" for sentence in none.findings())


def test_moves_stand_beside_those_that_time_alone_expects(story: ComparisonStory) -> None:
    """The same customers and frozen segments as in the simulation; a method of forecasts has no expectation."""
    fixed = with_table(story, lowest_jaccard=np.where(story.benchmark.table["method"] == "rfm_eight_mean", 0.9, 0.3))
    assert fixed.lead == "rfm_eight_mean"
    shares = fixed.ageing.shares.set_index("segment")  # type: ignore[union-attr]
    for column, segments in (("first", story.benchmark.before), ("observed", story.benchmark.after)):
        seen = segments["rfm_eight_mean"].reindex(story.windows.earlier.index).value_counts(normalize=True)
        assert shares[column].to_dict() == pytest.approx({key: seen[key] for key in shares.index})
    moved = fixed.moved
    assert 0 < moved["lower"] <= moved["expected"] <= moved["upper"] < 1
    key = "wins" if moved["moved"] > moved["upper"] else "loses" if moved["moved"] < moved["lower"] else "ties"
    assert fixed.moved_text()[1].key == f"comparison.moved_{key}"  # type: ignore[attr-defined]
    value = next(method.name for method in story.benchmark.methods if method.needs == ("expected_value",))
    valued = with_table(story, lowest_jaccard=np.where(story.benchmark.table["method"] == value, 0.9, 0.3))
    assert valued.ageing is None
    assert valued.moved_text()[1].key == "comparison.moved_unknown"  # type: ignore[attr-defined]


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
    assert f"come back whole whoever is drawn: {story.method_name('portfolio_matrix')}." in told


def test_blocks_hold_equal_numbers_best_first(story: ComparisonStory) -> None:
    table = story.ranking.segmentations
    for block, part in table.groupby("block"):
        assert block == 0 or set(part["k"]) == {block}
        assert part["r2"].is_monotonic_decreasing
    assert set(table["block"]) >= {4, 8}


def test_targeting_is_told_against_contacting_everybody(story: ComparisonStory) -> None:
    targets = dataclasses.replace(story, top=0.25).targets.set_index("method")
    quarter = story.benchmark.evaluation.gains.query("share == 0.25").set_index("method")["captured"]
    assert targets["captured"].to_numpy() == pytest.approx(quarter[targets.index].to_numpy())
    spend, n = story.table.frame["holdout_spend"].sum(), len(story.table.frame)
    assert targets["everybody"].to_numpy() == pytest.approx(story.margin.share * spend - story.contact_cost * n)
    assert story.targeting_text()[0] in story.follows()


def test_every_sentence_is_filled_in_and_every_column_has_a_heading(story: ComparisonStory) -> None:
    told = [
        *story.findings(),
        *story.follows(),
        *story.windows_text(),
        *story.limits(),
        *story.moved_text(),
        *story.agreement_text(),
    ]
    told += [*story.method_text("validity"), *story.method_text("stability"), *story.reach_text(), *story.lead_text()]
    captions = ["table.comparison", "table.lasting", "table.lead_segments"]
    captions += ["figure.flows", "figure.transitions", "figure.profiles"]
    told += [story.say(key, **story.facts) for key in captions]
    assert not any("{" in sentence or "nan" in sentence for sentence in told)
    joined = {"r2_log_lower", "r2_log_upper", "ci_lower", "ci_upper"}
    scored = (validity, lasting_table, singles, accuracy, ranking)
    targets = story.named(story.targets.head(10), method=story.method_name)
    for table in (*(view(story) for view in (*scored, lead_segments, inside)), targets):
        assert len(table)
        assert table.index.equals(pd.RangeIndex(len(table)))  # any other would be shown
        headed = {re.sub("(_range)_(lower|upper)$", r"\1", column) for column in table.columns} - joined
        assert headed <= set(story.headings)
    assert {"subject", "code", "severity", "quantity", "message"} == set(cautions(story).columns)


@pytest.mark.parametrize(("agreed", "warned"), [(0, True), (1, True), (2, False), (20, False)])
def test_a_solution_that_one_start_reached_is_warned_about(story: ComparisonStory, agreed: int, warned: bool) -> None:
    methods = [copy.copy(method) for method in story.benchmark.methods]
    mixture = next(method for method in methods if isinstance(method, GaussianMixtureClusters))
    mixture.agreed_ = agreed
    changed = dataclasses.replace(story, benchmark=dataclasses.replace(story.benchmark, methods=methods))
    rows = cautions(changed).query("code == 'one_start'")
    assert list(rows["quantity"]) == (
        [f"{story.method_name(mixture.name)} ({agreed}/{mixture.starts})"] if warned else []
    )
    assert list(rows["message"]) == ([story.say("comparison_caution.one_start")] if warned else [])


def test_starts_that_agreed_stand_beside_the_bic_of_every_number(story: ComparisonStory) -> None:
    table = mixture_numbers(story)
    assert list(table) == ["k", "bic", "found"]
    assert table.empty  # the mixture of this story has a number of its own
    frame = story.table.frame[["recency", "frequency", "monetary_mean", "monetary_total"]].iloc[:300]
    chosen = GaussianMixtureClusters(largest=2, starts=4).fit(frame)
    found = dataclasses.replace(story.benchmark, methods=[chosen])
    shown = mixture_numbers(dataclasses.replace(story, benchmark=found))["found"]
    assert list(shown) == ["1/1", f"{chosen.bic_['agreed'][1]}/4"]


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
    assert {story.method_name(method.name) for method in story.benchmark.methods} <= names
    plt.close(figure)


def test_every_family_has_a_colour_a_marker_and_a_name(story: ComparisonStory) -> None:
    other = dataclasses.replace(story)
    table = story.ranking.segmentations
    assert len(table) == len(FAMILIES)
    vars(other.ranking)["segmentations"] = table.assign(family=FAMILIES)
    figure = comparison_charts.plot_validity_stability(other)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [story.say(f"family.{key}") for key in FAMILIES]
    shown = {
        (line.get_marker(), line.get_color()) for line in figure.axes[0].get_lines() if line.get_marker() != "None"
    }
    assert len(shown) == len(FAMILIES)
    plt.close(figure)
    plt.close(comparison_charts.plot_forest(other))
