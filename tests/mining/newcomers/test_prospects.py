"""Prospects of shops of known truth: found and calibrated, not claimed where there is none, blind for what comes."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from simulated_newcomers import DAYS, LAST, shop

import crmresearch as crm
from crmresearch.errors import DataError, ParameterError
from crmresearch.mining.newcomers.foretell import MEAN, RIVALS
from crmresearch.mining.newcomers.prospects import Prospects, _signs

HOW = {"horizon": 60, "resamples": 40, "last_day": LAST}


@pytest.fixture(scope="module")
def found() -> Prospects:
    return crm.prospects(shop(1, 1500), **HOW)


def test_a_first_basket_that_tells_is_found_out_of_time(found: Prospects) -> None:
    one = found.trials[0]
    assert (one.trial.kind, one.trial.horizon) == ("later", 60)
    assert one.lead in RIVALS[1:]
    row = one.scores.set_index("method").loc[one.lead]
    assert row["gini_lower"] > 0
    assert row["capture_lower"] > 0.2
    assert {"first_spend", "spend"} <= set(found.signs.loc[found.signs["told"], "feature"])
    assert found.cautions == ()


def test_what_is_expected_is_what_comes(found: Prospects) -> None:
    one = found.trials[0]
    row = one.scores.set_index("method").loc["two_part"]
    error = one.spend.std() * np.sqrt(len(one.spend)) / one.spend.sum()
    assert abs(row["expected"] / row["actual"] - 1) < 3 * error
    table = one.calibration("two_part", 5)
    assert table["customers"].sum() == len(one.spend)
    assert table["expected"].between(table["ci_lower"], table["ci_upper"]).sum() >= 4


def test_the_list_is_of_those_who_are_new_today_most_expected_first(found: Prospects) -> None:
    listed = found.customers
    assert found.fresh
    came = pd.to_datetime(listed["came"])
    assert came.min() > pd.Timestamp(LAST) - pd.Timedelta(days=90)
    assert came.max() <= pd.Timestamp(LAST) - pd.Timedelta(days=30)
    assert listed["expected"].is_monotonic_decreasing
    assert listed["place"].iloc[0] == 1
    assert {"spend", "first_spend"} & {name for names in listed["reasons"].head(5) for name in names}
    half = crm.prospects(shop(1, 1500), margin=0.5, **HOW).customers
    assert half["worth"].tolist() == pytest.approx((listed["expected"] / 2).tolist())


def test_what_is_bought_after_the_scoring_day_changes_no_feature_and_no_score(found: Prospects) -> None:
    lines = shop(1, 1500)
    came = lines.groupby("customer")["time"].transform("min")
    later = lines["time"] > came + pd.Timedelta(days=30)
    changed = lines.assign(amount=lines["amount"].where(~later, lines["amount"] * 7 + 1))
    other = crm.prospects(changed, **HOW)
    pd.testing.assert_frame_equal(other.first.features, found.first.features)
    # out of time nothing after the cut is known either: the scores of those tested are the same to the last digit
    trial = found.trials[0].trial
    cut = pd.Timestamp("1970-01-01") + pd.Timedelta(days=trial.cut)
    after = lines["time"] > cut
    members = lines["customer"].astype(str).isin(found.trials[0].expected.index)
    scored = after & (members <= later)  # of those tested, only what lies after their own scoring day
    changed = lines.assign(amount=lines["amount"].where(~scored, lines["amount"] * 7 + 1))
    other = crm.prospects(changed, **HOW)
    pd.testing.assert_frame_equal(other.trials[0].expected, found.trials[0].expected)
    pd.testing.assert_frame_equal(other.trials[0].chances, found.trials[0].chances)
    assert not other.trials[0].spend.equals(found.trials[0].spend)


def test_the_same_seed_gives_the_same_bytes(found: Prospects) -> None:
    other = crm.prospects(shop(1, 1500).sample(frac=1, random_state=3), **HOW)
    assert other.customers.to_csv() == found.customers.to_csv()
    assert other.trials[0].scores.to_csv() == found.trials[0].scores.to_csv()


@pytest.mark.long
def test_an_attribute_known_of_large_spenders_only_tells_nothing_by_that() -> None:
    spend = np.random.default_rng(1).gamma(2, 10, 60)
    rich = spend > np.median(spend)
    features = pd.DataFrame({"age": np.where(rich, 0.0, -1.0), "kids": np.where(rich, np.arange(60) % 2, -1.0)})
    first = SimpleNamespace(features=features, meaning={name: ("attribute", name) for name in features})
    lived = SimpleNamespace(outcome=lambda places: SimpleNamespace(spend=spend[places]))
    signs = _signs(first, lived, np.ones(60, dtype=bool))  # type: ignore[arg-type]
    assert signs["feature"].tolist() == ["kids"]  # of one age alone there is nothing to compare
    assert signs["customers"].tolist() == [30]
    assert not signs["told"].any()


def test_where_nothing_tells_nothing_is_claimed() -> None:
    claims = [crm.prospects(shop(100 + seed, 500, told=0.0), **HOW).trials[0].lead is not None for seed in range(12)]
    assert sum(claims) <= 12 * 0.05 + 3 * np.sqrt(12 * 0.05 * 0.95)


def test_customers_of_one_time_teach_each_other_and_it_is_said() -> None:
    lines = shop(2, 450)
    came = lines.groupby("customer")["time"].transform("min")
    moved = lines.assign(time=lines["time"] - (came - came.min()) * 0.9)  # all came within a month
    found = crm.prospects(moved, horizon=90, resamples=20, last_day=LAST)
    assert [one.trial.kind for one in found.trials] == ["crossed", "later"]
    assert {"not_out_of_time"} <= {caution.code for caution in found.cautions}
    assert not found.fresh
    assert len(found.customers) == 450


def _few(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["customer"] < 40]


def _once(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.drop_duplicates("customer")


def _alike(lines: pd.DataFrame) -> pd.DataFrame:
    return _once(lines).assign(amount=5.0)


@pytest.mark.parametrize("odd", [_few, _once, _alike])
def test_odd_shops_are_told_and_not_stumbled_over(odd: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    found = crm.prospects(odd(shop(3, 600)), **HOW)
    if odd is _few:
        assert found.main is None
        assert [caution.code for caution in found.cautions] == ["no_trial"]
        return
    assert found.main is not None
    assert found.main.lead is None  # nobody spent anything later
    assert "bg_nbd" in found.main.left_out
    assert (found.customers["expected"] == 0).all()
    assert MEAN in found.main.alike


def test_impossible_parameters_are_refused() -> None:
    lines = shop(4, 50)
    for wrong in ({"days": 0}, {"horizon": 0}, {"folds": 1}, {"resamples": 1}, {"quiet_days": -1}, {"margin": 2.0}):
        with pytest.raises(ParameterError):
            crm.prospects(lines, **{**HOW, **wrong})
    with pytest.raises(DataError, match=r"^There are no new customers:\n.*lower `quiet_days`"):
        crm.prospects(lines, quiet_days=DAYS, **HOW)
    with pytest.raises(DataError, match=r"^The frame cannot be used as purchases:\n"):
        crm.prospects(lines.assign(time="some day"), **HOW)
