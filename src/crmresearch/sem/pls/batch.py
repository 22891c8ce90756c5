"""One fit of a PLS path model to many samples at once: the step that estimation and resampling share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.pls.algorithm import (
    MAX_ITERATIONS,
    ROUNDING,
    TOLERANCE,
    Floats,
    PathModel,
    Scheme,
    Solution,
    Weights,
    consistent_solution,
    outer_weights,
    solution,
)
from crmresearch.sem.pls.elimination import COLLINEAR, eigenvalues_exceed
from crmresearch.sem.pls.model import Model
from crmresearch.sem.pls.moderation import Products, with_products
from crmresearch.sem.pls.moments import Moments, Sample
from crmresearch.sem.pls.second_order import Stages

Metric = Literal["standardised", "raw"]
WithProducts = Callable[[Moments, Floats, list[tuple[int, int]]], Products]


@dataclass(frozen=True)
class Settings:
    """How weights are estimated: inner scheme, metric of the items, stop rule on Σ|Δw|; and whether PLSc is as well."""

    scheme: Scheme = "path"
    metric: Metric = "standardised"
    tolerance: float = TOLERANCE
    max_iterations: int = MAX_ITERATIONS
    consistent: bool = True

    @property
    def corrected(self) -> bool:
        """Whether PLSc is asked for and defined."""
        return self.consistent and self.metric == "standardised"


class Fits(NamedTuple):
    """What was estimated from B samples; `consistent` is None where PLSc is not asked for, and in the raw metric.

    `usable` (B,) is False for samples in which an item or a product does not vary, or in which the items of a mode-B
    block or the predictors of an outcome determine one another: their coefficients are made of rounding. `first` is
    stage one, where there are constructs of second order.
    """

    moments: Moments
    outer: Weights
    pls: Solution
    consistent: Solution | None
    product_deviations: Floats
    usable: NDArray[np.bool_]
    first: Solution | None = None


def fit_samples(sample: Sample, counts: Floats, model: Model, settings: Settings) -> Fits:
    """Fit the model to the samples whose rows are repeated `counts` (B, n) times, each with its sampling weight."""
    counts = counts * sample.weights
    with np.errstate(divide="ignore", invalid="ignore"):  # what has no solution is NaN and marked unusable
        moments = sample.moments(counts)
    return fit_moments(moments, model, settings, partial(with_products, sample, counts))


def fit_moments(moments: Moments, model: Model, settings: Settings, products: WithProducts | None = None) -> Fits:
    """Fit the model to samples by their moments; a model with moderations appends those of its `products`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _fit(moments, model, settings, products)


def _fit(moments: Moments, model: Model, settings: Settings, products: WithProducts | None) -> Fits:
    usable = np.asarray(np.isfinite(moments.correlations).all(axis=(1, 2)), dtype=np.bool_)
    if not usable.all():  # neutral numbers in, NaN out, so that one bad sample does not stop the batch
        neutral = ~usable[:, None, None]
        moments = _neutral(moments, np.where(neutral, np.eye(moments.means.shape[1]), moments.correlations))
    if model.stages is not None:
        return _fit_stages(moments, model, model.stages, settings, products, usable)
    spread = np.empty((len(usable), 0))
    if products is not None and model.products:
        first = _weigh(moments, model.main, settings).weights
        if settings.metric == "raw":
            first = first * moments.deviations
        composites = first[:, :, None] * model.main.mask
        moments, spread = products(moments, composites, list(model.products))
    outer = _weigh(moments, model.full, settings)
    R = _matrices(moments, settings)
    pls = solution(R, outer.weights, model.full)
    consistent = consistent_solution(R, pls, model.full) if settings.corrected else None
    usable &= np.isfinite(outer.weights).all(axis=1) & determined(moments, pls, model)
    return Fits(moments, outer, pls, consistent, spread, usable)


def _fit_stages(
    moments: Moments,
    model: Model,
    stages: Stages,
    settings: Settings,
    products: WithProducts | None,
    usable: NDArray[np.bool_],
) -> Fits:
    """The fit of a model with constructs of second order, both stages anew in every sample."""
    first = _weigh(moments, stages.first, settings)
    standardised = per_deviation(first.weights, moments, settings)
    alone = solution(_matrices(moments, settings), first.weights, stages.first)
    variables, spread = stages.variables_of(standardised), np.empty((len(usable), 0))

    def second_stage(path_model: PathModel) -> tuple[Weights, Floats, Floats]:
        """Weights of stage two, and per standard deviation those of the items and of the parts."""
        inner = stages.moments_of(moments, variables)
        found = _weigh(inner, path_model, settings)
        per = per_deviation(found.weights, inner, settings)
        return found, stages.own(standardised, per), per[:, stages.part_variables]

    if products is not None and model.products:
        _, own, parts = second_stage(stages.main)
        composites = stages.with_wholes(own[:, :, None] * model.main.mask, parts)
        moments, spread = products(moments, composites, list(model.products))
    second, own, parts = second_stage(stages.full)
    composites = stages.with_wholes(own[:, :, None] * model.full.mask, parts)
    R = _matrices(moments, settings)
    if settings.metric == "raw":
        own, composites = own / moments.deviations, composites / moments.deviations[:, :, None]
    outer = Weights(own, first.iterations + second.iterations, first.converged & second.converged)
    pls = stages.formed(solution(R, own, model.full, composites), parts)
    consistent = None
    if settings.corrected:
        consistent = _consistent_stages(R, pls, model, stages, settings)
    usable &= np.isfinite(own).all(axis=1) & np.isfinite(pls.paths).all(axis=(1, 2)) & determined(moments, pls, model)
    return Fits(moments, outer, pls, consistent, spread, usable, alone)


def _consistent_stages(R: Floats, pls: Solution, model: Model, stages: Stages, settings: Settings) -> Solution:
    formed: list[Floats] = []

    def weigh(Q: Floats) -> Floats:
        return outer_weights(Q, stages.structure, settings.scheme, settings.tolerance, settings.max_iterations).weights

    def second_order(Q: Floats, cross: Floats) -> tuple[Floats, Floats]:
        Q, cross, weights = stages.consistent(Q, cross, weigh)
        formed.append(weights)
        return Q, cross

    corrected = consistent_solution(R, pls, model.full, second_order)
    return stages.formed(corrected, formed[0])


def per_deviation(weights: Floats, moments: Moments, settings: Settings) -> Floats:
    """Weights (B, p) of some metric per standard deviation of the item."""
    return weights * moments.deviations if settings.metric == "raw" else weights


def determined(moments: Moments, pls: Solution, model: Model) -> NDArray[np.bool_]:
    """Samples (B,) in which no mode-B block of items and no outcome's predictors are exactly collinear."""
    found = np.ones(len(pls.weights), dtype=np.bool_)
    for j in np.flatnonzero(model.main.mode_b):
        block = model.main.block(j)
        found &= eigenvalues_exceed(moments.correlations[:, block[:, None], block], COLLINEAR)
    doubtful = np.flatnonzero(~eigenvalues_exceed(pls.correlations, COLLINEAR))  # no subset of the others is collinear
    if not len(doubtful):
        return found
    together = [model.full.predictors(outcome) for outcome in range(len(model.full.mode_b))]
    if model.stages is not None:
        measured, first = model.stages.measured, model.stages.first
        together += [measured[first.predictors(outcome)] for outcome in range(len(first.mode_b))]
        together += [model.stages.parts[model.stages.wholes == whole] for whole in np.unique(model.stages.wholes)]
    for x in together:
        found[doubtful] &= eigenvalues_exceed(pls.correlations[doubtful[:, None, None], x[:, None], x], COLLINEAR)
    return found


def _neutral(moments: Moments, correlations: Floats) -> Moments:
    # other correlations, and 1 for the deviation of a column that does not vary
    return Moments(moments.means, np.nan_to_num(moments.deviations, nan=1.0), correlations)


def _matrices(moments: Moments, settings: Settings) -> Floats:
    return moments.correlations if settings.metric == "standardised" else moments.covariances


def _weigh(moments: Moments, model: PathModel, settings: Settings) -> Weights:
    R = _matrices(moments, settings)
    return outer_weights(R, model, settings.scheme, settings.tolerance, settings.max_iterations)


def standardised_weights(fits: Fits) -> Floats:
    """Outer weights (B, p) per standard deviation of the item, whatever the metric they were estimated in."""
    return fits.pls.weights if fits.consistent is not None else fits.pls.weights * fits.moments.deviations


def composites(weights: Floats, paths: Floats, model: Model) -> Floats:
    """Every construct as a sum of items (batch, p, k), from their weights (batch, p) and the paths of a solution."""
    sums = weights[:, :, None] * model.main.mask
    if model.stages is None:
        return sums
    return model.stages.with_wholes(sums, paths[:, model.stages.parts, model.stages.wholes])


def consistent_admissible(fits: Fits, model: Model) -> NDArray[np.bool_]:
    """Samples (B,) whose PLSc solution is one of a factor model; all without PLSc.

    Every ρ_A lies in (0, 1], no loading of a common factor is beyond 1 (the variance of its error would be negative),
    and the correlations of the constructs are positive semi-definite: R² is then between 0 and 1.
    """
    if fits.consistent is None:
        return np.ones(len(fits.usable), dtype=np.bool_)
    k, p = model.constructs, len(model.main.owner)
    rho = np.where(model.main.factor, fits.consistent.rho_a[:, :k], 1.0)
    factor = model.main.factor[model.main.owner]
    with np.errstate(invalid="ignore"):
        loadings = (np.abs(fits.consistent.loadings[:, :p][:, factor]) <= 1 + ROUNDING).all(axis=1)
    reliable = ((rho > 0) & (rho <= 1)).all(axis=1)
    Q = fits.consistent.correlations
    if model.stages is not None:  # a construct of second order is a sum of its components
        Q = Q[:, model.stages.measured[:, None], model.stages.measured]
    return np.asarray(reliable & loadings & eigenvalues_exceed(Q, -ROUNDING))
