"""Importance, performance and necessity together: what raises an outcome on average, and what it cannot be without.

Hauff, Richter, Sarstedt & Ringle (2024), Importance and performance in PLS-SEM and NCA: introducing the combined
importance–performance map analysis (cIPMA), Journal of Retailing and Consumer Services 78, 103723.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from crmresearch.caution import Caution, gravest_first
from crmresearch.errors import ParameterError
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.sem.priorities.ceilings import CeilingName, Floats
from crmresearch.sem.priorities.ipma import Ipma, importance_performance_map
from crmresearch.sem.priorities.necessity import Necessity, necessity
from crmresearch.sem.priorities.scores import Unit, scale_scores, target_of


@dataclass(frozen=True)
class Cipma:
    """`table`, a row a construct that leads to the target: construct, level, importance and performance with their
    intervals, rank_lower, rank_upper, importance_against (the mean: 1 above, −1 below, 0 open), d, p_adjusted,
    necessary, required and share_below for the `wanted` level of the target, status, priority.

    priority: `both` (necessary, and important beyond chance), `necessary`, `important`, `neither` (shown to be below
    the mean importance, and not necessary), `open` (the rest). `units`: what required and wanted count, by construct;
    `scores` (n, constructs) of the respondents in them, with their `weights` (n,).
    """

    target: str
    wanted: float
    table: pd.DataFrame
    ipma: Ipma = field(repr=False)
    necessity: Necessity = field(repr=False)
    units: dict[str, Unit] = field(repr=False)
    scores: pd.DataFrame = field(repr=False)
    weights: Floats = field(repr=False)

    @property
    def bottlenecks(self) -> pd.DataFrame:
        """The rows of the necessary conditions of which the wanted level requires something, most below it first.

        With `carried`: by `few` answers, else `together`, where to be necessary is not told apart from merely going
        together, else `sure`.
        """
        rows = self.table[self.table["necessary"] & (self.table["status"] == "required")]
        few, more = (
            rows["construct"].isin(keys) for keys in (self.necessity.fragile, self.necessity.more_than_association)
        )
        rows = rows.assign(carried=np.select([few, more], ["few", "sure"], "together"))
        return rows.sort_values("share_below", ascending=False, kind="stable")

    @property
    def verdict(self) -> str:
        """What is shown of the wanted level: whether something is necessary for it, and how surely.

        `necessary`; `necessary_or_driver` where no condition of the model is told apart from a strong driver;
        `necessary_by_few` where few answers carry each; `not_reached` by anybody; `elsewhere`, only for other levels;
        `none`.
        """
        carried = self.bottlenecks["carried"]
        if len(carried):
            sure = "necessary" if self.necessity.more_than_association else "necessary_or_driver"
            return "necessary_by_few" if (carried == "few").all() else sure
        reached = not (self.table["status"] == "not_reached").any()
        return "not_reached" if not reached else "elsewhere" if self.table["necessary"].any() else "none"

    @property
    def failing(self) -> float:
        """Share of respondents below what the wanted level requires in one necessary condition at least."""
        rows = self.bottlenecks
        below = np.zeros(len(self.scores), dtype=np.bool_)
        for construct, required in zip(rows["construct"], rows["required"], strict=True):
            sign = -1.0 if construct in self.necessity.low else 1.0
            below |= (sign * self.scores[construct] < sign * required - 1e-9).to_numpy()
        return float(self.weights[below].sum() / self.weights.sum())

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Those of both analyses, gravest first."""
        return gravest_first([*self.ipma.cautions, *self.necessity.cautions])


def necessity_of(
    estimate: PlsEstimate, bounds: pd.DataFrame | None, target: str | None = None, *, wanted: float | None = None,
    levels: Sequence[float] | None = None, low: Collection[str] = (), leading: CeilingName = "ce_fdh",
    permutations: int = 10_000, seed: int = 0, confidence: float = 0.95,
) -> tuple[Necessity, dict[str, Unit], float]:  # fmt: skip
    """Which constructs that lead to the target are necessary for it, with their units and the level that is wanted.

    Scores in points of the scale (`scale_scores`), which `bounds` give. All constructs with a path or route to the
    target are conditions. Sampling weights count in shares of respondents only, and a sampling design not at all:
    cautions say so.
    """
    target, spec = target_of(estimate, target), estimate.specification
    scores, units = scale_scores(estimate, bounds)
    totals = estimate.only("total_effects").query("outcome == @target")["predictor"]
    conditions = [key for key in spec.keys if key in set(totals) | _parts(estimate, target, set(totals))]
    levels = units[target].levels if levels is None else levels
    wanted = units[target].wanted if wanted is None else wanted
    if wanted is None:
        wanted = float(np.quantile([scores[target].min(), scores[target].max()], 0.8))
    if not np.isfinite(wanted) or not units[target].low <= wanted <= units[target].high:
        ends = f"{units[target].low:g} to {units[target].high:g}"
        raise ParameterError(f"The level {wanted:g} is not on the scale of {target}, which runs from {ends}.")
    if levels is None:
        levels = list(np.linspace(scores[target].min(), scores[target].max(), 11))
    found = necessity(
        scores[[*conditions, target]], target, levels=sorted({*levels, wanted}), low=low, leading=leading,
        permutations=permutations, seed=seed, confidence=confidence, weights=estimate.sample.weights,
    )  # fmt: skip
    more = [Caution("necessity_unweighted", "note", "conditions", {})] if estimate.sample.weighted else []
    more += [] if estimate.sample.design is None else [Caution("necessity_design", "note", "conditions", {})]
    more += [
        Caution("necessity_negative", "note", f"condition: {key}", {"condition": key})
        for key in [*conditions, target]
        if units[key].kind == "sd" and bounds is not None
    ]
    return replace(found, cautions=gravest_first([*found.cautions, *more])), units, wanted


def _parts(estimate: PlsEstimate, target: str, leading: set[str]) -> set[str]:
    """Components of constructs of second order that lead to the target, or make it up."""
    return {part for part, whole in estimate.specification.components.items() if whole in leading}


def combined(
    estimate: PlsEstimate, bounds: pd.DataFrame, target: str | None = None, *, wanted: float | None = None,
    low: Collection[str] = (), leading: CeilingName = "ce_fdh", permutations: int = 10_000, seed: int = 0,
) -> Cipma:  # fmt: skip
    """Both analyses of a bootstrapped estimate, at its confidence, and the priority of every construct."""
    found = importance_performance_map(estimate, bounds, target)
    needed, units, level = necessity_of(
        estimate, bounds, target, wanted=wanted, low=low, leading=leading, permutations=permutations, seed=seed,
        confidence=found.confidence,
    )  # fmt: skip
    shown = ["d", "p_adjusted", "necessary"]
    effects, at = needed.leading_effects[shown], needed.at(level)[["required", "status", "share_below"]]
    table = found.constructs.merge(effects, how="left", left_on="construct", right_index=True)
    table = table.merge(at, how="left", left_on="construct", right_index=True)
    necessary = table["necessary"].eq(True).to_numpy()
    against = table["importance_against"].to_numpy()
    cases = [necessary & (against > 0), necessary, against > 0, against < 0]
    priority = np.select(cases, ["both", "necessary", "important", "neither"], "open")
    table = table.assign(necessary=necessary, priority=priority)
    scores = scale_scores(estimate, bounds)[0]
    return Cipma(found.target, level, table, found, needed, units, scores, estimate.sample.weights)
