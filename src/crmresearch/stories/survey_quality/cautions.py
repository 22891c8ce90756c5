"""What must be known before models of these answers are believed, as one table of sentences, gravest first."""

from collections.abc import Iterable, Iterator

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.report.show.number_format import told_share
from crmresearch.sem.answers.survey_quality import MANY_ALIKE, WEAK_ITEM
from crmresearch.stories.data_cautions import data_cautions, told_cautions
from crmresearch.stories.story import Row, caution_table
from crmresearch.stories.survey_quality.story import SurveyQualityStory


def cautions(story: SurveyQualityStory, respondents: Iterable[Caution] = ()) -> pd.DataFrame:
    """All cautions, `respondents` being those of who was judged: code, severity, quantity, message; gravest first."""
    told = told_cautions(story, respondents)
    return caution_table(story, {"answers": [*data_cautions(story, story.survey), *_found(story), *told]})


def _found(story: SurveyQualityStory) -> Iterator[Row]:
    quality = story.quality
    if quality.random_gaps is False:
        yield story.caution("quality_caution.missing_not_random", "weak", share=told_share(quality.missing))
    if (alike := quality.alike)["share"] > MANY_ALIKE:
        yield story.caution("quality_caution.straight_lining", "weak", count=alike["count"], share=alike["share"])
    if quality.factorability is not None and quality.adequacy == "unacceptable":
        yield story.caution("quality_caution.kmo", "weak", kmo=quality.factorability.overall)
    if len(quality.weak):
        named = [f"{story.item(row.item)} ({row.item_rest:.2f})" for row in quality.weak.itertuples()]
        yield story.caution("quality_caution.item_rest", "weak", items=story.some(named), limit=WEAK_ITEM)
    for test, reason in quality.undefined.items():
        yield f"{test}_undefined", "note", "", story.say("quality_caution.undefined", reason=reason)
    if any(item.reversed for item in story.survey.codebook.items.values()):
        yield story.caution("quality_caution.reversed", "note")
