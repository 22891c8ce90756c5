"""Whether the answers of a survey can carry a model, in sentences made from the results."""

from collections.abc import Iterator
from dataclasses import dataclass

from crmresearch.data.survey.survey import Survey
from crmresearch.report.show.number_format import told_p_value, told_share
from crmresearch.sem.answers.survey_quality import AT_AN_END, SurveyQuality
from crmresearch.stories.drawn import taken_for_alone
from crmresearch.stories.story import Story
from crmresearch.stories.survey_quality import TEXTS

MOST = 3  # items that a sentence names of those whose answers bunch


@dataclass(frozen=True)
class SurveyQualityStory(Story):
    """The quality of one survey's answers, ready to be told; every method returns sentences in `language`."""

    survey: Survey
    quality: SurveyQuality
    language: str = "en"
    alpha: float = 0.001  # of attentive respondents, the share that may be listed as unlike them

    texts = TEXTS

    def item(self, key: str) -> str:
        """An item with the construct that the codebook has it stand for."""
        constructs = self.survey.codebook.constructs.items()
        found = next((name for name, items in constructs if key in items), None)
        return self.say("quality.item_of", item=key, construct=self.construct(found)) if found else key

    def findings(self) -> list[str]:
        """Gaps and their test, bunching, straight-lining, factorability, normality; headline first."""
        return [*self.gaps(), *self.bunching(), *self.lining(), *self.moments()]

    def sample(self) -> list[str]:
        """What was asked, of whom, and which items are looked at."""
        codebook, items = self.survey.codebook, self.quality.items
        low, high = self.survey.bounds.loc[items.columns[0]]
        told = [f"{self.text(codebook.title)}: {self.text(codebook.about)}"]
        told.append(self.say("quality.items", items=items.shape[1], low=low, high=high))
        if left := list(self.quality.left_out):
            told.append(self.say("quality.left_out", items=self.some(left)))
        if self.survey.weights is not None:
            told.append(self.say("quality.unweighted", column=codebook.weight))
        told += taken_for_alone(self, self.survey)
        return [*told, *map(self.text, self.survey.notes)]

    def gaps(self) -> list[str]:
        """How much is missing, and whether it is missing completely at random."""
        quality = self.quality
        if not quality.missing:
            return [self.say("quality.complete", quality.counted)]
        told = [self.say("quality.headline", quality.counted, share=told_share(quality.missing))]
        if (little := quality.little) is None or quality.random_gaps is None:
            return [*told, self.say("quality.little_none", reason=quality.why_not("little"))]
        key = f"quality.little_{'kept' if quality.random_gaps else 'rejected'}"
        return [*told, self.say(key, chi2=little.chi2, df=little.df, p=told_p_value(little.p))]

    def bunching(self) -> list[str]:
        """Whether answers bunch at an end of the scale."""
        told = []
        for end, rows in self.quality.at_an_end.items():
            named = [self.say("quality.item_share", row, item=self.item(row.item)) for row in rows.itertuples()]
            facts = {"count": len(rows), "items": self.listed(named[:MOST]), "limit": AT_AN_END}
            told += self.sentences("quality.", end if named else "", **facts)
        return told or [self.say("quality.no_bunching", limit=AT_AN_END)]

    def lining(self) -> list[str]:
        """How many gave one answer to everything, and how long the runs of one answer are."""
        alike, items = self.quality.alike, self.quality.items.shape[1]
        key = {0: "none", 1: "one"}.get(int(alike["count"]), "some")
        return [self.say(f"quality.lining_{key}", alike, items=items, share=told_share(alike["share"]))]

    def moments(self) -> Iterator[str]:
        """Whether the items have enough in common for factors, and whether they are jointly normal."""
        quality = self.quality
        if (found := quality.factorability) is None:
            yield self.say("quality.kmo_none", reason=quality.why_not("factorability"))
        else:
            yield self.say(f"quality.kmo_{quality.adequacy}", kmo=found.overall, rows=found.rows)
            if weak := quality.inadequate:
                yield self.say("quality.weak_items", items=self.some(weak))
            p = told_p_value(found.bartlett.p)
            yield self.say("quality.bartlett", chi2=found.bartlett.chi2, df=found.bartlett.df, p=p)
        if quality.normality is None:
            yield self.say("quality.normal_none", reason=quality.why_not("normality"))
        else:
            last = quality.normality.iloc[-1]
            facts = {"kurtosis": last["coefficient"], "expected": last["expected"], "z": last["statistic"]}
            yield self.say(f"quality.{'normal' if quality.normal else 'not_normal'}", **facts)

    def follows(self) -> list[str]:
        """What to do with these answers."""
        return self.to_do() or [self.say("quality.nothing_follows")]

    def to_do(self) -> list[str]:
        """What is to be done with these answers, if anything."""
        quality, weak = self.quality, [*self.quality.weak["item"]]
        gaps, alike = "use_any" if quality.random_gaps else "use_fiml", quality.alike["count"]
        return self.sentences(
            "quality.", quality.missing > 0 and gaps, quality.normal is False and "use_robust",
            bool(weak) and "look_at_items", alike > 0 and "look_at_lining", items=self.some(weak), count=alike,
        )  # fmt: skip

    def limits(self) -> list[str]:
        """What these numbers cannot say."""
        return [self.say(f"quality.limit_{key}") for key in ("random", "lining", "tests")]

    @property
    def published(self) -> dict[str, str]:
        """The survey."""
        return {"data": self.survey.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """What was looked at and by which measures and tests, as a paper tells it."""
        quality, bounds = self.quality, self.survey.bounds
        low, high = bounds.loc[quality.items.columns[0]]
        facts = {**quality.counted, "low": low, "high": high, "limit": AT_AN_END, "one_in": 1 / self.alpha}
        facts |= {"title": self.text(self.survey.codebook.title), "cited": self.citation("data")}
        facts["share"] = told_share(quality.missing)
        factors = quality.factorability
        return self.sentences(
            "methods.", "data", "quality", quality.random_gaps is not None and "quality_little",
            factors is not None and "quality_factors", quality.normality is not None and "quality_normal",
            len(quality.items) > quality.items.shape[1] + 1 and "unlike", **facts, rows=factors and factors.rows,
        )  # fmt: skip
