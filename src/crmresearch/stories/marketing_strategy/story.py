"""What to do about the factors of satisfaction, segment by segment, in sentences made from the results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.linked import Linked
from crmresearch.report.show.what_if import Choice, Outcome, WhatIf, show_what_if
from crmresearch.sem.groups import ALL
from crmresearch.sem.importance import Importance
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.stories.marketing_strategy import TEXTS
from crmresearch.stories.model_story import ModelStory
from crmresearch.stories.story import in_sentence
from crmresearch.strategy.strategy import Strategy

FARTHEST = 2.0  # scale points that a slider moves a factor at most
TOLD = 3  # decisions that the headline names


@dataclass(frozen=True)
class MarketingStrategyStory(ModelStory):
    """The strategy of one survey, ready to be told; every method returns sentences in `language`.

    `group` names the codebook's group that the segments are, None where they are `classes` of alike answers, or where
    there are none; `linked`: who of the respondents is in the purchases, where the segments are those of their value;
    `customers`: `customer_actions`, None without purchases; `not_here`: why there are none though they were asked for,
    by language.
    """

    drivers: Importance
    strategy: Strategy
    group: str | None = None
    classes: int = 0
    customers: pd.DataFrame | None = None
    linked: Linked | None = None
    not_here: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    texts = TEXTS
    packages = (*ModelStory.packages, "scikit-learn", "stepmix")

    @property
    def estimated(self) -> PlsEstimate:
        """The estimate that importance and performance are of."""
        return self.drivers.estimate

    @property
    def facts(self) -> dict[str, Any]:
        """The model, the aim, the confidence of the intervals, the smallest relevant effect."""
        aim, rule = self.within(self.drivers.aims[self.strategy.aim]), self.strategy.rule
        return {**super().facts, "aim": aim, "confidence": rule.confidence, "relevant": rule.relevant}

    @property
    def aims(self) -> dict[str, str]:
        """Headings of columns that are aims."""
        return {aim: self.factor(key) for aim, key in self.drivers.aims.items()}

    @property
    def staged(self) -> bool:
        """Whether the factors have stages."""
        return bool(self.strategy.decisions["stage"].notna().any())

    def factor(self, key: str) -> str:
        """Name of a construct; what stands for none is the index as it is."""
        return self.specification.label(key, self.language) if key else self.say("strategy.as_it_is")

    def within(self, *keys: str) -> str:
        """Names of constructs within a sentence, listed."""
        return self.listed([in_sentence(self.factor(key)) for key in keys])

    def stage(self, key: str | None) -> str:
        """Name of the stage of a factor, a dash without one."""
        return self.say(f"stage_of.{key}") if key else "–"

    @property
    def segments(self) -> list[str]:
        """Names of the segments, everybody first."""
        return list(map(self.segment, self.drivers.segments))

    def segment(self, key: str) -> str:
        """How a segment is called."""
        if key == ALL:
            return self.say("strategy.everybody")
        if self.linked is not None:
            return self.say(f"value_of.{key}")
        if self.group is not None:
            return self.survey.codebook.groups[self.group].value_label(key, self.language)
        return self.say("strategy.class", number=key[1:], count=self.classes)

    def those(self, key: str) -> str:
        """Name of a segment within a sentence; that of a group in quotes, which may be called as a factor is."""
        if self.group is not None and key != ALL:
            return self.say("strategy.group_called", name=self.segment(key))
        return in_sentence(self.segment(key))

    def findings(self) -> list[str]:
        """What is decided, what counts most, what it is worth, where segments differ, then segment by segment."""
        each = [self._first(key) for key in self.drivers.segments if key != ALL]
        return [self._clear(), self._first(ALL), *self._worth(), *self._apart(), *each]

    def _told(self, form: str) -> list[str]:
        """Every decision taken, on which factor and for whom, as a `short` or a `whole` sentence."""
        return [
            self.say(
                f"decided.{form}_{one}", factor=self.within(factor), segments=self.some(list(map(self.those, keys)))
            )
            for one, factor, keys in self.strategy.decided
        ]

    def _clear(self) -> str:
        told = self._told("short")
        made = self.strategy.decisions["decision"] != "undecided"
        key = "clear" if told else "nothing" if len(self.drivers.segments) == 1 else "nothing_anywhere"
        facts = {"clear": int(made.sum()), "total": len(made), "count": len(self.drivers.factors)}
        more = [self.say("list.more", count=len(told) - TOLD)] if len(told) > TOLD else []
        return self.say(f"finding.{key}", decided="; ".join([*told[:TOLD], *more]), **facts)

    def _first(self, segment: str) -> str:
        names = [self.within(key) for key in self.strategy.leading(segment)]
        first = self.first_of(names) if names else ""
        key = "finding.first" if names else "finding.no_priority"
        return self.say(key, first=first, segment=self.segment(segment))

    def _worth(self) -> Iterator[str]:
        gains = self.strategy.gains.query("segment == @ALL").dropna(subset="gain").set_index(["aim", "factor"])
        if not gains.empty:
            factor = gains["gain"].loc[self.strategy.aim].idxmax()
            rows = [(key, gains.loc[aim, factor]) for aim, key in self.drivers.aims.items()]
            told = [
                self.say(
                    "worth.gain", index=self.within(key), gain=r["gain"], lower=r["gain_lower"], upper=r["gain_upper"]
                )
                for key, r in rows
            ]
            yield self.say("finding.worth", factor=self.within(factor), gains=self.listed(told))

    def _apart(self) -> Iterator[str]:
        widest = self.strategy.apart.drop_duplicates("factor")
        told = [
            self.say("apart.one", factor=self.within(r.factor), more=self.segment(r.more), less=self.segment(r.less))
            for r in widest.itertuples()
        ]
        if len(self.drivers.segments) > 2:
            yield self.say("finding.apart" if told else "finding.alike", told="; ".join(told))

    def follows(self) -> list[str]:
        """What to do first, what money is best spent on, or why nothing follows."""
        told, plan = self._told("whole"), self.strategy.plans.get(ALL)
        nothing = [] if told else [self.say("follows.nothing")]
        if plan is not None and plan.gain > 0:
            alike = [key for key, one in zip(self.drivers.factors, plan.table["alike"], strict=True) if one]
            key = "one" if len(alike) == 1 else "some" if len(alike) <= len(self.drivers.factors) / 2 else "open"
            told.append(self.say(f"follows.money_{key}", factors=self.within(*alike)))
        return [*nothing, *told, self.say("follows.causes")]

    def rule(self) -> list[str]:
        """The rule of the decisions, with its cuts."""
        cuts = {name: getattr(self.strategy.rule, f"{name}_cut") for name in ("importance", "performance")}
        told = [self.say(f"rule.{name}_{'median' if cut is None else 'given'}", cut=cut) for name, cut in cuts.items()]
        return [self.say("rule.what"), *told, self.say("rule.decisions")]

    def who(self) -> list[str]:
        """Who the segments are."""
        key = (
            "value" if self.linked else "groups" if self.group is not None else "classes" if self.classes else "nobody"
        )
        label = in_sentence(self.text(self.survey.codebook.groups[self.group].label)) if self.group is not None else ""
        facts = {"count": self.classes, "respondents": self.survey.respondents}
        who = self.say(f"segments.{key}", label=label, matched=len(self.linked.ids) if self.linked else 0, **facts)
        return [who, *([self.say("sample.not_here", reason=self.text(self.not_here))] if self.not_here else [])]

    def what_if(self) -> WhatIf | None:
        """Sliders that move the factors of every segment; None where no factor or no index is defined."""
        found, room = self.strategy.forecasts, self.strategy.room.clip(0, FARTHEST)
        known = np.flatnonzero(np.isfinite(room[0, 0]))  # what is refused has nothing to move
        own = np.ix_([0, *(known + 1)], [0, *(known + 1)])
        aims = {aim: name for aim, name in self.aims.items() if np.isfinite(found[ALL, aim].centre[0])}
        if not aims or not known.size:
            return None
        names, choices = [self.factor(self.drivers.factors[i]) for i in known], []
        for segment, (down, up) in zip(self.drivers.segments, room[:, :, known], strict=True):
            parts = [(name, found[segment, aim]) for aim, name in aims.items()]
            outcomes = [Outcome(name, one.centre[own[1][0]], one.covariance[own]) for name, one in parts]
            choices.append(Choice(self.segment(segment), -down, up, outcomes))
        z = next(iter(found.values())).z
        return show_what_if(self.say("what_if.title"), names, choices, z, (0, 100), language=self.language)

    def limits(self) -> list[str]:
        """What these results cannot say."""
        own = self.classes > 0 and "classes", "loyalty" in self.drivers.aims and "stated"
        return self.sentences("limit.", "causes", "linear", "costs", "actions", *own)

    @property
    def published(self) -> dict[str, str]:
        """The theory and the data."""
        bought = {"purchases": self.linked.codebook.citation} if self.linked else {}
        return {**super().published, **bought}

    def methods_paragraph(self) -> list[str]:
        """Respondents, model, importance, decisions and the plan, as a paper tells them."""
        facts: dict[str, Any] = {"needed": self.drivers.needed}
        if self.linked is not None:
            facts |= {"bought": self.text(self.linked.codebook.title), "bought_cited": self.citation("purchases")}
            facts |= {"matched": len(self.linked.ids)}
        value, weighted = bool(self.linked) and "value", self.estimated.sample.weighted and "weighted"
        parts = ("model", value, "importance", "decisions", "plan", weighted)
        return self.sentences("methods.strategy_", *parts, **facts)
