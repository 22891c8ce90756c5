"""The tables of a comparison, and the sentences that go with them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.methods.space_clusters import SpaceClusters
from crmresearch.segmentation.scoring.managerial import internal_indices, reachability, targeting_profit
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


def validity_view(story: ComparisonStory) -> pd.DataFrame:
    """What every segmentation tells of later spend, for readers, blocks of equal number first."""
    columns = ["coverage", "smallest_share", "r2", "r2_lower", "r2_upper", "difference", "difference_lower"]
    return _named(story, story.segmentations[[*columns, "difference_upper"]].rename(columns=INTERVALS))


def lasting_view(story: ComparisonStory) -> pd.DataFrame:
    """Whether its segments are found again, what becomes of them, and what they cost; the same rows."""
    table = story.segmentations
    seconds = table["method"].map(story.benchmark.seconds.set_index("method")["seconds"])
    columns = ["ari", "lowest_jaccard", "r2_frozen", "share_moved", "psi", "rule_length"]
    return _named(story, table[columns].assign(seconds=seconds))


def accuracy_view(story: ComparisonStory) -> pd.DataFrame:
    """How near predictions come, of all methods, segmentations first, for readers."""
    return _every_score(story, ("r2_spend", "deviance", "brier"))


def ranking_view(story: ComparisonStory) -> pd.DataFrame:
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


def singles_view(story: ComparisonStory) -> pd.DataFrame:
    """Naive numbers, individual forecasts, the learner and no segments at all, for readers."""
    table = story.singles
    columns = ["r2", "r2_lower", "r2_upper", "difference", "difference_lower", "difference_upper"]
    view = table[[*columns, "auc", "gini", "capture"]].rename(columns=INTERVALS).reset_index(drop=True)
    view.insert(0, "kind", [story.say(f"kind.{kind}") for kind in table["kind"]])
    view.insert(1, "method", [story.name(key) for key in table["method"]])
    return view


def targeting(story: ComparisonStory) -> pd.DataFrame:
    """Profit of contacting the share `top` of customers that a method ranks first, and at its best share.

    Columns method, captured, profit (both at `top`), best_share, best_profit, everybody (profit of contacting all);
    highest profit first.
    """
    spend, n = float(np.maximum(story.table.frame["holdout_spend"], 0).sum()), len(story.table.frame)
    gains = story.benchmark.evaluation.gains
    rows = []
    for method, part in gains[~gains["method"].str.contains(":")].groupby("method", sort=False):
        shares, held = [0.0, *part["share"]], [0.0, *part["captured"].fillna(0.0)]  # nobody spends: no share of it
        at_top = float(np.interp(story.top, shares, held))
        profits = targeting_profit([story.top, *shares], [at_top, *held], spend, n, story.margin, story.cost)["profit"]
        best = int(profits.iloc[1:].to_numpy().argmax())
        rows.append((method, at_top, profits.iloc[0], shares[best], profits.iloc[best + 1], profits.iloc[-1]))
    columns = ["method", "captured", "profit", "best_share", "best_profit", "everybody"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("profit", ascending=False, kind="stable", ignore_index=True)


def targeting_view(story: ComparisonStory) -> pd.DataFrame:
    """The targeting table for readers, the ten best."""
    table = targeting(story).head(10)
    return table.assign(method=[story.name(key) for key in table["method"]])


def targeting_text(story: ComparisonStory) -> list[str]:
    """What the best ranking leaves at the share asked for and at any share, and that capture is not uplift."""
    table = targeting(story)
    first, most = table.iloc[0], table.loc[table["best_profit"].idxmax()]
    money = {"margin": story.margin, "cost": story.cost, "currency": story.transactions.codebook.currency}
    facts = {"share": story.top, "method": story.name(first["method"]), "profit": first["profit"]}
    told = [story.say("comparison.targeting", everybody=first["everybody"], **money, **facts)]
    if most["best_share"] == 0:
        told.append(story.say("comparison.targeting_nobody"))
    elif most["best_share"] == 1:
        told.append(story.say("comparison.targeting_all"))
    else:
        best = {"method": story.name(most["method"]), "share": most["best_share"], "profit": most["best_profit"]}
        told.append(story.say("comparison.targeting_most", currency=money["currency"], **best))
    return [*told, story.say("comparison.uplift")]


def lead_segments(story: ComparisonStory) -> pd.DataFrame:
    """Every segment of the lead method: share, spend after, and how well resampling finds it again."""
    found = story.benchmark.stability.segments.query("method == @story.lead").set_index("segment")
    spend = story.table.frame["holdout_spend"].groupby(story.benchmark.segments(story.lead), observed=True).mean()
    labels = story.labels(story.lead)
    table = found[["share", "jaccard", "recovered", "dissolved"]].assign(spend_after=spend)
    return table.reset_index().assign(segment=[labels[key] for key in table.index])


def inside(story: ComparisonStory) -> pd.DataFrame:
    """Internal indices of each clustering in its own space, in families: comparable within a family only."""
    rows = []
    for method in story.benchmark.methods:
        if isinstance(method, SpaceClusters):
            X = method.space_.transform(story.table.frame)
            indices = internal_indices(X, story.benchmark.segments(method.name), story.benchmark.evaluation.seed)
            kind = story.name(type(method).__name__)
            rows.append(indices.assign(family=kind, method=story.name(method.name)))
    if not rows:
        return pd.DataFrame(columns=["family", "method", "k", "silhouette"])
    table = pd.concat(rows, ignore_index=True).sort_values(["family", "k"], kind="stable")
    return table[["family", "method", "k", "silhouette", "calinski_harabasz", "davies_bouldin"]].reset_index(drop=True)


def mixture_numbers(story: ComparisonStory) -> pd.DataFrame:
    """BIC of the Gaussian mixture by number of components; empty where it was left out."""
    mixture = next((m for m in story.benchmark.methods if m.name == "gaussian_mixture"), None)
    return (
        mixture.bic_[["k", "bic"]]
        if isinstance(mixture, GaussianMixtureClusters)
        else pd.DataFrame(columns=["k", "bic"])
    )


def reached(story: ComparisonStory) -> pd.DataFrame:
    """Whether demographics tell the segments apart, of customers of whom any is known: method, k, left_out,
    balanced_accuracy, error, chance, told (beyond chance by more than 2 standard errors); empty without them."""
    frame = story.table.frame
    known = [name for name in story.transactions.codebook.demographics if name in frame]
    columns = ["method", "k", "left_out", "balanced_accuracy", "error", "chance", "told"]
    rows = []
    for method in story.benchmark.methods if known else ():
        try:
            row = reachability(
                frame[known], story.benchmark.segments(method.name), seed=story.benchmark.evaluation.seed
            )
        except SegmentationError:  # too few of its members are on record
            continue
        rows.append(row)
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns[:-1])
    return table.assign(told=table["balanced_accuracy"] - 2 * table["error"] > table["chance"])[columns]


def reached_view(story: ComparisonStory) -> pd.DataFrame:
    """The reach of every method for readers."""
    table = reached(story).drop(columns="left_out")
    return table.assign(method=[story.name(key) for key in table["method"]])


def reach_text(story: ComparisonStory) -> list[str]:
    """Whether demographics tell the segments of the lead method apart, and of how many customers they are known."""
    names = story.transactions.codebook.demographics
    if not names:
        return [story.say("comparison.reach_none")]
    table = reached(story).set_index("method")
    if story.lead not in table.index:
        return [story.say("comparison.reach_few", method=story.name(story.lead))]
    row = table.loc[story.lead]
    key = "comparison.reach" if row["told"] else "comparison.reach_chance"
    facts = {"accuracy": row["balanced_accuracy"], "chance": row["chance"], "method": story.name(story.lead)}
    on_record = story.table.frame[names].notna().any(axis=1).mean()
    told = [] if on_record == 1 else [story.say("comparison.reach_on_record", share=on_record)]
    return [
        *told,
        story.say(key, **facts),
        story.say("comparison.reach_all", told=int(table["told"].sum()), methods=len(table)),
    ]
