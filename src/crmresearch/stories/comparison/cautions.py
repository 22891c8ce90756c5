"""What must be known before a comparison is believed, as one table of sentences, gravest first."""

import pandas as pd

from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.stability.stability import NAMED
from crmresearch.stories.comparison.story import ComparisonStory
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import caution_table

FEW_REFITS = 20  # with fewer, which segments are found again depends on the draws
MOST_NAMED = 6  # segments of one method


def cautions(story: ComparisonStory) -> pd.DataFrame:
    """Unstable segments, methods left out, failed refits, and what the evaluator and the value model say."""
    rows = [
        *data_cautions(story.transactions, story.language),
        *table_cautions(story.windows.table, story.language),
    ]
    labels = {(m.name, s.key): story.text(s.label) for m in story.benchmark.methods for s in m.segments}
    weak = story.benchmark.stability.segments.query("not named")
    for method, part in weak.groupby("method", sort=False):
        named = [f"{labels[(method, row.segment)]} ({row.jaccard:.2f})" for row in part.itertuples()]
        message = story.say("comparison_caution.unstable", segments=_some(story, named), bound=NAMED)
        rows.append(("unstable_segments", "weak", story.name(str(method)), message))
    refits = int(story.benchmark.stability.solutions["refits"].max())
    if refits < FEW_REFITS:
        rows.append(("few_refits", "weak", "", story.say("comparison_caution.few_refits", refits=refits)))
    for row in story.benchmark.left_out.itertuples():
        message = story.say("comparison_caution.left_out", reason=row.reason)
        rows.append(("left_out", "weak", story.name(row.method), message))
    for method in story.benchmark.methods:
        if isinstance(method, GaussianMixtureClusters) and method.k is None and method.k_ == method.largest:
            message = story.say("comparison_caution.largest", largest=method.largest)
            rows.append(("largest_number", "note", story.name(method.name), message))
    for row in story.benchmark.stability.solutions.query("failed > 0").itertuples():
        message = story.say("comparison_caution.failed", failed=row.failed, refits=row.refits)
        rows.append(("failed_refits", "note", story.name(row.method), message))
    known = {method.name for method in story.benchmark.methods}
    small = story.benchmark.evaluation.warnings
    small = small[small["method"].isin(known) | (small["method"] == "") | small["method"].isna()]
    for (code, severity, method), part in small.groupby(["code", "severity", "method"], dropna=False, sort=False):
        named = [f"{labels.get((method, r.segment), r.segment)} ({r.customers:,.0f})" for r in part.itertuples()]
        facts = {"segments": _some(story, named), "count": len(part)}
        subject = story.name(method) if isinstance(method, str) and method else ""
        rows.append((code, severity, subject, story.say(f"customer_caution.{code}", **facts)))
    if story.windows.failure:
        message = story.say("comparison_caution.left_out", reason=story.windows.failure)
        rows.append(("no_value_model", "weak", "", message))
    for caution in story.windows.value.cautions if story.windows.value else ():
        message = story.say(f"value_caution.{caution.code}", parameter=caution.quantity, **caution.facts)
        rows.append((caution.code, caution.severity, caution.quantity, message))
    return caution_table(rows)


def _some(story: ComparisonStory, named: list[str]) -> str:
    """The first few of many, and how many more there are."""
    most = MOST_NAMED
    return story.listed(named if len(named) <= most else [*named[: most - 1], f"+{len(named) - most + 1}"])
