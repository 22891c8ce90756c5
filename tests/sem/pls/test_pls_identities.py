"""What must hold of any PLS estimate, whatever the data: symmetries, limit cases, algebra."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation
from sklearn.cross_decomposition import CCA

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.models.specification import Specification
from crmresearch.sem.pls.algorithm import consistent_solution, outer_weights, solution
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate

# symmetric inputs take the same steps, so results differ by rounding only
ROUNDING = {"rtol": 0, "atol": 1e-11}
SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=8, deadline=None)


def answers_of(seed: int, n: int = 80) -> pd.DataFrame:
    """Answers of n people to 4 blocks of 3 items that hang together, 1 to 10."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    blocks = [0.7 * common + rng.normal(size=(n, 1)) + 0.8 * rng.normal(size=(n, 3)) for _ in range(4)]
    scaled = np.clip(np.rint(5.5 + 2 * np.hstack(blocks)), 1, 10)
    return pd.DataFrame(scaled, columns=[f"{c}{i}" for c in "uxyz" for i in range(3)])


def four_constructs(seed: int = 0, mode_b: bool = False) -> Specification:
    items = {c: [f"{c}{i}" for i in range(3)] for c in "uxyz"}
    measurement = {"u": "composite_b" if mode_b else "common_factor", "x": "common_factor", "y": "common_factor"}
    arrows = [("u", "x"), ("u", "y"), ("x", "y"), ("y", "z"), ("u", "z")]
    order = list(np.random.default_rng(seed).permutation(list("uxyz"))) if seed else list("uxyz")
    return path_model({c: items[c] for c in order}, arrows, measurement)  # type: ignore[arg-type]


def tables(estimate: PlsEstimate) -> dict[str, pd.Series]:
    """Numbers by their labels, sorted, so that only the values can differ."""
    labels = {"paths": ["outcome", "predictor"], "total_effects": ["outcome", "predictor"], "r_squared": ["outcome"]}
    labels |= {"loadings": ["item"], "standardized_weights": ["item"]}
    return {
        name: estimate.table(name).set_index(["estimator", *columns])["estimate"].sort_index()
        for name, columns in labels.items()
    }


def assert_same(first: PlsEstimate, second: PlsEstimate, **tolerance: float) -> None:
    a, b = tables(first), tables(second)
    for name in a:
        assert list(a[name].index) == list(b[name].index)
        np.testing.assert_allclose(a[name], b[name], **(tolerance or ROUNDING), err_msg=name)


@few
@given(seed=SEEDS, mode_b=st.booleans(), scheme=st.sampled_from(["path", "factorial", "centroid"]))
def test_order_of_rows_items_and_constructs_does_not_matter(seed: int, mode_b: bool, scheme: str) -> None:
    answers = answers_of(seed)
    expected = estimate_pls(four_constructs(mode_b=mode_b), answers, scheme=scheme)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    spec = four_constructs(seed=1 + seed % 1000, mode_b=mode_b)
    shuffled = replace(
        spec, constructs=tuple(replace(c, items=tuple(rng.permutation(list(c.items)))) for c in spec.constructs)
    )
    found = estimate_pls(shuffled, answers.sample(frac=1, random_state=seed % 1000), scheme=scheme)  # type: ignore[arg-type]
    assert_same(found, expected)


@few
@given(
    seed=SEEDS,
    factors=st.lists(st.floats(1e-3, 1e3), min_size=12, max_size=12),
    shifts=st.lists(st.floats(-1e3, 1e3), min_size=12, max_size=12),
    mode_b=st.booleans(),
)
def test_units_of_the_items_do_not_matter_when_standardised(
    seed: int, factors: list[float], shifts: list[float], mode_b: bool
) -> None:
    answers = answers_of(seed)
    # an item of spread 1e-3 around 1e3 has lost six digits before we see it
    found = estimate_pls(four_constructs(mode_b=mode_b), answers * factors + shifts)
    assert_same(found, estimate_pls(four_constructs(mode_b=mode_b), answers), rtol=0, atol=1e-8)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_no_unit_is_too_small_or_too_large(unit: float) -> None:
    assert_same(estimate_pls(ecsi(), mobi() * unit), estimate_pls(ecsi(), mobi()))


@pytest.mark.long
@few
@given(seed=SEEDS, turned=st.sets(st.sampled_from("uxyz"), min_size=1, max_size=3), mode_b=st.booleans())
def test_reversing_all_items_of_a_construct_turns_its_paths_and_nothing_else(
    seed: int, turned: set[str], mode_b: bool
) -> None:
    answers = answers_of(seed)
    reversed_ = answers.copy()
    columns = [column for column in answers if column[0] in turned]
    reversed_[columns] = 11 - answers[columns]
    spec = four_constructs(mode_b=mode_b)
    before, after = estimate_pls(spec, answers), estimate_pls(spec, reversed_)
    # the dominant indicators load positively in both, so loadings and weights stay and the scores turn
    for name in ("loadings", "standardized_weights", "r_squared"):
        np.testing.assert_allclose(tables(after)[name], tables(before)[name], **ROUNDING)
    signs = {key: -1.0 if key in turned else 1.0 for key in "uxyz"}
    np.testing.assert_allclose(after.scores, before.scores * pd.Series(signs), **ROUNDING)
    for name in ("paths", "total_effects"):
        found, expected = tables(after)[name], tables(before)[name]
        flips = [signs[outcome] * signs[predictor] for _, outcome, predictor in expected.index]
        np.testing.assert_allclose(found, expected * flips, **ROUNDING)


@pytest.mark.long
@few
@given(seed=SEEDS)
def test_reversing_one_item_turns_that_item_only(seed: int) -> None:
    answers = answers_of(seed)
    reversed_ = answers.assign(x1=11 - answers["x1"])
    before, after = estimate_pls(four_constructs(), answers), estimate_pls(four_constructs(), reversed_)
    flips = pd.Series(1.0, answers.columns).where(answers.columns != "x1", -1.0)
    # the sign rule: x turns as a whole when the reversed item outweighs the other two
    loadings = before.loadings.query("estimator == 'pls' and construct == 'x'").set_index("item")["estimate"]
    turned = (loadings * loadings.abs() * flips[loadings.index]).sum() < 0
    flips[["x0", "x1", "x2"]] *= -1.0 if turned else 1.0
    # equal starting weights are not equal after the turn, so agreement is to the stop rule; the limit is the same
    for name in ("loadings", "standardized_weights"):
        found = tables(after)[name].loc["pls"]
        np.testing.assert_allclose(found * flips[found.index], tables(before)[name].loc["pls"], rtol=0, atol=1e-6)
    found, expected = tables(after)["paths"].loc["pls"], tables(before)["paths"].loc["pls"]
    np.testing.assert_allclose(found.abs(), expected.abs(), rtol=0, atol=1e-6)
    assert np.sign(found["y", "x"]) == np.sign(expected["y", "x"]) * (-1 if turned else 1)


def test_dominant_items_decide_the_direction() -> None:
    answers = mobi()
    two_of_three = answers.assign(CUSA2=11 - answers["CUSA2"], CUSA3=11 - answers["CUSA3"])
    loadings = estimate_pls(ecsi(), two_of_three).loadings.set_index(["estimator", "item"])["estimate"]
    assert loadings["pls", "CUSA1"] < 0 < loadings["pls", "CUSA2"]
    paths = estimate_pls(ecsi(), two_of_three).paths.set_index(["estimator", "outcome", "predictor"])["estimate"]
    assert paths["pls", "loyalty", "satisfaction"] < 0


def inverse_root(S: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(S)
    return vectors @ np.diag(values**-0.5) @ vectors.T


@few
@given(seed=SEEDS, scheme=st.sampled_from(["path", "factorial", "centroid"]))
def test_two_blocks_in_mode_b_are_the_first_canonical_pair(seed: int, scheme: str) -> None:
    answers = answers_of(seed, n=60)
    spec = path_model(
        {"u": ["u0", "u1", "u2"], "x": ["x0", "x1", "x2"]}, [("u", "x")], {"u": "composite_b", "x": "composite_b"}
    )
    estimate = estimate_pls(spec, answers, scheme=scheme, tolerance=1e-13, max_iterations=20_000)  # type: ignore[arg-type]
    R = answers[["u0", "u1", "u2", "x0", "x1", "x2"]].corr().to_numpy()
    U, canonical, Vt = np.linalg.svd(inverse_root(R[:3, :3]) @ R[:3, 3:] @ inverse_root(R[3:, 3:]))
    if canonical[1] > 0.95 * canonical[0]:
        return  # two nearly equal canonical correlations: the power iteration may end on either side of the stop rule
    assert abs(estimate.paths["estimate"].iloc[0]) == pytest.approx(canonical[0], abs=1e-10)
    first, second = inverse_root(R[:3, :3]) @ U[:, 0], inverse_root(R[3:, 3:]) @ Vt[0]
    weights = estimate.values("weights/pls")
    for found, expected in ((weights[:3], first), (weights[3:], second)):
        np.testing.assert_allclose(found * np.sign(found @ expected), expected, rtol=0, atol=1e-7)


def test_two_blocks_in_mode_b_equal_sklearn_cca() -> None:
    answers = mobi()
    items = {"image": [f"IMAG{i}" for i in range(1, 6)], "loyalty": [f"CUSL{i}" for i in range(1, 4)]}
    spec = path_model(items, [("image", "loyalty")], dict.fromkeys(items, "composite_b"))
    X, Y = answers[items["image"]], answers[items["loyalty"]]
    x, y = CCA(n_components=1, tol=1e-12, max_iter=5000).fit_transform(X, Y)
    expected = abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1])
    found = estimate_pls(spec, answers, tolerance=1e-12)
    assert found.paths["estimate"].iloc[0] == pytest.approx(expected, abs=1e-9)


@few
@given(seed=SEEDS)
def test_two_blocks_in_mode_a_are_the_first_singular_pair(seed: int) -> None:
    # mode A with two constructs is inter-battery analysis: the weights are the singular vectors of the
    # correlations between the blocks (Tenenhaus et al. 2005, section 4.1)
    answers = answers_of(seed)
    spec = path_model({"u": ["u0", "u1", "u2"], "x": ["x0", "x1", "x2"]}, [("u", "x")])
    R = answers[["u0", "u1", "u2", "x0", "x1", "x2"]].corr().to_numpy()
    U, s, Vt = np.linalg.svd(R[:3, 3:])
    if s[1] > 0.9 * s[0]:
        return
    weights = estimate_pls(spec, answers, tolerance=1e-13, max_iterations=5000).values("weights/pls")
    for found, expected in ((weights[:3], U[:, 0]), (weights[3:], Vt[0])):
        direction = found / np.linalg.norm(found)
        np.testing.assert_allclose(direction * np.sign(direction @ expected), expected, rtol=0, atol=1e-9)


@pytest.mark.long
@few
@given(seed=SEEDS)
def test_schemes_agree_when_there_are_two_constructs(seed: int) -> None:
    answers = answers_of(seed)
    spec = path_model({"u": ["u0", "u1", "u2"], "x": ["x0", "x1", "x2"]}, [("u", "x")])
    path, factorial, centroid = (
        estimate_pls(spec, answers, scheme=scheme)  # type: ignore[arg-type]
        for scheme in ("path", "factorial", "centroid")
    )
    assert_same(path, factorial)
    assert_same(path, centroid)


@few
@given(seed=SEEDS)
def test_single_items_are_regression_of_standardised_variables(seed: int) -> None:
    rng = np.random.default_rng(seed)
    answers = pd.DataFrame(rng.normal(size=(40, 4)) @ rng.normal(size=(4, 4)), columns=list("abcd"))
    spec = path_model({c: [c] for c in "abcd"}, [("a", "d"), ("b", "d"), ("c", "d"), ("a", "b")])
    estimate = estimate_pls(spec, answers)
    z = (answers - answers.mean()) / answers.std()
    for estimator in ("pls", "plsc"):  # nothing to correct in single items
        paths = estimate.paths[estimate.paths["estimator"] == estimator].set_index(["outcome", "predictor"])["estimate"]
        ols, residual, *_ = np.linalg.lstsq(z[["a", "b", "c"]].to_numpy(), z["d"].to_numpy())
        np.testing.assert_allclose(paths["d"][["a", "b", "c"]], ols, rtol=0, atol=1e-9)
        assert paths["b", "a"] == pytest.approx(answers["a"].corr(answers["b"]), abs=1e-12)
        r2 = estimate.r_squared[estimate.r_squared["estimator"] == estimator].set_index("outcome")
        assert r2.loc["d", "estimate"] == pytest.approx(1 - residual[0] / 39, abs=1e-10)
        assert r2.loc["d", "adjusted"] == pytest.approx(1 - (residual[0] / 36) / (39 / 39), abs=1e-10)


@few
@given(seed=SEEDS, mode_b=st.booleans(), metric=st.sampled_from(["standardised", "raw"]))
def test_scores_reproduce_the_tables(seed: int, mode_b: bool, metric: str) -> None:
    answers = answers_of(seed)
    estimate = estimate_pls(four_constructs(mode_b=mode_b), answers, metric=metric)  # type: ignore[arg-type]
    scores = estimate.scores
    np.testing.assert_allclose(scores.mean(), 0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(scores.std(ddof=1), 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(estimate.fits.pls.correlations[0], scores.corr(), **ROUNDING)
    for construct in estimate.specification.constructs:
        for item in construct.items:
            row = estimate.loadings.query("estimator == 'pls' and item == @item")
            assert row["standardized"].item() == pytest.approx(answers[item].corr(scores[construct.key]), abs=1e-11)
            assert estimate.cross_loadings.loc[item, "z"] == pytest.approx(answers[item].corr(scores["z"]), abs=1e-11)
    r2 = estimate.r_squared.query("estimator == 'pls'").set_index("outcome")["estimate"]
    paths = estimate.paths.query("estimator == 'pls'").set_index(["outcome", "predictor"])["estimate"]
    for outcome in estimate.specification.outcomes:
        predictors = estimate.specification.predictors_of(outcome)
        fitted = scores[predictors] @ paths[outcome][predictors]
        assert r2[outcome] == pytest.approx(fitted.corr(scores[outcome]) ** 2, abs=1e-10)  # squared multiple r


@few
@given(seed=SEEDS)
def test_total_effects_are_the_inverse_of_one_minus_paths(seed: int) -> None:
    estimate = estimate_pls(four_constructs(), answers_of(seed))
    for estimator in estimate.estimators:
        keys = estimate.specification.keys
        B = pd.DataFrame(0.0, keys, keys)
        for row in estimate.paths[estimate.paths["estimator"] == estimator].itertuples():
            B.loc[str(row.predictor), str(row.outcome)] = row.estimate
        total = pd.DataFrame(np.linalg.inv(np.eye(4) - B) - np.eye(4), keys, keys)
        effects = estimate.total_effects[estimate.total_effects["estimator"] == estimator]
        for row in effects.itertuples():
            scale = max(1.0, float(total.abs().max().max()))  # PLSc of weak factors can be large
            assert row.estimate == pytest.approx(total.loc[row.predictor, row.outcome], abs=1e-10 * scale)
            assert row.direct == pytest.approx(B.loc[row.predictor, row.outcome], abs=1e-10 * scale)
            assert row.indirect == pytest.approx(row.estimate - row.direct, abs=1e-10 * scale)
        assert len(effects) == 6  # u reaches x, y, z; x reaches y, z; y reaches z


@few
@given(seed=SEEDS, mode_b=st.booleans())
def test_raw_metric_of_standardised_items_is_the_standardised_estimate(seed: int, mode_b: bool) -> None:
    answers = answers_of(seed)
    z = (answers - answers.mean()) / answers.std()
    raw = estimate_pls(four_constructs(mode_b=mode_b), z, metric="raw")
    standardised = estimate_pls(four_constructs(mode_b=mode_b), answers)
    for name in ("paths", "loadings", "weights", "r_squared"):
        expected = standardised.table(name).query("estimator == 'pls'")["estimate"]
        np.testing.assert_allclose(raw.table(name)["estimate"], expected, **ROUNDING)


def test_raw_metric_gives_equal_items_weight_by_their_variance() -> None:
    rng = np.random.default_rng(3)
    common = rng.normal(size=5000)
    X = pd.DataFrame({c: common + rng.normal(size=5000) for c in "abcd"})
    X["b"] *= 3
    estimate = estimate_pls(path_model({"x": ["a", "b"], "y": ["c", "d"]}, [("x", "y")]), X, metric="raw")
    weights = estimate.weights.set_index("item")
    # mode A in raw units: w ∝ covariance with the neighbour, so the item in the larger unit weighs 3 times as much;
    # sampling error of a ratio of covariances of 5,000 rows is about 2 %
    assert weights.loc["b", "estimate"] / weights.loc["a", "estimate"] == pytest.approx(3, rel=0.1)
    assert weights.loc["b", "standardized"] / weights.loc["a", "standardized"] == pytest.approx(9, rel=0.1)
    z = (X - X.mean()) / X.std()
    by_hand = z[["a", "b"]] @ weights.loc[["a", "b"], "standardized"]
    np.testing.assert_allclose(estimate.scores["x"], by_hand, rtol=0, atol=1e-12)


@few
@given(seed=SEEDS)
def test_plsc_without_attenuation_is_pls(seed: int) -> None:
    estimate = estimate_pls(four_constructs(), answers_of(seed))
    pls, R = estimate.fits.pls, estimate.fits.moments.correlations
    perfect = consistent_solution(R, pls._replace(rho_a=np.ones_like(pls.rho_a)), estimate.model.main)
    np.testing.assert_allclose(perfect.paths, pls.paths, **ROUNDING)
    np.testing.assert_allclose(perfect.r_squared, pls.r_squared, **ROUNDING)
    np.testing.assert_allclose(perfect.correlations, pls.correlations, **ROUNDING)


def test_plsc_recovers_a_factor_model_from_its_population_moments() -> None:
    # a common-factor model implies R exactly; PLSc is consistent, so its fixed point gives back every parameter
    loadings = {"u": [0.8, 0.7, 0.6], "x": [0.9, 0.7, 0.5], "y": [0.7, 0.7, 0.8]}
    b_ux, b_uy, b_xy = 0.5, 0.3, 0.4
    r_uy = b_uy + b_xy * b_ux
    r_xy = b_xy + b_uy * b_ux
    phi = np.array([[1, b_ux, r_uy], [b_ux, 1, r_xy], [r_uy, r_xy, 1]])
    L = np.zeros((9, 3))
    for j, values in enumerate(loadings.values()):
        L[3 * j : 3 * j + 3, j] = values
    R = L @ phi @ L.T
    np.fill_diagonal(R, 1.0)
    spec = path_model(
        {c: [f"{c}{i}" for i in range(3)] for c in "uxy"},
        [("u", "x"), ("u", "y"), ("x", "y")],
        dict.fromkeys("uxy", "common_factor"),
    )
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60, 9))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(noise.T @ noise / 59)).T
    answers = pd.DataFrame(white @ np.linalg.cholesky(R).T, columns=spec.items)  # sample correlations are R exactly
    estimate = estimate_pls(spec, answers, tolerance=1e-13)
    plsc = estimate.paths.query("estimator == 'plsc'").set_index(["outcome", "predictor"])["estimate"]
    assert plsc["x", "u"] == pytest.approx(b_ux, abs=1e-9)
    assert plsc["y", "u"] == pytest.approx(b_uy, abs=1e-9)
    assert plsc["y", "x"] == pytest.approx(b_xy, abs=1e-9)
    found = estimate.loadings.query("estimator == 'plsc'")["estimate"]
    np.testing.assert_allclose(found, np.concatenate(list(loadings.values())), rtol=0, atol=1e-9)
    r2 = estimate.r_squared.query("estimator == 'plsc'").set_index("outcome")["estimate"]
    assert r2["y"] == pytest.approx(b_uy * r_uy + b_xy * r_xy, abs=1e-9)
    attenuated = estimate.paths.query("estimator == 'pls'").set_index(["outcome", "predictor"])["estimate"]
    assert (attenuated < plsc).all()  # what the correction is for


def test_moderation_recovers_the_product_it_is() -> None:
    rng = np.random.default_rng(4)
    x, m = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=20_000).T
    y = 0.5 * x + 0.2 * m - 0.3 * x * m + 0.6 * rng.normal(size=len(x))
    spec = path_model({"x": ["x"], "m": ["m"], "y": ["y"]}, [("x", "y"), ("m", "y")], moderations=[("m", "x", "y")])
    answers = pd.DataFrame({"x": 10 + 3 * x, "m": m, "y": y})
    paths = estimate_pls(spec, answers).paths.query("estimator == 'pls'").set_index("predictor")
    z = (answers - answers.mean()) / answers.std()
    design = np.column_stack([np.ones(len(z)), z["x"], z["m"], z["x"] * z["m"]])
    expected = np.linalg.lstsq(design, z["y"].to_numpy())[0][1:]
    np.testing.assert_allclose(paths.loc[["x", "m", "x:m"], "estimate"], expected, rtol=0, atol=1e-9)
    product = (z["x"] * z["m"]).std()
    assert paths.loc["x:m", "standardized"] == pytest.approx(expected[2] * product, abs=1e-9)


def test_moderation_is_symmetric_in_its_two_factors() -> None:
    items = {"x": ["CUSA1", "CUSA2"], "m": ["IMAG1", "IMAG2"], "y": ["CUSL1", "CUSL3"]}
    arrows = [("x", "y"), ("m", "y")]
    first = estimate_pls(path_model(items, arrows, moderations=[("m", "x", "y")]), mobi())
    second = estimate_pls(path_model(items, arrows, moderations=[("x", "m", "y")]), mobi())
    np.testing.assert_allclose(first.paths["estimate"], second.paths["estimate"], **ROUNDING)


def test_batch_members_do_not_touch_one_another() -> None:
    estimate = estimate_pls(reputation(), corp_rep())
    model, R = estimate.model.main, estimate.fits.moments.correlations[0][: len(estimate.specification.items)]
    R = R[:, : len(estimate.specification.items)]
    others = 0.5 * R + 0.5 * np.eye(len(R))
    together = outer_weights(np.stack([R, others, R, others]), model)
    for b, matrix in enumerate((R, others)):
        alone = outer_weights(matrix[None], model)
        np.testing.assert_allclose(together.weights[[b, b + 2]], np.repeat(alone.weights, 2, axis=0), **ROUNDING)
        assert (together.iterations[[b, b + 2]] == alone.iterations[0]).all()


def test_a_tighter_stop_rule_approaches_a_fixed_point() -> None:
    limit = estimate_pls(ecsi(), mobi(), tolerance=1e-14).values("weights/pls")
    gaps = [
        np.abs(estimate_pls(ecsi(), mobi(), tolerance=t).values("weights/pls") - limit).max()
        for t in (1e-3, 1e-6, 1e-9)
    ]
    assert all(later < earlier / 100 for earlier, later in pairwise(gaps))
    assert gaps[-1] < 1e-9


def test_solution_does_not_depend_on_how_the_weights_were_reached() -> None:
    estimate = estimate_pls(ecsi(), mobi())
    R = estimate.fits.moments.correlations
    again = solution(R, estimate.fits.outer.weights, estimate.model.main)
    assert (again.paths == estimate.fits.pls.paths).all()


def test_impossible_requests_are_refused() -> None:
    answers = mobi()
    with pytest.raises(ParameterError, match="Centroid"):
        estimate_pls(ecsi(), answers, scheme="Centroid")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="standardised or raw"):
        estimate_pls(ecsi(), answers, metric="standardized")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="no column for the items CUSCO"):
        estimate_pls(ecsi(), answers.drop(columns="CUSCO"))
    with pytest.raises(EstimationError, match="Missing answers remain in IMAG2"):
        estimate_pls(ecsi(), answers.assign(IMAG2=answers["IMAG2"].where(answers["IMAG2"] < 9)))
    with pytest.raises(EstimationError, match="same answer to PERQ4"):
        estimate_pls(ecsi(), answers.assign(PERQ4=7.0))
    with pytest.raises(EstimationError, match="5 complete rows are too few"):
        estimate_pls(ecsi(), answers.head(5))


def test_items_that_determine_one_another_are_refused_where_it_matters() -> None:
    answers = mobi()
    copied = answers.assign(PERV2=2 * answers["PERV1"] - 3)
    mode_b = ecsi().with_measurement(value="composite_b")
    with pytest.raises(EstimationError, match="items of value"):
        estimate_pls(mode_b, copied)
    assert np.isfinite(estimate_pls(ecsi(), copied).paths["estimate"]).all()  # mode A only averages them
    single = path_model({c: [c] for c in ("CUSA1", "CUSA2", "CUSL1")}, [("CUSA1", "CUSL1"), ("CUSA2", "CUSL1")])
    with pytest.raises(EstimationError, match="predictors of CUSL1"):
        estimate_pls(single, answers.assign(CUSA2=answers["CUSA1"]))
