"""Customers under contract: the shifted beta-geometric read from purchase histories whose payments are due in a rhythm.

A payment is due every `period`; at each the customer leaves for good as in Fader & Hardie (2007), or stays and pays
with the chance `paid` (cards fail). The last payment at t_x is renewal k, and m payments have been due since without
being made. With S and P of the shifted beta-geometric and f = 1 − paid, such a history has the likelihood

    Σ_{j=1}^{m} P(k+j) f^(j−1)  +  S(k+m) f^m,

whose last term is that of a customer who is still there: P(alive) is its share. Where no payment ever failed, f = 0,
it is the shifted beta-geometric itself: silence is leaving, P(alive) is 1 or 0 as the payments show. It is also the
BG/BB model (Fader, Hardie & Shang 2010, Marketing Science 29:1086–1108) with one chance of a payment for all. Checked
against the shifted beta-geometric, the story simulated, and recovery of truth.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln

from crmresearch.errors import EstimationError
from crmresearch.value.histories import Floats, Scores, UniqueRows, histories, unique_rows
from crmresearch.value.maximum import maximise_rows
from crmresearch.value.purchases import PurchaseFit
from crmresearch.value.shifted_beta_geometric import (
    ShiftedBetaGeometricFit,
    ShiftedBetaGeometricParameters,
    lifetime_cautions,
    log_chances,
)

LATE = 0.1  # of a period; a payment that much after its day is late, not missed


@dataclass(frozen=True)
class ContractFit(PurchaseFit):
    """The shifted beta-geometric of payments due every `period` (in units of time), of which the share `paid` is made.

    `log_likelihood` is of the lifetimes given `paid`, and not comparable with that of models of the purchase times.
    """

    period: float
    paid: float

    names = ShiftedBetaGeometricParameters
    timed = (False, False)
    silence_counts: ClassVar[bool] = True

    @staticmethod
    def score(theta: Scores, rows: UniqueRows) -> tuple[float, Scores]:
        """Log-likelihood and gradient at log-parameters (alpha, beta) of rows: renewals k, missed m, chance to fail."""
        k, missed, fails = rows.columns
        m = missed[:, None]
        j = np.arange(1, missed.max(initial=0) + 2)  # left at the j-th payment missed; the one after the last: stays
        left = (j <= m).astype(np.float64)
        value, by_alpha, by_beta = log_chances(theta, k[:, None] + np.minimum(j, m), left)
        with np.errstate(divide="ignore"):
            log_fails = np.log(fails)[:, None]
        before = np.where(j > 1, (j - 1) * np.where(j > 1, log_fails, 0.0), 0.0)
        terms = np.where(j <= m + 1, value + before, -np.inf)
        top = terms.real.max(axis=1, keepdims=True)
        share = np.exp(terms - top)
        total = share.sum(axis=1, keepdims=True)
        share /= total
        by_row = [(share * part).sum(axis=1) for part in (by_alpha, by_beta)]
        gradient = np.array([rows.weights @ part for part in by_row]) * np.exp(theta)
        if np.iscomplexobj(theta):
            return np.nan, gradient
        return float(rows.weights @ (top + np.log(total))[:, 0]), gradient

    @classmethod
    def fit(
        cls,
        x: ArrayLike,
        t_x: ArrayLike,
        T: ArrayLike,
        weights: ArrayLike | None = None,
        period: float | None = None,
    ) -> "ContractFit":
        """Fit payments after the first x, time of the last one t_x and time observed T, each (n,), in units of time."""
        if period is None or not 0 < period < np.inf:
            raise EstimationError(f"The period of a contract is a time above 0; it is {period}.")
        return cls._estimated(histories(x, t_x, T, weights), period, None)

    @classmethod
    def estimate(cls, rows: UniqueRows, near: Any = None) -> "ContractFit":
        """Fit unique rows as of the period of `near`, a fit of much the same customers."""
        return cls._estimated(rows, near.period, near)

    @classmethod
    def _estimated(cls, rows: UniqueRows, period: float, near: Any) -> "ContractFit":
        x, t_x, T = rows.columns
        k, m = dues(t_x, T, period)
        paid = _share_paid(x, k, rows.weights)
        lifetimes = unique_rows([k, m, np.full_like(k, 1 - paid)], rows.weights)
        start = None if near is None else near.maximum
        best = maximise_rows(cls.score, lifetimes, np.zeros(2), cls.names._fields, start)
        estimates, errors = cls.names(*best.parameters.tolist()), cls.names(*best.standard_errors.tolist())
        found = (best.log_likelihood, rows.n, best.converged, lifetime_cautions(best), best.covariances)
        return cls(estimates, errors, *found, rows, period, paid)

    @property
    def tells_dropout(self) -> bool:
        """Payments that stop show who has left."""
        return True

    @property
    def contract(self) -> ShiftedBetaGeometricFit:
        """The same as a shifted beta-geometric, with its retention curve and residual lifetimes; time in periods."""
        told = (self.parameters, self.standard_errors, self.log_likelihood, self.n, self.converged, self.cautions)
        return ShiftedBetaGeometricFit(*told, self.covariances, self.rows)

    def renewals(self, t_x: Floats) -> Floats:
        """Number (n,) of the renewal that the last payment was; 0 of who has paid once."""
        return dues(t_x, t_x, self.period)[0]

    def renewal_chance(self, t_x: Floats, T: Floats) -> Floats:
        """The chance (n,) that who still is a customer at T renews when the next payment is due."""
        return self.contract.retention(self._until_due(t_x, T)[0] + 1)

    def until_due(self, t_x: Floats, T: Floats) -> Floats:
        """Time (n,) from T to the next payment of who still is a customer; 0 for one that is due and not yet late."""
        return self._until_due(t_x, T)[1]

    def survival(self, x: Floats, t_x: Floats, T: Floats, horizon: float) -> Floats:
        """The chance (n,) to be a customer after the last payment due in (T, T + horizon]: P(alive) S(t+n) / S(t)."""
        renewed, first = self._until_due(t_x, T)
        alpha, beta = self.parameters
        later = renewed + _payments(horizon, first, self.period)
        staying = np.exp(betaln(alpha, beta + later) - betaln(alpha, beta + renewed))
        return self.p_alive(x, t_x, T) * np.asarray(staying)

    def _p_alive(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        k, m = dues(t_x, T, self.period)
        theta, fails = np.log(self.parameters), 1 - self.paid
        alive = np.exp(log_chances(theta, k + m, np.zeros_like(k))[0]) * fails**m
        j = np.arange(1, m.max(initial=0) + 1)
        gone = np.exp(log_chances(theta, k[:, None] + j, np.ones(1))[0]) * fails ** (j - 1)
        return np.asarray(alive / (alive + np.where(j <= m[:, None], gone, 0).sum(axis=1)))

    def _until_due(self, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
        """Renewals decided by T (n,) if the customer is alive, and the time to the next payment."""
        k, m = dues(t_x, T, self.period)
        return k + m, np.maximum(0.0, t_x + (m + 1) * self.period - T)

    def _purchases_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rate: float) -> Floats:
        """paid · Σ S(k+m+i) / S(k+m) · e^(−rate·u) over the payments due in the horizon, at u from now."""
        renewed, first = self._until_due(t_x, T)
        if np.isinf(horizon):
            endless = self.contract.lifetime_from(renewed + 1, np.expm1(rate * self.period))
            return self.paid * self.contract.retention(renewed + 1) * np.exp(-rate * first) * endless
        alpha, beta = self.parameters
        due = _payments(horizon, first, self.period)[:, None]
        i = np.arange(1, due.max(initial=0) + 1)
        renewed, first = renewed[:, None], first[:, None]
        staying = np.exp(betaln(alpha, beta + renewed + i) - betaln(alpha, beta + renewed))
        discount = np.exp(-rate * (first + (i - 1) * self.period))
        return np.asarray(self.paid * np.where(i <= due, staying * discount, 0).sum(axis=1))

    def _silent_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float) -> Floats:
        """Leaves at the j-th of n payments due and paid none before, or stays and pays none; 1 where none is due."""
        alpha, beta = self.parameters
        renewed, first = self._until_due(t_x, T)
        due = _payments(horizon, first, self.period)[:, None]
        j, renewed = np.arange(due.max(initial=0) + 1), renewed[:, None]
        staying = np.exp(betaln(alpha, beta + renewed + j) - betaln(alpha, beta + renewed))
        unpaid = np.where(j <= due, staying, 0.0) * (1 - self.paid) ** j
        leaving = np.where(j[1:] <= due, staying[:, :-1] - staying[:, 1:], 0.0) * (1 - self.paid) ** j[:-1]
        return np.asarray(leaving.sum(axis=1) + np.take_along_axis(unpaid, due.astype(np.intp), axis=1)[:, 0])

    def _draw_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rng: np.random.Generator) -> Floats:
        """Payments made until leaving at a θ ~ beta(α, β+k+m) drawn given the renewals, or to the end."""
        alpha, beta = self.parameters
        renewed, first = self._until_due(t_x, T)
        theta = np.maximum(rng.beta(alpha, beta + renewed), 1e-15)
        stays = np.minimum(rng.geometric(theta) - 1, _payments(horizon, first, self.period))
        return rng.binomial(stays.astype(np.int64), self.paid).astype(np.float64)


def dues(t_x: Floats, T: Floats, period: float) -> tuple[Floats, Floats]:
    """Number k of the renewal that the last payment was, and payments m due since and not made, (n,) each."""
    missed = np.maximum(0.0, np.floor((T - t_x) / period - LATE))
    return np.rint(t_x / period), missed


def _payments(horizon: float, first: Floats, period: float) -> Floats:
    """Payments (n,) due within the horizon, the next one in `first`."""
    return np.maximum(0.0, np.floor((horizon - first) / period + 1e-9) + 1)


def _share_paid(x: Floats, k: Floats, weights: Floats) -> float:
    """Share of the payments due that are made, from those before each customer's last one, which is made by choice."""
    last = k > 0
    due = float(weights[last] @ (k[last] - 1))
    return min(1.0, float(weights[last] @ np.minimum(x[last], k[last]) - weights[last].sum()) / due) if due else 1.0
