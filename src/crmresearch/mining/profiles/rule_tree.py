"""Segments told by a rule: a tree of few branches, and how often it is right about customers it was not learned from.

The tree of `pruned_tree`, of depth three at most, is grown and pruned on all customers. Growing and
pruning together are then repeated with a fifth of the customers held out at a time, and the rule is scored on these.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import hypergeom
from statsmodels.stats.proportion import proportion_confint

from crmresearch.caution import SMALL_NUMBER
from crmresearch.errors import ParameterError
from crmresearch.mining.profiles.pruned_tree import Codes, Floats, PrunedTree, folds_of, pruned_tree
from crmresearch.mining.profiles.segment_profiles import is_category, main_levels
from crmresearch.ranks import holm
from crmresearch.resampling import one_thread, sampled
from crmresearch.segmentation.methods.tree import short_cut
from crmresearch.segmentation.scoring.evaluate import too_small

DEPTH, FOLDS, LEVEL = 3, 5, 0.05
MOST = 10_000  # customers that a rule is learned from: of more, so many drawn
SCORES = ["segment", "customers", "base", "named", "right", "precision", "precision_lower", "precision_upper", "recall"]
SCORES += ["recall_lower", "recall_upper", "p", "told"]


@dataclass(frozen=True)
class SegmentRules:
    """A tree that tells the segments, and how often it is right about customers held out.

    `conditions`, one row each: branch, feature, level (of a category; "" of a number), above (exclusive), up_to
    (inclusive), lowest and highest (the levels of an ordered category that they leave; "" of others), kind (is or
    is_not that level; above, up_to or above_up_to of a number; from_ before these of an ordered category). `branches`:
    branch, segment (the one that is most over-represented in it), customers, share (of them in that segment), base (its
    share of all). No rows where the pruned tree has no branches: then nothing tells the segments apart. `scores`: a row
    a segment: customers, base (its share of all), named (customers held out whom a rule puts there), right (of them
    rightly), precision = right / named and recall = right / customers with 95 % intervals (Wilson), p (one-sided
    hypergeometric that so many are right by chance, Holm-adjusted over the segments), told (p < .05). `error`: mean
    over segments of 1 − recall of those held out, `chance` what guessing leaves, 1 − 1/k. `features`: those it could
    use; `filled`: those of them whose gaps count as the median, `left_out`: constants and those more than half missing.
    `learned_from`: customers, those of segments too small to be learned among them, who count as wrongly named.
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

    @property
    def verdict(self) -> str:
        """none (no better than chance), weak, or told."""
        return "none" if not self.told else "weak" if self.weak else "told"

    @property
    def best(self) -> pd.DataFrame:
        """The row of `scores` of the segment named beyond chance whose precision is most times its base; else none."""
        told = self.scores[self.scores["told"]] if self.told else self.scores[:0]
        return told.iloc[np.argsort(-(told["precision"] / told["base"]).to_numpy(), kind="stable")].head(1)

    def of_branch(self, branch: int) -> pd.DataFrame:
        """The conditions of a branch."""
        return self.conditions[self.conditions["branch"] == branch]

    @property
    def unnamed(self) -> list[str]:
        """The segments that no branch names; none where there are no branches."""
        named = set(self.branches["segment"])
        return [key for key in self.scores["segment"] if named and key not in named]

    @property
    def facts(self) -> dict[str, float]:
        """Branches, used (features it could use), and the shares named rightly: right by it, chance by guessing."""
        used = {"branches": len(self.branches), "used": len(self.features)}
        return {**used, "right": 1 - self.error, "chance": 1 - self.chance}


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
    for place, (train, held) in enumerate(folds_of(y[large], folds, seed)):
        rule = pruned_tree(X[large[train]], y[large[train]], depth, folds, seed)
        rows = np.concatenate([large[held], small[place::folds]])
        named[rows] = rule.predict(X[rows])
    tree = pruned_tree(X[large], y[large], depth, folds, seed)
    used = tuple(dict.fromkeys(feature for feature, _ in columns))
    conditions, branches = _branches(tree, X, y, columns, keys)
    conditions = _with_kinds(conditions, features)
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


def _branches(
    tree: PrunedTree, X: Floats, y: Codes, columns: list[tuple[str, str]], keys: list[Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The conditions of every branch, and whom it holds; branches in the order of their segments, the largest first."""
    conditions = pd.DataFrame(columns=["branch", "feature", "level", "above", "up_to"])
    branches = pd.DataFrame(columns=["branch", "segment", "customers", "share", "base"])
    if tree.nodes is None:
        return conditions, branches
    end = tree.end_of(X)
    found = [(int(tree.best[node]), node, int((end == node).sum())) for node in tree.ends]
    rows, bounds = [], []
    for branch, (segment, node, customers) in enumerate(sorted(found, key=lambda one: (one[0], -one[2], one[1])), 1):
        share, base = (float((known == segment).mean()) for known in (y[end == node], y))
        rows.append((branch, keys[segment], customers, share, base))
        for column, (above, up_to) in sorted(_bounds(tree.nodes, node, X).items()):
            bounds.append((branch, *columns[column], above, up_to))
    return pd.DataFrame(bounds, columns=conditions.columns), pd.DataFrame(rows, columns=branches.columns)


def _with_kinds(conditions: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """The conditions with their kind and the levels of ordered categories that they leave."""
    found = []
    for row in conditions.itertuples():
        if row.level:
            found.append(("", "", "is" if np.isfinite(row.above) else "is_not"))
            continue
        values, lower, upper = features[row.feature], np.isfinite(row.above), np.isfinite(row.up_to)
        levels = values.cat.categories if isinstance(values.dtype, pd.CategoricalDtype) else None
        lowest = str(levels[int(np.floor(row.above)) + 1]) if levels is not None and lower else ""
        highest = str(levels[int(np.floor(row.up_to))]) if levels is not None and upper else ""
        parts = ["from"] * (levels is not None) + ["above"] * bool(lower) + ["up_to"] * bool(upper)
        found.append((lowest, highest, "_".join(parts)))
    return conditions.join(pd.DataFrame(found, index=conditions.index, columns=["lowest", "highest", "kind"]))


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
