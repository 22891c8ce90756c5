"""What the page says of a forecast: the keys told follow from the numbers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from rhythm_cases import subscribers
from series_cases import shop

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.front.customers import as_transactions
from crmresearch.mining.forecasting.forecast_made import RevenueForecast
from crmresearch.mining.forecasting.revenue_forecast import forecast_or_reason, revenue_forecast
from crmresearch.stories.revenue_forecast import charts, tables
from crmresearch.stories.revenue_forecast.cautions import cautions
from crmresearch.stories.revenue_forecast.story import RevenueForecastStory

NAMED = {"customer": "customer", "time": "time", "amount": "amount"}


@pytest.fixture(scope="module")
def transactions() -> Iterator[Transactions]:
    with as_transactions(shop(44, 3), **NAMED) as lines:
        yield lines


@pytest.fixture(scope="module")
def forecast(transactions: Transactions) -> RevenueForecast:
    return revenue_forecast(transactions, horizon=4, origins=4, seed=1)


@pytest.fixture(scope="module")
def story(transactions: Transactions, forecast: RevenueForecast) -> RevenueForecastStory:
    return RevenueForecastStory(transactions, forecast, "")


def keys(told: list[Any]) -> list[str]:
    return [getattr(sentence, "key", "") for sentence in told]


def test_the_headline_has_the_plan(story: RevenueForecastStory) -> None:
    row, told = story.made.plan.loc["revenue"], story.headline()
    for number in ("estimate", "interval_80_lower", "interval_80_upper"):
        assert f"{row[number]:,.0f}" in told
    assert "4 weeks" in told
    assert "80%" in told


@pytest.mark.parametrize(("p", "words"), [(0.01, "beyond chance"), (0.4, "is not shown"), (float("nan"), "too few")])
def test_better_is_said_of_what_is_beyond_chance_only(story: RevenueForecastStory, p: float, words: str) -> None:
    scores = story.made.scores.assign(p_value=p, mase=1.0)
    scores.loc[scores["method"] == "arima", "mase"] = 0.5
    made = replace(story.made)
    made.__dict__["scores"] = scores
    told = replace(story, forecast=made)
    assert told.made.chosen == "arima"
    assert words in told.record()
    assert ("forecast.do_simple" in keys(told.follows())) == (p != 0.01)


def test_where_the_simplest_rule_is_not_beaten_it_is_said(story: RevenueForecastStory) -> None:
    scores = story.made.scores.assign(mase=1.0)
    scores.loc[scores["method"] == "naive", "mase"] = 0.5
    made = replace(story.made)
    made.__dict__["scores"] = scores
    assert "the simplest rule is not beaten" in replace(story, forecast=made).record()


def test_cautions_tell_the_season_and_the_number_of_trials(story: RevenueForecastStory) -> None:
    found = cautions(story).set_index("code")["message"]
    assert "no_season" in found.index
    assert found.index.intersection(["few_origins", "untested"]).size == 1
    assert not found.str.contains("nan").any()
    assert "forecast.never_season" in keys(story.follows())


def test_every_table_has_a_row_for_every_method_that_is_there(story: RevenueForecastStory) -> None:
    methods = story.made.coming["method"].nunique()
    assert len(tables.sums(story, story.made.coming_sums)) == 3 * methods
    assert len(tables.sums(story, story.made.plan.reset_index())) == 3
    assert len(tables.named(story, story.made.scores)) == len(story.made.scores)
    assert story.made.evaluation is not None
    assert tables.named(story, story.made.evaluation.held())["share_80"].between(0, 1).all()
    assert tables.left_out(story)["method"].tolist() == ["The same week’s number a year before"]


def test_customers_who_pay_in_a_rhythm_are_said_to_do_so() -> None:
    lines = subscribers(150, 1)[0].rename(columns={"day": "time"}).assign(amount=10.0)
    with as_transactions(lines, **NAMED) as purchases:
        made = revenue_forecast(purchases, "month", horizon=2, origins=2, seed=1)
        told = RevenueForecastStory(purchases, made, "")
        found = cautions(told).set_index("code")["message"]
        assert "BG/NBD, which supposes purchases at random, is wrong for them and left out" in found["rhythm"]
        assert "every month" in found["rhythm"]
        assert any("every month" in message for message in found.loc[["left_out"]])
        assert "forecast_method.rhythm" in keys(told.method_notes())
        assert "forecast_method.tracking" not in keys(told.method_notes())
        assert not any("BG/NBD" in sentence for sentence in told.findings())


def test_figures_are_drawn(story: RevenueForecastStory) -> None:
    drawn = (charts.plot_forecast, charts.plot_cohorts, charts.plot_errors, charts.plot_tracking)
    assert all(draw(story).get_label() in ("lines", "rows") for draw in drawn)


def test_without_a_forecast_the_page_says_why(transactions: Transactions) -> None:
    with as_transactions(pd.DataFrame([("a", "2020-01-01", 1.0)], columns=list(NAMED)), **NAMED) as lines:
        found, reason = forecast_or_reason(lines)
    story = RevenueForecastStory(transactions, found, reason)
    assert reason in story.findings()[0]
    assert keys(story.follows()) == ["forecast.do_nothing"]
    assert cautions(story)["severity"].tolist()[0] == "inadmissible"
    assert story.method_notes() == []
