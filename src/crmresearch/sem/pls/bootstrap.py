"""Bootstrap of a PLS estimate: batched resamples, percentile and BCa intervals, p-values."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import get_args

import numpy as np
from threadpoolctl import threadpool_limits

from crmresearch.errors import ParameterError
from crmresearch.resampling import (
    DRAWS_PER_SEED,
    bootstrap_counts,
    jackknife_counts,
    require_estimated,
    require_memory,
    require_resamples,
)
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.batch import consistent_admissible, fit_samples
from crmresearch.sem.pls.cautions import cautions_of
from crmresearch.sem.pls.limits import Jackknife, bca_limits, percentile_limits
from crmresearch.sem.pls.quantities import Quantity
from crmresearch.sem.pls.result import Interval, PlsEstimate, Resampling

CHUNK = 250  # resamples per batch; 100 and 500 were slower by a tenth on the ECSI model
JACKKNIFE_LIMIT = 2000  # rows above which BCa deletes groups instead of single rows


def bootstrap(
    estimate: PlsEstimate,
    *,
    resamples: int = 1000,
    seed: int = 1,
    confidence: float = 0.95,
    interval: Interval = "percentile",
    chunk: int = CHUNK,
    workers: int = 1,
    cautions: bool = True,
) -> PlsEstimate:
    """The estimate with standard errors, intervals and p-values from `resamples` resamples of its rows.

    Rows are drawn with equal probability and carry their sampling weights along, and every resample is estimated with
    them: the bootstrap of a sample of one stage drawn with unequal probabilities (Wolter 2007, chapter 5). Where the
    estimate has a sampling design, clusters are drawn within strata in place of rows, n_h − 1 of n_h, and weights
    rescaled (Rao, Wu & Yue 1992); BCa then leaves out clusters.

    The same `seed` gives the same tables for every `chunk` (resamples per batch) and number of `workers`
    (threads). Signs follow the rule of `crmresearch.sem.pls.algorithm.outer_weights` in every resample, so a
    construct never changes direction. Checked against a loop of single fits and against Python seminr 0.2.1 on the
    same resamples.

    Raises ParameterError for fewer than 2 resamples, an impossible confidence level, an unknown interval, a chunk or
    number of workers below 1, and more resamples than the free memory holds; EstimationError when fewer than 2
    resamples can be used.
    """
    resampling = resample(
        estimate,
        estimate.quantities,
        resamples=resamples,
        seed=seed,
        confidence=confidence,
        interval=interval,
        chunk=chunk,
        workers=workers,
    )
    resampled = estimate.replaced(resampling=resampling, cautions=())
    return resampled.replaced(cautions=cautions_of(resampled)) if cautions else resampled


def resample(
    estimate: PlsEstimate,
    quantities: Mapping[str, Quantity],
    *,
    resamples: int,
    seed: int,
    confidence: float,
    interval: Interval,
    chunk: int = CHUNK,
    workers: int = 1,
) -> Resampling:
    """These quantities of the estimate in `resamples` resamples of its rows, as `bootstrap` draws them."""
    require_resamples(resamples, confidence)
    if interval not in get_args(Interval):
        raise ParameterError(f"The interval {interval!r} is not known; use {' or '.join(get_args(Interval))}.")
    if chunk < 1 or workers < 1:
        raise ParameterError(f"chunk ({chunk}) and workers ({workers}) are counts; both are at least 1.")
    kept_of_each = sum(len(quantity.labels) for quantity in quantities.values())
    require_memory(resamples * kept_of_each, f"{resamples:,} resamples of {kept_of_each} numbers")
    counts = bootstrap_counts(estimate.sample.n, resamples, seed, estimate.sample.design)
    replicates, (usable, converged, admissible) = _run(estimate, quantities, counts, chunk, workers)
    kept = {name: values[usable] for name, values in replicates.items()}
    require_estimated(int(usable.sum()), resamples)
    tail = (1 - confidence) / 2
    jackknife = None if interval == "percentile" else _jackknife(estimate, quantities, seed, chunk, workers)
    if jackknife is None:
        limits = {name: percentile_limits(values, tail) for name, values in kept.items()}
    else:
        points = {name: quantity.values(estimate.fits)[0] for name, quantity in quantities.items()}
        limits = {
            name: bca_limits(values, points[name], jackknife.deleted[name], jackknife.share, tail)
            for name, values in kept.items()
        }
    return Resampling(
        resamples=resamples,
        seed=seed,
        confidence=confidence,
        interval=interval,
        failed=int((~usable).sum()),
        unconverged=int((usable & ~converged).sum()),
        inadmissible=int((usable & converged & ~admissible).sum()),
        replicates=kept,
        limits=limits,
        usable=usable,
        jackknife=jackknife,
    )


def _run(
    estimate: PlsEstimate, quantities: Mapping[str, Quantity], counts: Iterable[Floats], chunk: int, workers: int
) -> tuple[dict[str, Floats], np.ndarray]:
    """The quantities, and the flags usable, converged and admissible of the samples with these counts."""

    def fit(rows: Floats) -> tuple[dict[str, Floats], np.ndarray]:
        fits = fit_samples(estimate.sample, rows, estimate.model, estimate.settings)
        with np.errstate(divide="ignore", invalid="ignore"):  # of unusable samples, which are left out
            values = {name: quantity.values(fits) for name, quantity in quantities.items()}
        return values, np.stack([fits.usable, fits.outer.converged, consistent_admissible(fits, estimate.model)])

    chunks = iter(_chunks(counts, chunk))
    parts: list[tuple[dict[str, Floats], np.ndarray]] = []
    # one BLAS thread: the matrices are small, and sums must not depend on the number of threads
    with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
        while batch := list(islice(chunks, workers)):  # as many chunks at a time as there are workers: little memory
            parts += pool.map(fit, batch)
    values = {name: np.concatenate([part[0][name] for part in parts]) for name in quantities}
    return values, np.concatenate([part[1] for part in parts], axis=1)


def _chunks(counts: Iterable[Floats], size: int) -> Iterable[Floats]:
    """The rows of successive count matrices in matrices of `size` rows."""
    rows = chain.from_iterable(counts)
    while part := list(islice(rows, size)):
        yield np.stack(part)


def _jackknife(
    estimate: PlsEstimate, quantities: Mapping[str, Quantity], seed: int, chunk: int, workers: int
) -> Jackknife:
    """The quantities without one row (or a group) each.

    Of clusters within strata the influences enter divided by the clusters of the stratum (Davison & Hinkley 1997,
    section 5.3.2, several samples).
    """
    n, design = estimate.sample.n, estimate.sample.design
    share = np.ones(1)  # strata have their own
    if design is None:
        counts = jackknife_counts(n, n if n <= JACKKNIFE_LIMIT else JACKKNIFE_LIMIT, seed)
    else:
        design = design.coarsened(JACKKNIFE_LIMIT, seed)
        counts, share = design.deleted(DRAWS_PER_SEED), 1 - 1 / design.size
    deleted, (usable, *_) = _run(estimate, quantities, counts, chunk, workers)
    share = np.broadcast_to(share, len(usable))[usable, None]
    return Jackknife({name: values[usable] for name, values in deleted.items()}, share)
