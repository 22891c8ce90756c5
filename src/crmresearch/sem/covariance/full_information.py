"""Full-information maximum likelihood: a covariance structure from all answers of rows with holes.

Rows that answered the same questions o are one pattern, whose answers are N(μ_o, Σ_oo): the likelihood needs only the
rows, means and covariances of each pattern (Finkbeiner 1979, Psychometrika 44, 409–420). It is valid when answers are
missing at random given the answers there are (Rubin 1976). With sampling weights a row counts as often as its weight
says, in the rows, means and covariances of its pattern: pseudo-maximum likelihood. χ² is twice the log-likelihood of
the saturated model of `saturated` over that of the model.

Checked against lavaan 0.6-14 with missing="fiml".
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.errors import EstimationError
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, log_likelihood
from crmresearch.sem.covariance.likelihood.minimise import Minimum, minimise
from crmresearch.sem.covariance.likelihood.ram import Ram, implied, reach
from crmresearch.sem.covariance.likelihood.saturated import Saturated, independence_ram, saturated_moments
from crmresearch.sem.pls.algorithm import Floats

MAX_ITERATIONS = 100  # a second or so of a hundred patterns; what has not converged by then has no minimum


def units_of(items: pd.DataFrame) -> pd.Series:
    """The unit in which every item is estimated: the power of 16 nearest to its standard deviation, 1 for most scales.

    `items` (n, p) with NaN for missing answers. An item in money beside items of a 10-point scale makes gradients and
    curvatures of very different size, and an optimiser that stops on their size stops too early or never. Powers of
    16 divide and multiply back without rounding.
    """
    deviation = items.std(ddof=0).to_numpy(dtype=np.float64)
    usable = np.isfinite(deviation) & (deviation > 0)
    exponent = np.round(np.log(np.where(usable, deviation, 1.0)) / np.log(16))
    return pd.Series(16.0**exponent, items.columns)


class FullInformation(NamedTuple):
    """A model estimated from rows with holes, with what its fit measures need.

    log_likelihood of the model, `unrestricted` of the saturated and `independence` of the baseline model; `saturated`
    moments of every group.
    """

    minimum: Minimum
    log_likelihood: float
    unrestricted: float
    independence: float
    saturated: tuple[Saturated, ...]

    @property
    def chisq(self) -> float:
        """Likelihood ratio χ² against the saturated model."""
        return 2 * (self.unrestricted - self.log_likelihood)

    @property
    def baseline_chisq(self) -> float:
        """Likelihood ratio χ² of the independence model, p(p − 1)/2 degrees of freedom a group."""
        return 2 * (self.unrestricted - self.independence)


def weighted_moments(X: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Means (p,) and covariances (p, p), divisor Σw, of X (n, p); without weights (n,) every row counts once.

    Σw(x − x̄)(x − x̄)' / Σw: with whole weights the moments of rows repeated as often.
    """
    weights = np.ones(len(X)) if weights is None else weights
    means = np.average(X, axis=0, weights=weights)
    deviations = (X - means) * np.sqrt(weights)[:, None]
    return means, deviations.T @ deviations / weights.sum()


def _pattern(X: Floats, weights: Floats | None, observed: NDArray[np.intp], group: int, modelled: bool) -> Pattern:
    means, covariances = weighted_moments(X, weights)
    rows = len(X) if weights is None else float(weights.sum())
    return Pattern(rows, observed, covariances[None], means[None] if modelled else None, group)


def missing_patterns(X: Floats, group: int = 0, weights: Floats | None = None) -> list[Pattern]:
    """Patterns of X (n, p) with NaN for missing answers, as a batch of one, that of most rows first.

    Rows without any answer say nothing and are in no pattern; `without_answers` counts them.
    """
    return [
        _pattern(X[rows[:, None], observed], None if weights is None else weights[rows], observed, group, True)
        for observed, rows in pattern_rows(X)
    ]


def pattern_rows(X: Floats) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """(answered variables, rows) of every pattern of X (n, p), in the order of `missing_patterns`."""
    answered, inverse, counts = np.unique(~np.isnan(X), axis=0, return_inverse=True, return_counts=True)
    rows = np.split(np.argsort(inverse.ravel(), kind="stable"), np.cumsum(counts)[:-1])
    order = np.argsort(-counts, kind="stable")
    return [(np.flatnonzero(answered[i]), rows[i]) for i in order if answered[i].any()]


def sample_patterns(
    ram: Ram, X: Floats, group: NDArray[np.intp] | None = None, weights: Floats | None = None
) -> list[Pattern]:
    """Patterns of X (n, p) in every group (n,) of the model; complete, around the sample means, if it has no means.

    Raises EstimationError for missing answers when the model has no means.
    """
    group = np.zeros(len(X), dtype=np.intp) if group is None else group
    samples = [(X[group == g], None if weights is None else weights[group == g]) for g in range(ram.groups)]
    if ram.has_means:
        return [pattern for g, (Y, w) in enumerate(samples) for pattern in missing_patterns(Y, g, w)]
    if np.isnan(X).any():
        raise EstimationError("Missing answers need a model with means.")
    everything = np.arange(X.shape[1])
    return [_pattern(Y, w, everything, g, False) for g, (Y, w) in enumerate(samples)]


def without_answers(X: Floats) -> int:
    """How many rows of X (n, p) have no answer at all."""
    return int(np.isnan(X).all(axis=1).sum())


def estimate_full_information(ram: Ram, patterns: list[Pattern], lower: Floats | None = None) -> FullInformation:
    """The model with means, the saturated and the independence model, estimated from the same patterns.

    `lower` (q,) are bounds of variances. Raises EstimationError when two items were never answered together.
    """
    saturated = tuple(saturated_moments(ram.observed, patterns, group) for group in range(ram.groups))
    minimum = (
        _from_saturated(ram, patterns, saturated, lower)
        if _every_mean_is_free(ram)
        else minimise(ram, patterns, ram.start[None], lower, max_iterations=MAX_ITERATIONS)
    )
    baseline = independence_ram(ram.observed, patterns)
    return FullInformation(
        minimum,
        log_likelihood(ram, minimum.theta[0], patterns),
        sum(group.log_likelihood for group in saturated),
        log_likelihood(baseline, baseline.start, patterns),
        saturated,
    )


def _every_mean_is_free(ram: Ram) -> bool:
    """Whether every observed variable of every group has an intercept of its own, and no latent one has any."""
    cells = [cell for cell in ram.cells if cell.matrix == "M"]
    expected = {(name, group) for name in ram.observed for group in range(ram.groups)}
    labels = {cell.label for cell in cells if cell.label is not None}
    return {(cell.row, cell.group) for cell in cells} == expected and len(labels) == len(cells) == len(expected)


def _from_saturated(
    ram: Ram, patterns: list[Pattern], saturated: tuple[Saturated, ...], lower: Floats | None
) -> Minimum:
    """Estimate the covariances of the saturated model without means first, and then around the saturated means.

    Three times fewer iterations with holes than from the start values; and around the means, where intercepts are
    near 0, a slope between observed variables does not pull its outcome's intercept along.
    """
    bare = replace(ram, cells=tuple(cell for cell in ram.cells if cell.matrix != "M"))
    kept = [ram.labels.index(label) for label in bare.labels]
    everything = np.arange(len(ram.observed))
    whole = []
    for g, moments in enumerate(saturated):
        rows = sum(pattern.rows for pattern in patterns if pattern.group == g)
        whole.append(Pattern(rows, everything, moments.covariances[None], None, g))
    first = minimise(bare, whole, bare.start[None], None if lower is None else lower[kept])
    start = np.zeros((1, len(ram.labels)))
    start[:, kept] = first.theta
    found = minimise(
        ram, [_centred(pattern, saturated) for pattern in patterns], start, lower, max_iterations=MAX_ITERATIONS
    )
    theta = found.theta.copy()
    B = reach(ram.matrices(theta).A)[0, :, : len(everything), : len(everything)]
    for g, moments in enumerate(saturated):
        row, _, number = ram.free("M", g)
        theta[0, number] += np.linalg.solve(B[g], moments.means)[row]
    return found._replace(theta=theta, iterations=first.iterations + found.iterations)


def _centred(pattern: Pattern, saturated: tuple[Saturated, ...]) -> Pattern:
    assert pattern.means is not None
    return replace(pattern, means=pattern.means - saturated[pattern.group].means[pattern.observed])


def residual_fit_with_means(saturated: Saturated, ram: Ram, theta: Floats) -> float:
    """SRMR with means (Bentler, as lavaan's `srmr` under FIML), one group, at θ (q,).

    Root mean square of (s − σ)/√(s_ii s_jj) over the lower triangle and (m − μ)/√s_ii, p(p + 1)/2 + p numbers, with
    the saturated estimates as m and s.
    """
    Sigma, mu = (moment[0, 0] for moment in implied(ram, theta[None]))
    deviation = np.sqrt(np.diag(saturated.covariances))
    residual = (saturated.covariances - Sigma) / np.outer(deviation, deviation)
    shift = (saturated.means - mu) / deviation
    return float(np.sqrt(np.mean(np.concatenate([residual[np.tril_indices(len(mu))], shift]) ** 2)))
