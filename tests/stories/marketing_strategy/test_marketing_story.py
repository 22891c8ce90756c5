"""A strategy is told as it was decided: what is open stays open, nothing is named beyond chance, no table is empty."""

import dataclasses
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml
from notebook_cells import run_cells

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.data.transactions.transactions import transactions_if_here
from crmresearch.errors import ParameterError
from crmresearch.models.specification import Specification, bind
from crmresearch.models.theory import load_theory
from crmresearch.paths import DATA
from crmresearch.sem.importance import Importance, importance_performance
from crmresearch.stories.marketing_strategy import charts, tables
from crmresearch.stories.marketing_strategy.cautions import strategy_warnings
from crmresearch.stories.marketing_strategy.story import MarketingStrategyStory
from crmresearch.stories.story import in_sentence
from crmresearch.strategy.actions import action, customer_actions
from crmresearch.strategy.decisions import Rule
from crmresearch.strategy.strategy import REPORTED, strategy_of


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey("corporate_reputation")


@pytest.fixture(scope="module")
def specification(survey: Survey) -> Specification:
    return bind(load_theory("reputation"), survey.codebook)


@pytest.fixture(scope="module")
def drivers(survey: Survey, specification: Specification) -> Importance:
    segments = survey.groups["servicetype"].map({1: "1", 2: "2"}).astype("category")
    complete = handle_missing(survey.items[specification.items], "mean")
    return importance_performance(specification, survey, complete, segments, resamples=100, seed=1)


def story_of(survey: Survey, drivers: Importance, **given: Any) -> MarketingStrategyStory:
    spec = drivers.estimate.specification
    complete = handle_missing(survey.items[spec.items], "mean")
    strategy = strategy_of(drivers, {c.key: c.stage for c in spec.constructs}, **given)
    return MarketingStrategyStory(survey, complete, drivers, strategy, "servicetype")


def keys(sentences: list[str]) -> list[str]:
    return [sentence.key for sentence in sentences if hasattr(sentence, "key")]


def with_effects(drivers: Importance, sizes: list[list[float]], performance: list[float], noise: float) -> Importance:
    """The same with effects on both aims, by segment, and performance put in their place, draws `noise` around them."""
    rng, points = np.random.default_rng(1), np.array(sizes)[:, :, None].repeat(2, axis=2)
    drawn = points[..., None] + noise * rng.normal(size=(*points.shape, 100))
    stands = np.tile(performance, (len(sizes), 1)).astype(float)
    draws = stands[..., None] + 100 * noise * rng.normal(size=(*stands.shape, 100))
    k = len(sizes[0])
    return dataclasses.replace(
        drivers, factors=drivers.factors[:k], point=drivers.point[:k], importance=points, importance_draws=drawn,
        performance=stands, performance_draws=draws,
    )  # fmt: skip


SIZES = [0.5, 0.45, 0.2, 0.2, 0.1, 0.0]
STANDS = [50.0, 80.0, 60.0, 61.0, 62.0, 60.0]


def test_what_is_decided_is_told_with_what_to_do(survey: Survey, drivers: Importance) -> None:
    story = story_of(survey, with_effects(drivers, [SIZES] * 3, STANDS, 0.005))
    names = [story.within(key) for key in drivers.factors]
    found = story.findings()
    assert keys(found) == ["finding.clear", "finding.first", "finding.worth", "finding.alike", *["finding.first"] * 2]
    told = found[0].facts["decided"]  # type: ignore[attr-defined]
    assert all(names[i] in told for i in (0, 1, 5))
    assert not any(names[i] in told for i in (2, 3, 4))
    assert (found[0].facts["clear"], found[0].facts["total"]) == (9, 18)  # type: ignore[attr-defined]
    assert found[1].facts["first"] == names[0]  # type: ignore[attr-defined]
    assert keys(story.follows()) == [
        "decided.whole_strengthen", "decided.whole_keep", "decided.whole_reduce", "follows.money_one", "follows.causes",
    ]  # fmt: skip
    rows = tables.actions(story)
    assert len(rows) == 9  # three decisions for each of everybody and two segments
    assert set(rows["action"]) == {
        action(drivers.factors[i], d)["en"] for i, d in ((0, "strengthen"), (1, "keep"), (5, "reduce"))
    }
    why = tables.decisions(story).query("segment == 'Everybody'")["why"].tolist()
    assert why[0] == story.say("why.strengthen")
    assert why[4] == story.say("why.less")


def test_of_nothing_nothing_follows(survey: Survey, drivers: Importance) -> None:
    story = story_of(survey, with_effects(drivers, [[0.3] * 6] * 3, [60.0] * 6, 0.1))
    assert keys(story.findings())[:2] == ["finding.nothing_anywhere", "finding.no_priority"]
    assert keys(story.follows()) == ["follows.nothing", "follows.money_open", "follows.causes"]
    assert tables.actions(story).empty


def test_segments_differ_where_they_are_shown_to(survey: Survey, drivers: Importance) -> None:
    other = [0.1, *SIZES[1:]]
    story = story_of(survey, with_effects(drivers, [SIZES, SIZES, other], STANDS, 0.01))
    (told,) = [one for one in story.findings() if getattr(one, "key", "") == "finding.apart"]
    assert story.within(drivers.factors[0]) in told
    assert tables.apart(story)[["more", "less"]].to_numpy().tolist() == [["prepaid", "contract"]]


def test_tables_hold_what_was_decided(survey: Survey, drivers: Importance) -> None:
    story = story_of(survey, drivers, rule=Rule(0.1, 60), budget=3, costs={"qual": 2.0})
    assert list(story.strategy.reported.columns) == REPORTED
    assert story.drivers.segments == ["all", "1", "2"]
    rows = tables.decisions(story)
    assert len(rows) == 18
    assert rows["segment"].unique().tolist() == ["Everybody", "prepaid", "contract"]
    assert "stage" not in rows
    raised = tables.by_aim(story, story.strategy.raised, "estimate", "ci")
    assert len(raised) == 21
    gains = tables.by_aim(story, story.strategy.gains, "gain", "gain")
    as_it_is = raised.query("factor == 'As it is'").set_index("segment")["satisfaction"]
    one = raised.query("factor != 'As it is'")
    np.testing.assert_allclose(
        one["satisfaction"].to_numpy() - as_it_is[one["segment"]].to_numpy(), gains["satisfaction"]
    )  # the same gain, twice told
    plans = tables.plans(story)
    assert (plans.groupby("segment")["points"].max() <= 1 + 1e-9).all()
    assert plans.query("factor == 'Quality'")["cost"].tolist() == [2, 2, 2]
    model = story.what_if()
    assert [choice.name for choice in model.choices] == ["Everybody", "prepaid", "contract"]
    assert drivers.refused == ["qual"]  # a composite of mode B that rewards a worse answer
    assert len(model.inputs) == 5
    assert "NaN" not in model.model
    assert set(rows.query("factor == 'Quality'")["why"]) == {story.say("why.refused")}
    nothing = dataclasses.replace(drivers, performance=drivers.performance * np.nan)
    assert story_of(survey, nothing).what_if() is None
    figures = charts.plot_decisions(story), charts.plot_importance(story)
    assert [figure.get_label() for figure in figures] == ["matrix", "rows"]
    plt.close("all")


def test_stages_stand_in_their_order() -> None:
    survey = load_survey("ecsi_mobile")
    spec = bind(load_theory("staged"), survey.codebook)
    complete = handle_missing(survey.items[spec.items], "listwise")
    drivers = importance_performance(spec, survey, complete, resamples=50, seed=1)
    strategy = strategy_of(drivers, {c.key: c.stage for c in spec.constructs})
    story = MarketingStrategyStory(survey, complete, drivers, strategy)
    assert tables.decisions(story)["stage"].tolist() == ["Before"] * 2 + ["During"] * 3 + ["After"] * 3
    figure = charts.plot_decisions(story)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0] == "Before · Searchable information"
    assert len(figure.axes[0].get_lines()) == 2  # between the stages
    warnings = strategy_warnings(story)
    assert {"proxies", "unmeasured"} <= set(warnings["code"])
    assert not warnings["code"].str.startswith("cb_").any()
    plt.close("all")


def test_cautions_say_what_decisions_rest_on(survey: Survey, drivers: Importance) -> None:
    story = story_of(survey, drivers)
    assert {"moderations"} <= set(strategy_warnings(story)["code"])
    poor = dataclasses.replace(drivers, small={"1": 12}, failed=["2"])
    codes = set(strategy_warnings(story_of(survey, poor))["code"])
    assert {"small", "failed"} <= codes
    classes = dataclasses.replace(story, group=None, classes=2)
    told = strategy_warnings(classes)
    assert "classes" in set(told["code"])
    few = story_of(survey, with_effects(drivers, [[0.4, 0.2]] * 3, [60, 70], 0.1))
    assert "few_factors" in set(strategy_warnings(few)["code"])


def test_customers_stand_in_the_same_table(survey: Survey, drivers: Importance) -> None:
    bought = customer_actions(pd.Series(["high_low", "high_low"]), pd.Series(["retain", "recover"]))
    story = story_of(survey, with_effects(drivers, [SIZES] * 3, STANDS, 0.005))
    rows = tables.actions(dataclasses.replace(story, customers=bought))
    assert len(rows) == 11
    last = rows.iloc[-1]
    assert (last["segment"], last["factor"]) == (story.say("value_of.high_low"), "Retain")
    assert last["action"] == "Keep at the usual service; nothing that costs more than it keeps."


@pytest.mark.slow
@pytest.mark.long
def test_segments_are_those_of_value_where_customers_are_known_by_their_id() -> None:
    """Answers and purchases end in one table; without purchases, or without these here, it is said."""
    given = {"dataset": "staged_simulated", "theory": "staged", "missing": "mean", "resamples": 100}
    with pytest.raises(ParameterError, match="needs purchases of the same customers"):
        run_cells("marketing_strategy", {**given, "segments": "value"})
    names = run_cells("marketing_strategy", {**given, "segments": "value", "purchases": "linked_simulated"})
    story, drivers = names["story"], names["drivers"]
    assert {"all", "high_high", "low_low"} <= set(drivers.segments)
    assert "segments.value" in keys(story.sample())
    assert story.those("high_high") == in_sentence(story.say("value_of.high_high"))
    segments = with_effects(drivers, [SIZES] * len(drivers.segments), STANDS, 0.005)
    strategy = strategy_of(segments, {c.key: c.stage for c in story.specification.constructs})
    rows = tables.actions(dataclasses.replace(story, drivers=segments, strategy=strategy))
    of_segment = rows[rows["segment"] == story.say("value_of.high_high")]
    decided = of_segment["decision"].notna()
    assert decided.any()
    assert not decided.all()  # what to do about factors and about customers
    half = dataclasses.replace(story.linked, ids=story.linked.ids.iloc[:600])
    assert "unmatched" in set(strategy_warnings(dataclasses.replace(story, linked=half))["code"])


def test_purchases_that_are_not_here_are_told(tmp_path: Path) -> None:
    book = yaml.safe_load((DATA / "cdnow" / "codebook.yaml").read_text(encoding="utf-8")) | {"committed": False}
    book.pop("sha256")
    (tmp_path / "codebook.yaml").write_text(yaml.safe_dump(book | {"file": "far.parquet"}), encoding="utf-8")
    found, told = transactions_if_here(str(tmp_path))
    assert found is None
    assert "far.parquet" in told["en"]
    names = run_cells("marketing_strategy", {"classes": 1, "resamples": 100, "purchases": str(tmp_path)})
    assert names["customers"] is None
    assert "no_purchases" in set(strategy_warnings(names["story"])["code"])
    assert "sample.not_here" in keys(names["story"].sample())
    assert transactions_if_here(None) == (None, {})


@pytest.mark.slow
def test_the_notebook_runs_for_everybody_alone_with_purchases() -> None:
    names = run_cells("marketing_strategy", {"classes": 1, "resamples": 100, "aim": "loyalty", "purchases": "cdnow"})
    assert names["strategy"].aim == "loyalty"
    assert names["drivers"].segments == ["all"]
    assert len(names["view"]) == 8  # what to do for customers, where no factor is decided on
