"""All that asks whether a model is the right one, of one estimate; and of each check one verdict for readers.

A verdict is a `Caution`: its code says which sentence, its facts fill that in with keys of constructs. `note` where
nothing speaks against the model, `weak` where something does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd

from crmresearch.caution import Caution, Severity
from crmresearch.errors import EstimationError
from crmresearch.sem.pls.checks.congruence import congruence
from crmresearch.sem.pls.checks.copulas import Copulas, copulas
from crmresearch.sem.pls.checks.tetrads import Tetrads, tetrads
from crmresearch.sem.pls.prediction.folds import Folds
from crmresearch.sem.pls.prediction.mediator_prediction import MediatorPrediction, mediator_prediction
from crmresearch.sem.pls.prediction.overfit import Overfit, overfit
from crmresearch.sem.pls.result import PlsEstimate

Found = TypeVar("Found")
CHECKS = ("congruence", "copulas", "mediators", "overfit", "tetrads")


@dataclass(frozen=True)
class ModelChecks:
    """The five checks of one estimate; None where one cannot be made, `undone` says why by its name."""

    estimate: PlsEstimate
    confidence: float
    resamples: int
    seed: int
    congruence: pd.DataFrame | None
    copulas: Copulas | None
    mediators: MediatorPrediction | None
    overfit: Overfit | None
    tetrads: Tetrads | None
    undone: dict[str, str] = field(default_factory=dict)

    @property
    def verdicts(self) -> dict[str, Caution]:
        """One verdict a check, by its name."""
        verdict_of: dict[str, Callable[[Any], Caution]] = {
            "congruence": of_congruence,
            "copulas": of_copulas,
            "mediators": of_mediators,
            "overfit": of_overfit,
            "tetrads": of_tetrads,
        }
        return {
            name: _told("undone", "weak", reason=self.undone[name])
            if name in self.undone
            else verdict_of[name](getattr(self, name))
            for name in CHECKS
        }


def check_model(
    estimate: PlsEstimate, *, folds: Folds = 10, resamples: int = 1000, seed: int = 1, confidence: float = 0.95
) -> ModelChecks:
    """The five checks of an estimate, its last outcome the focal one: `tetrads`, `copulas`, `overfit`, … say how.

    Raises ParameterError for fewer than 2 resamples, an impossible confidence and impossible folds; what one check
    cannot do with these answers is told in `undone`.
    """
    undone: dict[str, str] = {}
    drawn: dict[str, Any] = {"resamples": resamples, "seed": seed, "confidence": confidence}
    dealt: dict[str, Any] = {"folds": folds, "seed": seed, "confidence": confidence}

    def done(name: str, check: Callable[..., Found], **options: Any) -> Found | None:
        try:
            return check(estimate, **options)
        except EstimationError as error:
            undone[name] = str(error)
            return None

    return ModelChecks(
        estimate, confidence, resamples, seed,
        done("congruence", congruence, **drawn),
        done("copulas", copulas, **drawn),
        done("mediators", mediator_prediction, **dealt),
        done("overfit", overfit, resamples=resamples, **dealt),
        done("tetrads", tetrads, **drawn),
        undone,
    )  # fmt: skip


def _told(code: str, severity: Severity, **facts: Any) -> Caution:
    return Caution(code, severity, "", facts)


def of_congruence(found: pd.DataFrame) -> Caution:
    """Whether all pairs of constructs are told apart by what they go with."""
    close = found[found["verdict"] == "not_told"].sort_values("estimate", ascending=False, kind="stable")
    pairs = [(row.construct, row.other) for row in close.itertuples()]
    facts = {"pairs": pairs, "count": len(pairs), "all": len(found)}
    return _told("congruence_close" if pairs else "congruence_apart", "weak" if pairs else "note", **facts)


def of_copulas(found: Copulas) -> Caution:
    """Whether a predictor is shown to be endogenous, among how many that can be tested."""
    table = found.paths
    shown = table[table["verdict"] == "endogenous"]
    tested = int(table["verdict"].isin(["endogenous", "not_shown"]).sum())
    facts = {"paths": [(row.predictor, row.outcome) for row in shown.itertuples()], "count": len(shown),
             "tested": tested, "all": len(table)}  # fmt: skip
    if not tested:
        return _told("copulas_untested", "note", **facts)
    return _told("copulas_shown" if len(shown) else "copulas_clear", "weak" if len(shown) else "note", **facts)


def of_mediators(found: MediatorPrediction) -> Caution:
    """How many indirect paths have a mediator that helps to predict, and whether one harms."""
    asked = found.paths[found.paths["verdict"] != "second_order"]
    facts = {name: [(row.antecedent, row.mediator, row.target) for row in asked.itertuples() if row.verdict == name]
             for name in ("helps", "harms")}  # fmt: skip
    told = {**facts, "count": len(facts["helps"]), "harm": len(facts["harms"]), "all": len(asked)}
    if asked.empty:
        return _told("mediators_none", "note", **told)
    key = "harm" if facts["harms"] else "help" if facts["helps"] else "open"
    return _told(f"mediators_{key}", "note" if key == "help" else "weak", **told)


def of_overfit(found: Overfit) -> Caution:
    """Whether a path rests on a few respondents for whom the model fits better than it predicts."""
    one, moved = found.summary.iloc[0], found.paths[found.paths["unstable"]]
    paths = [(row.predictor, row.outcome) for row in moved.drop_duplicates(["predictor", "outcome"]).itertuples()]
    facts = {"focal": one["focal"], "ratio": float(one["ratio"]), "groups": int(one["groups"]),
             "grouped": int(one["grouped"]), "rows": int(one["rows"]), "paths": paths, "count": len(paths)}  # fmt: skip
    key = "none" if not facts["groups"] else "unstable" if paths else "stable"
    return _told(f"overfit_{key}", "weak" if paths else "note", **facts)


def of_tetrads(found: Tetrads) -> Caution:
    """Whether the items of a construct are shown not to have one common cause: grave where it is taken for a factor."""
    table = found.constructs
    tested, rejected = table[table["verdict"] != "few_items"], table[table["verdict"] == "rejected"]
    factors = rejected[rejected["measurement"] == "common_factor"]
    facts = {"rejected": list(rejected["construct"]), "factors": list(factors["construct"]),
             "count": len(rejected), "tested": list(tested["construct"]), "all": len(table)}  # fmt: skip
    if tested.empty:
        return _told("tetrads_few", "note", **facts)
    key = "factors" if len(factors) else "composites" if len(rejected) else "kept"
    return _told(f"tetrads_{key}", "weak" if key == "factors" else "note", **facts)
