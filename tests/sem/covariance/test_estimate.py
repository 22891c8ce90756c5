"""The public estimate on the committed surveys: its tables equal lavaan's, under construct keys; what it refuses."""

import re
from collections.abc import Mapping
from dataclasses import replace
from math import erfc
from typing import Any

import numpy as np
import pandas as pd
import pytest
import semopy
from covariance_cases import EXTRA, labelled
from estimate_cases import (
    THEORIES,
    answers,
    estimated,
    estimated_with_holes,
    implied_correlations,
    small_model,
    specification,
    with_covariance,
)

from crmresearch.errors import EstimationError
from crmresearch.sem.covariance import estimate as module
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.semopy_start import SemopyFit, semopy_syntax

TABLE = ["estimate", "se", "standardized", "standardized_se"]
# delta-method errors: lavaan takes those derivatives by differences; ecsi is weakly identified, which magnifies that
TOLERANCE = dict.fromkeys(THEORIES, 1e-7) | {"ecsi": 5e-6}


def cases() -> list[Any]:
    complete = [
        pytest.param(lambda t=t, e=e: estimated(t, e), EXTRA[t][kind], TOLERANCE[t], id=f"{t}-{kind}")
        for t in THEORIES
        for e, kind in (("standard", "ML"), ("robust", "MLR"))
    ]
    holes = [
        pytest.param(lambda t=t, e=e: estimated_with_holes(t, e), EXTRA["fiml"][t][kind], 1e-6, id=f"{t}-FIML-{kind}")
        for t in ("scsb", "acsi")
        for e, kind in (("standard", "ML"), ("robust", "MLR"))
    ]
    return complete + holes


def variable_of(estimate: CbEstimate) -> dict[str, str]:
    """Construct key → RAM variable: the item of a single-item construct."""
    return {
        key: name
        for name, key in estimate.construct_of.items()
        if key in estimate.specification.keys and (name in estimate.ram.latent or name in estimate.specification.items)
    }


def rows_of(table: Mapping[str, Any], labels: list[str]) -> np.ndarray:
    """lavaan's rows; its error of a fixed cell is 0, ours none."""
    rows = labelled(table, labels)
    rows[:, 1] = np.where(rows[:, 1] == 0, np.nan, rows[:, 1])
    return rows


@pytest.mark.parametrize(("make", "reference", "tolerance"), cases())
def test_tables_equal_lavaan(make: Any, reference: dict[str, Any], tolerance: float) -> None:
    estimate, printed = make(), reference["parameters"]
    variable = variable_of(estimate)
    assert estimate.minimum.gradient[0] < 1e-8
    assert estimate.chisq == pytest.approx(reference["fit"]["chisq"], abs=1e-6)
    assert estimate.df == reference["fit"]["df"]

    paths = estimate.paths
    labels = [f"{variable[row.outcome]} ~ {variable[row.predictor]}" for row in paths.itertuples()]
    np.testing.assert_allclose(paths[TABLE], rows_of(printed, labels), rtol=tolerance, atol=tolerance)
    assert len(paths) == sum(" ~ " in label for label in printed)

    loadings = estimate.loadings
    labels = [f"{row.construct} =~ {row.item}" for row in loadings.itertuples()]
    np.testing.assert_allclose(loadings[TABLE], rows_of(printed, labels), rtol=tolerance, atol=tolerance)
    assert len(loadings) == sum(" =~ " in label for label in printed)

    # what the standardised residual variance leaves of 1, with the same error
    residual = rows_of(printed, [f"{variable[key]} ~~ {variable[key]}" for key in estimate.r_squared["outcome"]])
    expected = np.column_stack([1 - residual[:, 2], residual[:, 3]])
    np.testing.assert_allclose(estimate.r_squared[["estimate", "se"]], expected, atol=tolerance)


@pytest.mark.parametrize("errors", ["standard", "robust"])
@pytest.mark.parametrize("theory", ["scsb", "acsi", "ecsi", "reputation"])
def test_effects_equal_lavaan(theory: str, errors: Any) -> None:
    estimate = estimated(theory, errors)
    printed = EXTRA[theory]["ML" if errors == "standard" else "MLR"]["parameters"]
    variable = variable_of(estimate)
    effects = estimate.total_effects
    names = [f"{variable[row.predictor]}_{variable[row.outcome]}" for row in effects.itertuples()]
    assert sorted(f"total_{name}" for name in names) == sorted(name for name in printed if name.startswith("total_"))
    total = np.array([printed[f"total_{name}"] for name in names])
    # without a detour lavaan has no indirect effect to print
    indirect = np.array([printed.get(f"indirect_{name}", [0, np.nan])[:2] for name in names])
    close: dict[str, float] = {"rtol": TOLERANCE[theory], "atol": TOLERANCE[theory]}
    np.testing.assert_allclose(effects[TABLE], total, **close)
    np.testing.assert_allclose(effects[["indirect", "indirect_se"]], indirect, **close)
    np.testing.assert_allclose(effects["direct"] + effects["indirect"], effects["estimate"], atol=1e-12)


@pytest.mark.parametrize("theory", THEORIES)
def test_columns_and_keys(theory: str) -> None:
    """The columns of the PLS tables, and construct keys wherever a construct is meant."""
    estimate = estimated(theory)
    wald = ["estimate", "standardized", "se", "ci_lower", "ci_upper", "p_value", "standardized_se"]
    front = ["estimator", "group"]
    assert list(estimate.paths) == [*front, "outcome", "predictor", *wald]
    assert list(estimate.loadings) == [*front, "construct", "item", *wald]
    assert list(estimate.r_squared) == [*front, "outcome", "estimate", "se", "ci_lower", "ci_upper"]
    decomposed = ["direct", "indirect", *wald, "indirect_se"]
    assert list(estimate.total_effects) == [*front, "outcome", "predictor", *decomposed]
    kept = [key for key in estimate.specification.keys if key not in estimate.left_out]
    for table in (estimate.paths, estimate.total_effects, estimate.r_squared):
        assert set(table["estimator"]) == {"cbsem"}
        assert set(table["outcome"]) <= set(kept)
    assert list(estimate.correlations) == list(estimate.correlations.index) == kept
    bound = [(p.outcome, p.predictor) for p in estimate.specification.paths]
    found = list(estimate.paths[["outcome", "predictor"]].itertuples(index=False, name=None))
    assert found == [pair for pair in bound if set(pair) <= set(kept)]


def test_wald_statistics() -> None:
    paths = estimate_cbsem(specification("scsb"), answers("scsb"), confidence=0.9).paths
    np.testing.assert_allclose(paths["ci_upper"] - paths["ci_lower"], 2 * 1.6448536269514722 * paths["se"])
    z = (paths["estimate"] / paths["se"]).abs()
    np.testing.assert_allclose(paths["p_value"], [erfc(value / np.sqrt(2)) for value in z])


def test_correlations_are_those_of_the_standardised_model() -> None:
    """One predictor: its standardised path is the correlation, with single items too."""
    estimate = estimated("scsb")
    path = estimate.paths.set_index(["outcome", "predictor"])["standardized"]
    for outcome, predictor in (("value", "expectation"), ("complaint_handling", "satisfaction")):
        assert estimate.correlations.loc[outcome, predictor] == pytest.approx(path[outcome, predictor], abs=1e-12)


def test_left_out_composites_are_a_note() -> None:
    """The causes of the reputation model are composites: no part of its covariance structure, nor of its χ²."""
    estimate = estimated("reputation")
    assert estimate.left_out == ("qual", "perf", "csor", "attr", "switching_cost")
    assert [caution.code for caution in estimate.cautions] == ["cb_left_out", "cb_no_moderation"]
    assert estimate.trustworthy


@pytest.mark.parametrize("theory", THEORIES)
def test_semopy_agrees(theory: str) -> None:
    estimate = estimated(theory)
    assert estimate.semopy is not None
    distance = np.abs(estimate.semopy.theta - estimate.theta) / np.sqrt(np.diag(estimate.covariance))
    assert distance.max() < 1e-3
    assert not {"cb_disagree", "cb_semopy_failed"} & {caution.code for caution in estimate.cautions}


def test_a_planted_disagreement_is_a_caution() -> None:
    estimate = estimated("scsb")
    assert estimate.semopy is not None
    k = estimate.ram.labels.index("loyalty ~ satisfaction")
    moved = estimate.semopy.theta.copy()
    moved[k] = estimate.theta[k] + 0.01 * np.sqrt(estimate.covariance[k, k])
    planted = replace(estimate, semopy=SemopyFit(moved, True))
    (caution,) = planted.cautions
    assert (caution.code, caution.severity) == ("cb_disagree", "weak")
    assert caution.facts["label"] == "loyalty ~ satisfaction"
    assert caution.facts["value"] == pytest.approx(0.01)
    assert planted.trustworthy


@pytest.mark.parametrize("start", [None, "nonsense"])
def test_without_semopy_the_estimate_is_the_same(start: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """semopy fails, or ends nowhere: the start values lead to the same minimum, and the reader is told."""
    theta = estimated("acsi").theta
    first = None if start is None else SemopyFit(np.full_like(theta, -7.0), True)
    monkeypatch.setattr(module, "semopy_fit", lambda *_: first)
    estimate = estimate_cbsem(specification("acsi"), answers("acsi"))
    np.testing.assert_allclose(estimate.theta, theta, atol=1e-7)
    assert [c.code for c in estimate.cautions] == ["cb_semopy_failed" if start is None else "cb_disagree"]


def test_semopy_syntax_writes_every_exogenous_covariance() -> None:
    """semopy's own χ² of the staged model is ours; with the covariances left to semopy it is not."""
    estimate = estimated("staged")
    syntax = semopy_syntax(estimate.ram)
    exogenous = [name for name in estimate.structural if name not in estimate.regressions]
    assert len(exogenous) == 8
    written = {frozenset(line.split(" ~~ ")) for line in syntax.splitlines() if " ~~ " in line}
    assert {frozenset((a, b)) for a in exogenous for b in exogenous} <= written

    X = answers("staged")[list(estimate.ram.observed)]
    model = semopy.Model(syntax)
    assert 250 * model.fit(X.copy(), options={"ftol": 1e-14, "maxiter": 10_000}).fun == pytest.approx(389.467, abs=1e-3)
    short = "\n".join(line for line in syntax.splitlines() if not re.search(r"(\S+) ~~ (?!\1$)", line))
    assert 250 * semopy.Model(short).fit(X.copy()).fun > 700


def test_robust_errors_change_errors_only() -> None:
    standard, robust = estimated("acsi"), estimated("acsi", "robust")
    np.testing.assert_array_equal(standard.theta, robust.theta)
    assert (standard.paths["se"] != robust.paths["se"]).all()


def test_full_information_of_complete_answers_is_maximum_likelihood() -> None:
    complete, full = estimated("scsb"), estimate_cbsem(specification("scsb"), answers("scsb"), full_information=True)
    np.testing.assert_allclose(full.paths["estimate"], complete.paths["estimate"], atol=1e-7)
    assert full.chisq == pytest.approx(complete.chisq, abs=1e-6)
    assert full.df == complete.df


def test_rows_without_answers_count_for_nothing() -> None:
    items = estimated_with_holes("scsb")
    holes = pd.DataFrame(items.answers, columns=list(items.ram.observed))
    more = pd.concat([holes, pd.DataFrame(np.nan, index=range(3), columns=holes.columns)], ignore_index=True)
    estimate = estimate_cbsem(specification("scsb"), more, full_information=True)
    assert estimate.rows == 250
    np.testing.assert_allclose(estimate.theta, items.theta, atol=1e-9)


def test_missing_answers_are_refused() -> None:
    holed = answers("scsb").copy()
    holed.iloc[3, 2] = np.nan
    with pytest.raises(EstimationError, match="fiml"):
        estimate_cbsem(specification("scsb"), holed)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(EstimationError, match="12 rows are too few for the covariances of 12 items; at least 13"):
        estimate_cbsem(specification("scsb"), answers("scsb").iloc[:12])


def test_a_theory_of_composites_is_refused() -> None:
    items = {"cause": ["a1", "a2"], "result": ["b1", "b2"]}
    model = small_model(items, [("cause", "result")], cause="composite_b")
    with pytest.raises(EstimationError, match=r"cause.*'small' has no path left"):
        estimate_cbsem(model, pd.DataFrame(np.random.default_rng(1).random((50, 4)), columns=["a1", "a2", "b1", "b2"]))


@pytest.mark.parametrize("full", [False, True])
def test_a_constant_item_is_refused(full: bool) -> None:
    with pytest.raises(EstimationError, match="'PERV1' has one and the same answer"):
        estimate_cbsem(specification("scsb"), answers("scsb").assign(PERV1=7.0), full_information=full)


def test_items_that_are_sums_are_refused() -> None:
    summed = answers("scsb").assign(CUSL3=lambda frame: frame["CUSL1"] + frame["CUSL2"])
    with pytest.raises(EstimationError, match="sum of others"):
        estimate_cbsem(specification("scsb"), summed)


def test_known_paths_are_recovered() -> None:
    """A population that is the model exactly: χ² 0 and its standardised paths."""
    items = {"quality": ["q1", "q2", "q3"], "loyalty": ["l1", "l2", "l3"], "price": ["price"]}
    loadings = {"quality": [0.8, 0.7, 0.6], "loyalty": [0.9, 0.5, 0.7], "price": [1.0]}
    # loyalty = .5 quality + .3 price, quality and price correlated by .4
    R = np.array([[1, 0.62, 0.4], [0.62, 1, 0.5], [0.4, 0.5, 1]])
    model = small_model(items, [("quality", "loyalty"), ("price", "loyalty")])
    estimate = estimate_cbsem(model, with_covariance(implied_correlations(items, loadings, R), 400))
    assert estimate.chisq == pytest.approx(0, abs=1e-8)
    np.testing.assert_allclose(estimate.paths["standardized"], [0.5, 0.3], atol=1e-7)
    np.testing.assert_allclose(estimate.loadings["standardized"], [0.8, 0.7, 0.6, 0.9, 0.5, 0.7], atol=1e-7)
    np.testing.assert_allclose(estimate.r_squared["estimate"], [0.25 + 0.09 + 2 * 0.15 * 0.4], atol=1e-7)
