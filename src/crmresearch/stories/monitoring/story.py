"""What monitoring says: who moved, what of the drift is growing older, whether to refit; sentences from the results."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.segmentation.monitoring.ageing import Ageing
from crmresearch.segmentation.monitoring.drift import SHIFTED, drift_verdict
from crmresearch.segmentation.monitoring.monitor import Monitoring
from crmresearch.segmentation.monitoring.moves import DIRECTIONS, balance
from crmresearch.segmentation.scoring.evaluate import SMALL_SHARE
from crmresearch.stories.method_names import method_name
from crmresearch.stories.monitoring import TEXTS
from crmresearch.stories.story import Story
from crmresearch.stories.story import verdict as told_apart

MOST_NAMED = 3  # segments named in one sentence; the table has them all


@dataclass(frozen=True)
class MonitoringStory(Story):
    """One segmentation of one company's customers over successive cut-offs, told.

    `ageing` is None where there is no expected drift, and `no_ageing` says why.
    """

    texts = TEXTS

    transactions: Transactions
    monitoring: Monitoring
    ageing: Ageing | None
    no_ageing: str
    folds: int
    resamples: int
    language: str = "en"

    @property
    def name(self) -> str:
        """What readers call the method."""
        return method_name(self.monitoring.method.name, self.language)

    @cached_property
    def labels(self) -> dict[str, str]:
        """What readers call each segment, by key."""
        return {segment.key: self.text(segment.label) for segment in self.monitoring.method.segments}

    @property
    def first(self) -> date:
        """The first cut-off, where the segments were frozen."""
        return self.monitoring.cutoffs[0]

    @property
    def now(self) -> Any:
        """The row of the last cut-off."""
        return self.monitoring.windows.iloc[-1]

    @cached_property
    def tested(self) -> Any:
        """The row of the last cut-off after the first whose following step is in the data, None without one."""
        later = self.monitoring.windows.iloc[1:].dropna(subset=["r2_frozen"])
        return later.iloc[-1] if len(later) else None

    @cached_property
    def decision(self) -> str:
        """loss, size, size_aged, size_only, none or untested: loss by the last cut-off tested, size by the last of all.

        size_aged: growing older alone brings every segment that became small below 1 % of the first customers.
        """
        if self.tested is not None and self.tested.reason == "loss":
            return "loss"
        if self.now.small == "":
            return "none" if self.tested is not None and pd.notna(self.tested.difference) else "untested"
        if self.tested is not None and told_apart(self.tested.lower, self.tested.upper) == "wins":
            return "size_only"
        if self.ageing is None or self.tested is None:
            return "size"
        aged = self.ageing.shares[self.ageing.shares["cutoff"] == self.now.cutoff].set_index("segment")["upper"]
        return "size_aged" if (aged[self.now.small.split("+")] < SMALL_SHARE).all() else "size"

    @cached_property
    def alarm(self) -> str:
        """yes, segments (single ones, the index is within chance), no; convention_yes or convention_no without a model.

        The alarm is that of the last cut-off: looking at every cut-off would raise it by chance more often.
        """
        if self.ageing is None:
            return "convention_yes" if self.now.psi > SHIFTED else "convention_no"
        last = self.ageing.drift.iloc[-1]
        if not last.alarm:
            return "no"
        return "yes" if last.unexplained > last.chance else "segments"

    def findings(self) -> list[str]:
        """Headline with alarm and refit; the drift and its ageing; foresight; convention; what moves are worth."""
        facts = self._alarm_facts() if self.ageing else {}
        headline = self.say(
            "monitoring.headline",
            moved=self.now.share_moved,
            method=self.name,
            previous=self.monitoring.cutoffs[-2],
            cutoff=self.now.cutoff,
            alarm=self.say(f"monitoring.alarm_{self.alarm}", **facts),
            refit=self.say(f"monitoring.refit_{self.decision}"),
        )
        told = [*self.drift()[:2], *self.ageing_segments(), *self.foresight()[:1], *self.agreement()]
        return [headline, *told, *self.worth()]

    def _alarm_facts(self) -> dict[str, object]:
        assert self.ageing is not None
        last = self.ageing.drift.iloc[-1]
        size = self.say(f"monitoring_size.{drift_verdict(last.unexplained)}")
        return {"unexplained": last.unexplained, "size": size, "count": int(last.outside)}

    def drift(self) -> list[str]:
        """PSI by convention, against what growing older explains, and how many were to move anyway."""
        now = self.now
        told = [self.say("monitoring.psi", first=self.first, psi=now.psi, verdict=self.verdict(now.verdict))]
        if self.ageing is None:
            return [*told, self.say("monitoring.none_gone", reason=self.no_ageing)]
        last = self.ageing.drift.iloc[-1]
        told.append(
            self.say(
                "monitoring.psi_ageing",
                known=int(self.monitoring.windows["customers"].iloc[0]),
                first=self.first,
                psi_known=now.psi_known,
                expected=last.psi_expected,
                lower=last.expected_lower,
                upper=last.expected_upper,
                unexplained=last.unexplained,
                chance=last.chance,
            )
        )
        bounds = {"lower": last.moved_lower, "upper": last.moved_upper}
        told.append(
            self.say("monitoring.ageing_moved", moved=now.moved_first, first=self.first, expected=last.moved_expected,
                     **bounds)
        )  # fmt: skip
        return told

    def ageing_segments(self) -> list[str]:
        """Which segments hold more or fewer of the first customers than growing older explains, widest gap first."""
        if self.ageing is None:
            return []
        shares = self.ageing.shares
        last = shares[shares["cutoff"] == self.now.cutoff]
        gap = last["observed"] - last["upper"].where(last["observed"] > last["upper"], last["lower"])
        outside = last[(last["observed"] > last["upper"]) | (last["observed"] < last["lower"])]
        if outside.empty:
            return [self.say("monitoring.ageing_all")]
        told = []
        for key, sign in (("more", 1), ("fewer", -1)):
            part = outside[sign * gap[outside.index] > 0]
            part = part.loc[gap[part.index].abs().sort_values(ascending=False, kind="stable").index]
            if len(part):
                named = [
                    self.say("monitoring.ageing_segment", segment=self.labels[row.segment], observed=row.observed,
                             lower=row.lower, upper=row.upper)
                    for row in part.head(MOST_NAMED).itertuples()
                ]  # fmt: skip
                if len(part) > MOST_NAMED:
                    named.append(self.say("monitoring.ageing_rest", count=len(part) - MOST_NAMED))
                told.append(self.say(f"monitoring.ageing_{key}", segments=self.listed(named)))
        return told

    def cohort(self) -> list[str]:
        """Whether the customers are one ageing cohort, or how many joined since."""
        now, known = self.now, int(self.monitoring.windows["customers"].iloc[0])
        new = int(now.customers) - known
        if new == 0:
            return [self.say("monitoring.cohort", first=self.first)]
        facts = {"new": new, "customers": int(now.customers), "cutoff": now.cutoff, "first": self.first}
        return [self.say("monitoring.joined", share=new / now.customers, **facts)]

    def foresight(self) -> list[str]:
        """R² of the frozen segments and of those learned anew, the best number, and what learning anew would rename."""
        row = self.tested
        if row is None:
            return []
        facts = {"days": self.monitoring.step, "cutoff": row.cutoff, "frozen": row.r2_frozen}
        if pd.isna(row.r2_refitted):
            told = [self.say("monitoring.score_unlearned", **facts)]
        else:
            paired = {"difference": row.difference, "lower": row.lower, "upper": row.upper}
            told = [self.say("monitoring.score", refitted=row.r2_refitted, **paired, **facts)]
        if pd.notna(row.naive_difference):
            paired = {"difference": row.naive_difference, "lower": row.naive_lower, "upper": row.naive_upper}
            verdict = self.say(f"monitoring.naive_{told_apart(row.naive_lower, row.naive_upper)}")
            told.append(self.say("monitoring.score_naive", naive=row.r2_naive, verdict=verdict, **paired))
        if pd.notna(row.relabelled):
            told.append(self.say("monitoring.relabelled", share=row.relabelled, cutoff=row.cutoff))
        return told

    def agreement(self) -> list[str]:
        """Whether the conventional verdict on PSI and the test on later spend say the same."""
        row = self.tested
        if row is None or pd.isna(row.difference):
            return []
        loud, lost = row.psi > SHIFTED, row.reason == "loss"
        key = {(False, False): "agrees_quiet", (True, True): "agrees_loss", (True, False): "cries"}
        told = key.get((bool(loud), bool(lost)), "sleeps")
        return [self.say(f"monitoring.psi_{told}", verdict=self.verdict(row.verdict), margin=self.monitoring.margin)]

    def balance(self) -> list[str]:
        """Whether more customers moved up than down in the last step, by a sign test of those who did either."""
        up, down = (share * (self.now.customers - self.now.new) for share in (self.now.up, self.now.down))
        return [self.say(f"monitoring.balance_{balance(up, down)}", up=self.now.up, down=self.now.down)]

    @cached_property
    def moves(self) -> pd.DataFrame:
        """Moves of the last cut-off that could be tested, as in `Monitoring.moves`; directions with anyone."""
        moves = self.monitoring.moves
        if moves.empty:
            return moves
        return moves[(moves["cutoff"] == moves["cutoff"].max()) & (moves["customers"] > 0)].reset_index(drop=True)

    def worth(self) -> list[str]:
        """What those who moved up or down spend after it, against those in the same segments who had not moved."""
        told = []
        for row in self.moves.itertuples():
            if row.direction not in (DIRECTIONS[0], DIRECTIONS[2]) or pd.isna(row.lower):
                continue
            part = {"compared": row.compared, "customers": row.customers}
            told.append(
                self.say(
                    "monitoring.movers",
                    direction=self.say(f"monitoring_direction.{row.direction}"),
                    part="" if row.compared == row.customers else self.say("monitoring.movers_part", **part),
                    after=row.spend_of_others + row.difference,  # of the movers who can be compared
                    usual=row.spend_of_others,
                    currency=self.transactions.codebook.currency,
                    difference=row.difference,
                    lower=row.lower,
                    upper=row.upper,
                    verdict=self.say(f"monitoring.movers_{told_apart(row.lower, row.upper)}"),
                )
            )
        return told

    def verdict(self, key: str) -> str:
        """The conventional verdict in words."""
        return self.say(f"monitoring_verdict.{key}")

    def introduction(self) -> list[str]:
        """What is monitored, over which time, by which segments."""
        monitoring, windows = self.monitoring, self.monitoring.windows
        codebook = self.transactions.codebook
        end = self.say("monitoring.learned_end") if pd.isna(self.now.r2_frozen) else ""
        return [
            self.say(
                "monitoring.windows",
                title=self.text(codebook.title),
                count=len(windows),
                days=monitoring.step,
                first=self.first,
                last=self.now.cutoff,
                method=self.name,
                customers=int(windows["customers"].iloc[0]),
                definition=self.text(monitoring.method.definition),
            ),
            self.say("monitoring.learned", end=end),
            *self.cohort(),
            *map(self.text, self.transactions.notes),
        ]

    @cached_property
    def windows(self) -> pd.DataFrame:
        """The cut-offs with the expected drift beside it: what the CSV holds."""
        windows = self.monitoring.windows
        return windows if self.ageing is None else windows.merge(self.ageing.drift, on="cutoff", how="left")

    def limits(self) -> list[str]:
        """What these results cannot say."""
        facts: dict[str, object] = {"margin": self.monitoring.margin, "count": len(self.monitoring.windows)}
        modelled = ["model", "alarm", "large"] if self.ageing is not None else []
        if self.ageing is not None and self.now.customers > self.monitoring.windows["customers"].iloc[0]:
            modelled.append("joined")
        if self.ageing is not None and self.ageing.held:
            modelled.append("held")
            facts["held"] = self.ageing.held
        return [
            self.say(f"monitoring.limit_{key}", **facts) for key in (*modelled, "season", "margin", "many", "uplift")
        ]

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        facts = {"method": self.name, "folds": self.folds, "resamples": self.resamples}
        facts |= {"margin": self.monitoring.margin, "simulations": self.ageing.simulations if self.ageing else 0}
        steps = [
            "frozen",
            "order",
            "psi",
            "features",
            *(["ageing", "alarm"] if self.ageing else []),
            "scores",
            "rule",
            "moves",
        ]
        return [self.say(f"monitoring_method.{step}", **facts) for step in steps]
