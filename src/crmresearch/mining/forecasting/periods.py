"""Regular series of purchases, revenue and active customers: by week or month, in total and by cohort, whole ones only.

One chain of ibis expressions from lines to customers in periods, from which every series, and what was known of each
customer at the end of any period, is counted.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.caution import Caution
from crmresearch.data.customers import EPOCH, early_returns
from crmresearch.data.purchases import of_days, of_orders, opens_day
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import PARTS, Transactions, in_parts
from crmresearch.errors import EstimationError, ParameterError

Period = Literal["week", "month"]
QUANTITIES = ("purchases", "revenue", "active")
SEASON = {"week": 52, "month": 12}  # periods a year
LEAST_MONTHS = 36  # from so many whole months on they are the default: fewer are too few to learn from
MOST_COHORTS = 8
Floats = NDArray[np.float64]
_ = ibis._


@dataclass(frozen=True)
class PurchaseSeries:
    """What was bought in each whole `period`, and by whom.

    `bounds` (n + 1,): days since 1970-01-01 at which the n periods begin and the last one ends (the day after it).
    `buyers`, a row a customer and period: customer (a number), period (0 to n − 1; −1 what lies before the first whole
    one), first and last (days: the first purchase of all, the last of the period), cohort (the period of the first
    purchase), purchases, and revenue (returns netted). `cautions`: early_returns, where some come before a first
    purchase and are not netted.
    """

    period: Period
    bounds: NDArray[np.int64]
    buyers: pd.DataFrame
    currency: str
    cautions: tuple[Caution, ...] = ()

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def season(self) -> int:
        """Periods of a year."""
        return SEASON[self.period]

    @cached_property
    def total(self) -> pd.DataFrame:
        """One row a period: start, end (ISO days), purchases, revenue, active and new (customers)."""
        told = pd.DataFrame({"start": [self.day(k) for k in range(len(self))], "end": self.ends()})
        first = self.buyers[self.buyers["period"] == self.buyers["cohort"]]
        new = np.bincount(first["cohort"] + 1, minlength=len(self) + 1)[1:]
        return told.assign(**self.sums(self.buyers), new=new)

    def day(self, k: int) -> str:
        """The day on which period k begins, k = n the day after the last."""
        return str(EPOCH + timedelta(days=int(self.bounds[k])))

    def ends(self) -> list[str]:
        """The last day of each period."""
        return [str(EPOCH + timedelta(days=int(bound) - 1)) for bound in self.bounds[1:]]

    def sums(self, buyers: pd.DataFrame) -> dict[str, Floats]:
        """purchases, revenue and active customers (n,) of these rows of `buyers`, periods that are not whole aside."""
        kept = buyers[buyers["period"] >= 0]

        def counted(weights: pd.Series) -> Floats:
            return np.bincount(kept["period"], weights=weights, minlength=len(self)).astype(np.float64)

        active = (kept["purchases"] > 0).astype(float)
        return dict(zip(QUANTITIES, map(counted, (kept["purchases"], kept["revenue"], active)), strict=True))

    def known(self, origin: int) -> "PurchaseSeries":
        """The same as it was known at the end of the first `origin` periods: nothing of what came after is in it."""
        return PurchaseSeries(
            self.period, self.bounds[: origin + 1], self.buyers[self.buyers["period"] < origin], self.currency
        )

    @property
    def closed_since(self) -> int | None:
        """The period from which nobody new has come, where that is a quarter ago or longer; None of an open shop.

        Of a closed group the periods before are made of first purchases, which do not come again.
        """
        came = np.flatnonzero(self.total["new"].to_numpy())
        since = int(came[-1]) + 1 if len(came) else 0
        return since if len(self) - since >= self.season // 4 else None

    def histories(self) -> tuple[Floats, Floats, Floats]:
        """x, t_x and T (weeks) of every customer at the end of the last period: the input of the purchase models."""
        bought = self.buyers[self.buyers["purchases"] > 0].groupby("customer")
        sums = bought.agg(x=("purchases", "sum"), last=("last", "max"), first=("first", "first"))
        end = int(self.bounds[-1]) - 1
        columns = sums["x"] - 1, (sums["last"] - sums["first"]) / 7, (end - sums["first"]) / 7
        return tuple(column.to_numpy(dtype=np.float64) for column in columns)

    def coming_bounds(self, horizon: int) -> NDArray[np.int64]:
        """Days (horizon + 1,) at which the coming periods begin and the last of them ends."""
        if self.period == "week":
            return self.bounds[-1] + 7 * np.arange(horizon + 1)
        start = EPOCH + timedelta(days=int(self.bounds[-1]))
        return _month_bounds(12 * start.year + start.month - 1, horizon)

    def cohorts(self) -> dict[str, pd.DataFrame]:
        """Rows of `buyers` by cohort of the first purchase, earliest first: months while they are few, else quarters
        or years, such as 1997-01, 1997 Q1, 1997."""
        day = pd.to_datetime(self.buyers["first"], unit="D", origin=pd.Timestamp(EPOCH)).dt
        for names in (
            day.strftime("%Y-%m"),
            day.year.astype(str) + " Q" + day.quarter.astype(str),
            day.year.astype(str),
        ):
            if names.nunique() <= MOST_COHORTS:
                break
        return {str(name): rows for name, rows in self.buyers.groupby(names.to_numpy())}

    @cached_property
    def by_cohort(self) -> pd.DataFrame:
        """One row a cohort and period from the first of its purchases on: cohort, end, purchases, revenue, active."""
        parts = [
            pd.DataFrame({"cohort": name, "end": self.ends(), **self.sums(rows)})[max(0, int(rows["period"].min())) :]
            for name, rows in self.cohorts().items()
        ]
        return pd.concat(parts, ignore_index=True)


def purchase_series(
    transactions: Transactions, period: Period | None = None, until: date | str | None = None
) -> PurchaseSeries:
    """The purchases of a shop by week or month, up to and including the day `until`, by default the last one known.

    Weeks are seven days each and end with that day, so that the newest days are in and only the first may not be whole;
    months are those of the calendar, whole ones only. Without a `period` months from `LEAST_MONTHS` whole ones on,
    else weeks. Purchases, returns and orders are as in `customer_table`. Checked against a plain pandas program and
    `customer_table`. Raises ParameterError for a period or day that cannot be, EstimationError where there are fewer
    than two whole periods.
    """
    if period not in (None, "week", "month"):
        raise ParameterError(f"`period` must be week or month; it is {period!r}.")
    last = transactions.known_until if until is None else as_date("until", until)
    if not transactions.first_day <= last <= transactions.known_until:
        raise ParameterError(
            f"`until` must lie between {transactions.first_day} and {transactions.known_until}; it is {last}."
        )
    months = _whole_months(transactions.first_day, last)
    chosen: Period = period or ("month" if len(months) > LEAST_MONTHS else "week")
    after, first = (last - EPOCH).days + 1, (transactions.first_day - EPOCH).days
    bounds = months if chosen == "month" else np.arange(after - 7 * ((after - first) // 7), after + 1, 7)
    if len(bounds) < 3:
        raise EstimationError(
            f"The purchases from {transactions.first_day} to {last} hold fewer than two whole {chosen}s; a series "
            "needs more."
        )
    buyers = _buyers(transactions, chosen, bounds)
    early = early_returns(transactions, last, buyers["customer"].nunique())
    return PurchaseSeries(chosen, bounds, buyers, transactions.codebook.currency, (early,) if early else ())


def _buyers(transactions: Transactions, period: Period, bounds: NDArray[np.int64]) -> pd.DataFrame:
    """The chain lines → lines in the order of their days → customers in periods."""
    orders, start = transactions.has_orders, EPOCH + timedelta(days=int(bounds[0]))
    if period == "week":  # one added and taken away: what lies before the first whole week is never negative so
        place = (_.day.delta(ibis.date(start), unit="day").cast("int32") + 7 * 2) // 7 - 2
    else:
        place = _.day.year() * 12 + _.day.month() - (12 * start.year + start.month)
    lines = transactions.table.filter(_.day < ibis.date(EPOCH + timedelta(days=int(bounds[-1])))).select(
        "customer",
        *(["order", "time"] if orders else []),
        period=place.cast("int32"),
        day=_.day.delta(ibis.date(EPOCH), unit="day").cast("int32"),
        parts=in_parts(_.amount),
    )
    of_line = (of_orders if orders else of_days)(lines.mutate(bought=_.parts >= 0), transactions.returns > 0)
    of_line = of_line.filter(_.bought | _.previous.notnull()).mutate(opens=_.opens if orders else opens_day())
    counted = of_line.group_by("customer", "period").agg(
        purchases=_.opens.sum().cast("int64"),
        parts=_.parts.sum().cast("float64"),
        first=_["first"].min().cast("int64"),
        last=_.day.max(where=_.opens).fill_null(-1).cast("int64"),
    )
    found = transactions.run(counted)
    customer = pd.factorize(found["customer"].astype("str"), sort=True)[0]
    period_of = np.maximum(found["period"].to_numpy(dtype=np.int64), -1)
    frame = pd.DataFrame(
        {
            "customer": customer,
            "period": period_of,
            "first": found["first"],
            "last": found["last"],
            "cohort": np.searchsorted(bounds, found["first"].to_numpy(), side="right") - 1,
            "purchases": found["purchases"],
            "revenue": found["parts"] / PARTS,
        }
    )
    return frame.sort_values(["customer", "period"], ignore_index=True)


def _whole_months(first: date, last: date) -> NDArray[np.int64]:
    """Days at which the months begin that the days from `first` to `last` hold whole, and the day after them."""
    begins = 12 * first.year + first.month - 1 + (first.day > 1)
    after = last + timedelta(days=1)
    return _month_bounds(begins, max(0, 12 * after.year + after.month - 1 - begins))


def _month_bounds(month: int, count: int) -> NDArray[np.int64]:
    """Days at which `count` months from `month` on (counted from the year 0) begin, and the day after them."""
    days = [(date(m // 12, m % 12 + 1, 1) - EPOCH).days for m in range(month, month + count + 1)]
    return np.array(days, dtype=np.int64)
