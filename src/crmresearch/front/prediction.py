"""Prediction from the front door: how well a model foresees respondents it has not seen, and better than which."""

from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.front.estimates import Answers, Model, least_squares
from crmresearch.front.surveys import _weights
from crmresearch.models.lavaan import model as read_model
from crmresearch.sem.pls.prediction import cvpat as test
from crmresearch.sem.pls.prediction import plspredict as engine
from crmresearch.sem.pls.prediction.folds import Folds
from crmresearch.sem.pls.prediction.held_out import Antecedents
from crmresearch.sem.pls.prediction.plspredict import Prediction
from crmresearch.sem.pls.result import PlsEstimate


def plspredict(
    model: Model,
    data: Answers = None,
    *,
    folds: Folds = 10,
    repeats: int = 1,
    seed: int = 1,
    antecedents: Antecedents = "earliest",
    **options: Any,
) -> Prediction:
    """How well a model foresees respondents held out: `.items` a row an item of outcomes, `.constructs` the verdicts.

    `model`: a PLS estimate, or a model with its `data`, `options` those of `estimate_pls`. `folds`: how many, or
    one label a row (n,); `repeats` of dealing them by chance from `seed`, over which forecasts are averaged.
    `antecedents`: outcomes follow from exogenous constructs alone ("earliest") or from their "direct" antecedents.
    Columns of `.items`: item, rmse, mae, q2_predict, then rmse_linear and mae_linear of the linear model of the
    exogenous items, rmse_mean and mae_mean of the averages of the rows learned from, in units of the item.
    `.constructs` has the predictive power in words: high, medium, low, none. `missing="mean"` fills gaps within the
    rows learned from, so that nothing of the rows held out is known; an estimate from rows filled before has seen
    their means. `.cautions` tells what to beware of. Formulas: `crmresearch.sem.pls.prediction.plspredict`. Source:
    Shmueli et al. (2019), European Journal of Marketing 53, 2322–2347. Raises ParameterError for impossible folds or
    options, EstimationError where nothing can be foreseen.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "qua =~ PERQ1 + PERQ2\\nsat =~ CUSA1 + CUSA2 + CUSA3\\nsat ~ qua"
    >>> found = crm.plspredict(crm.estimate_pls(text, survey), folds=10, seed=1)
    >>> list(found.items)
    ['item', 'rmse', 'mae', 'q2_predict', 'rmse_linear', 'mae_linear', 'rmse_mean', 'mae_mean']
    >>> bool((found.items["q2_predict"] > 0).all())
    True
    """
    how = {"repeats": repeats, "seed": seed, "antecedents": antecedents}
    return _held_out(model, data, "plspredict", folds, how, options)


def cvpat(
    first: Model,
    second: Model | None = None,
    data: Answers = None,
    *,
    folds: Folds = 10,
    repeats: int = 1,
    seed: int = 1,
    antecedents: Antecedents = "earliest",
    resamples: int = 1000,
    confidence: float = 0.95,
    **options: Any,
) -> pd.DataFrame:
    """Whether a model foresees better than averages and a linear model, or than another, beyond chance: a row each.

    `first`, `second`: PLS estimates of the same rows, or models with their `data` and `options` of `estimate_pls`; both
    are held out on the same folds. Without `second` the first is held against the averages (mean) and the linear model
    of the exogenous items (linear). `folds`, `repeats`, `seed` and `antecedents` as of `plspredict`. Columns against,
    construct (and overall), rows, loss (mean squared error of its items), loss_against, difference (below 0: the first
    foresees better), se, ci_lower, ci_upper at `confidence`, t, df, p_value, p_bootstrap over `resamples`. `cautions`
    of the frame tells what to beware of, of the models, the folds and the losses. Formulas:
    `crmresearch.sem.pls.prediction.cvpat`. Source: Liengaard et al. (2021), Decision Sciences 52, 362–392. Raises
    ParameterError for impossible folds or options and for other rows, SpecificationError for models that share no
    outcome.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "qua =~ PERQ1 + PERQ2\\nsat =~ CUSA1 + CUSA2 + CUSA3\\nsat ~ qua"
    >>> found = crm.cvpat(crm.estimate_pls(text, survey))
    >>> found.loc[found["construct"] == "overall", "against"].tolist()
    ['mean', 'linear']
    """
    how = {"repeats": repeats, "seed": seed, "antecedents": antecedents}
    if data is not None and second is not None and options.get("missing") == "listwise":
        data, options, folds = _complete_in_both(first, second, data, options, folds)
    one = _held_out(first, data if _is_model(first) else None, "cvpat", folds, how, options if _is_model(first) else {})
    other = None
    if second is not None:
        given = (data, options) if _is_model(second) else (None, {})
        other = _held_out(second, given[0], "cvpat", folds, how, given[1])
    return test.cvpat(one, other, resamples=resamples, seed=seed, confidence=confidence)


def _is_model(of: object) -> bool:
    return not isinstance(of, PlsEstimate)


def _held_out(
    model: Model, data: Answers, name: str, folds: Folds, how: dict[str, Any], options: dict[str, Any]
) -> Prediction:
    estimate = least_squares(model, data, name, **options)
    answers = None
    if data is not None:
        frame = _frame(data)
        folds = _labelled(frame, folds)
        answers = frame[estimate.specification.items].astype(np.float64) if options.get("missing") == "mean" else None
    return engine.plspredict(estimate, folds, **how, answers=answers)


def _frame(data: pd.DataFrame | Survey) -> pd.DataFrame:
    return data.items if isinstance(data, Survey) else data


def _labelled(frame: pd.DataFrame, folds: Folds) -> Folds:
    """Labels of the rows that came in with their names, so that rows may be left out."""
    if isinstance(folds, int | np.integer | pd.Series) or len(np.ravel(folds)) != len(frame):
        return folds
    return pd.Series(np.ravel(folds), frame.index)


def _complete_in_both(
    first: Model, second: Model, data: pd.DataFrame | Survey, options: dict[str, Any], folds: Folds
) -> tuple[pd.DataFrame, dict[str, Any], Folds]:
    """The rows without a gap in the items of either model, with their weights, design and folds."""
    frame = _frame(data)
    models = [read_model(of) if isinstance(of, str) else of for of in (first, second)]
    specifications = [of.specification if isinstance(of, PlsEstimate) else of for of in models]
    items = [item for item in dict.fromkeys(i for spec in specifications for i in spec.items) if item in frame]
    weights = _weights(data, options.get("weights"))
    design = data.design if options.get("design") is None and isinstance(data, Survey) else options.get("design")
    return frame.dropna(subset=items), {**options, "weights": weights, "design": design}, _labelled(frame, folds)
