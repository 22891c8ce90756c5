"""Which rows a bootstrap resample or a jackknife sample holds: counts from spawned seeds, the same for any division.

Lowest layer of resampling: models and segmentations draw the same customers for the same seed. Rows that were sampled
in clusters or within strata are resampled so, and their counts are then no whole numbers.
"""

from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import ParamSpec, TypeVar

import numpy as np
import psutil
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.sampling_design import SamplingDesign

P = ParamSpec("P")
T = TypeVar("T")
DRAWS_PER_SEED = 50  # resamples that share one spawned seed; part of the definition of a run, never change it


def one_thread(function: Callable[P, T]) -> Callable[P, T]:
    """The function with one BLAS thread: sums then do not depend on how many a machine has."""

    @wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> T:
        with _threads().limit(limits=1):
            return function(*args, **kwargs)

    return alone


@cache
def _threads() -> ThreadpoolController:
    # looked for once: to look for them anew takes as long as ten folds of a prediction
    return ThreadpoolController()


def require_memory(numbers: int, what: str) -> None:
    """Raise ParameterError, before a run begins, where its results do not fit into the memory that is free.

    `numbers`: how many of 8 bytes are kept, and as many again while they are put together; `what`: what asks for them.
    """
    needed, free = 2 * 8 * numbers, psutil.virtual_memory().available
    if needed > free:
        raise ParameterError(
            f"{what} need about {needed / 2**30:,.1f} GB of memory, and {free / 2**30:,.1f} GB are free; ask for fewer."
        )


def require_confidence(confidence: float) -> None:
    """Raise ParameterError for an impossible level of confidence."""
    if not 0 < confidence < 1:
        raise ParameterError(f"A confidence level of {confidence:g} is impossible; it lies between 0 and 1.")


def require_resamples(resamples: int, confidence: float) -> None:
    """Raise ParameterError for fewer than 2 resamples or an impossible level of confidence."""
    if resamples < 2:
        raise ParameterError(f"{resamples} resamples give no standard error; ask for at least 2, better 1000.")
    require_confidence(confidence)


def require_estimated(usable: int, resamples: int) -> None:
    """Raise EstimationError where fewer than two of the resamples could be estimated."""
    if usable < 2:
        raise EstimationError(
            f"{resamples - usable} of {resamples} resamples cannot be estimated because an item does not vary in them, "
            "or items or predictors determine one another; an item with almost one single answer, or almost a copy of "
            "others, should leave the model."
        )


def sampled(n: int, most: int | None, seed: int) -> NDArray[np.intp]:
    """Places, ascending, of `most` of n rows drawn without replacement; of all of them where there are no more."""
    if most is None or n <= most:
        return np.arange(n)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**32 - 2,)))
    return np.sort(rng.choice(n, most, replace=False))


def bootstrap_counts(
    n: int, resamples: int, seed: int, design: SamplingDesign | None = None
) -> Iterator[NDArray[np.float64]]:
    """Counts (≤ 50, n) of successive resamples of n rows, the same for any division of the work.

    Resample b comes from the generator seeded with `SeedSequence(seed, spawn_key=(b // 50,))`. With the `design` of the
    rows clusters are resampled within strata (`SamplingDesign.resampled`); parts of the rows of one sample then get the
    counts of the same resamples of all of it.
    """
    for group in range(-(-resamples // DRAWS_PER_SEED)):
        if design is not None:
            yield design.resampled(_generator(group, seed), DRAWS_PER_SEED)[: resamples - group * DRAWS_PER_SEED]
            continue
        drawn = bootstrap_rows(n, group, seed)
        drawn += n * np.arange(DRAWS_PER_SEED)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=n * DRAWS_PER_SEED).reshape(DRAWS_PER_SEED, n)
        yield counts[: resamples - group * DRAWS_PER_SEED].astype(np.float64)


def bootstrap_rows(n: int, group: int, seed: int) -> NDArray[np.int64]:
    """Row numbers (50, n) drawn with replacement for one group of resamples."""
    return _generator(group, seed).integers(0, n, size=(DRAWS_PER_SEED, n))


def resampled_rows(
    n: int, resamples: int, seed: int, design: SamplingDesign | None = None
) -> Iterator[NDArray[np.int64]]:
    """Row numbers of successive resamples of n rows, or of whole clusters within strata by their `design`."""
    for group in range(-(-resamples // DRAWS_PER_SEED)):
        left = resamples - group * DRAWS_PER_SEED
        if design is None:
            yield from bootstrap_rows(n, group, seed)[:left]
        else:
            yield from design.drawn_rows(_generator(group, seed), min(left, DRAWS_PER_SEED))


def _generator(group: int, seed: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(group,)))


def jackknife_counts(n: int, groups: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Counts (≤ 50, n) of delete-a-group samples; `groups` = n deletes one row at a time.

    With fewer groups than rows, the rows are dealt to the groups in an order drawn with `seed`.
    """
    order = np.arange(n)
    if groups < n:
        order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**32 - 1,))).permutation(n)
    member = np.empty(n, dtype=np.intp)
    member[order] = np.arange(n) % groups
    for start in range(0, groups, DRAWS_PER_SEED):
        stop = min(start + DRAWS_PER_SEED, groups)
        yield (member[None, :] != np.arange(start, stop)[:, None]).astype(np.float64)
