"""How satisfaction goes with what customers of a survey say they will do: stay, choose again, switch.

Stated loyalty is not behaviour: over thirty studies satisfaction correlates with intention about four times as highly
as with behaviour. So this says nothing of who leaves; it stands beside a churn warning as what a survey can add.
"""

import numpy as np
import pandas as pd

from crmresearch.data.survey.design import design_of
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import ParameterError
from crmresearch.mining.churn.warners import Floats
from crmresearch.resampling import bootstrap_counts

SATISFACTION, INTENTION = ("satisfaction", "cusa"), ("loyalty", "cusl", "switching_cost")  # constructs of codebooks
FEWEST = 20  # answers to both


def stated_intention(survey: Survey, resamples: int = 500, seed: int = 0) -> pd.DataFrame:
    """Correlation of satisfaction with every item of loyalty and of the cost of switching, a row an item.

    Satisfaction is the mean of its items, each as a share of its scale, of who answered all of them. Columns construct,
    item, respondents (who answered both), correlation (Pearson; with the sampling weights of the survey where it has
    them), ci_lower, ci_upper: percentiles of resamples of the respondents, of whole clusters within strata where the
    codebook names these. An item without variation, or with fewer than 20 answers beside satisfaction, has no row.

    Raises ParameterError where the codebook has no items of satisfaction, or none of loyalty.

    >>> import crmresearch as crm
    >>> table = stated_intention(crm.load_survey("ecsi_mobile"), resamples=50)
    >>> table[["item", "correlation"]].round(2).values.tolist()
    [['CUSL1', 0.45], ['CUSL2', 0.11], ['CUSL3', 0.66]]
    """
    constructs = survey.codebook.constructs
    satisfied = next((list(constructs[name]) for name in SATISFACTION if name in constructs), None)
    asked = [(name, item) for name in INTENTION for item in constructs.get(name, [])]
    if satisfied is None or not asked:
        lacks = "loyalty" if satisfied else "satisfaction"
        raise ParameterError(f"The codebook of {survey.codebook.key} names no items of {lacks}; choose another survey.")
    low, high = (survey.bounds.loc[satisfied, end] for end in ("min", "max"))
    score = ((survey.items[satisfied] - low) / (high - low)).mean(axis=1, skipna=False).to_numpy(dtype=float)
    weights = np.ones(len(score)) if survey.weights is None else survey.weights.to_numpy(dtype=float)
    design = design_of(survey.items, survey.design)
    draws = [part * weights for part in bootstrap_counts(len(score), resamples, seed, design)]
    rows = []
    for construct, item in asked:
        answers = survey.items[item].to_numpy(dtype=float)
        both = np.isfinite(score) & np.isfinite(answers)
        if both.sum() < FEWEST or np.ptp(answers[both]) == 0 or np.ptp(score[both]) == 0:
            continue
        pair = np.array([score[both], answers[both]])
        drawn = np.concatenate([_correlations(part[:, both], pair) for part in draws])
        estimate = _correlations(weights[None, both], pair)[0]
        rows.append((construct, item, int(both.sum()), estimate, *np.nanquantile(drawn, [0.025, 0.975])))
    columns = ["construct", "item", "respondents", "correlation", "ci_lower", "ci_upper"]
    return pd.DataFrame(rows, columns=columns)


def _correlations(weights: Floats, pair: Floats) -> Floats:
    """Weighted correlations (B,) of two rows of numbers (2, n) by weights (B, n); NaN where one does not vary."""
    x, y = (part - part.mean() for part in pair)
    total = weights.sum(axis=1)
    m_x, m_y, xx, yy, xy = (weights @ part / total for part in (x, y, x * x, y * y, x * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((xy - m_x * m_y) / np.sqrt((xx - m_x**2) * (yy - m_y**2)))
