"""What must be known before segments so described are believed, gravest first."""

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.mining.profiles.portrait_cautions import portrait_cautions
from crmresearch.stories.customer_profiles.story import ProfilesStory
from crmresearch.stories.data_cautions import data_cautions, told_cautions
from crmresearch.stories.story import Row, caution_table


def cautions(story: ProfilesStory) -> pd.DataFrame:
    """All cautions: of the segments, of the rules, of expected value, of the data."""
    of_engine = portrait_cautions(story.portrait)
    found = {subject: [_told(story, one) for one in own] for subject, own in of_engine.items()}
    answers, value = found.pop("answers"), story.portrait.outlook.value
    found["forecast"] += story.value_cautions(value.cautions if value else ())
    found["purchases"] = [
        *data_cautions(story, story.transactions),
        *told_cautions(story, story.portrait.features.cautions),
    ]
    if story.survey:
        found["answers"] = [*data_cautions(story, story.survey), *answers]
        if story.survey.weights is not None:
            found["answers"].append(story.caution("profiles_caution.unweighted", "note"))
    return caution_table(story, found)


def _told(story: ProfilesStory, one: Caution) -> Row:
    """A caution of the engine, with the names of the segments and features that it is about."""
    about = [*map(story.segment, one.facts.get("segments", ())), *map(story.feature, one.facts.get("features", ()))]
    return story.caution(f"profiles_caution.{one.code}", one.severity, names=story.some(about), **one.facts)
