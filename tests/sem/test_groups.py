"""Models of segments: the index of everybody, which constructs may define segments, who is too few for a model."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from weight_cases import whole_weights

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.errors import SpecificationError
from crmresearch.models.specification import Specification, bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.groups import (
    SegmentModels,
    benefit_answers,
    benefit_constructs,
    group_members,
    group_table,
    respondents_needed,
    segment_models,
)
from crmresearch.sem.index import construct_index
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls


@pytest.fixture(scope="module")
def mobile() -> tuple[Survey, Specification]:
    survey = load_survey("ecsi_mobile")
    return survey, bind(load_theory("ecsi"), survey.codebook)


@pytest.fixture(scope="module")
def models(mobile: tuple[Survey, Specification]) -> tuple[SegmentModels, pd.Series]:
    """Respondents in file order: 140 in c1, 70 in c2 and 40, too few, in c3."""
    survey, specification = mobile
    keys = ["c1"] * 140 + ["c2"] * 70 + ["c3"] * 40
    segments = pd.Series(pd.Categorical(keys), index=survey.items.index)
    complete = handle_missing(survey.items[specification.items], "listwise")
    return segment_models(specification, survey, complete, segments, 100, 1), segments


def test_the_index_of_everybody_is_the_index_with_its_interval(
    models: tuple[SegmentModels, pd.Series], mobile: tuple[Survey, Specification]
) -> None:
    survey, specification = mobile
    estimate = bootstrap(estimate_pls(specification, survey.items[specification.items]), resamples=100, seed=1)
    index = construct_index(estimate, survey.bounds)[0].set_index("construct")
    found = models[0].index.query("segment == 'all'").set_index("construct")
    numbers = ["estimate", "ci_lower", "ci_upper"]
    pd.testing.assert_frame_equal(found[numbers], index.loc[found.index, numbers])
    everybody = construct_index(estimate, survey.bounds, np.ones(250, dtype=bool))[0]  # the same, row by row
    pd.testing.assert_frame_equal(everybody.set_index("construct"), index)


def test_the_indices_of_segments_make_that_of_everybody(models: tuple[SegmentModels, pd.Series]) -> None:
    for _, table in models[0].index.groupby("construct"):
        rows = table.set_index("segment")
        parts = rows.drop(index="all")
        assert parts.respondents.sum() == rows.respondents["all"] == 250
        assert (parts.estimate * parts.respondents).sum() / 250 == pytest.approx(rows.estimate["all"])
        assert ((rows.ci_lower < rows.estimate) & (rows.estimate < rows.ci_upper)).all()


def test_a_model_within_a_segment_is_the_model_of_its_rows(
    models: tuple[SegmentModels, pd.Series], mobile: tuple[Survey, Specification]
) -> None:
    survey, specification = mobile
    found, segments = models
    assert set(found.paths.segment) == {"all", "c1", "c2"}
    assert found.small == {"c3": 40}
    assert found.failed == {}
    alone = estimate_pls(specification, survey.items.loc[segments == "c2", specification.items]).paths
    alone = alone[alone.estimator == "pls"]
    pd.testing.assert_series_equal(
        found.paths[found.paths.segment == "c2"]["estimate"], alone["estimate"], check_index=False
    )


def test_what_leads_to_satisfaction_defines_segments(mobile: tuple[Survey, Specification]) -> None:
    specification = mobile[1]
    assert list(benefit_constructs(specification, [])) == ["image", "expectation", "quality", "value"]
    assert benefit_constructs(specification, ["value"]) == {"value": ["PERV1", "PERV2"]}
    reputation = bind(load_theory("reputation"), load_survey("corporate_reputation").codebook)
    # switching costs lead to loyalty only
    assert list(benefit_constructs(reputation, [])) == ["qual", "perf", "csor", "attr", "comp", "like"]
    for wrong, sentence in ((["loyalty"], "cannot define"), (["colour"], "colour"), (["value", "value"], "repeats")):
        with pytest.raises(SpecificationError, match=sentence):
            benefit_constructs(specification, wrong)


def test_respondents_needed() -> None:
    """Five arrows at most are below 50 respondents; eight items of a mode-B composite ask for 80."""
    mobile = bind(load_theory("ecsi"), load_survey("ecsi_mobile").codebook)
    reputation = bind(load_theory("reputation"), load_survey("corporate_reputation").codebook)
    assert (respondents_needed(mobile), respondents_needed(reputation)) == (50, 80)


def test_one_step_of_every_model(models: tuple[SegmentModels, pd.Series]) -> None:
    found = models[0]
    step = found.step("satisfaction", "loyalty")
    assert list(step.index) == ["all", "c1", "c2"]
    assert list(step["respondents"]) == [250, 140, 70]
    assert found.step("loyalty", "satisfaction").empty


def test_who_answered_nothing_that_defines_segments_is_left_out(mobile: tuple[Survey, Specification]) -> None:
    survey, specification = mobile
    constructs = benefit_constructs(specification, ["value"])
    items = survey.items.copy()
    items.iloc[0, :] = np.nan
    items.loc[items.index[1], "PERV1"] = np.nan
    answers = benefit_answers(replace(survey, items=items), constructs)
    assert list(answers.columns) == ["PERV1", "PERV2"]
    assert list(answers.index) == list(items.index[1:])


def test_results_of_a_group_are_those_of_its_rows() -> None:
    survey = load_survey("corporate_reputation")
    specification = bind(load_theory("reputation"), survey.codebook).without_moderation()
    complete = handle_missing(survey.items[specification.items], "mean")
    members = group_members(survey, "servicetype")
    assert list(members.cat.categories) == ["1", "2"]
    models = segment_models(specification, survey, complete, members, resamples=60, seed=1)
    table = group_table(models)
    assert list(table["group"].unique()) == ["all", "1", "2"]
    assert set(table["quantity"]) == {"index", "path", "r_squared"}
    for key, rows in {
        "all": complete.items,
        "2": complete.items[(survey.groups["servicetype"] == 2).to_numpy()],
    }.items():
        own = estimate_pls(specification, rows)
        found = table[(table["group"] == key) & (table["quantity"] == "path")]
        expected = own.paths[own.paths["estimator"] == "pls"]["estimate"]
        np.testing.assert_allclose(found["estimate"], expected, rtol=1e-12)
        shares = own.r_squared[own.r_squared["estimator"] == "pls"]["estimate"]
        np.testing.assert_allclose(
            table[(table["group"] == key) & (table["quantity"] == "r_squared")]["estimate"], shares
        )
        assert (found["respondents"] == len(rows)).all()


def test_scheme_and_moderation_weigh_the_index_as_in_the_report_of_the_theory() -> None:
    survey = load_survey("corporate_reputation")
    specification = bind(load_theory("reputation"), survey.codebook)
    complete = handle_missing(survey.items[specification.items], "mean")
    members = group_members(survey, "servicetype")
    found = segment_models(specification, survey, complete, members, 20, 1, scheme="factorial").index
    estimate = bootstrap(estimate_pls(specification, complete.items, scheme="factorial"), resamples=20, seed=1)
    index = construct_index(estimate, survey.bounds)[0].set_index("construct")
    numbers = ["estimate", "ci_lower", "ci_upper"]
    everybody = found[found["segment"] == "all"].set_index("construct")
    pd.testing.assert_frame_equal(everybody[numbers], index.loc[["cusa", "cusl"], numbers])


def test_what_does_not_divide_the_respondents_is_refused() -> None:
    survey = load_survey("corporate_reputation")
    with pytest.raises(SpecificationError, match="'provider' is no group of the codebook"):
        group_members(survey, "provider")
    with pytest.raises(SpecificationError, match="there are none"):
        group_members(load_survey("ecsi_mobile"), "age")


def test_weights_of_the_survey_weigh_every_model_and_index(mobile: tuple[Survey, Specification]) -> None:
    survey, specification = mobile
    w = whole_weights(survey.items)
    keys = pd.Series(pd.Categorical(["a"] * 130 + ["b"] * 80 + ["few"] * 40), index=survey.items.index)
    complete = handle_missing(survey.items[specification.items], "listwise")
    found = segment_models(specification, replace(survey, weights=w), complete, keys, 20, 1)
    again = survey.items.index.repeat(w)
    repeated = survey.items.loc[again].reset_index(drop=True)
    many = replace(survey, items=repeated)
    whole = handle_missing(repeated[specification.items], "listwise")
    # the respondents needed are counted, and 40 respondents repeated would be enough
    expected = segment_models(specification, many, whole, keys.loc[again].reset_index(drop=True), 20, 1)
    few = expected.paths["segment"] != "few"
    np.testing.assert_allclose(found.paths["estimate"], expected.paths["estimate"][few], atol=1e-10)
    np.testing.assert_allclose(found.index["estimate"], expected.index["estimate"], atol=1e-9)
    assert found.small == {"few": 40}
    assert found.index["respondents"].tolist() == [250, 130, 80, 40] * 2
