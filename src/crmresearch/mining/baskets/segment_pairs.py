"""Whether the customers of a segment buy two items together more than chance has it, segment by segment."""

import numpy as np
import pandas as pd

from crmresearch.mining.baskets.association import FEWEST, Associations
from crmresearch.mining.baskets.cooccurrence import together
from crmresearch.mining.baskets.false_discovery import false_discovery

FEWEST_BASKETS = 50  # of a segment, below which it is not looked at


def segment_pairs(found: Associations, segments: pd.Series, most: int = 10) -> pd.DataFrame:
    """A row a segment and pair beyond chance in all baskets: segment, antecedent, consequent, baskets, confidence, …

    `segments` of customers as a category, by id. Of a segment's baskets, by chance given their sizes and how many of
    them hold each item: `expected`, `beyond` = baskets / expected, p, p_adjusted (false discovery rate over all rows,
    Benjamini–Yekutieli) and told. The `most` surest pairs; segments of fewer than 50 baskets are left out, pairs in
    fewer than five baskets of a segment are not told.
    """
    baskets, pairs = found.baskets, found.told_pairs.head(most)
    of_basket = segments.reindex(baskets.customers).to_numpy()[baskets.customer]
    a, b = pairs["first"].to_numpy(dtype=np.intp), pairs["third"].to_numpy(dtype=np.intp)
    tables = []
    for key in segments.cat.categories if len(pairs) else ():
        part = baskets.rows(np.flatnonzero(of_basket == key))
        if part.matrix.shape[0] < FEWEST_BASKETS:
            continue
        columns = part.matrix.tocsc()
        count = np.asarray(columns[:, a].multiply(columns[:, b]).sum(axis=0), dtype=float).ravel()
        tested = together(part, a, b, count)
        owned = part.counts[a]
        tables.append(pd.DataFrame(
            {"segment": key, "antecedent": pairs["antecedent"].to_numpy(), "consequent": pairs["consequent"].to_numpy(),
             "baskets": count.astype(int), "confidence": count / np.where(owned > 0, owned, np.nan),
             "expected": tested.expected, "beyond": count / np.where(tested.expected > 0, tested.expected, np.nan),
             "p": np.where(count >= FEWEST, tested.p, 1.0)}
        ))  # fmt: skip
    names = ["segment", "antecedent", "consequent", "baskets", "confidence", "expected", "beyond", "p"]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=names)
    adjusted = false_discovery(table["p"].to_numpy(float))
    return table.assign(p_adjusted=adjusted, told=adjusted <= found.level)
