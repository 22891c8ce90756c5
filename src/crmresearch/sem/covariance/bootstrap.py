"""Batched ML bootstrap with variances ≥ 0.

Dropping inadmissible resamples would truncate the intervals; bounding the variances keeps every resample (De
Jonckere & Rosseel 2022, Structural Equation Modeling 29, 412–427). A bound that does not hold changes nothing.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError
from crmresearch.resampling import bootstrap_counts, require_memory
from crmresearch.sem.covariance.admissibility import admissible_samples
from crmresearch.sem.covariance.cholesky_coordinates import cholesky_coordinates
from crmresearch.sem.covariance.direction import turned
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern
from crmresearch.sem.covariance.likelihood.minimise import minimise
from crmresearch.sem.covariance.likelihood.saturated import SINGULAR
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.standardised import standardised_cells
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.elimination import eigenvalues_exceed
from crmresearch.sem.pls.moments import Sample

INSIDE = 0.05  # of the usual start value: the least variance a fit starts from
CHUNK = 25  # resamples per batch: their Hessians stay in the cache, twice as fast as 250
TOLERANCE = 1e-7
UNCONVERGED_SHARE = 0.005  # of resamples
ITERATIONS = 12, 60, 300, 3000  # at most, of one fit after the other: the slow ones go on together


@dataclass(frozen=True)
class CbBootstrap:
    """Resampled estimates: theta (resamples, q), χ², and how each resample ended.

    Factors point the same way in every resample as in the estimate. `gradient` is the largest entry of the projected
    gradient; `bounded` marks those at a bound; `admissible` those that converged inside the bounds. Bollen–Stine:
    `p_value` is the share of resamples of data transformed to fit the model whose χ² is at least the observed one.
    """

    theta: Floats
    chisq: Floats
    gradient: Floats
    bounded: NDArray[np.bool_]
    admissible: NDArray[np.bool_]
    confidence: float
    seed: int
    bollen_stine_p: float

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Resamples with a projected gradient below 1e-6."""
        return self.gradient < 1e-6

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Resamples in which an item does not vary or is a sum of others: there is no likelihood, θ is NaN."""
        return np.asarray(np.isnan(self.theta).any(axis=1))

    @property
    def cautions(self) -> list[Caution]:
        """Whether so many resamples did not converge that the intervals describe a selection."""
        share = float((~self.converged).mean())
        if share <= UNCONVERGED_SHARE:
            return []
        return [Caution("cb_unconverged_resamples", "weak", "cbsem intervals", {"share": share})]

    def shares(self) -> pd.DataFrame:
        """How the resamples ended: admissible without bounds, at a bound, not converged, failed; outcome, share."""
        ended = {
            "admissible": self.admissible.mean(),
            "bounded": (self.converged & ~self.admissible).mean(),
            "unconverged": (~self.converged & ~self.failed).mean(),
            "failed": self.failed.mean(),
        }
        return pd.DataFrame({"outcome": list(ended), "share": list(ended.values())})


def bootstrap_cbsem(estimate: CbEstimate, *, resamples: int = 1000, seed: int = 1, chunk: int = CHUNK) -> CbBootstrap:
    """Bootstrap a covariance structure estimated from complete answers.

    Raises EstimationError for an estimate from answers with holes, and where fewer than 2 resamples can be estimated.
    Rows are drawn with equal probability and carry their sampling weights along, in the Bollen–Stine test as well,
    whose p then allows for the weights. Clusters are drawn within strata in their place where the estimate has a
    sampling design, as by PLS. Same `seed`, same resamples as the PLS bootstrap of the same rows. χ² is equal
    to lavaan's on identical resamples where both converge to an admissible solution.
    """
    if estimate.full_information is not None:
        raise EstimationError("The bootstrap of a covariance structure needs complete answers.")
    require_memory(
        resamples * (len(estimate.theta) + 3), f"{resamples:,} resamples of {len(estimate.theta)} parameters"
    )
    X = estimate.answers
    fits = _fit_resamples(estimate, Sample(X, estimate.weights, estimate.design), resamples, seed, chunk)
    if (usable := int(np.isfinite(fits[0]).all(axis=1).sum())) < 2:
        raise EstimationError(
            f"{resamples - usable} of {resamples} resamples cannot be estimated because an item does not vary in them, "
            "or is a sum of others; an item with almost one single answer, or almost a copy of others, should leave "
            "the model."
        )
    as_fitted = Sample(as_if_true(estimate), estimate.weights, estimate.design)
    fitted = _fit_resamples(estimate, as_fitted, resamples, seed, chunk)
    observed = estimate.chisq
    at_least = estimate.rows * fitted[1][fitted[2] < 1e-6] >= observed
    return CbBootstrap(
        theta=fits[0],
        chisq=estimate.rows * fits[1],
        gradient=fits[2],
        bounded=fits[3],
        admissible=fits[4],
        confidence=estimate.confidence,
        seed=seed,
        bollen_stine_p=float((1 + at_least.sum()) / (1 + len(at_least))),
    )


def as_if_true(estimate: CbEstimate) -> Floats:
    """The answers transformed so that their covariance is the model's: X S^(−½) Σ^(½) (Bollen & Stine 1992).

    The roots are symmetric, so that the order of the items is of no consequence; resamples have lavaan's χ².
    """
    S, Sigma = estimate.residual_moments
    means = np.average(estimate.answers, axis=0, weights=estimate.weights)
    return np.asarray((estimate.answers - means) @ _power(S, -0.5) @ _power(Sigma, 0.5))


def _power(matrix: Floats, power: float) -> Floats:
    """A power of a symmetric positive definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * values**power) @ vectors.T)


def _fit_resamples(
    estimate: CbEstimate, sample: Sample, resamples: int, seed: int, chunk: int
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    covariances = []
    for counts in bootstrap_counts(sample.n, resamples, seed, sample.design):
        weights = counts * sample.weights
        size = weights.sum(axis=1)[:, None, None]
        covariances.append(sample.moments(weights).covariances * ((size - 1) / size))
    return fit_covariances(estimate, np.concatenate(covariances), chunk)


def fit_covariances(
    estimate: CbEstimate, covariances: Floats, chunk: int = CHUNK
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Fit the model to covariance matrices (batch, p, p), divisor n, as the bootstrap does.

    `covariances` and θ are in the units of estimation. Returns θ, F, projected gradient (in the coordinates of the
    fit: `cholesky_coordinates` where factors are nearly collinear), whether at a bound, and whether admissible.
    """
    ram = estimate.ram
    pattern = Pattern(estimate.rows, np.arange(len(ram.observed)), covariances)
    lower = np.where(ram.variances, 0.0, -np.inf)
    start = np.maximum(estimate.theta, np.where(ram.variances, INSIDE * ram.start, -np.inf))
    straight = cholesky_coordinates(ram, start)
    model, first = (ram, start) if straight is None else (straight.ram, straight.of(start[None])[0])
    bounds = np.where(model.variances, 0.0, -np.inf)

    batch = len(covariances)
    deviation = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlations = covariances / (deviation[:, :, None] * deviation[:, None, :])
    possible = np.flatnonzero(eigenvalues_exceed(correlations, SINGULAR))
    found = np.full((batch, len(ram.labels)), np.nan)
    found[possible] = first
    F, gradient = np.full(batch, np.nan), np.full(batch, np.inf)
    with threadpool_limits(1):
        for iterations in ITERATIONS:
            left = possible[~(gradient[possible] < 1e-6)]
            for part in (left[k : k + chunk] for k in range(0, len(left), chunk)):
                fit = minimise(
                    model, [pattern.take(part)], found[part], bounds, tolerance=TOLERANCE, max_iterations=iterations
                )
                found[part], F[part], gradient[part] = fit.theta, fit.discrepancy, fit.gradient
            if straight is None and iterations == ITERATIONS[0]:
                # in a curved valley half as many minima are missed as from where the first fit stopped
                found[possible[~(gradient[possible] < 1e-6)]] = ram.start
    theta = found if straight is None else straight.theta(found)
    inside = admissible_samples(ram, theta) & (theta > lower).all(axis=1)
    bounded = ~inside & np.isfinite(theta).all(axis=1)
    return turned(ram, theta, estimate.theta), F, gradient, bounded, (gradient < 1e-6) & inside


def _without_failed(boot: CbBootstrap) -> CbBootstrap:
    kept = ~boot.failed
    parts = {name: getattr(boot, name)[kept] for name in ("theta", "chisq", "gradient", "bounded", "admissible")}
    return replace(boot, **parts)


def resampled_paths(estimate: CbEstimate, boot: CbBootstrap | None) -> pd.DataFrame:
    """The paths of an estimate with the percentile intervals of `bootstrap_paths` beside them, where it was resampled.

    Its columns, then drawn_lower and drawn_upper (over all resamples), those of admissible, and of standardized.
    """
    if boot is None:
        return estimate.paths
    drawn = bootstrap_paths(estimate, boot).rename(columns={"ci_lower": "drawn_lower", "ci_upper": "drawn_upper"})
    names = ("drawn", "admissible", "standardized")
    return estimate.paths.join(drawn[[f"{name}_{end}" for name in names for end in ("lower", "upper")]])


def bootstrap_paths(estimate: CbEstimate, boot: CbBootstrap) -> pd.DataFrame:
    """Percentile intervals of every path, unstandardised and standardised, over all and over admissible resamples.

    Columns: estimator, group, outcome, predictor, estimate, se, ci_lower, ci_upper, admissible_lower, admissible_upper,
    standardized, standardized_lower, standardized_upper.
    """
    boot = _without_failed(boot)
    paths = estimate.paths[["estimator", "group", "outcome", "predictor", "estimate", "standardized"]].copy()
    named = estimate.construct_of
    at = {(named[c.column], named[c.row]): i for i, c in enumerate(estimate.ram.cells) if " ~ " in (c.label or "")}
    cell = [at[row.predictor, row.outcome] for row in paths.itertuples()]
    number = [estimate.ram.labels.index(estimate.ram.cells[i].label or "") for i in cell]
    units = [estimate.unit_of[c.row] / estimate.unit_of[c.column] for c in (estimate.ram.cells[i] for i in cell)]
    values = boot.theta[:, number] * np.array(units)
    standardized = standardised_cells(estimate.ram, boot.theta)[:, cell]
    tails = [(1 - boot.confidence) / 2, (1 + boot.confidence) / 2]
    paths["se"] = values.std(axis=0, ddof=1)
    for name, draws in (
        ("ci", values),
        ("admissible", values[boot.admissible]),
        ("standardized", standardized[np.isfinite(standardized).all(axis=1)]),
    ):
        limits = np.quantile(draws, tails, axis=0) if len(draws) > 1 else np.full((2, len(cell)), np.nan)
        paths[f"{name}_lower"], paths[f"{name}_upper"] = limits
    return paths
