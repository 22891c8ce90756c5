"""Missing answers: every policy says exactly what it did."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.errors import EstimationError, ParameterError

NAN = np.nan
ITEMS = pd.DataFrame(
    {"a": [1, NAN, 3, 5, 2], "b": [2, 2, NAN, 4, 1], "c": [1.0, 2, 3, 4, 5]}, index=[2, 3, 4, 5, 6], dtype=float
)


def test_listwise_drops_the_rows_with_a_gap():
    done = handle_missing(ITEMS, "listwise")
    assert done.items.index.tolist() == [2, 5, 6]
    assert (done.rows_in, done.rows_used, done.rows_dropped, done.cells_replaced) == (5, 3, 2, 0)
    assert done.policy == "listwise"
    assert done.counts.to_dict("list") == {"item": ["a", "b", "c"], "missing_cells": [1, 1, 0], "share": [0.2, 0.2, 0]}


def test_mean_fills_each_gap_with_the_mean_of_the_item():
    before = ITEMS.copy()
    done = handle_missing(ITEMS, "mean")
    assert done.items.loc[3, "a"] == (1 + 3 + 5 + 2) / 4
    assert done.items.loc[4, "b"] == (2 + 2 + 4 + 1) / 4
    assert (done.rows_in, done.rows_used, done.rows_dropped, done.cells_replaced) == (5, 5, 0, 2)
    pd.testing.assert_frame_equal(done.counts, handle_missing(ITEMS, "listwise").counts)
    pd.testing.assert_frame_equal(ITEMS, before)


@given(arrays(float, (8, 3), elements=st.sampled_from([1.0, 2.0, 3.0, 4.0, NAN])))
def test_rows_and_cells_always_add_up(values):
    items = pd.DataFrame(values, columns=["a", "b", "c"])
    gaps = items.isna()
    for policy in ("listwise", "mean"):
        try:
            done = handle_missing(items, policy)
        except EstimationError:
            kept = items.dropna() if policy == "listwise" else items
            assert len(kept) < 2 or any(kept[c].nunique() < 2 for c in items) or gaps.all().any()
            continue
        assert not done.items.isna().any(axis=None)
        assert done.rows_used + done.rows_dropped == done.rows_in == 8
        assert done.counts["missing_cells"].tolist() == gaps.sum().tolist()
        assert done.items.mask(gaps.loc[done.items.index]).equals(items.loc[done.items.index]), "answers are kept"
        if policy == "mean":
            assert done.cells_replaced == gaps.to_numpy().sum()
            np.testing.assert_allclose(done.items.mean(), items.mean())
        else:
            assert done.rows_dropped == gaps.any(axis=1).sum()


@pytest.mark.parametrize("policy", ["listwise", "mean"])
def test_an_item_nobody_answered_is_named(policy):
    with pytest.raises(EstimationError, match="No answer at all to b, c among 5 respondents"):
        handle_missing(ITEMS.assign(b=NAN, c=NAN), policy)


def test_too_few_complete_rows():
    with pytest.raises(EstimationError, match="Only 1 of 5 respondents answered all 2 items"):
        handle_missing(pd.DataFrame({"a": [1, 2, 3, NAN, NAN], "b": [NAN, NAN, 1, 2, 3]}), "listwise")


@pytest.mark.parametrize("policy", ["listwise", "mean"])
def test_an_item_left_without_variance_is_named(policy):
    items = pd.DataFrame({"a": [0.1, 0.1, 0.1, NAN], "b": [1.0, 2, 3, 4]})
    with pytest.raises(EstimationError, match=rf"^a has one value only in the .* policy {policy}"):
        handle_missing(items, policy)


def test_dropping_rows_can_take_the_variance_of_an_item():
    items = pd.DataFrame({"complained": [1.0, 1, 1, 0, 0], "handled": [3, 5, 4, NAN, NAN]})
    with pytest.raises(EstimationError, match=r"^complained has one value only in the 3 respondents"):
        handle_missing(items, "listwise")


def test_an_unknown_policy_is_refused():
    with pytest.raises(ParameterError, match="'zero' is not known; use listwise or mean"):
        handle_missing(ITEMS, "zero")


def test_the_reputation_survey_as_the_textbook_counts_it():
    """Hair, Hult, Ringle & Sarstedt (2022), ch. 2: cusa 1, cusl_1 3, cusl_2 4, cusl_3 3 missing of 344."""
    items = load_survey("corporate_reputation").items
    counts = handle_missing(items, "mean").counts.set_index("item")["missing_cells"]
    assert counts[counts > 0].to_dict() == {"cusa": 1, "cusl_1": 3, "cusl_2": 4, "cusl_3": 3}
