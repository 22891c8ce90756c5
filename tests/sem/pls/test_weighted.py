"""PLS with sampling weights: R survey's moments, whole weights are repeated rows, and a population is recovered."""

import numpy as np
import pandas as pd
import pytest
from sem_cases import corp_rep, ecsi, mobi, reputation
from weight_cases import WEIGHTED, reference_weights, whole_weights

from crmresearch.caution import SMALL_NUMBER
from crmresearch.errors import EstimationError
from crmresearch.models.lavaan import model
from crmresearch.models.specification import Specification
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.index import construct_index
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.measurement import collinearity, reliability

BOUNDS = pd.DataFrame({"min": 1, "max": 10}, index=mobi().columns)


@pytest.mark.parametrize(
    ("specification", "answers"),
    [(ecsi(), mobi()), (ecsi().with_measurement(quality="composite_b"), mobi()), (reputation(), corp_rep())],
    ids=["factors", "mode b", "moderation"],
)
@pytest.mark.parametrize("metric", ["standardised", "raw"])
def test_constant_weights_change_nothing(specification: Specification, answers: pd.DataFrame, metric: str) -> None:
    plain = estimate_pls(specification, answers, metric=metric)  # type: ignore[arg-type]
    constant = estimate_pls(specification, answers, metric=metric, weights=np.full(len(answers), 3.7))  # type: ignore[arg-type]
    for name in plain.quantities:
        np.testing.assert_allclose(constant.values(name), plain.values(name), rtol=0, atol=1e-12, err_msg=name)
    assert constant.cautions == plain.cautions


@pytest.mark.parametrize("scheme", ["path", "factorial", "centroid"])
def test_whole_weights_are_repeated_rows(scheme: str) -> None:
    answers, spec = mobi(), ecsi().with_measurement(value="composite_b")
    w = whole_weights(answers)
    ours = estimate_pls(spec, answers, weights=w, scheme=scheme)  # type: ignore[arg-type]
    repeated = estimate_pls(spec, answers.loc[answers.index.repeat(w)], scheme=scheme)  # type: ignore[arg-type]
    for name in ours.quantities:
        # a variance has the divisor n − 1, and n are rows
        factor = np.sqrt(250 / 249 * (w.sum() - 1) / w.sum()) if name == "deviations/pls" else 1.0
        np.testing.assert_allclose(ours.values(name), factor * repeated.values(name), rtol=0, atol=1e-10, err_msg=name)
    pd.testing.assert_frame_equal(reliability(ours), reliability(repeated), rtol=1e-10)
    pd.testing.assert_frame_equal(collinearity(ours), collinearity(repeated), rtol=1e-10)
    pd.testing.assert_frame_equal(construct_index(ours, BOUNDS)[0], construct_index(repeated, BOUNDS)[0], rtol=1e-10)


def test_the_product_of_a_moderation_is_weighted() -> None:
    answers = corp_rep()
    w = whole_weights(answers)
    ours = estimate_pls(reputation(), answers, weights=w)
    repeated = estimate_pls(reputation(), answers.loc[answers.index.repeat(w)])
    for name in ("standardized_paths/pls", "r_squared/pls", "loadings/pls"):
        np.testing.assert_allclose(ours.values(name), repeated.values(name), rtol=0, atol=1e-10, err_msg=name)
    # per unit of the product, whose deviation has the divisor n − 1 of rows: of 344 or of all repetitions
    np.testing.assert_allclose(ours.values("paths/pls"), repeated.values("paths/pls"), rtol=0.003)


def test_moments_are_those_of_r_survey() -> None:
    answers = mobi()
    estimate = estimate_pls(ecsi(), answers, weights=reference_weights(answers))
    printed = np.array([WEIGHTED["items"][item] for item in ecsi().items])
    np.testing.assert_allclose(estimate.values("means/pls"), printed[:, 0], rtol=1e-9)
    np.testing.assert_allclose(estimate.values("deviations/pls") ** 2, printed[:, 2], rtol=1e-9)


def test_bootstrap_errors_of_means_are_the_linearised_ones_of_r_survey() -> None:
    answers = mobi()
    estimate = estimate_pls(ecsi(), answers, weights=reference_weights(answers))
    errors = bootstrap(estimate, resamples=4000, seed=1).table("means")["se"]
    printed = np.array([WEIGHTED["items"][item] for item in ecsi().items])
    np.testing.assert_allclose(errors, printed[:, 1], rtol=0.05)  # 4000 resamples: a standard error of 1.1 %


def test_a_resample_carries_weights_along() -> None:
    answers = mobi()
    w = reference_weights(answers)
    estimate = bootstrap(estimate_pls(ecsi(), answers, weights=w), resamples=3, seed=4)
    assert estimate.resampling is not None
    (counts,) = bootstrap_counts(len(answers), 3, 4)
    for b in range(3):
        rows = np.repeat(np.arange(len(answers)), counts[b].astype(int))
        drawn = estimate_pls(ecsi(), answers.iloc[rows], weights=w.to_numpy()[rows])
        for name in ("paths/pls", "paths/plsc", "htmt/pls"):
            np.testing.assert_allclose(estimate.resampling.replicates[name][b], drawn.values(name), atol=1e-10)


def test_weights_undo_unequal_probabilities_of_selection() -> None:
    rng = np.random.default_rng(5)
    text = "sat =~ s1 + s2 + s3\nloy =~ l1 + l2 + l3\nloy ~ sat"
    sat = rng.normal(size=200_000)
    loy = 0.6 * sat + 0.8 * rng.normal(size=len(sat))
    errors = rng.normal(scale=0.75, size=(len(sat), 6))
    items = ["s1", "s2", "s3", "l1", "l2", "l3"]
    population = pd.DataFrame(np.c_[sat, sat, sat, loy, loy, loy] + errors, columns=items)
    chance = np.where(loy > 1, 0.2, 0.01)  # the loyal answer twenty times as often
    drawn = rng.random(len(sat)) < chance
    whole = estimate_pls(model(text), population)
    sample, weights = population[drawn], 1 / chance[drawn]
    weighted = bootstrap(estimate_pls(model(text), sample, weights=weights), resamples=300, seed=1)
    plain = bootstrap(estimate_pls(model(text), sample), resamples=300, seed=1)
    for table in ("means", "paths"):
        truth = whole.table(table)["estimate"]
        right, wrong = weighted.table(table), plain.table(table)
        assert ((right["estimate"] - truth).abs() / right["se"]).max() < 3.5
        assert ((wrong["estimate"] - truth).abs() / wrong["se"]).min() > 3.5


def test_scores_have_a_weighted_mean_of_0_and_the_index_weighs_rows_alike() -> None:
    answers = mobi()
    w = reference_weights(answers)
    estimate = estimate_pls(ecsi(), answers, weights=w)
    np.testing.assert_allclose(np.average(estimate.scores, axis=0, weights=w), 0, atol=1e-12)
    np.testing.assert_allclose(np.average(estimate.scores**2, axis=0, weights=w), 249 / 250, rtol=1e-12)
    index, everybody = (construct_index(estimate, BOUNDS, rows)[0]["estimate"] for rows in (None, np.ones(250, bool)))
    np.testing.assert_allclose(index, everybody, rtol=1e-12)


def test_few_rows_are_counted_as_rows_of_equal_weight() -> None:
    answers = mobi()
    w = np.ones(len(answers))
    w[:SMALL_NUMBER] = 1000.0  # nearly all that is known comes from 30 respondents
    assert "few_rows" in {c.code for c in estimate_pls(ecsi(), answers, weights=w).cautions}
    assert "few_rows" not in {c.code for c in estimate_pls(ecsi(), answers).cautions}


def test_rows_left_out_leave_their_weights_out() -> None:
    answers = mobi()
    w = reference_weights(answers)
    part = answers.iloc[10:200].sample(frac=1, random_state=1)
    by_label = estimate_pls(ecsi(), part, weights=w)
    by_place = estimate_pls(ecsi(), part, weights=w.loc[part.index].to_numpy())
    np.testing.assert_array_equal(by_label.values("paths/pls"), by_place.values("paths/pls"))
    with pytest.raises(EstimationError, match="190 rows"):
        estimate_pls(ecsi(), part, weights=w.to_numpy())
