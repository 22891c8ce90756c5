"""The gate: which solutions of the committed surveys pass it, and planted answers that trip each of its codes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from estimate_cases import estimated, implied_correlations, small_model, with_covariance

from crmresearch.caution import Caution
from crmresearch.sem.covariance.admissibility import admissible_samples, inadmissible
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.likelihood.ram import Cell, Ram
from crmresearch.sem.covariance.result import CbEstimate

FACTORS = {"quality": ["q1", "q2", "q3"], "trust": ["t1", "t2", "t3"], "loyalty": ["l1", "l2", "l3"]}
PATHS = [("quality", "loyalty"), ("trust", "loyalty")]


def by_code(estimate: CbEstimate) -> dict[str, Caution]:
    return {caution.code: caution for caution in estimate.cautions}


def of_factors(R: list[list[float]], loading: float = 0.7, n: int = 500) -> CbEstimate:
    """Quality and trust to loyalty, from answers with exactly these correlations of the factors."""
    S = implied_correlations(FACTORS, {key: [loading] * 3 for key in FACTORS}, np.array(R))
    return estimate_cbsem(small_model(FACTORS, PATHS), with_covariance(S, n))


@pytest.mark.parametrize("theory", ["scsb", "acsi", "reputation"])
def test_passes(theory: str) -> None:
    estimate = estimated(theory)
    assert estimate.trustworthy
    assert not [caution for caution in estimate.cautions if caution.severity != "note"]


def test_ecsi_is_weakly_identified() -> None:
    """Image, expectation and quality are one and the same here: lavaan's own check passes this solution."""
    estimate = estimated("ecsi")
    assert {caution.code for caution in estimate.cautions} == {"cb_collinear", "cb_weak_path"}
    assert {caution.severity for caution in estimate.cautions} == {"unidentified"}
    assert not estimate.trustworthy
    collinear = {c.facts["outcome"]: c.facts for c in estimate.cautions if c.code == "cb_collinear"}
    assert set(collinear) == {"value", "satisfaction", "loyalty"}
    # of two predictors: 1/(1 − r²) with r their correlation, here the standardised path of the one on the other
    r = estimate.paths.set_index(["outcome", "predictor"]).loc[("quality", "expectation"), "standardized"]
    assert collinear["value"]["value"] == pytest.approx(1 / (1 - r**2), rel=1e-8)
    weakest = by_code(estimate)["cb_weak_path"].facts
    assert (weakest["predictor"], weakest["outcome"]) == ("quality", "value")
    assert weakest["value"] == estimate.paths["standardized_se"].max() > 10
    assert weakest["count"] == (estimate.paths["standardized_se"] > 0.5).sum()


def test_staged_is_inadmissible() -> None:
    estimate = estimated("staged")
    (caution,) = estimate.cautions
    assert (caution.code, caution.severity) == ("cb_correlation", "inadmissible")
    assert {caution.facts["construct"], caution.facts["other"]} == {"brand", "quality_stability"}
    assert caution.facts["value"] == pytest.approx(1.05, abs=5e-3)
    assert caution.facts["value"] == pytest.approx(estimate.correlations.loc["brand", "quality_stability"], abs=1e-12)
    assert not estimate.trustworthy


def test_a_planted_negative_variance() -> None:
    """Three items with correlations .9, .9 and .7 need a loading of 1.076, as .9 · .9 / .7 = 1.157."""
    items = {"quality": ["q1", "q2", "q3"], "loyalty": ["loyalty_1"]}
    loadings = np.array([np.sqrt(0.81 / 0.7), np.sqrt(0.7), np.sqrt(0.7), 0.4])
    S = np.outer(loadings, loadings)
    np.fill_diagonal(S, 1.0)
    names = [*items["quality"], *items["loyalty"]]
    answers = with_covariance(pd.DataFrame(S, names, names), 300)
    estimate = estimate_cbsem(small_model(items, [("quality", "loyalty")]), answers)
    caution = by_code(estimate)["cb_variance"]
    assert caution.severity == "inadmissible"
    assert caution.facts == {"variable": "q1", "value": pytest.approx(1 - 0.81 / 0.7, abs=1e-7)}
    assert not estimate.trustworthy
    assert not admissible_samples(estimate.ram, estimate.theta[None])[0]


def test_planted_collinear_predictors() -> None:
    """Factors correlated by .97: variance inflation 1/(1 − .97²) = 16.9."""
    estimate = of_factors([[1, 0.97, 0.6], [0.97, 1, 0.6], [0.6, 0.6, 1]])
    caution = by_code(estimate)["cb_collinear"]
    assert caution.severity == "unidentified"
    assert caution.facts["outcome"] == "loyalty"
    assert caution.facts["value"] == pytest.approx(1 / (1 - 0.97**2), rel=1e-6)
    assert "cb_weak_path" in by_code(estimate)
    assert not estimate.trustworthy


def test_collinearity_below_the_limit_passes() -> None:
    """At .94 the inflation is 8.6; twenty thousand rows leave no path with a large error."""
    assert of_factors([[1, 0.94, 0.6], [0.94, 1, 0.6], [0.6, 0.6, 1]], n=20_000).cautions == ()


def test_a_few_rows_leave_a_path_open() -> None:
    """The same correlations, weakly identified with 60 rows only."""
    R = [[1, 0.9, 0.6], [0.9, 1, 0.6], [0.6, 0.6, 1]]
    few, many = of_factors(R, n=60), of_factors(R, n=6000)
    assert [caution.code for caution in few.cautions] == ["cb_weak_path"]
    assert few.cautions[0].facts["count"] == 2
    assert few.cautions[0].facts["value"] == pytest.approx(few.paths["standardized_se"].max())
    assert few.cautions[0].facts["value"] == pytest.approx(10 * many.paths["standardized_se"].max(), rel=1e-5)
    assert many.trustworthy


def test_a_large_standardised_path_alone_is_legitimate() -> None:
    """Suppression: standardised paths of 1.06 and −.62 with small errors are no reason to doubt (Jöreskog 1999)."""
    estimate = of_factors([[1, 0.7, 0.625], [0.7, 1, 0.12], [0.625, 0.12, 1]], loading=0.95, n=2000)
    assert estimate.paths["standardized"].max() > 1
    assert estimate.trustworthy


def test_a_planted_correlation_above_one() -> None:
    """Items whose correlations across the factors exceed those within: r = 1.05, and answers that still exist."""
    estimate = of_factors([[1, 1.05, 0.5], [1.05, 1, 0.5], [0.5, 0.5, 1]])
    caution = by_code(estimate)["cb_correlation"]
    assert caution.severity == "inadmissible"
    assert caution.facts["value"] == pytest.approx(1.05, abs=1e-6)


def test_latent_covariances_without_a_correlation_above_one() -> None:
    """Correlations .9, .9 and .4 are each possible, but not together."""
    estimate = of_factors([[1, 0.9, 0.9], [0.9, 1, 0.4], [0.9, 0.4, 1]], loading=0.6)
    assert {"cb_latent", "cb_variance"} & set(by_code(estimate))
    assert estimate.minimum.converged()[0]
    assert not estimate.trustworthy
    cells = [Cell("S", name, name, 1.0, f"{name} ~~ {name}") for name in "abc"]
    cells += [Cell("S", b, a, r, f"{a} ~~ {b}") for a, b, r in (("a", "b", 0.9), ("a", "c", 0.9), ("b", "c", 0.4))]
    ram = Ram((), tuple("abc"), tuple(cells))
    assert [caution.code for caution in inadmissible(ram, ram.start, 0.0, np.eye(6))] == ["cb_latent"]
    assert not admissible_samples(ram, ram.start[None])[0]


def test_a_model_that_is_not_identified() -> None:
    """Two items of a factor without any relation to its outcome: their loadings are anything with one product."""
    items = {"quality": ["q1", "q2"], "loyalty": ["loyalty_1"]}
    names = ["q1", "q2", "loyalty_1"]
    S = pd.DataFrame([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]], names, names, dtype=float)
    estimate = estimate_cbsem(small_model(items, [("quality", "loyalty")]), with_covariance(S, 200))
    assert by_code(estimate)["cb_information"].severity == "inadmissible"


@pytest.mark.parametrize(("gradient", "caught"), [(1e-5, True), (np.nan, True), (1e-9, False)])
def test_gradient(gradient: float, caught: bool) -> None:
    estimate = estimated("scsb")
    stopped = replace(estimate, minimum=estimate.minimum._replace(gradient=np.array([gradient])))
    found = by_code(stopped)
    assert ("cb_gradient" in found) == caught
    if caught:
        assert found["cb_gradient"].severity == "inadmissible"
        assert stopped.cautions[0] is found["cb_gradient"]


def test_admissible_samples_agree_with_the_gate() -> None:
    for theory, expected in (("scsb", True), ("acsi", True), ("staged", False), ("ecsi", True)):
        estimate = estimated(theory)
        assert admissible_samples(estimate.ram, estimate.theta[None])[0] == expected
