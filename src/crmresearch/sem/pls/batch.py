"""One fit of a PLS path model to many samples at once: the step that estimation and resampling share."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.models.specification import Specification
from crmresearch.sem.pls.algorithm import (
    COLLINEAR,
    MAX_ITERATIONS,
    ROUNDING,
    TOLERANCE,
    Floats,
    PathModel,
    Scheme,
    Solution,
    Weights,
    consistent_solution,
    eigenvalues_exceed,
    outer_weights,
    solution,
)
from crmresearch.sem.pls.moderation import with_products
from crmresearch.sem.pls.moments import Moments, Sample

Metric = Literal["standardised", "raw"]


@dataclass(frozen=True)
class Settings:
    """How weights are estimated: inner scheme, metric of the items, stop rule on Σ|Δw|."""

    scheme: Scheme = "path"
    metric: Metric = "standardised"
    tolerance: float = TOLERANCE
    max_iterations: int = MAX_ITERATIONS


@dataclass(frozen=True)
class Model:
    """The arrays of a specification: main effects, and the same with the product constructs appended."""

    main: PathModel
    full: PathModel
    products: tuple[tuple[int, int], ...]

    @property
    def constructs(self) -> int:
        """Number of constructs without products."""
        return len(self.main.mode_b)


class Fits(NamedTuple):
    """What was estimated from B samples; `consistent` is None in the raw metric, where PLSc is not defined.

    `usable` (B,) is False for samples in which an item or a product does not vary, or in which the items of a mode-B
    block or the predictors of an outcome determine one another: their coefficients are made of rounding.
    """

    moments: Moments
    outer: Weights
    pls: Solution
    consistent: Solution | None
    product_deviations: Floats
    usable: NDArray[np.bool_]


def model_arrays(specification: Specification) -> Model:
    """The specification as arrays, its moderations as single-item constructs at the end."""
    keys = specification.keys
    constructs = specification.constructs
    owner = np.repeat(np.arange(len(keys)), [len(c.items) for c in constructs])
    adjacency = np.zeros((len(keys), len(keys)), dtype=np.bool_)
    for path in specification.paths:
        adjacency[keys.index(path.predictor), keys.index(path.outcome)] = True
    main = PathModel(
        mask=np.eye(len(keys))[owner],
        owner=owner,
        mode_b=np.array([c.measurement == "composite_b" for c in constructs]),
        factor=np.array([c.measurement == "common_factor" for c in constructs]),
        adjacency=adjacency,
    )
    q = len(specification.moderations)
    if not q:
        return Model(main, main, ())
    k = len(keys)
    extended = np.zeros((k + q, k + q), dtype=np.bool_)
    extended[:k, :k] = adjacency
    for a, m in enumerate(specification.moderations):
        extended[k + a, keys.index(m.outcome)] = True
    owner = np.concatenate([owner, np.arange(k, k + q)])
    none = np.zeros(q, dtype=np.bool_)
    full = PathModel(
        mask=np.eye(k + q)[owner],
        owner=owner,
        mode_b=np.concatenate([main.mode_b, none]),
        factor=np.concatenate([main.factor, none]),
        adjacency=extended,
    )
    products = tuple((keys.index(m.predictor), keys.index(m.moderator)) for m in specification.moderations)
    return Model(main, full, products)


def fit_samples(sample: Sample, counts: Floats, model: Model, settings: Settings) -> Fits:
    """Fit the model to the samples whose rows are repeated `counts` (B, n) times, each with its sampling weight."""
    with np.errstate(divide="ignore", invalid="ignore"):  # what has no solution is NaN and marked unusable
        return _fit(sample, counts * sample.weights, model, settings)


def _fit(sample: Sample, counts: Floats, model: Model, settings: Settings) -> Fits:
    moments = sample.moments(counts)
    usable = np.asarray(np.isfinite(moments.correlations).all(axis=(1, 2)), dtype=np.bool_)
    if not usable.all():  # neutral numbers in, NaN out, so that one bad sample does not stop the batch
        neutral = ~usable[:, None, None]
        moments = _neutral(moments, np.where(neutral, np.eye(sample.p), moments.correlations))
    spread = np.empty((len(counts), 0))
    if model.products:
        first = _weigh(moments, model.main, settings).weights
        if settings.metric == "raw":
            first = first * moments.deviations
        composites = first[:, :, None] * model.main.mask
        moments, spread = with_products(sample, counts, moments, composites, list(model.products))
    outer = _weigh(moments, model.full, settings)
    R = _matrices(moments, settings)
    pls = solution(R, outer.weights, model.full)
    consistent = consistent_solution(R, pls, model.full) if settings.metric == "standardised" else None
    usable &= np.isfinite(outer.weights).all(axis=1) & determined(moments, pls, model)
    return Fits(moments, outer, pls, consistent, spread, usable)


def determined(moments: Moments, pls: Solution, model: Model) -> NDArray[np.bool_]:
    """Samples (B,) in which no mode-B block of items and no outcome's predictors are exactly collinear."""
    found = np.ones(len(pls.weights), dtype=np.bool_)
    for j in np.flatnonzero(model.main.mode_b):
        block = model.main.block(j)
        found &= eigenvalues_exceed(moments.correlations[:, block[:, None], block], COLLINEAR)
    doubtful = np.flatnonzero(~eigenvalues_exceed(pls.correlations, COLLINEAR))  # no subset of the others is collinear
    for outcome in range(len(model.full.mode_b)):
        x = model.full.predictors(outcome)
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
    return np.asarray(reliable & loadings & eigenvalues_exceed(fits.consistent.correlations, -ROUNDING))
