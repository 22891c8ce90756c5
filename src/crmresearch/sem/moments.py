"""Moments of a sample and, all at once, of its bootstrap resamples and jackknife samples.

A resample is a vector of counts: how often each row was drawn. The moments of B resamples are one matrix
product, `counts @ products of columns`, so no resampled data set is ever made.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.pls import Floats

DRAWS_PER_SEED = 50  # resamples that share one spawned seed; part of the definition of a run, never change it


class Moments(NamedTuple):
    """Means (B, p), standard deviations (B, p), divisor n − 1, and correlations (B, p, p) of B samples."""

    means: Floats
    deviations: Floats
    correlations: Floats

    @property
    def covariances(self) -> Floats:
        """Covariances (B, p, p), divisor n − 1."""
        return self.correlations * self.deviations[:, :, None] * self.deviations[:, None, :]


class Sample:
    """The rows of a complete data matrix X (n, p), prepared for moments of resamples.

    Columns are shifted by their rounded mean: sums of products of survey answers then stay whole numbers, which
    floating point adds exactly in any order, and no digits cancel.
    """

    def __init__(self, X: Floats) -> None:
        self.n, self.p = X.shape
        self.shift = np.rint(X.mean(axis=0))
        self.rows = X - self.shift
        self._squares = (self.rows**2).mean(axis=0)
        first, second = np.triu_indices(self.p)
        products = self.rows[:, first] * self.rows[:, second]
        self._position = np.empty((self.p, self.p), dtype=np.intp)  # of the product of items i and j in the columns
        self._position[first, second] = self._position[second, first] = self.p + np.arange(len(first))
        self._columns = np.concatenate([self.rows, products], axis=1)

    def moments(self, counts: Floats) -> Moments:
        """Moments of the samples whose rows are repeated `counts` (B, n) times.

        A column without variance in a sample gets a correlation of NaN there.
        """
        size = counts.sum(axis=1, keepdims=True)
        sums = counts @ self._columns
        means = sums[:, : self.p] / size
        scatter = np.take(sums, self._position, axis=1)
        scatter -= sums[:, : self.p, None] * means[:, None, :]
        variances = np.diagonal(scatter, axis1=1, axis2=2) / (size - 1)
        # what rounding leaves of a constant column is no variance
        constant = variances <= 1e-12 * (self._squares + means**2)
        deviations = np.sqrt(np.where(constant, np.nan, variances))
        scale = 1 / (deviations * np.sqrt(size - 1))
        correlations = scatter
        correlations *= scale[:, :, None]
        correlations *= scale[:, None, :]
        j = np.arange(self.p)
        correlations[:, j, j] = np.where(constant, np.nan, 1.0)
        return Moments(means + self.shift, deviations, correlations)


def bootstrap_counts(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Counts (≤ 50, n) of successive resamples of n rows, the same for any division of the work.

    Resample b comes from the generator seeded with `SeedSequence(seed, spawn_key=(b // 50,))`.
    """
    for group in range(-(-resamples // DRAWS_PER_SEED)):
        drawn = bootstrap_rows(n, group, seed)
        drawn += n * np.arange(DRAWS_PER_SEED)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=n * DRAWS_PER_SEED).reshape(DRAWS_PER_SEED, n)
        yield counts[: resamples - group * DRAWS_PER_SEED].astype(np.float64)


def bootstrap_rows(n: int, group: int, seed: int) -> NDArray[np.int64]:
    """Row numbers (50, n) drawn with replacement for one group of resamples."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(group,)))
    return rng.integers(0, n, size=(DRAWS_PER_SEED, n))


def jackknife_counts(n: int, groups: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Counts (≤ 50, n) of delete-a-group samples; `groups` = n deletes one row at a time.

    With fewer groups than rows, the rows are dealt to the groups in an order drawn with `seed`.
    """
    order = np.arange(n)
    if groups < n:
        order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**32 - 1,))).permutation(n)
    member = np.empty(n, dtype=np.intp)
    member[order] = np.arange(n) % groups
    for start in range(0, groups, DRAWS_PER_SEED):
        stop = min(start + DRAWS_PER_SEED, groups)
        yield (member[None, :] != np.arange(start, stop)[:, None]).astype(np.float64)
