"""What to improve first, in sentences made from the results: what counts on average, and what nobody can do without."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.report.show.number_format import told_p_value
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.sem.priorities.cipma import Cipma
from crmresearch.sem.priorities.necessity import FRAGILE, MEDIUM
from crmresearch.stories.priorities import TEXTS
from crmresearch.stories.respondents import respondents
from crmresearch.stories.story import Story, in_sentence, interval


@dataclass(frozen=True)
class PrioritiesStory(Story):
    """Both analyses of one estimate, ready to be told; every method returns sentences in `language`."""

    survey: Survey
    complete: Complete
    estimate: PlsEstimate
    found: Cipma
    language: str = "en"

    texts = TEXTS

    @property
    def facts(self) -> dict[str, Any]:
        """What sentences and captions name: the target, the level wanted of it, its unit, respondents, confidence."""
        found, key = self.found, self.found.target
        unit = self.say(f"unit.{found.units[key].kind}", low=found.units[key].low, high=found.units[key].high)
        return {
            "target": self.within(key), "outcome": self.label(key), "level": self.number(found.wanted), "unit": unit,
            "confidence": found.ipma.confidence, "alpha": 1 - found.ipma.confidence, "rows": len(found.scores),
            "permutations": found.necessity.permutations, "medium": MEDIUM, "few": FRAGILE,
        }  # fmt: skip

    def label(self, key: str) -> str:
        """Name of a construct."""
        return self.estimate.specification.label(key, self.language)

    def within(self, key: str) -> str:
        """Name of a construct within a sentence."""
        return in_sentence(self.label(key))

    def those(self, keys: Any) -> str:
        """Names of constructs as a list within a sentence."""
        return self.listed([self.within(str(key)) for key in keys])

    def number(self, value: float) -> str:
        """A level as it is written: whole numbers without a decimal."""
        return f"{value:.1f}".removesuffix(".0")

    def needed(self, key: str, required: float) -> str:
        """What is required, rounded to the side on which it stays true that nobody lies beyond."""
        to_side = math.ceil if key in self.found.necessity.low else math.floor
        told = self.number(to_side(round(10 * required, 6)) / 10)
        return self.say("priorities.sd", value=told) if self.found.units[key].kind == "sd" else told

    def findings(self) -> list[str]:
        """What is necessary, what counts most, both, how sure that is; then what stands lowest, and the items."""
        return [self._necessary(), self._important(), *self._both(), *self._sure(), *self._lowest(), *self._items()]

    def _necessary(self) -> str:
        table, rows, fragile = self.found.table, self.found.bottlenecks, self.found.necessity.fragile
        necessary = table.loc[table["necessary"], "construct"]
        if len(rows):
            told = [
                self.say(f"condition.{'most' if row.construct in self.found.necessity.low else 'least'}", d=row.d,
                         condition=self.within(row.construct), required=self.needed(row.construct, row.required),
                         p=told_p_value(row.p_adjusted))
                for row in rows.itertuples()
            ]  # fmt: skip
            all_fragile = set(rows["construct"]) <= set(fragile)
            key = "necessary" if self.found.necessity.more_than_association else "necessary_or_driver"
            key = "necessary_by_few" if all_fragile else key
            return self.say(f"finding.{key}", conditions=self.listed(told), **self.facts)
        key = "none" if necessary.empty else "elsewhere"
        key = "not_reached" if (table["status"] == "not_reached").any() else key
        return self.say(f"finding.{key}", names=self.those(necessary), count=len(necessary), **self.facts)

    def _important(self) -> str:
        table = self.found.table.query("level == 'construct'").dropna(subset="importance")
        first = table[table["rank_lower"] == 1].sort_values("importance", ascending=False, kind="stable")
        if first.empty or len(first) > max(1, len(table) / 2):
            return self.say(f"finding.{'no_importance' if first.empty else 'no_first'}", **self.facts)
        names, row = [self.within(key) for key in first["construct"]], first.iloc[0]
        gain = {"gain": row["importance"], **interval(row, "importance_")}
        return self.say("finding.first", first=self.first_of(names), name=names[0], **gain, **self.facts)

    def _both(self) -> list[str]:
        both = self.found.table.query("priority == 'both'")["construct"]
        told = self.say(f"finding.{'not_both' if both.empty else 'both'}", names=self.those(both), **self.facts)
        if self.found.bottlenecks.empty:
            return [told] if len(both) else []
        return [f"{told} {self.say('finding.failing', share=self.found.failing, **self.facts)}"]

    def _sure(self) -> list[str]:
        if not self.found.table["necessary"].any():
            return []
        told, more = self.undone(), self.found.necessity.more_than_association
        few = self.say(f"finding.{'fragile' if told else 'sturdy'}", told=told, **self.facts)
        beyond = self.say(f"finding.{'more' if more else 'no_more'}", names=self.those(more), **self.facts)
        return [f"{few} {beyond}"]

    def undone(self) -> str:
        """Without how many answers which conditions would not be called necessary; nothing where that takes many."""
        few = pd.Series(self.found.necessity.fragile, dtype=object)
        parts = [
            self.say("fragile.one", conditions=self.those(part.index), dropped=int(str(dropped)))
            for dropped, part in few.groupby(few)
        ]
        return self.listed(parts) if parts else ""

    def _lowest(self) -> list[str]:
        table = self.found.table.dropna(subset="performance").query("level == 'construct'")
        rows = table[table["performance_rank_upper"] == len(table)].sort_values("performance", kind="stable")
        names = [f"{self.within(row.construct)} ({row.performance:.1f})" for row in rows.itertuples()]
        counts = len(rows) and rows["importance_lower"].iloc[0] > 0  # else to stand low may be no loss
        return [self.say("finding.lowest", lowest=self.first_of(names))] if counts else []

    def _items(self) -> list[str]:
        items = self.found.ipma.items.dropna(subset="importance")
        first = items[items["rank_lower"] == 1].sort_values("importance", ascending=False, kind="stable")["item"]
        alike = first.empty or len(first) > len(items) / 2
        return [] if alike else [self.say("finding.items", items=self.first_of(list(first)), **self.facts)]

    def follows(self) -> list[str]:
        """What to do first: lift those below a bottleneck, then what counts on average; and what to check before."""
        fragile, more = self.found.necessity.fragile, self.found.necessity.more_than_association
        sure = [key not in fragile and key in more for key in self.found.bottlenecks["construct"]]
        parts = [
            self.say("condition.below", condition=self.within(row.construct), share=row.share_below,
                     required=self.needed(row.construct, row.required))
            for row in self.found.bottlenecks[sure].itertuples()
        ]  # fmt: skip
        told = [self.say("follows.lift", conditions=self.listed(parts), **self.facts)] if parts else []
        told += [self.say("follows.check", names=self.those(fragile), count=len(fragile))] if fragile else []
        loose = [key for key in self.found.bottlenecks["construct"] if key not in fragile and key not in more]
        told += [self.say("follows.together", names=self.those(loose), count=len(loose), **self.facts)] if loose else []
        important = self.found.table.query("priority in ('both', 'important')").sort_values("performance")["construct"]
        told += [self.say("follows.raise", names=self.those(important), **self.facts)] if len(important) else []
        return [*(told or [self.say("follows.nothing", **self.facts)]), self.say("follows.causes")]

    def sample(self) -> list[str]:
        """Who answered, and what is missing."""
        return [*respondents(self, self.survey, self.complete), *map(self.text, self.survey.notes)]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        return [
            self.say(f"limit.{key}", **self.facts)
            for key in ("causes", "points", "together", "sampled", "mean", "stated")
        ]

    @property
    def published(self) -> dict[str, str]:
        """The theory and the data."""
        return {"theory": self.estimate.specification.theory.citation, "data": self.survey.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """Respondents, model, both analyses, as a paper tells them."""
        boot, codebook, theory = self.estimate.resampling, self.survey.codebook, self.estimate.specification.theory
        assert boot is not None
        facts = {
            **self.facts, "title": self.text(codebook.title), "cited": self.citation("data"), "seed": boot.seed,
            "theory": self.text(theory.title), "theory_cited": self.citation("theory"), "column": codebook.weight,
            "resamples": boot.resamples, "scheme": self.say(f"scheme.{self.estimate.settings.scheme}"),
        }  # fmt: skip
        told = ["priorities_model", "priorities_map", "priorities_necessity", "priorities_combined"]
        told += ["priorities_weighted"] if self.estimate.sample.weighted else []
        return [self.say(f"methods.{key}", **facts) for key in told]
