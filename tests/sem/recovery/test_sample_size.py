"""Sizes of samples read off simulated power: Cohen's table of correlations, and curves that are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from crmresearch.sem.recovery.recovery import recover
from crmresearch.sem.recovery.sample_size import respondents
from crmresearch.simulation.truth import Truth


@pytest.mark.long
def test_cohens_table_of_correlations() -> None:
    # Cohen (1988), Statistical power analysis, table 3.4.1, two-sided .05: r = .30 needs 85 for .80 and 113 for .90
    truth = Truth(model="x =~ 1*X\ny =~ 1*Y\ny ~ x", paths={"y": {"x": 0.3}})
    found = recover({"pair": truth}, {"pair": (60, 90, 130)}, replications=150, resamples=79)
    needed = respondents(found.rates.query("estimator == 'pls'"))
    assert needed["power"].tolist() == [0.8, 0.9]
    for expected, n, error in zip((85, 113), needed["n"], needed["n_error"], strict=True):
        assert abs(n - expected) < 3 * error
        assert error < 12


def curve(n: list[int], share: list[float], samples: int = 1000) -> pd.DataFrame:
    return pd.DataFrame({"n": n, "rejected": share, "samples": samples})


def test_a_probit_curve_is_read_back_with_the_error_of_binomial_counts() -> None:
    a, b = -1.96, 0.28
    n = [40, 80, 120, 160, 240]
    share = np.round(norm.cdf(a + b * np.sqrt(n)), 4).tolist()
    many, few = (respondents(curve(n, share, samples)) for samples in (10_000, 100))
    assert np.allclose(many["n"], [((norm.ppf(level) - a) / b) ** 2 for level in (0.8, 0.9)], rtol=0.002)
    assert np.allclose(few["n_error"] / many["n_error"], 10, rtol=0.001)


def test_the_error_is_the_spread_of_the_sizes_found_again() -> None:
    a, b, n = -1.96, 0.28, np.array([40, 80, 120, 160])
    rng = np.random.default_rng(1)
    drawn = [rng.binomial(200, norm.cdf(a + b * np.sqrt(n))) / 200 for _ in range(120)]
    each = [respondents(curve(n.tolist(), share.tolist(), 200), [0.8]).iloc[0] for share in drawn]
    low, high = np.quantile([one["n"] for one in each], norm.cdf([-1, 1]))
    spread = (high - low) / 2  # known to within a tenth from 120 draws
    # dispersion is never taken to be below the binomial, so that the error told is a little too large
    assert 0.9 < np.median([one["n_error"] for one in each]) / spread < 1.5


def test_paths_of_one_kind_are_taken_together() -> None:
    one = curve([50, 100, 200], [0.5, 0.8, 0.97])
    other = curve([50, 100, 200], [0.6, 0.9, 0.98])
    together = respondents(pd.concat([one, other]), [0.8])["n"].iloc[0]
    assert respondents(other, [0.8])["n"].iloc[0] < together < respondents(one, [0.8])["n"].iloc[0]


@pytest.mark.parametrize("share", [[0.05, 0.05, 0.05], [0.4, 0.38, 0.36], [0.1, 0.5, 1.0]])
def test_a_curve_that_tells_nothing_gives_no_size(share: list[float]) -> None:
    assert respondents(curve([50, 100, 200], share))["n"].isna().all()
