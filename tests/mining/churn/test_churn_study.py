"""What a churn study judges of its leader, its money and its warnings, each against the tables it comes from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from leaving_cases import leaving_buyers
from rhythm_cases import shop

from crmresearch.caution import Caution
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.mining.churn.churn import churn_warning
from crmresearch.mining.churn.churn_study import ChurnStudy, OfferMoney
from crmresearch.mining.churn.retention_offer import Offer
from crmresearch.mining.churn.warners import NAIVE

HORIZON = 120


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> ChurnStudy:
    folder = shop(tmp_path_factory.mktemp("study") / "leaving", leaving_buyers(900, 730, seed=3)[0])
    transactions = load_transactions(str(folder))
    warning = churn_warning(transactions, HORIZON, seed=1)
    return ChurnStudy(transactions, warning, Offer(1.0, 0.1), 0.3, resamples=20, seed=1)


def as_led(study: ChurnStudy, leader: str) -> ChurnStudy:
    """The same study as if another warner led."""
    other = replace(study)
    other.__dict__["leader"] = leader
    return other


def test_the_row_of_the_leader_and_those_it_is_not_told_apart_from(study: ChurnStudy) -> None:
    assert study.leader not in study.rivals
    assert {study.leader, *study.rivals} == set(study.alike)
    row = study.of_leader(study.scores)
    assert row["auc"] == study.scores.query("warner == @study.leader")["auc"].item()
    rows = study.calibration["warner"] == study.leader
    assert len(study.leader_calibration) == rows.sum()
    assert study.leader_calibration["customers"].sum() == len(study.check.customers)


def test_nothing_is_better_only_where_silence_leads_at_a_check(study: ChurnStudy) -> None:
    assert as_led(study, NAIVE).nothing_better
    assert not as_led(study, "logistic").nothing_better
    unchecked = as_led(replace(study, warning=replace(study.warning, check=None)), NAIVE)
    assert not unchecked.nothing_better
    assert (unchecked.unpaid, unchecked.foreseen, unchecked.rivals) == ("no_check", False, [])


def test_p_alive_is_beaten_only_beyond_chance_and_where_both_are_listed(study: ChurnStudy) -> None:
    assert as_led(study, "p_alive").beats_p_alive is None
    assert as_led(study, "logistic").beats_p_alive == ("p_alive" not in study.alike)


def test_losses_are_foreseen_where_the_leader_warns_of_half(study: ChurnStudy) -> None:
    lead = study.lead
    last = lead.curve[lead.curve["weeks"] == lead.curve["weeks"].min()].set_index("warner")
    rows = lead.summary.set_index("warner")
    np.testing.assert_array_equal(rows["warned_lower"], last.loc[rows.index, "ci_lower"])
    np.testing.assert_array_equal(rows["warned_upper"], last.loc[rows.index, "ci_upper"])
    for name, warned in rows["warned"].items():
        assert as_led(study, name).foreseen == (warned >= 0.5)
        assert (name in lead.never) == (warned == 0)
    assert lead.ranked["lead"].is_monotonic_decreasing


def test_why_there_is_no_money(study: ChurnStudy) -> None:
    assert study.unpaid is None
    assert study.called == (study.customers["gain"] >= 0).sum()
    valueless = replace(study)
    valueless.__dict__["value"] = None
    assert (valueless.unpaid, valueless.called) == ("no_money", None)
    bare = replace(study.check, probabilities=study.check.probabilities.drop(columns=study.leader))
    without = as_led(replace(study, warning=replace(study.warning, check=bare)), study.leader)
    assert without.unpaid == "no_risk"


@pytest.mark.parametrize(
    ("customers", "rounds", "needed"),
    [(np.inf, np.nan, None), (100, 1, "one"), (100, 2, "several"), (100, np.nan, "endless")],
)
def test_how_many_lists_a_test_takes(customers: float, rounds: float, needed: str | None) -> None:
    rows = {"outcome": ["churned", "profit"], "customers": [customers, 7.0], "rounds": [rounds, 1.0]}
    money = OfferMoney(pd.Series(dtype=float), None, pd.DataFrame(rows))
    assert money.lists_needed == needed
    assert money.test["in_money"] == 7


def test_cautions_of_level_of_who_is_left_out_and_of_nobody(study: ChurnStudy) -> None:
    codes = {one.code for one in study.cautions}
    row = study.calibrated
    assert bool(codes & {"too_low", "too_high"}) == (not row["ci_lower"] <= 0 <= row["ci_upper"])
    low = replace(study.check, probabilities=study.check.probabilities / 10)
    one = as_led(replace(study, warning=replace(study.warning, check=low)), study.leader).cautions
    told = next(caution for caution in one if caution.code == "too_low")
    assert told.facts["came"] == pytest.approx(study.check.churned.mean())
    assert told.facts["foretold"] == pytest.approx(study.check.probabilities[study.leader].mean() / 10)
    assert told.quantity == study.leader
    out = Caution("failed", "weak", "trees", {"reason": "so"})
    then = replace(study.check, warners=replace(study.check.warners, left_out=(out,)))
    found = as_led(replace(study, warning=replace(study.warning, check=then)), study.leader).cautions
    assert ("unchecked", "trees") in {(one.code, one.quantity) for one in found}
    nobody = replace(study.warning.today, customers=study.warning.today.customers.iloc[:0])
    emptied = as_led(replace(study, warning=replace(study.warning, today=nobody)), study.leader)
    assert "nobody" in {one.code for one in emptied.cautions}
