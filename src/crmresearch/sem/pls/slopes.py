"""A moderated path where the moderator is low, at its mean and high: simple slopes."""

import numpy as np
import pandas as pd

from crmresearch.models.specification import product_key
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.result import INTERVAL, PlsEstimate

AT = (-1.0, 0.0, 1.0)  # standard deviations of the moderator


def simple_slopes(estimate: PlsEstimate, at: tuple[float, ...] = AT) -> pd.DataFrame:
    """The path of every moderated predictor at some values of its moderator, a row a value.

    Columns estimator, moderator, predictor, outcome, at (standard deviations of the moderator from its mean), estimate
    = b + at · g, se, ci_lower, ci_upper, p_value: b the path, standardised, and g that of the product of the
    standardised scores, so that it is the change of b by one standard deviation of the moderator; other moderators of
    the path are at their means. Intervals, percentile or BCa, are of the resamples that the estimate keeps (NaN
    without). No rows without moderation. Sources: Aiken & West (1991), Multiple Regression, chapter 2; Henseler & Chin
    (2010), Structural Equation Modeling 17, 82–109. Checked against R seminr 2.3.4.
    """
    parts = []
    boot = estimate.resampling
    for estimator in estimate.estimators:
        name = f"paths/{estimator}"
        labels = estimate.quantities[name].labels
        place = {pair: i for i, pair in enumerate(zip(labels["predictor"], labels["outcome"], strict=True))}
        for m in estimate.specification.moderations:
            b = place[m.predictor, m.outcome]
            g = place[product_key(m.predictor, m.moderator), m.outcome]
            point = estimate.values(name)
            rows = {"estimator": estimator, "moderator": m.moderator, "predictor": m.predictor, "outcome": m.outcome}
            frame = pd.DataFrame({"at": at, "estimate": point[b] + np.array(at) * point[g]})
            if boot is not None:

                def slopes(tables: dict[str, Floats], name: str = name, b: int = b, g: int = g) -> Floats:
                    return np.asarray(tables[name][:, [b]] + np.array(at) * tables[name][:, [g]])

                frame = frame.assign(**boot.derived(slopes, frame["estimate"].to_numpy()))
            parts.append(frame.assign(**rows))
    shown = ["estimator", "moderator", "predictor", "outcome", "at", "estimate", *INTERVAL]
    return pd.concat(parts, ignore_index=True).reindex(columns=shown) if parts else pd.DataFrame(columns=shown)
