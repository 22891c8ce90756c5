"""What DuckDB and ibis raise reaches the reader as a sentence of ours: line or column, and what to do."""

import duckdb
import pytest
from shop_codebook import shop_codebook

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.engine_errors import engine_sentence, engine_sentences
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import DataError

CODEBOOK = shop_codebook(last_day=None)
OF_DUCKDB = (
    "Error", "Possible", "LINE 1", "SELECT", "SET ", "strict_mode", "Expected", "unterminated", "magic", "block",
    "ibis_", "pattern", "temp_directory",
)  # fmt: skip


def said(query: str, *settings: str) -> str:
    """What DuckDB says when it runs the query."""
    connection = duckdb.connect()
    for setting in settings:
        connection.execute(setting)
    with pytest.raises(duckdb.Error) as error:
        connection.execute(query).fetchall()
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n3\n", "line 3, '3': it has 1 cells where the header has 2; put text that holds the separator"),
        ("a,b\n1,2\n3,4,5\n", "line 3, '3,4,5': it has 3 cells where the header has 2"),
        ('a,b\n1,"2\n3,4\n', "line 2, '1,\"2': a quotation mark has no partner; close it"),
        ("a,b\n1,2\n3,\xe9\n", "it is not UTF-8 text; save the file as 'CSV UTF-8'"),
        ("a,b\n1," + "x" * 3_000_000 + "\n", "it is too long for a line; look for a quotation mark"),
    ],
)
def test_broken_lines(tmp_path, text, sentence):
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="latin-1")
    options = (
        "all_varchar=true, header=true, delim=',', quote='\"', auto_detect=false, columns={a: VARCHAR, b: VARCHAR}"
    )
    told = engine_sentence(said(f"SELECT min(b) FROM read_csv('{path}', {options})"))
    assert sentence in told
    assert len(told) < 400
    assert not [word for word in OF_DUCKDB if word in told]


def test_broken_files_and_small_machines(tmp_path):
    path = tmp_path / "x.parquet"
    gone = said(f"SELECT * FROM read_parquet('{path}')")
    path.write_bytes(b"PA")
    small = said(f"SELECT * FROM read_parquet('{path}')")
    path.write_bytes(b"no Parquet file at all")
    other = said(f"SELECT * FROM read_parquet('{path}')")
    path.rename(tmp_path / "x.duckdb")
    database = said(f"ATTACH '{tmp_path}/x.duckdb' AS x (READ_ONLY)")
    cast = said("SELECT a::INT FROM (SELECT 'x' || range AS a FROM range(3))")
    memory = said(
        "SELECT count(*) FROM (SELECT DISTINCT i, random() FROM range(20000000) t(i))",
        "SET memory_limit = '20MB'",
        "SET temp_directory = ''",
    )
    begins = {
        gone: "it is no longer there; put it back",
        small: "it is no whole Parquet file",
        other: "it is no whole Parquet file",
        database: "it is no whole DuckDB database",
        memory: "this machine has not enough memory",
    }
    for text, sentence in begins.items():
        assert engine_sentence(text).startswith(sentence), text
    for text in (*begins, cast, "Something new: of SELECT and SET"):
        assert not [word for word in OF_DUCKDB if word in engine_sentence(text)], text


def test_a_mistake_of_ours_is_not_taken_for_one_of_the_file(tmp_path):
    with pytest.raises(ZeroDivisionError), engine_sentences(tmp_path):
        _ = 1 / 0


def test_a_file_that_breaks_after_it_was_opened_is_a_sentence_too(tmp_path):
    (tmp_path / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    (tmp_path / "shop.csv").write_text("who,when,paid\na,2021-01-01,1\nb,2021-01-02,2\n", encoding="utf-8")
    transactions = load_transactions(str(tmp_path))
    (tmp_path / "shop.csv").write_text("who,when,paid\na,2021-01-01,1\nb,2021-01-02\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"shop.csv: line 3, 'b,2021-01-02': it has 2 cells where the header has 3"):
        customer_table(transactions, "2021-01-01")
    (tmp_path / "shop.csv").unlink()
    with pytest.raises(DataError, match=r"shop.csv: it is no longer there; put it back"):
        transactions.customers()
