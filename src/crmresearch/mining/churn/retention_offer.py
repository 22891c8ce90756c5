"""What an offer to those who may leave earns: profit by the share of customers it goes to, and whose list to take.

An offer costs `cost` for everybody who gets it, and keeps the share `success` of those who would have left; who is kept
brings their value (Neslin, Gupta, Kamakura, Lu & Mason 2006, Journal of Marketing Research 43, 204–211; Verbeke et al.
2012, European Journal of Operational Research 218, 211–229). `success` is an assumption until it is tested.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.data.margins import Margins
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.mining.churn.churn import Warned
from crmresearch.mining.churn.warners import BASE, Floats, histories, named
from crmresearch.proportions import customers_a_group, customers_for_money
from crmresearch.ranks import highest, verdict
from crmresearch.resampling import bootstrap_counts

SHARES = np.round(np.linspace(0, 1, 101), 2)  # of the customers at risk, at which the curve is drawn
DAYS_A_MONTH = 365.25 / 12
MOST_ROUNDS = 50  # lists; a test that takes more is none that anybody makes


@dataclass(frozen=True)
class Offer:
    """An offer at a `cost` a customer that keeps the share `success` of leavers, whose value is that of `months`."""

    cost: float
    success: float
    months: int = 12
    rate: float = 0.1

    def __post_init__(self) -> None:
        if not self.cost >= 0:
            raise ParameterError(f"An offer costs 0 or more; {self.cost} is not a cost.")
        if not 0 < self.success <= 1:
            raise ParameterError(
                f"`offer_success` is a share of leavers above 0, at most 1, such as 0.1; it is {self.success}."
            )


@dataclass(frozen=True)
class OfferResult:
    """What the offer earned at a checked cut-off, if it keeps the share of leavers that is assumed.

    `curve`: warner, share (of the customers at risk, highest probability × value first), expected and realised profit.
    `lists`: a row a warner, everybody too: contacted (the share of whom the offer is expected to earn its cost, decided
    without the outcomes), expected, realised with ci_lower and ci_upper; best_share (at which realised is highest) with
    best_lower and best_upper; best; break_even (success at which the list earns 0) with even_lower and even_upper.
    `draws` (k, B) of realised in paired resamples, by which `alike` names the lists not told apart from the best.
    """

    curve: pd.DataFrame
    lists: pd.DataFrame
    draws: Floats

    @property
    def alike(self) -> list[str]:
        """The lists not told apart from the one that earns most, the simplest warner first, everybody last."""
        kept = highest(self.lists["realised"].to_numpy(dtype=float), self.draws)
        return named([str(name) for name in self.lists["warner"][kept]])

    def of(self, warner: str) -> pd.Series:
        """The row of the list of a warner, and what sending it to everybody realised, `everybody`."""
        rows = self.lists.set_index("warner")
        return pd.concat([rows.loc[warner], pd.Series({"everybody": rows.loc["everybody", "realised"]})])

    def outcome(self, warner: str) -> Literal["wins", "loses", "ties", "nobody"]:
        """Whether the list of a warner earned money beyond chance: wins, loses, ties, or nobody for an empty one."""
        row = self.of(warner)
        return verdict(row["ci_lower"], row["ci_upper"]) if row["contacted"] > 0 else "nobody"


def value_if_kept(warned: Warned, offer: Offer, margins: Margins) -> pd.Series:
    """What each customer brings over the months of the offer if they stay: discounted spend times margin, by customer.

    The expected value of the purchase model given that the customer is alive: value / P(alive). Raises EstimationError
    where there is no purchase model, or its spend has no finite mean.
    """
    value = warned.warners.value
    if value is None:
        raise EstimationError("Customers have no value in money here, for the purchase model could not be fitted.")
    customers, margin = warned.customers, margins.each
    each = margin.reindex(customers.index) if isinstance(margin, pd.Series) else margin
    horizon = offer.months * DAYS_A_MONTH
    expected = value.forecast(horizon, offer.rate, customers, each)["value"]
    kept = expected / np.maximum(value.purchases.p_alive(*histories(customers, value.unit_days)), 1e-12)
    if not np.isfinite(kept).all():
        raise EstimationError("Customers have no value in money here, for the spend model has no finite mean.")
    return kept.rename("value")


def expected_gain(probability: pd.Series, value: pd.Series, offer: Offer) -> pd.Series:
    """What the offer is expected to earn of each customer: probability × success × value − cost."""
    return probability * offer.success * value - offer.cost


def offer_results(warned: Warned, value: pd.Series, offer: Offer, resamples: int = 200, seed: int = 0) -> OfferResult:
    """The offer at a cut-off whose outcomes are known, by the list of every warner that has a probability.

    Realised counts success × value of every customer on the list who did leave, less the cost of all on it: who left is
    seen, what the offer would have changed is the assumption. Intervals are percentiles of resamples of the customers.
    """
    assert warned.churned is not None
    worth, lost = value.to_numpy(dtype=float), warned.churned.to_numpy(dtype=float)
    names = [*named([name for name in warned.probabilities if name != BASE]), "everybody"]
    p = {str(name): warned.probabilities[name].to_numpy(dtype=float) for name in warned.probabilities}
    p["everybody"] = np.full(len(lost), lost.mean() if BASE not in p else p[BASE])
    came = lost * offer.success * worth - offer.cost
    at = np.round(SHARES * len(lost)).astype(int)
    order = {name: np.argsort(-p[name] * worth, kind="stable") for name in names}
    chosen = np.array([p[name] * offer.success * worth >= offer.cost for name in names])
    chosen[-1] = True
    curves = [
        pd.DataFrame(
            {
                "warner": name,
                "share": SHARES,
                "expected": _summed((p[name] * offer.success * worth - offer.cost)[order[name]])[at],
                "realised": _summed(came[order[name]])[at],
            }
        )
        for name in names[:-1]
    ]
    sums, best, even = [], [], []
    for part in bootstrap_counts(len(lost), resamples, seed):
        sums.append(part @ (chosen * came).T)
        even.append(_kept_for_cost(part, chosen, lost * worth, offer.cost))
        best.append(np.array([[_best_share(came[order[n]], row[order[n]]) for n in names[:-1]] for row in part]))
    draws = np.concatenate(sums).T
    ends = {"ci": draws, "best": np.concatenate(best).T, "even": np.concatenate(even).T}
    lower, upper = ({key: _quantile(part, q) for key, part in ends.items()} for q in (0.025, 0.975))
    one = np.ones(len(lost))
    here = _kept_for_cost(one[None, :], chosen, lost * worth, offer.cost)[0]
    expected = [float((chosen[i] * (p[n] * offer.success * worth - offer.cost)).sum()) for i, n in enumerate(names)]
    table = pd.DataFrame({"warner": names, "contacted": chosen.mean(axis=1), "expected": expected})
    table = table.assign(realised=(chosen * came).sum(axis=1), ci_lower=lower["ci"], ci_upper=upper["ci"])
    shares = [_best_share(came[order[n]], one) for n in names[:-1]]
    tops = [float(_summed(came[order[n]]).max()) for n in names[:-1]]
    extra: dict[str, Any] = {
        "best_share": shares,
        "best_lower": lower["best"],
        "best_upper": upper["best"],
        "best": tops,
    }
    table = table.assign(**{key: [*part, np.nan] for key, part in extra.items()})
    # quantiles of the value for the cost: where nobody on a list was lost its break-even has no end
    even_ends = {"break_even": here, "even_lower": upper["even"], "even_upper": lower["even"]}
    table = table.assign(**{key: _inverse(part) for key, part in even_ends.items()})
    return OfferResult(pd.concat(curves, ignore_index=True), table, draws)


def trial(
    chosen: pd.Series, warned: Warned, value: pd.Series, offer: Offer, margins: Margins, horizon: int, today: int
) -> pd.DataFrame:
    """How large a hold-out group must be to show the assumed effect (power .8, two-sided 5 %), a row an outcome.

    `chosen`: who of the checked customers was on the list (bool). Outcomes: `churned` (share of the list that bought
    nothing, against success fewer of them) and `profit` (what the customers of the list left in the horizon, as it
    varied between them, against success × the value of who left, as far as it falls into the horizon). Columns:
    outcome, without, with_offer (means), customers (a group), rounds (lists of `today` customers, half of them held
    out, that this takes) and days (a horizon each round).
    """
    assert warned.churned is not None
    on, lost = chosen.to_numpy(dtype=bool), warned.churned.to_numpy(dtype=float)
    share = float(lost[on].mean()) if on.any() else 0.0
    spent = warned.table.frame["holdout_spend"].reindex(warned.customers.index)[on]
    margin = margins.share if isinstance(margins.each, pd.Series) else margins.each
    left = margin * spent.to_numpy(dtype=float)
    within = min(1.0, horizon / (offer.months * DAYS_A_MONTH))
    gained = offer.success * within * float((lost[on] * value.to_numpy(dtype=float)[on]).mean()) if on.any() else 0.0
    deviation = float(left.std(ddof=1)) if len(left) > 1 else np.nan
    needed = [customers_a_group(share, share * (1 - offer.success)), customers_for_money(deviation, gained)]
    rows = pd.DataFrame(
        {
            "outcome": ["churned", "profit"],
            "without": [share, float(left.mean()) if len(left) else np.nan],
            "with_offer": [share * (1 - offer.success), float(left.mean()) + gained if len(left) else np.nan],
            "customers": np.ceil(needed),
        }
    )
    rounds = np.ceil(2 * rows["customers"] / max(today, 1))
    rounds = rounds.where((rounds <= MOST_ROUNDS) & (today > 0))
    return rows.assign(rounds=rounds, days=rounds * horizon)


def _kept_for_cost(counts: Floats, chosen: NDArray[np.bool_], worth: Floats, cost: float) -> Floats:
    """Value of the lost on each list a unit of its cost, in every sample (B, k); NaN where the list costs nothing."""
    spent = cost * (counts @ chosen.T)
    kept = counts @ (chosen * worth).T
    return np.divide(kept, spent, out=np.full(spent.shape, np.nan), where=spent > 0)


def _inverse(values: Floats) -> Floats:
    return np.divide(1.0, values, out=np.full(len(values), np.inf), where=values != 0)


def _quantile(draws: Floats, q: float) -> Floats:
    """The quantile of each row of draws that are not NaN; NaN for a row without any."""
    found, known = np.full(len(draws), np.nan), np.isfinite(draws).any(axis=1)
    found[known] = np.nanquantile(draws[known], q, axis=1)
    return found


def _summed(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def _best_share(came: Floats, counts: Floats) -> float:
    """The share of the customers, each so many times, at which the sum is highest."""
    place = int(np.argmax(_summed(came * counts)))
    return float(counts[:place].sum() / counts.sum())
