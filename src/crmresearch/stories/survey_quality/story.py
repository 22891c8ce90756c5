"""Whether the answers of a survey can carry a model, in sentences made from the results."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.report.show.number_format import told_p_value
from crmresearch.sem.survey_quality import SurveyQuality
from crmresearch.stories.drawn import taken_for_alone
from crmresearch.stories.story import Story
from crmresearch.stories.survey_quality import TEXTS

MOST = 3  # items that a sentence names of those whose answers bunch
AT_AN_END = 0.15  # share of answers at one end of the scale from which scores bunch there (Terwee et al. 2007)
ADEQUATE = {"unacceptable": 0.0, "mediocre": 0.5, "meritorious": 0.8}  # KMO from which Kaiser (1974) says so, roughly
RARE = 0.05  # probability below which a hypothesis is held to be contradicted
WEAK_ITEM = 0.30  # corrected item–total correlation below which an item hardly belongs to its construct (Nunnally 1978)


@dataclass(frozen=True)
class SurveyQualityStory(Story):
    """The quality of one survey's answers, ready to be told; every method returns sentences in `language`."""

    survey: Survey
    quality: SurveyQuality
    language: str = "en"
    alpha: float = 0.001  # of attentive respondents, the share that may be listed as unlike them

    texts = TEXTS

    @property
    def missing(self) -> float:
        """Share of the answers that are missing."""
        return float(self.quality.items.isna().to_numpy().mean())

    @property
    def at_an_end(self) -> dict[str, pd.DataFrame]:
        """Items whose answers bunch at the floor or the ceiling of the scale, most of them first."""
        table = self.quality.distributions
        ends = {end: table[table[end] > AT_AN_END] for end in ("floor", "ceiling")}
        return {end: rows.sort_values(end, ascending=False, kind="stable") for end, rows in ends.items()}

    @property
    def weak(self) -> pd.DataFrame:
        """Items that hardly go with the other items of their construct, as in the distributions."""
        return self.quality.distributions.query("item_rest < @WEAK_ITEM")

    def item(self, key: str) -> str:
        """An item with the construct that the codebook has it stand for."""
        constructs = self.survey.codebook.constructs.items()
        found = next((name for name, items in constructs if key in items), None)
        return self.say("quality.item_of", item=key, construct=self.construct(found)) if found else key

    @property
    def same(self) -> int:
        """Respondents who gave one and the same answer to everything they answered."""
        return int(self.quality.lining["same"].sum())

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
        facts = {"respondents": len(self.quality.items), "items": self.quality.items.shape[1], "share": self.missing}
        little = self.quality.little
        if not self.missing:
            return [self.say("quality.complete", **facts)]
        told = [self.say("quality.headline", **facts)]
        if little is None or little.reason:
            return [*told, self.say("quality.little_none", reason=self.undefined("little"))]
        key = "quality.little_rejected" if little.p < RARE else "quality.little_kept"
        return [*told, self.say(key, chi2=little.chi2, df=little.df, p=told_p_value(little.p))]

    def bunching(self) -> list[str]:
        """Whether answers bunch at an end of the scale."""
        told = []
        for end, rows in self.at_an_end.items():
            named = [
                self.say("quality.item_share", item=self.item(r["item"]), share=r[end]) for _, r in rows.iterrows()
            ]
            if named:
                told.append(
                    self.say(f"quality.{end}", count=len(rows), items=self.listed(named[:MOST]), limit=AT_AN_END)
                )
        return told or [self.say("quality.no_bunching", limit=AT_AN_END)]

    def lining(self) -> list[str]:
        """How many gave one answer to everything, and how long the runs of one answer are."""
        lining = self.quality.lining
        facts = {"count": self.same, "share": self.same / len(lining), "median": lining["longest_run"].median()}
        key = "none" if not self.same else "one" if self.same == 1 else "some"
        return [self.say(f"quality.lining_{key}", items=self.quality.items.shape[1], **facts)]

    def moments(self) -> Iterator[str]:
        """Whether the items have enough in common for factors, and whether they are jointly normal."""
        found = self.quality.factorability
        if found is None:
            yield self.say("quality.kmo_none", reason=self.undefined("factorability"))
        else:
            verdict = [name for name, least in ADEQUATE.items() if found.overall >= least][-1]
            weak = found.items[found.items["msa"] < ADEQUATE["mediocre"]]["item"]
            yield self.say(f"quality.kmo_{verdict}", kmo=found.overall, rows=found.rows)
            if len(weak):
                yield self.say("quality.weak_items", items=self.some(list(weak)))
            p = told_p_value(found.bartlett.p)
            yield self.say("quality.bartlett", chi2=found.bartlett.chi2, df=found.bartlett.df, p=p)
        if self.quality.normality is None:
            yield self.say("quality.normal_none", reason=self.undefined("normality"))
        else:
            last = self.quality.normality.iloc[-1]
            normal = (self.quality.normality["p"] >= RARE).all()
            facts = {"kurtosis": last["coefficient"], "expected": last["expected"], "z": last["statistic"]}
            yield self.say(f"quality.{'normal' if normal else 'not_normal'}", **facts)

    def follows(self) -> list[str]:
        """What to do with these answers."""
        little, normality = self.quality.little, self.quality.normality
        told = []
        if self.missing:
            random = little is not None and not little.reason and little.p >= RARE
            told.append(self.say("quality.use_any" if random else "quality.use_fiml"))
        if normality is not None and (normality["p"] < RARE).any():
            told.append(self.say("quality.use_robust"))
        if len(self.weak):
            told.append(self.say("quality.look_at_items", items=self.some([*self.weak["item"]])))
        if self.same:
            told.append(self.say("quality.look_at_lining", count=self.same))
        return told or [self.say("quality.nothing_follows")]

    def limits(self) -> list[str]:
        """What these numbers cannot say."""
        return [self.say(f"quality.limit_{key}") for key in ("random", "lining", "tests")]

    @property
    def published(self) -> dict[str, str]:
        """The survey."""
        return {"data": self.survey.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """What was looked at and by which measures and tests, as a paper tells it."""
        items, little = self.quality.items, self.quality.little
        low, high = self.survey.bounds.loc[items.columns[0]]
        facts = {"respondents": len(items), "items": items.shape[1], "low": low, "high": high, "share": self.missing}
        facts |= {"limit": AT_AN_END, "title": self.text(self.survey.codebook.title), "cited": self.citation("data")}
        told = ["data", "quality", *(["quality_little"] if little is not None and not little.reason else [])]
        if self.quality.factorability is not None:
            told.append("quality_factors")
            facts["rows"] = self.quality.factorability.rows
        told += ["quality_normal"] if self.quality.normality is not None else []
        told += ["unlike"] if len(items) > items.shape[1] + 1 else []
        facts["one_in"] = 1 / self.alpha
        return [self.say(f"methods.{key}", **facts) for key in told]

    def undefined(self, test: str) -> str:
        """Why a test has no result."""
        little = self.quality.little
        return self.quality.undefined.get(test) or (little.reason if little and little.reason else "")
