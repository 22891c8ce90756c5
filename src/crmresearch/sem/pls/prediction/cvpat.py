"""Whether one model foresees better than another beyond chance: the cross-validated predictive ability test, CVPAT."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from crmresearch.errors import ParameterError, SpecificationError
from crmresearch.resampling import bootstrap_counts
from crmresearch.sampling_design import SamplingDesign
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.prediction.comparison_cautions import comparison_cautions
from crmresearch.sem.pls.prediction.plspredict import Prediction

OVERALL = "overall"
COLUMNS = ["against", "construct", "rows", "loss", "loss_against", "difference", "se", "ci_lower", "ci_upper", "t",
           "df", "p_value", "p_bootstrap"]  # fmt: skip
FORESEEN = ["outcome", "q2_predict", "loss", "loss_mean", "loss_linear", "predicted", "better", "measure", "items",
            "power", "mean", "linear"]  # fmt: skip


def cvpat(
    first: Prediction,
    second: Prediction | None = None,
    *,
    resamples: int = 1000,
    seed: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Losses of the first model and of what it is held `against`, a row a comparison and construct.

    Against the second model where there is one, else against the averages (mean) and the linear model (linear). The
    loss of a respondent and construct is the mean of the squared errors of its items, held out; that of "overall" is
    the mean over the constructs. Of two models the constructs with the same items in both are compared, named as in the
    first. Columns against, construct, rows, loss, loss_against, difference (loss − loss_against: below 0 the first
    foresees better), se, interval, t, df, two-sided p_value of the paired t test, and p_bootstrap over `resamples` of
    the rows (NaN with 0). Weights and clusters of the sample go into means and errors. What to beware of is in
    `.attrs["cautions"]` of the frame: `crmresearch.sem.pls.prediction.comparison_cautions`.

    Sources: Liengaard et al. (2021), Decision Sciences 52, 362–392; Sharma, Liengaard, Hair, Sarstedt & Ringle (2023),
    European Journal of Marketing 57, 1662–1677. Checked against R seminr 2.3.4 with seminrExtras 1.0.3, and own R, on
    given folds; seminrExtras holds rivals against different folds, and takes the average of all rows for that of the
    rows learned from, which this does not.

    Raises ParameterError for models of other respondents or folds; SpecificationError for two models without an outcome
    of the same items.
    """
    if not 0 < confidence < 1 or resamples < 0 or seed < 0:
        raise ParameterError(
            f"confidence lies between 0 and 1, resamples and seed are 0 or more; they are {confidence}, {resamples} "
            f"and {seed}."
        )
    pairs = list(_pairs(first, second))
    differences = np.array([losses - others for _, _, losses, others in pairs]).T
    drawn = bootstrapped(differences, first.weights, first.design, resamples, seed)
    rows = []
    for (against, construct, *both), d, p in zip(pairs, differences.T, drawn, strict=True):
        kept = np.isfinite(d)
        means = [_mean(np.where(kept, one, np.nan), first.weights) for one in both]
        test = paired(d, first.weights, first.design, confidence)
        rows.append((against, construct, int(kept.sum()), *means, *test, p))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs["cautions"] = comparison_cautions(first, second, [pair[:2] for pair in pairs], differences)
    return table


def shared(first: Prediction, second: Prediction) -> dict[str, list[str]]:
    """Outcomes of the first model with the same items as an outcome of the second, and these items."""
    there = {frozenset(items) for items in outcomes(second).values()}
    return {key: items for key, items in outcomes(first).items() if frozenset(items) in there}


def outcomes(prediction: Prediction) -> dict[str, list[str]]:
    """The constructs whose items are foreseen, with these items."""
    foreseen = set(prediction.names)
    return {c.key: list(c.items) for c in prediction.specification.constructs if c.items and {*c.items} <= foreseen}


def foreseen(prediction: Prediction, confidence: float = 0.95) -> pd.DataFrame:
    """How well a model foresees each of its outcomes, and whether better than averages and a linear model; a row each.

    Columns outcome, q2_predict (1 − loss / loss_mean), loss (mean squared error of the items), loss_mean of the
    averages, loss_linear of the linear model, predicted and better (items foreseen better than by the averages, and by
    both, the second by its measure) of items, power (the verdict of `Prediction.constructs`); mean and linear: wins,
    ties or loses against them beyond chance, by `cvpat` at `confidence`, or unknown where nothing is to compare.
    """
    tests = cvpat(prediction, resamples=0, confidence=confidence).set_index(["construct", "against"])
    verdicts = prediction.constructs.set_index("construct")
    rows = []
    for outcome in outcomes(prediction):
        test, one = tests.loc[outcome], verdicts.loc[outcome]
        loss, (mean, linear) = test.loc["mean", "loss"], test.loc[["mean", "linear"], "loss_against"]
        told = [told_loss(*test.loc[key, ["ci_lower", "ci_upper"]]) for key in ("mean", "linear")]
        counts = one[["predicted", "better", "measure", "items", "verdict"]]
        rows.append((outcome, 1 - loss / mean, loss, mean, linear, *counts, *told))
    return pd.DataFrame(rows, columns=FORESEEN)


def told_loss(lower: float, upper: float) -> str:
    """Whether a loss is smaller (wins), larger (loses) or not told apart (ties); unknown without an interval."""
    if np.isnan(lower) or np.isnan(upper):
        return "unknown"
    return "wins" if upper < 0 else "loses" if lower > 0 else "ties"


def _pairs(first: Prediction, second: Prediction | None) -> Iterator[tuple[str, str, Floats, Floats]]:
    """What the first is held against, a construct, and both losses (n,), construct by construct and over all."""
    if second is None:
        for against in ("mean", "linear"):
            yield from _constructs(first, first, outcomes(first), against, against)
        return
    if not first.index.equals(second.index) or not np.array_equal(first.folds, second.folds):
        raise ParameterError(
            "The two models were not held out on the same respondents and folds; estimate both from the same rows, and "
            "give both the same folds, repeats and seed."
        )
    both = shared(first, second)
    if not both:
        raise SpecificationError(
            "The two models have no outcome that is measured by the same items, so that there is nothing both foresee; "
            "compare models of the same items."
        )
    yield from _constructs(first, second, both, "pls", "second")


def _constructs(
    first: Prediction, second: Prediction, constructs: dict[str, list[str]], by: str, against: str
) -> Iterator[tuple[str, str, Floats, Floats]]:
    found = [(key, first.losses(items), second.losses(items, by)) for key, items in constructs.items()]
    for key, losses, others in found:
        yield against, key, losses, others
    one, other = (_over_constructs(np.array(part)) for part in list(zip(*found, strict=True))[1:])
    yield against, OVERALL, one, other


def _over_constructs(losses: Floats) -> Floats:
    """The mean (n,) over constructs (m, n), of those a row has."""
    known = np.isfinite(losses)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, losses, 0.0).sum(axis=0) / known.sum(axis=0))


def _mean(values: Floats, weights: Floats) -> float:
    kept = np.isfinite(values)
    return float(weights[kept] @ values[kept] / weights[kept].sum()) if kept.any() else np.nan


def paired(
    differences: Floats, weights: Floats, design: SamplingDesign | None = None, confidence: float = 0.95
) -> tuple[float, float, float, float, float, int, float]:
    """The paired t test of differences (n,): mean, se, lower, upper, t, df, two-sided p.

    Differences that are NaN are left out. se is that of a (weighted) mean, by clusters within strata where there is a
    `design`, s / √n else; df are n − 1, or clusters less strata. Where all are 0, p is 1.
    """
    kept = np.isfinite(differences)
    d, w = differences[kept], weights[kept]
    if len(d) < 2:
        return _mean(d, w), np.nan, np.nan, np.nan, np.nan, 0, np.nan
    mean = _mean(d, w)
    influences = w * (d - mean) / w.sum()
    if design is None:
        df, variance = len(d) - 1, float(influences @ influences) * len(d) / (len(d) - 1)
    else:
        sampled = design.rows(kept)
        df = sampled.degrees_of_freedom
        variance = float(sampled.covariance_of_total(influences[:, None])[0, 0]) if df > 0 else np.nan
    if df < 1:
        return mean, np.nan, np.nan, np.nan, np.nan, df, np.nan
    se = float(np.sqrt(variance))
    if not d.any():
        return mean, se, mean, mean, 0.0, df, 1.0
    reach = float(stdtrit(df, 0.5 + confidence / 2)) * se
    with np.errstate(divide="ignore"):
        t = float(np.divide(mean, se))
    return mean, se, mean - reach, mean + reach, t, df, 2 * float(stdtr(df, -abs(t)))


def bootstrapped(
    differences: Floats, weights: Floats, design: SamplingDesign | None, resamples: int, seed: int
) -> Floats:
    """Two-sided p (m,) of the mean differences (n, m) by resampling rows: the share of means at least as far from 0.

    The differences are centred first, as if the mean were 0, and the sample counts as one resample (Davison & Hinkley
    1997, section 4.4): (1 + beyond) / (1 + resamples). NaN without resamples.
    """
    kept = np.isfinite(differences)
    means = np.array([_mean(d, weights) for d in differences.T])
    centred = np.where(kept, differences - means, 0.0)
    beyond, m = np.zeros(len(means)), len(means)
    columns = np.concatenate([centred, kept[:, :1] if kept.all() else kept], axis=1)
    for counts in bootstrap_counts(len(differences), resamples, seed, design):
        sums = (counts * weights) @ columns
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond += (np.abs(sums[:, :m] / sums[:, m:]) >= np.abs(means)).sum(axis=0)
    return (1 + beyond) / (1 + resamples) if resamples else np.full(m, np.nan)
