"""The rule of who may teach and who may test: nobody who teaches has an outcome that ends after a test begins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmresearch.mining.newcomers.schedule import LEAST, Trial, out_of_time, today, trials


@given(st.integers(0, 10**6), st.integers(150, 900), st.integers(1, 400), st.integers(7, 400), st.integers(1, 60))
@settings(max_examples=60)
def test_no_outcome_of_a_teacher_ends_after_a_test_begins(
    seed: int, n: int, span: int, horizon: int, days: int
) -> None:
    rng = np.random.default_rng(seed)
    came, until = rng.integers(0, span, n), span + int(rng.integers(0, 400))
    found, cautions = trials(came, until, days, horizon)
    for trial in found:
        assert (came + days + trial.horizon <= until)[trial.tests].all()
        assert trial.horizon <= horizon
        if trial.kind == "later":
            assert (came + days + trial.horizon)[trial.teaches].max() <= trial.cut <= (came + days)[trial.tests].min()
            assert min(trial.teaches.sum(), trial.tests.sum()) >= LEAST
            assert not (trial.teaches & trial.tests).any()
        else:
            assert (trial.teaches == trial.tests).all()
            assert "not_out_of_time" in {caution.code for caution in cautions}
    if found and found[0].horizon < horizon:
        assert "shorter" in {caution.code for caution in cautions}
    if not found:
        assert [caution.code for caution in cautions] == ["no_trial"]


def test_customers_of_one_quarter_cannot_test_a_year_out_of_time() -> None:
    came, until = (
        np.repeat(np.arange(84), 20),
        545,
    )
    (crossed, later), cautions = trials(came, until, 30, 365)
    assert (crossed.kind, crossed.horizon, crossed.tests.all()) == ("crossed", 365, True)
    assert later.kind == "later"
    assert later.horizon <= 60
    assert [caution.code for caution in cautions] == ["not_out_of_time"]
    assert not today(came, until, 30, 365).any()


def test_twice_as_many_teach_as_test_where_the_days_allow_it() -> None:
    one = out_of_time(np.repeat(np.arange(1000), 2), 1400, 30, 365, LEAST)
    assert one is not None
    assert one.teaches.sum() == pytest.approx(2 * one.tests.sum(), rel=0.02)
    assert out_of_time(np.zeros(500, dtype=np.int64), 1000, 30, 365, LEAST) is None


def test_who_is_new_today_is_past_the_first_days_and_not_past_the_horizon() -> None:
    assert today(np.array([0, 10, 69, 70, 71]), 100, 30, 60).tolist() == [False, False, True, True, False]
    # came on day 10: scored on 40, over on 100, which is known


def test_the_facts_of_a_trial_count_customers_and_name_the_day() -> None:
    some = np.array([True, True, False])
    facts = Trial("later", 60, some, ~some, cut=31).facts
    assert {**facts, "cut": str(facts["cut"])} == {"horizon": 60, "learned": 2, "tested": 1, "cut": "1970-02-01"}
    assert Trial("crossed", 60, some, some).facts["cut"] is None
