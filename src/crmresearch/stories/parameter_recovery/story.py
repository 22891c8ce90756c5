"""How far a known truth is found again, in sentences made from the results."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.segmentation.planted import FoundAgain
from crmresearch.sem.recovery.recovery import BAND, Recovery
from crmresearch.sem.recovery.recovery_groups import NULL, GroupRecovery
from crmresearch.simulation.truth import Truth
from crmresearch.stories.parameter_recovery import TEXTS
from crmresearch.stories.story import Story

ENOUGH = 0.8  # power that studies plan for


@dataclass(frozen=True)
class ParameterRecoveryStory(Story):
    """Simulated respondents estimated, ready to be told; every method returns sentences in `language`."""

    survey: Survey
    truth: Truth
    recovery: Recovery
    groups: GroupRecovery
    hidden: FoundAgain
    screens: pd.DataFrame
    language: str = "en"

    texts = TEXTS

    @property
    def facts(self) -> dict[str, Any]:
        """What captions name."""
        return {"low": BAND[0], "high": BAND[1], "enough": ENOUGH}

    @property
    def pooled(self) -> pd.DataFrame:
        """Rates of all paths together, by scenario, n and estimator."""
        return self.recovery.pooled().set_index(["scenario", "n", "estimator"])

    def label(self, key: str) -> str:
        """A construct, or the product of two, by name."""
        return " × ".join(self.truth.specification.label(part, self.language) for part in key.split(":"))

    def group(self, value: Any) -> str:
        """A planted segment by name."""
        assert self.truth.groups is not None
        return self.survey.codebook.groups[self.truth.groups.column].value_label(value, self.language)

    def findings(self) -> list[str]:
        """Coverage, power, what PLS does of common factors, segments: four, headline first."""
        return [self._coverage(), self._power(), self._composites(), self._segments()]

    def _coverage(self) -> str:
        promise = self.recovery.promise
        rows = [(self.say(f"word.{row.Index}"), row.share, row.error) for row in promise.itertuples()]
        told = [self.say("finding.covered", estimator=name, share=share, error=error) for name, share, error in rows]
        worst = next(key for key in ("outside", "open", "inside") if key in set(promise["verdict"]))
        named = {"n": self.recovery.judged_from, "covered": self.listed(told)}
        return self.say(f"finding.coverage_{worst}", **named)

    def _power(self) -> str:
        needed, most = self.recovery.needed("plsc", ENOUGH), self.recovery.sizes[-1]
        told = [self.say("finding.needs", size=size, n=n) for size, n in needed.items() if n]
        never = self.listed([f"{size:.2f}" for size, n in needed.items() if n is None])
        key = "none" if not told else "some" if None in needed.values() else "all"
        return self.say(f"finding.power_{key}", most=most, needs=self.listed(told), never=never)

    def _composites(self) -> str:
        sizes, rates = self.recovery.sizes, self.recovery.rates.query("scenario == 'factors' and estimator == 'pls'")
        first, last = (self.pooled.loc[("factors", n, "pls")] for n in (sizes[0], sizes[-1]))
        facts = {"first": first["coverage"], "last": last["coverage"], "least": sizes[0], "most": sizes[-1]}
        step = rates.loc[rates["true"].abs().idxmax()]  # the largest path is attenuated most
        named = {name: self.label(step[name]) for name in ("predictor", "outcome")}
        return self.say("finding.composites", own=last["target_coverage"], **facts, **named, **step[["true", "target"]])

    @property
    def _clusters(self) -> str:
        """Whether clusters of the answers find the planted segments beyond chance."""
        return "found" if self.hidden.rand > max(0.1, self.hidden.by_chance) else "hidden"

    def _segments(self) -> str:
        facts = {"rand": self.hidden.rand, "level": self.hidden.level, "segments": self.hidden.segments}
        return self.say(f"finding.segments_{self._clusters}", **self.groups.counts(), **facts)

    def more(self) -> list[str]:
        """Type I error, moderations, answers as they are given, careless respondents."""
        careless = [self.say(f"finding.careless_{row.kind}", **row._asdict()) for row in self.screens.itertuples()]
        return [*self._type_one(), *self._moderation(), *self._answered(), *careless]

    def _type_one(self) -> Iterator[str]:
        n = self.recovery.judged_from
        for kind in ("path", "product"):
            claims = self.named(self.recovery.claims(n, kind == "product"), scenario="scenario")
            rows = claims[claims["estimator"] == "plsc"][["scenario", "share", "error"]].to_dict("records")
            told = [self.say("finding.claimed", **{str(key): value for key, value in row.items()}) for row in rows]
            yield from [self.say(f"finding.type_one_{kind}", n=n, claimed=self.listed(told))] if told else []

    def _moderation(self) -> Iterator[str]:
        rates = self.recovery.rates.query("scenario == 'factors' and estimator == 'plsc'")
        rates = rates[(rates["n"] == self.recovery.sizes[-1]) & rates["predictor"].str.contains(":", regex=False)]
        for row in rates[rates["true"].abs() >= NULL].itertuples():
            facts = {"n": row.n, "true": row.true, "mean": row.true + row.bias, "rejected": row.rejected}
            facts |= {"predictor": self.label(row.predictor), "outcome": self.label(row.outcome)}
            yield self.say("finding.moderation", **facts, error=row.rejected_error)

    def _answered(self) -> Iterator[str]:
        for n in self.pooled.loc["answered"].index.unique("n"):
            ideal, real = (self.pooled.loc[(scenario, n, "plsc")] for scenario in ("factors", "answered"))
            worst = map(self._worst, self.recovery.missed("answered", "plsc").head(3).itertuples())
            facts = {"n": n, "bias": real["bias"], "power": real["power"], "planned": ideal["power"]}
            facts |= {"ideal": ideal["coverage"], "real": real["coverage"], "error": real["coverage_error"]}
            yield self.say("finding.answered", worst=self.listed(list(worst)), **facts)

    def _worst(self, row: Any) -> str:
        named = {"predictor": self.label(row.predictor), "outcome": self.label(row.outcome), "target": row.target}
        key = "worst_product" if ":" in row.predictor else "worst"
        return self.say(f"finding.{key}", mean=row.true + row.bias, true=row.true, **named)

    def follows(self) -> list[str]:
        """Which estimator to report, how many to ask, what to do with careless respondents and segments."""
        promise, needed = self.recovery.promise, self.recovery.needed("plsc", ENOUGH)
        right = [self.say(f"word.{e}") for e in promise.index[promise["verdict"] != "outside"] if e != "pls"]
        told = [self.say("follows.estimator" if right else "follows.no_estimator", estimators=self.listed(right))]
        if sizes := [size for size, n in needed.items() if n]:
            told.append(self.say("follows.sample", n=needed[min(sizes)], size=min(sizes)))
        return [*told, *(self.say(f"follows.{key}") for key in ("screen", f"segments_{self._clusters}"))]

    def population(self) -> list[str]:
        """What is true, and what was simulated how often."""
        spec = self.truth.specification
        facts: dict[str, Any] = {"constructs": len(spec.constructs), "items": len(spec.items), "paths": len(spec.paths)}
        facts |= {"moderations": len(spec.moderations), "title": self.text(self.survey.codebook.title)}
        done = {**self._done(), "failed": int(self.recovery.failed["failed"].sum())}
        return [self.say(f"population.{key}", **facts, **done) for key in ("truth", "three", "samples")]

    def _done(self) -> dict[str, Any]:
        samples = self.recovery.failed.groupby("estimator")["samples"].sum()
        facts = {"sizes": self.listed([f"{n:,}" for n in self.recovery.sizes]), "resamples": self.recovery.resamples}
        return {**facts, "seed": self.recovery.seed, "samples": samples["plsc"], "covariance": samples.get("cbsem", 0)}

    def limits(self) -> list[str]:
        """What these results cannot say."""
        return [self.say(f"limit.{key}") for key in ("own_model", "one_truth", "easy", "samples", "pooled")]

    @property
    def published(self) -> dict[str, str]:
        """The theory."""
        return {"theory": self.truth.specification.theory.citation}

    def methods_paragraph(self) -> list[str]:
        """Populations, samples, estimators, intervals and rates, as a paper tells them."""
        named = self.text(self.truth.specification.theory.title) + self.citation("theory")
        facts = {**self._done(), "theory": named, "groups": self.groups.resamples}
        keys = ("population", "estimated", *(["covariance"] if facts["covariance"] else []), "rates", "groups")
        return [self.say(f"methods.recovery_{key}", **facts) for key in keys]
