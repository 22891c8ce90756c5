"""What several theories say of the same respondents, in sentences made from the results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.models.theory import short_titles
from crmresearch.sem.theories import theory_verdicts as verdicts
from crmresearch.sem.theories.theory_comparison import TheoryComparison
from crmresearch.sem.theories.theory_prediction import TheoryPrediction
from crmresearch.sem.theories.theory_reading import TheoryReading, steps_everywhere
from crmresearch.sem.theories.theory_verdicts import Verdict
from crmresearch.stories.drawn import drawn_methods
from crmresearch.stories.satisfaction.cautions import cautions_beside
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.story import Story
from crmresearch.stories.theory_comparison import TEXTS


@dataclass(frozen=True)
class TheoryComparisonStory(Story):
    """Several theories on one survey, ready to be told; every method returns sentences in `language`."""

    comparison: TheoryComparison
    elsewhere: tuple[TheoryComparison, ...] = ()  # the same theories on other surveys
    left_out: Mapping[str, str] = field(default_factory=dict)  # why other surveys are not among them
    language: str = "en"

    texts = TEXTS
    packages = (*Story.packages, "semopy")

    @cached_property
    def each(self) -> dict[str, SatisfactionStory]:
        """Each theory as its own report tells it."""
        found = self.comparison
        return {
            key: SatisfactionStory(found.survey, found.complete, estimate, self.language)
            for key, estimate in found.estimates.items()
        }

    @property
    def facts(self) -> dict[str, Any]:
        """The survey, the rows that all theories share, and how they were estimated."""
        return {**next(iter(self.each.values())).facts, **self.comparison.complete.counted}

    def called(self, theories: Iterable[str]) -> str:
        """Theories by name as a list in a sentence."""
        return self.listed([self.names[theory] for theory in theories])

    @cached_property
    def titles(self) -> dict[str, str]:
        """The whole titles of the theories of all surveys, which the headline uses."""
        known = [one.estimates for one in (self.comparison, *self.elsewhere)]
        return {key: self.text(one.specification.theory.title) for found in known for key, one in found.items()}

    @cached_property
    def names(self) -> dict[str, str]:
        """How sentences call a theory."""
        return short_titles(self.titles)

    @cached_property
    def cautions(self) -> pd.DataFrame:
        """What to beware of in each theory, as its own report tells it: theory, code, severity, quantity, message."""
        found, parts = self.comparison, []
        for key, one in self.each.items():
            told = cautions_beside(one, found.structures.get(key), found.failures.get(key))
            parts.append(told.assign(theory=key))
        return pd.concat(parts, ignore_index=True).query("severity != 'none'")

    @cached_property
    def reading(self) -> TheoryReading:
        """Which numbers can be read."""
        return TheoryReading(self.comparison)

    @cached_property
    def foreseen(self) -> TheoryPrediction:
        """The theories held out on the same folds."""
        return TheoryPrediction(self.comparison)

    @cached_property
    def everywhere(self) -> pd.DataFrame:
        """`steps_everywhere` of this survey and the others, with the titles of surveys and the names of theories."""
        found = (self.comparison, *self.elsewhere)
        titles = {one.survey.codebook.key: self.text(one.survey.codebook.title) for one in found}
        return self.named(steps_everywhere(*found), dataset=titles.__getitem__, theory=self.names.__getitem__)

    def across(self) -> list[str]:
        """How far the path from satisfaction to loyalty differs between surveys, and within them between theories."""
        absent = [self.say(f"across.{'left_out' if why else 'missing'}", dataset=key, reason=why)
                  for key, why in self.left_out.items()]  # fmt: skip
        sizes = [self.say(f"across.survey_{one.word}", one.numbers, title=title)
                 for title, one in verdicts.ranges(self.everywhere).items()]  # fmt: skip
        for one in (one for one in self.elsewhere if one.left_out):
            title, names = self.text(one.survey.codebook.title), [self.text(theory.title) for theory, _ in one.left_out]
            absent.append(self.say("across.without", title=title, theories=self.listed(names)))
        compared = [self.say("across.sizes", sizes=self.listed(sizes)), self.say("across.items")]
        return [*(compared if sizes and self.elsewhere else []), *absent]

    def findings(self) -> list[str]:
        """Four: what explains satisfaction, by whole titles, and loyalty best, the step between them, the index."""
        first, *others = verdicts.findings(self.comparison)
        headline = self._verdict(f"finding.{first.word}", first, self.titles)
        return [headline, *(self._verdict(f"finding.{one.word}", one) for one in others)]

    def _verdict(self, key: str, found: Verdict, names: Mapping[str, str] | None = None) -> str:
        """A verdict in the sentence of its word, theories called by their names."""
        called = {part: self.listed([(names or self.names)[one] for one in of]) for part, of in found.theories.items()}
        return self.say(key, found.numbers, aim=self.say(f"aim.{found.aim}"), **called)

    def follows(self) -> list[str]:
        """The smallest theory not told apart from the one that explains most, and the numbers not to read."""
        told = [self._verdict(f"follows.{one.word}", one) for one in verdicts.choices(self.reading)]
        unread = [f"{self.names[theory]} ({self.say(f'word.{one}')})" for theory, one in self.reading.unread]
        told += [self.say("follows.unread", pairs=self.listed(unread))] if unread else []
        return told or [self.say("follows.nothing")]

    def more(self) -> list[str]:
        """What every theory says of the step by the estimators that can be read."""
        told = []
        for estimator, rows in self.reading.steps.query("effect == 'direct'").groupby("estimator", sort=False):
            sizes = [self.say("more.size", row, theory=self.names[row.theory]) for row in rows.itertuples()]
            told.append(self.say("more.step", estimator=self.say(f"word.{estimator}"), sizes=self.listed(sizes)))
        foreseen = [self._verdict(f"more.{one.word}", one) for one in verdicts.foresees(self.foreseen)]
        return (told or [self.say("more.nothing")]) + foreseen

    def sample(self) -> list[str]:
        """Who answered, and which rows all theories share."""
        survey, left_out = self.comparison.survey, self.comparison.left_out
        about = f"{self.facts['title']}: {self.text(survey.codebook.about)}"
        left = [self.say("sample.left_out", theory=self.text(theory.title), reason=why) for theory, why in left_out]
        return [about, self.say(f"sample.{self.comparison.complete.dealt_with}"), *left, *map(self.text, survey.notes)]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        stated = bool(self.comparison.ranked("loyalty")) and "stated"
        return self.sentences("limit.", "sample", "order", "items", stated)

    @property
    def published(self) -> dict[str, str]:
        """The theories and the data."""
        theories = {key: one.published["theory"] for key, one in self.each.items()}
        return {**theories, "data": self.comparison.survey.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """Theories, respondents, gaps, estimators and how theories were compared, as a paper tells them."""
        named = [f"{self.names[key]}{self.citation(key)}" for key in self.each]
        weighted = self.comparison.survey.weights is not None and "weighted"
        parts = ("same", self.comparison.complete.dealt_with, "pls", "compared", "foreseen", weighted)
        told = self.sentences("methods.theories_", *parts, count=len(named), theories=self.listed(named))
        return [*told, *drawn_methods(self, self.comparison.survey)]
