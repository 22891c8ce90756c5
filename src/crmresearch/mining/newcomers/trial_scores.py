"""How right every rival is about customers it has not learned from, and which are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import EstimationError
from crmresearch.mining.calibration import lift_table, probability_scores
from crmresearch.mining.newcomers.first_days import FirstDays
from crmresearch.mining.newcomers.foretell import FIRST_SPEND, MEAN, RIVALS, Lesson, Places, foretell
from crmresearch.mining.newcomers.newcomers import own_clock
from crmresearch.mining.newcomers.schedule import Trial
from crmresearch.ranks import highest, leads
from crmresearch.resampling import bootstrap_counts, sampled
from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.scoring.crossfit import deal_folds
from crmresearch.segmentation.scoring.evaluation import centred, interval
from crmresearch.segmentation.scoring.scores import Outcome, Prediction, Samples, score
from crmresearch.value.back_check import LARGE

SCORED = ("r2_log", "gini", "capture", "auc", "deviance")
MOST_SCORED = 50_000  # tested customers of whom scores and intervals are made; of more, so many drawn
GROUPS = 10  # of customers in the calibration of money
HARDLY = 0.05  # of Gini; less more than sorting by spend so far is hardly more


_NONE = pd.DataFrame()


@dataclass(frozen=True)
class Tested:
    """One trial: how right each rival was about customers it had not learned from.

    `scores`: method, `SCORED` with _lower and _upper (95 %, resamples of customers), rank_correlation (Spearman's,
    of expected and actual spend; NaN where all are foretold alike), expected and actual (sums of spend), difference
    (in gini to the highest) with _lower and _upper (all at once). `alike`: the methods not told apart from the
    best in gini; `lead`: the simplest of them, None where that is everybody's mean, so that nothing tells customers
    apart. `expected`: spend foretold, a row a tested customer, a column a method; `chances`: the same of buying again;
    `spend`, `active`: what came, returns netted, spend not below 0. `left_out`: method → reason.
    """

    trial: Trial
    scores: pd.DataFrame
    alike: tuple[str, ...]
    expected: pd.DataFrame
    chances: pd.DataFrame
    spend: pd.Series
    active: pd.Series
    left_out: Mapping[str, str]

    @property
    def lead(self) -> str | None:
        """The simplest of those alike, None where that is everybody's mean."""
        first = next((name for name in RIVALS if name in self.alike), MEAN)
        return None if first == MEAN else first

    @property
    def used(self) -> str:
        """The forecast that is used: the lead, everybody's mean without one."""
        return self.lead or MEAN

    @property
    def best(self) -> pd.Series:
        """The scores of the forecast used."""
        return self.scores.set_index("method").loc[self.used]

    @property
    def worse(self) -> pd.Series:
        """Gini by method of those shown to order customers worse than the best, everybody's mean aside."""
        return self.scores.set_index("method")["gini"].drop([MEAN, *self.alike], errors="ignore")

    @property
    def verdict(self) -> Literal["nothing", "simple", "alike", "alone"]:
        """Nothing leads; spend so far does, which is enough; the simplest of those alike; one alone."""
        if self.lead is None:
            return "nothing"
        return "simple" if self.lead == FIRST_SPEND else "alike" if len(self.alike) > 1 else "alone"

    @property
    def hardly(self) -> float | None:
        """The Gini of spend so far where the lead's is hardly higher (by less than 0.05), else None."""
        simple = dict(zip(self.scores["method"], self.scores["gini"], strict=True))[FIRST_SPEND]
        return simple if self.verdict in ("alike", "alone") and self.best["gini"] - simple < HARDLY else None

    @property
    def money(self) -> dict[str, Any]:
        """Of the forecast used: the sums expected and actual, off (expected / actual − 1; NaN where nothing came), and
        in how many (held) of the groups of `calibration` the expected mean lies within the interval of the actual."""
        table, sums = self.calibration(), self.best[["expected", "actual"]]
        off = sums["expected"] / sums["actual"] - 1 if sums["actual"] > 0 else np.nan
        held = table["expected"].between(table["ci_lower"], table["ci_upper"])
        return {**sums, "off": off, "held": int(held.sum()), "groups": len(table)}

    @property
    def too_high(self) -> bool:
        """Whether the sum expected is above the actual by more than a fifth of it."""
        return bool(self.money["off"] > LARGE)

    def lift(self, resamples: int, seed: int) -> pd.DataFrame:
        """`lift_table` of the lead; empty without one and where nothing was spent."""
        told = self.lead is not None and self.spend.sum() > 0
        return lift_table(self.expected[self.used], self.spend, resamples=resamples, seed=seed) if told else _NONE

    @property
    def chance_scores(self) -> pd.DataFrame:
        """`probability_scores` of the lead's chances to buy again; empty without one and where all or none did."""
        told = self.lead is not None and self.active.min() < self.active.max()
        return probability_scores(self.chances[self.used].clip(0, 1), self.active) if told else _NONE

    def calibration(self, method: str | None = None, groups: int = GROUPS) -> pd.DataFrame:
        """Mean spend foretold and come in groups of customers by what was foretold, least first.

        `method`: by default the forecast used.
        Columns bin, customers, expected, actual, ci_lower, ci_upper (of the mean that came, ±1.96 errors). Customers of
        whom the same was foretold are in one group.
        """
        foretold = self.expected[method or self.used]
        codes = pd.qcut(foretold, groups, labels=False, duplicates="drop").fillna(0)
        came, expected = self.spend.groupby(codes), foretold.groupby(codes)
        table = pd.DataFrame({"customers": came.size(), "expected": expected.mean(), "actual": came.mean()})
        half = 1.96 * came.std(ddof=1) / np.sqrt(table["customers"])
        table = table.assign(ci_lower=(table["actual"] - half).clip(lower=0), ci_upper=table["actual"] + half)
        table.insert(0, "bin", np.arange(1, len(table) + 1))
        return table.reset_index(drop=True)


@dataclass(frozen=True)
class Lived:
    """Customers on their own clock, a row each: `then` after the first days, with what the horizon brought, `over` at
    its end.

    Who has not lived through the horizon has less of it, and is not to be read.
    """

    then: pd.DataFrame
    over: pd.DataFrame

    def outcome(self, rows: Places) -> Outcome:
        """What the horizon brought these customers; spend not below 0."""
        frame = self.then.iloc[rows]
        return Outcome(frame["holdout_spend"].clip(lower=0).to_numpy(), frame["holdout_active"].to_numpy(dtype=float))


def live_through(transactions: Transactions, first: FirstDays, horizon: int) -> Lived:
    """The newcomers over so many days after their first ones."""
    clocked, start = own_clock(transactions), transactions.first_day
    scored, over = start + timedelta(days=first.days), start + timedelta(days=first.days + horizon)
    then = customer_table(clocked, scored, over, windows=()).frame
    return Lived(then.loc[first.people.index], customer_table(clocked, over, windows=()).frame.loc[first.people.index])


def lesson(first: FirstDays, lived: Lived) -> Lesson:
    """What forecasts see of everybody after the first days."""
    spend = lived.then["monetary_total"].to_numpy()
    return Lesson(first.features.to_numpy(dtype=float), spend, lived.then)


def score_trial(first: FirstDays, lived: Lived, trial: Trial, folds: int, resamples: int, seed: int) -> Tested:
    """Every rival learned from those who teach and scored on those who test."""
    everybody, rows = lesson(first, lived), np.flatnonzero(trial.tests)
    outcome = lived.outcome(rows)
    if trial.kind == "later":
        fold = np.zeros(len(rows), dtype=np.intp)
        parts = [(np.flatnonzero(trial.teaches), np.arange(len(rows)))]
    else:
        fold = deal_folds(outcome.spend, folds, np.random.default_rng(seed))
        parts = [(rows[fold != k], np.flatnonzero(fold == k)) for k in range(folds)]
    told, left_out = {}, {}
    for name in RIVALS:
        values = np.empty((3, len(rows)))
        try:
            for teach, test in parts:
                known = everybody.some(teach)
                one = foretell(name, known, lived.outcome(teach), lived.over.iloc[teach], everybody.some(rows[test]),
                               trial.horizon, seed)  # fmt: skip
                values[:, test] = one.log_spend, one.spend, one.active
            told[name] = Prediction(*values)
        except EstimationError as error:
            left_out[name] = str(error)
    some = sampled(len(rows), MOST_SCORED, seed)
    part = {name: Prediction(one.log_spend[some], one.spend[some], one.active[some]) for name, one in told.items()}
    scores, alike = _scores(part, Outcome(outcome.spend[some], outcome.active[some]), fold[some], resamples, seed)
    scores["expected"], scores["actual"] = [one.spend.sum() for one in told.values()], outcome.spend.sum()
    index = lived.then.index[rows]
    return Tested(
        trial,
        scores,
        alike,
        pd.DataFrame({name: one.spend for name, one in told.items()}, index=index),
        pd.DataFrame({name: one.active for name, one in told.items()}, index=index),
        pd.Series(outcome.spend, index=index),
        pd.Series(outcome.active, index=index),
        left_out,
    )


def _scores(
    told: Mapping[str, Prediction], outcome: Outcome, fold: Places, resamples: int, seed: int
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table of scores, and the methods not told apart from the best order of customers (gini)."""
    n, names = len(outcome.spend), list(told)

    def measured(counts: Floats) -> Floats:
        samples = Samples(outcome, fold, counts)
        found = [score(told[name], samples) for name in names]
        return np.array([[one[metric] for metric in SCORED] for one in found])

    points = measured(np.ones((1, n)))[:, :, 0]
    drawn = np.concatenate([measured(counts) for counts in bootstrap_counts(n, resamples, seed)], axis=2)
    lower, upper = interval(draws := centred(drawn, points))
    gini = SCORED.index("gini")
    apart = np.isfinite(points[:, gini]).all()
    first = int(points[:, gini].argmax()) if apart else names.index(MEAN)
    best = highest(points[:, gini], draws[:, gini]) if apart else np.ones(len(names), dtype=bool)
    difference, half = leads(points[:, gini], draws[:, gini], first) if apart else (np.nan, np.nan)
    table = pd.DataFrame({"method": names})
    for j, metric in enumerate(SCORED):
        table[metric], table[f"{metric}_lower"], table[f"{metric}_upper"] = points[:, j], lower[:, j], upper[:, j]
    spreads = [np.ptp(told[name].spend) > 0 and np.ptp(outcome.spend) > 0 for name in names]
    table["rank_correlation"] = [
        spearmanr(told[name].spend, outcome.spend).statistic if spread else np.nan
        for name, spread in zip(names, spreads, strict=True)
    ]
    others = np.arange(len(names)) != first
    for name, values in (("", difference), ("_lower", difference - half), ("_upper", difference + half)):
        table.loc[others, f"difference{name}"] = values
    return table, tuple(name for name, kept in zip(names, best, strict=True) if kept)
