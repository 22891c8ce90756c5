"""Moderation by the two-stage approach: the product of two composites becomes the single item of a new construct.

Stage one estimates the main effects; stage two adds the product of the standardised scores of predictor and
moderator (Chin, Marcolin & Newsted 2003; Henseler & Chin 2010, Structural Equation Modeling 17, 82–109). The
coefficient is reported per unit of the product, so that it is the change of the moderated path when the
moderator rises by one standard deviation.
"""

from typing import NamedTuple

import numpy as np

from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.moments import Moments, Sample


class Products(NamedTuple):
    """Moments with one product appended per moderation, and the products' standard deviations (B, q)."""

    moments: Moments
    deviations: Floats


def with_products(
    sample: Sample,
    counts: Floats,
    moments: Moments,
    composites: Floats,
    factors: list[tuple[int, int]],
) -> Products:
    """Append the products of composites to the moments of B samples.

    composites (B, p, k) are the weights of standardised items; factors lists (predictor, moderator) positions.
    Products of products take no further factors, so their mutual correlations come from the same scores.
    """
    size = counts.sum(axis=1)
    per_item = composites / moments.deviations[:, :, None]
    offset = ((moments.means - sample.shift)[:, None, :] @ per_item)[:, 0, :]
    products, means, deviations = [], [], []
    for predictor, moderator in factors:
        first = sample.rows @ per_item[:, :, predictor].T - offset[:, predictor]
        second = sample.rows @ per_item[:, :, moderator].T - offset[:, moderator]
        product = first * second
        mean = (counts.T * product).sum(axis=0) / size
        centred = product - mean
        products.append(centred)
        means.append(mean)
        variance = (counts.T * centred**2).sum(axis=0) / (size - 1)
        # scores have variance 1: what is this small is rounding of a product that does not vary
        deviations.append(np.sqrt(np.where(variance <= 1e-12 * (1 + mean**2), np.nan, variance)))
    p, q = sample.p, len(factors)
    R = np.empty((len(counts), p + q, p + q))
    R[:, :p, :p] = moments.correlations
    for a, (centred, deviation) in enumerate(zip(products, deviations, strict=True)):
        weighted = counts.T * centred / (deviation * (size - 1))
        R[:, :p, p + a] = R[:, p + a, :p] = (sample.rows.T @ weighted).T / moments.deviations
        for b in range(q):
            R[:, p + a, p + b] = (weighted * products[b]).sum(axis=0) / deviations[b]
    spread = np.stack(deviations, axis=1)
    return Products(
        Moments(
            np.concatenate([moments.means, np.stack(means, axis=1)], axis=1),
            np.concatenate([moments.deviations, spread], axis=1),
            R,
        ),
        spread,
    )
