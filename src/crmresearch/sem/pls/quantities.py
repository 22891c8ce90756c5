"""The quantities reported of a PLS fit, as labelled rows and as arrays (batch, rows).

One definition serves the estimate, its bootstrap and its jackknife.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.models.specification import Specification, product_key
from crmresearch.sem.measures import heterotrait_monotrait
from crmresearch.sem.pls.algorithm import Floats, Solution, effect_sizes, total_effects
from crmresearch.sem.pls.batch import Fits, standardised_weights
from crmresearch.sem.pls.model import Model

ESTIMATORS = ("pls", "plsc")


@dataclass(frozen=True)
class Quantity:
    """Rows of one table: their labels, and the function that computes them for a batch of fits.

    `fixed` rows have their value by definition, such as the weight of a single item: no error, no interval, no p.
    `tested` is whether 0 is a hypothesis about the others; a share or a ratio above 0 has no p-value either.
    """

    labels: pd.DataFrame
    estimator: str
    compute: Callable[[Solution, Fits], Floats]
    fixed: NDArray[np.bool_]
    tested: bool = True

    def values(self, fits: Fits) -> Floats:
        """The quantity (batch, rows) in these fits."""
        solution = fits.pls if self.estimator == "pls" else fits.consistent
        assert solution is not None
        return self.compute(solution, fits)


def quantities(specification: Specification, model: Model, estimators: tuple[str, ...]) -> dict[str, Quantity]:
    """All quantities of the specification, by table name and estimator, such as `paths/pls`."""
    products = [product_key(m.predictor, m.moderator) for m in specification.moderations]
    names = np.array([*specification.keys, *products])
    k, p = model.constructs, len(specification.items)
    at = {key: j for j, key in enumerate(names)}
    arrows = [(p.predictor, p.outcome) for p in specification.paths]
    arrows += [(product, m.outcome) for product, m in zip(products, specification.moderations, strict=True)]
    predictor, outcome = np.array([(at[a], at[b]) for a, b in arrows]).T
    endogenous = np.flatnonzero(model.full.adjacency.any(axis=0))
    routes = total_effects(model.effects.adjacency[None].astype(np.float64), model.effects)[0]  # how many join two
    parts, wholes = (model.stages.parts, model.stages.wholes) if model.stages else np.empty((2, 0), dtype=np.intp)
    routes[parts, wholes] = 0  # what a component does to its own construct is its weight
    to, origin = np.nonzero(routes.T)
    direct_only = (routes == model.main.adjacency)[origin, to]
    single = model.main.mask.sum(axis=0)[model.main.owner] == 1
    measured = np.flatnonzero(model.main.mask.any(axis=0))  # not of second order
    first, second = (measured[side] for side in np.tril_indices(len(measured), -1))
    links = pd.DataFrame({"outcome": names[outcome], "predictor": names[predictor]})
    effects = pd.DataFrame({"outcome": names[to], "predictor": names[origin]})
    own = pd.DataFrame({"construct": names[model.main.owner], "item": specification.items})
    pairs = pd.DataFrame({"construct": names[first], "other": names[second]})

    def standardized_paths(s: Solution, _: Fits) -> Floats:
        return s.paths[:, predictor, outcome]

    def paths(s: Solution, f: Fits) -> Floats:
        unit = np.ones((len(s.paths), k))
        per = np.concatenate([unit, f.product_deviations], axis=1)
        return s.paths[:, predictor, outcome] / per[:, predictor]

    def totals(s: Solution, _: Fits) -> Floats:
        return total_effects(s.paths[:, :k, :k], model.effects)[:, origin, to]

    def indirect(s: Solution, f: Fits) -> Floats:
        return totals(s, f) - s.paths[:, origin, to]

    def htmt(_: Solution, f: Fits) -> Floats:
        R = f.moments.correlations[:, :p, :p]
        lower = np.tril_indices(len(measured), -1)
        return heterotrait_monotrait(R, model.main.mask[:, measured])[:, lower[0], lower[1]]

    table: dict[str, Quantity] = {}

    def add(
        name: str,
        estimator: str,
        labels: pd.DataFrame,
        compute: Callable[[Solution, Fits], Floats],
        fixed: NDArray[np.bool_] | None = None,
        tested: bool = True,
    ) -> None:
        labelled = pd.concat([pd.DataFrame({"estimator": estimator, "group": "all"}, labels.index), labels], axis=1)
        by_definition = np.zeros(len(labels), dtype=np.bool_) if fixed is None else fixed
        table[f"{name}/{estimator}"] = Quantity(labelled, estimator, compute, by_definition, tested)

    unit = single & ("plsc" in estimators)  # in raw metric the weight of a single item is 1 / its standard deviation
    for e in estimators:
        add("paths", e, links, paths)
        add("standardized_paths", e, links, standardized_paths)
        add("loadings", e, own, lambda s, _: s.loadings[:, :p], unit)
        add(
            "r_squared",
            e,
            pd.DataFrame({"outcome": names[endogenous]}),
            lambda s, _: s.r_squared[:, endogenous],
            tested=False,
        )
        add("total_effects", e, effects, totals)
        add("indirect_effects", e, effects, indirect, direct_only)
    if model.stages:
        formed = pd.DataFrame({"construct": names[wholes], "component": names[parts]})
        alone = np.array([(wholes == whole).sum() == 1 for whole in wholes])
        for e in estimators:
            add("component_weights", e, formed, lambda s, _: s.paths[:, parts, wholes], alone)
            add("component_loadings", e, formed, lambda s, _: s.correlations[:, parts, wholes], alone)
        ways = [(a, b, to) for a, b in zip(parts, wholes, strict=True)
                for to in np.flatnonzero(model.main.adjacency[b]) if to in measured and to not in parts]  # fmt: skip
        part, whole, end = np.array(ways, dtype=np.intp).reshape(-1, 3).T
        position = {j: i for i, j in enumerate(model.stages.measured)}
        part1, end1 = ([position[j] for j in side] for side in (part, end))
        ends = pd.DataFrame({"construct": names[whole], "outcome": names[end], "predictor": names[part]})

        def through(s: Solution, _: Fits) -> Floats:
            return s.paths[:, part, whole] * s.paths[:, whole, end]

        def alone_path(_: Solution, f: Fits) -> Floats:
            assert f.first is not None
            return f.first.paths[:, part1, end1]

        add("component_through", "pls", ends, through)
        add("component_alone", "pls", ends, alone_path)
    add("f_squared", "pls", links, lambda s, _: effect_sizes(s, model.full)[:, predictor, outcome], tested=False)
    add("weights", "pls", own, lambda s, _: s.weights[:, :p], unit)
    add("standardized_weights", "pls", own, lambda _, f: standardised_weights(f)[:, :p], single)
    add("means", "pls", own, lambda _, f: f.moments.means[:, :p])
    add("deviations", "pls", own, lambda _, f: f.moments.deviations[:, :p], tested=False)
    add("htmt", "pls", pairs, htmt, tested=False)
    return table
