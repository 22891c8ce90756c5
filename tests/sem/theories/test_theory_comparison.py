"""Theories are compared on the same rows and resamples: right numbers, and differences only where there are some."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from design_cases import reference_design
from theory_cases import survey_of, theory

from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.errors import SpecificationError
from crmresearch.models.specification import bind
from crmresearch.models.theory import Theory, load_theory
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.index import construct_index
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.theories.theory_comparison import TheoryComparison, compare_elsewhere, compare_theories

KEYS = ["scsb", "acsi", "ecsi", "staged"]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey("ecsi_mobile")


@pytest.fixture(scope="module")
def found(survey: Survey) -> TheoryComparison:
    return compare_theories([load_theory(key) for key in [*KEYS, "ncsb"]], survey, resamples=200, seed=7)


def verdicts(survey: Survey, first: Theory, second: Theory, weights: dict[str, float], runs: int) -> pd.DataFrame:
    """The difference of two theories in `runs` samples of 120 whose satisfaction is made with these weights."""
    rows = []
    for run in range(runs):
        rng = np.random.default_rng([11, run])
        causes = {key: rng.normal(size=120) for key in weights}
        made = sum(weight * causes[key] for key, weight in weights.items()) + 0.7 * rng.normal(size=120)
        sample = survey_of(survey, {**causes, "satisfaction": np.asarray(made)}, rng)
        rows.append(compare_theories([first, second], sample, resamples=100, seed=run).differences.iloc[0])
    return pd.DataFrame(rows)


def test_numbers_are_those_of_each_theory_alone(survey: Survey, found: TheoryComparison) -> None:
    """Mobile data have no gap, so that the rows are the same as in a report on one theory."""
    assert list(found.estimates) == KEYS
    for key in KEYS:
        spec = bind(load_theory(key), survey.codebook)
        alone = bootstrap(estimate_pls(spec, survey.items[spec.items]), resamples=200, seed=7)
        for table in ("paths", "r_squared", "total_effects", "loadings"):
            pd.testing.assert_frame_equal(getattr(found.estimates[key], table), getattr(alone, table))
        index = construct_index(alone, survey.bounds)[0].set_index("construct")["estimate"]
        own = found.indices.query("theory == @key").set_index("aim")["estimate"]
        assert own["satisfaction"] == index["satisfaction"]
        structure = estimate_cbsem(spec, survey.items[spec.items])
        step = structure.paths.query("predictor == 'satisfaction' and outcome == 'loyalty'")["standardized"].item()
        told = found.steps.query("theory == @key and effect == 'direct' and estimator == 'cbsem'")["estimate"].item()
        assert told == pytest.approx(step, abs=1e-12)


def test_sizes_and_fit_of_scsb_are_those_of_lavaan(found: TheoryComparison) -> None:
    """SCSB has 29 free parameters; what fails the gate has no fit."""
    sizes = found.sizes.set_index("theory")
    assert sizes.loc["scsb", ["parameters", "df"]].tolist() == [29, 12 * 13 // 2 - 29]
    assert sizes.loc[["ecsi", "staged"], "cfi"].isna().all()


def test_adjusted_share_is_that_of_a_regression_of_the_scores(found: TheoryComparison) -> None:
    for row in found.explained.itertuples():
        estimate = found.estimates[row.theory]
        predictors = estimate.specification.predictors_of(row.outcome)
        fit = sm.OLS(estimate.scores[row.outcome], sm.add_constant(estimate.scores[predictors])).fit()
        assert row.adjusted == pytest.approx(fit.rsquared_adj, abs=1e-9)
        assert row.r_squared == pytest.approx(fit.rsquared, abs=1e-9)


def test_components_count_as_arrows_in_the_place_of_their_construct(survey: Survey) -> None:
    """Of eight factors, whose weights are fitted too: by three arrows the stages would seem better than the factors."""
    keys = ["staged", "staged_second_order", "staged_chain"]
    found = compare_theories([load_theory(key) for key in keys], survey, resamples=20)
    rows = found.explained.query("aim == 'satisfaction'").set_index("theory")
    assert rows["predictors"].to_dict() == {"staged": 8, "staged_second_order": 8, "staged_chain": 3}
    by_hand = 1 - (1 - rows["r_squared"]) * 249 / (249 - rows["predictors"])
    assert rows["adjusted"].tolist() == pytest.approx(by_hand.tolist(), abs=1e-12)
    assert rows.loc[keys, "adjusted"].is_monotonic_decreasing
    assert found.sizes["paths"].tolist() == [9, 4 + 8 - 3, 4 + 8 - 3]
    assert found.failures.keys() == {"staged_second_order", "staged_chain"}


def test_other_surveys_are_compared_or_left_out_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, survey: Survey
) -> None:
    """Reputation data bind none of these theories; a survey that is not here is no error."""
    monkeypatch.setenv("CRMRESEARCH_DATA", "")
    pair = [load_theory(key) for key in ("scsb", "acsi")]
    found, left_out = compare_elsewhere(
        pair, ["ecsi_mobile", "acsi_2015", "corporate_reputation"], resamples=20, seed=7
    )
    assert [one.survey.codebook.key for one in found] == ["ecsi_mobile"]
    pd.testing.assert_frame_equal(found[0].steps, compare_theories(pair, survey, resamples=20, seed=7).steps)
    assert left_out["acsi_2015"] == ""
    assert "none can be used with corporate_reputation" in left_out["corporate_reputation"]


def test_what_does_not_bind_is_left_out_by_name(found: TheoryComparison) -> None:
    assert [(one.key, "'price'" in why) for one, why in found.left_out] == [("ncsb", True)]


def test_fewer_than_two_are_refused(survey: Survey) -> None:
    with pytest.raises(SpecificationError, match=r"only one can be used with ecsi_mobile.*ncsb"):
        compare_theories([load_theory("ncsb"), load_theory("acsi")], survey)
    with pytest.raises(SpecificationError, match="two of them have the key 'acsi'"):
        compare_theories([load_theory("acsi")] * 2, survey)


def test_rows_are_complete_on_the_items_of_all(survey: Survey) -> None:
    """IMAG1 is no item of ACSI, and a gap in it takes the row from ACSI too."""
    items = survey.items.copy()
    items.iloc[:10, items.columns.get_loc("IMAG1")] = np.nan
    found = compare_theories([load_theory("acsi"), load_theory("ecsi")], dataclasses.replace(survey, items=items),
                             resamples=20)  # fmt: skip
    assert {one.sample.n for one in found.estimates.values()} == {240} == {found.complete.rows_used}


def test_a_theory_says_why_it_has_no_number(survey: Survey) -> None:
    short = theory("short", ["quality"])
    found = compare_theories([short, theory("whole", ["quality"], loyalty=True)], survey, resamples=20)
    assert found.explained.query("aim == 'loyalty'").set_index("theory")["reason"].to_dict() == {
        "short": "no_aim", "whole": "",
    }  # fmt: skip
    assert found.steps.query("theory == 'short'")["reason"].tolist() == ["no_aim", "no_aim"]
    assert found.indices.query("theory == 'short' and aim == 'loyalty'")["reason"].item() == "no_aim"
    assert found.ranked("loyalty") == ["whole"]


def test_satisfaction_by_other_items_is_not_compared(survey: Survey) -> None:
    book = survey.codebook
    other = theory("other", ["quality"]).model_copy(
        update={"items": {book.key: {"quality": ("PERQ1",), "satisfaction": ("CUSA1",)}}}
    )
    both = [theory("one", ["quality"]), theory("two", ["value"])]
    found = compare_theories([other, *both], survey, resamples=20)
    assert set(found.ranked("satisfaction")) == {"one", "two"}
    assert len(found.differences) == 1


@pytest.mark.long
def test_equal_theories_are_not_told_apart_more_often_than_the_level(survey: Survey) -> None:
    """Two causes of equal weight, a theory of each: within 3 binomial standard errors of 5 % in 60 samples."""
    told = verdicts(survey, theory("a", ["a"]), theory("b", ["b"]), {"a": 0.5, "b": 0.5}, 60)
    rate = ((told["ci_lower"] > 0) | (told["ci_upper"] < 0)).mean()
    assert abs(rate - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 60)


@pytest.mark.long
def test_a_cause_that_is_none_does_not_explain_more(survey: Survey) -> None:
    """R² never falls by a cause more; that the larger theory explains more is told in 5 % of the samples at most."""
    larger = theory("larger", ["a", "noise", "more", "most"])
    told = verdicts(survey, theory("a", ["a"]), larger, {"a": 0.7, "noise": 0.0, "more": 0.0, "most": 0.0}, 40)
    assert (told["ci_lower"] > 0).mean() <= 0.05


@pytest.mark.long
def test_a_better_theory_is_told_apart(survey: Survey) -> None:
    told = verdicts(survey, theory("a", ["a"]), theory("b", ["b"]), {"a": 0.9, "b": 0.3}, 20)
    assert (told["theory"] == "a").all()
    assert (told["ci_lower"] > 0).mean() > 0.9


def test_differences_are_paired(survey: Survey, found: TheoryComparison) -> None:
    """Theories that share most of their chance have a narrower difference than unpaired resamples would give."""
    row = found.differences.query("aim == 'satisfaction' and theory == 'ecsi' and other == 'acsi'").iloc[0]
    shares = found.explained.query("aim == 'satisfaction'").set_index("theory")
    unpaired = np.hypot(*(shares.loc[["ecsi", "acsi"], "ci_upper"] - shares.loc[["ecsi", "acsi"], "ci_lower"]))
    assert row["ci_upper"] - row["ci_lower"] < unpaired / 3


def test_theories_of_a_sample_of_clusters_are_compared_on_resamples_of_clusters(survey: Survey) -> None:
    design = reference_design(survey.items)
    drawn = dataclasses.replace(survey, design=design)
    compared = compare_theories([load_theory(key) for key in KEYS[:2]], drawn, resamples=60, seed=7)
    plain = compare_theories([load_theory(key) for key in KEYS[:2]], survey, resamples=60, seed=7)
    for key in KEYS[:2]:
        alone = estimate_pls(bind(load_theory(key), survey.codebook), compared.complete.items, design=design)
        expected = bootstrap(alone, resamples=60, seed=7).paths
        pd.testing.assert_frame_equal(compared.estimates[key].paths, expected)
        structure = compared.structures[key]
        assert (structure.errors, plain.structures[key].errors) == ("robust", "standard")
        np.testing.assert_array_equal(structure.theta, plain.structures[key].theta)
