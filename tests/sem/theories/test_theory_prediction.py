"""Theories are held out on the same folds: CVPAT of each pair, and a best one only where it is shown."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from theory_cases import survey_of, theory

from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.models.theory import load_theory
from crmresearch.sem.pls.prediction.cvpat import cvpat
from crmresearch.sem.theories.theory_comparison import compare_theories
from crmresearch.sem.theories.theory_prediction import TheoryPrediction


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey("ecsi_mobile")


@pytest.fixture(scope="module")
def found(survey: Survey) -> TheoryPrediction:
    theories = [load_theory(key) for key in ("scsb", "acsi", "ecsi")]
    return TheoryPrediction(compare_theories(theories, survey, resamples=100, seed=3))


def test_pairs_are_those_of_cvpat(found: TheoryPrediction) -> None:
    held = found.predictions
    assert all((one.folds == held["acsi"].folds).all() for one in held.values())
    for row in found.differences.itertuples():
        test = cvpat(held[row.theory], held[row.other], resamples=0).set_index("construct").loc[row.aim]
        ours = [row.difference, row.ci_lower, row.ci_upper, row.t, row.p_value]
        np.testing.assert_allclose(ours, test[["difference", "ci_lower", "ci_upper", "t", "p_value"]].astype(float))
        assert row.difference <= 0
    for row in found.foreseen.itertuples():
        tests = cvpat(held[row.theory], resamples=0).query("construct == @row.aim").set_index("against")
        assert row.loss == tests.loc["mean", "loss"]
        np.testing.assert_allclose(row.q2_predict, 1 - row.loss / row.loss_mean)
        assert (row.mean == "wins") == (tests.loc["mean", "ci_upper"] < 0)


def simulated(survey: Survey, weights: dict[str, float]) -> TheoryPrediction:
    rng = np.random.default_rng(8)
    causes = {key: rng.normal(size=300) for key in weights}
    made = sum(weight * causes[key] for key, weight in weights.items()) + 0.7 * rng.normal(size=300)
    sample = survey_of(survey, {**causes, "satisfaction": np.asarray(made)}, rng)
    theories = [theory("one", ["x"]), theory("other", ["z"])]
    return TheoryPrediction(compare_theories(theories, sample, resamples=100, seed=1))


def test_the_better_one_is_found_and_equals_are_not_told_apart(survey: Survey) -> None:
    clear = simulated(survey, {"x": 0.8, "z": 0.1})
    assert clear.alike("satisfaction") == ["one"]
    assert clear.differences["theory"].tolist() == ["one"]
    even = simulated(survey, {"x": 0.5, "z": 0.5})
    assert set(even.alike("satisfaction")) == {"one", "other"}
    assert clear.losses["loyalty"].empty
    assert clear.alike("loyalty") == []


def test_gaps_filled_with_means_are_filled_anew_in_every_fold(survey: Survey) -> None:
    items = survey.items.mask(np.random.default_rng(1).random(survey.items.shape) < 0.03)
    holed = replace(survey, items=pd.DataFrame(items))
    theories = [load_theory(key) for key in ("scsb", "acsi")]
    found = TheoryPrediction(compare_theories(theories, holed, missing="mean", resamples=50, seed=1))
    assert (
        np.isnan(found.predictions["acsi"].answers).sum() == items[found.predictions["acsi"].names].isna().sum().sum()
    )
    assert found.foreseen.notna().all().all()
