"""New customers scored by their first days for what they bring after: how right that is, and in whom to invest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from crmresearch.caution import Caution, gravest_first
from crmresearch.data.customers import customer_table
from crmresearch.data.margins import Margins, customer_margins
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.mining.first_days import FirstDays, first_days, varies
from crmresearch.mining.foretell import MEAN, MODEL, RIVALS, Lesson, Places, foretell
from crmresearch.mining.newcomers import BURST, day_number, may_be_old, own_clock, require_days
from crmresearch.mining.schedule import Days, Trial, today, trials
from crmresearch.ranks import LEVEL, highest, holm, leads
from crmresearch.resampling import bootstrap_counts, one_thread, require_resamples
from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.scoring.crossfit import deal_folds
from crmresearch.segmentation.scoring.evaluation import centred, interval
from crmresearch.segmentation.scoring.scores import Outcome, Prediction, Samples, score

SCORED = ("r2_log", "gini", "capture", "auc", "deviance")
GROUPS = 10  # of customers in the calibration of money
ALIKE = {"t_last": "purchases", "gap": "purchases", "first_spend": "spend", "first_units": "first_lines",
         "first_products": "first_lines", "first_categories": "first_lines"}  # fmt: skip  # said by one of them
HIGH = 2 / 3  # quantile of the newcomers from which a number is high enough to be a reason


@dataclass(frozen=True)
class Tested:
    """One trial: how right each rival was about customers it had not learned from.

    `scores`: method, `SCORED` with _lower and _upper (95 %, resamples of customers), rank_correlation (Spearman's,
    of expected and actual spend; NaN where all are foretold alike), expected and actual (sums of spend), difference
    (in gini to everybody's mean) with _lower and _upper (all at once). `alike`: the methods not told apart from the
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

    def calibration(self, method: str, groups: int = GROUPS) -> pd.DataFrame:
        """Mean spend foretold and come in groups of customers by what was foretold, least first.

        Columns bin, customers, expected, actual, ci_lower, ci_upper (of the mean that came, ±1.96 errors). Customers of
        whom the same was foretold are in one group.
        """
        foretold = self.expected[method]
        codes = pd.qcut(foretold, groups, labels=False, duplicates="drop").fillna(0)
        came, expected = self.spend.groupby(codes), foretold.groupby(codes)
        table = pd.DataFrame({"customers": came.size(), "expected": expected.mean(), "actual": came.mean()})
        half = 1.96 * came.std(ddof=1) / np.sqrt(table["customers"])
        table = table.assign(ci_lower=(table["actual"] - half).clip(lower=0), ci_upper=table["actual"] + half)
        table.insert(0, "bin", np.arange(1, len(table) + 1))
        return table.reset_index(drop=True)


@dataclass(frozen=True)
class Prospects:
    """What `prospects` found.

    `trials`: that of the longest horizon first; none where the data allow none. `signs`: feature, kind, about,
    customers, correlation (Spearman's with the spend that followed, of all who have lived through the horizon), p
    (Holm's), told. `customers`: whom the list is about, most expected first: came, scored (dates), purchases, spend (so
    far), chance (of buying again), expected (spend in the horizon), worth (expected × margin), place (1 the highest),
    reasons (features). `fresh`: whether these are new customers today, else those of the trial as they were foretold.
    """

    days: int
    horizon: int
    first: FirstDays
    trials: tuple[Tested, ...]
    signs: pd.DataFrame
    customers: pd.DataFrame
    fresh: bool
    margins: Margins
    cautions: tuple[Caution, ...] = field(default=())

    @property
    def main(self) -> Tested | None:
        """The trial of the longest horizon."""
        return self.trials[0] if self.trials else None


@one_thread
def prospects(
    transactions: Transactions,
    days: int = 30,
    horizon: int = 365,
    *,
    quiet_days: int = 0,
    margin: "float | Mapping[str, float]" = 1.0,
    folds: int = 5,
    resamples: int = 200,
    seed: int = 0,
) -> Prospects:
    """New customers scored after their first `days` days for what they spend in the `horizon` days after.

    `quiet_days`: who was first seen earlier than so many days after the data begin is taken for an old customer and
    left out. `margin`: share of spend that is kept, one number or by category. Who teaches and who tests is the rule of
    `crmresearch.mining.schedule`: out of time where the data allow it, else among customers of the same time in `folds`
    parts, which is said. The rivals are those of `crmresearch.mining.foretell`; one is told to be better only beyond
    chance, over all of them at once (`ranks.highest`, of `resamples` resamples of the tested customers with what was
    learned held), and of those alike the simplest leads. Nothing after a customer's scoring day enters a feature.

    Raises ParameterError for impossible days, folds or resamples, DataError where there are no new customers.
    """
    days, horizon = require_days("days", days, 1), require_days("horizon", horizon, 1)
    require_resamples(resamples, LEVEL)
    if folds < 2:
        raise ParameterError(f"{folds} folds are impossible; use 2 or more.")
    first = first_days(transactions, days, quiet_days)
    came, until = first.people["came"].to_numpy(), day_number(transactions.known_until)
    found, cautions = trials(came, until, days, horizon)
    if (burst := may_be_old(first.people["came"], transactions.first_day)) > BURST:
        cautions.append(Caution("may_be_old", "weak", "", {"times": burst}))
    tested = tuple(_tested(transactions, first, trial, folds, resamples, seed) for trial in found)
    for one in tested:
        facts = {"horizon": one.trial.horizon}
        cautions += [Caution("left_out", "note", name, facts | {"reason": why}) for name, why in one.left_out.items()]
    clocked = own_clock(transactions)
    margins = customer_margins(clocked, first.table, margin)
    main = tested[0] if tested else None
    fresh = today(came, until, days, main.trial.horizon) if main else np.zeros(len(came), dtype=bool)
    signs = _signs(transactions, first, main, came, until)
    listed = _listed(transactions, first, main, fresh, signs, margins, seed) if main else pd.DataFrame()
    kept = gravest_first([*cautions, *first.table.cautions])
    return Prospects(days, horizon, first, tested, signs, listed, bool(fresh.any()), margins, kept)


def _lived(transactions: Transactions, first: FirstDays, horizon: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customer tables on the own clock: at the scoring day with what the horizon brought, and at the horizon's end.

    Of everybody; of those who have not lived through the horizon they hold less than it, and are not to be read.
    """
    clocked, start = own_clock(transactions), transactions.first_day
    scored, over = start + timedelta(days=first.days), start + timedelta(days=first.days + horizon)
    then = customer_table(clocked, scored, over, windows=()).frame
    return then.loc[first.people.index], customer_table(clocked, over, windows=()).frame.loc[first.people.index]


def _outcome(frame: pd.DataFrame) -> Outcome:
    return Outcome(frame["holdout_spend"].clip(lower=0).to_numpy(), frame["holdout_active"].to_numpy(dtype=float))


def _lesson(first: FirstDays, histories: pd.DataFrame) -> Lesson:
    return Lesson(first.features.to_numpy(dtype=float), histories["monetary_total"].to_numpy(), histories)


def _tested(
    transactions: Transactions, first: FirstDays, trial: Trial, folds: int, resamples: int, seed: int
) -> Tested:
    then, over = _lived(transactions, first, trial.horizon)
    everybody = _lesson(first, then)
    rows = np.flatnonzero(trial.tests)
    outcome = _outcome(then.iloc[rows])
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
                one = foretell(name, known, _outcome(then.iloc[teach]), over.iloc[teach], everybody.some(rows[test]),
                               trial.horizon, seed)  # fmt: skip
                values[:, test] = one.log_spend, one.spend, one.active
            told[name] = Prediction(*values)
        except EstimationError as error:
            left_out[name] = str(error)
    scores, alike = _scores(told, outcome, fold, resamples, seed)
    index = then.index[rows]
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
    best = highest(points[:, gini], draws[:, gini]) if apart else np.ones(len(names), dtype=bool)
    difference, half = leads(points[:, gini], draws[:, gini], names.index(MEAN)) if apart else (np.nan, np.nan)
    table = pd.DataFrame({"method": names})
    for j, metric in enumerate(SCORED):
        table[metric], table[f"{metric}_lower"], table[f"{metric}_upper"] = points[:, j], lower[:, j], upper[:, j]
    spreads = [np.ptp(told[name].spend) > 0 and np.ptp(outcome.spend) > 0 for name in names]
    table["rank_correlation"] = [
        spearmanr(told[name].spend, outcome.spend).statistic if spread else np.nan
        for name, spread in zip(names, spreads, strict=True)
    ]
    table["expected"], table["actual"] = [told[name].spend.sum() for name in names], outcome.spend.sum()
    others = table["method"] != MEAN
    for name, values in (("", difference), ("_lower", difference - half), ("_upper", difference + half)):
        table.loc[others, f"difference{name}"] = values
    return table, tuple(name for name, kept in zip(names, best, strict=True) if kept)


def _signs(transactions: Transactions, first: FirstDays, main: Tested | None, came: Days, until: int) -> pd.DataFrame:
    """What of the first days goes with the spend that followed, one feature at a time, Holm's probabilities."""
    columns = ["feature", "kind", "about", "customers", "correlation", "p", "told"]
    if main is None or not len(first.features.columns):
        return pd.DataFrame(columns=columns)
    lived = came + first.days + main.trial.horizon <= until
    then, _ = _lived(transactions, first, main.trial.horizon)
    spend = _outcome(then[lived]).spend
    features = first.features[lived]
    varied = [name for name in features if varies(features[name]) and np.ptp(spend) > 0]
    found = [spearmanr(features[name], spend) for name in varied]
    table = pd.DataFrame(
        {
            "feature": varied,
            "kind": [first.meaning[name][0] for name in varied],
            "about": [first.meaning[name][1] for name in varied],
            "customers": int(lived.sum()),
            "correlation": [one.statistic for one in found],
            "p": holm(np.array([one.pvalue for one in found], dtype=float)),
        }
    )
    table["told"] = table["p"] < 1 - LEVEL
    return table.sort_values("correlation", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def _listed(
    transactions: Transactions,
    first: FirstDays,
    main: Tested,
    fresh: NDArray[np.bool_],
    signs: pd.DataFrame,
    margins: Margins,
    seed: int,
) -> pd.DataFrame:
    """The list: newcomers of today foretold by the lead, learned from all who have lived through the horizon; where
    there are none, the tested ones as they were foretold. Without a lead everybody is foretold the mean."""
    method = main.lead or MEAN
    horizon, came = main.trial.horizon, first.people["came"].to_numpy()
    then, over = _lived(transactions, first, horizon)
    if fresh.any():
        lived = np.flatnonzero(came + first.days + horizon <= day_number(transactions.known_until))
        rows, everybody = np.flatnonzero(fresh), _lesson(first, then)
        told = foretell(method, everybody.some(lived), _outcome(then.iloc[lived]), over.iloc[lived],
                        everybody.some(rows), horizon, seed)  # fmt: skip
        expected, chance, index = told.spend, told.active, then.index[rows]
    else:
        index = main.expected.index
        expected, chance = main.expected[method].to_numpy(), main.chances[method].to_numpy()
    people, known = first.people.loc[index], then.loc[index]
    each = margins.each if isinstance(margins.each, float | int) else margins.each.reindex(index).fillna(margins.share)
    days = pd.to_timedelta(people["came"], unit="D")
    table = pd.DataFrame(
        {
            "came": (pd.Timestamp("1970-01-01") + days).dt.date.astype(str),
            "scored": (pd.Timestamp("1970-01-01") + days + pd.Timedelta(days=first.days)).dt.date.astype(str),
            "purchases": known["frequency"],
            "spend": known["monetary_total"],
            "chance": chance,
            "expected": expected,
            "worth": expected * each,
            "place": rankdata(-expected, method="min").astype(int),
            "reasons": _reasons(first, index, signs, main.lead),
        },
        index=index,
    )
    return table.sort_values("expected", ascending=False, kind="stable")


def _reasons(first: FirstDays, index: pd.Index, signs: pd.DataFrame, lead: str | None) -> list[tuple[str, ...]]:
    """Of each customer up to two features that go with later spend beyond chance and are high (or low) in this one."""
    told = signs[signs["told"]]
    if lead is None or told.empty:
        return [()] * len(index)
    if lead == MODEL:  # it has seen nothing but purchases, their days and their money
        told = told[told["feature"].isin(["purchases", "spend", "t_last", "gap"])]
    strong = {}
    for row in told.itertuples():
        values = first.features[row.feature] * np.sign(row.correlation)
        strong[row.feature] = (values.rank(pct=True)[index] > HIGH) & (values[index] > values.median())
    found = []
    for high in pd.DataFrame(strong, index=index).itertuples(index=False):
        said: dict[str, str] = {}
        for name, is_high in zip(strong, high, strict=True):
            if is_high and len(said) < 2:
                said.setdefault(ALIKE.get(name, name), name)
        found.append(tuple(said.values()))
    return found
