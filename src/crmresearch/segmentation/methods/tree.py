"""A decision tree of what customers spent later, learned one window earlier: segments with rules in words."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeRegressor

from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import (
    Codes,
    Floats,
    Segment,
    SegmentationError,
    Segmenter,
    Text,
    needed_columns,
    numeric,
    register,
)
from crmresearch.segmentation.cuts import shown
from crmresearch.segmentation.segment_names import listed, rule_name
from crmresearch.segmentation.wording import named_segment, told


@register
@dataclass(eq=False)
class OutcomeTree(Segmenter):
    """Leaves of a regression tree of log(1 + `outcome`), the leaf with the lowest mean first.

    `fit` wants the customer table of one window EARLIER, whose outcome has already happened; `predict` needs the
    features only, so nothing of the time to be predicted is used. Splits are those of scikit-learn's best-first tree
    (least squares), at most `leaves` with at least `smallest_share` of the customers in each. A cut point is the
    number with the fewest digits that parts the customers learned from as scikit-learn does.

    Learns `rules_`, a list of conditions for each segment that `DataFrame.query(" and ".join(rules))` understands, and
    `leaves_` (segment, customers, mean_log_outcome, mean_outcome). The tree can end with fewer leaves than asked for.
    """

    title: ClassVar[Text] = told("title.outcome_tree")
    family: ClassVar[str] = "tree"
    place: ClassVar[int] = 16

    leaves: int = 8
    columns: tuple[str, ...] = ("recency", "frequency", "monetary_total", "monetary_mean")
    outcome: str = "holdout_spend"
    smallest_share: float = field(default=0.01, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    rules_: dict[str, list[str]] = field(init=False, repr=False)
    leaves_: pd.DataFrame = field(init=False, repr=False)

    @classmethod
    def of_size(cls, k: int, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls(k, seed=seed)]

    def __post_init__(self) -> None:
        self.columns = tuple(self.columns)
        if self.leaves < 2:
            raise SegmentationError(f"A tree has 2 or more leaves; {self.leaves} were asked for.")
        if not 0 < self.smallest_share <= 0.5:
            raise SegmentationError(f"The smallest leaf holds a share above 0, at most .5; not {self.smallest_share}.")
        if self.outcome in self.columns:
            raise SegmentationError(f"{self.outcome} is the outcome of the tree and cannot be one of its features.")

    @property
    def name(self) -> str:
        """`tree_<leaves>`."""
        return f"tree_{self.leaves}"

    @property
    def definition(self) -> Text:
        """The outcome, the features and when the tree was learned."""
        columns, outcome = column_names(self.columns), column_names([self.outcome])
        definition = told("definition.tree", outcome=outcome, columns=columns, leaves=self.leaves)
        if not hasattr(self, "leaves_"):
            return definition
        pairs = zip(self.segments, self.leaves_["mean_outcome"], strict=True)
        rules = [told("name.rule", rule=leaf.label, value=shown(value)) for leaf, value in pairs]
        told_rules = listed(rules, "list.centres")
        return told("definition.with_rules", definition=definition, outcome=outcome, rules=told_rules)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The leaves, lowest mean of the outcome first; as many as the tree has grown, called by their rules."""
        if hasattr(self, "leaves_"):
            names = [rule_name(self.columns, *bound) for bound in self._paths]
            return tuple(Segment(key, name) for key, name in zip(self.keys, names, strict=True))
        return tuple(named_segment(key, "leaf", number=i) for i, key in enumerate(self.keys, start=1))

    @property
    def keys(self) -> list[str]:
        """leaf1, leaf2, … without their rules, for which a refit has no use."""
        number = len(self.leaves_) if hasattr(self, "leaves_") else self.leaves
        return [f"leaf{i}" for i in range(1, number + 1)]

    @property
    def needs(self) -> tuple[str, ...]:
        """The features of the tree."""
        return self.columns

    def fit(self, earlier: pd.DataFrame) -> Self:
        """The tree learned from an earlier customer table with its outcome.

        Raises SegmentationError as every method, for a table without the outcome, and for an outcome without variation.
        """
        if self.outcome not in earlier.columns:
            raise SegmentationError(
                f"{self.name} learns from customers whose {self.outcome} has already happened; give fit the customer "
                "table of one window earlier, with that column."
            )
        self.__dict__.pop("leaves_", None)  # leaves grown before say nothing about these customers
        outcome = numeric(needed_columns(earlier, (self.outcome,), self.name), frozenset(), self.name)
        self._y = np.log1p(np.maximum(outcome[self.outcome].to_numpy(), 0))
        try:
            return super().fit(earlier)
        finally:
            del self._y

    def _learn(self, frame: pd.DataFrame) -> None:
        X, y = frame.to_numpy(), self._y
        if np.ptp(y) == 0:
            raise SegmentationError(f"{self.outcome} is the same for all {len(y)} customers; no tree can be learned.")
        order = np.lexsort((y, *X.T[::-1]))  # sums in one order, whatever that of the customers
        X, y = X[order], y[order]
        state = int(np.random.SeedSequence(self.seed).generate_state(1)[0])
        grown = DecisionTreeRegressor(
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.smallest_share,
            min_impurity_decrease=1e-10 * y.var(),  # rounding in the variance of equal outcomes is nothing to split on
            random_state=state,
        )
        tree = grown.fit(X, y).tree_
        self._feature, self._children = tree.feature, np.stack([tree.children_left, tree.children_right])
        self._cuts = np.array(
            [
                short_cut(X[:, column], cut) if column >= 0 else np.nan
                for column, cut in zip(tree.feature, tree.threshold, strict=True)
            ]
        )
        ends = np.flatnonzero(tree.feature < 0)
        ends = ends[np.argsort(tree.value[ends, 0, 0], kind="stable")]
        self._place = np.full(tree.node_count, -1)
        self._place[ends] = np.arange(len(ends))
        codes = self._leaf(X)
        counts = np.bincount(codes, minlength=len(ends))
        self.leaves_ = pd.DataFrame(
            {
                "segment": [f"leaf{i}" for i in range(1, len(ends) + 1)],
                "customers": counts,
                "mean_log_outcome": np.bincount(codes, y, minlength=len(ends)) / counts,
                "mean_outcome": np.bincount(codes, np.expm1(y), minlength=len(ends)) / counts,
            }
        )
        self._paths = [self._bounds(int(end)) for end in ends]
        self.rules_ = {key: self._rule(*bound) for key, bound in zip(self.keys, self._paths, strict=True)}

    def _assign(self, frame: pd.DataFrame) -> Codes:
        return self._leaf(frame.to_numpy())

    def _leaf(self, X: Floats) -> Codes:
        """Place (n,) of the leaf that each row ends in, all rows one step down the tree at a time."""
        node = np.zeros(len(X), dtype=np.intp)
        moving = np.arange(len(X)) if self._feature[0] >= 0 else np.empty(0, dtype=np.intp)
        while len(moving):
            at = node[moving]
            right = X[moving, self._feature[at]] > self._cuts[at]
            node[moving] = self._children[right.astype(np.intp), at]
            moving = moving[self._feature[node[moving]] >= 0]
        return self._place[node]

    def _bounds(self, end: int) -> tuple[dict[str, float], dict[str, float]]:
        """The narrowest lower and upper bound of each column on the way to a leaf."""
        above: dict[str, float] = {}
        up_to: dict[str, float] = {}
        node = end
        while node:
            side, parent = (int(found[0]) for found in np.nonzero(self._children == node))
            column, cut = self.columns[self._feature[parent]], float(self._cuts[parent])
            if side:
                above[column] = max(cut, above.get(column, -np.inf))
            else:
                up_to[column] = min(cut, up_to.get(column, np.inf))
            node = parent
        return above, up_to

    def _rule(self, above: dict[str, float], up_to: dict[str, float]) -> list[str]:
        conditions = []
        for column in self.columns:
            conditions += [f"{column} > {_written(above[column])}"] if column in above else []
            conditions += [f"{column} <= {_written(up_to[column])}"] if column in up_to else []
        return conditions


def short_cut(values: Floats, cut: float) -> float:
    """The number of fewest significant digits that parts the values (n,) as `cut` parts their 32-bit roundings."""
    left = values.astype(np.float32) <= cut
    below, above = values[left].max(), values[~left].min()
    for digits in range(1, 17):
        short = float(f"{cut:.{digits}g}")
        if below <= short < above:
            return short
    return float(below)


def _written(cut: float) -> str:
    return repr(cut).removesuffix(".0")
