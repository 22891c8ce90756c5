"""What must be known before a churn warning is believed, gravest first."""

import pandas as pd

from crmresearch.stories.campaign import rhythm_caution
from crmresearch.stories.churn_warning.story import ChurnStory
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import caution_table


def cautions(story: ChurnStory) -> pd.DataFrame:
    """All warnings: of the warners, of the offer, of the purchase model, of the data."""
    study, warning = story.study, story.study.warning
    of_warners = [
        story.caution(f"churn_caution.{one.code}", one.severity, story.label(one.quantity), **one.facts)
        for one in study.cautions
    ]
    of_offer = [story.caution(f"churn_caution.{study.unpaid or 'assumed'}", "weak")]
    of_data = [*data_cautions(story, story.transactions), *table_cautions(story, warning.today.table)]
    of_model = story.value_cautions(study.model.cautions if study.model else ())
    forecast = [*of_model, *rhythm_caution(story, warning.rhythm)]
    return caution_table(story, {"warners": of_warners, "offer": of_offer, "forecast": forecast, "purchases": of_data})
