"""What a customer buys next: items ranked for every customer, and how often the first few were right afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from crmresearch.errors import ParameterError
from crmresearch.mining.baskets.association import Associations
from crmresearch.mining.baskets.baskets import Baskets
from crmresearch.ranks import highest

Floats = NDArray[np.float64]
FEWEST = 30  # customers who must have bought after the cut-off for a share of them to be told
RANKED = 2_000  # customers ranked at a time
SIMPLE = ("popularity", "repeat")  # lists that need no learning
RECOMMENDERS = ("popularity", "repeat", "similar", "rules")


@dataclass(frozen=True)
class HitRates:
    """How often one of the first `k` items recommended was bought after the cut-off.

    `table`: a row a task and recommender: task ("all" items, or "new" to the customer), recommender, customers,
    hit_rate, ci_lower, ci_upper (95 %, percentiles over customers), precision (share of the k that were bought), lead
    (hit rate less that of the better of popularity and repeat), lead_lower, lead_upper (95 %, paired) and best (whether
    it is not told apart from the highest hit rate of the task). `customers` bought before and after.
    """

    table: pd.DataFrame
    k: int
    customers: int
    buying_new: int

    def leaders(self) -> list["Leaders"]:
        """Who foretold each task best."""
        found = []
        for task, rows in self.table.groupby("task", sort=False):
            best = rows[rows["best"]].sort_values("hit_rate", ascending=False, kind="stable")
            names, base = best["recommender"].tolist(), rows[rows["lead"] == 0].iloc[0]
            found.append(Leaders(str(task), names, best.iloc[0], base, not set(names) & set(SIMPLE)))
        return found


class Leaders(NamedTuple):
    """Of a task the recommenders not told apart from the highest hit rate, highest first, and the `row` of the first.

    `base`: the row of the better simple list; `beaten`: whether no simple list is among the leaders.
    """

    task: str
    names: list[str]
    row: pd.Series
    base: pd.Series
    beaten: bool


def scores(past: Baskets, often: sparse.csr_matrix, rules: Associations | None = None) -> dict[str, sparse.csr_matrix]:
    """Score of every item for every customer by each recommender, sparse (customers × items), higher is better.

    `past`: baskets by customer; `often`: in how many purchases each bought each item. Popularity is the number of
    customers who bought an item; repeat how often the customer did; similar, the sum over what the customer has of the
    cosine of the columns of two items (item-to-item; Sarwar et al. 2001; Linden et al. 2003); rules, the highest
    confidence of the rules beyond chance whose antecedent the customer has. Ties go by popularity.
    """
    X = past.matrix.astype(float)
    counts = past.counts.astype(float)
    together = (X.T @ X).tocsr()
    together.setdiag(0)
    together.eliminate_zeros()
    inverse = sparse.diags_array(1 / np.sqrt(np.maximum(counts, 1)))
    found = {
        "popularity": sparse.csr_matrix(X.shape),
        "repeat": often.astype(float).tocsr(),
        "similar": sparse.csr_matrix(X @ sparse.csr_matrix(inverse @ together @ inverse)),
    }
    if rules is not None and len(rules.told):
        found["rules"] = _by_rules(past, rules)
    return found


def _by_rules(past: Baskets, rules: Associations) -> sparse.csr_matrix:
    """The highest confidence among the rules a customer meets, by items of `past`."""
    place = past.items.get_indexer(rules.baskets.items)
    columns, held = past.matrix.tocsc(), sparse.csr_matrix(past.matrix.shape, dtype=float)
    for row in rules.told.sort_values("confidence", kind="stable").itertuples():
        first, second, third = (place[j] if j >= 0 else -1 for j in (row.first, row.second, row.third))
        if min(first, third) < 0 or (row.second >= 0 and second < 0):
            continue
        meets = columns[:, [first]].astype(float)
        meets = meets.multiply(columns[:, [second]]) if row.second >= 0 else meets
        who = sparse.coo_matrix(meets).row
        one = sparse.csr_matrix((np.full(len(who), row.confidence), (who, np.full(len(who), third))), past.matrix.shape)
        held = held.maximum(one)
    return sparse.csr_matrix(held)


def top(
    score: sparse.csr_matrix, popularity: Floats, k: int, barred: sparse.csr_matrix | None = None
) -> NDArray[np.intp]:
    """The `k` items of the highest score for every customer (customers × k), ties by popularity, then by place.

    `barred`: items (customers × items) that are not to be recommended to a customer; −1 where there are too few others.
    """
    n, m = score.shape
    order = np.lexsort([np.arange(m), -popularity])
    behind = np.empty(m)
    behind[order] = np.arange(m) / m  # below 1: breaks ties only
    found = np.full((n, min(k, m)), -1, dtype=np.intp)
    for start in range(0, n, RANKED):
        part = score[start : start + RANKED].toarray()
        # scores as ranks, so that popularity breaks ties and no more
        codes = np.unique(part, return_inverse=True)[1]
        key = codes.reshape(part.shape).astype(float) - behind
        if barred is not None:
            key[barred[start : start + RANKED].toarray() > 0] = -np.inf
        first = np.argpartition(-key, min(k, m) - 1, axis=1)[:, :k]
        best = np.take_along_axis(key, first, axis=1)
        ordered = np.argsort(-best, axis=1, kind="stable")
        chosen = np.take_along_axis(first, ordered, axis=1)
        chosen[~np.isfinite(np.take_along_axis(best, ordered, axis=1))] = -1
        found[start : start + RANKED] = chosen
    return found


def hit_rates(
    past: Baskets,
    often: sparse.csr_matrix,
    later: Baskets,
    rules: Associations | None,
    k: int,
    resamples: int,
    seed: int,
) -> HitRates:
    """How often each recommender, learned from `past`, was right in what customers bought `later`, by customer.

    Judged are customers of both. For new items what a customer has bought before is neither recommended nor counted,
    and customers count who bought a new one; repeat has no part in it. Intervals are percentiles over resamples of
    customers, all recommenders on the same ones; the best are told by `ranks.highest`. Checked by hand.

    Raises ParameterError where fewer than 30 customers bought again what was known before, or `k` is below 1.
    """
    if k < 1:
        raise ParameterError(f"`k` must be 1 or more; it is {k}.")
    who = later.customers.intersection(past.customers)
    if len(who) < FEWEST:
        raise ParameterError(
            f"Only {len(who)} customers bought before and after the cut-off; with fewer than {FEWEST} what they bought "
            "next tells nothing."
        )
    rows = past.customers.get_indexer(who)
    own = past.matrix[rows]
    target = _aligned(later, past)[later.customers.get_indexer(who)]
    new = sparse.csr_matrix(target - target.multiply(own))
    new.eliminate_zeros()
    popularity, rated = past.counts.astype(float), scores(past, often, rules)
    rng = np.random.default_rng(seed)
    tables, buying_new = [], int((np.diff(new.indptr) > 0).sum())
    for task, bought, barred in (("all", target, None), ("new", new, own)):
        kept = np.flatnonzero(np.diff(bought.indptr) > 0)
        if len(kept) < FEWEST:
            continue
        names = [name for name in rated if task == "all" or name != "repeat"]
        hits = {}
        for name in names:
            chosen = top(rated[name][rows][kept], popularity, k, None if barred is None else barred[kept])
            hits[name] = _right(bought[kept], chosen)
        tables.append(_told(task, hits, k, resamples, rng))
    if not tables:
        raise ParameterError(
            f"Fewer than {FEWEST} customers bought something after the cut-off that anybody had bought before it: what "
            "they bought next tells nothing."
        )
    return HitRates(pd.concat(tables, ignore_index=True), k, len(who), buying_new)


def _aligned(later: Baskets, past: Baskets) -> sparse.csr_matrix:
    """What was bought later, in the columns of the past; items that nobody had bought before cannot be foreseen."""
    place = past.items.get_indexer(later.items)
    known = np.flatnonzero(place >= 0)
    shift = sparse.csr_matrix((np.ones(len(known)), (known, place[known])), shape=(len(place), len(past.items)))
    return sparse.csr_matrix(later.matrix @ shift)


def _right(bought: sparse.csr_matrix, chosen: NDArray[np.intp]) -> Floats:
    """How many of the items chosen for each customer were bought (customers,)."""
    flat = sparse.csr_matrix(
        (np.ones((chosen >= 0).sum()), (np.nonzero(chosen >= 0)[0], chosen[chosen >= 0])), shape=bought.shape
    )
    return np.asarray(bought.multiply(flat).sum(axis=1), dtype=float).ravel()


def _told(task: str, right: Mapping[str, Floats], k: int, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    names = list(right)
    hit = np.array([right[name] > 0 for name in names], dtype=float)
    n = hit.shape[1]
    draws = hit @ rng.multinomial(n, np.full(n, 1 / n), size=resamples).T / n
    points = hit.mean(axis=1)
    base = [i for i, name in enumerate(names) if name in SIMPLE]
    i = base[int(np.argmax(points[base]))]
    lead = draws - draws[i]
    ends, apart = np.percentile(draws, [2.5, 97.5], axis=1), np.percentile(lead, [2.5, 97.5], axis=1)
    return pd.DataFrame(
        {"task": task, "recommender": names, "customers": n, "hit_rate": points, "ci_lower": ends[0],
         "ci_upper": ends[1], "precision": [right[name].mean() / k for name in names], "lead": points - points[i],
         "lead_lower": apart[0], "lead_upper": apart[1], "best": highest(points, draws)}
    )  # fmt: skip


def recommend(past: Baskets, often: sparse.csr_matrix, k: int, recommender: str, new: bool) -> pd.DataFrame:
    """A row a customer and item recommended: customer, rank, item and score; up to `k` each, the highest first.

    `recommender`: popularity, repeat or similar (`scores`); `new`: only items that the customer has not bought.
    Raises ParameterError for another one, or `k` below 1.
    """
    if k < 1:
        raise ParameterError(f"`k` must be 1 or more; it is {k}.")
    rated = scores(past, often)
    if recommender not in rated:
        raise ParameterError(f"`recommender` is one of {', '.join(rated)}; it is {recommender!r}.")
    chosen = top(rated[recommender], past.counts.astype(float), k, past.matrix if new else None)
    row, rank = np.nonzero(chosen >= 0)
    item = chosen[row, rank]
    score = past.counts[item] if recommender == "popularity" else np.asarray(rated[recommender][row, item]).ravel()
    return pd.DataFrame(
        {"customer": past.customers[row], "rank": rank + 1, "item": past.items[item], "score": score.astype(float)}
    )
