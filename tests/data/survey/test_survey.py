"""The loader: a good file as numbers, a bad file as one sentence per problem, all of them at once."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmresearch.__main__ import main
from crmresearch.data.catalog import find_codebook, find_data_file
from crmresearch.data.survey.survey import check_survey, load_survey
from crmresearch.data.survey.suspicions import suspicions
from crmresearch.errors import DataError, DatasetMissingError

HEADER = "guest,taste,wait,again,seat,town,age\n"
ROWS = "a,1,5,0,1,no,20\nb,2,1,10,2,so,31.5\nc,5,3,7,1,no,44\n"

REFUSE = ("licence: none", "licence: none\nidentical_rows: refuse")


@pytest.fixture
def problems(cafe_folder):
    """What `check_survey` says about a data file of the café."""

    def check(data: str | bytes, *replacements: tuple[str, str]) -> list[str]:
        return check_survey(str(cafe_folder(data, *replacements)))

    return check


def test_a_good_file(cafe_folder):
    folder = cafe_folder()
    survey = load_survey(str(folder))
    nan = np.nan
    assert check_survey(str(folder)) == []
    expected = pd.DataFrame(
        {"taste": [1, 2, 5, 4], "wait": [1, 5, nan, 4], "again": [0, 10, nan, nan]},
        index=pd.Index([2, 3, 4, 5], name="row"),
        dtype="float64",
    )
    pd.testing.assert_frame_equal(survey.items, expected)
    assert survey.respondents == 4
    assert survey.path == folder / "cafe.csv"
    assert survey.notes == ()


def test_groups_keep_what_the_codebook_declares(cafe_folder):
    groups = load_survey(str(cafe_folder())).groups
    assert groups["seat"].dtype == "Int64"
    assert groups["seat"].fillna(-1).tolist() == [1, 2, -1, -1]
    assert groups["town"].fillna("?").tolist() == ["no", "so", "no", "?"]
    assert groups["age"].fillna(-1).tolist() == [20, 31.5, -1, 99]


def test_excel_and_windows_leave_traces_that_do_not_matter(cafe_folder):
    plain = load_survey(str(cafe_folder(HEADER + ROWS)))
    changed = "\ufeff" + HEADER.replace("taste", '" taste "') + ROWS.replace("a,1,5", 'a,"1.0", 5 ') + "\n\n"
    other = load_survey(str(cafe_folder(changed.replace("\n", "\r\n"))))
    pd.testing.assert_frame_equal(plain.items, other.items)
    pd.testing.assert_frame_equal(plain.groups, other.groups)


def test_the_order_of_columns_does_not_matter(cafe_folder):
    plain = load_survey(str(cafe_folder(HEADER + ROWS)))
    turned = "\n".join(",".join(reversed(line.split(","))) for line in (HEADER + ROWS).splitlines())
    pd.testing.assert_frame_equal(plain.items, load_survey(str(cafe_folder(turned))).items)


def test_row_labels_are_lines_of_the_file(problems, cafe_folder):
    data = '\n\nguest,taste,wait,again,seat,town,age\n"a\nb",1,5,0,1,no,20\n\nb,2,1,10,2,so,31.5\nc,9,3,7,1,no,44\n'
    (sentence,) = problems(data)
    assert "'9' in row 8" in sentence
    assert data.splitlines()[8 - 1].startswith("c,9")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("b,2,", "b,6,", ["Column taste has 1 value outside its scale 1 to 5: '6' in row 3.", "items.taste.missing"]),
        ("b,2,", "b,-1,", ["Column taste has 1 value outside its scale", "'-1' in row 3"]),
        ("b,2,", "b,inf,", ["Column taste has 1 value outside its scale", "'inf' in row 3"]),
        ("b,2,", "b,99,", ["'99' in row 3"]),  # a missing code of another item
        ("b,2,", "b,good,", ["Column taste has 1 cell that is not a number: 'good' in row 3", "items.taste.missing"]),
        ("b,2,", "b,NA,", ["Column taste has 1 cell that is not a number: 'NA' in row 3"]),
        ("b,2,", "b,nan,", ["Column taste has 1 cell that is not a number: 'nan' in row 3"]),
        ("b,2,", 'b,"2,5",', ["Column taste has 1 cell that is not a number: '2,5' in row 3", "decimal point"]),
        ("b,2,", "b,1_0,", ["not a number: '1_0' in row 3"]),
        ("b,2,", "b,２,", ["not a number: '２' in row 3"]),
        ("10,2,so", "10,3,so", ["Column seat has 1 value the codebook does not declare: '3' in row 3", "groups.seat"]),
        ("10,2,so", "10,2,SO", ["Column town has 1 value the codebook does not declare: 'SO' in row 3"]),
        ("31.5", "old", ["Column age has 1 cell that is not a number: 'old' in row 3", "groups.age.missing_codes"]),
        ("b,2", "a,2", ["Column guest names 1 respondent more than once: a in rows 2, 3."]),
        ("b,2", ",2", ["Column guest has 1 row without an id: row 3."]),
        ("c,5,3,7,1,no,44", "c,5,3,7,1,no,44\n,,,,,,", ["without an id: row 5", "Row 5 holds nothing at all."]),
        ("taste", "Taste", ["Column taste is in the codebook but not in cafe.csv (cafe.csv has 'Taste': is it that"]),
        ("taste", "tatse", ["Column taste is in the codebook but not in cafe.csv (cafe.csv has 'tatse'"]),
        ("taste", "", ["Column taste is in the codebook but not in cafe.csv.", "Column 2 of cafe.csv has no name"]),
        ("taste", "smell", ["Column taste is in the codebook but", "Column smell of cafe.csv is not in the codebook"]),
    ],
)
def test_each_problem_is_one_sentence_naming_column_and_row(problems, old, new, what):
    data = HEADER + ROWS
    assert problems(data) == []
    assert data.count(old) == 1
    found = problems(data.replace(old, new))
    for part in what:
        assert any(part in sentence for sentence in found), (part, found)
    for sentence in found:
        assert any(part in sentence for part in what), ("nothing else is wrong", sentence)


def test_a_constant_and_an_unanswered_item(problems):
    data = HEADER + "a,3,-9,0,1,no,20\nb,3,,10,2,so,31.5\nc,3,-9,5,1,no,44\n"
    assert problems(data) == [
        "Column taste is constant: every answer is 3. An item without variance measures nothing: remove it from the "
        "codebook.",
        "Column wait holds no answer at all. Put the answers in, or remove the item from the codebook.",
    ]


def test_all_problems_come_at_once(cafe_folder):
    data = HEADER.replace("age", "years") + "a,6,5,0,7,no,20\na,2,x,10,2,so,31\nc,5,3,-1,1,no,44\nd,5,3,-1,1,no,44\n"
    with pytest.raises(DataError) as caught:
        load_survey(str(cafe_folder(data, REFUSE)))
    kinds = ["age is in the codebook", "years of", "taste has", "wait has", "again has", "seat has", "guest names"]
    for kind, sentence in zip([f"Column {kind}" for kind in kinds] + ["Row 5"], caught.value.problems, strict=True):
        assert sentence.startswith(kind)
    assert "cafe.csv does not fit its codebook" in str(caught.value)
    assert str(caught.value).count("\n") == 8


def test_long_lists_are_cut_and_counted(problems, cafe_folder, capsys):
    rows = "".join(f"g{i},{20 + i},{1 + i % 5},{i % 11},1,no,{i}\n" for i in range(12))
    (sentence,) = problems(HEADER + rows)
    assert (
        "12 values outside its scale 1 to 5: '20' in row 2, '21' in row 3, '22' in row 4, '23' in row 5, " in sentence
    )
    assert "'24' in row 6 and 7 more." in sentence
    assert "Correct the scale (min, max) or add a code for no answer" in sentence
    assert main(["check-data", str(cafe_folder(HEADER + rows)), "--all"]) == 1
    told = capsys.readouterr().out
    assert all(f"'{20 + i}' in row {i + 2}" in told for i in range(12))
    assert "more" not in told
    same = "".join(f"g{i},{1 + i % 2},1,{i % 2},1,no,3\n" for i in range(12))
    assert "Rows 4, 5, 6, 7, 8 and 5 more hold exactly" in check_survey(str(cafe_folder(HEADER + same, REFUSE)))[1]


def test_expected_identical_rows_are_a_note_with_their_number(cafe_folder):
    reason = "identical_rows: expected\nidentical_rows_reason: Few questions.\nlicence: none"
    data = HEADER + ROWS + "d,1,5,0,1,no,20\ne,1,5,0,1,no,20\n"
    survey = load_survey(str(cafe_folder(data, ("licence: none", reason))))
    (note,) = survey.notes
    assert note["en"] == "2 rows are exact copies of an earlier row and kept: Few questions."
    assert survey.respondents == 5


def test_identical_answers_to_few_questions_are_counted_and_to_many_refused(cafe_folder):
    same = "".join(f"g{i},{1 + i % 2},{1 + i % 2},{i % 2},1,no,3\n" for i in range(12))
    survey = load_survey(str(cafe_folder(HEADER + same)))
    assert survey.respondents == 12
    assert (
        "10 rows answer exactly as an earlier row and are kept, for different people can answer 3"
        in survey.notes[0]["en"]
    )
    assert "Rows 4, 5, 6" in check_survey(str(cafe_folder(HEADER + same, REFUSE)))[0]
    many = "".join(f"  q{i}: {{text: {{en: Q}}, min: 0, max: 10}}\n" for i in range(7))
    wide = [line.split(",") for line in (HEADER + same).splitlines()]
    wide = [line + ([f"q{i}" for i in range(7)] if line[0] == "guest" else line[1:2] * 7) for line in wide]
    folder = cafe_folder("\n".join(map(",".join, wide)), ("items:\n", f"items:\n{many}"))
    assert "hold exactly what an earlier row holds" in check_survey(str(folder))[0], "ten items"


def test_a_scale_longer_than_the_answers_is_suspected(cafe_folder, capsys):
    rng = np.random.default_rng(1)
    rows = "".join(f"g{i},{rng.integers(1, 6)},{rng.integers(1, 6)},{rng.integers(0, 11)},1,no,3\n" for i in range(60))
    longer = ("味道}, min: 1, max: 5", "味道}, min: 1, max: 10")
    assert suspicions(load_survey(str(cafe_folder(HEADER + rows)))) == ()
    folder = str(cafe_folder(HEADER + rows, longer))
    (caution,) = suspicions(load_survey(folder))
    assert (caution.code, caution.severity) == ("scale_too_long", "weak")
    assert caution.facts == {"items": ["taste"], "min": 1.0, "max": 10.0, "least": 1.0, "most": 5.0}
    assert main(["check-data", folder]) == 1
    assert "suspected: The answers to taste go from 1 to 5 where the codebook has a scale of 1 to 10" in (
        capsys.readouterr().out
    )
    settled = ("licence: none", "licence: none\nsettled: [scale_too_long]")
    assert suspicions(load_survey(str(cafe_folder(HEADER + rows, longer, settled)))) == ()


@pytest.mark.parametrize("dataset", ["ecsi_mobile", "corporate_reputation", "acsi_2015"])
def test_the_shipped_surveys_are_not_suspected(dataset):
    try:
        survey = load_survey(dataset)
    except DatasetMissingError as missing:
        pytest.skip(str(missing))
    assert suspicions(survey) == ()


def test_other_columns_can_be_ignored_but_are_named(cafe_folder):
    data = HEADER.replace("\n", ",zip\n") + ROWS.replace("\n", ",48109\n")
    survey = load_survey(str(cafe_folder(data, ("licence: none", "licence: none\nother_columns: ignore"))))
    (note,) = survey.notes
    assert note["en"] == "Columns of cafe.csv that are not used: zip."
    assert list(survey.items) == ["taste", "wait", "again"]


def test_a_changed_file_is_a_problem_when_committed_and_a_note_otherwise(cafe_folder, problems):
    wrong = "0" * 64
    survey = load_survey(str(cafe_folder(None, ("licence: none", f"licence: none\nsha256: '{wrong}'"))))
    (note,) = survey.notes
    assert survey.sha256 in note["en"]
    assert wrong in note["en"]
    right = ("committed: false", f"committed: true\nsha256: {survey.sha256}")
    assert check_survey(str(cafe_folder(None, right))) == []
    (sentence,) = problems(HEADER + ROWS, right)
    assert sentence.startswith("The checksum of cafe.csv is ")
    assert survey.sha256 in sentence


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n\n", "it is empty"),
        (HEADER.encode(), "cafe.csv has a header but no rows"),
        ((HEADER + "a,1,5,0,1,no,20\n").encode(), "cafe.csv has one row"),
        ((HEADER + ROWS).encode("utf-16-le"), "zero bytes"),
        (b"PK\x03\x04rest of a workbook", "it is no workbook that can be read"),
        (b"%PDF-1.7", "it is a PDF document, no table"),
        (b"\xd0\xcf\x11\xe0", "it is an old Excel workbook (.xls); save it as .xlsx"),
        ((HEADER + ROWS).replace("b,2,", "b,2,5,").encode(), "line 3 has 8 cells where the header has 7"),
        ((HEADER + ROWS).replace("b,2,", "b,").encode(), "line 3 has 6 cells where the header has 7"),
        ((HEADER + ROWS).replace("b,2,", 'b,"2,').encode(), "the row that begins in line 3 is broken"),
        ((HEADER + ROWS).replace("wait", "taste").encode(), "its header names taste more than once"),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence(problems, content, reason):
    (sentence,) = problems(content)
    assert reason in sentence
    assert sentence.startswith("cafe.csv")
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("written", "note"),
    [
        (lambda text: text.replace(",", ";").encode(), "The columns of cafe.csv are separated by semicolons"),
        (lambda text: text.replace(",", "\t").encode(), "The columns of cafe.csv are separated by tabs"),
        (lambda text: text.replace(",", "|").encode(), "The columns of cafe.csv are separated by bars"),
        (lambda text: b"sep=;\r\n" + text.replace(",", ";").encode(), None),
        (lambda text: text.encode("utf-16"), "was read as UTF-16"),
        (lambda text: text.encode("utf-8-sig"), None),
        (lambda text: gzip.compress(text.encode()), None),
    ],
)
def test_a_text_file_of_another_make_is_read_alike(cafe_folder, written, note):
    expected = load_survey(str(cafe_folder(HEADER + ROWS))).items
    folder = cafe_folder(written(HEADER + ROWS))
    survey = load_survey(str(folder))
    pd.testing.assert_frame_equal(survey.items.reset_index(drop=True), expected.reset_index(drop=True))
    assert note is None or any(note in told["en"] for told in survey.notes)


def test_a_missing_file_says_how_to_get_it(cafe_folder):
    folder = cafe_folder()
    (folder / "cafe.csv").unlink()
    for read in (load_survey, check_survey):
        with pytest.raises(DatasetMissingError, match="Ask the owner"):
            read(str(folder))


@pytest.mark.long
@given(
    answers=st.lists(
        st.tuples(st.integers(-1, 7), st.integers(1, 5), st.integers(0, 10)), min_size=2, max_size=12, unique=True
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_cell_outside_the_scale_is_found_and_no_other(cafe_folder, answers):
    rows = "".join(f"g{i},{t},{w},{a},1,no,{i}\n" for i, (t, w, a) in enumerate(answers))
    found = check_survey(str(cafe_folder(HEADER + rows)))
    bad = [f"'{t}' in row {i + 2}" for i, (t, _, _) in enumerate(answers) if not 1 <= t <= 5]
    outside = [sentence for sentence in found if "outside its scale" in sentence]
    assert len(outside) == bool(bad)
    if bad:
        assert f"has {len(bad)} value" in outside[0]
        assert ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "") + ". " in outside[0]


@pytest.mark.long
@given(st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_whatever_end_in_a_traceback(cafe_folder, noise):
    for content in (noise, HEADER.encode() + noise, (HEADER + ROWS).encode() + noise):
        problems = check_survey(str(cafe_folder(content)))
        assert all("\n" not in sentence for sentence in problems)


def test_reversing_keeps_the_scale_and_turns_the_order(cafe_folder):
    straight = load_survey(str(cafe_folder(None, (", reversed: true", "")))).items["wait"]
    turned = load_survey(str(cafe_folder())).items["wait"]
    assert (straight + turned).dropna().unique().tolist() == [1 + 5]


def test_the_shipped_surveys():
    mobile, reputation = load_survey("ecsi_mobile"), load_survey("corporate_reputation")
    assert mobile.items.shape == (250, 24)
    assert mobile.items.notna().all(axis=None)
    assert mobile.items.loc[2].tolist()[:3] == [7, 7, 6], "the first line of the file, in the order of the codebook"
    assert reputation.items.shape == (344, 39)
    assert reputation.groups["servicetype"].value_counts().to_dict() == {1: 125, 2: 219}
    assert (mobile.notes, reputation.notes) == ((), ())


def test_the_acsi_survey():
    try:
        find_data_file(find_codebook("acsi_2015"))
    except DatasetMissingError:
        pytest.skip("acsi_2015.csv is not in the repository; name the folder that holds it in CRMRESEARCH_DATA")
    survey = load_survey("acsi_2015")
    items = survey.items
    assert survey.respondents == 8239
    ratings = items.drop(columns=["COMP", "HANDLE"])
    assert ratings.shape[1] == 12
    assert len(ratings.dropna()) == 7422
    assert items["COMP"].value_counts().to_dict() == {0: 6569, 1: 1393}
    assert items.loc[items["HANDLE"].notna(), "COMP"].eq(1).all()
    assert survey.groups["AGE"].isna().sum() == 0, "98 and 99 are ages"
    assert survey.groups["GENDER"].value_counts().to_dict() == {1: 3290, 2: 4866}
    assert items["WRONGQ"].corr(items["OVERALLQ"]) > 0.5, "already turned in the file"
    assert any(note["en"].startswith("29 rows are exact copies") for note in survey.notes)
