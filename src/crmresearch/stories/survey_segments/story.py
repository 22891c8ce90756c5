"""What segments of a survey are, in sentences and tables made from the results."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.models.specification import Specification
from crmresearch.ranks import LEVEL
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.latent_class import LatentClasses
from crmresearch.segmentation.scoring.managerial import reachability
from crmresearch.segmentation.stability.number_of_segments import SegmentNumbers, by_rule
from crmresearch.segmentation.stability.segment_profiles import construct_deviations, deviations, level_share
from crmresearch.sem.groups import ALL, SegmentModels
from crmresearch.stories.drawn import drawn_methods, resampled
from crmresearch.stories.story import Story, in_sentence
from crmresearch.stories.survey_segments import TEXTS

LEVEL_LIMIT = 0.75  # share of the variance between segments from which they are called segments of level
STANDS_OUT = 0.25  # standard deviations from which a segment is high or low, and a bar of the profile is solid
ALIKE = 0.65  # adjusted Rand index from which two partitions are called moderately similar (Steinley, 2004)


@dataclass(frozen=True)
class SurveySegmentStory(Story):
    """Segments of one survey, ready to be told; every method returns sentences in `language`.

    `constructs`: the constructs that define the segments with their items; `answers`: what `numbers` was made from;
    `specification` and `models`: the theory and the satisfaction model within each segment, None without a theory.
    """

    survey: Survey
    specification: Specification | None
    constructs: dict[str, list[str]]
    answers: pd.DataFrame
    numbers: SegmentNumbers
    models: SegmentModels | None
    refits: int
    seed: int = 0
    language: str = "en"

    texts = TEXTS
    packages = (*Story.packages, "scikit-learn", "stepmix")

    def construct(self, key: str) -> str:
        """Name of a construct; without a theory that of the theories that know it."""
        if self.specification is not None:
            return self.specification.label(key, self.language)
        return key if self.by_items else _capital(super().construct(key))

    def within(self, key: str) -> str:
        """Name of a construct within a sentence; that of an item stays as it is."""
        if self.specification is None:
            return key if self.by_items else super().construct(key)
        return in_sentence(self.construct(key))

    @property
    def by_items(self) -> bool:
        """Whether every item stands for itself, because there is neither a theory nor a construct."""
        return self.specification is None and not any(self.survey.codebook.constructs.values())

    @property
    def aims(self) -> dict[str, str]:
        """satisfaction and loyalty → construct, what the theory is about; none without a theory."""
        return {} if self.specification is None else self.specification.theory.aims

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
        return self.method.members(self.answers)

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
    def shares(self) -> pd.Series:
        """Share of every segment: of all sampling weight where there are weights, else of the respondents."""
        if self.survey.weights is None:
            return self.sizes / self.sizes.sum()
        weight = self.survey.weights[self.answers.index]
        return (weight.groupby(self.segments, observed=False).sum() / weight.sum()).reindex(self.keys)

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
        names = {"highest": self.within(row.idxmax()), "lowest": self.within(row.idxmin())}
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
        """Segments, level or pattern, satisfaction, the step to loyalty, who they are, why so many; headline first."""
        level, agreement = self.level[0], self.solution.agreement
        segments = "; ".join(self._share(key) for key in self.keys)
        facts = {"respondents": len(self.answers), "k": self.numbers.chosen, "constructs": self._defining()}
        alike = "survey.agreement_close" if agreement >= ALIKE else "survey.agreement_far"
        return [
            self.say("survey.headline", segments=segments, **facts),
            self.say("survey.level_high" if level >= LEVEL_LIMIT else "survey.level_low", share=level),
            *self._indices(),
            *([self._paths()] if self.models else []),
            self.reach(),
            self._choice(),
            self.say(alike, k=self.numbers.chosen, agreement=agreement),
        ]

    def _defining(self) -> str:
        named = [self.within(key) for key in self.constructs]
        return self.listed(named) if self.specification else self.some(named)

    def _share(self, key: str) -> str:
        facts = {"number": key[1:], "share": self.shares[key]}
        if not self.stable(key):
            return self.say("survey.unstable_share", **facts)
        return self.say("survey.named_share", name=self.name(key), **facts)

    def _choice(self) -> str:
        row, solutions = self.solution, self.numbers.solutions
        facts = {"bic": row.bic, "stability": row.stability, "entropy": row.entropy_r2, "rule": by_rule(solutions)[0]}
        most = int(solutions["k"].max())
        return self.say(f"survey.choice_{self.numbers.choice}", k=self.numbers.chosen, most=most, **facts)

    def _indices(self) -> Iterator[str]:
        for construct in self.aims.values():
            assert self.models is not None
            table, draws = self.models.indices(construct)
            if len(table) > 1:
                names = [in_sentence(self.label(key, short=True)) for key in table["segment"]]
                ends = self.ends(names, table["estimate"].to_numpy(), draws, LEVEL)
                yield self.say("survey.index_ends", construct=self.within(construct), ends=ends)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The path from satisfaction to loyalty in every model, by segment."""
        assert self.specification is not None
        assert self.models is not None
        theory = self.specification.theory
        return self.models.step(theory.satisfaction, theory.loyalty)

    def _paths(self) -> str:
        if self.steps.empty:
            return self.say("survey.no_step")
        assert self.models is not None
        within = self.steps["estimate"].drop(index=ALL)
        others = "_failed" if self.models.failed else ""
        if within.empty:
            return self.say(f"survey.paths_none{others}", needed=self.models.needed)
        key = f"survey.paths{others}" if len(within) > 1 else f"survey.path_one{others}"
        ends = {"lowest": within.min(), "highest": within.max(), "whole": self.steps["estimate"][ALL]}
        names = {aim: self.within(key) for aim, key in self.aims.items()}
        return self.say(key, count=len(within), **names, **ends)

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

    @property
    def _recognised(self) -> bool:
        row = self.reached
        return row is not None and bool(row.balanced_accuracy - 2 * row.error > row.chance)

    def follows(self) -> list[str]:
        """What to do with the segments, which not to act on, and how to find their members; or why nothing follows."""
        stable = [key for key in self.keys if self.stable(key)]
        if self.numbers.choice == "none_stable" or not stable:
            return [self.say("survey.follows_none")]
        lowest = min(stable, key=lambda key: float(self.by_construct.loc[key].mean()))
        if self.level[0] >= LEVEL_LIMIT:
            told = [self.say("survey.follows_level", lowest=self.label(lowest))]
        else:
            told = [self.say("survey.follows_pattern", segments="; ".join(map(self.label, stable)))]
        if unstable := [self.label(key) for key in self.keys if key not in stable]:
            told.append(self.say("survey.follows_unstable", segments=self.listed(unstable)))
        if not self._recognised:
            return [*told, self.say("survey.follows_no_reach")]
        return [*told, self.say("survey.follows_reach", variables=self._variables())]

    def _variables(self) -> str:
        return self.listed([in_sentence(self.text(self.survey.codebook.groups[name].label)) for name in self.groups])

    def reach(self) -> str:
        """Whether the variables that describe respondents tell the segments apart."""
        if self.reached is None:
            return self.say("survey.no_groups" if self.groups.empty else "survey.few_known")
        key, row = "survey.reached" if self._recognised else "survey.not_reached", self.reached
        return self.say(key, variables=self._variables(), accuracy=row.balanced_accuracy, chance=row.chance)

    def sample(self) -> list[str]:
        """Who answered what, what is missing, and how answers enter."""
        codebook, left = self.survey.codebook, len(self.survey.items) - len(self.answers)
        cells = int(self.answers.isna().to_numpy().sum())
        facts = {"items": self.answers.shape[1], "constructs": self._defining(), "respondents": len(self.answers)}
        gaps = "survey.missing" if cells else "survey.none_missing"
        return [
            f"{self.text(codebook.title)}: {self.text(codebook.about)}",
            self.say("survey.sample_items" if self.by_items else "survey.sample", **facts),
            *([self.say("survey.dropped", count=left)] if left else []),
            self.say(gaps, cells=cells, share=cells / self.answers.size),
            *([] if self.survey.weights is None else [self.say("survey.unweighted", column=codebook.weight)]),
            *resampled(self, self.survey),
            *([] if self.survey.design is None else [self.say("survey.refits_drawn")]),
            *map(self.text, self.survey.notes),
        ]

    def measurement(self) -> list[str]:
        """How answers enter the latent classes, and how often the best start was reached."""
        method, row = self.method, self.solution
        facts: dict[str, Any] = {"starts": int(row.starts), "found": int(row.found), "k": self.numbers.chosen}
        if method.measurement == "gaussian_diag":
            return [self.say("survey.normal", **facts)]
        levels = method.levels_[0]
        bounds = zip(levels.lowest, levels.highest, strict=True)
        ranges = [f"{a:g}" if a == b else self.say("survey.range", low=a, high=b) for a, b in bounds]
        facts |= {"most": method.levels, "rarest": method.rarest, "item": levels.item}
        return [self.say("survey.levels", ranges=self.listed(ranges), **facts)]

    def rule(self) -> list[str]:
        """The rule that chooses the number, and what it chose."""
        return [self.say("survey.rule", refits=self.refits), self._choice()]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        stated = self.aims.get("loyalty")
        return [
            self.say("survey.limit_types", k=self.numbers.chosen),
            self.say("survey.limit_benefits" if self.specification else "survey.limit_answers"),
            *([self.say("survey.limit_stated", loyalty=self.construct(stated))] if stated else []),
            self.say("survey.limit_sample", about=self.text(self.survey.codebook.about)),
        ]

    @property
    def published(self) -> dict[str, str]:
        """The theory, where there is one, and the data."""
        theory = {"theory": self.specification.theory.citation} if self.specification else {}
        return {**theory, "data": self.survey.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """Respondents, items, classes, their number and stability, and the models within them, for a paper."""
        codebook, rows = self.survey.codebook, self.numbers.solutions
        facts = {
            "respondents": len(self.answers),
            "items": self.answers.shape[1],
            "constructs": self._defining(),
            "most": int(rows["k"].max()),
            "k": self.numbers.chosen,
            "starts": int(self.solution.starts),
            "refits": self.refits,
            "seed": self.seed,
            "cited": self.citation("data"),
            "title": self.text(codebook.title),
        }
        given = self.numbers.choice == "given"
        told = ["data", "segments", f"segments_{self.method.measurement}"]
        told += ["segments_given" if given else "segments_rule", "segments_stability"]
        told += [*([] if self.survey.design is None else ["segments_drawn"]), "seed"]
        return [*[self.say(f"methods.{key}", **facts) for key in told], *self._models_methods()]

    def _models_methods(self) -> list[str]:
        if self.models is None or self.specification is None:
            return []
        rows = int(self.models.paths.query("segment == @ALL")["respondents"].iloc[0])
        facts = {"theory": self.text(self.specification.theory.title), "cited": self.citation("theory")}
        numbers = {"rows": rows, "needed": self.models.needed}
        numbers |= {"resamples": self.models.resamples, "seed": self.models.seed}
        told = self.say("methods.segments_models", **facts, **numbers)
        return [told, *drawn_methods(self, self.survey)]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
