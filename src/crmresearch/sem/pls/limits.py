"""Limits of bootstrap intervals: percentiles of the resamples, and BCa, which moves them by bias and acceleration."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from crmresearch.sem.pls.algorithm import Floats


class Jackknife(NamedTuple):
    """Quantities in samples that lack a row, a group or a cluster each: `deleted[name]` (samples, rows).

    `share` (samples, 1): of the influence of what is left out in that of the statistic, up to a constant.
    """

    deleted: dict[str, Floats]
    share: Floats


def percentile_limits(values: Floats, tail: float) -> tuple[Floats, Floats]:
    """The `tail` and 1 − `tail` quantiles (rows,) of `values` (resamples, rows) without NaN; NaN of fewer than two."""
    if len(values) < 2:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    return quantiles(values, np.full((2, values.shape[1]), [[tail], [1 - tail]]))


def bca_limits(values: Floats, point: Floats, deleted: Floats, share: Floats, tail: float) -> tuple[Floats, Floats]:
    """Limits (rows,) of BCa, from `values` (resamples, rows), the estimates `point` (rows,) and the jackknife.

    Quantiles at Φ(z₀ + (z₀ + z) / (1 − a (z₀ + z))): bias z₀ = Φ⁻¹(share of resamples below the estimate, those at it
    counted half); acceleration a = Σ u³ / 6 (Σ u²)^1.5 of the influences u, mean less `deleted` (samples, rows), times
    `share` (samples, 1). Source: Efron (1987), JASA 82, 171–185; Davison & Hinkley (1997), section 5.3.2.
    """
    z = ndtri(np.array([tail, 1 - tail]))[:, None]
    defined = np.maximum(np.isfinite(values).sum(axis=0), 1)
    below = ((values < point).sum(axis=0) + (values <= point).sum(axis=0)) / (2 * defined)
    bias = ndtri(np.clip(below, 0.5 / defined, 1 - 0.5 / defined))
    exists = np.isfinite(deleted)  # PLSc can be undefined in some columns of some samples
    mean = np.where(exists, deleted, 0.0).sum(axis=0) / np.maximum(exists.sum(axis=0), 1)
    deviation = share * np.where(exists, mean - deleted, 0.0)
    spread = (deviation**2).sum(axis=0) ** 1.5
    acceleration = (deviation**3).sum(axis=0) / (6 * np.where(spread > 0, spread, 1.0))
    return quantiles(values, ndtr(bias + (bias + z) / (1 - acceleration * (bias + z))))


def quantiles(values: Floats, levels: Floats) -> tuple[Floats, Floats]:
    """Lower and upper quantile of every column at its own levels (2, rows), leaving out NaN.

    Linear interpolation between order statistics, type 7 of Hyndman & Fan (1996), the default of numpy and R.
    """
    ordered = np.sort(values, axis=0)  # NaN last
    last = np.maximum(np.isfinite(values).sum(axis=0) - 1, 1)
    position = levels * last
    low = np.minimum(np.floor(position).astype(np.intp), last - 1)
    column = np.arange(values.shape[1])
    below, above = ordered[low, column], ordered[low + 1, column]
    limits = below + (position - low) * (above - below)
    return limits[0], limits[1]
