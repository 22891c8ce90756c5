"""What must be known before a monitoring report is believed, as one table of sentences, gravest first."""

import pandas as pd

from crmresearch.data.customers import early_returns
from crmresearch.segmentation.monitoring.monitor import FROZEN
from crmresearch.segmentation.scoring.evaluate import too_small
from crmresearch.stories.data_cautions import data_cautions, sentence
from crmresearch.stories.monitoring.story import MonitoringStory
from crmresearch.stories.story import caution_table


def cautions(story: MonitoringStory) -> pd.DataFrame:
    """Small segments, missing tests, a single cohort, and the cautions of the purchase models; gravest first."""
    windows = story.monitoring.windows
    rows = [*data_cautions(story.transactions, story.language)]
    if early := early_returns(story.transactions, story.now.cutoff, int(story.now.customers)):
        rows.append((early.code, early.severity, early.quantity, sentence(early, story.language)))
    if story.now.small:
        names = story.listed([story.labels[key] for key in story.now.small.split("+")])
        message = story.say("monitoring_caution.small", first=story.first, segments=names)
        rows.append(("small_segment", "weak", story.name, message))
    shares = story.monitoring.shares
    start = shares[(shares["cutoff"] == story.first) & (shares["segmentation"] == FROZEN)]
    tiny = start[too_small(start["customers"])]
    if len(tiny):
        named = [f"{story.labels[row.segment]} ({row.customers:,})" for row in tiny.itertuples()]
        names = story.listed(named)
        message = story.say("monitoring_caution.small_first", first=story.first, segments=names)
        rows.append(("small_first", "weak", story.name, message))
    if story.ageing is None:
        message = story.say("monitoring_caution.expected_missing", reason=story.no_ageing)
        rows.append(("expected_missing", "weak", "", message))
    else:
        for caution in story.ageing.value.cautions:
            message = story.say(f"value_caution.{caution.code}", parameter=caution.quantity, **caution.facts)
            rows.append((caution.code, caution.severity, caution.quantity, message))
    if windows["new"].sum() == 0:
        rows.append(("one_cohort", "note", "", story.say("monitoring_caution.one_cohort")))
    if pd.isna(story.now.r2_frozen):
        rows.append(("no_following", "note", str(story.now.cutoff), story.say("monitoring_caution.no_following")))
    for row in windows.iloc[1:].itertuples():
        if pd.isna(row.relabelled):
            message = story.say("monitoring_caution.not_learned", cutoff=row.cutoff)
            rows.append(("not_learned", "weak", story.name, message))
    return caution_table(rows)
