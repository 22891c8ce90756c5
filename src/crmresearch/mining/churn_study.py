"""All that a churn warning is good for: how it did, how early it warned, what an offer earned, and whom to call."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.margins import Margins, customer_margins
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import EstimationError
from crmresearch.mining.calibration import calibration_table, probability_scores
from crmresearch.mining.churn import ChurnWarning, Warned
from crmresearch.mining.churn_scores import comparisons, leader, out_of_time, ranking
from crmresearch.mining.lead_time import LeadTimes, lead_times
from crmresearch.mining.retention_offer import Offer, OfferResult, expected_gain, offer_results, trial, value_if_kept
from crmresearch.mining.warners import NAIVE, silence_used
from crmresearch.value.customer_value import CustomerValue


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

    @cached_property
    def leader(self) -> str:
        """The warner to use: at the check the simplest not told apart from the best; unchecked, the purchase model."""
        if self.warning.check is not None:
            return leader(self.warning.check, self.seed)
        return next((name for name in ("purchase_model", "own_rhythm") if name in self.warning.today.scores), NAIVE)

    @cached_property
    def scores(self) -> pd.DataFrame | None:
        """`out_of_time` of the check."""
        return None if self.warning.check is None else out_of_time(self.warning.check)

    @cached_property
    def comparisons(self) -> pd.DataFrame | None:
        """`comparisons` of the check."""
        return None if self.warning.check is None else comparisons(self.warning.check, self.seed)

    @cached_property
    def alike(self) -> list[str]:
        """The warners whose AUC at the check is not told apart from the best."""
        return [] if self.warning.check is None else ranking(self.warning.check).alike(self.seed)

    @cached_property
    def calibration(self) -> pd.DataFrame | None:
        """`calibration_table` of every probability at the check: warner, then its columns; None without a check."""
        check = self.warning.check
        if check is None or check.churned is None:
            return None
        parts = [calibration_table(check.probabilities[n], check.churned).assign(warner=n) for n in check.probabilities]
        table = pd.concat(parts, ignore_index=True)
        return table[["warner", *table.columns.drop("warner")]]

    @cached_property
    def lead(self) -> LeadTimes | None:
        """`lead_times` at the check."""
        check = self.warning.check
        if check is None:
            return None
        return lead_times(check, self.warning.horizon, self.false_alarms, self.resamples, self.seed)

    @cached_property
    def money(self) -> "tuple[pd.Series, OfferResult, pd.DataFrame] | None":
        """Value if kept at the check, `offer_results`, `trial` of the leader's list; None where there is no value."""
        check = self.warning.check
        if check is None or self.value is None or self.leader not in check.probabilities:
            return None
        try:
            margins = self.margins(check.table)
            value = value_if_kept(check, self.offer, margins)
        except EstimationError:
            return None
        result = offer_results(check, value, self.offer, self.resamples, self.seed)
        chosen = expected_gain(check.probabilities[self.leader], value, self.offer) >= 0
        today = int(self.customers["offer"].sum()) if "offer" in self.customers else 0
        return value, result, trial(chosen, check, value, self.offer, margins, self.warning.horizon, today)

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
    def expected_lost(self) -> float:
        """How many of the customers at risk today are expected to churn, by the leader; NaN without a probability."""
        return float(self.customers["probability"].sum()) if "probability" in self.customers else np.nan

    @property
    def calibrated(self) -> pd.Series | None:
        """Calibration intercept of the leader's probability at the check, with its interval; None without one."""
        check = self.warning.check
        if check is None or self.leader not in check.probabilities or check.churned is None:
            return None
        found = probability_scores(check.probabilities[self.leader], check.churned).set_index("measure")
        return found.loc["intercept"] if "intercept" in found.index else None
