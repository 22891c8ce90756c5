"""Swapped baskets: worlds in which nothing goes together, with the same basket sizes and as many baskets of every item.

A trade takes two baskets and deals the items that only one of them holds out anew, as many to each as before (the
curveball algorithm: Strona, Nappo, Boccacci, Fattorini & San-Miguel-Ayanz 2014, Nature Communications 5, 4114). Many
trades draw from all such worlds alike, as the swaps of Gionis et al. (2007) do, in fewer steps.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import sparse

from crmresearch.mining.baskets.association import association_rules
from crmresearch.mining.baskets.baskets import Baskets

TRADES = 5  # a basket, from one world to the next
MOST = 2_000  # baskets that are swapped; of more so many are drawn


def swapped(baskets: Baskets, worlds: int, seed: int) -> Iterator[Baskets]:
    """So many worlds of these baskets, one after the other; every basket is of a customer of its own."""
    rng = np.random.default_rng(seed)
    held = [set(row.tolist()) for row in np.split(baskets.matrix.indices, baskets.matrix.indptr[1:-1])]
    n = len(held)
    for _world in range(worlds):
        for i, j in rng.integers(0, n, (TRADES * n, 2)):
            if i == j:
                continue
            own, others = held[i] - held[j], held[j] - held[i]
            if not own or not others:
                continue
            loose = sorted(own | others)
            rng.shuffle(loose)
            shared = held[i] & held[j]
            held[i], held[j] = shared | set(loose[: len(own)]), shared | set(loose[len(own) :])
        indices = np.concatenate([np.array(sorted(row), dtype=np.int32) for row in held])
        matrix = sparse.csr_matrix((np.ones(len(indices), dtype=np.int32), indices, baskets.matrix.indptr),
                                   shape=baskets.matrix.shape)  # fmt: skip
        yield replace(baskets, matrix=matrix, customer=np.arange(n), customers=baskets.customers[:0])


def swap_check(baskets: Baskets, min_support: float, level: float, worlds: int, seed: int) -> list[int]:
    """Pairs that would be told in each of so many swapped worlds, where every one is false: the check of `level`.

    Of more than 2,000 baskets so many are drawn at random.
    """
    n = baskets.matrix.shape[0]
    if n > MOST:
        chosen = np.sort(np.random.default_rng(seed).choice(n, MOST, replace=False))
        baskets = baskets.rows(chosen)
    return [
        len(association_rules(world, min_support, level, triples=False).told_pairs)
        for world in swapped(baskets, worlds, seed)
    ]
