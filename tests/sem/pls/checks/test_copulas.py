"""Copula terms: R on the same scores and resamples by four rules, size and power on simulated answers, odd input."""

import numpy as np
import pandas as pd
import pytest
from model_check_cases import CHECKS, factor_answers, ours
from r_random import r_counts
from scipy.stats import norm
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation
from weight_cases import whole_weights

from crmresearch.errors import ParameterError
from crmresearch.sem.pls.checks.copulas import Rule, coefficients, copula_terms, copulas, with_terms
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate

RULES: tuple[Rule, ...] = ("mid_rank", "max_rank", "hult", "largest")
SAMPLES = 2000


@pytest.fixture(scope="module")
def estimate() -> PlsEstimate:
    return estimate_pls(ecsi(), mobi(), tolerance=1e-12, max_iterations=3000)


@pytest.mark.parametrize("rule", RULES)
def test_coefficients_and_errors_are_those_of_r(estimate: PlsEstimate, rule: Rule) -> None:
    scores, keys = estimate.scores.to_numpy(), estimate.specification.keys
    whole = with_terms(scores, np.ones((1, len(scores))), rule)
    drawn = None
    if rule in ("hult", "max_rank"):  # which R resampled
        counts = r_counts(len(scores), SAMPLES, 123)
        drawn = np.concatenate([with_terms(scores, part, rule) for part in np.split(counts, 40)])
    for outcome, subsets in CHECKS["copulas"].items():
        x = [keys.index(key) for key in estimate.specification.predictors_of(ours(outcome))]
        for subset, found in subsets.items():
            of = [keys.index(ours(key)) for key in subset.split(",")]
            names = [*(keys[j] for j in x), *(f"c_{keys[j]}" for j in of)]
            regressors = np.array([*x, *(len(keys) + j for j in of)])
            expected = {ours(key): value for key, value in found[rule]["coefficients"].items()}
            point = coefficients(whole, keys.index(ours(outcome)), regressors)[0]
            np.testing.assert_allclose(point, [expected[name] for name in names], rtol=1e-9, atol=1e-11)
            if drawn is not None:
                errors = {ours(key): value for key, value in found[rule]["se"].items()}
                se = coefficients(drawn, keys.index(ours(outcome)), regressors).std(axis=0, ddof=1)
                np.testing.assert_allclose(se, [errors[name] for name in names], rtol=1e-9)


def test_normality_is_that_of_r(estimate: PlsEstimate) -> None:
    table = copulas(estimate, resamples=2).normality.set_index("construct")
    for name, expected in CHECKS["normality"].items():
        if ours(name) in table.index:
            found = table.loc[ours(name), ["distance", "skewness", "distinct"]].to_numpy(dtype=float)
            np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_counts_are_rows_repeated_and_order_does_not_matter(rule: Rule) -> None:
    values = np.array([3.0, 1.0, 2.0, 2.0, 5.0])
    counts = np.array([[1.0, 2.0, 0.0, 1.0, 3.0]])
    rows = np.repeat(values, counts[0].astype(int))
    of_rows = dict(zip(rows, copula_terms(rows, np.ones((1, 7)), rule)[0], strict=True))
    counted = copula_terms(values, counts, rule)[0][[0, 1, 3, 4]]
    np.testing.assert_allclose(counted, [of_rows[value] for value in (3.0, 1.0, 2.0, 5.0)], rtol=1e-14)


def test_a_turned_scale_turns_the_terms_of_middle_ranks() -> None:
    values, counts = np.array([1.0, 2.0, 2.0, 4.0]), np.ones((1, 4))
    np.testing.assert_allclose(copula_terms(-values, counts), -copula_terms(values, counts), atol=1e-14)


def chain(rng: np.random.Generator, n: int, shared: float) -> pd.DataFrame:
    """x → y by 0.4 with a skewed x; `shared` is the correlation of the errors of y with the copula of x. Hardly an
    item has error, which would be endogeneity as well."""
    x = rng.exponential(size=n) - 1
    copula = norm.ppf(1 - np.exp(-(x + 1)))
    y = 0.4 * x + 0.7 * (shared * copula + np.sqrt(1 - shared**2) * rng.standard_normal(n))
    return factor_answers(rng, {"x": x, "y": y / y.std()}, [0.999, 0.998, 0.998])


def test_endogeneity_is_found_where_it_is() -> None:
    model = path_model({"x": ["x1", "x2", "x3"], "y": ["y1", "y2", "y3"]}, [("x", "y")])
    rng, found = np.random.default_rng(1), {}
    for shared in (0.0, 0.5):
        paths = [copulas(estimate_pls(model, chain(rng, 400, shared), cautions=False), resamples=100).paths
                 for _ in range(20)]  # fmt: skip
        found[shared] = pd.concat(paths)
    share = {shared: (table["verdict"] == "endogenous").mean() for shared, table in found.items()}
    assert share[0.0] <= 0.20
    assert share[0.5] >= 0.85
    truth = 0.4 / np.sqrt(0.4**2 + 0.7**2 + 2 * 0.4 * 0.7 * 0.5 * 0.903)  # E x Φ⁻¹(H(x)) = .903 of an exponential x
    assert abs(found[0.5]["corrected"].mean() - truth) < 0.05 < found[0.5]["estimate"].mean() - truth


def test_paths_are_those_of_the_estimate_and_say_why_they_are_not_tested(estimate: PlsEstimate) -> None:
    found = copulas(estimate, resamples=100, seed=2)
    paths = estimate.only("paths").set_index(["outcome", "predictor"])["standardized"]
    table = found.paths.set_index(["outcome", "predictor"])
    np.testing.assert_allclose(table["estimate"], paths[table.index], rtol=1e-9)
    assert table["verdict"].value_counts().to_dict() == {"normal": 6, "not_shown": 5, "few_values": 1}
    assert table.loc[("loyalty", "complaint_handling"), "verdict"] == "few_values"
    tested = table["verdict"] == "not_shown"
    assert (table["copula"].notna() == tested).all()
    assert (table["p_adjusted"] >= table["p_value"])[tested].all()
    pd.testing.assert_frame_equal(found.regressions, copulas(estimate, resamples=100, seed=2).regressions)


def test_whole_weights_are_rows_repeated() -> None:
    weights = whole_weights(mobi())
    repeated = mobi().loc[mobi().index.repeat(weights)].reset_index(drop=True)
    table = copulas(estimate_pls(ecsi(), mobi(), weights=weights), resamples=3, rule="largest").paths
    again = copulas(estimate_pls(ecsi(), repeated), resamples=3, rule="largest").paths
    np.testing.assert_allclose(table["estimate"], again["estimate"], rtol=1e-6)


def test_moderated_models_and_binary_items_are_told_apart_from_what_can_be_tested() -> None:
    moderated = copulas(estimate_pls(reputation(), corp_rep()), resamples=20)
    assert len(moderated.paths) == len(reputation().paths)
    binary = (mobi() > 7).astype(float)
    small = path_model({"a": ["CUSA1"], "b": ["CUSL1", "CUSL3"]}, [("a", "b")])
    assert copulas(estimate_pls(small, binary), resamples=20).paths["verdict"].tolist() == ["few_values"]
    with pytest.raises(ParameterError, match="The rule 'ecdf' is not known"):
        copulas(estimate_pls(small, binary), rule="ecdf")  # type: ignore[arg-type]
