"""How well a PLS path model foresees the items of respondents it was not estimated from, and its verdict in words."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.models.specification import Specification
from crmresearch.sampling_design import SamplingDesign
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.moments import SampleWithGaps
from crmresearch.sem.pls.prediction.folds import Folds, folds_of
from crmresearch.sem.pls.prediction.held_out import Antecedents, HeldOut, Predictor, held_out
from crmresearch.sem.pls.result import PlsEstimate

Verdict = Literal["high", "medium", "low", "none", "unknown"]
BY = ("pls", "linear", "mean")
SKEWED = 1.0  # of errors beyond which they are far from symmetric: Hair et al. (2022), chapter 2


@dataclass(frozen=True)
class Prediction:
    """Items of outcomes (n, q) as answered and as foreseen without the row, in the units of the items.

    `names` (q,) the items; `foreseen`: by PLS, by the linear model of the items of exogenous constructs, and by the
    averages, each averaged over the repeats; `weights` (n,) of mean 1; `folds` (repeats, n). `cautions` are about the
    forecasts, `of_estimate` about the model estimated from all rows.
    """

    specification: Specification
    index: pd.Index
    names: list[str]
    answers: Floats
    foreseen: HeldOut
    weights: Floats
    design: SamplingDesign | None
    folds: NDArray[np.intp]
    antecedents: Antecedents
    cautions: tuple[Caution, ...] = ()
    of_estimate: tuple[Caution, ...] = ()

    def errors(self, by: str) -> Floats:
        """Answers less what is foreseen (n, q) `by` pls, linear or mean; NaN without answer or forecast."""
        return np.asarray(self.answers - getattr(self.foreseen, by))

    @cached_property
    def items(self) -> pd.DataFrame:
        """The items of outcomes: item, rmse, mae, q2_predict, rmse_linear, mae_linear, rmse_mean, mae_mean; a row each.

        RMSE and MAE in units of the item, of PLS, of the linear model and of the averages of the rows learned from;
        Q²_predict = 1 − Σ e² / Σ ē², with ē the errors of these averages (Shmueli et al. 2016): above 0 where PLS
        foresees more than they do.
        """
        errors = np.stack([self.errors(by) for by in BY])
        rmse, mae = np.sqrt(self._mean(errors**2)), self._mean(np.abs(errors))
        table: dict[str, Floats | list[str]] = {
            "item": self.names, "rmse": rmse[0], "mae": mae[0], "q2_predict": 1 - (rmse[0] / rmse[-1]) ** 2,
        }  # fmt: skip
        for by, squared, absolute in zip(BY[1:], rmse[1:], mae[1:], strict=True):
            table |= {f"rmse_{by}": squared, f"mae_{by}": absolute}
        return pd.DataFrame(table)

    @cached_property
    def constructs(self) -> pd.DataFrame:
        """Outcomes with their verdict: construct, items, predicted, better, measure, verdict; a row each.

        `predicted`: items with Q²_predict above 0; `better`: those of them with a smaller error than the linear model,
        by `measure`, rmse, or mae where errors of an item are skewed beyond 1. `verdict`, the predictive power: high
        where all are better, medium where at least half are, low where fewer, none where none is (Shmueli et al. 2019,
        European Journal of Marketing 53, 2322–2347); unknown without a linear model. It counts items, and says nothing
        of chance: `crmresearch.sem.pls.prediction.cvpat` does.
        """
        items = self.items.set_index("item")
        errors = pd.DataFrame(np.abs(self._skewness()), self.names)[0]
        rows = []
        for construct in self.specification.constructs:
            own = items.loc[[item for item in construct.items if item in items.index]]
            if own.empty:
                continue
            measure = "mae" if (errors[own.index] > SKEWED).any() else "rmse"
            predicted = own["q2_predict"] > 0
            better = int((predicted & (own[measure] < own[f"{measure}_linear"])).sum())
            verdict = "unknown" if own["rmse_linear"].isna().any() else _verdict(better, len(own))
            rows.append((construct.key, len(own), int(predicted.sum()), better, measure, verdict))
        return pd.DataFrame(rows, columns=["construct", "items", "predicted", "better", "measure", "verdict"])

    def losses(self, items: list[str], by: str = "pls") -> Floats:
        """The loss (n,) of every row: the mean of its squared errors of these items; NaN without any."""
        places = [self.names.index(item) for item in items]
        errors = self.answers[:, places] - getattr(self.foreseen, by)[:, places]
        known = np.isfinite(errors)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(known, errors, 0.0) ** 2 @ np.ones(len(items)) / known.sum(axis=1))

    def _mean(self, values: Floats) -> Floats:
        known = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            return np.asarray(self.weights @ np.where(known, values, 0.0) / (self.weights @ known))

    def _skewness(self) -> Floats:
        errors = self.errors("pls")
        centred = errors - self._mean(errors)
        return np.asarray(self._mean(centred**3) / self._mean(centred**2) ** 1.5)


def _verdict(better: int, items: int) -> Verdict:
    if better in (0, items):
        return "high" if better else "none"
    return "medium" if 2 * better >= items else "low"


def plspredict(
    estimate: PlsEstimate,
    folds: Folds = 10,
    *,
    repeats: int = 1,
    seed: int = 1,
    antecedents: Antecedents = "earliest",
    answers: pd.DataFrame | None = None,
) -> Prediction:
    """The items of outcomes of every respondent, foreseen by the model estimated from the other folds.

    `folds`, `repeats`, `seed`: `crmresearch.sem.pls.prediction.folds.folds_of`; forecasts are averaged over the repeats
    (Shmueli et al. 2019). `antecedents`: outcomes follow from the scores of exogenous constructs alone, passed on along
    the paths ("earliest"), as the linear model knows them, or from those of their "direct" antecedents. `answers`: the
    rows of the estimate with the gaps that were filled in it; every fold is then filled with means of the rows learned
    from, and errors are those of given answers. Without them filled answers count as given, and their means are
    partly those of the rows held out. Products of moderations follow from the scores of their factors; an outcome of
    second order foresees its components by their loadings. Sampling weights weigh moments and errors. PLSc corrects
    paths for errors that forecasts have as well, so that forecasts are those of PLS.

    Checked against R seminr 2.3.4 and cSEM 0.6.1 (both antecedents), and own R (linear model), on given folds.

    Raises ParameterError as `folds_of`, for other antecedents and for other rows of `answers`; EstimationError where no
    fold can be foreseen.
    """
    if antecedents not in get_args(Antecedents):
        raise ParameterError(f"antecedents={antecedents!r} is not known; use {' or '.join(get_args(Antecedents))}.")
    sample, spec, cautions = estimate.sample, estimate.specification, []
    predictor = Predictor(spec, estimate.model)
    X = estimate.items.to_numpy(dtype=np.float64)
    if answers is not None and answers[spec.items].isna().to_numpy().any():
        if not answers.index.equals(estimate.items.index):
            raise ParameterError("`answers` has other rows than the estimate; pass the rows it was estimated from.")
        X = answers[spec.items].to_numpy(dtype=np.float64)
        if estimate.model.products:  # a product of constructs needs every row whole
            cautions.append(Caution("filled_before", "weak", "sample", {"cells": int(np.isnan(X).sum())}))
        else:
            sample = SampleWithGaps(X, sample.weights if sample.weighted else None, sample.design)
    dealt = folds_of(estimate.items.index, folds, repeats, seed, estimate.sample.design)
    found = held_out(predictor, sample, estimate.settings, dealt, antecedents)
    counts = {"folds": int((dealt.max(axis=1) + 1).sum())}
    if found.failed == counts["folds"]:
        raise EstimationError(
            "From none of the folds' other rows can the model be estimated: an item does not vary in them, or items or "
            "predictors determine one another; use more rows for each fold, or leave an item out."
        )
    if found.failed:
        rows = int(np.isnan(found.pls).all(axis=1).sum())
        cautions.append(Caution("folds_failed", "weak", "sample", {**counts, "count": found.failed, "rows": rows}))
    if found.collinear:
        facts = {**counts, "count": found.collinear, "items": len(predictor.known)}
        cautions.append(Caution("linear_undefined", "note", "sample", facts))
    return Prediction(
        spec,
        estimate.items.index,
        np.array(spec.items, dtype=object)[predictor.items].tolist(),
        X[:, predictor.items],
        found,
        estimate.sample.weights,
        estimate.sample.design,
        dealt,
        antecedents,
        tuple(cautions),
        estimate.cautions,
    )
