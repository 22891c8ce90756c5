"""The bootstrap of a covariance structure: lavaan's χ² on its resamples, every resample kept, bounds held."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from covariance_cases import EXTRA, resample_counts
from estimate_cases import (
    answers,
    estimated,
    estimated_with_holes,
    implied_correlations,
    small_model,
    specification,
)

from crmresearch.errors import EstimationError
from crmresearch.resampling import bootstrap_rows
from crmresearch.sem.covariance.bootstrap import (
    CbBootstrap,
    as_if_true,
    bootstrap_cbsem,
    bootstrap_paths,
    fit_covariances,
)
from crmresearch.sem.covariance.estimate import estimate_cbsem

THEORIES = ["scsb", "acsi"]


@cache
def booted(theory: str, resamples: int = 1000, chunk: int = 50) -> CbBootstrap:
    return bootstrap_cbsem(estimated(theory), resamples=resamples, seed=1, chunk=chunk)


@cache
def refitted(theory: str, *, as_if: bool = False) -> tuple[np.ndarray, ...]:
    """χ², gradient, bounded, admissible and least variance of the committed resamples."""
    estimate = estimated(theory)
    X = as_if_true(estimate) if as_if else estimate.answers
    S = np.array([np.cov(X.T, fweights=counts, ddof=0) for counts in resample_counts()])
    theta, F, gradient, bounded, admissible = fit_covariances(estimate, S)
    return estimate.rows * F, gradient, bounded, admissible, theta[:, estimate.ram.variances].min(axis=1)


def lavaan(theory: str, column: str) -> np.ndarray:
    return np.array(EXTRA["resamples"][theory][column], dtype=np.float64)


@pytest.mark.parametrize("theory", THEORIES)
def test_chisq_of_admissible_resamples(theory: str) -> None:
    chisq, gradient, bounded, admissible, smallest = refitted(theory)
    assert (gradient < 1e-6).all()
    both = (lavaan(theory, "admissible") == 1) & admissible
    assert both.sum() >= {"scsb": 35, "acsi": 25}[theory]
    np.testing.assert_allclose(chisq[both], lavaan(theory, "chisq")[both], atol=1e-6)
    np.testing.assert_allclose(smallest[both], lavaan(theory, "smallest_variance")[both], atol=1e-4)
    assert not bounded[both & (lavaan(theory, "smallest_variance") > 0.01)].all()


@pytest.mark.parametrize("theory", THEORIES)
def test_chisq_of_bounded_resamples(theory: str) -> None:
    """lavaan's bounded χ², or a better minimum than lavaan's."""
    chisq, _, bounded, admissible, smallest = refitted(theory)
    reference = lavaan(theory, "bounded_chisq")
    assert (smallest >= 0).all()
    assert (chisq <= reference + 1e-3).all()
    np.testing.assert_allclose(chisq, reference, atol=1e-3)
    inadmissible = (lavaan(theory, "admissible") == 0) & (lavaan(theory, "converged") == 1)
    assert bounded[inadmissible].all()
    assert not admissible[inadmissible].any()


@pytest.mark.parametrize("theory", THEORIES)
def test_chisq_of_answers_made_to_fit(theory: str) -> None:
    chisq, _, _, admissible, _ = refitted(theory, as_if=True)
    assert admissible.sum() >= 30
    np.testing.assert_allclose(chisq[admissible], lavaan(theory, "bollen_stine")[admissible], atol=1e-3)


@pytest.mark.long
@pytest.mark.parametrize("theory", THEORIES)
def test_nearly_every_resample_ends_at_a_minimum(theory: str) -> None:
    """At least 99.5 % end with a projected gradient below 1e-6, and the shares say how."""
    boot = booted(theory)
    variances = boot.theta[:, estimated(theory).ram.variances]
    assert boot.converged.mean() >= 0.995
    assert (variances >= 0).all()
    assert not (boot.admissible & (variances <= 0).any(axis=1)).any()
    assert np.isfinite(boot.theta).all()
    assert np.isfinite(boot.chisq).all()
    shares = boot.shares().set_index("outcome")["share"]
    assert shares.sum() == pytest.approx(1)
    assert shares["bounded"] == pytest.approx({"scsb": 0.075, "acsi": 0.17}[theory], abs=0.02)


@pytest.mark.long
@pytest.mark.parametrize("theory", THEORIES)
def test_same_seed_same_numbers_whatever_the_chunk(theory: str) -> None:
    """To 8 digits: every resample goes its own way through the batch, from the same start values.

    Not by chance: the few resamples with several minima end in the same one, as the arithmetic of one resample does
    not depend on the others beside it.
    """
    whole = booted(theory, 200)
    for chunk in (20, 100):
        other = booted(theory, 200, chunk)
        np.testing.assert_allclose(other.theta, whole.theta, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(other.chisq, whole.chisq, rtol=1e-8)
        np.testing.assert_array_equal(other.bounded, whole.bounded)
        assert other.bollen_stine_p == whole.bollen_stine_p
    np.testing.assert_allclose(booted(theory).theta[:200], whole.theta, rtol=1e-8, atol=1e-8)
    assert not np.allclose(bootstrap_cbsem(estimated(theory), resamples=50, seed=2).theta, whole.theta[:50])


def test_a_resample_is_the_estimate_of_the_drawn_rows() -> None:
    """The rows that the PLS bootstrap draws, written out and estimated as a survey of their own."""
    boot = booted("scsb")
    rows = bootstrap_rows(250, 0, seed=1)
    for b in np.flatnonzero(boot.admissible[:50])[:5]:
        literal = estimate_cbsem(specification("scsb"), answers("scsb").iloc[rows[b]].reset_index(drop=True))
        assert boot.chisq[b] == pytest.approx(literal.chisq, abs=1e-6)
        np.testing.assert_allclose(boot.theta[b], literal.theta, atol=1e-5)


def test_a_step_to_a_nearly_singular_model_is_refused_not_fatal() -> None:
    """One trial step of this seed leads to a Σ that has a Cholesky factor and no inverse."""
    boot = bootstrap_cbsem(estimated("scsb"), resamples=1000, seed=20050101)
    assert boot.converged.mean() >= 0.995


@pytest.mark.parametrize("theory", ["scsb", "acsi", "reputation"])
def test_answers_made_to_fit(theory: str) -> None:
    """Their covariance is the model's, and so their χ² is 0 at the same estimates."""
    estimate = estimated(theory)
    fitting = as_if_true(estimate)
    covariance = np.cov(fitting.T, ddof=0)
    np.testing.assert_allclose(covariance, estimate.residual_moments[1], atol=1e-12)
    theta, F, gradient, _, _ = fit_covariances(estimate, covariance[None])
    assert estimate.rows * F[0] == pytest.approx(0, abs=1e-9)
    assert gradient[0] < 1e-8
    np.testing.assert_allclose(theta[0], estimate.theta, atol=1e-6)


@pytest.mark.long
def test_bollen_stine_of_a_true_and_of_a_wrong_model() -> None:
    """Ten samples of a model with skewed answers: its p-values spread over (0, 1); a wrong model's are small."""
    items = {"quality": ["q1", "q2", "q3"], "loyalty": ["l1", "l2", "l3"]}
    S = implied_correlations(items, {key: [0.8, 0.7, 0.6] for key in items}, np.array([[1, 0.5], [0.5, 1]]))
    model = small_model(items, [("quality", "loyalty")])
    crossed = small_model({"quality": ["q1", "q2", "l1"], "loyalty": ["q3", "l2", "l3"]}, [("quality", "loyalty")])
    root = np.linalg.cholesky(S.to_numpy()).T
    p = []
    for seed in range(10):
        draws = np.random.default_rng(seed).chisquare(5, (300, 6)) - 5
        sample = pd.DataFrame(draws @ root, columns=S.columns)
        p.append(bootstrap_cbsem(estimate_cbsem(model, sample), resamples=200).bollen_stine_p)
    assert 0.25 < np.median(p) < 0.75
    assert min(p) > 0.005
    assert bootstrap_cbsem(estimate_cbsem(crossed, sample), resamples=200).bollen_stine_p == pytest.approx(1 / 201)


@pytest.mark.parametrize("theory", ["scsb", pytest.param("acsi", marks=pytest.mark.long)])
def test_path_table(theory: str) -> None:
    estimate, boot = estimated(theory), booted(theory)
    table = bootstrap_paths(estimate, boot)
    columns = ["estimator", "group", "outcome", "predictor", "estimate", "standardized"]
    pd.testing.assert_frame_equal(table[columns], estimate.paths[columns])
    item = {"complaint_handling": "CUSCO"}
    for row in table.itertuples():
        label = f"{item.get(row.outcome, row.outcome)} ~ {item.get(row.predictor, row.predictor)}"
        draws = boot.theta[:, estimate.ram.labels.index(label)]
        assert row.se == pytest.approx(draws.std(ddof=1))
        assert (row.ci_lower, row.ci_upper) == pytest.approx(np.percentile(draws, [2.5, 97.5]))
        kept = draws[boot.admissible]
        assert (row.admissible_lower, row.admissible_upper) == pytest.approx(np.percentile(kept, [2.5, 97.5]))
        assert row.ci_lower < row.estimate < row.ci_upper
        assert row.standardized_lower < row.standardized < row.standardized_upper


def test_errors_are_those_of_the_sandwich() -> None:
    """Both allow for answers that are not normal; in 250 rows a few resamples with heavy tails widen the bootstrap."""
    ratio = bootstrap_paths(estimated("scsb"), booted("scsb"))["se"] / estimated("scsb", "robust").paths["se"]
    assert ratio.between(0.9, 1.5).all()


def test_a_singular_resample_leaves_the_others_alone() -> None:
    """Seven different rows cannot have covariances of twelve items of full rank; the samples beside them can."""
    estimate = estimated("scsb")
    S = np.cov(estimate.answers.T, ddof=0)
    singular = np.cov(estimate.answers[:7].T, ddof=0)
    alone, beside = fit_covariances(estimate, S[None]), fit_covariances(estimate, np.array([S, singular]))
    assert beside[1][0] == alone[1][0]


def test_holes_are_refused() -> None:
    with pytest.raises(EstimationError, match="complete answers"):
        bootstrap_cbsem(estimated_with_holes("scsb"), resamples=50)


def test_resamples_that_do_not_converge_are_owned_up_to() -> None:
    boot = bootstrap_cbsem(estimated("scsb"), resamples=20, seed=1)
    assert replace(boot, gradient=np.zeros(20)).cautions == []
    (caution,) = replace(boot, gradient=np.array([1.0, *[0.0] * 19])).cautions
    assert (caution.code, caution.facts["share"]) == ("cb_unconverged_resamples", pytest.approx(0.05))
