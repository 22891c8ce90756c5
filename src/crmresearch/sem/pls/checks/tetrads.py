"""Is a construct the common cause of its items? Confirmatory tetrad analysis: what one factor leaves must vanish.

Under one common factor s_gh s_ij = s_gi s_hj for any four items; the difference is a tetrad. Sources: Bollen & Ting
(2000), Psychological Methods 5, 3–22; Gudergan, Ringle, Wende & Will (2008), Journal of Business Research 61,
1238–1249 (in PLS).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from crmresearch.resampling import bootstrap_counts, one_thread, require_resamples
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.result import PlsEstimate

ROUNDING = 1e-13  # relative difference of two products that are one
FEWEST = 4  # items; three are fitted by one factor whatever they are
TETRADS = ["construct", "tetrad", "estimate", "bias", "se", "t", "ci_lower", "ci_upper", "p_value", "vanishes"]
CONSTRUCTS = ["construct", "measurement", "items", "tetrads", "rejected", "p_value", "verdict"]


class Tetrads(NamedTuple):
    """What `tetrads` found: a row a construct and a row a tetrad."""

    constructs: pd.DataFrame
    tetrads: pd.DataFrame


def nonredundant_tetrads(m: int) -> NDArray[np.intp]:
    """Positions g, h, i, j (m(m − 3)/2, 4) of tetrads of m items of which none follows from the others.

    t(1,2,3,j) and t(1,2,j,3) for j ≥ 4, then t(1,2,j,k) for 4 ≤ j < k: each says of one covariance that those of item
    1, and s_23, determine it, so that all three tetrads of every four items vanish where these do. Other choices are as
    good and may decide otherwise in a sample; this one depends on the order of the items.

    >>> nonredundant_tetrads(4).tolist(), len(nonredundant_tetrads(5))
    ([[0, 1, 2, 3], [0, 1, 3, 2]], 5)
    """
    later = range(3, m)
    of_three = [row for j in later for row in ((0, 1, 2, j), (0, 1, j, 2))]
    of_two = [(0, 1, j, k) for j in later for k in range(j + 1, m)]
    return np.array([*of_three, *of_two], dtype=np.intp).reshape(-1, 4)


def tetrad_values(S: Floats, positions: NDArray[np.intp]) -> Floats:
    """Tetrads (…, t) of covariances S (…, m, m) at positions (t, 4): t(g,h,i,j) = s_gh s_ij − s_gi s_hj."""
    g, h, i, j = positions.T
    first, second = S[..., g, h] * S[..., i, j], S[..., g, i] * S[..., h, j]
    rounding = ROUNDING * (np.abs(first) + np.abs(second))  # of copies of one item nothing else is left
    return np.where(np.abs(first - second) <= rounding, 0.0, first - second)


def bootstrap_tetrads(sample: Sample, positions: NDArray[np.intp], resamples: int, seed: int) -> Floats:
    """The tetrads (resamples, t) of the items of `sample` in its resamples: one product for all their covariances."""
    parts = []
    for counts in bootstrap_counts(sample.n, resamples, seed, sample.design):
        covariances = sample.moments(counts * sample.weights).covariances
        parts.append(tetrad_values(np.nan_to_num(covariances), positions))  # 0 where an item does not vary
    return np.concatenate(parts)


@one_thread
def tetrads(estimate: PlsEstimate, *, resamples: int = 5000, seed: int = 1, confidence: float = 0.95) -> Tetrads:
    """Whether the items of every construct may have one common cause: `constructs` and `tetrads`.

    The tetrads are those of covariances (divisor n − 1) of the items as answered, m(m − 3)/2 of m items
    (`nonredundant_tetrads`). With bias b = mean over resamples − estimate, intervals are

        estimate − b ∓ z(1 − α/2T) se

    for the T tetrads of the construct (Bonferroni), as Gudergan et al. (2008) have them; p_value is T times that of
    (estimate − b)/se, at most 1. A tetrad `vanishes` where its interval holds 0; t = estimate / se.

    `constructs`: items, tetrads, how many are rejected, the least p_value, and the verdict: `reflective` (one common
    factor is not rejected, which is no proof of it), `rejected` (at least one tetrad does not vanish: the items have
    not one common cause, and a composite describes them better), `few_items` below four. The mode by which a construct
    is weighted does not matter to the test. Constructs of second order have no items and no row. Sampling weights and
    the design are used as in `bootstrap`.

    Checked against R on the same resamples to 10 digits. R seminrExtras 1.0.3 tests 2 of the 3 tetrads of every four
    items: 10 instead of 5 of five, whose correction is too strict.
    """
    require_resamples(resamples, confidence)
    items = estimate.items.to_numpy(dtype=np.float64)
    whole, rows, told = estimate.sample, [], []
    for j, construct in enumerate(estimate.specification.constructs):
        if construct.of:
            continue
        m = len(construct.items)
        positions = nonredundant_tetrads(m)
        verdict, rejected, least = "few_items", 0, np.nan
        if m >= FEWEST:
            block = items[:, estimate.model.main.block(j)]
            sample = Sample(block, whole.weights if whole.weighted else None, whole.design)
            point = tetrad_values(sample.moments(whole.weights[None]).covariances[0], positions)
            found = vanishing(point, bootstrap_tetrads(sample, positions, resamples, seed), confidence)
            names = [f"t({','.join(construct.items[i] for i in four)})" for four in positions]
            rows.append(found.assign(construct=construct.key, tetrad=names))
            rejected, least = int((~found["vanishes"]).sum()), float(found["p_value"].min())
            verdict = "rejected" if rejected else "reflective"
        told.append((construct.key, construct.measurement, m, len(positions), rejected, least, verdict))
    table = pd.concat(rows, ignore_index=True)[TETRADS] if rows else pd.DataFrame(columns=TETRADS)
    return Tetrads(pd.DataFrame(told, columns=CONSTRUCTS), table)


def vanishing(point: Floats, drawn: Floats, confidence: float) -> pd.DataFrame:
    """Bias-corrected intervals of the T tetrads (T,) of one construct from resamples (B, T), by Bonferroni."""
    count = len(point)
    bias, se = drawn.mean(axis=0) - point, drawn.std(axis=0, ddof=1)
    wide = ndtri(1 - (1 - confidence) / (2 * count)) * se
    lower, upper = point - bias - wide, point - bias + wide
    with np.errstate(divide="ignore", invalid="ignore"):  # copies have tetrads of 0 in every resample
        t, z = np.nan_to_num(point / se), np.nan_to_num(np.abs(point - bias) / se)
    columns = {"estimate": point, "bias": bias, "se": se, "t": t, "ci_lower": lower, "ci_upper": upper}
    p = np.minimum(1.0, 2 * count * ndtr(-z))
    return pd.DataFrame(columns).assign(p_value=p, vanishes=(lower <= 0) & (upper >= 0))
