"""The strategy of all segments: the same on any scale of the items, refused where it cannot be, told apart or not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.errors import ParameterError
from crmresearch.models.specification import Specification, bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.importance import Importance, importance_performance
from crmresearch.strategy.decisions import Rule
from crmresearch.strategy.strategy import REPORTED, Strategy, strategy_of


@pytest.fixture(scope="module")
def mobile() -> tuple[Survey, Specification]:
    survey = load_survey("ecsi_mobile")
    return survey, bind(load_theory("ecsi"), survey.codebook)


def drivers_of(survey: Survey, specification: Specification) -> Importance:
    """By halves of the file."""
    segments = pd.Series(pd.Categorical(["a"] * 125 + ["b"] * 125), index=survey.items.index)
    complete = handle_missing(survey.items[specification.items], "listwise")
    return importance_performance(specification, survey, complete, segments, resamples=100, seed=1)


def told(drivers: Importance, rule: Rule | None = None) -> Strategy:
    return strategy_of(drivers, dict.fromkeys(drivers.factors), rule=rule)


def test_decisions_do_not_change_with_the_scale_of_the_items(mobile: tuple[Survey, Specification]) -> None:
    survey, specification = mobile
    rule = Rule(importance_cut=0.2, performance_cut=73, relevant=0.3)
    known = told(drivers_of(survey, specification), rule)
    assert len(known.decided) > 0
    codebook = survey.codebook
    items = {
        key: item.model_copy(update={"min": 10 * item.min - 3, "max": 10 * item.max - 3})
        for key, item in codebook.items.items()
    }
    other = replace(survey, items=10 * survey.items - 3, codebook=codebook.model_copy(update={"items": items}))
    again = told(drivers_of(other, specification), rule)
    pd.testing.assert_frame_equal(again.decisions, known.decisions)
    one = again.gains["gain"] * 10  # a point of that scale is a tenth
    np.testing.assert_allclose(one, known.gains["gain"])


def test_gains_plans_and_forecasts_tell_of_the_same_points(mobile: tuple[Survey, Specification]) -> None:
    drivers = drivers_of(*mobile)
    found = told(drivers)
    assert found.reported.columns.tolist() == REPORTED
    by_factor = found.gains.pivot(index=["segment", "aim"], columns="factor", values="gain")[drivers.factors]
    for segment in drivers.segments:
        plan = found.plans[segment].table.set_axis(drivers.factors)
        np.testing.assert_allclose(plan["per_cost"], by_factor.loc[(segment, "satisfaction")])
        assert plan["points"].sum() == pytest.approx(2)
        for aim in drivers.aims:
            rows = found.raised.query("segment == @segment and aim == @aim").set_index("factor")["estimate"]
            np.testing.assert_allclose(rows[drivers.factors] - rows[""], by_factor.loc[(segment, aim)])
    assert found.room.shape == (3, 2, 4)
    np.testing.assert_allclose(found.room.sum(axis=1), 9)  # down and up make the scale


def test_what_leads_is_named_unless_most_may(mobile: tuple[Survey, Specification]) -> None:
    drivers = drivers_of(*mobile)
    sizes = np.tile(np.array([0.5, 0.45, 0.2, 0.1])[:, None], (3, 1, 2))
    noise = np.random.default_rng(1).normal(size=(*sizes.shape, 100))

    def leading(wide: float) -> list[str]:
        made = replace(drivers, importance=sizes, importance_draws=sizes[..., None] + wide * noise)
        return told(made).leading("a")

    assert leading(0.001) == ["image"]
    assert leading(0.05) == ["image", "expectation"]
    assert leading(1) == []


def test_what_no_strategy_can_be_made_of_is_said(mobile: tuple[Survey, Specification]) -> None:
    drivers = drivers_of(*mobile)
    with pytest.raises(ParameterError, match="aim 'profit' is not in this model; it has satisfaction, loyalty"):
        strategy_of(drivers, {}, aim="profit")
    with pytest.raises(ParameterError, match="`most` is 0"):
        strategy_of(drivers, {}, most=0)
    with pytest.raises(ParameterError, match="'qualty', which is no factor here"):
        strategy_of(drivers, {}, costs={"qualty": 2})
