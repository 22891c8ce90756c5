"""The profit of an offer against sums by hand, and its test against the power that statsmodels gives."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from crmresearch.data.margins import as_margins
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.mining.churn.retention_offer import Offer, expected_gain, offer_results, trial, value_if_kept
from crmresearch.proportions import customers_a_group, customers_for_money


@pytest.fixture(scope="module")
def warned() -> SimpleNamespace:
    rng = np.random.default_rng(6)
    n = 400
    p = rng.beta(2, 3, n)
    churned = pd.Series((rng.random(n) < p).astype(int))
    told = pd.DataFrame({"recency": np.full(n, p.mean()), "logistic": p, "base_rate": np.full(n, p.mean())})
    spend = pd.DataFrame({"holdout_spend": rng.gamma(2, 20, n) * (1 - churned)})
    table = SimpleNamespace(frame=spend, cutoff=date(2023, 6, 30))
    return SimpleNamespace(probabilities=told, churned=churned, customers=spend, table=table, scores=told)


@pytest.fixture(scope="module")
def value() -> pd.Series:
    return pd.Series(np.random.default_rng(7).gamma(2, 30, 400))


def test_profits_are_sums_over_the_list(warned, value):
    offer = Offer(cost=2.0, success=0.1)
    lists = offer_results(warned, value, offer, resamples=50).lists.set_index("warner")
    gain = expected_gain(warned.probabilities["logistic"], value, offer)
    on = gain >= 0
    assert lists.loc["logistic", "contacted"] == pytest.approx(on.mean())
    assert lists.loc["logistic", "expected"] == pytest.approx(gain[on].sum())
    realised = 0.1 * (value * warned.churned)[on].sum() - 2 * on.sum()
    assert lists.loc["logistic", "realised"] == pytest.approx(realised)
    assert lists.loc["everybody", "realised"] == pytest.approx(0.1 * (value * warned.churned).sum() - 2 * 400)
    assert (lists["ci_lower"] <= lists["realised"]).all()
    assert (lists["realised"] <= lists["ci_upper"]).all()


def test_at_the_break_even_success_the_same_list_earns_nothing(warned, value):
    row = offer_results(warned, value, Offer(2.0, 0.1), resamples=20).lists.set_index("warner").loc["logistic"]
    on = expected_gain(warned.probabilities["logistic"], value, Offer(2.0, 0.1)) >= 0
    assert row["break_even"] * (value * warned.churned)[on].sum() == pytest.approx(2.0 * on.sum())
    assert row["even_lower"] < row["break_even"] < row["even_upper"]


def test_the_curve_begins_at_nothing_and_ends_at_everybody(warned, value):
    found = offer_results(warned, value, Offer(2.0, 0.1), resamples=20)
    ends = found.curve.groupby("warner")["realised"].agg(["first", "last"])
    everybody = found.lists.set_index("warner").loc["everybody", "realised"]
    assert (ends["first"] == 0).all()
    np.testing.assert_allclose(ends["last"], everybody)
    best = found.lists.set_index("warner")
    top = found.curve.groupby("warner")["realised"].max()
    assert (best.loc[top.index, "best"] >= top - 1e-9).all()
    assert set(found.alike) <= set(best.index)


def test_an_offer_that_costs_nothing_goes_to_everybody_and_one_too_dear_to_nobody(warned, value):
    free = offer_results(warned, value, Offer(0.0, 0.1), resamples=20).lists
    assert (free["contacted"] == 1).all()
    dear = offer_results(warned, value, Offer(1e6, 0.1), resamples=20).lists.set_index("warner")
    assert dear.loc["logistic", ["contacted", "realised"]].tolist() == [0, 0]
    assert np.isnan(dear.loc["logistic", "break_even"])


def test_the_test_has_the_power_it_is_planned_for():
    for first, second in ((0.4, 0.36), (0.1, 0.05), (0.5, 0.25)):
        n = customers_a_group(first, second)
        found = power_proportions_2indep(second - first, first, n, return_results=False)
        assert found == pytest.approx(0.8, abs=0.01)
    n = customers_for_money(30.0, 3.0)
    assert TTestIndPower().power(0.1, n, 0.05) == pytest.approx(0.8, abs=0.001)
    assert customers_a_group(0.2, 0.2) == customers_for_money(1.0, 0.0) == np.inf


def test_the_plan_of_a_test_is_that_of_the_list(warned, value):
    offer = Offer(2.0, 0.1, months=12)
    on = expected_gain(warned.probabilities["logistic"], value, offer) >= 0
    plan = trial(on, warned, value, offer, as_margins(0.3), 182, 500).set_index("outcome")
    share = warned.churned[on].mean()
    assert plan.loc["churned", "without"] == pytest.approx(share)
    needed = np.ceil(customers_a_group(share, 0.9 * share))
    assert plan.loc["churned", ["customers", "rounds", "days"]].tolist() == [
        needed, np.ceil(2 * needed / 500), np.ceil(2 * needed / 500) * 182,
    ]  # fmt: skip
    left = 0.3 * warned.customers["holdout_spend"][on]
    gained = 0.1 * 182 / 365.25 * (warned.churned * value)[on].mean()
    assert plan.loc["profit", "customers"] == np.ceil(customers_for_money(left.std(), gained))
    nobody = trial(on & False, warned, value, offer, as_margins(0.3), 182, 0)
    assert not np.isfinite(nobody["customers"].iloc[0])


@pytest.mark.parametrize("wrong", [(-1.0, 0.1), (1.0, 0.0), (1.0, 1.2), (np.nan, 0.1)])
def test_an_impossible_offer_is_told(wrong):
    with pytest.raises(ParameterError):
        Offer(*wrong)


def test_without_a_purchase_model_there_is_no_value():
    nothing = SimpleNamespace(warners=SimpleNamespace(value=None))
    with pytest.raises(EstimationError, match="no value in money"):
        value_if_kept(nothing, Offer(1.0, 0.1), as_margins(1.0))


def test_an_empty_list_earns_nobody_anything_and_a_good_one_wins(warned, value):
    dear = offer_results(warned, value, Offer(1e6, 0.1), resamples=20)
    assert dear.outcome("logistic") == "nobody"
    found = offer_results(warned, value, Offer(0.1, 0.5), resamples=20)
    assert found.outcome("logistic") == "wins"
    assert found.of("logistic")["everybody"] == found.of("everybody")["realised"]
    assert offer_results(warned, value * 1e-6, Offer(2.0, 0.1), resamples=20).outcome("everybody") == "loses"
