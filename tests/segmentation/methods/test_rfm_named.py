"""The grid of named RFM segments, cell by cell."""

import itertools

import numpy as np
import pandas as pd
import pytest

from crmresearch.segmentation.methods.rfm import RfmScore
from crmresearch.segmentation.methods.rfm_named import RfmNamed

# the convention as practice writes it: patterns of the two scores, first match wins
PATTERNS = [
    ("hibernating", "12", "12"), ("at_risk", "12", "34"), ("cannot_lose", "12", "5"), ("about_to_sleep", "3", "12"),
    ("need_attention", "3", "3"), ("loyal", "34", "45"), ("promising", "4", "1"), ("new", "5", "1"),
    ("potential_loyal", "45", "23"), ("champions", "5", "45"),
]  # fmt: skip


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 4000
    return pd.DataFrame(
        {
            "recency": rng.integers(0, 365, n),
            "frequency": rng.geometric(0.4, n),
            "monetary_total": rng.lognormal(4, 1, n).round(2),
        }
    )


def test_every_cell_has_the_name_that_practice_gives_it(customers: pd.DataFrame) -> None:
    method = RfmNamed().fit(customers)
    scores = method.scores(customers)
    together = np.floor((scores["f"] + scores["m"]) / 2 + 0.5).astype(int)
    expected = [
        next(name for name, rs, fms in PATTERNS if str(r) in rs and str(fm) in fms)
        for r, fm in zip(scores["r"], together, strict=True)
    ]
    assert method.predict(customers).astype(str).tolist() == expected
    assert set(expected) == {segment.key for segment in method.segments}


def test_the_patterns_leave_no_cell_out() -> None:
    for r, fm in itertools.product("12345", repeat=2):
        assert sum(r in rs and fm in fms for _, rs, fms in PATTERNS) == 1


def test_scores_are_those_of_the_rfm_score(customers: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        RfmNamed().fit(customers).scores(customers), RfmScore().fit(customers).scores(customers)
    )


def test_every_segment_has_advice_and_a_name_in_both_languages() -> None:
    method = RfmNamed()
    for segment in method.segments:
        assert {"en", "zh"} <= segment.label.keys() & method.advice[segment.key].keys()
