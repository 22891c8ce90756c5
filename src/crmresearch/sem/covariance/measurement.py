"""How the items of a covariance structure measure its factors: α, ω, ρ_C, AVE with Wald intervals; HTMT, resampled."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmresearch.resampling import bootstrap_counts, require_memory, require_resamples
from crmresearch.sem.covariance.fit.saturated_errors import drawn_correlations, saturated_covariance
from crmresearch.sem.covariance.likelihood.ram import Cell
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.robust import score_covariance
from crmresearch.sem.covariance.standardised import delta_errors, standardised_cells, total_covariances
from crmresearch.sem.measures import (
    alpha_error,
    alpha_slopes,
    average_variance,
    composite_reliability,
    cronbach_alpha,
    heterotrait_monotrait,
)
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.limits import percentile_limits
from crmresearch.sem.pls.moments import Sample

MEASURES = ("alpha", "omega", "rho_a", "rho_c", "ave")


def reliability(estimate: CbEstimate) -> pd.DataFrame:
    """One row a construct: items, alpha, rho_c, rho_a, ave, omega, and of each `<measure>_lower` and `<measure>_upper`.

    alpha of the items in their units, its error that of normal answers (`alpha_error`), or where robust errors were
    asked for that of the answers (Maydeu-Olivares, Coffman & Hartmann 2007, Psychological Methods 12, 157–176); with
    holes in the answers alpha is of the saturated covariances, its error by the delta method from theirs. omega is the
    share of the factor in the implied variance of the sum of its items in their units (McDonald 1999), rho_c the same
    of standardised items, ave the mean of the squared standardised loadings; all three from the whole model, with
    errors by the delta method. rho_a is a measure of PLS: NaN. 1, without interval, for the single item of a construct,
    which is taken to have no error. Checked against lavaan and semTools (with the implied variance; its AVE is of
    unstandardised loadings, and not ours).
    """
    ram, theta = estimate.ram, estimate.theta
    rows = []
    for construct in estimate.specification.constructs:
        if construct.key in estimate.left_out:
            continue
        row: dict[str, object] = {"construct": construct.key, "items": len(construct.items)}
        row |= dict.fromkeys(MEASURES, 1.0) | {"rho_a": np.nan}
        row |= {f"{name}_{end}": np.nan for name in MEASURES for end in ("lower", "upper")}
        if len(construct.items) > 1:
            loading = [i for i, cell in enumerate(ram.cells) if cell.is_loading and cell.row in construct.items]
            cells = [ram.cells[i] for i in loading]
            own = [ram.variables.index(cell.row) for cell in cells]
            unit = estimate.units[[cell.row for cell in cells]].to_numpy()

            def standardised(t: Floats, at: list[int] = loading) -> Floats:
                return standardised_cells(ram, t)[:, at]

            def of_sum(t: Floats, cells: list[Cell] = cells, own: list[int] = own, unit: Floats = unit) -> Floats:
                A, S, _ = (part[:, 0] for part in ram.matrices(t))
                factor = ram.variables.index(cells[0].column)
                variance = total_covariances(ram, t)[:, factor, factor]
                total = (A[:, own, factor] * unit).sum(axis=1) ** 2 * variance
                return total / (total + (S[:, own, own] * unit**2).sum(axis=1))

            measures: dict[str, Callable[[Floats], Floats]] = {
                "omega": of_sum,
                "rho_c": lambda t: composite_reliability(standardised(t)),
                "ave": lambda t: average_variance(standardised(t)),
            }
            for name, measure in measures.items():
                error = float(delta_errors(partial(_column, measure), theta, estimate.covariance)[0])
                row |= _with_limits(name, float(measure(theta[None])[0]), error, estimate.confidence)
            row |= _alpha(estimate, own, unit)
        rows.append(row)
    ends = [f"{name}_{end}" for name in MEASURES for end in ("lower", "upper")]
    return pd.DataFrame(rows, columns=["construct", "items", "alpha", "rho_c", "rho_a", "ave", "omega", *ends])


def _column(measure: Callable[[Floats], Floats], theta: Floats) -> Floats:
    return measure(theta)[:, None]


def _with_limits(name: str, value: float, error: float, confidence: float) -> dict[str, float]:
    wide = float(ndtri(0.5 + confidence / 2)) * error
    return {name: value, f"{name}_lower": value - wide, f"{name}_upper": value + wide}


def _alpha(estimate: CbEstimate, own: list[int], unit: Floats) -> dict[str, float]:
    """α of the items at these places, with its interval."""
    S = estimate.residual_moments[0][np.ix_(own, own)] * np.outer(unit, unit)
    value = float(cronbach_alpha(S))
    if estimate.full_information is not None:
        row, column = np.tril_indices(len(estimate.ram.observed))
        place = {(a, b): k for k, (a, b) in enumerate(zip(row.tolist(), column.tolist(), strict=True))}
        i, j = np.tril_indices(len(own))
        at = [place[max(own[a], own[b]), min(own[a], own[b])] for a, b in zip(i, j, strict=True)]
        V = saturated_covariance(estimate)[np.ix_(at, at)]
        moved = alpha_slopes(S)[i, j] * unit[i] * unit[j] * np.where(i == j, 1.0, 2.0)
        return _with_limits("alpha", value, float(np.sqrt(moved @ V @ moved)), estimate.confidence)
    n, weights = estimate.rows, estimate.weights
    if estimate.errors == "standard":
        return _with_limits("alpha", value, alpha_error(S, n), estimate.confidence)
    X = estimate.answers[:, own] * unit
    deviations = X - np.average(X, axis=0, weights=weights)
    # what a row moves α by, through the covariances of the items
    slopes = alpha_slopes(S)
    moved = (((deviations @ slopes) * deviations).sum(axis=1) - (slopes * S).sum()) / n
    moved = moved if weights is None else moved * weights
    error = float(np.sqrt(score_covariance(moved[:, None], estimate.design)[0, 0]))
    return _with_limits("alpha", value, error, estimate.confidence)


def htmt(estimate: CbEstimate, resamples: int = 1000, seed: int = 1) -> pd.DataFrame:
    """HTMT (estimate) and htmt2 of every two constructs from the correlations of the items, with intervals.

    HTMT does not depend on the estimator. The intervals are percentiles over the item correlations of `resamples` of
    the rows, the same as the bootstrap of PLS and of covariance structures draw from this `seed`, at the confidence of
    the estimate; rows carry their weights along, and are drawn in their clusters. A resample in which an item does not
    vary is left out. With holes in the answers the correlations are those of the saturated model, and drawn from the
    distribution of its estimates: `crmresearch.sem.covariance.fit.saturated_errors.drawn_correlations`. Raises
    ParameterError for fewer than 2 resamples.
    """
    require_resamples(resamples, estimate.confidence)
    S = estimate.residual_moments[0]
    R = S / np.sqrt(np.outer(np.diag(S), np.diag(S)))
    constructs = [c for c in estimate.specification.constructs if c.key not in estimate.left_out]
    mask = np.array([[item in c.items for c in constructs] for item in estimate.ram.observed], dtype=np.float64)
    first, second = np.tril_indices(len(constructs), -1)
    keys = np.array([c.key for c in constructs])

    def ratios(R: Floats, geometric: bool = False) -> Floats:
        return heterotrait_monotrait(R, mask, geometric=geometric)[..., first, second]

    frame = pd.DataFrame({"estimator": "cbsem", "group": "all", "construct": keys[first], "other": keys[second]})
    frame["estimate"] = ratios(R)
    drawn, tail = _resampled_correlations(estimate, resamples, seed), (1 - estimate.confidence) / 2
    values = ratios(drawn)
    frame["se"] = values.std(axis=0, ddof=1) if len(values) > 1 else np.nan
    frame["ci_lower"], frame["ci_upper"] = percentile_limits(values, tail)
    frame["htmt2"] = ratios(R, geometric=True)
    frame["htmt2_lower"], frame["htmt2_upper"] = percentile_limits(ratios(drawn, geometric=True), tail)
    return frame


def _resampled_correlations(estimate: CbEstimate, resamples: int, seed: int) -> Floats:
    """Item correlations (resamples, p, p) of resamples in which every item varies."""
    p = len(estimate.ram.observed)
    require_memory(resamples * p**2, f"{resamples:,} correlations of {p} items")
    if estimate.full_information is not None:
        return drawn_correlations(estimate, resamples, seed)
    sample = Sample(estimate.answers, estimate.weights, estimate.design)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [
            sample.moments(counts * sample.weights).correlations
            for counts in bootstrap_counts(sample.n, resamples, seed, sample.design)
        ]
    drawn = np.concatenate(parts)
    return np.asarray(drawn[np.isfinite(drawn).all(axis=(1, 2))])
