"""The measures of measurement of a PLS fit, as labelled rows and as arrays (batch, rows).

One definition serves the tables and their resamples. They are no part of `quantities`, which every bootstrap computes:
ω fits a factor to every block of every resample.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.sem.measures import (
    average_variance,
    composite_reliability,
    cronbach_alpha,
    heterotrait_monotrait,
    single_factor_share,
    variance_inflation,
)
from crmresearch.sem.one_factor import mcdonald_omega
from crmresearch.sem.pls.algorithm import Floats, Solution
from crmresearch.sem.pls.batch import Fits
from crmresearch.sem.pls.quantities import Quantity
from crmresearch.sem.pls.result import PlsEstimate

RELIABILITY = ("alpha", "omega", "rho_a", "rho_c", "ave")


def measurement_quantities(estimate: PlsEstimate, estimator: str = "pls") -> dict[str, Quantity]:
    """Measures by name; constructs of second order have none, for their components make them up.

    alpha, omega, rho_a, rho_c, ave: a row a construct, NaN where a measure has no meaning, all but AVE of mode-B
    composites. htmt2: a row a pair, as `htmt` of the estimate. item_vif: a row an item among those of its construct.
    antecedent_vif: a row a predictor and outcome. full_vif: a row a construct among all others (Kock 2015,
    International Journal of e-Collaboration 11(4), 1–10). fornell_larcker: √AVE less the largest correlation with
    another construct. cross_loading: the correlation of an item with its construct less the strongest with another.
    component_vif: a row a component among those of its construct of second order. first_factor: share of the first
    principal component in the variance of all items.
    """
    spec, model = estimate.specification, estimate.model
    p, keys = len(spec.items), spec.keys
    blocks = [model.main.block(j) for j in range(len(keys)) if model.main.mask[:, j].any()]
    at = [j for j in range(len(keys)) if model.main.mask[:, j].any()]
    measured = [spec.constructs[j] for j in at]
    formative = np.array([c.measurement == "composite_b" for c in measured])
    single = np.array([len(block) == 1 for block in blocks])
    first, second = np.tril_indices(len(at), -1)
    of_outcomes = [(outcome, [keys.index(key) for key in spec.predictors_of(outcome)]) for outcome in spec.outcomes]
    several = [j for j, block in enumerate(blocks) if len(block) > 1]
    owner, names = model.main.owner, np.array(keys)

    def correlations(f: Fits) -> Floats:
        return f.moments.correlations[:, :p, :p]

    def loadings(s: Solution, f: Fits) -> Floats:
        return s.loadings[:, :p] / (1.0 if f.consistent is not None else f.moments.deviations[:, :p])

    def by_block(measure: Callable[[Floats], Floats], of: Callable[[Solution, Fits], list[Floats]]) -> Compute:
        def compute(s: Solution, f: Fits) -> Floats:
            return np.stack([measure(part) for part in of(s, f)], axis=1)

        return compute

    def matrices(_: Solution, f: Fits) -> list[Floats]:
        return [correlations(f)[:, block[:, None], block] for block in blocks]

    def own_loadings(s: Solution, f: Fits) -> list[Floats]:
        return [loadings(s, f)[:, block] for block in blocks]

    def meaningful(compute: Compute) -> Compute:
        return lambda s, f: np.where(formative, np.nan, compute(s, f))

    def between(s: Solution) -> Floats:
        return s.correlations[:, np.array(at)[:, None], at]

    def apart(s: Solution, f: Fits) -> Floats:
        others = np.abs(between(s)) * ~np.eye(len(at), dtype=np.bool_)
        return np.sqrt(ave(s, f)) - others.max(axis=2)

    def item_apart(s: Solution, f: Fits) -> Floats:
        spread = 1.0 if f.consistent is not None else f.moments.deviations[:, :p, None]
        cross = np.abs(s.cross_loadings[:, :p, :][:, :, at] / spread)
        mine = names[owner][:, None] == names[at]
        return (cross * mine).max(axis=2) - (cross * ~mine).max(axis=2)

    def antecedents(s: Solution, _: Fits) -> Floats:
        parts = [variance_inflation(s.correlations[:, np.array(x)[:, None], x]) for _, x in of_outcomes]
        return np.concatenate(parts, axis=1)

    def items(s: Solution, f: Fits) -> Floats:
        return np.concatenate([variance_inflation(part) for part, of in zip(matrices(s, f), blocks, strict=True)
                               if len(of) > 1], axis=1)  # fmt: skip

    def parts(s: Solution, _: Fits) -> Floats:
        places = [np.array([keys.index(part) for part in c.of]) for c in wholes]
        return np.concatenate([variance_inflation(s.correlations[:, x[:, None], x]) for x in places], axis=1)

    wholes = [c for c in spec.constructs if c.of]
    ends = [(c.key, part) for c in wholes for part in c.of]
    ave = by_block(average_variance, own_loadings)
    constructs = pd.DataFrame({"construct": names[at]})
    pairs = pd.DataFrame({"construct": names[at][first], "other": names[at][second]})
    item = pd.DataFrame({"construct": names[owner], "item": spec.items})
    within = [i for j in several for i in blocks[j]]
    links = [(outcome, keys[i]) for outcome, x in of_outcomes for i in x]
    none = np.zeros(len(at), dtype=np.bool_)

    def quantity(labels: pd.DataFrame, compute: Compute, fixed: NDArray[np.bool_] | None = None) -> Quantity:
        by_definition = np.zeros(len(labels), dtype=np.bool_) if fixed is None else fixed
        return Quantity(labels, estimator, compute, by_definition, tested=False)

    return {
        "alpha": quantity(constructs, meaningful(by_block(cronbach_alpha, matrices)), single),
        "omega": quantity(constructs, meaningful(by_block(mcdonald_omega, matrices)), single),
        "rho_a": quantity(constructs, meaningful(lambda s, f: s.rho_a[:, at]), single),
        "rho_c": quantity(constructs, meaningful(by_block(composite_reliability, own_loadings)), single),
        "ave": quantity(constructs, ave, single),
        "htmt2": quantity(
            pairs,
            lambda _, f: heterotrait_monotrait(correlations(f), model.main.mask[:, at], geometric=True)[
                :, first, second
            ],
        ),
        "item_vif": quantity(item.iloc[within].reset_index(drop=True), items if within else _nothing),
        "antecedent_vif": quantity(pd.DataFrame(links, columns=["outcome", "predictor"]), antecedents),
        "full_vif": quantity(constructs, lambda s, _: variance_inflation(between(s)), none),
        "fornell_larcker": quantity(constructs, apart),
        "cross_loading": quantity(item, item_apart),
        "component_vif": quantity(
            pd.DataFrame(ends, columns=["construct", "component"]), parts if wholes else _nothing
        ),
        "first_factor": quantity(pd.DataFrame(index=[0]), lambda _, f: single_factor_share(correlations(f))[:, None]),
    }


Compute = Callable[[Solution, Fits], Floats]


def _nothing(solution: Solution, _: Fits) -> Floats:
    return np.empty((len(solution.weights), 0))
