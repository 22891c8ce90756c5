"""What a function of the front door is asked about: an estimate, or a model with the answers to estimate it from."""

from typing import Any, TypeAlias

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.errors import ParameterError
from crmresearch.front.surveys import bootstrap, estimate_pls
from crmresearch.models.specification import Specification
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls.result import PlsEstimate

Answers: TypeAlias = pd.DataFrame | Survey | None


def estimated(of: object, data: Answers, name: str, **options: Any) -> PlsEstimate | CbEstimate:
    """The estimate itself, or the PLS estimate of a model (or its text) from `data`, by the options of `estimate_pls`.

    Raises ParameterError for another object, a model without data, and data or options beside an estimate.
    """
    if isinstance(of, PlsEstimate | CbEstimate):
        if data is not None or options:
            extra = ", ".join(["data"] * (data is not None) + list(options))
            raise ParameterError(f"{name} of an estimate takes no {extra}; pass them with a model, to be estimated.")
        return of
    if not isinstance(of, Specification | str):
        raise ParameterError(f"{name} is of an estimate, or of a model and its data, not of a {type(of).__name__}.")
    if data is None:
        raise ParameterError(f"{name} of a model needs its data; pass a frame with its items, or a survey.")
    return estimate_pls(of, data, **options)


def least_squares(of: object, data: Answers, name: str, **options: Any) -> PlsEstimate:
    """The same where only PLS will do."""
    found = estimated(of, data, name, **options)
    if isinstance(found, CbEstimate):
        raise ParameterError(f"{name} is of a PLS estimate, not of a covariance structure; use estimate_pls.")
    return found


def resampled(estimate: PlsEstimate, resamples: int, seed: int) -> PlsEstimate:
    """The estimate with its resamples, drawn where it has none."""
    return estimate if estimate.resampling is not None else bootstrap(estimate, resamples=resamples, seed=seed)
