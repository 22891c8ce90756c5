"""What must be known before models of these answers are believed, as one table of sentences, gravest first."""

from collections.abc import Iterable, Iterator

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.stories.data_cautions import data_cautions, told_cautions
from crmresearch.stories.story import Row, caution_table
from crmresearch.stories.survey_quality.story import ADEQUATE, RARE, WEAK_ITEM, SurveyQualityStory

MANY_ALIKE = 0.05  # share of straight-lining respondents that moves correlations


def cautions(story: SurveyQualityStory, respondents: Iterable[Caution] = ()) -> pd.DataFrame:
    """All cautions, `respondents` being those of who was judged: code, severity, quantity, message; gravest first."""
    told = told_cautions(story, respondents)
    return caution_table(story, {"answers": [*data_cautions(story, story.survey), *_found(story), *told]})


def _found(story: SurveyQualityStory) -> Iterator[Row]:
    quality, respondents = story.quality, len(story.quality.items)
    if quality.little is not None and quality.little.p < RARE:
        yield story.caution("quality_caution.missing_not_random", "weak", share=story.missing)
    if story.same > MANY_ALIKE * respondents:
        share = story.same / respondents
        yield story.caution("quality_caution.straight_lining", "weak", count=story.same, share=share)
    found = quality.factorability
    if found is not None and found.overall < ADEQUATE["mediocre"]:
        yield story.caution("quality_caution.kmo", "weak", kmo=found.overall)
    if len(story.weak):
        named = [f"{story.item(row.item)} ({row.item_rest:.2f})" for row in story.weak.itertuples()]
        yield story.caution("quality_caution.item_rest", "weak", items=story.some(named), limit=WEAK_ITEM)
    for test, reason in quality.undefined.items():
        yield f"{test}_undefined", "note", "", story.say("quality_caution.undefined", reason=reason)
    if any(item.reversed for item in story.survey.codebook.items.values()):
        yield story.caution("quality_caution.reversed", "note")
