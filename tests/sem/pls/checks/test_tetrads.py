"""Tetrads: R on the same resamples, which follow from the others, size and power on simulated answers, odd input."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from model_check_cases import CHECKS, factor_answers
from r_random import r_counts, r_sample
from sem_cases import corp_rep, ecsi, mobi, path_model
from weight_cases import whole_weights

from crmresearch.errors import ParameterError
from crmresearch.sem.pls.checks.tetrads import nonredundant_tetrads, tetrad_values, tetrads, vanishing
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.moments import Sample

BLOCKS = [(data, name) for data, blocks in CHECKS["tetrads"].items() for name in blocks]
TWO = path_model({"a": [f"a{i}" for i in range(1, 5)], "b": [f"b{i}" for i in range(1, 5)]}, [("a", "b")])


def test_rows_are_drawn_as_r_draws_them() -> None:
    assert (r_sample(250, 5, 123) + 1).tolist() == [159, 207, 179, 14, 195]  # set.seed(123); sample(250, 5, TRUE)


@pytest.mark.parametrize(("data", "name"), BLOCKS)
def test_tetrads_and_their_intervals_are_those_of_r(data: str, name: str) -> None:
    block = CHECKS["tetrads"][data][name]
    items = block["items"]
    sample = Sample({"ecsi": mobi, "reputation": corp_rep}[data]()[items].to_numpy())
    four = nonredundant_tetrads(len(items))
    assert [f"t({','.join(items[i] for i in row)})" for row in four] == list(block["tetrads"])
    point = tetrad_values(sample.moments(np.ones((1, sample.n))).covariances[0], four)
    drawn = tetrad_values(sample.moments(r_counts(sample.n, 5000, 123)).covariances, four)
    found = vanishing(point, drawn, 0.95)
    expected = pd.DataFrame(block["tetrads"]).T
    close = {"rtol": 1e-10, "atol": 1e-11}
    np.testing.assert_allclose(found["estimate"], expected["value"].astype(float), **close)
    np.testing.assert_allclose(found["estimate"] + found["bias"], expected["boot_mean"].astype(float), **close)
    np.testing.assert_allclose(found["se"], expected["se"].astype(float), **close)
    np.testing.assert_allclose(found[["ci_lower", "ci_upper"]], np.stack(expected["interval"].to_list()), **close)


def test_all_tetrads_of_five_items_are_those_of_r() -> None:
    items = CHECKS["tetrads"]["ecsi"]["Image"]["items"]
    named = [name[2:-1].split(",") for name in CHECKS["all_tetrads_of_image"]]
    four = np.array([[items.index(item) for item in row] for row in named])
    values = tetrad_values(np.cov(mobi()[items].T), four)
    np.testing.assert_allclose(values, list(CHECKS["all_tetrads_of_image"].values()), rtol=1e-11)


@pytest.mark.parametrize("m", [4, 5, 6, 8])
def test_no_tetrad_follows_from_the_others_and_all_follow_from_them(m: int) -> None:
    """Rank of the derivatives at a covariance of one factor: of the chosen, m(m − 3)/2, and no more of all."""
    load = np.linspace(0.5, 0.9, m)
    S = np.outer(load, load)
    rows, columns = np.triu_indices(m, 1)

    def rank(four: np.ndarray) -> int:
        slopes = []
        for i, j in zip(rows, columns, strict=True):
            step = np.zeros((m, m))
            step[i, j] = step[j, i] = 1e-4
            slopes.append((tetrad_values(S + step, four) - tetrad_values(S - step, four)) / 2e-4)
        return int(np.linalg.matrix_rank(np.array(slopes), tol=1e-7))

    everyone = [o for a, b, c, d in combinations(range(m), 4) for o in ((a, b, c, d), (a, b, d, c), (a, c, d, b))]
    chosen = nonredundant_tetrads(m)
    assert rank(chosen) == len(chosen) == m * (m - 3) // 2 == rank(np.array(everyone))


def test_one_factor_is_seldom_rejected_and_two_are() -> None:
    rng, rejected = np.random.default_rng(1), np.zeros((25, 2), dtype=bool)
    for row in rejected:
        one, other = rng.standard_normal((2, 300))
        answers = factor_answers(rng, {"a": one, "b": other})
        answers[["b1", "b2"]] += np.outer(rng.standard_normal(300), [0.7, 0.7])  # what two of the four share besides
        row[:] = tetrads(estimate_pls(TWO, answers, cautions=False), resamples=100).constructs["verdict"] == "rejected"
    assert rejected[:, 0].mean() <= 0.10
    assert rejected[:, 1].mean() >= 0.90


def test_what_a_construct_is_told() -> None:
    found = tetrads(estimate_pls(ecsi(), mobi()), resamples=200, seed=3)
    table = found.constructs.set_index("construct")
    assert table["tetrads"].to_dict() == {
        "image": 5, "expectation": 0, "quality": 14, "value": 0, "satisfaction": 0, "complaint_handling": 0,
        "loyalty": 0,
    }  # fmt: skip
    assert set(table.loc[table["items"] < 4, "verdict"]) == {"few_items"}
    assert table.loc["image", "verdict"] == "reflective"  # of quality p is near .05: 200 resamples do not decide
    assert len(found.tetrads) == 19
    again = tetrads(estimate_pls(ecsi(), mobi()), resamples=200, seed=3)
    pd.testing.assert_frame_equal(found.tetrads, again.tetrads)


def test_weights_that_are_whole_numbers_are_rows_repeated() -> None:
    weights = whole_weights(mobi())
    repeated = mobi().loc[mobi().index.repeat(weights)].reset_index(drop=True)
    weighted = tetrads(estimate_pls(ecsi(), mobi(), weights=weights), resamples=2).tetrads["estimate"]
    n, N = len(mobi()), len(repeated)
    again = tetrads(estimate_pls(ecsi(), repeated), resamples=2).tetrads["estimate"]
    # variances are divided by rows - 1 with weights of mean 1, by repetitions - 1 without
    np.testing.assert_allclose(weighted, again * ((N - 1) / N * n / (n - 1)) ** 2, rtol=1e-9)


def test_copies_of_one_item_have_nothing_that_does_not_vanish() -> None:
    rng = np.random.default_rng(1)
    answers = factor_answers(rng, dict(zip("ab", rng.standard_normal((2, 90)), strict=True)))
    answers[["a2", "a3", "a4"]] = np.outer(answers["a1"], [1.1, 0.3, 7.0])
    assert tetrads(estimate_pls(TWO, answers), resamples=50).constructs["verdict"][0] == "reflective"
    with pytest.raises(ParameterError, match="1 resamples"):
        tetrads(estimate_pls(TWO, answers), resamples=1)
