"""The units of the items are of no consequence: money beside a 10-point scale, or every answer times 10⁵."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmresearch.models.lavaan import model
from crmresearch.models.specification import Specification
from crmresearch.sem.answers.missing_at_random import little_test
from crmresearch.sem.covariance.bootstrap import bootstrap_cbsem, bootstrap_paths
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.fit.table import fit_table
from crmresearch.sem.covariance.full_information import units_of

MODEL = """
  quality =~ q1 + q2 + q3
  satisfaction =~ s1 + s2 + s3
  spending =~ spend
  satisfaction ~ quality
  spending ~ quality + satisfaction
"""
ITEMS = [f"{block}{i}" for block in "qs" for i in (1, 2, 3)] + ["spend"]
# every unit as a factor of the item: money as it is, in ten thousands, one item in its thousands, all large, all small
UNITS = {
    "ten-thousands": pd.Series([1.0] * 6 + [1e-4], ITEMS),
    "one-item": pd.Series([1.0, 1e4, 1, 1, 1, 1, 1], ITEMS),
    "all-large": pd.Series(1e5, ITEMS),
    "all-hundred": pd.Series(100.0, ITEMS),
    "all-small": pd.Series(1e-4, ITEMS),
}


@pytest.fixture(scope="module")
def specification() -> Specification:
    return model(MODEL)


def sample(seed: int = 1, n: int = 300) -> pd.DataFrame:
    """Six items of a 10-point scale, and a year's spending with a standard deviation of about 24,000."""
    rng = np.random.default_rng(seed)
    q = rng.normal(size=n)
    s = 0.6 * q + 0.8 * rng.normal(size=n)
    spending = 0.2 * q + 0.5 * s + 0.8 * rng.normal(size=n)
    answers = {
        f"{block}{i}": (5.5 + 1.6 * (factor + 0.7 * rng.normal(size=n))).clip(1, 10).round()
        for block, factor in (("q", q), ("s", s))
        for i in (1, 2, 3)
    }
    return pd.DataFrame(answers | {"spend": (60000 + 20000 * (spending + 0.7 * rng.normal(size=n))).clip(0).round()})


def with_holes(answers: pd.DataFrame) -> pd.DataFrame:
    return answers.mask(np.random.default_rng(5).random(answers.shape) < 0.1)


def test_money_beside_a_scale_equals_lavaan(specification: Specification) -> None:
    """lavaan 0.6-14 of the same answers, spending in ten thousands."""
    estimate = estimate_cbsem(specification, sample())
    fit = fit_table(estimate).set_index("measure")["value"]
    assert fit[["chisq", "df"]].tolist() == pytest.approx([17.835, 12], abs=5e-4)
    assert fit[["rmsea", "cfi"]].tolist() == pytest.approx([0.040, 0.993], abs=5e-4)
    paths = estimate.paths.set_index(["predictor", "outcome"])
    at = [("quality", "satisfaction"), ("quality", "spending"), ("satisfaction", "spending")]
    assert paths.loc[at, "standardized"].tolist() == pytest.approx([0.672, 0.140, 0.340], abs=5e-4)
    assert paths.loc[at, "standardized_se"].tolist() == pytest.approx([0.044, 0.088, 0.085], abs=5e-4)
    assert not estimate.cautions


@pytest.mark.parametrize("unit", UNITS.values(), ids=list(UNITS))
@pytest.mark.parametrize("holes", [False, True], ids=["complete", "holes"])
@pytest.mark.parametrize("errors", ["standard", "robust"])
def test_units_are_of_no_consequence(specification: Specification, unit: pd.Series, holes: bool, errors: Any) -> None:
    answers = with_holes(sample()) if holes else sample()
    own = estimate_cbsem(specification, answers, full_information=holes, errors=errors)
    other = estimate_cbsem(specification, answers * unit, full_information=holes, errors=errors)
    assert [c.code for c in other.cautions] == [c.code for c in own.cautions]

    keys = ["standardized", "standardized_se", "p_value"]
    for table in ("paths", "loadings", "total_effects"):
        numbers = [getattr(e, table)[keys].to_numpy(float) for e in (own, other)]
        assert numbers[1] == pytest.approx(numbers[0], rel=2e-5, abs=1e-8, nan_ok=True)
    factor = {"quality": unit["q1"], "satisfaction": unit["s1"], "spending": unit["spend"]}
    for table in ("paths", "total_effects"):
        scale = getattr(own, table).outcome.map(factor) / getattr(own, table).predictor.map(factor)
        for column in ("estimate", "se", "ci_lower", "ci_upper"):
            expected = (getattr(own, table)[column] * scale).tolist()
            assert getattr(other, table)[column].tolist() == pytest.approx(expected, rel=2e-5)

    fits = [fit_table(e).set_index("measure")["value"] for e in (own, other)]
    answered = answers.notna().sum()
    shift = float(answered @ np.log(unit))  # of a density when its variable changes units
    for measure, value in fits[0].items():
        moved = {
            "log_likelihood": -shift,
            "unrestricted_log_likelihood": -shift,
            "aic": 2 * shift,
            "bic": 2 * shift,
            "sabic": 2 * shift,
        }
        told = float(value) + moved.get(str(measure), 0.0)
        assert float(fits[1][measure]) == pytest.approx(told, rel=1e-6, abs=1e-6, nan_ok=True), measure


def test_semopy_agrees_in_any_units(specification: Specification) -> None:
    for seed in range(1, 11):
        codes = [c.code for c in estimate_cbsem(specification, sample(seed) * 100).cautions]
        assert "semopy" not in " ".join(codes)


def test_the_bootstrap_is_in_the_units_of_the_items(specification: Specification) -> None:
    answers, unit = sample(n=150), UNITS["ten-thousands"]
    tables = []
    for frame in (answers, answers * unit):
        estimate = estimate_cbsem(specification, frame)
        tables.append(bootstrap_paths(estimate, bootstrap_cbsem(estimate, resamples=60, seed=3)))
    scale = np.where(tables[0]["outcome"] == "spending", 1e-4, 1.0)
    for column in ("estimate", "se", "ci_lower", "ci_upper"):
        assert tables[1][column].tolist() == pytest.approx((tables[0][column] * scale).tolist(), rel=1e-4), column


def test_littles_test_in_any_units() -> None:
    answers = with_holes(sample())
    own = little_test(answers)
    for unit in UNITS.values():
        assert little_test(answers * unit).chi2 == pytest.approx(own.chi2, rel=1e-8)


def test_usual_scales_are_left_alone() -> None:
    """Powers of 16 nearest to the standard deviation: 1 up to a deviation of 4, so that answers stay as they are."""
    frame = pd.DataFrame({"scale": [1.0, 5, 10, np.nan], "percent": [0.0, 50, 100, 80], "money": [0.0, 9e4, 1e5, 2e5]})
    assert units_of(frame).to_dict() == {"scale": 1, "percent": 16, "money": 65536}
