"""Whether customers pay in a regular rhythm, as under a contract, or at random, as the purchase models assume.

Regularity is measured as by Wheat & Morrison (1990, "Estimating purchase regularity with two interpurchase times",
Journal of Marketing Research 27:87–93): of two gaps in a row, M = first / (first + second) is uniform where purchases
come at random, whatever each customer's rate and however long they were observed, and near 1/2 where they come in a
rhythm. For gamma gaps of shape k, M ~ beta(k, k), so E(2M−1)² = 1/(2k+1), and 1/√k is the gaps' coefficient of
variation, 1 for random purchases. A rhythm must also have a period of the calendar that most gaps keep. Checked on
simulated random customers, subscribers of known period whose payments fail, and shops without contracts.
"""

from dataclasses import dataclass
from datetime import date

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.caution import SMALL_NUMBER
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.value.histories import Floats

_ = ibis._
MONTH_DAYS = 365.25 / 12
PERIODS = {"week": 7, "two_weeks": 14, "four_weeks": 28}  # in days
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}  # in months of the calendar
VARIED = 0.5  # coefficient of variation below which, with 99 % confidence, gaps are regular
ON_TIME = 0.1  # of a period; a payment that much early or late keeps the rhythm
KEPT = 0.6  # share of a customer's gaps, in the mean, that are one period; a late payment spoils two of them
MISSED = 3.5  # periods to which a gap may grow by payments that failed
SLOWER = 0.05  # share of gaps longer than that; more, and a second, slower rhythm would be taken for leaving
MOST = 50_000  # customers; more would take memory and tell nothing new
CONFIDENCE = 2.326  # standard errors, 99 % one-sided


@dataclass(frozen=True)
class Rhythm:
    """Payments come every `period` (a key of PERIODS or MONTHS), of `days` in the mean.

    `kept`: share of a customer's gaps that are one period, in the mean of customers; `variation`: coefficient of
    variation of the gaps, 1 for purchases at random; both of the `customers` who paid three times or more.
    """

    period: str
    days: float
    kept: float
    variation: float
    customers: int


def purchase_rhythm(transactions: Transactions, cutoff: date | str) -> Rhythm | None:
    """The rhythm in which customers have paid up to the cut-off, None where they do not, or fewer than 30 tell.

    Of very many customers every second, third, … in the order of their ids is looked at, 50,000 or fewer. Raises
    ParameterError for a cut-off that is no date.
    """
    cut = as_date("cutoff", cutoff)
    table = transactions.table
    bought = table.filter(table.amount >= 0, table.day <= ibis.date(cut)).select("customer", "day").distinct()
    often = transactions.run(bought.group_by("customer").agg(n=_.count()).filter(_.n > 2).select("customer"))
    names = often["customer"].sort_values()
    some = names.iloc[:: max(1, -(-len(names) // MOST))]
    of_type = {"customer": bought.customer.type()}  # whole numbers where the file has such
    chosen = ibis.memtable(pd.DataFrame({"customer": some.astype(object).to_numpy()}), schema=of_type)
    return rhythm_of(transactions.run(bought.semi_join(chosen, "customer"))) if len(some) else None


def rhythm_of(days: pd.DataFrame) -> Rhythm | None:
    """The same from purchase days: columns customer and day, one row a day on which a customer bought."""
    ordered = pd.DataFrame(
        {
            "customer": pd.factorize(days["customer"])[0],
            "day": pd.to_datetime(days["day"]).to_numpy().astype("datetime64[D]").astype(np.int64),
        }
    ).sort_values(["customer", "day"])
    customer, day = ordered["customer"].to_numpy(), ordered["day"].to_numpy()
    same = customer[1:] == customer[:-1]
    who, start, gap = customer[1:][same], day[:-1][same], np.diff(day)[same].astype(np.float64)
    pair = who[1:] == who[:-1]
    spread = (np.diff(gap)[pair] / (gap[1:] + gap[:-1])[pair]) ** 2  # (2M − 1)²
    of_each = pd.Series(spread).groupby(who[1:][pair]).mean()
    if len(of_each) < SMALL_NUMBER:
        return None
    mean, error = float(of_each.mean()), float(of_each.std(ddof=1)) / np.sqrt(len(of_each))
    if variation(mean + CONFIDENCE * error) >= VARIED:
        return None
    many = np.isin(who, of_each.index)
    who, start, gap = who[many], start[many], gap[many]
    candidates = []
    for name, length in _lengths():
        off = np.abs(gap - _length(name, start))
        shares = pd.DataFrame({"kept": off <= ON_TIME * length, "slower": gap > MISSED * length})
        kept, slower = shares.groupby(who).mean().mean()
        if kept >= KEPT and slower <= SLOWER:
            candidates.append((float(off.mean()), name, length, float(kept)))
    if not candidates:
        return None
    _, name, length, kept = min(candidates)  # how exactly they are kept tells every month from every four weeks
    return Rhythm(name, length, kept, variation(mean), len(of_each))


def variation(spread: float) -> float:
    """Coefficient of variation of gamma gaps whose mean (2M−1)² is `spread`: 1/√k with k = (1 − spread)/(2 spread)."""
    return float(np.sqrt(2 * spread / (1 - spread))) if spread < 1 else np.inf


def _lengths() -> list[tuple[str, float]]:
    """Every period with its mean length in days."""
    return [*((name, float(n)) for name, n in PERIODS.items()), *((k, n * MONTH_DAYS) for k, n in MONTHS.items())]


def _length(name: str, start: NDArray[np.int64]) -> Floats:
    """Days of the period (n,) that begins on each day (n,); a month ends where the calendar says."""
    if name in PERIODS:
        return np.full(len(start), float(PERIODS[name]))
    day = start.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    due = month + MONTHS[name]
    last = (due + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    end = np.minimum(due.astype("datetime64[D]") + (day - month.astype("datetime64[D]")), last)
    return np.asarray((end - day).astype(np.float64))
