"""What must be known before segments of a survey are believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.sem.groups import ALL
from crmresearch.stories.data_cautions import data_cautions
from crmresearch.stories.story import Row, caution_table
from crmresearch.stories.survey_segments.story import SurveySegmentStory


def segment_warnings(story: SurveySegmentStory) -> pd.DataFrame:
    """All warnings: code, severity, quantity, message; gravest first."""
    of_data = data_cautions(story, story.survey)
    return caution_table(story, {"segments": _of_number(story), "answers": of_data, "models": _of_models(story)})


def _of_number(story: SurveySegmentStory) -> Iterator[Row]:
    for one in story.found.cautions:
        named = {"segments": story.listed([*map(story.label, one.facts.get("segments", ()))]), "refits": story.refits}
        yield story.caution(f"survey_caution.{one.code}", one.severity, **{**one.facts, **named})


def _of_models(story: SurveySegmentStory) -> Iterator[Row]:
    models = story.models
    if models is None:
        return
    if models.small:
        small = story.listed([f"{story.label(key, short=True)} ({n:,})" for key, n in models.small.items()])
        yield story.caution("survey_caution.small_segments", "weak", needed=models.needed, segments=small)
    if models.few_clusters:
        few = story.listed([f"{story.label(key, short=True)} ({df:,})" for key, df in models.few_clusters.items()])
        yield story.caution("survey_caution.few_clusters", "weak", segments=few)
    for key, reason in models.failed.items():
        segment = story.label(key, short=True)
        yield story.caution("survey_caution.model_failed", "weak", segment=segment, reason=reason)
    if len(story.steps) > 1:
        yield story.caution("survey_caution.restricted_variance", "note")
    everybody = models.index[models.index.segment == ALL]
    for key in everybody.construct[everybody.estimate.isna()]:
        yield story.caution("survey_caution.index_refused", "weak", construct=story.within(key))
