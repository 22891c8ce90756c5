"""Checks of a model from the front door: an estimate and its model with answers say the same; mistakes are told."""

from typing import Any

import pandas as pd
import pytest

import crmresearch as crm
from crmresearch.errors import EstimationError, ParameterError

TEXT = """
  quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4
  satisfaction =~ CUSA1 + CUSA2 + CUSA3
  loyalty =~ CUSL1 + CUSL3
  satisfaction ~ quality
  loyalty ~ satisfaction
"""
CHECKS = ("tetrads", "copulas", "overfit", "mediator_prediction", "congruence")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return crm.load_survey("ecsi_mobile").items


def tables(name: str, *model: Any, **options: Any) -> list[pd.DataFrame]:
    drawn = {} if name == "mediator_prediction" else {"resamples": 20}
    found = getattr(crm, name)(*model, **drawn, **options)
    return [found] if isinstance(found, pd.DataFrame) else list(found)


@pytest.mark.parametrize("name", CHECKS)
def test_an_estimate_and_its_model_with_answers_say_the_same(name: str, frame: pd.DataFrame) -> None:
    of_estimate = tables(name, crm.estimate_pls(TEXT, frame))
    of_model = tables(name, TEXT, frame)
    for one, other in zip(of_estimate, of_model, strict=True):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("name", CHECKS)
def test_mistakes_are_told(name: str, frame: pd.DataFrame) -> None:
    gap = frame.mask((frame.index == 3).repeat(frame.shape[1]).reshape(frame.shape))
    with pytest.raises(EstimationError, match="1 of 250 rows"):
        tables(name, TEXT, gap)
    assert tables(name, TEXT, gap, missing="listwise")
    with pytest.raises(ParameterError, match="needs its data"):
        tables(name, TEXT)
    with pytest.raises(ParameterError, match=f"{name} is of"):
        tables(name, frame)
    with pytest.raises(ParameterError, match="confidence"):
        tables(name, TEXT, frame, confidence=1.5)
