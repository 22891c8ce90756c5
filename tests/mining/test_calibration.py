"""Calibration, Brier, AUC and lift against statsmodels, scikit-learn, scipy, all pairs written out, and coverage."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, roc_auc_score

from crmresearch.errors import EstimationError
from crmresearch.mining.calibration import (
    auc,
    auc_influence,
    brier,
    calibration_table,
    lift_table,
    probability_scores,
)
from crmresearch.proportions import wilson


@pytest.fixture(scope="module")
def told():
    """Probabilities, too extreme and too high, some alike, and what came."""
    rng = np.random.default_rng(20)
    truth = rng.normal(-0.5, 1, 400)
    p = expit(0.4 + 1.6 * truth).round(2).clip(0.01, 0.99)
    return p, (rng.random(400) < expit(truth)).astype(float)


def test_wilson_is_that_of_scipy():
    for k, n in ((0, 7), (3, 50), (50, 50)):
        found = binomtest(k, n).proportion_ci(method="wilson")
        np.testing.assert_allclose(wilson(k / n, n), [found.low, found.high], atol=1e-12)


def test_brier_skill_and_auc_are_those_of_scikit_learn(told):
    p, y = told
    table = probability_scores(p, y).set_index("measure")
    assert table.loc["brier", "estimate"] == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    assert brier(p, y) == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    assert table.loc["auc", "estimate"] == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    naive = brier_score_loss(y, np.full(len(y), y.mean()))
    assert table.loc["skill", "estimate"] == pytest.approx(1 - brier_score_loss(y, p) / naive, abs=1e-12)
    assert probability_scores(np.full(len(y), 0.3), y, base=0.3).set_index("measure").loc["skill", "estimate"] == 0


def test_calibration_intercept_and_slope_are_those_of_statsmodels(told):
    p, y = told
    table = probability_scores(p, y).set_index("measure")
    family = sm.families.Binomial()
    large = sm.GLM(y, np.ones(len(y)), family, offset=logit(p)).fit()
    line = sm.GLM(y, sm.add_constant(logit(p)), family).fit()
    for name, fit, at in (("intercept", large, 0), ("slope", line, 1)):
        assert table.loc[name, "estimate"] == pytest.approx(fit.params[at], abs=1e-8)
        assert table.loc[name, "error"] == pytest.approx(fit.bse[at], abs=1e-6)
    assert table.loc["slope", "ci_upper"] < 1  # planted: too extreme


def test_delong_is_that_of_all_pairs_written_out():
    rng = np.random.default_rng(3)
    y = (rng.random(60) < 0.4).astype(float)
    scores = rng.integers(0, 9, (2, 60)) + y
    area, influence = auc_influence(scores, y)
    pairs = [s[y == 1][:, None] - s[y == 0][None, :] for s in scores]
    won = np.array([(d > 0) + 0.5 * (d == 0) for d in pairs])
    np.testing.assert_allclose(area, won.mean(axis=(1, 2)))
    ten, one = np.cov(won.mean(axis=2)), np.cov(won.mean(axis=1))
    expected = ten / (y == 1).sum() + one / (y == 0).sum()
    np.testing.assert_allclose(influence @ influence.T, expected, rtol=1e-12)
    assert auc(scores[0], y)["error"] == pytest.approx(np.sqrt(expected[0, 0]))


def test_errors_are_the_spread_over_samples():
    """Standard errors of Brier, skill and AUC, and of a difference of two AUCs, over 400 samples of a known world."""
    rng = np.random.default_rng(8)
    found, told = [], []
    for _ in range(400):
        x = rng.normal(size=250)
        p, y = expit(x), (rng.random(250) < expit(x)).astype(float)
        table = probability_scores(p, y).set_index("measure")
        area, influence = auc_influence(np.array([p, x + rng.normal(size=250)]), y)
        found.append([*table.loc[["brier", "skill"], "estimate"], area[0] - area[1]])
        told.append([*table.loc[["brier", "skill"], "error"], np.sqrt(((influence[0] - influence[1]) ** 2).sum())])
    np.testing.assert_allclose(np.mean(told, axis=0), np.std(found, axis=0), rtol=0.1)


def test_groups_never_part_customers_told_alike(told):
    p, y = told
    table = calibration_table(p, y, bins=10)
    assert table["customers"].sum() == len(p)
    assert (table["expected"].diff().dropna() > 0).all()
    tied = calibration_table([0.2] * 90 + [0.9] * 10, [0] * 95 + [1] * 5, bins=10)
    assert tied["customers"].tolist() == [90, 10]
    lonely = calibration_table([0.5] * 4, [0, 1, 1, 1])
    assert lonely[["bin", "customers", "observed"]].to_numpy().tolist() == [[1, 4, 0.75]]


def test_lift_shares_ties_and_has_an_interval(told):
    p, y = told
    table = lift_table(p, y, (0.1, 0.5, 1.0), resamples=50)
    assert table["captured"].iloc[-1] == table["lift"].iloc[-1] == 1
    assert (table["ci_lower"] <= table["captured"]).all()
    assert (table["captured"] <= table["ci_upper"]).all()
    flat = lift_table(np.zeros(100), y[:100], (0.1, 0.3), resamples=20)
    np.testing.assert_allclose(flat["lift"], 1)


@pytest.mark.parametrize(
    ("probability", "happened"), [([0.2, 1.2], [0, 1]), ([0.2, np.nan], [0, 1]), ([0.2, 0.3], [0, 2]), ([], [])]
)
def test_what_is_no_probability_is_told(probability, happened):
    with pytest.raises(EstimationError):
        calibration_table(probability, happened)


def test_what_cannot_be_told_is_left_out_or_said():
    with pytest.raises(EstimationError, match="nobody"):
        auc([1, 2, 3], [0, 0, 0])
    with pytest.raises(EstimationError, match="no lift"):
        lift_table([1, 2], [0, 0])
    apart = probability_scores([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])["measure"].tolist()
    assert "slope" not in apart
    assert "brier" in apart
    assert "slope" not in probability_scores([0.4] * 4, [0, 1, 0, 1])["measure"].tolist()
