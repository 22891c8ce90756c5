"""What customers are expected to do after a cut-off without a holdout: several horizons of one fit, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmresearch.caution import SMALL_NUMBER
from crmresearch.data.customers import CustomerTable
from crmresearch.data.margins import Margins, as_margins
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.resampling import sampled
from crmresearch.value.beta_geometric import BetaGeometricFit
from crmresearch.value.contract import ContractFit
from crmresearch.value.contract_outlook import contract_outlook
from crmresearch.value.customer_value import CONTRACT, CustomerValue
from crmresearch.value.histories import Floats
from crmresearch.value.resample import collect
from crmresearch.value.rhythm import Rhythm

MODEL = "bg_nbd"
MOST_MONTHS = 600
EVEN = 0.5  # P(alive) below which who is under contract is more likely to have left


@dataclass(frozen=True)
class Outlook:
    """The customers of a table, and what each is expected to do from its cut-off on.

    `days`: length of each horizon by its months, shortest first. `customers`: the customer table and, where BG/NBD and
    Gamma–Gamma could be fitted, p_alive, next_days (median days to the next purchase, given alive), for every horizon
    of m months expected_purchases_m and expected_value_m (discounted at `rate` a year, times `margin`), and those of
    the shortest as expected_purchases and expected_value too. Where customers pay in a `rhythm`, the shifted
    beta-geometric takes the place of BG/NBD: the columns of `contract_outlook` come along, and next_days are those to
    the next payment due. `value` is None where `failure` says why there is no fit.
    """

    customers: pd.DataFrame
    cutoff: date
    days: Mapping[int, int]
    rate: float
    margin: Margins
    value: CustomerValue | None
    failure: str = ""
    rhythm: Rhythm | None = None

    @property
    def contract(self) -> ContractFit | None:
        """The model of customers under contract, None where they are not."""
        fit = self.value.purchases if self.value else None
        return fit if isinstance(fit, ContractFit) else None

    @property
    def alive_identified(self) -> bool:
        """Whether these customers tell who left from who waits."""
        return self.value is not None and self.value.purchases.tells_dropout

    @property
    def alive(self) -> pd.Series:
        """P(alive) of the customers who bought more than once, named `alive`; missing where it is not identified.

        BG/NBD lets nobody leave before the second purchase, so that it is 1 of who bought once, whatever they do. Under
        contract it is told of everybody, for a payment that was due and did not come says something of them too.
        """
        if self.contract is not None:
            return self.customers["p_alive"].rename("alive")
        if not self.alive_identified:
            return pd.Series(np.nan, index=self.customers.index, name="alive")
        return self.customers["p_alive"].where(self.customers["repeat"] > 0).rename("alive")

    def totals(
        self,
        groupings: Mapping[str, pd.Series],
        resamples: int,
        seed: int,
        level: float = 0.95,
        most: int | None = None,
    ) -> pd.DataFrame:
        """Sums over everybody and over each group of each grouping (by customer), with bootstrap intervals.

        Columns grouping, group, customers, quantity, estimate, ci_lower, ci_upper (percentiles), one row a group and
        quantity: p_alive (how many are still customers), expected_purchases_m and expected_value_m of every horizon;
        under contract survival_m too (how many are left then), residual_payments and residual_value.
        A resample draws customers and fits both models again; the sums are over the customers there are. So an interval
        holds the uncertainty of what the models learned, not what chance makes of each customer. Empty where there is
        no fit, or where too few customers teach the models in fewer than two resamples.

        Of more than `most` customers so many are `sampled` with the seed, and the resamples are of these (m out of n,
        Bickel, Götze & van Zwet 1997): the deviations from the sum over them, as a share of it, are made smaller by
        √(m/n) and hold for the sum over everybody. A group of fewer than 30 of the sampled has no interval then.
        """
        columns = ["grouping", "group", "customers", "quantity", "estimate", "ci_lower", "ci_upper"]
        if self.value is None:
            return pd.DataFrame(columns=columns)
        labels, members = _members(self.customers.index, groupings)
        forecast = self._forecast(self.value)
        estimate, sizes = members @ forecast.to_numpy(), members.sum(axis=1)
        places = sampled(len(self.customers), most, seed)
        part = len(places) < len(self.customers)

        def replicates(value: CustomerValue, members: Floats) -> Iterator[tuple[Floats, bool]]:
            for refit, _ in value.refits(resamples, seed):
                yield np.ravel(members @ self._forecast(refit).to_numpy()), refit.converged

        try:
            value = self._fit(self.value.customers.iloc[places]) if part else self.value
            members = members[:, places]
            lower, upper = collect(replicates(value, members)).interval(level)
        except EstimationError:
            return pd.DataFrame(columns=columns)
        if part:
            of_part = np.ravel(members @ self._forecast(value).to_numpy())
            few = np.repeat(members.sum(axis=1) < SMALL_NUMBER, forecast.shape[1])
            known, smaller = (of_part != 0) & ~few, np.sqrt(len(places) / len(self.customers))
            ratios = np.array([lower, upper]) / np.where(known, of_part, np.nan)
            lower, upper = estimate.ravel() * (1 + smaller * (ratios - 1))
        keys = [(*label, int(n), name) for label, n in zip(labels, sizes, strict=True) for name in forecast]
        frame = pd.DataFrame(keys, columns=columns[:4])
        return frame.assign(estimate=estimate.ravel(), ci_lower=lower, ci_upper=upper)

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

    def _fit(self, customers: pd.DataFrame) -> CustomerValue:
        """The same models of other customers, with the same quantities."""
        assert self.value is not None
        return replace(_fitted(customers, self.rhythm), quantities=self.value.quantities)


def customer_outlook(
    table: CustomerTable,
    months: Sequence[int],
    rate: float,
    margin: float | Margins = 1.0,
    rhythm: Rhythm | None = None,
) -> Outlook:
    """What the customers of a table are expected to do in the `months` after its cut-off, by BG/NBD × Gamma–Gamma.

    `rate` is the discount a year, `margin` the share of spend that is kept (`customer_margins`: of each customer).
    Where the customers pay in a `rhythm`, the shifted beta-geometric takes the place of BG/NBD. Raises ParameterError
    for months that are not whole numbers from 1 to 600, each once. Customers from whom the models cannot be estimated
    (nobody bought twice, …) have no forecast, and `failure` says why.

    >>> import crmresearch as crm
    >>> table = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30")
    >>> outlook = customer_outlook(table, [12], rate=0.1)
    >>> dict(outlook.days), round(float(outlook.customers["expected_purchases_12"].sum()), -2)
    ({12: 365}, 21400.0)
    """
    days, margin = horizon_days(table, months), as_margins(margin)
    try:
        value = _fitted(table.frame, rhythm)
    except EstimationError as error:
        return Outlook(table.frame, table.cutoff, days, rate, margin, None, str(error), rhythm)
    forecast = _forecast(value, days, rate, margin)
    shortest = next(iter(days))
    first = {name: forecast[f"{name}_{shortest}"] for name in ("expected_purchases", "expected_value")}
    customers = table.frame.join(forecast.assign(**first, next_days=_next_days(value)))
    if rhythm is not None:
        told = contract_outlook(value, days, rate, margin.each)
        customers = customers.join(told[[name for name in told if name not in customers]])
    return Outlook(customers, table.cutoff, days, rate, margin, value, rhythm=rhythm)


def _fitted(customers: pd.DataFrame, rhythm: Rhythm | None) -> CustomerValue:
    """The models of purchases at random or, of customers who pay in a rhythm, of contracts."""
    if rhythm is None:
        return CustomerValue.fit(customers, MODEL)
    return CustomerValue.fit(customers, CONTRACT, period_days=rhythm.days)


def _next_days(value: CustomerValue) -> Floats:
    """Days to the next purchase of who still is a customer (n,): half of such have bought by then, or it is due.

    Under contract missing for who is more likely to have left than not.
    """
    fit, unit = value.purchases, value.unit_days
    x, t_x, T = (value.customers[name].to_numpy(dtype=np.float64) for name in ("repeat", "t_last", "tenure"))
    if isinstance(fit, ContractFit):
        stays = fit.p_alive(x, t_x / unit, T / unit) >= EVEN
        return np.where(stays, unit * fit.until_due(t_x / unit, T / unit), np.nan)
    assert isinstance(fit, BetaGeometricFit)
    return np.asarray(unit * fit.next_purchase(x, T / unit))


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


def _forecast(value: CustomerValue, days: Mapping[int, int], rate: float, margin: Margins) -> pd.DataFrame:
    parts: dict[str, pd.Series] = {}
    for months, horizon in days.items():
        one = value.forecast(horizon, rate, margin=margin.each)
        parts |= {"p_alive": one["p_alive"]} if "p_alive" in one else {}
        parts |= {f"expected_purchases_{months}": one["expected_purchases"], f"expected_value_{months}": one["value"]}
    if isinstance(value.purchases, ContractFit):
        told = contract_outlook(value, days, rate, margin.each)
        parts |= {str(name): told[name] for name in told if str(name).startswith(("survival_", "residual_"))}
    return pd.DataFrame(parts)


def _members(customers: pd.Index, groupings: Mapping[str, pd.Series]) -> tuple[list[tuple[str, str]], Floats]:
    """Grouping and group of each sum, everybody first, and which customers belong to each, (labels, n) of 0 and 1."""
    labels, members = [("all", "all")], [np.ones(len(customers))]
    for name, groups in groupings.items():
        for key in groups.astype("category").cat.categories:
            labels.append((name, str(key)))
            members.append((groups == key).to_numpy(dtype=np.float64))
    return labels, np.array(members)
