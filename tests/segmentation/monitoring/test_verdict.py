"""Refit, alarm and shares of segments follow the last cut-off, on windows made by hand."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.monitoring.ageing import Ageing
from crmresearch.segmentation.monitoring.monitor import Monitoring
from crmresearch.segmentation.monitoring.verdict import action, drift_alarm, refit_decision, segment_shares

FIRST, LAST = date(2020, 1, 1), date(2020, 1, 1) + timedelta(days=91)


def followed(**last: object) -> Monitoring:
    """Two segments, half of the customers each; at the last cut-off 90 % of them in q2, all in it if learned anew."""
    row = {"cutoff": LAST, "customers": 1000, "psi": 0.3, "r2_frozen": 0.1, "difference": 0.0, "lower": -0.1,
           "upper": 0.1, "small": "", "reason": "none"} | last  # fmt: skip
    start = {"cutoff": FIRST, "customers": 1000, "psi": 0.0, "r2_frozen": 0.1, "small": "", "reason": "none"}
    shares = [
        (FIRST, "frozen", "q1", 500, 0.5),
        (FIRST, "frozen", "q2", 500, 0.5),
        (LAST, "frozen", "q1", 100, 0.1),
        (LAST, "frozen", "q2", 900, 0.9),
        (LAST, "refitted", "q1", 0, 0.0),
        (LAST, "refitted", "q2", 1000, 1.0),
    ]
    none = pd.DataFrame()
    return Monitoring(
        method=QuantileSegments("feature", 2),
        step=91,
        margin=0.01,
        windows=pd.DataFrame([start, row]),
        shares=pd.DataFrame(shares, columns=["cutoff", "segmentation", "segment", "customers", "share"]),
        transitions=none,
        features=none,
        moves=none,
        ranks=pd.DataFrame({"segment": ["q2", "q1"], "rank": [1, 2]}),
        assigned=none,
    )


def grown_older(upper: float = 0.2, unexplained: float = 0.3, alarm: bool = True) -> Ageing:
    shares = {"cutoff": LAST, "segment": ["q1", "q2"], "first": 0.5, "lower": [0.15, 0.6], "upper": [upper, 0.8]}
    drift = {"cutoff": [LAST], "unexplained": unexplained, "chance": 0.1, "alarm": alarm}
    frame = pd.DataFrame(shares).assign(observed=[0.1, 0.9])
    return Ageing(None, 20, frame, pd.DataFrame(drift))  # type: ignore[arg-type]


def test_a_loss_is_told_before_a_size_and_a_size_before_nothing() -> None:
    assert refit_decision(followed(reason="loss", small="q1"), None) == "loss"
    assert refit_decision(followed(small="q1"), None) == "size"
    assert refit_decision(followed(small="q1", lower=0.01), None) == "size_only"
    assert refit_decision(followed(), None) == "none"


def test_what_growing_older_empties_is_told_apart() -> None:
    small = followed(small="q1")
    assert refit_decision(small, grown_older(upper=0.2)) == "size"
    assert refit_decision(small, grown_older(upper=0.005)) == "size_aged"


def test_without_a_test_nothing_is_cleared() -> None:
    assert refit_decision(followed(difference=np.nan), None) == "untested"
    untested = followed(r2_frozen=np.nan)
    assert untested.tested is None
    assert refit_decision(untested, None) == "untested"
    assert refit_decision(followed(r2_frozen=np.nan, small="q1"), grown_older(upper=0.005)) == "size"


def test_the_alarm_is_that_of_chance_or_else_of_the_convention() -> None:
    assert drift_alarm(followed(), grown_older()) == "yes"
    assert drift_alarm(followed(), grown_older(unexplained=0.05)) == "segments"
    assert drift_alarm(followed(), grown_older(alarm=False)) == "no"
    assert drift_alarm(followed(), None) == "convention_yes"
    assert drift_alarm(followed(psi=0.25), None) == "convention_no"


def test_segments_outside_their_interval_come_widest_first() -> None:
    outside = grown_older().outside(LAST)
    assert list(outside["segment"]) == ["q2", "q1"]
    assert list(outside["gap"]) == pytest.approx([0.1, -0.05])
    inside = replace(grown_older(), shares=grown_older().shares.assign(observed=[0.2, 0.6]))
    assert inside.outside(LAST).empty


def test_shares_of_segments_then_expected_and_now() -> None:
    alone = segment_shares(followed(), None).set_index("segment")
    assert list(alone.columns) == ["rank", "first", "frozen_share", "refitted_share"]
    assert alone.loc["q2"].tolist() == [1, 0.5, 0.9, 1.0]
    known = segment_shares(followed(), grown_older())
    assert list(known["segment"]) == ["q2", "q1"]
    assert "frozen_share" not in known  # all are customers of the first cut-off: observed says it
    assert list(known["expected_share_upper"]) == [0.8, 0.2]
    joined = segment_shares(followed(customers=1200), grown_older())
    assert list(joined["frozen_share"]) == [0.9, 0.1]
    untaught = followed()
    frozen = untaught.shares.query("segmentation == 'frozen'")
    assert segment_shares(replace(untaught, shares=frozen), None)["refitted_share"].isna().all()


@pytest.mark.parametrize(
    ("last", "ageing", "expected"),
    [
        ({"reason": "loss"}, None, "refit"),
        ({"small": "q1"}, grown_older(), "refit"),
        ({"small": "q1"}, grown_older(upper=0.001, unexplained=0.05), "drop"),
        ({"small": "q1", "lower": 0.01}, grown_older(unexplained=0.05), "drop"),
        ({}, grown_older(unexplained=0.3), "look"),
        ({}, grown_older(unexplained=0.05), "keep"),  # beyond chance, but small, and no foresight is lost
        ({}, grown_older(unexplained=0.3, alarm=False), "keep"),
        ({"psi": 0.3}, None, "look"),
        ({"psi": 0.2}, None, "keep"),
    ],
)
def test_one_action_follows_from_both_verdicts(last: dict[str, object], ageing: Ageing | None, expected: str) -> None:
    assert action(followed(**last), ageing) == expected
