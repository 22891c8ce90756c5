"""Names of files and folders are names: no engine reads a partition, a pattern or a home into them."""

from io import StringIO

import duckdb
import pandas as pd
import pytest

from crmresearch.data.catalog import find_codebook
from crmresearch.data.survey.survey import load_survey
from crmresearch.data.transactions.transactions import load_transactions

PURCHASES = "customer,date,amount\na,2020-01-01,20\nb,2020-02-01,13\nc,2020-03-01,10\n"
OTHER = "customer,date,amount\nz,2020-01-01,1000\n"  # what a pattern would find instead
CODEBOOK = """\
kind: transactions
key: shop
title: {{en: Shop}}
about: {{en: One shop}}
file: {file}
committed: false
how_to_get: Ask the owner.
source: made up
citation: none
licence: none
columns: {{customer: customer, time: date, amount: amount}}
currency: EUR
rules: {{returns: net, duplicates: keep}}
{more}
"""
NAMES = [
    *("sales[12]", "s*", "s?", "[!a]", "[a-z]", "{a,b}", "100%", "%41", "o'neil", "a#b", "two  words", "é", "~", "~x"),
    *("date=2021-12-31", "a;b", "**"),
]
FOLDERS = [
    "shop [12]",
    "date=2021-12-31",
    "amount=99",
    "customer=7",
    "~",
    "~nobody_of_this_name",
    "*",
    "s?",
    "100% é #'",
]


def written(folder, file: str):
    """A shop in this folder under this file name, beside files that a pattern would find."""
    folder.mkdir(parents=True, exist_ok=True)
    stem, kind = file.rsplit(".", 1)
    for name in ("sales1", "sx", "b", "a", "shop", stem):
        path = folder / f"{name}.{kind}"
        frame = pd.read_csv(StringIO(PURCHASES if name == stem else OTHER), dtype=str)
        if kind == "csv":
            frame.to_csv(path, index=False)
        elif kind == "parquet":
            frame.to_parquet(path, index=False)
        elif name == stem:
            plain = folder.parent.parent / "plain.duckdb"  # DuckDB itself cannot write beside a name with ?
            plain.unlink(missing_ok=True)
            with duckdb.connect(plain) as database:
                database.execute("CREATE TABLE sales AS SELECT * FROM frame")
            plain.rename(path)
    quoted = "'" + file.replace("'", "''") + "'"
    table = "table: sales" if kind == "duckdb" else ""
    (folder / "codebook.yaml").write_text(CODEBOOK.format(file=quoted, more=table), encoding="utf-8")
    return folder


def is_right(dataset: str) -> bool:
    transactions = load_transactions(dataset)
    table = transactions.table.execute()
    days = str(transactions.first_day), str(transactions.last_day)
    return (
        sorted(table.customer) == ["a", "b", "c"] and table.amount.sum() == 43 and days == ("2020-01-01", "2020-03-01")
    )


KINDS = ["csv", pytest.param("parquet", marks=pytest.mark.long), pytest.param("duckdb", marks=pytest.mark.long)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_a_file_is_read_by_its_name_whatever_that_is(tmp_path, kind):
    wrong = [name for name in NAMES if not is_right(str(written(tmp_path / "shop", f"{name}.{kind}")))]
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_folders_are_no_columns_patterns_or_homes(tmp_path, monkeypatch, kind):
    written(tmp_path / "shop 1" / "shop", f"shop.{kind}").joinpath(f"shop.{kind}").unlink()  # what "shop [12]" matches
    for folder in FOLDERS:
        monkeypatch.chdir(tmp_path)
        assert is_right(str(written(tmp_path / folder / "shop", f"sales.{kind}")))
        assert is_right(f"{folder}/shop"), "named as from the working folder"


def test_a_home_is_meant_only_where_nothing_has_that_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "home" / "shop", "sales.csv")
    assert find_codebook("~/shop").folder == (tmp_path / "home" / "shop").resolve()
    written(tmp_path / "~" / "shop", "sales.csv")
    assert find_codebook("~/shop").folder == (tmp_path / "~" / "shop").resolve()


def test_a_survey_is_read_by_its_name_whatever_that_is(cafe_folder):
    for name in NAMES:
        folder = cafe_folder(None, ("file: cafe.csv", "file: '" + f"{name}.csv".replace("'", "''") + "'"))
        (folder / "cafe.csv").rename(folder / f"{name}.csv")
        assert load_survey(str(folder)).respondents == 4
