"""The PLS path modelling algorithm on moment matrices, for one matrix or a batch of them.

Everything here takes arrays: `R` has shape (batch, p, p) and holds moments of the p items, correlations for
standardised weights or covariances for weights in the raw metric. Public frames are made in
`crmresearch.sem.pls.estimate`.

Sources: Lohmöller (1989), Latent Variable Path Modeling with Partial Least Squares; Tenenhaus et al. (2005),
CSDA 48, 159–205; Dijkstra & Henseler (2015), MIS Quarterly 39, 297–316 (PLSc).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.pls.elimination import batch_last, eliminated, invert_positive

Scheme = Literal["path", "factorial", "centroid"]
Floats = NDArray[Any]  # of float64; complex in derivatives by complex steps
SecondOrder = Callable[[Floats, Floats], tuple[Floats, Floats]]

TOLERANCE = 1e-7  # on Σ|Δw|, the stop rule of R seminr and SmartPLS
MAX_ITERATIONS = 300
ROUNDING = 1e-9  # beyond a bound that is not a violation


@dataclass(frozen=True)
class PathModel:
    """A specification as arrays: p items in k constructs.

    mask (p, k) is 1 where the item belongs to the construct; owner (p,) is the construct of each item;
    mode_b (k,) marks regression weights; factor (k,) marks constructs PLSc corrects for attenuation;
    adjacency (k, k) is True at [predictor, outcome].
    """

    mask: Floats
    owner: NDArray[np.intp]
    mode_b: NDArray[np.bool_]
    factor: NDArray[np.bool_]
    adjacency: NDArray[np.bool_]

    @cached_property
    def causal_order(self) -> list[int]:
        """Constructs, every one after its predictors."""
        arrows = {j: set(map(int, self.predictors(j))) for j in range(len(self.mode_b))}
        return list(TopologicalSorter(arrows).static_order())

    def block(self, construct: int | np.intp) -> NDArray[np.intp]:
        """Positions of the items of a construct."""
        return np.flatnonzero(self.owner == construct)

    def predictors(self, outcome: int) -> NDArray[np.intp]:
        """Positions of the predictors of a construct."""
        return self._predictors[outcome]

    @cached_property
    def _predictors(self) -> list[NDArray[np.intp]]:
        return [np.flatnonzero(column) for column in self.adjacency.T]  # asked for in every iteration

    @cached_property
    def regressed(self) -> tuple[NDArray[np.intp], list[tuple[NDArray[np.intp], NDArray[np.intp]]]]:
        """Places in flattened (k, k) correlations of what regressions need, [predictor, outcome].

        Of outcomes with one predictor these places alone; of others, those with the same m predictors together, the
        correlations (m, m) of these and beside them those with the outcomes, and the places of the coefficients.
        """
        k = len(self.mode_b)
        together: dict[tuple[int, ...], list[int]] = {}
        for outcome, x in enumerate(self._predictors):
            together.setdefault(tuple(map(int, x)), []).append(outcome)
        one = [x[0] * k + y for x, outcomes in together.items() if len(x) == 1 for y in outcomes]
        several = []
        for predictors, outcomes in together.items():
            if len(predictors) > 1:
                rows = np.array(predictors)[:, None] * k
                several.append((rows + np.array([*predictors, *outcomes]), rows + np.array(outcomes)))
        return np.array(one, dtype=np.intp), several

    @cached_property
    def towards(self) -> Floats:
        """The adjacency transposed (k, k), as numbers: 1 at [outcome, predictor]."""
        return np.ascontiguousarray(self.adjacency.T, dtype=np.float64)

    @cached_property
    def own(self) -> NDArray[np.intp]:
        """Places (p,) in a flattened (p, k) matrix of every item in the column of its construct."""
        return np.arange(len(self.owner)) * len(self.mode_b) + self.owner


class Weights(NamedTuple):
    """Outer weights (batch, p), scaled so that every composite has variance 1, and how they were reached."""

    weights: Floats
    iterations: NDArray[np.intp]
    converged: NDArray[np.bool_]


class Solution(NamedTuple):
    """What follows from the weights of a batch, all of leading dimension batch.

    cross_loadings (p, k): covariance of item and composite; correlations (k, k) of the constructs;
    paths (k, k) at [predictor, outcome]; r_squared (k,), NaN for exogenous constructs; rho_a (k,).
    """

    weights: Floats
    cross_loadings: Floats
    loadings: Floats
    correlations: Floats
    paths: Floats
    r_squared: Floats
    rho_a: Floats


def regressions(Q: Floats, model: PathModel) -> Floats:
    """Regression of every outcome on its predictors: coefficients (batch, k, k) at [predictor, outcome]."""
    k = len(model.mode_b)
    last = batch_last(Q).reshape(k * k, -1)
    B = np.zeros_like(last)
    one, several = model.regressed
    B[one] = last[one] / last[one // k * (k + 1)]
    for bordered, places in several:
        B[places] = eliminated(last[bordered])
    return np.ascontiguousarray(B.T).reshape(-1, k, k)


def inner_weights(Q: Floats, model: PathModel, scheme: Scheme) -> Floats:
    """Weights (batch, k, k) of the neighbours (rows) in the inner proxy of each construct (columns).

    centroid: sign of the correlation; factorial: the correlation; path: regression coefficients of the
    predictors and correlations of the outcomes (Tenenhaus et al. 2005, section 2.3).
    """
    if scheme == "path":
        return regressions(Q, model) + Q * model.towards
    neighbours = model.adjacency | model.adjacency.T
    return (np.sign(Q) if scheme == "centroid" else Q) * neighbours


def outer_weights(
    R: Floats,
    model: PathModel,
    scheme: Scheme = "path",
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> Weights:
    """Outer weights of every matrix of the batch.

    From equal weights on, alternate inner proxies and outer weights (mode A: covariances with the proxy; mode B:
    regression on the block) until Σ|Δw| falls below `tolerance`. Converged matrices leave the batch. Then every
    construct is turned so that its dominant indicators load positively: Σ loading·|loading| > 0.
    """
    blocks_b = [model.block(j) for j in np.flatnonzero(model.mode_b)]
    single = np.flatnonzero(model.mask.sum(axis=0)[model.owner] == 1)
    inverses = [invert_positive(R[:, block[:, None], block]) for block in blocks_b]
    weights, iterations = np.empty_like(R[:, 0]), np.full(len(R), max_iterations, dtype=np.intp)
    converged = np.zeros(len(R), dtype=np.bool_)
    active, Ra = np.arange(len(R)), R
    w, C, Q, deviations = _rescaled(R, np.ones(R.shape[:2]), model)
    for iteration in range(max_iterations):
        new = _own(C @ (inner_weights(Q, model, scheme) / deviations[:, :, None]), model)
        new[:, single] = 1.0  # even where the item does not correlate with its proxy
        for block, inverse in zip(blocks_b, inverses, strict=True):
            new[:, block] = (inverse @ new[:, block, None])[:, :, 0]
        new, C, Q, deviations = _rescaled(Ra, new, model)
        done = np.abs(new - w).sum(axis=1) < tolerance
        w = new
        if done.any():
            found, keep = active[done], ~done
            weights[found], iterations[found], converged[found] = w[done], iteration + 1, True
            active, Ra, w, C, Q, deviations = (part[keep] for part in (active, Ra, w, C, Q, deviations))
            inverses = [inverse[keep] for inverse in inverses]
        if not len(active):
            break
    weights[active] = w
    loadings = _own(R @ composites_of(weights, model), model)
    turn = np.sign((loadings * np.abs(loadings)) @ model.mask)
    return Weights(weights * np.where(turn < 0, -1.0, 1.0)[:, model.owner], iterations, converged)


def composites_of(weights: Floats, model: PathModel) -> Floats:
    """Every construct as a sum of its items (batch, p, k), from their weights (batch, p)."""
    sums = np.zeros((*weights.shape, len(model.mode_b)), dtype=weights.dtype)
    sums.reshape(len(weights), -1)[:, model.own] = weights  # half the time of weights[:, :, None] * model.mask
    return sums


def _rescaled(R: Floats, w: Floats, model: PathModel) -> tuple[Floats, Floats, Floats, Floats]:
    """Weights w divided by the deviation of their composite, covariances R W of items with composites as they were
    (batch, p, k), and of the composites the correlations (batch, k, k) and deviations (batch, k)."""
    W = composites_of(w, model)
    C = R @ W
    S = W.transpose(0, 2, 1) @ C
    deviations = np.sqrt(np.diagonal(S, axis1=1, axis2=2))
    Q = S / deviations[:, :, None]
    Q /= deviations[:, None, :]
    return w / deviations[:, model.owner], C, Q, deviations


def _own(matrix: Floats, model: PathModel) -> Floats:
    """The entries (batch, p) of a (batch, p, k) matrix in the column of each item's own construct."""
    return np.take(matrix.reshape(len(matrix), -1), model.own, axis=1)


def solution(R: Floats, weights: Floats, model: PathModel, composites: Floats | None = None) -> Solution:
    """Loadings, construct correlations, paths and R² of the composites with these weights (batch, p).

    `composites` (batch, p, k) where a construct is more than the sum of its own items, as one of second order is.
    """
    W = composites_of(weights, model) if composites is None else composites
    C = R @ W
    Q = W.transpose(0, 2, 1) @ C
    return _structure(weights, C, _own(C, model), Q, rho_a(R, weights, _own(C, model), model), model)


def consistent_solution(
    R: Floats, pls: Solution, model: PathModel, second_order: SecondOrder | None = None
) -> Solution:
    """The solution corrected for attenuation, PLSc (Dijkstra & Henseler 2015, equations 9–13).

    Correlations are divided by √(ρ_A ρ_A'), with ρ_A = 1 for single items and composites; the loadings of a
    common factor become w √ρ_A / w'w. Products of moderations are not corrected. R must hold correlations. Python
    and R seminr correct mode-A composites too as soon as one construct is reflective; this does not. `second_order`
    makes correlations and cross-loadings of constructs of second order from the corrected ones of their components.
    """
    rho = np.where(model.factor, pls.rho_a, 1.0)
    with np.errstate(invalid="ignore"):  # a negative ρ_A has no root: that estimate is NaN and gets a caution
        root = np.sqrt(rho)
    Q = pls.correlations / (root[:, :, None] * root[:, None, :])
    k = np.arange(Q.shape[-1])
    Q[:, k, k] = 1.0
    squares = (pls.weights**2) @ model.mask
    corrected = pls.weights * (root / squares)[:, model.owner]
    loadings = np.where(model.factor[model.owner], corrected, pls.loadings)
    cross = pls.cross_loadings / root[:, None, :]
    if second_order is not None:
        Q, cross = second_order(Q, cross)
    return _structure(pls.weights, cross, loadings, Q, pls.rho_a, model)


def _structure(weights: Floats, cross: Floats, loadings: Floats, Q: Floats, rho: Floats, model: PathModel) -> Solution:
    B = regressions(Q, model)
    r_squared = (B * Q).sum(axis=1)
    r_squared[:, ~model.adjacency.any(axis=0)] = np.nan
    return Solution(weights, cross, loadings, Q, B, r_squared, rho)


def rho_a(R: Floats, weights: Floats, loadings: Floats, model: PathModel) -> Floats:
    """Reliability ρ_A (batch, k) of mode-A composites (Dijkstra & Henseler 2015, equation 9); 1 elsewhere.

    ρ_A = (w'w)² · w'(S − diag S)w / w'(ww' − diag ww')w, with S the correlations of the block and Sw the `loadings`,
    covariances (batch, p) of every item with its own composite.
    """
    diagonal = np.diagonal(R, axis1=1, axis2=2)
    off_s = (weights * (loadings - diagonal * weights)) @ model.mask
    squares = (weights**2) @ model.mask
    off_ww = squares**2 - (weights**4) @ model.mask
    single = model.mask.sum(axis=0) <= 1  # 0: of second order, without items of its own
    fixed = single | model.mode_b
    return np.where(fixed, 1.0, squares**2 * off_s / np.where(fixed, 1.0, off_ww))


def total_effects(paths: Floats, model: PathModel) -> Floats:
    """Total effects (batch, k, k) at [origin, outcome]: B + B² + B³ + …, finite because the model is recursive.

    Column by column in causal order: what reaches a predictor reaches its outcome through the path between them.
    """
    total = paths.copy()
    for j in model.causal_order:
        for i in model.predictors(j):
            total[:, :, j] += total[:, :, i] * paths[:, i, None, j]
    return total


def effect_sizes(found: Solution, model: PathModel) -> Floats:
    """Cohen's f² (batch, k, k) of every path at [predictor, outcome], on the scores as they are; NaN where R² is 1.

    f² = (R² − R²₋ᵢ) / (1 − R²), R²₋ᵢ without the predictor, by R² − R²₋ᵢ = b² / vᵢ with vᵢ the diagonal of the inverse
    correlations of the predictors (Cohen 1988, Statistical Power Analysis, chapter 9).
    """
    sizes = np.full_like(found.paths, np.nan)
    for j in range(sizes.shape[-1]):
        if len(x := model.predictors(j)):
            inverse = invert_positive(found.correlations[:, x[:, None], x])
            lost = found.paths[:, x, j] ** 2 / np.diagonal(inverse, axis1=1, axis2=2)
            left = 1 - found.r_squared[:, j, None]
            sizes[:, x, j] = lost / np.where(left > 0, left, np.nan)
    return sizes
