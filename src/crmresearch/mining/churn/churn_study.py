"""All that a churn warning is good for: how it did, how early it warned, what an offer earned, and whom to call."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.customers import CustomerTable
from crmresearch.data.margins import Margins, customer_margins
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import EstimationError
from crmresearch.mining.calibration import calibration_table, probability_scores
from crmresearch.mining.churn.churn import ChurnWarning, Warned
from crmresearch.mining.churn.churn_scores import comparisons, leader, out_of_time, ranking
from crmresearch.mining.churn.lead_time import LeadTimes, lead_times
from crmresearch.mining.churn.retention_offer import (
    Offer,
    OfferResult,
    expected_gain,
    offer_results,
    trial,
    value_if_kept,
)
from crmresearch.mining.churn.warners import NAIVE, silence_used
from crmresearch.value.customer_value import CustomerValue

MANY = 0.5  # share of the lost warned of, below which most leave unforeseen


@dataclass(frozen=True)
class OfferMoney:
    """An offer made one horizon earlier: `value` if kept by customer, the `result`, and the `trial` of the list."""

    value: pd.Series
    result: OfferResult
    trial: pd.DataFrame

    @property
    def test(self) -> pd.Series:
        """The row of the trial that compares the shares lost; `in_money`: customers a group to show it in money."""
        rows = self.trial.set_index("outcome")
        return pd.concat([rows.loc["churned"], pd.Series({"in_money": rows.loc["profit", "customers"]})])

    @property
    def lists_needed(self) -> Literal["one", "several", "endless"] | None:
        """How many lists of today that test takes, more than `MOST_ROUNDS` being endless; None where it has no size."""
        if not np.isfinite(self.test["customers"]):
            return None
        rounds = self.test["rounds"]
        return "endless" if not np.isfinite(rounds) else "one" if rounds <= 1 else "several"


@dataclass(frozen=True)
class ChurnStudy:
    """A churn warning, the `offer` to those warned of, and what is to be said of both.

    What needs a check is None without one. `margin`: of spend, one number or by category, as `customer_margins`;
    `false_alarms`: the share of customers who come back of whom a warner may warn in vain.
    """

    transactions: Transactions
    warning: ChurnWarning
    offer: Offer
    margin: "float | dict[str, float]" = 1.0
    false_alarms: float = 0.1
    resamples: int = 200
    seed: int = 0

    @property
    def check(self) -> Warned | None:
        """The warnings made one horizon earlier, whose outcomes are known; None where there are none."""
        return self.warning.check

    @cached_property
    def leader(self) -> str:
        """The warner to use: at the check the simplest not told apart from the best; unchecked, the purchase model."""
        if self.check is not None:
            return leader(self.check, self.seed)
        return next((name for name in ("purchase_model", "own_rhythm") if name in self.warning.today.scores), NAIVE)

    @cached_property
    def scores(self) -> pd.DataFrame | None:
        """`out_of_time` of the check."""
        return None if self.check is None else out_of_time(self.check)

    @cached_property
    def comparisons(self) -> pd.DataFrame | None:
        """`comparisons` of the check."""
        return None if self.check is None else comparisons(self.check, self.seed)

    @cached_property
    def alike(self) -> list[str]:
        """The warners whose AUC at the check is not told apart from the best."""
        return [] if self.check is None else ranking(self.check).alike(self.seed)

    @property
    def rivals(self) -> list[str]:
        """The warners not told apart from the best, without the leader."""
        return [name for name in self.alike if name != self.leader]

    @property
    def nothing_better(self) -> bool:
        """Whether no warner was shown at the check to rank better than the days of silence."""
        return self.check is not None and self.leader == NAIVE

    @property
    def beats_p_alive(self) -> bool | None:
        """Whether the leader was shown to rank better than P(alive); None where the list does not hold both."""
        if self.leader in ("p_alive", "purchase_model") or "p_alive" not in self.customers:
            return None
        return self.check is not None and "p_alive" not in self.alike

    def of_leader(self, table: pd.DataFrame) -> pd.Series:
        """The row of the leader in a table of one row a warner."""
        return table.set_index("warner").loc[self.leader]

    @cached_property
    def calibration(self) -> pd.DataFrame | None:
        """`calibration_table` of every probability at the check: warner, then its columns; None without a check."""
        check = self.check
        if check is None or check.churned is None:
            return None
        parts = [calibration_table(check.probabilities[n], check.churned).assign(warner=n) for n in check.probabilities]
        table = pd.concat(parts, ignore_index=True)
        return table[["warner", *table.columns.drop("warner")]]

    @property
    def leader_calibration(self) -> pd.DataFrame | None:
        """`calibration` of the leader's probability."""
        if self.calibration is None:
            return None
        return self.calibration.query("warner == @self.leader").drop(columns="warner")

    @cached_property
    def lead(self) -> LeadTimes | None:
        """`lead_times` at the check."""
        check = self.check
        if check is None:
            return None
        return lead_times(check, self.warning.horizon, self.false_alarms, self.resamples, self.seed)

    @property
    def foreseen(self) -> bool:
        """Whether the leader warned of half of the lost, or of more, before their silence reached the horizon."""
        return self.lead is not None and bool(self.of_leader(self.lead.summary)["warned"] >= MANY)

    @cached_property
    def money(self) -> OfferMoney | None:
        """The offer at the check, with the trial of the leader's list; None for the reason `unpaid`."""
        check = self.check
        if check is None or self.value is None or self.leader not in check.probabilities:
            return None
        try:
            margins = self.margins(check.table)
            value = value_if_kept(check, self.offer, margins)
        except EstimationError:
            return None
        result = offer_results(check, value, self.offer, self.resamples, self.seed)
        chosen = expected_gain(check.probabilities[self.leader], value, self.offer) >= 0
        tested = trial(chosen, check, value, self.offer, margins, self.warning.horizon, self.called or 0)
        return OfferMoney(value, result, tested)

    @property
    def unpaid(self) -> Literal["no_check", "no_money", "no_risk"] | None:
        """Why there is no money: nothing was checked, no value of customers, no probability of the leader then."""
        check = self.check
        if check is None or self.money is not None:
            return "no_check" if check is None else None
        return "no_money" if self.value is None or self.leader in check.probabilities else "no_risk"

    @cached_property
    def value(self) -> pd.Series | None:
        """Value if kept of the customers at risk today; None where there is none."""
        try:
            return value_if_kept(self.warning.today, self.offer, self.margins(self.warning.today.table))
        except EstimationError:
            return None

    def margins(self, table: CustomerTable) -> Margins:
        """The margins of the customers of a table."""
        return customer_margins(self.transactions, table, self.margin)

    @property
    def model(self) -> CustomerValue | None:
        """The purchase model of today."""
        return self.warning.today.warners.value

    @cached_property
    def customers(self) -> pd.DataFrame:
        """Everybody at risk today, whom to call first on top.

        Index customer; recency, gap_mean (days), overdue (1 for silent longer than the own rhythm allows), p_alive,
        probability (of churn, by the leader, where it has one), value (if kept), gain (expected of the offer) and offer
        (1 where the gain is not below 0). First whom the offer gains most of; without money the highest risk.
        """
        today: Warned = self.warning.today
        table = today.customers[["frequency", "recency", "gap_mean"]]
        own = today.warners.rhythm
        if own is not None:
            table = table.assign(overdue=(silence_used(today.customers, own) > 1).astype(int))
        if "p_alive" in today.scores:
            table = table.assign(p_alive=1 - today.scores["p_alive"])
        if self.leader in today.probabilities:
            table = table.assign(probability=today.probabilities[self.leader])
            if self.value is not None:
                gain = expected_gain(table["probability"], self.value, self.offer)
                table = table.assign(value=self.value, gain=gain, offer=(gain >= 0).astype(int))
        risk = today.scores[self.leader]
        by = table.get("gain", risk)
        order = np.lexsort([-risk.to_numpy(dtype=float), -by.to_numpy(dtype=float)])
        return table.iloc[order]

    @property
    def called(self) -> int | None:
        """How many customers of today the offer is for; None where its gain is not known."""
        return int(self.customers["offer"].sum()) if "offer" in self.customers else None

    @property
    def expected_lost(self) -> float:
        """How many of the customers at risk today are expected to churn, by the leader; NaN without a probability."""
        return float(self.customers["probability"].sum()) if "probability" in self.customers else np.nan

    @property
    def calibrated(self) -> pd.Series | None:
        """Calibration intercept of the leader's probability at the check, with its interval; None without one."""
        check = self.check
        if check is None or self.leader not in check.probabilities or check.churned is None:
            return None
        found = probability_scores(check.probabilities[self.leader], check.churned).set_index("measure")
        return found.loc["intercept"] if "intercept" in found.index else None

    @property
    def cautions(self) -> list[Caution]:
        """Why warnings may mislead; the quantity is the warner, empty for all of them.

        Codes: why there is no check; `no_better` than days of silence; `nobody` at risk; `too_low`, `too_high` for the
        leader's probabilities, with what was foretold and came; why a warner is left out, `unchecked` where it was only
        at the check.
        """
        found = [replace(self.warning.unchecked, quantity="")] if self.warning.unchecked else []
        found += [Caution("no_better", "weak", self.leader)] if self.nothing_better else []
        found += [] if len(self.warning.today.customers) else [Caution("nobody", "weak", "")]
        return [*found, *self._wrong_level(), *self._left_out()]

    def _wrong_level(self) -> list[Caution]:
        """That the leader's probabilities were too low or too high in the mean, beyond chance."""
        check, row = self.check, self.calibrated
        if check is None or check.churned is None or row is None or row["ci_lower"] <= 0 <= row["ci_upper"]:
            return []
        facts = {"foretold": float(check.probabilities[self.leader].mean()), "came": float(check.churned.mean())}
        return [Caution("too_low" if row["estimate"] > 0 else "too_high", "weak", self.leader, facts)]

    def _left_out(self) -> list[Caution]:
        """The warners that there are not today, then those that there were not at the check."""
        now = self.warning.today.warners.left_out
        then = self.check.warners.left_out if self.check else ()
        gone = {one.quantity for one in now}
        return [*now, *(replace(one, code="unchecked") for one in then if one.quantity not in gone)]
