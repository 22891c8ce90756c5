"""What cannot be a solution is told, in the estimate and in its resamples: against plain numpy."""

import numpy as np
import pandas as pd
import pytest
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation

from crmresearch.errors import EstimationError
from crmresearch.models.specification import Specification
from crmresearch.resampling import bootstrap_counts, bootstrap_rows
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate

SEED = 1


def plain_correlations(estimate: PlsEstimate, X: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of the constructs over √(ρ_A ρ_A'), and loadings w √ρ_A / w'w, by plain numpy (PLSc)."""
    R = np.corrcoef(X.T)
    constructs = estimate.specification.constructs
    owner = np.repeat(np.arange(len(constructs)), [len(c.items) for c in constructs])
    W = np.zeros((len(w), len(constructs)))
    W[np.arange(len(w)), owner] = w
    rho, loadings = np.ones(len(constructs)), np.ones(len(w))
    for j in range(len(constructs)):
        block = np.flatnonzero(owner == j)
        if len(block) > 1:
            v, S = w[block], R[np.ix_(block, block)]
            off = np.outer(v, v) - np.diag(v**2)
            rho[j] = (v @ v) ** 2 * (v @ (S - np.diag(np.diag(S))) @ v) / (v @ off @ v)
            loadings[block] = v * np.sqrt(rho[j]) / (v @ v)
    Q = W.T @ R @ W / np.sqrt(np.outer(rho, rho))
    np.fill_diagonal(Q, 1)
    return Q, loadings


def test_corrected_correlations_of_the_mobile_survey_are_no_correlation_matrix() -> None:
    estimate = estimate_pls(ecsi(), mobi())
    Q, loadings = plain_correlations(estimate, estimate.items.to_numpy(), estimate.fits.pls.weights[0])
    least = np.linalg.eigvalsh(Q)[0]
    assert least == pytest.approx(-0.00303, abs=5e-6)
    assert np.abs(np.tril(Q, -1)).max() < 1
    assert np.abs(loadings).max() <= 1
    told = [c for c in estimate.cautions if c.severity == "inadmissible"]
    assert [(c.code, c.quantity) for c in told] == [("correlations", "plsc")]
    assert told[0].facts["value"] == pytest.approx(least, rel=1e-8)


def test_inadmissible_resamples_of_the_mobile_survey_are_counted_as_numpy_counts_them() -> None:
    resamples = 300
    estimate = bootstrap(estimate_pls(ecsi(), mobi()), resamples=resamples, seed=SEED)
    boot = estimate.resampling
    assert boot is not None
    X = estimate.items.to_numpy()
    contradictory = beyond = either = 0
    counts = np.concatenate(list(bootstrap_counts(len(X), resamples, SEED)))
    for rows, w in zip(counts, boot.replicates["weights/pls"], strict=True):
        Q, loadings = plain_correlations(estimate, np.repeat(X, rows.astype(int), axis=0), w)
        wrong = (np.linalg.eigvalsh(Q)[0] < 0, np.abs(loadings).max() > 1)
        contradictory, beyond, either = contradictory + wrong[0], beyond + wrong[1], either + any(wrong)
    assert contradictory > 0.85 * resamples
    assert beyond > 0
    assert boot.inadmissible == either > contradictory
    assert {c.code: c.facts for c in estimate.cautions}["inadmissible_resamples"]["count"] == either


def test_a_loading_beyond_one_is_told_with_the_variance_it_leaves() -> None:
    # a factor of three items with r = .8, .8, .5 has λ₁² = .8 · .8/.5 = 1.28 (Spearman's triad), λ₂² = λ₃² = .5
    loadings = np.sqrt([1.28, 0.5, 0.5])
    R = np.eye(6)
    R[:3, :3] = np.outer(loadings, loadings)
    R[:3, 3:] = 0.4 * 0.7 * loadings[:, None]
    R[3:, :3] = R[:3, 3:].T
    R[3:, 3:] = 0.49
    np.fill_diagonal(R, 1)
    assert np.linalg.eigvalsh(R)[0] > 0
    X = np.random.default_rng(0).normal(size=(400, 6))
    X -= X.mean(axis=0)
    X = X @ np.linalg.inv(np.linalg.cholesky(X.T @ X / 399)).T @ np.linalg.cholesky(R).T
    items = {"x": ["x0", "x1", "x2"], "y": ["y0", "y1", "y2"]}
    spec = path_model(items, [("x", "y")], {"x": "common_factor", "y": "common_factor"})
    estimate = bootstrap(estimate_pls(spec, pd.DataFrame(X, columns=spec.items)), resamples=100)
    (told,) = [c for c in estimate.cautions if c.severity == "inadmissible"]
    assert (told.code, told.facts["item"]) == ("loading", "x0")
    assert told.facts["value"] == pytest.approx(np.sqrt(1.28), abs=1e-6)
    assert told.facts["variance"] == pytest.approx(-0.28, abs=1e-6)
    assert estimate.resampling is not None
    assert (
        estimate.resampling.inadmissible == (np.abs(estimate.resampling.replicates["loadings/plsc"]) > 1).any(1).sum()
    )
    assert estimate.resampling.inadmissible > 90


def answers(n: int = 40, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.integers(1, 8, size=(n, 6)).astype(float), columns=[*"abcdef"])


def singles(**arguments: list[tuple[str, str, str]]) -> Specification:
    return path_model({c: [c] for c in "abc"}, [("a", "c"), ("b", "c")], **arguments)  # type: ignore[arg-type]


def copies(rows: pd.DataFrame) -> pd.DataFrame:
    """b is a, but for the first row."""
    other = rows.assign(b=rows["a"])
    other.loc[0, "b"] += 1.3
    return other


def without_the_first_row(n: int, resamples: int) -> np.ndarray:
    """Which resamples hold nothing of the first row."""
    drawn = np.concatenate([bootstrap_rows(n, group, SEED) for group in range(-(-resamples // 50))])[:resamples]
    return (drawn != 0).all(axis=1)


CASES = {
    "predictors": (singles(), copies),
    "items of a mode-B block": (
        path_model({"x": ["a", "b", "d"], "y": ["c", "e"]}, [("x", "y")], {"x": "composite_b"}),
        copies,
    ),
    "predictors and their product": (  # of two yes-or-no items, one of four combinations only in the first row
        singles(moderations=[("b", "a", "c")]),
        lambda rows: rows.assign(a=(rows.index % 3 == 0) * 1.0, b=(rows.index % 3 == 1) * 1.0 + (rows.index == 0)),
    ),
}


@pytest.mark.parametrize("metric", ["standardised", "raw"])
@pytest.mark.parametrize("case", CASES)
def test_resamples_in_which_variables_determine_one_another_fail(case: str, metric: str) -> None:
    spec, change = CASES[case]
    data = change(answers())
    estimate = bootstrap(estimate_pls(spec, data, metric=metric), resamples=200, seed=SEED)  # type: ignore[arg-type]
    boot = estimate.resampling
    assert boot is not None
    lost = without_the_first_row(len(data), 200)
    assert boot.failed == lost.sum() > 50  # (1 − 1/40)^40 ≈ 36 %
    paths = boot.replicates["standardized_paths/pls"]
    assert len(paths) == 200 - boot.failed
    assert np.isfinite(paths).all()
    assert {c.code: c.facts for c in estimate.cautions}["failed_resamples"]["count"] == boot.failed
    with pytest.raises(EstimationError, match=r"determine one another|cannot be computed|same answer"):
        estimate_pls(spec, data.drop(index=0), metric=metric)  # type: ignore[arg-type]


def test_a_product_that_does_not_vary_is_refused() -> None:
    data = answers().assign(a=np.tile([-2.0, -1, 1, 2], 10)).assign(b=lambda rows: 2 / rows["a"])
    estimate_pls(singles(), data)
    with pytest.raises(EstimationError, match="cannot be computed"):
        estimate_pls(singles(moderations=[("b", "a", "c")]), data)


def test_a_single_item_without_correlation_has_weight_1_and_path_0() -> None:
    data = answers(8).assign(a=np.tile([1.0, 2], 4), c=np.repeat([1.0, 2], 4), b=[1.0, 2, 2, 1, 1, 3, 3, 1])
    data["d"] = data["b"] + data["c"]
    estimate = estimate_pls(path_model({c: [c] for c in "abcd"}, [("a", "c"), ("b", "d")]), data)
    assert (estimate.weights["standardized"] == 1).all()
    assert estimate.values("standardized_paths/pls")[0] == pytest.approx(0, abs=1e-15)


def test_copied_items_of_a_mode_a_block_are_no_failure() -> None:
    spec = path_model({"x": ["a", "b"], "y": ["c", "d"]}, [("x", "y")])
    boot = bootstrap(estimate_pls(spec, answers().assign(b=lambda rows: rows["a"])), resamples=50).resampling
    assert boot is not None
    assert boot.failed == 0


def test_what_has_not_converged_counts_neither_as_admissible_nor_as_inadmissible() -> None:
    stopped = bootstrap(estimate_pls(ecsi(), mobi(), max_iterations=1), resamples=40, seed=SEED).resampling
    assert stopped is not None
    assert (stopped.failed, stopped.unconverged, stopped.inadmissible) == (0, 40, 0)


def test_what_is_fixed_has_no_error_no_interval_and_no_p() -> None:
    estimate = bootstrap(estimate_pls(ecsi(), mobi()), resamples=100)
    statistics = ["se", "ci_lower", "ci_upper", "p_value"]
    for table in (estimate.weights, estimate.loadings):
        single = table["construct"] == "complaint_handling"
        assert (table.loc[single, ["estimate", "standardized"]] == 1).all(axis=None)
        assert table.loc[single, statistics].isna().all(axis=None)
        assert table.loc[~single, statistics].notna().all(axis=None)
    effects = estimate.total_effects
    direct_only = (effects["predictor"] == "image") & (effects["outcome"] == "expectation")
    indirect = [f"indirect_{column}" for column in statistics]
    assert (effects.loc[direct_only, "indirect"] == 0).all()
    assert effects.loc[direct_only, indirect].isna().all(axis=None)
    through = (effects["predictor"] == "image") & (effects["outcome"] == "loyalty")
    assert effects.loc[through, indirect].notna().all(axis=None)
    for table in (estimate.table("htmt"), estimate.r_squared):  # neither can be below 0
        assert "p_value" not in table
        assert table[statistics[:3]].notna().all(axis=None)


def test_a_single_item_in_its_own_units_is_estimated() -> None:
    weights = bootstrap(estimate_pls(ecsi(), mobi(), metric="raw"), resamples=50).weights.set_index("item")
    assert weights.loc["CUSCO", "estimate"] == pytest.approx(1 / mobi()["CUSCO"].std())
    assert weights.loc["CUSCO", "se"] > 0


def test_intervals_of_r_squared_lie_between_0_and_1() -> None:
    table = bootstrap(estimate_pls(ecsi(), mobi()), resamples=300, seed=SEED).r_squared
    corrected = table[table["estimator"] == "plsc"].set_index("outcome")
    assert corrected["ci_upper"].max() == 1  # inadmissible resamples explain more than everything
    assert table["ci_lower"].min() >= 0
    assert table["ci_upper"].max() <= 1


def test_a_model_with_products_is_still_estimated() -> None:
    boot = bootstrap(estimate_pls(reputation(), corp_rep()), resamples=100).resampling
    assert boot is not None
    assert (boot.failed, boot.inadmissible) == (0, 0)
