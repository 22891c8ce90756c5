"""Orders far from what their customer usually orders, or, of customers without a history, from the shop's orders."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.caution import SMALL_NUMBER
from crmresearch.mining.unusual.tails import Floats, tail_p_values

HISTORY = 5  # other orders of a customer that make a history
PRIOR = 10  # orders that the spread of all customers counts for in that of one
NEAR = 0.1  # difference between an order and a return, as a share, up to which the order counts as taken back
TO_SIGMA = 1.4826  # the standard deviation of a normal distribution in median absolute deviations


def judged_orders(orders: pd.DataFrame) -> pd.DataFrame:
    """How rare every order is: the rows of `orders` with measure, compared, usual, times, rank and p_value.

    An order of a customer with five others or more is `compared` with their median ("own"), any other with the median
    of such orders in the shop ("shop"), on the logarithm; amounts and, where known, pieces. p_value: of the rarer
    `measure` (amount, pieces), times the number of measures, by `tail_p_values` among the orders compared so; NaN where
    an order has no positive amount. usual: that median in its own unit; times: the order in multiples of it; rank: of
    the amount among all orders, 1 the largest. Where fewer than 30 orders have a history, all are compared with the
    shop; of fewer than 30 orders none is rare.
    """
    measures = [name for name in ("amount", "pieces") if name in orders]
    own = orders.groupby("customer")["amount"].transform("size").to_numpy() > HISTORY
    own &= own.sum() >= SMALL_NUMBER
    found = {name: _judged(orders["customer"], orders[name].to_numpy(dtype=np.float64), own) for name in measures}
    p = np.column_stack([found[name][0] for name in measures])
    rarest = np.where(np.isnan(p), np.inf, p).argmin(axis=1)
    usual = np.column_stack([found[name][1] for name in measures])[np.arange(len(orders)), rarest]
    value = orders[measures].to_numpy(dtype=np.float64)[np.arange(len(orders)), rarest]
    least = np.where(np.isnan(p).all(axis=1), np.nan, np.where(np.isnan(p), np.inf, p).min(axis=1))
    return orders.assign(
        measure=np.array(measures)[rarest],
        compared=np.where(own, "own", "shop"),
        usual=usual,
        times=value / usual,
        rank=orders["amount"].rank(ascending=False, method="min").astype("int64"),
        p_value=np.minimum(1.0, len(measures) * least),
    )


def taken_back(orders: pd.DataFrame) -> pd.Series:
    """Whether an order of an unusual size was returned, or about as much, by its customer on its day or later.

    `orders` with amount, times and returned.
    """
    near = (orders["returned"] / orders["amount"].where(orders["amount"] > 0) - 1).abs() <= NEAR
    return (orders["times"] > 1) & near


def _judged(customers: pd.Series, values: Floats, own: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """p (n,) of each value and the median (n,) it was compared with."""
    p, usual = np.full(len(values), np.nan), np.full(len(values), np.nan)
    positive = values > 0
    logs = np.log(np.where(positive, values, 1.0))
    shop = positive & ~own
    if shop.any():
        p[shop] = tail_p_values(logs[shop])
        usual[shop] = np.exp(np.median(logs[shop]))
    place = np.flatnonzero(positive & own)
    if len(place):
        centre, others = medians_of_others(customers.to_numpy()[place], logs[place])
        known = others >= HISTORY  # of a customer with orders of nothing fewer may be left
        place, centre, others = place[known], centre[known], others[known]
        p[place] = tail_p_values(_standardised(customers.to_numpy()[place], logs[place] - centre, others))
        usual[place] = np.exp(centre)
    return p, usual


def medians_of_others(groups: NDArray[np.object_], x: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Median (n,) of the other values of each value's group, NaN where there is no other, and how many those are.

    >>> medians_of_others(np.array(["a", "a", "a", "b"]), np.array([1.0, 5.0, 2.0, 7.0]))[0].tolist()
    [3.5, 1.5, 3.0, nan]
    """
    codes = pd.factorize(groups)[0]
    order = np.lexsort((x, codes))
    ordered, size = x[order], np.bincount(codes)[codes[order]]
    first = np.concatenate([[0], np.bincount(codes).cumsum()[:-1]])[codes[order]]
    rank, others = np.arange(len(x)) - first, size - 1

    def of_others(k: NDArray[np.intp]) -> Floats:  # the k-th smallest of the others
        return ordered[np.minimum(first + k + (k >= rank), len(x) - 1)]

    low, high = np.maximum(others - 1, 0) // 2, others // 2
    middle = np.where(others > 0, (of_others(low) + of_others(high)) / 2, np.nan)
    found, count = np.empty(len(x)), np.empty(len(x), dtype=np.intp)
    found[order], count[order] = middle, others
    return found, count


def _standardised(groups: NDArray[np.object_], residuals: Floats, others: NDArray[np.intp]) -> Floats:
    """Residuals in spreads of their customer's own, drawn to that of all customers, and of the median's error.

    A customer's spread is √((10 s² + n s_i²)/(10 + n)), s and s_i the median absolute deviations of all customers and
    of the customer; a median of m values errs by π/2 times the variance of a mean.
    """
    size = np.abs(residuals)
    everybody = TO_SIGMA * np.median(size)
    own = TO_SIGMA * pd.Series(size).groupby(groups).transform("median").to_numpy()
    spread = np.sqrt((PRIOR * everybody**2 + (others + 1) * own**2) / (PRIOR + others + 1))
    spread[spread <= 0] = 1.0  # most orders are alike: nothing to measure by
    return np.asarray(residuals / (spread * np.sqrt(1 + np.pi / 2 / others)))
