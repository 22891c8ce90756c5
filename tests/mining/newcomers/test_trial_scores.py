"""What a tested trial says of its rivals, by hand: which leads and how, whether by much, and how right the sum is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmresearch.mining.newcomers import trial_scores
from crmresearch.mining.newcomers.foretell import RIVALS
from crmresearch.mining.newcomers.schedule import Trial

EVERYBODY = np.ones(40, dtype=bool)


@pytest.fixture
def tested() -> trial_scores.Tested:
    spend = pd.Series(np.arange(40.0))
    foretold = pd.DataFrame(dict.fromkeys(RIVALS, spend))
    sums = {"expected": [780, 780, 780, 936, 975.0], "actual": 780.0}
    scores = pd.DataFrame({"method": RIVALS, "gini": [0.0, 0.5, 0.3, 0.54, 0.6], **sums})
    trial, active = Trial("later", 60, EVERYBODY, EVERYBODY), 1.0 * (spend > 9)
    return trial_scores.Tested(trial, scores, (), foretold, foretold / 40, spend, active, {})


@pytest.mark.parametrize(
    ("alike", "verdict", "worse", "hardly"),
    [
        (("mean", "first_spend"), "nothing", ["bg_nbd", "two_part", "boosted"], None),
        (("first_spend", "boosted"), "simple", ["bg_nbd", "two_part"], None),
        (("two_part", "boosted"), "alike", ["first_spend", "bg_nbd"], 0.5),
        (("boosted",), "alone", ["first_spend", "bg_nbd", "two_part"], None),
    ],
)
def test_how_the_lead_leads(
    tested: trial_scores.Tested, alike: tuple[str, ...], verdict: str, worse: list[str], hardly: float | None
) -> None:
    one = replace(tested, alike=alike)
    assert (one.verdict, list(one.worse.index), one.hardly) == (verdict, worse, hardly)
    assert one.used == (one.lead or "mean")
    assert one.best["gini"] == dict(zip(RIVALS, tested.scores["gini"], strict=True))[one.used]


def test_how_right_the_money_is(tested: trial_scores.Tested) -> None:
    right = replace(tested, alike=("first_spend",))
    assert right.money == {"expected": 780, "actual": 780, "off": 0, "held": 10, "groups": 10}
    assert not replace(tested, alike=("two_part",)).too_high  # a fifth above is not more than a fifth
    assert replace(tested, alike=("boosted",)).too_high
    nothing = replace(right, scores=right.scores.assign(actual=0.0), spend=0 * right.spend)
    assert np.isnan(nothing.money["off"])
    assert not nothing.too_high


def test_lift_and_chances_are_of_the_lead_and_empty_where_nothing_can_be_told(tested: trial_scores.Tested) -> None:
    lead = replace(tested, alike=("first_spend",))
    assert lead.lift(20, 1)["captured"].iloc[2] == pytest.approx(sum(range(32, 40)) / 780)  # of the first fifth
    assert lead.chance_scores.set_index("measure")["estimate"]["auc"] == 1
    assert tested.used == "mean"
    assert tested.lift(20, 1).empty
    assert replace(lead, spend=0 * lead.spend).lift(20, 1).empty
    assert replace(lead, active=0 * lead.active).chance_scores.empty
