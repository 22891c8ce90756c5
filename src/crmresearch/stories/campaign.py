"""The list of customers to act upon, with one piece of advice each."""

import pandas as pd

from crmresearch.segmentation.contract import Segmenter
from crmresearch.stories.story import Story


def advised(story: Story, table: pd.DataFrame, lead: Segmenter | None) -> pd.DataFrame:
    """A `campaign_list` with the column `advice`, what to do by the segments of `lead`; none where it was left out."""
    if lead is None:
        return table
    advice = {segment.key: story.text(lead.advice.get(segment.key, {"en": "–"})) for segment in lead.segments}
    told = pd.Categorical.from_codes(table[lead.name].cat.codes, list(advice.values()))
    return table.assign(advice=told)
