"""Where the table stands in files that begin with a title, name columns in two rows or repeat the questions."""

from pathlib import Path

import openpyxl
import pytest
import yaml

from crmresearch.data.files import read_table
from crmresearch.data.survey.survey import load_survey
from crmresearch.data.table_place import Place
from crmresearch.data.text_table import FileProblem
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import CodebookError, DataError

TITLED = "Acme Ltd,,\nSales by customer,,\n,,\nDay,Customer,Amount\n2024-01-02,a,5\n2024-01-03,b,7\n"
BARE_TITLE = "Sales by customer\n\nDay;Customer;Amount\n2024-01-02;a;5\n2024-01-03;b;7\n"
QUALTRICS = (
    "StartDate,Q1_1,Q1_2\n"
    'Start Date,"Please say\nhow far. - I am satisfied",I come back\n'
    '"{""ImportId"":""startDate""}","{""ImportId"":""QID1_1""}","{""ImportId"":""QID1_2""}"\n'
    "2024-01-02,4,5\n2024-01-03,2,1\n"
)
MONKEY = (
    "Respondent ID,How good were we?,,Anything else?\n,Speed,Price,Open-Ended Response\n"
    "101,4,5,no\n102,2,3,\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "keys", "columns", "rows", "first"),
    [
        (TITLED, {"header_row": 4}, ["Day", "Customer", "Amount"], [5, 6], ["2024-01-02", "a", "5"]),
        (BARE_TITLE, {"header_row": 3}, ["Day", "Customer", "Amount"], [4, 5], ["2024-01-02", "a", "5"]),
        (QUALTRICS, {"first_row": 5}, ["StartDate", "Q1_1", "Q1_2"], [5, 6], ["2024-01-02", "4", "5"]),
        (MONKEY, {"header_rows": 2},
         ["Respondent ID", "How good were we? – Speed", "How good were we? – Price", "Anything else?"],
         [3, 4], ["101", "4", "5", "no"]),
        ("Day,Customer\n2024-01-02,a\n2024-01-03,b\n", {}, ["Day", "Customer"], [2, 3], ["2024-01-02", "a"]),
    ],
)  # fmt: skip
def test_the_table_is_found_and_read_from_where_the_codebook_says(
    tmp_path: Path, text: str, keys: dict[str, int], columns: list[str], rows: list[int], first: list[str]
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    found = read_table(path, place=None)
    assert found.found == keys
    for table in (found, read_table(path, place=Place(**keys))):
        assert list(table.cells.columns) == columns
        assert (list(table.cells.index), table.cells.iloc[0].tolist()) == (rows, first)


def test_questions_of_qualtrics_are_kept(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(QUALTRICS, encoding="utf-8")
    questions = read_table(tmp_path / "export.csv", place=None).questions
    assert questions["Q1_1"] == "Please say how far. - I am satisfied"


def test_the_largest_sheet_and_its_header_are_found(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["made by", "J. B."])
    sheet = book.create_sheet("Orders")
    for row in (["Orders 2024"], [], ["No", "Paid", "Paid", None], [1, 2.5, 3, None], [], [2, 4, 5, None]):
        sheet.append(row)
    book.save(tmp_path / "x.xlsx")
    table = read_table(tmp_path / "x.xlsx", place=None)
    assert table.found == {"table": "Orders", "header_row": 3}
    assert list(table.cells.columns) == ["No", "Paid", "Paid.1"]
    assert table.cells.to_numpy().tolist() == [["1", "2.5", "3"], ["2", "4", "5"]]
    assert list(table.cells.index) == [4, 6]  # as the workbook numbers them


def test_a_header_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(TITLED, encoding="utf-8")
    with pytest.raises(FileProblem, match="row 9 is empty or not there; mend `header_row`"):
        read_table(tmp_path / "x.csv", place=Place(header_row=9))


SURVEY = {
    "key": "s", "title": {"en": "S"}, "about": {"en": "S"}, "file": "export.csv", "committed": False,
    "other_columns": "ignore", "first_row": 5, "leave_out": {"StartDate": ["2024-01-09"]},
    "items": {"Q1_1": {"text": {"en": "a"}, "min": 1, "max": 5}, "Q1_2": {"text": {"en": "b"}, "min": 1, "max": 5}},
}  # fmt: skip


def test_a_survey_is_read_below_its_questions_and_without_previews(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(QUALTRICS + "2024-01-09,1,1\n", encoding="utf-8")
    (tmp_path / "codebook.yaml").write_text(yaml.safe_dump(SURVEY), encoding="utf-8")
    survey = load_survey(str(tmp_path))
    assert survey.items.to_numpy().tolist() == [[4, 5], [2, 1]]
    assert any("1 row is left out, for StartDate is 2024-01-09" in note["en"] for note in survey.notes)
    told = SURVEY | {"leave_out": {"Status": ["preview"]}}
    (tmp_path / "codebook.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    with pytest.raises(DataError, match="Status is in the codebook but not in"):
        load_survey(str(tmp_path))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"first_row": 2, "header_row": 4}, "first_row: row 2 is the header or above it"),
        ({"file": "x.parquet", "header_row": 4, "first_row": None}, "header_row: x.parquet has no rows of titles"),
    ],
)
def test_rows_that_cannot_be_are_told(tmp_path: Path, change: dict, why: str) -> None:
    (tmp_path / "codebook.yaml").write_text(yaml.safe_dump(SURVEY | change), encoding="utf-8")
    with pytest.raises(CodebookError, match=why):
        load_survey(str(tmp_path))


def test_purchases_are_read_below_a_title(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(TITLED, encoding="utf-8")
    book = {
        "kind": "transactions", "key": "s", "title": {"en": "S"}, "about": {"en": "S"}, "file": "shop.csv",
        "committed": False, "header_row": 4, "columns": {"customer": "Customer", "time": "Day", "amount": "Amount"},
        "currency": "EUR", "rules": {"returns": "net", "duplicates": "keep"},
    }  # fmt: skip
    (tmp_path / "codebook.yaml").write_text(yaml.safe_dump(book), encoding="utf-8")
    purchases = load_transactions(str(tmp_path))
    assert (purchases.rows, float(purchases.table.amount.sum().execute())) == (2, 12.0)
