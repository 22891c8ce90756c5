"""What must be known before the forecast of new customers is believed, gravest first."""

import pandas as pd

from crmresearch.stories.data_cautions import data_cautions, told_cautions
from crmresearch.stories.new_customers.story import NewCustomersStory
from crmresearch.stories.story import Row, caution_table


def cautions(story: NewCustomersStory) -> pd.DataFrame:
    """All warnings: of the forecast, of the second purchase, of retention, and of the data."""
    rows: dict[str, list[Row]] = {}
    for part, found in story.found.cautions.items():
        named = [(one, story.method(one.quantity) if one.quantity else "") for one in found]
        rows[part] = [story.caution(f"caution.{one.code}", one.severity, name, **one.facts) for one, name in named]
    rows |= {part: [("failed", "unidentified", "", story.none(part))] for part in story.found.failures}
    money = story.found.prospects.first.table.cautions if story.found.prospects else ()
    rows["purchases"] = [*data_cautions(story, story.transactions), *told_cautions(story, money)]
    return caution_table(story, rows)
