"""From measurement, regressions and covariances to RAM cells, by the conventions of lavaan's `sem()`."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from crmresearch.models.specification import Specification
from crmresearch.sem.covariance.likelihood.ram import Cell, Ram


def build_ram(
    covariances: pd.DataFrame,
    measurement: Mapping[str, Sequence[str]],
    regressions: Mapping[str, Sequence[str]],
    residual_covariances: Sequence[tuple[str, str]] = (),
    *,
    means: pd.Series | None = None,
) -> Ram:
    """The RAM of a model whose latent variables have their first item's loading fixed at 1.

    `covariances` (items × items) of one sample gives the start values. `measurement`: latent → items;
    `regressions`: outcome → predictors, latent or observed. Free as in lavaan: all variances; covariances of all
    exogenous variables, observed ones included; of the residuals of outcomes that predict nothing. `means`, when
    given, adds a free intercept for every item.
    """
    indicators = [item for items in measurement.values() for item in items]
    structural = list(dict.fromkeys([*measurement, *regressions, *(x for xs in regressions.values() for x in xs)]))
    observed = list(dict.fromkeys([*indicators, *(name for name in structural if name not in measurement)]))
    variance = {item: float(covariances.loc[item, item]) for item in observed}
    cells = []
    for latent, items in measurement.items():
        first, *others = items
        cells.append(Cell("A", first, latent, 1.0))
        for item in others:
            start = float(covariances.loc[item, first]) / variance[first] * 2
            cells.append(Cell("A", item, latent, float(np.clip(start, -3.0, 3.0)), f"{latent} =~ {item}"))
    cells += [Cell("A", y, x, 0.0, f"{y} ~ {x}") for y, xs in regressions.items() for x in xs]
    cells += [Cell("S", item, item, variance[item] / 2, f"{item} ~~ {item}") for item in indicators]
    for name in structural:
        start = variance[measurement[name][0]] / 2 if name in measurement else variance[name]
        cells.append(Cell("S", name, name, start, f"{name} ~~ {name}"))
    exogenous = [name for name in structural if name not in regressions]
    predictors = {x for xs in regressions.values() for x in xs}
    terminal = [name for name in regressions if name not in predictors]
    for group in (exogenous, terminal):
        for i, a in enumerate(group):
            for b in group[:i]:
                both_observed = a not in measurement and b not in measurement
                start = float(covariances.loc[a, b]) if both_observed and group is exogenous else 0.0
                cells.append(Cell("S", a, b, start, f"{b} ~~ {a}"))
    cells += [Cell("S", a, b, 0.0, f"{a} ~~ {b}") for a, b in residual_covariances]
    if means is not None:
        cells += [Cell("M", item, item, float(means[item]), f"{item} ~1") for item in observed]
    return Ram(tuple(observed), tuple(measurement), tuple(cells))


def covariance_part(specification: Specification) -> tuple[dict[str, list[str]], dict[str, list[str]], list[str]]:
    """Measurement, regressions and left-out constructs of a specification as a covariance structure.

    Constructs of one item are their item, observed. Composites (mode A or B) are no common factors and are left
    out, and so are moderations; what remains must still be connected.
    """
    kept = {c.key: c for c in specification.constructs if not c.measurement.startswith("composite")}
    left_out = [c.key for c in specification.constructs if c.key not in kept]
    name = variable_names(specification)
    measurement = {name[key]: list(c.items) for key, c in kept.items() if len(c.items) > 1}
    regressions: dict[str, list[str]] = {}
    for outcome in specification.outcomes:
        predictors = [name[key] for key in specification.predictors_of(outcome) if key in kept]
        if outcome in kept and predictors:
            regressions[name[outcome]] = predictors
    return measurement, regressions, left_out


def variable_names(specification: Specification) -> dict[str, str]:
    """RAM variable of every construct: its only item, or a factor of its own name, told from an item of that name."""
    names = {}
    for c in specification.constructs:
        names[c.key] = c.items[0] if len(c.items) == 1 else c.key
        while len(c.items) > 1 and names[c.key] in specification.items:
            names[c.key] += "_factor"
    return names
