"""K-centroids clustering (Leisch, 2006): any distance with the centroid that minimises it, from several starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist

from crmresearch.segmentation.contract import Codes, Floats

Metric = Literal["cityblock", "cosine"]
_MOST_STEPS = 200
_SMALLEST_GAIN = 1e-7  # of the objective: a step that gains less is the last


Centroids = Callable[[Codes, int], Floats]  # of the members (n,) of k clusters: (k, p), NaN for an empty cluster


@dataclass(frozen=True)
class Family:
    """A distance and, for points X (n, p) with weights (n,), the centroids that make its sum over members least."""

    metric: Metric
    centroids: Callable[[Floats, Floats], Centroids]


def medians(X: Floats, weights: Floats) -> Centroids:
    """Median of each column in each cluster, rows counted by weight.

    The middle of the two middle values, as numpy.median of rows repeated by whole-number weights. The columns are
    sorted once, and picking the members of a cluster keeps their order: no sorting in any step.
    """
    orders = [np.argsort(column, kind="stable") for column in X.T]

    def centroids(codes: Codes, k: int) -> Floats:
        totals = np.bincount(codes, weights, minlength=k)
        middle = np.cumsum(totals) - totals / 2
        labels = codes.astype(np.uint16)
        found = np.empty((k, X.shape[1]))
        for j, order in enumerate(orders):
            sorted_labels = labels[order]
            rows = order[np.concatenate([np.flatnonzero(sorted_labels == cluster) for cluster in range(k)])]
            below = np.cumsum(weights[rows])
            places = np.stack([np.searchsorted(below, middle, side) for side in ("left", "right")])
            found[:, j] = X[rows[np.minimum(places, len(rows) - 1)], j].mean(axis=0)
        found[totals == 0] = np.nan
        return found

    return centroids


def mean_directions(X: Floats, weights: Floats) -> Centroids:
    """Direction of the weighted mean of the members, each scaled to length 1."""
    units = weights[:, None] * X / np.linalg.norm(X, axis=1, keepdims=True)

    def centroids(codes: Codes, k: int) -> Floats:
        sums = np.column_stack([np.bincount(codes, column, minlength=k) for column in units.T])
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.divide(sums, lengths, out=np.full_like(sums, np.nan), where=lengths > 1e-12)

    return centroids


FAMILIES = {"medians": Family("cityblock", medians), "angles": Family("cosine", mean_directions)}


def descend(X: Floats, weights: Floats, start: Floats, metric: Metric, centroids_of: Centroids) -> tuple[Floats, float]:
    """Centroids (k, p) and their sum of distances: assign and recompute from `start` (k, p) until nothing is gained.

    Each half-step can only lower the sum (Leisch, 2006, section 2). An empty cluster moves to the customer who is
    farthest from his centroid.
    """
    centroids, before = start, np.inf
    for _ in range(_MOST_STEPS):
        distances = cdist(X, centroids, metric)
        codes = distances.argmin(axis=1)
        nearest = distances[np.arange(len(X)), codes]
        total = float(weights @ nearest)
        if not before - total > _SMALLEST_GAIN * total:
            break
        before, best = total, centroids
        centroids = centroids_of(codes, len(start))
        if len(empty := np.flatnonzero(np.isnan(centroids).any(axis=1))):
            centroids[empty] = X[np.argsort(-nearest, kind="stable")[: len(empty)]]
    return best, before


def spread_start(X: Floats, weights: Floats, k: int, metric: Metric, rng: np.random.Generator) -> Floats:
    """k rows of X (n, p), each drawn with probability ∝ weight × distance to the nearest row drawn before.

    The k-means++ start of Arthur and Vassilvitskii (2007), with the distance in place of its square.
    """
    rows = [int(rng.choice(len(X), p=weights / weights.sum()))]
    nearest = np.full(len(X), np.inf)
    while len(rows) < k:
        nearest = np.minimum(nearest, cdist(X, X[rows[-1:]], metric)[:, 0])
        chance = weights * np.maximum(nearest, 0)
        chance = chance if chance.sum() > 0 else weights
        rows.append(int(rng.choice(len(X), p=chance / chance.sum())))
    return X[rows]


def k_centroids(X: Floats, weights: Floats, starts: list[Floats], family: Family) -> tuple[Floats, float]:
    """The best centroids of a descent from each start, and their sum of distances."""
    centroids_of = family.centroids(X, weights)
    ends = [descend(X, weights, start, family.metric, centroids_of) for start in starts]
    return min(ends, key=lambda end: end[1])
