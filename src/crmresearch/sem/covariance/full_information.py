"""Full-information maximum likelihood: a covariance structure from all answers of rows with holes.

Rows that answered the same questions o are one pattern, whose answers are N(μ_o, Σ_oo): the likelihood needs only
the rows, means and covariances of each pattern (Finkbeiner 1979, Psychometrika 44, 409–420). It is valid when
answers are missing at random given the answers there are (Rubin 1976). The saturated and the independence model are
RAMs too, evaluated by the same engine, so χ² = 2 (log L of the saturated model − log L of the model).

Checked against lavaan 0.6-14 with missing="fiml".
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.errors import EstimationError
from crmresearch.sem.covariance.likelihood import Pattern, evaluate, saturated_constant
from crmresearch.sem.covariance.minimise import Minimum, minimise
from crmresearch.sem.covariance.ram import Cell, Ram, implied
from crmresearch.sem.pls import Floats

EM_TOLERANCE = 1e-10  # largest change of a mean or covariance in one EM step, in standard deviations
EM_ITERATIONS = 300


class Saturated(NamedTuple):
    """Maximum likelihood means (p,) and covariances (p, p) of one group without a model.

    gradient is the largest entry of ∂F, with every variable in units of its standard deviation.
    """

    means: Floats
    covariances: Floats
    log_likelihood: float
    gradient: float


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


def missing_patterns(X: Floats, group: int = 0) -> list[Pattern]:
    """Patterns of X (n, p) with NaN for missing answers, as a batch of one, that of most rows first.

    Rows without any answer say nothing and are in no pattern; `without_answers` counts them.
    """
    return [
        Pattern(len(rows), observed, _covariance(Y)[None], Y.mean(axis=0)[None], group)
        for observed, rows in pattern_rows(X)
        for Y in [X[rows[:, None], observed]]
    ]


def pattern_rows(X: Floats) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """(answered variables, rows) of every pattern of X (n, p), in the order of `missing_patterns`."""
    answered, inverse, counts = np.unique(~np.isnan(X), axis=0, return_inverse=True, return_counts=True)
    rows = np.split(np.argsort(inverse.ravel(), kind="stable"), np.cumsum(counts)[:-1])
    order = np.argsort(-counts, kind="stable")
    return [(np.flatnonzero(answered[i]), rows[i]) for i in order if answered[i].any()]


def sample_patterns(ram: Ram, X: Floats, group: NDArray[np.intp] | None = None) -> list[Pattern]:
    """Patterns of X (n, p) in every group (n,) of the model; complete, around the sample means, if it has no means.

    Raises EstimationError for missing answers when the model has no means.
    """
    group = np.zeros(len(X), dtype=np.intp) if group is None else group
    samples = [X[group == g] for g in range(ram.groups)]
    if ram.has_means:
        return [pattern for g, Y in enumerate(samples) for pattern in missing_patterns(Y, g)]
    if np.isnan(X).any():
        raise EstimationError("Missing answers need a model with means.")
    everything = np.arange(X.shape[1])
    return [Pattern(len(Y), everything, _covariance(Y)[None], None, g) for g, Y in enumerate(samples)]


def without_answers(X: Floats) -> int:
    """How many rows of X (n, p) have no answer at all."""
    return int(np.isnan(X).all(axis=1).sum())


def _covariance(Y: Floats) -> Floats:
    centred = Y - Y.mean(axis=0)
    return centred.T @ centred / len(Y)


def fiml_log_likelihood(ram: Ram, theta: Floats, patterns: list[Pattern]) -> float:
    """log L at θ (q,) = −½ Σ rows (o log 2π + log|Σ_oo| + tr(S* Σ_oo⁻¹)) over the patterns; −∞ outside the model."""
    F = float((evaluate(ram, theta[None], patterns, hessian=False).discrepancy + saturated_constant(patterns))[0])
    rows = sum(pattern.rows for pattern in patterns)
    answers = sum(pattern.rows * len(pattern.observed) for pattern in patterns)
    return -(rows * F + answers * float(np.log(2 * np.pi))) / 2


def estimate_full_information(ram: Ram, patterns: list[Pattern], lower: Floats | None = None) -> FullInformation:
    """The model with means, the saturated and the independence model, estimated from the same patterns."""
    minimum = minimise(ram, patterns, ram.start[None], lower)
    saturated = tuple(saturated_moments(ram.observed, patterns, group) for group in range(ram.groups))
    baseline = independence_ram(ram.observed, patterns)
    return FullInformation(
        minimum,
        fiml_log_likelihood(ram, minimum.theta[0], patterns),
        sum(group.log_likelihood for group in saturated),
        fiml_log_likelihood(baseline, baseline.start, patterns),
        saturated,
    )


def saturated_moments(observed: Sequence[str], patterns: list[Pattern], group: int = 0) -> Saturated:
    """Maximum likelihood means and covariances of one group by EM, and Newton steps should EM crawl.

    With Ω = ∂F/∂Σ and x = −½ ∂F/∂μ the EM step of the normal distribution (Dempster, Laird & Rubin 1977) is

        μ⁺ = μ + Σx,   Σ⁺ = Σ − ΣΩΣ − (μ⁺ − μ)(μ⁺ − μ)'

    Checked against the sample moments on complete data and lavaan's unrestricted log-likelihood.
    Raises EstimationError when two variables were never answered by the same row.
    """
    mine = [replace(pattern, group=0) for pattern in patterns if pattern.group == group]
    _require_coverage(observed, mine)
    means, variances = available_moments(len(observed), mine)
    ram = saturated_ram(observed, means, np.diag(variances))
    p, theta = len(observed), ram.start
    lower = np.tril_indices(p)
    deviation = np.sqrt(variances)
    unit = np.concatenate([np.outer(deviation, deviation)[lower], deviation])
    for _ in range(EM_ITERATIONS):
        mu, Sigma = _moments(theta, p)
        gradient = evaluate(ram, theta[None], mine, hessian=False).gradient[0]
        Omega = np.zeros((p, p))
        Omega[lower] = gradient[: len(unit) - p] / 2
        Omega += Omega.T
        shift = Sigma @ (-gradient[len(unit) - p :] / 2)
        Sigma = Sigma - Sigma @ Omega @ Sigma - np.outer(shift, shift)
        step = np.concatenate([((Sigma + Sigma.T) / 2)[lower], mu + shift]) - theta
        theta = theta + step
        if np.abs(step / unit).max() < EM_TOLERANCE:
            break
    else:
        theta = minimise(ram, mine, theta[None]).theta[0]
    gradient = evaluate(ram, theta[None], mine, hessian=False).gradient[0]
    means, covariances = _moments(theta, p)
    return Saturated(means, covariances, fiml_log_likelihood(ram, theta, mine), float(np.abs(gradient * unit).max()))


def _moments(theta: Floats, p: int) -> tuple[Floats, Floats]:
    Sigma = np.zeros((p, p))
    row, column = np.tril_indices(p)
    Sigma[row, column] = Sigma[column, row] = theta[: len(row)]
    return theta[len(row) :], Sigma


def _require_coverage(observed: Sequence[str], patterns: list[Pattern]) -> None:
    together = np.zeros((len(observed), len(observed)), dtype=np.intp)
    for pattern in patterns:
        together[np.ix_(pattern.observed, pattern.observed)] += pattern.rows
    never = np.argwhere(together == 0)
    if len(never):
        a, b = observed[never[0][0]], observed[never[0][1]]
        what = f"Item {a!r} has no answer" if a == b else f"Nobody answered both {a!r} and {b!r}"
        raise EstimationError(f"{what}: full information cannot estimate a covariance there. Leave an item out.")


def available_moments(p: int, patterns: list[Pattern]) -> tuple[Floats, Floats]:
    """Mean and variance (divisor n) of every variable (p,) over the rows of a group that answered it.

    They are the maximum likelihood estimates of the independence model; without modelled means they are 0.
    """
    count, total, square = np.zeros(p), np.zeros(p), np.zeros(p)
    for pattern in patterns:
        mean = np.zeros(len(pattern.observed)) if pattern.means is None else pattern.means[0]
        count[pattern.observed] += pattern.rows
        total[pattern.observed] += pattern.rows * mean
    means = total / count
    for pattern in patterns:
        mean = np.zeros(len(pattern.observed)) if pattern.means is None else pattern.means[0]
        spread = np.diag(pattern.covariances[0]) + (mean - means[pattern.observed]) ** 2
        square[pattern.observed] += pattern.rows * spread
    return means, square / count


def saturated_ram(observed: Sequence[str], means: Floats | None, covariances: Floats) -> Ram:
    """Free covariances and means of one group, those given as start; θ is the lower triangle row by row, then μ."""
    covariance = [
        Cell("S", a, b, float(covariances[i, j]), f"{b} ~~ {a}")
        for i, a in enumerate(observed)
        for j, b in enumerate(observed[: i + 1])
    ]
    return Ram(tuple(observed), (), (*covariance, *_intercepts(observed, means, 0, "")))


def independence_ram(observed: Sequence[str], patterns: list[Pattern]) -> Ram:
    """The model of uncorrelated variables; its start values are its maximum likelihood estimates."""
    groups = 1 + max(pattern.group for pattern in patterns)
    cells = []
    for group in range(groups):
        mine = [pattern for pattern in patterns if pattern.group == group]
        means, variances = available_moments(len(observed), mine)
        suffix = f" [{group}]" if groups > 1 else ""
        cells += [
            Cell("S", name, name, float(value), f"{name} ~~ {name}{suffix}", group)
            for name, value in zip(observed, variances, strict=True)
        ]
        cells += _intercepts(observed, None if mine[0].means is None else means, group, suffix)
    return Ram(tuple(observed), (), tuple(cells), groups)


def _intercepts(observed: Sequence[str], means: Floats | None, group: int, suffix: str) -> list[Cell]:
    if means is None:
        return []
    named = zip(observed, means, strict=True)
    return [Cell("M", name, name, float(value), f"{name} ~1{suffix}", group) for name, value in named]


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
