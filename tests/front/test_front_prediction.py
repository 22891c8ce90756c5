"""Effects and prediction from the front door: an estimate, or a model and a frame, and one sentence for a mistake."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmresearch as crm
from crmresearch.errors import EstimationError, ParameterError

TEXT = "qua =~ PERQ1 + PERQ2 + PERQ3\nsat =~ CUSA1 + CUSA2 + CUSA3\nloy =~ CUSL1 + CUSL3\nsat ~ qua\nloy ~ sat + qua"
RIVAL = "val =~ PERV1 + PERV2\nsat =~ CUSA1 + CUSA2 + CUSA3\nloy =~ CUSL1 + CUSL3\nsat ~ val\nloy ~ sat"


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return crm.load_survey("ecsi_mobile").items


@pytest.fixture(scope="module")
def holed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.mask(np.random.default_rng(1).random(frame.shape) < 0.02)


def test_a_model_and_a_frame_give_what_their_estimate_gives(frame: pd.DataFrame) -> None:
    estimate = crm.estimate_pls(TEXT, frame)
    pd.testing.assert_frame_equal(crm.plspredict(TEXT, frame).items, crm.plspredict(estimate).items)
    pd.testing.assert_frame_equal(crm.cvpat(TEXT, data=frame), crm.cvpat(estimate))
    pd.testing.assert_frame_equal(crm.cvpat(TEXT, RIVAL, frame), crm.cvpat(estimate, crm.estimate_pls(RIVAL, frame)))
    booted = crm.bootstrap(estimate, resamples=60, seed=2)
    options: dict[str, Any] = {"resamples": 60, "seed": 2}
    for of in (crm.effects, crm.mediation, crm.simple_slopes):
        pd.testing.assert_frame_equal(of(TEXT, frame, **options), of(booted))


def test_the_survey_brings_its_weights(frame: pd.DataFrame) -> None:
    survey = crm.load_survey("ecsi_mobile")
    weights = pd.Series(np.random.default_rng(3).uniform(0.5, 2, len(frame)), frame.index)
    own = crm.plspredict(TEXT, replace(survey, weights=weights)).items
    pd.testing.assert_frame_equal(own, crm.plspredict(TEXT, frame, weights=weights).items)
    assert not np.allclose(own["rmse"], crm.plspredict(TEXT, frame).items["rmse"])


def test_means_are_filled_in_within_the_rows_learned_from(holed: pd.DataFrame) -> None:
    within = crm.plspredict(TEXT, holed, missing="mean").items
    before = crm.plspredict(crm.estimate_pls(TEXT, holed, missing="mean")).items
    assert within.notna().all().all()
    assert (within["rmse"] > before["rmse"]).mean() > 0.5  # filled answers are easily foreseen
    assert crm.cvpat(TEXT, RIVAL, holed, missing="mean")["rows"].between(240, 250).all()


def test_rivals_share_the_rows_complete_in_both(holed: pd.DataFrame) -> None:
    items = [*crm.model(TEXT).items, *crm.model(RIVAL).items]
    rows = len(holed.dropna(subset=list(dict.fromkeys(items))))
    labels = np.arange(len(holed)) % 5
    found = crm.cvpat(TEXT, RIVAL, holed, missing="listwise", folds=labels, weights=np.linspace(1, 2, len(holed)))
    assert set(found["rows"]) == {rows}
    assert set(found["construct"]) == {"sat", "loy", "overall"}
    with pytest.raises(EstimationError, match='pass missing="listwise"'):
        crm.cvpat(TEXT, RIVAL, holed)


def test_labels_of_rows_that_came_in(holed: pd.DataFrame) -> None:
    labels = np.arange(len(holed)) % 4
    by_place = crm.plspredict(TEXT, holed, missing="listwise", folds=labels)
    by_name = crm.plspredict(TEXT, holed, missing="listwise", folds=pd.Series(labels, holed.index))
    pd.testing.assert_frame_equal(by_place.items, by_name.items)
    kept = holed.index.isin(by_place.index)
    np.testing.assert_array_equal(by_place.folds[0], pd.factorize(labels[kept])[0])


def test_names_may_be_anything(frame: pd.DataFrame) -> None:
    odd = {"PERQ1": "q {1}", "CUSA1": "满意", "CUSL1": "<b>"}
    named = frame.rename(columns=odd)
    spec = crm.bind("acsi", {"expectation": ["CUEX1"], "quality": ["q {1}"], "value": ["PERV1"],
                             "satisfaction": ["满意"], "complaints": ["CUSCO"], "loyalty": ["<b>"]})  # fmt: skip
    assert {"q {1}", "满意", "<b>"} <= set(crm.plspredict(spec, named).items["item"])
    assert crm.cvpat(spec, data=named)["t"].notna().all()


def test_mistakes_are_told(frame: pd.DataFrame) -> None:
    estimate, structure = crm.estimate_pls(TEXT, frame), crm.estimate_cbsem(TEXT, frame)
    with pytest.raises(ParameterError, match="plspredict is of a PLS estimate, not of a covariance structure"):
        crm.plspredict(structure)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="simple_slopes is of a PLS estimate"):
        crm.simple_slopes(structure)
    with pytest.raises(ParameterError, match="effects of an estimate takes no data, missing"):
        crm.effects(estimate, frame, missing="mean")
    with pytest.raises(ParameterError, match="plspredict of a model needs its data"):
        crm.plspredict(TEXT)
    with pytest.raises(ParameterError, match="cvpat is of an estimate, or of a model and its data, not of a int"):
        crm.cvpat(3)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="folds=300 is impossible with 250 rows"):
        crm.plspredict(estimate, folds=300)
    with pytest.raises(ParameterError, match="not held out on the same respondents"):
        crm.cvpat(estimate, crm.estimate_pls(RIVAL, frame.iloc[:200]))
    with pytest.raises(ParameterError, match="resamples must be 2 or more"):
        crm.effects(estimate, resamples=1)
