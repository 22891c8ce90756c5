"""From a customer table to what each customer is worth: a purchase model times a spend model, discounted."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError
from crmresearch.value.beta_geometric import BgNbdFit, MbgNbdFit
from crmresearch.value.contract import ContractFit
from crmresearch.value.gamma_gamma import GammaGammaFit, fit_gamma_gamma
from crmresearch.value.histories import Floats, UniqueRows, checked_histories, unique_rows
from crmresearch.value.pareto_nbd import ParetoNbdFit
from crmresearch.value.purchases import PurchaseFit
from crmresearch.value.resample import Replicates, collect, resample_counts

CONTRACT = "shifted_beta_geometric"  # the model of customers who pay in a rhythm
MODELS: dict[str, type[PurchaseFit]] = {"bg_nbd": BgNbdFit, "mbg_nbd": MbgNbdFit, "pareto_nbd": ParetoNbdFit}
COLUMNS = ("repeat", "t_last", "tenure", "repeat_mean")
FORECAST = ("p_alive", "expected_purchases", "expected_spend", "value")
SPEND = "spend_expected"
DAYS_A_YEAR = 365.25
FEW = 0.01  # of the customers who bought again; more without usable spend than this and the spend model is in doubt


@dataclass(frozen=True)
class CustomerValue:
    """A fitted purchase model and a fitted Gamma–Gamma, and the customers they were fitted on.

    `purchases` has its parameters per `unit_days` days; `spend` and all money is in the currency of the customer table;
    `customers` (n, 4) are its histories; `cautions` what must be known before the numbers are believed; `quantities`
    what a forecast holds, without p_alive where the data cannot tell leaving from waiting (`purchases.tells_dropout`).
    Assumes, as the models do, that spend per purchase does not depend on how often or how long one buys.
    Sources: Schmittlein, Morrison & Colombo (1987), Management Science 33, 1–24 (Pareto/NBD); Fader, Hardie & Lee
    (2005), Marketing Science 24, 275–284 (BG/NBD), and Journal of Marketing Research 42, 415–430 (the product of both
    models); Batislam, Denizel & Filiztekin (2007), International Journal of Research in Marketing 24, 201–209
    (MBG/NBD). `fit`, `forecast` and `intervals` raise EstimationError.

    >>> import crmresearch as crm
    >>> customers = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30").frame.iloc[::10]
    >>> value = crm.CustomerValue.fit(customers, model="bg_nbd", unit_days=7)
    >>> forecast = value.forecast(horizon_days=365, discount_rate_per_year=0.1)
    >>> list(forecast), len(forecast)
    (['p_alive', 'expected_purchases', 'expected_spend', 'value'], 2357)
    >>> value.cautions
    ()
    """

    purchases: PurchaseFit
    spend: GammaGammaFit
    unit_days: float
    customers: pd.DataFrame = field(repr=False)
    cautions: tuple[Caution, ...] = ()
    quantities: tuple[str, ...] = FORECAST

    @classmethod
    def fit(
        cls,
        customers: pd.DataFrame,
        model: str = "bg_nbd",
        unit_days: float = 7.0,
        *,
        period_days: float | None = None,
        spend: GammaGammaFit | None = None,
    ) -> "CustomerValue":
        """Fit a customer table with columns `repeat`, `t_last`, `tenure` (days) and `repeat_mean` (money).

        `customers` (n, ≥ 4) has a row a customer. `model` is bg_nbd, mbg_nbd or pareto_nbd; parameters are per
        `unit_days` days. Of customers who pay in a rhythm it may be shifted_beta_geometric, with `period_days` the days
        from one payment to the next (`crmresearch.value.rhythm.purchase_rhythm` finds it). Customers who bought again
        but whose mean repeat spend is missing or not above 0 are left out of the spend model, and flagged. `spend` is
        the spend model of these customers where it has been fitted already, beside another model of purchases.
        Raises EstimationError for an unknown model or period, missing columns or data that cannot be fitted.

        >>> import crmresearch as crm
        >>> customers = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30").frame
        >>> fitted = crm.CustomerValue.fit(customers, model="bg_nbd", unit_days=7)
        >>> [round(float(number), 3) for number in fitted.purchases.parameters]  # r, alpha, a, b
        [0.252, 4.789, 0.723, 2.161]
        """
        if model not in (*MODELS, CONTRACT):
            raise EstimationError(f"There is no model {model!r}; use one of {', '.join((*MODELS, CONTRACT))}.")
        if not 0 < unit_days < np.inf:
            raise EstimationError(f"unit_days must be above 0; it is {unit_days}.")
        x, t_x, T, mean = _histories(customers, unit_days)
        if model == CONTRACT:
            period = None if period_days is None else period_days / unit_days
            purchases: PurchaseFit = ContractFit.fit(x, t_x, T, period=period)
        else:
            purchases = MODELS[model].fit(x, t_x, T)
        again = x > 0
        usable = again & (mean > 0)
        spend = spend or fit_gamma_gamma(x[usable], mean[usable])
        cautions = [*purchases.cautions, *spend.cautions]
        if not purchases.tells_dropout:
            evidence = {"evidence": max(0.0, purchases.dropout_evidence)}
            cautions.insert(0, Caution("no_dropout", "unidentified", "dropout", evidence))
        if (left_out := int((again & ~usable).sum())) > 0:
            facts = {"customers": left_out, "repeating": int(again.sum())}
            cautions.append(
                Caution("spend_unusable", "weak" if left_out > FEW * again.sum() else "note", "spend", facts)
            )
        quantities = tuple(name for name in FORECAST if name != "p_alive" or purchases.tells_dropout)
        return cls(purchases, spend, unit_days, customers[list(COLUMNS)], tuple(cautions), quantities)

    def forecast(
        self,
        horizon_days: float,
        discount_rate_per_year: float,
        customers: pd.DataFrame | None = None,
        margin: "float | pd.Series" = 1.0,
    ) -> pd.DataFrame:
        """One row a customer: p_alive, expected_purchases, expected_spend (per purchase) and value over `horizon_days`.

        Of these those in `quantities`: there is no p_alive where the data cannot tell leaving from waiting.
        `value`, money, is `margin` (above 0, at most 1: profit of a unit of spend; 1 values the whole spend; one number
        or that of each customer, as `Margins.each`) ×
        expected_spend × expected purchases discounted at `discount_rate_per_year` (0.1 = 10 % in
        365.25 days) from the moment of each purchase to the cut-off; with a discount the horizon may be endless, and
        expected_purchases is then the discounted number too. Other `customers` than those of the fit may be given.
        Raises EstimationError for a negative horizon or rate, an impossible margin, and for an endless horizon without
        a discount.

        >>> import crmresearch as crm
        >>> customers = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30").frame.iloc[::10]
        >>> fitted = crm.CustomerValue.fit(customers)
        >>> forecast = fitted.forecast(horizon_days=365, discount_rate_per_year=0)
        >>> bool((forecast["value"] - forecast["expected_purchases"] * forecast["expected_spend"]).abs().max() < 1e-9)
        True
        """
        frame = self.customers if customers is None else customers
        x, t_x, T, mean = _histories(frame, self.unit_days)
        outlook = self._outlook(horizon_days, discount_rate_per_year)
        rows = unique_rows(list(checked_histories(x, t_x, T)))
        values = _forecast(self.purchases, self.spend, rows, (x, mean), *outlook, _checked(margin, frame.index))
        return pd.DataFrame(dict(zip(FORECAST, values, strict=True)), index=frame.index)[list(self.quantities)]

    def intervals(
        self,
        horizon_days: float,
        discount_rate_per_year: float,
        resamples: int,
        seed: int,
        groups: pd.Series | None = None,
        level: float = 0.95,
        margin: "float | pd.Series" = 1.0,
    ) -> tuple[pd.DataFrame, Replicates]:
        """Means per customer, over all and in each of `groups` (by customer), with bootstrap percentile intervals.

        A row a group and quantity of `forecast`, in its units: group, customers, quantity, estimate, se, ci_lower,
        ci_upper (at `level`); beside it the `resamples` themselves. `horizon_days`, `discount_rate_per_year` and
        `margin`: as of `forecast`; the same `seed`, the same resamples. A resample draws customers, refits both models
        and averages over the drawn customers, so the interval holds uncertainty of model and of sample. A group of
        which no customer is drawn makes that resample undefined. Source: Efron & Tibshirani (1993), An Introduction to
        the Bootstrap.

        The last quantity, `spend_expected`, is what these customers spend over the horizon, not discounted. Its
        interval is predictive: every refit draws the purchases and the spend of each customer given the history, so
        that what the group will have spent lies in it, if the models are right, as often as `level` says. It is left
        out for an endless horizon.

        Raises EstimationError as `forecast`, for a level that is no share, and for fewer than two usable
        resamples.

        >>> import crmresearch as crm
        >>> customers = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30").frame.iloc[::10]
        >>> table, _ = crm.CustomerValue.fit(customers).intervals(365, 0.1, resamples=10, seed=1)
        >>> table[["group", "customers", "quantity"]].values.tolist()[-1]
        ['all', 2357, 'spend_expected']
        >>> table["estimate"].between(table["ci_lower"], table["ci_upper"]).all().item()
        True
        """
        if not 0 < level < 1:
            raise EstimationError(f"The level of an interval must be between 0 and 1, such as 0.95; it is {level}.")
        outlook = (*self._outlook(horizon_days, discount_rate_per_year), _checked(margin, self.customers.index))
        x, t_x, T, mean = features = np.array(_histories(self.customers, self.unit_days))
        rows = unique_rows([x, t_x, T])
        labels, members = _memberships(self.customers, groups)
        kept = [FORECAST.index(name) for name in self.quantities]

        def means(purchases: PurchaseFit, spend: GammaGammaFit, counts: Floats) -> Floats:
            values = np.array(_forecast(purchases, spend, rows, (x, mean), *outlook))[kept]
            with np.errstate(invalid="ignore", divide="ignore"):
                averages: Floats = ((members * counts) @ values.T) / (members @ counts)[:, None]
            return averages.ravel()

        finite = np.isfinite(outlook[0])
        spent_means: list[Floats] = []

        def replicates() -> Iterator[tuple[Floats, bool]]:
            for b, (refit, counts) in enumerate(self.refits(resamples, seed)):
                if finite:
                    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(b, 1)))
                    spent_means.append(members @ _drawn_spend(refit.purchases, refit.spend, features, outlook[0], rng))
                yield means(refit.purchases, refit.spend, counts), refit.converged

        found = collect(replicates())
        lower, upper = found.interval(level)
        columns = ["estimate", "se", "ci_lower", "ci_upper"]
        table = np.column_stack(
            [means(self.purchases, self.spend, np.ones(features.shape[1])), found.standard_errors, lower, upper]
        ).reshape(len(labels), len(kept), len(columns))
        quantities = list(self.quantities)
        if finite:
            _, expected, per_purchase, _ = _forecast(self.purchases, self.spend, rows, (x, mean), outlook[0], 0.0, 1.0)
            drawn = np.array(spent_means) / members.sum(axis=1)
            ends = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
            foreseen = members @ (expected * per_purchase) / members.sum(axis=1)
            table = np.concatenate(
                [table, np.stack([foreseen, drawn.std(axis=0, ddof=1), *ends], axis=1)[:, None]], axis=1
            )
            quantities.append(SPEND)
        frame = pd.DataFrame(
            {
                "group": np.repeat(np.array(labels, dtype=object), len(quantities)),
                "customers": np.repeat(members.sum(axis=1).astype(int), len(quantities)),
                "quantity": quantities * len(labels),
                **dict(zip(columns, table.reshape(-1, len(columns)).T, strict=True)),
            }
        )
        return frame, found

    def refits(self, resamples: int, seed: int) -> "Iterator[tuple[CustomerValue, Floats]]":
        """Both models fitted to each of so many `resamples` of the customers, and how often each was drawn (n, by row).

        Customers are drawn with replacement, as by Efron & Tibshirani (1993), chapter 6; the same `seed`, the same
        resamples. The customers stay those of this fit, so that a forecast by a refit is one of the same people. Raises
        EstimationError for resamples from which a model cannot be estimated.

        >>> import crmresearch as crm
        >>> table = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30")
        >>> value = crm.CustomerValue.fit(table.frame)
        >>> [int(counts.sum()) for refit, counts in value.refits(2, seed=1)]
        [23570, 23570]
        """
        x, _, _, mean = _histories(self.customers, self.unit_days)
        rows, usable = self.purchases.rows, np.flatnonzero((x > 0) & (mean > 0))
        spend_rows = unique_rows([x[usable], mean[usable]])
        for counts in resample_counts(np.ones(len(x)), resamples, seed):
            histories = np.bincount(rows.position, weights=counts, minlength=len(rows.weights))
            purchases = type(self.purchases).estimate(rows.counted(histories), near=self.purchases)
            spent = np.bincount(spend_rows.position, weights=counts[usable], minlength=len(spend_rows.weights))
            spend = GammaGammaFit.estimate(spend_rows.counted(spent), near=self.spend)
            yield replace(self, purchases=purchases, spend=spend), counts

    @property
    def converged(self) -> bool:
        """Whether both models did."""
        return self.purchases.converged and self.spend.converged

    def _outlook(self, horizon_days: float, discount_rate_per_year: float) -> tuple[float, float]:
        """Horizon in units of the model, and continuous discount rate per unit."""
        if not 0 <= discount_rate_per_year < np.inf:
            raise EstimationError(f"The yearly discount rate must be 0 or more; it is {discount_rate_per_year}.")
        return horizon_days / self.unit_days, np.log1p(discount_rate_per_year) * self.unit_days / DAYS_A_YEAR


def _histories(customers: pd.DataFrame, unit_days: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Arrays x, t_x and T in units of the model, and mean repeat spend (NaN where there is none)."""
    missing = [column for column in COLUMNS if column not in customers]
    if missing:
        raise EstimationError(f"The customer table lacks the columns {', '.join(missing)}.")
    try:
        x, t_x, T, mean = (customers[column].to_numpy(dtype=np.float64, na_value=np.nan) for column in COLUMNS)
    except (TypeError, ValueError):
        raise EstimationError(f"The columns {', '.join(COLUMNS)} of the customer table must be numbers.") from None
    return x, t_x / unit_days, T / unit_days, mean


def _forecast(
    purchases: PurchaseFit,
    spend: GammaGammaFit,
    rows: UniqueRows,
    spent: tuple[Floats, Floats],
    horizon: float,
    rate: float,
    margin: float | Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """The columns of a forecast, (n,) each: `rows` are the histories (x, t_x, T), `spent` x and the mean of each."""
    x, mean = spent
    each_x, each_t_x, each_T = rows.columns
    discounted = purchases.discounted_purchases(each_x, each_t_x, each_T, horizon, rate)
    expected = discounted if np.isinf(horizon) else purchases.expected_purchases(each_x, each_t_x, each_T, horizon)
    alive = purchases.p_alive(each_x, each_t_x, each_T)
    known = mean > 0
    per_purchase = spend.expected_spend(np.where(known, x, 0), np.where(known, mean, 0))
    discounted, expected, alive = (of_row[rows.position] for of_row in (discounted, expected, alive))
    return alive, expected, per_purchase, margin * per_purchase * discounted


def _checked(margin: "float | pd.Series", customers: pd.Index) -> float | Floats:
    """A margin that can be, above 0 and at most the whole of the spend; of each of the customers in their order."""
    each = margin.reindex(customers).to_numpy(dtype=np.float64) if isinstance(margin, pd.Series) else margin
    if (wrong := ~((np.atleast_1d(each) > 0) & (np.atleast_1d(each) <= 1))).any():
        found = np.atleast_1d(each)[wrong][0]
        raise EstimationError(f"The margin must be above 0 and at most 1, such as 0.3 of the spend; it is {found}.")
    return each


def _drawn_spend(
    purchases: PurchaseFit, spend: GammaGammaFit, features: Any, horizon: float, rng: np.random.Generator
) -> Floats:
    """What each customer (n,) may spend over the horizon, drawn given the history."""
    x, t_x, T, mean = features
    known = mean > 0
    bought = purchases.draw_purchases(x, t_x, T, horizon, rng)
    return spend.draw_spend(np.where(known, x, 0), np.where(known, mean, 0), bought, rng)


def _memberships(customers: pd.DataFrame, groups: pd.Series | None) -> tuple[list[Any], Floats]:
    """Labels, the first being "all", and which customers belong to each, (labels, n) of 0 and 1."""
    everyone = np.ones((1, len(customers)))
    if groups is None:
        return ["all"], everyone
    member = groups.reindex(customers.index)
    codes, labels = pd.factorize(member, sort=True)
    return ["all", *labels], np.vstack([everyone, codes == np.arange(len(labels))[:, None]])
