"""Moments of a sample and, all at once, of its bootstrap resamples and jackknife samples.

A resample is a vector of counts: how often each row was drawn. The moments of B resamples are one matrix
product, `counts @ products of columns`, so no resampled data set is ever made. Sampling weights are counts that are
no whole numbers, and those of a resample are the counts times the weights: every row drawn carries its weight along.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sampling_design import SamplingDesign
from crmresearch.sem.pls.algorithm import Floats


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
    """The rows of a complete data matrix X (n, p), prepared for moments of resamples; `weights` (n,) of mean 1.

    Columns are shifted by their rounded mean: sums of products of survey answers then stay whole numbers, which
    floating point adds exactly in any order, and no digits cancel. `weights` are 1 where there are none; `weighted`
    says whether there are. `design`: the clusters and strata in which the rows were drawn; None where one by one.
    """

    def __init__(self, X: Floats, weights: Floats | None = None, design: SamplingDesign | None = None) -> None:
        self.n, self.p = X.shape
        self.design = design
        self.weighted = weights is not None
        self.weights = np.ones(self.n) if weights is None else weights
        self.shift = np.rint(X.mean(axis=0))
        self.rows = X - self.shift
        self._squares = (self.rows**2).mean(axis=0)
        first, second = np.triu_indices(self.p)
        products = self.rows[:, first] * self.rows[:, second]
        self._position = np.empty((self.p, self.p), dtype=np.intp)  # of the product of items i and j in the columns
        self._position[first, second] = self._position[second, first] = self.p + np.arange(len(first))
        self._columns = np.concatenate([self.rows, products], axis=1)

    def moments(self, counts: Floats) -> Moments:
        """Moments of the samples whose rows are repeated `counts` (B, n) times, or weighted by `counts · weights`.

        With weights the divisor of variances is Σ counts − 1 as well: correlations do not depend on it. A column
        without variance in a sample gets a correlation of NaN there.
        """
        size = counts.sum(axis=1, keepdims=True)
        means, scatter = self._scatter(counts, size)
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

    def _scatter(self, counts: Floats, size: Floats) -> tuple[Floats, Floats]:
        """Means (B, p) of the shifted columns, and sums of products of deviations from them (B, p, p)."""
        sums = counts @ self._columns
        means = sums[:, : self.p] / size
        scatter: Floats = np.take(sums, self._position, axis=1)
        scatter -= sums[:, : self.p, None] * means[:, None, :]
        return means, scatter

    def centred(self, rows: NDArray[np.intp], means: Floats) -> Floats:
        """Some rows (m, p) as deviations from means (m, p), a gap in an answer as none."""
        return np.asarray(self.rows[rows] - (means - self.shift))


class SampleWithGaps(Sample):
    """Rows with gaps (NaN), which every sample of them fills with the means of its own answers.

    A gap deviates from the mean by nothing, so that sums over the answers are enough: of products where both items
    were answered, of one item where the other was, and of how many answered both. For models without products of
    constructs.
    """

    def __init__(self, X: Floats, weights: Floats | None = None, design: SamplingDesign | None = None) -> None:
        answered = np.isfinite(X)
        super().__init__(np.where(answered, X, np.rint(np.nanmean(X, axis=0))), weights, design)
        self.rows = np.where(answered, X - self.shift, 0.0)
        self.answered = answered.astype(np.float64)
        first, second = np.triu_indices(self.p)
        products = self.rows[:, first] * self.rows[:, second]
        both = self.answered[:, first] * self.answered[:, second]
        one = self.rows[:, :, None] * self.answered[:, None, :]  # an item where the other was answered
        self._columns = np.concatenate([products, both, one.reshape(self.n, -1)], axis=1)
        self._position -= self.p

    def _scatter(self, counts: Floats, size: Floats) -> tuple[Floats, Floats]:
        pairs = self.p * (self.p + 1) // 2
        sums = counts @ self._columns
        products, both = (np.take(sums, self._position + start, axis=1) for start in (0, pairs))
        one = sums[:, 2 * pairs :].reshape(-1, self.p, self.p)
        answers = np.diagonal(both, axis1=1, axis2=2)
        means = np.diagonal(one, axis1=1, axis2=2) / answers
        crossed = one * means[:, None, :]
        return means, products - crossed - crossed.transpose(0, 2, 1) + both * means[:, :, None] * means[:, None, :]

    def centred(self, rows: NDArray[np.intp], means: Floats) -> Floats:
        """Some rows (m, p) as deviations from means (m, p), a gap in an answer as none."""
        return np.asarray(super().centred(rows, means) * self.answered[rows])
