"""PLSpredict: R seminr's and cSEM's numbers on their folds, folds one by one by hand, and what cannot be foreseen."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from design_cases import reference_design
from prediction_cases import PREDICTED, TECHNIQUES, by_hand, held_model, reference_folds
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation
from seminr_oracle import seminr_estimate
from weight_cases import reference_weights

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.models.lavaan import model
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.moments import Sample, SampleWithGaps
from crmresearch.sem.pls.prediction.plspredict import Prediction, plspredict

SECOND_ORDER = """
    info =~ PERQ7 + PERQ3
    brand =~ IMAG2 + IMAG3 + IMAG5
    quality =~ PERQ1 + PERQ2 + PERQ5 + PERQ6
    price =~ PERV1 + PERV2
    satisfaction =~ CUSA1 + CUSA2 + CUSA3
    before <~ info + brand
    during <~ quality + price
    during ~ before
    satisfaction ~ before + during"""


@pytest.mark.parametrize("name", ["ecsi", "reputation"])
@pytest.mark.parametrize("antecedents", TECHNIQUES)
def test_errors_equal_those_of_seminr_on_its_folds(name: str, antecedents: str) -> None:
    reference = PREDICTED[name]
    found = plspredict(held_model(name), reference_folds(name), antecedents=antecedents)
    table = found.items.set_index("item")
    theirs = reference[TECHNIQUES[antecedents]]["PLS_out_of_sample"]
    linear = reference["lm_exogenous_indicators_with_intercept_own_R"]
    of = {
        "rmse": theirs["RMSE"], "mae": theirs["MAE"], "q2_predict": theirs["Q2_predict"],
        "rmse_linear": linear["RMSE"], "mae_linear": linear["MAE"],
        "rmse_mean": reference["mean_of_training_folds"]["RMSE"],
        "mae_mean": reference["mean_of_training_folds"]["MAE"],
    }  # fmt: skip
    assert list(table) == list(of)
    for column, printed in of.items():
        assert set(printed) == set(table.index)
        np.testing.assert_allclose(table[column], [printed[item] for item in table.index], atol=1e-12)
    rows = reference[TECHNIQUES[antecedents]]["PLS_out_of_sample_predictions_rows_1_to_5"]
    printed = [[rows[str(row)][item] for item in found.names] for row in range(1, 6)]
    np.testing.assert_allclose(found.foreseen.pls[:5], printed, atol=1e-12)


@pytest.mark.parametrize("antecedents", TECHNIQUES)
def test_errors_equal_those_of_csem_on_its_own_folds(antecedents: str) -> None:
    """cSEM centres the errors before it squares them for Q², which the papers do not."""
    reference = PREDICTED["ecsi_csem"]
    found = plspredict(held_model("ecsi"), np.array(reference["fold_of_row"]), antecedents=antecedents)
    theirs = pd.DataFrame(reference[antecedents]).T.loc[found.names]
    centred = 1 - found.errors("pls").var(axis=0) / found.errors("mean").var(axis=0)
    ours = np.column_stack([found.items[["mae", "rmse"]], centred])
    np.testing.assert_allclose(ours, theirs[["MAE_target", "RMSE_target", "Q2_predict"]], atol=2e-12)
    np.testing.assert_allclose(found.items["q2_predict"], theirs["Q2_predict"], atol=1e-4)


@pytest.mark.parametrize("antecedents", TECHNIQUES)
def test_forecasts_equal_those_of_python_seminr(antecedents: str) -> None:
    seminr = pytest.importorskip("seminr", reason="Python seminr, the test-only oracle, is not installed")
    spec, answers = ecsi(), mobi()
    fitted = seminr_estimate(seminr, spec, answers)
    technique = seminr.predict_DA if antecedents == "direct" else seminr.predict_EA
    theirs = seminr.predict_pls(fitted, technique=technique, no_folds=5, ordering=list(range(250))).items
    found = plspredict(estimate_pls(spec, answers), np.repeat(np.arange(5), 50), antecedents=antecedents)
    table = theirs.pls_out_of_sample
    printed = np.array([[table.get(row, item) for item in found.names] for row in table.rows])
    np.testing.assert_allclose(found.foreseen.pls, printed, atol=1e-10)


LABELS = np.arange(250) % 3 % 2


@pytest.mark.parametrize("antecedents", TECHNIQUES)
@pytest.mark.parametrize("case", ["weighted", "second_order", "single_items", "raw"])
def test_forecasts_equal_folds_one_by_one(case: str, antecedents: str) -> None:
    answers, options, spec = mobi(), dict[str, Any](), ecsi()
    if case == "weighted":
        options["weights"] = reference_weights(answers)
    elif case == "raw":
        options["metric"] = "raw"
    elif case == "second_order":
        spec = model(SECOND_ORDER)
    else:
        spec = path_model({"a": ["IMAG1"], "b": ["PERQ1"], "c": ["CUSA1"]}, [("a", "b"), ("b", "c")])
    found = plspredict(estimate_pls(spec, answers, **options), LABELS, antecedents=antecedents)  # type: ignore[arg-type]
    hand = by_hand(spec, answers, LABELS, antecedents, **options)
    np.testing.assert_allclose(found.foreseen.pls, hand[found.names], atol=1e-9)
    if case == "second_order":
        assert {"PERQ1", "PERV1", "CUSA1"} <= set(found.names)
        assert "IMAG2" not in found.names


@pytest.mark.parametrize("antecedents", TECHNIQUES)
def test_a_product_follows_from_its_factors(antecedents: str) -> None:
    """Python seminr 0.2.1 applies its path per unit of the product to the standardised product; this does not."""
    answers = corp_rep()
    labels = np.arange(len(answers)) % 2
    found = plspredict(estimate_pls(reputation(), answers), labels, antecedents=antecedents)  # type: ignore[arg-type]
    hand = by_hand(reputation(), answers, labels, antecedents)
    np.testing.assert_allclose(found.foreseen.pls, hand[found.names], atol=1e-9)


def test_repeats_average_forecasts_and_a_seed_gives_the_same() -> None:
    estimate = held_model("ecsi")
    found = plspredict(estimate, 5, repeats=3, seed=4)
    each = [plspredict(estimate, labels).foreseen for labels in found.folds]
    for by in ("pls", "linear", "mean"):
        average = np.mean([getattr(one, by) for one in each], axis=0)
        np.testing.assert_allclose(getattr(found.foreseen, by), average, atol=1e-12)
    again = plspredict(estimate, 5, repeats=3, seed=4)
    pd.testing.assert_frame_equal(found.items, again.items, check_exact=True)


def test_one_row_at_a_time() -> None:
    spec = path_model({"a": ["IMAG1", "IMAG2"], "b": ["CUSA1", "CUSA2"]}, [("a", "b")])
    answers = mobi()[spec.items].iloc[:12]
    found = plspredict(estimate_pls(spec, answers), 12)
    hand = by_hand(spec, answers, found.folds[0], "earliest")
    np.testing.assert_allclose(found.foreseen.pls, hand[found.names], atol=1e-9)


def holed() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    answers = mobi()[ecsi().items]
    return answers.mask(rng.random(answers.shape) < 0.05)


@pytest.fixture(scope="module")
def gaps() -> tuple[pd.DataFrame, Prediction]:
    answers = holed()
    estimate = estimate_pls(ecsi(), answers.fillna(answers.mean()))
    return answers, plspredict(estimate, LABELS, answers=answers)


def test_gaps_are_filled_from_the_rows_learned_from(gaps: tuple[pd.DataFrame, Prediction]) -> None:
    answers, found = gaps
    for fold in range(2):
        mean = answers[fold != LABELS].mean()
        whole = answers.fillna(mean)  # rows held out and learned from by the same means
        hand = by_hand(ecsi(), whole, fold == LABELS, "earliest")[fold == LABELS]
        np.testing.assert_allclose(found.foreseen.pls[fold == LABELS], hand[found.names], atol=1e-9)
    assert not found.cautions


def test_what_nobody_answered_is_no_error(gaps: tuple[pd.DataFrame, Prediction]) -> None:
    answers, found = gaps
    errors = (answers[found.names] - found.foreseen.pls).to_numpy()
    np.testing.assert_allclose(found.items["rmse"], np.sqrt(np.nanmean(errors**2, axis=0)))
    assert found.items.notna().all().all()


def test_moments_with_gaps_are_those_of_the_filled_sample() -> None:
    answers, rng = holed().to_numpy(), np.random.default_rng(1)
    counts = rng.integers(0, 3, (4, len(answers))).astype(float)
    found = SampleWithGaps(answers).moments(counts)
    for b, count in enumerate(counts):
        rows = np.repeat(answers, count.astype(int), axis=0)
        filled = Sample(np.where(np.isnan(rows), np.nanmean(rows, axis=0), rows))
        whole = filled.moments(np.ones((1, len(rows))))
        for mine, theirs in zip(found, whole, strict=True):
            np.testing.assert_allclose(mine[b], theirs[0], atol=1e-10)


@pytest.mark.parametrize("made", [Sample, SampleWithGaps])
def test_moments_without_a_part_are_those_of_the_other_rows(made: type[Sample]) -> None:
    """A huge number in a part leaves no trace: what is not added need not be taken away."""
    rng = np.random.default_rng(2)
    X, w = holed().fillna(5).to_numpy() + 1 / 3, rng.uniform(0.5, 2, 250)
    X[3, 2] = 1e5
    labels = rng.integers(0, 4, 250)
    labels[3] = 0
    parts = [np.flatnonzero(labels == fold) for fold in range(3)]  # rows of the last are in no part
    sample = made(X, w)
    found = sample.moments_without([parts, parts[:1]])
    counts = np.array([labels != fold for fold in (0, 1, 2, 0)]) * w
    others = X[labels != 0]
    centred = others - np.average(others, axis=0, weights=w[labels != 0])
    scatter = (centred.T * w[labels != 0]) @ centred
    for b in (0, 3):
        np.testing.assert_allclose(found.covariances[b], scatter / (counts[b].sum() - 1), rtol=1e-9, atol=1e-9)
    for mine, theirs in zip(found, sample.moments(counts), strict=True):
        np.testing.assert_allclose(mine[1:3], theirs[1:3], rtol=1e-9, atol=1e-9)


def test_a_product_needs_rows_whole_and_says_so() -> None:
    answers = corp_rep()
    holed = answers.mask(np.random.default_rng(1).random(answers.shape) < 0.01)
    spec = reputation()
    estimate = estimate_pls(spec, holed.fillna(holed.mean()))
    found = plspredict(estimate, 3, answers=holed)
    assert [caution.code for caution in found.cautions] == ["filled_before"]
    assert found.items.notna().all().all()


def test_folds_that_cannot_be_foreseen_are_told() -> None:
    answers = mobi().iloc[:80].copy()
    labels = np.arange(80) % 4
    answers["CUSCO"] = np.where(labels == 0, np.arange(80) % 10 + 1, 5.0)  # constant in what is learned for fold 0
    found = plspredict(estimate_pls(ecsi(), answers), labels)
    assert [(c.code, c.facts["count"], c.facts["rows"]) for c in found.cautions] == [("folds_failed", 1, 20)]
    assert np.isnan(found.foreseen.pls[labels == 0]).all()
    assert np.isfinite(found.foreseen.pls[labels != 0]).all()
    assert found.items.notna().all().all()
    halves = np.where(labels < 2, "x", "y")
    answers["CUSCO"] = np.where(np.arange(80) == 0, 1.0, 5.0)
    answers["CUSL2"] = np.where(np.arange(80) == 79, 1.0, 5.0)
    with pytest.raises(EstimationError, match="From none of the folds' other rows"):
        plspredict(estimate_pls(ecsi(), answers), halves)


def test_no_linear_model_is_no_verdict() -> None:
    answers = mobi()
    spec = path_model({"x": ["IMAG1", "copy"], "y": ["CUSA1", "CUSA2"]}, [("x", "y")])
    found = plspredict(estimate_pls(spec, answers.assign(copy=answers["IMAG1"])), 10)
    assert [(c.code, c.facts["count"]) for c in found.cautions] == [("linear_undefined", 10)]
    assert found.items["rmse_linear"].isna().all()
    assert list(found.constructs["verdict"]) == ["unknown"]


def test_verdicts_count_items_against_the_linear_model() -> None:
    found = plspredict(held_model("ecsi"), reference_folds("ecsi"), antecedents="direct")
    table, items = found.constructs.set_index("construct"), found.items.set_index("item")
    better = items["rmse"] < items["rmse_linear"]
    assert table.loc["satisfaction", ["items", "predicted", "better", "verdict"]].tolist() == [3, 3, 3, "high"]
    assert better[["CUSA1", "CUSA2", "CUSA3"]].all()
    assert table.loc["quality", ["better", "verdict"]].tolist() == [0, "none"]
    assert table.loc["loyalty", ["better", "measure", "verdict"]].tolist() == [2, "mae", "medium"]


def test_noise_is_not_foreseen() -> None:
    rng = np.random.default_rng(3)
    noise = pd.DataFrame(rng.normal(size=(200, 4)), columns=["a", "b", "c", "d"])
    spec = path_model({"x": ["a", "b"], "y": ["c", "d"]}, [("x", "y")])
    found = plspredict(estimate_pls(spec, noise), 10, repeats=5)
    assert (found.items["q2_predict"] < 0.02).all()
    assert found.constructs["verdict"].item() in ("none", "medium")


def test_known_error_is_recovered() -> None:
    """y = x + e measured without error: the error of forecasts is that of e, and Q² the share of x."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=4000)
    made = pd.DataFrame({"x": x, "y": 0.8 * x + 0.6 * rng.normal(size=4000)})
    spec = path_model({"a": ["x"], "b": ["y"]}, [("a", "b")])
    found = plspredict(estimate_pls(spec, made), 10).items.iloc[0]
    assert abs(found["rmse"] - 0.6) < 0.02
    assert abs(found["q2_predict"] - 0.64) < 0.02
    np.testing.assert_allclose(found["rmse"], found["rmse_linear"], atol=1e-12)  # both are the same regression


def test_clusters_are_held_out_together() -> None:
    answers = mobi()
    estimate = estimate_pls(ecsi(), answers, design=reference_design(answers))
    found = plspredict(estimate, 5)
    clusters = estimate.sample.design.cluster  # type: ignore[union-attr]
    assert all(len(set(found.folds[0][clusters == c])) == 1 for c in np.unique(clusters))


def test_impossible_options_are_told() -> None:
    with pytest.raises(ParameterError, match="antecedents='near' is not known"):
        plspredict(held_model("ecsi"), antecedents="near")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="other rows than the estimate"):
        plspredict(held_model("ecsi"), answers=holed().iloc[::-1])
