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
from crmresearch.stories.story import Story, in_sentence
from crmresearch.strategy.profit_link import OUTCOMES, ProfitLink
from crmresearch.value.outlook import Outlook


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
        """Both data sets and who is in them, the theory, the periods, the link."""
        linked, table = self.both.linked, self.both.table
        book, bought, theory = self.survey.codebook, table.codebook, self.specification.theory
        names = {key: in_sentence(self.text(theory.constructs[of].label)) for key, of in theory.aims.items()}
        return {
            **names, "theory": self.text(theory.title), "theory_cited": self.citation("theory"),
            "title": self.text(book.title), "cited": self.citation("data"),
            "bought": self.text(bought.title), "bought_cited": self.citation("purchases"),
            "column": book.weight, "cluster": book.cluster, "currency": bought.currency,
            "respondents": linked.respondents, "matched": len(linked.customers), "unknown": linked.unknown,
            "share": len(linked.customers) / linked.respondents, "not_asked": linked.not_asked,
            "answered": self.complete.rows_used, "items": len(self.complete.counts),
            "cells": int(self.complete.counts["missing_cells"].sum()), "flagged": self.careless[0],
            "day": table.cutoff, "planned": self.both.days, "days": self.both.days_after,
            "known_before": self.both.known_before, "margin": self.both.margins.share,
            "negative": int((self.both.after["profit"] < 0).sum()), "reason": self.outlook.failure,
            "confidence": self.link.confidence, "customers": self.link.customers, "reliability": self.link.reliability,
        }  # fmt: skip

    def change(self, row: "pd.Series") -> str:
        """An effect in per cent with its interval."""
        return self.say("link.change", change=row["change"], lower=row["change_lower"], upper=row["change_upper"])

    def findings(self) -> list[str]:
        """What followed, what the past tells already, how satisfaction goes with value, what was planted or hidden."""
        return [*self._followed(), *self._value(), *self._planted(), *self._hidden()]

    def _followed(self) -> Iterator[str]:
        found = {outcome: self.link.effect(outcome) for outcome in OUTCOMES}
        told = [self.say(f"link.{key}", change=self.change(row)) for key, row in found.items() if row is not None]
        yield self.say(
            f"finding.followed_{self.link.followed}" if told else "finding.nothing_bought", told=self.listed(told)
        )
        if (row := self.link.effect("purchases", "before")) is not None:
            yield self.say(f"finding.beyond_{self.link.verdict('purchases', 'before')}", change=self.change(row))

    def _value(self) -> Iterator[str]:
        cells = {level: self.link.share(level, "high") for level in ("high", "low")}
        shares = {level: cell["share"] for level, cell in cells.items() if cell is not None}
        yield self.say(f"finding.value_{self.link.together or 'nothing'}", **shares)

    def _planted(self) -> Iterator[str]:
        measure = "corrected" if self.link.effect("purchases", measure="corrected") is not None else "stated"
        for outcome, effect in (self.planted or {}).items():
            if (row := self.link.effect(outcome, measure=measure)) is not None:
                held = "held" if row["ci_lower"] <= effect <= row["ci_upper"] else "missed"
                names = {"outcome": self.say(f"outcome_of.{outcome}"), "measure": self.say(f"measure_of.{measure}")}
                yield self.say(f"finding.planted_{held}", planted=np.expm1(effect), change=self.change(row), **names)

    def _hidden(self) -> Iterator[str]:
        if (row := self.link.effect("purchases", measure="corrected")) is not None:
            yield self.say("finding.hidden", change=self.change(row))

    def follows(self) -> list[str]:
        """What loyalty is worth, whom to choose by what, or why nothing follows."""
        told = [self.say("follows.nothing")]
        if (worth := self.link.worth) is not None and self.link.verdict("profit") == "wins":
            money, low, up = worth
            told = [self.say("follows.worth", money=money, low=low, up=up)]
        beyond = self.link.verdict("purchases", "before")
        return told + self.sentences("follows.", beyond and ("both" if beyond == "wins" else "purchases"), "causes")

    def sample(self) -> list[str]:
        """Who answered, who of them is known to have bought, what is missing, which days are compared."""
        linked, gaps = self.both.linked, self.complete.counts["missing_cells"].any()
        found = {
            "matched": True, "unmatched": linked.unknown, "not_asked": linked.not_asked,
            f"gaps_{self.complete.policy}": gaps, "left_out": self.careless[0] and self.careless[1], "periods": True,
            "spend": self.both.margins.whole, "margin": not self.both.margins.whole,
        }  # fmt: skip
        return [*(self.say(f"sample.{key}") for key in found if found[key]), *map(self.text, self.survey.notes)]

    def value(self) -> list[str]:
        """What the value of a customer is, and the test of whether it goes with satisfaction."""
        tests = self.link.tests.itertuples()
        told = [self.say(f"value.{row.test}", row, p=told_p_value(row.p_value)) for row in tests]
        what = self.say("value.forecast" if self.outlook.value else "value.before")
        return [what, *told, *(taken_for_alone(self, self.survey) if told else [])]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        return self.sentences("limit.", "causes", "answered", "error", "margin")

    @property
    def published(self) -> dict[str, str]:
        """The theory and both data sets."""
        data, bought = self.survey.codebook.citation, self.both.table.codebook.citation
        return {"theory": self.specification.theory.citation, "data": data, "purchases": bought}

    def methods_paragraph(self) -> list[str]:
        """Customers, scores, effects, correction and the table of value, as a paper tells them."""
        corrected = bool(np.isfinite(self.link.reliability)) and "corrected"
        weighted, clustered = (
            self.survey.weights is not None and "weighted",
            self.survey.codebook.cluster and "clustered",
        )
        return self.sentences("methods.link_", "data", "effects", corrected, "value", weighted, clustered)
