"""The forecast as a whole: what is chosen, what is planned with, origins, and purchases too few for any of it."""

import pandas as pd
import pytest
from series_cases import shop

import crmresearch as crm
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.front.customers import as_transactions
from crmresearch.mining.periods import purchase_series
from crmresearch.mining.revenue_forecast import RevenueForecast, chosen_origins, forecast_or_reason

NAMED = {"customer": "customer", "time": "time", "amount": "amount"}


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    return shop(44, 3)


@pytest.fixture(scope="module")
def forecast(lines: pd.DataFrame) -> RevenueForecast:
    return crm.revenue_forecast(lines, horizon=4, origins=2, seed=1)


def test_the_same_seed_gives_the_same_numbers(lines: pd.DataFrame, forecast: RevenueForecast) -> None:
    again = crm.revenue_forecast(lines.sample(frac=1, random_state=1), horizon=4, origins=2, seed=1)
    pd.testing.assert_frame_equal(again.coming, forecast.coming, check_exact=True)
    assert again.evaluation is not None
    assert forecast.evaluation is not None
    pd.testing.assert_frame_equal(again.evaluation.periods, forecast.evaluation.periods, check_exact=True)


def test_the_method_of_the_lowest_error_of_revenue_is_planned_with(forecast: RevenueForecast) -> None:
    scores = forecast.scores[forecast.scores["quantity"] == "revenue"].set_index("method")
    assert forecast.chosen == scores["mase"].idxmin()
    assert set(forecast.plan["method"]) == {forecast.chosen}
    own = forecast.coming_sums[forecast.coming_sums["method"] == forecast.chosen].set_index("quantity")
    for quantity, row in forecast.plan.iterrows():
        width = row["interval_80_upper"] - row["interval_80_lower"]
        assert width >= own.loc[quantity, "interval_80_upper"] - own.loc[quantity, "interval_80_lower"]
        assert row["estimate"] == own.loc[quantity, "estimate"]


def test_a_sum_is_that_of_its_periods_and_of_active_customers_the_mean(forecast: RevenueForecast) -> None:
    parts = forecast.coming.groupby(["quantity", "method"])["estimate"]
    sums = parts.sum().where(parts.sum().index.get_level_values("quantity") != "active", parts.mean())
    whole = forecast.coming_sums.set_index(["quantity", "method"])["estimate"]
    assert whole.to_numpy() == pytest.approx(sums.loc[whole.index].to_numpy())
    assert forecast.coming["start"].min() > forecast.series.ends()[-1]


def test_origins_are_spread_and_leave_room_for_the_horizon(lines: pd.DataFrame) -> None:
    with as_transactions(lines, **NAMED) as purchases:
        series = purchase_series(purchases)
    n = len(series)
    assert chosen_origins(series, 4, 4)[-1] == n - 4
    assert len(chosen_origins(series, 4, 4)) == 4
    assert min(chosen_origins(series, 4, 100)) >= n // 3
    assert chosen_origins(series, 4, 0) == chosen_origins(series, n - 8, 4) == []


def test_without_room_for_origins_the_simplest_method_is_in_use_and_said_to_be_unchecked() -> None:
    found = crm.revenue_forecast(shop(8, 4), seed=1)
    assert found.evaluation is None
    assert found.chosen == "naive"
    assert "unchecked" in {caution.code for caution in found.cautions}
    assert not found.plan["by_record"].any()


def test_a_closed_group_learns_from_what_came_after_its_last_newcomer() -> None:
    found = crm.revenue_forecast(shop(50, 5, arrivals=20, stop=8), horizon=4, origins=2, seed=1)
    assert found.series.closed_since is not None
    assert found.evaluation is not None
    assert min(found.evaluation.origins) >= found.series.closed_since + 13
    assert (found.evaluation.parts[["expected_new", "new"]] == 0).all(axis=None)


def test_one_time_buyers_have_a_forecast_but_none_of_the_customers() -> None:
    found = crm.revenue_forecast(shop(30, 6).drop_duplicates("customer"), horizon=4, origins=0, seed=1)
    assert "purchase_model" not in set(found.coming["method"])
    assert found.tracking.empty
    assert (
        found.left_out.set_index("method").loc["purchase_model", "reason"].str.startswith("Nobody bought again").all()
    )


def test_what_cannot_be_asked_is_refused(lines: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="`horizon` must be a whole number of weeks from 1 to 104"):
        crm.revenue_forecast(lines, horizon=0)
    with pytest.raises(ParameterError, match="`origins` must be"):
        crm.revenue_forecast(lines, origins=-1)
    with pytest.raises(ParameterError, match="`calibration_end` must leave whole weeks on both sides"):
        crm.revenue_forecast(lines, origins=0, calibration_end="2019-01-01")
    with pytest.raises(EstimationError, match="fewer than two whole weeks"):
        crm.revenue_forecast(lines.head(3).assign(time="2020-01-01"))


def test_too_short_purchases_give_a_reason_in_place_of_a_forecast(lines: pd.DataFrame) -> None:
    with as_transactions(lines[lines["time"].astype(str) < "2020-01-12"], **NAMED) as purchases:
        found, reason = forecast_or_reason(purchases)
    assert found is None
    assert reason
