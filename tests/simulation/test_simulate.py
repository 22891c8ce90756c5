"""Respondents: reproducible to the byte, with the scale, skew, gaps and careless people that were asked for."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from crmresearch.data.survey.answers import straight_lining
from crmresearch.errors import ParameterError, TruthError
from crmresearch.simulation.population import population
from crmresearch.simulation.scale import Scale, point_shares, series, thresholds
from crmresearch.simulation.simulate import draw, simulate
from crmresearch.simulation.truth import Truth

MODEL = "a =~ A1 + A2 + A3\nb =~ B1 + B2 + B3\ny =~ Y1 + Y2 + Y3\nc =~ 1*C\ny ~ a + b\nc ~ y"
FACTS = {"paths": {"y": {"a": 0.4, "b": 0.3}, "c": {"y": -0.4}}, "correlation": 0.3}
SCALE = {"answers": {"mean": 7.2, "sd": 1.9, "skewness": -0.7}, "answers_of": {"c": {"min": 0, "max": 1, "mean": 0.2}}}


def truth(**more: object) -> Truth:
    return Truth(**{"model": MODEL, **FACTS, **more})  # type: ignore[arg-type]


def test_one_seed_gives_the_same_bytes_and_another_others() -> None:
    one = simulate(truth(**SCALE), 300, seed=9).to_csv().encode()
    assert one == simulate(truth(**SCALE), 300, seed=9).to_csv().encode()
    assert one != simulate(truth(**SCALE), 300, seed=10).to_csv().encode()


def test_gaps_and_careless_respondents_change_no_other_answer() -> None:
    plain = simulate(truth(**SCALE), 400, seed=9)
    blemished = truth(**SCALE, missing={"mcar": 0.1}, careless={"straight": 0.1, "random": 0.1})
    drawn = draw(population(blemished), 400, seed=9)
    pd.testing.assert_frame_equal(drawn.complete, plain)
    kept = drawn.answers.notna().to_numpy() & (drawn.careless == "attentive").to_numpy()[:, None]
    assert 0 < kept.mean() < 0.8
    assert (drawn.answers.to_numpy()[kept] == plain.to_numpy()[kept]).all()


def test_a_scale_has_exactly_the_moments_that_are_stated() -> None:
    points = np.arange(1, 11)
    for mean, sd, skewness in [(7.2, 1.9, -0.7), (5.5, 2.5, 0.0), (8.5, 1.5, -1.2), (3.0, 1.5, 0.8)]:
        p = point_shares(Scale(1, 10, mean, sd, skewness), "Q")
        centred = points - p @ points
        assert p.sum() == pytest.approx(1)
        found = (p @ points, np.sqrt(p @ centred**2), p @ centred**3 / (p @ centred**2) ** 1.5)
        assert found == pytest.approx((mean, sd, skewness), abs=1e-6)
        assert (p > 0).all()


def test_answers_have_the_stated_mean_spread_and_skewness() -> None:
    X = simulate(truth(**SCALE), 40_000, seed=4)
    rated = X.drop(columns="C")
    z = (rated - rated.mean()) / rated.std()
    assert np.abs(rated.mean() - 7.2).max() < 4 * 1.9 / 200
    assert np.abs(rated.std() - 1.9).max() < 0.03
    assert np.abs((z**3).mean() + 0.7).max() < 0.06  # 4 standard errors of the skewness of such answers
    assert X["C"].mean() == pytest.approx(0.2, abs=4 * 0.4 / 200)
    assert set(np.unique(rated)) == set(range(1, 11))


def test_covariances_on_the_scale_are_those_of_the_bivariate_normal() -> None:
    cuts, others = thresholds(point_shares(Scale(1, 10, 7.2, 1.9, -0.7), "a")), np.array([0.3])
    for rho in (0.2, 0.6, -0.5):
        normal = multivariate_normal(cov=[[1, rho], [rho, 1]])
        # Hoeffding: the covariance of two step functions is Σ P(x < τ, y < υ) − P(x < τ) P(y < υ)
        exact = sum(
            normal.cdf([t, u]) - multivariate_normal().cdf(t) * multivariate_normal().cdf(u)
            for t in cuts
            for u in others
        )
        powers = rho ** np.arange(1, 121)
        assert (series(cuts) * series(others)) @ powers == pytest.approx(exact, abs=1e-5)


def test_moments_on_the_scale_are_those_of_many_answers() -> None:
    groups = {
        "column": "kind",
        "values": {1: {"share": 0.6, "means": {"a": 0.5}}, 2: {"share": 0.4, "means": {"y": -0.7}}},
    }
    people = population(truth(**SCALE, groups=groups))
    n = 60_000
    X = draw(people, n, seed=8).answers.drop(columns="kind").to_numpy(dtype=float)
    mean, covariance = people.answered_moments()
    centred = X - X.mean(axis=0)
    first, second = np.triu_indices(X.shape[1])
    products = centred[:, first] * centred[:, second]
    z = (products.mean(axis=0) - covariance[first, second]) / (products.std(axis=0) / np.sqrt(n))
    assert np.abs(z).max() < 4.5
    assert np.abs((X.mean(axis=0) - mean) * np.sqrt(n) / X.std(axis=0)).max() < 4
    continuous = population(truth(groups=groups))
    assert continuous.answered_moments()[1] == pytest.approx(continuous.moments()[1])


def test_reversed_items_are_turned() -> None:
    plain, turned = (simulate(truth(**SCALE, **more), 200, seed=3) for more in ({}, {"reversed": ["B2"]}))
    assert (turned["B2"] == 11 - plain["B2"]).all()
    pd.testing.assert_frame_equal(turned.drop(columns="B2"), plain.drop(columns="B2"))


def test_groups_have_their_shares_and_profiles_have_theirs() -> None:
    groups = {"column": "kind", "values": {1: {"share": 0.62}, 2: {"share": 0.25}, 3: {"share": 0.13}}}
    profile = {"gender": {1: 0.5, 2: 0.45, 3: 0.05}}
    X = simulate(truth(groups=groups, profile=profile), 1001, seed=3)
    assert X["kind"].value_counts().to_dict() == {1: 621, 2: 250, 3: 130}
    shares = X["gender"].value_counts(normalize=True)
    assert np.abs(shares - pd.Series(profile["gender"])).max() < 4 * 0.5 / np.sqrt(1001)
    table = pd.crosstab(X["kind"], X["gender"], normalize="index")  # the profile has to do with nothing
    assert np.abs(table[1] - 0.5).max() < 4 * 0.5 / np.sqrt(130)


def test_answers_missing_completely_at_random_have_the_share() -> None:
    X = simulate(truth(**SCALE, missing={"mcar": 0.08}), 5000, seed=3)
    assert X.isna().to_numpy().mean() == pytest.approx(0.08, abs=4 * np.sqrt(0.08 * 0.92 / X.size))


def test_answers_missing_at_random_depend_on_what_is_there_and_on_nothing_else() -> None:
    rule = {"share": 0.2, "by": "Y1", "slope": -1.0, "items": ["A1", "A2"]}
    drawn = draw(population(truth(**SCALE, missing={"mar": rule})), 20_000, seed=3)
    X, hole = drawn.answers, drawn.answers["A1"].isna()
    assert X.drop(columns=["A1", "A2"]).notna().to_numpy().all()
    assert hole.mean() == pytest.approx(0.2, abs=4 * 0.4 / np.sqrt(20_000))
    z = (X["Y1"] - X["Y1"].mean()) / X["Y1"].std()
    low, high = hole[z < -1].mean(), hole[z > 1].mean()
    assert low > 0.35
    assert high < 0.1
    for answer in (6, 8):  # at one answer to Y1 who left A1 out would have answered it as the others did
        at = drawn.complete["Y1"] == answer
        one, two = drawn.complete["A1"][at & hole], drawn.complete["A1"][at & ~hole]
        assert abs(one.mean() - two.mean()) < 4 * np.sqrt(one.var() / len(one) + two.var() / len(two))


def test_careless_respondents_have_their_shares_and_can_be_told() -> None:
    asked = truth(**SCALE, reversed=["B2"], careless={"straight": 0.06, "random": 0.04})
    drawn = draw(population(asked), 5000, seed=3)
    shares = drawn.careless.value_counts(normalize=True)
    assert shares["straight"] == pytest.approx(0.06, abs=4 * np.sqrt(0.06 * 0.94 / 5000))
    assert shares["random"] == pytest.approx(0.04, abs=4 * np.sqrt(0.04 * 0.96 / 5000))
    rated = drawn.answers.drop(columns="C")
    assert (straight_lining(rated)["same"] == (drawn.careless == "straight")).mean() > 0.99
    chance = rated[drawn.careless == "random"]
    assert chance.to_numpy().mean() == pytest.approx(5.5, abs=4 * 2.9 / np.sqrt(chance.size))


def test_continuous_answers_take_careless_respondents_too() -> None:
    drawn = draw(population(truth(careless={"straight": 0.5})), 200, seed=3)
    lined = drawn.answers[drawn.careless == "straight"]
    assert (lined.eq(lined.iloc[:, 0], axis=0)).to_numpy().all()


def test_bad_numbers_are_refused() -> None:
    for respondents, seed in ((1, 1), (10, -1)):
        with pytest.raises(ParameterError, match="respondents must be 2 or more and seed 0 or more"):
            simulate(truth(), respondents, seed)
    with pytest.raises(TruthError, match=r"answers of A1: no answers from 1 to 10 have mean 9\.5"):
        simulate(truth(answers={"mean": 9.5, "sd": 3}), 10, 1)
    with pytest.raises(TruthError, match="answers of A1: the mean 12 must lie between 1 and 10"):
        simulate(truth(answers={"mean": 12}), 10, 1)
