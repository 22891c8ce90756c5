"""What must be known before a monitoring report is believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.data.customers import early_returns
from crmresearch.segmentation.monitoring.verdict import monitoring_cautions
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
    for one in monitoring_cautions(story.monitoring):
        segments = one.facts.get("segments", [])
        sizes = segments if isinstance(segments, dict) else {}
        named = [f"{story.labels[key]} ({sizes[key]:,})" if sizes else story.labels[key] for key in segments]
        about = one.quantity or ("" if one.code == "one_cohort" else story.name)
        facts = {**one.facts, "segments": story.listed(named)}
        yield story.caution(f"monitoring_caution.{one.code}", one.severity, about, **facts)
