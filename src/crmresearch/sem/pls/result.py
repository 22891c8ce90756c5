"""A PLS estimate and its bootstrap: arrays, and the tidy tables made from them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.caution import Caution
from crmresearch.models.specification import Specification
from crmresearch.ranks import highest
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.batch import Fits, Settings, composites, standardised_weights
from crmresearch.sem.pls.limits import Jackknife, bca_limits, percentile_limits
from crmresearch.sem.pls.model import Model
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.quantities import ESTIMATORS, Quantity, quantities

Interval = Literal["percentile", "bca"]
INTERVAL = ["se", "ci_lower", "ci_upper", "p_value"]


@dataclass(frozen=True)
class Resampling:
    """The bootstrap of one estimate.

    `replicates[name]` (resamples kept, rows) holds every quantity in every usable resample; `usable` (resamples,) says
    which were kept, by which two estimates of the same rows and seed are paired. `failed` resamples (an item does not
    vary, or items of a mode-B block or predictors of an outcome are collinear) are left out; `unconverged`
    ones are kept, and so are those that converged to an `inadmissible` PLSc solution
    (`crmresearch.sem.pls.batch.consistent_admissible`), because leaving them out would truncate the intervals.
    `jackknife`: the quantities without a row each, of BCa alone.
    """

    resamples: int
    seed: int
    confidence: float
    interval: Interval
    failed: int
    unconverged: int
    inadmissible: int
    replicates: dict[str, Floats]
    limits: dict[str, tuple[Floats, Floats]]
    usable: NDArray[np.bool_]
    jackknife: Jackknife | None = field(default=None, repr=False)

    def summary(self, name: str) -> dict[str, Floats]:
        """se, ci_lower, ci_upper and p_value (rows,) of one quantity.

        se is the standard deviation over resamples. The percentile interval runs between the α/2 and 1 − α/2
        quantiles; BCa moves both by the bias and acceleration of Efron (1987), JASA 82, 171–185. p_value is
        two-sided and belongs to the percentile interval: twice the smaller share of resamples on one side of 0,
        (1 + count)/(1 + resamples), at most 1 (Davison & Hinkley 1997, section 4.4). When p < α the percentile
        interval leaves out 0; when it leaves out 0, p is below α or at most 4 / (1 + resamples) above it.
        """
        return self._summarised(self.replicates[name], *self.limits[name])

    def derived(self, of: Callable[[dict[str, Floats]], Floats], point: Floats) -> dict[str, Floats]:
        """The same of what follows from the quantities, `point` (rows,) in the sample.

        `of` makes it (samples, rows) of their values (samples, rows of the quantity) by name.
        """
        values, tail = of(self.replicates), (1 - self.confidence) / 2
        if self.jackknife is None:
            return self._summarised(values, *percentile_limits(values, tail))
        without = of(self.jackknife.deleted)
        return self._summarised(values, *bca_limits(values, point, without, self.jackknife.share, tail))

    @staticmethod
    def _summarised(values: Floats, lower: Floats, upper: Floats) -> dict[str, Floats]:
        below, above = (values <= 0).sum(axis=0), (values >= 0).sum(axis=0)
        defined = np.isfinite(values).sum(axis=0)
        p = np.minimum(1.0, 2 * (1 + np.minimum(below, above)) / (1 + defined))
        se = np.full(len(defined), np.nan)
        several = defined > 1
        se[several] = np.nanstd(values[:, several], axis=0, ddof=1)
        return {"se": se, "ci_lower": lower, "ci_upper": upper, "p_value": p}

    def at_floor(self, p_values: pd.Series) -> pd.Series:
        """Which p-values of `summary` are the least that these resamples can show, 2/(1 + resamples in which defined).

        The next one is 4/(1 + these): a smaller one has no resample on the other side of 0.
        """
        return p_values < 4 / (1 + int(self.usable.sum()))

    @property
    def undefined(self) -> int:
        """Resamples in which PLSc does not exist because a ρ_A is negative; its intervals leave them out."""
        values = self.replicates.get("paths/plsc", self.replicates["paths/pls"])
        return int((~np.isfinite(values)).any(axis=1).sum())


@dataclass(frozen=True)
class PlsEstimate:
    """A PLS path model estimated by composites (`pls`) and corrected for attenuation (`plsc`).

    The tables are tidy frames with the columns estimator, group, …, estimate, standardized, se, ci_lower, ci_upper,
    p_value; the last four are NaN until `crmresearch.sem.pls.bootstrap.bootstrap` has filled `resampling`, and of what
    is fixed by definition (weight and loading of a single item). R² and HTMT have no p_value. `items` (n, p) are the
    complete answers, `sample` holds them with their sampling weights (1 without), `fits` the arrays behind the tables,
    `cautions` what the reader must know before believing them, gravest first, as `estimate_pls` and `bootstrap` found
    it.
    """

    specification: Specification
    items: pd.DataFrame
    settings: Settings
    model: Model = field(repr=False)
    sample: Sample = field(repr=False)
    fits: Fits = field(repr=False)
    resampling: Resampling | None = None
    cautions: tuple[Caution, ...] = ()

    @property
    def estimators(self) -> tuple[str, ...]:
        """`pls`, and `plsc` where the correction is defined."""
        return ESTIMATORS if self.fits.consistent is not None else ESTIMATORS[:1]

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """Every reported quantity by table and estimator."""
        return quantities(self.specification, self.model, self.estimators)

    def replaced(self, **changes: Any) -> Self:
        """The same estimate with other resamples or cautions."""
        other = replace(self, **changes)
        vars(other)["quantities"] = self.quantities  # a tenth of 500 resamples of a small model to make anew
        return other

    def values(self, name: str) -> Floats:
        """The estimates (rows,) of one quantity."""
        return self.quantities[name].values(self.fits)[0]

    def table(self, name: str) -> pd.DataFrame:
        """One quantity of all estimators as a tidy frame with intervals."""
        parts = [key for key in self.quantities if key.split("/")[0] == name]
        return pd.concat([self._labelled(key) for key in parts], ignore_index=True)

    def only(self, table: str, estimator: str = "pls") -> pd.DataFrame:
        """The rows of a table (`paths`, `loadings`, `r_squared`, …) by one estimator; none where it is not defined."""
        frame: pd.DataFrame = getattr(self, table)
        return frame[frame["estimator"] == estimator].reset_index(drop=True)

    def leading(self, outcome: str, second_order: bool = False) -> pd.DataFrame:
        """The largest total effect (PLS) on `outcome` and those not told apart from it, largest first, of any sign.

        Told apart by the differences of their sizes, taken resample by resample, with intervals for all of them at
        once: `ranks.highest`. A construct of second order holds what its components do and would beat them by being
        their sum: they are compared among themselves, or those of `second_order` are.
        """
        frame = self.only("total_effects")
        wholes = set(self.specification.components.values())
        into = frame[(frame["outcome"] == outcome) & (frame["predictor"].isin(wholes) == second_order)]
        into = into.loc[into["estimate"].abs().sort_values(ascending=False, kind="stable").index]
        if self.resampling is None:
            return into.head(1)
        drawn = np.abs(self.resampling.replicates["total_effects/pls"][:, into.index].T)
        return into[highest(into["estimate"].abs().to_numpy(), drawn, self.resampling.confidence)]

    def undecided(self, outcome: str) -> bool:
        """Whether more than two constructs lead to `outcome` and no total effect on it is told apart: `leading`."""
        effects = self.only("total_effects").query("outcome == @outcome")["predictor"]
        rivals = effects[~effects.isin([*self.specification.components.values()])]
        return len(self.leading(outcome)) == len(rivals) > 2

    @cached_property
    def corrections(self) -> pd.Series:
        """How far the correction for unreliability moves every path, |PLSc − PLS| by predictor and outcome."""
        wide = self.paths.pivot(index=["predictor", "outcome"], columns="estimator", values="estimate")
        return (wide["plsc"] - wide["pls"]).abs().dropna()

    def _labelled(self, key: str) -> pd.DataFrame:
        quantity = self.quantities[key]
        frame = quantity.labels.copy()
        frame["estimate"] = self.values(key)
        summary = self.resampling.summary(key) if self.resampling else {}
        estimated = frame["estimate"].notna() & ~quantity.fixed
        for column in INTERVAL if quantity.tested else INTERVAL[:3]:
            frame[column] = np.where(estimated, summary.get(column, np.nan), np.nan)
        return frame

    def _with_standardized(self, frame: pd.DataFrame, values: Floats) -> pd.DataFrame:
        return _insert_after(frame, "estimate", "standardized", values)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Path coefficients; a moderation is the path of `predictor:moderator`, per unit of the product."""
        standardized = [self.values(f"standardized_paths/{estimator}") for estimator in self.estimators]
        return self._with_standardized(self.table("paths"), np.concatenate(standardized))

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
        """R² of every outcome, and `adjusted` = 1 − (1 − R²)(n − 1)/(n − m − 1) with m predictors.

        n is the number of rows, with and without sampling weights. Intervals are cut at 0 and 1, between which a share
        lies.
        """
        frame = self.table("r_squared")
        predictors = self.model.full.adjacency.sum(axis=0)
        m = np.tile(predictors[predictors > 0], len(self.estimators))
        n = self.sample.n
        adjusted = 1 - (1 - frame["estimate"]) * (n - 1) / (n - m - 1)
        frame[INTERVAL[1:3]] = frame[INTERVAL[1:3]].clip(0, 1)  # inadmissible PLSc resamples lie beyond
        return _insert_after(frame, "estimate", "adjusted", adjusted)

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
    def f_squared(self) -> pd.DataFrame:
        """Cohen's f² of every path and moderation on the scores (PLS), in the order of `paths`."""
        return self.table("f_squared")

    @cached_property
    def cross_loadings(self) -> pd.DataFrame:
        """Correlation of every item with every composite, items in rows."""
        p, k = len(self.specification.items), self.model.constructs
        cross = self.fits.pls.cross_loadings[0][:p, :k]
        if self.settings.metric == "raw":
            cross = cross / self.values("deviations/pls")[:, None]
        frame = pd.DataFrame(cross, self.specification.items, self.specification.keys)
        return frame[[c.key for c in self.specification.constructs if c.items]]

    @cached_property
    def components(self) -> pd.DataFrame:
        """Weights of the components of constructs of second order, standardised, and their loadings; none without.

        A weight is the effect of the component on its construct, the others held; `loading` is their correlation.
        """
        if not self.specification.components:
            return pd.DataFrame()
        loadings = self.table("component_loadings")
        frame = self._with_standardized(self.table("component_weights"), self.table("component_weights")["estimate"])
        for column in ("estimate", *INTERVAL[1:3]):
            frame[f"loading{column.removeprefix('estimate').replace('ci', '')}"] = loadings[column]
        return frame

    @cached_property
    def through(self) -> pd.DataFrame:
        """What a component does to an outcome through its construct of second order, and by a path of its own.

        Columns construct, outcome, predictor (the component), estimate and interval of the effect through the
        construct, alone (`alone_ci_lower`, `alone_ci_upper`) of its path in stage one. The first rests on the
        assumption that the component goes with the outcome as a part of its construct: one that does nothing gets a
        weight by going with the others.
        """
        if not self.specification.components:
            return pd.DataFrame()
        frame, alone = self.table("component_through"), self.table("component_alone")
        kept = ["construct", "outcome", "predictor", "estimate", *INTERVAL[1:3]]
        own = alone[["estimate", *INTERVAL[1:3]]].rename(columns=lambda name: f"alone_{name}")
        return frame[kept].join(own.rename(columns={"alone_estimate": "alone"}))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Standardised composite scores (n, k), (weighted) mean 0 and variance 1, one row a respondent."""
        k = self.model.constructs
        means = np.average(self.sample.rows, axis=0, weights=self.sample.weights)
        z = (self.sample.rows - means) / self.values("deviations/pls")
        return pd.DataFrame(z @ self.composites, self.items.index, self.specification.keys[:k])

    @property
    def composites(self) -> Floats:
        """Every construct as a sum of standardised items (p, k), one of second order through its components."""
        weights = standardised_weights(self.fits)[:, : len(self.specification.items)]
        return composites(weights, self.fits.pls.paths, self.model)[0]


def _insert_after(frame: pd.DataFrame, column: str, name: str, values: Any) -> pd.DataFrame:
    frame.insert(list(frame.columns).index(column) + 1, name, values)
    return frame
