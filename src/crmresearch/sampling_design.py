"""A sample drawn in clusters within strata: who was drawn with whom, and what that costs in precision.

A cluster is a primary sampling unit: whatever was drawn first, such as branches, whose customers were drawn next. Only
the clusters were drawn independently of one another, each stratum on its own, so that they alone are resampled.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEW = 20  # degrees of freedom below which clusters are few: Cameron & Miller (2015), from 20 on in balanced cases
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class SamplingDesign:
    """The clusters of a sample and its rows.

    `stratum` (clusters,): the stratum of every cluster drawn, counted from 0; `cluster` (n,): which of the clusters a
    row is in. A part of the rows keeps all clusters, for how many of its rows a resample holds is chance as well: it is
    a domain of the survey (Lumley 2010, Complex Surveys, section 2.5).
    """

    stratum: Codes
    cluster: Codes

    @classmethod
    def of(cls, strata: ArrayLike | None, clusters: ArrayLike | None) -> "SamplingDesign":
        """The design of n rows from the labels of their strata and of their clusters, each (n,).

        Without `clusters` every row was drawn by itself, without `strata` there is one. A label of a cluster that
        comes back in another stratum is another cluster. Clusters are numbered in the order of their labels, so that
        the order of the rows is of no consequence.
        """
        given = [np.asarray(labels).astype(str) for labels in (strata, clusters) if labels is not None]
        n = len(given[0])
        stratum = np.zeros(n, dtype=np.intp) if strata is None else _numbered(given[0])
        if clusters is None:
            return cls(stratum, np.arange(n))
        within = _numbered(given[-1])
        cluster = _numbered(stratum * (within.max() + 1) + within)
        first = np.unique(cluster, return_index=True)[1]
        return cls(stratum[first], cluster)

    def rows(self, chosen: NDArray[np.bool_] | Codes) -> "SamplingDesign":
        """The design of some of the rows.

        Rows of one cluster alone, such as the customers of one branch, were drawn one by one from it: they have nothing
        to be compared with but each other, and what is found holds for that cluster.
        """
        part = self.cluster[chosen]
        if len(part) > 1 and (part == part[0]).all():
            return SamplingDesign.of(None, np.arange(len(part)))
        return replace(self, cluster=part)

    @cached_property
    def members(self) -> list[Codes]:
        """The clusters of every stratum."""
        return [np.flatnonzero(self.stratum == h) for h in range(int(self.stratum.max()) + 1)]

    @cached_property
    def size(self) -> Codes:
        """Of every cluster, how many clusters its stratum has."""
        return np.bincount(self.stratum)[self.stratum]

    @property
    def clusters(self) -> int:
        """How many clusters have rows."""
        return len(np.unique(self.cluster))

    @property
    def strata(self) -> int:
        """How many strata have rows."""
        return len(np.unique(self.stratum[self.cluster]))

    @property
    def degrees_of_freedom(self) -> int:
        """Clusters minus strata, of those with rows: what errors are estimated from."""
        return self.clusters - self.strata

    def resampled(self, rng: np.random.Generator, resamples: int) -> Floats:
        """What the weight of every row is multiplied with in each resample (resamples, n).

        Of the n_h clusters of a stratum n_h − 1 are drawn with replacement, and a cluster drawn m times counts
        m n_h / (n_h − 1) times: the bootstrap variance of a total is then the unbiased one, which n_h draws would
        underestimate by the factor (n_h − 1) / n_h, a half with two clusters. Source: Rao & Wu (1988), JASA 83,
        231–241; as weights Rao, Wu & Yue (1992), Survey Methodology 18, 209–217. Checked against the variance of R
        survey.
        """
        drawn = np.empty((resamples, len(self.stratum)))
        for clusters in self.members:
            n = len(clusters)
            places = rng.integers(0, n, size=(resamples, n - 1)) + n * np.arange(resamples)[:, None]
            counts = np.bincount(places.ravel(), minlength=n * resamples).reshape(resamples, n)
            drawn[:, clusters] = counts * (n / (n - 1))
        return np.asarray(drawn[:, self.cluster])

    def drawn_rows(self, rng: np.random.Generator, resamples: int) -> Iterator[Codes]:
        """Row numbers of successive resamples of whole clusters, as many of a stratum as it has, with replacement.

        For what learns from rows and knows no weights; their number varies with the clusters.
        """
        order = np.argsort(self.cluster, kind="stable")
        rows = np.split(order, np.cumsum(np.bincount(self.cluster, minlength=len(self.stratum)))[:-1])
        for _ in range(resamples):
            chosen = [clusters[rng.integers(0, len(clusters), len(clusters))] for clusters in self.members]
            yield np.concatenate([rows[cluster] for cluster in np.concatenate(chosen)])

    def deleted(self, batch: int) -> Iterator[Floats]:
        """What weights are multiplied with (≤ batch, n) when one cluster after the other is left out: the jackknife.

        The other clusters of its stratum stand for it, n_h / (n_h − 1) times each.
        """
        for start in range(0, len(self.stratum), batch):
            out = np.arange(start, min(start + batch, len(self.stratum)))
            same = self.stratum[out, None] == self.stratum[None, :]
            factor = np.where(same, (self.size / (self.size - 1))[None, :], 1.0)
            factor[np.arange(len(out)), out] = 0.0
            yield factor[:, self.cluster]

    def coarsened(self, most: int, seed: int) -> "SamplingDesign":
        """The clusters dealt to about `most` groups within their strata, two at least, where there are more."""
        if len(self.stratum) <= most:
            return self
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**32 - 1,)))
        group = np.empty(len(self.stratum), dtype=np.intp)
        stratum: list[int] = []
        for h, clusters in enumerate(self.members):
            groups = max(2, len(clusters) * most // len(self.stratum))
            group[rng.permutation(clusters)] = len(stratum) + np.arange(len(clusters)) % groups
            stratum += [h] * groups
        return SamplingDesign(np.array(stratum), group[self.cluster])

    def covariance_of_total(self, values: Floats) -> Floats:
        """Estimated covariance (q, q) of the sums of `values` (n, q) over the rows, weights multiplied in.

        Σ_h n_h/(n_h − 1) Σ_i (z_hi − z̄_h)(z_hi − z̄_h)', z_hi the sum within cluster i of stratum h, clusters taken as
        drawn with replacement. With influences in place of values it is the linearised covariance of any estimate.
        Source: Binder (1983), International Statistical Review 51, 279–292. Checked against R survey.
        """
        z = np.zeros((len(self.stratum), values.shape[1]))
        np.add.at(z, self.cluster, values)
        sums = np.zeros((len(self.members), values.shape[1]))
        np.add.at(sums, self.stratum, z)
        z -= sums[self.stratum] / self.size[:, None]
        return np.asarray((z.T * (self.size / (self.size - 1))) @ z)


def _numbered(labels: NDArray[np.generic]) -> Codes:
    return np.unique(labels, return_inverse=True)[1].astype(np.intp)
