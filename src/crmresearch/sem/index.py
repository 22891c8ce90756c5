"""The 0–100 index of every construct, as the American Customer Satisfaction Index forms it."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.caution import Caution
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.result import INTERVAL, PlsEstimate, Resampling

Wholes = Callable[[Floats], Floats]


def index_of(
    weights: Floats, means: Floats, deviations: Floats, bounds: Floats, mask: Floats, wholes: Wholes | None = None
) -> Floats:
    """Index (batch, k) from standardised weights, means and standard deviations (batch, p) of the items.

    bounds (p, 2) are the ends of the scales, mask (p, k) the membership. Items are rescaled to 0–100 first; with
    w̃ = w / sd of the rescaled item, the index is Σ w̃ x̄ / Σ w̃. `wholes` adds to a sum of a construct of second order
    those of its components.
    """
    span = bounds[:, 1] - bounds[:, 0]
    rescaled = 100 * (means - bounds[:, 0]) / span
    raw = weights / (100 * deviations / span)
    sums, of_weights = (raw * rescaled) @ mask, raw @ mask
    return sums / of_weights if wholes is None else wholes(sums) / wholes(of_weights)


def _wholes(estimate: PlsEstimate, of_parts: Mapping[str, Floats]) -> Wholes | None:
    """Adds to constructs of second order what their components hold, by the weights of these; None without such."""
    stages = estimate.model.stages
    return None if stages is None else partial(stages.with_wholes, weights=of_parts["component_weights/pls"])


def index_draws(estimate: PlsEstimate, bounds: pd.DataFrame, rows: NDArray[np.bool_] | None = None) -> Floats:
    """Index of every construct in every resample, (constructs, resamples), of `rows` (n,) or all; none before one."""
    spec, boot = estimate.specification, estimate.resampling
    if boot is None:
        return np.empty((len(spec.keys), 0))
    drawn, limits = boot.replicates, bounds.loc[spec.items, ["min", "max"]].to_numpy(dtype=np.float64)
    weights, means, deviations = (drawn[f"{name}/pls"] for name in ("standardized_weights", "means", "deviations"))
    if rows is not None:
        means = np.concatenate([_means(estimate, part, rows) for part in _counts(estimate, boot, rows)])[boot.usable]
    return index_of(weights, means, deviations, limits, estimate.model.main.mask, _wholes(estimate, drawn)).T


def construct_index(
    estimate: PlsEstimate, bounds: pd.DataFrame, rows: NDArray[np.bool_] | None = None
) -> tuple[pd.DataFrame, list[Caution]]:
    """The index of every construct with its bootstrap interval, and a caution per refused index.

    `bounds` has one row an item with columns min and max. Columns: estimator, group, construct, estimate, se,
    ci_lower, ci_upper (percentile). An index is refused (NaN) when an item has a negative weight: a mean that
    rewards a worse answer is no index; mode-B composites meet this most often, of constructs as of items. The interval
    of an index that is given runs over all resamples: leaving out those in which a weight happens to fall below 0 would
    cut its tail.
    With `rows` (n,) it is the index of these respondents, their items weighed as everybody's, in every resample too.
    Source: Fornell et al. (1996), Journal of Marketing 60(4), 7–18; Anderson & Fornell (2000).
    """
    spec = estimate.specification
    limits = bounds.loc[spec.items, ["min", "max"]].to_numpy(dtype=np.float64)
    mask = estimate.model.main.mask
    weights, means, deviations = "standardized_weights/pls", "means/pls", "deviations/pls"
    one = np.ones((1, estimate.sample.n if rows is None else int(rows.sum())))
    of_rows = estimate.values(means)[None] if rows is None else _means(estimate, one, rows)
    parts = {name: estimate.values(name)[None] for name in estimate.quantities if name == "component_weights/pls"}
    given = (estimate.values(weights)[None], of_rows, estimate.values(deviations)[None])
    point = index_of(*given, limits, mask, _wholes(estimate, parts))[0]
    negative = (estimate.composites < 0).any(axis=0)
    point = np.where(negative, np.nan, point)
    frame = pd.DataFrame({"estimator": "pls", "group": "all", "construct": spec.keys, "estimate": point})
    for column in INTERVAL[:3]:
        frame[column] = np.nan
    boot = estimate.resampling
    if boot is not None:
        values = index_draws(estimate, bounds, rows).T
        tail = (1 - boot.confidence) / 2
        for j in np.flatnonzero(np.isfinite(point)):
            defined = values[np.isfinite(values[:, j]), j]
            if len(defined) > 1:
                frame.loc[j, "se"] = defined.std(ddof=1)
                frame.loc[j, ["ci_lower", "ci_upper"]] = np.quantile(defined, [tail, 1 - tail])
    against = {
        key: [item for item, weight in zip(spec.items, column, strict=True) if weight < 0]
        for key, column in zip(spec.keys, estimate.composites.T, strict=True)
    }
    refused = [
        Caution("index_refused", "weak", f"index: {key}", {"construct": key, "items": items})
        for key, items in against.items()
        if items
    ]
    return frame, refused


def _counts(estimate: PlsEstimate, boot: Resampling, rows: NDArray[np.bool_]) -> Iterator[Floats]:
    """Counts (≤ 50, chosen rows) of some `rows` (n,) in the resamples of the estimate."""
    n, design = estimate.sample.n, estimate.sample.design
    if design is not None:
        yield from bootstrap_counts(int(rows.sum()), boot.resamples, boot.seed, design.rows(rows))
    else:
        yield from (part[:, rows] for part in bootstrap_counts(n, boot.resamples, boot.seed))


def _means(estimate: PlsEstimate, counts: Floats, rows: NDArray[np.bool_]) -> Floats:
    """Means (B, p) of items over some `rows` (n,) of samples that repeat these `counts` times; NaN of none."""
    sample = estimate.sample
    weights = counts * sample.weights[rows]
    with np.errstate(invalid="ignore"):
        return np.asarray(weights @ sample.rows[rows] / weights.sum(axis=1, keepdims=True) + sample.shift)
