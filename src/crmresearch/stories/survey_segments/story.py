"""What segments of a survey are, in sentences and tables made from the results."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.models.specification import Specification
from crmresearch.ranks import LEVEL
from crmresearch.segmentation.respondents import LEVEL_LIMIT, RespondentSegments
from crmresearch.segmentation.scoring.managerial import reached
from crmresearch.segmentation.stability.number_of_segments import SegmentNumbers, by_rule
from crmresearch.sem.groups import ALL, SegmentModels
from crmresearch.stories.drawn import drawn_methods, resampled
from crmresearch.stories.story import Story, in_sentence
from crmresearch.stories.survey_segments import TEXTS

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
        return {key: self.say("survey.segment", number=key[1:]) for key in self.found.keys}

    @cached_property
    def found(self) -> RespondentSegments:
        """Who is in which segment, and what sets each apart."""
        return RespondentSegments(self.numbers, self.answers, self.constructs, self.survey.weights)

    def name(self, key: str) -> str:
        """What sets a segment apart, made from its highest and lowest constructs; its level too where two are alike."""
        told = self._names[key]
        if list(self._names.values()).count(told) == 1:
            return told
        return self.say("survey.name_level", name=told, level=self.found.character(key).level)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {key: self._name(key) for key in map(str, self.found.profile.index)}

    def _name(self, key: str) -> str:
        one = self.found.character(key)
        ends = {"highest": self.within(one.highest), "lowest": self.within(one.lowest)}
        return self.say(f"survey.name_{one.side}_{one.extent}", **ends)

    def label(self, key: str, short: bool = False) -> str:
        """How a segment is called: its number and name, or that it is unstable."""
        if key == ALL:
            return self.say("survey.everybody")
        if not self.found.stable(key):
            return self.say("survey.unstable_segment", number=key[1:])
        if short:
            return self.say("survey.segment", number=key[1:])
        return self.say("survey.named_segment", number=key[1:], name=self.name(key))

    def findings(self) -> list[str]:
        """Segments, level or pattern, satisfaction, the step to loyalty, who they are, why so many; headline first."""
        level, agreement, k = self.found.level[0], self.found.solution.agreement, self.numbers.chosen
        segments = "; ".join(self._share(key) for key in self.found.keys)
        facts = {"respondents": len(self.answers), "k": k, "constructs": self._defining(), "segments": segments}
        return [
            self.say("survey.headline", **facts),
            self.say("survey.level_high" if level >= LEVEL_LIMIT else "survey.level_low", share=level),
            *self._indices(),
            *([self._paths()] if self.models else []),
            self.reach(),
            self._choice(),
            self.say(f"survey.agreement_{'close' if agreement >= ALIKE else 'far'}", k=k, agreement=agreement),
        ]

    def _defining(self) -> str:
        named = [self.within(key) for key in self.constructs]
        return self.listed(named) if self.specification else self.some(named)

    def _share(self, key: str) -> str:
        facts = {"number": key[1:], "share": self.found.shares[key]}
        if not self.found.stable(key):
            return self.say("survey.unstable_share", **facts)
        return self.say("survey.named_share", name=self.name(key), **facts)

    def _choice(self) -> str:
        solutions = self.numbers.solutions
        facts = {"k": self.numbers.chosen, "most": int(solutions["k"].max()), "rule": by_rule(solutions)[0]}
        return self.say(f"survey.choice_{self.numbers.choice}", self.found.solution, **facts)

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
    def reached(self) -> pd.DataFrame:
        """Recognition of segments from these variables, one row of `reached`; none without any, or with few members."""
        values = self.survey.codebook.groups
        named = {c: self.groups[c].astype("string") for c in self.groups if values[c].values is not None}
        return reached(self.groups.assign(**named), [self.found.segments], self.seed)

    def follows(self) -> list[str]:
        """What to do with the segments, which not to act on, and how to find their members; or why nothing follows."""
        stable = [key for key in self.found.keys if self.found.stable(key)]
        if self.numbers.choice == "none_stable" or not stable:
            return [self.say("survey.follows_none")]
        facts = {
            "lowest": self.label(min(stable, key=lambda key: self.found.character(key).level)),
            "stable": "; ".join(map(self.label, stable)),
            "unstable": self.listed([self.label(key) for key in self.found.keys if key not in stable]),
            "variables": self._variables(),
        }
        apart = "level" if self.found.level[0] >= LEVEL_LIMIT else "pattern"
        others = len(stable) < len(self.found.keys) and "unstable"
        reach = "reach" if self.reached["told"].any() else "no_reach"
        return self.sentences("survey.follows_", apart, others, reach, **facts)

    def _variables(self) -> str:
        return self.listed([in_sentence(self.text(self.survey.codebook.groups[name].label)) for name in self.groups])

    def reach(self) -> str:
        """Whether the variables that describe respondents tell the segments apart."""
        if self.reached.empty:
            return self.say("survey.no_groups" if self.groups.empty else "survey.few_known")
        row = self.reached.iloc[0]
        key = "survey.reached" if row["told"] else "survey.not_reached"
        return self.say(key, row, variables=self._variables())

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
        method, facts = self.found.method, {**self.found.solution, "k": self.numbers.chosen}
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
        facts = {"k": self.numbers.chosen, "about": self.text(self.survey.codebook.about)}
        facts |= {"loyalty": self.construct(stated)} if stated else {}
        asked = "benefits" if self.specification else "answers"
        return self.sentences("survey.limit_", "types", asked, stated and "stated", "sample", **facts)

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
            "starts": int(self.found.solution.starts),
            "refits": self.refits,
            "seed": self.seed,
            "cited": self.citation("data"),
            "title": self.text(codebook.title),
        }
        drawn, rule = self.survey.design is not None, "given" if self.numbers.choice == "given" else "rule"
        told = self.sentences(
            "methods.", "data", "segments", f"segments_{self.found.method.measurement}", f"segments_{rule}",
            "segments_stability", drawn and "segments_drawn", "seed", **facts,
        )  # fmt: skip
        return [*told, *self._models_methods()]

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
