"""Customers far from the others in one of their numbers, or in how their numbers go together (isolation forest)."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata
from sklearn.ensemble import IsolationForest

from crmresearch.caution import SMALL_NUMBER
from crmresearch.mining.unusual.tails import Floats, tail_p_values

NUMBERS = ("frequency", "spend_mean", "gap_mean", "returned")  # each on the logarithm
TOGETHER = ["frequency", "spend_mean", "gap_mean"]  # of customers who have all
TREES = 100
ISOLATED = 100  # customers with all numbers that a forest is grown for
PER_ALPHA = 10  # customers of clean twins per 1/alpha
TWINS = (8, 25)  # at least, for a limit that a seed hardly moves; at most, for a forest takes a tenth of a second
AS_OTHERS = 0.001  # share of others below or above a customer under which the customer is as nearly all others


def customer_numbers(orders: pd.DataFrame, returned: pd.Series) -> pd.DataFrame:
    """Of each customer with a purchase: frequency, spend (returns aside), spend_mean a purchase, gap_mean, returned.

    gap_mean: mean days between purchases, NaN with one or all on a day; returned: money taken back, NaN without.
    """
    by = orders.groupby("customer")
    table = by["amount"].agg(frequency="size", spend="sum")
    days = (by["day"].max() - by["day"].min()).dt.days
    gaps = days / (table["frequency"] - 1).where(table["frequency"] > 1)
    table = table.assign(spend_mean=table["spend"] / table["frequency"], gap_mean=gaps.where(gaps > 0))
    return table.assign(returned=returned.reindex(table.index))


def judged_customers(numbers: pd.DataFrame, alpha: float, seed: int) -> pd.DataFrame:
    """How rare every customer is: `customer_numbers` with measure, usual, times, side_*, place_* and p_value.

    Half of alpha goes to single numbers (on the logarithm, by `tail_p_values`, times their count), half to how
    frequency, spend a purchase and days between go together: the score of an isolation forest (Liu, Ting & Zhou 2012,
    ACM TKDD 6(1), 3) of customers who have all three, and the share of customers of clean twins with as high a score.
    A twin has the same customers' numbers one by one, and their rank correlations by a normal copula; a forest of its
    own is grown on it. measure: the rarest (frequency, spend_mean, gap_mean, returned or together); usual, times:
    median of the number, and the customer in multiples of it; side_<number>, place_<number>: as `places_among` of the
    customers who have all three, none for others.
    """
    logs = np.log(numbers[list(NUMBERS)].where(numbers[list(NUMBERS)] > 0).to_numpy(dtype=np.float64))
    p = np.full((len(numbers), len(NUMBERS) + 1), np.nan)
    measured = 0
    for j in range(len(NUMBERS)):
        has = np.isfinite(logs[:, j])
        if has.sum() >= SMALL_NUMBER:
            p[has, j] = has.mean() * tail_p_values(logs[has, j])  # who has none is not listed for it
            measured += 1
    p[:, :-1] *= 2 * max(measured, 1)
    whole = np.isfinite(logs[:, : len(TOGETHER)]).all(axis=1)
    if whole.sum() >= ISOLATED:
        p[whole, -1] = 2 * whole.mean() * forest_p_values(logs[whole, : len(TOGETHER)], alpha / 2, seed)
    names, row = np.array([*NUMBERS, "together"]), np.arange(len(numbers))
    rarest = np.where(np.isnan(p), np.inf, p).argmin(axis=1)
    medians = numbers[list(NUMBERS)].median().to_numpy()
    single = np.minimum(rarest, len(NUMBERS) - 1)
    alone = rarest < len(NUMBERS)
    usual = np.where(alone, medians[single], np.nan)
    return numbers.assign(
        measure=names[rarest], usual=usual, times=numbers[list(NUMBERS)].to_numpy()[row, single] / usual,
        **places_among(numbers.loc[whole, TOGETHER]).reindex(numbers.index),
        p_value=np.minimum(1.0, np.where(np.isnan(p), np.inf, p).min(axis=1)),
    )  # fmt: skip


def places_among(numbers: pd.DataFrame) -> pd.DataFrame:
    """On which side of the others each row stands in every column, and the share of the others that it leaves behind.

    side_<column>: above where at least as many others have less as have more, else below, alike where neither is a
    thousandth of them; place_<column>: the share of the others with less (above) or more (below), 1 only for all.

    >>> places_among(pd.DataFrame({"x": [1.0, 5.0, 5.0, 9.0]})).T.values.tolist()
    [['below', 'above', 'above', 'above'], [1.0, 0.3333333333333333, 0.3333333333333333, 1.0]]
    """
    n, found = len(numbers), dict[str, NDArray[np.generic]]()
    for name, values in numbers.items():
        less, more = values.rank(method="min") - 1, n - values.rank(method="max")
        place = np.maximum(less, more) / max(n - 1, 1)
        side = np.where(place < AS_OTHERS, "alike", np.where(less >= more, "above", "below"))
        found |= {f"side_{name}": side, f"place_{name}": place}
    return pd.DataFrame(found, numbers.index)


def forest_p_values(X: Floats, alpha: float, seed: int) -> Floats:
    """Share (n,) of clean twins' rows that an isolation forest scores as high as each row of X (n, k), one added.

    Rows of twins: 10/alpha, of 8 twins at least and 25 at most.
    """
    needed = int(np.clip(np.ceil(PER_ALPHA / alpha / len(X)), *TWINS))
    sources = np.random.SeedSequence(seed, spawn_key=(1,)).spawn(1 + needed)
    scores = _scores(X, sources[0])
    twins = np.sort(np.concatenate([_scores(_twin(X, source), source) for source in sources[1:]]))
    beyond = len(twins) - np.searchsorted(twins, scores, side="left")
    return np.asarray((beyond + 1) / (len(twins) + 1))


def _scores(X: Floats, source: np.random.SeedSequence) -> Floats:
    """How easily each row is isolated: higher where it is by fewer cuts."""
    state = int(source.generate_state(1)[0] % 2**31)
    forest = IsolationForest(n_estimators=TREES, max_samples=min(256, len(X)), random_state=state, n_jobs=1)
    return np.asarray(-forest.fit(X).score_samples(X))


def _twin(X: Floats, source: np.random.SeedSequence) -> Floats:
    """Rows (n, k) with the values of X, column by column, and its rank correlations by a normal copula."""
    n, k = X.shape
    ranks = np.column_stack([rankdata(x) for x in X.T])
    R = 2 * np.sin(np.pi / 6 * np.atleast_2d(np.nan_to_num(np.corrcoef(ranks.T))))
    roots, vectors = np.linalg.eigh(R)
    root = vectors * np.sqrt(np.maximum(roots, 1e-9))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    U = ndtr(np.random.default_rng(source).standard_normal((n, k)) @ root.T)
    place = np.minimum((U * n).astype(np.intp), n - 1)
    return np.take_along_axis(np.sort(X, axis=0), place, axis=0)
