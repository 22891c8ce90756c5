"""From the first purchase to the second: who buys again, how soon, and when a reminder is due."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from crmresearch.caution import Caution
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import DataError, ParameterError
from crmresearch.mining.newcomers.first_basket import groupings
from crmresearch.mining.newcomers.newcomers import (
    as_day,
    day_number,
    may_be_old,
    newcomers,
    purchase_days,
    require_days,
)
from crmresearch.mining.newcomers.survival import (
    compared,
    differing,
    hazards,
    kaplan_meier,
    median_time,
    standing,
    survival_at,
    watched_until,
)

STEPS = (7, 14, 30, 60, 91, 182, 365)  # days at which the share is told
WEEKS = 53  # of hazards
RISE = 0.05  # of the chance to buy again that a test of a reminder should find


@dataclass(frozen=True)
class Conversion:
    """What `conversion` found.

    `people`: newcomers with `days` (to the second purchase day, or watched without one) and `converted` (0 or 1).
    `curve`: `kaplan_meier` of them. `until`: days up to which it is read (`watched_until`, at most `limit`).
    `shares`: days, converted (share, 1 − survival) with ci_lower and ci_upper. `weeks`: `hazards` by week. `remind`:
    the day by which the share `most` of those who convert by `until` have done so, None where nobody does. `groups`,
    `tests`: as `survival.compared`, at `until`.
    """

    people: pd.DataFrame
    curve: pd.DataFrame
    until: int
    shares: pd.DataFrame
    weeks: pd.DataFrame
    most: float
    remind: int | None
    groups: pd.DataFrame
    tests: pd.DataFrame
    cautions: tuple[Caution, ...]

    @property
    def converted(self) -> float:
        """Share that buys again within `until` days."""
        return 1 - float(survival_at(self.curve, self.until)["survival"])

    @property
    def cools(self) -> bool:
        """Whether the chance of a week is lower, beyond chance, after the reminder's day than in the first week."""
        after = self.weeks[self.weeks["from"] >= (self.remind or 0)]
        return bool(len(after) and after["ci_upper"].iloc[0] < self.weeks["ci_lower"].iloc[0])

    @property
    def facts(self) -> dict[str, Any]:
        """until and day (of the reminder; days), most and chance (shares)."""
        return {"until": self.until, "day": self.remind, "most": self.most, "chance": self.chance}

    @property
    def came(self) -> dict[str, Any]:
        """How many new customers there are (count), when they first came (first) and last did (latest)."""
        days = self.people["came"]
        return {"count": len(days), "first": as_day(days.min()), "latest": as_day(days.max())}

    @property
    def chance(self) -> float:
        """Share of those who have not bought again by the day of the reminder who do so by `until`."""
        return self.chance_after(self.remind or 0)

    @property
    def reminder(self) -> Literal["due", "any", "little"] | None:
        """Due on its day, after which the chance is lower; as well on any day; with little to win, since more than 90 %
        come by themselves; None where nobody comes back, or nobody is left to remind."""
        if self.remind is None or np.isnan(self.chance):
            return None
        return "little" if self.chance > 1 - 2 * RISE else "due" if self.cools else "any"

    @property
    def test_plan(self) -> dict[str, Any]:
        """A test that finds `chance` risen by 5 points to risen: customers of an arm, months until both have come."""
        arm = self.arm(RISE)
        return {"risen": min(1.0, self.chance + RISE), "arm": arm, "months": self.months_for(2 * arm)}

    @property
    def differing(self) -> pd.DataFrame:
        """`survival.differing`, its survival and interval turned into the share that has bought again."""
        table = differing(self.groups, self.tests)
        ends = {"ci_lower": 1 - table["ci_upper"], "ci_upper": 1 - table["ci_lower"]}
        return table.assign(survival=1 - table["survival"], **ends)

    def standing(self, grouping: str) -> list[str]:
        """The groups that may be the one of which most buy again; none where that may be each of them."""
        return standing(self.groups, grouping, "last")

    def arm(self, rise: float) -> int:
        """Customers for each half of a test of a reminder that finds a rise in `chance_after` it four times in five."""
        return arm_size(self.chance_after(self.remind or 0), rise)

    def months_for(self, customers: int) -> float:
        """Months in which so many new customers come who have not bought again by the day of the reminder."""
        came, still = self.people["came"], survival_at(self.curve, self.remind or 0)["survival"]
        a_day = len(came) / (came.max() - came.min() + 1) * float(still)
        return customers / a_day / 30.4375 if a_day > 0 else np.nan

    def chance_after(self, day: int) -> float:
        """Share of those who have not bought again by a day who do so by `until`; NaN where nobody is left."""
        still = float(survival_at(self.curve, day)["survival"])
        return 1 - (1 - self.converted) / still if still > 0 else np.nan


def conversion(transactions: Transactions, *, quiet_days: int = 0, limit: int = 365, most: float = 0.5) -> Conversion:
    """The share of new customers who buy a second time, by the days since the first purchase (Kaplan–Meier).

    A second purchase is one on a later day than the first; two orders of the first day are one visit. Who has not
    bought again by the last day of the data is watched until then. The curve is read up to `limit` days, or as long as
    a tenth of the customers (30 at least) have been watched. `quiet_days`: who was first seen earlier than so many days
    after the data begin is taken for an old customer and left out.

    `most`: the share of those who convert that have done so by the day on which a reminder is due, for until then it
    mostly reaches who comes by themselves.

    Raises ParameterError for impossible days or shares, DataError where there are no new customers or none was watched
    for a week.
    """
    require_days("limit", limit, 7)
    if not 0 < most < 1:
        raise ParameterError(f"`most` is a share of those who buy again, above 0 and below 1; it is {most!r}.")
    people, until = newcomers(transactions, quiet_days), day_number(transactions.known_until)
    bought = purchase_days(transactions, people.index)
    later = bought[bought["day"] > bought["customer"].map(people["came"])]
    second = later.groupby("customer")["day"].min().reindex(people.index)
    people["converted"] = second.notna().astype(int)
    people["days"] = second.fillna(until).astype("int64") - people["came"]
    read = int(min(limit, watched_until(until - people["came"])))
    if read < 7:
        told = f"of {len(people):,} new customers too few were watched for a week; wait, or lower `quiet_days`."
        raise DataError("The second purchase cannot be told:", [told])
    curve = kaplan_meier(people["days"], people["converted"])
    steps = [*(day for day in STEPS if day < read), read]
    rows = [(day, survival_at(curve, day)) for day in steps]
    shares = pd.DataFrame(
        {
            "days": steps,
            "converted": [1 - row["survival"] for _, row in rows],
            "ci_lower": [1 - row["ci_upper"] for _, row in rows],
            "ci_upper": [1 - row["ci_lower"] for _, row in rows],
        }
    )
    whole = 1 - float(survival_at(curve, read)["survival"])
    remind = int(median_time(curve, most * whole)) if whole > 0 else None
    groups, tests = compared(
        people["days"], people["converted"], until - people["came"], groupings(people, transactions), read
    )
    weeks = hazards(people["days"], people["converted"], 7, min(read, 7 * WEEKS))
    cautions = may_be_old(people["came"], transactions.first_day)
    return Conversion(people, curve, read, shares, weeks, most, remind, groups, tests, cautions)


def arm_size(share: float, rise: float) -> int:
    """Customers in each of two random halves so that a rise of a share by `rise` is found four times in five at 5 %.

    (1.96 + 0.84)² (p₁q₁ + p₂q₂) / rise² (Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions).

    >>> arm_size(0.3, 0.05)
    1374
    """
    p = np.array([share, min(share + rise, 1.0)])
    return int(np.ceil((norm.ppf(0.975) + norm.ppf(0.8)) ** 2 * (p * (1 - p)).sum() / rise**2))
