"""What must be known before anything is offered, as one table of sentences, gravest first."""

import pandas as pd

from crmresearch.stories.cross_selling.story import CrossStory
from crmresearch.stories.data_cautions import data_cautions
from crmresearch.stories.story import Row, caution_table


def cautions(story: CrossStory) -> pd.DataFrame:
    """All cautions: of the rules, of what is bought next, of the offers and of the data."""
    subjects: dict[str, list[Row]] = {"rules": [], "next": [], "offers": [], "segments": []}
    for subject, one in story.found.cautions:
        subjects[subject].append(story.caution(f"cross_caution.{one.code}", one.severity, **one.facts))
    of_data = [*data_cautions(story, story.transactions), *subjects.pop("segments")]
    return caution_table(story, {**subjects, "purchases": of_data})
