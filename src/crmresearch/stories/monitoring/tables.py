"""The tables of a monitoring report: which columns a reader sees, with names instead of keys."""

import pandas as pd

from crmresearch.segmentation.monitoring.monitor import FROZEN, REFITTED
from crmresearch.stories.monitoring.story import MonitoringStory


def windows(story: MonitoringStory) -> pd.DataFrame:
    """A row a cut-off: customers, new, moved, up, down, and PSI with its conventional verdict."""
    shown = story.monitoring.windows[["cutoff", "customers", "new", "share_moved", "up", "down", "psi", "psi_previous"]]
    return shown.assign(verdict=[story.verdict(key) for key in story.monitoring.windows["verdict"]])


def ageing(story: MonitoringStory) -> pd.DataFrame:
    """A row a later cut-off: moves and PSI of the first customers, what ageing explains, what it leaves, and alarm."""
    full = story.windows.iloc[1:]
    shown = ["cutoff", "moved_first", "moved_lower", "moved_upper", "psi_known", "expected_lower", "expected_upper"]
    view = full.reindex(columns=[*shown, "unexplained", "chance", "outside", "alarm"]).reset_index(drop=True)
    if story.ageing is None:
        return view
    told = [story.say(f"monitoring_alarm.{'yes' if raised else 'no'}") for raised in view["alarm"]]
    return view.assign(outside=view["outside"].astype(int), alarm=told)


def scores(story: MonitoringStory) -> pd.DataFrame:
    """A row a cut-off: R² of the step after it, frozen and learned anew, the paired difference, and the decision."""
    windows = story.monitoring.windows
    view = windows[["cutoff", "r2_frozen", "r2_refitted", "difference", "lower", "upper", "r2_naive", "relabelled"]]
    reasons = [story.say(f"monitoring_reason.{key}") for key in windows["reason"]]
    return view.rename(columns={"lower": "ci_lower", "upper": "ci_upper"}).assign(reason=reasons)


def segments(story: MonitoringStory) -> pd.DataFrame:
    """A row a segment, most spend first: share then, expected, now, and of all customers if frozen or learned anew."""
    shares = story.monitoring.shares
    ranks = story.monitoring.ranks
    by = {
        which: shares[(shares["segmentation"] == which) & (shares["cutoff"] == story.now.cutoff)]
        .set_index("segment")["share"]
        .reindex(ranks["segment"])
        .to_numpy()
        for which in (FROZEN, REFITTED)
    }
    start = shares[(shares["segmentation"] == FROZEN) & (shares["cutoff"] == story.first)].set_index("segment")["share"]
    view = pd.DataFrame({"segment": [story.labels[key] for key in ranks["segment"]], "rank": ranks["rank"]})
    view["first"] = start.reindex(ranks["segment"]).to_numpy()
    if story.ageing is not None:
        aged = story.ageing.shares
        last = aged[aged["cutoff"] == story.now.cutoff].set_index("segment").reindex(ranks["segment"])
        view["expected_share_lower"], view["expected_share_upper"] = last["lower"].to_numpy(), last["upper"].to_numpy()
        view["observed"] = last["observed"].to_numpy()
        if story.now.customers == story.monitoring.windows["customers"].iloc[0]:  # all are first customers
            return view.assign(refitted_share=by[REFITTED])
    return view.assign(frozen_share=by[FROZEN], refitted_share=by[REFITTED])


def features(story: MonitoringStory) -> pd.DataFrame:
    """PSI of every feature the method reads, against the first cut-off: a row a cut-off and feature."""
    features = story.monitoring.features
    names = [story.say(f"monitoring_feature.{key}") for key in features["feature"]]
    return features.assign(feature=names, verdict=[story.verdict(key) for key in features["verdict"]])


def moves(story: MonitoringStory) -> pd.DataFrame:
    """What movers spend in the steps before, of and after the move, against who had not moved."""
    if story.moves.empty:
        return pd.DataFrame(columns=["direction"])
    names = [story.say(f"monitoring_direction.row_{key}") for key in story.moves["direction"]]
    view = story.moves.drop(columns="cutoff").assign(direction=names)
    return view.rename(columns={"lower": "ci_lower", "upper": "ci_upper"})
