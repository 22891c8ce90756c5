"""Estimation of a covariance structure from a survey: the public surface of the engine."""

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from crmresearch.data.survey.design import design_of
from crmresearch.data.survey.weights import weights_of
from crmresearch.errors import EstimationError
from crmresearch.models.specification import Specification
from crmresearch.sem.covariance.direction import pointing_with_items
from crmresearch.sem.covariance.full_information import estimate_full_information, sample_patterns, units_of
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate, observed_hessian
from crmresearch.sem.covariance.likelihood.minimise import Minimum, minimise
from crmresearch.sem.covariance.likelihood.ram import Ram
from crmresearch.sem.covariance.likelihood.saturated import SINGULAR
from crmresearch.sem.covariance.model import build_ram, covariance_part
from crmresearch.sem.covariance.result import CbEstimate, Errors
from crmresearch.sem.covariance.robust import inverse_or_nan, sandwich
from crmresearch.sem.covariance.semopy_start import SemopyFit, semopy_fit
from crmresearch.sem.pls.algorithm import Floats


def estimate_cbsem(
    specification: Specification,
    items: pd.DataFrame,
    *,
    weights: pd.Series | Floats | None = None,
    design: pd.DataFrame | None = None,
    full_information: bool = False,
    errors: Errors = "standard",
    confidence: float = 0.95,
) -> CbEstimate:
    """Maximum likelihood estimate of the specification as a covariance structure.

    Constructs of several items are common factors, of one item that item itself; composites and moderations are
    left out. A factor is in units of its first item, whose loading is 1, or −1 where most of its items point the other
    way (`crmresearch.sem.covariance.direction`). With `full_information` the rows may have holes (FIML), and the means
    are part of the model; rows without any answer are left out. `errors` "robust" gives the sandwich errors of MLR.

    `weights` are sampling weights of the rows in any unit, a Series by their labels, or (n,): the likelihood is then
    one of weighted moments, with and without holes, and errors and χ² are always robust, because errors that take n
    weighted rows for n equal ones are wrong (lavaan's sampling.weights with MLR). So are they with a `design`
    (`crmresearch.data.survey.design.design_of`), whose strata and clusters enter errors, χ² and resamples and move no
    estimate.

    With complete answers semopy estimates first and the engine of this package starts there; a difference of more than
    .001 standard errors is a caution. Standard errors come from the expected information, with holes from the observed.
    Checked against lavaan 0.7-dev and 0.6-14 (ML, MLR, FIML, sampling.weights: estimates, errors, standardised, fit).

    Raises EstimationError for weights that are not above 0, a design that does not fit the rows, missing answers
    without `full_information`, too few rows, items without variance or that are sums of others, constructs of second
    order, or no paths.
    """
    if wholes := [c.key for c in specification.constructs if c.of]:
        raise EstimationError(
            f"The theory {specification.theory.key!r} makes composites of constructs ({', '.join(wholes)}), and the "
            "common factors of a covariance structure know none; the first-order theory has one."
        )
    measurement, regressions, left_out = covariance_part(specification)
    if not regressions:
        raise EstimationError(
            f"Without its composites ({', '.join(left_out)}) the theory {specification.theory.key!r} has no path left, "
            "so there is no covariance structure to estimate."
        )
    kept = [item for c in specification.constructs if c.key not in left_out for item in c.items]
    units = units_of(items[kept])
    items = items[kept] / units
    w = weights_of(items, weights)
    means, S = _start_moments(items, w)
    for item in kept:
        if not S.loc[item, item] > 0:
            raise EstimationError(f"Item {item!r} has one and the same answer in all rows. Leave it out.")
    ram = build_ram(S, measurement, regressions, means=means if full_information else None)
    X = items[list(ram.observed)]
    if full_information:
        X = X.dropna(how="all")
    elif X.isna().to_numpy().any():
        raise EstimationError("Missing answers remain; choose a missing policy (listwise, mean or fiml).")
    n, p = X.shape
    if n <= p:
        raise EstimationError(f"{n} rows are too few for the covariances of {p} items; at least {p + 1} are needed.")
    answers = X.to_numpy(dtype=np.float64)
    if w is not None:
        w = weights_of(X, pd.Series(w, items.index))
    drawn = design_of(X, design)
    errors = errors if w is None and drawn is None else "robust"
    if not full_information and np.linalg.eigvalsh(np.corrcoef(answers.T))[0] < SINGULAR:
        raise EstimationError("Some item is a sum of others, so there is no likelihood to maximise. Leave it out.")
    with threadpool_limits(1):
        patterns = sample_patterns(ram, answers, weights=w)
        full = estimate_full_information(ram, patterns) if full_information else None
        first = None if full_information else semopy_fit(ram, X, w)
        minimum = full.minimum if full is not None else _from_semopy(ram, patterns, first)
        if full is None:
            information = n / 2 * evaluate(ram, minimum.theta, patterns, observed_too=False).expected[0]
        else:
            information = n / 2 * observed_hessian(ram, minimum.theta[0], patterns)
        covariance = (
            inverse_or_nan(information)
            if errors == "standard"
            else sandwich(ram, minimum.theta[0], answers, weights=w, design=drawn).covariance
        )
    estimate = CbEstimate(
        specification=specification,
        ram=ram,
        minimum=minimum,
        answers=answers,
        units=units,
        covariance=covariance,
        information=information,
        regressions=regressions,
        left_out=tuple(left_out),
        confidence=confidence,
        errors=errors,
        semopy=first,
        full_information=full,
        weights=w,
        design=drawn,
    )
    return pointing_with_items(estimate)


def _start_moments(items: pd.DataFrame, weights: Floats | None) -> tuple[pd.Series, pd.DataFrame]:
    """Means and covariances, divisor n, of all answers there are: start values."""
    if weights is None:
        return items.mean(), items.cov(ddof=0)
    answered = items.notna().astype(np.float64)
    of_each = answered.mul(weights, axis=0)
    means = (items * of_each).sum() / of_each.sum()
    deviations = (items - means).fillna(0.0)
    return means, (deviations.T @ deviations.mul(weights, axis=0)) / (answered.T @ of_each)


def _from_semopy(ram: Ram, patterns: list[Pattern], first: SemopyFit | None) -> Minimum:
    """Our minimum from semopy's estimate, or from the start values when that leads nowhere."""
    if first is not None:
        minimum = minimise(ram, patterns, first.theta[None])
        if minimum.converged()[0]:
            return minimum
    return minimise(ram, patterns, ram.start[None])
