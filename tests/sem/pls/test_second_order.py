"""Constructs of second order: R seminr's two-stage numbers, a second stage run by hand, a population known exactly."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sem_cases import corp_rep, mobi

from crmresearch.errors import EstimationError, SpecificationError
from crmresearch.models.lavaan import model
from crmresearch.models.specification import Specification, bind_items
from crmresearch.models.theory import load_theory
from crmresearch.resampling import DRAWS_PER_SEED, bootstrap_rows
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.groups import benefit_constructs
from crmresearch.sem.index import construct_index, index_draws
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.fit import approximate_fit
from crmresearch.sem.pls.measurement import collinearity, fornell_larcker, item_validity, reliability
from crmresearch.sem.pls.result import PlsEstimate

SEMINR = json.loads((Path(__file__).parents[2] / "reference" / "second_order.json").read_text(encoding="utf-8"))
STANDING = """
    Image <~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
    Expectation <~ CUEX1 + CUEX2 + CUEX3
    Quality <~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
    Value <~ PERV1 + PERV2
    Satisfaction <~ CUSA1 + CUSA2 + CUSA3
    Loyalty <~ CUSL1 + CUSL2 + CUSL3
    Standing <~ Image + Expectation
    Quality ~ Standing
    Satisfaction ~ Standing + Quality + Value
    Loyalty ~ Standing + Satisfaction
    # mode A: Image, Expectation, Quality, Value, Satisfaction, Loyalty"""
STAGES = """
    info =~ PERQ7 + PERQ3
    brand =~ IMAG2 + IMAG3 + IMAG5
    quality =~ PERQ1 + PERQ2 + PERQ5 + PERQ6
    price =~ PERV1 + PERV2
    satisfaction =~ CUSA1 + CUSA2 + CUSA3
    loyalty =~ CUSL1 + CUSL2 + CUSL3
    cost =~ CUEX1 + CUEX2
    before <~ info + brand
    during <~ quality + price
    during ~ before
    satisfaction ~ before + during
    loyalty ~ satisfaction + cost + satisfaction:cost
"""


def standing(mode: str) -> Specification:
    return model(STANDING + (", Standing" if mode == "mode_A" else ""))


@cache
def stages() -> PlsEstimate:
    return bootstrap(estimate_pls(model(STAGES), mobi()), resamples=60, seed=3)


def second_stage_by_hand(spec: Specification, items: pd.DataFrame, **options: Any) -> PlsEstimate:
    """Stage one, its scores written beside the items, stage two: two plain estimates."""
    first = estimate_pls(spec.first_stage(), items, **options)
    both = items.join(first.scores[list(spec.components)])
    return estimate_pls(spec.second_stage(), both, **options)


def numbers(frame: pd.DataFrame, *keys: str) -> dict[tuple[str, ...], float]:
    return frame.set_index(list(keys))["estimate"].to_dict()


def parts(estimate: PlsEstimate, estimator: str = "pls") -> pd.DataFrame:
    return estimate.components[estimate.components["estimator"] == estimator]


@pytest.mark.parametrize("mode", ["mode_A", "mode_B"])
def test_equal_to_r_seminr(mode: str) -> None:
    """effects of R seminr 2.3.4, 13 digits; both iterate until a sum of changes of 1e-10."""
    estimate, expected = estimate_pls(standing(mode), mobi(), tolerance=1e-10), SEMINR[mode]
    close = pytest.approx
    for (x, y), path in numbers(estimate.only("paths"), "predictor", "outcome").items():
        assert path == close(expected["second_stage_paths"][f"{x}->{y}"], abs=2e-12)
    shares = numbers(estimate.only("r_squared"), "outcome")
    assert shares == close(expected["second_stage_r2"], abs=2e-12)
    formed = parts(estimate).set_index("component")
    assert formed["estimate"].to_dict() == close(expected["second_order_weights_of_dimensions"], abs=2e-12)
    assert formed["loading"].to_dict() == close(expected["second_order_loadings_of_dimensions"], abs=2e-12)
    first, second = (expected[f"{stage}_stage_weights{of}"] for stage, of in (("first", ""), ("second", "_of_items")))
    for (item, construct), weight in numbers(estimate.weights, "item", "construct").items():
        told = first if construct in ("Image", "Expectation") else second
        assert weight == close(told[f"{item}->{construct}"], abs=2e-12)
    for (item, construct), loading in numbers(estimate.only("loadings"), "item", "construct").items():
        if construct in ("Image", "Expectation"):
            assert loading == close(expected["first_stage_loadings"][f"{item}->{construct}"], abs=2e-12)
    if mode == "mode_B":
        vif = collinearity(estimate).query("outcome == 'Standing'")["vif"]
        assert vif.tolist() == close([expected["vif_of_dimensions"]] * 2, abs=2e-12)


@pytest.mark.parametrize("scheme", ["path", "factorial", "centroid"])
def test_equal_to_a_second_stage_run_by_hand(scheme: Any) -> None:
    """With a moderation, whose product is made of stage-two scores, and a stage that leads to another."""
    spec = model(STAGES)
    estimate = estimate_pls(spec, mobi(), scheme=scheme)
    by_hand = second_stage_by_hand(spec, mobi(), scheme=scheme)
    found, expected = (numbers(e.only("paths"), "predictor", "outcome") for e in (estimate, by_hand))
    assert found == pytest.approx(expected, abs=1e-12)
    assert numbers(estimate.only("r_squared"), "outcome") == pytest.approx(
        numbers(by_hand.only("r_squared"), "outcome"), abs=1e-12
    )
    pd.testing.assert_frame_equal(estimate.scores[by_hand.scores.columns], by_hand.scores, rtol=1e-10, atol=1e-10)
    first = estimate_pls(spec.first_stage(), mobi(), scheme=scheme)
    own = [*spec.components]
    pd.testing.assert_frame_equal(estimate.scores[own], first.scores[own], rtol=1e-10, atol=1e-10)
    weights = numbers(by_hand.weights, "construct", "item")
    for (whole, part), weight in numbers(parts(estimate), "construct", "component").items():
        assert weight == pytest.approx(weights[whole, part], abs=1e-12)


def test_raw_metric_is_that_of_a_second_stage_by_hand() -> None:
    """Items in their own units, weights per unit; the scores of stage one have variance 1 in both."""
    spec = model(STAGES)
    found, by_hand = (make(spec, mobi(), metric="raw") for make in (estimate_pls, second_stage_by_hand))
    keys = ["predictor", "outcome"]
    assert numbers(found.paths, *keys) == pytest.approx(numbers(by_hand.paths, *keys), abs=1e-11)
    weights = numbers(by_hand.weights, "item")
    for (item, construct), weight in numbers(found.weights, "item", "construct").items():
        if construct not in spec.components:
            assert weight == pytest.approx(weights[item], abs=1e-11)


def test_weighted_answers_are_weighed_in_both_stages() -> None:
    spec, weights = model(STAGES), pd.Series(np.random.default_rng(5).uniform(0.2, 3, 250))
    found, by_hand = (make(spec, mobi(), weights=weights) for make in (estimate_pls, second_stage_by_hand))
    keys = ["predictor", "outcome"]
    assert numbers(found.only("paths"), *keys) == pytest.approx(numbers(by_hand.only("paths"), *keys), abs=1e-11)


def test_every_resample_repeats_both_stages() -> None:
    """A loop of single estimates of the drawn rows."""
    names = ["paths/pls", "paths/plsc", "component_weights/pls", "component_weights/plsc", "component_loadings/pls",
             "total_effects/pls", "r_squared/plsc", "weights/pls"]  # fmt: skip
    boot = stages().resampling
    assert boot is not None
    assert boot.failed == 0
    rows = np.concatenate([bootstrap_rows(250, group, 3) for group in range(-(-60 // DRAWS_PER_SEED))])[:60]
    for b in (0, 7, 59):
        alone = estimate_pls(model(STAGES), mobi().iloc[rows[b]].reset_index(drop=True), cautions=False)
        for name in names:
            np.testing.assert_allclose(boot.replicates[name][b], alone.values(name), rtol=1e-8, atol=1e-8)


def test_tables_do_not_depend_on_chunks_or_workers() -> None:
    estimate = estimate_pls(model(STAGES), mobi())
    one, two = (bootstrap(estimate, resamples=60, seed=3, chunk=c, workers=w) for c, w in ((7, 1), (30, 2)))
    for table in ("paths", "components", "total_effects"):
        texts = {getattr(e, table).to_csv(float_format="%.10g") for e in (one, two, stages())}
        assert len(texts) == 1


def test_a_component_acts_through_its_construct() -> None:
    """Its total effect is its weight times that of the construct; a construct of second order is the sum of its own."""
    estimate = stages()
    effects = numbers(estimate.only("total_effects"), "predictor", "outcome")
    for row in parts(estimate).itertuples():
        for outcome in ("satisfaction", "loyalty"):
            whole = effects[row.construct, outcome]
            assert effects[row.component, outcome] == pytest.approx(row.estimate * whole, abs=1e-12)
        assert (row.component, row.construct) not in effects
    during = parts(estimate).query("construct == 'during'").set_index("component")["estimate"]
    summed = estimate.scores[during.index].to_numpy() @ during.to_numpy()
    np.testing.assert_allclose(estimate.scores["during"], summed, atol=1e-10)
    np.testing.assert_allclose(estimate.scores.var(ddof=1), 1.0, atol=1e-10)
    assert effects["info", "during"] == pytest.approx(
        numbers(parts(estimate), "component")["info"] * effects["before", "during"]
    )


def test_one_component_makes_no_second_order() -> None:
    """A construct made of one other is that one."""
    text = "q =~ PERQ1 + PERQ2 + PERQ3\nv =~ PERV1 + PERV2\ns =~ CUSA1 + CUSA2 + CUSA3\n"
    plain = estimate_pls(model(f"{text}s ~ q + v"), mobi())
    whole = estimate_pls(model(f"{text}w <~ q\ns ~ w + v"), mobi())
    pd.testing.assert_frame_equal(
        plain.paths[["estimator", "estimate"]].sort_values(["estimator", "estimate"], ignore_index=True),
        whole.paths[["estimator", "estimate"]].sort_values(["estimator", "estimate"], ignore_index=True),
        atol=1e-6,
    )
    assert whole.components["estimate"].tolist() == pytest.approx([1.0, 1.0], abs=1e-12)
    assert whole.components["se"].isna().all()


WEIGHTS = {"info": 0.7, "brand": 0.45, "quality": 0.5, "price": 0.65}
PATHS = {("before", "satisfaction"): 0.35, ("during", "satisfaction"): 0.45, ("satisfaction", "loyalty"): 0.7}
WHOLE = {"info": "before", "brand": "before", "quality": "during", "price": "during"}


@cache
def population() -> tuple[pd.DataFrame, dict[str, float]]:
    """Answers whose correlations are to rounding those of a model with known numbers, and the weights scaled to it.

    Components are common factors of three items each (loadings .6 to .9); the two of a construct correlate .4 and .3,
    and with all else through their construct alone.
    """
    within = {"before": 0.4, "during": 0.3}
    scaled, loading = {}, {}
    for whole, r in within.items():
        a, b = [key for key in WHOLE if WHOLE[key] == whole]
        raw = np.array([WEIGHTS[a], WEIGHTS[b]])
        Q = np.array([[1, r], [r, 1]])
        raw = raw / np.sqrt(raw @ Q @ raw)
        scaled |= {a: raw[0], b: raw[1]}
        loading |= dict(zip((a, b), Q @ raw, strict=True))
    between = 0.5
    x = PATHS["before", "satisfaction"], PATHS["during", "satisfaction"]
    with_satisfaction = {"before": x[0] + x[1] * between, "during": x[1] + x[0] * between}
    step = PATHS["satisfaction", "loyalty"]
    keys = [*WHOLE, "satisfaction", "loyalty"]
    Q = np.eye(len(keys))
    for i, a in enumerate(keys):
        for j, b in enumerate(keys[:i]):
            if a in WHOLE:
                r = within[WHOLE[a]] if WHOLE[a] == WHOLE[b] else loading[a] * between * loading[b]
            else:
                r = step if b == "satisfaction" else loading[b] * with_satisfaction[WHOLE[b]]
                r *= step if a == "loyalty" and b != "satisfaction" else 1.0
            Q[i, j] = Q[j, i] = r
    L = np.kron(np.eye(len(keys)), np.array([[0.9], [0.75], [0.6]]))
    R = L @ Q @ L.T
    np.fill_diagonal(R, 1.0)
    rng = np.random.default_rng(8)
    X = rng.normal(size=(400, len(R)))
    X -= X.mean(axis=0)
    whitened = X @ np.linalg.inv(np.linalg.cholesky(np.cov(X.T))).T
    names = [f"{key}_{i}" for key in keys for i in (1, 2, 3)]
    return pd.DataFrame(whitened @ np.linalg.cholesky(R).T, columns=names), scaled


def of_population(names: list[str]) -> Specification:
    keys = dict.fromkeys(name.rpartition("_")[0] for name in names)
    lines = [f"{key} =~ {key}_1 + {key}_2 + {key}_3" for key in keys]
    lines += ["before <~ info + brand", "during <~ quality + price", "satisfaction ~ before + during",
              "loyalty ~ satisfaction"]  # fmt: skip
    return model("\n".join(lines))


def test_a_known_population_is_recovered_by_plsc() -> None:
    """Composites of common factors: PLSc finds paths, weights and loadings; PLS of attenuated scores does not."""
    items, weights = population()
    estimate = estimate_pls(of_population(list(items)), items, tolerance=1e-12)
    assert numbers(estimate.only("paths", "plsc"), "predictor", "outcome") == pytest.approx(PATHS, abs=1e-6)
    found = numbers(parts(estimate, "plsc"), "component")
    assert found == pytest.approx(weights, abs=1e-6)
    loadings = estimate.only("loadings", "plsc")["estimate"].to_numpy()
    np.testing.assert_allclose(loadings, np.tile([0.9, 0.75, 0.6], 6), atol=1e-6)
    attenuated = numbers(estimate.only("paths"), "predictor", "outcome")
    assert all(attenuated[key] < path - 0.03 for key, path in PATHS.items())


def test_the_model_fits_its_own_population() -> None:
    """SRMR of PLSc is 0, saturated and estimated; with the components' own paths the stages are no restriction."""
    items, _ = population()
    estimate = estimate_pls(of_population(list(items)), items, tolerance=1e-12)
    assert approximate_fit(estimate)["plsc"].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    free = estimate_pls(of_population(list(items)).first_stage(), items, tolerance=1e-12)
    assert approximate_fit(free)["plsc"].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)


def test_without_measurement_error_pls_recovers_it_too() -> None:
    """Single items without error: the composites are those of the population."""
    items, weights = population()
    keys = ["info", "brand", "quality", "price", "satisfaction", "loyalty"]
    L = np.kron(np.eye(6), np.array([[0.9], [0.75], [0.6]]))
    R = items.corr().to_numpy()
    Q = np.linalg.pinv(L) @ (R - np.diag(1 - np.diag(L @ L.T))) @ np.linalg.pinv(L).T
    base = np.random.default_rng(2).normal(size=(300, 6))
    base -= base.mean(axis=0)
    base = base @ np.linalg.inv(np.linalg.cholesky(np.cov(base.T))).T @ np.linalg.cholesky(Q).T
    answers = pd.DataFrame(base, columns=[f"{key}_1" for key in keys])
    lines = [f"{key} =~ {key}_1" for key in keys]
    spec = model("\n".join([*lines, "before <~ info + brand", "during <~ quality + price",
                            "satisfaction ~ before + during", "loyalty ~ satisfaction"]))  # fmt: skip
    for estimator in ("pls", "plsc"):
        estimate = estimate_pls(spec, answers, tolerance=1e-12)
        assert numbers(estimate.only("paths", estimator), "predictor", "outcome") == pytest.approx(PATHS, abs=1e-6)
        found = numbers(parts(estimate, estimator), "component")
        assert found == pytest.approx(weights, abs=1e-6)


def test_order_of_components_and_direction_of_items_mean_nothing() -> None:
    turned = mobi().assign(PERV1=11 - mobi()["PERV1"], PERV2=11 - mobi()["PERV2"])
    spec = model(STAGES)
    other = model(STAGES.replace("quality + price", "price + quality").replace("info + brand", "brand + info"))
    plain, swapped, reversed_ = estimate_pls(spec, mobi()), estimate_pls(other, mobi()), estimate_pls(spec, turned)
    for estimator in ("pls", "plsc"):
        first, second, third = (numbers(parts(e, estimator), "component") for e in (plain, swapped, reversed_))
        assert first == pytest.approx(second, abs=1e-7)
        assert third == pytest.approx(first | {"price": -first["price"]}, abs=1e-7)
        paths = [numbers(e.only("paths", estimator), "predictor", "outcome") for e in (plain, swapped, reversed_)]
        assert paths[0] == pytest.approx(paths[1], abs=1e-7)
        assert paths[0] == pytest.approx(paths[2], abs=1e-7)


def test_index_is_that_of_the_whole_composite() -> None:
    """Fornell et al. (1996): weights per unit of the rescaled items, summed through the components; drawn likewise."""
    estimate, bounds = stages(), pd.DataFrame(1, mobi().columns, ["min"]).assign(max=10)
    found = construct_index(estimate, bounds)[0].set_index("construct")
    keys, items = estimate.specification.keys, mobi()[estimate.specification.items]
    per_unit = estimate.composites[:, keys.index("during")] / items.std().to_numpy()
    rescaled = 100 * (items.mean().to_numpy() - 1) / 9
    assert found.loc["during", "estimate"] == pytest.approx((per_unit * rescaled).sum() / per_unit.sum(), abs=1e-10)
    low, high = found.loc[["quality", "price"], "estimate"].agg(["min", "max"])
    assert low < found.loc["during", "estimate"] < high
    drawn = index_draws(estimate, bounds)[keys.index("during")]
    limits = found.loc["during", ["ci_lower", "ci_upper"]].tolist()
    assert limits == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=1e-10)


def test_tables_of_measurement_are_of_constructs_with_items() -> None:
    estimate = stages()
    measured = [key for key in estimate.specification.keys if key not in ("before", "during")]
    assert list(reliability(estimate)["construct"]) == measured
    assert list(fornell_larcker(estimate)) == measured
    assert list(estimate.cross_loadings) == measured
    assert not set(item_validity(estimate)["other"]) & {"before", "during"}
    pairs = estimate.table("htmt")
    assert set(pairs["construct"]) | set(pairs["other"]) == set(measured)
    vif = collinearity(estimate).groupby("outcome")["predictor"].apply(list).to_dict()
    assert vif["during"] == ["before", "quality", "price"]


def test_drivers_are_compared_among_equals() -> None:
    """A stage is the sum of what its factors do, and would win by that."""
    estimate = stages()
    assert not set(estimate.leading("satisfaction")["predictor"]) & {"before", "during"}
    assert set(estimate.leading("satisfaction", second_order=True)["predictor"]) <= {"before", "during"}


def test_ten_rows_an_arrow_count_those_of_the_first_stage() -> None:
    """Four components lead to satisfaction in stage one, two constructs in stage two."""
    spec = of_population(list(population()[0]))
    assert len(spec.predictors_of("satisfaction")) == 2
    assert spec.most_arrows == 4


def test_a_covariance_structure_is_refused_in_one_sentence() -> None:
    with pytest.raises(EstimationError, match="composites of constructs \\(before, during\\)"):
        estimate_cbsem(model(STAGES), mobi())


def test_copies_among_components_are_refused_by_name() -> None:
    text = "a =~ x1 + x2\nb =~ y1 + y2\ns =~ CUSA1 + CUSA2\nw <~ a + b\ns ~ w"
    copied = mobi().assign(x1=mobi().PERQ1, x2=mobi().PERQ2, y1=mobi().PERQ1, y2=mobi().PERQ2)
    with pytest.raises(EstimationError, match=r"components of w \(a, b\) determine one another"):
        estimate_pls(model(text), copied, scheme="factorial")
    with pytest.raises(EstimationError, match="items that are copies"):
        estimate_pls(model(text), copied)


def test_segments_are_made_of_components() -> None:
    spec = bind_items(load_theory("staged_second_order"), {
        "brand": ["IMAG2", "IMAG3"], "quality_stability": ["PERQ1", "PERQ2"], "staff": ["PERQ3"],
        "satisfaction": ["CUSA1"], "loyalty": ["CUSL1", "CUSL3"],
    })  # fmt: skip
    assert list(benefit_constructs(spec, [])) == ["brand", "quality_stability", "staff"]
    with pytest.raises(SpecificationError, match="'during' is made of constructs"):
        benefit_constructs(spec, ["during"])


def test_a_negative_weight_of_a_component_is_told() -> None:
    text = STAGES.replace("during <~ quality + price", "during <~ quality + price + complaint\ncomplaint =~ CUSCO")
    codes = {c.code for c in estimate_pls(model(text), mobi().assign(CUSCO=-mobi()["CUSCO"])).cautions}
    assert "component_negative" in codes


def test_satisfaction_may_be_of_second_order_itself() -> None:
    """An outcome, with a moderated path out of it: the same as by hand."""
    text = """
        comp =~ comp_1 + comp_2 + comp_3
        overall =~ cusa
        liked =~ like_1 + like_2 + like_3
        cusl =~ cusl_1 + cusl_2 + cusl_3
        sc =~ switch_1 + switch_2
        sat <~ overall + liked
        sat ~ comp
        cusl ~ sat + sc + sat:sc
    """
    spec = model(text)
    found, by_hand = (make(spec, corp_rep()) for make in (estimate_pls, second_stage_by_hand))
    keys = ["predictor", "outcome"]
    assert numbers(found.only("paths"), *keys) == pytest.approx(numbers(by_hand.only("paths"), *keys), abs=1e-11)


def test_what_the_stage_lends_a_factor_is_told() -> None:
    """Four factors that correlate .5, one of which moves nobody: it has no path of its own, an effect by its stage."""
    weights = np.array([0.4, 0.3, 0.4, 0.0])
    Q = np.full((5, 5), 0.5)
    np.fill_diagonal(Q, 1.0)
    Q[4, :4] = Q[:4, 4] = Q[:4, :4] @ weights
    X = np.random.default_rng(6).normal(size=(400, 5))
    X -= X.mean(axis=0)
    X = X @ np.linalg.inv(np.linalg.cholesky(np.cov(X.T))).T @ np.linalg.cholesky(Q).T
    answers = pd.DataFrame(X, columns=[*"abcd", "s"])
    lines = [f"{key.upper()} =~ {key}" for key in answers]
    spec = model("\n".join([*lines, "first <~ A + B", "second <~ C + D", "S ~ first + second"]))
    estimate = bootstrap(estimate_pls(spec, answers), resamples=100, seed=1)
    ways = estimate.through.set_index("predictor")
    alone = numbers(estimate_pls(spec.first_stage(), answers).only("paths"), "predictor")
    assert ways["alone"].to_dict() == pytest.approx(alone, abs=1e-10)
    assert alone == pytest.approx(dict(zip("ABCD", weights, strict=True)), abs=1e-10)
    assert ways.loc["D", "ci_lower"] > 0.02
    told = {c.code: c.facts for c in estimate.cautions}
    assert told["component_assumed"] == {"components": ["D"], "outcome": "S"}


@pytest.mark.long
def test_an_empty_stage_is_established_too_often_in_small_samples() -> None:
    """What a report says of 250 respondents: about twice the level of .05 (3 binomial standard errors of .1 in 100)."""
    lines = [f"{key.upper()} =~ {key}" for key in "abcdefs"]
    spec = model("\n".join([*lines, "first <~ A + B + C", "second <~ D + E + F", "S ~ first + second"]))
    established = []
    for run in range(100):
        rng = np.random.default_rng([250, run])
        X = np.sqrt(0.4) * rng.normal(size=(250, 1)) + np.sqrt(0.6) * rng.normal(size=(250, 6))
        s = 0.25 * X[:, :3].sum(axis=1) + 0.7 * rng.normal(size=250)
        answers = pd.DataFrame(np.c_[X, s], columns=list("abcdefs"))
        booted = bootstrap(estimate_pls(spec, answers, cautions=False), resamples=200, seed=run, cautions=False)
        path = booted.only("paths").set_index("predictor").loc["second"]
        established.append(path.ci_lower > 0 or path.ci_upper < 0)
    assert abs(np.mean(established) - 0.1) < 3 * np.sqrt(0.1 * 0.9 / 100)
