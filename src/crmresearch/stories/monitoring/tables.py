"""The tables of a monitoring report: which columns a reader sees, with names instead of keys."""

import pandas as pd

from crmresearch.segmentation.monitoring.verdict import segment_shares
from crmresearch.stories.monitoring.story import MonitoringStory

CI = {"lower": "ci_lower", "upper": "ci_upper"}


def windows(story: MonitoringStory) -> pd.DataFrame:
    """A row a cut-off: customers, new, moved, up, down, and PSI with its conventional verdict."""
    shown = ["cutoff", "customers", "new", "share_moved", "up", "down", "psi", "psi_previous", "verdict"]
    return story.named(story.monitoring.windows, *shown, verdict="monitoring_verdict")


def ageing(story: MonitoringStory) -> pd.DataFrame:
    """A row a later cut-off: moves and PSI of the first customers, what ageing explains, what it leaves, and alarm."""
    shown = ["cutoff", "moved_first", "moved_lower", "moved_upper", "psi_known", "expected_lower", "expected_upper"]
    view = story.windows.iloc[1:].astype({"outside": int}).replace({"alarm": {True: "yes", False: "no"}})
    return story.named(view, *shown, "unexplained", "chance", "outside", "alarm", alarm="monitoring_alarm")


def scores(story: MonitoringStory) -> pd.DataFrame:
    """A row a cut-off: R² of the step after it, frozen and learned anew, the paired difference, and the decision."""
    anew = ["r2_refitted", "difference", *CI.values()] if story.learns else []
    shown = ["cutoff", "r2_frozen", *anew, "r2_naive", *(["relabelled"] if story.learns else []), "reason"]
    return story.named(story.monitoring.windows.rename(columns=CI), *shown, reason="monitoring_reason")


def segments(story: MonitoringStory) -> pd.DataFrame:
    """A row a segment, most spend first: share then, expected, now, and of all customers if frozen or learned anew."""
    shares = segment_shares(story.monitoring, story.ageing)
    shown = shares if story.learns else shares.drop(columns="refitted_share")
    return story.named(shown, segment=story.labels.__getitem__)


def features(story: MonitoringStory) -> pd.DataFrame:
    """PSI of every feature the method reads, against the first cut-off: a row a cut-off and feature."""
    return story.named(story.monitoring.features, feature=story.feature, verdict="monitoring_verdict")


def moves(story: MonitoringStory) -> pd.DataFrame:
    """What movers spend in the steps before, of and after the move, against who had not moved."""
    view = story.moves.drop(columns="cutoff").rename(columns=CI)
    return story.named(view, direction="monitoring_moved")
