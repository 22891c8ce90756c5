"""The matrices of a truth: identities, closed forms, and moments of respondents within Monte-Carlo error."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.errors import TruthError
from crmresearch.simulation.population import implied, implied_constructs, population
from crmresearch.simulation.simulate import draw
from crmresearch.simulation.truth import Truth

FACTORS = "a =~ A1 + A2 + A3\nb =~ B1 + B2\ny =~ Y1 + Y2 + Y3\nz =~ Z1 + Z2\ny ~ a + b\nz ~ y + a"
PATHS = {"y": {"a": 0.4, "b": 0.3}, "z": {"y": 0.5, "a": 0.2}}
COMPOSITES = "a <~ A1 + A2 + A3\nb =~ B1 + B2\ny <~ Y1 + Y2 + Y3\ny ~ a + b"
MODERATED = "x =~ X1 + X2\nm =~ M1 + M2\nn =~ N1 + N2\ny =~ Y1 + Y2\nz =~ Z1 + Z2\ny ~ x + m + n + x:m + x:n\nz ~ y + x"

FACTOR = Truth(model=FACTORS, paths=PATHS, correlation=0.35, loadings={"a": [0.9, 0.8, 0.6], "z": 0.7})
COMPOSITE = Truth(
    model=COMPOSITES,
    paths={"y": {"a": 0.5, "b": 0.3}},
    correlation=0.3,
    weights={"a": [0.6, 0.4, 0.2], "y": [1, 2, 0.5]},
    within={"a": 0.2, "y": 0.5},
)
MODERATION = Truth(
    model=MODERATED,
    paths={"y": {"x": 0.4, "m": 0.2, "n": 0.1}, "z": {"y": 0.6, "x": 0.1}},
    moderations={"y": {"x:m": -0.25, "x:n": 0.2}},
    correlation=0.4,
)
GROUPED = Truth(
    model=FACTORS,
    paths=PATHS,
    correlation=0.35,
    groups={
        "column": "kind",
        "values": {
            "one": {"share": 0.7, "paths": {"y": {"a": 0.0}}, "means": {"b": 0.5}},
            "two": {"share": 0.3, "paths": {"y": {"a": 0.7, "b": 0.1}}, "means": {"a": -0.8, "y": 0.3}},
        },
    },
)


@pytest.mark.parametrize(
    "truth", [FACTOR, COMPOSITE, MODERATION, GROUPED], ids=["factor", "composite", "moderated", "groups"]
)
def test_second_moments_are_the_models_within_monte_carlo_error(truth: Truth) -> None:
    n = 40_000
    people = population(truth)
    X = draw(people, n, seed=5).answers[truth.specification.items].to_numpy(dtype=float)
    mean, covariance = people.moments()
    centred = X - X.mean(axis=0)
    first, second = np.triu_indices(X.shape[1])
    products = centred[:, first] * centred[:, second]
    error = products.std(axis=0) / np.sqrt(n)  # their own spread: moderated answers are not normal
    z = (products.mean(axis=0) - covariance[first, second]) / error
    assert np.abs(z).max() < 4.5
    assert np.mean(z**2) < 2.5  # correlated z of mean square 1
    assert np.abs((X.mean(axis=0) - mean) * np.sqrt(n) / X.std(axis=0)).max() < 4


def test_moments_within_a_group_are_those_of_its_paths() -> None:
    people = population(GROUPED)
    frame = draw(people, 40_000, seed=6).answers
    for group in people.groups:
        X = frame.loc[frame["kind"] == group, GROUPED.specification.items].to_numpy(dtype=float)
        mean, covariance = people.moments(group)
        assert np.abs(X.mean(axis=0) - mean).max() < 4.5 / np.sqrt(len(X))
        error = np.sqrt((1 + covariance**2) / len(X))  # of a covariance of normal variables of variance 1
        assert np.abs((np.cov(X.T) - covariance) / error).max() < 4.5


def test_groups_together_are_a_mixture() -> None:
    mean, covariance = population(GROUPED).moments()
    one, two = (population(GROUPED).moments(group) for group in ("one", "two"))
    apart = one[0] - two[0]
    assert covariance == pytest.approx(0.7 * one[1] + 0.3 * two[1] + 0.7 * 0.3 * np.outer(apart, apart))
    assert mean == pytest.approx(0.7 * one[0] + 0.3 * two[0])


def test_levels_of_a_group_go_along_the_paths() -> None:
    # y of group two: own level .3 plus .7 · (−.8); z follows with .5 y + .2 a
    means = population(GROUPED).groups["two"].means
    assert means == pytest.approx([-0.8, 0, 0.3 - 0.56, 0.5 * (0.3 - 0.56) + 0.2 * -0.8])


def test_factors_correlate_as_path_analysis_by_hand_says() -> None:
    R = implied_constructs(FACTOR)
    assert R.loc["a", "y"] == pytest.approx(0.4 + 0.3 * 0.35)
    assert R.loc["b", "y"] == pytest.approx(0.3 + 0.4 * 0.35)
    assert R.loc["y", "z"] == pytest.approx(0.5 + 0.2 * R.loc["a", "y"])
    assert implied(FACTOR).loc["A1", "A3"] == pytest.approx(0.9 * 0.6)
    assert implied(FACTOR).loc["A2", "Z1"] == pytest.approx(0.8 * R.loc["a", "z"] * 0.7)
    assert np.diag(implied(FACTOR)) == pytest.approx(np.ones(10))


def test_a_composite_is_made_of_its_own_items_only() -> None:
    drawn = draw(population(COMPOSITE), 500, seed=1)
    made = drawn.answers[["A1", "A2", "A3"]] @ [0.6, 0.4, 0.2]
    assert np.corrcoef(made, drawn.constructs["a"])[0, 1] == pytest.approx(1, abs=1e-10)
    assert made.var() / drawn.constructs["a"].var() == pytest.approx(
        made.iloc[0] ** 2 / drawn.constructs["a"].iloc[0] ** 2
    )


def test_composite_blocks_have_the_stated_correlations_and_rank_one_between() -> None:
    S = implied(COMPOSITE)
    assert S.loc["A1", "A2"] == pytest.approx(0.2)
    assert S.loc["Y1", "Y3"] == pytest.approx(0.5)
    between = S.loc[["A1", "A2", "A3"], ["Y1", "Y2", "Y3"]].to_numpy()
    assert np.linalg.matrix_rank(between, tol=1e-12) == 1
    w = np.array([0.6, 0.4, 0.2])
    loadings = S.loc[["A1", "A2", "A3"], ["A1", "A2", "A3"]].to_numpy() @ w / np.sqrt(w @ S.iloc[:3, :3].to_numpy() @ w)
    assert between / np.outer(loadings, [1, 1, 1]) == pytest.approx(np.tile(between[0] / loadings[0], (3, 1)))


def test_moderated_variance_is_isserlis() -> None:
    # Var y = b'Φb + γ₁²(1 + ρ²) + γ₂²(1 + ρ²) + 2γ₁γ₂(ρ + ρ²) + ψ = 1, products x·m and x·n, all correlations ρ = .4
    group = population(MODERATION).groups[None]
    b = np.array([0.4, 0.2, 0.1])
    linear = b @ (0.6 * np.eye(3) + 0.4) @ b
    products = (0.25**2 + 0.2**2) * (1 + 0.16) + 2 * -0.25 * 0.2 * (0.4 + 0.16)
    assert group.residual[3] == pytest.approx(1 - linear - products)
    assert np.diag(group.constructs) == pytest.approx(np.ones(5))


def test_the_slope_changes_with_the_moderator_as_stated() -> None:
    scores = draw(population(MODERATION), 60_000, seed=2).constructs
    x, m, n, y = (scores[key] for key in "xmny")
    design = np.column_stack([np.ones(len(x)), x, m, n, x * m, x * n])
    slopes, rest, *_ = np.linalg.lstsq(design, y, rcond=None)
    error = np.sqrt(rest[0] / len(x) * np.diag(np.linalg.inv(design.T @ design)))
    assert np.abs((slopes[1:] - [0.4, 0.2, 0.1, -0.25, 0.2]) / error[1:]).max() < 4


def test_paths_of_the_true_scores_are_the_stated_ones() -> None:
    scores = draw(population(FACTOR), 60_000, seed=3).constructs
    slopes = np.linalg.lstsq(scores[["y", "a"]].to_numpy(), scores["z"], rcond=None)[0]
    assert slopes == pytest.approx([0.5, 0.2], abs=4 / np.sqrt(60_000))


def test_an_impossible_population_is_refused() -> None:
    def refused(**other: object) -> str:
        with pytest.raises(TruthError) as error:
            population(Truth(**{"model": FACTORS, **other}))  # type: ignore[arg-type]
        return str(error.value)

    assert "paths to y: they explain 1.62 of a variance of 1" in refused(paths={"y": {"a": 0.9, "b": 0.9}})
    assert "not positive definite" in refused(
        model="a =~ A1 + A2\nb =~ B1 + B2\nc =~ C1 + C2\ny =~ Y1 + Y2\ny ~ a + b + c", correlation=-0.6
    )
    text = "x =~ X1 + X2\nm =~ M1 + M2\ny =~ Y1 + Y2\nz =~ Z1 + Z2\ny ~ x + m + x:m\nz ~ y + m + y:m"
    both = {"y": {"x:m": 0.2}, "z": {"y:m": 0.2}}
    assert "y:m holds a construct that is moderated itself" in refused(model=text, moderations=both)
    population(Truth(model=text, moderations={"z": {"y:m": 0.2}}))  # one of them has closed moments
    assert "no correlation that 3 items can all have" in refused(model=COMPOSITES, within={"a": -0.7})


def test_a_moderation_of_zero_is_none() -> None:
    none = Truth(model=MODERATED, paths=MODERATION.paths, correlation=0.4)
    plain = Truth(model=MODERATED.replace(" + x:m + x:n", ""), paths=MODERATION.paths, correlation=0.4)
    pd.testing.assert_frame_equal(implied(none), implied(plain))
