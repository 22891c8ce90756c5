"""What to improve first, in sentences made from the results: what counts on average, and what nobody can do without."""

import math
from dataclasses import dataclass
from typing import Any

from crmresearch.report.show.number_format import told_p_value
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.sem.priorities.cipma import Cipma
from crmresearch.sem.priorities.ipma import foremost, lowest
from crmresearch.sem.priorities.necessity import FRAGILE, MEDIUM
from crmresearch.stories.model_story import ModelStory
from crmresearch.stories.priorities import TEXTS
from crmresearch.stories.story import interval


@dataclass(frozen=True)
class PrioritiesStory(ModelStory):
    """Both analyses of one estimate, ready to be told; every method returns sentences in `language`."""

    estimate: PlsEstimate
    found: Cipma
    language: str = "en"

    texts = TEXTS

    @property
    def estimated(self) -> PlsEstimate:
        """The estimate that both analyses are of."""
        return self.estimate

    @property
    def facts(self) -> dict[str, Any]:
        """The model, the target, the level wanted of it, its unit, and the limits of both analyses."""
        found, unit = self.found, self.found.units[self.found.target]
        return {
            **super().facts, "target": self.within(found.target), "outcome": self.label(found.target),
            "level": self.number(found.wanted), "unit": self.say(f"unit.{unit.kind}", low=unit.low, high=unit.high),
            "alpha": 1 - found.ipma.confidence, "permutations": found.necessity.permutations, "medium": MEDIUM,
            "few": FRAGILE,
        }  # fmt: skip

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
        conditions = [
            self.say(f"condition.{'most' if row.construct in self.found.necessity.low else 'least'}", d=row.d,
                     condition=self.within(row.construct), required=self.needed(row.construct, row.required),
                     p=told_p_value(row.p_adjusted))
            for row in self.found.bottlenecks.itertuples()
        ]  # fmt: skip
        names = self.found.table.query("necessary")["construct"]
        facts = {"conditions": self.listed(conditions), "names": self.within(*names), "count": len(names)}
        return self.say(f"finding.{self.found.verdict}", **facts)

    def _important(self) -> str:
        table = self.found.table.query("level == 'construct'")
        if (first := foremost(table)).empty:
            return self.say(f"finding.{'no_first' if table['importance'].any() else 'no_importance'}")
        names, row = [self.within(key) for key in first["construct"]], first.iloc[0]
        gain = {"gain": row["importance"], **interval(row, "importance_")}
        return self.say("finding.first", first=self.first_of(names), name=names[0], **gain)

    def _both(self) -> list[str]:
        both = self.found.table.query("priority == 'both'")["construct"]
        told = self.say(f"finding.{'not_both' if both.empty else 'both'}", names=self.within(*both))
        if self.found.bottlenecks.empty:
            return [told] if len(both) else []
        return [f"{told} {self.say('finding.failing', share=self.found.failing)}"]

    def _sure(self) -> list[str]:
        if not self.found.table["necessary"].any():
            return []
        told, more = self.undone(), self.found.necessity.more_than_association
        few = self.say(f"finding.{'fragile' if told else 'sturdy'}", told=told)
        beyond = self.say(f"finding.{'more' if more else 'no_more'}", names=self.within(*more))
        return [f"{few} {beyond}"]

    def undone(self) -> str:
        """Without how many answers which conditions would not be called necessary; nothing where that takes many."""
        few = self.found.necessity.fragile
        told = {dropped: self.within(*(key for key in few if few[key] == dropped)) for dropped in sorted(few.values())}
        parts = [self.say("fragile.one", conditions=names, dropped=dropped) for dropped, names in told.items()]
        return self.listed(parts) if parts else ""

    def _lowest(self) -> list[str]:
        rows = lowest(self.found.table.query("level == 'construct'")).itertuples()
        names = [f"{self.within(row.construct)} ({row.performance:.1f})" for row in rows]
        return [self.say("finding.lowest", lowest=self.first_of(names))] if names else []

    def _items(self) -> list[str]:
        first = list(foremost(self.found.ipma.items)["item"])
        return [self.say("finding.items", items=self.first_of(first))] if first else []

    def follows(self) -> list[str]:
        """What to do first: lift those below a bottleneck, then what counts on average; and what to check before."""
        rows, fragile = self.found.bottlenecks, self.found.necessity.fragile
        parts = [
            self.say("condition.below", condition=self.within(row.construct), share=row.share_below,
                     required=self.needed(row.construct, row.required))
            for row in rows.query("carried == 'sure'").itertuples()
        ]  # fmt: skip
        loose = rows.query("carried == 'together'")["construct"]
        important = self.found.table.query("priority in ('both', 'important')").sort_values("performance")["construct"]
        told = [self.say("follows.lift", conditions=self.listed(parts))] if parts else []
        told += [
            self.say(f"follows.{key}", names=self.within(*names), count=len(names))
            for key, names in {"check": fragile, "together": loose, "raise": important}.items()
            if len(names)
        ]
        return [*(told or [self.say("follows.nothing")]), self.say("follows.causes")]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        return self.sentences("limit.", "causes", "points", "together", "sampled", "mean", "stated")

    def methods_paragraph(self) -> list[str]:
        """Respondents, model, both analyses, as a paper tells them."""
        weighted = self.estimate.sample.weighted and "weighted"
        return self.sentences("methods.priorities_", "model", "map", "necessity", "combined", weighted)
