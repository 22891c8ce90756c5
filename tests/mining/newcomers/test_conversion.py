"""The second purchase against cases counted by hand and shops of known truth."""

import numpy as np
import pandas as pd
import pytest
from simulated_newcomers import LAST, shop

import crmresearch as crm
from crmresearch.errors import DataError, ParameterError
from crmresearch.mining.newcomers.conversion import arm_size


def test_days_to_the_second_purchase_are_counted_by_hand() -> None:
    lines = pd.DataFrame(
        {
            "customer": [*"aabbccc", *[f"n{i}" for i in range(60)]],
            "time": ["2020-01-01", "2020-01-11", "2020-01-01", "2020-01-01", "2020-01-05", "2020-01-04", "2020-02-04",
                     *["2020-01-01"] * 60],
            "amount": [1.0, 1, 1, 1, 1, -1, 1, *[1.0] * 60],
        }
    )  # fmt: skip
    people = crm.conversion(lines, last_day="2020-03-01").people
    assert people.loc[["a", "b", "c"], ["days", "converted"]].values.tolist() == [[10, 1], [60, 0], [30, 1]]


def test_the_share_of_a_known_truth_lies_in_its_interval() -> None:
    found = crm.conversion(shop(5, 3000, told=0.0, mean=1.0), last_day=LAST)
    row = found.shares.set_index("days").loc[91]
    assert row["ci_lower"] <= 1 - np.exp(-91 / 90) <= row["ci_upper"]
    week = found.weeks.iloc[3]
    assert week["ci_lower"] <= 7 / 90 <= week["ci_upper"]
    assert not found.cools  # the rate is the same in every week
    assert not found.tests.set_index("grouping").loc["basket", "told"]


def test_a_first_basket_that_tells_is_told_and_the_day_to_remind_is_the_half() -> None:
    found = crm.conversion(shop(6, 3000, told=1.2), last_day=LAST, most=0.5)
    tests = found.tests.set_index("grouping")
    assert tests.loc["basket", "told"]
    basket = found.groups[found.groups["grouping"] == "basket"]
    assert basket.loc[basket["last"], "group"].tolist() == ["high"]  # the fewest have not come back
    day = found.remind
    assert day is not None
    before = 1 - found.curve.set_index("time")["survival"]
    assert before[before.index < day].iloc[-1] < found.converted / 2 <= before.loc[day] + 1e-12
    assert found.cools  # who buys often has come back; the others are slower
    assert found.chance_after(day) == pytest.approx(1 - (1 - found.converted) / (1 - before.loc[day]))
    assert found.arm(0.05) == arm_size(found.chance_after(day), 0.05)
    assert found.reminder == "due"
    plan = {"risen": found.chance + 0.05, "arm": found.arm(0.05), "months": found.months_for(2 * found.arm(0.05))}
    assert found.test_plan == plan
    assert found.standing("basket") == ["high"]
    high = found.differing[found.differing["group"] == "high"].iloc[0]
    stayed = basket[basket["group"] == "high"].iloc[0]
    ends = [1 - stayed[name] for name in ("survival", "ci_upper", "ci_lower")]
    assert high[["survival", "ci_lower", "ci_upper"]].tolist() == ends


def test_a_test_of_this_size_finds_the_rise_four_times_in_five() -> None:
    n, rng = arm_size(0.2, 0.1), np.random.default_rng(1)
    p = rng.binomial(n, [[0.2], [0.3]], (2, 4000)) / n
    z = np.abs(p[1] - p[0]) / np.sqrt((p * (1 - p)).sum(axis=0) / n)
    assert (z > 1.96).mean() == pytest.approx(0.8, abs=0.025)


def test_nobody_and_too_little_are_told() -> None:
    once = shop(7, 100).drop_duplicates("customer")
    found = crm.conversion(once, last_day=LAST)
    assert found.remind is None
    assert found.reminder is None
    assert found.converted == 0
    back = once.assign(time=once["time"] + pd.Timedelta(days=7))
    assert crm.conversion(pd.concat([once, back]), last_day="2021-12-31").reminder is None  # nobody is left to remind
    with pytest.raises(DataError, match="week"):
        crm.conversion(once.head(10), last_day=LAST)
    for wrong in ({"limit": 3}, {"most": 1.0}):
        with pytest.raises(ParameterError):
            crm.conversion(once, last_day=LAST, **wrong)
