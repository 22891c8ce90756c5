"""New customers scored by their first days for what they bring after: how right that is, and in whom to invest."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from crmresearch.caution import Caution, gravest_first
from crmresearch.data.margins import Margins, customer_margins
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.newcomers.first_days import FirstDays, first_days, varies
from crmresearch.mining.newcomers.foretell import MEAN, MODEL, foretell
from crmresearch.mining.newcomers.newcomers import day_number, may_be_old, own_clock, require_days
from crmresearch.mining.newcomers.schedule import today, trials
from crmresearch.mining.newcomers.trial_scores import Lived, Tested, lesson, live_through, score_trial
from crmresearch.ranks import LEVEL, holm
from crmresearch.resampling import one_thread, require_resamples
from crmresearch.value.back_check import LARGE

ALIKE = {"t_last": "purchases", "close": "purchases", "first_spend": "spend", "first_units": "first_lines",
         "first_products": "first_lines", "first_categories": "first_lines"}  # fmt: skip  # said by one of them
SIGNS = ["feature", "kind", "about", "customers", "correlation", "p", "told"]
HIGH = 2 / 3  # quantile of the newcomers from which a number is high enough to be a reason


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
    cautions: tuple[Caution, ...] = ()

    @property
    def main(self) -> Tested | None:
        """The trial of the longest horizon."""
        return self.trials[0] if self.trials else None

    @property
    def top(self) -> dict[str, float]:
        """The tenth of the list of whom most is expected: count, worth (mean of each), least (of the last of them)."""
        top = self.customers.head(max(1, round(len(self.customers) / 10)))
        return {"count": len(top), "worth": top["worth"].mean(), "least": top["worth"].iloc[-1]}


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
    `schedule`: out of time where the data allow it, else among customers of the same time in `folds`
    parts, which is said. The rivals are those of `foretell`; one is told to be better only beyond
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
    cautions += may_be_old(first.people["came"], transactions.first_day)
    lived = [live_through(transactions, first, trial.horizon) for trial in found]
    tested = tuple(
        score_trial(first, one, trial, folds, resamples, seed) for one, trial in zip(lived, found, strict=True)
    )
    for one in tested:
        facts = {"horizon": one.trial.horizon}
        cautions += [Caution("left_out", "note", name, facts | {"reason": why}) for name, why in one.left_out.items()]
        if abs(off := one.money["off"]) > LARGE:
            cautions.append(Caution("check_off", "weak", "", facts | {"off": off, "limit": LARGE}))
    margins = customer_margins(own_clock(transactions), first.table, margin)
    kept = gravest_first([*cautions, *first.table.cautions])
    if not tested:
        return Prospects(days, horizon, first, (), pd.DataFrame(columns=SIGNS), pd.DataFrame(), False, margins, kept)
    main = tested[0]
    past = came + days + main.trial.horizon <= until
    signs = _signs(first, lived[0], past)
    fresh = today(came, until, days, main.trial.horizon)
    listed = _listed(first, lived[0], main, (fresh, past), signs, margins, seed)
    return Prospects(days, horizon, first, tested, signs, listed, bool(fresh.any()), margins, kept)


def _signs(first: FirstDays, lived: Lived, past: NDArray[np.bool_]) -> pd.DataFrame:
    """What of the first days goes with the spend that followed, one feature at a time, Holm's probabilities.

    An attribute is compared among those of whom it is known: who it is known of may be another question.
    """
    spend, features = lived.outcome(np.flatnonzero(past)).spend, first.features[past]
    known = {name: ((features[name] >= 0) | (first.meaning[name][0] != "attribute")).to_numpy() for name in features}
    varied = [name for name in features if known[name].sum() > 2 and varies(features.loc[known[name], name])
              and np.ptp(spend[known[name]]) > 0]  # fmt: skip
    found = [spearmanr(features.loc[known[name], name], spend[known[name]]) for name in varied]
    table = pd.DataFrame(
        {
            "feature": varied,
            "kind": [first.meaning[name][0] for name in varied],
            "about": [first.meaning[name][1] for name in varied],
            "customers": [int(known[name].sum()) for name in varied],
            "correlation": [one.statistic for one in found],
            "p": holm(np.array([one.pvalue for one in found], dtype=float)),
        }
    )
    table["told"] = table["p"] < 1 - LEVEL
    return table.sort_values("correlation", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def _listed(
    first: FirstDays,
    lived: Lived,
    main: Tested,
    of: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    signs: pd.DataFrame,
    margins: Margins,
    seed: int,
) -> pd.DataFrame:
    """The list: newcomers of today, the first of `of`, foretold by the lead, which learns from the second of `of`.

    Where nobody is new, the tested ones as they were foretold. Without a lead the mean is expected of everybody.
    """
    method, (fresh, past) = main.lead or MEAN, of
    if fresh.any():
        rows, known, everybody = np.flatnonzero(fresh), np.flatnonzero(past), lesson(first, lived)
        told = foretell(method, everybody.some(known), lived.outcome(known), lived.over.iloc[known],
                        everybody.some(rows), main.trial.horizon, seed)  # fmt: skip
        expected, chance, index = told.spend, told.active, lived.then.index[rows]
    else:
        index = main.expected.index
        expected, chance = main.expected[method].to_numpy(), main.chances[method].to_numpy()
    people, known = first.people.loc[index], lived.then.loc[index]
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
    """Of each customer up to two features that go with later spend beyond chance and are high in this one."""
    told = signs[signs["told"] & (signs["correlation"] > 0)]
    if lead is None or told.empty:
        return [()] * len(index)
    if lead == MODEL:  # it has seen nothing but purchases, their days and their money
        told = told[told["feature"].isin(["purchases", "spend", "t_last", "close"])]
    strong = {}
    for row in told.itertuples():
        values = first.features[row.feature]
        strong[row.feature] = (values.rank(pct=True)[index] > HIGH) & (values[index] > values.median())
    found = []
    for high in pd.DataFrame(strong, index=index).itertuples(index=False):
        said: dict[str, str] = {}
        for name, is_high in zip(strong, high, strict=True):
            if is_high and len(said) < 2:
                said.setdefault(ALIKE.get(name, name), name)
        found.append(tuple(said.values()))
    return found
