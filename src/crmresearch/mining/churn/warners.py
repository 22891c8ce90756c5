"""The warners of churn: what each makes of customers at a cut-off, learned from nothing after it.

A score rises with the risk of leaving; a probability is that of no purchase in the days to come. What is known of a
customer, recency and tenure apart, stands still while nothing is bought: a warner can be asked again at any silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from crmresearch.caution import SMALL_NUMBER, Caution
from crmresearch.errors import CrmResearchError, EstimationError
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.value.customer_value import CONTRACT, CustomerValue
from crmresearch.value.rhythm import Rhythm

Floats = NDArray[np.float64]
NAIVE, BASE = "recency", "base_rate"
WARNERS = (NAIVE, "own_rhythm", "p_alive", "purchase_model", "logistic", "trees")  # the simplest first
LEARNERS = ("logistic", "trees")
RANKERS = (NAIVE, "own_rhythm", "p_alive")  # scores that are no probability until one is learned


@dataclass(frozen=True)
class Warners:
    """What is known by one cut-off that warns of churn in the `horizon` days to come.

    `value`: the purchase model, `rhythm`: that of single customers, each None where it cannot be fitted; `classifiers`,
    `risks` (by score, logistic) and `base` (the share who churned) are learned from the window that ends with the
    cut-off, and missing without one. `left_out`: a caution for each warner that there is not, its quantity.
    """

    horizon: int
    value: CustomerValue | None
    rhythm: LifeCycle | None
    left_out: tuple[Caution, ...] = ()
    classifiers: dict[str, Any] = field(default_factory=dict)
    risks: dict[str, Any] = field(default_factory=dict)
    base: float | None = None

    def scores(self, customers: pd.DataFrame) -> pd.DataFrame:
        """The score of every customer by every warner that there is, (n, k): the higher, the sooner they leave."""
        found: dict[str, Any] = {NAIVE: customers["recency"].to_numpy(dtype=float)}
        if self.rhythm is not None:
            found["own_rhythm"] = silence_used(customers, self.rhythm)
        if self.value is not None:
            times = histories(customers, self.value.unit_days)
            if self.value.purchases.tells_dropout:
                found["p_alive"] = 1 - self.value.purchases.p_alive(*times)
            found["purchase_model"] = self.value.purchases.silence(*times, self.horizon / self.value.unit_days)
        if self.classifiers:
            X = features(customers, self.rhythm)
            with threadpool_limits(1):
                found |= {name: model.predict_proba(X)[:, 1] for name, model in self.classifiers.items()}
        return pd.DataFrame(found, index=customers.index)

    def probabilities(self, scores: pd.DataFrame) -> pd.DataFrame:
        """The probability of no purchase in the horizon by what has one, from `scores`; the base rate last.

        Of recency, own rhythm and P(alive), none of which is that probability, it is that of who churned at such a
        score one window earlier: logistic regression on its logarithm, of P(alive) its logit (Platt 1999). Isotonic
        regression told 0 and 1 of few customers, and had the larger Brier score in 8 of 9 comparisons.
        """
        found: dict[str, Any] = {name: scores[name] for name in scores if name not in RANKERS}
        found |= {name: risk.predict_proba(_line(name, scores[name]))[:, 1] for name, risk in self.risks.items()}
        found = {name: found[name] for name in scores if name in found}
        base = {} if self.base is None else {BASE: np.full(len(scores), self.base)}
        return pd.DataFrame(found | base, index=scores.index).clip(0, 1)


def fit_rules(customers: pd.DataFrame, horizon: int, rhythm: Rhythm | None = None) -> Warners:
    """Warners that need no outcome: the purchase model (that of contracts where all pay in a `rhythm`), own rhythm."""
    left: list[Caution] = []
    value, own = None, LifeCycle()
    try:
        how = {"model": CONTRACT, "period_days": rhythm.days} if rhythm else {}
        value = CustomerValue.fit(customers, **how)  # type: ignore[arg-type]
        if not value.purchases.tells_dropout:
            left.append(Caution("not_told", "weak", "p_alive"))
    except EstimationError as error:
        left += [_failed(name, error) for name in ("p_alive", "purchase_model")]
    try:
        own.fit(customers)
    except CrmResearchError as error:
        return Warners(horizon, value, None, (*left, _failed("own_rhythm", error)))
    return Warners(horizon, value, own, tuple(left))


def learn(now: Warners, before: Warners, customers: pd.DataFrame, churned: pd.Series, seed: int) -> Warners:
    """The warners of `now` with what the window before teaches: its `customers` at its begin, who `churned` in it.

    `before`: the warners of that begin, by whose scores the risks are learned. Without 30 who churned and 30 who did
    not, nothing is learned and the reason is told. Logistic regression on standardised features (missing: the median,
    penalty C = 1), gradient-boosted trees as in `segmentation.scoring.crossfit`.
    """
    y = churned.to_numpy(dtype=float)
    fewest = int(min(y.sum(), (1 - y).sum()))
    if fewest < SMALL_NUMBER:
        few = [Caution("few_outcomes", "weak", name, {"count": fewest, "least": SMALL_NUMBER}) for name in LEARNERS]
        return Warners(now.horizon, now.value, now.rhythm, (*now.left_out, *few))
    scores, X = before.scores(customers), features(customers, before.rhythm)
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=100, max_leaf_nodes=15, min_samples_leaf=20, random_state=seed
    )
    models = {"logistic": make_pipeline(_Filled(), StandardScaler(), LogisticRegression(max_iter=1000)), "trees": trees}
    with threadpool_limits(1):
        classifiers = {name: model.fit(X, y.astype(int)) for name, model in models.items()}
        told = [name for name in RANKERS if name in scores]
        curve = {name: make_pipeline(StandardScaler(), LogisticRegression()) for name in told}
        risks = {name: one.fit(_line(name, scores[name]), y.astype(int)) for name, one in curve.items()}
    return Warners(now.horizon, now.value, now.rhythm, now.left_out, classifiers, risks, float(y.mean()))


def unlearned(now: Warners) -> Warners:
    """The warners of `now` where the data do not reach back to a window to learn from."""
    left = (*now.left_out, *(Caution("no_window", "weak", name) for name in LEARNERS))
    return Warners(now.horizon, now.value, now.rhythm, left)


def _failed(warner: str, error: Exception) -> Caution:
    return Caution("failed", "weak", warner, {"reason": str(error)})


def silence_used(customers: pd.DataFrame, rhythm: LifeCycle) -> Floats:
    """Days since the last purchase as a share of what the own rhythm allows (n,): above 1 who is overdue."""
    allowed = rhythm.silence_allowed(customers).to_numpy(dtype=float)
    return np.asarray(customers["recency"].to_numpy(dtype=float) / np.maximum(allowed, 1.0))  # orders of one day


def features(customers: pd.DataFrame, rhythm: LifeCycle | None) -> Floats:
    """What the classifiers learn from (n, p): logarithms of purchases, times and money, rhythm and silence in it."""
    frame = customers
    gap = frame["gap_mean"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        varied = np.where(gap > 0, frame["gap_sd"].to_numpy(dtype=float) / gap, np.nan)
    logs = [_log(frame[name]) for name in ("frequency", "recency", "tenure", "t_last", "gap_mean", *MONEY)]
    used = [] if rhythm is None else [np.log1p(silence_used(frame, rhythm))]
    more = [frame[name].to_numpy(dtype=float) for name in ("discount_share",) if name in frame]
    return np.column_stack([*logs, varied, *used, *more])


MONEY = ("monetary_total", "monetary_mean")


class _Filled:
    """The median of a column for its missing values, 0 where nothing is known of it."""

    def fit(self, X: Floats, y: Any = None) -> "_Filled":
        """Learn the medians of the columns of X (n, p)."""
        known = np.isfinite(X).any(axis=0)
        self.medians_ = np.where(known, np.nanmedian(np.where(known, X, 0.0), axis=0), 0.0)
        return self

    def transform(self, X: Floats) -> Floats:
        """X without missing values."""
        return np.where(np.isfinite(X), X, self.medians_)


def at_silence(customers: pd.DataFrame, days: float | Floats) -> pd.DataFrame:
    """The same customers had they been silent for so many days since their last purchase, (n,) or one number."""
    return customers.assign(recency=days, tenure=customers["t_last"] + days)


def named(keys: Sequence[str]) -> list[str]:
    """Warners in the order of their simplicity, unknown ones last."""
    return sorted(keys, key=lambda key: WARNERS.index(key) if key in WARNERS else len(WARNERS))


def _line(name: str, score: pd.Series) -> Floats:
    """A score (n, 1) on the scale on which the logit of churn may be a straight line."""
    values = score.to_numpy(dtype=float)[:, None]
    return np.asarray(logit(values.clip(1e-6, 1 - 1e-6)) if name == "p_alive" else np.log1p(values))


def _log(column: pd.Series) -> Floats:
    return np.asarray(np.log1p(np.maximum(column.to_numpy(dtype=float), 0)))


def histories(customers: pd.DataFrame, unit: float) -> tuple[Floats, Floats, Floats]:
    """Repeat purchases, time of the last and time observed (n,) each, in units of so many days."""
    x, t_x, T = (customers[name].to_numpy(dtype=float) for name in ("repeat", "t_last", "tenure"))
    return x, t_x / unit, T / unit
