"""Factors point the way most of their items do, as composites do, whichever item comes first; the item is told."""

import numpy as np
import pandas as pd
import pytest
from covariance_cases import EXTRA
from estimate_cases import answers, estimated, estimated_with_holes, small_model, specification
from holes_cases import holed_mobi

from crmresearch.errors import EstimationError
from crmresearch.resampling import bootstrap_rows
from crmresearch.sem.covariance.bootstrap import bootstrap_cbsem, bootstrap_paths
from crmresearch.sem.covariance.direction import directions
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.table import fit_table
from crmresearch.sem.covariance.likelihood.ram import implied
from crmresearch.sem.pls.estimate import estimate_pls

MARKERS = ["CUSL1", "CUEX1"]  # first items of loyalty and expectation
NUMBERS = ["estimate", "se", "standardized", "standardized_se"]


def reversed_markers(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(**{item: 11 - data[item] for item in MARKERS})


def test_reversed_markers_leave_lavaans_numbers_of_the_items_turned_back() -> None:
    """lavaan saw the answers with every item in one direction."""
    estimate = estimate_cbsem(specification("scsb"), reversed_markers(answers("scsb")))
    printed = EXTRA["scsb"]["ML"]["parameters"]
    variable = {"complaint_handling": "CUSCO"}
    paths = estimate.paths
    rows = [printed[f"{variable.get(p.outcome, p.outcome)} ~ {variable.get(p.predictor, p.predictor)}"]
            for p in paths.itertuples()]  # fmt: skip
    np.testing.assert_allclose(paths[NUMBERS], rows, rtol=1e-6, atol=1e-6)
    loadings = estimate.loadings.set_index("item")
    marker = {"CUSL1": "loyalty", "CUEX1": "expectation"}
    for item, factor in marker.items():
        assert loadings.loc[item, "estimate"] == -1
        np.testing.assert_allclose(loadings.loc[item, "standardized"], -printed[f"{factor} =~ {item}"][2], atol=1e-6)
        assert loadings.loc[item, ["se", "ci_lower", "ci_upper", "p_value"]].isna().all()
    others = loadings[(loadings["construct"] == "loyalty") & (loadings.index != "CUSL1")]
    np.testing.assert_allclose(others[NUMBERS], [printed[f"loyalty =~ {item}"] for item in others.index], atol=1e-6)
    assert estimate.chisq == pytest.approx(estimated("scsb").chisq, abs=1e-8)
    assert estimate.semopy is not None
    assert np.abs(estimate.semopy.theta - estimate.theta).max() < 1e-4
    told = {c.facts["item"]: c for c in estimate.cautions if c.code == "cb_negative_loading"}
    assert {"CUSL1", "CUEX1"} <= set(told)
    assert told["CUSL1"].severity == "weak"
    assert told["CUSL1"].facts["construct"] == "loyalty"
    assert told["CUSL1"].facts["value"] == loadings.loc["CUSL1", "standardized"]
    assert estimate.trustworthy


def test_an_estimate_whose_items_agree_is_not_touched() -> None:
    estimate = estimated("scsb")
    assert (directions(estimate.ram, estimate.theta[None]) == 1).all()
    assert "cb_negative_loading" not in {c.code for c in estimate.cautions}
    assert (estimate.loadings.groupby("construct")["estimate"].first() == 1).all()


def test_both_engines_point_one_way() -> None:
    data = reversed_markers(answers("scsb"))
    composite = estimate_pls(specification("scsb"), data)
    factors = estimate_cbsem(specification("scsb"), data)
    pls = composite.paths[composite.paths["estimator"] == "pls"].set_index(["outcome", "predictor"])["estimate"]
    cb = factors.paths.set_index(["outcome", "predictor"])["standardized"]
    strong = pls[pls.abs() > 0.1].index
    assert (np.sign(pls[strong]) == np.sign(cb[strong])).all()
    said = {c.facts["item"] for c in composite.cautions if c.code == "negative_loading"}
    assert {"CUSL1", "CUEX1"} <= said


@pytest.mark.parametrize("errors", ["standard", "robust"])
def test_full_information_points_the_same_way(errors: str) -> None:
    items = holed_mobi()[specification("scsb").items]
    data = reversed_markers(items)
    turned = estimate_cbsem(specification("scsb"), data, full_information=True, errors=errors)  # type: ignore[arg-type]
    straight = estimated_with_holes("scsb", errors)  # type: ignore[arg-type]
    np.testing.assert_allclose(turned.paths[NUMBERS], straight.paths[NUMBERS], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fit_table(turned)["value"], fit_table(straight)["value"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        turned.total_effects[["estimate", "se"]], straight.total_effects[["estimate", "se"]], rtol=1e-5, atol=1e-6
    )
    assert "cb_negative_loading" in {c.code for c in turned.cautions}


def test_resamples_point_the_same_way() -> None:
    turned = estimate_cbsem(specification("scsb"), reversed_markers(answers("scsb")))
    straight = estimated("scsb")
    tables = [bootstrap_paths(e, bootstrap_cbsem(e, resamples=60, seed=2)) for e in (turned, straight)]
    np.testing.assert_allclose(*(table.select_dtypes("number") for table in tables), rtol=1e-4, atol=1e-5)


def test_a_reversed_marker_does_not_turn_resamples() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=300)
    y = 0.6 * x + 0.8 * rng.normal(size=300)
    data = pd.DataFrame(
        {f"{k}{i}": 0.8 * v + 0.6 * rng.normal(size=300) for k, v in (("x", x), ("y", y)) for i in "123"}
    )
    data["y1"] = -0.5 * y + rng.normal(size=300)
    items = {k: [f"{k}{i}" for i in "123"] for k in "xy"}
    estimate = estimate_cbsem(small_model(items, [("x", "y")]), data)
    boot = bootstrap_cbsem(estimate, resamples=200, seed=1)
    loading = boot.theta[:, estimate.ram.labels.index("y =~ y2")] * estimate.theta[estimate.ram.labels.index("y =~ y2")]
    assert (loading > 0).all()
    path = boot.theta[:, estimate.ram.labels.index("y ~ x")]
    assert (path * estimate.theta[estimate.ram.labels.index("y ~ x")] > 0).mean() > 0.99
    sampled = estimate_pls(small_model(items, [("x", "y")]), data)
    assert np.sign(sampled.paths["estimate"]).eq(1).all()
    assert estimate.paths["standardized"].item() > 0.4


def test_turning_a_factor_leaves_what_the_model_implies() -> None:
    turned = estimate_cbsem(specification("scsb"), reversed_markers(answers("scsb")))
    S = np.cov(reversed_markers(answers("scsb"))[list(turned.ram.observed)].T, ddof=0)
    straight = implied(estimated("scsb").ram, estimated("scsb").theta[None])[0][0, 0]
    sign = np.where(np.isin(turned.ram.observed, MARKERS), -1, 1)
    found = implied(turned.ram, turned.theta[None])[0][0, 0]
    np.testing.assert_allclose(found, straight * np.outer(sign, sign), atol=1e-5)
    np.testing.assert_allclose(turned.residual_moments[0], S)


def nearly_copied() -> pd.DataFrame:
    """CUSL3 is CUSL1, but for the first row."""
    data = answers("scsb").head(100).reset_index(drop=True)
    data["CUSL3"] = data["CUSL1"]
    data.loc[0, "CUSL3"] += 2
    return data


@pytest.mark.long
def test_resamples_with_a_copied_item_fail() -> None:
    estimate = estimate_cbsem(specification("scsb"), nearly_copied())
    boot = bootstrap_cbsem(estimate, resamples=100, seed=3)
    drawn = np.concatenate([bootstrap_rows(100, group, 3) for group in range(2)])
    expected = (drawn != 0).all(axis=1)
    assert expected.sum() > 25  # (1 − 1/100)^100 ≈ 37 %
    np.testing.assert_array_equal(boot.failed, expected)
    assert not (boot.failed & (boot.admissible | boot.converged | boot.bounded)).any()
    shares = boot.shares().set_index("outcome")["share"]
    assert shares["failed"] == pytest.approx(expected.mean())
    assert shares.sum() == pytest.approx(1)
    assert np.isfinite(bootstrap_paths(estimate, boot)["se"]).all()
    with pytest.raises(EstimationError, match="sum of others"):
        estimate_cbsem(specification("scsb"), nearly_copied().drop(index=0))
    with pytest.raises(EstimationError, match="resamples cannot be estimated"):
        bootstrap_cbsem(estimate, resamples=2, seed=int(_seed_without_the_first_row()))


def _seed_without_the_first_row() -> int:
    return next(s for s in range(1000) if (bootstrap_rows(100, 0, s)[:2] != 0).all())


def test_what_did_not_converge_is_not_admissible() -> None:
    boot = bootstrap_cbsem(estimated("acsi"), resamples=40, seed=1)
    assert not (boot.admissible & ~boot.converged).any()


def test_intervals_of_r_squared_lie_between_0_and_1() -> None:
    for theory in ("scsb", "acsi", "ecsi", "staged"):
        table = estimated(theory).r_squared
        assert table["ci_lower"].min() >= 0
        assert table["ci_upper"].max() <= 1


ODD = ["a b", "c-d", 'e"f', "g/h", "i:j", "k'l", "1st", "x~y", "loyalty", "m.n", "satisfaction", "ü %"]


@pytest.mark.parametrize("full_information", [False, True])
def test_names_of_items_are_of_no_consequence(full_information: bool) -> None:
    """Blanks, quotes, signs, an item called like its construct and one like another."""
    items = {c.key: list(c.items) for c in specification("scsb").constructs}
    arrows = [(p.predictor, p.outcome) for p in specification("scsb").paths]
    plain = small_model(items, arrows)
    new = dict(zip(plain.items, [*ODD, *(f"q{i}" for i in range(len(plain.items) - len(ODD)))], strict=True))
    odd = small_model({key: [new[item] for item in block] for key, block in items.items()}, arrows)
    data = answers("scsb")
    first = estimate_cbsem(plain, data, full_information=full_information)
    second = estimate_cbsem(odd, data.rename(columns=new), full_information=full_information)
    assert set(ODD) & set(second.ram.latent) == set()
    for table in ("paths", "loadings", "r_squared", "total_effects"):
        one, other = getattr(first, table), getattr(second, table)
        if "item" in one:
            one = one.assign(item=one["item"].map(new))
        pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-6)
    assert [c.code for c in first.cautions] == [c.code for c in second.cautions]
    assert list(second.correlations) == list(first.correlations)
    if not full_information:
        assert second.semopy is not None
        tables = [bootstrap_paths(e, bootstrap_cbsem(e, resamples=20)) for e in (first, second)]
        pd.testing.assert_frame_equal(*tables, rtol=1e-4, atol=1e-5)
