"""Days with far more or fewer purchases, or money, than such a weekday has at that time of the shop.

Counts of purchases vary more than a Poisson distribution has it: how much more is learned from the days themselves.
"""

from datetime import date

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import chi2

from crmresearch.caution import SMALL_NUMBER
from crmresearch.mining.unusual.tails import Floats, tail_p_values

AROUND = 28  # days before and after that the level of a day is the median of
ENOUGH = 5  # purchases of a usual day that days are told apart by; of fewer, weeks are judged
CLOSED = 0.001  # a day without a purchase is taken out of what is learned from where this is less probable
MEDIAN_SQUARE = float(chi2.median(1))  # of a squared standard normal


def judged_days(orders: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """How rare every day of a shop is: day, weekday, purchases, revenue, their expected values, measure, p_value.

    Expected is the level of the time (median of the 57 days around, each over its weekday's share) times the share of
    the weekday (median over its days). Purchases are compared on the scale on which counts of mean μ and variance
    μ + κμ² vary alike (Anscombe 1948, Biometrika 35, 246–254), κ by `overdispersion`; money on the
    logarithm, to both of which a median order is added. p_value: of the rarer `measure` (purchases, revenue), times 2,
    by `tail_p_values`; NaN for a weekday on which the shop usually sells nothing. Where a usual day has fewer than five
    purchases, rows are whole weeks (Monday to Sunday), told by `unit` (day, week).
    """
    series = _series(orders, first, last, "D")
    if series["purchases"].median() < ENOUGH:
        series = _series(orders, first, last, "W-SUN")
    by = series.index.day_of_week.to_numpy() if series.attrs["unit"] == "day" else np.zeros(len(series), dtype=np.intp)
    around = AROUND if series.attrs["unit"] == "day" else AROUND // 7
    counts, money = series["purchases"].to_numpy(dtype=np.float64), series["revenue"].to_numpy()
    of_counts, of_money = expected(counts, by, around), expected(money, by, around)
    judged = (of_counts > 0) & (of_money > 0)
    p = np.full((len(series), 2), np.nan)
    if judged.sum() >= SMALL_NUMBER and np.median(of_counts[judged]) >= ENOUGH:
        usual = float(orders["amount"].median())
        y, mu, kappa = counts[judged], of_counts[judged], overdispersion(counts[judged], of_counts[judged])
        nothing = np.where(y == 0, none_at_all(mu, kappa), 1.0)
        open_ = nothing > CLOSED  # days without any purchase, such as holidays, do not teach what is usual
        residuals = (money[judged] + usual) / (of_money[judged] + usual)
        p[judged, 0] = np.minimum(nothing, tail_p_values(count_residuals(y, mu, kappa), open_))
        p[judged, 1] = tail_p_values(np.log(residuals), open_)
    rarest = np.where(np.isnan(p), np.inf, p).argmin(axis=1)
    return pd.DataFrame(
        {
            "day": series.index if series.attrs["unit"] == "day" else series.index - pd.Timedelta(days=6),
            "unit": series.attrs["unit"],
            "weekday": series.index.day_of_week,
            "purchases": series["purchases"].to_numpy(),
            "expected_purchases": of_counts,
            "revenue": money,
            "expected_revenue": of_money,
            "measure": np.array(["purchases", "revenue"])[rarest],
            "p_value": np.where(np.isnan(p).any(axis=1), np.nan, np.minimum(1.0, 2 * p.min(axis=1))),
        }
    )


def _series(orders: pd.DataFrame, first: date, last: date, unit: str) -> pd.DataFrame:
    """Purchases and revenue of every day from the first to the last, or of every whole week between them."""
    daily = orders.groupby("day")["amount"].agg(purchases="size", revenue="sum")
    daily = daily.reindex(pd.date_range(first, last), fill_value=0)
    if unit != "D":
        whole = daily.resample(unit).size() == 7
        daily = daily.resample(unit).sum()[whole]
    daily.attrs["unit"] = "day" if unit == "D" else "week"
    return daily


def expected(y: Floats, by: np.ndarray, around: int) -> Floats:
    """What is usual (n,) of a series y (n,) of days in groups `by` (n,), their weekdays: level of the time × share.

    >>> expected(np.array([4.0, 8, 4, 8, 4, 80]), np.array([0, 1, 0, 1, 0, 1]), 3).tolist()
    [4.0, 8.0, 4.0, 8.0, 4.0, 8.0]
    """
    if not len(y):
        return y
    groups = np.unique(by)
    middle = np.median(y)
    share = {g: np.median(y[by == g]) / middle if middle > 0 else 0.0 for g in groups}
    for _ in range(3):
        of = np.array([share[g] for g in by])
        plain = pd.Series(np.where(of > 0, y / np.where(of > 0, of, 1.0), np.nan))
        level = plain.rolling(2 * around + 1, center=True, min_periods=1).median().to_numpy()
        safe = np.where(level > 0, level, np.nan)
        share = {g: float(np.nan_to_num(np.nanmedian(_some(y[by == g] / safe[by == g])))) for g in groups}
    return np.nan_to_num(level * np.array([share[g] for g in by]))


def _some(x: Floats) -> Floats:
    return x if np.isfinite(x).any() else np.zeros(1)


def overdispersion(y: Floats, usual: Floats) -> float:
    """κ ≥ 0 of counts y (n,) of variance μ + κμ²: (y − μ)²/(μ + κμ²) has the median of a squared standard normal.

    Few unusual days do not move it; of skewed counts it comes out up to a seventh too small.
    """

    def excess(kappa: float) -> float:
        return float(np.median((y - usual) ** 2 / (usual + kappa * usual**2)) - MEDIAN_SQUARE)

    return 0.0 if excess(0.0) <= 0 else min(1.0, float(brentq(excess, 0.0, 1e6)))


def none_at_all(usual: Floats, kappa: float) -> Floats:
    """Probability (n,) of a count of 0 where μ is usual: (1 + κμ)^(−1/κ), of the negative binomial distribution."""
    return np.exp(-usual) if kappa < 1e-6 else np.exp(-np.log1p(kappa * usual) / kappa)


def count_residuals(y: Floats, usual: Floats, kappa: float) -> Floats:
    """Residuals (n,) of counts from their usual values, of about equal spread: arsinh √((y + 3/8)/(1/κ − 3/4)).

    For κ = 0 they are those of Poisson counts, 2√(y + 3/8).
    """
    if kappa < 1e-6:
        return 2 * (np.sqrt(y + 0.375) - np.sqrt(usual + 0.375))
    size = 1 / kappa - 0.75
    return np.asarray(np.arcsinh(np.sqrt((y + 0.375) / size)) - np.arcsinh(np.sqrt((usual + 0.375) / size)))
