"""Whether what was foretold is right: calibration, Brier score, rank (AUC) and lift, with intervals, paired.

`happened` is 0 or 1 throughout, a probability lies between 0 and 1, a score may have any unit: the higher, the sooner.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from crmresearch.errors import EstimationError
from crmresearch.proportions import wilson
from crmresearch.resampling import bootstrap_counts
from crmresearch.segmentation.scoring.scores import gains, gains_drawn

Floats = NDArray[np.float64]
EDGE = 1e-6  # nearest to 0 and 1 that a probability counts as on the scale of logits, where these are infinite
LEVEL = 0.95


def calibration_table(probability: ArrayLike, happened: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Mean probability foretold and share of customers of whom it came true, in groups by what was foretold.

    Columns bin (1 the lowest), customers, expected (mean probability), observed (share), ci_lower, ci_upper (Wilson).
    Groups are of equal size as far as they can be: customers of whom the same was foretold are never parted, so there
    may be fewer than `bins`. Raises EstimationError for what is no probability or no 0 and 1.

    >>> table = calibration_table([0.1, 0.1, 0.1, 0.6, 0.8, 0.8], [0, 0, 1, 0, 1, 1], bins=3)
    >>> table[["customers", "expected", "observed"]].round(2).values.tolist()
    [[3.0, 0.1, 0.33], [1.0, 0.6, 0.0], [2.0, 0.8, 1.0]]
    """
    p, y = _checked(probability, happened)
    codes = pd.qcut(pd.Series(p), bins, labels=False, duplicates="drop").fillna(0)
    parts = pd.DataFrame({"expected": p, "observed": y}).groupby(codes)
    table = parts.mean().assign(customers=parts.size())
    lower, upper = wilson(table["observed"], table["customers"])
    table = table.assign(bin=np.arange(1, len(table) + 1), ci_lower=lower, ci_upper=upper)
    return table[["bin", "customers", "expected", "observed", "ci_lower", "ci_upper"]].reset_index(drop=True)


def brier(probability: ArrayLike, happened: ArrayLike) -> float:
    """Mean squared error of a probability (Brier 1950, Monthly Weather Review 78, 1–3): 0 is perfect.

    >>> brier([0.8, 0.4], [1, 0])
    0.1
    """
    return float(np.round(squared_errors(*_checked(probability, happened)).mean(), 15))


def squared_errors(probability: Floats, happened: Floats) -> Floats:
    """Squared error of each probability, of the same shape; their mean is the Brier score."""
    return np.asarray((probability - happened) ** 2)


def auc_influence(scores: Floats, happened: Floats) -> tuple[Floats, Floats]:
    """AUC (k,) of k scores (k, n) of the same customers, and influences (k, n) with covariance I Iᵀ (DeLong).

    AUC is the chance that of a customer of whom it came true and one of whom it did not the first has the higher score,
    ties counted half. DeLong, DeLong & Clarke-Pearson (1988, Biometrics 44, 837–845): S₁₀/m + S₀₁/l, from midranks as
    by Sun & Xu (2014, IEEE Signal Processing Letters 21, 1389–1393). Checked against all pairs written out, and by the
    spread of AUCs and of their differences over many samples.
    """
    came = happened == 1
    m, rest = int(came.sum()), int((~came).sum())
    ranks, influence = rankdata(scores, axis=1), np.empty(scores.shape)
    ahead = (ranks[:, came] - rankdata(scores[:, came], axis=1)) / rest  # of each who did: share of the others below
    behind = 1 - (ranks[:, ~came] - rankdata(scores[:, ~came], axis=1)) / m
    area = ahead.mean(axis=1)
    influence[:, came] = (ahead - area[:, None]) / np.sqrt(m * max(1, m - 1))
    influence[:, ~came] = (behind - area[:, None]) / np.sqrt(rest * max(1, rest - 1))
    return area, influence


def auc(score: ArrayLike, happened: ArrayLike, level: float = LEVEL) -> pd.Series:
    """AUC of one score: estimate, error (DeLong), ci_lower, ci_upper; see `auc_influence`.

    Raises EstimationError where it came true of everybody or of nobody.

    >>> auc([1, 2, 3, 3], [0, 0, 0, 1])["estimate"].round(3).item()
    0.833
    """
    s, y = np.asarray(score, dtype=float), _zero_one(happened)
    _both(y)
    area, influence = auc_influence(s[None, :], y)
    return _row(float(area[0]), float(np.sqrt((influence**2).sum())), level, (0.0, 1.0))


def probability_scores(
    probability: ArrayLike, happened: ArrayLike, base: float | None = None, level: float = LEVEL
) -> pd.DataFrame:
    """How right probabilities were: measure, estimate, error, ci_lower, ci_upper; measures brier, skill, auc, …

    `skill` is 1 − Brier / Brier of telling everybody the share `base`, of these customers without one (no better than
    that: 0); its error is that of the ratio of two means. `intercept`: a of logit P(y) = a + logit p, 0 where as much
    came true as foretold, above 0 where more; `slope`: b of logit P(y) = a + b logit p, 1 where right, below 1 where
    what was foretold is too extreme (Cox 1958, Biometrika 45, 562–565; Van Calster et al. 2019, BMC Medicine 17:230).
    A row of intercept and slope is missing where the outcomes do not settle it: the same foretold of everybody, or
    all who did above all who did not. Raises EstimationError as `calibration_table` and `auc`. Checked against
    statsmodels (GLM), scikit-learn and hand computation.

    >>> rng = np.random.default_rng(1)
    >>> p = rng.uniform(0.1, 0.9, 5000)
    >>> table = probability_scores(p, rng.random(5000) < p).set_index("measure")
    >>> bool(table.loc["slope", "ci_lower"] < 1 < table.loc["slope", "ci_upper"])
    True
    """
    p, y = _checked(probability, happened)
    _both(y)
    n, error = len(y), squared_errors(p, y)
    told = (y.mean() if base is None else base) - y
    mean, naive = error.mean(), (told**2).mean()
    of_skill = (error - mean / naive * told**2) / naive
    rows = {
        "brier": _row(mean, error.std(ddof=1) / np.sqrt(n), level, (0.0, 1.0)),
        "skill": _row(1 - mean / naive, of_skill.std(ddof=1) / np.sqrt(n), level),
        "auc": auc(p, y, level),
    }
    for name, fitted in zip(("intercept", "slope"), recalibration(p, y), strict=True):
        rows |= {name: _row(*fitted, level)} if np.isfinite(fitted).all() else {}
    return pd.DataFrame(rows).T.rename_axis("measure").reset_index()


def recalibration(probability: Floats, happened: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    """Calibration intercept and slope of `probability_scores`, each with its standard error; NaN where not settled."""
    x = logit(probability.clip(EDGE, 1 - EDGE))
    intercept = _logistic(np.ones((len(x), 1)), happened, x)
    slope = _logistic(np.column_stack([np.ones(len(x)), x]), happened, np.zeros(len(x)))
    return (intercept[0][0], intercept[1][0]), (slope[0][1], slope[1][1])


def _logistic(X: Floats, y: Floats, offset: Floats) -> tuple[Floats, Floats]:
    """Logistic regression by Newton's method: coefficients (k,) and standard errors, NaN where there is no maximum."""
    b, lost = np.zeros(X.shape[1]), np.full(X.shape[1], np.nan)
    for _ in range(50):
        p = expit(X @ b + offset)
        information = (X * (p * (1 - p))[:, None]).T @ X
        if np.linalg.cond(information) > 1e12:
            return lost, lost
        step = np.linalg.solve(information, X.T @ (y - p))
        b = b + step * min(1.0, 4 / max(np.abs(step).max(), 1e-300))  # a long first step may overshoot for good
        if np.abs(step).max() < 1e-10:
            return b, np.sqrt(np.diag(np.linalg.inv(information)))
    return lost, lost


def lift_table(
    score: ArrayLike,
    outcome: ArrayLike,
    shares: Sequence[float] = (0.05, 0.1, 0.2, 0.3, 0.5),
    resamples: int = 200,
    seed: int = 0,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Which share of the outcome the customers of the highest scores hold, a row a share of customers.

    `outcome` (n,), 0 or more: 0 and 1, or money. Columns share, customers, captured, ci_lower, ci_upper, lift
    (captured / share: 1 as at random), lift_lower, lift_upper; intervals are percentiles of resamples of the customers
    with scores held. Customers scored alike share what they have, as if in random order. Raises EstimationError for an
    outcome that nobody has or that is below 0, and for shares outside 0 to 1.

    >>> lift_table([4, 3, 2, 1], [1, 1, 0, 0], [0.25, 0.5], resamples=20)[["captured", "lift"]].values.tolist()
    [[0.5, 2.0], [1.0, 2.0]]
    """
    s, y = np.asarray(score, dtype=float), np.asarray(outcome, dtype=float)
    if not y.sum() > 0 or y.min() < 0:
        raise EstimationError("There is no lift: the outcome must be 0 or more for everybody and above 0 for somebody.")
    if not all(0 < share <= 1 for share in shares):
        raise EstimationError(f"Shares of customers lie between 0 and 1; they are {', '.join(map(str, shares))}.")
    fold = np.zeros(len(y), dtype=np.intp)
    drawn = [gains_drawn(s, y, fold, shares, counts) for counts in bootstrap_counts(len(y), resamples, seed)]
    tail = (1 - level) / 2
    lower, upper = np.nanquantile(np.concatenate(drawn, axis=1), [tail, 1 - tail], axis=1)
    table = pd.DataFrame({"share": list(shares), "captured": gains(s, y, fold, shares)})
    table = table.assign(customers=(table["share"] * len(y)).round().astype(int), ci_lower=lower, ci_upper=upper)
    lifts = {to: table[of] / table["share"] for to, of in _LIFTS.items()}
    return table.assign(**lifts)[["share", "customers", "captured", "ci_lower", "ci_upper", *_LIFTS]]


_LIFTS = {"lift": "captured", "lift_lower": "ci_lower", "lift_upper": "ci_upper"}


def _row(estimate: float, error: float, level: float, bounds: tuple[float, float] = (-np.inf, np.inf)) -> pd.Series:
    half = norm.ppf((1 + level) / 2) * error
    lower, upper = np.clip([estimate - half, estimate + half], *bounds)
    return pd.Series({"estimate": estimate, "error": error, "ci_lower": lower, "ci_upper": upper})


def _checked(probability: ArrayLike, happened: ArrayLike) -> tuple[Floats, Floats]:
    p, y = np.asarray(probability, dtype=float), _zero_one(happened)
    if p.shape != y.shape or not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise EstimationError("Probabilities must lie between 0 and 1, one for every outcome; at least one does not.")
    return p, y


def _zero_one(happened: ArrayLike) -> Floats:
    y = np.asarray(happened, dtype=float)
    if not len(y) or not np.isin(y, (0, 1)).all():
        raise EstimationError("What happened must be 0 or 1 of every customer, and of one customer at least.")
    return y


def _both(y: Floats) -> None:
    if y.min() == y.max():
        raise EstimationError(
            f"It came true of {'everybody' if y[0] else 'nobody'} here, so that nothing says who was told apart."
        )
