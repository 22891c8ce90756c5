"""Transactions: every rule's lines counted by hand, files of every kind, and one sentence for what is unusable."""

import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from shop_codebook import shop_codebook

from crmresearch.__main__ import main
from crmresearch.data.catalog import dataset_keys, find_codebook
from crmresearch.data.survey.survey import load_survey
from crmresearch.data.transactions.transactions import check_transactions, load_transactions
from crmresearch.errors import CodebookError, DataError, DatasetMissingError

CODEBOOK = shop_codebook()
DIRTY = """\
who,when,paid
a,2021-01-05 10:00:00,10
a,2021-01-05 10:00:00,10
a,2021-02-01,-4
,2021-02-01,5
 ,2021-02-01,5
b,,5
b,yesterday,5
b,2021-02-30,5
b,2022-01-01 00:00:00,5
b,2021-12-31 23:59:59,0
c,2021-03-01,free
c,2021-03-01,
c,2021-03-01,inf
c,2021-03-01,1e13
c,2021-03-01,\x207.50\x20
"""


@pytest.fixture
def shop(tmp_path):
    """Write the shop's codebook with pieces of its text replaced, and its data; gives the folder."""

    def write(data: str | bytes | None = DIRTY, *replacements: tuple[str, str]) -> str:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        text = CODEBOOK
        for old, new in replacements:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / "codebook.yaml").write_text(text, encoding="utf-8")
        if data is not None:
            (folder / "shop.csv").write_bytes(data.encode() if isinstance(data, str) else data)
        return str(folder)

    return write


def lines(folder: str) -> list[tuple]:
    """Kept lines as (customer, time, amount), sorted."""
    table = load_transactions(folder).table
    return sorted(table.select("customer", "time", "amount").execute().itertuples(index=False, name=None))


def counted(folder: str, **options) -> dict[str, tuple[int, str]]:
    counts = load_transactions(folder, **options).counts
    return {rule: (rows, treatment) for rule, rows, treatment in counts.itertuples(index=False)}


def test_every_rule_counts_its_lines(shop):
    assert counted(shop()) == {
        "lines in the file": (15, ""),
        "exact copy of another line": (1, "kept"),
        "no customer id": (2, "dropped"),
        "time missing or not readable": (3, "dropped"),
        "time in the future": (1, "dropped: later than 2021-12-31"),
        "amount missing or not a number": (4, "dropped"),
        "return (negative amount)": (1, "netted against spend from the first purchase on, no purchase"),
        "amount of zero": (1, "kept, a purchase"),
        "lines used": (5, ""),
    }
    assert lines(shop()) == [
        ("a", datetime(2021, 1, 5, 10), 10.0),
        ("a", datetime(2021, 1, 5, 10), 10.0),
        ("a", datetime(2021, 2, 1), -4.0),
        ("b", datetime(2021, 12, 31, 23, 59, 59), 0.0),
        ("c", datetime(2021, 3, 1), 7.5),
    ]
    loaded = load_transactions(shop())
    assert (loaded.rows, loaded.first_day, loaded.last_day) == (5, date(2021, 1, 5), date(2021, 12, 31))
    assert loaded.customers() == 3


def test_copies_and_returns_can_be_dropped(shop):
    counts = counted(shop(DIRTY, ("returns: net, duplicates: keep", "returns: drop, duplicates: drop")))
    assert counts["exact copy of another line"] == (1, "dropped")
    assert counts["return (negative amount)"] == (1, "dropped")
    assert counts["lines used"] == (3, "")


def test_the_counts_add_up(shop):
    counts = {rule: rows for rule, (rows, _) in counted(shop()).items()}
    dropped = ["no customer id", "time missing or not readable", "time in the future", "amount missing or not a number"]
    assert counts["lines in the file"] - sum(counts[rule] for rule in dropped) == counts["lines used"]


def test_the_future_begins_after_today_where_no_last_day_is_known(shop):
    folder = shop(DIRTY, ('last_day: "2021-12-31"\n', ""))
    assert counted(folder, today=date(2021, 2, 1))["time in the future"][0] == 7
    assert counted(folder)["time in the future"][0] == 0


def test_codes_for_a_customer_who_is_not_known(shop):
    counts = counted(shop("who,when,paid\n0,2021-01-01,1\nguest,2021-01-01,1\n7,2021-01-01,1\n",
                          ("currency: EUR", "currency: EUR\nmissing_codes: [0, guest]")))  # fmt: skip
    assert (counts["no customer id"][0], counts["lines used"][0]) == (2, 1)


def test_codes_of_seven_digits_and_more_are_told_apart(shop, tmp_path):
    key = ("currency: EUR", "currency: EUR\nmissing_codes: [1000000, 99999999, 0.5]")
    codes = ["1000000", "99999999", "0.5", "1000001", "1e+06"]
    folder = shop("who,when,paid\n" + "".join(f"{code},2021-01-01,1\n" for code in codes), key)
    assert [who for who, _, _ in lines(folder)] == ["1000001", "1e+06"]
    folder = shop(None, ("shop.csv", "shop.parquet"), key)
    ids = [1_000_000, 99_999_999, 1_000_001]
    pd.DataFrame({"who": ids, "when": pd.to_datetime(["2021-01-01"] * 3), "paid": 1.0}).to_parquet(
        f"{folder}/shop.parquet"
    )
    assert [who for who, _, _ in lines(folder)] == [1_000_001]


@pytest.mark.parametrize(
    ("time_format", "text", "expected"),
    [
        ("%d.%m.%Y", "3.2.2021", datetime(2021, 2, 3)),
        ("%m/%d/%Y %H:%M", "2/3/2021 8:26", datetime(2021, 2, 3, 8, 26)),
        ("%Y%m%d", "20210203", datetime(2021, 2, 3)),
        ("%y-%m-%d", "69-02-03", datetime(1969, 2, 3)),
        ("%m/%d/%Y %I:%M %p", "2/3/2021 12:26 AM", datetime(2021, 2, 3, 0, 26)),
        ("%m/%d/%Y %I:%M:%S %p", "2/3/2021 12:26:07 pm", datetime(2021, 2, 3, 12, 26, 7)),
        ("%d.%m.%Y %I%p", "3.2.2021 11p.m.", datetime(2021, 2, 3, 23)),
        ("%d-%b-%y", "3-FEB-21", datetime(2021, 2, 3)),
        ("%b %d, %Y", '"September 3, 2021"', datetime(2021, 9, 3)),
        ("%d|%m|%Y %H.%M.%S", "03|02|2021 08.26.05.9", datetime(2021, 2, 3, 8, 26, 5)),
    ],
)
def test_times_are_read_by_their_format(shop, time_format, text, expected):
    key = ("currency: EUR", f"currency: EUR\ntime_format: '{time_format}'")
    data = f"who,when,paid\na,{text},1\nb,31.31.31,1\n"
    assert lines(shop(data, key)) == [("a", expected, 1.0)]


def test_days_begin_where_the_codebook_says(shop):
    data = "who,when,paid\na,2021-03-13 17:30:00,1\nb,2021-03-14 03:59:59,2\nc,2021-03-14 07:30:00,3\n"
    shanghai = ("currency: EUR", "currency: EUR\nday_zone: Asia/Shanghai")
    assert [time for _, time, _ in lines(shop(data, shanghai))] == [
        datetime(2021, 3, 14, 1, 30), datetime(2021, 3, 14, 11, 59, 59), datetime(2021, 3, 14, 15, 30),
    ]  # fmt: skip
    # New York's clocks went from 2:00 to 3:00 on 14 March 2021, 7:00 UTC
    new_york = ("currency: EUR", "currency: EUR\nday_zone: America/New_York")
    assert [time for _, time, _ in lines(shop(data, new_york))] == [
        datetime(2021, 3, 13, 12, 30), datetime(2021, 3, 13, 22, 59, 59), datetime(2021, 3, 14, 3, 30),
    ]  # fmt: skip
    both = ("currency: EUR", "currency: EUR\ntime_zone: America/New_York\nday_zone: UTC")
    assert [time for _, time, _ in lines(shop(data, both))] == [
        datetime(2021, 3, 13, 22, 30), datetime(2021, 3, 14, 7, 59, 59), datetime(2021, 3, 14, 11, 30),
    ]  # fmt: skip


MORE = ("Europe/Dublin", "Asia/Shanghai")


@pytest.mark.parametrize(
    "zone",
    ["America/New_York", "Australia/Lord_Howe", *(pytest.param(zone, marks=pytest.mark.long) for zone in MORE)],
)
def test_zones_agree_with_pandas_all_year(shop, zone):
    times = pd.date_range("2020-12-30", "2021-12-30", freq="97min")
    data = "who,when,paid\n" + "".join(f"{i:06},{t},1\n" for i, t in enumerate(times))
    key = ("currency: EUR", f"currency: EUR\nday_zone: {zone}")
    local = times.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    assert [time for _, time, _ in lines(shop(data, key))] == list(local)
    back = local.tz_localize(zone, ambiguous=[True] * len(local)).tz_convert("UTC").tz_localize(None)
    data = "who,when,paid\n" + "".join(f"{i:06},{t},1\n" for i, t in enumerate(local))
    key = ("currency: EUR", f"currency: EUR\ntime_zone: {zone}\nday_zone: UTC")
    assert [time for _, time, _ in lines(shop(data, key))] == list(back)


def test_times_with_an_offset(shop):
    data = "who,when,paid\na,2021-01-01T00:30+01:00,1\nb,2021-01-01T00:30Z,1\nc,2021-01-01T23:30-0530,1\n"
    key = ("currency: EUR", "currency: EUR\ntime_format: '%Y-%m-%dT%H:%M%z'\nday_zone: UTC")
    assert [time for _, time, _ in lines(shop(data, key))] == [
        datetime(2020, 12, 31, 23, 30), datetime(2021, 1, 1, 0, 30), datetime(2021, 1, 2, 5, 0),
    ]  # fmt: skip
    with pytest.raises(DataError, match="3 × time missing or not readable"):
        lines(shop(data))  # never read with the offset dropped in silence


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.long
def test_columns_of_times_are_read_in_every_unit_with_and_without_a_zone(shop, unit):
    folder = shop(None, ("shop.csv", "shop.parquet"))
    instants = pd.to_datetime(["2021-03-14 03:30:00", "2021-03-14 07:30:00"])
    for zone in (None, "America/New_York"):
        times = (instants if zone is None else instants.tz_localize("UTC").tz_convert(zone)).as_unit(unit)
        pd.DataFrame({"who": ["a", "b"], "when": times, "paid": [1.0, 2.0]}).to_parquet(f"{folder}/shop.parquet")
        assert [time for _, time, _ in lines(folder)] == list(instants), "as written, or in UTC"
        notes = load_transactions(folder).notes
        assert [note["en"].count("the codebook names no `day_zone`: days begin at midnight UTC") for note in notes] == (
            [] if zone is None else [1]
        )
    # the zone that the file names is not the one where days begin
    folder = shop(None, ("shop.csv", "shop.parquet"), ("currency: EUR", "currency: EUR\nday_zone: America/New_York"))
    assert [time for _, time, _ in lines(folder)] == [datetime(2021, 3, 13, 22, 30), datetime(2021, 3, 14, 3, 30)]
    (note,) = load_transactions(folder).notes
    assert note["en"] == "Days begin at midnight in America/New_York; the times in the file carry their zone."


def test_local_times_that_never_came_or_came_twice_are_counted(shop):
    # New York 2021: 2:00 to 3:00 of 14 March never came, 1:00 to 2:00 of 7 November came twice (7:00 and 6:00 UTC)
    data = "who,when,paid\n" + "".join(
        f"{i},2021-{time},1\n"
        for i, time in enumerate([
            "03-14 01:59:59", "03-14 02:00:00", "03-14 02:59:59", "03-14 03:00:00",
            "11-07 00:59:59", "11-07 01:00:00", "11-07 01:59:59", "11-07 02:00:00",
        ])
    )  # fmt: skip
    keys = "currency: EUR\ntime_zone: America/New_York\nday_zone: UTC"
    folder = shop(data + ",2021-11-07 01:30:00,1\n", ("currency: EUR", keys))
    counts = counted(folder)
    assert counts["local time the clock skipped"] == (2, "kept, moved on by what was skipped")
    assert counts["local time the clock showed twice"] == (2, "kept, read as the first of the two")
    assert [time.strftime("%m-%d %H:%M:%S") for _, time, _ in lines(folder)] == [
        "03-14 06:59:59", "03-14 07:00:00", "03-14 07:59:59", "03-14 07:00:00",
        "11-07 04:59:59", "11-07 05:00:00", "11-07 05:59:59", "11-07 07:00:00",
    ]  # fmt: skip
    for key in ("day_zone: America/New_York", "time_zone: Asia/Shanghai\nday_zone: UTC"):  # no such time is converted
        counts = counted(shop(data, ("currency: EUR", f"currency: EUR\n{key}")))
        assert not [rule for rule in counts if "clock" in rule]


@pytest.mark.parametrize("zones", ["", "day_zone: Asia/Shanghai", "time_zone: America/New_York\nday_zone: UTC"])
@pytest.mark.long
def test_dates_that_mean_never_or_always_are_counted_not_searched(shop, zones):
    data = "who,when,paid\na,9999-12-31 23:59:59,1\nb,0001-01-01,1\nc,1899-12-30,1\nd,2021-06-01 12:00:00,1\n"
    key = ("currency: EUR", f"currency: EUR\n{zones}")
    counts = counted(shop(data, key))
    assert counts["time in the future"] == (1, "dropped: later than 2021-12-31")
    assert counts["time before 1900"] == (2, "dropped")
    assert counts["lines used"] == (1, "")
    (problem,) = check_transactions(
        shop(data.replace("2021-06-01", "0001-06-01"), ("currency: EUR", f"currency: EUR\n{zones}"))
    )
    assert "(3 × time before 1900, line 3: when is '0001-01-01'; 1 × time in the future, line 2: when is" in problem


@pytest.mark.parametrize(
    ("decimal", "numbers"),
    [
        (",", {"12,50": 12.5, "1.234": 1234.0, "1.234.567,89": 1234567.89, "-1.234,5": -1234.5, "1234,5": 1234.5,
               ",5": 0.5, "7,": 7.0, "12.50": None, "1.23": None, "0.125": None, "1234.567": None, "1.2345,6": None,
               "1,234.5": None, "1,234,567": None, ".5": None, "1.": None, "1.5e3": None, "1,5e3": 1500.0}),
        (".", {"12.50": 12.5, "1,234": 1234.0, "1,234.50": 1234.5, "-1,234,567.89": -1234567.89, "1234.5": 1234.5,
               ".5": 0.5, "7.": 7.0, "12,50": None, "0,125": None, "1234,567": None, "1,2345.6": None,
               "1.234,5": None, "1.234.567": None, ",5": None, "1.5e3": 1500.0}),
    ],
)  # fmt: skip
def test_marks_of_thousands_stand_before_groups_of_three_or_the_text_is_no_number(shop, decimal, numbers):
    data = "who;when;paid\n" + "".join(f"{i:02};2021-01-01;{text}\n" for i, text in enumerate(numbers))
    folder = shop(data, ("currency: EUR", f"currency: EUR\nseparator: ;\ndecimal: '{decimal}'"))
    expected = {f"{i:02}": amount for i, amount in enumerate(numbers.values()) if amount is not None}
    assert {who: amount for who, _, amount in lines(folder)} == expected
    assert counted(folder)["amount missing or not a number"][0] == len(numbers) - len(expected)


def test_separators_decimal_commas_and_quotes(shop):
    data = '\ufeffwho;when;paid\r\n"a;1";2021-01-01;1.234,50\r\nb;2021-01-01;-3\r\n'
    key = ("currency: EUR", "currency: EUR\nseparator: ;\ndecimal: ','")
    assert lines(shop(data, key)) == [("a;1", datetime(2021, 1, 1), 1234.5), ("b", datetime(2021, 1, 1), -3.0)]


def test_a_price_per_unit_is_multiplied(shop):
    data = "who,when,paid,n\na,2021-01-01,2.5,3\nb,2021-01-01,2.5,many\nc,2021-01-01,2.5,-1\n"
    folder = shop(data, ("paid}", "paid, quantity: n}\namount_per: unit"))
    assert [(who, amount) for who, _, amount in lines(folder)] == [("a", 7.5), ("c", -2.5)]
    assert counted(folder)["amount missing or not a number"][0] == 1


def test_parquet_and_databases_give_the_same_lines(shop, tmp_path):
    expected = lines(shop())
    frame = pd.DataFrame(expected, columns=["who", "when", "paid"])
    folder = shop(None, ("shop.csv", "shop.parquet"))
    frame.to_parquet(f"{folder}/shop.parquet")
    assert lines(folder) == expected
    folder = shop(None, ("shop.csv", "shop.duckdb\ntable: purchases"))
    with duckdb.connect(f"{folder}/shop.duckdb") as database:
        database.register("frame", frame)
        database.execute("create table purchases as from frame")
        database.execute("create schema archive")
        database.execute("create table archive.purchases as from frame where who = 'c'")
    for named, kept in (("purchases", expected), ("main.purchases", expected), ("archive.purchases", expected[-1:])):
        assert lines(shop(None, ("shop.csv", f"shop.duckdb\ntable: {named}"))) == kept
    sentence = "it has no table 'sales'; its tables are archive.purchases, purchases."
    assert check_transactions(shop(None, ("shop.csv", "shop.duckdb\ntable: sales"))) == [f"shop.duckdb: {sentence}"]
    Path(f"{folder}/shop.duckdb").rename(f"{folder}/shop.db")
    assert lines(shop(None, ("shop.csv", "shop.db\ntable: purchases"))) == expected


def test_a_database_of_sqlite_is_told_from_one_of_duckdb(shop):
    folder = shop(None, ("shop.csv", "shop.db\ntable: purchases"))
    with closing(sqlite3.connect(f"{folder}/shop.db")) as database:
        database.execute("create table purchases (who, whenever, paid)")
    (problem,) = check_transactions(folder)
    assert "it has no column 'when' (is 'whenever' the one?)" in problem


def test_columns_of_parquet_that_differ_only_in_case_are_refused(shop):
    folder = shop(None, ("shop.csv", "shop.parquet"))
    pd.DataFrame([("a", "b", "2021-01-01", 1.0)], columns=["who", "WHO", "when", "paid"]).to_parquet(
        f"{folder}/shop.parquet"
    )
    (problem,) = check_transactions(folder)
    assert problem == "shop.parquet: its columns 'who' and 'WHO' differ only in case; rename or delete one."


def test_a_column_that_is_missing_is_said_to_belong_where_the_codebook_names_it(shop):
    town = ("currency: EUR", "currency: EUR\nattributes: {town: {en: Town}}")
    for data, key in ((DIRTY, "`attributes`"), ("a,b,c\n1,2,3\n", "`columns` and `attributes`")):
        (problem,) = check_transactions(shop(data, town))
        assert problem.endswith(f": put their names under {key} in the codebook, or mend `separator`.")
    folder = shop(None, ("shop.csv", "shop.parquet"))
    pd.DataFrame({"who": ["a"]}).to_parquet(f"{folder}/shop.parquet")
    (problem,) = check_transactions(folder)
    assert problem.endswith("its columns are 'who': put their names under `columns` in the codebook.")


def test_ids_that_pandas_made_floats_are_whole_again(shop):
    folder = shop(None, ("shop.csv", "shop.parquet"))
    frame = pd.DataFrame({"who": [17850.0, None], "when": pd.to_datetime(["2021-01-01"] * 2), "paid": [1, 2]})
    frame.to_parquet(f"{folder}/shop.parquet")
    assert lines(folder) == [("17850", datetime(2021, 1, 1), 1.0)]
    assert counted(folder)["no customer id"][0] == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("", "shop.csv: it is empty"),
        ("who,when,paid\n", "shop.csv: it has no lines"),
        ("who,when,payed\na,2021-01-01,1\n", "it has no column 'paid' (is 'payed' the one?)"),
        ("who/when/paid\na/2021-01-01/1\n", "it has no columns 'who', 'when', 'paid'"),
        ("who,when,paid,PAID\na,2021-01-01,1,1\n", "its columns 'paid' and 'PAID' differ only in case; rename or"),
        ("sep=;\n", "it is empty"),
        ("who,when,paid,paid\na,2021-01-01,1,1\n", "its header names 'paid' more than once"),
        ("who,when,paid,\na,2021-01-01,1,1\n", "column 4 of its header has no name"),
        ("who,when,paid\na,2021-01-01,1,9\n", "line 2, 'a,2021-01-01,1,9': it has 4 cells where the header has 3; put"),
        ('who,when,paid\na,2021-01-01,1\nb,"2021,1\n', "line 3, 'b,\"2021,1': a quotation mark has no partner; close"),
        (b"who,when,paid\ncaf\x81\x00,2021-01-01,1\n", "line 2 is not UTF-8 text"),
        (b"who,when,paid\n" + b"a,2021-01-01,1\n" * 99999 + b"caf\xe9,2021-01-01,1\n", "line 100001, 'caf"),
        ("who,when,paid\na,31/12/2020,1\n,2021-01-01,1\n", "(1 × no customer id, line 3: who is empty; 1 × time"),
    ],
)  # fmt: skip
def test_an_unusable_file_is_one_sentence(shop, data, sentence):
    (problem,) = check_transactions(shop(data))
    assert sentence in problem
    assert problem.startswith("shop.csv: ")
    assert problem.endswith(".")
    assert "\n" not in problem
    assert not [
        word
        for word in ("Possible", "strict_mode", "LINE 1", "delimiter =", "Expected", "unterminated")
        if word in problem
    ]


def test_no_parquet_no_database_no_file(shop):
    folder = shop(None, ("shop.csv", "shop.parquet"))
    with pytest.raises(DatasetMissingError, match=r"Ask the owner\."):
        load_transactions(folder)
    for name, kind in (("shop.parquet", "Parquet file"), ("shop.duckdb\ntable: t", "DuckDB database")):
        folder = shop(None, ("shop.csv", name))
        with open(f"{folder}/{name.splitlines()[0]}", "w", encoding="utf-8") as file:
            file.write("not what it says")
        (problem,) = check_transactions(folder)
        assert problem == f"{name.splitlines()[0]}: it is no whole {kind}; write it anew, or copy it again."


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("kind: transactions", "kind: receipts", "kind", "'survey' or 'transactions'"),
        ("time: when, ", "", "columns.time", "this key is missing"),
        ("amount: paid", "amount: paid, chanel: c", "columns.chanel", "did you mean 'channel'?"),
        ("amount: paid", "amount: who", "columns.amount", "'who' is the customer as well"),
        ("file: shop.csv", "file: shop.xls", "file", "must end in one of .csv, .txt, .tsv, .dat, .xlsx, .xlsm, .sav"),
        ("file: shop.csv", "file: shop.duckdb", "table", "this key is missing"),
        ("file: shop.csv", "file: shop.csv\ntable: t", "table", "is no database and no workbook"),
        ("returns: net", "returns: keep", "rules.returns", "'net' or 'drop'"),
        ("currency: EUR\n", "", "currency", "this key is missing"),
        ('"2021-12-31"', "31.12.2021", "last_day", "write it as 1998-06-30"),
        ('"2021-12-31"', '"9999-12-31"', "last_day", "must lie in the years 1900 to 2199"),
        ("currency: EUR", "currency: EUR\ntime_zone: Mars", "time_zone", "'Mars' is not a time zone"),
        ("currency: EUR", "currency: EUR\ntime_zone: UTC", "day_zone", "this key is missing"),
        ("currency: EUR", "currency: EUR\ntime_format: '%d %B'", "time_format", "'%B' is not known"),
        ("currency: EUR", "currency: EUR\ntime_format: '%H:%M'", "time_format", "must hold a year"),
        ("currency: EUR", "currency: EUR\ntime_format: '%d %m %b %Y'", "time_format", "must hold a year"),
        ("currency: EUR", "currency: EUR\ntime_format: '%d.%m.%Y %I:%M'", "time_format", "%I with %p"),
        ("currency: EUR", "currency: EUR\namount_per: unit", "columns.quantity", "this key is missing"),
        ("currency: EUR", "currency: EUR\nattributes: {who: {en: Who}}", "attributes.who", "is the customer as well"),
        ("currency: EUR", "currency: EUR\nattributes: {day: {en: Day}}", "attributes.day", "rename it"),
        ("committed: false", "committed: true", "sha256", "this key is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_codebook_is_a_sentence(shop, old, new, key, reason):
    with pytest.raises(CodebookError) as caught:
        find_codebook(shop(DIRTY, (old, new)))
    (sentence,) = str(caught.value).splitlines()
    assert f"shop/codebook.yaml, {key}: " in sentence
    assert reason in sentence
    assert sentence.endswith(".")


def test_surveys_and_transactions_are_not_mistaken_for_one_another(shop):
    with pytest.raises(CodebookError, match=r"describes transactions, not a survey"):
        load_survey(shop())
    with pytest.raises(CodebookError, match=r"ecsi_mobile.* describes a survey, not transactions"):
        load_transactions("ecsi_mobile")
    assert {"cdnow", "online_retail", "ecsi_mobile"} <= set(dataset_keys())


def test_check_data_tells_the_counts_and_a_line_for_each_rule(shop, capsys):
    assert main(["check-data", shop()]) == 1
    said = capsys.readouterr().out.splitlines()
    assert (
        said[0] == "shop.csv: 3 customers, 5 lines from 2021-01-05 to 2021-12-31, read, 10 lines left out, 2 suspected"
    )
    assert [line.split(" (")[0] for line in said[-2:]] == ["suspected: 3 lines", "suspected: 2 lines"]
    assert [line.strip() for line in said[1:-2]] == [
        "15 lines in the file",
        "1 exact copy of another line (kept)",
        "2 no customer id (dropped, such as line 5: who is empty)",
        "3 time missing or not readable (dropped, such as line 9: when is '2021-02-30')",
        "1 time in the future (dropped: later than 2021-12-31, such as line 10: when is '2022-01-01 00:00:00')",
        "4 amount missing or not a number (dropped, such as line 15: paid is '1e13')",
        "1 return (negative amount) (netted against spend from the first purchase on, no purchase)",
        "1 amount of zero (kept, a purchase)",
        "5 lines used",
    ]
    assert main(["check-data", shop("")]) == 1
    assert "it is empty" in capsys.readouterr().out
    assert main(["check-data", shop("who,when,paid\na,2021-01-01,1\n")]) == 0
    assert ", no problem found" in capsys.readouterr().out


def test_check_data_lists_every_line_left_out(shop, capsys):
    main(["check-data", shop(DIRTY, ("duplicates: keep", "duplicates: drop")), "--all"])
    said = capsys.readouterr().out.splitlines()
    listed = [line for line in said if line.startswith("line ")]
    assert [int(line.split(":")[0][5:]) for line in listed] == [3, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15]
    assert listed[0] == "line 3: who is 'a', when is '2021-01-05 10:00:00', paid is '10' (exact copy of another line)"
    assert listed[-1] == "line 15: who is 'c', when is '2021-03-01', paid is '1e13' (amount missing or not a number)"


def test_lines_left_out_are_those_that_are_not_in_the_table(shop):
    rules = ("returns: net, duplicates: keep", "returns: drop, duplicates: drop")
    transactions = load_transactions(shop(DIRTY + "a,2021-01-05 10:00:00,10\n", rules))
    left_out = transactions.left_out.execute()
    assert len(left_out) == 16 - transactions.rows == 13
    assert left_out[left_out.rule == "copy"].values.tolist() == [["copy", "a", "2021-01-05 10:00:00", "10"]] * 2
    found = transactions.examples()
    assert found["exact copy of another line"] == "customer 'a': when is '2021-01-05 10:00:00', paid is '10'"
    assert found["return (negative amount)"] == "line 4: paid is '-4'"
    without = load_transactions(shop("who,when,paid\na,2021-01-01,1\n,2021-01-01,1\n", rules))
    assert without.left_out.execute().fillna("?").values.tolist() == [["customer", "?", "2021-01-01", "1"]]


def test_lines_are_counted_as_an_editor_does(shop):
    # the cell of line 2 goes on in line 3, line 4 is empty
    data = 'note;who;when;paid\n"two\nlines";a;2021-01-01;1\n\n;b; soon ;1\n;b;2021-01-01;free\n'
    found = load_transactions(shop(data, ("currency: EUR", "currency: EUR\nseparator: ;"))).examples()
    assert found == {
        "time missing or not readable": "line 5: when is 'soon'",
        "amount missing or not a number": "line 6: paid is 'free'",
    }


def test_tables_without_line_numbers_name_the_customer_and_a_price_its_units(shop):
    folder = shop(None, ("shop.csv", "shop.parquet"), ("paid}", "paid, quantity: n}\namount_per: unit"))
    frame = pd.DataFrame(
        [("a", "2021-01-01", 2.5, "3"), ("b", "2021-01-01", 2.5, "many"), ("c", "2022-01-01", 1.0, "1"),
         (None, "2021-01-01", 1.0, "1")],
        columns=["who", "when", "paid", "n"],
    )  # fmt: skip
    frame.to_parquet(f"{folder}/shop.parquet")
    assert load_transactions(folder).examples() == {
        "no customer id": "who is empty",
        "time in the future": "customer 'c': when is '2022-01-01'",
        "amount missing or not a number": "customer 'b': paid is '2.5', n is 'many'",
    }


def test_a_changed_committed_file_is_refused_and_another_copy_noted(shop):
    zeros = "f" * 64
    (problem,) = check_transactions(shop(DIRTY, ("committed: false", f"committed: true\nsha256: {zeros}")))
    assert "the file was changed" in problem
    (note,) = load_transactions(shop(DIRTY, ("committed: false", f"committed: false\nsha256: {zeros}"))).notes
    assert "is not the copy this codebook was written with" in note["en"]


def test_what_the_codebook_notes_and_where_days_begin_reach_the_notes(shop, capsys):
    keys = "currency: EUR\nnotes: {en: Refunds are missing., zh: 缺少退款。}\nday_zone: Asia/Shanghai"
    folder = shop("who,when,paid\na,2021-01-01,1\n", ("currency: EUR", keys))
    own, zone = load_transactions(folder).notes
    assert own == {"en": "Refunds are missing.", "zh": "缺少退款。"}
    assert zone["en"] == "Days begin at midnight in Asia/Shanghai; the times in the file are written in UTC."
    assert "Asia/Shanghai" in zone["zh"]
    main(["check-data", folder])
    assert "note: Refunds are missing.\nnote: Days begin at midnight in Asia/Shanghai" in capsys.readouterr().out
    assert load_transactions(shop()).notes == ()
