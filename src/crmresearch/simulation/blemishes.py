"""What real answers have and models do not: respondents who do not read the questions, and gaps."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

from crmresearch.simulation.scale import Scale
from crmresearch.simulation.truth import Careless, Missing

ATTENTIVE, STRAIGHT, RANDOM = "attentive", "straight", "random"


def careless_answers(
    answers: pd.DataFrame, share: Careless, scales: Mapping[str, Scale], random: np.random.Generator
) -> tuple[pd.Series, pd.DataFrame]:
    """Who is careless, and the answers with theirs.

    A straight-liner gives one point, each as probable, to every question as it is asked; on scales of another length
    the point at the same height. A respondent by chance gives every point of each scale as probably. Of continuous
    items both are standard normal.
    """
    n = len(answers)
    lot = random.random(n)
    kinds = np.select([lot < share.straight, lot < share.straight + share.random], [STRAIGHT, RANDOM], ATTENTIVE)
    one, many, normal = (
        random.random(n),
        random.random(answers.shape),
        random.standard_normal((n, answers.shape[1] + 1)),
    )
    changed = answers.to_numpy(copy=True)
    for j, item in enumerate(answers.columns):
        if item in scales:
            low, points = scales[item].min, scales[item].points
            straight, chance = low + np.floor(one * points), low + np.floor(many[:, j] * points)
        else:
            straight, chance = normal[:, -1], normal[:, j]
        changed[:, j] = np.select([kinds == STRAIGHT, kinds == RANDOM], [straight, chance], changed[:, j])
    return pd.Series(kinds, answers.index, name="careless"), pd.DataFrame(changed, answers.index, answers.columns)


def gaps(answers: pd.DataFrame, missing: Missing, random: np.random.Generator) -> pd.DataFrame:
    """The answers with gaps: completely at random, and at random given the answer to one item, which keeps its own.

    The log-odds of a gap are a + slope · z, z that answer in standard deviations and a such that they sum to the share.
    """
    by_chance, at_random = random.random(answers.shape), random.random(answers.shape)
    hole = by_chance < missing.mcar
    if (rule := missing.mar) is not None:
        cause = answers[rule.by].to_numpy()
        spread = cause.std()
        z = (cause - cause.mean()) / spread if spread > 0 else np.zeros(len(cause))
        chosen = [item in (rule.items or answers.columns) and item != rule.by for item in answers.columns]
        hole |= (at_random < _probabilities(rule.slope * z, rule.share)[:, None]) & np.array(chosen)
        hole[:, list(answers.columns).index(rule.by)] = False
    return answers.mask(hole)


def _probabilities(log_odds: np.ndarray, share: float) -> np.ndarray:
    """Probabilities with these log-odds but for a constant, which makes them `share` on average."""
    if share in (0.0, 1.0):
        return np.full(len(log_odds), share)
    constant = brentq(
        lambda a: expit(a + log_odds).mean() - share, -60 - np.abs(log_odds).max(), 60 + np.abs(log_odds).max()
    )
    return np.asarray(expit(constant + log_odds))
