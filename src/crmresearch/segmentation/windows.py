"""The two windows of a comparison: customers now, and one window earlier, each with the values a model then gives."""

from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import EstimationError
from crmresearch.segmentation.stability.refits import Estimates
from crmresearch.value import CustomerValue
from crmresearch.value.customer_value import COLUMNS

FORECASTS = ("p_alive", "expected_purchases", "expected_value")


@dataclass(frozen=True)
class Windows:
    """Customers at two cut-offs.

    `now`, `earlier`: customer frames with holdouts and, where a value model can be fitted, p_alive, expected_purchases
    and expected_value by the model of that date over the same horizon; no p_alive where either model cannot tell
    leaving from waiting. `frozen`: now with these columns by the earlier
    model. `value`: the model of now, None where `failure` says why there is none. `discount_rate`: a year.
    """

    table: CustomerTable
    earlier_table: CustomerTable
    now: pd.DataFrame
    earlier: pd.DataFrame
    frozen: pd.DataFrame
    value: CustomerValue | None
    failure: str = ""
    discount_rate: float = 0.0

    @property
    def forecasts(self) -> dict[str, str]:
        """The individual forecasts that the evaluator scores, by name."""
        return {name: name for name in ("expected_value", "expected_purchases")} if self.value else {}

    @property
    def days(self) -> int:
        """Days of the holdout."""
        return _days(self.table)

    @property
    def estimates(self) -> Estimates | None:
        """How p_alive, expected_purchases and expected_value are estimated, None where there is no value model.

        A resample of the customers can so learn the model again, and stability holds its uncertainty.
        """
        if not self.value:
            return None
        kept = self.value.quantities
        columns = tuple(name for name in FORECASTS if name in self.now)
        return Estimates(
            columns,
            COLUMNS,
            lambda customers: partial(self._values, replace(CustomerValue.fit(customers), quantities=kept)),
        )

    def _values(self, model: CustomerValue, customers: pd.DataFrame) -> pd.DataFrame:
        return _values(customers, model, self.days, self.discount_rate)


def two_windows(
    transactions: Transactions, earlier: str, cutoff: str, holdout_end: str, discount_rate: float
) -> Windows:
    """Customers at `cutoff` with what they did until `holdout_end`, and at `earlier` with what they did until `cutoff`.

    The value model is BG/NBD × Gamma–Gamma over the horizon of the holdout. Raises ParameterError for impossible
    dates and DataError where nobody has bought by a cut-off.
    """
    known = transactions.codebook.demographics
    then = customer_table(transactions, earlier, cutoff, attributes=known)
    table = customer_table(transactions, cutoff, holdout_end, attributes=known)
    days = _days(table)
    try:
        models = [CustomerValue.fit(one.frame) for one in (table, then)]
    except EstimationError as error:
        return Windows(table, then, table.frame, then.frame, table.frame, None, str(error))
    kept = tuple(name for name in models[0].quantities if name in models[1].quantities)
    told = models[0].cautions
    if kept != models[0].quantities:  # only the earlier model cannot tell leaving from waiting
        told = (*(caution for caution in models[1].cautions if caution.code == "no_dropout"), *told)
    models = [replace(models[0], quantities=kept, cautions=told), replace(models[1], quantities=kept)]
    now, frozen = (table.frame.join(_values(table.frame, model, days, discount_rate)) for model in models)
    before = then.frame.join(_values(then.frame, models[1], days, discount_rate))
    return Windows(table, then, now, before, frozen, models[0], discount_rate=discount_rate)


def _days(table: CustomerTable) -> int:
    assert table.holdout_end is not None
    return (table.holdout_end - table.cutoff).days


def _values(customers: pd.DataFrame, model: CustomerValue, days: int, rate: float) -> pd.DataFrame:
    forecast = model.forecast(days, rate, customers).rename(columns={"value": "expected_value"})
    return forecast[[name for name in FORECASTS if name in forecast]]
