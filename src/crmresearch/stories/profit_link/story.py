"""What stated loyalty tells of later purchases and profit, in sentences made from the results."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.linked import BeforeAndAfter
from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.models.specification import Specification
from crmresearch.report.show.number_format import told_p_value
from crmresearch.report.show.paragraphs import Prose
from crmresearch.stories.drawn import taken_for_alone
from crmresearch.stories.profit_link import TEXTS
from crmresearch.stories.story import Story, in_sentence, verdict
from crmresearch.strategy.profit_link import ProfitLink
from crmresearch.value.outlook import Outlook

OUTCOMES = ("purchases", "profit")


@dataclass(frozen=True)
class ProfitLinkStory(Story):
    """Answers and purchases of the same customers, ready to be told; every method returns sentences in `language`.

    `careless`: respondents whose answers look careless, and whether they were left out. `planted`: the effects (of the
    logarithm) by outcome that simulated customers were given, None for real ones.
    """

    survey: Survey
    specification: Specification
    complete: Complete
    both: BeforeAndAfter
    outlook: Outlook
    link: ProfitLink
    careless: tuple[int, bool]
    planted: dict[str, float] | None = None
    language: str = "en"

    texts = TEXTS
    packages = (*Story.packages, "statsmodels")

    @property
    def simulated(self) -> Prose | None:
        """The first line of the page where the customers are simulated."""
        return self.prose("simulated") if self.planted else None

    @property
    def facts(self) -> dict[str, Any]:
        """What captions and sentences name."""
        theory = self.specification.theory
        names = {key: in_sentence(self.text(theory.constructs[of].label)) for key, of in theory.aims.items()}
        return {
            **names,
            "confidence": self.link.confidence,
            "customers": self.link.customers,
            "days": self.both.days_after,
            "known_before": self.both.known_before,
            "day": self.both.table.cutoff,
            "currency": self.both.table.codebook.currency,
        }

    def tell(self, key: str, **facts: Any) -> str:
        """A sentence with the facts of this story."""
        return self.say(key, **{**self.facts, **facts})

    def change(self, row: "pd.Series") -> str:
        """An effect in per cent with its interval."""
        return self.say("link.change", change=row["change"], lower=row["change_lower"], upper=row["change_upper"])

    def reads(self, outcome: str, control: str = "none") -> str:
        """Whether an effect of stated loyalty is told: wins, ties or loses; nothing where it could not be estimated."""
        row = self.link.effect(outcome, control)
        return "" if row is None else verdict(row["ci_lower"], row["ci_upper"])

    def findings(self) -> list[str]:
        """What followed, what the past tells already, how satisfaction goes with value, what was planted or hidden."""
        return [*self._followed(), *self._beyond(), *self._value(), *self._planted(), *self._hidden()]

    def _followed(self) -> Iterator[str]:
        rows = {outcome: self.link.effect(outcome) for outcome in OUTCOMES}
        found = {outcome: row for outcome, row in rows.items() if row is not None}
        told = [self.say(f"link.{outcome}", change=self.change(row)) for outcome, row in found.items()]
        if not told:
            yield self.tell("finding.nothing_bought")
            return
        shown = {self.reads(outcome) for outcome in found}
        key = "wins" if shown == {"wins"} else "loses" if shown == {"loses"} else "ties"
        yield self.tell(f"finding.followed_{key}", told=self.listed(told))

    def _beyond(self) -> Iterator[str]:
        row = self.link.effect("purchases", "before")
        if row is not None:
            yield self.tell(f"finding.beyond_{self.reads('purchases', 'before')}", change=self.change(row))

    def _value(self) -> Iterator[str]:
        trend = self.link.tests.query("test == 'trend'")
        top = [self.link.share(level, "high") for level in ("high", "low")]
        if trend.empty or top[0] is None or top[1] is None:
            yield self.tell("finding.value_nothing")
            return
        shown = trend["p_value"].item() < 1 - self.link.confidence
        key = "ties" if not shown else "wins" if top[0]["share"] > top[1]["share"] else "loses"
        yield self.tell(f"finding.value_{key}", high=top[0]["share"], low=top[1]["share"])

    def _planted(self) -> Iterator[str]:
        measure = "corrected" if self.link.effect("purchases", measure="corrected") is not None else "stated"
        for outcome, effect in (self.planted or {}).items():
            row = self.link.effect(outcome, measure=measure)
            if row is not None:
                held = row["ci_lower"] <= effect <= row["ci_upper"]
                facts = {"outcome": self.say(f"outcome_of.{outcome}"), "planted": np.expm1(effect)}
                facts |= {"measure": self.say(f"measure_of.{measure}"), "change": self.change(row)}
                yield self.tell(f"finding.planted_{'held' if held else 'missed'}", **facts)

    def _hidden(self) -> Iterator[str]:
        row = self.link.effect("purchases", measure="corrected")
        if row is not None:
            yield self.tell("finding.hidden", reliability=self.link.reliability, change=self.change(row))

    def follows(self) -> list[str]:
        """What loyalty is worth, whom to choose by what, or why nothing follows."""
        profit, told = self.link.effect("profit"), []
        if profit is not None and self.reads("profit") == "wins":
            mean = self.link.means["profit"]
            low, up = mean * profit["change_lower"], mean * profit["change_upper"]
            told.append(self.tell("follows.worth", money=mean * profit["change"], low=low, up=up))
        else:
            told.append(self.tell("follows.nothing"))
        if beyond := self.reads("purchases", "before"):
            told.append(self.tell("follows.both" if beyond == "wins" else "follows.purchases"))
        return [*told, self.say("follows.causes")]

    def sample(self) -> list[str]:
        """Who answered, who of them is known to have bought, what is missing, which days are compared."""
        linked, book = self.both.linked, self.survey.codebook
        cells = int(self.complete.counts["missing_cells"].sum())
        flagged, left_out = self.careless
        facts = {
            "respondents": linked.respondents,
            "matched": len(linked.customers),
            "used": self.link.customers,
            "unknown": linked.unknown,
            "not_asked": linked.not_asked,
            "cells": cells,
            "items": len(self.complete.counts),
            "flagged": flagged,
            "survey": self.text(book.title),
            "purchases": self.text(self.both.table.codebook.title),
            "margin": self.both.margins.share,
        }
        keys = ["matched", *(["unmatched"] if linked.unknown else [])]
        keys += ["not_asked"] if linked.not_asked else []
        keys += [f"gaps_{self.complete.policy}"] if cells else []
        keys += ["left_out"] if flagged and left_out else []
        keys += ["periods", "spend" if self.both.margins.whole else "margin"]
        notes = [*map(self.text, self.survey.notes)]
        return [*(self.tell(f"sample.{key}", **facts) for key in keys), *notes]

    def value(self) -> list[str]:
        """What the value of a customer is, and the test of whether it goes with satisfaction."""
        what = self.tell("value.forecast" if self.outlook.value else "value.before", reason=self.outlook.failure)
        tests = [
            self.say(f"value.{row.test}", statistic=row.statistic, df=row.df, p=told_p_value(row.p_value))
            for row in self.link.tests.itertuples()
        ]
        return [what, *tests, *(taken_for_alone(self, self.survey) if tests else [])]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        keys = ["causes", "answered", "error", "margin"]
        return [self.tell(f"limit.{key}") for key in keys]

    @property
    def published(self) -> dict[str, str]:
        """The theory and both data sets."""
        theory = self.specification.theory
        return {
            "theory": theory.citation,
            "data": self.survey.codebook.citation,
            "purchases": self.both.table.codebook.citation,
        }

    def methods_paragraph(self) -> list[str]:
        """Customers, scores, effects, correction and the table of value, as a paper tells them."""
        facts = {
            "title": self.text(self.survey.codebook.title),
            "cited": self.citation("data"),
            "bought": self.text(self.both.table.codebook.title),
            "bought_cited": self.citation("purchases"),
            "theory": self.text(self.specification.theory.title),
            "theory_cited": self.citation("theory"),
            "reliability": self.link.reliability,
            "column": self.survey.codebook.weight,
            "cluster": self.survey.codebook.cluster,
        }
        keys = ["link_data", "link_effects"]
        keys += ["link_corrected"] if np.isfinite(self.link.reliability) else []
        keys += ["link_value"] + (["link_weighted"] if self.survey.weights is not None else [])
        keys += ["link_clustered"] if self.survey.codebook.cluster else []
        return [self.tell(f"methods.{key}", **facts) for key in keys]
