"""The population that a truth describes, as matrices: constructs, items, and their moments in every group.

Constructs η (k) and continuous answers y (p) of one group:

    η = α + B'η + Γ'π + ζ,    y = Λη + ε

with π the products of moderations (of deviations from the group's means, less their mean), and Var η = Var y = 1. A
composite is Σ w y of its own items exactly: its loadings are Σ_jj w, its errors have covariance Σ_jj − λλ', and items
of different blocks correlate by λ_i φ λ_j (Dijkstra 2017, in Latan & Noonan, Partial Least Squares Path Modeling,
55–80; Schuberth, Henseler & Dijkstra 2018, Frontiers in Psychology 9, 2541).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from crmresearch.errors import TruthError
from crmresearch.models.specification import BoundConstruct, product_key
from crmresearch.simulation.scale import SERIES, Scale, point_shares, series, thresholds
from crmresearch.simulation.truth import Truth, check

Floats = NDArray[np.float64]
Group = int | str | None
ROUNDING = 1e-9


@dataclass(frozen=True)
class GroupPopulation:
    """One group: share; paths (k, k) at [predictor, outcome] and moderations (q, k); means (k,) of the constructs.

    `constructs` (k, k) are their correlations, `residual` (k,) the variances of ζ, those of exogenous constructs 1.
    """

    share: float
    paths: Floats
    moderations: Floats
    means: Floats
    constructs: Floats
    residual: Floats


@dataclass(frozen=True)
class Population:
    """Every group of a truth, and what they share: loadings (p, k), error covariances (p, p), products (q pairs)."""

    truth: Truth
    groups: dict[Group, GroupPopulation]
    loadings: Floats
    errors: Floats
    products: tuple[tuple[int, int], ...]
    order: tuple[int, ...]
    exogenous: tuple[int, ...]

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """How the items that are answered on a scale are, ends included."""
        items = self.truth.specification.items
        return {item: answers for item in items if (answers := self.truth.answers_to(item)) is not None}

    @cached_property
    def thresholds(self) -> dict[str, Floats]:
        """Where the continuous answer to an item on a scale reaches the next point."""
        shares = {answers: point_shares(answers, item) for item, answers in self.scales.items()}
        return {item: thresholds(shares[answers]) for item, answers in self.scales.items()}

    @cached_property
    def error_root(self) -> Floats:
        """The symmetric root of the error covariances, which are singular where there are composites."""
        values, vectors = np.linalg.eigh(self.errors)
        return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)

    def moments(self, group: Group = None) -> tuple[Floats, Floats]:
        """Means (p,) and covariances (p, p) of the continuous answers, of one group or, None, of all together."""
        chosen = self.groups if group is None else {group: self.groups[group]}
        shares = np.array([one.share for one in chosen.values()])
        means = shares @ np.array([one.means for one in chosen.values()]) / shares.sum()
        covariances = self.loadings @ self.construct_moments(group) @ self.loadings.T + self.errors
        return self.loadings @ means, covariances

    def answered_moments(self, group: Group = None) -> tuple[Floats, Floats]:
        """Means (p,) and covariances (p, p) of the answers as attentive respondents give them, before items are turned.

        On a scale by the expansion of `crmresearch.simulation.scale.series`, exact where continuous answers are normal
        in each group; those to items of constructs that depend on a moderation are taken for normal.
        """
        chosen = self.groups if group is None else {group: self.groups[group]}
        shares = np.array([one.share for one in chosen.values()]) / sum(one.share for one in chosen.values())
        parts = [self._answered(one) for one in chosen]
        means = np.array([mean for mean, _ in parts])
        apart = means - shares @ means
        between = np.einsum("g,gi,gj->ij", shares, apart, apart)
        return shares @ means, np.tensordot(shares, np.array([within for _, within in parts]), 1) + between

    def _answered(self, group: Group) -> tuple[Floats, Floats]:
        mean, R = self.moments(group)  # of one group: all variances are 1
        terms, variances, means = np.zeros((len(mean), SERIES)), np.ones(len(mean)), mean.copy()
        terms[:, 0] = 1.0  # of a continuous answer
        for j, item in enumerate(self.truth.specification.items):
            if item in self.scales:
                low, cuts = self.scales[item].min, self.thresholds[item]
                shares = np.diff(norm.cdf(cuts - mean[j]), prepend=0, append=1)
                points = low + np.arange(len(shares))
                means[j] = shares @ points
                variances[j] = shares @ (points - means[j]) ** 2
                terms[j] = series(cuts, mean[j])
        covariances, power = np.zeros_like(R), np.ones_like(R)
        for m in range(SERIES):
            power = power * R
            covariances += np.outer(terms[:, m], terms[:, m]) * power
        np.fill_diagonal(covariances, variances)
        return means, covariances

    def construct_moments(self, group: Group = None) -> Floats:
        """Covariances (k, k) of the constructs, of one group or, None, of all together."""
        chosen = self.groups if group is None else {group: self.groups[group]}
        shares = np.array([one.share for one in chosen.values()]) / sum(one.share for one in chosen.values())
        means = np.array([one.means for one in chosen.values()])
        apart = means - shares @ means
        between = np.einsum("g,gi,gj->ij", shares, apart, apart)
        return np.asarray(np.tensordot(shares, np.array([one.constructs for one in chosen.values()]), 1) + between)


def population(truth: Truth) -> Population:
    """The population of a truth. Raises TruthError for what its theory does not have, and for an impossible one:

    correlations that are not positive definite, paths that explain more than all of an outcome, a moderation by what
    is itself moderated (its products are not those of normal variables, so that no formula gives their moments).
    """
    check(truth)
    spec = truth.specification
    keys = spec.keys
    products = tuple((keys.index(m.predictor), keys.index(m.moderator)) for m in spec.moderations)
    blocks = [_block(truth, construct) for construct in spec.constructs]
    loadings, errors = np.zeros((len(spec.items), len(keys))), np.zeros((len(spec.items), len(spec.items)))
    start = 0
    for j, (own, covariance) in enumerate(blocks):
        at = slice(start, start + len(own))
        loadings[at, j], errors[at, at] = own, covariance
        start += len(own)
    order = _causal_order(truth)
    exogenous = tuple(j for j, key in enumerate(keys) if key not in spec.outcomes)
    groups = {group: _group(truth, group, products, order, exogenous) for group in truth.group_truths}
    return Population(truth, groups, loadings, errors, products, order, exogenous)


def implied(truth: Truth, group: Group = None) -> pd.DataFrame:
    """Covariances (p, p) of the continuous answers that a truth implies, of one group or, None, of all together.

    Exact, moderations and differences of groups included: those of `simulate` with neither scale, gaps nor careless
    respondents.

    >>> truth = Truth(model="sat =~ S1 + S2\\nloy =~ L1 + L2\\nloy ~ sat", loading=0.8, paths={"loy": {"sat": 0.5}})
    >>> implied(truth).loc["S1"].round(3).tolist()
    [1.0, 0.64, 0.32, 0.32]
    """
    items = truth.specification.items
    return pd.DataFrame(population(truth).moments(group)[1], items, items)


def implied_constructs(truth: Truth, group: Group = None) -> pd.DataFrame:
    """Correlations (k, k) of the constructs within one group; None is the only one where nobody is divided.

    >>> text = "x =~ 1*X\\nz =~ 1*Z\\ny =~ Y1 + Y2\\ny ~ x + z"
    >>> truth = Truth(model=text, correlation=0.4, paths={"y": {"x": 0.5, "z": 0.25}})
    >>> implied_constructs(truth).loc["y", ["x", "z"]].round(3).tolist()
    [0.6, 0.45]
    """
    keys = truth.specification.keys
    return pd.DataFrame(population(truth).groups[group].constructs, keys, keys)


def true_paths(people: Population, group: Group = None) -> pd.DataFrame:
    """The paths and moderations of a population, a row each: outcome, predictor, true; standardised.

    Of one group, or of the only one, as the truth states them. Of several together the coefficients of the regressions
    of their constructs, standardised over all; moderations are the mean of theirs.

    >>> truth = Truth(model="sat =~ S1 + S2\\nloy =~ L1 + L2\\nloy ~ sat", paths={"loy": {"sat": 0.5}})
    >>> true_paths(population(truth)).values.tolist()
    [['loy', 'sat', 0.5]]
    """
    spec = people.truth.specification
    C = people.construct_moments(group)
    R = C / np.sqrt(np.outer(np.diag(C), np.diag(C)))
    rows: list[tuple[str, str, float]] = []
    for outcome in spec.outcomes:
        j, x = spec.keys.index(outcome), [spec.keys.index(key) for key in spec.predictors_of(outcome)]
        found = dict(zip(spec.predictors_of(outcome), np.linalg.solve(R[np.ix_(x, x)], R[x, j]), strict=True))
        rows += [(outcome, p.predictor, found[p.predictor]) for p in spec.paths if p.outcome == outcome]
    order = {(p.outcome, p.predictor): i for i, p in enumerate(spec.paths)}
    rows.sort(key=lambda row: order[row[0], row[1]])
    chosen = list(people.groups.items()) if group is None else [(group, people.groups[group])]
    for m in spec.moderations:
        key = product_key(m.predictor, m.moderator)
        of_all = sum(one.share * people.truth.path(key, m.outcome, value) for value, one in chosen)
        rows.append((m.outcome, key, of_all / sum(one.share for _, one in chosen)))
    return pd.DataFrame(rows, columns=["outcome", "predictor", "true"])


def _block(truth: Truth, construct: BoundConstruct) -> tuple[Floats, Floats]:
    """Loadings (m,) and error covariances (m, m) of the items of one construct."""
    m = len(construct.items)
    if construct.measurement.startswith("composite"):
        within = truth.within.get(construct.key, 0.3) if isinstance(truth.within, dict) else truth.within
        S = np.full((m, m), within) + (1 - within) * np.eye(m)
        w = np.array(truth.weights.get(construct.key, [1.0] * m))
        if np.linalg.eigvalsh(S)[0] <= ROUNDING or (variance := float(w @ S @ w)) <= ROUNDING:
            raise TruthError(f"within.{construct.key}: {within:g} is no correlation that {m} items can all have.")
        loadings = S @ w / np.sqrt(variance)
        return loadings, S - np.outer(loadings, loadings)
    given = truth.loadings.get(construct.key, 1.0 if m == 1 else truth.loading)
    loadings = np.broadcast_to(np.asarray(given, dtype=np.float64), m).copy()
    return loadings, np.diag(1 - loadings**2)


def _causal_order(truth: Truth) -> tuple[int, ...]:
    """Endogenous constructs, every one after its predictors and moderators."""
    spec = truth.specification
    left, order = list(spec.outcomes), []
    needs = {outcome: set(spec.predictors_of(outcome)) for outcome in left}
    for m in spec.moderations:
        needs[m.outcome] |= {m.predictor, m.moderator}
    while left:  # a specification has no circle
        first = next(key for key in left if not needs[key] & set(left))
        left.remove(first)
        order.append(spec.keys.index(first))
    return tuple(order)


def _group(
    truth: Truth,
    group: Group,
    products: tuple[tuple[int, int], ...],
    order: tuple[int, ...],
    exogenous: tuple[int, ...],
) -> GroupPopulation:
    spec, where = truth.specification, "" if group is None else f"groups.values.{group}: "
    keys, k, q = spec.keys, len(spec.keys), len(products)
    paths, moderations = np.zeros((k, k)), np.zeros((q, k))
    for path in spec.paths:
        paths[keys.index(path.predictor), keys.index(path.outcome)] = truth.path(path.predictor, path.outcome, group)
    for a, m in enumerate(spec.moderations):
        value = truth.path(product_key(m.predictor, m.moderator), m.outcome, group)
        moderations[a, keys.index(m.outcome)] = value
    linear, through = np.zeros((k, k)), np.zeros((k, q))  # η = normal part + through · π, the two uncorrelated
    linear[np.ix_(exogenous, exogenous)] = _exogenous(truth, exogenous)
    residual = np.ones(k)
    for j in order:
        b, g = paths[:, j], moderations[:, j]
        for a in map(int, np.flatnonzero(g)):
            if through[list(products[a])].any():
                named = product_key(*(keys[i] for i in products[a]))
                raise TruthError(
                    f"{where}moderations: {named} holds a construct that is moderated itself; set one to 0."
                )
        linear[j, :] = linear[:, j] = linear @ b
        through[j] = b @ through + g
        explained = float(b @ linear @ b + through[j] @ _product_covariances(linear, products) @ through[j])
        if explained > 1:
            raise TruthError(
                f"{where}paths to {keys[j]}: they explain {explained:.2f} of a variance of 1; make some smaller."
            )
        residual[j] = 1 - explained
        linear[j, j] = b @ linear @ b + residual[j]
    Phi = linear + through @ _product_covariances(linear, products) @ through.T
    alpha = np.array([truth.group_truths[group].means.get(key, 0.0) for key in keys])
    means = np.linalg.solve(np.eye(k) - paths.T, alpha)
    return GroupPopulation(truth.group_truths[group].share, paths, moderations, means, Phi, residual)


def _product_covariances(Phi: Floats, products: tuple[tuple[int, int], ...]) -> Floats:
    """Covariances (q, q) of products of normal variables of mean 0 (Isserlis 1918, Biometrika 12, 134–139)."""
    x, m = (np.array([pair[i] for pair in products], dtype=np.intp) for i in (0, 1))
    return np.asarray(Phi[np.ix_(x, x)] * Phi[np.ix_(m, m)] + Phi[np.ix_(x, m)] * Phi[np.ix_(m, x)])


def _exogenous(truth: Truth, exogenous: tuple[int, ...]) -> Floats:
    keys = [truth.specification.keys[j] for j in exogenous]
    R = np.full((len(keys), len(keys)), truth.correlation)
    for first, others in truth.correlations.items():
        for second, value in others.items():
            i, j = keys.index(first), keys.index(second)
            R[i, j] = R[j, i] = value
    np.fill_diagonal(R, 1)
    if np.linalg.eigvalsh(R)[0] <= ROUNDING:
        raise TruthError("correlations: no constructs can correlate so (not positive definite); make some smaller.")
    return R
