"""The same table out of every kind of file, as each program writes it, for surveys and for purchases."""

import gzip
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from crmresearch.data.files import read_table, read_tables
from crmresearch.data.survey.survey import load_survey
from crmresearch.data.text_files import find_decimal, find_separator
from crmresearch.data.text_table import FileProblem
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import DataError

FRAME = pd.DataFrame(
    {"id": ["001", "b", "c"], "visits": [1, 20, 300], "spend": [1.5, 2.25, 1000.0], "town": ["Zürich", "é, b", None]}
)
CELLS = [["001", "1", "1.5", "Zürich"], ["b", "20", "2.25", "é, b"], ["c", "300", "1000", ""]]


def to_sqlite(frame: pd.DataFrame, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        frame.to_sql("answers", connection, index=False)
    connection.close()


def to_duckdb(frame: pd.DataFrame, path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE answers AS SELECT * FROM frame")


def to_spss(frame: pd.DataFrame, path: Path) -> None:
    pytest.importorskip("pyreadstat").write_sav(frame, str(path))


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "x.csv": lambda f, p: f.to_csv(p, index=False),
    "x.tsv": lambda f, p: f.to_csv(p, index=False, sep="\t"),
    "semicolons.csv": lambda f, p: f.to_csv(p, index=False, sep=";"),
    "western.csv": lambda f, p: f.to_csv(p, index=False, encoding="cp1252"),
    "utf16.txt": lambda f, p: f.to_csv(p, index=False, encoding="utf-16", sep="\t"),
    "x.csv.gz": lambda f, p: f.to_csv(p, index=False),
    "x.xlsx": lambda f, p: f.to_excel(p, index=False),
    "x.parquet": lambda f, p: f.to_parquet(p),
    "x.feather": lambda f, p: f.to_feather(p),
    "x.sqlite": to_sqlite,
    "x.db": to_sqlite,
    "x.duckdb": to_duckdb,
    "x.sav": to_spss,
    "x.dta": lambda f, p: f.to_stata(p, write_index=False, version=118),
}


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", "Région;Très insatisfait;Plutôt satisfait;à côté;où;Île-de-France;Qualité du cœur"),
        ("cp1252", "Região;Não sei;muito satisfeito;opções;João;você;às vezes"),
        ("cp1252", "¿Cuántos años tiene?;muy satisfecho;señora;España;mañana;también"),
        ("cp1252", "Mycket nöjd;Sällan;Ålder;inte så ofta;då och då;måste;också"),
        ("cp1252", "Größe;Würden Sie verlängern?;männlich;weiß nicht;Öffnungszeiten"),
        ("cp1250", "Zdecydowanie się zgadzam;małe;łódź;żółty;większość;również;została"),
        ("cp1250", "Velmi spokojen;spíše nesouhlasím;žádný;příliš;určitě;někdy;můžete"),
        ("cp1250", "Nagyon elégedett;később;gyűjtő;üzlet;örömmel;rendkívül;inkább"),
    ],
)
def test_the_letters_of_the_west_and_of_central_europe_are_told_apart(
    tmp_path: Path, encoding: str, words: str
) -> None:
    (tmp_path / "x.csv").write_bytes(f"{words}\n{words}\n{words}\n".encode(encoding))
    assert list(read_table(tmp_path / "x.csv").cells.columns) == words.split(";")


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_is_the_same_from_every_kind_of_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](FRAME, path)
    table = read_table(path)
    assert list(table.cells.columns) == list(FRAME.columns)
    cells = table.cells.to_numpy().tolist()
    cells[2][2] = cells[2][2].removesuffix(".0")  # as the text file has it
    assert cells == CELLS
    assert list(table.cells.index) == [2, 3, 4]


def test_value_labels_and_questions_of_spss_are_kept(tmp_path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    path = tmp_path / "x.sav"
    frame = pd.DataFrame({"q1": [1.0, 5.0, 99.0], "sex": [1.0, 2.0, 1.0]})
    pyreadstat.write_sav(
        frame, str(path), column_labels=["How satisfied are you?", "Sex"],
        variable_value_labels={"sex": {1: "female", 2: "male"}}, missing_ranges={"q1": [99]},
    )  # fmt: skip
    table = read_table(path)
    assert table.labels == {"sex": {"1": "female", "2": "male"}}
    assert table.questions == {"q1": "How satisfied are you?", "sex": "Sex"}
    assert table.cells["q1"].tolist() == ["1", "5", ""]  # 99 was declared missing in SPSS


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.xls", b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        ("a.xlsx", b"PK\x03\x04rest", "no workbook that can be read"),
        ("a.parquet", b"PAR1rest", "cut off or damaged"),
        ("a.sav", b"$FL2rest", "cannot be read as an SPSS file"),
        ("a.dta", b"<stata_dta>rest", "cannot be read as a Stata file"),
        ("a.sqlite", b"SQLite format 3\x00rest", "cannot be read as a SQLite database"),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "cut off or damaged"),
        ("a.csv", b"a,a\n1,2\n", "names a more than once"),
        ("a.csv", b"a,b\n1\n", "line 2 has 1 cells where the header has 2"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileProblem, match=why):
        read_table(path)


def test_sheets_and_tables_are_chosen_aloud(tmp_path: Path) -> None:
    book = tmp_path / "x.xlsx"
    with pd.ExcelWriter(book) as writer:
        FRAME.to_excel(writer, sheet_name="May", index=False)
        FRAME.head(1).to_excel(writer, sheet_name="June", index=False)
    first = read_table(book)
    assert (len(first.cells), first.notes) == (3, (("note.largest_sheet", {"sheet": "May", "others": "June"}),))
    assert len(read_table(book, table="June").cells) == 1
    with pytest.raises(FileProblem, match="it has no sheet 'July'; there are May, June"):
        read_table(book, table="July")
    base = tmp_path / "x.sqlite"
    to_sqlite(FRAME, base)
    with sqlite3.connect(base) as connection:
        FRAME.to_sql("more", connection, index=False)
    connection.close()
    with pytest.raises(FileProblem, match="it has several tables: answers, more; name one under `table`"):
        read_table(base)


def test_several_files_of_one_shape_are_one_table(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    FRAME[FRAME.columns[::-1]].to_excel(tmp_path / "b.xlsx", index=False)
    table = read_tables([tmp_path / "a.csv", tmp_path / "b.xlsx"])
    assert table.cells["visits"].tolist() == ["1", "20", "300"] * 2
    assert list(table.cells.index) == [2, 3, 4, 5, 6, 7]
    assert table.notes[0] == ("note.several_files", {"count": 2, "rows": "a.csv 3, b.xlsx 3"})
    FRAME.rename(columns={"town": "city"}).to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(FileProblem, match=r"c\.csv has not the columns of a\.csv: 'city', 'town'"):
        read_tables([tmp_path / "a.csv", tmp_path / "c.csv"])


def test_marks_are_recognised() -> None:
    assert find_separator("a;b;c\n1,5;2,5;x\n3,5;4,5;y, z\n") == ";"
    assert find_separator('a,b\n"x;y;z",2\n"x;y;z",3\n') == ","
    assert find_separator("only\n1\n2\n") == ","
    assert find_decimal(pd.DataFrame({"a": ["1,5", "2"], "b": ["1.000,25", "x"]})) == ","
    assert find_decimal(pd.DataFrame({"a": ["1.5", "2"], "b": ["x, y", "3"]})) == "."


def survey_of(folder: Path, name: str, **keys: object) -> str:
    book = {
        "key": folder.name, "title": {"en": "T"}, "about": {"en": "A"}, "file": name, "committed": False,
        "how_to_get": "Ask.", "source": "s", "citation": "c", "licence": "l",
        "items": {q: {"text": {"en": q}, "min": 1, "max": 5} for q in ("q1", "q2")},
        "constructs": {"satisfaction": ["q1", "q2"]},
        "identical_rows": "expected", "identical_rows_reason": "few items",
    } | keys  # fmt: skip
    (folder / "codebook.yaml").write_text(yaml.safe_dump(book, allow_unicode=True), encoding="utf-8")
    return str(folder)


ANSWERS = pd.DataFrame({"q1": [1.0, 5, 3, None], "q2": [2.0, 4, 4, 5]})


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in ("western.csv",)])
def test_a_survey_is_read_from_every_kind_of_file(tmp_path: Path, name: str) -> None:
    WRITERS[name](ANSWERS, tmp_path / name)
    survey = load_survey(_in(tmp_path, name))
    assert survey.items["q2"].tolist() == [2, 4, 4, 5]
    assert survey.items["q1"].isna().tolist() == [False, False, False, True]


def _in(folder: Path, name: str, **keys: object) -> str:
    own = folder / "mine"
    own.mkdir()
    for path in list(folder.iterdir()):
        if path.is_file():
            path.rename(own / path.name)
    return survey_of(own, name, **keys)


def test_text_answers_are_numbers_by_the_labels_of_the_codebook(tmp_path: Path) -> None:
    pd.DataFrame({"q1": ["Strongly agree", "disagree ", "5", ""], "q2": ["Yes", "no", "YES", "No"]}).to_csv(
        tmp_path / "x.csv", index=False
    )
    labels = {"strongly agree": 5, "disagree": 2}
    items = {"q1": {"text": {"en": "q"}, "min": 1, "max": 5},
             "q2": {"text": {"en": "q"}, "min": 0, "max": 1, "labels": {"yes": 1, "no": 0}}}  # fmt: skip
    survey = load_survey(_in(tmp_path, "x.csv", labels=labels, items=items))
    assert survey.items["q1"].tolist()[:3] == [5, 2, 5]
    assert survey.items["q2"].tolist() == [1, 0, 1, 0]


def test_an_answer_without_a_label_is_told(tmp_path: Path) -> None:
    pd.DataFrame({"q1": ["agree", "perhaps"], "q2": [1, 2]}).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(DataError, match="'perhaps' in row 3"):
        load_survey(_in(tmp_path, "x.csv", labels={"agree": 4}))


def test_decimal_commas_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("q1;q2\n1,5;2\n4,25;3\n3;5\n")
    survey = load_survey(_in(tmp_path, "x.csv"))
    assert survey.items["q1"].tolist() == [1.5, 4.25, 3]
    assert any("The decimal mark of x.csv is a comma" in note["en"] for note in survey.notes)


PURCHASES = pd.DataFrame(
    {"id": ["001", "b", "001", "c"], "day": ["2024-01-02", "2024-02-03", "2024-03-04", "2024-03-05"],
     "amount": [1.5, 20.0, 3.25, 7.0]}
)  # fmt: skip


def shop_of(folder: Path, name: str, **keys: object) -> str:
    own = folder / "shop"
    own.mkdir()
    for path in list(folder.iterdir()):
        if path != own:
            path.rename(own / path.name)
    book = {
        "key": "shop", "kind": "transactions", "title": {"en": "T"}, "about": {"en": "A"}, "file": name,
        "committed": False, "how_to_get": "Ask.", "source": "s", "citation": "c", "licence": "l", "currency": "EUR",
        "columns": {"customer": "id", "time": "day", "amount": "amount"}, "time_format": "%Y-%m-%d",
        "last_day": "2024-06-30", "rules": {"returns": "net", "duplicates": "keep"},
    } | keys  # fmt: skip
    (own / "codebook.yaml").write_text(yaml.safe_dump(book), encoding="utf-8")
    return str(own)


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in ("western.csv", "x.feather")])
def test_purchases_are_read_from_every_kind_of_file(tmp_path: Path, name: str) -> None:
    WRITERS[name](PURCHASES, tmp_path / name)
    database = {"table": "answers"} if name in ("x.sqlite", "x.db", "x.duckdb") else {}
    shop = load_transactions(shop_of(tmp_path, name, **database))
    found = shop.table.select("customer", "day", "amount").execute().sort_values("day")
    assert found["customer"].tolist() == ["001", "b", "001", "c"]
    assert found["amount"].tolist() == [1.5, 20.0, 3.25, 7.0]
    assert str(shop.first_day) == "2024-01-02"


def test_purchases_of_a_folder_and_of_a_list_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "sales").mkdir()
    PURCHASES.head(2).to_csv(tmp_path / "sales" / "a.csv", index=False)
    PURCHASES.tail(2).to_csv(tmp_path / "sales" / "b.csv", index=False)
    shop = load_transactions(shop_of(tmp_path, "sales"))
    assert (shop.rows, shop.customers()) == (4, 3)
    listed = tmp_path / "listed"
    listed.mkdir()
    PURCHASES.head(2).to_csv(listed / "a.csv", index=False)
    PURCHASES.tail(2)[["amount", "day", "id"]].to_csv(listed / "b.csv", index=False)
    shop = load_transactions(shop_of(listed, "a.csv", more_files=["b.csv"]))
    assert (shop.rows, shop.customers()) == (4, 3)


def test_purchases_in_another_encoding_are_read(tmp_path: Path) -> None:
    frame = PURCHASES.assign(id=["Zoë", "Müller", "Zoë", "Æsop"])
    frame.to_csv(tmp_path / "x.csv", index=False, encoding="cp1252", sep=";")
    shop = load_transactions(shop_of(tmp_path, "x.csv", encoding="cp1252"))
    assert set(shop.table.select("customer").execute()["customer"]) == {"Zoë", "Müller", "Æsop"}


def test_what_was_recognised_of_purchases_is_told(tmp_path: Path) -> None:
    frame = PURCHASES.assign(id=["Zoë", "Müller", "Zoë", "Æsop"])
    frame.to_csv(tmp_path / "x.csv", index=False, encoding="utf-16", sep="\t")
    told = [note["en"] for note in load_transactions(shop_of(tmp_path, "x.csv")).notes]
    assert any("x.csv is not UTF-8 text and was read as UTF-16" in text for text in told)
    assert any("separated by tabs" in text for text in told)
    other = tmp_path / "other"
    other.mkdir()
    with pd.ExcelWriter(other / "x.xlsx") as book:
        frame.to_excel(book, sheet_name="May", index=False)
        frame.to_excel(book, sheet_name="June", index=False)
    told = [note["en"] for note in load_transactions(shop_of(other, "x.xlsx")).notes]
    assert any("The largest sheet of x.xlsx, May, was read, not June" in text for text in told)


def test_a_note_of_excel_to_itself_is_no_header(tmp_path: Path) -> None:
    text = PURCHASES.to_csv(index=False, sep=";")
    columns = ["customer", "day", "amount"]
    read = []
    for name, first in (("plain", ""), ("noted", "sep=;\r\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.csv").write_text(first + text, encoding="utf-8")
        shop = load_transactions(shop_of(tmp_path / name, "x.csv"))
        read.append(shop.table.select(*columns).order_by(columns).execute())
    pd.testing.assert_frame_equal(*read)


def test_text_that_is_cut_within_a_cell_of_several_lines_tells_its_mark() -> None:
    rows = "".join(f'{i};"line\nline";3\n' for i in range(150))
    assert find_separator(f"a;b;c\n{rows}") == ";"


def test_thousands_alone_are_no_decimals() -> None:
    assert find_decimal(pd.DataFrame({"a": ["1,234", "-12,345", "999"]})) == "."
    assert find_decimal(pd.DataFrame({"a": ["1,234", "0,345"]})) == ","


@pytest.mark.parametrize(
    ("content", "text"),
    [("id,name\n1,Zoë\n".encode("cp1252"), "Zoë"), ("id,name\n1,né\n".encode("latin-1"), "né")],
)
def test_short_texts_of_the_west_are_read(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    table = read_table(tmp_path / "x.csv")
    assert table.cells["name"].tolist() == [text]
    assert [key for key, _ in table.notes] == ["note.encoding"]


def test_only_the_beginning_of_a_long_text_is_read(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f'{i},"two\nlines"\n' for i in range(1000))
    (tmp_path / "x.csv").write_text(text)
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("x.csv", "x.csv.gz"):
        for most in (5_000, 5_004, 5_010, 5_016):
            table = read_table(tmp_path / name, most=most)
            assert not table.whole
            assert table.cells["b"].eq("two\nlines").all()
            assert table.cells["a"].tolist() == [str(i) for i in range(len(table.cells))]
            assert len(table.cells) > 200
        assert read_table(tmp_path / name, most=len(text)).whole
