"""Moments of a sample and, all at once, of its bootstrap resamples and jackknife samples.

A resample is a vector of counts: how often each row was drawn. The moments of B resamples are one matrix
product, `counts @ products of columns`, so no resampled data set is ever made. Sampling weights are counts that are
no whole numbers, and those of a resample are the counts times the weights: every row drawn carries its weight along.
"""

from typing import NamedTuple

import numpy as np

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
