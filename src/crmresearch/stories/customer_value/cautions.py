"""What must be known before a customer report is believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import Row, caution_table

FORECAST_COLUMNS = ("p_alive", "expected_value")  # of the customer table, where there is a forecast
MOST_NAMED = 5  # segments of one method that a warning names


def customer_warnings(story: CustomerStory) -> pd.DataFrame:
    """All warnings of the evaluator, of the value models and of what was left out; gravest first."""
    of_data = [*data_cautions(story.transactions, story.language), *table_cautions(story.table, story.language)]
    return caution_table([*of_data, *_of_evaluation(story), *_of_value(story), *_left_out(story)])


def _of_evaluation(story: CustomerStory) -> Iterator[Row]:
    found = story.evaluation.warnings
    for (code, severity, method), part in found.groupby(["code", "severity", "method"], dropna=False, sort=False):
        labels = story.labels(method) if isinstance(method, str) else {}
        several = part[part["segment"].map(lambda segment: isinstance(segment, str))]
        named = [f"{labels.get(row.segment, row.segment)} ({row.customers:,.0f})" for row in several.itertuples()]
        if len(named) > MOST_NAMED:
            more = story.say("customers.more_segments", count=len(named) - MOST_NAMED + 1)
            named = [*named[: MOST_NAMED - 1], more]
        message = story.say(f"customer_caution.{code}", segments=story.listed(named), count=len(part))
        yield code, severity, story.method_name(method) if isinstance(method, str) else "", message


def _of_value(story: CustomerStory) -> Iterator[Row]:
    for caution in story.forecast.value.cautions if story.forecast.value else ():
        message = story.say(f"value_caution.{caution.code}", parameter=caution.quantity, **caution.facts)
        yield caution.code, caution.severity, caution.quantity, message


def _left_out(story: CustomerStory) -> Iterator[Row]:
    """The segmentation methods and value models that these customers do not allow."""
    for row in story.left_out.itertuples():
        lacks_forecast = story.forecast.frame is None and any(name in row.reason for name in FORECAST_COLUMNS)
        key = "customers.needs_forecast" if lacks_forecast else "customers.left_out"
        yield "method_left_out", "weak", story.method_name(row.method), story.say(key, reason=row.reason)
    for row in story.forecast.failures.itertuples():
        code = "no_forecast" if row.model == story.forecast.model else "no_model"
        key = {"no_forecast": "customers.no_forecast", "no_model": "customers.no_model"}[code]
        yield code, "weak", story.model_name(row.model), story.say(key, reason=row.reason)
