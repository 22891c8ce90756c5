"""Whether the model is the right one, a line each check, and whether it foresees respondents it was not made from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.errors import EstimationError
from crmresearch.report.show.fold import Fold, show_fold
from crmresearch.sem.pls.checks.model_checks import ModelChecks, check_model
from crmresearch.sem.pls.prediction.cvpat import foreseen
from crmresearch.sem.pls.prediction.plspredict import Prediction, plspredict
from crmresearch.stories.model_verdicts import verdict_of
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.story import Row

FOLDS = 10
SHOWN = {"copulas_shown", "overfit_unstable", "tetrads_factors"}  # verdicts against paths and items
RESAMPLES = 1000  # of the checks at most: they ask whether, not how much


@dataclass(frozen=True)
class ValidationStory:
    """The checks of one model and its PLSpredict; `prediction` is the reason where nothing can be foreseen."""

    story: SatisfactionStory
    checks: ModelChecks
    prediction: Prediction | str

    def cautions(self) -> list[Row]:
        """The verdict of every check: `weak` where it shows something against paths or items, else a `note`.

        That constructs are not told apart shows nothing yet, for which the page has HTMT; that mediators do not help to
        predict takes nothing from an index, nor does a check that could not be made.
        """
        told: list[Row] = []
        for name, one in self.checks.verdicts.items():
            severity = "weak" if one.code in SHOWN else "note"
            facts = {"check": self.story.say(f"trust.{name}"), "found": verdict_of(self.story, one, self.story.within)}
            told.append((one.code, severity, "", self.story.say("validation.check", **facts)))
        return told

    @cached_property
    def foreseen(self) -> pd.DataFrame:
        """How well every outcome is foreseen (`crmresearch.sem.pls.prediction.cvpat`); no rows where nothing is."""
        if isinstance(self.prediction, str):
            return pd.DataFrame()
        return foreseen(self.prediction, self.story.confidence)

    @property
    def _facts(self) -> dict[str, Any]:
        folds = self.prediction.folds.max() + 1 if isinstance(self.prediction, Prediction) else FOLDS
        return {"folds": int(folds), "resamples": self.checks.resamples, "confidence": self.story.confidence}

    def told(self) -> list[str]:
        """How many outcomes are foreseen better than by averages and a linear model, or why none."""
        if isinstance(self.prediction, str):
            return [self.story.say("validation.none", reason=self.prediction), self.story.say("validation.checks")]
        counts = {f"{by}_{told}": int((self.foreseen[by] == told).sum())
                  for by in ("mean", "linear") for told in ("wins", "loses")}  # fmt: skip
        told = self.story.say("validation.outcomes", all=len(self.foreseen), **counts, **self._facts)
        return [told, self.story.say("validation.checks")]

    def folded(self) -> Fold | None:
        """A sentence and a row an outcome, behind a fold."""
        if isinstance(self.prediction, str):
            return None
        story, table = self.story, self.foreseen
        sentences = [self._outcome(row) for row in table.itertuples()]
        sentences += [story.say(f"caution.{one.code}", **one.facts) for one in self.prediction.cautions]
        better = [f"{row.better}/{row.items}" for row in table.itertuples()]
        told = table.assign(better=better, against_averages=table["mean"], against_linear=table["linear"])
        shown = ["outcome", "q2_predict", "better", "power", "against_averages", "against_linear"]
        against = {"against_averages": "foreseen", "against_linear": "foreseen"}
        named = story.named(told[shown], outcome=story.label, power="power", **against)
        printed = story.show_table("prediction", named, digits=2, data=self.prediction.items, **self._facts)
        return show_fold(story.say("validation.fold"), printed, sentences=sentences)

    def _outcome(self, row: Any) -> str:
        story = self.story
        against = [story.say(f"validation.mean_{row.mean}"), story.say(f"validation.linear_{row.linear}")]
        smaller = story.say(f"validation.by_{row.measure}")
        facts = {"outcome": story.label(row.outcome), "smaller": smaller, "against": story.listed(against)}
        key = "unknown" if row.power == "unknown" else "outcome"
        return story.say(f"validation.{key}", row, **{**facts, "power": story.say(f"power.{row.power}")})

    def methods(self) -> list[str]:
        """What was checked and foreseen, as a paper tells it."""
        told = [self.story.say("methods.checked", **self._facts)]
        foreseen = isinstance(self.prediction, Prediction)
        return [*told, *self.story.sentences("methods.", foreseen and "foreseen", **self._facts)]


def validate(story: SatisfactionStory, *, folds: int = FOLDS, resamples: int = RESAMPLES) -> ValidationStory:
    """The checks and PLSpredict of the estimate of a story, by its seed and confidence.

    `folds` are fewer where there are fewer respondents or clusters, and `resamples` where the estimate has fewer.
    """
    estimate, boot = story.estimate, story.estimate.resampling
    assert boot is not None
    design = estimate.sample.design
    dealt = min(folds, estimate.sample.n if design is None else design.clusters)
    drawn = min(resamples, boot.resamples)
    checks = check_model(estimate, folds=dealt, resamples=drawn, seed=boot.seed, confidence=boot.confidence)
    gaps = story.survey.items if story.complete.policy == "mean" else None
    prediction: Prediction | str
    try:
        prediction = plspredict(estimate, dealt, seed=boot.seed, answers=gaps)
    except EstimationError as error:
        prediction = str(error)
    return ValidationStory(story, checks, prediction)
