"""The two windows of a comparison: customers now, and one window earlier, each with the values a model then gives."""

from dataclasses import dataclass

import pandas as pd

from crmresearch.data.customers import CustomerTable, customer_table
from crmresearch.data.transactions import Transactions
from crmresearch.errors import EstimationError
from crmresearch.segmentation.clv import CustomerValue


@dataclass(frozen=True)
class Windows:
    """Customers at two cut-offs.

    `now`, `earlier`: customer frames with holdouts and, where a value model can be fitted, p_alive, expected_purchases
    and expected_value by the model of that date over the same horizon. `frozen`: now with these columns by the earlier
    model. `value`: the model of now, None where `failure` says why there is none.
    """

    table: CustomerTable
    earlier_table: CustomerTable
    now: pd.DataFrame
    earlier: pd.DataFrame
    frozen: pd.DataFrame
    value: CustomerValue | None
    failure: str = ""

    @property
    def forecasts(self) -> dict[str, str]:
        """The individual forecasts that the evaluator scores, by name."""
        return {name: name for name in ("expected_value", "expected_purchases")} if self.value else {}


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
    assert table.holdout_end is not None
    days = (table.holdout_end - table.cutoff).days
    try:
        models = [CustomerValue.fit(one.frame) for one in (table, then)]
    except EstimationError as error:
        return Windows(table, then, table.frame, then.frame, table.frame, None, str(error))
    now, frozen = (_valued(table.frame, model, days, discount_rate) for model in models)
    return Windows(table, then, now, _valued(then.frame, models[1], days, discount_rate), frozen, models[0])


def _valued(customers: pd.DataFrame, model: CustomerValue, days: int, rate: float) -> pd.DataFrame:
    forecast = model.forecast(days, rate, customers)
    return customers.join(forecast[["p_alive", "expected_purchases"]].assign(expected_value=forecast["value"]))
