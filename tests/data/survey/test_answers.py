"""How questions were answered: numbers of R psych, answers counted one by one, and what is not defined."""

import doctest
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crmresearch.data.survey import answers
from crmresearch.data.survey.answers import (
    excess_kurtosis,
    item_rest_correlations,
    longest_runs,
    missing_answer_patterns,
    response_distributions,
    skewness,
    standard_deviations,
    straight_lining,
    straight_lining_share,
)
from crmresearch.data.survey.survey import load_survey
from crmresearch.errors import DataError, ParameterError

NAN = np.nan
# R psych 2.2.9 in R 4.2.2, describe(x, type = 2), of data/ecsi_mobile/mobi.csv: mean, sd, skew, kurtosis
DESCRIBED = {
    "CUEX1": (7.58, 1.621764619767, -0.6713231595553, 0.9016503789599),
    "CUSA1": (7.988, 1.233670853632, -0.2228591098241, 0.2061682104089),
    "CUSCO": (7.068, 2.27421728448, -0.7185909663927, 0.2942416338359),
    "CUSL1": (7.452, 2.658565002306, -1.006700918788, 0.1280857261202),
    "CUSL2": (4.988, 2.839030888445, 0.5515062261365, -0.883202980221),
    "IMAG5": (7.932, 1.557265650177, -1.082453456959, 2.807218305263),
    "PERQ4": (7.916, 1.651622057762, -1.083404367936, 1.890205813278),
    "PERV1": (6.156, 2.183284434904, -0.4020104304368, -0.1713072725555),
}
# r.drop of alpha(x) by the same program, construct by construct
ITEM_REST = {
    "Image": {
        "IMAG1": 0.5357683414584,
        "IMAG2": 0.3672766509479,
        "IMAG3": 0.3931471490367,
        "IMAG4": 0.5746659816958,
        "IMAG5": 0.529556486184,
    },
    "Loyalty": {
        "CUSL1": 0.3531922501685,
        "CUSL2": 0.08129024187235,
        "CUSL3": 0.4343121940152,
    },
    "Value": {
        "PERV1": 0.7001482230869,
        "PERV2": 0.7001482230869,
    },
}
ANSWERS = st.sampled_from([1.0, 2.0, 3.0, NAN])
SURVEYS = arrays(float, st.tuples(st.integers(1, 7), st.integers(1, 5)), elements=ANSWERS)


def frame(X: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(X, columns=[f"q{j}" for j in range(X.shape[1])], index=range(2, 2 + len(X)))


def scale(items: pd.DataFrame, lowest: float = 1, highest: float = 3) -> pd.DataFrame:
    return pd.DataFrame({"min": lowest, "max": highest}, index=items.columns)


@pytest.fixture(scope="module")
def mobile() -> pd.DataFrame:
    return load_survey("ecsi_mobile").items


@pytest.mark.parametrize("item", DESCRIBED)
def test_moments_are_those_of_psych(mobile, item):
    items = mobile[[item]].astype(float)
    found = response_distributions(items, scale(items, 1, 10)).iloc[0]
    assert (found["mean"], found["sd"], found["skewness"], found["kurtosis"]) == pytest.approx(
        DESCRIBED[item], rel=1e-11
    )


@pytest.mark.parametrize("construct", ITEM_REST)
def test_item_rest_correlations_are_those_of_psych(mobile, construct):
    reference = ITEM_REST[construct]
    items = mobile[list(reference)].astype(float)
    found = response_distributions(items, scale(items, 1, 10), {construct: list(reference)})
    assert found["item_rest"].tolist() == pytest.approx(list(reference.values()), rel=1e-11)


@given(SURVEYS)
def test_moments_are_those_of_pandas_and_shares_are_counts(X):
    items = frame(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = response_distributions(items, scale(items))
    constant = ~(items.min() < items.max()).to_numpy()  # pandas has 0 there, where nothing is defined
    expected = {"mean": items.mean(), "sd": items.std(), "skewness": items.skew(), "kurtosis": items.kurt()}
    for name, values in expected.items():
        undefined = constant & (name in {"skewness", "kurtosis"})
        np.testing.assert_allclose(found[name], np.where(undefined, NAN, values), atol=1e-9, err_msg=name)
    for j, name in enumerate(items):
        given_answers = [x for x in items[name] if x == x]
        row = found.iloc[j]
        assert (row["answers"], row["missing"]) == (len(given_answers), len(X) - len(given_answers))
        assert row["distinct"] == len(set(given_answers))
        if given_answers:
            assert row["floor"] == given_answers.count(1.0) / len(given_answers)
            assert row["ceiling"] == given_answers.count(3.0) / len(given_answers)
        else:
            assert np.isnan([row["floor"], row["ceiling"], row["mean"]]).all()


def test_an_item_is_compared_with_the_mean_of_the_others_of_complete_rows():
    X = np.array([[1.0, 2, 2], [2, 1, 4], [3, 5, 3], [5, NAN, 5], [5, 4, 4]])
    whole = X[[0, 1, 2, 4]]
    expected = [np.corrcoef(whole[:, j], np.delete(whole, j, axis=1).mean(axis=1))[0, 1] for j in range(3)]
    assert item_rest_correlations(X) == pytest.approx(expected)


def test_correlations_without_variance_are_not_defined():
    X = np.column_stack([[1.0, 2, 3, 4], [2.0, 2, 2, 2], [1.0, 3, 2, 4]])
    assert np.isnan(item_rest_correlations(X)).tolist() == [False, True, False]
    assert np.isnan(item_rest_correlations(X[:, [0, 1]])).all()
    assert np.isnan(item_rest_correlations(X[:, :1])).all()
    assert np.isnan(item_rest_correlations(X[:2])).all()
    mirrored = np.column_stack([[1.0, 2, 3], [0.1, 0.2, 0.3], [-0.1, -0.2, -0.3]])
    assert np.isnan(item_rest_correlations(mirrored)[0])  # the others add up to a constant


def test_an_item_of_no_construct_has_no_item_rest_correlation():
    items = frame(np.array([[1.0, 1, 3], [2, 3, 1], [3, 2, 2], [3, 3, 1]]))
    found = response_distributions(items, scale(items), {"one": ["q0", "q1"], "other": ["q2"]})
    assert found["item_rest"].isna().tolist() == [False, False, True]


def test_too_few_or_constant_answers_have_no_shape():
    X = np.array([[1.0, 0.1, NAN, 1], [2, 0.1, NAN, NAN], [4, 0.1, NAN, NAN]])
    assert np.isnan(excess_kurtosis(X)).all()
    assert np.isnan(skewness(X)).tolist() == [False, True, True, True]
    assert standard_deviations(X)[1] == 0.0  # three times 0.1 has a mean that is not 0.1
    assert np.isnan(standard_deviations(X)).tolist() == [False, False, True, True]


def test_what_does_not_fit_the_codebook_is_named():
    items = frame(np.array([[1.0, 99], [2, 3], [3, 99]]))
    with pytest.raises(DataError, match="q1: 2 of 3 answers lie outside 1 to 3"):
        response_distributions(items, scale(items))
    with pytest.raises(ParameterError, match="No lowest and highest answer is given for q1"):
        response_distributions(items, scale(items[["q0"]]))
    with pytest.raises(ParameterError, match="one has the item 'q7', which is not among the answers"):
        response_distributions(items, scale(items, 1, 99), {"one": ["q7"]})
    with pytest.raises(ParameterError, match="'q0' is an item of one and of other"):
        response_distributions(items, scale(items, 1, 99), {"one": ["q0"], "other": ["q0"]})


@given(SURVEYS)
def test_patterns_add_up_to_rows_and_holes(X):
    items = frame(X)
    found = missing_answer_patterns(items)
    assert found["rows"].sum() == len(X)
    assert found["share"].sum() == pytest.approx(1)
    assert found["rows"].is_monotonic_decreasing
    assert not found["missing_items"].duplicated().any()
    for name in items:
        holes = sum(rows for names, rows in zip(found["missing_items"], found["rows"], strict=True) if name in names)
        assert holes == items[name].isna().sum()


def by_hand(row: list[float]) -> tuple[int, bool]:
    longest, run, previous = 0, 0, None
    for answer in row:
        if answer != answer:
            run, previous = 0, None
            continue
        run = run + 1 if answer == previous else 1
        longest, previous = max(longest, run), answer
    given_answers = [answer for answer in row if answer == answer]
    return longest, len(given_answers) > 1 and len(set(given_answers)) == 1


@given(SURVEYS)
def test_straight_lining_is_what_a_reader_counts(X):
    items = frame(X)
    found = straight_lining(items)
    assert found.index.equals(items.index)
    counted = [by_hand(row) for row in X.tolist()]
    assert list(zip(found["longest_run"].tolist(), found["same"].tolist(), strict=True)) == counted
    np.testing.assert_allclose(found["sd"], items.std(axis=1), atol=1e-12)
    judged = [same for row, (_, same) in zip(X, counted, strict=True) if (row == row).sum() > 1]
    share = straight_lining_share(found)
    assert share == sum(judged) / len(judged) if judged else np.isnan(share)


def test_a_missing_answer_ends_a_run():
    assert longest_runs(np.array([[4.0, 4, NAN, 4], [NAN, NAN, NAN, NAN], [1, 4, 4, 4]])).tolist() == [2, 0, 3]


def test_the_examples_run():
    result = doctest.testmod(answers)
    assert result.attempted
    assert not result.failed
