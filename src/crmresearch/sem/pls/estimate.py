"""Estimation of a PLS path model from a survey: the public surface of the engine."""

from collections import Counter
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from crmresearch.data.survey.design import design_of
from crmresearch.data.survey.weights import weights_of
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.models.specification import Specification, product_key
from crmresearch.sem.pls.algorithm import MAX_ITERATIONS, TOLERANCE, Floats, Scheme
from crmresearch.sem.pls.batch import Fits, Metric, Settings, fit_samples, standardised_weights
from crmresearch.sem.pls.cautions import cautions_of
from crmresearch.sem.pls.elimination import COLLINEAR, eigenvalues_exceed
from crmresearch.sem.pls.model import Model, model_arrays
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.result import PlsEstimate


def estimate_pls(
    specification: Specification,
    items: pd.DataFrame,
    *,
    weights: pd.Series | Floats | None = None,
    design: pd.DataFrame | None = None,
    scheme: Scheme = "path",
    metric: Metric = "standardised",
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    cautions: bool = True,
) -> PlsEstimate:
    """Estimate the specification from complete answers.

    `items` (n, ≥ p) holds the specification's items, without missing values (`crmresearch.data.survey.missing` makes
    them so). `weights` are sampling weights of the rows in any unit, a Series by their labels, or (n,): the model is
    then one of weighted means, variances and correlations. `design` (`crmresearch.data.survey.design.design_of`) names
    the strata and clusters in which the rows were drawn; it moves resamples and no estimate. `scheme` is the inner
    weighting: path, factorial or centroid. `metric` "standardised" weighs standardised items; "raw" weighs items in
    their own units, as Tenenhaus et al. (2005) do, and gives no PLSc. `cautions` False leaves out the search for what
    to beware of, which a simulation need not pay for.

    Weights that are whole numbers give what rows repeated as often give, where n does not matter. The divisor n − 1 of
    variances counts rows, not repetitions; only standard deviations, weights and loadings in the raw metric, and
    coefficients per unit of a product of constructs depend on it, and R² adjusted on n.

    Checked against R seminr 2.3.4 (composites, PLSc, mode B), R plspm 0.4.9 and SmartPLS 2 (centroid), Tenenhaus
    et al. (2005, raw metric) and Hair et al. (2021), to the digits each prints.

    Raises ParameterError for an unknown scheme or metric; EstimationError when an item is absent, missing values
    remain, weights are not above 0, the design does not fit the rows, an item does not vary, a mode-B block or the
    predictors of an outcome are exactly collinear, or there are too few rows.
    """
    if scheme not in get_args(Scheme):
        raise ParameterError(f"The inner scheme {scheme!r} is not known; use {', '.join(get_args(Scheme))}.")
    if metric not in get_args(Metric):
        raise ParameterError(f"The metric {metric!r} is not known; use {' or '.join(get_args(Metric))}.")
    X = _matrix(specification, items)
    settings = Settings(scheme, metric, tolerance, max_iterations)
    model = model_arrays(specification)
    _check_mode_b(specification, X)
    sample = Sample(X, weights_of(items, weights), design_of(items, design))
    with threadpool_limits(1):
        fits = fit_samples(sample, np.ones((1, sample.n)), model, settings)
    if not fits.usable[0]:
        _check_predictors(specification, model, fits)
        raise EstimationError(
            f"The weights of theory {specification.theory.key!r} cannot be computed from these answers; look for "
            "items that are copies of one another or almost constant."
        )
    estimate = PlsEstimate(specification, items[specification.items], settings, model, sample, fits)
    return replace(estimate, cautions=cautions_of(estimate)) if cautions else estimate


def _matrix(specification: Specification, items: pd.DataFrame) -> Floats:
    absent = [item for item in specification.items if item not in items]
    if absent:
        raise EstimationError(f"The data has no column for the items {', '.join(absent)}.")
    X = items[specification.items].to_numpy(dtype=np.float64)
    missing = [i for i, bad in zip(specification.items, ~np.isfinite(X).all(axis=0), strict=True) if bad]
    if missing:
        raise EstimationError(
            f"Missing answers remain in {', '.join(missing)}; choose a missing policy (listwise or mean)."
        )
    products = Counter(m.outcome for m in specification.moderations)
    stages = [specification, *([specification.first_stage()] if specification.components else [])]
    smallest = 2 + max(len(one.predictors_of(o)) + products[o] for one in stages for o in one.outcomes)
    if len(X) < smallest:
        raise EstimationError(
            f"{len(X)} complete rows are too few for {specification.theory.key}: the regressions alone need "
            f"{smallest}; use another missing policy or more data."
        )
    constant = [i for i, c in zip(specification.items, np.ptp(X, axis=0) == 0, strict=True) if c]
    if constant:
        raise EstimationError(
            f"Every row has the same answer to {', '.join(constant)}, so it explains nothing; take it out of the "
            "codebook's constructs."
        )
    return X


def _check_mode_b(specification: Specification, X: Floats) -> None:
    for construct in specification.constructs:
        if construct.measurement == "composite_b" and construct.items:
            columns = [specification.items.index(item) for item in construct.items]
            if not eigenvalues_exceed(np.corrcoef(X[:, columns].T)[None], COLLINEAR)[0]:
                raise EstimationError(
                    f"The items of {construct.key} ({', '.join(construct.items)}) determine one another, so mode-B "
                    "weights do not exist; leave one of them out."
                )


def _check_predictors(specification: Specification, model: Model, fits: Fits) -> None:
    products = [product_key(m.predictor, m.moderator) for m in specification.moderations]
    names = np.array([*specification.keys, *products])
    Q = fits.pls.correlations
    for outcome in specification.outcomes:
        x = model.full.predictors(specification.keys.index(outcome))
        _check_apart(Q[:, x[:, None], x], names[x], f"predictors of {outcome}", "paths")
    W = np.nan_to_num(standardised_weights(fits))[0, :, None] * model.full.mask  # stage one alone, where two has none
    Q = (W.T @ fits.moments.correlations[0] @ W)[None]
    for construct in specification.constructs:
        x = np.array([specification.keys.index(part) for part in construct.of], dtype=np.intp)
        _check_apart(Q[:, x[:, None], x], names[x], f"components of {construct.key}", "weights")


def _check_apart(among: Floats, names: np.ndarray, of: str, them: str) -> None:
    if np.isfinite(among).all() and not eigenvalues_exceed(among, COLLINEAR)[0]:
        raise EstimationError(
            f"The scores of the {of} ({', '.join(names)}) determine one another, so their {them} do not exist; leave "
            "one of them out, or look for items that are copies."
        )
