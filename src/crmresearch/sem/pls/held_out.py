"""Items of respondents as foreseen by models estimated from the others: the arrays of PLSpredict.

Of every fold the moments of the other rows are enough, and all folds of all repeats are one batch of the algorithm that
estimates resamples. Sources: Shmueli, Ray, Velasquez Estrada & Chatla (2016), Journal of Business Research 69,
4552–4564; Shmueli et al. (2019), European Journal of Marketing 53, 2322–2347; of the antecedents Danks (2021), The DATA
BASE for Advances in Information Systems 52(SI), 24–42.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.models.specification import Specification
from crmresearch.resampling import one_thread
from crmresearch.sem.pls.algorithm import COLLINEAR, Floats, eigenvalues_exceed
from crmresearch.sem.pls.batch import (
    Fits,
    Model,
    Settings,
    composites,
    fit_samples,
    model_arrays,
    standardised_weights,
)
from crmresearch.sem.pls.moments import Sample

Antecedents = Literal["earliest", "direct"]
CHUNK = 250  # folds a batch


class HeldOut(NamedTuple):
    """Items of outcomes (n, q) as foreseen without their row: by PLS, by the linear model and by the averages.

    NaN where no model could be estimated. `failed` and `collinear`: folds from whose other rows the model, and the
    linear model, cannot be estimated.
    """

    pls: Floats
    linear: Floats
    mean: Floats
    failed: int
    collinear: int


@dataclass(frozen=True)
class Predictor:
    """A specification as what predicts: which items of outcomes, from which constructs, in which order."""

    specification: Specification
    model: Model

    @cached_property
    def plain(self) -> Model:
        """The model of the main effects alone, whose scores make the products of moderations."""
        return model_arrays(self.specification.without_moderation()) if self.model.products else self.model

    @cached_property
    def endogenous(self) -> NDArray[np.bool_]:
        """Which constructs (k,) are foreseen: outcomes, and the components of an outcome of second order."""
        reached = np.array(self.model.main.adjacency.any(axis=0), dtype=np.bool_)
        if self.model.stages is not None:
            reached[self.model.stages.parts] |= reached[self.model.stages.wholes]
        return reached

    @cached_property
    def items(self) -> NDArray[np.intp]:
        """Positions (q,) of the items that are foreseen."""
        return np.flatnonzero(self.endogenous[self.model.main.owner])

    @cached_property
    def known(self) -> NDArray[np.intp]:
        """Positions of the items of exogenous constructs, which the linear model knows."""
        return np.flatnonzero(~self.endogenous[self.model.main.owner])

    @cached_property
    def order(self) -> list[int]:
        """Outcomes, every one after what leads to it and after the factors of its products."""
        adjacency = self.model.main.adjacency.copy()
        k = self.model.constructs
        for a, factors in enumerate(self.model.products):
            adjacency[np.array(factors)[:, None], np.flatnonzero(self.model.full.adjacency[k + a, :k])] = True
        ordered = replace(self.model.main, adjacency=adjacency).causal_order
        return [j for j in ordered if self.model.main.adjacency[:, j].any()]

    def trained(self, sample: Sample, counts: Floats, settings: Settings) -> tuple[Fits, list[Floats]]:
        """The model estimated from samples of rows, `counts` (B, n), and what makes scores of their standardised items.

        That is (B, p, k) each: the weights of all, and behind them those of the main effects where there are products.
        """
        fits, maps = [], []
        for model in (self.model, self.plain) if self.model.products else (self.model,):
            fits.append(fit_samples(sample, counts, model, settings))
            weights = standardised_weights(fits[-1])[:, : sample.p]
            maps.append(composites(weights, fits[-1].pls.paths, model))
        return fits[0], maps

    def scores(
        self, known: Floats, first: Floats, fits: Fits, at: NDArray[np.intp], antecedents: Antecedents
    ) -> Floats:
        """Scores (m, k) of the outcomes of m rows from those of what leads to them; `at` (m,) is the fit of each row.

        `known` (m, k): the scores of the answers, `first` the same by the weights of the main effects. Direct
        antecedents have these; of earliest ones only exogenous constructs do, and what is foreseen is passed on.
        """
        k, p = self.model.constructs, len(self.model.main.owner)
        paths = np.where(self.model.full.adjacency, fits.pls.paths, 0.0)
        found, base = known.copy(), first.copy()
        source = found if antecedents == "earliest" else known
        for j in self.order:
            x = self.model.main.predictors(j)
            value = (source[:, x] * paths[at[:, None], x, j]).sum(axis=1)
            for a, (one, other) in enumerate(self.model.products):
                if self.model.full.adjacency[k + a, j]:
                    product = base[:, one] * base[:, other] - fits.moments.means[at, p + a]
                    value += product / fits.moments.deviations[at, p + a] * paths[at, k + a, j]
            found[:, j] = value
            if antecedents == "earliest":
                base[:, j] = value
        if self.model.stages is not None:  # a component as an item of its construct
            parts, wholes = self.model.stages.parts, self.model.stages.wholes
            inner = self.endogenous[parts]
            share = fits.pls.correlations[at[:, None], parts[inner], wholes[inner]]
            found[:, parts[inner]] = found[:, wholes[inner]] * share
        return found


@one_thread
def held_out(
    predictor: Predictor, sample: Sample, settings: Settings, folds: NDArray[np.intp], antecedents: Antecedents
) -> HeldOut:
    """What models estimated from the other folds foresee, averaged over the repeats of `folds` (repeats, n).

    Every row is standardised by means and deviations of the rows learned from; scores are its weighted sums, the
    scores of outcomes follow from the paths, and items from scores by loadings. The linear model regresses every item
    on all items of exogenous constructs, with an intercept.
    """
    held = [(repeat, fold) for repeat, labels in enumerate(folds) for fold in range(int(labels.max()) + 1)]
    n, q = folds.shape[1], len(predictor.items)
    sums, seen = np.zeros((3, n, q)), np.zeros((3, n, 1))
    failed = collinear = 0
    for start in range(0, len(held), CHUNK):
        out = np.array([folds[repeat] == fold for repeat, fold in held[start : start + CHUNK]])
        with np.errstate(all="ignore"):  # of folds that cannot be foreseen, which are left out
            found, usable = _foresee(predictor, sample, settings, out, antecedents)
        at, row = np.nonzero(out)
        for one, (values, right) in enumerate(zip(found, usable, strict=True)):
            kept = right[at]
            np.add.at(sums[one], row[kept], values[kept])  # a row is held out once a repeat
            np.add.at(seen[one], row[kept], 1.0)
        failed += int((~usable[0]).sum())
        collinear += int((~usable[1]).sum())
    with np.errstate(invalid="ignore"):
        pls, linear, mean = np.where(seen > 0, sums / seen, np.nan)
    return HeldOut(pls, linear, mean, failed, collinear)


def _foresee(
    predictor: Predictor, sample: Sample, settings: Settings, out: NDArray[np.bool_], antecedents: Antecedents
) -> tuple[list[Floats], list[NDArray[np.bool_]]]:
    """Items of the rows held `out` (B, n), row after row, by each of the three; and from which samples they follow."""
    model, items, p = predictor.model, predictor.items, sample.p
    fits, maps = predictor.trained(sample, (~out).astype(np.float64), settings)
    means, spread = fits.moments.means[:, :p], fits.moments.deviations[:, :p]
    linear, defined = _linear(fits.moments.correlations[:, :p, :p], predictor)
    at, row = np.nonzero(out)
    z = sample.centred(row, means[at]) / spread[at]
    together = np.concatenate([*maps, linear], axis=2)
    values = np.empty((len(row), together.shape[2]))
    ends = np.cumsum(out.sum(axis=1))
    for b, (begin, end) in enumerate(zip(ends - out.sum(axis=1), ends, strict=True)):
        values[begin:end] = z[begin:end] @ together[b]
    k = model.constructs
    known, first = values[:, :k], values[:, k * (len(maps) - 1) : k * len(maps)]
    scores = predictor.scores(known, first, fits, at, antecedents)
    loadings = fits.pls.loadings[:, :p] / (spread if settings.metric == "raw" else 1.0)
    standardised = scores[:, model.main.owner[items]] * loadings[at[:, None], items]
    base, unit = means[at[:, None], items], spread[at[:, None], items]
    usable = np.asarray(fits.usable, dtype=np.bool_)
    average = np.asarray(np.isfinite(means).all(axis=1), dtype=np.bool_)
    return [base + unit * standardised, base + unit * values[:, k * len(maps) :], base], [usable, defined, average]


def _linear(R: Floats, predictor: Predictor) -> tuple[Floats, NDArray[np.bool_]]:
    """Standardised coefficients (B, p, q) of the items foreseen on the known ones, and where these are determined."""
    x, y = predictor.known, predictor.items
    coefficients = np.zeros((*R.shape[:2], len(y)))
    among = R[:, x[:, None], x]
    defined = eigenvalues_exceed(among, COLLINEAR)
    coefficients[np.ix_(defined, x)] = np.linalg.solve(among[defined], R[np.ix_(defined, x, y)])
    return coefficients, defined
