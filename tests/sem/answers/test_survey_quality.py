"""What is judged of a survey's answers, against counts by hand."""

import dataclasses

import numpy as np
import pytest

from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.sem.answers.survey_quality import SurveyQuality, survey_quality


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey("ecsi_mobile")


@pytest.fixture(scope="module")
def found(survey: Survey) -> SurveyQuality:
    return survey_quality(survey)


def test_what_is_judged_is_what_is_counted(survey: Survey, found: SurveyQuality) -> None:
    answers = found.items
    shares = (answers == 10).mean()
    ceiling = found.at_an_end["ceiling"]
    assert set(ceiling["item"]) == set(shares.index[shares > 0.15])
    assert ceiling["share"].is_monotonic_decreasing
    assert found.at_an_end["floor"].empty
    same = (survey.as_asked[answers.columns].nunique(axis=1) == 1).sum()
    assert (found.alike["count"], found.alike["share"]) == (same, same / 250)
    assert found.counted == {"respondents": 250, "items": 24, "share": 0.0}
    assert (found.adequacy, found.inadequate, found.normal) == ("meritorious", [], False)
    assert set(found.weak["item"]) == {row.item for row in found.distributions.itertuples() if row.item_rest < 0.3}


def test_gaps_are_at_random_unless_contradicted(survey: Survey, found: SurveyQuality) -> None:
    assert found.random_gaps is None
    rng = np.random.default_rng(5)
    gaps = survey.items.mask(rng.random(survey.items.shape) < 0.02)
    assert survey_quality(dataclasses.replace(survey, items=gaps)).random_gaps is True
    low = survey.items["CUSA1"] < survey.items["CUSA1"].median()
    chosen = survey.items.assign(CUSL1=survey.items["CUSL1"].mask(low & (rng.random(len(low)) < 0.5)))
    assert survey_quality(dataclasses.replace(survey, items=chosen)).random_gaps is False


def test_what_is_not_tested_is_neither_so_nor_not_so(survey: Survey) -> None:
    constant = survey_quality(dataclasses.replace(survey, items=survey.items.assign(CUSA1=5.0)))
    assert (constant.adequacy, constant.inadequate, constant.normal) == (None, [], None)
    assert constant.why_not("normality")
