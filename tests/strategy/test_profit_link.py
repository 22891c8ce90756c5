"""What follows from loyalty: against statsmodels, scipy, hand computation and planted effects."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import proportion_confint

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.paths import DATA
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.measurement import aim_scores
from crmresearch.simulation.population import population
from crmresearch.simulation.purchases import load_purchase_truth, purchases_of
from crmresearch.simulation.simulate import draw
from crmresearch.simulation.truth import Truth
from crmresearch.strategy.profit_link import ProfitLink, later_effects, levels, value_by_satisfaction

EFFECT, RELIABILITY = 0.4, 0.7


def sample(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stated loyalty, purchases before and after: gamma–Poisson with a planted effect."""
    rng = np.random.default_rng(seed)
    loyalty = rng.normal(size=n)
    stated = np.sqrt(RELIABILITY) * loyalty + np.sqrt(1 - RELIABILITY) * rng.normal(size=n)
    rate = 3 * rng.gamma(2, 0.5, n) * np.exp(EFFECT * loyalty)
    return stated, rng.poisson(rate).astype(float), rng.poisson(rate).astype(float)


def test_effects_are_those_of_statsmodels() -> None:
    stated, before, after = sample(1)
    found = later_effects(50 + 7 * stated, {"purchases": after}, {"purchases": before}).set_index("control")
    z = (stated - stated.mean()) / stated.std()
    for control, columns in (("none", [z]), ("before", [z, np.log1p(before)])):
        fit = sm.Poisson(after, sm.add_constant(np.column_stack(columns))).fit(disp=0, cov_type="HC0")
        np.testing.assert_allclose(found.loc[control, ["effect", "se", "p_value"]].astype(float),
                                   [fit.params[1], fit.bse[1], fit.pvalues[1]], rtol=1e-6)  # fmt: skip
        np.testing.assert_allclose(
            found.loc[control, ["ci_lower", "ci_upper"]].astype(float), fit.conf_int()[1], rtol=1e-6
        )
    np.testing.assert_allclose(found["change"], np.exp(found["effect"]) - 1)


def test_the_sandwich_of_weights_and_clusters_by_hand() -> None:
    stated, _, after = sample(2, 200)
    rng = np.random.default_rng(3)
    w, group = rng.uniform(0.5, 2, 200), np.repeat(np.arange(40), 5)
    w *= 200 / w.sum()
    z = stated - np.average(stated, weights=w)
    z /= np.sqrt(np.average(z**2, weights=w))
    X = np.column_stack([np.ones(200), z])
    beta = np.zeros(2)
    for _ in range(50):  # Newton
        mu = np.exp(X @ beta)
        beta += np.linalg.solve((X * (w * mu)[:, None]).T @ X, X.T @ (w * (after - mu)))
    bread = np.linalg.inv((X * (w * mu)[:, None]).T @ X)
    scores = X * (w * (after - mu))[:, None]
    one = later_effects(stated, {"y": after}, {}, weights=3 * w).iloc[0]
    assert one["effect"] == pytest.approx(beta[1], rel=1e-7)
    assert one["se"] == pytest.approx(np.sqrt((bread @ scores.T @ scores @ bread)[1, 1]), rel=1e-6)
    sums = np.array([scores[group == g].sum(axis=0) for g in range(40)])
    small = 40 / 39 * 199 / 198  # of few clusters, as Stata has it
    by_cluster = later_effects(stated, {"y": after}, {}, weights=w, clusters=group.astype(str)).iloc[0]
    assert by_cluster["se"] == pytest.approx(np.sqrt(small * (bread @ sums.T @ sums @ bread)[1, 1]), rel=1e-6)


def test_a_reliability_of_one_corrects_nothing_and_one_effect_is_divided_by_its_root() -> None:
    stated, before, after = sample(4)
    found = later_effects(stated, {"y": after}, {"y": before}, reliability=1).set_index(["control", "measure"])
    for control in ("none", "before"):
        np.testing.assert_allclose(
            found.loc[(control, "stated"), "effect"], found.loc[(control, "corrected"), "effect"]
        )
    some = later_effects(stated, {"y": after}, {}, reliability=0.64).set_index("measure")
    np.testing.assert_allclose(some.loc["corrected", ["effect", "se"]].astype(float),
                               some.loc["stated", ["effect", "se"]].astype(float) / 0.8)  # fmt: skip


def test_a_correction_beside_a_control_is_regression_calibration() -> None:
    """The loyalty expected from answers and past, put in the place of the answers (Carroll et al. 2006)."""
    stated, before, after = sample(5)
    z, past = (stated - stated.mean()) / stated.std(), np.log1p(before)
    S = np.cov(np.column_stack([z, past]).T, ddof=0)
    with_loyalty = S[0] - [1 - RELIABILITY, 0]
    expected = (np.column_stack([z, past - past.mean()]) @ np.linalg.solve(S, with_loyalty)) / np.sqrt(RELIABILITY)
    fit = sm.Poisson(after, sm.add_constant(np.column_stack([expected, past]))).fit(disp=0)
    found = later_effects(stated, {"y": after}, {"y": before}, reliability=RELIABILITY)
    assert found.query("control == 'before' and measure == 'corrected'")["effect"].item() == pytest.approx(
        fit.params[1], rel=1e-6
    )


@pytest.mark.long
def test_intervals_hold_the_planted_effect_and_uncorrected_ones_that_of_the_answers() -> None:
    """Over 300 samples: coverage of 95% within three Monte-Carlo errors, corrected estimates right on average."""
    samples, held, naive, sizes = 300, 0, 0, []
    for seed in range(samples):
        stated, _, after = sample(1000 + seed)
        found = later_effects(stated, {"y": after}, {}, reliability=RELIABILITY).set_index("measure")
        sizes.append(found.loc["corrected", "effect"])
        held += found.loc["corrected", "ci_lower"] <= EFFECT <= found.loc["corrected", "ci_upper"]
        naive += found.loc["stated", "ci_lower"] <= EFFECT * np.sqrt(RELIABILITY) <= found.loc["stated", "ci_upper"]
    error = 3 * np.sqrt(0.95 * 0.05 / samples)
    assert abs(held / samples - 0.95) < error
    assert abs(naive / samples - 0.95) < error
    assert np.mean(sizes) == pytest.approx(EFFECT, abs=3 * np.std(sizes) / np.sqrt(samples))


@pytest.mark.long
def test_the_way_from_answers_to_profit_recovers_what_was_planted() -> None:
    """Respondents of a truth buy (Pareto/NBD, Gamma–Gamma), are estimated by PLS and corrected by their own ρ_A."""
    text = "satisfaction =~ S1 + S2 + S3\nloyalty =~ L1 + L2 + L3\nloyalty ~ satisfaction"
    truth = Truth(model=text, loading=0.75, paths={"loyalty": {"satisfaction": 0.5}})
    people, shop = population(truth), load_purchase_truth(DATA / "linked_simulated")
    samples, n = 80, 400
    held = dict.fromkeys(shop.effects(), 0)
    sizes: dict[str, list[float]] = {outcome: [] for outcome in held}
    for seed in range(samples):
        drawn = draw(people, n, seed)
        bought = purchases_of(shop.model_copy(update={"seed": seed}), drawn.constructs["loyalty"])
        later = bought[bought["date"] > str(shop.survey_day)].groupby("customer")["amount"].agg(["count", "sum"])
        later = later.reindex(drawn.answers.index, fill_value=0).astype(float)
        scores, rho = aim_scores(estimate_pls(truth.specification, drawn.answers))
        outcomes = {"purchases": later["count"].to_numpy(), "profit": later["sum"].to_numpy()}
        found = later_effects(scores["loyalty"].to_numpy(), outcomes, {}, reliability=rho)
        for outcome, effect in shop.effects().items():
            row = found.query("outcome == @outcome and measure == 'corrected'").iloc[0]
            held[outcome] += row["ci_lower"] <= effect <= row["ci_upper"]
            sizes[outcome].append(row["effect"])
    for outcome, effect in shop.effects().items():
        error = 3 * np.std(sizes[outcome]) / np.sqrt(samples)
        assert abs(held[outcome] / samples - 0.95) < 3 * np.sqrt(0.95 * 0.05 / samples)
        assert np.mean(sizes[outcome]) == pytest.approx(effect, abs=error)


def test_a_control_takes_what_the_past_tells_already() -> None:
    stated, before, after = sample(6, 3000)
    found = later_effects(stated, {"y": after}, {"y": before}).set_index("control")["effect"]
    assert 0 < found["before"] < found["none"]


def test_what_cannot_be_estimated_is_refused_or_left_out() -> None:
    stated, before, after = sample(7, 60)
    with pytest.raises(EstimationError, match="too few"):
        later_effects(stated[:20], {"y": after[:20]}, {})
    with pytest.raises(EstimationError, match="the same loyalty"):
        later_effects(np.full(60, 7.3), {"y": after}, {})
    with pytest.raises(ParameterError, match="reliability"):
        later_effects(stated, {"y": after}, {}, reliability=1.2)
    with pytest.raises(ParameterError, match="confidence"):
        later_effects(stated, {"y": after}, {}, confidence=95)
    assert later_effects(stated, {"y": np.zeros(60)}, {}).empty
    assert set(later_effects(stated, {"y": after}, {"y": np.ones(60)})["control"]) == {"none"}
    assert set(later_effects(stated, {"y": after - 5}, {"y": before})["control"]) == {"none", "before"}  # net returns
    assert set(later_effects(before, {"y": after}, {"y": np.expm1(before)})["control"]) == {"none"}  # the past itself
    blurred = later_effects(stated + 3 * np.log1p(before), {"y": after}, {"y": before}, reliability=0.5)
    assert set(blurred.query("control == 'before'")["measure"]) == {"stated"}


def test_levels_are_thirds_and_part_no_ties() -> None:
    assert np.bincount(levels(np.arange(300.0))).tolist() == [100, 100, 100]
    tied = levels(np.array([0.0] * 70 + [1.0] * 30))
    assert set(tied[:70]) == {1}
    assert set(tied[70:]) == {2}
    assert levels(np.array([1.0, 2, 3]), np.array([1.0, 1, 3])).tolist() == [0, 0, 2]


def test_value_by_satisfaction_is_that_of_scipy() -> None:
    rng = np.random.default_rng(8)
    satisfaction = rng.integers(0, 3, 500)
    value = np.clip(satisfaction + rng.integers(-1, 2, 500), 0, 2)
    cells, tests = value_by_satisfaction(value, satisfaction)
    counts = np.array([[((satisfaction == i) & (value == j)).sum() for j in range(3)] for i in range(3)])
    assert cells["customers"].tolist() == counts.ravel().tolist()
    expected = chi2_contingency(counts, correction=False)
    by_test = tests.set_index("test")
    assert by_test.loc["independence", "statistic"] == pytest.approx(expected.statistic)
    assert by_test.loc["independence", "p_value"] == pytest.approx(expected.pvalue)
    r = np.corrcoef(satisfaction, value)[0, 1]
    assert by_test.loc["trend", "statistic"] == pytest.approx(499 * r**2)
    lower, upper = proportion_confint(counts[0, 1], counts[0].sum(), method="wilson")
    np.testing.assert_allclose(cells.loc[1, ["share", "ci_lower", "ci_upper"]].astype(float),
                               [counts[0, 1] / counts[0].sum(), lower, upper])  # fmt: skip


def test_equal_weights_change_nothing_and_unequal_ones_lower_n() -> None:
    rng = np.random.default_rng(9)
    satisfaction, value = rng.integers(0, 3, 300), rng.integers(0, 3, 300)
    plain, weighed = (value_by_satisfaction(value, satisfaction, weights=w) for w in (None, np.full(300, 0.2)))
    np.testing.assert_allclose(plain[1]["statistic"], weighed[1]["statistic"])
    cells, tests = value_by_satisfaction(np.zeros(300, dtype=int), satisfaction)
    assert tests.empty
    assert len(cells) == 9


def test_independent_levels_are_called_dependent_as_often_as_they_should() -> None:
    rng = np.random.default_rng(10)
    found = [
        value_by_satisfaction(rng.integers(0, 3, 200), rng.integers(0, 3, 200))[1]["p_value"].to_numpy() < 0.05
        for _ in range(400)
    ]
    assert np.abs(np.mean(found, axis=0) - 0.05).max() < 3 * np.sqrt(0.05 * 0.95 / 400)


def test_what_is_told_of_an_effect_and_of_value_is_beyond_chance_only() -> None:
    rows = [("purchases", "none", 0.1, 0.3), ("purchases", "before", -0.1, 0.3), ("profit", "none", -0.3, -0.1)]
    effects = pd.DataFrame(rows, columns=["outcome", "control", "ci_lower", "ci_upper"]).assign(measure="stated")
    effects[["change", "change_lower", "change_upper"]] = [[0.2, 0.1, 0.3]] * 3
    cells = pd.DataFrame({"satisfaction": ["low", "high"], "value": "high", "share": [0.3, 0.4]})
    tests = pd.DataFrame({"test": ["trend"], "p_value": 0.01})
    link = ProfitLink(effects, {"profit": 50.0}, cells, tests, 100, 0.8, 0.95)
    assert [link.verdict(*one) for one in (("purchases",), ("purchases", "before"), ("profit", "before"))] == [
        "wins", "ties", "",
    ]  # fmt: skip
    assert link.followed == "ties"  # one more, one less
    assert replace(link, effects=effects.query("outcome == 'profit'")).followed == "loses"
    assert replace(link, effects=effects.iloc[:0]).followed == ""
    assert link.worth is not None
    assert link.worth.tolist() == pytest.approx([10, 5, 15])
    assert replace(link, effects=effects.iloc[:0]).worth is None
    assert link.together == "wins"
    assert replace(link, cells=cells.assign(share=[0.4, 0.3])).together == "loses"
    assert replace(link, tests=tests.assign(p_value=0.2)).together == "ties"
    assert replace(link, cells=cells.head(1)).together == replace(link, tests=tests.iloc[:0]).together == ""
