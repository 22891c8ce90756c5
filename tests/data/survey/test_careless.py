"""Careless respondents: distances against scipy, flags of planted ones, counts by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import mahalanobis
from scipy.stats import chi2

from crmresearch.data.survey.careless import careless_respondents, looks_careless, screened
from crmresearch.data.survey.survey import load_survey
from crmresearch.errors import EstimationError


def answers(n: int = 400, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    made = np.clip(np.rint(6 + 2 * (0.8 * common + 0.6 * rng.normal(size=(n, 12)))), 1, 10)
    return pd.DataFrame(made, columns=[f"Q{i}" for i in range(12)])


def test_distances_are_those_of_scipy() -> None:
    items = pd.DataFrame(np.random.default_rng(5).normal(size=(80, 4)), columns=list("abcd"))
    found = careless_respondents(items)
    assert (found["flag"] == "none").all()
    inverse, mean = np.linalg.inv(np.cov(items.T)), items.mean()
    by_scipy = [mahalanobis(row, mean, inverse) ** 2 for row in items.to_numpy()]
    assert found["distance"].to_list() == pytest.approx(by_scipy)
    assert found["p_value"].to_numpy() == pytest.approx(chi2.sf(by_scipy, 4))


def test_who_is_flagged_does_not_hide_others() -> None:
    items = answers()
    items.loc[:39] = np.random.default_rng(2).integers(1, 11, size=(40, 12))
    found = careless_respondents(items)
    of_all = np.linalg.inv(np.cov(items.T))
    hidden = [chi2.sf(mahalanobis(items.loc[row], items.mean(), of_all) ** 2, 12) >= 0.001 for row in range(40)]
    assert (found["flag"][:40] == "none").sum() < sum(hidden)


def test_planted_respondents_are_flagged_and_few_others() -> None:
    items = answers()
    rng = np.random.default_rng(2)
    items.loc[:9] = np.repeat(rng.integers(1, 11, size=(10, 1)), 12, axis=1)
    items.loc[10:29] = rng.integers(1, 11, size=(20, 12))
    flags = careless_respondents(items)["flag"]
    assert (flags[:10] == "straight").all()
    assert (flags[10:30] == "random").mean() >= 0.9
    assert (flags[30:] != "none").mean() < 0.02
    planted = pd.Series(["straight"] * 10 + ["random"] * 20 + ["attentive"] * 370)
    table = screened(flags, planted).set_index("kind")
    assert table.loc["straight"].tolist() == [10, 10, 370, 0]
    assert table.loc["random", "found"] == (flags[10:30] != "none").sum()
    assert table.loc["random", "false"] == (flags[30:] == "random").sum()


def test_gaps_and_another_scale_do_not_disturb() -> None:
    items = answers().assign(YES=np.tile([0.0, 1.0], 200))
    items.loc[0] = [*[7.0] * 12, 1.0]  # one answer to everything that has the scale
    items.loc[1, "Q3"] = np.nan
    bounds = pd.DataFrame({"min": [1] * 12 + [0], "max": [10] * 12 + [1]}, index=items.columns)
    found = careless_respondents(items, bounds)
    assert found["flag"][0] == "straight"
    assert np.isfinite(found["distance"]).all()
    assert careless_respondents(items)["flag"][0] != "straight"


def test_too_few_respondents_are_refused() -> None:
    with pytest.raises(EstimationError, match="13 respondents are too few to judge 12 items together; 14 are needed"):
        careless_respondents(answers(13))


def test_of_a_survey_those_flagged_look_careless_and_of_too_few_nobody() -> None:
    survey = load_survey("ecsi_mobile")
    found = looks_careless(survey)
    flags = careless_respondents(survey.as_asked, survey.bounds)["flag"]
    assert found.tolist() == (flags != "none").tolist()
    few = dataclasses.replace(survey, items=survey.items.iloc[:20])
    assert not looks_careless(few).any()
    assert len(looks_careless(few)) == 20
