"""Decisions: each one computed by hand, ranks by brute force, nothing decided by chance, the planted ones found."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmresearch.errors import ParameterError
from crmresearch.ranks import rank_intervals, simultaneous
from crmresearch.strategy.decisions import Rule, decide, segments_apart

Floats = Any
WAVE = np.array([-1.0, 1.0])


def around(points: list[float], half: float) -> tuple[Floats, Floats]:
    """Points with draws point ± half, one factor after the other, so that every standard error is known by hand.

    Draws of one factor vary while the others stand still: 2 k draws, of which each factor moves in two.
    """
    values = np.array(points, dtype=float)
    k = len(values)
    draws = np.repeat(values[:, None], 2 * k, axis=1)
    for i in range(k):
        draws[i, 2 * i : 2 * i + 2] += half * WAVE
    return values, draws


def test_each_decision_by_hand() -> None:
    """Of k = 5 factors each moves by ± d in 2 of 10 draws, so that its standard error is d √.2.

    The largest deviation of a resample is d, which is c = 1 / √.2 standard errors in all of them: every interval is
    point ± d. The cut is the median of the points and, drawn with them, moves only where the factor in the middle does:
    the difference of another to it is point − median ± d as well (both move in different resamples, by d at most).
    """
    importance, i_draws = around([0.50, 0.40, 0.20, 0.12, 0.01], 0.03)
    performance, p_draws = around([40, 80, 60, 61, 90], 3)
    found = decide(importance, i_draws, performance, p_draws, Rule())
    assert found["decision"].tolist() == ["strengthen", "keep", "undecided", "undecided", "reduce"]
    assert found[["importance_cut", "performance_cut"]].drop_duplicates().to_numpy().tolist() == [[0.20, 61]]
    np.testing.assert_allclose(found["importance_lower"], importance - 0.03)
    np.testing.assert_allclose(found["importance_upper"], importance + 0.03)
    np.testing.assert_allclose(found["performance_upper"], performance + 3)
    assert found["important"].tolist() == [1, 1, 0, -1, -1]
    assert found["high"].tolist() == [-1, 1, 0, 0, 1]
    assert found[["rank_lower", "rank_upper"]].to_numpy().tolist() == [[i, i] for i in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("rule", "decision"),
    [
        (Rule(importance_cut=0.3, performance_cut=70), "strengthen"),
        (Rule(importance_cut=0.3, performance_cut=50), "keep"),
        (Rule(importance_cut=0.39, performance_cut=50), "undecided"),  # .40 ± .03 holds the cut
        (Rule(importance_cut=0.3, performance_cut=61), "undecided"),  # 60 ± 3 holds the cut
        (Rule(importance_cut=0.3, performance_cut=50, relevant=0.44), "reduce"),  # too little, however the others
        (Rule(importance_cut=0.45, performance_cut=50, relevant=0.42), "undecided"),  # .43 is more than that
    ],
)
def test_cuts_are_parameters(rule: Rule, decision: str) -> None:
    importance, i_draws = around([0.40], 0.03)
    performance, p_draws = around([60], 3)
    assert decide(importance, i_draws, performance, p_draws, rule)["decision"].item() == decision


def test_overlapping_factors_are_undecided_and_hold_every_rank() -> None:
    importance, i_draws = around([0.22, 0.20, 0.21], 0.1)
    performance, p_draws = around([60, 70, 80], 30)
    found = decide(importance, i_draws, performance, p_draws, Rule())
    assert set(found["decision"]) == {"undecided"}
    assert found["rank_lower"].tolist() == [1, 1, 1]
    assert found["rank_upper"].tolist() == [3, 3, 3]


def test_a_factor_that_is_not_defined_is_undecided_and_moves_no_other() -> None:
    importance, i_draws = around([0.50, 0.40, 0.20, 0.12, 0.01], 0.03)
    performance, p_draws = around([40, 80, 60, 61, 90], 3)
    known = decide(importance, i_draws, performance, p_draws, Rule())

    def with_gap(values: Floats, at: float = np.nan) -> Floats:
        return np.insert(values, 1, at, axis=0)

    found = decide(*map(with_gap, (importance, i_draws, performance, p_draws)), Rule())
    assert found["decision"].tolist() == np.insert(known["decision"].to_numpy(), 1, "undecided").tolist()
    assert found.loc[1, ["rank_lower", "rank_upper"]].tolist() == [1, 6]
    assert found.loc[0, ["rank_lower", "rank_upper"]].tolist() == [1, 2]  # the other may be the first
    nothing = decide(importance * np.nan, i_draws * np.nan, performance, p_draws, Rule())
    assert set(nothing["decision"]) == {"undecided"}


def test_ranks_are_those_of_all_pairs_by_brute_force() -> None:
    rng = np.random.default_rng(5)
    points = np.sort(rng.normal(size=7))[::-1]
    draws = points[:, None] + 0.4 * rng.normal(size=(7, 400))
    pairs = list(combinations(range(7), 2))
    errors = {(i, j): (draws[i] - draws[j]).std() for i, j in pairs}
    largest = [
        max(abs(draws[i, b] - draws[j, b] - points[i] + points[j]) / errors[i, j] for i, j in pairs) for b in range(400)
    ]
    c = sorted(largest)[int(np.ceil(0.95 * 401)) - 1]
    above = {(i, j) for i, j in pairs if points[i] - points[j] > c * errors[i, j]}
    first, last = rank_intervals(points, draws)
    assert first.tolist() == [1 + sum((j, i) in above for j in range(7)) for i in range(7)]
    assert last.tolist() == [7 - sum((i, j) in above for j in range(7)) for i in range(7)]
    assert 0 < len(above) < len(pairs)


@pytest.mark.parametrize("true", [[0.0, 0.0, 0.0, 0.0], [1.0, 0.8, 0.8, 0.0]])
def test_intervals_of_ranks_hold_the_true_ranks(true: list[float]) -> None:
    """In 95 of 100 samples or more, and with alike ones any order of these counts as true."""
    rng, means = np.random.default_rng(8), np.array(true)
    first = 1 + (means[None] > means[:, None]).sum(axis=1)
    last = (means[None] >= means[:, None]).sum(axis=1)
    held = 0
    for _ in range(400):
        points = means + 0.1 * rng.normal(size=4)
        low, high = rank_intervals(points, points[:, None] + 0.1 * rng.normal(size=(4, 300)))
        held += bool((low <= first).all() and (high >= last).all())
    assert held >= 0.95 * 400 - 2 * np.sqrt(400 * 0.95 * 0.05)


def test_intervals_at_once_hold_all_of_many() -> None:
    rng, held = np.random.default_rng(9), 0
    for _ in range(400):
        points = rng.normal(size=6)
        held += bool((np.abs(points) <= simultaneous(points, points[:, None] + rng.normal(size=(6, 300)))).all())
    assert abs(held / 400 - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / 400)


def test_segments_differ_only_beyond_chance() -> None:
    importance = np.array([[0.5, 0.2], [0.2, 0.21], [0.25, 0.2]])
    noise = np.random.default_rng(2).normal(size=(3, 2, 300))
    found = segments_apart(importance, importance[:, :, None] + 0.02 * noise)
    assert found[["factor", "more", "less"]].to_numpy().tolist() == [[0, 0, 1], [0, 0, 2]]  # the largest first
    np.testing.assert_allclose(found["difference"], [0.3, 0.25])
    assert (found["lower"] > 0).all()
    empty = [
        segments_apart(importance, importance[:, :, None] + 0.5 * noise),
        segments_apart(importance[:1], importance[:1, :, None] + noise[:1]),
        segments_apart(importance * np.nan, noise),
    ]
    assert [len(one) for one in empty] == [0, 0, 0]


def regression_draws(n: int, weights: list[float], means: list[float], seed: int) -> tuple[Floats, ...]:
    """Importance and performance of known factors of n respondents, and 300 resamples of these."""
    rng = np.random.default_rng(seed)
    X = np.array(means) + 15 * rng.normal(size=(n, len(weights)))
    y = X @ np.array(weights) + 10 * rng.normal(size=n)

    Z = np.column_stack([np.ones(n), X])
    k = Z.shape[1]
    counts = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), 300)])  # the sample, and its resamples
    squares = (counts @ (Z[:, :, None] * Z[:, None, :]).reshape(n, -1)).reshape(-1, k, k)
    slopes = np.linalg.solve(squares, (counts @ (Z * y[:, None]))[:, :, None])[:, 1:, 0].T
    means_of = (counts @ X / n).T
    return slopes[:, 0], slopes[:, 1:], means_of[:, 0], means_of[:, 1:]


def test_the_planted_strategy_is_found_as_respondents_grow() -> None:
    """Strengthen, keep, two in the middle, and one to reduce: no wrong decision, and all of the right ones at 3,000."""
    weights, means = [0.5, 0.45, 0.2, 0.2, 0.0], [50.0, 75.0, 62.0, 64.0, 70.0]
    planted = ["strengthen", "keep", "undecided", "undecided", "reduce"]
    right = {}
    for n in (60, 400, 3000):
        told = [decide(*regression_draws(n, weights, means, seed), Rule())["decision"].tolist() for seed in range(4)]
        wrong = [d for one in told for d, p in zip(one, planted, strict=True) if d not in (p, "undecided")]
        assert wrong == []
        right[n] = np.mean([[one[i] == planted[i] for i in (0, 1, 4)] for one in told])
    assert right[60] < right[400] < right[3000] == 1


def test_of_nothing_nothing_is_decided() -> None:
    """Five factors that are truly alike: hardly ever is one of them called important, in samples of any size."""
    told = [decide(*regression_draws(100, [0.3] * 5, [60.0] * 5, seed), Rule())["decision"] for seed in range(40)]
    decided = np.mean([(one != "undecided").any() for one in told])
    assert decided <= 0.05


def test_what_no_rule_can_be_is_said() -> None:
    with pytest.raises(ParameterError, match="confidence of 95"):
        Rule(confidence=95)
    with pytest.raises(ParameterError, match="smallest relevant effect is -1"):
        Rule(relevant=-1)


def test_the_columns_are_those_of_decisions_csv() -> None:
    importance, draws = around([0.4, 0.1], 0.03)
    table = decide(importance, draws, importance, draws, Rule())
    needed = {"importance", "importance_lower", "importance_upper", "performance", "rank_lower", "rank_upper"}
    assert needed | {"decision"} <= set(table.columns)
    assert pd.api.types.is_integer_dtype(table["rank_lower"])
