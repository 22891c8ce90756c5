"""Rules against brute force and Fisher's test, planted rules found, and none claimed where there is none."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import hypergeom

from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.baskets.association import Associations, association_rules
from crmresearch.mining.baskets.baskets import Baskets, By, Of, baskets_of, find_baskets
from crmresearch.mining.baskets.cooccurrence import together, upper_tail
from crmresearch.paths import DATA
from crmresearch.simulation.baskets import baskets_of_truth, load_basket_truth

TRUTH = load_basket_truth(DATA / "baskets_simulated")


def of_matrix(held: np.ndarray, customer: np.ndarray | None = None) -> Baskets:
    names = pd.Index([f"i{j}" for j in range(held.shape[1])])
    whose = np.arange(len(held)) if customer is None else customer
    return Baskets(sparse.csr_matrix(held.astype(np.int32)), names, whose, pd.RangeIndex(whose.max() + 1).astype(str))


@pytest.fixture(scope="module")
def planted() -> Associations:
    return association_rules(find_baskets(load_transactions("baskets_simulated")), 0.005)


def test_sets_and_measures_are_those_of_counting_one_by_one() -> None:
    rng = np.random.default_rng(1)
    held = rng.random((200, 7)) < rng.uniform(0.1, 0.6, 7)
    held = held[held.any(axis=1)]
    n = len(held)
    found = association_rules(of_matrix(held), 0.05)
    least = int(np.ceil(0.05 * n))
    counted = {}
    for size in (1, 2, 3):
        for chosen in combinations(range(7), size):
            baskets = int(held[:, chosen].all(axis=1).sum())
            pairs = [held[:, pair].all(axis=1).sum() for pair in combinations(chosen, 2)]
            if baskets >= least and all(count >= least for count in pairs):
                counted[" + ".join(f"i{j}" for j in chosen)] = baskets
    assert dict(zip(found.frequent["items"], found.frequent["baskets"], strict=True)) == counted
    assert found.pairs == sum(held.sum(axis=0) >= least) * (sum(held.sum(axis=0) >= least) - 1) / 2
    for row in found.rules.itertuples():
        antecedent = held[:, [row.first] if row.second < 0 else [row.first, row.second]].all(axis=1)
        both, share = (antecedent & held[:, row.third]).sum(), held[:, row.third].mean()
        confidence = both / antecedent.sum()
        told = row.baskets, row.support, row.confidence, row.lift, row.leverage, row.conviction
        right = (both, both / n, confidence, confidence / share, both / n - antecedent.mean() * share,
                 (1 - share) / (1 - confidence) if confidence < 1 else np.inf)  # fmt: skip
        assert told == pytest.approx(right)


def test_the_tail_is_fishers_where_it_is_one_table() -> None:
    rng = np.random.default_rng(2)
    for _table in range(50):
        N = int(rng.integers(30, 500))
        n, K = sorted((int(x) for x in rng.integers(3, N - 2, 2)), reverse=True)
        count = int(rng.integers(max(1, n + K - N), K + 1))
        mean, variance = hypergeom.stats(N, n, K)
        if count <= mean:
            continue
        told = upper_tail(*(np.array([float(x)]) for x in (count, mean, variance, K)))[0]
        assert told == pytest.approx(hypergeom.sf(count - 1, N, n, K), rel=2e-3, abs=1e-9)


def test_where_sizes_say_nothing_the_test_is_nearly_fishers() -> None:
    """Of sixty equally popular items in baskets of one size, little but the table of two items is left."""
    rng = np.random.default_rng(3)
    held = rng.random((800, 60)).argsort(axis=1) < 12
    held[:160, 1] |= held[:160, 0]
    baskets = of_matrix(held)
    a, b = np.array([0, 2]), np.array([1, 3])
    count = (held[:, a] & held[:, b]).sum(axis=0).astype(float)
    fisher = hypergeom.sf(count - 1, 800, held[:, a].sum(axis=0), held[:, b].sum(axis=0))
    told = together(baskets, a, b, count, margin=0).p
    assert np.log10(told[0]) == pytest.approx(np.log10(fisher[0]), abs=1.5)


def test_planted_rules_are_found_and_nothing_else(planted: Associations) -> None:
    right = {frozenset((*rule.antecedent, rule.consequent)) for rule in TRUTH.planted if len(rule.antecedent) == 1}
    right |= {frozenset(pair) for pair in (("Spaghetti", "Parmesan"), ("Tomato sauce", "Parmesan"))}  # by the third
    pairs = planted.told_pairs
    assert {frozenset(pair) for pair in pairs[["antecedent", "consequent"]].to_numpy()} == right
    three = planted.told[planted.told["second"] >= 0]
    assert len(three)
    told = {frozenset((*row.antecedent.split(" + "), row.consequent)) for row in three.itertuples()}
    assert told == {frozenset(("Spaghetti", "Tomato sauce", "Parmesan"))}
    assert planted.fisher > 300  # all but these are sizes of baskets
    assert planted.tests == planted.pairs + planted.triples == 60 * 59 / 2 + planted.triples


def test_a_pair_is_told_the_same_way_in_both_directions(planted: Associations) -> None:
    pairs = planted.rules[planted.rules["second"] < 0]
    other = pairs.rename(columns={"first": "third", "third": "first"})[["first", "third", "p_adjusted"]]
    both = pairs.merge(other, on=["first", "third"], suffixes=("", "_other"))
    assert len(both) == len(pairs)
    assert (both["p_adjusted"] == both["p_adjusted_other"]).all()


WORLDS: dict[str, tuple[By, Of, dict[str, float]]] = {
    "sizes and popularity differ": ("order", "product", {}),
    "by customer": ("customer", "product", {}),
    "categories": ("order", "category", {}),
    "strong tastes of few customers": ("order", "product", {"customers": 60, "taste": 1.0}),
    "small baskets": ("order", "product", {"size": 1.0, "popularity": 1.2, "taste": 1.0}),
}


def wrong_worlds(kind: str, worlds: range) -> int:
    """How many worlds without any association claim one."""
    by, of, differs = WORLDS[kind]
    truth = TRUTH.model_copy(update={"planted": (), **differs})
    wrong = 0
    for seed in worlds:
        lines = baskets_of_truth(truth, seed).rename(columns={of: "item"}).assign(loose=0)
        baskets = baskets_of(lines[["customer", "item", "order", "loose"]].drop_duplicates(), by, of)
        wrong += bool(len(association_rules(baskets, 0.01 if by == "order" else 0.1).told))
    return wrong


@pytest.mark.parametrize("kind", WORLDS)
def test_worlds_without_association_claim_none(kind: str) -> None:
    assert wrong_worlds(kind, range(3)) == 0


@pytest.mark.long
@pytest.mark.parametrize("kind", WORLDS)
def test_of_a_hundred_worlds_no_more_than_the_stated_rate_claim_any(kind: str) -> None:
    assert wrong_worlds(kind, range(100, 120)) <= 1


def test_orders_of_one_customer_do_not_count_as_many() -> None:
    """One customer who orders the same two together a hundred times is one customer."""
    rng = np.random.default_rng(5)
    held = rng.random((1500, 20)) < 0.1
    held[:100, :2] = True
    held = held[held.any(axis=1)]
    own = association_rules(of_matrix(held), 0.01, triples=False).told_pairs
    assert [(row.first, row.third) for row in own.itertuples()] in ([(0, 1)], [(1, 0)])
    customer = np.maximum(np.arange(len(held)) - 99, 0)
    assert association_rules(of_matrix(held, customer), 0.01, triples=False).told_pairs.empty


def test_mistakes_are_told_in_a_sentence() -> None:
    held = np.eye(60, dtype=bool)
    with pytest.raises(ParameterError, match="holds one item only"):
        association_rules(of_matrix(held))
    with pytest.raises(ParameterError, match="below 50 nothing"):
        association_rules(of_matrix(held[:20]))
    with pytest.raises(ParameterError, match="between 0 and 1"):
        association_rules(of_matrix(held), 1.0)


def test_two_items_alone_cannot_be_told_apart_from_size() -> None:
    """Given how many items a basket has, two items leave nothing to chance: no claim, and no nan."""
    held = np.array([[1, 0]] * 60 + [[0, 1]] * 60 + [[1, 1]] * 60, dtype=bool)
    found = association_rules(of_matrix(held))
    assert not found.rules["told"].any()
    assert found.rules["p"].eq(1).all()
