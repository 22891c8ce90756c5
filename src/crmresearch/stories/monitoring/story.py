"""What monitoring says: who moved, what of the drift is growing older, whether to refit; sentences from the results."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.monitoring.ageing import Ageing
from crmresearch.segmentation.monitoring.drift import SHIFTED, drift_verdict
from crmresearch.segmentation.monitoring.monitor import Monitoring
from crmresearch.segmentation.monitoring.moves import balance
from crmresearch.segmentation.monitoring.verdict import Outcome, outcome
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.monitoring import TEXTS
from crmresearch.stories.story import verdict

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
        return self.text(self.transactions.codebook.attributes.get(column) or column_names([column]))

    @property
    def now(self) -> Any:
        """The row of the last cut-off."""
        return self.monitoring.now

    @property
    def outcome(self) -> Outcome:
        """What monitoring comes to: the one thing to do, whether to learn again, whether drift is an alarm."""
        return outcome(self.monitoring, self.ageing)

    def findings(self) -> list[str]:
        """What to do; who moved; alarm and refit; foresight; the drift; convention; what moves are worth."""
        aged, drift = [self.ageing.now] if self.ageing else [], self.drift()
        size = self.say(f"monitoring_size.{drift_verdict(aged[0].unexplained)}") if aged else ""
        alarm = self.say(f"monitoring.alarm_{self.outcome.alarm}", *aged, size=size)
        refit = self.say(f"monitoring.refit_{self.outcome.decision}")
        verdicts = self.say("monitoring.verdicts", alarm=alarm, refit=refit)
        facts = {**self.now, "first": self.monitoring.first}
        moved = drift[2:] or self.sentences("monitoring.", "moved_alone", **facts)
        told = [*self.foresight()[:1], *drift[:2], *self.ageing_segments(), *self.agreement(), *self.worth()]
        return [self._act(size), *moved, verdicts, *told]

    def _act(self, size: str) -> str:
        """The decision in one sentence, with its reason."""
        reasons = {
            "refit": self.outcome.decision,
            "look": "known" if self.ageing else "convention",
            "drop": "rules" if self.outcome.decision == "rules_size" else "learned",
            "keep": self.outcome.decision if self.outcome.decision in ("untested", "rules") else "tested",
        }
        small = self.listed([self.labels[key] for key in self.now.small.split("+") if key])
        facts = {"method": self.name, "small": small, "size": size, "margin": self.monitoring.margin}
        return self.say(f"monitoring.act_{self.outcome.action}_{reasons[self.outcome.action]}", **facts)

    def follows(self) -> list[str]:
        """What to do with the segments until the next cut-off, what to look at, and by what to choose customers."""
        then = self.outcome.action == "look" and self.now.small and "then_drop"
        told = self.sentences("monitoring.follows_", self.outcome.action, then, method=self.name)
        if self.ageing and self.ageing.now.outside and self.outcome.action != "refit":
            named = [self.labels[key] for key in self.ageing.outside(self.now.cutoff)["segment"]]
            told.append(self.say("monitoring.follows_segments", segments=self.some(named), first=self.monitoring.first))
        row = self.monitoring.tested
        single = row is not None and verdict(row.naive_lower, row.naive_upper) == "wins"
        return told + self.sentences("monitoring.follows_", single and "single")

    def drift(self) -> list[str]:
        """PSI by convention, against what growing older explains, and how many were to move anyway."""
        facts = {**self.now, "first": self.monitoring.first, "known": self.monitoring.known}
        told = [self.say("monitoring.psi", facts, verdict=self.say(f"monitoring_verdict.{self.now.verdict}"))]
        if self.ageing is None:
            return [*told, self.say("monitoring.none_gone", reason=self.no_ageing)]
        return [*told, *self.sentences("monitoring.", "psi_ageing", "ageing_moved", **{**facts, **self.ageing.now})]

    def ageing_segments(self) -> list[str]:
        """Which segments hold more or fewer of the first customers than growing older explains, widest gap first."""
        if self.ageing is None:
            return []
        told, outside = [], self.ageing.outside(self.now.cutoff)
        for key, part in (("more", outside[outside["gap"] > 0]), ("fewer", outside[outside["gap"] < 0])):
            named = [
                self.say("monitoring.ageing_segment", row, segment=self.labels[row.segment])
                for row in part.head(MOST_NAMED).itertuples()
            ]
            if len(part) > MOST_NAMED:
                named.append(self.say("monitoring.ageing_rest", count=len(part) - MOST_NAMED))
            if named:
                told.append(self.say(f"monitoring.ageing_{key}", segments=self.listed(named)))
        return told or [self.say("monitoring.ageing_all")]

    def cohort(self) -> list[str]:
        """Whether the customers are one ageing cohort, or how many joined since."""
        new = int(self.now.customers) - self.monitoring.known
        facts = {"first": self.monitoring.first, "new": new, "share": new / self.now.customers}
        return [self.say("monitoring.joined" if new else "monitoring.cohort", self.now, **facts)]

    def foresight(self) -> list[str]:
        """R² of the frozen segments and of those learned anew, the best number, and what learning anew would rename."""
        row = self.monitoring.tested
        if row is None:
            return []
        anew = "" if pd.notna(row.r2_refitted) else "_unlearned" if self.learns else "_rules"
        told = [self.say(f"monitoring.score{anew}", row, days=self.monitoring.step)]
        if pd.notna(row.naive_difference):
            against = self.say(f"monitoring.naive_{verdict(row.naive_lower, row.naive_upper)}")
            told.append(self.say("monitoring.score_naive", row, verdict=against))
        return told + ([self.say("monitoring.relabelled", row)] if pd.notna(row.relabelled) else [])

    def agreement(self) -> list[str]:
        """Whether the conventional verdict on PSI and the test on later spend say the same."""
        row = self.monitoring.tested
        if row is None or pd.isna(row.difference):
            return []
        loss, shifted = row.reason == "loss", row.psi > SHIFTED
        key = ("agrees_loss" if shifted else "sleeps") if loss else "cries" if shifted else "agrees_quiet"
        convention = self.say(f"monitoring_verdict.{row.verdict}")
        return [self.say(f"monitoring.psi_{key}", verdict=convention, margin=self.monitoring.margin)]

    def balance(self) -> list[str]:
        """Whether more customers moved up than down in the last step, by a sign test of those who did either."""
        up, down = (share * (self.now.customers - self.now.new) for share in (self.now.up, self.now.down))
        return [self.say(f"monitoring.balance_{balance(up, down)}", self.now)]

    @cached_property
    def moves(self) -> pd.DataFrame:
        """Moves of the last cut-off that could be tested, as in `Monitoring.moves`; directions with anyone."""
        moves = self.monitoring.moves
        return moves[(moves["cutoff"] == moves["cutoff"].max()) & (moves["customers"] > 0)].reset_index(drop=True)

    def worth(self) -> list[str]:
        """What those who moved up or down spend after it, against those in the same segments who had not moved."""
        told, moved = [], self.moves[self.moves["direction"].isin(["up", "down"])]
        for row in moved.dropna(subset="lower").itertuples():
            words = {
                "direction": self.say(f"monitoring_direction.{row.direction}"),
                "part": "" if row.compared == row.customers else self.say("monitoring.movers_part", row),
                "currency": self.transactions.codebook.currency,
                "verdict": self.say(f"monitoring.movers_{verdict(row.lower, row.upper)}"),
            }
            after = row.spend_of_others + row.difference  # of the movers who can be compared
            told.append(self.say("monitoring.movers", row, **words, after=after))
        return told

    def introduction(self) -> list[str]:
        """What is monitored, over which time, by which segments."""
        followed, title = self.monitoring, self.text(self.transactions.codebook.title)
        facts: dict[str, Any] = {"title": title, "method": self.name, "customers": followed.known}
        facts |= {"first": followed.first, "last": self.now.cutoff, "count": len(followed.windows)}
        facts |= {"days": followed.step, "definition": self.text(followed.method.definition)}
        end = self.say("monitoring.learned_end") if pd.isna(self.now.r2_frozen) else ""
        told = self.sentences("monitoring.", "windows" if self.learns else "windows_rules", "learned", **facts, end=end)
        return [*told, *self.cohort(), *map(self.text, self.transactions.notes)]

    @cached_property
    def windows(self) -> pd.DataFrame:
        """The cut-offs with the expected drift beside it: what the CSV holds."""
        windows = self.monitoring.windows
        return windows if self.ageing is None else windows.merge(self.ageing.drift, on="cutoff", how="left")

    def limits(self) -> list[str]:
        """What these results cannot say."""
        modelled, held = self.ageing is not None, self.ageing.held if self.ageing else 0
        joined = modelled and self.now.customers > self.monitoring.known
        facts = {"margin": self.monitoring.margin, "count": len(self.monitoring.windows), "held": held}
        return self.sentences(
            "monitoring.limit_", *(modelled and key for key in ("model", "alarm", "large")), joined and "joined",
            held > 0 and "held", "season", self.learns and "margin", "many", "uplift", **facts,
        )  # fmt: skip

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        facts = {"method": self.name, "folds": self.folds, "resamples": self.resamples}
        facts |= {"margin": self.monitoring.margin, "simulations": self.ageing.simulations if self.ageing else 0}
        modelled = ["ageing", "alarm"] if self.ageing else []
        learned, scored = ("frozen", ["scores", "rule"]) if self.learns else ("rules", ["scores_rules"])
        steps = [learned, "order", "psi", "features", *modelled, *scored, "moves"]
        return [self.say(f"monitoring_method.{step}", **facts) for step in steps]
