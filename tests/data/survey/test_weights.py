"""Sampling weights: read with their column, refused in one sentence, told with what they cost."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import check_survey, load_survey
from crmresearch.data.survey.weights import effective_size, means_and_deviations, weights_of
from crmresearch.data.wording import note
from crmresearch.errors import CodebookError, EstimationError

HEADER = "guest,taste,wait,again,seat,town,age,w\n"
WEIGHED = ("id: guest", "id: guest\nweight: w")


def rows(*weights: str) -> str:
    answers = ["a,1,5,0,1,no,20", "b,2,1,10,2,so,31.5", "c,5,3,7,1,no,44", "d,4,2,3,2,so,18"]
    return HEADER + "".join(f'{row},"{weight}"\n' for row, weight in zip(answers, weights, strict=True))


def test_weights_are_read_with_mean_one_and_told(cafe_folder):
    survey = load_survey(str(cafe_folder(rows("2", "1", "4", "1"), WEIGHED)))
    expected = pd.Series([1.0, 0.5, 2.0, 0.5], index=pd.Index([2, 3, 4, 5], name="row"))
    pd.testing.assert_series_equal(survey.weights, expected, check_names=False)
    size = {"respondents": 4, "least": 0.5, "most": 2.0, "effective": 8**2 / (4 + 1 + 16 + 1)}
    assert survey.notes == (note("note.weighted", column="w", **size),)


def test_weights_follow_the_decimal_mark_of_the_codebook(cafe_folder):
    folder = cafe_folder(rows("1,5", "0,5", "1", "1"), ("id: guest", 'id: guest\nweight: w\ndecimal: ","'))
    assert load_survey(str(folder)).weights.tolist() == [1.5, 0.5, 1, 1]


def test_a_survey_without_weights_has_none(cafe_folder):
    survey = load_survey(str(cafe_folder()))
    assert survey.weights is None
    assert survey.notes == ()


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (("1", "0", "1", "1"), ["Column w has 1 weight that is not above 0: '0' in row 3."]),
        (("1", "-2", "-99", "1"), ["Column w has 2 weights that are not above 0: '-2' in row 3, '-99' in row 4."]),
        (("1", "", "1", ""), ["Column w has no weight in 2 of 4 rows: row 3, row 5. Fill the weights in, leave these"]),
        (("1", "heavy", "1", "1"), ["Column w has 1 weight that is not a number: 'heavy' in row 3."]),
        (("1", "inf", "nan", "1"), ["Column w has 2 weights that are not a number: 'inf' in row 3, 'nan' in row 4."]),
        (("", "0", "x", "1"), ["no weight in 1 of 4 rows: row 2", "'x' in row 4", "'0' in row 3"]),
    ],
)
def test_what_is_no_weight_is_refused_with_its_row(cafe_folder, weights, told):
    problems = check_survey(str(cafe_folder(rows(*weights), WEIGHED)))
    assert len(problems) == len(told)
    assert all(sentence in problem for problem, sentence in zip(problems, told, strict=True))


def test_the_column_of_weights_must_be_there_and_be_its_own(cafe_folder):
    (problem,) = check_survey(str(cafe_folder(None, WEIGHED)))
    assert problem.startswith("Column w is in the codebook but not in cafe.csv")
    for column in ("guest", "taste", "age"):
        with pytest.raises(CodebookError, match=f"weight: '{column}' is an item, a group or the id"):
            load_survey(str(cafe_folder(None, ("id: guest", f"id: guest\nweight: {column}"))))


def test_the_effective_size_is_n_over_the_design_effect():
    w = np.random.default_rng(1).gamma(2, size=200)
    design_effect = 1 + w.var() / w.mean() ** 2  # Kish (1992): 1 + the squared coefficient of variation
    assert effective_size(w) == pytest.approx(len(w) / design_effect, rel=1e-12)
    assert effective_size(np.full(7, 3.3)) == pytest.approx(7)
    assert effective_size(np.array([1.0, 1e-9, 1e-9])) == pytest.approx(1, abs=1e-8)


def test_the_effective_size_is_that_of_equal_weights_with_the_same_error_of_a_mean():
    rng = np.random.default_rng(2)
    w = rng.choice([0.3, 1, 4], 300)
    means = (rng.normal(size=(20_000, 300)) @ w) / w.sum()  # of answers with variance 1 that do not depend on weights
    assert 1 / means.var() == pytest.approx(effective_size(w), rel=0.04)  # four standard errors of a variance


def test_weights_match_rows_by_label_and_only_their_ratios_matter():
    items = pd.DataFrame({"a": [1.0, 2, 3]}, index=[7, 8, 9])
    assert weights_of(items, None) is None
    assert weights_of(items, [2, 4, 6]).tolist() == [0.5, 1, 1.5]
    assert weights_of(items, pd.Series([60, 20, 40, 1], index=[9, 7, 8, 1])).tolist() == [0.5, 1, 1.5]


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ([1, 2], "2 weights for 3 rows"),
        ([1, 0, 2], "1 of 3 rows have no weight above 0, the first of them row 8 "),
        (["a", "b", "c"], "not all numbers"),
        (pd.Series([1.0, 2], index=[7, 8]), "row 9"),
        (pd.Series([1.0, 2, 3], index=[7, 7, 8]), "reset_index"),
    ],
)
def test_impossible_weights_are_refused(weights, told):
    with pytest.raises(EstimationError, match=told):
        weights_of(pd.DataFrame({"a": [1.0, 2, 3]}, index=[7, 8, 9]), weights)


def test_a_mean_put_in_is_weighted():
    items = pd.DataFrame({"a": [1.0, 4, np.nan], "b": [2.0, 3, 5]})
    filled = handle_missing(items, "mean", pd.Series([2.0, 1, 1])).items
    assert filled["a"].tolist() == [1, 4, 2]  # (2·1 + 1·4) / 3


def test_means_and_deviations_of_whole_weights_are_those_of_repeated_rows():
    rng = np.random.default_rng(3)
    items = pd.DataFrame(rng.integers(1, 11, size=(40, 2)).astype(float), columns=["a", "b"])
    items.loc[[3, 5], "a"] = np.nan
    w = pd.Series(rng.integers(1, 4, 40))
    ours = means_and_deviations(items, w / w.mean())
    repeated = items.loc[items.index.repeat(w)]
    np.testing.assert_allclose(ours["mean"], repeated.mean(), rtol=1e-12)
    n = items.notna().sum()
    np.testing.assert_allclose(ours["sd"], repeated.std(ddof=0) * np.sqrt(n / (n - 1)), rtol=1e-12)
