"""Clusters within strata: whom a resample draws, with what variance, and what a jackknife leaves out."""

from itertools import product

import numpy as np
import pytest

from crmresearch.resampling import DRAWS_PER_SEED, bootstrap_counts, resampled_rows
from crmresearch.sampling_design import SamplingDesign

STRATA = np.repeat(["north", "south", "west"], [5, 7, 8])
CLUSTERS = np.array([1, 1, 2, 2, 2, 1, 1, 2, 3, 3, 3, 3, 9, 9, 8, 8, 8, 7, 7, 6])  # 1 and 2 in two strata
DESIGN = SamplingDesign.of(STRATA, CLUSTERS)


def test_a_label_of_another_stratum_is_another_cluster() -> None:
    assert (DESIGN.clusters, DESIGN.strata, DESIGN.degrees_of_freedom) == (9, 3, 6)
    assert np.bincount(DESIGN.cluster).tolist() == [2, 3, 2, 1, 4, 1, 2, 3, 2]
    assert DESIGN.size.tolist() == [2, 2, 3, 3, 3, 4, 4, 4, 4]


def test_without_clusters_every_row_is_one_and_without_strata_there_is_one() -> None:
    rows = SamplingDesign.of(STRATA, None)
    assert (rows.clusters, rows.strata) == (20, 3)
    assert (SamplingDesign.of(None, CLUSTERS).clusters, SamplingDesign.of(None, CLUSTERS).strata) == (7, 1)


def test_resamples_do_not_depend_on_the_order_of_rows() -> None:
    order = np.random.default_rng(1).permutation(20)
    shuffled = SamplingDesign.of(STRATA[order], CLUSTERS[order])
    (ours,), (theirs,) = (bootstrap_counts(20, 10, 3, design) for design in (DESIGN, shuffled))
    np.testing.assert_array_equal(ours[:, order], theirs)


def test_a_resample_holds_clusters_whole_and_one_fewer_than_a_stratum_has() -> None:
    counts = np.concatenate(list(bootstrap_counts(20, 120, 5, DESIGN)))
    assert counts.shape == (120, 20)
    first = np.unique(DESIGN.cluster, return_index=True)[1]
    np.testing.assert_array_equal(counts, counts[:, first][:, DESIGN.cluster])
    times = counts[:, first] * (DESIGN.size - 1) / DESIGN.size
    np.testing.assert_allclose(times, np.rint(times), atol=1e-12)
    for clusters in DESIGN.members:
        np.testing.assert_allclose(times[:, clusters].sum(axis=1), len(clusters) - 1)


def test_any_number_of_resamples_begins_with_the_same() -> None:
    few, many = (np.concatenate(list(bootstrap_counts(20, b, 5, DESIGN))) for b in (60, 3 * DRAWS_PER_SEED))
    np.testing.assert_array_equal(few, many[:60])


def test_parts_of_a_sample_are_resampled_with_all_of_it() -> None:
    chosen = np.flatnonzero(np.arange(20) % 3 == 0)
    (whole,), (part,) = bootstrap_counts(20, 10, 2, DESIGN), bootstrap_counts(7, 10, 2, DESIGN.rows(chosen))
    np.testing.assert_array_equal(whole[:, chosen], part)


def test_counts_have_the_moments_of_the_rescaled_bootstrap() -> None:
    # n_h − 1 draws of n_h, times n_h/(n_h − 1): mean 1, variance 1, covariance −1/(n_h − 1) within a stratum, else 0
    counts = DESIGN.resampled(np.random.default_rng(8), 40_000)
    drawn = counts[:, np.unique(DESIGN.cluster, return_index=True)[1]]
    same = DESIGN.stratum[:, None] == DESIGN.stratum[None, :]
    expected = np.where(same, -1 / (DESIGN.size - 1)[:, None], 0.0)
    np.fill_diagonal(expected, 1.0)
    np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.02)  # four standard errors
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.035)


def test_all_half_samples_have_exactly_the_linearised_variance() -> None:
    # two clusters a stratum: a resample takes one of them twice, and there are 2⁴ such resamples (McCarthy 1969)
    design = SamplingDesign.of(np.repeat(range(4), 2), np.arange(8))
    y = np.random.default_rng(3).normal(size=8)
    totals = [sum(2 * y[2 * h + taken] for h, taken in enumerate(half)) for half in product((0, 1), repeat=4)]
    assert design.covariance_of_total(y[:, None])[0, 0] == pytest.approx(np.var(totals), rel=1e-12)
    drawn = design.resampled(np.random.default_rng(1), 500)
    assert {tuple(row) for row in drawn} == {
        tuple(2.0 * (place == taken) for taken in half for place in (0, 1)) for half in product((0, 1), repeat=4)
    }


def test_rows_are_those_of_whole_clusters_as_many_as_a_stratum_has() -> None:
    times = []
    for rows in resampled_rows(20, 120, 5, DESIGN):
        held = np.bincount(rows, minlength=20)
        first = held[np.unique(DESIGN.cluster, return_index=True)[1]]
        np.testing.assert_array_equal(held, first[DESIGN.cluster])
        assert np.bincount(DESIGN.stratum, first).tolist() == [2, 3, 4]
        times.append(first)
    np.testing.assert_allclose(np.mean(times, axis=0), 1, atol=0.35)  # four standard errors


def test_rows_of_no_design_are_those_of_the_bootstrap() -> None:
    counts = np.concatenate(list(bootstrap_counts(20, 60, 5)))
    np.testing.assert_array_equal([np.bincount(rows, minlength=20) for rows in resampled_rows(20, 60, 5)], counts)


def test_the_jackknife_has_the_linearised_variance_of_a_total() -> None:
    values = np.random.default_rng(4).normal(size=(20, 2))
    deleted = np.concatenate(list(DESIGN.deleted(4)))
    assert deleted.shape == (9, 20)
    totals = deleted @ values
    deviation = totals - values.sum(axis=0)
    shares = (DESIGN.size - 1) / DESIGN.size  # JKn: Σ_h (n_h − 1)/n_h Σ_i (θ_(hi) − θ)²
    np.testing.assert_allclose((shares * deviation.T) @ deviation, DESIGN.covariance_of_total(values), rtol=1e-12)


def test_many_clusters_are_dealt_to_groups_within_their_strata() -> None:
    design = SamplingDesign.of(np.repeat(["a", "b"], [300, 10]), np.arange(310))
    coarse = design.coarsened(50, 1)
    assert coarse.clusters == 48 + 2
    np.testing.assert_array_equal(coarse.stratum[coarse.cluster], design.stratum[design.cluster])
    assert np.bincount(coarse.cluster).tolist() == [7] * 12 + [6] * 36 + [5, 5]
    assert design.coarsened(310, 1) is design


def test_clusters_of_which_a_part_has_no_rows_are_zeros_of_it() -> None:
    values = np.random.default_rng(6).normal(size=(20, 1))
    chosen = CLUSTERS != 8
    part = DESIGN.rows(chosen)
    within = np.where(chosen[:, None], values, 0.0)
    np.testing.assert_allclose(part.covariance_of_total(values[chosen]), DESIGN.covariance_of_total(within), rtol=1e-12)
    assert (part.clusters, part.degrees_of_freedom) == (8, 5)


def test_rows_of_one_cluster_were_drawn_one_by_one() -> None:
    part = DESIGN.rows(DESIGN.cluster == 4)
    assert (part.clusters, part.strata) == (4, 1)
    assert DESIGN.rows(DESIGN.cluster == 2).clusters == 2
    assert DESIGN.rows(DESIGN.cluster == 3).clusters == 1  # a single row
