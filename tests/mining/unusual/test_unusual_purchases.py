"""Unusual purchases: usual shops list no more than the rate, planted ones are found, facts by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, nbinom
from usual_shop import FIRST, NO_RETURNS, usual_shop

from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.unusual.shop_orders import returned_since, shop_orders, shop_returns
from crmresearch.mining.unusual.unusual_customers import customer_numbers, forest_p_values, places_among
from crmresearch.mining.unusual.unusual_days import count_residuals, expected, judged_days, none_at_all, overdispersion
from crmresearch.mining.unusual.unusual_orders import judged_orders, medians_of_others, taken_back
from crmresearch.mining.unusual.unusual_purchases import LISTS, UnusualPurchases, judged_purchases, unusual_purchases

DAYS = 400
LAST = (FIRST + pd.Timedelta(days=DAYS - 1)).date()


def judged(orders: pd.DataFrame, alpha: float = 0.001, returns: pd.DataFrame = NO_RETURNS) -> UnusualPurchases:
    return judged_purchases(orders, returns, FIRST.date(), LAST, alpha, seed=1)


@pytest.mark.parametrize(("tail", "seeds"), [(np.inf, (1, 2)), (8.0, (3,))])
def test_usual_shops_list_no_more_than_the_rate(tail: float, seeds: tuple[int, ...]) -> None:
    found = pd.concat([judged(usual_shop(seed, tail=tail), 0.01).summary for seed in seeds])
    for name, rows in found.groupby("list"):
        assert rows["listed"].sum() <= binom.ppf(0.999, rows["judged"].sum(), 0.01), name
    assert found["listed"].sum() > 0  # nor is nothing ever listed


@pytest.mark.long
def test_the_rate_is_kept_over_many_shops() -> None:
    found = pd.concat([judged(usual_shop(seed, tail=(np.inf, 8.0)[seed % 2])).summary for seed in range(6)])
    for name, rows in found.groupby("list"):
        assert rows["listed"].sum() <= binom.ppf(0.999, rows["judged"].sum(), 0.001), name


@pytest.fixture(scope="module")
def planted() -> UnusualPurchases:
    """A usual shop with a huge and a tiny order of a regular, a newcomer who returns, a closed and a wild day."""
    orders = usual_shop(5)
    regular = orders["customer"].value_counts().index[0]
    rows = orders.index[orders["customer"] == regular]
    usual = orders.loc[rows, "amount"].median()
    orders.loc[rows[0], ["amount", "pieces"]] = [60 * usual, 1.0]
    orders.loc[rows[1], "amount"] = usual / 80
    orders = orders[orders["day"] != FIRST + pd.Timedelta(days=100)]
    crowd = orders.sample(150, random_state=1).assign(day=FIRST + pd.Timedelta(days=200), customer=lambda t: t.index)
    crowd["customer"] = "w" + crowd["customer"].astype("str")
    new = pd.DataFrame({"customer": ["new"], "day": [FIRST], "amount": [90_000.0], "pieces": [4000.0], "order": [None]})
    returns = pd.DataFrame({"customer": ["new", "new"], "day": [FIRST, FIRST], "returned": [12.0, 89_000.0]})
    return judged(pd.concat([orders, crowd, new], ignore_index=True), returns=returns)


def test_planted_orders_are_found_with_what_they_are_compared_with(planted: UnusualPurchases) -> None:
    orders = planted.listed("orders").set_index("customer")
    assert orders.loc["new", ["compared", "rank", "returned"]].tolist() == ["shop", 1, 89_000.0]
    regular = planted.orders["customer"].value_counts().index[0]
    times = sorted(orders.loc[[regular], "times"])
    assert times[0] == pytest.approx(1 / 80, rel=0.2)
    assert times[-1] == pytest.approx(60, rel=0.2)
    assert (orders.loc[[regular], "compared"] == "own").all()


def test_an_order_is_taken_back_by_a_return_of_about_as_much() -> None:
    amount, returned, times = (90.0, 90.0, 90.0, 0.0), (82.0, 80.0, 90.0, 0.0), (5.0, 5.0, 0.2, 5.0)
    orders = pd.DataFrame({"amount": amount, "returned": returned, "times": times})
    assert taken_back(orders).tolist() == [True, False, False, False]


def test_planted_customers_and_days_are_found(planted: UnusualPurchases) -> None:
    assert planted.listed("customers").loc["new", "measure"] == "spend_mean"
    days = planted.listed("days").set_index("day")
    closed, wild = (days.loc[FIRST + pd.Timedelta(days=d)] for d in (100, 200))
    assert closed["purchases"] == 0
    assert wild["purchases"] > 4 * wild["expected_purchases"]


def test_what_rests_on_those_listed_is_what_is_left_without_them(planted: UnusualPurchases) -> None:
    without = planted.without.set_index("left_out")
    kept = planted.orders[~planted.orders["listed"]]
    assert without.loc["orders", "revenue"] == pytest.approx(kept["amount"].sum())
    assert without.loc["orders", "mean"] == pytest.approx(kept["amount"].mean())
    assert without.loc["none", "customers"] == planted.orders["customer"].nunique()
    summary = planted.summary.set_index("list")
    assert without.loc["days", "change"] == pytest.approx(-summary.loc["days", "share"])
    assert summary.loc["orders", "expected"] == pytest.approx(0.001 * planted.orders["p_value"].notna().sum())


def test_a_place_among_others_is_that_of_a_count() -> None:
    numbers = pd.DataFrame({"frequency": np.random.default_rng(2).poisson(1.0, 1001), "gap_mean": 7.0})
    found = places_among(numbers)
    x = numbers["frequency"].to_numpy()
    for i in (0, 1, x.argmin(), x.argmax()):
        less, more = (np.delete(x, i) < x[i]).mean(), (np.delete(x, i) > x[i]).mean()
        side = "above" if less >= more else "below"
        assert (found["side_frequency"][i], found["place_frequency"][i]) == (side, pytest.approx(max(less, more)))
    assert (found["place_frequency"] < 1).sum() >= 1000  # all others are behind the one with most at most
    assert set(found["side_gap_mean"]) == {"alike"}
    assert places_among(numbers.head(1))["side_frequency"].tolist() == ["alike"]


def test_the_same_seed_lists_the_same_and_the_order_of_rows_does_not_matter() -> None:
    orders = usual_shop(6, customers=400)
    one, again = (judged(frame, 0.02) for frame in (orders, orders.sample(frac=1, random_state=1, ignore_index=True)))
    for name in LISTS:
        sums = [sorted(found.listed(name)["p_value"]) for found in (one, again)]
        assert sums[0] == pytest.approx(sums[1], rel=0.01)  # money is added in another order: ties of ranks


def test_medians_of_others_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(1)
    groups, x = rng.choice(list("abcdef"), 60), np.round(rng.normal(size=60), 1)
    found, others = medians_of_others(groups, x)
    for i in range(60):
        rest = np.delete(x, i)[np.delete(groups, i) == groups[i]]
        assert others[i] == len(rest)
        assert found[i] == pytest.approx(np.median(rest))


def test_orders_without_amount_are_not_judged_and_equal_ones_not_unusual() -> None:
    orders = usual_shop(7, customers=100).drop(columns="pieces")
    orders.loc[:3, "amount"] = 0.0
    table = judged_orders(orders)
    assert table["p_value"][:4].isna().all()
    alike = judged_orders(orders.assign(amount=9.99))
    assert (alike["p_value"] == 1).all()
    assert (judged_orders(orders.head(20))["p_value"].fillna(1) == 1).all()


def test_what_is_usual_is_level_times_weekday() -> None:
    days = np.arange(140)
    week = np.array([0, 10, 20, 20, 20, 30, 40.0])[days % 7]
    y = week * (1 + days / 700)
    y[70] *= 50
    found = expected(y, days % 7, 28)
    open_ = (week > 0) & (days > 28) & (days < 112)
    assert found[open_] == pytest.approx((week * (1 + days / 700))[open_], rel=0.05)
    assert (found[days % 7 == 0] == 0).all()


def test_overdispersion_is_recovered_and_no_purchase_has_the_probability_of_scipy() -> None:
    mu, kappa = np.full(20_000, 40.0), 0.1
    y = nbinom.rvs(1 / kappa, 1 / (1 + kappa * mu), random_state=1)
    assert overdispersion(y.astype(float), mu) == pytest.approx(kappa, rel=0.15)
    assert none_at_all(mu[:1], kappa) == pytest.approx(nbinom.pmf(0, 1 / kappa, 1 / (1 + kappa * 40)))
    assert none_at_all(mu[:1], 0.0) == pytest.approx(np.exp(-40))
    spread = [count_residuals(nbinom.rvs(10, 1 / (1 + 0.1 * m), size=20_000, random_state=2).astype(float),
                              np.full(20_000, m), 0.1).std() for m in (10.0, 40.0, 160.0)]  # fmt: skip
    assert max(spread) / min(spread) < 1.1


def test_a_shop_of_few_purchases_is_judged_by_weeks_and_a_tiny_one_not_at_all() -> None:
    orders = usual_shop(8, customers=150)
    assert set(judged_days(orders, FIRST.date(), LAST)["unit"]) == {"week"}
    few = judged(orders.head(12))
    codes = {caution.code for caution in few.cautions}
    assert {"orders_not_judged", "customers_not_judged", "days_not_judged"} <= codes
    assert few.summary["listed"].sum() == 0


def test_a_forest_sees_what_no_single_number_shows() -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=(600, 1))
    X = common + 0.2 * rng.normal(size=(600, 3))
    X[0] = [2.6, -2.6, 2.6]  # none of them unusual by itself
    p = forest_p_values(X, 0.005, seed=1)
    assert p[0] <= 0.005
    assert (p[1:] <= 0.005).sum() <= binom.ppf(0.999, 599, 0.005)


def test_numbers_of_customers_by_hand() -> None:
    orders = pd.DataFrame(
        {"customer": ["a", "a", "b"], "day": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-05"]),
         "amount": [10.0, 30, 5]}
    )  # fmt: skip
    table = customer_numbers(orders, pd.Series([7.0], index=["a"]))
    assert table.loc["a"].tolist() == [2, 40.0, 20.0, 10.0, 7.0]
    assert np.isnan(table.loc["b", ["gap_mean", "returned"]].astype(float)).all()
    returns = pd.DataFrame({"customer": ["a"] * 3, "day": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-20"]),
                            "returned": [10.0, 40.0, 29.0]})  # fmt: skip
    assert returned_since(orders, returns).tolist() == [10.0, 29.0, 0.0]


def test_orders_of_a_data_set_are_its_purchases() -> None:
    transactions = load_transactions("cdnow")
    orders = shop_orders(transactions, transactions.last_day)
    assert len(orders) == 67_591  # customer-days of the published data
    assert orders["amount"].sum() == pytest.approx(float(transactions.run(transactions.table.amount.sum())))
    assert shop_returns(transactions, transactions.last_day).empty


@pytest.mark.parametrize("options", [{"alpha": 0.0}, {"alpha": 0.9}])
def test_impossible_rates_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="rate of false alarms"):
        unusual_purchases(load_transactions("cdnow"), **options)
