"""What must be known before a report of today is believed, gravest first."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from crmresearch.stories.campaign import rhythm_caution
from crmresearch.stories.customer_today.story import TodayStory
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import Row, caution_table
from crmresearch.value.back_check import LARGE, QUANTITIES


def cautions(story: TodayStory) -> pd.DataFrame:
    """All warnings: of the data, of the models, of the check one window back, and what was left out."""
    values = story.outlook.value.cautions if story.outlook.value else ()
    of_data = [*data_cautions(story, story.transactions), *table_cautions(story, story.table)]
    forecast = [*_checked(story), *rhythm_caution(story, story.outlook.rhythm), *story.value_cautions(values)]
    return caution_table(story, {"forecast": forecast, "purchases": of_data, "segments": _left_out(story)})


def _checked(story: TodayStory) -> Iterator[Row]:
    if story.outlook.value is None:
        yield story.caution("today_caution.no_forecast", "weak")
        return
    for check in story.checks:
        facts: dict[str, Any] = {"days": check.days, "learned": check.learned, "start": check.table.cutoff}
        if check.learned < check.days:
            yield story.caution("today_caution.learned_short", "weak", **facts)
        for quantity in QUANTITIES:
            if abs(error := check.error(quantity)) > LARGE:
                name = story.say(f"quantity.{quantity}")
                yield story.caution("today_caution.check_off", "weak", name, off=story.off(error), limit=LARGE, **facts)
    checked = [check.months for check in story.checks]
    for months in story.outlook.days:
        if months not in checked:
            key = "today_caution.unchecked" if story.checks else "today_caution.no_check"
            yield story.caution(key, "weak", months=months)
    if story.outlook.contract is not None and not story.outlook.rate > 0:
        yield story.caution("today_caution.no_residual", "note")
    if len(story.totals) == 0:
        yield story.caution("today_caution.no_intervals", "weak")


def _left_out(story: TodayStory) -> Iterator[Row]:
    for row in story.left_out.itertuples():
        yield story.caution("today_caution.method_left_out", "weak", story.method_name(row.method), reason=row.reason)
    if story.tags:
        for row in story.tags.left_out.itertuples():
            name = story.text(story.tags.labels[row.tag])
            yield story.caution("today_caution.tag_left_out", "weak", name, reason=row.reason)
