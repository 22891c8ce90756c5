"""Which segments are told apart from each other by what they were not made of, every two compared."""

from collections.abc import Collection
from itertools import combinations

import numpy as np
import pandas as pd

from crmresearch.caution import SMALL_NUMBER
from crmresearch.mining.profiles.segment_profiles import LEVEL, differences
from crmresearch.ranks import holm

PAIRS = ["segment", "other", "feature", "level", "difference", "p", "told"]


def told_apart(
    features: pd.DataFrame, segments: pd.Series, *, untested: Collection[str] = (), fewest: int = SMALL_NUMBER
) -> pd.DataFrame:
    """For every two segments the feature that tells them apart best, one row each.

    Columns segment, other, feature, level, difference (Hedges' g or Cohen's h of the first over the other), p
    (Holm-adjusted over all features of all pairs), told (p < .05). `features`, `segments`, `untested` and `fewest` as
    in `segment_profiles`. A pair without anything that could be compared has no feature and is not told apart.
    """
    kept = segments.reindex(features.index).dropna().astype("category").cat.remove_unused_categories()
    tested = features[[name for name in features if name not in untested]]
    found = []
    for one, other in combinations(kept.cat.categories, 2):
        pair = kept[kept.isin([one, other])].cat.remove_unused_categories()
        rows = differences(tested, pair, fewest, only=one)
        found.append(rows.assign(other=other, segment=one))
    if not found:
        return pd.DataFrame(columns=PAIRS)
    table = pd.concat(found, ignore_index=True)
    table["p"] = holm(table["p"].to_numpy(dtype=np.float64))
    best = table.sort_values("p", kind="stable").drop_duplicates(["segment", "other"])
    pairs = pd.DataFrame(list(combinations(kept.cat.categories, 2)), columns=["segment", "other"])
    joined = pairs.merge(best[PAIRS[:-1]], on=["segment", "other"], how="left")
    return joined.assign(told=joined["p"] < LEVEL)
