"""What is known of the customers today, what is expected of them, and how far that was right one window back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.report.show.paragraphs import Prose
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.segmentation.methods.rfm_named import RfmNamed
from crmresearch.segmentation.tags import Tags
from crmresearch.stories.campaign import SegmentsStory
from crmresearch.stories.customer_today import TEXTS
from crmresearch.stories.margins import at_margins, margins_named
from crmresearch.stories.story import interval
from crmresearch.value.back_check import QUANTITIES, BackCheck
from crmresearch.value.outlook import Outlook, holders

NAMED, STAGES = RfmNamed().name, LifeCycle().name


@dataclass(frozen=True)
class TodayStory(SegmentsStory):
    """One company's customers on the last day of the data, told without a holdout.

    `methods` and `left_out` are what `fit_methods` returned of `today_methods`; `checks` what `back_checks` found;
    `tags` are those of the user's own rules, None without any. Of more than `scored_customers` the intervals are made
    from so many.
    """

    texts = TEXTS

    transactions: Transactions
    table: CustomerTable
    outlook: Outlook
    checks: Sequence[BackCheck]
    methods: Sequence[Segmenter]
    left_out: pd.DataFrame
    contact_cost: float
    resamples: int
    seed: int
    scored_customers: int | None = None
    language: str = "en"
    tags: Tags | None = None

    @property
    def customers(self) -> pd.DataFrame:
        """The customer table with what is expected of each."""
        return self.outlook.customers

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        return {
            "contract": self.say("today.list_contract") if self.outlook.contract else "",
            "customers": len(self.customers), "cutoff": self.table.cutoff, "first": self.transactions.first_day,
            "months": next(iter(self.outlook.days)), "longest": max(self.outlook.days), "rate": self.outlook.rate,
            "margins": at_margins(self.outlook.margin, self.language), "resamples": self.resamples, "seed": self.seed,
            "scored": self.scored_customers or len(self.customers), "reason": self.outlook.failure,
            "cost": self.contact_cost, "currency": self.transactions.codebook.currency,
        }  # fmt: skip

    @cached_property
    def groupings(self) -> dict[str, pd.Series]:
        """Who bought again, and the segments of every method, of each customer."""
        again = pd.Series(np.where(self.customers["repeat"] > 0, "again", "once"), index=self.customers.index)
        return {"repeat": again, **{method.name: method.predict(self.customers) for method in self.methods}}

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The sums of `Outlook.totals` over `groupings`."""
        return self.outlook.totals(self.groupings, self.resamples, self.seed, most=self.scored_customers)

    def total(self, quantity: str, group: str = "all") -> dict[str, float]:
        """Estimate, lower and upper of a sum over all customers, or who bought again; none without intervals."""
        rows = self.totals[self.totals["grouping"].isin(["all", "repeat"]) & (self.totals["group"] == group)]
        rows = rows[rows["quantity"] == quantity]
        return {"estimate": float(rows["estimate"].iloc[0]), **interval(rows.iloc[0])} if len(rows) else {}

    @cached_property
    def half(self) -> pd.Index:
        """The fewest customers who hold half of the expected value, most first; none without a forecast."""
        return holders(self.customers["expected_value"]) if self.outlook.value else self.customers.index[:0]

    @cached_property
    def overdue(self) -> pd.DataFrame:
        """Customers silent for longer than their own rhythm allows, with `overdue_days`, most is expected of first."""
        method = self.fitted(STAGES)
        late = method.overdue_days(self.customers) if isinstance(method, LifeCycle) else np.nan
        found = self.customers.assign(overdue_days=late).query("overdue_days > 0")
        by = "expected_value" if self.outlook.value else "monetary_total"
        return found.sort_values(by, ascending=False, kind="stable")

    def findings(self) -> list[str]:
        """What customers are expected to bring, who brings half of it, who is still one, who is late."""
        value = self.total(f"expected_value_{self.facts['months']}")
        if value:
            purchases = self.total(f"expected_purchases_{self.facts['months']}")["estimate"]
            told = self.say(f"today.headline_{self.money}", purchases=purchases, **value)
            error = self.checks[0].error("spend") if self.checks else np.nan
            key = "today.headline_checked" if np.isfinite(error) else "today.headline_unchecked"
            first = [self.say(key, told=told, error=error, off=self.off(error)), *self.shortest(), self._alive()]
        else:
            first = [self.say("today.headline_none", recent=int((self.customers["recency"] < 365).sum()))]
        return [*first, self.late()]

    def late(self) -> str:
        """How many of those with a rhythm of their own are overdue against it."""
        if not (own := int(self.customers["gap_sd"].notna().sum())):
            return self.say("today.overdue_unknown")
        return self.say("today.overdue", count=len(self.overdue), own=own, share=len(self.overdue) / own)

    def off(self, error: float) -> str:
        """How much too high or too low a forecast was, in words; empty where there is no error to tell."""
        side = "high" if error > 0 else "low"
        return self.say(f"today.too_{side}", share=abs(error)) if np.isfinite(error) else ""

    @property
    def money(self) -> str:
        """What a value is: spend, or what the margin leaves of it."""
        return "spend" if self.outlook.margin.whole else "margin"

    @property
    def _model(self) -> str:
        """The ending of texts that differ by model: customers under contract have their own."""
        return "" if self.outlook.contract is None else "_contract"

    def shortest(self) -> list[str]:
        """How few customers hold half of the expected value."""
        count = len(self.half)
        return [self.say("today.half", count=count, share=count / len(self.customers))] if count else []

    def _alive(self) -> str:
        if not self.outlook.alive_identified:
            return self.say("today.alive_unknown")
        if self.outlook.contract is not None:
            months = self.facts["months"]
            left = self.total(f"survival_{months}").get("estimate", np.nan)
            return self.say("today.alive_contract", left=left, **self.total("p_alive"))
        again, alive = int((self.customers["repeat"] > 0).sum()), self.total("p_alive", "again")
        return self.say("today.alive", again=again, once=len(self.customers) - again, **alive)

    def trust(self) -> list[str]:
        """One line a quantity: usable, with care or not to be read, and why; the checks one window back among them."""
        if self.outlook.value is None:
            return [self._line("no", "today.no_forecast")]
        told = []
        for check in self.checks:
            for quantity in QUANTITIES:
                sums = check.customers.sum()
                facts = {"expected": sums[f"expected_{quantity}"], "actual": sums[quantity], "days": check.days}
                facts |= {"rank": check.rank_correlation(quantity), "start": check.table.cutoff}
                error = check.error(quantity)
                key = f"today.check_{quantity}" if np.isfinite(error) else "today.check_nothing"
                told.append(self._line(check.trust(quantity), key, off=self.off(error), **facts))
        if not self.checks:
            told.append(self._line("care", "today.check_none"))
        alive = ("care", f"today.alive_model{self._model}")
        if not self.outlook.alive_identified:
            alive = ("no", "today.alive_unknown")
        return [*told, self._line(*alive), self._line("care", f"today.next_model{self._model}")]

    def _line(self, trust: str, key: str, **facts: Any) -> str:
        return self.say("today.line", trust=self.say(f"trust.{trust}"), told=self.say(key, **facts))

    def follows(self) -> list[str]:
        """What to do with it: the short list, who is late, when a contact pays; or why nothing follows."""
        advice = [self.say("today.do_advice")] if self.fitted(NAMED) else []
        if not len(self.half) or any(check.trust("spend") == "no" for check in self.checks[:1]):
            return [self.say("today.do_nothing"), *advice]
        told = [self.say("today.do_half", count=len(self.half))]
        late = self.overdue.index.intersection(self.half)
        told += [self.say("today.do_overdue", count=len(late))] if len(late) else []
        for check in self.checks[:1]:
            count, share = check.captured()
            told.append(self.say("today.captured", count=count, share=share, start=check.table.cutoff, days=check.days))
        if self.contact_cost > 0:
            worth = self.customers["expected_value"]
            below, needed = int((worth < self.contact_cost).sum()), self.contact_cost / worth[self.half].mean()
            key = "nobody" if below == len(worth) else "double" if needed >= 1 else "raise"
            told.append(self.say(f"today.do_cost_{key}", below=below, needed=needed))
        return [*told, *advice]

    def known(self) -> list[str]:
        """What the data are, what the customers have spent, and when they last bought."""
        codebook, frame = self.transactions.codebook, self.customers
        last = {f"within_{days}": int((frame["recency"] < days).sum()) for days in (31, 92, 365)}
        spent = {"spend": frame["monetary_total"].sum(), "one": float((frame["repeat"] == 0).mean())}
        return [
            f"{self.text(codebook.title)}: {self.text(codebook.about)}",
            self.say("today.known", **spent),
            self.say("today.last", median=frame["recency"].median(), **last),
            *margins_named(self.outlook.margin, self.language),
            *map(self.text, self.transactions.notes),
        ]

    def expected_prose(self) -> Prose:
        """The paragraph that says which model tells what is to be expected."""
        return self.prose(f"expected{self._model}")

    def next_purchases(self) -> list[str]:
        """How many have a day of the next purchase, and what it means."""
        if self.outlook.value is None:
            return [self.say("today.no_forecast")]
        dated = int(self.outlook.next_day().notna().sum())
        return [self.say(f"today.next{self._model}", dated=dated)]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        about = self.text(self.transactions.codebook.about)
        return self.sentences("today.limit_", "uplift", "new", "same", "advice", "company", about=about)

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        part = self.facts["scored"] < len(self.customers) and "intervals_part"
        steps = (f"value{self._model}", "intervals", part, f"next{self._model}", "check") if self.outlook.value else ()
        return self.sentences("today_method.", "known", *steps, "overdue")
