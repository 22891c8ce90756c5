"""What a forecast says of itself: its total against what came, its calibration, its parameters."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.resampling import sampled
from crmresearch.value import CustomerValue
from crmresearch.value.customer_value import SPEND
from crmresearch.value.forecast import CustomerForecast, foreseen, value_intervals

NONE = pd.DataFrame(columns=["model", "reason"])
MODELS = pd.DataFrame({"model": ["bg_nbd", "mbg_nbd"], "expected": [90.0, 12.0], "actual": [100, 0]})


def forecast(frame: pd.DataFrame | None = None, value: CustomerValue | None = None) -> CustomerForecast:
    return CustomerForecast("bg_nbd", 91, 0.1, value, frame, MODELS, NONE)


def test_the_error_of_the_total_is_a_percentage_of_what_was_made() -> None:
    off = forecast().off
    assert off[0] == pytest.approx(-10)
    assert np.isnan(off[1])


def test_calibration_pools_those_who_came_back_most() -> None:
    customers = pd.DataFrame({"repeat": [0, 0, 1, 2, 9], "holdout_purchases": [0, 1, 1, 2, 6]})
    expected = pd.DataFrame({"expected_purchases": [0.5, 0.1, 1.5, 2.0, 5.0]})
    table = forecast(expected).calibration(customers, most=2)
    assert list(table.columns) == ["repeat", "customers", "expected", "actual"]
    assert table.to_numpy() == pytest.approx(np.array([[0, 2, 0.3, 0.5], [1, 1, 1.5, 1], [2, 2, 3.5, 4]]))


def test_without_a_value_model_there_is_neither_calibration_nor_parameter() -> None:
    assert forecast().calibration(pd.DataFrame({"repeat": [1], "holdout_purchases": [1]})).empty
    assert forecast().parameters.empty


def test_intervals_of_very_many_customers_are_those_of_a_sample() -> None:
    """What is said of 300 drawn of 600 is what the same 300 alone give, models and all."""
    rng = np.random.default_rng(7)
    x = rng.poisson(rng.gamma(1.5, 1, 600))
    tenure = rng.integers(200, 300, 600).astype(float)
    t_last = np.where(x > 0, np.floor(tenure * rng.beta(2, 1, 600)), 0)
    mean = np.where(x > 0, rng.gamma(6, 5, 600), np.nan)
    table = pd.DataFrame({"repeat": x, "t_last": t_last, "tenure": tenure, "repeat_mean": mean})
    places = sampled(600, 300, seed=3)
    assert len(set(places)) == 300
    assert list(sampled(300, 300, 3)) == list(range(300))
    some = table.iloc[places]
    everybody, alone = (forecast(value=CustomerValue.fit(frame)) for frame in (table, some))
    group, spent = (table["tenure"] > 250).astype(str), table["tenure"]
    found, drawn = value_intervals(everybody, group, 5, 3, spent, most=300)
    expected, alike = value_intervals(alone, group.loc[some.index], 5, 3, spent.loc[some.index])
    pd.testing.assert_frame_equal(found, expected)
    np.testing.assert_array_equal(drawn, alike)
    assert found["customers"].iloc[0] == 300


def test_resamples_of_value_are_those_of_the_intervals_and_of_segments_that_go_together() -> None:
    """Percentiles of a row of the resamples are its interval; one model values both segments of a resample."""
    rng = np.random.default_rng(11)
    x = rng.poisson(rng.gamma(1.5, 1, 500))
    tenure = rng.integers(200, 300, 500).astype(float)
    t_last = np.where(x > 0, np.floor(tenure * rng.beta(2, 1, 500)), 0)
    mean = np.where(x > 0, rng.gamma(6, 5, 500), np.nan)
    table = pd.DataFrame({"repeat": x, "t_last": t_last, "tenure": tenure, "repeat_mean": mean})
    frame, drawn = value_intervals(forecast(value=CustomerValue.fit(table)), (table["repeat"] > 1).astype(str), 30, 5)
    values = frame[frame["quantity"] == "value"]
    assert drawn.shape == (3, 30)
    np.testing.assert_allclose(np.quantile(drawn, 0.025, axis=1), values["ci_lower"])
    np.testing.assert_allclose(drawn.std(axis=1, ddof=1), values["se"])
    assert np.corrcoef(drawn[1:])[0, 1] > 0.2


def test_segments_are_foreseen_where_their_spend_lies_in_the_interval() -> None:
    """Of 8 segments 5 inside: 3 or more misses of intervals of 95 % come by chance in fewer than 1 of 100 tables."""
    known = {"group": ["all", *"abcdefgh"], "quantity": SPEND, "estimate": 2.0, "ci_lower": 1.0, "ci_upper": 3.0}
    found = foreseen(pd.DataFrame({**known, "actual": [9.0, *[2.0] * 5, 0.5, 4.0, 12.0]}))
    assert found is not None
    assert (found.inside, found.segments, found.wrong) == (5, 8, True)
    assert found.worst is not None
    assert found.worst["group"] == "h"  # six times as much, where f spent a quarter
    every = foreseen(pd.DataFrame({**known, "actual": 2.0}))
    assert every == (8, 8, None, False)
    assert foreseen(pd.DataFrame({**known, "actual": np.nan})) is None
