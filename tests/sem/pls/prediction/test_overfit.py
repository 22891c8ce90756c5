"""Composite overfit analysis: R on the same folds, planted respondents, the identity with R², odd input."""

import numpy as np
import pandas as pd
import pytest
from model_check_cases import CHECKS, factor_answers, ours
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation

import crmresearch as crm
from crmresearch.errors import ParameterError
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.prediction.deviance_tree import best_split, deviants
from crmresearch.sem.pls.prediction.overfit import Overfit, overfit, predictive_deviance
from crmresearch.sem.pls.result import PlsEstimate

R = CHECKS["overfit"]["ecsi"]


@pytest.fixture(scope="module")
def estimate() -> PlsEstimate:
    return estimate_pls(ecsi(), mobi(), tolerance=1e-12, max_iterations=3000)


@pytest.fixture(scope="module")
def found(estimate: PlsEstimate) -> Overfit:
    return overfit(estimate, "loyalty", folds=list(map(int, R["folds"])), resamples=100)


def test_deviances_and_errors_are_those_of_r(found: Overfit) -> None:
    np.testing.assert_allclose(found.rows["deviance"], R["deviance"], atol=1e-9)
    np.testing.assert_allclose(found.rows["actual"][:20], R["actual"], rtol=1e-10)
    summary = found.summary.iloc[0]
    for name in ("mse_in", "mse_out", "ratio"):
        assert summary[name] == pytest.approx(R[name], rel=1e-9)


def test_groups_rules_and_changes_of_paths_are_those_of_r(found: Overfit) -> None:
    for name, rows in R["groups"].items():
        assert (np.flatnonzero(found.rows["group"] == name) + 1).tolist() == rows
        rules = found.groups[found.groups["group"] == name].set_index("construct")
        assert {ours(key) for key in R["rules"][name]} == set(rules.index)
        for key, bounds in R["rules"][name].items():
            expected = [np.nan if bounds[end] is None else bounds[end] for end in ("gte", "lt")]
            limits = rules.loc[ours(key), ["at_least", "below"]].to_numpy(dtype=float)
            np.testing.assert_allclose(limits, expected, rtol=1e-9)
        changes = found.paths[found.paths["group"] == name].set_index(["predictor", "outcome"])["change"]
        for path, change in R["changes"][name].items():
            assert changes[tuple(map(ours, path.split("->")))] == pytest.approx(change, abs=1e-10)
    assert set(found.groups["group"]) == set(R["groups"])
    assert (np.flatnonzero(found.rows["group"] == "alone") + 1).tolist() == R["alone"]


def test_splits_are_those_of_rpart(estimate: PlsEstimate, found: Overfit) -> None:
    X, y, keys = estimate.scores.to_numpy().round(10), found.rows["deviance"].to_numpy(), list(estimate.scores)
    nodes, seen = {1: np.arange(len(y))}, 0
    for i in range(1, 32):
        if i not in nodes:
            assert f"node_{i}" not in R["nodes"]
            continue
        rows, expected = nodes[i], R["nodes"][f"node_{i}"]
        assert (len(rows), y[rows].mean()) == (expected["n"], pytest.approx(expected["mean_PD"], abs=1e-9))
        split = best_split(X[rows], y[rows])
        if split is None:
            assert "split_variable" not in expected
            continue
        seen += 1
        assert keys[split.variable] == ours(expected["split_variable"])
        assert split.value == pytest.approx(expected["split_value"], rel=1e-9)
        assert split.improvement == pytest.approx(expected["improvement"], rel=1e-7)
        below = X[rows, split.variable] < split.value
        nodes[2 * i], nodes[2 * i + 1] = sorted((rows[below], rows[~below]), key=lambda part: y[part].mean())
    assert seen == sum("split_variable" in node for node in R["nodes"].values())


def test_pruning_finds_what_the_whole_tree_holds() -> None:
    """Topmost nodes beyond the limits of a tree grown to its leaves, against the tree that stops where none can be."""
    rng = np.random.default_rng(1)
    X, y = rng.integers(1, 6, size=(120, 3)).astype(float), rng.standard_normal(120)
    lower, upper = np.quantile(y, [0.1, 0.9])

    def grown(rows: np.ndarray) -> list[tuple[int, ...]]:
        split = best_split(X[rows], y[rows])
        if split is None:
            return []
        if not lower <= y[rows].mean() <= upper:
            return [tuple(rows)]
        below = X[rows, split.variable] < split.value
        return [*grown(rows[below]), *grown(rows[~below])]

    assert {tuple(group.rows) for group in deviants(X, y, lower, upper).groups} == set(grown(np.arange(120)))


@pytest.mark.parametrize("data", ["ecsi", "reputation"])
def test_what_a_model_predicts_of_its_own_rows_has_its_r_squared(data: str, estimate: PlsEstimate) -> None:
    """The rows of one half, trained on themselves: a product of a moderation enters as in training."""
    one = estimate if data == "ecsi" else estimate_pls(reputation(), corp_rep())
    labels = np.arange(len(one.items)) % 2
    y, kept = one.specification.outcomes[-1], labels == 1
    again = estimate_pls(one.specification, one.items[kept])
    fitted = predictive_deviance(one, y, labels).fitted[kept]  # by the one model trained with these rows
    shares = again.only("r_squared").set_index("outcome")["estimate"]
    assert np.corrcoef(fitted, again.scores[y])[0, 1] ** 2 == pytest.approx(shares[y], abs=1e-5)


def planted(odd: int) -> tuple[PlsEstimate, np.ndarray]:
    """250 respondents whose y follows x, and `odd` more of whom the opposite is true, with an extreme x."""
    rng = np.random.default_rng(3)
    x = np.r_[rng.standard_normal(250), 4.0 + 0.2 * rng.standard_normal(odd)]
    y = 0.6 * x + 0.8 * rng.standard_normal(250 + odd)
    y[250:] = -6.0 + 0.3 * rng.standard_normal(odd)
    model = path_model({key: [f"{key}{i}" for i in range(1, 5)] for key in "xy"}, [("x", "y")])
    return estimate_pls(model, factor_answers(rng, {"x": x, "y": y})), np.arange(250, 250 + odd)


def test_planted_respondents_are_found_and_the_path_rests_on_them_and_on_nobody_without_them() -> None:
    with_them, odd = planted(5)
    found = overfit(with_them, resamples=200)
    names = found.rows["group"].iloc[odd]
    assert (names == names.iloc[0]).sum() >= 4
    assert found.paths.set_index("group").loc[[names.iloc[0]], "unstable"].all()
    alone, _ = planted(0)
    assert not overfit(alone, resamples=200).summary["unstable"].item()


def test_odd_input() -> None:
    second = crm.estimate_pls(crm.bind("staged_second_order", "ecsi_mobile"), crm.load_survey("ecsi_mobile"))
    assert overfit(second, resamples=20).summary["rows"].item() == 250
    tiny = overfit(estimate_pls(ecsi(), mobi()[:14]), folds=7, resamples=20)
    assert list(tiny.paths) == list(overfit(second, resamples=20).paths)
    with pytest.raises(ParameterError, match="no outcome"):
        overfit(second, "nobody")
    pd.testing.assert_frame_equal(
        overfit(second, folds=5, seed=2, resamples=20).rows, overfit(second, folds=5, seed=2, resamples=30).rows
    )
