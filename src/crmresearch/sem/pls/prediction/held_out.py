"""Items of respondents as foreseen by models estimated from the others: the arrays of PLSpredict.

Of every fold the moments of the other rows are enough, all folds of all repeats are one batch of the algorithm that
estimates resamples, and what they foresee is one matrix a fold. Sources: Shmueli, Ray, Velasquez Estrada & Chatla
(2016), Journal of Business Research 69, 4552–4564; Shmueli et al. (2019), European Journal of Marketing 53, 2322–2347;
of the antecedents Danks (2021), The DATA BASE for Advances in Information Systems 52(SI), 24–42.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.models.specification import Specification
from crmresearch.resampling import one_thread
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.batch import Fits, Settings, composites, fit_moments, fit_samples, per_deviation
from crmresearch.sem.pls.elimination import COLLINEAR, eigenvalues_exceed, solve_positive
from crmresearch.sem.pls.model import Model, model_arrays
from crmresearch.sem.pls.moderation import with_products
from crmresearch.sem.pls.moments import Sample, of_one_size

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
            maps.append(_composites(fits[-1], model, settings, sample.p))
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
    parts = list(_parts(folds))
    sums = np.zeros((folds.shape[1], 3, len(predictor.items) + 1))  # the last: how often the row was foreseen
    failed = collinear = 0
    for start in range(0, len(parts), CHUNK):
        of = [[part for _, part in group] for _, group in groupby(parts[start : start + CHUNK], itemgetter(0))]
        with np.errstate(all="ignore"):  # of folds that cannot be foreseen, which are left out
            usable = _foresee(predictor, sample, settings, of, antecedents, sums)
        failed += int((~usable[:, 0]).sum())
        collinear += int((~usable[:, 1]).sum())
    seen = sums[:, :, -1:]
    with np.errstate(invalid="ignore"):
        pls, linear, mean = np.where(seen > 0, sums[:, :, :-1] / seen, np.nan).transpose(1, 0, 2)
    return HeldOut(pls, linear, mean, failed, collinear)


def _parts(folds: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """The rows of every fold of all repeats, with the number of the repeat."""
    repeats, n = folds.shape
    of_all = int(folds.max()) + 1
    code = (folds + of_all * np.arange(repeats)[:, None]).ravel()
    # of small integers the order is counted, not compared
    rows = np.argsort(code.astype(np.min_scalar_type(of_all * repeats)), kind="stable") % n
    end = 0
    for place, size in enumerate(np.bincount(code, minlength=of_all * repeats).tolist()):
        if size:
            yield place // of_all, rows[end : end + size]
        end += size


def _foresee(
    predictor: Predictor,
    sample: Sample,
    settings: Settings,
    folds: list[list[NDArray[np.intp]]],
    antecedents: Antecedents,
    sums: Floats,
) -> NDArray[np.bool_]:
    """Add what each of the three foresees of the rows of `folds`, and 1 behind it, to `sums` (n, 3, q + 1).

    `folds`: the rows of every fold, B in all, by repeat, in which a row is held out once. Returns which of the three
    can be told of each fold (B, 3). What is foreseen is linear in the answers that are known, so that one matrix a fold
    says it of every row; with products only what the averages and the linear model foresee.
    """
    model, items, p, k = predictor.model, predictor.items, sample.p, predictor.model.constructs
    moments, products = sample.moments_without(folds), None
    if model.products:
        counts = np.ones((len(moments.means), sample.n))
        for count, part in zip(counts, chain.from_iterable(folds), strict=True):
            count[part] = 0.0
        products = partial(with_products, sample, counts * sample.weights)
    settings = replace(settings, consistent=False)
    fits = fit_moments(moments, model, settings, products)
    means, spread = fits.moments.means[:, :p], fits.moments.deviations[:, :p]
    loadings = fits.pls.loadings[:, items] * (1.0 if settings.metric == "raw" else spread[:, items])
    W = _composites(fits, model, settings, p)
    coefficients, defined = _linear(fits.moments.correlations[:, :p, :p], predictor)
    told = np.isfinite(means).all(axis=1)
    usable = np.stack([fits.usable & told, defined & told, told], axis=1)
    # from the earliest antecedents nothing but what the linear model knows takes part
    origins = np.flatnonzero(~predictor.endogenous) if antecedents == "earliest" else np.arange(k)
    known = predictor.known if antecedents == "earliest" else np.arange(p)
    owner = model.main.owner[items]
    maps = np.zeros((len(W), 1 + len(known), 3, len(items) + 1))
    maps[:, 0, :, :-1], maps[:, 0, :, -1] = means[:, None, items], 1.0
    maps[:, 1 + np.searchsorted(known, predictor.known), 1, :-1] = coefficients * spread[:, None, items]
    if model.products:
        main = fit_moments(moments, predictor.plain, settings)
        first = _composites(main, predictor.plain, settings, p)
        sums_of = np.concatenate([W, first], axis=2)[:, known] / spread[:, known, None]
    else:
        one = np.tile(np.eye(k)[origins], (len(W), 1))  # what a score of 1 of a construct leads to
        of = np.repeat(np.arange(len(W)), len(origins))
        scores = predictor.scores(one, one, fits, of, antecedents).reshape(len(W), -1, k)
        maps[:, 1:, 0, :-1] = W[:, known[:, None], origins] @ (scores[:, :, owner] * loadings[:, None, :])
    maps[:, 1:] /= spread[:, known, None, None]
    if not usable.all():
        maps = np.where(usable[:, None, :, None], maps, 0.0)
    said, start, deviations = maps.reshape(*maps.shape[:2], -1), 0, sample.centring(known)
    centres = np.nan_to_num(means[:, None, known])  # of folds that cannot be foreseen, whose maps are 0
    for repeat in folds:
        row, sizes = np.concatenate(repeat), [len(part) for part in repeat]
        for which, at in of_one_size(sizes):
            rows, of = row[at], start + which
            answers = np.ones((*at.shape, 1 + len(known)))
            answers[:, :, 1:] = deviations(rows, centres[of])
            foreseen = (answers @ said[of]).reshape(*at.shape, *sums.shape[1:])
            if model.products:
                both, each = (answers[:, :, 1:] @ sums_of[of]).reshape(-1, 2 * k), np.repeat(of, at.shape[1])
                scores = predictor.scores(both[:, :k], both[:, k:], fits, each, antecedents)
                items_of = np.where(usable[each, :1], scores[:, owner] * loadings[each], 0.0)
                foreseen[:, :, 0, :-1] += items_of.reshape(*at.shape, -1)
            sums[rows] += foreseen
        start += len(repeat)
    return usable


def _composites(fits: Fits, model: Model, settings: Settings, p: int) -> Floats:
    weights = per_deviation(fits.pls.weights, fits.moments, settings)
    return composites(weights[:, :p], fits.pls.paths, model)


def _linear(R: Floats, predictor: Predictor) -> tuple[Floats, NDArray[np.bool_]]:
    """Standardised coefficients (B, m, q) of the items foreseen on the m known ones, and where these are determined."""
    x, y = predictor.known, predictor.items
    of_known = R[:, x]
    among = of_known[:, :, x]
    defined = eigenvalues_exceed(among, COLLINEAR)
    if not defined.all():
        among[~defined] = np.eye(len(x))
    return solve_positive(among, of_known[:, :, y]), defined
