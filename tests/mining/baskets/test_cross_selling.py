"""The whole analysis: nothing after the cut-off is learned from, offers are counted right, and poor data are told."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from basket_shop import LINES, shop
from scipy.stats import norm

from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.baskets.cross_selling import CrossSelling, Shop, cross_selling, learned
from crmresearch.mining.baskets.next_product import HitRates, scores
from crmresearch.mining.baskets.offers import experiment, needed

CUTOFF = "2025-04-30"


@pytest.fixture(scope="module")
def found() -> CrossSelling:
    transactions = load_transactions("baskets_simulated")
    return cross_selling(transactions, min_support=0.01, cutoff=CUTOFF, worlds=2, resamples=100, seed=1)


def test_nothing_after_the_cutoff_is_learned_from(tmp_path: Path) -> None:
    """With other products bought by other customers afterwards, every score of every customer is as it was."""
    transactions = load_transactions("baskets_simulated")
    lines = pd.read_csv(transactions.path).rename(columns={"date": "day"})
    late = (lines["day"] > CUTOFF).to_numpy()
    changed = lines[~late | (lines["customer"] % 2 == 0)]
    changed = changed.assign(product=changed["product"].where(changed["day"] <= CUTOFF, "Vinyl records"))
    folder = shop(tmp_path / "later", changed, "2025-12-31", order="order", product="product")
    one, other = (
        learned(Shop(data, "product"), "order", date.fromisoformat(CUTOFF), 0.01, 0.05)
        for data in (transactions, load_transactions(folder))
    )
    assert one.rules is not None
    assert other.rules is not None
    assert len(one.rules.told)
    pd.testing.assert_frame_equal(one.rules.rules, other.rules.rules)
    before, after = scores(*one), scores(*other)
    assert set(before) == set(after) == {"popularity", "repeat", "similar", "rules"}
    for name in before:
        assert (before[name] != after[name]).nnz == 0


def test_offers_go_to_those_who_have_one_and_not_the_other(found: CrossSelling) -> None:
    lines = pd.read_csv(found.transactions.path)
    has = {product: set(part["customer"]) for product, part in lines.groupby("product")}
    assert not found.targets.duplicated(["customer", "consequent"]).any()
    reached = found.targets.groupby(["antecedent", "consequent"])["customer"].agg(set)
    for row in found.offers.itertuples():
        first, second = has[row.antecedent], has[row.consequent]
        others = [pair for pair in reached.index if pair[1] == row.consequent and pair[0] != row.antecedent]
        own = {type(next(iter(first)))(customer) for customer in reached[row.antecedent, row.consequent]}
        assert own <= first - second
        assert others or own == first - second
        assert (row.owners, row.targets) == (len(first), len(own))
        assert row.share == pytest.approx(len(first & second) / len(first))
        worth = lines[lines["product"] == row.consequent].groupby("order")["amount"].sum().mean()
        assert row.sales == pytest.approx(row.targets * 0.02 * worth, rel=1e-3)
    assert len(found.targets) == found.offers["targets"].sum()
    early = lines[lines["date"] <= CUTOFF].groupby("product")["customer"].agg(set)
    after = lines[lines["date"] > CUTOFF].groupby("product")["customer"].agg(set)
    row = found.offers.iloc[0]
    without = early[row["antecedent"]] - early[row["consequent"]]
    assert row["base"] == pytest.approx(len(without & after[row["consequent"]]) / len(without))


def test_customers_an_experiment_takes() -> None:
    """Fleiss, Levin & Paik (2003) by hand for 10 % against 15 %; power of the test at that size."""
    n = needed(0.10, 0.05)
    se = np.sqrt((0.1 * 0.9 + 0.15 * 0.85) / n)
    null = np.sqrt(2 * 0.125 * 0.875 / n)
    assert norm.sf((norm.isf(0.025) * null - 0.05) / se) == pytest.approx(0.8, abs=1e-6)
    assert np.isnan(needed(0.99, 0.05))


def test_segments_are_those_of_rfm_and_buy_alike(found: CrossSelling) -> None:
    assert found.method is not None
    assert found.lift_of == "category"
    assert not found.lifts["told"].any()  # nothing was planted between customers
    assert found.in_segments["told"].any()
    assert (found.in_segments.loc[found.in_segments["told"], "baskets"] >= 5).all()
    assert list(found.swaps) == [0, 0]


def test_data_that_give_nothing_say_why(tmp_path: Path) -> None:
    small = load_transactions(shop(tmp_path / "small", LINES, order="number", product="what"))
    poor = cross_selling(small, worlds=1, resamples=50)
    assert poor.rules is None
    assert "below 50" in poor.undefined["rules"]
    assert poor.pairs.empty
    assert poor.offered == {}
    assert {"no_rules", "no_next", "no_effect"} <= {one.code for _, one in poor.cautions}
    without = cross_selling(load_transactions("cdnow"), worlds=1, resamples=50)
    assert without.rules is None
    assert "no column product" in without.undefined["rules"]
    assert [one.code for _, one in without.cautions] == ["no_rules", "no_next", "no_effect", "no_segments"]


def test_impossible_parameters_are_refused() -> None:
    transactions = load_transactions("baskets_simulated")
    with pytest.raises(ParameterError, match="`cutoff` must lie"):
        cross_selling(transactions, cutoff="2026-01-01")
    with pytest.raises(ParameterError, match="`response` is a share"):
        cross_selling(transactions, response=1.5)


def test_what_is_beyond_chance_and_what_follows_stands_in_the_result(found: CrossSelling) -> None:
    assert found.rules is not None
    assert (found.pairs["second"] < 0).all()
    assert (found.rules.told_triples["second"] >= 0).all()
    apparent = found.rules.apparent
    assert not apparent["told"].any()
    assert apparent["lift"].is_monotonic_decreasing
    customers = found.targets["customer"].nunique()
    assert found.offered == {"count": len(found.offers), "customers": customers, "sales": found.offers["sales"].sum()}
    held = found.rules.baskets.described()
    lines = pd.read_csv(found.transactions.path)
    sizes = lines.groupby(["customer", "order"])["product"].nunique()
    counted = [len(sizes), lines["product"].nunique(), lines["customer"].nunique(), sizes.mean(), sizes.max()]
    assert list(held.values()) == pytest.approx([*counted, (sizes == 1).mean()])
    assert [one.code for _, one in found.cautions] == ["no_effect"]
    assert found.wrong_worlds == 0


def test_leaders_are_told_apart_from_simple_lists_only_beyond_chance() -> None:
    rows = [("all", "popularity", 0.5, 0.0, True), ("all", "similar", 0.6, 0.1, True), ("new", "rules", 0.7, 0.3, True),
            ("new", "popularity", 0.4, 0.0, False), ("new", "similar", 0.3, -0.1, False)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["task", "recommender", "hit_rate", "lead", "best"])
    every, new = HitRates(table, 5, 100, 90).leaders()
    assert (every.task, every.names, every.beaten) == ("all", ["similar", "popularity"], False)
    assert (new.names, new.beaten, new.row["hit_rate"], new.base["recommender"]) == (["rules"], True, 0.7, "popularity")


def test_offers_that_can_be_tested_are_counted() -> None:
    table = pd.DataFrame({"consequent": list("abcd"), "targets": [10, 50, 300, 90], "needed": [np.nan, 40, 150, 45]})
    found = experiment(table)
    assert found is not None
    assert (found.row["consequent"], found.enough) == ("c", 2)
    few = experiment(table.head(2))
    assert few is not None
    assert (few.row["consequent"], few.enough) == ("b", 0)
    assert experiment(table.head(1)) is None
    assert experiment(table[["targets"]]) is None
