"""Whether the model is the right one, in sentences made from the results."""

from dataclasses import dataclass
from typing import Any

from crmresearch.caution import Caution
from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.models.specification import product_key
from crmresearch.sem.pls.checks.model_checks import ModelChecks
from crmresearch.stories.drawn import drawn_methods
from crmresearch.stories.model_checks import TEXTS
from crmresearch.stories.model_verdicts import facts_of
from crmresearch.stories.story import Story, in_sentence, interval


@dataclass(frozen=True)
class ModelChecksStory(Story):
    """The checks of one theory on one survey, ready to be told; every method returns sentences in `language`."""

    survey: Survey
    complete: Complete
    checks: ModelChecks
    language: str = "en"

    texts = TEXTS
    packages = (*Story.packages, "statsmodels")

    @property
    def facts(self) -> dict[str, Any]:
        """What captions name."""
        return {"confidence": self.checks.confidence, "rows": self.complete.rows_used}

    def name(self, key: str) -> str:
        """A construct within a sentence, or the product of a moderation."""
        spec = self.checks.estimate.specification
        moderated = {product_key(m.predictor, m.moderator): (m.predictor, m.moderator) for m in spec.moderations}
        return " × ".join(in_sentence(spec.label(one, self.language)) for one in moderated.get(key, (key,)))

    def joined(self, keys: tuple[str, ...]) -> str:
        """Constructs along a path."""
        return " → ".join(map(self.name, keys))

    def told(self, verdict: Caution) -> dict[str, Any]:
        """The facts of a verdict with constructs by name."""
        return facts_of(self, verdict, self.name)

    def findings(self) -> list[str]:
        """What the five checks found, those a reader needs first in front; a check that was not made is left out."""
        verdicts = self.checks.verdicts
        told = [self.say(f"finding.{one.code}", **{**self.facts, **self._more(name), **self.told(one)})
                for name, one in verdicts.items() if one.code != "undone"]  # fmt: skip
        return told or [self.say("finding.nothing")]

    def _more(self, check: str) -> dict[str, Any]:
        """What a finding names besides the facts of its verdict: the path a copula term moves most."""
        if check != "copulas" or self.checks.copulas is None:
            return {}
        shown = self.checks.copulas.paths.query("verdict == 'endogenous'")
        if shown.empty:
            return {}
        most = shown.loc[(shown["corrected"] - shown["estimate"]).abs().idxmax()]
        path = self.joined((most["predictor"], most["outcome"]))
        return {"path": path, "before": most["estimate"], "after": most["corrected"], **interval(most)}

    def follows(self) -> list[str]:
        """What to do about what speaks against the model; or that nothing does."""
        verdicts = self.checks.verdicts
        codes = ("congruence_close", "copulas_shown", "mediators_open", "mediators_harm", "overfit_unstable",
                 "tetrads_factors")  # fmt: skip
        told = [self.say(f"follows.{one.code}", **self.told(one)) for one in verdicts.values()
                if one.code in codes]  # fmt: skip
        return told or [self.say("follows.nothing")]

    def sample(self) -> list[str]:
        """Which theory, who answered, and which rows are used."""
        codebook, complete = self.survey.codebook, self.complete
        theory = self.checks.estimate.specification.theory
        told = [f"{self.text(codebook.title)}: {self.text(codebook.about)}"]
        told.append(self.say(f"sample.{complete.dealt_with}", theory=self.text(theory.title), **complete.counted))
        if self.survey.weights is not None:
            told.append(self.say("sample.weighted", column=codebook.weight))
        return [*told, *map(self.text, self.survey.notes)]

    def limits(self) -> list[str]:
        """What these checks cannot say."""
        return [self.say(f"limit.{key}") for key in ("proof", "error", "tree", "order")]

    @property
    def published(self) -> dict[str, str]:
        """The theory and the data."""
        theory = self.checks.estimate.specification.theory
        return {"theory": theory.citation, "data": self.survey.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """What was checked and how, as a paper tells it."""
        checks, codebook = self.checks, self.survey.codebook
        overfit = checks.overfit
        facts = {
            **self.facts,
            "theory": self.text(checks.estimate.specification.theory.title),
            "cited": self.citation("theory"),
            "title": self.text(codebook.title),
            "data_cited": self.citation("data"),
            "of": self.complete.rows_in,
            "scheme": self.say(f"scheme.{checks.estimate.settings.scheme}"),
            "resamples": checks.resamples,
            "seed": checks.seed,
            "folds": int(overfit.summary["folds"].item()) if overfit is not None else 0,
            "column": codebook.weight,
        }
        told = ["checked", *(name for name in checks.verdicts if name not in checks.undone)]
        told += ["checked_weighted"] if self.survey.weights is not None else []
        return [*(self.say(f"methods.{key}", **facts) for key in told), *drawn_methods(self, self.survey)]
