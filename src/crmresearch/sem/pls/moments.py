"""Moments of a sample and, all at once, of its bootstrap resamples and jackknife samples.

A resample is a vector of counts: how often each row was drawn. The moments of B resamples are one matrix
product, `counts @ products of columns`, so no resampled data set is ever made. Sampling weights are counts that are
no whole numbers, and those of a resample are the counts times the weights: every row drawn carries its weight along.
What parts of the rows are held out from needs no counts: sums of the other parts are added up, so that all folds of a
sample cost what the sample costs once.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sampling_design import SamplingDesign
from crmresearch.sem.pls.algorithm import Floats

Centring = Callable[[NDArray[np.intp], Floats], Floats]
TOGETHER = 1_300  # rows of a batch of parts


class Moments(NamedTuple):
    """Means (B, p), standard deviations (B, p), divisor n − 1, and correlations (B, p, p) of B samples."""

    means: Floats
    deviations: Floats
    correlations: Floats

    @property
    def covariances(self) -> Floats:
        """Covariances (B, p, p), divisor n − 1."""
        return self.correlations * self.deviations[:, :, None] * self.deviations[:, None, :]


def of_one_size(sizes: Sequence[int]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Parts of the same size (g,), and where their rows stand (g, size) when all parts follow one another.

    Parts of one size are one batch of matrix products, as long as they fit into the cache together; folds that were
    dealt have two sizes at most.
    """
    counted = np.array(sizes)
    starts = np.cumsum(counted) - counted
    for size in np.unique(counted):
        of_size = np.flatnonzero(counted == size)
        for which in np.split(of_size, range(most := max(1, TOGETHER // max(size, 1)), len(of_size), most)):
            yield which, starts[which, None] + np.arange(size)


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

    @cached_property
    def _position(self) -> NDArray[np.intp]:
        # of the product of items i and j (p, p) in the columns
        position = np.empty((self.p, self.p), dtype=np.intp)
        first, second = np.triu_indices(self.p)
        position[first, second] = position[second, first] = self.p + np.arange(len(first))
        return position

    @cached_property
    def _columns(self) -> Floats:
        first, second = np.triu_indices(self.p)
        return np.concatenate([self.rows, self.rows[:, first] * self.rows[:, second]], axis=1)

    @cached_property
    def _bordered(self) -> Floats:
        # a 1 beside every row: its products with itself are the number of rows, the sums and the sums of products
        return np.concatenate([np.ones((self.n, 1)), self.rows], axis=1)

    def moments(self, counts: Floats) -> Moments:
        """Moments of the samples whose rows are repeated `counts` (B, n) times, or weighted by `counts · weights`.

        With weights the divisor of variances is Σ counts − 1 as well: correlations do not depend on it. A column
        without variance in a sample gets a correlation of NaN there.
        """
        size = counts.sum(axis=1, keepdims=True)
        sums = counts @ self._columns
        means = sums[:, : self.p] / size
        scatter: Floats = np.take(sums, self._position, axis=1)
        scatter -= sums[:, : self.p, None] * means[:, None, :]
        return self._scaled(size, means, scatter)

    def moments_without(self, repeats: Sequence[Sequence[NDArray[np.intp]]]) -> Moments:
        """Moments of all rows but those of each part, with their weights; of all parts of all `repeats` in turn.

        Parts of one repeat share no row.
        """
        sizes = [len(parts) for parts in repeats]
        S = self._products([part for parts in repeats for part in parts])
        for parts, end, size in zip(repeats, np.cumsum(sizes), sizes, strict=True):
            # the others are added up: taken from the sum of all, a part with one huge number would leave no digits
            others = S[end - size : end].reshape(size, -1)
            others[:] = (1.0 - np.eye(size)) @ others
            if sum(map(len, parts)) < self.n:
                others += self._products([np.setdiff1d(np.arange(self.n), np.concatenate(parts))]).ravel()
        with np.errstate(divide="ignore", invalid="ignore"):  # of parts that leave nothing
            return self._of_products(S)

    def _products(self, parts: Sequence[NDArray[np.intp]]) -> Floats:
        found = np.empty((len(parts), *2 * self._bordered.shape[1:]))
        row = np.concatenate(parts)
        for which, at in of_one_size([len(part) for part in parts]):
            rows = self._bordered[row[at]]
            turned = rows.transpose(0, 2, 1)  # of rows with themselves BLAS makes half the products
            found[which] = (turned * self.weights[row[at]][:, None, :] if self.weighted else turned) @ rows
        return found

    def _of_products(self, S: Floats) -> Moments:
        size, sums = S[:, 0, :1], S[:, 0, 1:]
        means = sums / size
        scatter: Floats = sums[:, :, None] * means[:, None, :]
        np.subtract(S[:, 1:, 1:], scatter, out=scatter)
        return self._scaled(size, means, scatter)

    def _scaled(self, size: Floats, means: Floats, scatter: Floats) -> Moments:
        """Moments from sizes (B, 1), means (B, p) of shifted columns, sums of products of deviations from them."""
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

    def centring(self, columns: NDArray[np.intp]) -> Centring:
        """Deviations (…, m) of some rows (…) in these columns (m,) from means (…, m), a gap in an answer as none."""
        own, shift = self.rows[:, columns], self.shift[columns]
        return lambda rows, means: np.asarray(own[rows] - (means - shift))


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

    @cached_property
    def _bordered(self) -> Floats:
        return np.concatenate([np.ones((self.n, 1)), self.rows, self.answered], axis=1)

    def moments(self, counts: Floats) -> Moments:
        """Moments of the samples whose rows are repeated `counts` (B, n) times, or weighted by `counts · weights`."""
        rows = self._bordered
        return self._of_products(np.array([(rows.T * count) @ rows for count in counts]))

    def _of_products(self, S: Floats) -> Moments:
        item, answer = slice(1, self.p + 1), slice(self.p + 1, None)
        products, one, both = (
            S[:, item, item],
            S[:, item, answer],
            S[:, answer, answer],
        )  # one: where the other answered
        means = np.diagonal(one, axis1=1, axis2=2) / np.diagonal(both, axis1=1, axis2=2)
        crossed = one * means[:, None, :]
        scatter = products - crossed - crossed.transpose(0, 2, 1) + both * means[:, :, None] * means[:, None, :]
        return self._scaled(S[:, 0, :1], means, scatter)

    def centring(self, columns: NDArray[np.intp]) -> Centring:
        """Deviations (…, m) of some rows (…) in these columns (m,) from means (…, m), a gap in an answer as none."""
        deviations, answered = super().centring(columns), self.answered[:, columns]
        return lambda rows, means: deviations(rows, means) * answered[rows]
