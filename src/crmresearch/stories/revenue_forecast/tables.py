"""The reader's tables of a forecast: names instead of keys, and only the columns a reader needs."""

import pandas as pd

from crmresearch.stories.revenue_forecast.story import RevenueForecastStory

ENDS = ("interval_80_lower", "interval_80_upper", "interval_95_lower", "interval_95_upper")
LED = {"revenue": 0, "purchases": 1, "active": 2}  # the order of quantities on the page


def named(story: RevenueForecastStory, frame: pd.DataFrame, *shown: str) -> pd.DataFrame:
    """A row a quantity and method, those of the revenue first, by name; of many columns those `shown`."""
    ordered = frame.sort_values("quantity", key=lambda names: names.map(LED), kind="stable")
    return story.named(ordered, *shown, quantity="quantity", method=story.method_cell)


def sums(story: RevenueForecastStory, frame: pd.DataFrame) -> pd.DataFrame:
    """Forecasts summed over the horizon, with the ends of their intervals."""
    return named(story, frame, "quantity", "method", "estimate", *ENDS, "by_record")


def left_out(story: RevenueForecastStory) -> pd.DataFrame:
    """Methods that could not be used, and why."""
    rows = story.made.left_out.drop_duplicates(["method", "code"])
    told = [story.say(f"forecast_reason.{row.code}", row) for row in rows.itertuples(index=False)]
    return named(story, rows.assign(reason=told), "method", "reason")
