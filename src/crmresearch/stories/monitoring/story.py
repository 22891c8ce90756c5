"""What monitoring says: who moved, what of the drift is growing older, whether to refit; sentences from the results."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.monitoring.ageing import Ageing
from crmresearch.segmentation.monitoring.drift import SHIFTED, drift_verdict
from crmresearch.segmentation.monitoring.monitor import Monitoring
from crmresearch.segmentation.monitoring.moves import DIRECTIONS, balance
from crmresearch.segmentation.monitoring.verdict import Action, Alarm, Decision, action, drift_alarm, refit_decision
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.monitoring import TEXTS
from crmresearch.stories.story import interval
from crmresearch.stories.story import verdict as told_apart

MOST_NAMED = 3  # segments named in one sentence; the table has them all


@dataclass(frozen=True)
class MonitoringStory(PurchasesStory):
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
        return self.text(self.monitoring.method.label)

    @cached_property
    def labels(self) -> dict[str, str]:
        """What readers call each segment, by key."""
        return {segment.key: self.text(segment.label) for segment in self.monitoring.method.segments}

    @property
    def learns(self) -> bool:
        """Whether the method learns from customers, so that its segments can be learned anew."""
        return self.monitoring.method.learns

    @property
    def facts(self) -> dict[str, Any]:
        """What captions and alternative text of the foresight say, with segments learned anew or without any."""
        ending = "anew" if self.learns else "rules"
        return {f"told_{what}": self.say(f"monitoring.{what}_{ending}") for what in ("table", "figure")}

    def feature(self, column: str) -> str:
        """What readers call a column that the method reads."""
        if f"monitoring_feature.{column}" in self.texts.catalogue("en"):
            return self.say(f"monitoring_feature.{column}")
        attributes = self.transactions.codebook.attributes
        return self.text(attributes.get(column) or column_names([column]))

    @property
    def first(self) -> date:
        """The first cut-off, where the segments were frozen."""
        return self.monitoring.first

    @property
    def now(self) -> Any:
        """The row of the last cut-off."""
        return self.monitoring.now

    @property
    def decision(self) -> Decision:
        """Whether to learn the segments again, as `refit_decision` has it."""
        return refit_decision(self.monitoring, self.ageing)

    @property
    def alarm(self) -> Alarm:
        """Whether the drift is an alarm, as `drift_alarm` has it."""
        return drift_alarm(self.monitoring, self.ageing)

    @property
    def action(self) -> Action:
        """The one thing to do, as `action` has it."""
        return action(self.monitoring, self.ageing)

    def findings(self) -> list[str]:
        """What to do; who moved; alarm and refit; foresight; the drift; convention; what moves are worth."""
        facts = self._alarm_facts() if self.ageing else {}
        alarm = self.say(f"monitoring.alarm_{self.alarm}", **facts)
        verdicts = self.say("monitoring.verdicts", alarm=alarm, refit=self.say(f"monitoring.refit_{self.decision}"))
        told = [*self.foresight()[:1], *self.drift()[:2], *self.ageing_segments(), *self.agreement()]
        return [self._act(), self._moved(), verdicts, *told, *self.worth()]

    def _act(self) -> str:
        """The decision in one sentence, with its reason."""
        reasons = {
            "refit": self.decision,
            "look": "known" if self.ageing else "convention",
            "drop": "rules" if self.decision == "rules_size" else "learned",
            "keep": self.decision if self.decision in ("untested", "rules") else "tested",
        }
        size = self.say(f"monitoring_size.{drift_verdict(self.ageing.now.unexplained)}") if self.ageing else ""
        small = self.listed([self.labels[key] for key in self.now.small.split("+") if key])
        key = f"monitoring.act_{self.action}_{reasons[self.action]}"
        return self.say(key, method=self.name, small=small, size=size, margin=self.monitoring.margin)

    def _moved(self) -> str:
        """Who is no longer in the segment of the first cut-off, beside what time alone would have moved."""
        if self.ageing:
            return self.drift()[2]
        return self.say("monitoring.moved_alone", first=self.first, moved=self.now.moved_first)

    def follows(self) -> list[str]:
        """What to do with the segments until the next cut-off, what to look at, and by what to choose customers."""
        told = [self.say(f"monitoring.follows_{self.action}", method=self.name)]
        if self.action == "look" and self.now.small:
            told.append(self.say("monitoring.follows_then_drop"))
        if self.ageing and self.ageing.now.outside and self.action != "refit":
            named = [self.labels[key] for key in self.ageing.outside(self.now.cutoff)["segment"]]
            told.append(self.say("monitoring.follows_segments", segments=self.some(named), first=self.first))
        row = self.monitoring.tested
        if row is not None and told_apart(row.naive_lower, row.naive_upper) == "wins":
            told.append(self.say("monitoring.follows_single"))
        return told

    def _alarm_facts(self) -> dict[str, object]:
        assert self.ageing is not None
        last = self.ageing.now
        size = self.say(f"monitoring_size.{drift_verdict(last.unexplained)}")
        return {"unexplained": last.unexplained, "size": size, "count": int(last.outside)}

    def drift(self) -> list[str]:
        """PSI by convention, against what growing older explains, and how many were to move anyway."""
        now, first = self.now, self.first
        verdict = self.say(f"monitoring_verdict.{now.verdict}")
        told = [self.say("monitoring.psi", first=first, psi=now.psi, verdict=verdict)]
        if self.ageing is None:
            return [*told, self.say("monitoring.none_gone", reason=self.no_ageing)]
        last = self.ageing.now
        facts = {"known": self.monitoring.known, "psi_known": now.psi_known, "expected": last.psi_expected}
        facts |= {"unexplained": last.unexplained, "chance": last.chance, **interval(last, "expected_")}
        told.append(self.say("monitoring.psi_ageing", first=first, **facts))
        facts = {"moved": now.moved_first, "expected": last.moved_expected, **interval(last, "moved_")}
        return [*told, self.say("monitoring.ageing_moved", first=first, **facts)]

    def ageing_segments(self) -> list[str]:
        """Which segments hold more or fewer of the first customers than growing older explains, widest gap first."""
        if self.ageing is None:
            return []
        told = []
        outside = self.ageing.outside(self.now.cutoff)
        for key, part in (("more", outside[outside["gap"] > 0]), ("fewer", outside[outside["gap"] < 0])):
            named = []
            for row in part.head(MOST_NAMED).itertuples():
                facts = {"segment": self.labels[row.segment], "observed": row.observed, **interval(row, "")}
                named.append(self.say("monitoring.ageing_segment", **facts))
            if len(part) > MOST_NAMED:
                named.append(self.say("monitoring.ageing_rest", count=len(part) - MOST_NAMED))
            if named:
                told.append(self.say(f"monitoring.ageing_{key}", segments=self.listed(named)))
        return told or [self.say("monitoring.ageing_all")]

    def cohort(self) -> list[str]:
        """Whether the customers are one ageing cohort, or how many joined since."""
        now, new = self.now, int(self.now.customers) - self.monitoring.known
        if new == 0:
            return [self.say("monitoring.cohort", first=self.first)]
        facts = {"new": new, "customers": int(now.customers), "cutoff": now.cutoff, "first": self.first}
        return [self.say("monitoring.joined", share=new / now.customers, **facts)]

    def foresight(self) -> list[str]:
        """R² of the frozen segments and of those learned anew, the best number, and what learning anew would rename."""
        row = self.monitoring.tested
        if row is None:
            return []
        facts = {"days": self.monitoring.step, "cutoff": row.cutoff, "frozen": row.r2_frozen}
        if pd.isna(row.r2_refitted):
            told = [self.say("monitoring.score_unlearned" if self.learns else "monitoring.score_rules", **facts)]
        else:
            facts |= {"refitted": row.r2_refitted, "difference": row.difference, **interval(row, "")}
            told = [self.say("monitoring.score", **facts)]
        if pd.notna(row.naive_difference):
            facts = {"naive": row.r2_naive, "difference": row.naive_difference, **interval(row, "naive_")}
            verdict = self.say(f"monitoring.naive_{told_apart(row.naive_lower, row.naive_upper)}")
            told.append(self.say("monitoring.score_naive", verdict=verdict, **facts))
        if pd.notna(row.relabelled):
            told.append(self.say("monitoring.relabelled", share=row.relabelled, cutoff=row.cutoff))
        return told

    def agreement(self) -> list[str]:
        """Whether the conventional verdict on PSI and the test on later spend say the same."""
        row = self.monitoring.tested
        if row is None or pd.isna(row.difference):
            return []
        if row.reason == "loss":
            key = "agrees_loss" if row.psi > SHIFTED else "sleeps"
        else:
            key = "cries" if row.psi > SHIFTED else "agrees_quiet"
        verdict = self.say(f"monitoring_verdict.{row.verdict}")
        return [self.say(f"monitoring.psi_{key}", verdict=verdict, margin=self.monitoring.margin)]

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
                    verdict=self.say(f"monitoring.movers_{told_apart(row.lower, row.upper)}"),
                    **interval(row, ""),
                )
            )
        return told

    def introduction(self) -> list[str]:
        """What is monitored, over which time, by which segments."""
        monitoring, codebook = self.monitoring, self.transactions.codebook
        facts: dict[str, Any] = {"first": self.first, "last": self.now.cutoff, "method": self.name}
        facts |= {"count": len(monitoring.windows), "days": monitoring.step, "customers": monitoring.known}
        definition = self.text(monitoring.method.definition)
        end = self.say("monitoring.learned_end") if pd.isna(self.now.r2_frozen) else ""
        key = "monitoring.windows" if self.learns else "monitoring.windows_rules"
        return [
            self.say(key, title=self.text(codebook.title), definition=definition, **facts),
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
        held = self.ageing.held if self.ageing else 0
        modelled = ["model", "alarm", "large"] if self.ageing else []
        if self.ageing and self.now.customers > self.monitoring.known:
            modelled.append("joined")
        if held:
            modelled.append("held")
        facts = {"margin": self.monitoring.margin, "count": len(self.monitoring.windows), "held": held}
        return [
            self.say(f"monitoring.limit_{key}", **facts)
            for key in (*modelled, "season", *(["margin"] if self.learns else []), "many", "uplift")
        ]

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        facts = {"method": self.name, "folds": self.folds, "resamples": self.resamples}
        facts |= {"margin": self.monitoring.margin, "simulations": self.ageing.simulations if self.ageing else 0}
        modelled = ["ageing", "alarm"] if self.ageing else []
        learned, scored = ("frozen", ["scores", "rule"]) if self.learns else ("rules", ["scores_rules"])
        steps = [learned, "order", "psi", "features", *modelled, *scored, "moves"]
        return [self.say(f"monitoring_method.{step}", **facts) for step in steps]
