"""The paths of a theory as hypotheses: the sign it expects against the interval of every estimator."""

from collections.abc import Collection
from typing import Literal

import pandas as pd

from crmresearch.models.specification import product_key
from crmresearch.models.theory import Sign
from crmresearch.sem.pls.result import PlsEstimate

Verdict = Literal["supported", "not_established", "contrary", "any", "unreadable"]


def verdict_of(sign: Sign, lower: float, upper: float) -> Verdict:
    """What an interval says of an expected sign: supported, not_established, contrary, or any (no sign expected).

    An interval that holds zero, or does not exist, establishes nothing.

    >>> verdict_of("positive", 0.1, 0.4), verdict_of("negative", 0.1, 0.4), verdict_of("negative", -0.1, 0.4)
    ('supported', 'contrary', 'not_established')
    """
    if sign == "open":
        return "any"
    above, below = lower > 0, upper < 0
    if not (above or below):
        return "not_established"
    return "supported" if above == (sign == "positive") else "contrary"


def hypotheses(estimate: PlsEstimate, *others: pd.DataFrame, unreadable: Collection[str] = ()) -> pd.DataFrame:
    """Every path by every estimator, path by path: the columns of `paths`, hypothesis, sign and verdict.

    `others`: the `paths` of other estimates of the same specification, such as a covariance structure. `unreadable`:
    estimators whose solution is not to be read, which is then the verdict on all their paths. A moderation has the sign
    that the theory gives it and no number of a hypothesis.
    """
    spec = estimate.specification
    expected = pd.DataFrame(
        [
            *((p.predictor, p.outcome, p.hypothesis, p.sign) for p in spec.paths),
            *((product_key(m.predictor, m.moderator), m.outcome, "", m.sign) for m in spec.moderations),
        ],
        columns=["predictor", "outcome", "hypothesis", "sign"],
    )
    pairs = estimate.only("paths")[["predictor", "outcome"]]
    every = pd.concat([estimate.paths, *others], ignore_index=True)
    table = pairs.merge(every, how="left").merge(expected, how="left").fillna({"hypothesis": "", "sign": "open"})
    rows = zip(table["estimator"], table["sign"], table["ci_lower"], table["ci_upper"], strict=True)
    told = ["unreadable" if estimator in unreadable else verdict_of(*judged) for estimator, *judged in rows]
    own = list(every.columns)
    return table.assign(verdict=told)[[*own, "hypothesis", "sign", "verdict"]]
