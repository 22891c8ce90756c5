"""Association rules of a million simulated baskets: seconds of processor and peak memory, of counting and of all.

python benchmarks/association.py [baskets] [seed]
"""

import resource
import sys
import time

import numpy as np
import pandas as pd
from scipy import sparse

from crmresearch.mining.baskets.association import association_rules
from crmresearch.mining.baskets.baskets import Baskets

ITEMS, CUSTOMERS_EACH, MEAN = 1_000, 5, 6.0


def simulated(n: int, seed: int) -> Baskets:
    """n baskets of n / 5 customers: geometric sizes of mean 6, popularity of Zipf's kind, five planted pairs."""
    rng = np.random.default_rng(seed)
    sizes = rng.geometric(1 / MEAN, n)
    share = 1 / (np.arange(ITEMS) + 20.0)
    row = np.repeat(np.arange(n), sizes)
    item = rng.choice(ITEMS, len(row), p=share / share.sum())
    takes = (item < 10) & (item % 2 == 0) & (rng.random(len(item)) < 0.3)
    row, item = np.concatenate([row, row[takes]]), np.concatenate([item, item[takes] + 1])
    matrix = sparse.csr_matrix((np.ones(len(row), dtype=np.int32), (row, item)), shape=(n, ITEMS))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    customer = rng.integers(0, max(1, n // CUSTOMERS_EACH), n)
    names = pd.Index([f"item {j}" for j in range(ITEMS)])
    return Baskets(matrix, names, customer, pd.RangeIndex(n // CUSTOMERS_EACH).astype(str))


def main(n: int = 1_000_000, seed: int = 1) -> None:
    """One line: baskets, seconds, gigabytes, tests, pairs told."""
    baskets = simulated(n, seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    start, wall = time.process_time(), time.perf_counter()
    found = association_rules(baskets, 0.001)
    seconds, passed = time.process_time() - start, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{n:,} baskets, {ITEMS:,} items: {seconds:.1f} s of processor ({passed:.1f} s), {peak:.2f} GB at most "
          f"({before:.2f} before), {found.pairs:,} pairs and {found.triples:,} rules of three tested, "
          f"{len(found.told_pairs)} pairs told")  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
