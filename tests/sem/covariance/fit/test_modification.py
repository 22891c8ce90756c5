"""Modification indices, residual correlations and reliability of covariance structures against lavaan and semTools."""

import json

import numpy as np
import pandas as pd
import pytest
from holes_cases import holed_mobi
from sem_cases import mobi
from weight_cases import reference_weights

from crmresearch.models.lavaan import model
from crmresearch.paths import ROOT
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.modification import candidates_of, modification_indices, score_tests, with_errors
from crmresearch.sem.covariance.fit.residuals import residual_correlations
from crmresearch.sem.covariance.full_information import sample_patterns
from crmresearch.sem.covariance.likelihood.discrepancy import evaluate
from crmresearch.sem.covariance.likelihood.ram import Ram, implied
from crmresearch.sem.covariance.measurement import htmt, reliability
from crmresearch.sem.covariance.result import CbEstimate

REFERENCE = json.loads((ROOT / "tests" / "reference" / "measurement.json").read_text(encoding="utf-8"))
MEASUREMENT = {
    "Expectation": ["CUEX1", "CUEX2", "CUEX3"],
    "Quality": [f"PERQ{i}" for i in range(1, 8)],
    "Value": ["PERV1", "PERV2"],
    "Satisfaction": ["CUSA1", "CUSA2", "CUSA3"],
    "Complaints": ["CUSCO"],
    "Loyalty": ["CUSL1", "CUSL2", "CUSL3"],
}
PATHS = {
    "scsb": "Value ~ Expectation\nSatisfaction ~ Expectation + Value",
    "acsi": "Quality ~ Expectation\nValue ~ Expectation + Quality\nSatisfaction ~ Expectation + Quality + Value",
}
# lavaan stops at its default 5e-5 standard errors from the minimum (of acsi), which moves indices by so much; where the
# answers hardly determine a parameter (epc of 5 with an error of 5) by more of it
KEY = ["lhs", "op", "rhs"]
NEAR = {"scsb": 4e-4, "acsi": 5e-3}


def text(name: str) -> str:
    used = [factor for factor in MEASUREMENT if name == "acsi" or factor != "Quality"]
    lines = [f"{factor} =~ {' + '.join(MEASUREMENT[factor])}" for factor in used]
    return "\n".join([*lines, PATHS[name], "Complaints ~ Satisfaction\nLoyalty ~ Satisfaction + Complaints"])


@pytest.fixture(scope="module")
def estimates() -> dict[str, CbEstimate]:
    return {name: estimate_cbsem(model(text(name)), mobi()) for name in PATHS}


@pytest.mark.parametrize("name", list(PATHS))
def test_modification_indices_equal_lavaan(estimates: dict[str, CbEstimate], name: str) -> None:
    printed = REFERENCE["modification_indices"][name]
    assert estimates[name].chisq == pytest.approx(printed["chisq"], abs=1e-6)
    table = modification_indices(estimates[name])
    found = {frozenset((row.lhs, row.rhs)) | {row.op}: row for row in table.itertuples() if row.op == "~~"}
    found |= {(row.lhs, row.op, row.rhs): row for row in table.itertuples() if row.op != "~~"}
    assert len(table) == len(found) == len(printed["indices"])
    for lhs, op, rhs, mi, epc, standardized in printed["indices"]:
        row = found[frozenset((lhs, rhs)) | {op} if op == "~~" else (lhs, op, rhs)]
        assert row.mi == pytest.approx(mi, abs=NEAR[name])
        assert row.epc == pytest.approx(epc, abs=NEAR[name], rel=3e-3)
        if standardized is None:
            assert np.isnan(row.standardized)
        else:
            assert row.standardized == pytest.approx(standardized, abs=NEAR[name], rel=3e-3)
        assert row.se == pytest.approx(abs(row.epc) / np.sqrt(row.mi), rel=1e-12)
    assert (np.diff(table["mi"]) <= 1e-5).all()
    assert (table["p_adjusted"] >= table["p_value"]).all()


def test_a_score_test_is_the_quadratic_form_of_the_wider_model(estimates: dict[str, CbEstimate]) -> None:
    # at the minimum the other scores are 0, so that MI = s² [I⁻¹]_aa, from the whole inverse
    estimate = estimates["scsb"]
    ram = with_errors(estimate.ram)
    patterns = sample_patterns(ram, estimate.answers)
    np.testing.assert_allclose(implied(ram, estimate.theta[None])[0], implied(estimate.ram, estimate.theta[None])[0])
    cell = next(cell for kind, cell in candidates_of(ram) if kind == "loading" and cell.row == "CUSA1")
    found = score_tests(ram, estimate.theta, patterns, [cell])
    wider = Ram(ram.observed, ram.latent, (*ram.cells, cell))
    value = evaluate(wider, np.append(estimate.theta, 0.0)[None], patterns)
    score = -estimate.rows / 2 * value.gradient[0, -1]
    inverse = np.linalg.inv(estimate.rows / 2 * value.expected[0])[-1, -1]
    assert found.mi[0] == pytest.approx(score**2 * inverse, rel=1e-8)
    assert found.epc[0] == pytest.approx(score * inverse, rel=1e-8)


def test_of_two_items_either_may_be_freed_alike(estimates: dict[str, CbEstimate]) -> None:
    # a factor of two items: freeing a loading on one or on the other gives one and the same model (lavaan: .856, .855)
    table = modification_indices(estimates["acsi"]).query("lhs == 'Satisfaction' and rhs in ('PERV1', 'PERV2')")
    assert table["mi"].iloc[0] == pytest.approx(table["mi"].iloc[1], rel=1e-6)


def test_indices_do_not_depend_on_the_units_of_the_items(estimates: dict[str, CbEstimate]) -> None:
    scaled = mobi().assign(CUSA1=lambda d: 1000 * d["CUSA1"])
    first = modification_indices(estimates["scsb"]).set_index(KEY)
    other = modification_indices(estimate_cbsem(model(text("scsb")), scaled)).set_index(KEY).loc[first.index]
    np.testing.assert_allclose(other[["mi", "standardized"]], first[["mi", "standardized"]], rtol=1e-5)
    cross = ("Expectation", "=~", "CUSA1")
    assert other.loc[cross, "epc"] == pytest.approx(1000 * first.loc[cross, "epc"], rel=1e-5)


@pytest.mark.parametrize("name", list(PATHS))
def test_residuals_equal_lavaan(estimates: dict[str, CbEstimate], name: str) -> None:
    printed = REFERENCE["modification_indices"][name]
    table = residual_correlations(estimates[name])
    p = len(estimates[name].ram.observed)
    assert len(table) == p * (p - 1) / 2
    for row in table.itertuples():
        pair = next(key for key in (f"{row.item}~~{row.other}", f"{row.other}~~{row.item}") if key in printed["z"])
        assert row.residual == pytest.approx(printed["residuals"].get(pair, 0.0), abs=NEAR[name] / 100)
        if abs(row.residual) > 2e-3:  # z of what is almost 0 is a ratio of two numbers close to 0
            assert row.z == pytest.approx(printed["z"][pair], abs=NEAR[name])
    # fitted by definition: nothing to test
    fitted = table[(table["item"] == "PERV1") & (table["other"] == "PERV2")]
    assert fitted["z"].isna().all()


def test_residuals_of_normal_answers_do_not_need_robust_errors() -> None:
    # of many normal answers the robust error comes to that of normal theory
    rng = np.random.default_rng(1)
    factor = rng.normal(size=(4000, 1))
    X = pd.DataFrame(0.8 * factor + 0.6 * rng.normal(size=(4000, 4)), columns=list("abcd"))
    text = "f =~ a + b\ng =~ c + d\ng ~ f"
    plain, robust = (residual_correlations(estimate_cbsem(model(text), X, errors=e)) for e in ("standard", "robust"))
    both = plain.merge(robust, on=["item", "other"]).dropna()
    assert len(both) == 4
    np.testing.assert_allclose(both["z_x"], both["z_y"], rtol=0.06)


def test_a_planted_covariance_is_found_and_nothing_else() -> None:
    rng = np.random.default_rng(7)
    f = rng.normal(size=(600, 1))
    g = 0.6 * f + 0.8 * rng.normal(size=(600, 1))
    noise = rng.normal(size=(600, 8))
    noise[:, 5] = 0.6 * noise[:, 1] + 0.8 * noise[:, 5]
    X = pd.DataFrame(np.hstack([f, f, f, f, g, g, g, g]) * 0.8 + 0.6 * noise, columns=list("abcdefgh"))
    estimate = estimate_cbsem(model("one =~ a + b + c + d\ntwo =~ e + f + g + h\ntwo ~ one"), X)
    table = modification_indices(estimate)
    assert table.iloc[0][["lhs", "op", "rhs"]].tolist() == ["b", "~~", "f"]
    assert table.iloc[0]["standardized"] == pytest.approx(0.6, abs=0.08)
    freed = residual_correlations(estimate).iloc[0]
    assert {freed["item"], freed["other"]} == {"b", "f"}
    assert freed["p_adjusted"] < 0.001
    robust = modification_indices(estimate_cbsem(estimate.specification, X, errors="robust"))
    np.testing.assert_allclose(robust["mi"], table["mi"])
    assert (robust["p_value"] != table["p_value"]).any()


@pytest.mark.long
def test_holes_and_weights_have_indices_too() -> None:
    answers = mobi()
    spec = model(text("scsb"))
    full = estimate_cbsem(spec, answers, full_information=True)
    first = modification_indices(full)
    # without holes full information is the likelihood of complete answers, and means are fitted by definition
    complete = modification_indices(estimate_cbsem(spec, answers))
    both = complete.merge(first, on=KEY).query("mi_x > 1")  # its minimiser stops a little earlier
    assert len(both) == (complete["mi"] > 1).sum()
    np.testing.assert_allclose(both["mi_y"], both["mi_x"], rtol=1e-2)
    np.testing.assert_allclose(both["epc_y"], both["epc_x"], rtol=1e-2)
    holed = modification_indices(estimate_cbsem(spec, holed_mobi(), full_information=True))
    assert len(holed) == len(complete)
    assert np.corrcoef(holed.sort_values(KEY)["mi"], complete.sort_values(KEY)["mi"])[0, 1] > 0.5
    weighted = estimate_cbsem(spec, answers, weights=reference_weights(answers))
    assert modification_indices(weighted)["p_value"].between(0, 1).all()
    assert residual_correlations(weighted)["z"].notna().any()
    assert reliability(weighted).set_index("construct").loc["Satisfaction", "alpha_lower"] < 0.8


def test_reliability_of_a_factor_model_equals_semtools() -> None:
    printed = REFERENCE["ecsi"]["cfa_six_factors"]
    blocks = {k: v for k, v in REFERENCE["ecsi"]["blocks"].items() if len(v) > 1}
    lines = [f"{factor} =~ {' + '.join(items)}" for factor, items in blocks.items()]
    *others, last = blocks
    estimate = estimate_cbsem(model("\n".join([*lines, f"{last} ~ {' + '.join(others)}"])), mobi())  # saturated paths
    assert estimate.chisq == pytest.approx(printed["chisq"], abs=1e-4)
    table = reliability(estimate).set_index("construct")
    loadings = estimate.loadings.set_index("item")["standardized"]
    for factor, items in blocks.items():
        # lavaan's default tolerance leaves its loadings 1e-4 from the maximum of this model
        assert table.loc[factor, "omega"] == pytest.approx(printed["omega_model_implied"][factor], abs=1e-4)
        assert table.loc[factor, "alpha"] == pytest.approx(printed["alpha"][factor], abs=1e-12)
        lam = loadings[items].to_numpy()
        assert table.loc[factor, "ave"] == pytest.approx((lam**2).mean(), rel=1e-12)
        assert table.loc[factor, "rho_c"] == pytest.approx(lam.sum() ** 2 / (lam.sum() ** 2 + (1 - lam**2).sum()))
        psych = REFERENCE["ecsi"]["reliability"][factor]
        # the divisor of variances does not matter for α, nor for its error
        width = (table.loc[factor, "alpha_upper"] - table.loc[factor, "alpha_lower"]) / 2 / 1.959963984540054
        assert width == pytest.approx(psych["alpha_ase"], rel=1e-9)
        assert table.loc[factor, "omega_lower"] < table.loc[factor, "omega"] < table.loc[factor, "omega_upper"]
    pairs = htmt(estimate).set_index(["construct", "other"])
    for column, name in (("estimate", "HTMT_semTools"), ("htmt2", "HTMT2_semTools")):
        for pair, value in REFERENCE["ecsi"]["htmt"][name].items():
            one, other = pair.split("~~")
            key = (one, other) if (one, other) in pairs.index else (other, one)
            assert pairs.loc[key, column] == pytest.approx(value, abs=1e-12)


@pytest.mark.long
def test_the_delta_error_of_omega_is_the_spread_over_samples() -> None:
    rng = np.random.default_rng(5)
    lam = np.array([0.8, 0.7, 0.6, 0.5])
    found = []
    for _ in range(60):
        f = rng.normal(size=(300, 1))
        X = np.hstack([f * lam + rng.normal(size=(300, 4)) * np.sqrt(1 - lam**2), f + rng.normal(size=(300, 1))])
        estimate = estimate_cbsem(model("f =~ a + b + c + d\ny =~ e\ny ~ f"), pd.DataFrame(X, columns=list("abcde")))
        found.append(reliability(estimate).iloc[0])
    table = pd.DataFrame(found)
    error = (table["omega_upper"] - table["omega_lower"]) / 2 / 1.96
    assert float(error.astype(float).mean()) == pytest.approx(float(table["omega"].astype(float).std()), rel=0.25)
    truth = lam.sum() ** 2 / (lam.sum() ** 2 + (1 - lam**2).sum())
    assert table["omega"].astype(float).mean() == pytest.approx(truth, abs=0.01)
