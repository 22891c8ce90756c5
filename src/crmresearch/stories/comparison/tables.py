"""The tables of a comparison, and the sentences that go with them."""

from collections.abc import Sequence

import pandas as pd

from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.methods.space_clusters import SpaceClusters
from crmresearch.segmentation.scoring.managerial import internal_indices
from crmresearch.stories.comparison.story import ComparisonStory

INTERVALS = {
    "r2_lower": "r2_log_lower",
    "r2_upper": "r2_log_upper",
    "difference_lower": "ci_lower",
    "difference_upper": "ci_upper",
}
DIGITS = {
    **dict.fromkeys(("deviance", "deviance_range_lower"), 2),
    **dict.fromkeys(("coverage", "smallest_share", "ari", "lowest_jaccard", "share_moved", "psi", "seconds"), 2),
    "rule_length": 0,
}


def validity(story: ComparisonStory) -> pd.DataFrame:
    """What every segmentation tells of later spend, for readers, blocks of equal number first."""
    columns = ["coverage", "smallest_share", "r2", "r2_lower", "r2_upper", "difference", "difference_lower"]
    return _named(story, story.segmentations[[*columns, "difference_upper"]].rename(columns=INTERVALS))


def lasting(story: ComparisonStory) -> pd.DataFrame:
    """Whether its segments are found again, what becomes of them, and what they cost; the same rows."""
    table = story.segmentations
    seconds = table["method"].map(story.benchmark.seconds.set_index("method")["seconds"])
    columns = ["ari", "lowest_jaccard", "r2_frozen", "share_moved", "psi", "rule_length"]
    return _named(story, table[columns].assign(seconds=seconds))


def accuracy(story: ComparisonStory) -> pd.DataFrame:
    """How near predictions come, of all methods, segmentations first, for readers."""
    return _every_score(story, ("r2_spend", "deviance", "brier"))


def ranking(story: ComparisonStory) -> pd.DataFrame:
    """How well predictions put customers in order, of the same methods."""
    return _every_score(story, ("gini", "capture", "auc"))


def _every_score(story: ComparisonStory, metrics: Sequence[str]) -> pd.DataFrame:
    table = pd.concat([story.segmentations, story.singles], ignore_index=True)
    view = pd.DataFrame({"k": table["k"], "method": [story.name(key) for key in table["method"]]})
    for metric in metrics:
        view[metric] = table[metric]
        for end in ("lower", "upper"):
            view[f"{metric}_range_{end}"] = table[f"{metric}_{end}"]
    return view


def _named(story: ComparisonStory, values: pd.DataFrame) -> pd.DataFrame:
    table = story.segmentations[["k", "method"]]
    return table.assign(method=[story.name(key) for key in table["method"]]).join(values).reset_index(drop=True)


def singles(story: ComparisonStory) -> pd.DataFrame:
    """Naive numbers, individual forecasts, the learner and no segments at all, for readers."""
    table = story.singles
    columns = ["r2", "r2_lower", "r2_upper", "difference", "difference_lower", "difference_upper"]
    view = table[[*columns, "auc", "gini", "capture"]].rename(columns=INTERVALS).reset_index(drop=True)
    view.insert(0, "kind", [story.say(f"kind.{kind}") for kind in table["kind"]])
    view.insert(1, "method", [story.name(key) for key in table["method"]])
    return view


def targeting(story: ComparisonStory) -> pd.DataFrame:
    """The targeting table for readers, the ten best."""
    table = story.targets.head(10)
    return table.assign(method=[story.name(key) for key in table["method"]])


def lead_segments(story: ComparisonStory) -> pd.DataFrame:
    """Every segment of the lead method: share, spend after, and how well resampling finds it again."""
    found = story.benchmark.stability.segments.query("method == @story.lead").set_index("segment")
    spend = story.table.frame["holdout_spend"].groupby(story.benchmark.segments(story.lead), observed=True).mean()
    labels = story.labels(story.lead)
    table = found[["share", "jaccard", "recovered", "dissolved"]].assign(spend_after=spend)
    return table.reset_index().assign(segment=[labels[key] for key in table.index])


def reach(story: ComparisonStory) -> pd.DataFrame:
    """The reach of every method for readers."""
    table = story.reached.drop(columns="left_out")
    return table.assign(method=[story.name(key) for key in table["method"]])


def inside(story: ComparisonStory) -> pd.DataFrame:
    """Internal indices of each clustering in its own space, in families: comparable within a family only."""
    rows = []
    for method in story.benchmark.methods:
        if isinstance(method, SpaceClusters):
            X = method.space_.transform(story.table.frame)
            indices = internal_indices(X, story.benchmark.segments(method.name), story.benchmark.evaluation.seed)
            kind = story.name(type(method).__name__)
            rows.append(indices.assign(family=kind, method=story.name(method.name)))
    columns = ["family", "method", "k", "silhouette", "calinski_harabasz", "davies_bouldin"]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return table.sort_values(["family", "k"], kind="stable")[columns].reset_index(drop=True)


def mixture_numbers(story: ComparisonStory) -> pd.DataFrame:
    """BIC of the Gaussian mixture by number of components and starts that reached it; empty where it was left out."""
    mixture = next((m for m in story.benchmark.methods if m.name == "gaussian_mixture"), None)
    if not isinstance(mixture, GaussianMixtureClusters):
        return pd.DataFrame(columns=["k", "bic", "found"])
    starts = mixture.bic_["k"].map(lambda k: mixture.starts if k > 1 else 1)
    found = [f"{agreed}/{begun}" for agreed, begun in zip(mixture.bic_["agreed"], starts, strict=True)]
    return mixture.bic_[["k", "bic"]].assign(found=found)
