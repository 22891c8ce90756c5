"""Importance and performance: the map of the ECSI data in R, the index, regressions by hand, resamples row by row."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sem_cases import path_model
from weight_cases import whole_weights

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.models.specification import Specification, bind
from crmresearch.models.theory import load_theory
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.importance import Importance, factors_of, importance_performance
from crmresearch.sem.index import construct_index

# R with the PLS weights of seminr 2.3.4, by the definition of Ringle & Sarstedt (2016): items on 0–100 by the ends of
# the scale, weights divided by the standard deviations of the items and normed to sum 1; tolerance 1e-10
R_MAP = {  # performance, total effect on satisfaction, on loyalty
    "image": (73.527981805516, 0.4146546179352, 0.6432214157619),
    "expectation": (72.473817549199, 0.4322749467185, 0.3413496675654),
    "quality": (74.976566900528, 0.6397952827152, 0.5052199039584),
    "value": (62.346757260157, 0.1382887773205, 0.109200934555),
}
R_INDEX = [72.454117930909, 70.91385356573]
SIZES = {"c1": 140, "c2": 70, "c3": 40}  # of which c3 is too few


@pytest.fixture(scope="module")
def mobile() -> tuple[Survey, Specification]:
    survey = load_survey("ecsi_mobile")
    return survey, bind(load_theory("ecsi"), survey.codebook)


def found_in(survey: Survey, specification: Specification, resamples: int = 60) -> Importance:
    keys = [key for key, size in SIZES.items() for _ in range(size)]
    segments = pd.Series(pd.Categorical(keys), index=survey.items.index[: len(keys)])
    complete = handle_missing(survey.items[specification.items], "listwise")
    return importance_performance(specification, survey, complete, segments, resamples=resamples, seed=1)


@pytest.fixture(scope="module")
def found(mobile: tuple[Survey, Specification]) -> Importance:
    return found_in(*mobile)


def test_everybody_is_the_importance_performance_map_of_r(found: Importance) -> None:
    expected = np.array([R_MAP[key] for key in found.factors])
    np.testing.assert_allclose(found.performance[0], expected[:, 0], atol=1e-6)
    np.testing.assert_allclose(found.importance[0], expected[:, 1:], atol=1e-8)
    np.testing.assert_allclose(found.index[0], R_INDEX, atol=1e-6)
    np.testing.assert_allclose(found.point, 100 / 9)
    assert list(found.aims) == ["satisfaction", "loyalty"]


def test_indices_and_their_intervals_are_those_of_the_index(
    found: Importance, mobile: tuple[Survey, Specification]
) -> None:
    for s, segment in enumerate(["all", "c1", "c2"]):
        rows = None if segment == "all" else np.repeat(list(SIZES), list(SIZES.values())) == segment
        index = construct_index(found.estimate, mobile[0].bounds, rows)[0].set_index("construct")
        for keys, points, draws in (
            (found.factors, found.performance, found.performance_draws),
            (list(found.aims.values()), found.index, found.index_draws),
        ):
            known = index.loc[keys]
            np.testing.assert_allclose(points[s], known["estimate"])
            limits = np.quantile(draws[s], [0.025, 0.975], axis=1).T
            np.testing.assert_allclose(limits, known[["ci_lower", "ci_upper"]])


def test_everybody_has_the_total_effects_of_the_estimate_in_other_units(
    found: Importance, mobile: tuple[Survey, Specification]
) -> None:
    """Points for points: standard deviations times those of the two indices, from the scores of every respondent."""
    weights = found.estimate.weights.query("estimator == 'pls'").set_index("item")
    rescaled = (found.estimate.items - 1) * 100 / 9
    raw = weights["standardized"] / rescaled.std()
    spread = {key: (rescaled[w.index] @ (w / w.sum())).std() for key, w in raw.groupby(weights["construct"])}
    totals = found.estimate.only("total_effects").set_index(["predictor", "outcome"])["estimate"]
    for f, key in enumerate(found.factors):
        for a, aim in enumerate(found.aims.values()):
            assert found.importance[0, f, a] == pytest.approx(totals[key, aim] * spread[aim] / spread[key])


def test_within_a_segment_effects_are_regressions_between_its_scores(found: Importance) -> None:
    weights = found.estimate.weights.query("estimator == 'pls'").set_index("item")
    rescaled = (found.estimate.items - 1) * 100 / 9
    raw = weights["standardized"] / rescaled.std()
    scores = pd.DataFrame({key: rescaled[w.index] @ (w / w.sum()) for key, w in raw.groupby(weights["construct"])})
    part = scores.iloc[140:210]  # c2

    def slopes(outcome: str, predictors: list[str]) -> dict[str, float]:
        X = np.column_stack([np.ones(len(part)), part[predictors]])
        return dict(zip(predictors, np.linalg.lstsq(X, part[outcome], rcond=None)[0][1:], strict=True))

    sat = slopes("satisfaction", ["image", "expectation", "quality", "value"])
    value = slopes("value", ["expectation", "quality"])
    quality, expectation = slopes("quality", ["expectation"]), slopes("expectation", ["image"])
    of_quality = sat["quality"] + value["quality"] * sat["value"]
    of_expectation = sat["expectation"] + quality["expectation"] * of_quality + value["expectation"] * sat["value"]
    of_image = sat["image"] + expectation["image"] * of_expectation
    np.testing.assert_allclose(found.importance[2, :, 0], [of_image, of_expectation, of_quality, sat["value"]])


def test_a_draw_is_what_the_rows_of_the_resample_give(found: Importance, mobile: tuple[Survey, Specification]) -> None:
    survey, specification = mobile
    counts = next(bootstrap_counts(250, 60, 1))[7].astype(int)
    again = survey.items.iloc[np.repeat(np.arange(250), counts)].reset_index(drop=True)
    keys = np.repeat(np.repeat(list(SIZES), list(SIZES.values())), counts)
    drawn = replace(survey, items=again)
    segments = pd.Series(pd.Categorical(keys), index=again.index)
    one = importance_performance(specification, drawn, handle_missing(again[specification.items], "listwise"), segments,
                                 resamples=2)  # fmt: skip
    np.testing.assert_allclose(found.importance_draws[1, :, :, 7], one.importance[1], rtol=1e-6)
    np.testing.assert_allclose(found.performance_draws[1, :, 7], one.performance[1], rtol=1e-6)


def test_numbers_do_not_change_with_the_scale_of_an_item(mobile: tuple[Survey, Specification]) -> None:
    survey, specification = mobile
    known, codebook = found_in(survey, specification, 20), survey.codebook
    items = {**codebook.items, "PERQ1": codebook.items["PERQ1"].model_copy(update={"min": -4.0, "max": 14.0})}
    answers = survey.items.assign(PERQ1=survey.items["PERQ1"] * 2 - 6)
    other = replace(survey, items=answers, codebook=codebook.model_copy(update={"items": items}))
    again = found_in(other, specification, 20)
    np.testing.assert_allclose(again.importance, known.importance)
    np.testing.assert_allclose(again.performance_draws, known.performance_draws)
    assert again.point[2] < known.point[2]  # a point of that item is a smaller part of its scale


def test_weights_that_are_whole_numbers_are_repeated_rows(mobile: tuple[Survey, Specification]) -> None:
    survey, specification = mobile
    weights = whole_weights(survey.items)
    weighted = found_in(replace(survey, weights=weights), specification, 2)
    again = survey.items.loc[survey.items.index.repeat(weights.astype(int))]
    keys = np.repeat(np.repeat(list(SIZES), list(SIZES.values())), weights.astype(int))
    again = again.reset_index(drop=True)
    repeated = importance_performance(
        specification, replace(survey, items=again), handle_missing(again[specification.items], "listwise"),
        pd.Series(pd.Categorical(keys), index=again.index), resamples=2,
    )  # fmt: skip
    assert weighted.segments == ["all", "c1", "c2"]
    np.testing.assert_allclose(weighted.importance, repeated.importance[:3], rtol=1e-6)
    np.testing.assert_allclose(weighted.index, repeated.index[:3], rtol=1e-9)


def test_a_segment_too_small_or_without_a_solution_is_named(mobile: tuple[Survey, Specification]) -> None:
    survey, specification = mobile
    assert found_in(survey, specification, 2).small == {"c3": 40}
    same = survey.items.assign(
        **{f"IMAG{i}": np.where(np.arange(250) < 140, 5, survey.items[f"IMAG{i}"]) for i in range(1, 6)}
    )
    found = found_in(replace(survey, items=same), specification, 2)
    assert (found.failed, found.segments) == (["c1"], ["all", "c2"])


def test_factors_are_what_leads_to_satisfaction_or_has_a_stage() -> None:
    staged = bind(load_theory("staged"), load_survey("ecsi_mobile").codebook)
    assert factors_of(staged)[:3] == ["searchable_information", "brand", "quality_stability"]
    assert len(factors_of(staged)) == 8
    chain = path_model({"a": ["a1"], "b": ["b1"], "satisfaction": ["s1"], "loyalty": ["l1"]},
                       [("a", "b"), ("b", "satisfaction"), ("satisfaction", "loyalty")])  # fmt: skip
    assert factors_of(chain) == ["a", "b"]


def test_what_has_a_negative_weight_is_refused() -> None:
    """A mode-B composite one of whose items is worth less than the other tells of it."""
    rng = np.random.default_rng(3)
    good, noise = rng.normal(size=(2, 400))
    answers = pd.DataFrame({"PERQ1": good + noise, "PERQ2": 0.3 * good + noise, "CUSA1": good})
    answers["CUSA1"] += 0.5 * rng.normal(size=400)
    answers["CUSL1"] = answers["CUSA1"] + rng.normal(size=400)
    specification = path_model(
        {"quality": ["PERQ1", "PERQ2"], "satisfaction": ["CUSA1"], "loyalty": ["CUSL1"]},
        [("quality", "satisfaction"), ("satisfaction", "loyalty")], {"quality": "composite_b"},
    )  # fmt: skip
    survey = replace(load_survey("ecsi_mobile"), items=(answers + 5).clip(1, 10))
    found = importance_performance(specification, survey, handle_missing(survey.items, "listwise"), resamples=5)
    assert found.refused == ["quality"]
    assert np.isnan(found.importance).all()
    assert np.isfinite(found.index).all()
