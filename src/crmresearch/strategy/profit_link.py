"""From stated loyalty to later purchases and profit: log-linear effects, what unreliable answers hide, value by level.

Expected outcome = exp(a + b z + c log(1 + before)), z the stated loyalty in standard deviations, `before` the same
outcome of the period before it was stated. The Poisson quasi-likelihood estimates b for any outcome of zero or more,
counts or money, with zeros among them and whatever its variance (Gourieroux, Monfort & Trognon 1984; Santos Silva &
Tenreyro 2006); standard errors are those of the sandwich (White 1982).

Stated loyalty is loyalty and error. With reliability ρ its effect is too small; regression calibration (Carroll et al.
2006, chapter 4) replaces z by the loyalty expected from all that is known, which for one log-linear effect comes to

    b* = b √ρ / γ,   γ = 1 − (1 − ρ) / (1 − R²),

R² of z by what else is in the model: b / √ρ alone (Spearman 1904). b* is the effect of one standard deviation of
loyalty itself; it is exact where loyalty and error are normal, and presumes errors that go with nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.proportions import wilson

Floats = NDArray[np.float64]
FEWEST = 30  # customers; with fewer the sandwich says little
LEVELS = ("low", "middle", "high")


def later_effects(
    score: Floats,
    later: Mapping[str, Floats],
    before: Mapping[str, Floats],
    *,
    reliability: float = np.nan,
    confidence: float = 0.95,
    weights: Floats | None = None,
    clusters: NDArray[np.generic] | None = None,
) -> pd.DataFrame:
    """How much more follows from one standard deviation of loyalty: a row an outcome, control and measure.

    `score` (n,): stated loyalty in any unit. `later`, `before`: outcomes (n,) of zero or more after and before it was
    stated, by the same names; negative ones (more returned than bought) count as zero. Columns outcome; control: none
    or before; measure: stated, and corrected where a `reliability` in (0, 1] is given; effect, se, ci_lower, ci_upper
    (of the logarithm); p_value (two-sided, the same for both measures); change, change_lower, change_upper: exp − 1.
    Intervals take the reliability as known. `weights` of sampling; `clusters` (n,) within which customers go together.

    Raises EstimationError for fewer than 30 customers and for a constant score, ParameterError for a confidence or a
    reliability that cannot be. An outcome that is the same for all has no row; nor has a control that the
    score only repeats, nor a correction by so small a reliability that nothing of the score is left beside the control.
    Checked against statsmodels, its identity with b / √ρ, and planted effects (bias and coverage over samples).

    >>> rng = np.random.default_rng(1)
    >>> z = rng.normal(size=4000)
    >>> bought = rng.poisson(np.exp(1 + 0.3 * z)).astype(float)
    >>> found = later_effects(10 * z, {"purchases": bought}, {})
    >>> round(float(found["effect"].item()), 1)
    0.3
    """
    if not 0 < confidence < 1:
        raise ParameterError(f"`confidence` must lie between 0 and 1; it is {confidence:g}.")
    if clusters is not None and len(np.unique(clusters)) < 2:
        clusters = None  # customers of one cluster were drawn one by one from it
    if not (np.isnan(reliability) or 0 < reliability <= 1):
        raise ParameterError(f"`reliability` must lie above 0 and at most at 1; it is {reliability:g}.")
    n = len(score)
    if n < FEWEST:
        raise EstimationError(f"{n} customers are too few for what follows from loyalty; {FEWEST} are needed.")
    w = np.ones(n) if weights is None else weights * n / weights.sum()
    centred = score - np.average(score, weights=w)
    if not (spread := float(np.sqrt(np.average(centred**2, weights=w)))) > 1e-12 * (1 + np.abs(score).max()):
        raise EstimationError("Every customer states the same loyalty, so that nothing can follow from it.")
    z, rows = centred / spread, []
    for outcome, after in later.items():
        y = np.clip(after, 0, None)
        if np.ptp(y) == 0:
            continue
        controls: dict[str, Floats] = {"none": np.empty((n, 0))}
        if outcome in before and np.ptp(past := np.log1p(np.clip(before[outcome], 0, None))) > 0:
            controls["before"] = past[:, None]
        for control, held in controls.items():
            own = _unexplained(z, held, w)
            if own < 1e-10:  # the score is the past
                continue
            effect, se = _log_linear(y, np.column_stack([np.ones(n), z, held]), w, clusters)
            rows.append((outcome, control, "stated", effect, se, effect / se))
            gamma = 1 - (1 - reliability) / own
            if gamma > 0:
                factor = np.sqrt(reliability) / gamma
                rows.append((outcome, control, "corrected", factor * effect, factor * se, effect / se))
    columns = {"outcome": str, "control": str, "measure": str, "effect": float, "se": float, "ratio": float}
    frame = pd.DataFrame(rows, columns=list(columns)).astype(columns)
    half = norm.ppf((1 + confidence) / 2) * frame["se"]
    frame = frame.assign(ci_lower=frame["effect"] - half, ci_upper=frame["effect"] + half)
    frame["p_value"] = 2 * norm.sf(frame.pop("ratio").abs())
    for name, of in (("change", "effect"), ("change_lower", "ci_lower"), ("change_upper", "ci_upper")):
        frame[name] = np.expm1(frame[of])
    return frame


@dataclass(frozen=True)
class ProfitLink:
    """What followed from stated loyalty, of the customers who answered and bought.

    `effects`: as `later_effects`, for purchases and profit, and with measure `true` where the loyalty itself is known
    (of simulated customers). `means`: of purchases and profit a customer afterwards. `cells` and `tests`: as
    `value_by_satisfaction`. `reliability`: of stated loyalty, NaN where it is not known.
    """

    effects: pd.DataFrame
    means: dict[str, float]
    cells: pd.DataFrame
    tests: pd.DataFrame
    customers: int
    reliability: float
    confidence: float

    def effect(self, outcome: str, control: str = "none", measure: str = "stated") -> pd.Series | None:
        """One row of the effects, None where there is none."""
        at = {"outcome": outcome, "control": control, "measure": measure}
        rows = self.effects[(self.effects[list(at)] == pd.Series(at)).all(axis=1)]
        return None if rows.empty else rows.iloc[0]

    def share(self, satisfaction: str, value: str) -> pd.Series | None:
        """The cell of two levels, None where nobody has that satisfaction."""
        rows = self.cells.query("satisfaction == @satisfaction and value == @value")
        return None if rows.empty else rows.iloc[0]


def linked_answers(
    scores: pd.DataFrame, ids: pd.Series, customers: pd.DataFrame, true: pd.Series | None = None
) -> pd.DataFrame:
    """What is known of every respondent who bought: loyalty, satisfaction, value and, where it is given, `true`.

    `scores`: of loyalty and satisfaction, labelled as `ids`, the customer id of respondents; `customers`, by id, with
    their expected_value or, where there is no forecast, their monetary_total; `true`: loyalty itself by id.
    """
    rows = scores.index[scores.index.isin(ids.index)]
    named = ids.loc[rows]
    column = "expected_value" if "expected_value" in customers else "monetary_total"
    answers = scores.loc[rows, ["loyalty", "satisfaction"]].assign(value=customers.loc[named, column].to_numpy())
    return answers if true is None else answers.assign(true=true.loc[named].to_numpy())


def profit_link(
    answers: pd.DataFrame,
    later: pd.DataFrame,
    before: pd.DataFrame,
    *,
    reliability: float = np.nan,
    confidence: float = 0.95,
    weights: pd.Series | None = None,
    clusters: pd.Series | None = None,
) -> ProfitLink:
    """What later purchases and profit follow from stated loyalty, and how value is spread over satisfaction.

    `answers`: loyalty and satisfaction of every customer, their value by a forecast of that day, and, where it is
    known, `true` loyalty; `later` and `before`: purchases and profit. All, `weights` and `clusters` too, labelled
    alike. Raises as `later_effects`.
    """
    rows = answers.index
    w = None if weights is None else weights.loc[rows].to_numpy(dtype=float)
    options: dict[str, Any] = {
        "confidence": confidence,
        "weights": w,
        "clusters": None if clusters is None else clusters.loc[rows].to_numpy(),
    }
    after, past = ({name: frame.loc[rows, name].to_numpy(dtype=float) for name in frame} for frame in (later, before))
    effects = later_effects(answers["loyalty"].to_numpy(), after, past, reliability=reliability, **options)
    if "true" in answers:
        known = later_effects(answers["true"].to_numpy(), after, past, **options)
        effects = pd.concat([effects, known.assign(measure="true")])
        effects = effects.sort_values(["outcome", "control"], ascending=False, kind="stable", ignore_index=True)
    value, satisfaction = (levels(answers[name].to_numpy(), w) for name in ("value", "satisfaction"))
    return ProfitLink(
        effects,
        {name: float(np.average(one, weights=w)) for name, one in after.items()},
        *value_by_satisfaction(value, satisfaction, confidence, w),
        len(rows),
        reliability,
        confidence,
    )


def _log_linear(y: Floats, X: Floats, w: Floats, clusters: NDArray[np.generic] | None) -> tuple[float, float]:
    """Coefficient of the second column by Poisson quasi-likelihood, and its sandwich standard error.

    Few clusters are allowed for by G / (G − 1) · (n − 1) / (n − k), as is usual (Cameron & Miller 2015).
    """
    beta = sm.GLM(y, X, family=sm.families.Poisson(), var_weights=w).fit().params
    mu, small = np.exp(X @ beta), 1.0
    scores = X * (w * (y - mu))[:, None]
    if clusters is not None:
        within = np.unique(clusters, return_inverse=True)[1]
        scores = np.array([np.bincount(within, column) for column in scores.T]).T
        small = len(scores) / (len(scores) - 1) * (len(y) - 1) / (len(y) - X.shape[1])
    bread = np.linalg.inv(X.T @ (X * (w * mu)[:, None]))
    return float(beta[1]), float(np.sqrt(small * (bread @ scores.T @ scores @ bread)[1, 1]))


def _unexplained(z: Floats, held: Floats, w: Floats) -> float:
    """1 − R² of standardised z (n,) by the columns of `held` (n, q)."""
    X, root = np.column_stack([np.ones(len(z)), held]), np.sqrt(w)
    rest = z - X @ np.linalg.lstsq(X * root[:, None], z * root, rcond=None)[0]
    return float(np.average(rest**2, weights=w))


def levels(values: Floats, weights: Floats | None = None) -> NDArray[np.intp]:
    """Thirds of customers by a value, 0 low to 2 high; equal values are never parted, so that a third may be empty.

    >>> levels(np.array([1.0, 2, 3, 4, 5, 6])).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    w = np.ones(len(values)) if weights is None else weights
    order = np.argsort(values, kind="stable")
    middle = np.empty(len(values))
    middle[order] = (np.cumsum(w[order]) - w[order] / 2) / w.sum()
    _, same = np.unique(values, return_inverse=True)  # ties stand where their middle stands
    place = np.bincount(same, middle * w) / np.bincount(same, w)
    return np.minimum((place[same] * 3 + 1e-12).astype(np.intp), 2)


def value_by_satisfaction(
    value: NDArray[np.intp], satisfaction: NDArray[np.intp], confidence: float = 0.95, weights: Floats | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How value is spread over levels of satisfaction (`levels`, both), and whether the two go together.

    The first frame has a row a pair of levels: satisfaction, value (low, middle, high), customers, share (of those with
    that satisfaction), ci_lower, ci_upper (Wilson 1927). The second has a row a test: independence (Pearson's χ²) and
    trend ((n − 1) r² of the levels as numbers, one degree of freedom: Mantel 1963): test, statistic, df, p_value.
    With `weights` shares are weighted and n is the effective one of Kish (1965), by which the tests are as if from a
    simple sample of that size. Levels that nobody has have no rows; a test without two levels of each is left out.
    Checked against scipy (χ², Wilson) and by hand (trend).
    """
    w = np.ones(len(value)) if weights is None else weights
    w = w * w.sum() / (w @ w)  # sums to the effective number of customers
    counts = np.zeros((3, 3))
    np.add.at(counts, (satisfaction, value), w)
    heads = np.zeros((3, 3), dtype=int)
    np.add.at(heads, (satisfaction, value), 1)
    rows = []
    for i, j in np.ndindex(3, 3):
        n = counts[i].sum()
        if n > 0:
            p = counts[i, j] / n
            rows.append((LEVELS[i], LEVELS[j], heads[i, j], p, *wilson(p, n, confidence)))
    cells = pd.DataFrame(rows, columns=["satisfaction", "value", "customers", "share", "ci_lower", "ci_upper"])
    tests = []
    there = counts[np.ix_(counts.any(axis=1), counts.any(axis=0))]
    if min(there.shape) > 1:
        n = there.sum()
        expected = np.outer(there.sum(axis=1), there.sum(axis=0)) / n
        df = (there.shape[0] - 1) * (there.shape[1] - 1)
        statistic = float(((there - expected) ** 2 / expected).sum())
        tests.append(("independence", statistic, df, float(chi2.sf(statistic, df))))
        C = np.cov(satisfaction, value, aweights=w, ddof=0)
        trend = float((n - 1) * C[0, 1] ** 2 / (C[0, 0] * C[1, 1]))
        tests.append(("trend", trend, 1, float(chi2.sf(trend, 1))))
    return cells, pd.DataFrame(tests, columns=["test", "statistic", "df", "p_value"])
