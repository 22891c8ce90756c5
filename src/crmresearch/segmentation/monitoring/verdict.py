"""What monitoring comes to at the last cut-off: whether to learn again, whether drift is an alarm, and each segment."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import pandas as pd

from crmresearch.caution import Caution
from crmresearch.segmentation.monitoring.ageing import Ageing
from crmresearch.segmentation.monitoring.drift import SHIFTED, drift_verdict
from crmresearch.segmentation.monitoring.monitor import FROZEN, REFITTED, Monitoring
from crmresearch.segmentation.scoring.evaluate import SMALL_SHARE, too_small

Decision = Literal["loss", "size", "size_aged", "size_only", "none", "untested", "rules", "rules_size"]
Alarm = Literal["yes", "segments", "no", "convention_yes", "convention_no"]
Action = Literal["refit", "look", "drop", "keep"]


def refit_decision(monitoring: Monitoring, ageing: Ageing | None) -> Decision:
    """Whether to learn the segments again: loss by the last cut-off tested, size by the last of all.

    size_aged: growing older alone brings every segment that became small below 1 % of the first customers. size_only:
    a segment is small, but segments learned anew foresee less. untested: nothing is small, and no test says more.
    rules and rules_size (a segment has become small): of a method that learns nothing.
    """
    now, tested = monitoring.now, monitoring.tested
    if not monitoring.method.learns:
        return "rules_size" if now.small else "rules"
    if tested is not None and tested.reason == "loss":
        return "loss"
    if now.small == "":
        return "none" if tested is not None and pd.notna(tested.difference) else "untested"
    if tested is not None and tested.lower > 0:
        return "size_only"
    if ageing is None or tested is None:
        return "size"
    upper = ageing.at(now.cutoff)["upper"]
    return "size_aged" if (upper[now.small.split("+")] < SMALL_SHARE).all() else "size"


def drift_alarm(monitoring: Monitoring, ageing: Ageing | None) -> Alarm:
    """yes, segments (single ones, the index is within chance), no; convention_yes or convention_no without a model.

    The alarm is that of the last cut-off: looking at every cut-off would raise it by chance more often.
    """
    if ageing is None:
        return "convention_yes" if monitoring.now.psi > SHIFTED else "convention_no"
    if not ageing.now.alarm:
        return "no"
    return "yes" if ageing.now.unexplained > ageing.now.chance else "segments"


def action(monitoring: Monitoring, ageing: Ageing | None) -> Action:
    """The one thing to do, which both verdicts lead to: learn again, look at the data, drop small segments, or keep.

    refit where `refit_decision` calls for it (loss, size). Else look where the alarm is raised and the drift that time
    does not explain is no longer small by convention (PSI of .1), or, without a model of time, where the convention
    calls the shares shifted. Else drop what became too small to act on, and keep the segments where nothing did. So an
    alarm over a small drift that costs no foresight changes nothing.
    """
    decision, alarm = refit_decision(monitoring, ageing), drift_alarm(monitoring, ageing)
    if decision in ("loss", "size"):
        return "refit"
    large = ageing is not None and drift_verdict(ageing.now.unexplained) != "stable"
    if alarm == "convention_yes" or (alarm in ("yes", "segments") and large):
        return "look"
    return "drop" if decision in ("size_aged", "size_only", "rules_size") else "keep"


def monitoring_cautions(monitoring: Monitoring) -> Iterator[Caution]:
    """What to beware of in the segments followed.

    small_segment (`segments` that fell below the size limit since the first cut-off) and small_first (customers of the
    `segments` that were below it there, by key); one_cohort (nobody joined since); no_following (the step after the
    last cut-off is not in the data); not_learned (`cutoff` whose customers could not teach the method).
    """
    windows, shares, first, now = monitoring.windows, monitoring.shares, monitoring.first, monitoring.now
    if now.small:
        yield Caution("small_segment", "weak", "", {"first": first, "segments": now.small.split("+")})
    start = shares[(shares["cutoff"] == first) & (shares["segmentation"] == FROZEN)]
    tiny = start[too_small(start["customers"])].set_index("segment")["customers"]
    if len(tiny):
        yield Caution("small_first", "weak", "", {"first": first, "segments": tiny.to_dict()})
    if windows["new"].sum() == 0:
        yield Caution("one_cohort", "note", "")
    if pd.isna(now.r2_frozen):
        yield Caution("no_following", "note", str(now.cutoff))
    for cutoff in windows.iloc[1:].loc[windows["relabelled"].isna() & monitoring.method.learns, "cutoff"]:
        yield Caution("not_learned", "weak", "", {"cutoff": cutoff})


class Outcome(NamedTuple):
    """What monitoring comes to, by `action`, `refit_decision` and `drift_alarm`."""

    action: Action
    decision: Decision
    alarm: Alarm


def outcome(monitoring: Monitoring, ageing: Ageing | None) -> Outcome:
    """The one thing to do, and the two verdicts that lead to it."""
    known = monitoring, ageing
    return Outcome(action(*known), refit_decision(*known), drift_alarm(*known))


def segment_shares(monitoring: Monitoring, ageing: Ageing | None) -> pd.DataFrame:
    """A row a segment, most spend first: its share of the customers then, as expected, and now.

    Columns: segment, rank, first (share at the first cut-off); with an expected drift expected_share_lower,
    expected_share_upper and observed, of the first customers; frozen_share, of all customers now, unless these are the
    first customers and observed says it already; refitted_share, of all if learned anew now.
    """
    ranks, now = monitoring.ranks, monitoring.now
    shares = monitoring.shares.pivot(index="segment", columns=["segmentation", "cutoff"], values="share")
    shares = shares.reindex(ranks["segment"])
    columns = {"segment": ranks["segment"], "rank": ranks["rank"], "first": shares[FROZEN, monitoring.first].to_numpy()}
    if ageing is not None:
        last = ageing.at(now.cutoff).reindex(ranks["segment"])
        ends = {"expected_share_lower": "lower", "expected_share_upper": "upper", "observed": "observed"}
        columns |= {name: last[end].to_numpy() for name, end in ends.items()}
    if ageing is None or now.customers != monitoring.known:
        columns["frozen_share"] = shares[FROZEN, now.cutoff].to_numpy()
    anew = shares.get((REFITTED, now.cutoff))
    return pd.DataFrame(columns).assign(refitted_share=float("nan") if anew is None else anew.to_numpy())
