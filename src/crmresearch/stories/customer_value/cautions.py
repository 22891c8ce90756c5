"""What must be known before a customer report is believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.stories.campaign import rhythm_caution
from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.stories.customer_value.tags import tag_cautions
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import Row, caution_table

FORECAST_COLUMNS = ("p_alive", "expected_value")  # of the customer table, where there is a forecast


def customer_warnings(story: CustomerStory) -> pd.DataFrame:
    """All warnings of the evaluator, of the value models and of what was left out; gravest first."""
    told = story.evaluation_cautions(story.evaluation.warnings, story.labels, story.method_name)
    value = story.forecast.value
    models = [*story.value_cautions(value.cautions if value else ()), *_models_left_out(story)]
    rows = {
        "purchases": [*data_cautions(story, story.transactions), *table_cautions(story, story.table)],
        "segments": [*told, *tag_cautions(story), *_methods_left_out(story)],
        "forecast": [*rhythm_caution(story, story.forecast.rhythm), *models],
    }
    return caution_table(story, rows)


def _methods_left_out(story: CustomerStory) -> Iterator[Row]:
    """The segmentation methods that these customers do not allow."""
    for row in story.left_out.itertuples():
        lacks_forecast = story.forecast.frame is None and any(name in row.reason for name in FORECAST_COLUMNS)
        lacks_dropout = story.forecast.frame is not None and "p_alive" not in story.customers
        key = "customers.needs_forecast" if lacks_forecast else "customers.left_out"
        if lacks_dropout and "p_alive" in row.reason:
            key = "customers.needs_dropout"
        yield "method_left_out", "weak", story.method_name(row.method), story.say(key, reason=row.reason)


def _models_left_out(story: CustomerStory) -> Iterator[Row]:
    """The value models that these customers do not allow."""
    for row in story.forecast.failures.itertuples():
        key = "customers.no_forecast" if row.model == story.forecast.model else "customers.no_model"
        yield story.caution(key, "weak", story.model_name(row.model), reason=row.reason)
