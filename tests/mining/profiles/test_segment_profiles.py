"""Standardised differences by hand, against scipy and statsmodels, and by what is told where nothing differs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_effectsize

import crmresearch as crm
from crmresearch.errors import ParameterError
from crmresearch.mining.profiles.segment_profiles import associations, cohens_h, cramers_v, hedges_g, is_skewed
from crmresearch.mining.profiles.told_apart import told_apart


def test_hedges_g_by_hand() -> None:
    """Means 2 and 4, variances 1 and 4, three each: s² = 2.5, d = −2/√2.5, J = 1 − 3/15."""
    g, lower, upper, p = hedges_g(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    d = -2 / np.sqrt(2.5)
    assert g == pytest.approx(0.8 * d, abs=1e-15)
    variance = (1 / 2 + 4 / 2) / 2.5 + d**2 * (2 * 1 + 2 * 16) / (2 * 4**2 * 2.5**2)
    assert (
        upper - g == pytest.approx(g - lower) == pytest.approx(0.8 * 1.959963984540054 * np.sqrt(variance), abs=1e-12)
    )
    welch = stats.ttest_ind([1.0, 2, 3], [2.0, 4, 6], equal_var=False).pvalue
    assert p == pytest.approx(max(welch, stats.ttest_ind([1.0, 2, 3], [2.0, 4, 6]).pvalue), rel=1e-12)


def test_intervals_hold_the_truth_and_p_its_level_whatever_the_variances() -> None:
    rng = np.random.default_rng(1)
    for n, m, wide, truth in ((40, 400, 1.0, 0.5), (40, 400, 3.0, 0.0), (400, 40, 3.0, 0.0), (40, 400, 0.3, 0.0)):
        held, false = 0, 0
        for _ in range(800):
            _, lower, upper, p = hedges_g(rng.normal(truth, wide, n), rng.normal(0, 1, m))
            held += lower <= truth <= upper
            false += p < 0.05
        assert held >= 0.93 * 800
        assert truth != 0 or false <= 0.07 * 800


def test_a_small_segment_that_happens_to_be_alike_is_not_told() -> None:
    """31 customers without what 1.6% of the others have: Welch alone would say p < 1e-20."""
    others = np.repeat([0.0, 1.0], [4230, 70])
    assert hedges_g(np.zeros(31), others)[3] > 0.3


def test_cohens_h_is_that_of_statsmodels_and_its_p_that_of_fisher() -> None:
    h, lower, upper, p = cohens_h(30, 100, 50, 100)
    assert h == pytest.approx(proportion_effectsize(0.3, 0.5), abs=1e-14)
    assert upper - h == pytest.approx(h - lower) == pytest.approx(1.959963984540054 * np.sqrt(0.02))
    assert p == stats.fisher_exact([[30, 70], [50, 50]]).pvalue


def test_cramers_v_by_hand() -> None:
    """χ² = 200 · 0.2² = 8 of a 2 × 2 table (60, 40; 40, 60), φ² less its bias 1/199, r̃ = c̃ = 2 − 1/199."""
    codes, segments = np.repeat([0, 1], 100), np.repeat([0, 1, 0, 1], [60, 40, 40, 60])
    v, p = cramers_v(codes, segments)
    assert v == pytest.approx(np.sqrt((0.04 - 1 / 199) / (1 - 1 / 199)), abs=1e-14)
    assert p == pytest.approx(stats.chi2.sf(8, 1), rel=1e-12)


def shop(rng: np.random.Generator, n: int = 400, effect: float = 0.0) -> tuple[pd.DataFrame, pd.Series]:
    segments = pd.Series(rng.choice(["a", "b", "c"], n), name="segment")
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n) + 10 * effect * (segments == "a"),
            "spend": np.exp(rng.normal(3, 1, n)),
            "share": rng.integers(0, 4, n) / 3,
            "city": rng.choice(["X", "Y", "Z"], n),
            "card": rng.random(n) < 0.3,
        }
    )
    return frame, segments


def test_what_is_planted_is_told_and_in_units_of_the_data() -> None:
    frame, segments = shop(np.random.default_rng(2), effect=1.0)
    found = crm.segment_profiles(frame, segments)
    told = found[found["told"]]
    assert set(told["feature"]) == {"age"}
    first = found.iloc[0]
    assert (first["segment"], first["feature"], first["scale"]) == ("a", "age", "mean")
    assert first["typical"] == frame.loc[segments == "a", "age"].mean()
    assert first["typical_others"] == frame.loc[segments != "a", "age"].mean()
    assert first["ci_lower"] < 1 < first["ci_upper"]
    logs = found[(found["feature"] == "spend") & (found["segment"] == "b")].iloc[0]
    own = np.log1p(frame.loc[segments == "b", "spend"])
    assert (logs["scale"], logs["typical"]) == ("log", np.expm1(own.mean()))


def test_where_nothing_differs_at_most_five_of_a_hundred_pages_claim_something() -> None:
    rng = np.random.default_rng(3)
    pages = [crm.segment_profiles(*shop(rng, 150), fewest=20) for _ in range(40)]
    assert sum(page["told"].any() for page in pages) <= 5  # 2 expected; more than 5 of 40 at 5% in 1 of 100 runs
    apart = [told_apart(*shop(rng, 150), fewest=20) for _ in range(20)]
    assert sum(page["told"].any() for page in apart) <= 3


def test_what_defines_segments_is_neither_tested_nor_counted() -> None:
    frame, segments = shop(np.random.default_rng(4), effect=3.0)
    found = crm.segment_profiles(frame, segments, untested=["age"])
    assert not found["told"].any()
    assert found.loc[found["feature"] == "age", "p"].isna().all()
    assert (associations(frame, segments, untested=["city"])["feature"] == "card").all()


def test_shares_are_never_compared_as_logarithms() -> None:
    """Customers who buy seldom have more extreme shares, which a mean of logarithms takes for smaller ones."""
    assert not is_skewed(np.r_[np.zeros(80), np.ones(20)])
    assert is_skewed(np.exp(np.random.default_rng(5).normal(size=200)))
    assert not is_skewed(np.r_[-1.0, np.exp(np.random.default_rng(5).normal(size=200))])


def test_what_cannot_be_compared_is_not_there() -> None:
    """Constants, segments of few customers, and features that few have a value of; gaps and odd names do no harm."""
    frame, segments = shop(np.random.default_rng(6))
    frame = frame.assign(constant=1.0, word="same", rare=np.where(np.arange(400) < 20, 1.0, np.nan))
    frame["<b> {x} 中文"] = np.where(np.arange(400) % 3 > 0, np.arange(400), np.nan)
    few = segments.where(np.arange(400) > 10, "tiny")
    found = crm.segment_profiles(frame, few)
    assert not {"constant", "word", "rare"} & set(found["feature"])
    assert "tiny" not in set(found["segment"])
    assert "<b> {x} 中文" in set(found["feature"])
    with pytest.raises(ParameterError, match="No customer of `features` has a segment"):
        crm.segment_profiles(frame, segments.set_axis(segments.index + 1000))


def test_pairs_are_told_apart_by_what_is_planted_between_them() -> None:
    frame, segments = shop(np.random.default_rng(7), effect=1.0)
    pairs = told_apart(frame, segments).set_index(["segment", "other"])
    assert pairs["told"].to_dict() == {("a", "b"): True, ("a", "c"): True, ("b", "c"): False}
    assert pairs.loc[("a", "b"), "feature"] == "age"
