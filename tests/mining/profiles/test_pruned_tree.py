"""Pruning as scikit-learn has it, planted branchings kept, and none without columns."""

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from crmresearch.mining.profiles.pruned_tree import pruned_tree, prunings


def test_pruning_is_that_of_scikit_learn() -> None:
    """The same complexities, and at each of them as many ends as its tree pruned by `ccp_alpha`."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(300, 4)), rng.integers(0, 3, 300)
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)
    path = DecisionTreeClassifier(max_depth=3, random_state=0).cost_complexity_pruning_path(X, y)
    steps = prunings(model.tree_)
    np.testing.assert_allclose([alpha for alpha, _ in steps], path.ccp_alphas, atol=1e-12)
    for alpha, ends in steps:
        pruned = DecisionTreeClassifier(max_depth=3, random_state=0, ccp_alpha=alpha + 1e-9).fit(X, y)
        assert pruned.get_n_leaves() == len(ends)


def test_a_planted_step_is_the_only_branching_and_without_columns_there_is_no_tree() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(300, 3))
    tree = pruned_tree(X, (X[:, 1] > 0.2).astype(np.intp), 3, 5, 0)
    assert len(tree.ends) == 2
    assert tree.nodes.feature[0] == 1
    np.testing.assert_array_equal(tree.predict(X), X[:, 1] > 0.2)
    none = pruned_tree(X[:, :0], rng.integers(0, 2, 300), 3, 5, 0)
    assert (none.nodes, none.predict(X).tolist()) == (None, [-1] * 300)
