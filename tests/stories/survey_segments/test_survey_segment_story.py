"""Segments of a survey are told as they are: named when stable, grey when not, too small where they are."""

import copy
import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmresearch.data.survey.codebook import Group
from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.segmentation.stability.number_of_segments import number_of_segments
from crmresearch.sem.groups import benefit_answers, benefit_constructs, segment_models
from crmresearch.stories.survey_segments import charts as survey_segment_charts
from crmresearch.stories.survey_segments import tables as survey_segment_tables
from crmresearch.stories.survey_segments.cautions import segment_warnings
from crmresearch.stories.survey_segments.story import SurveySegmentStory


@pytest.fixture(scope="module")
def story() -> SurveySegmentStory:
    """ECSI mobile in three segments, with few starts and refits."""
    survey = load_survey("ecsi_mobile")
    specification = bind(load_theory("ecsi"), survey.codebook)
    constructs = benefit_constructs(specification, [])
    answers = benefit_answers(survey, constructs)
    complete = handle_missing(answers, "mean").items
    numbers = number_of_segments(answers, complete, 3, 3, starts=2, refits=4, seed=1)
    members = numbers.classes[3].predict(answers)
    rows = handle_missing(survey.items[specification.items], "listwise")
    models = segment_models(specification, survey, rows, members, 100, 1)
    return SurveySegmentStory(survey, specification, constructs, answers, numbers, models, 4, 1, "en")


def with_named(story: SurveySegmentStory, named: bool) -> SurveySegmentStory:
    segments = story.numbers.segments.assign(named=named)
    return dataclasses.replace(story, numbers=dataclasses.replace(story.numbers, segments=segments))


def test_an_unstable_segment_is_not_named_and_warned_about(story: SurveySegmentStory) -> None:
    grey, named = with_named(story, False), with_named(story, True)
    for key in story.found.keys:
        assert "unstable" in grey.label(key).lower()
        assert story.name(key) not in grey.label(key)
        assert story.name(key) in named.label(key)
    assert "unstable_segments" in set(segment_warnings(grey)["code"])
    assert "unstable_segments" not in set(segment_warnings(named)["code"])


def test_everybody_is_in_one_segment_with_a_probability(story: SurveySegmentStory) -> None:
    assert list(story.found.members.columns) == ["respondent", "segment", "posterior"]
    assert len(story.found.members) == 250
    assert story.found.members["posterior"].between(1 / 3, 1).all()
    assert story.found.sizes.sum() == 250


def test_names_come_from_the_deviations(story: SurveySegmentStory) -> None:
    level = story.found.by_construct.mean(axis=1)
    assert "low" in story.name(str(level.idxmin()))
    assert "high" in story.name(str(level.idxmax()))


def test_what_follows_is_said_of_stable_segments_only(story: SurveySegmentStory) -> None:
    def keys(one: SurveySegmentStory) -> list[str]:
        return [told.key.removeprefix("survey.follows_") for told in one.follows()]

    assert keys(with_named(story, False)) == ["none"]
    told = with_named(story, True)
    assert told.found.level[0] > 0.75
    assert keys(told) == ["level", "no_reach"]  # nothing describes the respondents
    lowest = story.found.by_construct.mean(axis=1).idxmin()
    assert told.follows()[0].facts["lowest"] == told.label(str(lowest))
    one_grey = story.numbers.segments.assign(named=story.numbers.segments["segment"] != "c2")
    grey = dataclasses.replace(story, numbers=dataclasses.replace(story.numbers, segments=one_grey))
    assert keys(grey) == ["level", "unstable", "no_reach"]


def with_profile(story: SurveySegmentStory, *shifts: np.ndarray) -> SurveySegmentStory:
    """The story with the deviations of the first segments replaced, one (items,) each."""
    changed = dataclasses.replace(story)
    profile = story.found.profile.copy()
    for key, shift in zip(story.found.keys, shifts, strict=False):
        profile.loc[key] = shift
    vars(changed.found)["profile"] = profile
    return changed


@pytest.mark.parametrize(
    ("level", "key"), [(-0.5, "name_low"), (0.5, "name_high"), (0.0, "name_average")]
)  # fmt: skip
def test_everything_is_said_of_every_item_only(story: SurveySegmentStory, level: float, key: str) -> None:
    """Items of one construct that even out leave its mean where it is, but not what the segment is called."""
    even = np.full(story.found.profile.shape[1], level)
    assert with_profile(story, even)._name("c1") == story.say(f"survey.{key}_all")
    uneven = even.copy()
    first = np.flatnonzero(story.found.profile.columns.isin(next(iter(story.constructs.values()))))
    uneven[first[:2]] += [0.7, -0.7]
    assert with_profile(story, uneven)._name("c1") == story.say(f"survey.{key}_whole")


def test_two_segments_of_one_name_are_told_apart_by_their_level(story: SurveySegmentStory) -> None:
    items = story.found.profile.shape[1]
    alike = with_profile(story, np.full(items, -0.4), np.full(items, -0.9), np.full(items, 0.5))
    low = story.say("survey.name_low_all")
    expected = [story.say("survey.name_level", name=low, level=level) for level in (-0.4, -0.9)]
    assert [alike.name(key) for key in alike.found.keys] == [*expected, story.say("survey.name_high_all")]


def test_models_that_failed_are_not_called_too_small(story: SurveySegmentStory) -> None:
    def told(small: dict[str, int], failed: dict[str, str]) -> str:
        paths = story.models.paths[~story.models.paths.segment.isin([*small, *failed])]
        models = dataclasses.replace(story.models, paths=paths, small=small, failed=failed)
        return dataclasses.replace(story, models=models)._paths().key

    a, b, c = story.found.keys
    assert told({}, {}) == told({a: 9}, {}) == "survey.paths"
    assert told({}, {a: "no spread"}) == "survey.paths_failed"
    assert told({a: 9}, {b: "no spread"}) == "survey.path_one_failed"
    assert told({a: 9, b: 9}, {}) == "survey.path_one"
    assert told({}, {a: "x", b: "x", c: "x"}) == "survey.paths_none_failed"


def test_groups_stand_in_the_order_of_the_codebook(story: SurveySegmentStory) -> None:
    labels = {"often": "Often", "at_times": "At times", "never": "Never"}
    use = Group(label={"en": "Use"}, values={key: {"en": label} for key, label in labels.items()})
    answers = pd.DataFrame({"use": np.resize(["never", "often", "at_times"], 250)}, index=story.survey.items.index)
    codebook = story.survey.codebook.model_copy(update={"groups": {"use": use}})
    survey = dataclasses.replace(story.survey, codebook=codebook, groups=answers)
    table = survey_segment_tables.shares(dataclasses.replace(story, survey=survey))
    assert list(table["value"]) == list(labels.values())


def test_a_segment_below_the_limit_has_no_model_and_is_flagged(story: SurveySegmentStory) -> None:
    small = dataclasses.replace(story, models=dataclasses.replace(story.models, small={story.found.keys[0]: 12}))
    warnings = segment_warnings(small).set_index("code")
    assert "12" in warnings.loc["small_segments", "message"]


def test_classes_that_are_not_identified_are_warned_about(story: SurveySegmentStory) -> None:
    codes = {"more_parameters_than_cells", "shares_differ"}
    assert not codes & set(segment_warnings(story)["code"])
    for wrong, code in (({"free_cells_": 20.0}, "more_parameters_than_cells"), ({"apart_": 0.2}, "shares_differ")):
        classes = copy.copy(story.found.method)
        vars(classes).update(wrong)
        numbers = dataclasses.replace(story.numbers, classes={**story.numbers.classes, 3: classes})
        warned = segment_warnings(dataclasses.replace(story, numbers=numbers)).set_index("code")
        assert codes & set(warned.index) == {code}
        assert warned.loc[code, "severity"] == "unidentified"


def test_every_sentence_is_filled_in(story: SurveySegmentStory) -> None:
    told = [
        *story.findings(),
        *story.sample(),
        *story.measurement(),
        *story.rule(),
        *story.limits(),
        *story.methods_paragraph(),
    ]
    assert not any("{" in sentence or "nan" in sentence for sentence in told)
    assert "250" in told[0]
    names = ("solutions", "segments", "constructs", "items", "shares", "index", "models")
    for name in names:
        assert len(getattr(survey_segment_tables, name)(story)) > 0 or name == "shares"


def test_pictures(story: SurveySegmentStory) -> None:
    for name in ("plot_numbers", "plot_profiles", "plot_outcomes"):
        figure = getattr(survey_segment_charts, name)(story)
        assert not any("nan" in text.get_text() for axes in figure.axes for text in axes.texts)
        plt.close(figure)


def test_a_weighted_survey_is_told_which_numbers_are_weighted(story: SurveySegmentStory) -> None:
    weights = pd.Series(np.linspace(0.5, 1.5, 250), story.survey.items.index)
    weighted = dataclasses.replace(story, survey=dataclasses.replace(story.survey, weights=weights))
    told = [[getattr(sentence, "key", "") for sentence in one.sample()] for one in (story, weighted)]
    assert ["survey.unweighted" in keys for keys in told] == [False, True]


def test_shares_of_segments_are_weighted_where_the_survey_is(story: SurveySegmentStory) -> None:
    weights = pd.Series(np.where(story.found.segments == story.found.keys[0], 3.0, 1.0), story.answers.index)
    weighted = dataclasses.replace(story, survey=dataclasses.replace(story.survey, weights=weights))
    first, others = story.found.sizes[story.found.keys[0]], story.found.sizes[story.found.keys[1:]].sum()
    assert story.found.shares[story.found.keys[0]] == pytest.approx(first / (first + others))
    assert weighted.found.shares[story.found.keys[0]] == pytest.approx(3 * first / (3 * first + others))
    assert weighted.found.shares.sum() == pytest.approx(1)
    assert survey_segment_tables.segments(weighted)["respondents"].tolist() == story.found.sizes.tolist()


def test_a_sample_of_clusters_is_told(story: SurveySegmentStory) -> None:
    design = pd.DataFrame({"cluster": np.arange(250) // 10}, story.survey.items.index)
    drawn = dataclasses.replace(story, survey=dataclasses.replace(story.survey, design=design))
    told = [getattr(sentence, "key", "") for sentence in (*drawn.sample(), *drawn.methods_paragraph())]
    expected = {"drawn.resampled_cluster", "survey.refits_drawn", "methods.segments_drawn", "methods.drawn_cluster"}
    assert expected <= set(told)
    plain = [getattr(sentence, "key", "") for sentence in (*story.sample(), *story.methods_paragraph())]
    assert not any("drawn" in key for key in plain)
