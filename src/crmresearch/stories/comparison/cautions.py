"""What must be known before a comparison is believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.segmentation.methods.clusters import KCentroids
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.stability.stability import NAMED
from crmresearch.stories.comparison.story import ComparisonStory
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import Row, caution_table

FEW_REFITS = 20  # with fewer, which segments are found again depends on the draws


def cautions(story: ComparisonStory) -> pd.DataFrame:
    """Unstable segments, methods left out, failed refits, and what the evaluator and the value model say."""
    of_data = [*data_cautions(story, story.transactions), *table_cautions(story, story.windows.table)]
    value, why = story.windows.value, story.windows.failure
    missing = [("no_value_model", "weak", "", story.say("comparison_caution.left_out", reason=why))] if why else []
    forecast = [*missing, *story.value_cautions(value.cautions if value else ())]
    return caution_table(story, {"segments": _found(story), "purchases": of_data, "forecast": forecast})


def _found(story: ComparisonStory) -> Iterator[Row]:
    stability = story.benchmark.stability
    for method, part in stability.segments.query("not named").groupby("method", sort=False):
        facts = {"method": story.method_name(str(method)), "count": len(part), "lowest": part["jaccard"].min()}
        about = story.say("comparison_caution.unstable_of", k=len(story.labels(str(method))), **facts)
        yield story.caution("comparison_caution.unstable_segments", "weak", about, bound=NAMED)
    if story.refits < FEW_REFITS:
        yield story.caution("comparison_caution.few_refits", "weak", refits=story.refits)
    for row in story.benchmark.left_out.itertuples():
        yield story.caution("comparison_caution.left_out", "weak", story.method_name(row.method), reason=row.reason)
    for method in story.benchmark.methods:
        if isinstance(method, GaussianMixtureClusters | KCentroids) and method.agreed_ < 2 <= method.starts:
            about = f"{story.method_name(method.name)} ({method.agreed_}/{method.starts})"
            yield story.caution("comparison_caution.one_start", "weak", about)
        if isinstance(method, GaussianMixtureClusters) and method.k is None and method.k_ == method.largest:
            name = story.method_name(method.name)
            yield story.caution("comparison_caution.largest_number", "note", name, largest=method.largest)
    for row in stability.solutions.query("failed > 0").itertuples():
        about = f"{story.method_name(row.method)} ({row.failed}/{row.refits})"
        yield story.caution("comparison_caution.failed_refits", "note", about)
    warnings = story.benchmark.evaluation.warnings
    known = ["", *(method.name for method in story.benchmark.methods)]
    warnings = warnings[warnings["method"].fillna("").isin(known)]
    yield from story.evaluation_cautions(warnings, story.labels, story.method_name)
