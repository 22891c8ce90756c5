"""The tables of a comparison: methods by name, scores with their intervals."""

from collections.abc import Sequence

import pandas as pd

from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.stories.comparison.story import ComparisonStory

HEADED = {"r2": "r2_log", "difference": "ci"}  # the stem of the columns of an interval, other than <score>_range
ENDS = ("lower", "upper")
DIGITS = {
    **dict.fromkeys(("deviance", "deviance_range_lower"), 2),
    **dict.fromkeys(("coverage", "smallest_share", "ari", "lowest_jaccard", "share_moved", "psi", "seconds"), 2),
    "rule_length": 0,
}


def validity(story: ComparisonStory) -> pd.DataFrame:
    """What every segmentation tells of later spend, for readers, blocks of equal number first."""
    first = ["k", "method", "coverage", "smallest_share"]
    return _scores(story, story.ranking.segmentations, first, "r2", "difference", "r2_spend")


def lasting(story: ComparisonStory) -> pd.DataFrame:
    """Whether its segments are found again, what becomes of them, and what they cost; the same rows."""
    table = story.ranking.segmentations.merge(story.benchmark.seconds, "left", "method")
    shown = ["k", "method", "ari", "lowest_jaccard", "r2_frozen", "share_moved", "psi", "rule_length", "seconds"]
    return story.named(table, *shown, method=story.method_name)


def accuracy(story: ComparisonStory) -> pd.DataFrame:
    """How near predictions come, of all methods, segmentations first, for readers."""
    return _scores(story, story.ranking.everything, ["k", "method"], "deviance", "brier")


def ranking(story: ComparisonStory) -> pd.DataFrame:
    """How well predictions put customers in order, of the same methods."""
    return _scores(story, story.ranking.everything, ["k", "method"], "gini", "capture", "auc")


def singles(story: ComparisonStory) -> pd.DataFrame:
    """Naive numbers, individual forecasts, the learner and no segments at all, for readers."""
    table = _scores(story, story.ranking.singles, ["kind", "method"], "r2", "difference", "r2_spend")
    return story.named(table.join(story.ranking.singles[["auc", "gini", "capture"]]), kind="kind")


def _scores(story: ComparisonStory, table: pd.DataFrame, first: Sequence[str], *scores: str) -> pd.DataFrame:
    """The columns `first`, then every score with its interval."""
    ends = {f"{score}_{end}": f"{HEADED.get(score, f'{score}_range')}_{end}" for score in scores for end in ENDS}
    order = [column for score in scores for column in (score, *(f"{score}_{end}" for end in ENDS))]
    return story.named(table[[*first, *order]].rename(columns=ends), method=story.method_name)


def lead_segments(story: ComparisonStory) -> pd.DataFrame:
    """Every segment of the lead method: share, spend after, and how well resampling finds it again."""
    found = story.benchmark.stability.segments.query("method == @story.lead").set_index("segment")
    spend = story.table.frame["holdout_spend"].groupby(story.benchmark.segments(story.lead), observed=True).mean()
    table = found[["share", "jaccard", "recovered", "dissolved"]].assign(spend_after=spend)
    return story.named(table.reset_index(), segment=story.labels(story.lead).__getitem__)


def inside(story: ComparisonStory) -> pd.DataFrame:
    """Internal indices of each clustering in its own space, in families: comparable within a family only."""
    titles = {method.name: story.text(method.title or method.label) for method in story.benchmark.methods}
    table = story.benchmark.inside(story.table.frame)
    table = story.named(table.assign(family=table["method"].map(titles)), method=story.method_name)
    return table.sort_values(["family", "k"], kind="stable", ignore_index=True)


def mixture_numbers(story: ComparisonStory) -> pd.DataFrame:
    """BIC of the Gaussian mixture by number of components and starts that reached it; empty where it was left out."""
    mixture = story.fitted("gaussian_mixture")
    if not isinstance(mixture, GaussianMixtureClusters):
        return pd.DataFrame(columns=["k", "bic", "found"])
    found = [f"{row.agreed}/{mixture.starts if row.k > 1 else 1}" for row in mixture.bic_.itertuples()]
    return mixture.bic_[["k", "bic"]].assign(found=found)
