"""What a satisfaction model says, in sentences made from its results."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.sem.index import construct_index
from crmresearch.sem.pls.measurement import reliability
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.stories.satisfaction import TEXTS
from crmresearch.stories.story import Story
from crmresearch.stories.story import verdict as told_apart

RHO_C_LIMIT, AVE_LIMIT, LOADING_LIMIT = 0.70, 0.50, 0.50  # Hair et al. (2021), chapter 4


def verdict_of(sign: str, lower: float, upper: float) -> str:
    """What an interval says of an expected sign: supported, not_established, contrary, or any (no sign expected)."""
    if sign == "open":
        return "any"
    side = "wins" if sign == "positive" else "loses"
    return {"ties": "not_established", side: "supported"}.get(told_apart(lower, upper), "contrary")


@dataclass(frozen=True)
class SatisfactionStory(Story):
    """One theory on one survey, ready to be told; every method returns sentences in `language`.

    The estimate must have been bootstrapped.
    """

    texts = TEXTS

    survey: Survey
    complete: Complete
    estimate: PlsEstimate
    language: str = "en"
    _index: tuple[pd.DataFrame, list[Caution]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", construct_index(self.estimate, self.survey.bounds))

    @property
    def facts(self) -> dict[str, Any]:
        """What captions name: the theory, and the confidence of the intervals."""
        return {"confidence": self.confidence, "theory": self.text(self.estimate.specification.theory.title)}

    @property
    def index(self) -> pd.DataFrame:
        """The 0–100 index of every construct."""
        return self._index[0]

    @property
    def refused(self) -> list[Caution]:
        """One caution for every construct whose index is refused."""
        return self._index[1]

    def label(self, key: str) -> str:
        """Name of a construct, or of a product of constructs such as `cusa:switching_cost`."""
        return " × ".join(self.estimate.specification.label(part, self.language) for part in key.split(":"))

    @cached_property
    def paths(self) -> pd.DataFrame:
        """The PLS path coefficients."""
        paths = self.estimate.paths
        return paths[paths.estimator == "pls"]

    @property
    def confidence(self) -> float:
        """Confidence of the intervals."""
        assert self.estimate.resampling is not None
        return self.estimate.resampling.confidence

    def findings(self) -> list[str]:
        """The opening: index, main driver, step to loyalty, share explained, hypotheses; headline first."""
        return list(self._findings())

    def _findings(self) -> Iterator[str]:
        theory = self.estimate.specification.theory
        satisfaction, loyalty = theory.satisfaction, theory.loyalty
        index = self.index.set_index("construct").loc[satisfaction]
        facts = {"satisfaction": self.label(satisfaction).lower(), "loyalty": self.label(loyalty).lower()}
        drivers = {outcome: self._strongest(outcome) for outcome in (satisfaction, loyalty)}
        named = {
            "driver": self.label(drivers[satisfaction].predictor).lower(),
            "loyalty_driver": self.label(drivers[loyalty].predictor).lower(),
        }
        if np.isfinite(index.estimate):
            yield self.say(
                "finding.index",
                **facts,
                **named,
                respondents=self.complete.rows_used,
                estimate=index.estimate,
                lower=index.ci_lower,
                upper=index.ci_upper,
                confidence=self.confidence,
            )
        else:
            yield self.say("finding.index_refused", **facts, **named)
        for outcome, driver in drivers.items():
            yield self.say(
                "finding.main_driver",
                outcome=self.label(outcome).lower(),
                predictor=self.label(driver.predictor).lower(),
                size=abs(driver.estimate),
                direction=self.say("word.higher" if driver.estimate > 0 else "word.lower"),
                lower=driver.ci_lower,
                upper=driver.ci_upper,
                confidence=self.confidence,
            )
        step = self.paths[(self.paths.outcome == loyalty) & (self.paths.predictor == satisfaction)].iloc[0]
        clear = told_apart(step.ci_lower, step.ci_upper) != "ties"
        labels = {"satisfaction": self.label(satisfaction), "loyalty": self.label(loyalty).lower()}
        yield self.say(
            f"finding.to_loyalty_{'clear' if clear else 'unclear'}",
            **(labels if clear else facts),
            estimate=step.estimate,
            lower=step.ci_lower,
            upper=step.ci_upper,
        )
        r2 = self.estimate.r_squared
        share = r2[r2.estimator == "pls"].set_index("outcome")["estimate"]
        yield self.say(
            "finding.explained", **facts, satisfaction_share=share[satisfaction], loyalty_share=share[loyalty]
        )
        yield self._hypotheses()
        yield from self._moderations()
        if note := self.survey.codebook.note_of(theory.key):
            yield self.text(note)

    def _strongest(self, outcome: str) -> pd.Series:
        effects = self.estimate.total_effects
        into = effects[(effects.estimator == "pls") & (effects.outcome == outcome)]
        return into.loc[into.estimate.abs().idxmax()]

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Every path with the sign the theory expects and what the interval says of it.

        Columns hypothesis, predictor, outcome, sign, verdict (supported, not_established, contrary, any).
        """
        intervals = self.paths.set_index(["predictor", "outcome"])
        rows = []
        for path in self.estimate.specification.paths:
            row = intervals.loc[(path.predictor, path.outcome)]
            verdict = verdict_of(path.sign, row.ci_lower, row.ci_upper)
            rows.append((path.hypothesis, path.predictor, path.outcome, path.sign, verdict))
        return pd.DataFrame(rows, columns=["hypothesis", "predictor", "outcome", "sign", "verdict"])

    def _hypotheses(self) -> str:
        tested = self.verdicts[self.verdicts.verdict != "any"]
        unclear = tested[tested.verdict != "supported"]
        clear, total = len(tested) - len(unclear), len(tested)
        names = [f"{self.label(row.predictor)} → {self.label(row.outcome)}" for row in unclear.itertuples()]
        key = "all" if clear == total else "none" if clear == 0 else "some"
        return self.say(f"finding.hypotheses_{key}", clear=clear, total=total, unclear=self.listed(names or ["–"]))

    def _moderations(self) -> Iterator[str]:
        for moderation in self.estimate.specification.moderations:
            key = f"{moderation.predictor}:{moderation.moderator}"
            row = self.paths[(self.paths.predictor == key) & (self.paths.outcome == moderation.outcome)].iloc[0]
            clear = told_apart(row.ci_lower, row.ci_upper) != "ties"
            moderator = self.label(moderation.moderator)
            yield self.say(
                f"finding.moderation_{'clear' if clear else 'unclear'}",
                moderator=moderator if clear else moderator.lower(),
                predictor=self.label(moderation.predictor).lower(),
                outcome=self.label(moderation.outcome).lower(),
                estimate=row.estimate,
                lower=row.ci_lower,
                upper=row.ci_upper,
            )

    def sample(self) -> list[str]:
        """Who answered, and what was done about missing answers."""
        codebook, complete = self.survey.codebook, self.complete
        cells = int(complete.counts.missing_cells.sum())
        facts = {"items": len(complete.counts), "rows": complete.rows_in, "cells": cells}
        told = [self.say("sample.respondents", title=self.text(codebook.title), about=self.text(codebook.about))]
        if not facts["cells"]:
            told.append(self.say("sample.none_missing", **facts))
        elif complete.policy == "listwise":
            dropped, used = complete.rows_dropped, complete.rows_used
            share = dropped / complete.rows_in
            told.append(self.say("sample.listwise", **facts, dropped=dropped, used=used, share=share))
        else:
            touched = int(self.survey.items[complete.counts.item].isna().any(axis=1).sum())
            told.append(self.say("sample.mean", **facts, touched=touched))
        return told + [self.say("sample.data_note", note=note) for note in self.survey.notes]

    def model(self) -> list[str]:
        """Size of the model and how its weights were reached."""
        spec, fits = self.estimate.specification, self.estimate.fits
        moderations = len(spec.moderations)
        return [
            self.say(
                "model.summary",
                constructs=len(spec.constructs),
                items=len(spec.items),
                paths=len(spec.paths),
                moderations=self.say("model.moderations", count=moderations) if moderations else "",
                iterations=int(fits.outer.iterations[0]),
                scheme=self.estimate.settings.scheme,
            )
        ]

    def measurement(self) -> list[str]:
        """Which constructs and items fall below the usual limits."""
        spec = self.estimate.specification
        table = reliability(self.estimate)
        table = table[(table["items"] > 1) & table.rho_c.notna()]
        weak = table[(table.rho_c < RHO_C_LIMIT) | (table.ave < AVE_LIMIT)]
        names = [f"{self.label(r.construct)} (rho_c {r.rho_c:.2f}, AVE {r.ave:.2f})" for r in weak.itertuples()]
        key = "measurement.unreliable" if names else "measurement.reliable"
        told = [self.say(key, constructs=self.listed(names or ["–"]))]
        cross = self.estimate.cross_loadings
        low, misplaced = [], []
        for construct in spec.constructs:
            for item in construct.items:
                own = cross.loc[item, construct.key]
                other = cross.loc[item].drop(construct.key)
                if own < LOADING_LIMIT and construct.measurement != "composite_b":
                    low.append(f"{item} ({own:.2f})")
                if other.abs().max() > abs(own):
                    misplaced.append(f"{item} ({self.label(construct.key)}; {self.label(other.abs().idxmax())})")
        told.append(self.say("measurement.weak_items", items=self.listed(low)) if low else
                    self.say("measurement.no_weak_items"))  # fmt: skip
        if misplaced:
            told.append(self.say("measurement.misplaced", items=self.listed(misplaced)))
        return told

    def structure(self) -> list[str]:
        """What the intervals are, and how much the correction for unreliability changes."""
        boot = self.estimate.resampling
        assert boot is not None
        told = [
            self.say(
                "structure.intervals",
                interval=self.say(f"structure.{boot.interval}"),
                resamples=boot.resamples,
                confidence=boot.confidence,
            )
        ]
        if self.estimate.model.main.factor.any():
            wide = self.estimate.paths.pivot(index=["predictor", "outcome"], columns="estimator", values="estimate")
            difference = (wide.plsc - wide.pls).abs()
            if difference.notna().any():
                predictor, outcome = difference.idxmax()
                path = f"{self.label(predictor)} → {self.label(outcome)}"
                told.append(self.say("structure.difference", difference=difference.max(), path=path))
        else:
            told.append(self.say("structure.no_difference"))
        return told

    def effects(self) -> list[str]:
        """The strongest total effect on satisfaction and on loyalty, and how much of it is indirect."""
        theory = self.estimate.specification.theory
        told = []
        for outcome in (theory.satisfaction, theory.loyalty):
            row = self._strongest(outcome)
            told.append(
                self.say(
                    "effects.strongest",
                    outcome=self.label(outcome).lower(),
                    predictor=self.label(row.predictor).lower(),
                    estimate=row.estimate,
                    direct=row.direct,
                    indirect=row.indirect,
                )
            )
        return told

    def index_summary(self) -> list[str]:
        """The highest and the lowest index."""
        ordered = self.index.dropna(subset="estimate").sort_values("estimate")
        if len(ordered) < 2:
            return []
        low, high = ordered.iloc[0], ordered.iloc[-1]
        names = {"highest": self.label(high.construct).lower(), "lowest": self.label(low.construct).lower()}
        return [self.say("index.highest", **names, high=high.estimate, low=low.estimate)]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        spec = self.estimate.specification
        told = [
            self.say("limits.cross_section", respondents=self.complete.rows_used, theory=self.text(spec.theory.title)),
            self.say("limits.stated", loyalty=self.label(spec.theory.loyalty)),
            self.say("limits.sample", about=self.text(self.survey.codebook.about)),
        ]
        if note := self.survey.codebook.note_of(spec.theory.key):
            told.append(self.text(note))
        return told

    def sources(self) -> list[str]:
        """Where theory and data were published."""
        return [self.estimate.specification.theory.citation, self.survey.codebook.citation]
