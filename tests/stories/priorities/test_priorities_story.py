"""Priorities are told as they were found: what few answers carry is not relied on, and nothing is made of nothing."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.priorities.cipma import combined
from crmresearch.stories.priorities import charts, tables
from crmresearch.stories.priorities.cautions import own_warnings, priority_warnings
from crmresearch.stories.priorities.story import PrioritiesStory


def story_of(
    dataset: str, theory: str, target: str | None, missing: Any = "listwise", **options: Any
) -> PrioritiesStory:
    survey = load_survey(dataset)
    specification = bind(load_theory(theory), survey.codebook)
    complete = handle_missing(survey.items[specification.items], missing)
    estimate = bootstrap(estimate_pls(specification, complete.items), resamples=100, seed=1)
    return PrioritiesStory(
        survey, complete, estimate, combined(estimate, survey.bounds, target, permutations=999, seed=1, **options)
    )


@pytest.fixture(scope="module")
def mobile() -> PrioritiesStory:
    return story_of("ecsi_mobile", "ecsi", "loyalty")


@pytest.fixture(scope="module")
def reputation() -> PrioritiesStory:
    return story_of("corporate_reputation", "reputation", None, "mean")


def with_effects(story: PrioritiesStory, **columns: Any) -> PrioritiesStory:
    """The same with other numbers of necessity by the leading ceiling."""
    found = story.found.necessity
    effects = found.effects.copy()
    for name, values in columns.items():
        effects.loc[effects["ceiling"] == found.leading, name] = values
    table = story.found.table.assign(necessary=columns.get("necessary", story.found.table["necessary"]))
    return replace(story, found=replace(story.found, necessity=replace(found, effects=effects), table=table))


def keys(sentences: list[str]) -> list[str]:
    return [sentence.key for sentence in sentences if hasattr(sentence, "key")]


def test_what_few_answers_carry_is_said_first(mobile: PrioritiesStory) -> None:
    told = mobile.findings()
    assert keys(told)[:2] == ["finding.necessary_by_few", "finding.first"]
    assert "satisfaction of 4.9" in told[0]
    assert keys(mobile.follows()) == ["follows.check", "follows.raise", "follows.causes"]
    assert len(mobile.undone()) > 20
    warned = priority_warnings(mobile).set_index("code").loc["necessity_fragile"]
    assert warned["severity"] == "weak"


def test_what_is_sure_is_where_to_begin(mobile: PrioritiesStory) -> None:
    sure = with_effects(mobile, dropped=-1, p_association=0.01)
    assert keys(sure.findings())[0] == "finding.necessary"
    follows = sure.follows()
    assert keys(follows) == ["follows.lift", "follows.raise", "follows.causes"]
    assert "satisfaction of 4.9 (2.8% are below it)" in follows[0]
    loose = with_effects(mobile, dropped=-1, p_association=0.5)
    assert keys(loose.follows())[0] == "follows.together"


def test_nothing_is_made_of_nothing(mobile: PrioritiesStory) -> None:
    none = with_effects(mobile, necessary=False)
    table = none.found.table.assign(priority="open", rank_lower=1.0)
    none = replace(none, found=replace(none.found, table=table))
    assert keys(none.findings())[:2] == ["finding.none", "finding.no_first"]
    assert keys(none.follows()) == ["follows.nothing", "follows.causes"]
    unreached = replace(none, found=replace(none.found, table=table.assign(status="not_reached")))
    assert keys(unreached.findings())[0] == "finding.not_reached"
    elsewhere = replace(mobile, found=replace(mobile.found, table=mobile.found.table.assign(status="not_necessary")))
    assert keys(elsewhere.findings())[0] == "finding.elsewhere"


def test_a_threshold_is_rounded_to_where_it_stays_true(mobile: PrioritiesStory) -> None:
    for row in mobile.found.bottlenecks.itertuples():
        told = float(mobile.needed(row.construct, row.required))
        reached = mobile.found.scores["loyalty"] >= mobile.found.wanted
        assert (mobile.found.scores.loc[reached, row.construct] >= told).all()
        assert row.required - told < 0.1
    assert mobile.needed("image", 5.0) == "5"


def test_tables_hold_what_was_found(mobile: PrioritiesStory) -> None:
    table = tables.priorities(mobile)
    assert table["priority"].tolist()[4] == "both"
    assert table["rank"].iloc[0].count("–") == 1
    levels, headings = tables.bottleneck(mobile)
    assert levels["level"].tolist() == [str(level) for level in range(1, 11)]
    assert next(iter(headings.values())) == "Image"
    assert len(tables.items(mobile)) == 21
    assert len(tables.effects(mobile)) == 12
    assert set(tables.influential(mobile)["condition"]) == {"Image", "Expectation", "Perceived quality", "Satisfaction"}


def test_negative_weights_and_a_moderator_are_told(reputation: PrioritiesStory) -> None:
    told = {row[0]: row[3] for row in own_warnings(reputation)}
    assert {"importance_refused", "importance_moderated", "necessity_negative"} <= set(told)
    assert "–" in tables.priorities(reputation)["rank"].tolist()
    assert reputation.findings()
    for figure in (charts.plot_map(reputation), charts.plot_corners(reputation)):
        figure.draw_without_rendering()
        plt.close(figure)


def test_names_of_the_map_do_not_overlap(mobile: PrioritiesStory) -> None:
    figure = charts.plot_map(mobile)
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in figure.axes[0].texts), key=lambda box: box.y0)
    assert len(boxes) == 6
    assert all(below.y1 <= above.y0 + 1 for below, above in pairwise(boxes))
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)
    plt.close(figure)


def test_a_low_condition_and_one_that_is_constant(mobile: PrioritiesStory) -> None:
    found = combined(mobile.estimate, mobile.survey.bounds, "loyalty", permutations=99, low=["value"])
    story = replace(mobile, found=found)
    assert story.needed("value", 5.01) == "5.1"
    plt.close(charts.plot_corners(story))
    assert np.isfinite(found.necessity.leading_effects.loc["value", "d"])
    assert story.methods_paragraph()
    assert story.references()
