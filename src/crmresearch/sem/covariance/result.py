"""An estimated covariance structure: its tables, its fit to the data, and whether it can be believed."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmresearch.caution import RANK, Caution
from crmresearch.models.specification import Specification
from crmresearch.sampling_design import FEW, SamplingDesign
from crmresearch.sem.covariance import admissibility
from crmresearch.sem.covariance.full_information import FullInformation
from crmresearch.sem.covariance.likelihood.minimise import Minimum
from crmresearch.sem.covariance.likelihood.ram import Ram, implied
from crmresearch.sem.covariance.model import variable_names
from crmresearch.sem.covariance.semopy_start import SemopyFit
from crmresearch.sem.covariance.standardised import (
    delta_errors,
    effects,
    explained,
    standardised_cells,
    total_covariances,
)
from crmresearch.sem.pls.algorithm import Floats

Errors = Literal["standard", "robust"]


@dataclass(frozen=True)
class CbEstimate:
    """A covariance structure estimated by maximum likelihood.

    The tables have the columns of the PLS tables with estimator `cbsem`: estimate is unstandardised, standardized
    its completely standardised value, se, ci_lower, ci_upper and p_value the Wald statistics of the estimate,
    standardized_se the delta-method error. `left_out` names composites that are no part of a covariance structure.
    `ram`, `minimum`, `answers`, `covariance` and `information` are in the `units` of estimation, the tables are not.
    """

    specification: Specification
    ram: Ram
    minimum: Minimum
    answers: Floats = field(
        repr=False
    )  # (rows, p) in the order of ram.observed and in `units`, NaN for missing answers
    units: pd.Series = field(repr=False)  # by item; the tables are in the units of the items themselves
    covariance: Floats = field(repr=False)  # of the estimates
    information: Floats = field(repr=False)
    regressions: dict[str, list[str]]
    left_out: tuple[str, ...]
    confidence: float
    errors: Errors
    semopy: SemopyFit | None = None
    full_information: FullInformation | None = None
    weights: Floats | None = field(default=None, repr=False)  # sampling weights (rows,) of mean 1
    design: SamplingDesign | None = field(default=None, repr=False)  # strata and clusters of the rows

    @property
    def rows(self) -> int:
        """Rows with at least one answer."""
        return len(self.answers)

    @property
    def theta(self) -> Floats:
        """The estimates (q,) in the order of `ram.labels`."""
        return self.minimum.theta[0]

    @cached_property
    def construct_of(self) -> dict[str, str]:
        """Construct key of every structural RAM variable, and other items as they are."""
        keys = {name: key for key, name in variable_names(self.specification).items()}
        return {name: keys.get(name, name) for name in self.ram.variables}

    @cached_property
    def structural(self) -> list[str]:
        """RAM variables that stand for a construct, in the order of the specification."""
        kept = [key for key in self.specification.keys if key not in self.left_out]
        names = variable_names(self.specification)
        return [names[key] for key in kept if names[key] in self.ram.variables]

    @cached_property
    def unit_of(self) -> dict[str, float]:
        """Unit of every RAM variable: of an item its own, of a factor that of the item whose loading is fixed at 1."""
        units = {str(item): float(unit) for item, unit in self.units.items()}
        markers = {c.column: c.row for c in self.ram.cells if c.matrix == "A" and c.label is None}
        return {name: units[markers.get(name, name)] for name in self.ram.variables}

    def _unit(self, matrix: str, row: str, column: str) -> float:
        """What a cell of a RAM matrix in the units of estimation is multiplied with, to be in those of the items."""
        own, other = self.unit_of[row], self.unit_of[column]
        return {"A": own / other, "S": own * other, "M": own}[matrix]

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Every cell of the model: matrix, row, column, label, estimate, standardized, both errors, interval, p."""
        ram, theta = self.ram, self.theta
        number = {label: i for i, label in enumerate(ram.labels)}
        error = np.sqrt(np.where(np.diag(self.covariance) > 0, np.diag(self.covariance), np.nan))
        standardized = standardised_cells(ram, theta[None])[0]
        standardized_se = delta_errors(lambda t: standardised_cells(ram, t), theta, self.covariance)
        rows = [
            {
                "matrix": cell.matrix,
                "row": cell.row,
                "column": cell.column,
                "label": cell.label,
                "estimate": self._unit(cell.matrix, cell.row, cell.column)
                * (cell.value if cell.label is None else theta[number[cell.label]]),
                "standardized": standardized[i],
                "se": np.nan
                if cell.label is None
                else self._unit(cell.matrix, cell.row, cell.column) * error[number[cell.label]],
                "standardized_se": standardized_se[i],
            }
            for i, cell in enumerate(ram.cells)
        ]
        return self.with_interval(pd.DataFrame(rows))

    def with_interval(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with Wald intervals and two-sided p-values from estimate and se."""
        z = ndtri(0.5 + self.confidence / 2)
        frame["ci_lower"] = frame["estimate"] - z * frame["se"]
        frame["ci_upper"] = frame["estimate"] + z * frame["se"]
        frame["p_value"] = 2 * ndtr(-(frame["estimate"] / frame["se"]).abs())
        return frame

    def standardised(self, table: pd.DataFrame) -> pd.DataFrame:
        """`paths`, `loadings` or `total_effects` with estimate, se, interval and p of the standardised solution.

        Wald statistics of the delta-method error, as lavaan's standardizedSolution has them.
        """
        return self.with_interval(table.assign(estimate=table["standardized"], se=table["standardized_se"]))

    def _tidy(self, frame: pd.DataFrame, **labels: Any) -> pd.DataFrame:
        columns = ["estimate", "standardized", "se", "ci_lower", "ci_upper", "p_value", "standardized_se"]
        front = pd.DataFrame({"estimator": "cbsem", "group": "all", **labels}, index=frame.index)
        return pd.concat([front, frame[[c for c in columns if c in frame]]], axis=1).reset_index(drop=True)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Path coefficients in the order of the specification."""
        cells = self.cells[[cell.is_path for cell in self.ram.cells]]
        named = self.construct_of
        table = self._tidy(cells, outcome=cells.row.map(named), predictor=cells.column.map(named))
        order = {(p.predictor, p.outcome): i for i, p in enumerate(self.specification.paths)}
        rank = [order[row.predictor, row.outcome] for row in table.itertuples()]
        return table.iloc[np.argsort(rank)].reset_index(drop=True)

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings of the items of every common factor; the first is fixed at 1, or −1 (`estimate_cbsem`)."""
        cells = self.cells[[cell.is_loading for cell in self.ram.cells]]
        return self._tidy(cells, construct=cells.column.map(self.construct_of), item=cells.row)

    @cached_property
    def r_squared(self) -> pd.DataFrame:
        """R² of every outcome with its delta-method error; intervals are cut at 0 and 1."""
        outcomes = list(self.regressions)
        frame = pd.DataFrame({"estimate": explained(self.ram, self.theta[None], outcomes)[0]})
        frame["se"] = delta_errors(lambda t: explained(self.ram, t, outcomes), self.theta, self.covariance)
        frame = self.with_interval(frame)
        frame[["ci_lower", "ci_upper"]] = frame[["ci_lower", "ci_upper"]].clip(0, 1)
        return self._tidy(frame, outcome=[self.construct_of[name] for name in outcomes]).drop(columns="p_value")

    @cached_property
    def total_effects(self) -> pd.DataFrame:
        """Direct, indirect and total effects (`estimate`), unstandardised and standardised, with delta errors."""
        pairs = self._pairs()
        ram, theta, V = self.ram, self.theta, self.covariance
        direct_of = {(row.column, row.row): row.label for row in self.cells.itertuples() if row.matrix == "A"}
        direct = [direct_of.get(pair) for pair in pairs]
        number = {label: i for i, label in enumerate(ram.labels)}

        def of_direct(t: Floats) -> Floats:
            none = np.zeros(len(t), dtype=t.dtype)
            return np.stack([none if label is None else t[:, number[label]] for label in direct], axis=1)

        def total(t: Floats) -> Floats:
            return effects(ram, t, pairs)

        def indirect(t: Floats) -> Floats:
            return total(t) - of_direct(t)

        def standardized(t: Floats) -> Floats:
            return effects(ram, t, pairs, standardise=True)

        unit = np.array([self._unit("A", outcome, origin) for origin, outcome in pairs])
        frame = pd.DataFrame({"estimate": unit * total(theta[None])[0], "se": unit * delta_errors(total, theta, V)})
        frame = self.with_interval(frame)
        frame["standardized"] = standardized(theta[None])[0]
        frame["standardized_se"] = delta_errors(standardized, theta, V)
        named = self.construct_of
        table = self._tidy(frame, outcome=[named[b] for _, b in pairs], predictor=[named[a] for a, _ in pairs])
        table.insert(4, "direct", unit * of_direct(theta[None])[0])
        table.insert(5, "indirect", unit * indirect(theta[None])[0])
        table["indirect_se"] = unit * delta_errors(indirect, theta, V)
        through = [any((a, x) in pairs for x in self.regressions[b]) for a, b in pairs]
        table["indirect_se"] = table["indirect_se"].where(through)  # without another route it is 0 by definition
        return table

    def _pairs(self) -> list[tuple[str, str]]:
        """(origin, outcome) of every directed route between structural variables."""
        reached: dict[str, set[str]] = {}

        def from_(name: str) -> set[str]:
            if name not in reached:
                outcomes = [y for y, xs in self.regressions.items() if name in xs]
                reached[name] = set(outcomes).union(*(from_(y) for y in outcomes))
            return reached[name]

        return [(a, b) for b in self.structural for a in self.structural if b in from_(a)]

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Model-implied correlations of the constructs, square."""
        at = [self.ram.variables.index(name) for name in self.structural]
        C = total_covariances(self.ram, self.theta[None])[0][np.ix_(at, at)]
        keys = [self.construct_of[name] for name in self.structural]
        deviation = np.sqrt(np.where(np.diag(C) > 0, np.diag(C), np.nan))
        return pd.DataFrame(C / np.outer(deviation, deviation), keys, keys)

    @property
    def residual_moments(self) -> tuple[Floats, Floats]:
        """Sample (with holes: saturated) and model-implied covariances (p, p), in the units of estimation."""
        full = self.full_information
        S = np.cov(self.answers.T, ddof=0, aweights=self.weights) if full is None else full.saturated[0].covariances
        return S, implied(self.ram, self.theta[None])[0][0, 0]

    @property
    def log_units(self) -> float:
        """What the log-likelihood in the units of estimation exceeds that in the units of the items by."""
        weights = np.ones(self.rows) if self.weights is None else self.weights
        answered = weights @ ~np.isnan(self.answers)
        return float(answered @ np.log(self.units[list(self.ram.observed)].to_numpy()))

    @property
    def chisq(self) -> float:
        """Likelihood ratio χ² against the saturated model."""
        full = self.full_information
        return float(self.rows * self.minimum.discrepancy[0]) if full is None else full.chisq

    @property
    def df(self) -> int:
        """Degrees of freedom: moments minus free parameters."""
        p = len(self.ram.observed)
        return p * (p + 1) // 2 + (p if self.ram.has_means else 0) - len(self.ram.labels)

    @cached_property
    def cautions(self) -> tuple[Caution, ...]:
        """The verdict of the gate and what else must be known, gravest first."""
        found = admissibility.inadmissible(self.ram, self.theta, self.minimum.gradient[0], self.information)
        found = [self._in_items(caution) for caution in found]
        paths = self.cells[self.cells.label.fillna("").str.contains(" ~ ", regex=False)]
        errors = {(row.column, row.row): row.standardized_se for row in paths.itertuples()}
        found += admissibility.weakly_identified(self.ram, self.theta, self.regressions, errors)
        for row in self.loadings[self.loadings.standardized < 0].itertuples():
            facts = {"construct": row.construct, "item": row.item, "value": row.standardized}
            found.append(Caution("cb_negative_loading", "weak", f"cbsem: {row.construct}: {row.item}", facts))
        if self.left_out:
            found.append(Caution("cb_left_out", "note", "cbsem", {"constructs": list(self.left_out)}))
        for m in self.specification.moderations:
            facts = {"moderator": m.moderator, "predictor": m.predictor, "outcome": m.outcome}
            quantity = f"cbsem: {m.outcome} ~ {m.predictor}:{m.moderator}"
            found.append(Caution("cb_no_moderation", "note", quantity, facts))
        if (design := self.design) is not None and design.degrees_of_freedom < FEW:
            found.append(Caution("cb_few_clusters", "weak", "cbsem intervals", {"df": design.degrees_of_freedom}))
        found += self._agreement()
        named = [_in_constructs(caution, self.construct_of) for caution in found]
        return tuple(sorted(named, key=lambda caution: RANK[caution.severity]))

    def _in_items(self, caution: Caution) -> Caution:
        """A negative variance in the units of the items."""
        if caution.code != "cb_variance":
            return caution
        unit = self.unit_of[caution.facts["variable"]] ** 2
        return replace(caution, facts={**caution.facts, "value": caution.facts["value"] * unit})

    @cached_property
    def distances(self) -> Floats:
        """How far semopy's estimates (q,) are from these, in standard errors; only where semopy estimated."""
        assert self.semopy is not None
        return np.asarray(np.abs(self.semopy.theta - self.theta) / np.sqrt(np.abs(np.diag(self.covariance))))

    def _agreement(self) -> list[Caution]:
        if self.full_information is not None:
            return []  # semopy has no correct full-information likelihood to agree with
        if self.semopy is None:
            return [Caution("cb_semopy_failed", "note", "cbsem", {})]
        error = np.sqrt(np.abs(np.diag(self.covariance)))
        if not (np.isfinite(error) & (error > 0)).all():
            return []  # no errors to measure the distance with: the gate reports the information matrix
        distance = self.distances
        if not distance.max() < admissibility.AGREEMENT:
            label = self.ram.labels[int(np.argmax(distance))]
            return [Caution("cb_disagree", "weak", f"cbsem: {label}", {"label": label, "value": float(distance.max())})]
        return []

    @property
    def trustworthy(self) -> bool:
        """Whether the solution passes the gate: neither inadmissible nor weakly identified."""
        return all(caution.severity in ("weak", "note") for caution in self.cautions)


def _in_constructs(caution: Caution, named: dict[str, str]) -> Caution:
    facts = {k: named.get(v, v) if isinstance(v, str) else v for k, v in caution.facts.items()}
    return Caution(caution.code, caution.severity, caution.quantity, facts)
