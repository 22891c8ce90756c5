"""Customers far from the others in one of their numbers, or in how their numbers go together (isolation forest)."""

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import rankdata
from sklearn.ensemble import IsolationForest

from crmresearch.caution import SMALL_NUMBER
from crmresearch.mining.tails import Floats, tail_p_values

NUMBERS = ("frequency", "spend_mean", "gap_mean", "returned")  # each on the logarithm
TOGETHER = ["frequency", "spend_mean", "gap_mean"]  # of customers who have all
TREES = 100
ISOLATED = 100  # customers with all numbers that a forest is grown for
PER_ALPHA = 10  # customers of clean twins per 1/alpha
TWINS = (
    8,
    25,
)  # at least, for a limit that another seed hardly moves; at most, for a forest each takes a tenth of a second


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
    """How rare every customer is: the rows of `customer_numbers` with measure, usual, times, place_* and p_value.

    Half of alpha goes to single numbers (on the logarithm, by `tail_p_values`, times their count), half to how
    frequency, spend a purchase and days between go together: the score of an isolation forest (Liu, Ting & Zhou 2012,
    ACM TKDD 6(1), 3) of customers who have all three, and the share of customers of clean twins with as high a score.
    A twin has the same customers' numbers one by one, and their rank correlations by a normal copula; a forest of its
    own is grown on it. measure: the rarest (frequency, spend_mean, gap_mean, returned or together); usual, times:
    median of the number, and the customer in multiples of it; place_<number>: share with less of customers who
    have all three.
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
    among = numbers[whole]
    places = {f"place_{name}": (among[name].rank(method="min") - 1) / max(len(among), 1) for name in TOGETHER}
    return numbers.assign(
        measure=names[rarest], usual=usual, times=numbers[list(NUMBERS)].to_numpy()[row, single] / usual, **places,
        p_value=np.minimum(1.0, np.where(np.isnan(p), np.inf, p).min(axis=1)),
    )  # fmt: skip


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
