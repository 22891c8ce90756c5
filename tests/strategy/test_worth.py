"""Gains and the best use of a budget: by hand, by the greedy rule of the knapsack, by trying everything."""

from itertools import product

import numpy as np
import pytest

from crmresearch.errors import ParameterError
from crmresearch.strategy.worth import best_plan, costs_of, gains, room_above


def test_a_gain_is_effect_times_step_with_percentiles() -> None:
    draws = np.array([[0.1, 0.2, 0.3, 0.4, 0.5], [np.nan, 1, 1, 1, 1]])
    found = gains(np.array([0.3, 1.0]), draws, np.array([100 / 9, 5.0]), 0.5)
    np.testing.assert_allclose(found.to_numpy(), [[30 / 9, 20 / 9, 40 / 9], [5, 5, 5]])
    nothing = gains(np.array([np.nan]), np.full((1, 5), np.nan), np.array([1.0]))
    assert nothing.isna().all(axis=None)


@pytest.mark.parametrize("seed", range(12))
def test_the_plan_is_that_of_the_greedy_rule(seed: int) -> None:
    """One budget and bounds: filling factors by gain for the money is optimal (Dantzig, 1957, fractional knapsack)."""
    rng = np.random.default_rng(seed)
    effects, cost, most = rng.normal(0.3, 0.3, 6), rng.uniform(0.2, 3, 6), rng.uniform(0, 2, 6)
    budget, point = rng.uniform(0, 6), np.full(6, 100 / 9)
    draws = effects[:, None] + 0.1 * rng.normal(size=(6, 50))
    left, x = budget, np.zeros(6)
    for f in np.argsort(-effects / cost):
        if effects[f] > 0:
            x[f] = min(most[f], left / cost[f])
            left -= x[f] * cost[f]
    plan = best_plan(effects, draws, point, cost, budget, most)
    np.testing.assert_allclose(plan.table["points"], x, atol=1e-9)
    assert plan.gain == pytest.approx(effects * point @ x)
    assert plan.spent == pytest.approx(budget - left)
    limits = np.quantile((draws * point[:, None]).T @ x, [0.025, 0.975])
    np.testing.assert_allclose([plan.gain_lower, plan.gain_upper], limits)


def test_no_plan_on_a_grid_gains_more() -> None:
    rng = np.random.default_rng(3)
    effects, cost, most = np.array([0.5, 0.4, 0.1]), np.array([2.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0])
    plan = best_plan(effects, effects[:, None] + 0.1 * rng.normal(size=(3, 99)), np.full(3, 10.0), cost, 2.5, most)
    grid = [np.array(x) for x in product(np.linspace(0, 1, 41), repeat=3) if cost @ np.array(x) <= 2.5]
    assert plan.gain >= max(10 * effects @ x for x in grid) - 1e-9
    assert plan.table["points"].round(9).tolist() == [0.75, 1, 0]


def test_beyond_its_break_even_cost_a_factor_gets_nothing() -> None:
    effects, most, point = np.array([0.5, 0.4, 0.2]), np.full(3, 1.0), np.full(3, 10.0)
    draws, cost = np.repeat(effects[:, None], 20, axis=1), np.ones(3)
    known = best_plan(effects, draws, point, cost, 1.5, most).table
    assert known["points"].tolist() == [1, 0.5, 0]
    assert known["break_even"].round(9).tolist() == [2.5, 2, 0.5]
    for f, limit in enumerate(known["break_even"]):
        for factor, gets in ((0.99, True), (1.01, False)):
            tried = best_plan(effects, draws, point, np.where(np.arange(3) == f, factor * limit, cost), 1.5, most)
            assert (tried.table["points"][f] > 0) == gets


def test_a_budget_beyond_all_room_is_not_spent_and_each_factor_pays_at_any_cost() -> None:
    effects = np.array([0.5, -0.1, np.nan])
    plan = best_plan(effects, np.repeat(effects[:, None], 5, axis=1), np.full(3, 10.0), np.ones(3), 10,
                     np.array([2.0, 2.0, 2.0]))  # fmt: skip
    assert (plan.spent, plan.gain, plan.table["points"].tolist()) == (2, 10, [2, 0, 0])
    assert plan.table["break_even"].tolist() == [np.inf, 0, 0]
    assert plan.table["alike"].tolist() == [True, False, False]


def test_factors_that_are_not_told_apart_are_alike() -> None:
    effects = np.array([0.5, 0.45, 0.1])
    draws = effects[:, None] + 0.05 * np.random.default_rng(1).normal(size=(3, 300))
    plan = best_plan(effects, draws, np.full(3, 10.0), np.ones(3), 1, np.ones(3))
    assert plan.table["alike"].tolist() == [True, True, False]
    cheap = best_plan(
        effects,
        effects[:, None] + (draws - effects[:, None]) / 10,
        np.full(3, 10.0),
        np.array([1, 1, 0.05]),
        1,
        np.ones(3),
    )
    assert cheap.table["alike"].tolist() == [False, False, True]


def test_costs_are_named_after_factors() -> None:
    assert costs_of(["a", "b"], {"b": 2}).tolist() == [1, 2]
    with pytest.raises(ParameterError, match="'c', which is no factor here; they are a, b"):
        costs_of(["a", "b"], {"c": 2})
    with pytest.raises(ParameterError, match="a point of 'a' costs 0"):
        costs_of(["a", "b"], {"a": 0})
    with pytest.raises(ParameterError, match="budget is -1"):
        best_plan(np.ones(1), np.ones((1, 2)), np.ones(1), np.ones(1), -1, np.ones(1))


def test_room_is_what_lies_above() -> None:
    assert room_above(np.array([50.0, 100.0]), np.array([100 / 9, 25.0])).tolist() == [4.5, 0]
