"""What several theories say of the same respondents, in sentences made from the results."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

import pandas as pd

from crmresearch.sem.pls.cautions import estimator_of
from crmresearch.sem.theory_comparison import AIMS, ESTIMATORS, TheoryComparison
from crmresearch.sem.theory_prediction import TheoryPrediction
from crmresearch.stories.drawn import drawn_methods
from crmresearch.stories.satisfaction.cautions import cautions
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.story import Story, interval, verdict
from crmresearch.stories.theory_comparison import TEXTS

READ = {"inadmissible": "unread", "unidentified": "unread", "weak": "care", "note": "usable"}


@dataclass(frozen=True)
class TheoryComparisonStory(Story):
    """Several theories on one survey, ready to be told; every method returns sentences in `language`."""

    comparison: TheoryComparison
    elsewhere: tuple[TheoryComparison, ...] = ()  # the same theories on other surveys
    left_out: Mapping[str, str] = field(default_factory=dict)  # why other surveys are not among them
    language: str = "en"

    texts = TEXTS
    packages = (*Story.packages, "semopy")

    @property
    def facts(self) -> dict[str, Any]:
        """What captions name: the confidence of the intervals, the rows, the theories."""
        rows, named = self.comparison.complete.rows_used, self.called(self.names)
        return {"confidence": self.comparison.confidence, "rows": rows, "theories": named}

    def called(self, theories: Iterable[str]) -> str:
        """Theories by name as a list in a sentence."""
        return self.listed([self.names[theory] for theory in theories])

    @cached_property
    def names(self) -> dict[str, str]:
        """How sentences call a theory: the abbreviation at the end of its title where it has one of its own."""
        ends = {key: re.search(r"[(（]([^()（）]+)[)）]$", title) for key, title in self.titles.items()}
        short = {key: found[1] if (found := ends[key]) else title for key, title in self.titles.items()}
        return {key: name if Counter(short.values())[name] == 1 else self.titles[key] for key, name in short.items()}

    @cached_property
    def titles(self) -> dict[str, str]:
        """The whole titles of the theories, which the headline uses."""
        return {key: self.text(one.specification.theory.title) for key, one in self.comparison.estimates.items()}

    @cached_property
    def cautions(self) -> pd.DataFrame:
        """What to beware of in each theory, as its own report tells it: theory, estimator, code, severity, …."""
        found, parts = self.comparison, []
        for key, estimate in found.estimates.items():
            one = SatisfactionStory(found.survey, found.complete, estimate, self.language)
            structure = CovarianceStory(one, found.structures.get(key), None, found.failures.get(key))
            parts.append(cautions(one, structure).assign(theory=key))
        table = pd.concat(parts, ignore_index=True)
        return table.assign(estimator=table["code"].map(estimator_of))

    def read(self, theory: str, estimator: str) -> str:
        """Whether the numbers of an estimator can be read: usable, care, unread, or none where there are none."""
        estimate = self.comparison.estimates[theory]
        if estimator not in (*estimate.estimators, *(["cbsem"] if theory in self.comparison.structures else [])):
            return "none"
        own = self.cautions.query("theory == @theory and estimator == @estimator")["severity"]
        return READ[own.iloc[0]] if len(own) else "usable"  # gravest first

    @cached_property
    def readable_steps(self) -> pd.DataFrame:
        """The effects of satisfaction on loyalty without those that are not to be read."""
        steps = self.comparison.steps.query("reason == ''")
        kept = [self.read(row.theory, row.estimator) != "unread" for row in steps.itertuples()]
        return steps[kept]

    @cached_property
    def foreseen(self) -> TheoryPrediction:
        """The theories held out on the same folds."""
        return TheoryPrediction(self.comparison)

    @cached_property
    def surveys(self) -> list["TheoryComparisonStory"]:
        """This survey and the others, each a story of its own."""
        return [self, *(TheoryComparisonStory(one, language=self.language) for one in self.elsewhere)]

    @cached_property
    def everywhere(self) -> pd.DataFrame:
        """The direct path from satisfaction to loyalty in every survey and theory by every estimator that can be read.

        Columns dataset (the title of the survey), theory (its name), estimator, estimate, ci_lower, ci_upper.
        """
        parts = []
        for one in self.surveys:
            rows = one.readable_steps.query("effect == 'direct'")
            title = one.text(one.comparison.survey.codebook.title)
            parts.append(rows.assign(dataset=title, theory=[one.names[theory] for theory in rows["theory"]]))
        return pd.concat(parts, ignore_index=True)

    def across(self) -> list[str]:
        """How far the path from satisfaction to loyalty differs between surveys, and within them between theories."""
        told = [self.say(f"across.{'left_out' if why else 'missing'}", dataset=dataset, reason=why)
                for dataset, why in self.left_out.items()]  # fmt: skip
        rows = self.everywhere.query("estimator == 'pls'")
        if rows.empty or not self.elsewhere:
            return told
        sizes = []
        for dataset, paths in rows.groupby("dataset", sort=False)["estimate"]:
            key = "one" if f"{paths.min():.2f}" == f"{paths.max():.2f}" else "range"
            sizes.append(self.say(f"across.survey_{key}", dataset=dataset, low=paths.min(), high=paths.max()))
        for one in self.surveys[1:]:
            if names := [self.text(theory.title) for theory, _ in one.comparison.left_out]:
                title = self.text(one.comparison.survey.codebook.title)
                told.append(self.say("across.without", dataset=title, theories=self.listed(names)))
        return [self.say("across.sizes", sizes=self.listed(sizes)), self.say("across.items"), *told]

    def findings(self) -> list[str]:
        """What explains satisfaction and loyalty best, the step between them, the index: four, headline first."""
        return [*map(self._explains, AIMS), self._step(), self._index()]

    def apart(self, aim: str) -> tuple[list[str], list[str]]:
        """Theories not told apart from the one that explains most of an aim, and those that explain less."""
        alike, others = self.comparison.alike(aim), self.comparison.ranked(aim)[1:]
        return [one for one in others if one in alike], [one for one in others if one not in alike]

    def _explains(self, aim: str) -> str:
        ranked, (ties, less) = self.comparison.ranked(aim), self.apart(aim)
        if not ranked:
            return self.say("finding.explains_nothing", aim=self.say(f"aim.{aim}"))
        row = self.comparison.explained.query("aim == @aim").set_index("theory").loc[ranked[0]]
        key = "alone" if len(ranked) == 1 else "most" if not ties else "tied_some" if less else "tied"
        names = self.titles if aim == AIMS[0] else self.names  # the headline says what the abbreviations stand for
        rivals = {kind: self.listed([names[key] for key in keys]) for kind, keys in (("ties", ties), ("less", less))}
        named = {"theory": names[ranked[0]], **rivals}
        facts = {"aim": self.say(f"aim.{aim}"), "share": row["r_squared"], **interval(row), **self.facts}
        return self.say(f"finding.explains_{key}", **named, **facts)

    def _step(self) -> str:
        rows = self.comparison.steps.query("effect == 'total' and estimator == 'pls' and reason == ''")
        if rows.empty:
            return self.say("finding.step_nowhere")
        unclear = [row.theory for row in rows.itertuples() if verdict(row.ci_lower, row.ci_upper) != "wins"]
        facts = {"low": rows["estimate"].min(), "high": rows["estimate"].max(), "count": len(rows)}
        key = "all" if not unclear else "some" if len(unclear) < len(rows) else "none"
        return self.say(f"finding.step_{key}", unclear=self.called(unclear), **facts)

    def _index(self) -> str:
        rows = self.comparison.indices.query("aim == 'satisfaction'").dropna(subset="estimate")
        if rows.empty:
            return self.say("finding.no_index")
        facts = {"low": rows["estimate"].min(), "high": rows["estimate"].max(), "count": len(rows)}
        return self.say(f"finding.index_{'one' if len(rows) == 1 else 'range'}", **facts)

    def follows(self) -> list[str]:
        """The smallest theory not told apart from the one that explains most, and the numbers not to read."""
        told, paths = [], self.comparison.sizes.set_index("theory")["paths"]
        for aim in AIMS:
            alike = self.comparison.alike(aim)
            usable = [theory for theory in alike if self.read(theory, "pls") != "unread"]
            chosen = min(usable, key=lambda theory: paths[theory]) if usable else ""
            key = "none" if not chosen else "take" if len(alike) == 1 else "smallest"
            facts = {"theory": self.names.get(chosen), "paths": paths.get(chosen)}
            if len(self.comparison.ranked(aim)) > 1:
                told.append(self.say(f"follows.{key}", aim=self.say(f"aim.{aim}"), **facts))
        pairs = product(ESTIMATORS, self.names)
        unread = [f"{self.names[t]} ({self.say(f'word.{e}')})" for e, t in pairs if self.read(t, e) == "unread"]
        told += [self.say("follows.unread", pairs=self.listed(unread))] if unread else []
        return told or [self.say("follows.nothing")]

    def more(self) -> list[str]:
        """What every theory says of the step by the estimators that can be read."""
        told = []
        for estimator, rows in self.readable_steps.query("effect == 'direct'").groupby("estimator", sort=False):
            each = zip(rows["theory"], rows["estimate"], strict=True)
            sizes = [self.say("more.size", theory=self.names[theory], estimate=size) for theory, size in each]
            told.append(self.say("more.step", estimator=self.say(f"word.{estimator}"), sizes=self.listed(sizes)))
        return [*(told or [self.say("more.nothing")]), *(one for aim in AIMS for one in self._foresees(aim))]

    def _foresees(self, aim: str) -> list[str]:
        """Which theories foresee an aim better than others or a linear model: only what is beyond chance."""
        alike, named = self.foreseen.alike(aim), {"aim": self.say(f"aim.{aim}")}
        less = [theory for theory in self.foreseen.losses[aim] if theory not in alike]
        told = []
        if less:
            facts = {"theory": self.names[alike[0]], "less": self.called(less), "ties": self.called(alike[1:])}
            told.append(self.say(f"more.foresees_{'among' if alike[1:] else 'best'}", **named, **facts))
        rows = self.foreseen.foreseen.query("aim == @aim")
        for key, verdict_of in (("beaten", "wins"), ("better", "loses")):
            if theories := list(rows.loc[rows["linear"] == verdict_of, "theory"]):
                count = len(theories)
                told.append(self.say(f"more.linear_{key}", **named, theories=self.called(theories), count=count))
        return told

    def sample(self) -> list[str]:
        """Who answered, and which rows all theories share."""
        codebook, complete = self.comparison.survey.codebook, self.comparison.complete
        cells = int(complete.counts["missing_cells"].sum())
        facts = {"items": len(complete.counts), "used": complete.rows_used, "of": complete.rows_in, "cells": cells}
        key = complete.policy if cells else "none_missing"
        left = [self.say("sample.left_out", theory=self.text(t.title), reason=r) for t, r in self.comparison.left_out]
        about = f"{self.text(codebook.title)}: {self.text(codebook.about)}"
        return [about, self.say(f"sample.{key}", **facts), *left, *map(self.text, self.comparison.survey.notes)]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        keys = ("sample", "order", "items", *(["stated"] if self.comparison.ranked("loyalty") else []))
        return [self.say(f"limit.{key}") for key in keys]

    @property
    def published(self) -> dict[str, str]:
        """The theories and the data."""
        theories = {key: one.specification.theory.citation for key, one in self.comparison.estimates.items()}
        return {**theories, "data": self.comparison.survey.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """Theories, respondents, gaps, estimators and how theories were compared, as a paper tells them."""
        found, codebook = self.comparison, self.comparison.survey.codebook
        one = next(iter(found.estimates.values()))
        assert one.resampling is not None
        gaps = "complete" if not found.complete.counts["missing_cells"].sum() else found.complete.policy
        named = [f"{name}{self.citation(key)}" for key, name in self.names.items()]
        facts = {
            **self.facts,
            "count": len(named),
            "theories": self.listed(named),
            "column": codebook.weight,
            "used": found.complete.rows_used,
            "of": found.complete.rows_in,
            "items": len(found.complete.counts),
            "title": self.text(codebook.title),
            "cited": self.citation("data"),
            "scheme": self.say(f"scheme.{one.settings.scheme}"),
            "resamples": one.resampling.resamples,
            "seed": one.resampling.seed,
        }
        told = ["theories", f"theories_{gaps}", "theories_pls", "theories_compared", "theories_foreseen"]
        told += ["theories_weighted"] if one.sample.weighted else []
        return [*[self.say(f"methods.{key}", **facts) for key in told], *drawn_methods(self, found.survey)]
