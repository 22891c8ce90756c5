"""What the sections of a satisfaction report say, one after the other, in sentences made from the results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.survey.weights import effective_size
from crmresearch.ranks import Floats
from crmresearch.sem.groups import ALL, SegmentModels
from crmresearch.sem.index import construct_index, index_draws
from crmresearch.sem.pls.cautions import unreadable
from crmresearch.sem.pls.fit import SRMR_LIMIT, approximate_fit
from crmresearch.sem.pls.hypotheses import hypotheses
from crmresearch.sem.pls.measurement import item_validity, reliability
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.stories.drawn import drawn_methods, resampled
from crmresearch.stories.model_story import ModelStory
from crmresearch.stories.satisfaction import TEXTS
from crmresearch.stories.story import Story

RHO_C_LIMIT, AVE_LIMIT, LOADING_LIMIT = 0.70, 0.50, 0.50  # Hair et al. (2021), chapter 4


@dataclass(frozen=True)
class SatisfactionSections(ModelStory):
    """One theory on one survey, section by section; every method returns sentences in `language`.

    The estimate must have been bootstrapped.
    """

    texts = TEXTS
    packages = (*Story.packages, "semopy")

    estimate: PlsEstimate
    language: str = "en"

    @property
    def estimated(self) -> PlsEstimate:
        """The estimate that is told."""
        return self.estimate

    @cached_property
    def indices(self) -> tuple[pd.DataFrame, list[Caution]]:
        """The 0–100 index of every construct, and a caution for every one that is refused."""
        return construct_index(self.estimate, self.survey.bounds)

    @property
    def index(self) -> pd.DataFrame:
        """The 0–100 index of every construct."""
        return self.indices[0]

    def arrow(self, path: Any) -> str:
        """A path, any row with predictor and outcome, by the names of its constructs."""
        return f"{self.label(path.predictor)} → {self.label(path.outcome)}"

    @property
    def aims(self) -> dict[str, str]:
        """satisfaction and, where the theory has it, loyalty: how sentences name the constructs that it is about."""
        return {aim: self.within(key) for aim, key in self.estimate.specification.theory.aims.items()}

    @cached_property
    def paths(self) -> pd.DataFrame:
        """The PLS path coefficients."""
        return self.estimate.only("paths")

    @property
    def confidence(self) -> float:
        """Confidence of the intervals."""
        assert self.estimate.resampling is not None
        return self.estimate.resampling.confidence

    @cached_property
    def leading(self) -> dict[str, pd.DataFrame]:
        """Of satisfaction and loyalty, where something leads to them: the largest total effects not told apart."""
        spec = self.estimate.specification
        return {key: self.estimate.leading(key) for key in spec.theory.aims.values() if key in spec.outcomes}

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Every PLS path with the sign the theory expects and what the interval says of it, as in `hypotheses`."""
        judged = hypotheses(self.estimate, unreadable=unreadable(self.estimate.cautions))
        return judged[judged["estimator"] == "pls"]

    def _note(self) -> list[str]:
        note = self.survey.codebook.note_of(*self.estimate.specification.theory.lineage)
        return [self.text(note)] if note else []

    def sample(self) -> list[str]:
        """Who answered, and what was done about missing answers."""
        codebook, complete, counts = self.survey.codebook, self.complete, self.complete.counts
        cells = int(counts.missing_cells.sum())
        facts: dict[str, float] = {"items": len(counts), "rows": complete.rows_in, "cells": cells}
        facts |= {"used": complete.rows_used, "dropped": complete.rows_dropped}
        facts |= {"share": complete.rows_dropped / complete.rows_in}
        facts["touched"] = int(self.survey.items[counts.item].isna().any(axis=1).sum())
        told = [self.say("sample.respondents", title=self.text(codebook.title), about=self.text(codebook.about))]
        told += self.sentences("sample.", complete.dealt_with, **facts)
        if self.estimate.sample.weighted:
            told.append(self.say("sample.weighted", column=codebook.weight))
            effective = effective_size(self.estimate.sample.weights)
            weighed = {"used": complete.rows_used, "effective": effective}
            told += self.sentences("sample.", complete.rows_dropped > 0 and "weighted_used", **weighed)
        told += resampled(self, self.survey)
        return told + [self.say("sample.data_note", note=self.text(note)) for note in self.survey.notes]

    def claim(self) -> list[str]:
        """What the theory claims, why, and what it expects to go with what."""
        spec, theory = self.estimate.specification, self.estimate.specification.theory
        told = [self.say("model.claim", about=self.text(theory.about), cited=self.facts["theory_cited"])]
        told += [self.text(theory.why)] if theory.why else []
        for sign in ("positive", "negative", "open"):
            into = {o: [p.predictor for p in spec.paths if (p.outcome, p.sign) == (o, sign)] for o in spec.outcomes}
            told += self.sentences("model.", any(into.values()) and f"expects_{sign}", paths=self._from_to(into))
        made = {c.key: c.of for c in spec.constructs if c.of}
        return told + self.sentences("model.", bool(made) and "made_of", wholes=self._from_to(made))

    def _from_to(self, into: Mapping[str, Sequence[str]]) -> str:
        """What leads to what, or makes it up, by the keys of constructs; ends without a beginning are left out."""
        told = {end: self.within(*named) for end, named in into.items() if named}
        apart = self.say("list.comma_apart")  # a list so set apart is held together by brackets
        keys = {end: "model.from_several" if apart in named else "model.from_to" for end, named in told.items()}
        return "; ".join(self.say(keys[end], outcome=self.within(end), predictors=told[end]) for end in told)

    def model(self) -> list[str]:
        """Size of the model and how its weights were reached."""
        settled = int(self.estimate.fits.outer.iterations[0])
        scheme = self.say(f"scheme.{self.estimate.settings.scheme}")
        return [self.say("model.summary", **self._size, iterations=settled, scheme=scheme)]

    @property
    def _size(self) -> dict[str, Any]:
        """How many constructs, items, paths and moderations the model has."""
        spec = self.estimate.specification
        size: dict[str, Any] = {"constructs": len(spec.constructs), "items": len(spec.items), "paths": len(spec.paths)}
        count = len(spec.moderations)
        return {**size, "moderations": f" {self.say('model.moderations', count=count)}" if count else ""}

    def measurement(self) -> list[str]:
        """Which constructs and items fall below the usual limits."""
        table, items, low = reliability(self.estimate), item_validity(self.estimate), self.weak_items
        table = table[(table["items"] > 1) & table.rho_c.notna()]
        weak = table[(table.rho_c < RHO_C_LIMIT) | (table.ave < AVE_LIMIT)].itertuples()
        named = [self.say("measurement.weak", row, construct=self.label(row.construct)) for row in weak]
        told = self.sentences("measurement.", "unreliable" if named else "reliable", constructs=self.listed(named))
        named = [f"{row.item} ({row.own:.2f})" for row in low.itertuples()]
        told += self.sentences("measurement.", "weak_items" if named else "no_weak_items", items=self.listed(named))
        facts = {"dataset": self.survey.codebook.key, "theory": self.estimate.specification.theory.key}
        told += self.sentences("measurement.", bool(named) and "advice", items=self.listed([*low["item"]]), **facts)
        misplaced = items[items.cross.abs() > items.own.abs()].itertuples()
        named = [f"{row.item} ({self.label(row.construct)}; {self.label(row.other)})" for row in misplaced]
        return told + self.sentences("measurement.", bool(named) and "misplaced", items=self.listed(named))

    @cached_property
    def weak_items(self) -> pd.DataFrame:
        """Items that correlate less than .50 with their own construct, composites that they make up apart."""
        items = item_validity(self.estimate)
        return items[(items.own < LOADING_LIMIT) & (items.measurement != "composite_b")]

    def fit(self) -> list[str]:
        """Whether the correlations that the model implies are close to those of the answers, by SRMR."""
        found = approximate_fit(self.estimate).set_index("model")["pls"]
        close = found["saturated"] <= SRMR_LIMIT
        key = "paths" if close else "measurement"
        if not np.isfinite(found["estimated"]):
            key = f"saturated_{'close' if close else 'far'}"
        elif max(found) <= SRMR_LIMIT:
            key = "close"
        return [self.say(f"structure.srmr_{key}", **found)]

    def structure(self) -> list[str]:
        """What the intervals are, and how much the correction for unreliability changes."""
        boot = self.estimate.resampling
        assert boot is not None
        facts = {"resamples": boot.resamples, "confidence": boot.confidence}
        told = [self.say("structure.intervals", interval=self.say(f"structure.{boot.interval}"), **facts)]
        if not self.estimate.model.main.factor.any():
            return [*told, self.say("structure.no_difference")]
        if (moved := self.estimate.corrections).empty:
            return told
        predictor, outcome = moved.idxmax()
        path = f"{self.label(predictor)} → {self.label(outcome)}"
        return [*told, self.say("structure.difference", difference=moved.max(), path=path)]

    def effects(self) -> list[str]:
        """The largest total effects on satisfaction and on loyalty, and how much of them is indirect."""
        told = []
        for outcome, drivers in self.leading.items():
            rows = drivers.itertuples()
            named = [self.say("effects.one", row, predictor=self.within(row.predictor)) for row in rows]
            key = "effects.largest" if len(named) == 1 else "effects.largest_tie"
            told.append(self.say(key, outcome=self.within(outcome), effects=self.listed(named)))
        return told

    def index_summary(self) -> list[str]:
        """The highest and the lowest index, those not told apart together."""
        given = self.index.dropna(subset="estimate")
        if len(given) < 2:
            return []
        names, draws = [self.within(key) for key in given["construct"]], self._index_draws[given.index]
        return [self.say("index.ends", ends=self.ends(names, given["estimate"].to_numpy(), draws, self.confidence))]

    @cached_property
    def _index_draws(self) -> Floats:
        return index_draws(self.estimate, self.survey.bounds)

    def group_name(self, group: str, key: str) -> str:
        """A value of a group of the codebook, or everybody, for readers."""
        known = self.survey.codebook.groups[group]
        return self.say("groups.all") if key == ALL else known.value_label(key, self.language)

    def groups(self, models: SegmentModels, group: str) -> list[str]:
        """By what the respondents are divided, which groups are too small, which stand highest and lowest."""
        codebook, name = self.survey.codebook, partial(self.group_name, group)
        small = [f"{name(key)} ({size:,})" for key, size in models.small.items()]
        few = [f"{name(key)} ({df:,})" for key, df in models.few_clusters.items()]
        told = [self.say("groups.divided", group=self.text(codebook.groups[group].label), needed=models.needed)]
        for key, found in (("small", small), ("one_cluster", [*map(name, models.one_cluster)]), ("few_clusters", few)):
            if found:
                told.append(self.say(f"groups.{key}", groups=self.listed(found), needed=models.needed))
        for aim, construct in self.estimate.specification.theory.aims.items():
            table, draws = models.indices(construct)
            if len(table) > 1:
                ends = self.ends([*map(name, table["segment"])], table["estimate"].to_numpy(), draws, self.confidence)
                told.append(self.say("groups.ends", construct=self.aims[aim], ends=ends))
        return told + [self.say("groups.failed", group=name(key), reason=why) for key, why in models.failed.items()]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        spec, about = self.estimate.specification, self.text(self.survey.codebook.about)
        stated = spec.theory.aims.get("loyalty")
        facts = {"respondents": self.complete.rows_used, "about": about}
        facts |= {"loyalty": self.label(stated)} if stated else {}
        second = bool(spec.components) and "second_order"
        told = self.sentences("limits.", "cross_section", stated and "stated", second, "sample", **facts)
        return [*told, *self._note()]

    def methods_paragraph(self) -> list[str]:
        """Model, respondents, gaps, estimator, resamples and measures, as a paper tells them."""
        e, boot, settings = self.estimate, self.estimate.resampling, self.estimate.settings
        assert boot is not None
        rows, gaps = self.complete.rows_used, int(self.complete.counts["missing_cells"].sum())
        formative = [c.key for c in e.specification.constructs if c.measurement == "composite_b"]
        facts: dict[str, Any] = {
            **self._size,
            "cited": self.citation("theory"),
            "data_cited": self.citation("data"),
            "used": rows,
            "rows": self.complete.rows_in,
            "cells": gaps,
            "dropped": self.complete.rows_dropped,
            "metric": self.say(f"metric.{settings.metric}"),
            "tolerance": settings.tolerance,
            "iterations": int(e.fits.outer.iterations[0]),
            "failed": boot.failed,
            "formative": self.within(*formative),
        }
        plsc, spec = "plsc" in e.estimators and bool(e.model.main.factor.any()), e.specification
        weighted, missing = e.sample.weighted and "weighted", f"missing_{self.complete.policy if gaps else 'none'}"
        told = self.sentences("methods.", "model", missing, weighted, "pls", bool(formative) and "mode_b", **facts)
        unread = plsc and "plsc" in unreadable(e.cautions) and "plsc_unread"
        second, moderated = bool(spec.components) and "second_order", bool(spec.moderations) and "moderation"
        told += self.sentences("methods.", plsc and "plsc", unread, second, moderated, boot.interval, **facts)
        after = self.sentences("methods.", boot.failed > 0 and "failed", "measures", **facts)
        return [*told, *drawn_methods(self, self.survey), *after]

    def group_methods(self, models: SegmentModels | None, group: str) -> list[str]:
        """The sentence of the methods on models within groups; none without groups."""
        if not models:
            return []
        label = self.text(self.survey.codebook.groups[group].label)
        return [self.say("methods.groups", group=label, needed=models.needed)]
