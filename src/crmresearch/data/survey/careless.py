"""Respondents who did not read the questions: one answer to everything, or answers that go with nothing.

Nothing here leaves a respondent out: the numbers say whom to look at.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from crmresearch.data.survey.answers import Floats, straight_lining
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError

RARE = 0.001  # probability of a distance below which answers are held to go with nothing (Meade & Craig 2012)


def careless_respondents(items: pd.DataFrame, bounds: pd.DataFrame | None = None) -> pd.DataFrame:
    """Who looks careless, a row a respondent: same, longest_run, distance, p_value, flag.

    `items` (n, p) as they were asked, reversed ones not turned, in the order of the questionnaire. same and longest_run
    as in `straight_lining`; of items on scales of different length (`bounds`, as in `response_distributions`) only
    those of the commonest one are looked at for it. distance: Mahalanobis D² = (x − x̄)' S⁻¹ (x − x̄) over all items,
    gaps filled with the item's mean; p_value: of χ² with as many degrees of freedom as items answered. flag: straight
    (one answer to everything), random (p below .001), else none. Means and covariances are first taken of all, then
    without those flagged, so that they do not hide one another.

    Sources: Meade & Craig (2012), Psychological Methods 17, 437–455; Curran (2016), J. Experimental Social Psychology
    66, 4–19. Raises EstimationError for no more rows than items.

    >>> rng = np.random.default_rng(1)
    >>> answers = pd.DataFrame(rng.normal(size=(200, 1)) + rng.normal(size=(200, 6)) / 2, columns=list("abcdef"))
    >>> answers.loc[0] = [3.0, -3, 3, -3, 3, -3]
    >>> careless_respondents(answers)["flag"].iloc[0]
    'random'
    """
    n, p = items.shape
    if n <= p + 1:
        raise EstimationError(f"{n} respondents are too few to judge {p} items together; {p + 2} are needed.")
    lining = straight_lining(items[_one_scale(items, bounds)])
    X = items.to_numpy(dtype=np.float64)
    distance, p_value = trimmed_distances(X, lining["same"].to_numpy())
    flag = np.select([lining["same"], p_value < RARE], ["straight", "random"], "none")
    columns = {"same": lining["same"], "longest_run": lining["longest_run"]}
    return pd.DataFrame({**columns, "distance": distance, "p_value": p_value, "flag": flag}, index=items.index)


def trimmed_distances(X: Floats, same: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Mahalanobis D² (n,) of X (n, p) and their nominal p (n,), of χ²: `careless_respondents`.

    Means and covariances are those of all but who gave the `same` answer to everything, then without the rare as well.
    """
    answered = (~np.isnan(X)).sum(axis=1)
    kept = ~same
    for _ in range(2):
        mean = np.nanmean(X[kept], axis=0)
        centred = np.where(np.isnan(X), 0.0, X - mean)
        S = np.cov(centred[kept].T)
        distance = np.einsum("ij,ij->i", centred @ np.linalg.pinv(S), centred)
        p_value = chi2.sf(distance, answered)
        kept = ~same & (p_value >= RARE)
    return distance, p_value


def screened(flags: pd.Series, planted: pd.Series) -> pd.DataFrame:
    """How many planted careless respondents were found, a row a kind that was planted: straight or random.

    Columns: kind; planted; found, those of them with any flag; attentive; false, of these flagged as that kind.

    >>> flags, planted = pd.Series(["none", "random", "random"]), pd.Series(["random", "random", "attentive"])
    >>> screened(flags, planted).values.tolist()
    [['random', 2, 1, 1, 1]]
    """
    kinds = [kind for kind in ("straight", "random") if (planted == kind).any()]
    attentive = planted == "attentive"
    rows = [
        (kind, (planted == kind).sum(), ((planted == kind) & (flags != "none")).sum(),
         attentive.sum(), (attentive & (flags == kind)).sum())
        for kind in kinds
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["kind", "planted", "found", "attentive", "false"])


def _one_scale(items: pd.DataFrame, bounds: pd.DataFrame | None) -> list[str]:
    if bounds is None:
        return list(items.columns)
    ends = bounds.loc[list(items.columns)].apply(tuple, axis=1)
    return [item for item in items.columns if ends[item] == ends.mode().iloc[0]]


def looks_careless(survey: Survey) -> pd.Series:
    """Whether each respondent of a survey looks careless (any flag of `careless_respondents`); nobody of too few."""
    try:
        found = careless_respondents(survey.as_asked, survey.bounds)["flag"] != "none"
    except EstimationError:
        found = pd.Series(False, survey.items.index)
    return found.rename("careless")
