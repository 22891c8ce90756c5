"""The drift to expect if nothing changed: the customers of the first cut-off live on as their purchase model says.

Frozen cut points on recency and frequency drift even where customers behave as ever, because everybody grows older.
What matters is the drift beyond that. The fitted BG/NBD and Gamma–Gamma say how each customer goes on, given their
history; simulated often enough they say which segment shares to expect, and how far chance takes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.errors import CrmResearchError
from crmresearch.segmentation.contract import SegmentationError, Segmenter, needed_columns
from crmresearch.segmentation.monitoring.alarm import chance_bounds
from crmresearch.segmentation.monitoring.drift import stability
from crmresearch.value import CustomerValue
from crmresearch.value.histories import Floats

UNIT_DAYS = 7.0
HISTORY = ("repeat", "frequency", "recency", "tenure", "t_last", "monetary_total", "monetary_mean", "repeat_mean")
FARTHEST = 2.0  # how far the logarithm of a drawn parameter may lie from its estimate: some are hardly identified
INTERVAL, CHANCE = (0.025, 0.975), 0.95  # 1 − CHANCE is the rate of false alarms where the models hold


@dataclass(frozen=True)
class Ageing:
    """Segments of the customers of the first cut-off at the later ones: expected of the model, and as they are.

    `shares`: cutoff, segment, first (share at the first cut-off), expected (mean over simulations), lower, upper
    (simultaneous over the segments of a cut-off), observed. `drift`: cutoff, psi_expected (median of the simulations'
    PSI against the first cut-off) with expected_lower and expected_upper, moved_expected (share not in their first
    segment) with moved_lower and moved_upper, unexplained (PSI of the observed shares against the expected ones),
    chance (its bound), outside (number of segments outside lower and upper), alarm (unexplained above chance, or any
    segment outside). 95 % of simulations raise no alarm at a cut-off; cut-offs are not adjusted for one another.
    `value` holds the models. Their parameters without a standard error are `held` at the estimates in every simulation.
    """

    value: CustomerValue
    simulations: int
    shares: pd.DataFrame
    drift: pd.DataFrame

    @property
    def held(self) -> int:
        """Number of parameters without a standard error: chance is then wider than the simulations make it."""
        models = (self.value.purchases, self.value.spend)
        return sum(int((~np.isfinite(np.diag(model.covariances))).sum()) for model in models)

    @property
    def now(self) -> Any:
        """The drift at the last cut-off."""
        return self.drift.iloc[-1]

    def at(self, cutoff: date) -> pd.DataFrame:
        """The shares at one cut-off, by segment."""
        return self.shares[self.shares["cutoff"] == cutoff].set_index("segment")

    def outside(self, cutoff: date) -> pd.DataFrame:
        """The segments outside their interval at a cut-off, by how far they are: the columns of `shares`, and gap.

        gap is what the observed share has above upper, or lacks below lower (negative); the widest come first.
        """
        there = self.shares[self.shares["cutoff"] == cutoff]
        above, below = there["observed"] - there["upper"], there["observed"] - there["lower"]
        there = there.assign(gap=above.where(above > 0, below.where(below < 0)))
        return there.dropna(subset="gap").sort_values("gap", key=abs, ascending=False, kind="stable")


def expected_ageing(
    customers: Mapping[date, pd.DataFrame], method: Segmenter, simulations: int = 100, seed: int = 0
) -> Ageing:
    """What ageing alone does to the segments of a fitted method, from BG/NBD and Gamma–Gamma at the first cut-off.

    `customers`: customer tables by cut-off; those of the first are followed. Every simulation draws the parameters of
    both models from the normal distribution of their logarithms, then for every customer whether they are still one,
    their rate, dropout and spend given their history, then purchases. Two of one day count as two, since the rate was
    fitted to purchase days; returns do not occur.

    Raises EstimationError where the models cannot be fitted, SegmentationError for a method that reads other columns
    than recency, frequency, money and tenure, or fewer than 20 simulations.
    """
    if simulations < 20:
        raise SegmentationError(f"Intervals of simulated drift need 20 simulations or more; not {simulations}.")
    if unknown := [column for column in method.needs if column not in HISTORY]:
        raise SegmentationError(f"{unknown[0]} is no column that a purchase model can foresee.")
    start, *later = sorted(customers)
    frame = needed_columns(customers[start], HISTORY, "The simulation of customers")
    value = CustomerValue.fit(frame, "bg_nbd", UNIT_DAYS)
    keys = [segment.key for segment in method.segments]
    begin = method.predict(frame).cat.codes.to_numpy()
    horizons = [(day - start).days for day in later]
    counts = np.empty((simulations, len(later), len(keys)))
    moved = np.empty((simulations, len(later)))
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(simulations)):
        rng = np.random.default_rng(child)
        for j, table in enumerate(simulated_tables(frame, _drawn(value, rng), horizons, rng)):
            codes = method.predict(table).cat.codes.to_numpy()
            counts[i, j], moved[i, j] = np.bincount(codes, minlength=len(keys)), (codes != begin).mean()
    first = np.bincount(begin, minlength=len(keys)) / len(frame)
    shares, drift = [], []
    for j, day in enumerate(later):
        simulated = counts[:, j] / len(frame)
        now = method.predict(customers[day].loc[frame.index]).cat.codes.to_numpy()
        observed = np.bincount(now, minlength=len(keys)) / len(frame)
        bounds = chance_bounds(simulated, len(frame), CHANCE)
        lower, upper = bounds.intervals
        columns = {"first": first, "expected": bounds.expected, "lower": lower, "upper": upper, "observed": observed}
        shares.append(pd.DataFrame({"cutoff": day, "segment": keys, **columns}))
        psi = stability(first, simulated)
        low, high = np.quantile(psi, INTERVAL)
        went_low, went_high = np.quantile(moved[:, j], INTERVAL)
        drift.append((day, np.median(psi), low, high, moved[:, j].mean(), went_low, went_high,
                      float(stability(bounds.expected, observed)), bounds.psi,
                      int(bounds.outside(observed).sum()), bounds.alarm(observed)))  # fmt: skip
    names = ["cutoff", "psi_expected", "expected_lower", "expected_upper", "moved_expected", "moved_lower",
             "moved_upper", "unexplained", "chance", "outside", "alarm"]  # fmt: skip
    return Ageing(value, simulations, pd.concat(shares, ignore_index=True), pd.DataFrame(drift, columns=names))


def ageing_or_reason(
    customers: Mapping[date, pd.DataFrame], method: Segmenter, simulations: int, seed: int
) -> tuple[Ageing | None, str]:
    """The expected drift of the fitted method, or None and why these customers or this method have none."""
    try:
        return expected_ageing(customers, method, simulations, seed), ""
    except CrmResearchError as error:
        return None, str(error)


def simulated_tables(
    frame: pd.DataFrame, value: CustomerValue, horizons: list[int], rng: np.random.Generator
) -> list[pd.DataFrame]:
    """The customer table `frame` as it may look `horizons` days later (ascending), one simulation.

    Given the history (x, t_x, T) a customer is alive with P(alive); then the rate is gamma(r + x, α + T) and the
    dropout beta(a, b + x). Spend a purchase is gamma(p, ν), ν ~ gamma(q + p n, γ + n m) for n purchases of mean
    m > 0, the first among them: who has bought once goes on at the price of that purchase, and without it spend would
    drift for a reason that is not there.
    """
    r, alpha, a, b = value.purchases.parameters
    p, q, gamma = value.spend.parameters
    x, t_x, T, number, mean = (
        frame[c].to_numpy(dtype=float) for c in ("repeat", "t_last", "tenure", "frequency", "monetary_mean")
    )
    t_x, T = t_x / UNIT_DAYS, T / UNIT_DAYS
    spent = np.where(mean > 0, number, 0.0)
    scale = rng.gamma(q + p * spent) / (gamma + spent * np.where(mean > 0, mean, 0.0))
    rate = rng.gamma(r + x) / (alpha + T)
    dropout = rng.beta(a, b + x)
    who = np.flatnonzero(rng.random(len(frame)) < value.purchases.p_alive(x, t_x, T))
    clock = np.zeros(len(frame))
    bought: list[tuple[np.ndarray, np.ndarray]] = []
    while len(who):
        with np.errstate(divide="ignore"):
            clock[who] += rng.exponential(size=len(who)) / rate[who]
        who = who[clock[who] * UNIT_DAYS <= horizons[-1]]
        bought.append((who, np.ceil(clock[who] * UNIT_DAYS)))
        who = who[rng.random(len(who)) >= dropout[who]]
    buyers, days = (np.concatenate(parts) for parts in zip(*bought, strict=True)) if bought else (who, clock[who])
    amounts = rng.gamma(p, size=len(buyers)) / scale[buyers]
    return [_aged(frame, horizon, buyers, days, amounts) for horizon in horizons]


def _aged(frame: pd.DataFrame, horizon: int, buyers: np.ndarray, days: Floats, amounts: Floats) -> pd.DataFrame:
    n, inside = len(frame), days <= horizon
    old = {column: frame[column].to_numpy(dtype=float) for column in HISTORY}
    number = np.bincount(buyers[inside], minlength=n)
    money = np.bincount(buyers[inside], amounts[inside], minlength=n)
    last = -old["recency"]
    last[buyers[inside]] = days[inside]  # in the order of time, so the last one stays
    repeat, total = old["repeat"] + number, old["monetary_total"] + money
    repeated = np.nan_to_num(old["repeat_mean"]) * old["repeat"] + money
    columns = {
        "repeat": repeat,
        "frequency": old["frequency"] + number,
        "recency": horizon - last,
        "tenure": old["tenure"] + horizon,
        "t_last": old["tenure"] + last,
        "monetary_total": total,
        "monetary_mean": total / (old["frequency"] + number),
        "repeat_mean": np.divide(repeated, repeat, out=np.full(n, np.nan), where=repeat > 0),
    }
    return pd.DataFrame(columns, index=frame.index)


def _drawn(value: CustomerValue, rng: np.random.Generator) -> CustomerValue:
    """Both models with parameters drawn from their sampling distribution; the estimates where that is not known."""
    purchases, spend = value.purchases, value.spend
    return replace(
        value,
        purchases=replace(purchases, parameters=_parameters(purchases.parameters, purchases.covariances, rng)),
        spend=replace(spend, parameters=_parameters(spend.parameters, spend.covariances, rng)),
    )


def _parameters(estimates: Any, covariances: Floats, rng: np.random.Generator) -> Any:
    theta, known = np.array(estimates), np.isfinite(np.diag(covariances))  # one at the edge of the search has none
    if not known.any():
        return estimates
    relative = (covariances / np.outer(theta, theta))[np.ix_(known, known)]  # of the logarithms: none is drawn below 0
    away = rng.multivariate_normal(np.zeros(known.sum()), relative, method="eigh", check_valid="ignore")
    theta[known] *= np.exp(np.clip(away, -FARTHEST, FARTHEST))
    return type(estimates)(*theta.tolist())
