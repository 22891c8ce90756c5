"""Whether the constructs of one theory are measured well, in sentences made from the results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.sem.common_source import FULL_VIF, HALF
from crmresearch.sem.measurement_study import MeasurementStudy
from crmresearch.sem.pls.quality.criteria import CRITERIA
from crmresearch.stories.measurement_quality import TEXTS
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.story import Story, in_sentence, interval

RARE = 0.05  # adjusted probability below which a test speaks against the model
NAMED = 3  # what a sentence names of more


@dataclass(frozen=True)
class MeasurementQualityStory(Story):
    """The measurement of one theory on one survey, ready to be told; every method returns sentences in `language`."""

    survey: Survey
    complete: Complete
    study: MeasurementStudy
    language: str = "en"

    texts = TEXTS
    packages = (*Story.packages, "semopy")

    @property
    def facts(self) -> dict[str, Any]:
        """What captions name: confidence, respondents, theory and data."""
        drawn = self.study.estimate.resampling
        assert drawn is not None
        theory = self.study.estimate.specification.theory
        return {
            "confidence": drawn.confidence,
            "respondents": self.complete.rows_used,
            "theory": self.text(theory.title),
            "title": self.text(self.survey.codebook.title),
        }

    def label(self, key: str) -> str:
        """Name of a construct; of an item, its own."""
        specification = self.study.estimate.specification
        return specification.label(key, self.language) if key in specification.keys else key

    def within(self, keys: Sequence[str]) -> str:
        """Constructs or items within a sentence, a few of many."""
        return self.some([in_sentence(self.label(key)) for key in keys])

    def of(self, verdict: str) -> list[str]:
        """The constructs with a verdict."""
        table = self.study.verdicts
        return list(table.loc[table["verdict"] == verdict, "construct"])

    def criterion(self, name: str, outcome: str) -> pd.DataFrame:
        """The rows of a criterion with an outcome."""
        return self.study.quality.query("criterion == @name and outcome == @outcome")

    @cached_property
    def close(self) -> dict[str, list[str]]:
        """Pairs of constructs by the outcome of HTMT, as sentences name them: the closest to each construct, once."""
        told: dict[str, dict[frozenset[str], str]] = {}
        rows = self.study.quality.query("criterion == 'discrimination'")
        for row in rows.sort_values("estimate", ascending=False, kind="stable").itertuples():
            one, other = (in_sentence(self.label(key)) for key in (row.construct, row.about))
            pair = self.say("word.pair", construct=one, other=other, value=row.estimate, **interval(row))
            told.setdefault(str(row.outcome), {}).setdefault(frozenset((row.construct, row.about)), pair)
        return {outcome: list(pairs.values()) for outcome, pairs in told.items()}

    def findings(self) -> list[str]:
        """Verdicts, distinctness, common source, what the covariance structure leaves out; then more of the source."""
        return [self._headline(), *self._distinct(), *self.common()[:1], self._left_out(), *self.common()[1:]]

    def _headline(self) -> str:
        parts = []
        for verdict in ("good", "poor", "not_told", "single"):
            if keys := self.of(verdict):
                parts.append(self.say(f"part.{verdict}", n=len(keys), names=self.within(keys)))
        return self.say("finding.headline", count=len(self.study.verdicts), told=self.listed(parts))

    def _distinct(self) -> Iterator[str]:
        limit = CRITERIA["discrimination"].cut_off
        for outcome in ("missed", "not_told", "met"):
            if pairs := self.close.get(outcome):
                yield self.say(f"finding.distinct_{outcome}", pairs=self.some(pairs, NAMED), limit=limit)
                return

    def common(self) -> list[str]:
        """What speaks for one source of all answers: overlap of the constructs, share and fit of one factor."""
        source = self.study.source
        if source is None:
            return [self.say("finding.common_none", reason=self.study.undefined["source"])]
        outcomes = source.full_vif["outcome"]
        key = next(one for one in ("missed", "not_told", "met") if (outcomes == one).any())
        rows = source.full_vif[outcomes == key]
        named = self.within(list(rows.sort_values("estimate", ascending=False)["construct"]))
        found = {"limit": FULL_VIF, "most": rows["estimate"].max()}
        share, fit = source.share.iloc[0], source.fit.set_index("measure")["value"]
        side = "above" if share.ci_lower > HALF else "below" if share.ci_upper < HALF else "open"
        facts = {"share": share.estimate, **interval(share), **self.facts}
        one = {name: fit[name] for name in ("cfi", "rmsea", "srmr")}
        return [
            self.say(f"finding.common_{key}", constructs=named, n=len(rows), **found),
            self.say(f"common.share_{side}", **facts),
            self.say("common.fit", **one),
        ]

    @property
    def beyond(self) -> pd.DataFrame:
        """The modification indices beyond chance, all tests counted."""
        table = self.study.indices
        return table if table.empty else table[table["p_adjusted"] < RARE]

    def freed(self, row: Any) -> str:
        """What a parameter would add to the model, in words."""
        ends = {end: in_sentence(self.label(getattr(row, end))) for end in ("lhs", "rhs")}
        return self.say(f"word.freed_{row.kind}", mi=row.mi, **ends)

    def _left_out(self) -> str:
        if self.study.structure is None:
            return self.say("finding.structure_none", reason=self.study.undefined["structure"])
        if not self.study.readable:
            return self.say("finding.structure_unread")
        facts = {"tests": len(self.study.indices), "count": len(self.beyond)}
        if self.beyond.empty:
            return self.say("finding.structure_nothing", **facts)
        named = [self.freed(row) for row in self.beyond.head(NAMED).itertuples()]
        return self.say("finding.structure_found", parameters=self.listed(named), **facts)

    def named_criterion(self, name: str) -> str:
        """A criterion as tables and sentences call it; nothing where there is none."""
        return self.say(f"criterion.{name}") if name else ""

    def follows(self) -> list[str]:
        """What to do about what is not measured well."""
        told = []
        for name in ("reliability", "redundancy"):
            if len(rows := self.criterion(name, "missed")):
                told.append(self.say(f"follows.{name}", constructs=self.within(list(rows["construct"]))))
        if pairs := self.close.get("missed"):
            told.append(self.say("follows.distinct", pairs=self.some(pairs, NAMED)))
        if keys := self.of("not_told"):
            told.append(self.say("follows.not_told", constructs=self.within(keys), n=len(keys)))
        if len(self.beyond):
            told.append(self.say("follows.freed"))
        return told or [self.say("follows.nothing")]

    @cached_property
    def model(self) -> SatisfactionStory:
        """The same estimate as the report of its theory tells it: respondents, gaps, methods."""
        return SatisfactionStory(self.survey, self.complete, self.study.estimate, self.language)

    def composites(self) -> list[str]:
        """What global questions say of the items that form a construct."""
        table = self.study.redundancies
        if reason := self.study.undefined.get("redundancies"):
            return [self.say("composite.undefined", reason=reason)]
        if table.empty:
            return [self.say("composite.no_global")]
        limit = CRITERIA["redundancy"].cut_off
        return [self.say("composite.global", items=self.some(list(table["item"])), limit=limit)]

    def structure(self) -> list[str]:
        """What stands behind the indices and residuals of the covariance structure, or why there are none."""
        told, residuals = [self._left_out()], self.study.residuals
        if not residuals.empty:
            large = residuals[residuals["p_adjusted"] < RARE]
            key = "tested" if residuals["z"].notna().any() else "untested"
            told.append(self.say(f"structure.residuals_{key}", count=len(large), pairs=len(residuals)))
        return told

    def limits(self) -> list[str]:
        """What these numbers cannot say."""
        return [self.say(f"limit.{key}") for key in ("cut_offs", "content", "source", "freed")]

    @property
    def published(self) -> dict[str, str]:
        """The theory and the survey."""
        theory = self.study.estimate.specification.theory
        return {"theory": theory.citation, "data": self.survey.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """How the measurement was judged, as a paper tells it, after how the model was estimated."""
        told = ["criteria", "common"]
        told += [] if self.study.redundancies.empty else ["redundancy"]
        told += ["left_out"] if self.study.readable else []
        estimated = [one for one in self.model.methods_paragraph() if getattr(one, "key", "") != "methods.measures"]
        return [*estimated, *[self.say(f"methods.{key}") for key in told]]
