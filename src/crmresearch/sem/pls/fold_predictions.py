"""What a model trained without some rows says of every row: the scores and items it predicts, fold by fold."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.errors import EstimationError
from crmresearch.models.specification import Specification
from crmresearch.resampling import DRAWS_PER_SEED
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.batch import Fits, Settings, composites, fit_samples, model_arrays, standardised_weights
from crmresearch.sem.pls.moments import Sample


class Trained(NamedTuple):
    """One fold: which rows it `held` out (n,), and what the model trained on the others makes of all n rows.

    `scores` (n, k + q): composites from rows standardised by means and deviations of the training rows, products of
    moderations behind them; `paths` (k + q, k + q) at [predictor, outcome]; `slopes` (p,) and `means` (p,): an item is
    expected at mean + slope · score of its construct.
    """

    held: NDArray[np.bool_]
    scores: Floats
    paths: Floats
    slopes: Floats
    means: Floats


def trained_without(
    specification: Specification, sample: Sample, settings: Settings, labels: NDArray[np.intp]
) -> Iterator[Trained]:
    """The model trained without each fold in turn, folds in batches; weights of rows are used in training.

    Raises EstimationError where the rows outside a fold do not do for the model.
    """
    model = model_arrays(specification)
    plain = model_arrays(specification.without_moderation()) if model.products else model
    k, p = model.constructs, sample.p
    X = sample.rows + sample.shift
    number = labels.max() + 1
    for start in range(0, number, DRAWS_PER_SEED):
        batch = np.arange(start, min(start + DRAWS_PER_SEED, number))
        counts = (labels != batch[:, None]).astype(np.float64)
        fits = fit_samples(sample, counts, model, settings)
        first = fit_samples(sample, counts, plain, settings) if model.products else fits
        if not (fits.usable & first.usable).all():
            bad = batch[~(fits.usable & first.usable)][0]
            raise EstimationError(
                f"The model cannot be estimated without the {int((labels == bad).sum())} rows of fold {bad + 1}: an "
                "item does not vary in the others, or some determine one another; ask for other folds, or leave items "
                "out."
            )
        W, V = (composites(standardised_weights(one)[:, :p], one.pls.paths, model) for one in (fits, first))
        slopes = _slopes(fits, settings)
        moments = fits.moments
        for b, fold in enumerate(batch):
            Z = (X - moments.means[b, :p]) / moments.deviations[b, :p]
            scores = Z @ W[b]
            if model.products:
                early = Z @ V[b]
                pairs = np.stack([early[:, i] * early[:, j] for i, j in model.products], axis=1)
                products = (pairs - moments.means[b, p:]) / moments.deviations[b, p:]
                scores = np.concatenate([scores[:, :k], products], axis=1)
            yield Trained(labels == fold, scores, fits.pls.paths[b], slopes[b, :p], moments.means[b, :p])


def _slopes(fits: Fits, settings: Settings) -> Floats:
    """Change of an item, in its own units, with one standard deviation of its construct's score."""
    return fits.pls.loadings if settings.metric == "raw" else fits.pls.loadings * fits.moments.deviations
