"""Reliability, validity and collinearity against their formulas and other libraries."""

import numpy as np
import pandas as pd
import pytest
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation
from statsmodels.stats.outliers_influence import variance_inflation_factor
from statsmodels.tools.tools import add_constant

from crmresearch.sem.measures import cronbach_alpha, heterotrait_monotrait, variance_inflation
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.measurement import aim_scores, collinearity, fornell_larcker, item_validity, reliability


def test_alpha_of_covariances_is_the_textbook_formula() -> None:
    # α = m/(m−1) · (1 − Σ item variances / variance of the sum), from the answers themselves
    items = mobi()[["IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5"]]
    expected = 5 / 4 * (1 - items.var().sum() / items.sum(axis=1).var())
    assert cronbach_alpha(items.cov().to_numpy()) == pytest.approx(expected, rel=1e-12)


def test_alpha_by_hand() -> None:
    # three items that all correlate r: α = 3r / (1 + 2r) (Spearman–Brown)
    assert cronbach_alpha(np.full((3, 3), 0.5) + 0.5 * np.eye(3)) == pytest.approx(0.75, rel=1e-14)
    assert cronbach_alpha(np.array([[1.0, 0.0], [0.0, 1.0]])) == 0
    assert cronbach_alpha(np.array([[2.5]])) == 1.0


def test_reliability_reports_alpha_of_standardised_items() -> None:
    z = mobi()[["CUSL1", "CUSL2", "CUSL3"]]
    z = (z - z.mean()) / z.std()
    expected = 3 / 2 * (1 - 3 / z.sum(axis=1).var())
    found = reliability(estimate_pls(ecsi(), mobi())).set_index("construct").loc["loyalty", "alpha"]
    assert found == pytest.approx(expected, rel=1e-12)


def test_reliability_measures_without_meaning_are_empty() -> None:
    table = reliability(estimate_pls(reputation(), corp_rep())).set_index("construct")
    assert table.loc[["qual", "perf", "csor", "attr"], ["alpha", "rho_c", "rho_a"]].isna().all(axis=None)
    assert (table.loc["cusa", ["alpha", "rho_c", "rho_a", "ave"]] == 1).all()
    assert table.loc[["comp", "like", "cusl", "switching_cost"]].notna().all(axis=None)
    assert list(table["items"]) == [8, 5, 5, 3, 3, 3, 1, 4, 3]


def test_reliability_of_parallel_items_is_one_number() -> None:
    # equal loadings λ and uncorrelated errors: α = rho_c = ρ_A = 3λ² / (1 + 2λ²), AVE = λ² (of the factor)
    lam = 0.8
    R = np.full((6, 6), lam**2 * 0.5)
    R[:3, :3] = R[3:, 3:] = lam**2
    np.fill_diagonal(R, 1)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(50, 6))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(noise.T @ noise / 49)).T
    spec = path_model({"x": ["a", "b", "c"], "y": ["d", "e", "f"]}, [("x", "y")], dict.fromkeys("xy", "common_factor"))
    estimate = estimate_pls(spec, pd.DataFrame(white @ np.linalg.cholesky(R).T, columns=list("abcdef")))
    table = reliability(estimate, "plsc").set_index("construct").loc["x"]
    expected = 3 * lam**2 / (1 + 2 * lam**2)
    for measure in ("alpha", "rho_c", "rho_a"):
        assert table[measure] == pytest.approx(expected, abs=1e-9), measure
    assert table["ave"] == pytest.approx(lam**2, abs=1e-9)


def test_htmt_by_hand() -> None:
    # within x .6; within y .5, .4, .3 (mean .4); between: mean of |.2 −.1 .3 .4 .1 .1| = .2
    R = np.eye(5)
    R[0, 1] = 0.6
    R[2, 3], R[2, 4], R[3, 4] = 0.5, 0.4, 0.3
    R[0, 2:], R[1, 2:] = [0.2, -0.1, 0.3], [0.4, 0.1, 0.1]
    R = np.triu(R) + np.triu(R, 1).T
    mask = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
    found = heterotrait_monotrait(R, mask)
    assert found[0, 1] == pytest.approx(0.2 / np.sqrt(0.6 * 0.4), rel=1e-14)
    assert found[1, 0] == found[0, 1]
    batch = heterotrait_monotrait(np.stack([R, np.eye(5) * 0.5 + R * 0.5]), mask)
    np.testing.assert_allclose(batch[0], found, rtol=1e-15)


def test_htmt_of_single_items_is_their_absolute_correlation() -> None:
    R = np.array([[1.0, -0.3], [-0.3, 1.0]])
    assert heterotrait_monotrait(R, np.eye(2))[0, 1] == pytest.approx(0.3, rel=1e-15)


def test_variance_inflation_equals_statsmodels() -> None:
    answers = corp_rep()
    estimate = estimate_pls(reputation(), answers)
    table = collinearity(estimate).set_index(["outcome", "predictor"])["vif"]
    spec = estimate.specification
    for outcome in spec.outcomes:
        predictors = spec.predictors_of(outcome)
        exog = add_constant(estimate.scores[predictors].to_numpy())
        for i, predictor in enumerate(predictors, start=1):
            assert table[outcome, predictor] == pytest.approx(variance_inflation_factor(exog, i), rel=1e-9)
    items = list(spec.construct("qual").items)
    exog = add_constant(answers[items].to_numpy())
    for i, item in enumerate(items, start=1):
        assert table["qual", item] == pytest.approx(variance_inflation_factor(exog, i), rel=1e-9)
    formative = {"qual", "perf", "csor", "attr"}
    assert set(table.index.get_level_values("outcome")) == set(spec.outcomes) | formative


def test_variance_inflation_by_hand() -> None:
    np.testing.assert_allclose(variance_inflation(np.array([[1, 0.8], [0.8, 1]])), 1 / (1 - 0.64), rtol=1e-14)


def test_fornell_larcker_holds_correlations_and_roots_of_ave() -> None:
    estimate = estimate_pls(ecsi(), mobi())
    table = fornell_larcker(estimate)
    assert list(table.index) == list(table.columns) == ecsi().keys
    ave = reliability(estimate).set_index("construct")["ave"]
    np.testing.assert_allclose(np.diag(table), np.sqrt(ave), rtol=1e-14)
    below = np.tril_indices(7, -1)
    correlations = estimate.scores.corr().to_numpy()
    np.testing.assert_allclose(table.to_numpy()[below], correlations[below], rtol=0, atol=1e-12)
    assert np.isnan(table.to_numpy()[np.triu_indices(7, 1)]).all()


def test_validity_of_items_is_read_off_the_cross_loadings() -> None:
    estimate = estimate_pls(ecsi(), mobi())
    table = item_validity(estimate).set_index("item")
    assert list(table.index) == estimate.specification.items
    own = estimate.loadings[estimate.loadings.estimator == "pls"].set_index("item")["standardized"]
    assert table["own"].to_numpy() == pytest.approx(own[table.index].to_numpy(), abs=1e-12)
    for item, row in table.iterrows():
        others = estimate.cross_loadings.loc[item].drop(row["construct"])
        assert abs(row["cross"]) == others.abs().max()
        assert row["cross"] == others[row["other"]]


def test_scores_of_satisfaction_and_loyalty_with_the_reliability_where_it_is_known() -> None:
    estimate = estimate_pls(ecsi(), mobi())
    scores, known = aim_scores(estimate)
    pd.testing.assert_frame_equal(scores, estimate.scores[["satisfaction", "loyalty"]])
    assert known == reliability(estimate).set_index("construct").loc["loyalty", "rho_a"]
    one_item = path_model({"satisfaction": ["CUSA1", "CUSA2"], "loyalty": ["CUSL1"]}, [("satisfaction", "loyalty")])
    assert np.isnan(aim_scores(estimate_pls(one_item, mobi()))[1])
