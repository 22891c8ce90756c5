"""The forecast as a whole: what is chosen, what is planned with, origins, and purchases too few for any of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rhythm_cases import subscribers
from series_cases import shop

import crmresearch as crm
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.front.customers import as_transactions
from crmresearch.mining.forecasting.forecast_made import Record, RevenueForecast
from crmresearch.mining.forecasting.periods import purchase_series
from crmresearch.mining.forecasting.revenue_forecast import chosen_origins, forecast_or_reason

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


def test_the_record_of_the_chosen_method_is_judged_beyond_chance_only(forecast: RevenueForecast) -> None:
    def judged(best: str, p: float) -> Record:
        made = replace(forecast)
        scores = forecast.scores.assign(p_value=p, mase=1.0, alike=True)
        made.__dict__["scores"] = scores.assign(mase=scores["mase"].where(scores["method"] != best, 0.5))
        assert made.chosen == best
        return made.record

    assert [judged("exponential_smoothing", p).verdict for p in (0.01, 0.4, np.nan)] == [
        "shown",
        "not_shown",
        "untested",
    ]
    assert judged("naive", np.nan).verdict == "naive"
    assert "naive" in judged("exponential_smoothing", 0.4).alike
    assert "exponential_smoothing" not in judged("exponential_smoothing", 0.4).alike
    assert not judged("exponential_smoothing", np.nan).alike
    assert crm.revenue_forecast(shop(8, 4), seed=1).record.verdict == "unchecked"


def test_shares_that_held_are_those_of_the_long_table(forecast: RevenueForecast) -> None:
    assert forecast.evaluation is not None
    wide = forecast.evaluation.held().set_index(["quantity", "method"])
    long = forecast.coverage.query("of == 'periods'").set_index(["level", "quantity", "method"])
    for level in (0.8, 0.95):
        columns = [f"share_{100 * level:.0f}", *(f"held_{100 * level:.0f}_{end}" for end in ("lower", "upper"))]
        own = long.loc[level].loc[wide.index, ["share", "ci_lower", "ci_upper"]]
        assert wide[columns].to_numpy() == pytest.approx(own.to_numpy())
    held = forecast.held
    assert held is not None
    assert (held["verdict"] == "narrow") == held["narrow"]
    parts = forecast.evaluation.parts
    assert forecast.evaluation.share_new == pytest.approx(parts["new"].sum() / (parts["new"] + parts["known"]).sum())


def test_the_coming_periods_are_those_of_the_chosen_method(forecast: RevenueForecast) -> None:
    table = forecast.period_table()
    told = table.agg({"revenue": "sum", "purchases": "sum", "active": "mean"})  # who stays is one customer, not many
    assert told.to_numpy() == pytest.approx(
        forecast.plan.loc[["revenue", "purchases", "active"], "estimate"].to_numpy()
    )
    assert (table["interval_80_lower"] <= table["interval_80_upper"]).all()


def test_customers_who_pay_in_a_rhythm_have_no_forecast_of_purchases_at_random() -> None:
    """Subscribers of a known month; what they pay is forecast by its own past, and what is left out is said."""
    days, _ = subscribers(150, 1)
    lines = days.rename(columns={"day": "time"}).assign(amount=10.0)
    found = crm.revenue_forecast(lines, "month", horizon=2, origins=2, seed=1)
    assert found.rhythm is not None
    assert found.rhythm.period == "month"
    assert "purchase_model" not in set(found.coming["method"])
    assert set(found.left_out.set_index("method").loc[["purchase_model"], "code"]) == {"rhythm"}
    assert found.tracking.empty
    caution = next(one for one in found.cautions if one.code == "rhythm")
    assert caution.facts["kept"] == found.rhythm.kept
    assert found.evaluation is not None
    assert "purchase_model" not in set(found.evaluation.periods["method"])
    assert crm.revenue_forecast(shop(44, 3), horizon=4, origins=0).rhythm is None


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
