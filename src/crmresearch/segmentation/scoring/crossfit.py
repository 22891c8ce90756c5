"""Cross-fitting over customers: what a customer is predicted is learned from other customers only."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression
from threadpoolctl import threadpool_limits

from crmresearch.segmentation.contract import Codes, Floats


def deal_folds(spend: Floats, folds: int, rng: np.random.Generator) -> Codes:
    """Fold (n,) of every customer: those next to each other in holdout spend are dealt to different folds at random.

    The folds then hardly differ in mean spend, and a score says less about how they were drawn.
    """
    n = len(spend)
    order = np.lexsort((rng.random(n), spend))
    blocks = -(-n // folds)
    dealt = rng.permuted(np.tile(np.arange(folds), (blocks, 1)), axis=1).ravel()[:n]
    fold = np.empty(n, dtype=np.intp)
    fold[order] = dealt
    return fold


def segment_values(codes: Codes, outcome: Floats, fold: Codes) -> Floats:
    """Mean outcome (n,) of each customer's segment over the customers of all other folds.

    Where the other folds have nobody of the segment, the mean of all their customers.
    """
    shape = (int(codes.max()) + 1, int(fold.max()) + 1)
    place = codes * shape[1] + fold
    sums = np.bincount(place, outcome, minlength=shape[0] * shape[1]).reshape(shape)
    counts = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)
    others, number = sums.sum(axis=1, keepdims=True) - sums, counts.sum(axis=1, keepdims=True) - counts
    everyone = np.broadcast_to(others.sum(axis=0) / number.sum(axis=0), shape)
    values = np.divide(others, number, out=everyone.copy(), where=number > 0)
    return values[codes, fold]


def calibrated(score: Floats, outcome: Floats, fold: Codes) -> Floats:
    """Expected outcome (n,) as a monotone step function of one number, learned on the other folds.

    Isotonic regression on ranks, rising or falling as the two correlate there: it depends on the order of the score
    only, so past spend, recency in days and a forecast in any unit are compared alike.
    """
    ranks = np.unique(score, return_inverse=True)[1].astype(float)
    values = np.empty(len(score))
    for k in np.unique(fold):
        out = fold == k
        rising = bool(np.dot(ranks[~out] - ranks[~out].mean(), outcome[~out]) >= 0)
        steps = IsotonicRegression(increasing=rising, out_of_bounds="clip")
        values[out] = steps.fit(ranks[~out], outcome[~out]).predict(ranks[out])
    return values


def boosted(X: Floats, outcome: Floats, fold: Codes, kind: str, seed: int) -> Floats:
    """Expected outcome (n,) by gradient-boosted trees on all features X (n, p), learned on the other folds.

    `kind` is the loss: squared_error, poisson (for amounts, never negative) or classes (0/1). An outcome without
    variation in the other folds is predicted by its mean. One thread: on two shared cores 30 small fits took 2 s
    with one and 30 to 70 s with two, whose threads wait for each other.
    """
    settings = {"learning_rate": 0.05, "max_iter": 100, "max_leaf_nodes": 15, "random_state": seed}
    values = np.empty(len(outcome))
    for k in np.unique(fold):
        out = fold == k
        rest = outcome[~out]
        known = np.isfinite(X[~out]).any(axis=0)  # the trees refuse a column without a single number
        if np.ptp(rest) == 0 or not known.any():
            values[out] = rest.mean()
            continue
        X_rest, X_out = X[~out][:, known], X[out][:, known]
        with threadpool_limits(1):
            if kind == "classes":
                trees = HistGradientBoostingClassifier(**settings).fit(X_rest, rest.astype(int))
                values[out] = trees.predict_proba(X_out)[:, 1]
            else:
                values[out] = HistGradientBoostingRegressor(loss=kind, **settings).fit(X_rest, rest).predict(X_out)
    return values
