"""Whether segments that were planted in simulated answers are found by who answers alike."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.stability.partitions import adjusted_rand, contingency


@dataclass(frozen=True)
class FoundAgain:
    """How far clusters of answers are the planted segments: adjusted Rand index, and that of chance (95% below).

    `segments` planted, as many clusters; `respondents` compared; `level`: how far clusters are high and low raters, the
    correlation of a respondent's mean answer with that of the cluster.
    """

    rand: float
    by_chance: float
    segments: int
    respondents: int
    level: float


def found_again(features: pd.DataFrame, planted: pd.Series, *, seed: int = 1, shuffles: int = 200) -> FoundAgain:
    """k-means of the standardised `features` (n, m) into as many clusters as `planted` (n,) has segments, compared.

    Rows with a gap or without a segment are left out. by_chance is the .95 quantile of the index when the planted
    segments are shuffled. Source of the index: Hubert & Arabie (1985), Journal of Classification 2, 193–218. Raises
    SegmentationError for fewer than two segments.

    >>> answers = pd.DataFrame({"a": [1.0, 1.1, 0.9, 5, 5.1, 4.9], "b": [1.0, 0.9, 1.1, 5, 4.9, 5.2]})
    >>> found_again(answers, pd.Series([1, 1, 1, 2, 2, 2])).rand
    1.0
    """
    both = features.notna().all(axis=1) & planted.notna()
    X, members = features[both].to_numpy(dtype=float), planted[both].to_numpy()
    names, member = np.unique(members, return_inverse=True)
    if len(names) < 2:
        raise SegmentationError("Fewer than two segments were planted; there is nothing to find.")
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    clusters = KMeans(len(names), n_init=10, random_state=seed).fit_predict(Z)
    rng = np.random.default_rng(seed)
    index = [
        adjusted_rand(contingency(clusters, m)) for m in (member, *(rng.permutation(member) for _ in range(shuffles)))
    ]
    level = Z.mean(axis=1)
    of_clusters = np.array([level[clusters == c].mean() for c in range(len(names))])[clusters]
    between = float(np.var(of_clusters) / np.var(level))
    return FoundAgain(index[0], float(np.quantile(index[1:], 0.95)), len(names), len(Z), float(np.sqrt(between)))
