"""Does every construct measure what it is named for? The criteria of the field, each met, missed or not told by chance.

A criterion is met where every interval lies on the right side of its cut-off, and missed where one lies on the wrong
side; of several items or pairs that one is looked for, and its interval holds for all of them at once
(`crmresearch.ranks.simultaneous`). Otherwise it is not told. Cut-offs are conventions: their sources stand beside them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.models.specification import BoundConstruct
from crmresearch.ranks import simultaneous
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.quality.measured import Measured
from crmresearch.sem.pls.result import PlsEstimate, Resampling

Met = Literal["met", "missed", "not_told"]
USED = ("rho_a", "ave", "cross_loading", "item_vif", "component_vif")


class Criterion(NamedTuple):
    """A cut-off, whether it is the least or the most, and the key of its source among the references."""

    cut_off: float
    at_least: bool
    source: str


CRITERIA = {
    "reliability": Criterion(0.70, True, "hair2021"),  # ρ_A
    "convergence": Criterion(0.50, True, "fornell1981"),  # AVE
    "item": Criterion(0.40, True, "hair2021"),  # loading below which an item leaves
    "cross_loading": Criterion(0.0, True, "chin1998"),  # own less strongest other loading
    "discrimination": Criterion(0.90, False, "henseler2015"),  # HTMT of constructs close in meaning
    "redundancy": Criterion(0.70, True, "hair2021"),  # path to the global item
    "collinearity": Criterion(5.0, False, "hair2021"),  # VIF among what forms a composite
    "contribution": Criterion(0.50, True, "hair2021"),  # loading of what has no weight beyond chance
}


@dataclass(frozen=True)
class Found:
    """Estimates (k,) of one criterion, limits, and values in resamples (B, k); `about` names items or constructs."""

    about: list[str]
    values: Floats
    lower: Floats
    upper: Floats
    draws: Floats | None


def judged(found: Found, criterion: Criterion, confidence: float) -> tuple[Met, int]:
    """Whether a criterion is met, and which of the estimates (the worst) tells it."""
    sign = 1.0 if criterion.at_least else -1.0
    margin = sign * (found.values - criterion.cut_off)
    worst = int(np.nanargmin(margin)) if np.isfinite(margin).any() else 0
    near, far = (found.lower, found.upper) if criterion.at_least else (-found.upper, -found.lower)
    cut = sign * criterion.cut_off
    if np.isfinite(near).all() and (near >= cut).all():
        return "met", worst
    if found.draws is None:
        return "not_told", worst
    if len(margin) == 1:
        return ("missed" if far[0] < cut else "not_told"), worst
    beyond = margin + simultaneous(found.values, found.draws.T, confidence) < 0
    if beyond.any():
        return "missed", int(np.argmin(np.where(beyond, margin, np.inf)))
    return "not_told", worst


def measurement_quality(
    estimate: PlsEstimate, redundancies: pd.DataFrame | None = None, measured: Measured | None = None
) -> pd.DataFrame:
    """Every criterion for every construct it applies to, a row each, in the order of the constructs.

    `estimate`: with resamples, or nothing is told. `redundancies`: of `crmresearch.sem.pls.quality.redundancy`, for
    constructs with a global item. `measured`: holds the measures used, where they were computed before. Columns:
    construct; kind (factor, composite_a, composite_b, single, second_order); criterion; about, the item or construct
    that tells it, empty for the whole construct; estimate, ci_lower, ci_upper; cut_off; at_least, whether the cut-off
    is the least; outcome (met, missed, not_told); source, a key of the references. The single item of a construct has
    one row without a criterion: nothing can tell how reliable it is.

    Items of factors and mode-A composites: ρ_A, AVE, loadings, cross-loadings, HTMT with the other such constructs.
    Mode-B composites: redundancy, VIF, and of every item a weight beyond 0 or a loading of .50. Constructs of second
    order: the same of their components. Sources: Hair et al. (2021), chapters 4 and 5; Henseler, Ringle & Sarstedt
    (2015); Fornell & Larcker (1981); Diamantopoulos & Winklhofer (2001), Journal of Marketing Research 38, 269–277.
    """
    measured = measured or Measured(estimate, USED)
    confidence = 0.95 if estimate.resampling is None else estimate.resampling.confidence
    rows: list[tuple[object, ...]] = []
    for construct in estimate.specification.constructs:
        kind = _kind(construct)
        if kind == "single":
            rows.append((construct.key, kind, "", "", *[np.nan] * 4, None, "not_told", ""))
        for name, found in _found(estimate, measured, construct, redundancies):
            criterion = CRITERIA[name]
            if name == "contribution":
                outcome, at = _contributes(estimate, found, construct, confidence)
            else:
                outcome, at = judged(found, criterion, confidence)
            told = found.values[at], found.lower[at], found.upper[at]
            rows.append(
                (
                    construct.key,
                    kind,
                    name,
                    found.about[at],
                    *told,
                    criterion.cut_off,
                    criterion.at_least,
                    outcome,
                    criterion.source,
                )
            )
    columns = ["construct", "kind", "criterion", "about", "estimate", "ci_lower", "ci_upper", "cut_off", "at_least",
               "outcome", "source"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def verdicts(quality: pd.DataFrame) -> pd.DataFrame:
    """One verdict a construct: construct, kind, verdict, missed and not_told (criteria, in the order of the table).

    verdict: good (every criterion met), poor (one missed), not_told, or single where one item measures it.
    """
    rows = []
    for (key, kind), part in quality.groupby(["construct", "kind"], sort=False):
        missed, open_ = (list(part.loc[part["outcome"] == one, "criterion"]) for one in ("missed", "not_told"))
        verdict = "single" if kind == "single" else "poor" if missed else "not_told" if open_ else "good"
        rows.append((key, kind, verdict, missed, [name for name in open_ if name]))
    return pd.DataFrame(rows, columns=["construct", "kind", "verdict", "missed", "not_told"])


def _kind(construct: BoundConstruct) -> str:
    if construct.of:
        return "second_order"
    if len(construct.items) == 1:
        return "single"
    return {"common_factor": "factor"}.get(construct.measurement, construct.measurement)


def _found(
    estimate: PlsEstimate, measured: Measured, construct: BoundConstruct, redundancies: pd.DataFrame | None
) -> Iterator[tuple[str, Found]]:
    """The criteria that apply to a construct, with what the estimate says of them."""
    key, kind, drawn = construct.key, _kind(construct), measured.resampling

    def of(name: str, about: str = "") -> Found:
        frame = measured.table(name)
        return _rows(frame, (frame["construct"] == key).to_numpy(), about, drawn, name)

    def own(table: str, about: str, mask: NDArray[np.bool_] | None = None) -> Found:
        frame = estimate.only(table) if table == "loadings" else estimate.table(table).query("estimator == 'pls'")
        frame = frame.reset_index(drop=True)
        if table == "loadings":
            frame = frame.assign(estimate=frame["standardized"])
        rows = (frame["construct"] == key).to_numpy() if mask is None else mask
        return _rows(frame, rows, about, estimate.resampling, f"{table}/pls")

    if kind in ("factor", "composite_a"):
        yield "reliability", of("rho_a")
        yield "convergence", of("ave")
        yield "item", own("loadings", "item")
        if sum(bool(c.items) for c in estimate.specification.constructs) > 1:
            yield "cross_loading", of("cross_loading", "item")
        close = _pairs(estimate, key)
        if close.any():
            found = own("htmt", "other", close)
            frame = estimate.table("htmt")[close]
            others = [row.other if row.construct == key else row.construct for row in frame.itertuples()]
            yield "discrimination", Found(others, found.values, found.lower, found.upper, found.draws)
    elif kind == "composite_b":
        if redundancies is not None and key in set(redundancies["construct"]):
            row = redundancies[redundancies["construct"] == key]
            value, lower, upper = (row[c].to_numpy() for c in ("estimate", "ci_lower", "ci_upper"))
            none = None if drawn is None else np.empty((0, 1))  # a single interval needs no resamples
            yield "redundancy", Found(list(row["item"]), value, lower, upper, none)
        yield "collinearity", of("item_vif", "item")
        yield "contribution", own("loadings", "item")
    elif kind == "second_order" and len(construct.of) > 1:
        yield "collinearity", of("component_vif", "component")
        yield "contribution", own("component_loadings", "component")


def _rows(frame: pd.DataFrame, rows: NDArray[np.bool_], about: str, drawn: Resampling | None, name: str) -> Found:
    part = frame[rows]
    values, lower, upper = (part[c].to_numpy(dtype=np.float64) for c in ("estimate", "ci_lower", "ci_upper"))
    draws = None if drawn is None else drawn.replicates[name][:, rows]
    return Found(list(part[about]) if about else [""] * len(part), values, lower, upper, draws)


def _pairs(estimate: PlsEstimate, key: str) -> NDArray[np.bool_]:
    """The rows of HTMT between this construct and the others of several items that reflect it."""
    several = {c.key for c in estimate.specification.constructs if _kind(c) in ("factor", "composite_a")}
    frame = estimate.table("htmt")
    both = frame["construct"].isin(several) & frame["other"].isin(several)
    return (both & ((frame["construct"] == key) | (frame["other"] == key))).to_numpy(dtype=np.bool_)


def _contributes(estimate: PlsEstimate, found: Found, construct: BoundConstruct, confidence: float) -> tuple[Met, int]:
    """Whether everything that forms a composite has a weight beyond 0, or else a loading of at least .50."""
    table = "component_weights" if construct.of else "standardized_weights"
    frame = estimate.table(table).query("estimator == 'pls'").reset_index(drop=True)
    weights = frame[frame["construct"] == construct.key]
    clear = ((weights["ci_lower"] > 0) | (weights["ci_upper"] < 0)).to_numpy()
    cut = CRITERIA["contribution"].cut_off
    passes = clear | (found.lower >= cut)
    worst = int(np.argmin(np.where(passes, np.inf, found.values))) if not passes.all() else int(found.values.argmin())
    if passes.all():
        return "met", worst
    if found.draws is None:
        return "not_told", worst
    wide = simultaneous(found.values, found.draws.T, confidence)
    idle = ~clear & (found.values + wide < cut)
    return ("missed", int(np.argmin(np.where(idle, found.values, np.inf)))) if idle.any() else ("not_told", worst)
