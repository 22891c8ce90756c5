"""Effects of constructs on one another from the front door: along every chain, as mediation, as moderated."""

from typing import Any, TypeAlias

import pandas as pd

from crmresearch.front.estimates import Answers, estimated, least_squares, resampled
from crmresearch.models.specification import Specification
from crmresearch.sem import effects as engine
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls import slopes
from crmresearch.sem.pls.result import PlsEstimate

Model: TypeAlias = PlsEstimate | CbEstimate | Specification | str


def effects(
    model: Model, data: Answers = None, *, resamples: int = 1000, seed: int = 1, **options: Any
) -> pd.DataFrame:
    """Every effect of one construct on another, a row each: direct, specific (along one chain), indirect, total.

    `model`: an estimate of either engine, or a model with the `data` of a PLS estimate, its `options` those of
    `estimate_pls`. Columns estimator, kind, predictor, through (the constructs between), outcome, estimate,
    standardized, se, ci_lower, ci_upper, p_value; of PLS f_squared with its interval, of the path on the scores of the
    model, by Cohen (1988); of covariance structures standardized_se. Intervals of PLS are of its resamples: those of
    the estimate, percentile or BCa, else percentiles of `resamples` drawn with `seed`; of covariance structures they
    follow from the delta method. A row of kind moderation is the product `predictor:moderator`. Formulas:
    `crmresearch.sem.effects`. Raises ParameterError for another object or impossible options.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "qua =~ PERQ1 + PERQ2\\nsat =~ CUSA1 + CUSA2\\nloy =~ CUSL1 + CUSL3\\nsat ~ qua\\nloy ~ sat + qua"
    >>> found = crm.effects(crm.estimate_cbsem(text, survey))
    >>> found[["kind", "predictor", "through", "outcome"]].values.tolist()[3]
    ['specific', 'qua', 'sat', 'loy']
    """
    found = estimated(model, data, "effects", **options)
    return engine.effects_of(resampled(found, resamples, seed) if isinstance(found, PlsEstimate) else found)


def mediation(
    model: Model, data: Answers = None, *, resamples: int = 1000, seed: int = 1, **options: Any
) -> pd.DataFrame:
    """What kind of mediation every indirect effect is, a row each: complementary, competitive, indirect_only, ….

    `model`, `data`, `resamples`, `seed` and `options` as of `effects`. An indirect effect, along one chain (specific)
    or along all between two constructs (indirect), and the direct path between its ends are each beyond chance where
    their interval leaves out 0: `type` is complementary (both, of one sign), competitive (both, of other signs),
    indirect_only, direct_only or no_effect, and untested where the theory has no direct path. Source: Zhao, Lynch &
    Chen (2010), Journal of Consumer Research 37, 197–206. Raises ParameterError as `effects`.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "qua =~ PERQ1 + PERQ2\\nsat =~ CUSA1 + CUSA2\\nloy =~ CUSL1 + CUSL3\\nsat ~ qua\\nloy ~ sat + qua"
    >>> crm.mediation(text, survey, resamples=100).query("estimator == 'pls'")[["through", "type"]].values.tolist()
    [['sat', 'complementary']]
    """
    return engine.mediation_of(effects(model, data, resamples=resamples, seed=seed, **options))


def simple_slopes(
    model: Model, data: Answers = None, *, resamples: int = 1000, seed: int = 1, **options: Any
) -> pd.DataFrame:
    """Every moderated path where its moderator is low, at its mean and high: a row a value.

    `model`, `data`, `resamples`, `seed` and `options` as of `effects`; moderation is of PLS alone. Columns estimator,
    moderator, predictor, outcome, at (−1, 0, 1 standard deviations of the moderator), estimate (standardised), se,
    ci_lower, ci_upper, p_value; no rows for a model without moderation. Source: Aiken & West (1991), Multiple
    Regression. Raises ParameterError as `effects`, and for a covariance structure.

    >>> import crmresearch as crm
    >>> reputation = crm.bind("reputation", "corporate_reputation")
    >>> survey = crm.load_survey("corporate_reputation")
    >>> slopes = crm.simple_slopes(reputation, survey, missing="mean", resamples=50)
    >>> slopes.query("estimator == 'pls'")["estimate"].round(2).tolist()
    [0.54, 0.47, 0.4]
    """
    return slopes.simple_slopes(resampled(least_squares(model, data, "simple_slopes", **options), resamples, seed))
