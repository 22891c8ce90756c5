"""Scores of predicted customer values against the holdout, for many resamples of the customers at once.

A resample is a row of counts (how often each customer was drawn); the sample itself is a row of ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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


class Samples:
    """B samples of the n customers of an outcome, prepared once for the scores of many predictions.

    `counts` (B, n): how often each customer is in each sample. `fold` (n,): customers are ranked within their fold.
    """

    def __init__(self, outcome: Outcome, fold: Codes, counts: Floats) -> None:
        self.outcome, self.log_spend = outcome, np.log1p(outcome.spend)
        self.folds = [np.flatnonzero(fold == k) for k in np.unique(fold)]
        self.drawn = np.ascontiguousarray(counts.T)  # (n, B): what is added up lies side by side
        self.size = self.drawn.sum(axis=0)

    def rankings(self, predicted: Floats, amount: Floats) -> list["_Ranking"]:
        """The customers in order of a prediction, a ranking a fold."""
        return [_Ranking(predicted[part], amount[part], self.drawn[part]) for part in self.folds]

    def means(self, *values: Floats) -> Floats:
        """Means of several values, (n,) each, in every sample: (number of values, B)."""
        means: Floats = np.array(values) @ self.drawn / self.size
        return means

    @cached_property
    def variances(self) -> Floats:
        """Variances of log1p(spend) and of spend in every sample (2, B); NaN where nobody differs."""
        shifted = [y - y.mean() for y in (self.log_spend, self.outcome.spend)]  # so that no digits cancel
        squares, means = self.means(*(y**2 for y in shifted)), self.means(*shifted)
        least = np.array([1e-12 * np.mean(y**2) for y in (self.log_spend, self.outcome.spend)])
        variances = squares - means**2
        return np.where(variances > least[:, None], variances, np.nan)

    @cached_property
    def perfect(self) -> Floats:
        """Area of the perfect order of spend (B,)."""
        spend = self.outcome.spend
        area = np.sum([ranking.area() for ranking in self.rankings(spend, spend)], axis=0)
        return np.where(area > 1e-12 * self.size, area, 0.0)


def score(prediction: Prediction, samples: Samples) -> dict[str, Floats]:
    """The METRICS, each (B,), in every sample; NaN where a score is not defined.

    r2_log, r2: 1 − Σ(y − ŷ)² / Σ(y − ȳ)² of log1p(spend) and of spend, ȳ the mean of the sample itself.
    deviance: mean Tweedie deviance of power 1.5 of spend (Jørgensen, 1997). auc, brier: of being active.
    gini: area between the concentration curve of spend, customers in order of predicted spend, and the diagonal,
    divided by that of the perfect order. capture: share of spend of the 20 % predicted to spend most. Customers
    predicted alike share what they have, as if in random order. These three rank customers within their fold (n,),
    where one and the same learned values apply, and add the folds up: across folds, whoever is left out of a mean
    lowers it by being high, and worthless segments score below chance (Forman & Scholz, 2010).
    """
    y, active = samples.outcome.spend, samples.outcome.active
    by_spend = samples.rankings(prediction.spend, y)
    by_active = samples.rankings(prediction.active, active)
    log_error, error, deviance, brier = samples.means(
        (samples.log_spend - prediction.log_spend) ** 2,
        (y - prediction.spend) ** 2,
        tweedie_deviance(y, prediction.spend),
        (active - prediction.active) ** 2,
    )
    return {
        "r2_log": 1 - log_error / samples.variances[0],
        "r2": 1 - error / samples.variances[1],
        "deviance": deviance,
        "auc": _pooled([ranking.auc() for ranking in by_active]),
        "brier": brier,
        "gini": _ratio(np.sum([ranking.area() for ranking in by_spend], axis=0), samples.perfect),
        "capture": _pooled([ranking.capture(TOP) for ranking in by_spend]),
    }


def gains(predicted: Floats, spend: Floats, fold: Codes, shares: Sequence[float]) -> Floats:
    """Share of the spend that each top share of customers by prediction holds, ranked within folds: (shares,).

    The capture of `score` for any share; the customers predicted alike share what they have.
    """
    return gains_drawn(predicted, spend, fold, shares, np.ones((1, len(spend))))[:, 0]


def gains_drawn(predicted: Floats, spend: Floats, fold: Codes, shares: Sequence[float], counts: Floats) -> Floats:
    """The same in every sample of which `counts` (B, n) says how often it holds each customer: (shares, B)."""
    parts = [np.flatnonzero(fold == k) for k in np.unique(fold)]
    rankings = [_Ranking(predicted[part], spend[part], np.ascontiguousarray(counts[:, part].T)) for part in parts]
    return np.array([_pooled([ranking.capture(share) for ranking in rankings]) for share in shares])


def tweedie_deviance(y: Floats, predicted: Floats) -> Floats:
    """Unit deviances (n,) of power 1.5 for y ≥ 0: 4 (√y − √μ)² / √μ, predictions raised to 1 % of the mean of y."""
    floor = FLOOR * y.mean()
    if not floor > 0:
        return np.full(len(y), np.nan)
    mu = np.sqrt(np.maximum(predicted, floor))
    return 4 * (np.sqrt(y) - mu) ** 2 / mu


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _pooled(parts: list[tuple[Floats, Floats]]) -> Floats:
    held, whole = np.array(parts).sum(axis=0)
    return _ratio(held, whole)


class _Ranking:
    """Customers and amounts of B samples in groups of equal prediction, best group first: arrays (groups, B)."""

    def __init__(self, predicted: Floats, amount: Floats, drawn: Floats) -> None:
        order = np.argsort(-predicted, kind="stable")
        ordered = predicted[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        best_first = drawn[order]
        self.size = np.add.reduceat(best_first, starts)
        self.amount = np.add.reduceat(best_first * amount[order, None], starts)

    def area(self) -> Floats:
        """Area between concentration curve and diagonal (B,), times the number of customers; 0 without amounts."""
        total, whole = self.size.sum(axis=0), self.amount.sum(axis=0)
        before = self.amount.cumsum(axis=0) - self.amount
        area = (self.size * (before + self.amount / 2)).sum(axis=0)
        return np.divide(area, whole, out=total / 2, where=whole > 0) - total / 2

    def auc(self) -> tuple[Floats, Floats]:
        """Pairs of an active and an inactive customer in the right order, ties half, and all pairs; amounts are 0/1."""
        passive = self.size - self.amount
        after = passive.sum(axis=0) - passive.cumsum(axis=0)
        won = (self.amount * (after + passive / 2)).sum(axis=0)
        return won, self.amount.sum(axis=0) * passive.sum(axis=0)

    def capture(self, top: float) -> tuple[Floats, Floats]:
        """Amount held by the `top` share of customers, and the whole amount."""
        wanted = top * self.size.sum(axis=0)
        before = self.size.cumsum(axis=0) - self.size
        taken = np.clip(wanted - before, 0, self.size)
        share = np.divide(taken, self.size, out=np.zeros_like(taken), where=self.size > 0)
        return (share * self.amount).sum(axis=0), self.amount.sum(axis=0)
