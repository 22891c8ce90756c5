"""Bootstrap over customers: a resample is a count of how often each distinct row was drawn, and one more fit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from crmresearch.errors import EstimationError
from crmresearch.value.histories import Floats


@dataclass(frozen=True)
class Replicates:
    """A quantity in every usable resample, `values` (B, m), and how many resamples were not what one hopes for.

    `undefined` resamples gave no finite value and are left out; `unconverged` ones are in.
    """

    values: Floats
    resamples: int
    unconverged: int
    undefined: int

    @property
    def standard_errors(self) -> Floats:
        """Standard deviations (m,) over the resamples."""
        return np.asarray(self.values.std(axis=0, ddof=1))

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper percentile limits, (m,) each."""
        lower, upper = np.quantile(self.values, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return lower, upper


def bootstrap(fit: Any, resamples: int, seed: int, quantity: Callable[[Any], ArrayLike] | None = None) -> Replicates:
    """Refit a purchase or spend model to resamples of its customers.

    `quantity` maps a fit to numbers (m,), the parameters unless told otherwise. Resample b is drawn with
    `SeedSequence(seed, spawn_key=(b,))`, so it is the same however many are asked for.
    Raises EstimationError when the weights of the fit are not whole customers.
    """
    rows = fit.rows
    if not np.array_equal(rows.weights, np.rint(rows.weights)):
        raise EstimationError("Only whole customers can be resampled; the fit has fractional weights.")
    found = quantity or (lambda refit: refit.parameters)

    def one(counts: Floats) -> tuple[Floats, bool]:
        refit = type(fit).estimate(rows.counted(counts), near=fit)
        return np.asarray(found(refit), dtype=np.float64).ravel(), refit.converged

    return collect(one(counts) for counts in resample_counts(rows.weights, resamples, seed))


def resample_counts(weights: Floats, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each row (m,) is drawn when as many customers as there are (the sum of `weights`) are drawn anew."""
    n = round(float(weights.sum()))
    for b in range(resamples):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(b,)))
        yield rng.multinomial(n, weights / n).astype(np.float64)


def collect(results: Iterator[tuple[Floats, bool]]) -> Replicates:
    """Replicates from one (values, converged) per resample.

    Raises EstimationError when fewer than two are usable.
    """
    everything = list(results)
    unconverged = sum(not converged for _, converged in everything)
    usable = [values for values, _ in everything if np.isfinite(values).all()]
    if len(usable) < 2:
        raise EstimationError(
            f"{len(usable)} of {len(everything)} bootstrap resamples gave a result; two at least are needed for errors."
        )
    return Replicates(np.array(usable), len(everything), unconverged, len(everything) - len(usable))
