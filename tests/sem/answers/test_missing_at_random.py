"""Little's test: his identity, an EM of plain loops, uniform p when answers go missing at random, and what is not."""

import doctest

import numpy as np
import pandas as pd
import pytest
from holes_cases import holed_mobi
from scipy.stats import f_oneway, kstest

from crmresearch.errors import EstimationError
from crmresearch.sem.answers import missing_at_random
from crmresearch.sem.answers.missing_at_random import little_test

NAN = np.nan


def em(X: np.ndarray, steps: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Means and covariances as in the textbook: fill every row in by regression, add what is left of the variance."""
    mu, Sigma = np.nanmean(X, axis=0), np.diag(np.nanvar(X, axis=0))
    for _ in range(steps):
        filled, extra = X.copy(), np.zeros_like(Sigma)
        for row in filled:
            m = np.isnan(row)
            if m.any():
                B = Sigma[m][:, ~m] @ np.linalg.inv(Sigma[~m][:, ~m])
                row[m] = mu[m] + B @ (row[~m] - mu[~m])
                extra[np.ix_(m, m)] += Sigma[m][:, m] - B @ Sigma[~m][:, m]
        mu, before = filled.mean(axis=0), Sigma
        Sigma = (filled - mu).T @ (filled - mu) / len(X) + extra / len(X)
        if np.abs(Sigma - before).max() < 1e-13:
            break
    return mu, Sigma


def little_by_hand(X: np.ndarray) -> tuple[float, int]:
    mu, Sigma = em(X)
    Sigma = Sigma * len(X) / (len(X) - 1)
    groups: dict[tuple[bool, ...], list[np.ndarray]] = {}
    for row in X:
        groups.setdefault(tuple(~np.isnan(row)), []).append(row)
    statistic, df = 0.0, -X.shape[1]
    for answered, rows in groups.items():
        o = np.array(answered)
        d = np.mean(rows, axis=0)[o] - mu[o]
        statistic += len(rows) * d @ np.linalg.inv(Sigma[o][:, o]) @ d
        df += o.sum()
    return statistic, df


def holed(generator: np.random.Generator, n: int, p: int, share: float) -> np.ndarray:
    X = generator.normal(size=(n, 1)) + generator.normal(size=(n, p))
    X[generator.random((n, p)) < share] = NAN
    return X[~np.isnan(X).all(axis=1)]


def test_one_item_with_holes_gives_the_analysis_of_variance_of_the_other():
    generator = np.random.default_rng(4)
    X = generator.normal(size=(60, 2))
    X[:22, 1] = NAN
    F = f_oneway(X[:22, 0], X[22:, 0]).statistic
    found = little_test(pd.DataFrame(X, columns=["a", "b"]))
    assert found.chi2 == pytest.approx(59 * F / (58 + F), rel=1e-9)
    assert (found.df, found.patterns, found.rows, found.reason) == (1, 2, 60, None)


def test_by_hand():
    items = pd.DataFrame({"a": [1.0, 2, 3, 6], "b": [NAN, NAN, 2.0, 5.5]})
    with pytest.raises(EstimationError, match="do not determine the covariances"):
        little_test(items)  # two rows lie on a line
    items = pd.DataFrame({"a": [1.0, 2, 3, 6, 3], "b": [NAN, NAN, 2.0, 5.0, 4.0]})
    # a has mean 3 and variance 14/4; the means 1.5 of two rows and 4 of three: (2·1.5² + 3·1²) / 3.5
    assert little_test(items).chi2 == pytest.approx(7.5 / 3.5, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_an_em_of_plain_loops_gives_the_same(seed):
    X = holed(np.random.default_rng(seed), 80, 4, 0.15)
    found = little_test(pd.DataFrame(X, columns=list("abcd")))
    statistic, df = little_by_hand(X)
    assert found.chi2 == pytest.approx(statistic, rel=1e-7)
    assert found.df == df


def test_units_and_order_do_not_matter():
    items = holed_mobi().iloc[:, :6].astype(float)
    found, turned = little_test(items), little_test(items.iloc[::-1, ::-1] * 3.0 + 7.0)
    assert turned.chi2 == pytest.approx(found.chi2, rel=1e-7)
    assert turned.df == found.df
    assert found.p > 0.01  # these holes were made completely at random


@pytest.mark.long
def test_p_is_uniform_when_answers_are_missing_completely_at_random():
    generator = np.random.default_rng(8)
    p = [little_test(pd.DataFrame(holed(generator, 300, 3, 0.15), columns=list("abc"))).p for _ in range(150)]
    assert kstest(p, "uniform").pvalue > 0.01


def test_answers_that_go_missing_by_another_answer_are_found():
    X = np.random.default_rng(9).normal(size=(300, 3))
    X[X[:, 0] > 0.8, 2] = NAN
    assert little_test(pd.DataFrame(X, columns=list("abc"))).p < 1e-6


def test_rows_without_any_answer_are_left_out():
    items = pd.DataFrame(holed(np.random.default_rng(5), 60, 3, 0.2), columns=list("abc"))
    more = pd.concat([items, pd.DataFrame(NAN, index=[900, 901], columns=list("abc"))])
    assert little_test(more) == pytest.approx(little_test(items))


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ([1.0, 2, 4], [3.0, 1, 2], "No answer is missing."),
        ([NAN, NAN], [NAN, NAN], "There is no answer at all."),
        ([1.0, 2, NAN], [3.0, 1, NAN], "All rows with an answer have the same holes"),
    ],
)
def test_nothing_to_test_has_a_reason(a, b, reason):
    found = little_test(pd.DataFrame({"a": a, "b": b}))
    assert np.isnan([found.chi2, found.p]).all()
    assert found.df == 0
    assert found.reason is not None
    assert found.reason.startswith(reason)


def test_covariances_that_are_not_determined_are_refused():
    a = [1.0, 2, 3, 4, 5, 6]
    with pytest.raises(EstimationError, match="'b' has one and the same answer"):
        little_test(pd.DataFrame({"a": a, "b": [2.0, 2, 2, 2, 2, NAN]}))
    with pytest.raises(EstimationError, match="Nobody answered both"):
        little_test(pd.DataFrame({"a": [1.0, 2, 3, NAN, NAN, NAN], "b": [NAN, NAN, NAN, 1.0, 2, 3]}))
    with pytest.raises(EstimationError, match="'a' has no answer"):
        little_test(pd.DataFrame({"a": NAN, "b": a, "c": [NAN, 1.0, 3, 2, 5, 4]}))


def test_the_examples_run():
    result = doctest.testmod(missing_at_random)
    assert result.attempted
    assert not result.failed
