"""The saturated and the independence model of rows with holes: the two ends of every fit measure.

Both are RAMs, evaluated by the same engine as the model between them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from crmresearch.errors import EstimationError
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate, log_likelihood
from crmresearch.sem.covariance.likelihood.minimise import minimise
from crmresearch.sem.covariance.likelihood.ram import Cell, Ram
from crmresearch.sem.pls.algorithm import Floats

EM_TOLERANCE = 1e-10  # largest change of a mean or covariance in one EM step, in standard deviations
EM_ITERATIONS = 300
SINGULAR = 1e-9  # smallest eigenvalue, in standard deviations, below which the likelihood has no maximum


class Saturated(NamedTuple):
    """Maximum likelihood means (p,) and covariances (p, p) of one group without a model.

    gradient is the largest entry of ∂F, with every variable in units of its standard deviation.
    """

    means: Floats
    covariances: Floats
    log_likelihood: float
    gradient: float


def saturated_moments(observed: Sequence[str], patterns: list[Pattern], group: int = 0) -> Saturated:
    """Maximum likelihood means and covariances of one group by EM, and Newton steps should EM crawl.

    With Ω = ∂F/∂Σ and x = −½ ∂F/∂μ the EM step of the normal distribution (Dempster, Laird & Rubin 1977) is

        μ⁺ = μ + Σx,   Σ⁺ = Σ − ΣΩΣ − (μ⁺ − μ)(μ⁺ − μ)'

    Checked against the sample moments on complete data and lavaan's unrestricted log-likelihood.
    Raises EstimationError when two variables were never answered by the same row, and when the answers are too few
    to keep the covariances positive definite.
    """
    mine = [replace(pattern, group=0) for pattern in patterns if pattern.group == group]
    _require_coverage(observed, mine)
    means, variances = available_moments(len(observed), mine)
    if not variances.all():
        constant = observed[int(np.argmin(variances))]
        raise EstimationError(f"Item {constant!r} has one and the same answer in all rows. Leave it out.")
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
        if np.linalg.eigvalsh(_moments(theta, p)[1] / np.outer(deviation, deviation))[0] < SINGULAR:
            raise EstimationError(
                f"{sum(pattern.rows for pattern in mine):.0f} rows with missing answers do not determine the "
                f"covariances of {p} items: some combination of items has no variance. Leave items out, or collect "
                "more answers."
            )
        if np.abs(step / unit).max() < EM_TOLERANCE:
            break
    else:
        theta = minimise(ram, mine, theta[None]).theta[0]
    gradient = evaluate(ram, theta[None], mine, hessian=False).gradient[0]
    means, covariances = _moments(theta, p)
    return Saturated(means, covariances, log_likelihood(ram, theta, mine), float(np.abs(gradient * unit).max()))


def _moments(theta: Floats, p: int) -> tuple[Floats, Floats]:
    Sigma = np.zeros((p, p))
    row, column = np.tril_indices(p)
    Sigma[row, column] = Sigma[column, row] = theta[: len(row)]
    return theta[len(row) :], Sigma


def _require_coverage(observed: Sequence[str], patterns: list[Pattern]) -> None:
    together = np.zeros((len(observed), len(observed)))
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
