"""What must be known before a monitoring report is believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.data.customers import early_returns
from crmresearch.segmentation.monitoring.monitor import FROZEN
from crmresearch.segmentation.scoring.evaluate import too_small
from crmresearch.stories.data_cautions import data_cautions, told_cautions
from crmresearch.stories.monitoring.story import MonitoringStory
from crmresearch.stories.story import Row, caution_table


def cautions(story: MonitoringStory) -> pd.DataFrame:
    """Small segments, missing tests, a single cohort, and the cautions of the purchase models; gravest first."""
    early = early_returns(story.transactions, story.now.cutoff, int(story.now.customers))
    of_data = [*data_cautions(story, story.transactions), *told_cautions(story, [early] if early else [])]
    return caution_table(story, {"segments": _found(story), "purchases": of_data, "forecast": _of_forecast(story)})


def _of_forecast(story: MonitoringStory) -> Iterator[Row]:
    if story.ageing is None:
        yield story.caution("monitoring_caution.expected_missing", "weak", reason=story.no_ageing)
    else:
        yield from story.value_cautions(story.ageing.value.cautions)


def _found(story: MonitoringStory) -> Iterator[Row]:
    windows, shares, first = story.monitoring.windows, story.monitoring.shares, story.monitoring.first
    if story.now.small:
        names = story.listed([story.labels[key] for key in story.now.small.split("+")])
        yield story.caution("monitoring_caution.small_segment", "weak", story.name, first=first, segments=names)
    start = shares[(shares["cutoff"] == first) & (shares["segmentation"] == FROZEN)]
    tiny = start[too_small(start["customers"])]
    if len(tiny):
        names = story.listed([f"{story.labels[row.segment]} ({row.customers:,})" for row in tiny.itertuples()])
        yield story.caution("monitoring_caution.small_first", "weak", story.name, first=first, segments=names)
    if windows["new"].sum() == 0:
        yield story.caution("monitoring_caution.one_cohort", "note")
    if pd.isna(story.now.r2_frozen):
        yield story.caution("monitoring_caution.no_following", "note", str(story.now.cutoff))
    for cutoff in windows.iloc[1:].loc[windows["relabelled"].isna() & story.learns, "cutoff"]:
        yield story.caution("monitoring_caution.not_learned", "weak", story.name, cutoff=cutoff)
