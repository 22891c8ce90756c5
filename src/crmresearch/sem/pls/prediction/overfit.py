"""For whom does a composite model fit too well? Composite overfit analysis: rows, groups and the paths they move.

Source: Danks, Ray & Shmueli (2023), The composite overfit analysis framework: Assessing the out-of-sample
generalizability of construct-based models using predictive deviance, deviance trees, and unstable paths, Management
Science 70, 647–669.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from crmresearch.errors import ParameterError
from crmresearch.resampling import bootstrap_counts, one_thread, require_estimated, require_resamples
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.batch import fit_samples
from crmresearch.sem.pls.prediction.deviance_tree import Deviants, deviants
from crmresearch.sem.pls.prediction.folds import Folds, folds_of, untrained
from crmresearch.sem.pls.prediction.held_out import CHUNK, Predictor
from crmresearch.sem.pls.result import PlsEstimate

TAIL = 0.025  # share of rows at either end beyond whose deviance a group is deviant


class Overfit(NamedTuple):
    """What `overfit` found: a row of errors, a row a respondent, a rule of a group, and a group and path."""

    summary: pd.DataFrame
    rows: pd.DataFrame
    groups: pd.DataFrame
    paths: pd.DataFrame


class Deviance(NamedTuple):
    """Of every row (n,): the focal score predicted by models that saw it, by the one that did not, and its own."""

    fitted: Floats
    predicted: Floats
    actual: Floats

    @property
    def values(self) -> Floats:
        """Predictive deviance (n,), fitted − predicted."""
        return self.fitted - self.predicted


def predictive_deviance(estimate: PlsEstimate, focal: str, labels: NDArray[np.intp]) -> Deviance:
    """What models trained without each fold predict of the focal construct's score, from its direct predictors.

    `fitted` is the mean over the K − 1 models trained with the row; `predicted` and `actual` come from the one without
    it, `actual` as the sum of the row's own items. Scores in standard deviations of the training rows.
    """
    y = estimate.specification.keys.index(focal)
    n = estimate.sample.n
    fitted, predicted, actual = np.zeros((3, n))
    number = int(labels.max()) + 1
    predictor, sample, p = Predictor(estimate.specification, estimate.model), estimate.sample, estimate.sample.p
    for start in range(0, number, CHUNK):
        held = labels == np.arange(start, min(start + CHUNK, number))[:, None]
        fits, maps = predictor.trained(sample, (~held).astype(np.float64), estimate.settings)
        if not fits.usable.all():
            bad = int(np.argmin(fits.usable))
            raise untrained(held[bad], start + bad)
        for b, out in enumerate(held):
            z = sample.centring(np.arange(p))(np.arange(n), fits.moments.means[b, :p]) / fits.moments.deviations[b, :p]
            scores = z @ maps[0][b]
            expected = predictor.scores(scores, z @ maps[-1][b], fits, np.full(n, b), "direct")[:, y]
            predicted[out], actual[out] = expected[out], scores[out, y]
            fitted[~out] += expected[~out] / (number - 1)
    return Deviance(fitted, predicted, actual)


def path_changes(estimate: PlsEstimate, removed: NDArray[np.bool_]) -> Floats:
    """Standardised paths without some rows less those with them (B, paths), NaN where a sample does not do.

    `removed` (B, n) says which rows each sample lacks.
    """
    quantity = estimate.quantities["standardized_paths/pls"]
    fits = fit_samples(estimate.sample, 1.0 - removed, estimate.model, estimate.settings)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = quantity.values(fits) - estimate.values("standardized_paths/pls")
    change[~fits.usable] = np.nan
    return change


@one_thread
def overfit(
    estimate: PlsEstimate,
    focal: str | None = None,
    *,
    folds: Folds = 10,
    resamples: int = 500,
    seed: int = 1,
    confidence: float = 0.95,
) -> Overfit:
    """For whom the model predicts worse than it fits, and which paths rest on them: four tables.

    `focal`: the outcome looked at, by default the last of the model. Of every row the score of the focal construct is
    predicted from its direct predictors by models that were trained with it (`fitted`, their mean) and by the one that
    was not (`predicted`); `deviance` is the difference (`rows`, with `group`). `summary`: mse_in and mse_out of fitted
    and predicted against the row's own score, ratio = (mse_out − mse_in) / mse_in, counts of groups and of rows
    in them or deviant alone, and unstable paths.

    A regression tree on the scores of all constructs (`crmresearch.sem.pls.prediction.deviance_tree`) finds groups
    whose mean deviance lies beyond the 2.5 and 97.5 % quantiles of all rows. `groups`, a row a condition: group, rows,
    deviance (mean), construct, at_least, below (standard deviations of its score). Groups are found by looking for the
    extreme: they describe these rows, and are no segments.

    `paths`, a row a group and path, standardised: estimate, without the group, change, and se, the standard error of
    the path over `resamples` (drawn with `seed`) of the rows in no group; unstable where |change| > z(1 − α/2) se:
    these few rows move the path by more than chance moves it among all others. They would widen a bootstrap of all rows
    themselves, and removing as many at random is no measure of chance, as the group was chosen for being extreme. The
    source compares by eye.

    `folds`: how many, dealt by `seed`, or a label a row. Sampling weights are used in training and in mean squares.
    Checked against R seminr 2.3.4 with seminrExtras 1.0.3 and rpart 4.1.19 on the same folds: deviances to 9 digits,
    the same groups, rules and path changes.
    Raises ParameterError for a construct that is no outcome or impossible folds, EstimationError where a fold leaves
    too few rows.
    """
    require_resamples(resamples, confidence)
    spec, sample = estimate.specification, estimate.sample
    focal = spec.outcomes[-1] if focal is None else focal
    if focal not in spec.outcomes:
        raise ParameterError(f"{focal!r} is no outcome of the model; choose one of {', '.join(spec.outcomes)}.")
    labels = folds_of(estimate.items.index, folds, seed=seed, design=sample.design)[0]
    deviance = predictive_deviance(estimate, focal, labels)
    scores = np.round(estimate.scores.to_numpy(), 10)  # equal answers have equal scores
    values = np.round(deviance.values, 12)
    lower, upper = np.quantile(values, [TAIL, 1 - TAIL])
    found = deviants(scores, values, lower, upper)
    paths = _path_table(estimate, found, resamples, seed, confidence)
    names = _names(len(found.groups))
    group = np.full(sample.n, "", dtype=object)
    rules = []
    for name, one in zip(names, found.groups, strict=True):
        group[one.rows] = name
        for rule in one.rules:
            low, high = (None if np.isinf(limit) else limit for limit in rule[1:])
            rules.append((name, len(one.rows), values[one.rows].mean(), spec.keys[rule.variable], low, high))
    group[found.alone] = "alone"
    w = sample.weights
    mse = [float(np.average((deviance.actual - one) ** 2, weights=w)) for one in (deviance.fitted, deviance.predicted)]
    facts = {
        "focal": focal,
        "rows": sample.n,
        "folds": int(labels.max()) + 1,
        "mse_in": mse[0],
        "mse_out": mse[1],
        "ratio": mse[1] / mse[0] - 1,
        "groups": len(names),
        "grouped": int(sum(len(one.rows) for one in found.groups)),
        "alone": len(found.alone),
        "unstable": int(paths["unstable"].sum()),
    }
    columns = {"fitted": deviance.fitted, "predicted": deviance.predicted, "actual": deviance.actual}
    return Overfit(
        pd.DataFrame([facts]),
        pd.DataFrame({**columns, "deviance": deviance.values, "group": group}, estimate.items.index),
        pd.DataFrame(rules, columns=["group", "rows", "deviance", "construct", "at_least", "below"]).astype(
            {"at_least": float, "below": float}
        ),
        paths,
    )


def path_errors(estimate: PlsEstimate, kept: NDArray[np.bool_], resamples: int, seed: int) -> Floats:
    """Standard errors (paths,) of the standardised paths over resamples of the rows `kept` (n,)."""
    quantity, sample, parts = estimate.quantities["standardized_paths/pls"], estimate.sample, []
    for counts in bootstrap_counts(sample.n, resamples, seed, sample.design):
        fits = fit_samples(sample, counts * kept, estimate.model, estimate.settings)
        with np.errstate(divide="ignore", invalid="ignore"):
            parts.append(quantity.values(fits)[fits.usable])
    drawn = np.concatenate(parts)
    require_estimated(len(drawn), resamples)
    return np.asarray(drawn.std(axis=0, ddof=1))


def _path_table(estimate: PlsEstimate, found: Deviants, resamples: int, seed: int, confidence: float) -> pd.DataFrame:
    columns = ["group", "rows", "outcome", "predictor", "estimate", "without", "change", "se", "unstable"]
    if not found.groups:
        return pd.DataFrame(columns=columns).astype({"unstable": bool})
    removed = np.zeros((len(found.groups), estimate.sample.n), dtype=np.bool_)
    for row, group in zip(removed, found.groups, strict=True):
        row[group.rows] = True
    se = path_errors(estimate, np.asarray(~removed.any(axis=0)), resamples, seed)
    labels = estimate.quantities["standardized_paths/pls"].labels
    point, z = estimate.values("standardized_paths/pls"), ndtri((1 + confidence) / 2)
    parts = []
    for name, row, change in zip(_names(len(removed)), removed, path_changes(estimate, removed), strict=True):
        values = [name, int(row.sum()), labels["outcome"], labels["predictor"], point, point + change, change, se]
        parts.append(pd.DataFrame(dict(zip(columns, values, strict=False))).assign(unstable=np.abs(change) > z * se))
    return pd.concat(parts, ignore_index=True)


def _names(count: int) -> list[str]:
    """A, B, C …, and numbers after Z."""
    return [chr(ord("A") + i) if i < 26 else str(i + 1) for i in range(count)]
