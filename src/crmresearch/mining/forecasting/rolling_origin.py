"""How well forecasts did from several origins, each by what was known there: error, differences, coverage.

Every method is fitted anew at each origin to nothing but what was known at its end (`PurchaseSeries.known`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import beta, t

from crmresearch.mining.forecasting.forecasters import Floats, Foreseen
from crmresearch.mining.forecasting.periods import QUANTITIES, PurchaseSeries
from crmresearch.mining.forecasting.rivals import METHODS, Rivals, rivals
from crmresearch.ranks import holm

LEVELS = (0.8, 0.95)
TOLD = 0.05  # probability below which a difference is told
LEAST_TESTED = 4  # origins


@dataclass(frozen=True)
class Evaluation:
    """Forecasts of `horizon` periods from `origins` (numbers of periods known), and what came.

    `periods`, a row an origin, quantity, method and step: origin (last day known), quantity, method, step (1 to the
    horizon), estimate, actual, scale (in-sample error of naive), and interval_80_lower, interval_80_upper,
    interval_95_lower, interval_95_upper. `sums`: the same over the horizon (`over_horizon`), without step and scale.
    `parts`, a row an origin: what known customers and newcomers were expected to buy and bought, columns origin,
    customers (known), expected_known, known, expected_new and new.
    """

    horizon: int
    origins: tuple[int, ...]
    periods: pd.DataFrame
    sums: pd.DataFrame
    parts: pd.DataFrame

    @property
    def lag(self) -> int:
        """How many origins further on a forecast still looks at a period that this one looks at."""
        step = int(np.diff(self.origins).min()) if len(self.origins) > 1 else self.horizon
        return -(-self.horizon // step) - 1

    @property
    def distinct(self) -> int:
        """Periods that were forecast from one origin or more."""
        return len({origin + step for origin in self.origins for step in range(self.horizon)})

    @property
    def windows(self) -> float:
        """How many horizons that do not overlap these periods would fill."""
        return self.distinct / self.horizon

    def losses(self, quantity: str) -> pd.DataFrame:
        """Mean absolute scaled error of each origin (rows) and method that forecast from all of them (columns)."""
        rows = self.periods[self.periods["quantity"] == quantity]
        scaled = (rows["estimate"] - rows["actual"]).abs() / rows["scale"]
        table = scaled.groupby([rows["origin"], rows["method"]]).mean().unstack()
        return table[[method for method in METHODS if method in table]].dropna(axis=1)

    def scores(self) -> pd.DataFrame:
        """One row a quantity and method: mase, ratio (of its absolute error to that of naive), off (% of what came),
        p_value (that it differs from naive, adjusted as in `differences`), alike (not told apart from the lowest)."""
        rows = []
        for quantity in QUANTITIES:
            losses, found = self.losses(quantity), self.periods[self.periods["quantity"] == quantity]
            differences = self.differences(quantity)
            for method in losses:
                own = found[found["method"] == method]
                base = found[found["method"] == "naive"]
                came = own["actual"].sum()
                error, of_naive = ((part["estimate"] - part["actual"]).abs().sum() for part in (own, base))
                rows.append(
                    {
                        "quantity": quantity,
                        "method": method,
                        "mase": losses[method].mean(),
                        "ratio": error / of_naive if of_naive > 0 else np.nan,
                        "off": 100 * (own["estimate"].sum() / came - 1) if came else np.nan,
                        "p_value": _against_naive(method, differences),
                        "alike": not _beaten(method, differences),
                    }
                )
        return pd.DataFrame(rows, columns=["quantity", "method", "mase", "ratio", "off", "p_value", "alike"])

    def differences(self, quantity: str) -> pd.DataFrame:
        """Every two methods: method, rival, difference of their mase, p_value (`compared`), adjusted (Holm, over all).

        p is missing where the origins are fewer than `LEAST_TESTED`, or so close that their windows all overlap.
        """
        losses = self.losses(quantity)
        rows = []
        for one, other in combinations(losses, 2):
            apart = (losses[one] - losses[other]).to_numpy()
            rows.append((one, other, apart.mean(), compared(apart, self.lag)))
        table = pd.DataFrame(rows, columns=["method", "rival", "difference", "p_value"])
        table = table.astype({"difference": float, "p_value": float})
        return table.assign(adjusted=holm(table["p_value"].to_numpy()))

    def all_differences(self) -> pd.DataFrame:
        """`differences` of every quantity."""
        return pd.concat([self.differences(name).assign(quantity=name) for name in QUANTITIES], ignore_index=True)

    def coverage(self) -> pd.DataFrame:
        """How often intervals held what came: quantity, method, level, of (periods, sum), held, tried, share, lower
        and upper (95 % interval of the share, `share_interval`), narrow (whether it lies below the level)."""
        rows = []
        for of, frame, width in (("periods", self.periods, self.horizon), ("sum", self.sums, 1)):
            for (quantity, method), part in frame.groupby(["quantity", "method"], sort=False):
                for level in LEVELS:
                    low, high = (part[f"{interval_name(level)}_{end}"] for end in ("lower", "upper"))
                    inside = part["actual"].between(low, high).to_numpy().reshape(-1, width)
                    ends = share_interval(inside, self.windows if width == 1 else self.distinct, self.windows)
                    rows.append((quantity, method, level, of, inside.sum(), inside.size, inside.mean(), *ends))
        names = ["quantity", "method", "level", "of", "held", "tried", "share", "ci_lower", "ci_upper"]
        table = pd.DataFrame(rows, columns=names)
        return table.assign(narrow=table["ci_upper"] < table["level"])

    def held(self) -> pd.DataFrame:
        """The coverage of single periods at both levels beside each other: share_80, held_80_lower, held_80_upper (its
        interval), share_95 and so on; a row a quantity and method."""
        rows, levels = self.coverage().query("of == 'periods'"), []
        for level in LEVELS:
            part = rows[rows["level"] == level].set_index(["quantity", "method"])[["share", "ci_lower", "ci_upper"]]
            name = f"{100 * level:.0f}"
            levels.append(part.set_axis([f"share_{name}", f"held_{name}_lower", f"held_{name}_upper"], axis=1))
        return pd.concat(levels, axis=1).reset_index()

    @property
    def share_new(self) -> float:
        """Share of the purchases after the origins that were of customers nobody knew then; NaN without any."""
        new, known = self.parts["new"].sum(), self.parts["known"].sum()
        return float(new / (new + known)) if new + known else np.nan


def over_horizon(foreseen: Foreseen, quantity: str) -> Foreseen:
    """A forecast of all periods together: their sum; of active customers the mean, for a sum counts who stays often."""
    share = _whole(np.ones_like(foreseen.point), quantity) / len(foreseen.point)
    whole = foreseen.summed()
    return Foreseen(whole.point * share, whole.paths * share, whole.floor)


def _whole(values: Floats, quantity: str) -> float:
    return float(values.mean() if quantity == "active" else values.sum())


def rolling_origin(
    series: PurchaseSeries, origins: Sequence[int], horizon: int, seed: int, at_random: bool = True
) -> Evaluation:
    """Forecasts by every method (`rivals`) from each of the `origins` (numbers of periods known), beside what came."""
    periods, sums, parts = [], [], []
    for origin in origins:
        found, coming = rivals(series.known(origin), horizon, seed, at_random), series.total[origin : origin + horizon]
        day = str(series.total["end"].iloc[origin - 1])
        for (method, quantity), foreseen in found.made.items():
            actual = coming[quantity].to_numpy(dtype=np.float64)
            head = {"origin": day, "quantity": quantity, "method": method}
            scale = naive_error(found.learned[quantity])
            periods.append(forecast_frame(foreseen).assign(**head, actual=actual, scale=scale))
            whole = forecast_frame(over_horizon(foreseen, quantity))
            sums.append(whole.assign(**head, actual=_whole(actual, quantity)))
        parts.append({"origin": day, **_parts(series, origin, horizon, found)})
    return Evaluation(
        horizon,
        tuple(origins),
        pd.concat(periods, ignore_index=True) if periods else pd.DataFrame(),
        pd.concat(sums, ignore_index=True).drop(columns="step") if sums else pd.DataFrame(),
        pd.DataFrame(parts),
    )


def forecast_frame(foreseen: Foreseen) -> pd.DataFrame:
    """A forecast as a frame: step (1 …), estimate, and the ends of its intervals at 80 and 95 %."""
    table = pd.DataFrame({"step": np.arange(1, len(foreseen.point) + 1), "estimate": foreseen.point})
    for level in LEVELS:
        lower, upper = foreseen.interval(level)
        name = interval_name(level)
        table = table.assign(**{f"{name}_lower": lower, f"{name}_upper": upper})
    return table


def interval_name(level: float) -> str:
    """How the columns of an interval begin: interval_80."""
    return f"interval_{100 * level:.0f}"


def naive_error(y: Floats) -> float:
    """Mean absolute error of the naive forecast one period ahead within a series; NaN for a constant one.

    The scale of the mean absolute scaled error (Hyndman & Koehler 2006, International Journal of Forecasting 22,
    679–688). Checked by hand.
    """
    error = float(np.abs(np.diff(y)).mean()) if len(y) > 1 else 0.0
    return error if error > 0 else np.nan


def compared(apart: Floats, lag: int) -> float:
    """p of equal accuracy by the differences in loss (K,) of two methods from K origins, correlated up to `lag`.

    Diebold & Mariano (1995, Journal of Business & Economic Statistics 13, 253–263) with the variance
    (γ₀ + 2 Σ γ_k) / K, in small samples as Harvey, Leybourne & Newbold (1997, International Journal of Forecasting 13,
    281–291) correct it: times √((K + 1 − 2h + h(h − 1)/K) / K), h = lag + 1, against Student's t. From eight origins
    that still tells 16 % to 20 % of methods alike apart (2 % to 6 % as it is here): so the variance is γ₀ / K at least,
    for overlap makes no mean surer, and the degrees of freedom are one less than the windows that do not overlap,
    (K + lag) / h, instead of K − 1. NaN without differences, for fewer than `LEAST_TESTED` origins, and for fewer than
    twice h. With lag 0 it is the paired t-test.
    """
    n, h = len(apart), lag + 1
    if n < max(LEAST_TESTED, 2 * h) or not np.isfinite(apart).all() or np.ptp(apart) == 0:
        return np.nan
    centred = apart - apart.mean()
    gamma = np.array([centred[k:] @ centred[: n - k] for k in range(h)]) / n
    variance = max(gamma[0], gamma[0] + 2 * gamma[1:].sum())
    statistic = apart.mean() / np.sqrt(variance / n) * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    return float(2 * t.sf(abs(statistic), max(1.0, (n + lag) / h - 1)))


def share_interval(inside: np.ndarray, most: float, least: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of the share of hits `inside` (origins, periods), which go together within an origin.

    That of Clopper & Pearson for as many trials as the hits are worth by how the shares of origins vary (Korn &
    Graubard 1998, Survey Methodology 24, 193–201), at least `least` and at most `most`: windows that overlap look at
    the same periods twice.
    """
    share, of_origin = float(inside.mean()), inside.mean(axis=1)
    varies = of_origin.var(ddof=1) / len(of_origin) if len(of_origin) > 1 else 0.0
    worth = least if share in (0, 1) else share * (1 - share) / varies if varies > 0 else most
    n = float(np.clip(worth, least, most))
    hits, tail = share * n, (1 - level) / 2
    lower = float(beta.ppf(tail, hits, n - hits + 1)) if hits > 0 else 0.0
    upper = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return lower, upper


def record_interval(estimate: float, before: pd.DataFrame, windows: float) -> dict[str, float]:
    """Ends around an estimate, interval_80_lower and so on, by how far estimates were off `before`, beside what came.

    Student's t with `windows` − 1 degrees of freedom (1 at least), `windows` being how many do not overlap, times the
    root of the mean squared error; of logarithms where all are above 0.
    """
    made, came = before["estimate"].to_numpy(), before["actual"].to_numpy()
    positive = estimate > 0 and (made > 0).all() and (came > 0).all()
    off = np.log(came / made) if positive else came - made
    spread = np.sqrt(np.mean(off**2) * (1 + 1 / windows))
    ends = {}
    for level in LEVELS:
        half = t.ppf((1 + level) / 2, max(windows - 1, 1)) * spread
        for end, sign in (("lower", -1), ("upper", 1)):
            ends[f"{interval_name(level)}_{end}"] = float(
                estimate * np.exp(sign * half) if positive else estimate + sign * half
            )
    return ends


def _against_naive(method: str, differences: pd.DataFrame) -> float:
    """The adjusted p of a method and the naive one, which is the first of every pair it is in."""
    found = differences.loc[(differences["method"] == "naive") & (differences["rival"] == method), "adjusted"]
    return float(found.iloc[0]) if len(found) else np.nan


def _beaten(method: str, differences: pd.DataFrame) -> bool:
    """Whether another method is shown to have the smaller error."""
    told = differences[differences["adjusted"] < TOLD]
    worse = (told["method"] == method) & (told["difference"] > 0) | (told["rival"] == method) & (told["difference"] < 0)
    return bool(worse.any())


def _parts(series: PurchaseSeries, origin: int, horizon: int, found: Rivals) -> dict[str, float]:
    """Purchases of the customers known at an origin and of those new after it, as expected and as they came."""
    rows = series.buyers[series.buyers["period"].between(origin, origin + horizon - 1)]
    known = rows["cohort"] < origin
    expected = found.of_customers
    return {
        "customers": int((series.buyers["cohort"] < origin).groupby(series.buyers["customer"]).any().sum()),
        "expected_known": float(expected.known["purchases"].point.sum()) if expected else np.nan,
        "known": float(rows.loc[known, "purchases"].sum()),
        "expected_new": float(expected.newcomers["purchases"].point.sum()) if expected else np.nan,
        "new": float(rows.loc[~known, "purchases"].sum()),
    }
