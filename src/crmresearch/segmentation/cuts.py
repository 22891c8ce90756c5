"""Cut points: learned once from a column, applied to anyone; customers with the same value are never parted."""

from typing import Literal

import numpy as np

from crmresearch.segmentation.contract import Codes, Floats


def quantile_cuts(values: Floats, groups: int, low_is_good: bool = False) -> Floats:
    """The groups − 1 cut points (ascending goodness) that part the values (n,) into groups of about n / groups.

    A cut point is a value that occurs: the smallest one that i/groups of the values do not exceed. Equal values stay
    in one group, so groups are unequal where many are tied; `ntile` would deal them out at random. With
    `low_is_good` the groups are formed from the largest value downwards.
    """
    sign = -1.0 if low_is_good else 1.0
    reached = -(-np.arange(1, groups) * len(values) // groups)  # of i/groups · n the ceiling, in whole numbers
    return sign * np.sort(sign * values)[reached - 1]


def groups_above(values: Floats, cuts: Floats, low_is_good: bool = False) -> Codes:
    """Number of cut points (n,) that each value is strictly better than: 0 for the worst group."""
    better = values[:, None] < cuts if low_is_good else values[:, None] > cuts
    return better.sum(axis=1)


def middle(values: Floats, cut: Literal["mean", "median"]) -> float:
    """Mean or median of the values (n,), the same to the last digit in whatever order they come."""
    ordered = np.sort(values)  # a mean summed in another order could part a customer who sits on it
    return float(ordered.mean() if cut == "mean" else np.median(ordered))


def shown(value: float) -> str:
    """A cut or a centre in units of the data for readers: two decimals at most, thousands by commas."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")
