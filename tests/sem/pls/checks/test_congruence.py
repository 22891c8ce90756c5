"""Congruence: R, a column of correlations in proportion, size and power on simulated answers, what is left out."""

import numpy as np
import pytest
from model_check_cases import CHECKS, factor_answers, ours
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation

from crmresearch.errors import EstimationError
from crmresearch.sem.pls.checks.congruence import congruence, congruence_coefficients
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate

ITEMS = {key: [f"{key}{i}" for i in range(1, 5)] for key in "abcd"}
MODEL = path_model(ITEMS, [("a", "c"), ("b", "c"), ("c", "d")])


def estimated(data: str) -> PlsEstimate:
    if data == "ecsi":
        return estimate_pls(ecsi(), mobi(), tolerance=1e-11, max_iterations=3000)
    spec = reputation().without_moderation()
    kept = [c for c in spec.constructs if c.key != "switching_cost"]
    items = {c.key: c.items for c in kept}
    modes = {c.key: c.measurement for c in kept}
    paths = [(p.predictor, p.outcome) for p in spec.paths if "switching_cost" not in (p.predictor, p.outcome)]
    return estimate_pls(path_model(items, paths, modes), corp_rep(), tolerance=1e-11, max_iterations=3000)


@pytest.mark.parametrize("data", ["ecsi", "reputation"])
def test_coefficients_are_those_of_r_and_errors_up_to_the_resamples(data: str) -> None:
    found = congruence(estimated(data), resamples=500).set_index(["construct", "other"])
    assert len(found) == len(CHECKS["congruence"][data])
    for pair, expected in CHECKS["congruence"][data].items():
        row = found.loc[tuple(ours(name) for name in pair.split("~"))]
        assert row["estimate"] == pytest.approx(expected["estimate"], abs=1e-9)
        assert row["difference"] == pytest.approx(expected["difference_from_1"], abs=1e-9)
        assert row["se"] == pytest.approx(expected["boot_sd"], rel=0.25)  # two bootstraps of 500
        limits = [expected["ci_2.5"], expected["ci_97.5"]]
        np.testing.assert_allclose(row[["ci_lower", "ci_upper"]].astype(float), limits, atol=expected["boot_sd"])


def test_columns_in_proportion_are_congruent() -> None:
    """Two measures of one factor: correlations with all others in proportion, reliabilities in the diagonal."""
    load = np.array([0.8, 0.6])
    outer = np.array([0.5, -0.3])
    Q = np.eye(4)
    Q[0, 1] = Q[1, 0] = load.prod()
    Q[:2, 2:] = np.outer(load, outer)
    Q[2:, :2] = Q[:2, 2:].T
    found = congruence_coefficients(Q, np.array([*load**2, 0.7, 0.9]))
    assert found[0, 1] == pytest.approx(1.0, abs=1e-12)
    assert found[0, 2] < 0.99
    assert (np.abs(found) <= 1 + 1e-12).all()


def test_one_construct_measured_twice_is_not_told_apart_and_two_are() -> None:
    rng, apart = np.random.default_rng(1), np.zeros((25, 2), dtype=bool)
    for row in apart:
        a, other, noise, more = rng.standard_normal((4, 300))
        for i, b in enumerate((a, other)):
            c = 0.5 * a + 0.4 * b + 0.5 * noise
            d = 0.6 * c + 0.8 * more
            answers = factor_answers(rng, {"a": a, "b": b, "c": c / c.std(), "d": d / d.std()})
            table = congruence(estimate_pls(MODEL, answers, cautions=False), resamples=100)
            row[i] = table["verdict"][0] == "apart"
    assert apart[:, 0].mean() <= 0.05
    assert apart[:, 1].mean() >= 0.9


def test_products_are_left_out_and_two_constructs_have_no_profile() -> None:
    moderated = congruence(estimate_pls(reputation(), corp_rep()), resamples=10)
    assert len(moderated) == 9 * 8 / 2
    two = path_model({key: ITEMS[key] for key in "ab"}, [("a", "b")])
    rng = np.random.default_rng(1)
    answers = factor_answers(rng, dict(zip("ab", rng.standard_normal((2, 60)), strict=True)))
    with pytest.raises(EstimationError, match="no third"):
        congruence(estimate_pls(two, answers))
