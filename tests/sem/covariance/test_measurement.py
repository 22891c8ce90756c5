"""Intervals of a covariance structure's measurement: HTMT as of PLS, and α, HTMT and residuals with holes."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from holes_cases import holed_mobi
from sem_cases import mobi
from weight_cases import reference_weights

import crmresearch as crm
from crmresearch.errors import ParameterError
from crmresearch.models.lavaan import model
from crmresearch.paths import ROOT
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.residuals import residual_correlations
from crmresearch.sem.covariance.measurement import htmt, reliability
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.quality import measured

LAVAAN = json.loads((ROOT / "tests" / "reference" / "lavaan_residuals_holes.json").read_text())
SPEC = model(
    "value =~ PERV1 + PERV2\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3\nloyalty =~ CUSL1 + CUSL2 + CUSL3\n"
    "satisfaction ~ value\nloyalty ~ satisfaction"
)
INTERVALS = ["estimate", "se", "ci_lower", "ci_upper", "htmt2", "htmt2_lower", "htmt2_upper"]


@pytest.fixture(scope="module")
def full() -> CbEstimate:
    """Complete answers by full information."""
    return estimate_cbsem(SPEC, mobi(), full_information=True)


@pytest.fixture(scope="module")
def holed() -> CbEstimate:
    return estimate_cbsem(SPEC, holed_mobi(), full_information=True)


@pytest.mark.parametrize("weighted", [False, True])
def test_htmt_has_the_intervals_of_pls_on_the_same_resamples(weighted: bool) -> None:
    """HTMT is a function of the item correlations, whoever estimates."""
    answers = mobi()
    weights = reference_weights(answers) if weighted else None
    pls = bootstrap(estimate_pls(SPEC, answers, weights=weights), resamples=120, seed=4)
    theirs = measured.htmt(pls).sort_values(["construct", "other"])
    own = htmt(estimate_cbsem(SPEC, answers, weights=weights), 120, 4).sort_values(["construct", "other"])
    assert own[["construct", "other"]].to_numpy().tolist() == theirs[["construct", "other"]].to_numpy().tolist()
    np.testing.assert_allclose(own[INTERVALS], theirs[INTERVALS], rtol=0, atol=1e-12)


def test_htmt_from_the_front_door() -> None:
    text = "sat =~ CUSA1 + CUSA2 + CUSA3\nloy =~ CUSL1 + CUSL2 + CUSL3\nloy ~ sat"
    estimate = crm.estimate_cbsem(text, mobi())
    found = crm.htmt(estimate, resamples=60, seed=2)
    pd.testing.assert_frame_equal(found, crm.htmt(estimate, resamples=60, seed=2))
    assert not np.allclose(found["ci_lower"], crm.htmt(estimate, resamples=60, seed=3)["ci_lower"])
    with pytest.raises(ParameterError, match="at least 2"):
        crm.htmt(estimate, resamples=1)


def test_alpha_by_full_information_has_the_error_of_complete_answers(full: CbEstimate) -> None:
    """Without holes the inverse information of the saturated model is Γ/n of normal answers."""
    ends = ["alpha", "alpha_lower", "alpha_upper"]
    complete = reliability(estimate_cbsem(SPEC, mobi()))
    np.testing.assert_allclose(reliability(full)[ends], complete[ends], rtol=0, atol=1e-8)
    robust = reliability(replace(full, errors="robust"))
    theirs = reliability(estimate_cbsem(SPEC, mobi(), errors="robust"))
    np.testing.assert_allclose(robust[ends], theirs[ends], rtol=0, atol=1e-8)


def test_holes_make_intervals_wider(full: CbEstimate, holed: CbEstimate) -> None:
    whole, less = (reliability(one) for one in (full, holed))
    assert ((less["alpha_upper"] - less["alpha_lower"]) > 0.9 * (whole["alpha_upper"] - whole["alpha_lower"])).all()
    pairs = htmt(holed, 400)
    assert pairs[INTERVALS].notna().all().all()
    assert (pairs["ci_lower"] < pairs["estimate"]).all()
    # drawn from the distribution of the moments, as wide as resampled where both are possible
    drawn, resampled = htmt(full, 2000), htmt(estimate_cbsem(SPEC, mobi()), 2000)
    np.testing.assert_allclose(drawn["estimate"], resampled["estimate"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(drawn["se"], resampled["se"], rtol=0.12)  # of few respondents


@pytest.mark.parametrize(("estimator", "errors"), [("ML", "standard"), ("MLR", "robust")])
def test_residuals_with_holes_equal_lavaan(estimator: str, errors: str) -> None:
    estimate = estimate_cbsem(SPEC, holed_mobi(), full_information=True, errors=errors)  # type: ignore[arg-type]
    table = {frozenset((row.item, row.other)): row for row in residual_correlations(estimate).itertuples()}
    assert len(table) == len(LAVAAN[estimator]) == 28
    for printed in LAVAAN[estimator]:
        row = table[frozenset((printed["item"], printed["other"]))]
        assert row.residual == pytest.approx(printed["residual"], abs=1e-10)
        assert row.z == pytest.approx(printed["z"], abs=1e-8)
        assert row.p_adjusted >= row.p_value
