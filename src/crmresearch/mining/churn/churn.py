"""Who is about to churn: warners learned before a cut-off, checked one horizon back, and applied today.

In a shop without contract nobody says good-bye, so that churn is a definition: no purchase in the next `horizon` days
(Buckinx & Van den Poel 2005, European Journal of Operational Research 164, 252–268). All that is learned at a cut-off
is learned from what was known then: the classifiers at the cut-off less the horizon, with outcomes up to the cut-off.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import ibis
import numpy as np
import pandas as pd

from crmresearch.caution import SMALL_NUMBER, Caution
from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.churn.warners import Warners, fit_rules, learn, unlearned
from crmresearch.value.rhythm import Rhythm, purchase_rhythm

Who = Literal["active", "repeat"]
LEAST = 28  # days: a shorter horizon is no time to call somebody lost
_ = ibis._


@dataclass(frozen=True)
class Warned:
    """The customers at risk at a cut-off, and what every warner says of them.

    `customers`: rows of the customer `table` of who can churn; `scores` and `probabilities` (n, k) as of `Warners`;
    `churned` (n,) 1 for no purchase in the horizon, None where that is still to come; `back` (n,) the day of the next
    purchase within it, missing for who churned.
    """

    cutoff: date
    table: CustomerTable
    customers: pd.DataFrame
    warners: Warners
    scores: pd.DataFrame
    probabilities: pd.DataFrame
    churned: pd.Series | None = None
    back: pd.Series | None = None


@dataclass(frozen=True)
class ChurnWarning:
    """Warnings of churn today and, where the data reach back far enough, the same made one horizon earlier and checked.

    `check` is None where the caution `unchecked` says why. `rhythm`: that in which all customers pay, as by contract.
    """

    horizon: int
    who: Who
    today: Warned
    check: Warned | None
    unchecked: Caution | None = None
    rhythm: Rhythm | None = None

    @property
    def customers(self) -> pd.DataFrame:
        """A row a customer at risk today: recency, overdue or not by every warner (scores), and the probabilities."""
        told = self.today.probabilities.add_prefix("probability_")
        return self.today.scores.join(told)


def churn_warning(
    transactions: Transactions,
    horizon_days: int = 182,
    cutoff: date | str | None = None,
    who: Who = "active",
    seed: int = 0,
) -> ChurnWarning:
    """Who will buy nothing in the `horizon_days` after the `cutoff` (none: the last day known), by several warners.

    `transactions`: purchases as `crm.load_transactions` gives them; `horizon_days`: whole days, 28 or more; `seed` of
    the boosted trees. `who` can churn: `active`, customers who have bought again and whose last purchase lies within
    the horizon before the cut-off, so that they have not churned by this very definition; `repeat`, all who have bought
    again. The result has for each of these (n, k) `scores` and `probabilities`, a column a warner: recency (the naive
    one, days), own_rhythm (silence as a share of what the own gaps allow: mean + 2 standard deviations), p_alive (1 −
    P(alive) of BG/NBD, Fader, Hardie & Lee 2005), purchase_model (its probability of no purchase in the horizon),
    logistic and trees (classifiers, learned one horizon earlier), and base_rate, the share who churned then. Where all
    customers pay in a rhythm, as under a contract, the shifted beta-geometric takes the place of BG/NBD.

    The same is made one horizon before the cut-off (`check`), where what came is known, `churned` of 0 and 1. Nothing
    after a cut-off enters. That no purchase is churn, where nobody says good-bye, is the definition of Buckinx & Van
    den Poel (2005). Checked by simulated customers of known dropout (P(alive), AUC) and by changing what lies after the
    cut-off. Raises ParameterError for a horizon, a cut-off or a `who` that cannot be, and DataError where nobody has
    bought by then.

    >>> import crmresearch as crm
    >>> warning = crm.churn_warning(crm.load_transactions("cdnow"), horizon_days=182)
    >>> len(warning.check.customers), round(float(warning.check.churned.mean()), 2)
    (6384, 0.46)
    """
    day = transactions.known_until if cutoff is None else as_date("cutoff", cutoff)
    if isinstance(horizon_days, bool) or not isinstance(horizon_days, int) or not LEAST <= horizon_days <= 3660:
        raise ParameterError(
            f"`horizon_days` is a whole number of days from {LEAST} to 3660 after which a customer without a purchase "
            f"counts as lost, such as 182; it is {horizon_days!r}."
        )
    rhythm = purchase_rhythm(transactions, day)
    if rhythm is not None and horizon_days < 1.5 * rhythm.days:
        raise ParameterError(
            f"Customers pay every {rhythm.days:.0f} days here, so that {horizon_days} days without a payment say "
            f"little; choose horizon_days of {int(np.ceil(1.5 * rhythm.days))} or more."
        )
    step, first = timedelta(days=horizon_days), transactions.first_day
    now, then, earlier = day, day - step, day - 2 * step
    known = {now: _Known(customer_table(transactions, now), horizon_days, who, rhythm)}
    if then <= first:
        why = Caution("too_short", "weak", "check", {"first": first})
        today = _warned(known[now], None, None, seed)
        return ChurnWarning(horizon_days, who, today, None, why, rhythm)
    known[then] = _Known(customer_table(transactions, then, now), horizon_days, who, rhythm)
    if earlier > first:
        known[earlier] = _Known(customer_table(transactions, earlier, then), horizon_days, who, rhythm)
    back = next_purchases(transactions, then, now)
    today = _warned(known[now], known[then], None, seed)
    check = _warned(known[then], known.get(earlier), back, seed)
    assert check.churned is not None
    few = int(min(check.churned.sum(), (1 - check.churned).sum()))
    if few < SMALL_NUMBER:
        facts = {"start": then, "checked": len(check.churned), "count": few, "least": SMALL_NUMBER}
        why = Caution("too_few", "weak", "check", facts)
        return ChurnWarning(horizon_days, who, today, None, why, rhythm)
    return ChurnWarning(horizon_days, who, today, check, rhythm=rhythm)


class _Known:
    """One cut-off: its table, who is at risk, and the warners that need no outcome."""

    def __init__(self, table: CustomerTable, horizon: int, who: Who, rhythm: Rhythm | None) -> None:
        self.table, self.customers = table, at_risk(table.frame, horizon, who)
        self.rules = fit_rules(table.frame, horizon, rhythm)

    @property
    def churned(self) -> pd.Series:
        """1 for who bought nothing in the holdout."""
        return (1 - self.customers["holdout_active"]).rename("churned")


def at_risk(customers: pd.DataFrame, horizon: int, who: Who) -> pd.DataFrame:
    """The customers who can churn: bought again and, if `active`, last within the horizon before the cut-off.

    Raises ParameterError for an unknown `who`.
    """
    if who not in ("active", "repeat"):
        raise ParameterError(f"`who` is active or repeat, not {who!r}.")
    again = customers["repeat"] > 0
    return customers[again & (customers["recency"] < horizon)] if who == "active" else customers[again]


def next_purchases(transactions: Transactions, after: date, until: date) -> pd.Series:
    """The first day of a purchase after one day, up to another, by customer; only of who has one."""
    lines = transactions.table
    lines = lines.filter(lines.amount >= 0, lines.day > ibis.date(after), lines.day <= ibis.date(until))
    found = transactions.run(lines.group_by("customer").agg(day=_.day.min()))
    return pd.Series(pd.to_datetime(found["day"]).to_numpy(), found["customer"].astype("str"), name="back")


def _warned(known: _Known, before: _Known | None, back: pd.Series | None, seed: int) -> Warned:
    warners = unlearned(known.rules)
    if before is not None:
        warners = learn(known.rules, before.rules, before.customers, before.churned, seed)
    customers = known.customers
    scores = warners.scores(customers)
    outcome = (None, None) if back is None else (known.churned, back.reindex(customers.index))
    found = (known.table.cutoff, known.table, customers[known_columns(customers)], warners, scores)
    return Warned(*found, warners.probabilities(scores), *outcome)


def known_columns(customers: pd.DataFrame) -> list[str]:
    """Columns of what was known at the cut-off, without the outcomes."""
    return [name for name in customers if not str(name).startswith("holdout_")]
