"""Segments told by a rule: a tree of few branches, and how often it is right about customers it was not learned from.

A classification tree (Breiman, Friedman, Olshen & Stone 1984) of depth three at most, in which every segment weighs the
same, is grown on all customers and cut back by cost and complexity: the smallest tree whose cross-validated error lies
within one standard error of the lowest. Growing and pruning together are then repeated with a fifth of the customers
held out at a time, and the rule is scored on these.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import hypergeom
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier
from statsmodels.stats.proportion import proportion_confint

from crmresearch.caution import SMALL_NUMBER
from crmresearch.errors import ParameterError
from crmresearch.mining.segment_profiles import is_category, main_levels
from crmresearch.ranks import holm
from crmresearch.resampling import one_thread, sampled
from crmresearch.segmentation.methods.tree import short_cut
from crmresearch.segmentation.scoring.evaluate import too_small

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
DEPTH, FOLDS, LEVEL = 3, 5, 0.05
FEWEST_OF_A_BRANCH = 10  # customers, or 1 % of all
MOST = 10_000  # customers that a rule is learned from: of more, so many drawn
SCORES = ["segment", "customers", "base", "named", "right", "precision", "precision_lower", "precision_upper", "recall"]
SCORES += ["recall_lower", "recall_upper", "p", "told"]


@dataclass(frozen=True)
class SegmentRules:
    """A tree that tells the segments, and how often it is right about customers held out.

    `conditions`, one row each: branch, feature, level (of a category; "" of a number), above (exclusive), up_to
    (inclusive); of a category, unordered, above .5 is that level and up to .5 any other. `branches`: branch, segment
    (the one that is most over-represented in it), customers, share (of them in that segment). No rows where the pruned
    tree has no branches: then nothing tells the segments apart. `scores`: a row a segment: customers, base (its share
    of all), named (customers held out whom a rule puts there), right (of them rightly), precision = right / named and
    recall = right / customers with 95 % intervals (Wilson), p (one-sided hypergeometric that so many are right by
    chance, Holm-adjusted over the segments), told (p < .05). `error`: mean over segments of 1 − recall of those held
    out, `chance` what guessing leaves, 1 − 1/k. `features`: those it could use; `filled`: those of them whose gaps
    count as the median, `left_out`: constants and those more than half missing. `learned_from`: customers, those of
    segments too small to be learned among them, who count as wrongly named.
    """

    conditions: pd.DataFrame
    branches: pd.DataFrame
    scores: pd.DataFrame
    error: float
    chance: float
    features: tuple[str, ...]
    filled: tuple[str, ...]
    left_out: tuple[str, ...]
    learned_from: int

    @property
    def told(self) -> bool:
        """Whether the tree has branches and names a segment beyond chance."""
        return len(self.branches) > 0 and bool(self.scores["told"].any())

    @property
    def weak(self) -> bool:
        """Whether it is more often wrong than right about every segment that it names beyond chance."""
        return not (self.scores.loc[self.scores["told"], "precision"] > 0.5).any()


@one_thread
def segment_rules(
    features: pd.DataFrame, segments: pd.Series, *, depth: int = DEPTH, folds: int = FOLDS, seed: int = 0
) -> SegmentRules:
    """The rule that tells segments by features, pruned by cross-validation and scored on customers held out.

    `features`: customers × features, numbers or categories (of more than 6 levels the 6 most frequent; ordered ones are
    cut in their order); `segments`: of the same customers, by the same index. Segments of fewer than 30 customers, or
    1 % of all, are not learned, so that their customers are named to others. Of more than 10,000 customers so many are
    drawn. `depth`: branchings one after another, at most; `folds`: parts of which each is held out once. The same
    `seed` gives the same folds. The result has a row a segment in its `scores`, a branch in its `branches`.

    Raises ParameterError for a depth below 1, fewer than 2 folds, and fewer than two such segments. Trees and
    pruning are those of Breiman, Friedman, Olshen & Stone (1984), grown by scikit-learn. Pruning is checked against its
    `ccp_alpha`, scores by hand, and both by planted rules and by the rate of false ones.

    >>> import crmresearch as crm
    >>> customers = crm.customer_table(crm.load_transactions("linked_simulated"), "2024-12-31").frame
    >>> segments = (customers["frequency"] > 2).map({True: "again", False: "new"})
    >>> rules = crm.segment_rules(customers[["frequency", "recency"]], segments)
    >>> rules.conditions[["feature", "above", "up_to"]].values.tolist()
    [['frequency', 2.0, inf], ['frequency', -inf, 2.0]]
    >>> rules.scores["precision"].tolist()
    [1.0, 1.0]
    """
    if depth < 1 or folds < 2:
        raise ParameterError(f"A rule has a depth of 1 or more and 2 or more folds; not {depth} and {folds}.")
    known = segments.reindex(features.index).dropna()
    known = known.astype("category").iloc[sampled(len(known), MOST, seed)]
    counts = known.value_counts(sort=False)
    keys = list(counts.index[~too_small(counts)])
    if len(keys) < 2:
        raise ParameterError(
            f"A rule tells two or more segments of {SMALL_NUMBER} customers, and 1%, apart; there are {len(keys)}."
        )
    X, columns, filled, left_out = encoded(features.loc[known.index])
    y = np.asarray(known.map({key: code for code, key in enumerate(keys)}).astype(float).fillna(-1), dtype=np.intp)
    large, small = np.flatnonzero(y >= 0), np.flatnonzero(y < 0)  # the small ones are named too, never rightly
    named = np.full(len(y), -1, dtype=np.intp)
    for place, (train, held) in enumerate(_folds(y[large], folds, seed)):
        rule = _learned(X[large[train]], y[large[train]], depth, folds, seed)
        rows = np.concatenate([large[held], small[place::folds]])
        named[rows] = rule.predict(X[rows])
    tree = _learned(X[large], y[large], depth, folds, seed)
    used = tuple(dict.fromkeys(feature for feature, _ in columns))
    conditions, branches = _branches(tree, X, y, columns, keys)
    scores = _scores(y, named, keys)
    error = float(1 - scores["recall"].mean())
    return SegmentRules(conditions, branches, scores, error, 1 - 1 / len(keys), used, filled, left_out, len(y))


def encoded(features: pd.DataFrame) -> tuple[Floats, list[tuple[str, str]], tuple[str, ...], tuple[str, ...]]:
    """Features as numbers (n, columns), feature and level of each column, those with filled gaps, those left out.

    A column a number or ordered category (the place of its level), one a main level of another category. Gaps of
    numbers and places count as the median; of a category they are none of its levels.
    """
    parts: list[Floats] = []
    columns: list[tuple[str, str]] = []
    filled, left_out = [], []
    for name in features:
        values = features[name]
        ordered = isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered
        if is_category(values) and not ordered:
            found = [((values == level).to_numpy(dtype=np.float64), str(level)) for level in main_levels(values)]
        else:
            numbers = values.cat.codes.where(values.notna()) if ordered else values
            found = [(numbers.to_numpy(dtype=np.float64), "")]
        kept = [(part, level) for part, level in found if np.isfinite(part).any() and np.nanmax(part) > np.nanmin(part)]
        if not kept or values.isna().mean() > 0.5:
            left_out.append(str(name))
            continue
        if not is_category(values) or ordered:
            filled += [str(name)] if values.isna().any() else []
        parts += [np.where(np.isnan(part), np.nanmedian(part), part) for part, _ in kept]
        columns += [(str(name), level) for _, level in kept]
    X = np.column_stack(parts) if parts else np.zeros((len(features), 0))
    return X, columns, tuple(filled), tuple(left_out)


@dataclass(frozen=True)
class _Tree:
    """A grown tree and the nodes that pruning makes ends; `segment` of every node, −1 throughout where it has none."""

    nodes: Any
    ends: frozenset[int]
    segment: Codes

    def end_of(self, X: Floats) -> Codes:
        """The end (n,) of each row."""
        return _walk(self.nodes, X, self.ends)

    def predict(self, X: Floats) -> Codes:
        """The segment (n,) of each row."""
        found: Codes = self.segment[self.end_of(X)] if self.nodes is not None else np.full(len(X), -1, dtype=np.intp)
        return found


def _learned(X: Floats, y: Codes, depth: int, folds: int, seed: int) -> _Tree:
    """The tree grown on all rows, cut back to the smallest whose cross-validated error is within one standard error."""
    none = _Tree(None, frozenset({0}), np.array([-1]))
    if not X.shape[1]:
        return none
    grown = _grown(X, y, depth)
    steps = prunings(grown)
    alphas = [alpha for alpha, _ in steps]
    middles = [*np.sqrt(np.array(alphas[:-1]) * np.array(alphas[1:])), np.inf]  # Breiman et al., section 3.4.2
    wrong = np.zeros((len(steps), len(y)))
    for train, held in _folds(y, folds, seed + 1):
        nodes = _grown(X[train], y[train], depth)
        choices, best = prunings(nodes), nodes.value[:, 0].argmax(axis=1)
        for place, middle in enumerate(middles):
            ends = [ends for alpha, ends in choices if alpha <= middle][-1]
            wrong[place, held] = best[_walk(nodes, X[held], ends)] != y[held]
    weight = _weights(y)
    errors = wrong @ weight
    # within its segment a customer is right or wrong by chance: the variance of a mean over strata
    shares = np.stack([wrong[:, y == s].mean(axis=1) for s in np.unique(y)])
    sizes, k = np.bincount(y), len(shares)
    spread = np.sqrt(((shares * (1 - shares)) / sizes[np.unique(y), None]).sum(axis=0)) / k
    lowest = int(errors.argmin())
    chosen = max(i for i, error in enumerate(errors) if error <= errors[lowest] + spread[lowest] + 1e-12)
    ends = _same_joined(grown, steps[chosen][1])
    return none if ends == {0} else _Tree(grown, ends, grown.value[:, 0].argmax(axis=1))


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
    """Ends below a node that all name one segment, joined there: the rule is the same and shorter."""
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
    """A weight (n,) for each customer, of sum 1, with which all segments weigh the same."""
    counts = np.bincount(y)
    return 1 / (counts[y] * (counts > 0).sum())


def _folds(y: Codes, folds: int, seed: int) -> list[tuple[Codes, Codes]]:
    state = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return list(StratifiedKFold(folds, shuffle=True, random_state=state).split(np.zeros(len(y)), y))


def _branches(
    tree: _Tree, X: Floats, y: Codes, columns: list[tuple[str, str]], keys: list[Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The conditions of every branch, and whom it holds; branches in the order of their segments, the largest first."""
    conditions = pd.DataFrame(columns=["branch", "feature", "level", "above", "up_to"])
    branches = pd.DataFrame(columns=["branch", "segment", "customers", "share"])
    if tree.nodes is None:
        return conditions, branches
    end = tree.end_of(X)
    found = [(int(tree.segment[node]), node, int((end == node).sum())) for node in tree.ends]
    rows, bounds = [], []
    for branch, (segment, node, customers) in enumerate(sorted(found, key=lambda one: (one[0], -one[2], one[1])), 1):
        rows.append((branch, keys[segment], customers, float((y[end == node] == segment).mean())))
        for column, (above, up_to) in sorted(_bounds(tree.nodes, node, X).items()):
            bounds.append((branch, *columns[column], above, up_to))
    return pd.DataFrame(bounds, columns=conditions.columns), pd.DataFrame(rows, columns=branches.columns)


def _bounds(tree: Any, node: int, X: Floats) -> dict[int, tuple[float, float]]:
    """The narrowest bounds of each column on the way down to a node."""
    found: dict[int, tuple[float, float]] = {}
    while node:
        parents = np.flatnonzero((tree.children_left == node) | (tree.children_right == node))
        parent = int(parents[0])
        column = int(tree.feature[parent])
        cut = short_cut(X[:, column], float(tree.threshold[parent]))
        if (X[:, column] == np.floor(X[:, column])).all():
            cut = float(np.floor(cut))  # of whole numbers: up to 1, not up to 1.5
        above, up_to = found.get(column, (-np.inf, np.inf))
        left = tree.children_left[parent] == node
        found[column] = (above, min(up_to, cut)) if left else (max(above, cut), up_to)
        node = parent
    return found


def _scores(y: Codes, named: Codes, keys: list[Any]) -> pd.DataFrame:
    rows = []
    for code, key in enumerate(keys):
        customers, said = int((y == code).sum()), int((named == code).sum())
        right = int(((y == code) & (named == code)).sum())
        precision = (right / said, *proportion_confint(right, said, LEVEL, "wilson")) if said else (np.nan,) * 3
        recall = (right / customers, *proportion_confint(right, customers, LEVEL, "wilson"))
        p = float(hypergeom.sf(right - 1, len(y), customers, said)) if said else np.nan
        rows.append((key, customers, customers / len(y), said, right, *precision, *recall, p))
    table = pd.DataFrame(rows, columns=SCORES[:-1])
    adjusted = holm(table["p"].to_numpy(dtype=np.float64))
    return table.assign(p=adjusted, told=adjusted < LEVEL)
