"""Reliability, HTMT2, redundancy and one factor of correlation matrices against psych, semTools, lavaan and seminr."""

import json

import numpy as np
import pandas as pd
import pytest
from sem_cases import corp_rep, mobi

from crmresearch.paths import ROOT
from crmresearch.sem.common_source import single_factor_fit
from crmresearch.sem.measures import (
    alpha_error,
    average_variance,
    composite_reliability,
    cronbach_alpha,
    heterotrait_monotrait,
    redundancy,
    single_factor_share,
    variance_inflation,
)
from crmresearch.sem.one_factor import mcdonald_omega, one_factor

REFERENCE = json.loads((ROOT / "tests" / "reference" / "measurement.json").read_text(encoding="utf-8"))
BLOCKS = [(survey, name) for survey in ("ecsi", "reputation") for name in REFERENCE[survey]["reliability"]]


def answers(survey: str) -> pd.DataFrame:
    return mobi() if survey == "ecsi" else corp_rep()


def block(survey: str, name: str) -> tuple[pd.DataFrame, dict]:
    printed = REFERENCE[survey]["reliability"][name]
    return answers(survey)[printed["items"]], printed


@pytest.mark.parametrize(("survey", "name"), BLOCKS)
def test_alpha_and_its_error_equal_psych(survey: str, name: str) -> None:
    items, printed = block(survey, name)
    S, n = items.cov().to_numpy(), len(items)
    assert float(cronbach_alpha(S)) == pytest.approx(printed["raw_alpha"], abs=1e-12)
    assert float(cronbach_alpha(items.corr().to_numpy())) == pytest.approx(printed["std_alpha"], abs=1e-12)
    assert alpha_error(S, n) == pytest.approx(printed["alpha_ase"], abs=1e-12)


@pytest.mark.parametrize(("survey", "name"), BLOCKS)
def test_omega_is_that_of_one_factor_of_lavaan(survey: str, name: str) -> None:
    items, printed = block(survey, name)
    R = items.corr().to_numpy()
    omega = float(mcdonald_omega(R[None])[0])
    if "spearman_brown" in printed:
        assert omega == pytest.approx(printed["spearman_brown"], abs=1e-12)
        return
    lavaan = printed["one_factor"]
    loadings, errors = (part[0] for part in one_factor(R[None]))
    if (survey, name) == ("ecsi", "Loyalty"):
        # lavaan's has a loading above 1 and a negative variance; ours is the best without: the factor is that item
        assert max(lavaan["standardised_loadings"].values()) > 1
        k = int(loadings.argmax())
        np.testing.assert_allclose(loadings, R[k], atol=1e-14)
        assert errors.min() == 0 <= omega <= 1
        return
    # lavaan stops where the loadings are 5e-7 from the maximum (its χ² and ours agree to 1e-9)
    np.testing.assert_allclose(loadings, list(lavaan["standardised_loadings"].values()), atol=5e-6)
    assert omega == pytest.approx(lavaan["omega_from_standardised"], abs=5e-7)
    assert float(average_variance(loadings)) == pytest.approx(lavaan["AVE_mean_squared_standardised_loading"], abs=5e-7)
    fit = single_factor_fit(R, len(items)).set_index("measure")["value"]
    assert fit["df"] == lavaan["df"]
    assert fit["chisq"] == pytest.approx(lavaan["chisq"], abs=1e-8)


def test_three_items_have_the_factor_of_their_correlations() -> None:
    # λ₁² = r₁₂ r₁₃ / r₂₃, also in a batch with items that point the other way and a matrix that is none
    lam = np.array([0.9, 0.6, -0.5])
    R = np.outer(lam, lam) + np.diag(1 - lam**2)
    bad = np.full((3, 3), np.nan)
    loadings, errors = one_factor(np.stack([R, bad, -0.2 * np.ones((3, 3)) + 1.2 * np.eye(3)]))
    np.testing.assert_allclose(loadings[0], lam, atol=1e-9)
    np.testing.assert_allclose(errors[0], 1 - lam**2, atol=1e-9)
    assert np.isnan(loadings[1]).all()
    assert np.isfinite(loadings[2]).all()
    assert (errors[2] >= 0).all()


def test_no_other_start_finds_a_better_factor() -> None:
    # 60 rows of a weak factor: half the maxima lie at an error variance of 0
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 60, 4)) + 0.5 * rng.normal(size=(40, 60, 1))
    R = np.stack([np.corrcoef(x.T) for x in X])
    loadings, errors = one_factor(R)
    assert 0 < (errors == 0).any(axis=1).sum() < 40

    def discrepancy(loadings: np.ndarray, errors: np.ndarray) -> np.ndarray:
        Sigma = loadings[:, :, None] * loadings[:, None] + errors[:, :, None] * np.eye(4)
        return np.linalg.slogdet(Sigma)[1] + np.trace(R @ np.linalg.inv(Sigma), axis1=1, axis2=2)

    best = discrepancy(loadings, np.maximum(errors, 1e-12))
    for _ in range(30):
        moved = np.maximum(errors * rng.uniform(0.7, 1.4, errors.shape), 1e-3)
        turned = loadings + 0.1 * rng.normal(size=loadings.shape)
        assert (discrepancy(turned, moved) > best - 1e-9).all()


def test_reliability_of_standardised_loadings_by_hand() -> None:
    assert float(composite_reliability(np.array([0.8, 0.6]))) == pytest.approx(1.96 / (1.96 + 0.36 + 0.64))
    assert float(average_variance(np.array([0.8, 0.6]))) == pytest.approx(0.5)


@pytest.mark.parametrize("survey", ["ecsi", "reputation"])
@pytest.mark.parametrize(("name", "geometric"), [("HTMT", False), ("HTMT2", True)])
def test_htmt_equals_semtools(survey: str, name: str, geometric: bool) -> None:
    blocks = REFERENCE[survey]["blocks"]
    blocks = {key: blocks[key] for key in list(blocks)[4 * (survey == "reputation") :]}
    items = [item for block in blocks.values() for item in block]
    mask = np.array([[item in block for block in blocks.values()] for item in items], dtype=float)
    R = answers(survey)[items].corr().to_numpy()
    table = pd.DataFrame(heterotrait_monotrait(R, mask, geometric=geometric), list(blocks), list(blocks))
    np.testing.assert_allclose(heterotrait_monotrait(np.stack([R, R]), mask, geometric=geometric)[1], table, rtol=1e-14)
    for printed in (f"{name}_semTools", f"{name}_with_single_items"):
        for pair, value in REFERENCE[survey]["htmt"][printed].items():
            assert table.loc[tuple(pair.split("~~"))] == pytest.approx(value, abs=1e-12), pair


def test_htmt2_of_a_correlation_of_nothing_is_nothing() -> None:
    R = np.array([[1, 0.5, 0, 0.2], [0.5, 1, 0.2, 0.2], [0, 0.2, 1, 0.5], [0.2, 0.2, 0.5, 1]])
    mask = np.kron(np.eye(2), np.ones((2, 1)))
    assert heterotrait_monotrait(R, mask, geometric=True)[0, 1] == pytest.approx(0, abs=1e-60)


@pytest.mark.parametrize("survey", ["ecsi", "reputation"])
def test_vif_of_items_equals_seminr(survey: str) -> None:
    for printed in REFERENCE[survey]["item_vif"].values():
        R = answers(survey)[list(printed)].corr().to_numpy()
        np.testing.assert_allclose(variance_inflation(R), list(printed.values()), atol=1e-11)


@pytest.mark.parametrize("name", list(REFERENCE["reputation"]["redundancy"]))
def test_redundancy_equals_seminr(name: str) -> None:
    printed = REFERENCE["reputation"]["redundancy"][name]
    R = corp_rep()[[*printed["weights"], f"{name.lower()}_global"]].corr().to_numpy()
    path, weights = redundancy(R[:-1, :-1], R[:-1, -1])
    assert float(path) == pytest.approx(printed["path"], abs=1e-12)
    assert float(path) ** 2 == pytest.approx(printed["r2"], abs=1e-12)
    np.testing.assert_allclose(weights, list(printed["weights"].values()), atol=1e-12)


def test_the_share_of_one_factor_by_hand() -> None:
    # equal correlations r: the first eigenvalue is 1 + (p − 1) r
    assert float(single_factor_share(np.full((4, 4), 0.4) + 0.6 * np.eye(4))) == pytest.approx((1 + 3 * 0.4) / 4)
