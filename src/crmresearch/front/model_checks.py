"""Is the model the right one? From the front door: tetrads, copulas, overfit, a mediator's prediction, congruence."""

from typing import Any

import pandas as pd

from crmresearch.front.estimates import Answers, Model, least_squares
from crmresearch.sem.pls.checks import congruence as congruent
from crmresearch.sem.pls.checks import copulas as endogenous
from crmresearch.sem.pls.checks import tetrads as vanishing
from crmresearch.sem.pls.checks.copulas import Copulas, Rule
from crmresearch.sem.pls.checks.tetrads import Tetrads
from crmresearch.sem.pls.prediction import mediator_prediction as mediated
from crmresearch.sem.pls.prediction import overfit as overfitted
from crmresearch.sem.pls.prediction.folds import Folds
from crmresearch.sem.pls.prediction.mediator_prediction import MediatorPrediction
from crmresearch.sem.pls.prediction.overfit import Overfit


def tetrads(
    model: Model,
    data: Answers = None,
    *,
    resamples: int = 5000,
    seed: int = 1,
    confidence: float = 0.95,
    **options: Any,
) -> Tetrads:
    """Whether items may have one common cause: `.constructs`, a row each, and `.tetrads`, a row each.

    `model`: a PLS estimate, or a model with its `data`, `options` those of `estimate_pls`. Under one common factor s_gh
    s_ij − s_gi s_hj of any four items vanishes; m(m − 3)/2 of these are tested of m items, in units of covariances,
    with bias-corrected intervals at `confidence` over `resamples` drawn with `seed`, by Bonferroni. Verdicts:
    reflective (not rejected), rejected, few_items (below four). Formulas: `crmresearch.sem.pls.checks.tetrads`.
    Sources: Bollen & Ting (2000), Psychological Methods 5, 3–22; Gudergan et al. (2008), Journal of Business Research
    61, 1238–1249.
    Raises ParameterError for impossible options or another object.

    >>> import crmresearch as crm
    >>> text = "image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5\\nsat =~ CUSA1 + CUSA2 + CUSA3\\nsat ~ image"
    >>> found = crm.tetrads(text, crm.load_survey("ecsi_mobile"), seed=1)
    >>> found.constructs[["construct", "tetrads", "verdict"]].values.tolist()
    [['image', 5, 'reflective'], ['sat', 0, 'few_items']]
    """
    estimate = least_squares(model, data, "tetrads", **options)
    return vanishing.tetrads(estimate, resamples=resamples, seed=seed, confidence=confidence)


def copulas(
    model: Model,
    data: Answers = None,
    *,
    rule: Rule = "mid_rank",
    resamples: int = 1000,
    seed: int = 1,
    confidence: float = 0.95,
    **options: Any,
) -> Copulas:
    """Whether predictors go with what the model leaves out: `.paths`, `.regressions`, `.normality`, a row each.

    `model`: a PLS estimate, or a model with its `data`, `options` those of `estimate_pls`. The standardised score of an
    outcome is regressed on its predictors and on Φ⁻¹(H(x)) of one of them, H its distribution by the `rule` for ties
    and for the highest value: mid_rank (average rank over n + 1), max_rank, hult (share ≤ x, 1 becomes 1 − 10⁻⁷) or
    largest (1 becomes n/(n + 1)). Bootstrap t over `resamples` of the scores drawn with `seed`; p adjusted over all
    paths (Holm). Verdicts at 1 − `confidence`: endogenous, not_shown, or why there is no test: normal, few_values,
    collinear. Measurement error of a score, and a relation that is no straight line, show the same. Formulas:
    `crmresearch.sem.pls.checks.copulas`. Sources: Park & Gupta (2012), Marketing Science 31, 567–586; Hult et al.
    (2018), Journal of International Marketing 26(3), 1–21.
    Raises ParameterError for impossible options or another object.

    >>> import crmresearch as crm
    >>> text = "image =~ IMAG1 + IMAG2 + IMAG3\\nsat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL3"
    >>> found = crm.copulas(text + "\\nsat ~ image\\nloy ~ sat + image", crm.load_survey("ecsi_mobile"), seed=1)
    >>> list(found.paths["verdict"])
    ['normal', 'normal', 'endogenous']
    """
    estimate = least_squares(model, data, "copulas", **options)
    return endogenous.copulas(estimate, rule=rule, resamples=resamples, seed=seed, confidence=confidence)


def overfit(
    model: Model,
    data: Answers = None,
    *,
    focal: str | None = None,
    folds: Folds = 10,
    resamples: int = 500,
    seed: int = 1,
    confidence: float = 0.95,
    **options: Any,
) -> Overfit:
    """For whom a model fits better than it predicts: `.summary`, `.rows`, `.groups`, `.paths`, a row each.

    `model`: a PLS estimate, or a model with its `data`, `options` those of `estimate_pls`. The score of the `focal`
    outcome (by default the last) is predicted with and without the row in training, `folds` dealt by `seed`, or a label
    a row (n,); the difference is the row's predictive deviance, in standard deviations. A regression tree on all scores
    finds groups whose mean deviance is in the tails; a path is unstable where they move it by more than its chance at
    `confidence` over `resamples`. Formulas: `crmresearch.sem.pls.prediction.overfit`. Source: Danks, Ray & Shmueli
    (2023), Management Science 70, 647–669. Raises ParameterError for impossible options or another object,
    EstimationError where a fold leaves too few rows.

    >>> import crmresearch as crm
    >>> text = "image =~ IMAG1 + IMAG2 + IMAG3\\nsat =~ CUSA1 + CUSA2 + CUSA3\\nsat ~ image"
    >>> found = crm.overfit(text, crm.load_survey("ecsi_mobile"), folds=10, seed=1)
    >>> bool(found.summary["ratio"].item() < 0.1), int(found.summary["unstable"].item())
    (True, 0)
    """
    estimate = least_squares(model, data, "overfit", **options)
    how: dict[str, Any] = {"folds": folds, "resamples": resamples, "seed": seed, "confidence": confidence}
    return overfitted.overfit(estimate, focal, **how)


def mediator_prediction(
    model: Model,
    data: Answers = None,
    *,
    target: str | None = None,
    folds: Folds = 10,
    seed: int = 1,
    confidence: float = 0.95,
    **options: Any,
) -> MediatorPrediction:
    """Whether knowing a mediator improves the prediction of its target: `.paths` and `.items`, a row each.

    `model`: a PLS estimate, or a model with its `data`, `options` those of `estimate_pls`. For every antecedent →
    mediator → `target` (by default every outcome) the items of the target are predicted, in rows held out (`folds`
    dealt by `seed`, or a label a row (n,)), from both scores and from the antecedent's alone; the contribution is the
    share of the error of the second that the first saves, 1 at most. Verdicts by the t of the difference, p adjusted
    over all paths (Holm), at `confidence`: helps, harms, not_told. Formulas:
    `crmresearch.sem.pls.prediction.mediator_prediction`. Source: Danks (2021), The DATA BASE for Advances in
    Information Systems 52(SI), 24–42. Raises ParameterError for impossible options or another object, EstimationError
    where a fold leaves too few rows.

    >>> import crmresearch as crm
    >>> text = "qua =~ PERQ1 + PERQ2\\nsat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL3\\nsat ~ qua\\nloy ~ sat"
    >>> found = crm.mediator_prediction(text, crm.load_survey("ecsi_mobile"), folds=10, seed=1)
    >>> found.paths[["antecedent", "mediator", "target", "verdict"]].values.tolist()
    [['qua', 'sat', 'loy', 'helps']]
    """
    estimate = least_squares(model, data, "mediator_prediction", **options)
    return mediated.mediator_prediction(estimate, target, folds=folds, seed=seed, confidence=confidence)


def congruence(
    model: Model,
    data: Answers = None,
    *,
    resamples: int = 1000,
    seed: int = 1,
    confidence: float = 0.95,
    **options: Any,
) -> pd.DataFrame:
    """Whether every two constructs go with all constructs alike, a row a pair: coefficient (−1 to 1), interval, test.

    `model`: a PLS estimate, or a model with its `data`, `options` those of `estimate_pls`. Tucker's congruence of two
    columns of the construct correlations, with ρ_A in the diagonal; t = (1 − |estimate|) / se over `resamples` drawn
    with `seed`. Verdicts at `confidence`: apart (a congruence of 1 is rejected), else not_told. Formulas:
    `crmresearch.sem.pls.checks.congruence`. Source: Franke, Sarstedt & Danks (2021), Journal of Business Research 130,
    318–334.
    Raises ParameterError for impossible options or another object, EstimationError for fewer than three constructs.

    >>> import crmresearch as crm
    >>> text = "image =~ IMAG1 + IMAG2 + IMAG3\\nsat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL3"
    >>> found = crm.congruence(text + "\\nsat ~ image\\nloy ~ sat", crm.load_survey("ecsi_mobile"), seed=1)
    >>> found[["construct", "other"]].values.tolist()
    [['image', 'sat'], ['image', 'loy'], ['sat', 'loy']]
    """
    estimate = least_squares(model, data, "congruence", **options)
    return congruent.congruence(estimate, resamples=resamples, seed=seed, confidence=confidence)
