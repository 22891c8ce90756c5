"""The rivals that foretell what newcomers will spend: everybody's mean, one number, a purchase model, two learners."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import GammaRegressor, LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from crmresearch.errors import EstimationError
from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.scoring.scores import Outcome, Prediction
from crmresearch.value.customer_value import CustomerValue

MEAN, FIRST_SPEND, MODEL, LINEAR, BOOSTED = "mean", "first_spend", "bg_nbd", "two_part", "boosted"
RIVALS = (MEAN, FIRST_SPEND, MODEL, LINEAR, BOOSTED)  # the simplest first: of those alike it leads
ENDS = (0.5, 99.5)  # percentiles of those who teach at which features are cut: a line does not go on for ever
PENALTY = 10.0  # on squared coefficients of standardised features, in units of one customer's log-likelihood
FEWEST = 20  # who spend, and who do not, for a part of their own

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Lesson:
    """Customers as a forecast sees them: `features` (n, p), `spend_so_far` (n,), `history` for `CustomerValue`."""

    features: Floats
    spend_so_far: Floats
    history: pd.DataFrame

    def some(self, rows: Places) -> "Lesson":
        """The customers of these rows."""
        return Lesson(self.features[rows], self.spend_so_far[rows], self.history.iloc[rows])


def foretell(
    name: str, known: Lesson, outcome: Outcome, lived: pd.DataFrame, others: Lesson, horizon: int, seed: int
) -> Prediction:
    """What one of `RIVALS` expects of `others` (m), learned from `known` (n) and their `outcome`.

    `lived`: the histories of `known` until their horizon is over, which the purchase model learns from. Raises
    EstimationError where it cannot be fitted.

    - mean: the means of those known.
    - first_spend: each outcome as a monotone step function of the spend so far (isotonic regression).
    - bg_nbd: BG/NBD × Gamma–Gamma fitted to `lived`, applied to the histories of the others; the spend it expects is
      left as it is, log spend and activity are steps of it.
    - two_part: a logistic regression of whether anything is spent, times a gamma regression with a logarithmic link of
      how much (Duan, Manning, Morris & Newhouse 1983, Journal of Business & Economic Statistics 1, 115–126), all with a
      small ridge penalty.
    - boosted: gradient-boosted trees; squared error of log spend, Poisson deviance of spend, classes.
    """
    targets = (np.log1p(outcome.spend), outcome.spend, outcome.active)
    m = len(others.spend_so_far)
    if name == MEAN:
        return Prediction(*(np.full(m, target.mean()) for target in targets))
    if name == FIRST_SPEND:
        return Prediction(*(_steps(known.spend_so_far, target, others.spend_so_far) for target in targets))
    if name == MODEL:
        fitted = CustomerValue.fit(lived)
        before, after = (fitted.forecast(horizon, 0.0, one.history)["value"].to_numpy() for one in (known, others))
        if not (np.isfinite(before).all() and np.isfinite(after).all()):
            raise EstimationError("The mean spend of a purchase does not exist (q ≤ 1 of Gamma–Gamma).")
        log_spend, _, active = (_steps(before, target, after) for target in targets)
        return Prediction(log_spend, after, active)
    with threadpool_limits(1):  # on shared cores threads of small fits wait for each other
        return (_two_part if name == LINEAR else _trees)(known.features, targets, others.features, seed)


def _steps(score: Floats, outcome: Floats, others: Floats) -> Floats:
    """A rising function of one number, flat beyond its ends."""
    steps = IsotonicRegression(out_of_bounds="clip").fit(score, outcome)
    return np.asarray(steps.predict(others), dtype=np.float64)


def _two_part(X: Floats, targets: tuple[Floats, Floats, Floats], others: Floats, seed: int) -> Prediction:
    low, high = np.percentile(X, ENDS, axis=0)
    cut = np.clip(X, low, high)
    mean, deviation = cut.mean(axis=0), cut.std(axis=0)
    kept = deviation > 0
    Z, Z_others = ((np.clip(one, low, high) - mean)[:, kept] / deviation[kept] for one in (X, others))
    log_spend, spend, active = targets
    spends = spend > 0

    def chance(happens: NDArray[np.bool_]) -> Floats:
        if min(happens.sum(), (~happens).sum()) < FEWEST or not kept.any():
            return np.full(len(others), happens.mean())
        return np.asarray(
            LogisticRegression(C=1 / PENALTY, max_iter=1000).fit(Z, happens).predict_proba(Z_others)[:, 1]
        )

    part = chance(spends)
    if spends.sum() < FEWEST or not kept.any():
        return Prediction(part * log_spend[spends].mean() if spends.any() else part, np.full(len(others), spend.mean()),
                          chance(active > 0))  # fmt: skip
    logs = Ridge(PENALTY).fit(Z[spends], log_spend[spends]).predict(Z_others)
    gamma = GammaRegressor(alpha=PENALTY / spends.sum(), solver="newton-cholesky", max_iter=200)
    amounts = gamma.fit(Z[spends], spend[spends] / spend[spends].mean()).predict(Z_others) * spend[spends].mean()
    amounts = np.minimum(amounts, spend.max())  # nobody is foretold more than anybody has brought
    return Prediction(part * np.maximum(logs, 0), part * amounts, chance(active > 0))


def _trees(X: Floats, targets: tuple[Floats, Floats, Floats], others: Floats, seed: int) -> Prediction:
    how = {"learning_rate": 0.05, "max_iter": 100, "max_leaf_nodes": 15, "min_samples_leaf": 30, "random_state": seed}
    log_spend, spend, active = targets

    def constant(target: Floats) -> bool:
        return bool(np.ptp(target) == 0)

    def mean(target: Floats) -> Floats:
        return np.full(len(others), target.mean())

    def amount(target: Floats, loss: str) -> Floats:
        fitted = HistGradientBoostingRegressor(loss=loss, **how)
        return mean(target) if constant(target) else np.asarray(fitted.fit(X, target).predict(others))

    chances = mean(active)
    if not constant(active):
        chances = HistGradientBoostingClassifier(**how).fit(X, active.astype(int)).predict_proba(others)[:, 1]
    return Prediction(amount(log_spend, "squared_error"), amount(spend, "poisson"), chances)
