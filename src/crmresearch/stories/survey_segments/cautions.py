"""What must be known before segments of a survey are believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.caution import Severity
from crmresearch.segmentation.stability.number_of_segments import REPRODUCED
from crmresearch.sem.groups import ALL
from crmresearch.stories.data_cautions import data_cautions
from crmresearch.stories.story import Row, caution_table
from crmresearch.stories.survey_segments.story import LEVEL_LIMIT, SurveySegmentStory


def segment_warnings(story: SurveySegmentStory) -> pd.DataFrame:
    """All warnings: code, severity, quantity, message; gravest first."""
    return caution_table([*data_cautions(story.survey, story.language), *_found(story)])


def _found(story: SurveySegmentStory) -> Iterator[Row]:
    def caution(code: str, severity: Severity, quantity: str = "", **facts: object) -> Row:
        return code, severity, quantity, story.say(f"survey_caution.{code}", **facts)

    row, numbers, k = story.solution, story.numbers, story.numbers.chosen
    solutions = numbers.solutions.set_index("k")
    if numbers.choice == "none_stable":
        yield caution("none_stable", "weak")
    elif not row.stability >= REPRODUCED:
        yield caution("chosen_unstable", "weak", k=k, stability=row.stability)
    if unstable := [story.label(key) for key in story.keys if not story.stable(key)]:
        yield caution("unstable_segments", "weak", segments=story.listed(unstable))
    if story.level[0] >= LEVEL_LIMIT:
        yield caution("level_segments", "weak", share=story.level[0])
    if solutions.bic.idxmin() == 1:
        yield caution("no_segments", "weak")
    if solutions.bic.idxmin() == solutions.index.max():
        yield caution("bic_at_the_end", "note", most=int(solutions.index.max()))
    if row.found == 1 and row.starts > 1:
        yield caution("one_start", "weak", starts=int(row.starts), k=k)
    if not row.converged:
        yield caution("unconverged", "weak")
    if row.failed > 0:
        yield caution("failed_refits", "note", count=int(row.failed), refits=story.refits, k=k)
    if story.models.small:
        small = [f"{story.label(key, short=True)} ({n:,})" for key, n in story.models.small.items()]
        yield caution("small_segments", "weak", needed=story.models.needed, segments=story.listed(small))
    for key, reason in story.models.failed.items():
        yield caution("model_failed", "weak", segment=story.label(key, short=True), reason=reason)
    if len(story.steps) > 1:
        yield caution("restricted_variance", "note")
    everybody = story.models.index[story.models.index.segment == ALL]
    for key in everybody.construct[everybody.estimate.isna()]:
        yield caution("index_refused", "weak", construct=story.construct(key).lower())
