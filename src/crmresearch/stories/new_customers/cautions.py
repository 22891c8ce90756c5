"""What must be known before the forecast of new customers is believed, gravest first."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from crmresearch.mining.foretell import MEAN
from crmresearch.stories.data_cautions import data_cautions, told_cautions
from crmresearch.stories.new_customers.story import NewCustomersStory
from crmresearch.stories.story import Row, caution_table
from crmresearch.value.back_check import LARGE

OWN = {"not_out_of_time", "shorter", "no_trial", "may_be_old", "left_out"}


def cautions(story: NewCustomersStory) -> pd.DataFrame:
    """All warnings: of the forecast, of the second purchase, of retention, and of the data."""
    rows = {
        "prospects": [*_failed(story, "prospects"), *_prospects(story)],
        "conversion": [*_failed(story, "conversion")],
        "retention": [*_failed(story, "retention"), *_retention(story)],
        "purchases": [*data_cautions(story, story.transactions), *_table(story)],
    }
    return caution_table(story, rows)


def _failed(story: NewCustomersStory, part: str) -> Iterator[Row]:
    if part in story.found.failures:
        yield "failed", "unidentified", "", story.none(part)


def _prospects(story: NewCustomersStory) -> Iterator[Row]:
    found = story.found.prospects
    for one in found.cautions if found else ():
        if one.code in OWN:
            name = story.method(one.quantity) if one.code == "left_out" else ""
            yield story.caution(f"caution.{one.code}", one.severity, name, **{**story.facts, **one.facts})
    for tested in found.trials if found else ():
        sums = tested.scores.set_index("method").loc[tested.lead or MEAN]
        if sums["actual"] > 0 and abs(off := sums["expected"] / sums["actual"] - 1) > LARGE:
            facts = {"off": off, "horizon": tested.trial.horizon, "limit": LARGE}
            yield story.caution("new_caution.check_off", "weak", **facts)


def _retention(story: NewCustomersStory) -> Iterator[Row]:
    found = story.found.retention
    for one in found.cautions if found else ():
        yield story.caution(f"caution.{one.code}", one.severity, **one.facts)
    if found is not None and found.rhythm is None:
        yield story.caution(
            "new_caution.silence", "weak", silence=found.silence, returned=np.nan_to_num(found.returned)
        )


def _table(story: NewCustomersStory) -> Iterator[Row]:
    found = story.found.prospects
    yield from told_cautions(story, (one for one in (found.cautions if found else ()) if one.code not in OWN))
