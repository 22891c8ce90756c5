"""Necessary conditions: R and the package NCA, all orders of few points, permutations of whole columns, hard cases."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.errors import ParameterError
from crmresearch.sem.priorities.ceilings import CEILINGS, Points, ceiling, effect_size, ordered
from crmresearch.sem.priorities.influence import influence
from crmresearch.sem.priorities.necessity import necessity
from crmresearch.sem.priorities.permutation import all_effects, association, chance, effects_of_orders, permuted_effects

RAW = json.loads((Path(__file__).parents[2] / "reference" / "priorities.json").read_text(encoding="utf-8"))["raw"]


def points_of(name: str) -> Points:
    return ordered(*(np.array(RAW[name][axis], dtype=np.float64) for axis in "xy"))


@pytest.mark.parametrize("example", RAW)
def test_ceilings_are_those_of_r(example: str) -> None:
    points = points_of(example)
    for name in CEILINGS:
        found, known = ceiling(name, points), RAW[example][name]
        assert found.effect == pytest.approx(known["d"], abs=1e-11)
        assert 100 * found.accuracy == pytest.approx(known["accuracy_percent"], abs=1e-9)
        np.testing.assert_allclose(found.peers, np.transpose([RAW[example]["peers"][axis] for axis in "xy"]))
    assert found.slope == pytest.approx(known["slope"], abs=1e-11)
    assert found.intercept == pytest.approx(known["intercept"], abs=1e-9)


@pytest.mark.parametrize("example", RAW)
def test_a_ceiling_is_drawn_where_it_lies(example: str) -> None:
    """What lies between the steps and the top of the rectangle is d of it; the line passes its own ends."""
    points = points_of(example)
    steps, line = (ceiling(name, points) for name in CEILINGS)
    x, y = steps.drawn(points).T
    scope = np.ptp(points.x) * np.ptp(points.y)
    assert np.trapezoid(points.y.max() - y, x) / scope == pytest.approx(steps.effect, abs=1e-12)
    assert (x[0], x[-1], y[-1]) == (points.x[0], points.x[-1], points.y.max())
    ends = line.drawn(points)
    assert ends[:, 0].tolist() == points.x[[0, -1]].tolist()
    assert np.diff(ends[:, 1]) / np.diff(ends[:, 0]) == pytest.approx(RAW[example]["cr_fdh"]["slope"], abs=1e-10)


@pytest.mark.parametrize("example", RAW)
def test_bottlenecks_are_those_of_r(example: str) -> None:
    points = points_of(example)
    levels = np.linspace(points.y.min(), points.y.max(), 11)
    for name, column in (("ce_fdh", "bottleneck_x_actual"), ("cr_fdh", "bottleneck_x_actual_unclipped")):
        known = np.array(RAW[example][name][column])
        low, high = points.x[[0, -1]]
        known = np.where(known <= low, -np.inf, np.where(known > high, np.nan, known))
        np.testing.assert_allclose(ceiling(name, points).required(levels, points), known, rtol=1e-9)  # type: ignore[arg-type]


def test_copies_of_a_peer_count_once_which_is_where_the_package_differs() -> None:
    """NCA regresses on a duplicated peer twice: with the copy written out its line is ours."""
    points, package = points_of("toy_ties_12"), RAW["toy_ties_12"]["package"]
    peers = ceiling("cr_fdh", points).peers
    assert RAW["toy_ties_12"]["cr_fdh"]["d"] != pytest.approx(package["cr_d"], abs=1e-3)
    twice = np.vstack([peers, peers[2]])
    assert np.polyfit(*twice.T, 1)[0] == pytest.approx(package["cr_slope"], abs=1e-10)


def test_all_orders_of_seven_points_are_those_of_r() -> None:
    points, known = points_of("seven_distinct"), RAW["seven_distinct"]["exact"]
    p, tried = chance(points, 100, np.random.SeedSequence(1))
    assert tried == known["permutations"]
    np.testing.assert_allclose(p, [known["p_ce_fdh"], known["p_cr_fdh"]], rtol=1e-10)
    np.testing.assert_allclose(all_effects(points).mean(axis=1), [known["mean_d_ce_fdh"], known["mean_d_cr_fdh"]])


def test_records_are_drawn_as_often_as_all_orders_have_them() -> None:
    """Ties in both; the shares of every value of d among 200,000 draws, five standard errors."""
    points = ordered(np.array([1, 1, 2, 2, 2, 3, 4, 4.0]), np.array([2, 1, 1, 3, 3, 2, 4, 4.0]))
    every, drawn = all_effects(points), permuted_effects(points, 200_000, np.random.default_rng(1))
    for known, found in zip(every.round(9), drawn.round(9), strict=True):
        for value in np.unique(known):
            share = (known == value).mean()
            error = np.sqrt(share * (1 - share) / 200_000)
            assert (found == value).mean() == pytest.approx(share, abs=5 * error + 1e-12)


def test_records_are_drawn_as_whole_columns_are_permuted() -> None:
    rng = np.random.default_rng(3)
    x = np.round(rng.normal(5, 2, 60), 1)
    points = ordered(x, np.round(x + rng.normal(0, 2, 60)))
    whole = effects_of_orders(points.x, rng.permuted(np.tile(points.y, (20_000, 1)), axis=1))
    drawn = permuted_effects(points, 20_000, rng)
    error = np.hypot(whole.std(axis=1), drawn.std(axis=1)) / np.sqrt(20_000)
    assert (np.abs(whole.mean(axis=1) - drawn.mean(axis=1)) < 4 * error).all()
    for at in (0.5, 0.9, 0.99):
        for one, other in zip(whole, drawn, strict=True):
            assert (other <= np.quantile(one, at)).mean() == pytest.approx(
                (one <= np.quantile(one, at)).mean(), abs=0.02
            )


@pytest.mark.parametrize("example", [name for name in RAW if name.startswith("nca")])
def test_chance_is_that_of_the_package(example: str) -> None:
    """Both by 1,000 or more permutations of their own: within four standard errors of the package."""
    p, _ = chance(points_of(example), 20_000, np.random.SeedSequence(1))
    for found, name in zip(p, CEILINGS, strict=True):
        known = RAW[example]["package"]["p_value"][name]
        assert found == pytest.approx(known, abs=4 * np.sqrt(known / 1000))


def test_a_corner_that_going_together_empties_is_told_from_one_that_nobody_may_enter() -> None:
    """Of 40 normal samples the test against going together rejects about one in twenty; a cut corner it finds."""
    rng, p = np.random.default_rng(5), []
    for seed in range(40):
        x = rng.normal(size=150)
        points = ordered(x, 0.7 * x + np.sqrt(1 - 0.49) * rng.normal(size=150))
        p.append(association(points, np.random.SeedSequence(seed), 99))
    assert (np.array(p) <= 0.05).mean(axis=0).max() < 0.16
    assert np.array(p).mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.17)
    x = rng.uniform(0, 10, 600)
    y = np.minimum(rng.uniform(0, 10, 600), 3 + 0.7 * x)  # alike, but for the corner
    assert (association(ordered(x, y), np.random.SeedSequence(1), 99) <= 0.02).all()


def test_a_condition_of_which_little_is_needed_is_the_mirror_of_one_of_which_much_is() -> None:
    frame = pd.DataFrame({axis: RAW["toy_ties_12"][axis] for axis in "xy"}, dtype=np.float64)
    plain = necessity(frame, "y", permutations=99, seed=1)
    mirror = necessity(frame.assign(x=-frame["x"]), "y", permutations=99, seed=1, low=["x"])
    np.testing.assert_allclose(mirror.effects["d"], plain.effects["d"])
    np.testing.assert_allclose(-mirror.bottleneck["required"], plain.bottleneck["required"])
    np.testing.assert_allclose(mirror.bottleneck["share_below"], plain.bottleneck["share_below"])


def test_without_an_answer_d_is_what_the_others_give() -> None:
    frame = pd.DataFrame({axis: RAW["nca_example_individualism"][axis] for axis in "xy"})
    found = necessity(frame, "y", permutations=99)
    for row in found.influential.itertuples():
        left = frame.drop(index=row.row)  # type: ignore[arg-type]
        assert row.d_without == pytest.approx(effect_size(row.ceiling, ordered(*left[["x", "y"]].to_numpy().T)))  # type: ignore[arg-type]
    for name in CEILINGS:  # no other row moves d
        others = set(frame.index) - set(found.influential["row"])
        own = effect_size(name, ordered(*frame.to_numpy().T))
        for row in others:
            assert effect_size(name, ordered(*frame.drop(index=row).to_numpy().T)) == pytest.approx(own, abs=1e-12)


def test_the_most_influential_answers_are_those_of_necessary_conditions() -> None:
    x = np.repeat(np.arange(1, 11.0), 12)
    frame = pd.DataFrame({"needed": x, "not": np.tile(np.arange(12.0), 10), "y": np.minimum(np.tile(x[::-10], 10), x)})
    found = necessity(frame, "y", permutations=99, seed=1)
    assert found.leading_effects["necessary"].to_dict() == {"needed": True, "not": False}
    rows = found.most_influential(2)
    own = found.influential.query("condition == 'needed' and ceiling == 'ce_fdh'")["d_without"]
    assert rows["d_without"].tolist() == sorted(own)[:2]
    assert set(rows["condition"]) == {"needed"}


def test_answers_are_left_out_until_the_necessity_is_undone() -> None:
    x = np.r_[0.0, np.linspace(5, 10, 40)]  # one respondent makes the empty corner
    y = np.r_[0.0, np.tile([4.0, 10.0], 20)]
    found = influence("ce_fdh", ordered(x, y), 0.1)
    assert effect_size("ce_fdh", ordered(x, y)) > 0.1
    assert found.dropped == 1
    assert found.effects.min() < 0.1


def test_necessity_asks_for_both_chance_and_size() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 10, 300)
    y = rng.uniform(0, 1, 300) * np.minimum(x + 2, 10)  # nobody without x has much of y
    frame = pd.DataFrame({"x": x, "noise": rng.uniform(0, 10, 300), "y": y})
    found = necessity(frame, "y", permutations=999, seed=1).leading_effects
    assert found["necessary"].tolist() == [True, False]
    assert (found["p_adjusted"] >= found["p_value"]).all()
    assert found.loc["x", "p_value"] == 1 / 1000  # never 0


def test_the_same_seed_gives_the_same_numbers_whatever_else_is_a_condition() -> None:
    frame = pd.DataFrame({axis: RAW["toy_ties_12"][axis] for axis in "xy"})
    one = necessity(frame, "y", permutations=199, seed=4)
    pd.testing.assert_frame_equal(one.effects, necessity(frame, "y", permutations=199, seed=4).effects)
    more = necessity(frame.assign(z=1.0)[["x", "z", "y"]], "y", permutations=199, seed=4)
    assert more.effects["p_value"].iloc[0] == one.effects["p_value"].iloc[0]


def test_hard_cases_are_told_and_do_not_fail() -> None:
    x = np.array([1, 2, 3, 4, 5, 6, np.nan, 2.0])
    frame = pd.DataFrame(
        {"x": x, "constant": 3.0, "empty": np.nan, "binary": [0, 1] * 4, "y <b>{é}": [1, 2, 3, 4, 5, 6, 7, 9]}
    )
    found = necessity(frame, "y <b>{é}", permutations=99)
    codes = {(one.code, one.facts["condition"]) for one in found.cautions}
    assert {("necessity_gaps", "x"), ("necessity_few", "x"), ("necessity_constant", "constant"),
            ("necessity_constant", "empty")} <= codes  # fmt: skip
    assert found.effects.set_index(["condition", "ceiling"])["n"].loc[("x", "ce_fdh")] == 7
    assert not found.effects["necessary"].any()
    same = pd.DataFrame({"x": [1.0, 2, 3] * 5, "y": [2.0] * 15})
    assert necessity(same, "y").bottleneck.empty


@pytest.mark.parametrize(
    ("outcome", "options"),
    [
        ("z", {}), ("y", {"low": ["z"]}), ("y", {"permutations": 9}), ("y", {"leading": "vrs"}),
        ("y", {"confidence": 95}), ("word", {}),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(outcome: str, options: dict[str, object]) -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3] * 5, "y": [2.0] * 15})
    with pytest.raises(ParameterError):
        necessity(frame.assign(word="a") if outcome == "word" else frame, outcome, **options)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="and another one"):
        necessity(frame[["y"]], "y")


def test_a_level_that_nobody_reached_is_no_bottleneck() -> None:
    frame = pd.DataFrame({axis: RAW["toy_ties_12"][axis] for axis in "xy"}, dtype=np.float64)
    found = necessity(frame, "y", levels=[0, 2, 5, 9, 10], permutations=99).bottleneck.query("ceiling == 'ce_fdh'")
    assert found["status"].tolist() == ["not_necessary", "not_necessary", "required", "required", "not_reached"]
    assert found["required"].tolist()[2:4] == [4, 8]
    assert found["share_below"].tolist()[2:4] == [4 / 12, 10 / 12]


def test_weights_count_in_shares_only() -> None:
    frame = pd.DataFrame({axis: RAW["toy_ties_12"][axis] for axis in "xy"}, dtype=np.float64)
    plain = necessity(frame, "y", levels=[9], permutations=99)
    weighted = necessity(frame, "y", levels=[9], permutations=99, weights=np.where(frame["x"] < 8, 0.5, 2.0))
    pd.testing.assert_frame_equal(plain.effects, weighted.effects)
    assert weighted.bottleneck["share_below"].iloc[0] == pytest.approx(5 / 9)
