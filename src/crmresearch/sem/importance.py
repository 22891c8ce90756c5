"""Importance and performance of the factors of satisfaction, for everybody and within segments, in index points."""

from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError
from crmresearch.models.specification import Specification
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.groups import ALL, respondents_needed
from crmresearch.sem.pls.algorithm import Floats, PathModel, Scheme, regressions, total_effects
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.elimination import COLLINEAR, eigenvalues_exceed
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.result import PlsEstimate


class Effects(NamedTuple):
    """Of B samples: `indices` (B, k) of every construct, and `totals` (B, k, k), index points of the outcome a point of
    the origin, at [origin, outcome]; of the p items `weights` (B, p) in the index of their construct, where they sum to
    1, and `means` (B, p) of the answers rescaled to 0–100."""

    indices: Floats
    totals: Floats
    weights: Floats
    means: Floats


@dataclass(frozen=True)
class Importance:
    """What one point more of each of F factors brings to A aims in S segments, and where the factors stand.

    All in points of indices from 0 to 100 whose items are weighed by the weights of everybody. `importance` (S, F, A)
    total effects of the factor; `performance` (S, F) the index of the factor; `index` (S, A) that of the aim; `point`
    (F,) what one point on the scale of its items makes on the index of the factor; the same with `_draws`, and the
    resamples as last axis. What has a negative weight is no index: `refused` names such constructs, their numbers are
    NaN. `segments`: the keys, the first "all"; `respondents` (S,). `small`: segments below the `needed` respondents
    with their number; `failed`: segments in which a construct does not vary or predictors determine one another.
    """

    factors: list[str]
    aims: dict[str, str]
    segments: list[str]
    respondents: NDArray[np.intp]
    importance: Floats
    performance: Floats
    index: Floats
    point: Floats
    importance_draws: Floats
    performance_draws: Floats
    index_draws: Floats
    refused: list[str]
    needed: int
    small: dict[str, int]
    failed: list[str]
    estimate: PlsEstimate


def factors_of(specification: Specification) -> list[str]:
    """The factors of satisfaction: all that lead to it, or where the theory has stages those of them with a stage.

    >>> import crmresearch as crm
    >>> factors_of(crm.bind("ecsi", "ecsi_mobile"))
    ['image', 'expectation', 'quality', 'value']
    """
    found = {specification.theory.satisfaction}
    while more := {path.predictor for path in specification.paths if path.outcome in found} - found:
        found |= more
    found |= {part for part, whole in specification.components.items() if whole in found}
    found -= set(specification.components.values())
    leading = [c for c in specification.constructs if c.key in found - set(specification.theory.aims.values())]
    return [c.key for c in leading if c.stage] or [c.key for c in leading]


def effects_on_index(
    sample: Sample, counts: Floats, composites: Floats, deviations: Floats, bounds: Floats, *models: PathModel
) -> Effects:
    """Indices and unstandardised total effects of rows repeated `counts` (B, n) times, for composites given.

    `composites` (B, p, k) are weights a standard deviation of the items, `deviations` (B, p) these, bounds (p, 2) the
    ends of the scales. Items are rescaled to 0–100 and weighed by w / sd, normed to sum 1 in a construct; the effects
    are those of regressions between these scores (Ringle & Sarstedt 2016, Industrial Management & Data Systems 116,
    1865–1886). NaN where a construct does not vary or predictors are collinear.
    """
    span = bounds[:, 1] - bounds[:, 0]
    normed = weights_of_index(composites, deviations, span)
    V = normed * (100 / span)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):  # of a sample without rows
        moments = sample.moments(counts)
        index = ((moments.means - bounds[:, 0])[:, None, :] @ V)[:, 0]
        covariances = np.nan_to_num(moments.covariances)  # an item that does not vary here
        scores = V.transpose(0, 2, 1) @ covariances @ V
        spread = np.sqrt(np.diagonal(scores, axis1=1, axis2=2))
        Q = scores / (spread[:, :, None] * spread[:, None, :])
        paths = np.sum(
            [regressions(Q, model) for model in models], axis=0
        )  # of constructs; of wholes on the parts they are made of
        together = replace(models[0], adjacency=np.any([model.adjacency for model in models], axis=0))
        totals = total_effects(paths, together) * spread[:, None, :] / spread[:, :, None]
    defined = np.isfinite(Q).all(axis=(1, 2))
    for model, outcome in product(models, range(Q.shape[-1])):
        x = model.predictors(outcome)
        defined &= eigenvalues_exceed(Q[:, x[:, None], x], COLLINEAR)
    own = (normed * models[0].mask).sum(axis=2)
    means = (moments.means - bounds[:, 0]) * (100 / span)
    return Effects(index, np.where(defined[:, None, None], totals, np.nan), own, means)


def weights_of_index(composites: Floats, deviations: Floats, span: Floats) -> Floats:
    """Weights (B, p, k) of the items, rescaled to 0–100, in the index of every construct: they sum to 1."""
    raw = composites / (deviations * 100 / span)[:, :, None]
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def importance_performance(
    specification: Specification,
    survey: Survey,
    complete: Complete,
    segments: pd.Series | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    scheme: Scheme = "path",
) -> Importance:
    """Importance and performance of `factors_of` the theory for everybody and every segment large enough.

    `segments`: category of the respondents, labelled as the rows of the survey. The composites are those of everybody
    in every resample; what a factor does is estimated within the segment. One bootstrap of all respondents serves all
    segments, so that differences between them are paired. Moderations are left out: effects are those at the mean of a
    moderator. The performance of everybody is the index of `construct_index`, and its importance what
    `PlsEstimate.total_effects` says in standard deviations, in points. Checked against the importance–performance map
    of the ECSI data in R (definition of SmartPLS; `tests/sem/test_importance.py`).

    Raises EstimationError where the model of everybody cannot be estimated.
    """
    estimate = estimate_pls(specification, complete.items, weights=survey.weights, scheme=scheme, design=survey.design)
    estimate = bootstrap(estimate, resamples=resamples, seed=seed, confidence=confidence)
    members = {ALL: np.ones(estimate.sample.n, dtype=np.bool_)}
    if segments is not None:
        known = segments.reindex(complete.items.index)
        members |= {str(key): (known == key).to_numpy(dtype=np.bool_) for key in known.cat.categories}
    needed = respondents_needed(specification.without_moderation())
    small = {key: int(rows.sum()) for key, rows in members.items() if key != ALL and rows.sum() < needed}
    bounds = survey.bounds.loc[specification.items, ["min", "max"]].to_numpy(dtype=np.float64)
    found, failed = {}, []
    for key, rows in members.items():
        if key not in small:
            point, drawn = effects_of(estimate, bounds, rows)
            if np.isfinite(point.totals).all():
                found[key] = point, drawn
            else:
                failed.append(key)
    if ALL not in found:
        raise EstimationError(
            f"What the factors of theory {specification.theory.key!r} do cannot be told by regressions between their "
            "scores, because a construct has no items of its own or factors determine one another; use another theory."
        )
    return _importance(estimate, found, {key: int(members[key].sum()) for key in found}, bounds, needed, small, failed)


def effects_of(estimate: PlsEstimate, bounds: Floats, rows: NDArray[np.bool_] | None = None) -> tuple[Effects, Effects]:
    """Effects of the sample of a bootstrapped estimate, and in every resample of it; or of some `rows` (n,) of it."""
    boot, whole, model, stages = estimate.resampling, estimate.sample, estimate.model.main, estimate.model.stages
    parts_of = replace(model, adjacency=estimate.model.effects.adjacency & ~model.adjacency)
    assert boot is not None
    rows = np.ones(whole.n, dtype=np.bool_) if rows is None else rows
    part, weights = Sample(whole.rows[rows] + whole.shift), whole.weights[rows]

    def of(counts: Floats, items: Floats, deviations: Floats, *parts: Floats) -> Effects:
        composites = items[:, :, None] * model.mask
        composites = composites if stages is None else stages.with_wholes(composites, *parts)
        return effects_on_index(part, counts * weights, composites, deviations, bounds, model, parts_of)

    names = ["standardized_weights/pls", "deviations/pls", *([] if stages is None else ["component_weights/pls"])]
    point = of(np.ones((1, part.n)), *(estimate.values(name)[None] for name in names))
    drawn, place = [], np.cumsum(boot.usable) - 1
    with threadpool_limits(1):
        for start, counts in enumerate(bootstrap_counts(whole.n, boot.resamples, boot.seed, whole.design)):
            at = start * 50 + np.flatnonzero(boot.usable[start * 50 : start * 50 + len(counts)])
            at_hand = counts[boot.usable[start * 50 : start * 50 + len(counts)]][:, rows]
            drawn.append(of(at_hand, *(boot.replicates[name][place[at]] for name in names)))
    return point, Effects(*(np.concatenate(parts) for parts in zip(*drawn, strict=True)))


def _importance(
    estimate: PlsEstimate,
    found: dict[str, tuple[Effects, Effects]],
    respondents: dict[str, int],
    bounds: Floats,
    needed: int,
    small: dict[str, int],
    failed: list[str],
) -> Importance:
    spec, span = estimate.specification, bounds[:, 1] - bounds[:, 0]
    factors, aims, keys = factors_of(spec), spec.theory.aims, spec.keys
    composites = estimate.composites
    negative = np.asarray((composites < 0).any(axis=0))
    kept = np.where(negative, np.nan, 1.0)
    at, to = [keys.index(key) for key in factors], [keys.index(key) for key in aims.values()]
    points, draws = zip(*found.values(), strict=True)
    allowed = kept[at][:, None] * kept[to]
    importance = np.stack([p.totals[0][np.ix_(at, to)] for p in points]) * allowed
    drawn = np.stack([d.totals[:, at][:, :, to] for d in draws])  # segments, resamples, factors, aims
    indices = np.stack([d.indices for d in draws])
    one = 100 / span @ weights_of_index(composites[None], estimate.values("deviations/pls")[None], span)[0]
    return Importance(
        factors=factors,
        aims=aims,
        segments=list(found),
        respondents=np.array(list(respondents.values()), dtype=np.intp),
        importance=importance,
        performance=np.stack([p.indices[0, at] for p in points]) * kept[at],
        index=np.stack([p.indices[0, to] for p in points]) * kept[to],
        point=one[at],
        importance_draws=np.moveaxis(drawn, 1, 3) * allowed[:, :, None],
        performance_draws=np.moveaxis(indices[:, :, at], 1, 2) * kept[at][:, None],
        index_draws=np.moveaxis(indices[:, :, to], 1, 2) * kept[to][:, None],
        refused=[key for key in [*factors, *aims.values()] if negative[keys.index(key)]],
        needed=needed,
        small=small,
        failed=failed,
        estimate=estimate,
    )
