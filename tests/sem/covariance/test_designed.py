"""Covariance structures of a sample drawn in clusters within strata: errors and χ² of lavaan and R survey."""

import numpy as np
import pytest
from covariance_cases import MODELS, labelled, survey
from design_cases import BOTH, CLUSTER, DESIGNED, STRATUM, reference_design
from holes_cases import holed_mobi
from weight_cases import reference_weights

from crmresearch.models.lavaan import model
from crmresearch.sem.covariance.bootstrap import bootstrap_cbsem
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.table import fit_table
from crmresearch.sem.covariance.result import CbEstimate

SLOPES = model("y =~ 1*CUSL1\nx =~ 1*CUSA1\nz =~ 1*CUSA2\ny ~ x + z")


def estimated(name: str, roles: list[str], kind: str = "complete", full: bool = False) -> CbEstimate:
    answers = survey("mobi") if kind == "complete" else holed_mobi()
    measurement, regressions = MODELS[name].measurement, MODELS[name].regressions
    lines = [f"{factor} =~ {' + '.join(items)}" for factor, items in measurement.items()]
    lines += [f"{y} ~ {' + '.join(xs)}" for y, xs in regressions.items()]
    specification = model("\n".join(lines).replace("CUSCO", "complaints") + "\ncomplaints =~ 1*CUSCO")
    design = reference_design(answers)[roles]
    weights = reference_weights(answers)
    return estimate_cbsem(specification, answers, weights=weights, design=design, full_information=full)


@pytest.mark.parametrize("kind", ["complete", "fiml"])
@pytest.mark.parametrize("name", ["scsb", "acsi"])
def test_errors_and_scaled_test_are_those_of_lavaan_with_clusters(name: str, kind: str) -> None:
    # lavaan models the means where there are clusters, and they are part of its scaled χ² even without holes
    full, reference = estimated(name, CLUSTER, kind, full=True), DESIGNED[name][kind]
    printed = labelled(reference["parameters"], full.ram.labels)
    cells = full.cells[full.cells.label.notna()].set_index("label").loc[list(full.ram.labels)]
    ours = cells[["estimate", "se", "standardized", "standardized_se"]].to_numpy()
    np.testing.assert_allclose(ours, printed, rtol=2e-6, atol=1e-7)
    fit, theirs = fit_table(full).set_index("measure")["robust"], reference["fit"]
    assert fit["chisq"] == pytest.approx(theirs["chisq.scaled"], rel=1e-6)
    assert fit["p_value"] == pytest.approx(theirs["pvalue.scaled"], rel=1e-5)
    assert fit["scaling_factor"] == pytest.approx(theirs["chisq.scaling.factor"], rel=1e-6)


def test_errors_without_modelled_means_are_the_same() -> None:
    without, full = estimated("scsb", CLUSTER), estimated("scsb", CLUSTER, full=True)
    np.testing.assert_allclose(without.paths["se"], full.paths["se"], rtol=1e-6)
    assert without.errors == "robust"


@pytest.mark.parametrize(("key", "roles"), [("both", BOTH), ("cluster", CLUSTER), ("stratum", STRATUM)])
def test_errors_of_a_regression_are_those_of_svyglm(key: str, roles: list[str]) -> None:
    answers = survey("mobi")
    design, weights = reference_design(answers)[roles], reference_weights(answers)
    paths = estimate_cbsem(SLOPES, answers, weights=weights, design=design).paths
    printed = DESIGNED[key]["slope"]
    np.testing.assert_allclose(paths["estimate"], printed[:2], rtol=1e-7)
    np.testing.assert_allclose(paths["se"], printed[2:], rtol=1e-6)


def test_a_design_moves_no_estimate() -> None:
    answers = survey("mobi")
    plain, designed = (estimate_cbsem(SLOPES, answers, design=d) for d in (None, reference_design(answers)))
    np.testing.assert_array_equal(designed.theta, plain.theta)
    assert (plain.errors, designed.errors) == ("standard", "robust")


def test_bootstrap_errors_are_the_linearised_ones() -> None:
    answers = survey("mobi")
    estimate = estimate_cbsem(SLOPES, answers, weights=reference_weights(answers), design=reference_design(answers))
    boot = bootstrap_cbsem(estimate, resamples=1000, seed=2)
    slopes = [estimate.ram.labels.index(f"CUSL1 ~ {item}") for item in ("CUSA1", "CUSA2")]
    # .1 of small-sample curvature with 22 degrees of freedom; plain resamples of rows are off by more than .15
    np.testing.assert_allclose(boot.theta[:, slopes].std(axis=0, ddof=1), DESIGNED["both"]["slope"][2:], rtol=0.1)


def test_few_clusters_are_told() -> None:
    answers = survey("mobi")
    few = reference_design(answers)["cluster"].to_numpy() < 15
    estimate = estimate_cbsem(SLOPES, answers[few], design=reference_design(answers))
    assert {c.code: c.facts for c in estimate.cautions}["cb_few_clusters"] == {"df": 13}
    whole = estimate_cbsem(SLOPES, answers, design=reference_design(answers))
    assert "cb_few_clusters" not in {c.code for c in whole.cautions}
