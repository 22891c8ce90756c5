"""Survival curves against the published remission times of leukaemia, against sums by hand, and their coverage."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from crmresearch.errors import EstimationError
from crmresearch.mining.newcomers.survival import (
    compared,
    differing,
    hazards,
    kaplan_meier,
    log_rank,
    median_time,
    read_until,
    standing,
    survival_at,
    watched_until,
)

# weeks of remission, Freireich et al. (1963), Blood 21, 699–716; curves and test as in Klein & Moeschberger (2003),
# Survival Analysis, 2nd ed., tables 4.1 and 7.x, and in R survival: survfit, survdiff
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_the_curve_of_the_treated_is_the_published_one() -> None:
    curve = kaplan_meier(TREATED, RELAPSED)
    assert curve["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve["survival"].round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve["error"].round(4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    # R survival 3.5: summary(survfit(Surv(t, e) ~ 1, conf.type = "log-log"))
    assert curve["ci_lower"].round(3).tolist() == [0.620, 0.563, 0.503, 0.432, 0.368, 0.268, 0.188]
    assert curve["ci_upper"].round(3).tolist() == [0.952, 0.923, 0.889, 0.849, 0.805, 0.747, 0.680]


def test_medians_and_log_rank_are_the_published_ones() -> None:
    assert median_time(kaplan_meier(TREATED, RELAPSED)) == 23
    assert median_time(kaplan_meier(PLACEBO, [1] * 21)) == 8
    found, df, p = log_rank(TREATED + PLACEBO, RELAPSED + [1] * 21, [0] * 21 + [1] * 21)
    assert round(found, 2) == 16.79
    assert df == 1
    assert p == pytest.approx(4.17e-5, rel=1e-3)


def test_log_rank_of_three_groups_is_the_sum_by_hand() -> None:
    rng = np.random.default_rng(3)
    t, e, g = rng.integers(1, 15, 60), rng.integers(0, 2, 60), rng.integers(0, 3, 60)
    observed, variance = np.zeros(3), np.zeros((3, 3))
    for time in np.unique(t[e == 1]):
        risk = np.array([((t >= time) & (g == k)).sum() for k in range(3)])
        died = np.array([((t == time) & (e == 1) & (g == k)).sum() for k in range(3)])
        n, d = risk.sum(), died.sum()
        observed += died - d * risk / n
        if n > 1:
            variance += d * (n - d) / (n - 1) * (np.diag(risk / n) - np.outer(risk, risk) / n**2)
    expected = observed[:2] @ np.linalg.solve(variance[:2, :2], observed[:2])
    assert log_rank(t, e, g) == pytest.approx((expected, 2, chi2.sf(expected, 2)))


def test_where_everybody_is_lost_the_interval_ends_at_zero() -> None:
    curve = kaplan_meier([1, 2], [1, 1])
    assert curve["survival"].tolist() == [0.5, 0]
    assert curve[["ci_lower", "ci_upper"]].iloc[1].tolist() == [0, curve["ci_upper"].iloc[0]]
    assert kaplan_meier([1, 1], [1, 1])[["ci_lower", "ci_upper"]].values.tolist() == [[0, 1]]
    assert survival_at(curve, 0.5)["survival"] == 1
    assert np.isnan(median_time(kaplan_meier([1, 2, 3], [1, 0, 0])))
    assert kaplan_meier([1, 2], [0, 0]).empty


@pytest.mark.parametrize(("times", "events"), [([-1], [1]), ([np.nan], [1]), ([1], [2]), ([], [])])
def test_what_is_no_time_is_refused(times: list[float], events: list[int]) -> None:
    with pytest.raises(EstimationError, match=r"Times|Events"):
        kaplan_meier(times, events)


def test_hazards_are_events_over_the_time_spent() -> None:
    table = hazards([3, 7, 10, 20, 20], [1, 0, 1, 1, 0], 7, 20)
    assert table["from"].tolist() == [0, 7]
    assert table["at_risk"].tolist() == [5, 3]
    assert table["hazard"].tolist() == pytest.approx([1 / ((3 + 7 + 7 + 7 + 7) / 7), 1 / ((3 + 7 + 7) / 7)])
    assert table["ci_lower"].iloc[0] == pytest.approx(0.02532 / (31 / 7), rel=1e-3)  # Garwood (1936), one event
    assert table["ci_upper"].iloc[0] == pytest.approx(5.5716 / (31 / 7), rel=1e-3)


def test_intervals_hold_the_truth_within_monte_carlo_error() -> None:
    rng, runs, held = np.random.default_rng(11), 400, 0
    for _ in range(runs):
        t, c = rng.exponential(10, 120), rng.uniform(2, 25, 120)
        found = survival_at(kaplan_meier(np.minimum(t, c), t <= c), 8)
        held += found["ci_lower"] <= np.exp(-0.8) <= found["ci_upper"]
    assert abs(held / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)


def test_groups_are_read_on_a_day_that_all_of_them_reach() -> None:
    rng, n = np.random.default_rng(5), 400
    young = pd.Series(np.repeat(["old", "young"], n // 2))
    watched = pd.Series(np.where(young == "young", 60.0, 200.0))
    t = pd.Series(rng.exponential(50, n))
    events, times = (t <= watched).astype(int), np.minimum(t, watched)
    groups, tests = compared(times, events, watched, {"cohort": young}, 200)
    assert tests["days"].tolist() == [60]
    assert groups["survival"].tolist() == pytest.approx([np.exp(-1.2)] * 2, abs=0.12)
    assert not tests["told"].any()
    assert groups[["first", "last"]].to_numpy().all()


def test_differences_that_are_there_are_told_and_others_at_their_rate() -> None:
    rng, n, false = np.random.default_rng(8), 300, 0
    watched = pd.Series(np.full(n, 100.0))
    for _ in range(30):
        t = pd.Series(rng.exponential(60, n))
        groups = {name: pd.Series(rng.integers(0, 3, n)) for name in "ab"}
        _, tests = compared(np.minimum(t, 100), (t <= 100).astype(int), watched, groups, 100)
        false += tests["told"].any()
    assert false <= 30 * 0.05 + 3 * np.sqrt(30 * 0.05 * 0.95)
    fast = pd.Series(rng.integers(0, 2, n))
    t = pd.Series(rng.exponential(np.where(fast == 1, 40, 120)))
    found, tests = compared(np.minimum(t, 100), (t <= 100).astype(int), watched, {"fast": fast}, 100)
    assert tests["told"].all()
    assert found.loc[found["first"], "group"].tolist() == [0]
    assert found.loc[found["last"], "group"].tolist() == [1]


def test_few_customers_are_not_compared() -> None:
    t = pd.Series(np.arange(1.0, 41.0))
    groups, tests = compared(t, pd.Series(1, index=t.index), t, {"a": pd.Series(["x"] * 35 + ["y"] * 5)}, 30)
    assert groups.empty
    assert tests.empty
    assert watched_until(t) == 11
    assert watched_until(t[:5]) == 0


def test_groups_that_differ_are_kept_and_those_that_may_stand_first_named() -> None:
    groups = pd.DataFrame(
        {
            "grouping": ["a", "a", "b", "b"],
            "group": ["x", "y", "u", "v"],
            "customers": 50,
            "days": 90.0,
            "survival": [0.2, 0.6, 0.4, 0.4],
            "ci_lower": 0.1,
            "ci_upper": 0.7,
            "first": [False, True, True, True],
            "last": [True, False, True, True],
        }
    )
    tests = pd.DataFrame({"grouping": ["a", "b"], "told": [True, False]})
    assert differing(groups, tests)["group"].tolist() == ["x", "y"]
    assert standing(groups, "a", "first") == ["y"]
    assert standing(groups, "a", "last") == ["x"]
    assert standing(groups, "b", "first") == []  # each may be


def test_a_curve_is_drawn_from_one_on_the_first_day() -> None:
    curve = kaplan_meier([0, 2, 5], [1, 1, 1])
    assert read_until(curve, 3)["time"].tolist() == [0, 2]  # it has a step of its own there
    begun = read_until(curve[curve["time"] > 0], 3)
    assert begun[["time", "survival", "ci_lower"]].iloc[0].tolist() == [0, 1, 1]
    assert begun["time"].tolist() == [0, 2]
