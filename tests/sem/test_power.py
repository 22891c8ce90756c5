"""Power over the size of the sample: the published tables of simple regression, and a population that is as stated."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from crmresearch.errors import ParameterError
from crmresearch.models.lavaan import model
from crmresearch.sem.power import Population, power_over_n, respondents

PAIR = model("x =~ x1\ny =~ y1\ny ~ x")
FULL = model(
    "a =~ a1 + a2 + a3\nb =~ b1 + b2 + b3 + b4\ns =~ s1 + s2 + s3\nc =~ c1\nl =~ l1 + l2 + l3\n"
    "s ~ a + b\nc ~ s\nl ~ s + b + c\n# moderation (two-stage): l ~ s:b"
)


@pytest.mark.slow
def test_cohens_table_of_correlations() -> None:
    # Cohen (1988), Statistical power analysis, table 3.4.1, two-sided .05: r = .30 needs 85 for .80 and 113 for .90
    power = power_over_n(PAIR, Population({("x", "y"): 0.3}), (60, 90, 130), replications=250, resamples=50)
    found = respondents(power[power["estimator"] == "pls"])
    for expected, n, error in zip((85, 113), found["n"], found["n_error"], strict=True):
        assert abs(n - expected) < 3 * error
        assert error < 10


@pytest.mark.slow
def test_a_path_of_zero_is_found_as_often_as_the_test_allows() -> None:
    power = power_over_n(PAIR, Population({}), [100], replications=200, resamples=50)
    assert (power["true"] == 0).all()
    assert abs(power["power"].iloc[0] - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 200)


def test_the_population_has_the_correlations_that_its_paths_imply() -> None:
    truth = Population({("a", "s"): 0.3, ("b", "s"): 0.2, ("s", "l"): 0.4, ("b", "l"): 0.1, ("s", "c"): -0.3})
    n = 100_000
    items = truth.answers(FULL, n, np.random.default_rng(1))
    assert list(items) == FULL.items
    R = items.corr()
    within = 4 / np.sqrt(n)
    loading = {3: np.sqrt(0.8 / (3 - 2 * 0.8)), 4: np.sqrt(0.8 / (4 - 3 * 0.8))}  # α = .8 of 3 and of 4 items
    a_s = 0.3 + 0.3 * 0.2
    b_s = 0.3 * 0.3 + 0.2
    assert R.loc["a1", "b1"] == pytest.approx(0.3 * loading[3] * loading[4], abs=within)
    assert R.loc["a1", "s2"] == pytest.approx(a_s * loading[3] ** 2, abs=within)
    assert R.loc["b1", "b2"] == pytest.approx(loading[4] ** 2, abs=within)
    assert R.loc["b3", "l1"] == pytest.approx((0.4 * b_s + 0.1) * loading[3] * loading[4], abs=within)
    assert R.loc["s1", "c1"] == pytest.approx(-0.3 * loading[3], abs=within)
    assert np.allclose(items.var(), 1, atol=0.02)
    b = items[["b1", "b2", "b3", "b4"]]
    alpha = 4 / 3 * (1 - b.var().sum() / b.sum(axis=1).var())
    assert alpha == pytest.approx(0.8, abs=0.005)


def test_a_moderation_is_the_change_of_its_path() -> None:
    truth = Population({("s", "l"): 0.3, ("b", "s"): 0.2}, {("s", "b", "l"): 0.2}, reliability=1.0)
    scores = truth.answers(FULL, 100_000, np.random.default_rng(2))
    s, b, y = (scores[item] for item in ("s1", "b1", "l1"))
    above, below = b > 1, b < -1
    slopes = [np.polyfit(s[part], y[part], 1)[0] for part in (above, below)]
    gap = b[above].mean() - b[below].mean()
    assert slopes[0] - slopes[1] == pytest.approx(0.2 * gap, abs=0.03)
    assert y.var() == pytest.approx(1, abs=0.02)


def test_yes_or_no_has_its_share() -> None:
    truth = Population({("s", "c"): -0.3}, incidence={"c": 0.15})
    items = truth.answers(FULL, 100_000, np.random.default_rng(3))
    assert set(items["c1"]) == {0.0, 1.0}
    assert items["c1"].mean() == pytest.approx(0.15, abs=0.005)
    assert items["s1"].corr(items["c1"]) < -0.1


def test_the_same_seed_gives_the_same_table_and_sizes_do_not_matter_to_each_other() -> None:
    truth = Population({("x", "y"): 0.3})
    both = power_over_n(PAIR, truth, [30, 50], replications=5, resamples=20)
    one = power_over_n(PAIR, truth, [50], replications=5, resamples=20)
    pd.testing.assert_frame_equal(both[both["n"] == 50].reset_index(drop=True), one)


def test_a_probit_curve_is_read_back() -> None:
    a, b = -1.96, 0.28
    n = np.array([40, 80, 120, 160, 240])
    curve = pd.DataFrame({"n": n, "replications": 10_000, "found": np.rint(10_000 * norm.cdf(a + b * np.sqrt(n)))})
    found = respondents(curve)
    expected = [((norm.ppf(level) - a) / b) ** 2 for level in (0.8, 0.9)]
    assert np.allclose(found["n"], expected, rtol=0.005)
    # the error is that of binomial counts: a tenth of the replications, √10 times the error
    fewer = respondents(curve.assign(replications=1000, found=np.rint(curve["found"] / 10)))
    assert np.allclose(fewer["n_error"] / found["n_error"], np.sqrt(10), rtol=0.05)


def test_a_flat_curve_tells_no_size() -> None:
    curve = pd.DataFrame({"n": [50, 100, 200], "replications": 1000, "found": [52, 49, 51]})
    assert respondents(curve)["n"].isna().all()


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        (Population({("y", "x"): 0.1}), "y → x, which model has not"),
        (Population({("x", "y"): 1.1}), "explain 1.21 of its variance"),
        (Population({}, {("x", "x", "y"): 0.1}), "x → x → y"),
    ],
)
def test_an_impossible_population_is_refused(truth: Population, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        truth.answers(PAIR, 10, np.random.default_rng(1))


def test_a_share_is_of_a_single_item() -> None:
    with pytest.raises(ParameterError, match="several items"):
        Population({}, incidence={"s": 0.2}).answers(FULL, 10, np.random.default_rng(1))
