"""One simulated sample estimated: paths with 95% intervals by PLS and PLSc, and by maximum likelihood (CB-SEM)."""

from typing import Protocol

import numpy as np
import pandas as pd

from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate
from crmresearch.sem.covariance.likelihood.minimise import minimise
from crmresearch.sem.covariance.model import build_ram, covariance_part, variable_names
from crmresearch.sem.covariance.robust import inverse_or_nan
from crmresearch.sem.covariance.standardised import total_covariances
from crmresearch.sem.pls.algorithm import Floats, consistent_solution, outer_weights, solution
from crmresearch.sem.pls.batch import Settings, fit_samples
from crmresearch.sem.pls.model import model_arrays
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.quantities import ESTIMATORS, quantities
from crmresearch.simulation.population import Population
from crmresearch.simulation.simulate import draw

NORMAL = 1.959963984540054  # the .975 quantile
CHUNK = 250
TOLERANCE = 1e-5  # on Σ|Δw|: far below what a sample varies by, and a third of the time of 1e-7


class Fitter(Protocol):
    """An estimator of the paths of one population."""

    def fit(self, n: int, seed: int) -> list[pd.DataFrame]:
        """Draw n respondents and estimate: a frame an estimator of outcome, predictor, estimate, lower, upper."""

    def targets(self) -> pd.DataFrame:
        """estimator, outcome, predictor, target: what it estimates of the whole population, NaN where not known."""


def keyed_answers(people: Population, n: int, seed: int) -> Floats:
    """The answers (rows without a gap, p) of n respondents, high meaning more of the construct."""
    items = people.truth.specification.items
    answers = draw(people, n, seed).answers[items].to_numpy(dtype=np.float64)
    turned = [-1.0 if people.truth.turned(item) else 1.0 for item in items]
    return np.asarray((answers * turned)[~np.isnan(answers).any(axis=1)])


class PlsFitter:
    """PLS and PLSc with percentile intervals of a bootstrap."""

    def __init__(self, people: Population, resamples: int) -> None:
        self.people, self.resamples = people, resamples
        self.specification = people.truth.specification
        self.model, self.settings = model_arrays(self.specification), Settings(tolerance=TOLERANCE)
        table = quantities(self.specification, self.model, ESTIMATORS)
        self.paths = {estimator: table[f"paths/{estimator}"] for estimator in ESTIMATORS}

    def fit(self, n: int, seed: int) -> list[pd.DataFrame]:
        """The estimates of the sample and the (B + 1)(1 ± .95)/2-th smallest of its B resamples."""
        X = keyed_answers(self.people, n, seed)
        sample = Sample(X)
        counts = np.concatenate([np.ones((1, sample.n)), *bootstrap_counts(sample.n, self.resamples, seed)])
        parts: dict[str, list[Floats]] = {estimator: [] for estimator in ESTIMATORS}
        for start in range(0, len(counts), CHUNK):
            fits = fit_samples(sample, counts[start : start + CHUNK], self.model, self.settings)
            with np.errstate(divide="ignore", invalid="ignore"):
                for estimator, quantity in self.paths.items():
                    parts[estimator].append(np.where(fits.usable[:, None], quantity.values(fits), np.nan))
        return [self._frame(estimator, np.concatenate(values)) for estimator, values in parts.items()]

    def _frame(self, estimator: str, values: Floats) -> pd.DataFrame:
        drawn = np.sort(values[1:], axis=0)  # NaN last
        defined = np.isfinite(drawn).sum(axis=0)
        rank = np.floor((defined + 1) * 0.025 + 1e-9).astype(np.intp)
        column = np.arange(drawn.shape[1])
        enough = rank > 0
        lower = np.where(enough, drawn[np.maximum(rank - 1, 0), column], np.nan)
        upper = np.where(enough, drawn[np.maximum(defined - rank, 0).clip(0, len(drawn) - 1), column], np.nan)
        labels = self.paths[estimator].labels[["estimator", "outcome", "predictor"]]
        return labels.assign(estimate=values[0], lower=lower, upper=upper)

    def targets(self) -> pd.DataFrame:
        """PLS and PLSc of the covariances of all attentive answers of the population; not known of moderations."""
        labels = {e: q.labels[["estimator", "outcome", "predictor"]] for e, q in self.paths.items()}
        main, keys = self.model.main, self.specification.keys
        covariances = self.people.answered_moments()[1]
        deviation = np.sqrt(np.diag(covariances))
        R = (covariances / np.outer(deviation, deviation))[None]
        pls = solution(R, outer_weights(R, main, "path", 1e-12, 10_000).weights, main)
        found = {"pls": pls.paths[0], "plsc": consistent_solution(R, pls, main).paths[0]}
        return pd.concat(
            part.assign(
                target=[
                    np.nan if ":" in row.predictor else found[e][keys.index(row.predictor), keys.index(row.outcome)]
                    for row in part.itertuples()
                ]
            )
            for e, part in labels.items()
        )


class CbFitter:
    """CB-SEM by maximum likelihood, begun at what it estimates of the population, with Wald intervals.

    Its paths are told in standard deviations of the constructs in the population, so that they compare with the others.
    Moderations are left out, as always.
    """

    def __init__(self, people: Population) -> None:
        self.people = people
        spec = people.truth.specification
        measurement, regressions, _ = covariance_part(spec)
        covariances = pd.DataFrame(people.answered_moments()[1], spec.items, spec.items)
        self.ram = build_ram(covariances, measurement, regressions)
        self.at = [spec.items.index(item) for item in self.ram.observed]
        S = covariances.to_numpy()[np.ix_(self.at, self.at)][None]
        self.start = minimise(self.ram, [Pattern(1, np.arange(len(self.at)), S)], self.ram.start[None]).theta
        deviation = np.sqrt(np.diag(total_covariances(self.ram, self.start)[0]))
        named = {name: key for key, name in variable_names(spec).items()}
        self.labels, self.number, units = [], [], []
        for cell in self.ram.cells:
            if cell.label is not None and " ~ " in cell.label and cell.matrix == "A":
                self.labels.append(("cbsem", named[cell.row], named[cell.column]))
                self.number.append(self.ram.labels.index(cell.label))
                i, j = (self.ram.variables.index(name) for name in (cell.row, cell.column))
                units.append(deviation[j] / deviation[i])
        self.units = np.array(units)

    def _frame(self, **columns: Floats) -> pd.DataFrame:
        return pd.DataFrame(self.labels, columns=["estimator", "outcome", "predictor"]).assign(**columns)

    def fit(self, n: int, seed: int) -> list[pd.DataFrame]:
        """Estimates ± 1.96 standard errors of the expected information; NaN where it did not converge."""
        X = keyed_answers(self.people, n, seed)[:, self.at]
        pattern = Pattern(len(X), np.arange(len(self.at)), np.cov(X.T, ddof=0)[None])
        found = minimise(self.ram, [pattern], self.start)
        information = len(X) / 2 * evaluate(self.ram, found.theta, [pattern], observed_too=False).expected[0]
        variances = np.diag(inverse_or_nan(information))[self.number]
        good = found.converged()[0] and bool((variances > 0).all())
        estimate = found.theta[0, self.number] * self.units if good else np.full(len(self.units), np.nan)
        wide = NORMAL * np.sqrt(np.where(variances > 0, variances, np.nan)) * self.units
        return [self._frame(estimate=estimate, lower=estimate - wide, upper=estimate + wide)]

    def targets(self) -> pd.DataFrame:
        """What it estimates of all attentive answers of the population."""
        return self._frame(target=self.start[0, self.number] * self.units)
