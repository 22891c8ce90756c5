"""Survival curves of customers some of whom are still watched: Kaplan–Meier, its intervals, and the log-rank test.

`times` (n,) are days until something happened to a customer (`events` 1) or until it was last known not to have (0).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2 as chi_squared
from scipy.stats import norm
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from crmresearch.caution import SMALL_NUMBER
from crmresearch.errors import EstimationError
from crmresearch.ranks import LEVEL, highest, holm, independent_draws
from crmresearch.segmentation.contract import Floats

FEWEST_EVENTS = 5  # of a group, and as many without, before it is compared


def kaplan_meier(times: ArrayLike, events: ArrayLike, level: float = LEVEL) -> pd.DataFrame:
    """A row a time at which something happened: time, at_risk, events, survival, error, ci_lower, ci_upper.

    Survival is the product of 1 − events/at_risk (Kaplan & Meier 1958, Journal of the American Statistical Association
    53, 457–481), its error Greenwood's, its interval symmetric on the scale of log(−log S) (Kalbfleisch & Prentice
    1980), which stays between 0 and 1; where survival is 0 that scale ends, and the interval is 0 to the upper bound
    before. Who is last seen on the day of an event counts as at risk on it. statsmodels computes it.

    Raises EstimationError for times below 0 or missing, and events other than 0 and 1.

    >>> kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 1, 0])[["time", "at_risk", "survival"]].round(2).values.tolist()
    [[1.0, 5.0, 0.8], [2.0, 4.0, 0.6], [3.0, 2.0, 0.3]]
    """
    t, e = _checked(times, events)
    if not e.any():
        return pd.DataFrame(columns=_CURVE, dtype=float)
    fitted = SurvfuncRight(t, e.astype(np.int64))
    S, error = fitted.surv_prob, np.nan_to_num(fitted.surv_prob_se)
    lower, upper = np.zeros(len(S)), np.ones(len(S))
    inside = (S > 0) & (S < 1)
    log = np.log(S[inside])
    reach = norm.ppf((1 + level) / 2) * error[inside] / (S[inside] * np.abs(log))
    lower[inside], upper[inside] = S[inside] ** np.exp(reach), S[inside] ** np.exp(-reach)
    upper[S == 0] = upper[S > 0][-1] if (S > 0).any() else 1.0
    table = {"time": fitted.surv_times, "at_risk": fitted.n_risk, "events": fitted.n_events, "survival": S}
    return pd.DataFrame({**table, "error": error, "ci_lower": lower, "ci_upper": upper}).astype(float)


def survival_at(curve: pd.DataFrame, time: float) -> pd.Series:
    """survival, error, ci_lower, ci_upper of a `kaplan_meier` curve at a time: of the last step up to it."""
    before = curve[curve["time"] <= time]
    if before.empty:
        return pd.Series({"survival": 1.0, "error": 0.0, "ci_lower": 1.0, "ci_upper": 1.0})
    return before.iloc[-1][["survival", "error", "ci_lower", "ci_upper"]]


def read_until(curve: pd.DataFrame, until: float) -> pd.DataFrame:
    """A curve as it is drawn: time, survival, ci_lower, ci_upper from 1 on day 0 up to the last step by `until`.

    >>> read_until(kaplan_meier([1, 2, 3, 4], [1, 1, 1, 0]), 2)[["time", "survival"]].values.tolist()
    [[0.0, 1.0], [1.0, 0.75], [2.0, 0.5]]
    """
    begin = pd.DataFrame({"time": [0.0], "survival": [1.0], "ci_lower": [1.0], "ci_upper": [1.0]})
    steps = curve.loc[curve["time"] <= until, list(begin)]
    return pd.concat([begin, steps], ignore_index=True) if steps["time"].gt(0).all() else steps


def median_time(curve: pd.DataFrame, share: float = 0.5) -> float:
    """The first time by which survival is `1 − share` or less; NaN where it never is.

    >>> median_time(kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]))
    2.0
    """
    low = curve[curve["survival"] <= 1 - share + 1e-12]
    return float(low["time"].iloc[0]) if len(low) else np.nan


def watched_until(times: ArrayLike, share: float = 0.1, fewest: int = SMALL_NUMBER) -> float:
    """The last time by which this `share` of the customers, and `fewest` of them, could still be seen.

    `times` (n,): how long each is watched. Beyond it a curve is of a handful. 0 where there are too few customers.
    """
    watched = np.sort(np.asarray(times, dtype=float))[::-1]
    needed = max(fewest, int(np.ceil(share * len(watched))))
    return float(watched[needed - 1]) if len(watched) >= needed else 0.0


def log_rank(times: ArrayLike, events: ArrayLike, groups: ArrayLike) -> tuple[float, int, float]:
    """χ², degrees of freedom and probability that all groups share one curve (Mantel 1966; statsmodels computes it).

    >>> chi2, df, p = log_rank([1, 2, 3, 4, 5, 6], [1] * 6, list("aaabbb"))
    >>> round(chi2, 2), df, round(p, 3)
    (5.05, 1, 0.025)
    """
    t, e = _checked(times, events)
    codes = pd.factorize(np.asarray(groups), sort=True)[0]
    number = len(np.unique(codes))
    if number < 2 or not e.any():
        return np.nan, max(0, number - 1), np.nan
    chi2, _ = survdiff(t, e.astype(np.int64), codes)
    return float(chi2), number - 1, float(chi_squared.sf(chi2, number - 1))


def compared(
    times: pd.Series, events: pd.Series, watched: pd.Series, groupings: Mapping[str, pd.Series], until: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Survival in the groups of every grouping, and whether the curves of a grouping differ; 95 % throughout.

    `watched` (n,): days for which each customer could be seen. The groups of a grouping are read on one day, the last
    on which all of them can be (`watched_until`, at most `until`), and their curves are compared up to it. The first
    table: grouping, group, customers, events, days, survival, error, ci_lower, ci_upper, and first and last, whether
    the group may be the one of the highest and of the lowest survival (`ranks.highest`). The second: grouping, groups,
    customers, days, chi2, df, p (Holm's over all groupings), told. Left out are groups of fewer than 30 customers, of
    fewer than 5 events or non-events, or watched for less than a quarter of `until`; a grouping with one group left has
    no row.
    """
    parts, tests = [], []
    for name, groups in groupings.items():
        known = groups.reindex(times.index).dropna()
        reach = {group: watched_until(one) for group, one in watched[known.index].groupby(known, observed=True)}
        days = min([until, *(day for day in reach.values() if day >= until / 4)])
        members = known[known.map(reach).astype(float) >= days]
        cut, happened = times[members.index].clip(upper=days), events[members.index].where(times <= days, 0)
        rows = []
        for group, t in cut.groupby(members, observed=True, sort=True):
            e = happened[t.index]
            if len(e) < SMALL_NUMBER or min(e.sum(), (1 - e).sum()) < FEWEST_EVENTS:
                continue
            found = survival_at(kaplan_meier(t, e), days)
            row = {"grouping": name, "group": group, "customers": len(e), "events": int(e.sum()), "days": days}
            rows.append({**row, **found})
        if len(rows) < 2:
            continue
        table = pd.DataFrame(rows)
        points = table["survival"].to_numpy(dtype=float)
        draws = independent_draws(points, table["error"].to_numpy(dtype=float))
        parts.append(table.assign(first=highest(points, draws), last=highest(-points, -draws)))
        kept = members[members.isin(table["group"])]
        chi2, df, p = log_rank(cut[kept.index], happened[kept.index], kept.astype(str))
        tests.append((name, len(rows), len(kept), days, chi2, df, p))
    found = pd.DataFrame(tests, columns=["grouping", "groups", "customers", "days", "chi2", "df", "p"])
    found["p"] = holm(found["p"].to_numpy(dtype=float))
    found["told"] = found["p"] < 1 - LEVEL
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS), found


def differing(groups: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Of the groups of `compared` those of groupings told to differ.

    Columns grouping, group, customers, days, survival, ci_lower, ci_upper.
    """
    shown = ["grouping", "group", "customers", "days", "survival", "ci_lower", "ci_upper"]
    return groups.loc[groups["grouping"].isin(tests.loc[tests["told"], "grouping"]), shown]


def standing(groups: pd.DataFrame, grouping: str, end: str) -> list[str]:
    """The groups of `compared` that may stand `end`, first or last; none where that may be each of them."""
    part = groups[groups["grouping"] == grouping]
    return [] if part[end].all() else part.loc[part[end].astype(bool), "group"].tolist()


_CURVE = ["time", "at_risk", "events", "survival", "error", "ci_lower", "ci_upper"]
_COLUMNS = ["grouping", "group", "customers", "events", "days", *_CURVE[3:], "first", "last"]


def hazards(times: ArrayLike, events: ArrayLike, width: int, until: float, level: float = LEVEL) -> pd.DataFrame:
    """Events a customer and period of `width` days among those it can still happen to, a row a period.

    Columns from, to, at_risk, events, hazard, ci_lower, ci_upper.

    Periods are (from, to], up to `until`. `at_risk` are the customers at the begin; hazard is events over the time that
    customers spent in the period, in periods, with exact Poisson bounds ci_lower and ci_upper (Garwood 1936, Biometrika
    28, 437–442).

    >>> hazards([3, 10, 14], [1, 1, 0], 7, 14)[["at_risk", "events", "hazard"]].round(3).values.tolist()
    [[3.0, 1.0, 0.412], [2.0, 1.0, 0.7]]
    """
    t, e = _checked(times, events)
    starts = np.arange(0, max(int(until) // width, 0) * width, width)
    rows = []
    for start in starts:
        exposed = np.clip(t - start, 0, width).sum() / width
        count = int(((t > start) & (t <= start + width) & e).sum())
        tail = (1 - level) / 2
        low = chi_squared.ppf(tail, 2 * count) / 2 if count else 0.0
        high = chi_squared.ppf(1 - tail, 2 * count + 2) / 2
        ends = np.array([count, low, high]) / exposed if exposed > 0 else np.zeros(3)
        rows.append((start, start + width, int((t > start).sum()), count, *ends))
    return pd.DataFrame(rows, columns=["from", "to", "at_risk", "events", "hazard", "ci_lower", "ci_upper"])


def _checked(times: ArrayLike, events: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    t, e = np.asarray(times, dtype=np.float64), np.asarray(events, dtype=np.float64)
    if not len(t) or t.shape != e.shape or not np.isfinite(t).all() or (t < 0).any():
        raise EstimationError(
            "Times must be numbers of 0 or more, one for each customer, and of one customer at least."
        )
    if not np.isin(e, (0, 1)).all():
        raise EstimationError("Events must be 1 (it happened) or 0 (last seen without it).")
    return t, e.astype(bool)
