"""What a function of the front door is asked about: an estimate, or a model with the answers to estimate it from."""

from typing import Any, TypeAlias

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.errors import ParameterError
from crmresearch.front.surveys import bootstrap, estimate_cbsem, estimate_pls
from crmresearch.models.specification import Specification
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls.result import PlsEstimate

Answers: TypeAlias = pd.DataFrame | Survey | None
Model: TypeAlias = PlsEstimate | Specification | str


def estimated(of: object, data: Answers, name: str, **options: Any) -> PlsEstimate | CbEstimate:
    """The estimate itself, or the PLS estimate of a model (or its text) from `data`, by the options of `estimate_pls`.

    Raises ParameterError for another object, a model without data, and data or options beside an estimate.
    """
    if isinstance(of, PlsEstimate | CbEstimate):
        if data is not None or options:
            extra = ", ".join(["data"] * (data is not None) + list(options))
            raise ParameterError(f"{name} of an estimate takes no {extra}; pass them with a model, to be estimated.")
        return of
    return estimate_pls(_model(of, name), _answers(data, name), **options)


def _model(of: object, name: str) -> Specification | str:
    if not isinstance(of, Specification | str):
        raise ParameterError(f"{name} is of an estimate, or of a model and its data, not of a {type(of).__name__}.")
    return of


def _answers(data: object, name: str) -> pd.DataFrame | Survey:
    if not isinstance(data, pd.DataFrame | Survey):
        raise ParameterError(f"{name} of a model needs its data; pass a frame with its items, or a survey.")
    return data


def least_squares(of: object, data: Answers, name: str, **options: Any) -> PlsEstimate:
    """The same where only PLS will do."""
    found = estimated(of, data, name, **options)
    if isinstance(found, CbEstimate):
        raise ParameterError(f"{name} is of a PLS estimate, not of a covariance structure; use estimate_pls.")
    return found


def structure(of: object, data: Answers, name: str, **options: Any) -> CbEstimate:
    """The same where only a covariance structure will do, `options` those of `estimate_cbsem`."""
    if isinstance(of, Specification | str):
        return estimate_cbsem(of, _answers(data, name), **options)
    found = estimated(of, data, name, **options)
    if not isinstance(found, CbEstimate):
        raise ParameterError(f"{name} is not of a PLS estimate; pass what estimate_cbsem returned, or a model.")
    return found


def resampled(estimate: PlsEstimate, resamples: int, seed: int, confidence: float = 0.95) -> PlsEstimate:
    """The estimate with its resamples, drawn where it has none."""
    if estimate.resampling is not None:
        return estimate
    return bootstrap(estimate, resamples=resamples, seed=seed, confidence=confidence)
