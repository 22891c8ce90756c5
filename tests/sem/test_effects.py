"""Effects along chains, f², mediation and simple slopes: the numbers of R, identities, and types only beyond chance."""

import numpy as np
import pandas as pd
import pytest
from estimate_cases import estimated
from prediction_cases import COVARIANCE, EFFECTS, NAMES, TIGHT, held_model
from scipy.stats import norm
from sem_cases import corp_rep, mobi, path_model, reputation

from crmresearch.errors import ParameterError
from crmresearch.models.lavaan import model
from crmresearch.sem.covariance.result import Errors
from crmresearch.sem.effects import Chains, effects_of, mediation_of, mediation_type
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.sem.pls.slopes import simple_slopes

TABLES = {
    "direct": "paths", "specific": "specific_indirect_effects",
    "indirect": "total_indirect_effects", "total": "total_effects",
}  # fmt: skip
SECOND_ORDER = """
    info =~ PERQ7 + PERQ3
    brand =~ IMAG2 + IMAG3 + IMAG5
    satisfaction =~ CUSA1 + CUSA2 + CUSA3
    loyalty =~ CUSL1 + CUSL2 + CUSL3
    before <~ info + brand
    satisfaction ~ before
    loyalty ~ satisfaction + before"""


def chain(row: object, names: dict[str, str]) -> str:
    through = row.through.split(" → ") if row.through else []  # type: ignore[attr-defined]
    return "->".join(names.get(key, key) for key in [row.predictor, *through, row.outcome])  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def booted() -> PlsEstimate:
    return bootstrap(held_model("ecsi"), resamples=200, seed=1)


@pytest.fixture(scope="module")
def moderated() -> PlsEstimate:
    return bootstrap(estimate_pls(reputation(), corp_rep(), **TIGHT), resamples=100, seed=1)


@pytest.mark.parametrize("kind", TABLES)
def test_effects_of_pls_equal_seminr(kind: str) -> None:
    table = effects_of(held_model("ecsi")).query("estimator == 'pls' and kind == @kind")
    found = {chain(row, NAMES): row.estimate for row in table.itertuples()}
    printed = EFFECTS["ecsi"][TABLES[kind]]
    assert set(found) == set(printed)
    np.testing.assert_allclose([found[key] for key in printed], list(printed.values()), atol=1e-12)


def test_f_squared_is_that_of_csem_on_the_scores() -> None:
    table = effects_of(held_model("ecsi")).query("estimator == 'pls' and kind == 'direct'")
    found = {chain(row, NAMES): row.f_squared for row in table.itertuples()}
    printed = EFFECTS["ecsi"]["f2_on_fixed_scores"]
    assert set(found) == set(printed)
    np.testing.assert_allclose([found[key] for key in printed], list(printed.values()), atol=1e-12)


def test_f_squared_with_a_product(moderated: PlsEstimate) -> None:
    table = effects_of(moderated).query("estimator == 'pls' and outcome == 'cusl' and f_squared.notna()")
    names = {"switching_cost": "SC", "cusa:switching_cost": "CUSA*SC"}
    found = {names.get(row.predictor, row.predictor.upper()): row.f_squared for row in table.itertuples()}
    printed = EFFECTS["reputation_moderated"]["f2_on_fixed_scores_second_stage"]
    assert {f"{key}->CUSL" for key in found} == set(printed)
    np.testing.assert_allclose(
        [found[key.removesuffix("->CUSL")] for key in printed], list(printed.values()), atol=1e-9
    )
    assert (table["f_squared_ci_lower"] <= table["f_squared_ci_upper"]).all()


@pytest.mark.parametrize("theory", ["scsb", "acsi"])
@pytest.mark.parametrize(("estimator", "errors"), [("ML", "standard"), ("MLR", "robust")])
def test_effects_of_covariance_structures_equal_lavaan(theory: str, estimator: str, errors: Errors) -> None:
    """lavaan stopped at a gradient of 1e-5 here: the totals, held to 1e-8 elsewhere, differ by as much."""
    table = effects_of(estimated(theory, errors))
    kinds = {"specific": "ind", "indirect": "indtot", "total": "total"}
    names = {**NAMES, "performance": "Value"}
    rows = {f"{kinds[row.kind]}: {chain(row, names)}": row for row in table.itertuples() if row.kind in kinds}
    printed = COVARIANCE[theory][estimator]["effects"]
    assert set(printed) <= set(rows)
    numbers = ["estimate", "se", "p_value", "standardized", "standardized_se"]
    found = np.array([[getattr(rows[key], number) for number in numbers] for key in printed])
    theirs = np.array(
        [[one[number] for number in ("est", "se", "p", "std_all", "std_all_se")] for one in printed.values()]
    )
    np.testing.assert_allclose(found, theirs, atol=6e-5)


def test_totals_are_those_of_the_estimates(booted: PlsEstimate) -> None:
    """Of PLS with their intervals, of covariance structures with their errors."""
    of_pls, keys = effects_of(booted), ["estimator", "predictor", "outcome"]
    for kind, prefix in (("total", ""), ("indirect", "indirect_")):
        both = of_pls[of_pls["kind"] == kind].merge(booted.total_effects, on=keys, suffixes=("", "_known"))
        for column in ("se", "ci_lower", "ci_upper", "p_value"):
            known = f"{prefix}{column}" if prefix else f"{column}_known"
            np.testing.assert_allclose(both[column], both[known], atol=1e-12)
    cb = estimated("acsi")
    both = effects_of(cb).query("kind == 'total'").merge(cb.total_effects, on=keys, suffixes=("", "_known"))
    for column in ("estimate", "se", "standardized", "standardized_se"):
        np.testing.assert_allclose(both[column], both[f"{column}_known"], atol=1e-12)


def test_an_effect_along_a_chain_is_resampled_as_a_product(booted: PlsEstimate) -> None:
    found = effects_of(booted).query("estimator == 'pls' and through == 'expectation → quality'")
    row = found.query("predictor == 'image' and outcome == 'satisfaction'").iloc[0]
    labels = booted.quantities["paths/pls"].labels
    place = {(a, b): i for i, (a, b) in enumerate(zip(labels["predictor"], labels["outcome"], strict=True))}
    drawn = booted.resampling.replicates["paths/pls"]  # type: ignore[union-attr]
    steps = [("image", "expectation"), ("expectation", "quality"), ("quality", "satisfaction")]
    product = np.prod([drawn[:, place[step]] for step in steps], axis=0)
    np.testing.assert_allclose([row["ci_lower"], row["ci_upper"]], np.quantile(product, [0.025, 0.975]))
    np.testing.assert_allclose(row["se"], product.std(ddof=1))


def test_an_effect_along_a_chain_has_the_bca_interval_of_a_product() -> None:
    """By hand: the product of two paths in the resamples, and in a fit of its own without every row."""
    answers = mobi().head(30)
    spec = path_model(
        {"image": ["IMAG1", "IMAG4"], "quality": ["PERQ1", "PERQ3"], "loyalty": ["CUSL1", "CUSL3"]},
        [("image", "quality"), ("quality", "loyalty"), ("image", "loyalty")],
    )
    estimate = bootstrap(estimate_pls(spec, answers), resamples=200, seed=1, interval="bca", confidence=0.9)
    effects = effects_of(estimate).query("estimator == 'pls'")
    labels = estimate.quantities["paths/pls"].labels
    first, second = (
        int(np.flatnonzero((labels["predictor"] == a) & (labels["outcome"] == y))[0])
        for a, y in (("image", "quality"), ("quality", "loyalty"))
    )

    def product(values: np.ndarray) -> np.ndarray:
        return values[..., first] * values[..., second]

    assert estimate.resampling is not None
    drawn = product(estimate.resampling.replicates["paths/pls"])
    point = product(estimate.values("paths/pls"))
    without = np.array([
        product(estimate_pls(spec, answers.drop(index=row)).values("paths/pls")) for row in answers.index
    ])  # fmt: skip
    influence = without.mean() - without
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    bias = norm.ppf((drawn < point).mean())
    z = bias + norm.ppf([0.05, 0.95])
    by_hand = np.quantile(drawn, norm.cdf(bias + z / (1 - acceleration * z)))
    found = effects.query("kind == 'specific'")[["ci_lower", "ci_upper"]].to_numpy()[0]
    np.testing.assert_allclose(found, by_hand, rtol=0, atol=1e-8)  # a fit is right within its stop rule
    assert not np.allclose(found, np.quantile(drawn, [0.05, 0.95]), rtol=0, atol=1e-3)
    for kind, table in (("direct", estimate.only("paths")), ("total", estimate.only("total_effects"))):
        both = effects[effects["kind"] == kind].merge(table, on=["predictor", "outcome"], suffixes=("", "_table"))
        assert len(both) == 3
        for end in ("ci_lower", "ci_upper", "se"):
            np.testing.assert_allclose(both[end], both[f"{end}_table"], rtol=0, atol=1e-12)


def test_components_work_through_their_construct() -> None:
    estimate = estimate_pls(model(SECOND_ORDER), mobi())
    table = effects_of(estimate).query("estimator == 'pls'")
    own = table.query("predictor == 'info' and outcome == 'loyalty'").set_index(["kind", "through"])["estimate"]
    assert list(own.index) == [
        ("specific", "before"), ("specific", "before → satisfaction"), ("indirect", ""), ("total", "")
    ]  # fmt: skip
    known = estimate.only("total_effects").query("predictor == 'info' and outcome == 'loyalty'")["estimate"].item()
    np.testing.assert_allclose(own[("total", "")], known)
    assert table.query("predictor == 'info' and outcome == 'before'").empty  # a weight, no effect


def test_chains_of_a_model_with_every_arrow() -> None:
    keys = "abcde"
    arrows = [(x, y) for i, x in enumerate(keys) for y in keys[i + 1 :]]
    chains = Chains(arrows)
    assert len(chains.chains) == sum(2 ** (i + 1) - 1 for i in range(4))  # every subset between two ends
    B = np.zeros((5, 5))
    values = np.random.default_rng(1).normal(size=len(arrows))
    for (x, y), value in zip(arrows, values, strict=True):
        B[keys.index(x), keys.index(y)] = value
    total = np.linalg.inv(np.eye(5) - B) - np.eye(5)
    found = chains.labels.assign(value=chains.values(values[None])[0]).query("kind == 'total'")
    for row in found.itertuples():
        np.testing.assert_allclose(row.value, total[keys.index(row.predictor), keys.index(row.outcome)])


def frame(direct: tuple[float, float, float], indirect: tuple[float, float, float]) -> pd.DataFrame:
    rows = [("direct", "", *direct), ("specific", "m", *indirect), ("indirect", "", *indirect)]
    table = pd.DataFrame(rows, columns=["kind", "through", "estimate", "ci_lower", "ci_upper"])
    return table.assign(estimator="pls", predictor="x", outcome="y")


@pytest.mark.parametrize(
    ("direct", "indirect", "told"),
    [
        ((0.3, 0.1, 0.5), (0.2, 0.1, 0.3), "complementary"),
        ((-0.3, -0.5, -0.1), (-0.2, -0.3, -0.1), "complementary"),
        ((-0.3, -0.5, -0.1), (0.2, 0.1, 0.3), "competitive"),
        ((0.3, -0.1, 0.5), (0.2, 0.1, 0.3), "indirect_only"),
        ((0.3, 0.1, 0.5), (0.2, -0.1, 0.3), "direct_only"),
        ((0.3, -0.1, 0.5), (0.2, -0.1, 0.3), "no_effect"),
        ((0.3, np.nan, np.nan), (0.2, 0.1, 0.3), "indirect_only"),  # without an interval nothing is beyond chance
    ],
)
def test_types_of_mediation(
    direct: tuple[float, float, float], indirect: tuple[float, float, float], told: str
) -> None:
    found = mediation_of(frame(direct, indirect))
    assert list(found["kind"]) == ["specific"]  # the only chain is all there is
    assert found["type"].item() == told
    assert mediation_type(1, 1) == "complementary"


def test_mediation_without_a_direct_path_is_not_tested(booted: PlsEstimate) -> None:
    found = mediation_of(effects_of(booted)).query("estimator == 'pls'")
    untested = found[found["type"] == "untested"]
    assert untested["direct"].isna().all()
    assert ("image", "quality") in set(zip(untested["predictor"], untested["outcome"], strict=True))
    tested = found[found["type"] != "untested"]
    assert set(zip(tested["predictor"], tested["outcome"], strict=True)) == {
        ("image", "satisfaction"), ("image", "loyalty"), ("expectation", "value"), ("expectation", "satisfaction"),
        ("quality", "satisfaction"), ("satisfaction", "loyalty"),
    }  # fmt: skip
    with pytest.raises(ParameterError, match="these effects have none; bootstrap"):
        mediation_of(effects_of(held_model("ecsi")))
    assert len(mediation_of(effects_of(estimated("acsi"))))


def test_a_planted_full_mediation_is_found() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=400)
    m = 0.6 * x + 0.8 * rng.normal(size=400)
    made = pd.DataFrame({"x": x, "m": m, "y": 0.6 * m + 0.8 * rng.normal(size=400)})
    spec = path_model({"a": ["x"], "b": ["m"], "c": ["y"]}, [("a", "b"), ("b", "c"), ("a", "c")])
    found = mediation_of(effects_of(bootstrap(estimate_pls(spec, made), resamples=200, seed=1))).iloc[0]
    assert found["type"] == "indirect_only"
    assert found["indirect_ci_lower"] < 0.36 < found["indirect_ci_upper"]


def test_simple_slopes_equal_seminr(moderated: PlsEstimate) -> None:
    found = simple_slopes(moderated).query("estimator == 'pls'").set_index("at")
    printed = EFFECTS["reputation_moderated"]["simple_slopes_CUSA_to_CUSL"]
    slopes = found["estimate"]
    np.testing.assert_allclose([slopes[-1.0], slopes[1.0]], [printed["minus_1_sd"], printed["plus_1_sd"]], atol=1e-9)
    middle = moderated.only("paths").query("predictor == 'cusa' and outcome == 'cusl'").iloc[0]
    known = ["estimate", "se", "ci_lower", "ci_upper", "p_value"]
    np.testing.assert_allclose(found.loc[0.0, known].astype(float), middle[known].astype(float), atol=1e-12)
    assert (found["ci_lower"] < found["estimate"]).all()


def test_no_moderation_no_slopes() -> None:
    assert simple_slopes(held_model("ecsi")).empty
