"""The two windows: each value model belongs to its date, and a resample can learn it as the report did."""

import pandas as pd
import pytest

from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.segmentation.windows import FORECASTS, Windows, two_windows
from crmresearch.value import CustomerValue

RATE, DAYS = 0.1, 273  # a year; from the cut-off to the end of the holdout


@pytest.fixture(scope="module")
def windows() -> Windows:
    return two_windows(load_transactions("cdnow"), "1997-06-30", "1997-09-30", "1998-06-30", RATE)


def by_hand(model: CustomerValue, customers: pd.DataFrame) -> pd.DataFrame:
    return model.forecast(DAYS, RATE, customers).rename(columns={"value": "expected_value"})[list(FORECASTS)]


@pytest.mark.long
def test_each_frame_has_the_values_of_the_model_of_its_date(windows: Windows) -> None:
    today, before = (CustomerValue.fit(table.frame) for table in (windows.table, windows.earlier_table))
    assert today.purchases.parameters != before.purchases.parameters
    for frame, model in ((windows.now, today), (windows.frozen, before), (windows.earlier, before)):
        pd.testing.assert_frame_equal(frame[list(FORECASTS)], by_hand(model, frame))


def test_frozen_customers_are_those_of_now_with_other_values(windows: Windows) -> None:
    rest = windows.now.columns.difference(FORECASTS)
    pd.testing.assert_frame_equal(windows.frozen[rest], windows.now[rest])
    assert (windows.frozen["expected_value"] != windows.now["expected_value"]).mean() > 0.99


def test_what_a_resample_learns_is_the_value_model_of_the_report(windows: Windows) -> None:
    estimates = windows.estimates
    assert estimates is not None
    assert set(estimates.columns) == set(FORECASTS)
    everyone = estimates.learn(windows.now[list(estimates.reads)])(windows.now[list(estimates.reads)])
    pd.testing.assert_frame_equal(everyone, windows.now[list(FORECASTS)])
    sample = windows.now.sample(len(windows.now), replace=True, random_state=1).reset_index(drop=True)
    found = estimates.learn(sample)(windows.now)
    pd.testing.assert_frame_equal(found, by_hand(CustomerValue.fit(sample), windows.now))
    assert not found["expected_value"].equals(windows.now["expected_value"])


def test_without_a_value_model_nothing_is_estimated(windows: Windows) -> None:
    nobody = Windows(windows.table, windows.earlier_table, windows.now, windows.earlier, windows.now, None, "why")
    assert nobody.estimates is None
    assert nobody.forecasts == {}
