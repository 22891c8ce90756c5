"""Scores of segments whose values are learned again in every sample, from sums over segment × fold.

Cross-fitted, the value of a segment is the same for all its members in a fold. So every score of `scores.score` is a
function of a few sums in each of these cells: 200 resamples of 23,570 customers take a tenth of a second.
"""

import numpy as np
from scipy.sparse import csr_matrix

from crmresearch.segmentation.contract import Codes, Floats
from crmresearch.segmentation.scoring.scores import FLOOR, TOP, Samples


def score_segments(codes: Codes, fold: Codes, samples: Samples) -> dict[str, Floats]:
    """`scores.METRICS`, each (B,), of segments `codes` (n,), their values learned in each sample on its other folds.

    In a sample of ones the same as `score` of `crossfit.segment_values`, which the tests check. A segment without
    members in the other folds of a sample has the mean of all their customers.
    """
    cells = _Cells(codes, fold, samples)
    y, active, logs = samples.outcome.spend, samples.outcome.active, samples.log_spend
    size, spend, buyers = cells.sums(np.ones(len(y))), cells.sums(y), cells.sums(active)
    log_sum, log_squares = cells.sums(logs), cells.sums(logs**2)
    value, log_value, rate = (_values(total, size) for total in (spend, log_sum, buyers))
    log_error = _total(log_squares - 2 * log_value * log_sum + log_value**2 * size)
    error = _total(cells.sums(y**2) - 2 * value * spend + value**2 * size)
    by_spend, by_rate = _Order(value, size), _Order(rate, size)
    return {
        "r2_log": 1 - log_error / samples.size / samples.variances[0],
        "r2": 1 - error / samples.size / samples.variances[1],
        "deviance": _deviance(value, size, spend, cells.sums(np.sqrt(y)), y.mean()) / samples.size,
        "auc": _ratio(by_rate.won(buyers), by_rate.pairs(buyers)),
        "brier": _total(buyers - 2 * rate * buyers + rate**2 * size) / samples.size,
        "gini": _ratio(by_spend.area(spend), samples.perfect),
        "capture": _ratio(by_spend.captured(spend), _total(spend)),
    }


class _Cells:
    """Sums of customers by segment and fold in every sample: arrays (segments, folds, B)."""

    def __init__(self, codes: Codes, fold: Codes, samples: Samples) -> None:
        self.shape = (int(codes.max()) + 1, int(fold.max()) + 1, samples.drawn.shape[1])
        cell = codes * self.shape[1] + fold
        self.order = np.argsort(cell, kind="stable")
        self.starts = np.searchsorted(cell[self.order], np.arange(self.shape[0] * self.shape[1] + 1))
        self.drawn = samples.drawn

    def sums(self, amount: Floats) -> Floats:
        """Σ of the amount (n,) over the customers of each cell, as often as they were drawn."""
        shape = (self.shape[0] * self.shape[1], len(amount))
        sums: Floats = csr_matrix((amount[self.order], self.order, self.starts), shape=shape) @ self.drawn
        return sums.reshape(self.shape)


def _values(total: Floats, size: Floats) -> Floats:
    """Mean of each segment over the other folds of each sample; where they hold nobody of it, that of everybody."""
    others, number = total.sum(axis=1, keepdims=True) - total, size.sum(axis=1, keepdims=True) - size
    everyone = others.sum(axis=0) / number.sum(axis=0)
    return np.divide(others, number, out=np.broadcast_to(everyone, others.shape).copy(), where=number > 0.5)


class _Order:
    """Segments in the order of their values, ranked within each fold of each sample; alike share, as by chance."""

    def __init__(self, value: Floats, size: Floats) -> None:
        self.value, self.size = value, size

    def of(self, amount: Floats) -> tuple[Floats, Floats]:
        """What the segments of higher value hold of an amount, and those of the same value, the segment among them."""
        above, alike = np.empty_like(amount), np.empty_like(amount)
        for f in range(amount.shape[1]):  # a fold at a time: segments² × B comparisons are held
            mine, theirs = self.value[:, None, f], self.value[None, :, f]
            above[:, f] = np.einsum("ijb,jb->ib", theirs > mine, amount[:, f])
            alike[:, f] = np.einsum("ijb,jb->ib", theirs == mine, amount[:, f])
        return above, alike

    def area(self, amount: Floats) -> Floats:
        """Area between concentration curve and diagonal times the number of customers (B,), folds added up."""
        above, alike = self.of(amount)
        whole, total = amount.sum(axis=0), self.size.sum(axis=0)
        area = (self.size * (above + alike / 2)).sum(axis=0)
        parts = np.divide(area, whole, out=total / 2, where=whole > 0) - total / 2
        return np.asarray(parts.sum(axis=0))

    def won(self, buyers: Floats) -> Floats:
        """Pairs of a buyer and another in the right order, ties half (B,)."""
        passive = self.size - buyers
        above, alike = self.of(passive)
        below = passive.sum(axis=0) - above - alike
        return _total(buyers * (below + alike / 2))

    def pairs(self, buyers: Floats) -> Floats:
        """All pairs of a buyer and another (B,)."""
        return np.asarray((buyers.sum(axis=0) * (self.size - buyers).sum(axis=0)).sum(axis=0))

    def captured(self, amount: Floats) -> Floats:
        """Amount of the TOP share of customers (B,)."""
        above, alike = self.of(self.size)
        taken = np.clip(TOP * self.size.sum(axis=0) - above, 0, alike)
        share = np.divide(taken, alike, out=np.zeros_like(taken), where=alike > 0)
        return _total(share * amount)


def _deviance(value: Floats, size: Floats, spend: Floats, roots: Floats, mean: float) -> Floats:
    """Σ 4 (√y − √μ)² / √μ over the customers (B,), μ not below FLOOR of the mean."""
    if not mean > 0:
        return np.full(size.shape[2], np.nan)
    mu = np.sqrt(np.maximum(value, FLOOR * mean))
    return 4 * _total(spend / mu - 2 * roots + mu * size)


def _total(cells: Floats) -> Floats:
    return np.asarray(cells.sum(axis=(0, 1)))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
