"""Recommendations and their hit rates: by hand, against dense numpy, and without a look past the cut-off."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from crmresearch.errors import ParameterError
from crmresearch.mining.baskets.baskets import Baskets
from crmresearch.mining.baskets.next_product import hit_rates, recommend, scores, top


def of_customers(held: np.ndarray, names: str, start: int = 0) -> Baskets:
    customers = pd.Index([f"c{i + start}" for i in range(len(held))])
    matrix = sparse.csr_matrix(held.astype(np.int32))
    return Baskets(matrix, pd.Index(list(names)), np.arange(len(held)), customers, "customer")


@pytest.fixture(scope="module")
def past() -> tuple[Baskets, sparse.csr_matrix]:
    rng = np.random.default_rng(1)
    often = rng.poisson(0.5, (80, 8)) * (rng.random((80, 8)) < 0.7)
    often[:, 0] += 1
    return of_customers(often > 0, "abcdefgh"), sparse.csr_matrix(often)


def test_similarity_is_the_sum_of_cosines(past: tuple[Baskets, sparse.csr_matrix]) -> None:
    X = past[0].matrix.toarray().astype(float)
    norm = np.sqrt((X**2).sum(axis=0))
    cosine = X.T @ X / np.outer(norm, norm)
    np.fill_diagonal(cosine, 0)
    assert scores(*past)["similar"].toarray() == pytest.approx(X @ cosine, abs=1e-12)


def test_first_by_score_then_by_popularity_and_never_what_is_barred() -> None:
    score = sparse.csr_matrix(np.array([[0.0, 2.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.0]]))
    popularity = np.array([4.0, 1.0, 3.0, 2.0])
    assert top(score, popularity, 3).tolist() == [[2, 1, 3], [0, 2, 3]]
    barred = sparse.csr_matrix(np.array([[0, 0, 1, 0], [1, 1, 1, 0]]))
    assert top(score, popularity, 2, barred).tolist() == [[1, 3], [3, -1]]


def test_hits_by_hand() -> None:
    """Everybody has a; b and c are as popular as each other and come first of the new ones; c is bought next."""
    before = np.zeros((40, 4), dtype=int)
    before[:, 0] = 1
    before[:10, 1] = before[:9, 2] = 1
    after = np.zeros((40, 4), dtype=int)
    after[10:25, 1] = 1  # new, and recommended
    after[25:, 3] = 1  # new, and not
    after[:10, 0] = 1  # not new
    past, later = of_customers(before, "abcd"), of_customers(after, "abcd")
    table = hit_rates(past, past.matrix, later, None, 1, 100, 1).table.set_index(["task", "recommender"])
    assert table.loc[("new", "popularity"), ["customers", "hit_rate", "precision"]].tolist() == [30, 0.5, 0.5]
    assert table.loc[("all", "popularity"), ["customers", "hit_rate"]].tolist() == [40, 0.25]
    assert table.loc[("all", "repeat"), "hit_rate"] == 0.25
    assert ("new", "repeat") not in table.index


def test_items_that_nobody_had_before_cannot_be_hit(past: tuple[Baskets, sparse.csr_matrix]) -> None:
    later = of_customers(np.ones((80, 2), dtype=int), "az")
    found = hit_rates(*past, later, None, 3, 50, 1)
    assert set(found.table["task"]) == {"all"}
    assert found.table["hit_rate"].max() <= 1
    assert found.buying_new == 0


def test_a_customer_of_one_period_only_is_not_judged(past: tuple[Baskets, sparse.csr_matrix]) -> None:
    later = of_customers(np.ones((80, 8), dtype=int), "abcdefgh", start=60)
    with pytest.raises(ParameterError, match="Only 20 customers"):
        hit_rates(*past, later, None, 3, 50, 1)


def test_recommendations_are_new_or_not(past: tuple[Baskets, sparse.csr_matrix]) -> None:
    table = recommend(*past, 2, "repeat", new=False)
    assert (table["rank"].max(), table["customer"].nunique()) == (2, 80)
    held = past[0].matrix.toarray()
    new = recommend(*past, 3, "similar", new=True)
    place = past[0].customers.get_indexer(new["customer"]), past[0].items.get_indexer(new["item"])
    assert not held[place].any()
    with pytest.raises(ParameterError, match="one of popularity"):
        recommend(*past, 2, "magic", new=True)
