"""What must be known before a forecast is believed, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.stories.data_cautions import data_cautions, told_cautions
from crmresearch.stories.revenue_forecast.story import RevenueForecastStory
from crmresearch.stories.revenue_forecast.tables import left_out
from crmresearch.stories.story import Row, caution_table


def cautions(story: RevenueForecastStory) -> pd.DataFrame:
    """All warnings: of the forecast, its record and its model of customers, and of the data."""
    money = story.forecast.series.cautions if story.forecast else ()
    of_data = [*data_cautions(story, story.transactions), *told_cautions(story, money)]
    return caution_table(story, {"revenue": list(_of_forecast(story)), "purchases": of_data})


def _of_forecast(story: RevenueForecastStory) -> Iterator[Row]:
    if story.forecast is None:
        yield story.caution("forecast_caution.none", "inadmissible", reason=story.reason)
        return
    own = story.texts.section("series_caution")
    for one in story.made.cautions:
        if one.code in own:
            yield story.caution(f"series_caution.{one.code}", one.severity, story.quantity(one.quantity), **one.facts)
        else:
            yield from story.value_cautions([one])
    if story.made.too_narrow:
        yield story.caution("forecast_caution.narrow", "weak", story.quantity("method"), method=story.chosen)
    for row in left_out(story).itertuples():
        yield "left_out", "note", row.method, row.reason
