"""How long new customers stay: where nothing but silence ends a relation, until the first long one.

In a shop without contracts nobody says that they leave. Here a customer lapses when a silence of more than so many days
begins, and the time that counts is that of the purchase before it.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import hyp2f1

from crmresearch.caution import Caution
from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import DataError, EstimationError
from crmresearch.mining.newcomers.first_basket import groupings
from crmresearch.mining.newcomers.newcomers import day_number, newcomers, purchase_days, require_days
from crmresearch.mining.newcomers.survival import (
    compared,
    differing,
    kaplan_meier,
    standing,
    survival_at,
    watched_until,
)
from crmresearch.segmentation.contract import Floats
from crmresearch.value.beta_geometric import MbgNbdFit
from crmresearch.value.contract import ContractFit
from crmresearch.value.rhythm import Rhythm, purchase_rhythm

USUAL = 0.9  # of those who bought again, whose longest pause silence exceeds, where nobody says how long
MISSED = 1.5  # periods of a contract without a payment
MONTH = 30.4375
STEPS = (1, 2, 3, 6, 9, 12, 18, 24, 36)  # months at which survival is told


@dataclass(frozen=True)
class Retention:
    """What `retention` found.

    `silence`: days. `people`: those who came early enough to be watched, with `days` (to the purchase that the silence
    follows, or to the end of the watch) and `lapsed` (0 or 1), `returned` (1: bought again after it). `curve`:
    `kaplan_meier`. `until`: days up to which it is read. `months`: months, survival, ci_lower, ci_upper, model (the
    share the purchase model says has not left for good; NaN without one that can tell). `groups`, `tests`: as
    `survival.compared`. `rhythm`: that of contracts, None without.
    """

    silence: int
    people: pd.DataFrame
    curve: pd.DataFrame
    until: int
    months: pd.DataFrame
    groups: pd.DataFrame
    tests: pd.DataFrame
    rhythm: Rhythm | None
    cautions: tuple[Caution, ...]

    @property
    def returned(self) -> float:
        """Share of those who lapsed who bought again later, as far as the data go; NaN where nobody lapsed."""
        lapsed = self.people[self.people["lapsed"] == 1]
        return float(lapsed["returned"].mean()) if len(lapsed) else np.nan

    @property
    def once(self) -> float:
        """Share that lapses with the first purchase."""
        return 1 - float(survival_at(self.curve, 0)["survival"])

    @property
    def differing(self) -> pd.DataFrame:
        """`survival.differing`."""
        return differing(self.groups, self.tests)

    def standing(self, grouping: str) -> list[str]:
        """The groups that may be the one that stays longest; none where that may be each of them."""
        return standing(self.groups, grouping, "first")


def retention(transactions: Transactions, *, silence: int = 0, quiet_days: int = 0) -> Retention:
    """Survival of new customers until their first silence of more than `silence` days (Kaplan–Meier).

    `silence` 0: nine in ten of those who bought again never paused longer (half of the data at most), or one and a half
    periods where customers pay in the rhythm of a contract. Only who came `silence` days or more before the data end is
    watched, and until that day before the end: later nobody can tell a pause from leaving, and so everybody is watched
    to the same rule. Who lapses may return; `returned` says how many did. Beside it the model (`model_survival`): the
    share that has not left for good.

    Raises ParameterError for impossible days, DataError where nobody bought again or nobody can be watched.
    """
    require_days("silence", silence, 0)
    people, until = newcomers(transactions, quiet_days), day_number(transactions.known_until)
    bought = purchase_days(transactions, people.index)
    gap = bought.groupby("customer")["day"].diff(-1).abs()
    rhythm = purchase_rhythm(transactions, transactions.known_until)
    if not silence:
        if not gap.notna().any():
            raise DataError("Retention cannot be told:", ["No new customer bought again; wait, or lower `quiet_days`."])
        longest = int(np.ceil(gap.groupby(bought["customer"]).max().quantile(USUAL)))
        half = (until - day_number(transactions.first_day)) // 2
        silence = int(np.ceil(MISSED * rhythm.days)) if rhythm else max(1, min(longest, half))
    end = until - silence
    people = people[people["came"] <= end].copy()
    read = int(watched_until(end - people["came"]))
    if read < MONTH:
        told = (
            f"a silence of {silence} days must end before {transactions.known_until}, and too few of the new customers "
            "came a month before that; name a shorter `silence`, or wait"
        )
        raise DataError("Retention cannot be told:", [f"{told}."])
    # the last purchase is followed by silence until the data end, which is long enough for all of those on `end` before
    bought["gap"] = gap.fillna(until - bought["day"])
    quiet = bought[(bought["gap"] > silence) & (bought["day"] <= end)].drop_duplicates("customer").set_index("customer")
    left = quiet["day"].reindex(people.index)
    people["lapsed"] = left.notna().astype(int)
    people["days"] = left.fillna(end).astype("int64") - people["came"]
    last = bought.groupby("customer")["day"].max().reindex(people.index)
    people["returned"] = (left.notna() & (last > left)).astype(int)
    curve = kaplan_meier(people["days"], people["lapsed"])
    groups, tests = compared(
        people["days"], people["lapsed"], end - people["came"], groupings(people, transactions), read
    )
    months, cautions = _months(transactions, people, curve, read, rhythm)
    found = Retention(silence, people, curve, read, months, groups, tests, rhythm, cautions)
    if rhythm is not None:
        return found
    assumed = Caution("silence", "weak", "", {"silence": silence, "returned": np.nan_to_num(found.returned)})
    return replace(found, cautions=(assumed, *cautions))


def _months(
    transactions: Transactions, people: pd.DataFrame, curve: pd.DataFrame, until: int, rhythm: Rhythm | None
) -> tuple[pd.DataFrame, tuple[Caution, ...]]:
    """Survival by month, and what the model says beside it, or why it says nothing."""
    days = np.array([month * MONTH for month in STEPS if month * MONTH <= until])
    found = pd.DataFrame([survival_at(curve, day) for day in days])[["survival", "ci_lower", "ci_upper"]]
    found.insert(0, "months", [month for month in STEPS if month * MONTH <= until])
    model = np.full(len(days), np.nan)
    cautions: tuple[Caution, ...] = ()
    try:
        frame = customer_table(transactions, transactions.known_until, windows=()).frame
        frame = frame.loc[frame.index.intersection(people.index)]
        x, *times = (frame[name].to_numpy(dtype=float) for name in ("repeat", "t_last", "tenure"))
        t_x, T = (time / 7 for time in times)
        fitted = ContractFit.fit(x, t_x, T, period=rhythm.days / 7) if rhythm else MbgNbdFit.fit(x, t_x, T)
        if fitted.tells_dropout:
            model = model_survival(fitted, days / 7)
        else:
            cautions = (Caution("no_dropout", "note", "", {}),)
    except EstimationError as error:
        cautions = (Caution("no_model", "note", "", {"reason": str(error)}),)
    return found.assign(model=model).reset_index(drop=True), cautions


def model_survival(fitted: ContractFit | MbgNbdFit, times: Floats) -> Floats:
    """Chance (m,) that a newcomer has not left for good so long after the first purchase, in the unit of the fit.

    MBG/NBD: a customer leaves after each purchase, the first among them, with chance p ~ beta(a, b) and buys at rate
    λ ~ gamma(r, α), so that 1 + N(t) purchases are survived with E[(1 − p)^(1 + N(t))] = E[(1 − p) (α / (α + p t))^r] =
    b/(a + b) ₂F₁(r, a; a + b + 1; −t/α) (from the model of Batislam, Denizel & Filiztekin 2007; BG/NBD cannot lose
    anybody after the first purchase). A contract: the shifted beta-geometric, where after
    j payments due the next is made as well, for who does not make it has left with the one before. Checked against
    simulated customers.
    """
    if isinstance(fitted, ContractFit):
        return fitted.contract.survival(np.floor(times / fitted.period) + 1)
    r, alpha, a, b = fitted.parameters
    return np.asarray(b / (a + b) * hyp2f1(r, a, a + b + 1, -times / alpha))
