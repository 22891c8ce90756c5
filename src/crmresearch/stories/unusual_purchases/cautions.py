"""What must be known before these lists are believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.report.show.number_format import told_expected
from crmresearch.stories.data_cautions import data_cautions, told_cautions
from crmresearch.stories.story import Row, caution_table
from crmresearch.stories.unusual_purchases.story import UnusualStory


def cautions(story: UnusualStory) -> pd.DataFrame:
    """All cautions: code, severity, quantity, message; gravest first."""
    return caution_table(story, {"lists": [*_found(story)], "purchases": [*data_cautions(story, story.transactions)]})


def _found(story: UnusualStory) -> Iterator[Row]:
    for row in story.found.summary.itertuples():
        if row.listed and not row.beyond:
            kind, facts = story.kind(row.list), {**row._asdict(), "expected": told_expected(row.expected)}
            yield story.caution("unusual_caution.by_chance", "note", kind, kind=kind, **facts)
    yield from told_cautions(story, story.found.cautions)
