"""The tables, warnings and notes of a monitoring report, for readers."""

import pandas as pd

from crmresearch.segmentation.monitoring.monitor import FROZEN, REFITTED
from crmresearch.segmentation.scoring.evaluate import too_small
from crmresearch.stories.monitoring import TEXTS
from crmresearch.stories.monitoring.story import MonitoringStory
from crmresearch.stories.story import caution_table


def introduction(story: MonitoringStory) -> list[str]:
    """What is monitored, over which time, by which segments."""
    monitoring, windows = story.monitoring, story.monitoring.windows
    codebook = story.transactions.codebook
    end = story.say("monitoring.learned_end") if pd.isna(story.now.r2_frozen) else ""
    return [
        story.say(
            "monitoring.windows",
            title=story.text(codebook.title),
            count=len(windows),
            days=monitoring.step,
            first=story.first,
            last=story.now.cutoff,
            method=story.name,
            customers=int(windows["customers"].iloc[0]),
            definition=story.text(monitoring.method.definition),
        ),
        story.say("monitoring.learned", end=end),
        *story.cohort(),
        *map(story.text, story.transactions.notes),
    ]


def full_windows(story: MonitoringStory) -> pd.DataFrame:
    """`Monitoring.windows` with the expected drift beside it: what the CSV holds."""
    windows = story.monitoring.windows
    return windows if story.ageing is None else windows.merge(story.ageing.drift, on="cutoff", how="left")


def windows_view(story: MonitoringStory) -> pd.DataFrame:
    """A row a cut-off: customers, new, moved, up, down, and PSI with its conventional verdict."""
    windows = story.monitoring.windows
    shown = windows[["cutoff", "customers", "new", "share_moved", "up", "down", "psi", "psi_previous"]]
    return shown.assign(verdict=[story.verdict(key) for key in windows["verdict"]])


def ageing_view(story: MonitoringStory) -> pd.DataFrame:
    """A row a later cut-off: moves and PSI of the first customers, what ageing explains, what it leaves, and alarm."""
    full = full_windows(story).iloc[1:]
    shown = ["cutoff", "moved_first", "moved_lower", "moved_upper", "psi_known", "expected_lower", "expected_upper"]
    view = full.reindex(columns=[*shown, "unexplained", "chance", "outside", "alarm"]).reset_index(drop=True)
    if story.ageing is None:
        return view
    told = [story.say(f"monitoring_alarm.{'yes' if raised else 'no'}") for raised in view["alarm"]]
    return view.assign(outside=view["outside"].astype(int), alarm=told)


def scores_view(story: MonitoringStory) -> pd.DataFrame:
    """A row a cut-off: R² of the step after it, frozen and learned anew, the paired difference, and the decision."""
    windows = story.monitoring.windows
    view = windows[["cutoff", "r2_frozen", "r2_refitted", "difference", "lower", "upper", "r2_naive", "relabelled"]]
    reasons = [story.say(f"monitoring_reason.{key}") for key in windows["reason"]]
    return view.rename(columns={"lower": "ci_lower", "upper": "ci_upper"}).assign(reason=reasons)


def segments_view(story: MonitoringStory) -> pd.DataFrame:
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


def features_view(story: MonitoringStory) -> pd.DataFrame:
    """PSI of every feature the method reads, against the first cut-off: a row a cut-off and feature."""
    features = story.monitoring.features
    names = [story.say(f"monitoring_feature.{key}") for key in features["feature"]]
    return features.assign(feature=names, verdict=[story.verdict(key) for key in features["verdict"]])


def moves_view(story: MonitoringStory) -> pd.DataFrame:
    """What movers spend in the steps before, of and after the move, against who had not moved."""
    if story.moves.empty:
        return pd.DataFrame(columns=["direction"])
    names = [story.say(f"monitoring_direction.row_{key}") for key in story.moves["direction"]]
    view = story.moves.drop(columns="cutoff").assign(direction=names)
    return view.rename(columns={"lower": "ci_lower", "upper": "ci_upper"})


def warnings(story: MonitoringStory) -> pd.DataFrame:
    """Small segments, missing tests, a single cohort, and the flags of the purchase models; gravest first."""
    windows = story.monitoring.windows
    rows = []
    if story.now.small:
        names = TEXTS.listed([story.labels[key] for key in story.now.small.split("+")], story.language)
        message = story.say("monitoring_caution.small", first=story.first, segments=names)
        rows.append(("small_segment", "weak", story.name, message))
    start = story.monitoring.shares.query("cutoff == @story.first and segmentation == @FROZEN")
    tiny = start[too_small(start["customers"])]
    if len(tiny):
        named = [f"{story.labels[row.segment]} ({row.customers:,})" for row in tiny.itertuples()]
        names = TEXTS.listed(named, story.language)
        message = story.say("monitoring_caution.small_first", first=story.first, segments=names)
        rows.append(("small_first", "weak", story.name, message))
    if story.ageing is None:
        message = story.say("monitoring_caution.expected_missing", reason=story.no_ageing)
        rows.append(("expected_missing", "weak", "", message))
    else:
        for caution in story.ageing.value.cautions:
            message = story.say(f"value_caution.{caution.code}", parameter=caution.quantity, **caution.facts)
            rows.append((caution.code, caution.severity, caution.quantity, message))
    if windows["new"].sum() == 0:
        rows.append(("one_cohort", "note", "", story.say("monitoring_caution.one_cohort")))
    if pd.isna(story.now.r2_frozen):
        rows.append(("no_following", "note", str(story.now.cutoff), story.say("monitoring_caution.no_following")))
    for row in windows.iloc[1:].itertuples():
        if pd.isna(row.relabelled):
            message = story.say("monitoring_caution.not_learned", cutoff=row.cutoff)
            rows.append(("not_learned", "weak", story.name, message))
    return caution_table(rows)


def limits(story: MonitoringStory) -> list[str]:
    """What these results cannot say."""
    facts: dict[str, object] = {"margin": story.monitoring.margin, "count": len(story.monitoring.windows)}
    modelled = ["model", "alarm", "large"] if story.ageing is not None else []
    if story.ageing is not None and story.now.customers > story.monitoring.windows["customers"].iloc[0]:
        modelled.append("joined")
    if story.ageing is not None and story.ageing.held:
        modelled.append("held")
        facts["held"] = story.ageing.held
    return [story.say(f"monitoring.limit_{key}", **facts) for key in (*modelled, "season", "margin", "many", "uplift")]


def method_notes(story: MonitoringStory) -> list[str]:
    """How the results were made, a sentence a step, with the numbers in use."""
    facts = {"method": story.name, "folds": story.folds, "resamples": story.resamples}
    facts |= {"margin": story.monitoring.margin, "simulations": story.ageing.simulations if story.ageing else 0}
    steps = [
        "frozen",
        "order",
        "psi",
        "features",
        *(["ageing", "alarm"] if story.ageing else []),
        "scores",
        "rule",
        "moves",
    ]
    return [story.say(f"monitoring_method.{step}", **facts) for step in steps]


def glossary(story: MonitoringStory) -> list[str]:
    """The terms of the report, each with what it means, in the order of the alphabet."""
    return sorted(story.say(key) for key in TEXTS.catalogue("en") if key.startswith("monitoring_term."))
