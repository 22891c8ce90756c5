"""Whether the constructs of one theory are measured well, in sentences made from the results."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crmresearch.sem.common_source import FULL_VIF
from crmresearch.sem.measurement_study import RARE, MeasurementStudy
from crmresearch.sem.pls.quality.criteria import CRITERIA
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.stories.measurement_quality import TEXTS
from crmresearch.stories.model_story import ModelStory
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.story import in_sentence, interval

NAMED = 3  # what a sentence names of more


@dataclass(frozen=True)
class MeasurementQualityStory(ModelStory):
    """The measurement of one theory on one survey, ready to be told; every method returns sentences in `language`."""

    study: MeasurementStudy
    language: str = "en"

    texts = TEXTS
    packages = (*ModelStory.packages, "semopy")

    @property
    def estimated(self) -> PlsEstimate:
        """The estimate whose measurement is judged."""
        return self.study.estimate

    def label(self, key: str) -> str:
        """Name of a construct; of an item, its own."""
        return super().label(key) if key in self.specification.keys else key

    def a_few(self, keys: Iterable[str]) -> str:
        """Constructs or items within a sentence, a few of many."""
        return self.some([in_sentence(self.label(key)) for key in keys])

    def of(self, verdict: str) -> list[str]:
        """The constructs with a verdict."""
        table = self.study.verdicts
        return list(table.loc[table["verdict"] == verdict, "construct"])

    def pairs(self, outcome: str) -> str:
        """The closest pairs of constructs with an outcome of HTMT, as sentences name them; empty for none."""
        told = []
        for row in self.study.closest.query("outcome == @outcome").itertuples():
            one, other = self.within(row.construct), self.within(row.about)
            told.append(self.say("word.pair", construct=one, other=other, value=row.estimate, **interval(row)))
        return self.some(told, NAMED) if told else ""

    def findings(self) -> list[str]:
        """Verdicts, distinctness, common source, what the covariance structure leaves out; then more of the source."""
        return [self._headline(), *self._distinct(), *self.common()[:1], self._left_out(), *self.common()[1:]]

    def _headline(self) -> str:
        found = {verdict: self.of(verdict) for verdict in ("good", "poor", "not_told", "single")}
        parts = [self.say(f"part.{one}", n=len(keys), names=self.a_few(keys)) for one, keys in found.items() if keys]
        return self.say("finding.headline", count=len(self.study.verdicts), told=self.listed(parts))

    def _distinct(self) -> list[str]:
        limit, outcomes = CRITERIA["discrimination"].cut_off, ("missed", "not_told", "met")
        told = [
            self.say(f"finding.distinct_{one}", pairs=self.pairs(one), limit=limit)
            for one in outcomes
            if self.pairs(one)
        ]
        return told[:1]

    def common(self) -> list[str]:
        """What speaks for one source of all answers: overlap of the constructs, share and fit of one factor."""
        if (source := self.study.source) is None:
            return [self.say("finding.common_none", reason=self.study.undefined["source"])]
        (outcome, rows), share = source.overlap, source.share.iloc[0]
        overlap = {"n": len(rows), "limit": FULL_VIF, "most": rows["estimate"].max()}
        return [
            self.say(f"finding.common_{outcome}", constructs=self.a_few(rows["construct"]), **overlap),
            self.say(f"common.share_{source.half}", share=share.estimate, **interval(share)),
            self.say("common.fit", **source.fit.set_index("measure")["value"]),
        ]

    def freed(self, row: Any) -> str:
        """What a parameter would add to the model, in words."""
        return self.say(f"word.freed_{row.kind}", mi=row.mi, lhs=self.within(row.lhs), rhs=self.within(row.rhs))

    def _left_out(self) -> str:
        if self.study.structure is None:
            return self.say("finding.structure_none", reason=self.study.undefined["structure"])
        if not self.study.readable:
            return self.say("finding.structure_unread")
        named = [self.freed(row) for row in self.study.beyond.head(NAMED).itertuples()]
        facts = {"tests": len(self.study.indices), "count": len(self.study.beyond), "parameters": self.listed(named)}
        return self.say(f"finding.structure_{'found' if named else 'nothing'}", **facts)

    def follows(self) -> list[str]:
        """What to do about what is not measured well."""
        missed = self.study.quality.query("outcome == 'missed'").groupby("criterion")["construct"].agg(list)
        told = [
            self.say(f"follows.{name}", constructs=self.a_few(missed[name]))
            for name in ("reliability", "redundancy")
            if name in missed
        ]
        if pairs := self.pairs("missed"):
            told.append(self.say("follows.distinct", pairs=pairs))
        if keys := self.of("not_told"):
            told.append(self.say("follows.not_told", constructs=self.a_few(keys), n=len(keys)))
        told += self.sentences("follows.", len(self.study.beyond) > 0 and "freed")
        return told or [self.say("follows.nothing")]

    @cached_property
    def model(self) -> SatisfactionStory:
        """The same estimate as the report of its theory tells it: respondents, gaps, methods."""
        return SatisfactionStory(self.survey, self.complete, self.estimated, self.language)

    def composites(self) -> list[str]:
        """What global questions say of the items that form a construct."""
        asked, reason = self.some(list(self.study.redundancies["item"])), self.study.undefined.get("redundancies")
        key = "undefined" if reason else "no_global" if self.study.redundancies.empty else "global"
        return [self.say(f"composite.{key}", items=asked, reason=reason, limit=CRITERIA["redundancy"].cut_off)]

    def structure(self) -> list[str]:
        """What stands behind the indices and residuals of the covariance structure, or why there are none."""
        if (residuals := self.study.residuals).empty:
            return [self._left_out()]
        key = "tested" if residuals["z"].notna().any() else "untested"
        large = int((residuals["p_adjusted"] < RARE).sum())
        return [self._left_out(), self.say(f"structure.residuals_{key}", count=large, pairs=len(residuals))]

    def limits(self) -> list[str]:
        """What these numbers cannot say."""
        return self.sentences("limit.", "cut_offs", "content", "source", "freed")

    def methods_paragraph(self) -> list[str]:
        """How the measurement was judged, as a paper tells it, after how the model was estimated."""
        asked, readable = not self.study.redundancies.empty and "redundancy", self.study.readable and "left_out"
        estimated = [one for one in self.model.methods_paragraph() if getattr(one, "key", "") != "methods.measures"]
        return [*estimated, *self.sentences("methods.", "criteria", "common", asked, readable)]
