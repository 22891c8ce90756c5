"""Does a mediator improve the prediction of its target? Its predictive contribution, on rows the model has not seen.

Source: Danks (2021), The DATA BASE for Advances in Information Systems 52(SI), 24–42.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.errors import ParameterError
from crmresearch.models.specification import BoundPath, Specification
from crmresearch.ranks import holm
from crmresearch.resampling import one_thread, require_confidence
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.batch import Settings
from crmresearch.sem.pls.model import model_arrays
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.prediction.cvpat import paired
from crmresearch.sem.pls.prediction.folds import Folds, folds_of, untrained
from crmresearch.sem.pls.prediction.held_out import Antecedents, Predictor, held_out
from crmresearch.sem.pls.result import PlsEstimate

SIZES = (0.05, 0.10)  # contributions from which R seminrExtras calls them moderate and strong
PATHS = ["antecedent", "mediator", "target", "contribution", "t", "p_value", "p_adjusted", "verdict", "size"]
ERRORS = ["rmse", "rmse_without", "contribution", "mae", "mae_without", "contribution_mae"]
ITEMS = ["antecedent", "mediator", "target", "item", *ERRORS]


class MediatorPrediction(NamedTuple):
    """What `mediator_prediction` found: a row an indirect path and a row a path and item of its target."""

    paths: pd.DataFrame
    items: pd.DataFrame


def mediated_triples(specification: Specification, target: str | None = None) -> list[tuple[str, str, str]]:
    """Every antecedent → mediator → target of the model, into `target` or into all outcomes."""
    targets = specification.outcomes if target is None else [target]
    return [
        (antecedent, mediator, outcome)
        for outcome in targets
        for mediator in specification.predictors_of(outcome)
        for antecedent in specification.predictors_of(mediator)
    ]


def isolated(specification: Specification, antecedent: str, mediator: str, target: str) -> Specification:
    """The model of these three alone: antecedent → mediator → target and antecedent → target, blocks as they are."""
    three = (antecedent, mediator, target)
    arrows = ((antecedent, mediator), (antecedent, target), (mediator, target))
    kept = tuple(c for c in specification.constructs if c.key in three)
    return replace(
        specification, constructs=kept, paths=tuple(BoundPath(x, y, "open", "") for x, y in arrows), moderations=()
    )


def errors_of_prediction(
    three: Specification,
    roles: tuple[str, str, str],
    sample: Sample,
    settings: Settings,
    labels: NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Errors (n, m) of the target's items in rows left out of training, with the mediator's score and without it.

    With a the antecedent's and b the mediator's score, the target's is expected at c_a a + c_b b with it (direct
    antecedents), at c_a a + c_b d a without, d the path from antecedent to mediator (earliest antecedents): the two
    ways in which `crmresearch.sem.pls.prediction.held_out` foresees items.

    Raises EstimationError where a fold leaves too few rows.
    """
    predictor = Predictor(three, model_arrays(three))
    block = np.flatnonzero(predictor.model.main.owner == three.keys.index(roles[2]))
    place = np.searchsorted(predictor.items, block)
    answers = (sample.rows + sample.shift)[:, block]
    ways: tuple[Antecedents, Antecedents] = ("direct", "earliest")
    with_it, without = (held_out(predictor, sample, settings, labels[None], way).pls[:, place] for way in ways)
    failed = np.isnan(with_it).any(axis=1)
    if failed.any():
        fold = labels[np.argmax(failed)]
        raise untrained(labels == fold, int(fold))
    return answers - with_it, answers - without


@one_thread
def mediator_prediction(
    estimate: PlsEstimate, target: str | None = None, *, folds: Folds = 10, seed: int = 1, confidence: float = 0.95
) -> MediatorPrediction:
    """Whether knowing a mediator helps to predict its target beyond the antecedent: `paths` and `items`.

    For every antecedent → mediator → target (of `target`, or of all outcomes) the model of the three alone is trained
    without each fold and predicts the target's items of that fold twice, from the same folds: from the scores of both,
    and from the antecedent's alone, the mediator being predicted from it. `items`: root mean square and mean absolute
    errors in units of the item, and contribution = (error without − error with) / error without (`contribution_mae` of
    absolute errors). `paths`: the mean contribution over the items; t of the difference in squared error, averaged
    over the items of a row, against 0 (the test of `crmresearch.sem.pls.prediction.cvpat.paired`, Liengaard et al.
    2021, Decision Sciences 52, 362–392), its two-sided p_value and p_adjusted for all paths (Holm 1979); verdict
    `helps`, `harms` or
    `not_told` at `confidence`, or `second_order` where one of the three has no items of its own; size `weak` below .05,
    `moderate` below .10, else `strong`, as R seminrExtras calls them, where it helps.

    `folds`: how many, dealt by `seed`, or a label a row. Moderations are left out. Sampling weights are used in
    training and in averages; t allows for them, and for clusters and strata.

    Checked against R seminr 2.3.4 on the same folds, to the 7 digits of its stop rule. R seminrExtras `assess_pcm`
    draws other folds for the second prediction, whose chance enters the contribution.
    Raises ParameterError for an unknown target or impossible folds, EstimationError where a fold leaves too few rows.
    """
    spec, whole = estimate.specification, estimate.sample
    if target is not None and target not in spec.outcomes:
        raise ParameterError(f"{target!r} is no outcome of the model; choose one of {', '.join(spec.outcomes)}.")
    require_confidence(confidence)
    labels = folds_of(estimate.items.index, folds, seed=seed, design=whole.design)[0]
    answers, w = estimate.items.to_numpy(dtype=np.float64), whole.weights / whole.weights.sum()
    rows, items = [], []
    for roles in mediated_triples(spec, target):
        if any(spec.construct(key).of for key in roles):
            rows.append((*roles, *[np.nan] * 3, "second_order"))
            continue
        three = isolated(spec, *roles)
        columns = [spec.items.index(item) for item in three.items]
        sample = Sample(answers[:, columns], whole.weights if whole.weighted else None)
        both = errors_of_prediction(three, roles, sample, estimate.settings, labels)
        with_it, without = ((np.sqrt(w @ e**2), w @ np.abs(e)) for e in both)
        measures = []
        for good, bad in zip(with_it, without, strict=True):
            contribution = np.divide(bad - good, bad, out=np.zeros_like(bad), where=bad > 0)
            measures += [good, bad, contribution]
        for item, *values in zip(three.construct(roles[2]).items, *measures, strict=True):
            items.append((*roles, item, *values))
        saved = (both[1] ** 2 - both[0] ** 2).mean(axis=1)
        t, _, p_value = paired(saved, whole.weights, whole.design, confidence)[-3:]
        rows.append((*roles, float(measures[2].mean()), t, p_value, ""))
    table = pd.DataFrame(rows, columns=[*PATHS[:6], "verdict"])
    adjusted = holm(table["p_value"].to_numpy(dtype=np.float64))
    told = np.where(adjusted < 1 - confidence, np.where(table["t"] > 0, "helps", "harms"), "not_told")
    verdict = np.where(table["verdict"] == "", told, table["verdict"])
    size = np.array(["weak", "moderate", "strong"])[np.searchsorted(SIZES, table["contribution"].fillna(0), "right")]
    table = table.assign(p_adjusted=adjusted, verdict=verdict, size=np.where(verdict == "helps", size, ""))[PATHS]
    return MediatorPrediction(table, pd.DataFrame(items, columns=ITEMS))
