"""Scores of predicted customer values against the holdout, for many resamples of the customers at once.

A resample is a row of counts (how often each customer was drawn); the sample itself is a row of ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmresearch.segmentation.contract import Codes, Floats

METRICS = ("r2_log", "r2", "deviance", "auc", "brier", "gini", "capture")
LOWER_IS_BETTER = frozenset({"deviance", "brier"})
POWER = 1.5  # of the Tweedie deviance: between Poisson (1) and gamma (2), for sums of some purchases, often none
FLOOR = 0.01  # of the mean spend: least predicted spend in the deviance, where one buyer among zeros costs infinity
TOP = 0.2  # share of customers whose part of the spend is the capture


@dataclass(frozen=True)
class Outcome:
    """What the customers did in the holdout: spend (n,), never negative, and active (n,), 0 or 1."""

    spend: Floats
    active: Floats


@dataclass(frozen=True)
class Prediction:
    """Expected log1p(spend), spend and activity of n customers."""

    log_spend: Floats
    spend: Floats
    active: Floats


def score(prediction: Prediction, outcome: Outcome, fold: Codes, counts: Floats) -> dict[str, Floats]:
    """The METRICS, each (B,), of B samples given by counts (B, n); NaN where a score is not defined.

    r2_log, r2: 1 − Σ(y − ŷ)² / Σ(y − ȳ)² of log1p(spend) and of spend, ȳ the mean of the sample itself.
    deviance: mean Tweedie deviance of power 1.5 of spend (Jørgensen, 1997). auc, brier: of being active.
    gini: area between the concentration curve of spend, customers in order of predicted spend, and the diagonal,
    divided by that of the perfect order. capture: share of spend of the 20 % predicted to spend most. Customers
    predicted alike share what they have, as if in random order. These three rank customers within their fold (n,),
    where one and the same learned values apply, and add the folds up: across folds, whoever is left out of a mean
    lowers it by being high, and worthless segments score below chance (Forman & Scholz, 2010).
    """
    log_y, y, a = np.log1p(outcome.spend), outcome.spend, outcome.active
    size = counts.sum(axis=1)
    parts = [np.flatnonzero(fold == k) for k in np.unique(fold)]
    by_spend = [_Ranking(prediction.spend[part], y[part], counts[:, part]) for part in parts]
    by_active = [_Ranking(prediction.active[part], a[part], counts[:, part]) for part in parts]
    perfect = np.sum([_Ranking(y[part], y[part], counts[:, part]).area() for part in parts], axis=0)
    area = np.sum([ranking.area() for ranking in by_spend], axis=0)
    return {
        "r2_log": _r_squared(prediction.log_spend, log_y, counts),
        "r2": _r_squared(prediction.spend, y, counts),
        "deviance": counts @ tweedie_deviance(y, prediction.spend) / size,
        "auc": _pooled([ranking.auc() for ranking in by_active]),
        "brier": counts @ (prediction.active - a) ** 2 / size,
        "gini": _ratio(area, np.where(perfect > 1e-12 * size, perfect, 0.0)),
        "capture": _pooled([ranking.capture(TOP) for ranking in by_spend]),
    }


def gains(predicted: Floats, spend: Floats, fold: Codes, shares: Sequence[float]) -> Floats:
    """Share of the spend that each top share of customers by prediction holds, ranked within folds: (shares,).

    The capture of `score` for any share; the customers predicted alike share what they have.
    """
    parts = [np.flatnonzero(fold == k) for k in np.unique(fold)]
    rankings = [_Ranking(predicted[part], spend[part], np.ones((1, len(part)))) for part in parts]
    return np.array([_pooled([ranking.capture(share) for ranking in rankings])[0] for share in shares])


def tweedie_deviance(y: Floats, predicted: Floats) -> Floats:
    """Unit deviances (n,) of power 1.5 for y ≥ 0: 4 (√y − √μ)² / √μ, predictions raised to 1 % of the mean of y."""
    floor = FLOOR * y.mean()
    if not floor > 0:
        return np.full(len(y), np.nan)
    mu = np.sqrt(np.maximum(predicted, floor))
    return 4 * (np.sqrt(y) - mu) ** 2 / mu


def _r_squared(predicted: Floats, y: Floats, counts: Floats) -> Floats:
    shifted = y - y.mean()  # so that no digits cancel
    size = counts.sum(axis=1)
    total = counts @ shifted**2 - (counts @ shifted) ** 2 / size
    total = np.where(total > 1e-12 * (y @ y), total, np.nan)
    return 1 - counts @ (y - predicted) ** 2 / total


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _pooled(parts: list[tuple[Floats, Floats]]) -> Floats:
    held, whole = np.array(parts).sum(axis=0)
    return _ratio(held, whole)


class _Ranking:
    """Customers and amounts of B samples in groups of equal prediction, best group first: arrays (B, groups)."""

    def __init__(self, predicted: Floats, amount: Floats, counts: Floats) -> None:
        order = np.argsort(-predicted, kind="stable")
        ordered = predicted[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        drawn = counts[:, order]
        self.size = np.add.reduceat(drawn, starts, axis=1)
        self.amount = np.add.reduceat(drawn * amount[order], starts, axis=1)

    def area(self) -> Floats:
        """Area between concentration curve and diagonal (B,), times the number of customers; 0 without amounts."""
        total, whole = self.size.sum(axis=1), self.amount.sum(axis=1)
        before = self.amount.cumsum(axis=1) - self.amount
        area = (self.size * (before + self.amount / 2)).sum(axis=1)
        return np.divide(area, whole, out=total / 2, where=whole > 0) - total / 2

    def auc(self) -> tuple[Floats, Floats]:
        """Pairs of an active and an inactive customer in the right order, ties half, and all pairs; amounts are 0/1."""
        passive = self.size - self.amount
        after = passive.sum(axis=1, keepdims=True) - passive.cumsum(axis=1)
        won = (self.amount * (after + passive / 2)).sum(axis=1)
        return won, self.amount.sum(axis=1) * passive.sum(axis=1)

    def capture(self, top: float) -> tuple[Floats, Floats]:
        """Amount held by the `top` share of customers, and the whole amount."""
        wanted = top * self.size.sum(axis=1, keepdims=True)
        before = self.size.cumsum(axis=1) - self.size
        taken = np.clip(wanted - before, 0, self.size)
        share = np.divide(taken, self.size, out=np.zeros_like(taken), where=self.size > 0)
        return (share * self.amount).sum(axis=1), self.amount.sum(axis=1)
