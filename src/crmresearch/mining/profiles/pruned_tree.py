"""A classification tree pruned: the smallest whose cross-validated error is within one standard error of the lowest.

Grown by impurity, every class of the same weight, and cut back by cost and complexity (Breiman, Friedman, Olshen &
Stone 1984, chapter 3).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
FEWEST_OF_A_BRANCH = 10  # rows, or 1 % of all


@dataclass(frozen=True)
class PrunedTree:
    """A grown tree (`tree_` of scikit-learn; None for no columns or no branches) and the nodes that pruning makes ends.

    `best`: the class that weighs most in every node; −1 throughout without a tree.
    """

    nodes: Any
    ends: frozenset[int]
    best: Codes

    def end_of(self, X: Floats) -> Codes:
        """The end (n,) of each row."""
        return _walk(self.nodes, X, self.ends)

    def predict(self, X: Floats) -> Codes:
        """The class (n,) of each row."""
        found: Codes = self.best[self.end_of(X)] if self.nodes is not None else np.full(len(X), -1, dtype=np.intp)
        return found


def pruned_tree(X: Floats, y: Codes, depth: int, folds: int, seed: int) -> PrunedTree:
    """The tree of X (n, columns) that tells the classes y (n,), codes from 0, grown on all rows and cut back.

    It is the smallest pruned one whose error over `folds`, each held out once, lies within one standard error of the
    lowest; ends below a node that name one class are joined. `depth`: branchings one after another, at most; no branch
    holds fewer than 10 rows or 1 % of all. The same `seed` gives the same folds. Breiman et al. (1984), section 3.4;
    the sequence of prunings is checked against the `ccp_alpha` of scikit-learn.
    """
    none = PrunedTree(None, frozenset({0}), np.array([-1]))
    if not X.shape[1]:
        return none
    grown = _grown(X, y, depth)
    steps = prunings(grown)
    alphas = [alpha for alpha, _ in steps]
    middles = [*np.sqrt(np.array(alphas[:-1]) * np.array(alphas[1:])), np.inf]  # Breiman et al., section 3.4.2
    wrong = np.zeros((len(steps), len(y)))
    for train, held in folds_of(y, folds, seed + 1):
        nodes = _grown(X[train], y[train], depth)
        choices, best = prunings(nodes), nodes.value[:, 0].argmax(axis=1)
        for place, middle in enumerate(middles):
            ends = [ends for alpha, ends in choices if alpha <= middle][-1]
            wrong[place, held] = best[_walk(nodes, X[held], ends)] != y[held]
    weight = _weights(y)
    errors = wrong @ weight
    # within its class a row is right or wrong by chance: the variance of a mean over strata
    shares = np.stack([wrong[:, y == s].mean(axis=1) for s in np.unique(y)])
    sizes, k = np.bincount(y), len(shares)
    spread = np.sqrt(((shares * (1 - shares)) / sizes[np.unique(y), None]).sum(axis=0)) / k
    lowest = int(errors.argmin())
    chosen = max(i for i, error in enumerate(errors) if error <= errors[lowest] + spread[lowest] + 1e-12)
    ends = _same_joined(grown, steps[chosen][1])
    return none if ends == {0} else PrunedTree(grown, ends, grown.value[:, 0].argmax(axis=1))


def _grown(X: Floats, y: Codes, depth: int) -> Any:
    smallest = max(FEWEST_OF_A_BRANCH, -(-len(y) // 100))
    model = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=smallest, random_state=0)
    return model.fit(X, y, sample_weight=_weights(y) * len(y)).tree_


def prunings(tree: Any) -> list[tuple[float, frozenset[int]]]:
    """The trees that cutting back the weakest branch first leaves: complexity α from which each is best, and its ends.

    `tree` is the `tree_` of a scikit-learn tree; the last has the root as its only end. Costs are those of
    scikit-learn: impurity of the ends, weighted.
    """
    cost = tree.weighted_n_node_samples * tree.impurity / tree.weighted_n_node_samples[0]
    ends = frozenset(int(node) for node in np.flatnonzero(tree.children_left < 0))
    found = [(0.0, ends)]
    while 0 not in ends:
        below = {node: _reached(tree, ends, node) for node in _above(tree, ends)}
        links = {node: (cost[node] - cost[[*of]].sum()) / (len(of) - 1) for node, of in below.items()}
        weakest = min(links.values())
        ends = _reached(tree, ends | {node for node, link in links.items() if link <= weakest * (1 + 1e-12) + 1e-15})
        found.append((max(float(weakest), found[-1][0]), ends))
    return found


def _reached(tree: Any, stops: frozenset[int], start: int = 0) -> frozenset[int]:
    """The stops that are come to first on the ways down from a node."""
    if start in stops:
        return frozenset({start})
    children = (int(tree.children_left[start]), int(tree.children_right[start]))
    return frozenset().union(*(_reached(tree, stops, child) for child in children))


def _above(tree: Any, ends: frozenset[int], start: int = 0) -> list[int]:
    """The nodes above the ends, each before those below it."""
    if start in ends:
        return []
    children = (int(tree.children_left[start]), int(tree.children_right[start]))
    return [start, *(node for child in children for node in _above(tree, ends, child))]


def _same_joined(tree: Any, ends: frozenset[int]) -> frozenset[int]:
    """Ends below a node that all name one class, joined there: the rule is the same and shorter."""
    best = tree.value[:, 0].argmax(axis=1)
    alike = {node for node in _above(tree, ends) if len({int(best[end]) for end in _reached(tree, ends, node)}) == 1}
    return _reached(tree, ends | alike)


def _walk(tree: Any, X: Floats, ends: frozenset[int]) -> Codes:
    """The end (n,) that each row comes to, all rows one step down the tree at a time."""
    node = np.zeros(len(X), dtype=np.intp)
    stop = np.isin(np.arange(tree.node_count), [*ends])
    rounded = X.astype(np.float32)  # as scikit-learn compares
    while len(moving := np.flatnonzero(~stop[node])):
        at = node[moving]
        goes_left = rounded[moving, tree.feature[at]] <= tree.threshold[at]
        node[moving] = np.where(goes_left, tree.children_left[at], tree.children_right[at])
    return node


def _weights(y: Codes) -> Floats:
    """A weight (n,) for each row, of sum 1, with which all classes weigh the same."""
    counts = np.bincount(y)
    return 1 / (counts[y] * (counts > 0).sum())


def folds_of(y: Codes, folds: int, seed: int) -> list[tuple[Codes, Codes]]:
    """The rows learned from and held out, each held out once, every class in every fold by its share."""
    state = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return list(StratifiedKFold(folds, shuffle=True, random_state=state).split(np.zeros(len(y)), y))
