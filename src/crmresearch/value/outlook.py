"""What customers are expected to do after a cut-off without a holdout: several horizons of one fit, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.value.beta_geometric import BetaGeometricFit
from crmresearch.value.customer_value import CustomerValue
from crmresearch.value.histories import Floats
from crmresearch.value.resample import collect

MODEL = "bg_nbd"
MOST_MONTHS = 600


@dataclass(frozen=True)
class Outlook:
    """The customers of a table, and what each is expected to do from its cut-off on.

    `days`: length of each horizon by its months, shortest first. `customers`: the customer table and, where BG/NBD and
    Gamma–Gamma could be fitted, p_alive, next_days (median days to the next purchase, given alive), for every horizon
    of m months expected_purchases_m and expected_value_m (discounted at `rate` a year, times `margin`), and those of
    the shortest as expected_purchases and expected_value too. `value` is None where `failure` says why there is no fit.
    """

    customers: pd.DataFrame
    cutoff: date
    days: Mapping[int, int]
    rate: float
    margin: float
    value: CustomerValue | None
    failure: str = ""

    @property
    def alive_identified(self) -> bool:
        """Whether these customers tell who left from who waits."""
        return self.value is not None and self.value.purchases.tells_dropout

    @property
    def alive(self) -> pd.Series:
        """P(alive) of the customers who bought more than once, named `alive`; missing where it is not identified.

        BG/NBD lets nobody leave before the second purchase, so that it is 1 of who bought once, whatever they do.
        """
        if not self.alive_identified:
            return pd.Series(np.nan, index=self.customers.index, name="alive")
        return self.customers["p_alive"].where(self.customers["repeat"] > 0).rename("alive")

    def totals(
        self, groupings: Mapping[str, pd.Series], resamples: int, seed: int, level: float = 0.95
    ) -> pd.DataFrame:
        """Sums over everybody and over each group of each grouping (by customer), with bootstrap intervals.

        Columns grouping, group, customers, quantity, estimate, ci_lower, ci_upper (percentiles), one row a group and
        quantity: p_alive (how many are still customers), expected_purchases_m and expected_value_m of every horizon.
        A resample draws customers and fits both models again; the sums are over the customers there are. So an interval
        holds the uncertainty of what the models learned, not what chance makes of each customer. Empty where there is
        no fit, or where too few customers teach the models in fewer than two resamples.
        """
        columns = ["grouping", "group", "customers", "quantity", "estimate", "ci_lower", "ci_upper"]
        if self.value is None:
            return pd.DataFrame(columns=columns)
        labels, members = _members(self.customers.index, groupings)

        def sums(value: CustomerValue) -> Floats:
            return np.ravel(members @ self._forecast(value).to_numpy())

        def replicates(value: CustomerValue) -> Iterator[tuple[Floats, bool]]:
            for refit, _ in value.refits(resamples, seed):
                yield sums(refit), refit.converged

        try:
            lower, upper = collect(replicates(self.value)).interval(level)
        except EstimationError:
            return pd.DataFrame(columns=columns)
        quantities = list(self._forecast(self.value))
        keys = [
            (*label, int(n), name) for label, n in zip(labels, members.sum(axis=1), strict=True) for name in quantities
        ]
        frame = pd.DataFrame(keys, columns=columns[:4])
        return frame.assign(estimate=sums(self.value), ci_lower=lower, ci_upper=upper)

    def next_day(self) -> pd.Series:
        """The day (ISO) by which a customer who still is one has bought again as likely as not.

        Missing without a forecast, and where it lies beyond the longest horizon: there the model says little.
        """
        if "next_days" not in self.customers:
            return pd.Series(np.nan, index=self.customers.index, dtype=object)
        days = self.customers["next_days"]
        within = days.where(days <= max(self.days.values()))
        found = within.map(lambda d: str(self.cutoff + timedelta(days=round(d))), na_action="ignore")
        return found.astype(object)

    def by_next_day(self, bounds: Sequence[int] = (30, 91, 182, 365)) -> pd.DataFrame:
        """Customers and their expected_value over the shortest horizon by days to the next purchase.

        Columns low, high (days; NaN for no end), customers, expected_value.
        """
        edges = np.array([-1, *bounds, np.inf])
        groups = pd.cut(self.customers["next_days"], list(edges), labels=False)
        parts = self.customers["expected_value"].groupby(groups)
        places = range(len(bounds) + 1)
        table = pd.DataFrame({"customers": parts.size(), "expected_value": parts.sum()}).reindex(places, fill_value=0)
        return table.assign(low=edges[:-1] + 1, high=[*map(float, bounds), np.nan])

    def _forecast(self, value: CustomerValue) -> pd.DataFrame:
        """p_alive, and purchases and value of every horizon, by this fit."""
        return _forecast(value, self.days, self.rate, self.margin)


def customer_outlook(table: CustomerTable, months: Sequence[int], rate: float, margin: float = 1.0) -> Outlook:
    """What the customers of a table are expected to do in the `months` after its cut-off, by BG/NBD × Gamma–Gamma.

    `rate` is the discount a year, `margin` the share of spend that is kept. Raises ParameterError for months that are
    not whole numbers from 1 to 600, each once. Customers from whom the models cannot be estimated (nobody bought
    twice, …) have no forecast, and `failure` says why.

    >>> import crmresearch as crm
    >>> table = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30")
    >>> outlook = customer_outlook(table, [12], rate=0.1)
    >>> dict(outlook.days), round(float(outlook.customers["expected_purchases_12"].sum()), -2)
    ({12: 365}, 21400.0)
    """
    days = horizon_days(table, months)
    try:
        value = CustomerValue.fit(table.frame, MODEL)
    except EstimationError as error:
        return Outlook(table.frame, table.cutoff, days, rate, margin, None, str(error))
    forecast = _forecast(value, days, rate, margin)
    shortest = next(iter(days))
    first = {name: forecast[f"{name}_{shortest}"] for name in ("expected_purchases", "expected_value")}
    assert isinstance(value.purchases, BetaGeometricFit)
    next_days = value.unit_days * value.purchases.next_purchase(
        table.frame["repeat"], table.frame["tenure"] / value.unit_days
    )
    customers = table.frame.join(forecast.assign(**first, next_days=next_days))
    return Outlook(customers, table.cutoff, days, rate, margin, value)


def horizon_days(table: CustomerTable, months: Sequence[int]) -> dict[int, int]:
    """Days from the cut-off of a table to the same day so many months later, shortest first.

    Raises ParameterError as `customer_outlook`.
    """
    wrong = [m for m in months if isinstance(m, bool) or not isinstance(m, int) or not 1 <= m <= MOST_MONTHS]
    if wrong or not months or len(set(months)) < len(months):
        raise ParameterError(
            f"`horizons_months` must be whole numbers from 1 to {MOST_MONTHS}, each once, such as [12, 36]; "
            f"it is {months!r}."
        )
    start = pd.Timestamp(table.cutoff)
    return {m: int(((start + pd.DateOffset(months=m)) - start).days) for m in sorted(months)}


def holders(values: pd.Series, share: float = 0.5) -> pd.Index:
    """The fewest customers who together hold this share of all values, most first; values below 0 count as 0.

    >>> values = pd.Series([5.0, 3.0, 1.0, 1.0], index=["a", "b", "c", "d"])
    >>> list(holders(values, 0.5)), list(holders(values, 0.75))
    (['a'], ['a', 'b'])
    """
    ranked = values.fillna(0).clip(lower=0).sort_values(ascending=False, kind="stable")
    reached = ranked.to_numpy(dtype=np.float64).cumsum()
    if not len(reached) or reached[-1] <= 0:
        return values.index[:0]
    return ranked.index[: int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12))) + 1]


def _forecast(value: CustomerValue, days: Mapping[int, int], rate: float, margin: float) -> pd.DataFrame:
    parts: dict[str, pd.Series] = {}
    for months, horizon in days.items():
        one = value.forecast(horizon, rate, margin=margin)
        parts |= {"p_alive": one["p_alive"]} if "p_alive" in one else {}
        parts |= {f"expected_purchases_{months}": one["expected_purchases"], f"expected_value_{months}": one["value"]}
    return pd.DataFrame(parts)


def _members(customers: pd.Index, groupings: Mapping[str, pd.Series]) -> tuple[list[tuple[str, str]], Floats]:
    """Grouping and group of each sum, everybody first, and which customers belong to each, (labels, n) of 0 and 1."""
    labels, members = [("all", "all")], [np.ones(len(customers))]
    for name, groups in groupings.items():
        for key in groups.astype("category").cat.categories:
            labels.append((name, str(key)))
            members.append((groups == key).to_numpy(dtype=np.float64))
    return labels, np.array(members)
