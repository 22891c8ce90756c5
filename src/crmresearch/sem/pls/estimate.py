"""Estimation of a PLS path model from a survey: the public surface of the engine."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.models.specification import Specification
from crmresearch.sem.pls.algorithm import MAX_ITERATIONS, TOLERANCE, Floats, Scheme
from crmresearch.sem.pls.batch import Fits, Metric, Model, Settings, fit_samples, model_arrays, standardised_weights
from crmresearch.sem.pls.cautions import Caution, cautions_of
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.quantities import ESTIMATORS, Quantity, quantities

if TYPE_CHECKING:
    from crmresearch.sem.pls.bootstrap import Resampling

INTERVAL = ["se", "ci_lower", "ci_upper", "p_value"]


@dataclass(frozen=True)
class PlsEstimate:
    """A PLS path model estimated by composites (`pls`) and corrected for attenuation (`plsc`).

    The tables are tidy frames with the columns estimator, group, …, estimate, standardized, se, ci_lower,
    ci_upper, p_value; the last four are NaN until `crmresearch.sem.pls.bootstrap.bootstrap` has filled `resampling`.
    `items` (n, p) are the complete answers, `fits` the arrays behind the tables, `cautions` what the reader must
    know before believing them.
    """

    specification: Specification
    items: pd.DataFrame
    settings: Settings
    model: Model = field(repr=False)
    sample: Sample = field(repr=False)
    fits: Fits = field(repr=False)
    resampling: "Resampling | None" = None

    @property
    def estimators(self) -> tuple[str, ...]:
        """`pls`, and `plsc` where the correction is defined."""
        return ESTIMATORS if self.fits.consistent is not None else ESTIMATORS[:1]

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """Every reported quantity by table and estimator."""
        return quantities(self.specification, self.model, self.estimators)

    def values(self, name: str) -> Floats:
        """The estimates (rows,) of one quantity."""
        return self.quantities[name].values(self.fits)[0]

    def table(self, name: str) -> pd.DataFrame:
        """One quantity of all estimators as a tidy frame with intervals."""
        parts = [key for key in self.quantities if key.split("/")[0] == name]
        return pd.concat([self._labelled(key) for key in parts], ignore_index=True)

    def _labelled(self, key: str) -> pd.DataFrame:
        frame = self.quantities[key].labels.copy()
        frame["estimate"] = self.values(key)
        summary = self.resampling.summary(key) if self.resampling else {}
        for column in INTERVAL:  # an estimate that does not exist has no interval
            frame[column] = np.where(frame["estimate"].notna(), summary.get(column, np.nan), np.nan)
        return frame

    def _with_standardized(self, frame: pd.DataFrame, values: Floats) -> pd.DataFrame:
        return _insert_after(frame, "estimate", "standardized", values)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Path coefficients; a moderation is the path of `predictor:moderator`, per unit of the product."""
        return self._with_standardized(self.table("paths"), self.table("standardized_paths")["estimate"].to_numpy())

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings of the items on their own construct; `standardized` is the correlation."""
        frame = self.table("loadings")
        spread = 1.0 if self.fits.consistent is not None else self.values("deviations/pls")
        return self._with_standardized(frame, frame["estimate"].to_numpy() / spread)

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Outer weights; `estimate` in the metric of estimation, `standardized` per standard deviation."""
        return self._with_standardized(self.table("weights"), self.values("standardized_weights/pls"))

    @cached_property
    def r_squared(self) -> pd.DataFrame:
        """R² of every outcome, and `adjusted` = 1 − (1 − R²)(n − 1)/(n − m − 1) with m predictors."""
        frame = self.table("r_squared")
        predictors = self.model.full.adjacency.sum(axis=0)
        m = np.tile(predictors[predictors > 0], len(self.estimators))
        n = self.sample.n
        adjusted = 1 - (1 - frame["estimate"]) * (n - 1) / (n - m - 1)
        return _insert_after(frame, "estimate", "adjusted", adjusted).drop(columns="p_value")

    @cached_property
    def total_effects(self) -> pd.DataFrame:
        """Direct, indirect and total effects (`estimate`) of every construct on those it reaches."""
        frame = self.table("total_effects")
        indirect = self.table("indirect_effects")
        frame = _insert_after(frame, "predictor", "indirect", indirect["estimate"])
        frame = _insert_after(frame, "predictor", "direct", frame["estimate"] - indirect["estimate"])
        frame = self._with_standardized(frame, frame["estimate"].to_numpy())
        for column in INTERVAL:
            frame[f"indirect_{column}"] = indirect[column]
        return frame

    @cached_property
    def cross_loadings(self) -> pd.DataFrame:
        """Correlation of every item with every composite, items in rows."""
        p, k = len(self.specification.items), self.model.constructs
        cross = self.fits.pls.cross_loadings[0][:p, :k]
        if self.settings.metric == "raw":
            cross = cross / self.values("deviations/pls")[:, None]
        return pd.DataFrame(cross, self.specification.items, self.specification.keys)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Standardised composite scores (n, k), mean 0 and variance 1, one row a respondent."""
        p, k = len(self.specification.items), self.model.constructs
        z = (self.sample.rows - self.sample.rows.mean(axis=0)) / self.values("deviations/pls")
        weights = standardised_weights(self.fits)[0, :p, None] * self.model.main.mask
        return pd.DataFrame(z @ weights, self.items.index, self.specification.keys[:k])

    @cached_property
    def cautions(self) -> tuple[Caution, ...]:
        """What must be known before the numbers are believed, gravest first."""
        return cautions_of(self)


def _insert_after(frame: pd.DataFrame, column: str, name: str, values: Any) -> pd.DataFrame:
    frame.insert(list(frame.columns).index(column) + 1, name, values)
    return frame


def estimate_pls(
    specification: Specification,
    items: pd.DataFrame,
    *,
    scheme: Scheme = "path",
    metric: Metric = "standardised",
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> PlsEstimate:
    """Estimate the specification from complete answers.

    `items` (n, ≥ p) holds the specification's items, without missing values (`crmresearch.data.survey.missing` makes
    them so). `scheme` is the inner weighting: path, factorial or centroid. `metric` "standardised" weighs
    standardised items; "raw" weighs items in their own units, as Tenenhaus et al. (2005) do, and gives no PLSc.

    Checked against R seminr 2.3.4 (composites, PLSc, mode B), R plspm 0.4.9 and SmartPLS 2 (centroid), Tenenhaus
    et al. (2005, raw metric) and Hair et al. (2021), to the digits each prints.

    Raises ParameterError for an unknown scheme or metric; EstimationError when an item is absent, missing values
    remain, an item does not vary, a mode-B block or the predictors of an outcome are exactly collinear, or there
    are too few rows.
    """
    if scheme not in get_args(Scheme):
        raise ParameterError(f"The inner scheme {scheme!r} is not known; use {', '.join(get_args(Scheme))}.")
    if metric not in get_args(Metric):
        raise ParameterError(f"The metric {metric!r} is not known; use {' or '.join(get_args(Metric))}.")
    X = _matrix(specification, items)
    settings = Settings(scheme, metric, tolerance, max_iterations)
    model = model_arrays(specification)
    _check_mode_b(specification, X)
    sample = Sample(X)
    with threadpool_limits(1):
        fits = fit_samples(sample, np.ones((1, sample.n)), model, settings)
    if not fits.usable[0]:
        raise EstimationError(
            f"The weights of theory {specification.theory.key!r} cannot be computed from these answers; look for "
            "items that are copies of one another or almost constant."
        )
    _check_predictors(specification, fits)
    return PlsEstimate(specification, items[specification.items], settings, model, sample, fits)


def _matrix(specification: Specification, items: pd.DataFrame) -> Floats:
    absent = [item for item in specification.items if item not in items]
    if absent:
        raise EstimationError(f"The data has no column for the items {', '.join(absent)}.")
    X = items[specification.items].to_numpy(dtype=np.float64)
    missing = [i for i, bad in zip(specification.items, ~np.isfinite(X).all(axis=0), strict=True) if bad]
    if missing:
        raise EstimationError(
            f"Missing answers remain in {', '.join(missing)}; choose a missing policy (listwise or mean)."
        )
    products = Counter(m.outcome for m in specification.moderations)
    smallest = 2 + max([len(specification.predictors_of(o)) + products[o] for o in specification.outcomes])
    if len(X) < smallest:
        raise EstimationError(
            f"{len(X)} complete rows are too few for {specification.theory.key}: the regressions alone need "
            f"{smallest}; use another missing policy or more data."
        )
    constant = [i for i, c in zip(specification.items, np.ptp(X, axis=0) == 0, strict=True) if c]
    if constant:
        raise EstimationError(
            f"Every row has the same answer to {', '.join(constant)}, so it explains nothing; take it out of the "
            "codebook's constructs."
        )
    return X


def _check_mode_b(specification: Specification, X: Floats) -> None:
    for construct in specification.constructs:
        if construct.measurement == "composite_b":
            columns = [specification.items.index(item) for item in construct.items]
            if np.linalg.matrix_rank(np.corrcoef(X[:, columns].T), tol=1e-10) < len(columns):
                raise EstimationError(
                    f"The items of {construct.key} ({', '.join(construct.items)}) determine one another, so mode-B "
                    "weights do not exist; leave one of them out."
                )


def _check_predictors(specification: Specification, fits: Fits) -> None:
    for outcome in specification.outcomes:
        predictors = specification.predictors_of(outcome)
        x = [specification.keys.index(key) for key in predictors]
        if np.linalg.matrix_rank(fits.pls.correlations[0][np.ix_(x, x)], tol=1e-10, hermitian=True) < len(x):
            raise EstimationError(
                f"The scores of the predictors of {outcome} ({', '.join(predictors)}) determine one another, so their "
                "paths do not exist; leave one of them out, or look for items that are copies."
            )
