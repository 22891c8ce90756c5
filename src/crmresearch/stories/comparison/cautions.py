"""What must be known before a comparison is believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.stories.comparison.story import ComparisonStory
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import Row, caution_table


def cautions(story: ComparisonStory) -> pd.DataFrame:
    """Unstable segments, methods left out, failed refits, and what the evaluator and the value model say."""
    of_data = [*data_cautions(story, story.transactions), *table_cautions(story, story.windows.table)]
    value, why = story.windows.value, story.windows.failure
    missing = [("no_value_model", "weak", "", story.say("comparison_caution.left_out", reason=why))] if why else []
    forecast = [*missing, *story.value_cautions(value.cautions if value else ())]
    return caution_table(story, {"segments": _found(story), "purchases": of_data, "forecast": forecast})


def _found(story: ComparisonStory) -> Iterator[Row]:
    for one in story.benchmark.cautions:
        about = story.method_name(one.quantity) if one.quantity else ""
        if one.code == "unstable_segments":
            about = story.say("comparison_caution.unstable_of", method=about, **one.facts)
        elif "of" in one.facts:
            about = f"{about} ({one.facts['part']}/{one.facts['of']})"
        yield story.caution(f"comparison_caution.{one.code}", one.severity, about, **one.facts)
    warnings = story.benchmark.evaluation.warnings
    known = ["", *(method.name for method in story.methods)]
    warnings = warnings[warnings["method"].fillna("").isin(known)]
    yield from story.evaluation_cautions(warnings, story.labels, story.method_name)
