"""The quality of answers is told as it is: what is missing, who gave one answer, what factors presume."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.errors import ParameterError
from crmresearch.sem.answers.survey_quality import survey_quality
from crmresearch.stories.survey_quality import charts, tables
from crmresearch.stories.survey_quality.cautions import cautions
from crmresearch.stories.survey_quality.story import SurveyQualityStory


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey("ecsi_mobile")


def told_of(survey: Survey, answers: pd.DataFrame | None = None) -> SurveyQualityStory:
    one = survey if answers is None else dataclasses.replace(survey, items=answers)
    return SurveyQualityStory(one, survey_quality(one))


def keys(sentences: list[str]) -> list[str]:
    return [sentence.key.removeprefix("quality.") for sentence in sentences]  # type: ignore[attr-defined]


def test_complete_answers(survey: Survey) -> None:
    story = told_of(survey)
    assert keys(story.findings()) == ["complete", "ceiling", "lining_one", "kmo_meritorious", "bartlett", "not_normal"]
    assert keys(story.follows()) == ["use_robust", "look_at_items", "look_at_lining"]
    assert story.item("CUSL2") == "CUSL2 of loyalty"
    assert set(cautions(story)["code"]) == {"item_rest"}


def test_gaps_by_chance_and_gaps_that_follow_answers(survey: Survey) -> None:
    rng = np.random.default_rng(5)
    by_chance = survey.items.mask(rng.random(survey.items.shape) < 0.02)
    story = told_of(survey, by_chance)
    assert keys(story.gaps()) == ["headline", "little_kept"]
    assert "use_any" in keys(story.follows())
    low = survey.items["CUSA1"] < survey.items["CUSA1"].median()
    chosen = survey.items.assign(CUSL1=survey.items["CUSL1"].mask(low & (rng.random(len(low)) < 0.5)))
    story = told_of(survey, chosen)
    assert keys(story.gaps()) == ["headline", "little_rejected"]
    assert "use_fiml" in keys(story.follows())
    assert "missing_not_random" in set(cautions(story)["code"])


def test_respondents_with_one_answer_are_counted(survey: Survey) -> None:
    lined = survey.items.copy()
    lined.iloc[:20] = 7.0
    story = told_of(survey, lined)
    assert story.quality.alike["count"] == 20 + told_of(survey).quality.lining["same"].iloc[20:].sum()
    assert "straight_lining" in set(cautions(story)["code"])


def test_answers_are_compared_as_they_were_asked(survey: Survey) -> None:
    codebook = survey.codebook
    turned = {**codebook.items, "CUEX1": codebook.items["CUEX1"].model_copy(update={"reversed": True})}
    reversed_ = dataclasses.replace(survey, codebook=codebook.model_copy(update={"items": turned}))
    assert reversed_.as_asked["CUEX1"].equals(11 - survey.items["CUEX1"])
    assert reversed_.as_asked["CUEX2"].equals(survey.items["CUEX2"])
    assert "reversed" in set(cautions(told_of(reversed_))["code"])


def test_what_cannot_be_tested_is_said_with_its_reason(survey: Survey) -> None:
    constant = survey.items.assign(CUSA1=5.0)
    story = told_of(survey, constant)
    assert {"kmo_none", "normal_none"} <= set(keys(list(story.moments())))
    assert {"factorability_undefined", "normality_undefined"} <= set(cautions(story)["code"])
    assert len(tables.adequacy(story)) == len(tables.normality(story)) == 0


def test_items_are_of_one_scale() -> None:
    reputation = load_survey("corporate_reputation")
    assert set(survey_quality(reputation).left_out) >= {"switch_1", "qual_global"}
    with pytest.raises(ParameterError, match="different scales"):
        survey_quality(reputation, ["cusa", "switch_1"])
    with pytest.raises(ParameterError, match="no item 'CUSA'"):
        survey_quality(reputation, ["CUSA"])


def test_every_column_has_a_heading_and_every_share_adds_up(survey: Survey) -> None:
    story = told_of(survey)
    for table in (tables.distributions, tables.patterns, tables.adequacy, tables.normality):
        assert set(table(story).columns) <= {*story.headings, "p_value"}
    shares = story.quality.answers.groupby("item")["share"].sum()
    assert shares.to_numpy() == pytest.approx(1)
    assert story.quality.patterns["rows"].sum() == 250


def test_pictures_show_what_they_say(survey: Survey) -> None:
    story = told_of(survey)
    figure = charts.plot_answers(story)
    cells = np.array([float(text.get_text()) for text in figure.axes[0].texts]).reshape(24, 10)
    np.testing.assert_allclose(cells.sum(axis=1), 100, atol=5)
    plt.close(figure)
    figure = charts.plot_runs(story)
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == 250
    plt.close(figure)


def test_a_weighted_survey_is_told_to_be_described_unweighted(survey: Survey) -> None:
    weighted = dataclasses.replace(survey, weights=pd.Series(np.linspace(0.5, 1.5, 250), survey.items.index))
    assert "unweighted" in keys([s for s in told_of(weighted).sample() if hasattr(s, "key")])
    assert "unweighted" not in keys([s for s in told_of(survey).sample() if hasattr(s, "key")])
    pd.testing.assert_frame_equal(told_of(weighted).quality.distributions, told_of(survey).quality.distributions)


def test_tests_of_a_sample_of_clusters_are_told_to_take_it_for_drawn_one_by_one(survey: Survey) -> None:
    design = pd.DataFrame({"stratum": np.arange(250) % 3}, survey.items.index)
    drawn = dataclasses.replace(survey, design=design)
    assert "drawn.alone_stratum" in keys([s for s in told_of(drawn).sample() if hasattr(s, "key")])
