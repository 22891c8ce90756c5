"""What segments of a survey are, in sentences and tables made from the results."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.models.specification import Specification
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.latent_class import LatentClasses
from crmresearch.segmentation.scoring.managerial import reachability
from crmresearch.segmentation.stability.number_of_segments import SegmentNumbers, by_rule
from crmresearch.segmentation.stability.segment_profiles import construct_deviations, deviations, level_share
from crmresearch.sem.groups import ALL, SegmentModels
from crmresearch.stories.story import Story
from crmresearch.stories.survey_segments import TEXTS

LEVEL_LIMIT = 0.75  # share of the variance between segments from which they are called segments of level
STANDS_OUT = 0.25  # standard deviations from which a segment is high or low, and a bar of the profile is solid
ALIKE = 0.65  # adjusted Rand index from which two partitions are called moderately similar (Steinley, 2004)


def benefit_answers(survey: Survey, constructs: dict[str, list[str]]) -> pd.DataFrame:
    """Answers to the items of the constructs, of respondents who answered at least one."""
    answers = survey.items[[item for items in constructs.values() for item in items]]
    return answers[answers.notna().any(axis=1)]


@dataclass(frozen=True)
class SurveySegmentStory(Story):
    """Benefit segments of one survey, ready to be told; every method returns sentences in `language`.

    `constructs`: the constructs that define the segments with their items; `answers`: what `numbers` was made from;
    `models`: the satisfaction model within each segment.
    """

    survey: Survey
    specification: Specification
    constructs: dict[str, list[str]]
    answers: pd.DataFrame
    numbers: SegmentNumbers
    models: SegmentModels
    refits: int
    seed: int = 0
    language: str = "en"

    texts = TEXTS

    def construct(self, key: str) -> str:
        """Name of a construct."""
        return self.specification.label(key, self.language)

    @property
    def numbered(self) -> dict[str, str]:
        """Headings of columns that are segments."""
        return {key: self.say("survey.segment", number=key[1:]) for key in self.keys}

    @property
    def method(self) -> LatentClasses:
        """The latent classes chosen."""
        return self.numbers.classes[self.numbers.chosen]

    @property
    def keys(self) -> list[str]:
        """Keys of the segments."""
        return [segment.key for segment in self.method.segments]

    @cached_property
    def segments(self) -> pd.Series:
        """Segment of every respondent."""
        return self.method.predict(self.answers)

    @cached_property
    def members(self) -> pd.DataFrame:
        """respondent, segment and its posterior probability."""
        posterior = self.method.posterior(self.answers).max(axis=1)
        return pd.DataFrame({"respondent": self.answers.index, "segment": self.segments.astype(str).to_numpy(),
                             "posterior": posterior.to_numpy()})  # fmt: skip

    @cached_property
    def solution(self) -> pd.Series:
        """The chosen row of the solutions."""
        return self.numbers.solutions.set_index("k").loc[self.numbers.chosen]

    @cached_property
    def found(self) -> pd.DataFrame:
        """Stability of the chosen segments, one row each; segments without members are not there."""
        table = self.numbers.segments
        return table[table.k == self.numbers.chosen].set_index("segment")

    @cached_property
    def sizes(self) -> pd.Series:
        """Members of every segment."""
        return self.segments.value_counts().reindex(self.keys)

    @cached_property
    def profile(self) -> pd.DataFrame:
        """Deviation of every item in every segment, in standard deviations."""
        return deviations(self.answers, self.segments)

    @cached_property
    def by_construct(self) -> pd.DataFrame:
        """Deviation of every construct in every segment."""
        return construct_deviations(self.profile, self.constructs).rename_axis("segment")

    @cached_property
    def level(self) -> tuple[float, pd.Series]:
        """Share of the variance between segments that is level: of all, and of each."""
        return level_share(self.profile, self.sizes)

    def stable(self, key: str) -> bool:
        """Whether a segment is stable enough to be named."""
        return key in self.found.index and bool(self.found.named[key])

    def name(self, key: str) -> str:
        """What sets a segment apart, made from its highest and lowest constructs; its level too where two are alike."""
        told = self._names[key]
        if list(self._names.values()).count(told) == 1:
            return told
        return self.say("survey.name_level", name=told, level=float(self.by_construct.loc[key].mean()))

    @cached_property
    def _names(self) -> dict[str, str]:
        return {str(key): self._name(str(key)) for key in self.by_construct.index}

    def _name(self, key: str) -> str:
        row, items = self.by_construct.loc[key], self.profile.loc[key].dropna()
        level = float(row.mean())
        names = {"highest": self.construct(row.idxmax()).lower(), "lowest": self.construct(row.idxmin()).lower()}
        spread = row.max() - row.min() >= STANDS_OUT and len(row) > 1
        if abs(level) >= STANDS_OUT:
            side, all_alike = ("high", (items > 0).all()) if level > 0 else ("low", (items < 0).all())
            return self.say(f"survey.name_{side}_{'most' if spread else 'all' if all_alike else 'whole'}", **names)
        if spread:
            return self.say("survey.name_pattern", **names)
        return self.say(f"survey.name_average_{'all' if (items.abs() < STANDS_OUT).all() else 'whole'}")

    def label(self, key: str, short: bool = False) -> str:
        """How a segment is called: its number and name, or that it is unstable."""
        if key == ALL:
            return self.say("survey.everybody")
        if not self.stable(key):
            return self.say("survey.unstable_segment", number=key[1:])
        if short:
            return self.say("survey.segment", number=key[1:])
        return self.say("survey.named_segment", number=key[1:], name=self.name(key))

    def findings(self) -> list[str]:
        """Segments, why so many, level or pattern, satisfaction, the step to loyalty, who they are; headline first."""
        return list(self._findings())

    def _findings(self) -> Iterator[str]:
        told = [self._share(key) for key in self.keys]
        names = self.listed([self.construct(key).lower() for key in self.constructs])
        yield self.say("survey.headline", respondents=len(self.answers), k=self.numbers.chosen, constructs=names,
                       segments="; ".join(told))  # fmt: skip
        yield self._choice()
        share = self.level[0]
        yield self.say("survey.level_high" if share >= LEVEL_LIMIT else "survey.level_low", share=share)
        yield from self._indices()
        yield self._paths()
        yield self.reach()
        close = self.solution.agreement >= ALIKE
        facts = {"k": self.numbers.chosen, "agreement": self.solution.agreement}
        yield self.say("survey.agreement_close" if close else "survey.agreement_far", **facts)

    def _share(self, key: str) -> str:
        share = self.sizes[key] / self.sizes.sum()
        if not self.stable(key):
            return self.say("survey.unstable_share", number=key[1:], share=share)
        return self.say("survey.named_share", number=key[1:], name=self.name(key), share=share)

    def _choice(self) -> str:
        solutions = self.numbers.solutions
        rule, _ = by_rule(solutions)
        row = self.solution
        return self.say(f"survey.choice_{self.numbers.choice}", k=self.numbers.chosen, most=int(solutions.k.max()),
                        bic=row.bic, stability=row.stability, entropy=row.entropy_r2, rule=rule)  # fmt: skip

    def _indices(self) -> Iterator[str]:
        theory = self.specification.theory
        for construct in (theory.satisfaction, theory.loyalty):
            table = self.models.index.query("construct == @construct and segment != @ALL").dropna(subset="estimate")
            if len(table) > 1:
                low, high = table.loc[table.estimate.idxmin()], table.loc[table.estimate.idxmax()]
                yield self.say("survey.index_range", construct=self.construct(construct).lower(), low=low.estimate,
                               high=high.estimate, lowest=self.label(low.segment, short=True).lower(),
                               highest=self.label(high.segment, short=True).lower())  # fmt: skip

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The path from satisfaction to loyalty in every model, by segment."""
        theory = self.specification.theory
        paths = self.models.paths
        return paths[(paths.predictor == theory.satisfaction) & (paths.outcome == theory.loyalty)].set_index("segment")

    def _paths(self) -> str:
        theory = self.specification.theory
        within = self.steps.drop(index=ALL)
        others = "_failed" if self.models.failed else ""
        if within.empty:
            return self.say(f"survey.paths_none{others}", needed=self.models.needed)
        names = {key: self.construct(getattr(theory, key)).lower() for key in ("satisfaction", "loyalty")}
        key = f"survey.paths{others}" if len(within) > 1 else f"survey.path_one{others}"
        return self.say(key, **names, count=len(within), lowest=within.estimate.min(),
                        highest=within.estimate.max(), whole=self.steps.estimate[ALL])  # fmt: skip

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Variables of the codebook that describe the respondents and vary."""
        groups = self.survey.groups.loc[self.answers.index]
        return groups[[name for name in groups.columns if len(groups[name].dropna().unique()) > 1]]

    @cached_property
    def reached(self) -> pd.Series | None:
        """Cross-validated recognition of segments from these variables; None without any or with too few members."""
        if self.groups.empty:
            return None
        values = self.survey.codebook.groups
        named = {c: self.groups[c].astype("string") for c in self.groups if values[c].values is not None}
        try:
            return reachability(self.groups.assign(**named), self.segments, folds=5, seed=self.seed).iloc[0]
        except SegmentationError:
            return None

    def reach(self) -> str:
        """Whether the variables that describe respondents tell the segments apart."""
        if self.reached is None:
            return self.say("survey.no_groups" if self.groups.empty else "survey.few_known")
        row, groups = self.reached, self.survey.codebook.groups
        variables = self.listed([self.text(groups[name].label).lower() for name in self.groups])
        better = row.balanced_accuracy - 2 * row.error > row.chance
        return self.say("survey.reached" if better else "survey.not_reached", variables=variables,
                        accuracy=row.balanced_accuracy, chance=row.chance)  # fmt: skip

    def sample(self) -> list[str]:
        """Who answered what, what is missing, and how answers enter."""
        codebook, left = self.survey.codebook, len(self.survey.items) - len(self.answers)
        names = self.listed([self.construct(key).lower() for key in self.constructs])
        dropped = [self.say("survey.dropped", count=left)] if left else []
        cells = int(self.answers.isna().to_numpy().sum())
        first = self.say("survey.sample", items=self.answers.shape[1], constructs=names,
                         respondents=len(self.answers))  # fmt: skip
        gaps = self.say("survey.missing", cells=cells, share=cells / self.answers.size) if cells else ""
        about = f"{self.text(codebook.title)}: {self.text(codebook.about)}"
        return [about, first, *dropped, gaps or self.say("survey.none_missing"), *self.survey.notes]

    def measurement(self) -> list[str]:
        """How answers enter the latent classes, and how often the best start was reached."""
        method, row = self.method, self.solution
        facts = {"starts": int(row.starts), "found": int(row.found), "k": self.numbers.chosen}
        if method.measurement == "gaussian_diag":
            return [self.say("survey.normal", **facts)]
        levels = method.levels_[0]
        ranges = [f"{low:g}" if low == high else self.say("survey.range", low=low, high=high)
                  for low, high in zip(levels.lowest, levels.highest, strict=True)]  # fmt: skip
        return [self.say("survey.levels", most=method.levels, rarest=method.rarest, item=levels.item,
                         ranges=self.listed(ranges), **facts)]  # fmt: skip

    def rule(self) -> list[str]:
        """The rule that chooses the number, and what it chose."""
        return [self.say("survey.rule", refits=self.refits), self._choice()]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        theory = self.specification.theory
        about = self.text(self.survey.codebook.about)
        return [
            self.say("survey.limit_types", k=self.numbers.chosen),
            self.say("survey.limit_benefits"),
            self.say("survey.limit_stated", loyalty=self.construct(theory.loyalty)),
            self.say("survey.limit_sample", about=about),
        ]

    def sources(self) -> list[str]:
        """Where theory and data were published."""
        return [self.specification.theory.citation, self.survey.codebook.citation]

    def profile_alt(self) -> str:
        """The highest and lowest item of every segment, for those who do not see the profile."""
        told = [
            self.say("alt.profile_segment", segment=self.label(key), highest=self.profile.loc[key].idxmax(),
                     lowest=self.profile.loc[key].idxmin())
            for key in self.profile.index
        ]  # fmt: skip
        return self.say("alt.profile", told="; ".join(told))


def certainty(story: SurveySegmentStory) -> pd.Series:
    """Mean posterior probability of their own segment over the members of each."""
    return story.members.groupby("segment")["posterior"].mean().reindex(story.keys).fillna(np.nan)
