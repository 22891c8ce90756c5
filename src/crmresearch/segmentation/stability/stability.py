"""Whether the same method finds the same segments when the customers are drawn again.

A method that is refitted on bootstrap samples gives other cut points and other segments: as a whole they are compared
by the adjusted Rand index, one by one by the Jaccard similarity.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Floats, Segmenter
from crmresearch.segmentation.stability.partitions import adjusted_rand_of_pairs, contingency, jaccard
from crmresearch.segmentation.stability.refits import Estimates, Refits, refit

NAMED = 0.6  # mean Jaccard below which a segment should not be given a name (Hennig, 2008; help of fpc::clusterboot)
RECOVERED, DISSOLVED = 0.75, 0.5  # Jaccard of one refit (Hennig, 2007; the defaults of fpc::clusterboot)
TAILS = (0.05, 0.95)

SOLUTIONS = ["method", "k", "refits", "failed", "ari", "ari_lower", "ari_upper", "lowest_jaccard", "largest_jaccard"]
SOLUTIONS += ["fixed"]
SEGMENTS = ["method", "segment", "share", "jaccard", "recovered", "dissolved", "named"]


@dataclass(frozen=True)
class Stability:
    """How stable each method and each of its segments is. Without a refit that learned, all is NaN and nothing named.

    `solutions`: method, k (segments with members), refits (asked for), failed, ari (mean over all pairs of refits)
    with ari_lower and ari_upper (5 % and 95 % quantile of the pairs), lowest_jaccard and largest_jaccard (the
    least and the most stable of its segments), fixed (a rule that takes no cut point from the customers, whose 1 is no
    finding: nothing of it could change).
    `segments`: method, segment, share (of the customers), jaccard (mean over refits of the best match), recovered
    (share of refits with a match above .75), dissolved (of .5 or less), named (jaccard at least .6).
    """

    solutions: pd.DataFrame
    segments: pd.DataFrame


def bootstrap_stability(
    methods: Sequence[Segmenter],
    features: pd.DataFrame,
    apply_to: pd.DataFrame | None = None,
    refits: int = 50,
    seed: int = 0,
    estimates: Estimates | None = None,
) -> Stability:
    """Every method of `methods` refitted on `refits` bootstrap samples of customers, with the same draws for all.

    `features` has a row a customer; the draws follow from `seed`. The refits are applied to all customers; the adjusted
    Rand index (Hubert & Arabie, 1985) compares every two of them there. The Jaccard similarity compares the segments
    learned from everyone with those of a refit, max over refit segments D of |C ∩ D| / |C ∪ D|, among the distinct
    customers drawn (Hennig, 2007, Computational Statistics & Data Analysis 52, 258–271, scheme of the nonparametric
    bootstrap). With `apply_to`, all comparisons are among those customers. A segment of whom nobody was drawn has
    similarity 0. Columns that another model estimated are estimated again on every resample where `estimates` say how;
    without, they are fixed, and segments of them look more stable than they are.

    Raises SegmentationError where a method cannot learn from all customers; a resample from which it cannot is
    counted in `failed`. Checked against fpc::clusterboot 2.2-10 with the same draws.

    >>> import crmresearch as crm
    >>> from crmresearch.segmentation.methods.rfm_classes import RfmEight
    >>> customers = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30").frame.iloc[::10]
    >>> found = crm.stability([RfmEight("mean")], customers, refits=10, seed=1)
    >>> found.solutions[["method", "k", "refits", "failed"]].values.tolist()
    [['rfm_eight_mean', 8, 10, 0]]
    >>> found.segments["jaccard"].between(0, 1).all().item()
    True
    """
    return stability(refit(methods, features, apply_to, refits, seed, estimates))


def stability(refits: Sequence[Refits]) -> Stability:
    """`bootstrap_stability` of methods already refitted by `refits.refit`."""
    solutions, segments = [], []
    for again in refits:
        similarity = best_jaccard(again)  # (refits, k)
        counts = again.base.value_counts(sort=False)
        members = counts[counts > 0]
        known = len(similarity) > 0
        mean = similarity.mean(axis=0) if known else np.full(len(members), np.nan)
        ari = np.array([np.nan])
        if len(similarity) > 1:
            ari = adjusted_rand_of_pairs(again.codes, np.bincount(again.row).astype(float))
        lower, upper = np.quantile(ari, TAILS)
        overall = (again.method, len(members), again.refits, again.failed, ari.mean(), lower, upper)
        solutions.append((*overall, mean.min(), mean.max(), again.fixed))
        for j, (key, number) in enumerate(members.items()):
            met = similarity[:, j]
            found = ((met > RECOVERED).mean(), (met <= DISSOLVED).mean()) if known else (np.nan, np.nan)
            segments.append((again.method, str(key), number / len(again.base), mean[j], *found, mean[j] >= NAMED))
    return Stability(pd.DataFrame(solutions, columns=SOLUTIONS), pd.DataFrame(segments, columns=SEGMENTS))


def best_jaccard(again: Refits, everyone: bool = False) -> Floats:
    """Jaccard similarity (refits, k) of each segment with members to the most similar segment of each refit.

    Among the distinct customers drawn, or among all with `everyone`.
    """
    members = again.base.cat.remove_unused_categories().cat
    base = members.codes.to_numpy()
    rows = np.zeros((len(again.codes), len(members.categories)))
    for i in range(len(again.codes)):
        segments = again.segments(i)
        chosen = slice(None) if everyone or again.drawn is None else again.drawn[i]
        best = jaccard(contingency(base[chosen], segments[chosen])).max(axis=1)
        rows[i, : len(best)] = best
    return rows
