"""Segment level stability: a solution may be unstable as a whole and still hold a segment that can be relied on.

Within a solution (SLSw) a segment should come back in every resample; across solutions (SLSa) it should stay together
when there is one segment more. Dolnicar & Leisch (2017), Marketing Letters 28, 423–436; Dolnicar, Grün & Leisch (2018),
Market Segmentation Analysis, sections 7.5.3 and 7.5.4.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Floats, SegmentationError
from crmresearch.segmentation.stability.partitions import adjusted_rand, contingency
from crmresearch.segmentation.stability.refits import Refits
from crmresearch.segmentation.stability.stability import TAILS, best_jaccard


def global_stability(refits: Sequence[Refits]) -> pd.DataFrame:
    """Reproducibility of every solution, one row a bootstrap pair: method, k, pair, ari.

    Two resamples are drawn, the method learns from each, both segment all customers, and the adjusted Rand index
    compares the two: 1 the same segments whoever is drawn, 0 no more alike than by chance. Draw the distribution by k.
    Refits 0 and 1, 2 and 3, … of `refits.refit` are the pairs, so 2 × pairs refits are needed; a pair of which one
    failed is left out. Dolnicar & Leisch (2010), Marketing Letters 21, 83–101.
    """
    rows = []
    for again in refits:
        weights = np.bincount(again.row).astype(float)
        k = again.base.nunique()
        for pair, (i, j) in _pairs(again):
            ari = adjusted_rand(contingency(again.codes[i], again.codes[j], weights))
            rows.append((again.method, k, pair, ari))
    return pd.DataFrame(rows, columns=["method", "k", "pair", "ari"])


def slsw(refits: Sequence[Refits]) -> pd.DataFrame:
    """Segment level stability within solutions: method, k, segment, share, pairs, slsw, slsw_lower, slsw_upper.

    Per bootstrap pair, the mean of the two Jaccard similarities of the segment to its best match in either refit,
    among all customers; slsw is the mean over pairs, lower and upper the 5 % and 95 % quantile; 1 where the segment
    comes back whole every time. Refits as in `global_stability`. It differs from the Jaccard of `stability` by who is
    compared: everyone here, the customers drawn there. Formula as in flexclust::slswFlexclust.
    """
    rows = []
    for again in refits:
        similarity = best_jaccard(again, everyone=True)
        pairs = _pairs(again)
        met = np.array([similarity[[i, j]].mean(axis=0) for _, (i, j) in pairs]).reshape(-1, similarity.shape[1])
        members = again.base.value_counts(sort=False)
        for s, (key, number) in enumerate(members[members > 0].items()):
            mean, lower, upper = np.nan, np.nan, np.nan
            if pairs:
                mean, (lower, upper) = met[:, s].mean(), np.quantile(met[:, s], TAILS)
            share = number / len(again.base)
            rows.append((again.method, similarity.shape[1], str(key), share, len(pairs), mean, lower, upper))
    columns = ["method", "k", "segment", "share", "pairs", "slsw", "slsw_lower", "slsw_upper"]
    return pd.DataFrame(rows, columns=columns)


def slsa(solutions: Sequence[pd.Series]) -> pd.DataFrame:
    """Segment level stability across solutions: method, previous, k, segment, share, main_origin, from_main, slsa.

    `solutions` are segments of the same customers by ascending number of segments, such as k-means of 2, 3, 4, …
    Of every segment from the second solution on, SLSa = 1 − H / ln k′ with H = −Σ pⱼ ln pⱼ, where pⱼ is the share of
    its members who were in segment j of the solution before and k′ the number of its segments: 1 if all members come
    from one segment, 0 if they come from all in equal parts; NaN where k′ = 1. `main_origin` is the segment most
    members come from, `from_main` their share. Formula as in flexclust::slsaplot (which shows the entropy).

    Raises SegmentationError for fewer than two solutions and for solutions of different customers.
    """
    if len(solutions) < 2:
        raise SegmentationError("Stability across solutions needs at least two solutions of the same customers.")
    rows = []
    for before, after in itertools.pairwise(solutions):
        if not before.index.equals(after.index):
            raise SegmentationError(f"{before.name} and {after.name} are not segments of the same customers.")
        if before.isna().any() or after.isna().any():
            raise SegmentationError(f"Some customers have no segment in {before.name} or {after.name}.")
        old, new = (s.astype("category").cat.remove_unused_categories().cat for s in (before, after))
        old_keys, new_keys = old.categories, new.categories
        table = contingency(old.codes.to_numpy(), new.codes.to_numpy())
        origin = table / table.sum(axis=0)
        level = across(origin)
        for s, key in enumerate(new_keys):
            main = int(origin[:, s].argmax())
            share = table[:, s].sum() / len(after)
            found = (str(old_keys[main]), origin[main, s], level[s])
            rows.append((str(after.name), str(before.name), len(new_keys), str(key), share, *found))
    columns = ["method", "previous", "k", "segment", "share", "main_origin", "from_main", "slsa"]
    return pd.DataFrame(rows, columns=columns)


def across(origin: Floats) -> Floats:
    """1 − H / ln k′ (segments,) of shares of origin (k′, segments), columns of sum 1; NaN for k′ = 1."""
    if len(origin) == 1:
        return np.full(origin.shape[1], np.nan)
    logs = np.log(np.where(origin > 0, origin, 1.0))
    return 1 + (origin * logs).sum(axis=0) / np.log(len(origin))


def _pairs(again: Refits) -> list[tuple[int, tuple[int, int]]]:
    """Pair number and the two rows of `codes` for every pair of resamples of which both learned."""
    row = {int(b): i for i, b in enumerate(again.resample)}
    return [(p, (row[2 * p], row[2 * p + 1])) for p in range(again.refits // 2) if 2 * p in row and 2 * p + 1 in row]
