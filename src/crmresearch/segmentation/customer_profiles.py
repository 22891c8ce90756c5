"""Segments of customers described: what they spent before and after the cut-off, who they are, and what they buy."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.scoring.evaluate import too_small

MOST_LEVELS = 6  # of an attribute; the rarer ones are pooled


def segment_outcomes(customers: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """What each segment did: segment, customers, share, spend_before, …_expected, …_after, …_error, active_after.

    `customers` is a customer table with a holdout. With `expected_purchases` and `expected_spend` (a purchase) of a
    forecast in it, spend_expected is what they are expected to spend in the holdout, not discounted; else there is no
    such column. One row a category of `segments`, in its order; spend and activity are means a customer, NaN in a
    segment that has none; `spend_error` is the standard error of spend_after.
    """
    taken = {"spend_before": "monetary_total", "spend_after": "holdout_spend", "active_after": "holdout_active"}
    told = pd.DataFrame({name: customers[column] for name, column in taken.items()})
    if {"expected_purchases", "expected_spend"} <= set(customers):
        told.insert(1, "spend_expected", customers["expected_purchases"] * customers["expected_spend"])
    rows = []
    for key in segments.cat.categories:
        part = told[segments == key]
        rows.append((key, len(part), len(part) / len(customers), *part.mean(), part["spend_after"].sem()))
    found = pd.DataFrame(rows, columns=["segment", "customers", "share", *told, "spend_error"])
    return found[[*found.columns[:-2], "spend_error", "active_after"]]


LISTED = {
    "p_alive": 4,
    "expected_purchases": 3,
    "expected_value": 2,
}  # forecasts of a campaign list, and their decimals


def campaign_list(
    customers: pd.DataFrame,
    methods: Sequence[Segmenter],
    *,
    tags: pd.Series | None = None,
    digits: Mapping[str, int] = LISTED,
) -> pd.DataFrame:
    """One row a customer, to act upon: customer, its segment by every method, its tags, and what is expected of it.

    `customers`: a customer table with the columns of forecasts beside it; `methods`: fitted. Segments are keys, as
    categories; `tags` are those of each customer in one text, and no column where they are None. The columns of
    `digits` follow, rounded to so many decimals; those that are not there are left out. In the order of the table.
    """
    segments = {method.name: method.predict(customers) for method in methods}
    known = {name: customers[name].round(places) for name, places in digits.items() if name in customers}
    carried = {} if tags is None else {"tags": tags}
    table = pd.DataFrame({**segments, **carried, **known}, index=customers.index)
    return table.rename_axis("customer").reset_index()


def attribute_shares(
    attributes: pd.DataFrame, segments: pd.Series, rare: str, missing: str, most: int = MOST_LEVELS
) -> pd.DataFrame:
    """Share of each level of each attribute: attribute, level, customers, all_customers, one column a segment.

    Segments without customers have no column. The most frequent levels come first, those of an ordered category in its
    order; where there are more than `most`, the rarest are pooled under the name `rare`. Customers without a value are
    the last level, called `missing`.
    """
    rows = []
    for name in attributes:
        levels = _levels(attributes[name], rare, missing, most)
        for level in levels.cat.categories:
            has = levels == level
            row = {"attribute": name, "level": level, "customers": int(has.sum()), "all_customers": float(has.mean())}
            found = {key: has[segments == key] for key in segments.cat.categories}
            rows.append({**row, **{key: float(part.mean()) for key, part in found.items() if len(part)}})
    return pd.DataFrame(rows)


def _levels(values: pd.Series, rare: str, missing: str, most: int) -> pd.Series:
    """The levels of an attribute as a category: in their order, or most frequent first, ties by the alphabet."""
    texts = values.astype(object).map(str).where(values.notna(), missing)
    counts = texts[texts != missing].value_counts()
    kept = sorted(counts.index, key=lambda level: (-counts[level], level))
    if len(kept) > most:
        kept = kept[: most - 1]
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        kept = [level for level in map(str, values.cat.categories) if level in kept]
    pooled = texts.where(texts.isin([*kept, missing]), rare)
    order = [level for level in (*kept, rare, missing) if (pooled == level).any()]
    return pooled.astype(pd.CategoricalDtype(order))


def widest_gap(gaps: pd.DataFrame, segments: pd.Series) -> tuple[Any, Any, float] | None:
    """Column, segment and size of the widest gap (segments × columns); segments too small to speak about have none.

    None where every segment is too small.
    """
    counts = segments.value_counts()
    sizes = gaps[gaps.index.isin(counts.index[~too_small(counts)])].abs().unstack()
    return None if sizes.empty else (*sizes.idxmax(), sizes.max())


def mean_shares(shares: pd.DataFrame, segments: pd.Series, everybody: str = "all") -> pd.DataFrame:
    """The mean customer's shares: segment, customers, the columns of `shares`; first row everybody.

    Means are of customers, not of money, over those in whom the share is defined. Segments without customers have no
    row.
    """
    parts = {everybody: shares, **{key: shares[segments == key] for key in segments.cat.categories}}
    rows = [{"segment": key, "customers": len(part), **part.mean()} for key, part in parts.items() if len(part)]
    return pd.DataFrame(rows)
