"""What must be known before segments of a survey are believed, as one table of sentences, gravest first."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from crmresearch.segmentation.stability.number_of_segments import REPRODUCED
from crmresearch.sem.groups import ALL
from crmresearch.stories.data_cautions import data_cautions
from crmresearch.stories.story import Row, caution_table
from crmresearch.stories.survey_segments.story import LEVEL_LIMIT, SurveySegmentStory


def segment_warnings(story: SurveySegmentStory) -> pd.DataFrame:
    """All warnings: code, severity, quantity, message; gravest first."""
    of_data = data_cautions(story, story.survey)
    return caution_table(story, {"segments": _of_number(story), "answers": of_data, "models": _of_models(story)})


def _of_number(story: SurveySegmentStory) -> Iterator[Row]:
    row, numbers, k = story.found.solution, story.numbers, story.numbers.chosen
    bic = numbers.solutions.set_index("k")["bic"]
    if numbers.choice == "none_stable":
        yield story.caution("survey_caution.none_stable", "weak")
    elif not row.stability >= REPRODUCED:
        yield story.caution("survey_caution.chosen_unstable", "weak", k=k, stability=row.stability)
    if unstable := [story.label(key) for key in story.found.keys if not story.found.stable(key)]:
        yield story.caution("survey_caution.unstable_segments", "weak", segments=story.listed(unstable))
    if story.found.level[0] >= LEVEL_LIMIT:
        yield story.caution("survey_caution.level_segments", "weak", share=story.found.level[0])
    if bic.idxmin() == 1:
        yield story.caution("survey_caution.no_segments", "weak")
    if bic.idxmin() == bic.index.max():
        yield story.caution("survey_caution.bic_at_the_end", "note", most=int(bic.index.max()))
    if (classes := story.found.method).parameters > classes.free_cells_:
        facts: dict[str, Any] = {"k": k, "parameters": classes.parameters, "cells": int(classes.free_cells_)}
        yield story.caution("survey_caution.more_parameters_than_cells", "unidentified", **facts)
    elif not classes.identified:
        facts = {"k": k, "found": int(row.found), "apart": classes.apart_}
        yield story.caution("survey_caution.shares_differ", "unidentified", **facts)
    if row.found == 1 and row.starts > 1:
        yield story.caution("survey_caution.one_start", "weak", starts=int(row.starts), k=k)
    if not row.converged:
        yield story.caution("survey_caution.unconverged", "weak")
    if row.failed > 0:
        yield story.caution("survey_caution.failed_refits", "note", count=int(row.failed), refits=story.refits, k=k)


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
