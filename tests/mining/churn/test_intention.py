"""Satisfaction and stated intention: against numpy, with weights, and what is left out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.errors import ParameterError
from crmresearch.mining.churn.intention import stated_intention


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey("ecsi_mobile")


def test_correlations_are_pearsons_with_the_mean_of_the_items(survey: Survey) -> None:
    table = stated_intention(survey, resamples=100).set_index("item")
    score = survey.items[["CUSA1", "CUSA2", "CUSA3"]].mean(axis=1)
    for item in ("CUSL1", "CUSL2", "CUSL3"):
        r = np.corrcoef(score, survey.items[item])[0, 1]
        assert table.loc[item, "correlation"] == pytest.approx(r, abs=1e-12)
        assert table.loc[item, "ci_lower"] < r < table.loc[item, "ci_upper"]
    assert table.loc["CUSL2", "ci_lower"] < 0  # price tolerance is not shown to go with satisfaction


def test_weights_count_respondents_as_often(survey: Survey) -> None:
    twice = np.arange(survey.respondents) % 2
    weights = pd.Series(1.0 + twice, survey.items.index)
    weighed = stated_intention(replace(survey, weights=weights / weights.mean()), resamples=20)
    rows = np.repeat(np.arange(survey.respondents), 1 + twice)
    copied = replace(survey, items=survey.items.iloc[rows].reset_index(drop=True))
    np.testing.assert_allclose(weighed["correlation"], stated_intention(copied, resamples=20)["correlation"])


def test_constants_few_answers_and_gaps_leave_rows_out(survey: Survey) -> None:
    items = survey.items.copy()
    items["CUSL1"] = 7.0
    items.loc[items.index[19:], "CUSL3"] = np.nan
    items.loc[items.index[:5], "CUSA1"] = np.nan
    table = stated_intention(replace(survey, items=items), resamples=20)
    assert table[["item", "respondents"]].to_numpy().tolist() == [["CUSL2", 245]]


def test_the_cost_of_switching_is_asked_too() -> None:
    table = stated_intention(load_survey("corporate_reputation"), resamples=20)
    assert set(table["construct"]) == {"cusl", "switching_cost"}


def test_a_survey_without_loyalty_says_so(survey: Survey) -> None:
    constructs = {key: items for key, items in survey.codebook.constructs.items() if key != "loyalty"}
    other = replace(survey, codebook=survey.codebook.model_copy(update={"constructs": constructs}))
    with pytest.raises(ParameterError, match="no items of loyalty"):
        stated_intention(other)
