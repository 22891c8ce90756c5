"""The customer table: five customers by hand, CDNOW against plain pandas, limit cases, and Spark."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from plain_customers import plain_table
from shop_codebook import shop_codebook

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import CodebookError, DataError, ParameterError
from crmresearch.value.forecast import forecast_customers

CODEBOOK = shop_codebook(also=", category: kind, discount: off", more="attributes: {town: {en: Town}}\n")
# cut-off 2021-06-30, holdout to 2021-12-31
TOY = """\
who,when,paid,kind,off,town
ann,2021-01-01 09:00:00,10,tea,0,Rome
ann,2021-01-01 18:00:00,20,tea,10,Rome
ann,2021-01-11,30,cake,0,Rome
ann,2021-06-30 23:59:59,60,tea,0,Rome
ann,2021-07-01,5,tea,0,Rome
ann,2021-07-01,7,tea,0,Rome
bob,2021-06-10,40,cake,,Bonn
bob,2021-06-20,-15,cake,,Bonn
bob,2021-12-31,-5,cake,,Bonn
cid,2021-01-05,-9,tea,0,Oslo
cid,2021-04-01,0,tea,0,Oslo
cid,2021-04-02,100,wine,25,Oslo
dan,2021-07-01,50,tea,0,Kyiv
eve,2021-03-31,12.345,,0,Pisa
eve,2022-01-01,1,,0,Pisa
"""


@pytest.fixture
def shop(tmp_path):
    """The loaded transactions of a shop."""

    def load(data: str = TOY, connection=None, replace: tuple[str, str] = ("", "")):
        (tmp_path / "codebook.yaml").write_text(CODEBOOK.replace(*replace), encoding="utf-8")
        (tmp_path / "shop.csv").write_text(data, encoding="utf-8")
        return load_transactions(str(tmp_path), connection)

    return load


def lines(*rows: str) -> str:
    return "who,when,paid,kind,off,town\n" + "".join(f"{row},,,\n" for row in rows)


def toy_by_hand() -> pd.DataFrame:
    nan = np.nan
    columns = [
        "customer", "frequency", "repeat", "recency", "tenure", "t_last", "monetary_total", "monetary_mean",
        "repeat_mean", "gap_mean", "gap_sd", "spend_last_91", "purchases_last_91", "spend_last_182",
        "purchases_last_182", "share_tea", "share_cake", "discount_share", "town", "holdout_spend",
        "holdout_purchases", "holdout_active",
    ]  # fmt: skip
    # ann: days 1 Jan, 11 Jan, 30 Jun: gaps 10 and 170; the last 182 days begin on 31 Dec 2020, the last 91 on 1 Apr
    # cid: the return of 5 January is of something bought before the file begins; the day of 0 is a purchase
    rows = [
        ("ann", 3, 2, 0.0, 180.0, 180.0, 120.0, 40.0, 45.0, 90.0, np.sqrt(12_800), 60.0, 1, 120.0, 3,
         90 / 120, 30 / 120, 10 / 130, "Rome", 12.0, 1, 1),
        ("bob", 1, 0, 20.0, 20.0, 0.0, 25.0, 25.0, nan, nan, nan, 25.0, 1, 25.0, 1,
         0.0, 1.0, 0.0, "Bonn", -5.0, 0, 0),
        ("cid", 2, 1, 89.0, 90.0, 1.0, 100.0, 50.0, 100.0, 1.0, nan, 100.0, 2, 100.0, 2,
         0.0, 0.0, 25 / 125, "Oslo", 0.0, 0, 0),
        ("eve", 1, 0, 91.0, 91.0, 0.0, 12.345, 12.345, nan, nan, nan, 0.0, 0, 12.345, 1,
         0.0, 0.0, 0.0, "Pisa", 0.0, 0, 0),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).set_index("customer")


def toy_table(transactions):
    return customer_table(
        transactions, "2021-06-30", "2021-12-31", categories=["tea", "cake"], attributes=["town"]
    )  # fmt: skip


def test_five_customers_by_hand(shop):
    table = toy_table(shop())
    pd.testing.assert_frame_equal(table.frame, toy_by_hand(), rtol=1e-14)
    assert (table.cutoff, table.holdout_end, table.unit_days) == (date(2021, 6, 30), date(2021, 12, 31), 1)
    counts = table.counts.set_index("rule")["rows"]
    assert counts["return (negative amount)"] == 3
    assert counts["time in the future"] == 1
    assert counts["customers in the table"] == 4
    assert counts["customers whose first purchase is after 2021-06-30"] == 1


@pytest.mark.long
def test_the_same_bits_again_and_in_any_order_of_lines(shop):
    first = toy_table(shop()).frame
    head, *rest = TOY.splitlines()
    turned = toy_table(shop("\n".join([head, *reversed(rest)]) + "\n")).frame
    pd.testing.assert_frame_equal(first, turned, check_exact=True)


def test_without_a_holdout_there_are_no_outcomes(shop):
    frame = customer_table(shop(), "2021-06-30").frame
    assert not [name for name in frame if name.startswith("holdout")]
    assert not [name for name in frame if name.startswith("share_")]
    pd.testing.assert_frame_equal(frame, toy_by_hand()[frame.columns], rtol=1e-14)


def test_times_in_weeks(shop):
    days, weeks = (customer_table(shop(), "2021-06-30", unit_days=unit).frame for unit in (1, 7))
    times = ["recency", "tenure", "t_last", "gap_mean", "gap_sd"]
    pd.testing.assert_frame_equal(weeks[times] * 7, days[times])
    pd.testing.assert_frame_equal(weeks.drop(columns=times), days.drop(columns=times))


def test_dropped_returns_leave_what_was_paid(shop):
    frame = toy_table(shop(replace=("returns: net", "returns: drop"))).frame
    expected = toy_by_hand()
    money = ["monetary_total", "monetary_mean", "spend_last_91", "spend_last_182"]
    expected.loc["bob", money] = 40.0
    expected.loc["bob", "holdout_spend"] = 0.0
    pd.testing.assert_frame_equal(frame, expected, rtol=1e-14)


@pytest.mark.parametrize("cutoff", ["1997-03-31", "1997-09-30", "1998-03-31"])
def test_cdnow_agrees_with_plain_pandas(cutoff):
    transactions = load_transactions("cdnow")
    frame = customer_table(transactions, cutoff, "1998-06-30").frame
    raw = pd.read_parquet(transactions.path).rename(columns={"date": "time"})
    raw["time"] = pd.to_datetime(raw["time"])
    plain = plain_table(raw, cutoff, "1998-06-30")[frame.columns]
    pd.testing.assert_frame_equal(frame, plain, rtol=1e-12, check_index_type=False)


def test_a_single_customer(shop):
    frame = customer_table(shop(lines("ann,2021-01-01,5")), "2021-06-30", "2021-12-31").frame
    assert frame.loc["ann", ["frequency", "monetary_total", "holdout_active"]].tolist() == [1, 5, 0]


def test_all_bought_once(shop):
    data = lines(*(f"c{i},2021-01-{i:02},{i}" for i in range(1, 10)))
    frame = customer_table(shop(data), "2021-06-30", "2021-12-31").frame
    assert (frame["repeat"] == 0).all()
    assert frame[["repeat_mean", "gap_mean", "gap_sd"]].isna().all(axis=None)
    assert frame.drop(columns=["repeat_mean", "gap_mean", "gap_sd", "discount_share"]).notna().all(axis=None)
    assert frame.filter(like="holdout").eq(0).all(axis=None), "a holdout without purchases is zeros"


def test_constant_spend_at_a_constant_rhythm(shop):
    data = lines(*(f"c{i},2021-0{month}-01,9.99" for i in range(5) for month in (1, 3, 5)))
    frame = customer_table(shop(data), "2021-06-30").frame
    assert (frame["monetary_mean"] == 9.99).all()
    assert (frame["repeat_mean"] == 9.99).all()
    assert frame["gap_sd"].round(6).eq(round(np.std([59, 61], ddof=1), 6)).all()


def test_returns_before_the_first_purchase_are_of_none_in_the_data_and_told(shop):
    data = lines(
        *("ann,2021-01-01,-50", "ann,2021-02-01,20", "ann,2021-02-01,-5", "ann,2021-03-01,-1"),
        *("bob,2021-01-05,10", "cid,2021-01-05,-7", "dan,2021-02-01,-2", "dan,2021-09-01,30", "eve,2021-09-01,-9"),
    )
    table = customer_table(shop(data), "2021-06-30")
    assert table.frame["monetary_total"].to_dict() == {"ann": 14, "bob": 10}
    (caution,) = table.cautions
    assert (caution.code, caution.severity) == ("early_returns", "weak")
    facts = {"lines": 3, "money": 59.0, "customers": 1, "of_customers": 50.0, "currency": "EUR"}
    assert caution.facts == facts, "the returns of ann, cid and dan"
    told = table.counts.iloc[-1]
    assert (told["rule"], told["rows"]) == ("returns before the customer's first purchase", 3)
    assert told["treatment"] == "not netted: 59.00 EUR, bought before the data begin"
    dropped = customer_table(shop(data, replace=("returns: net", "returns: drop")), "2021-06-30")
    assert dropped.cautions == ()


def test_negative_totals_are_told_as_they_are(shop):
    frame = customer_table(shop(lines("ann,2021-01-01,5", "ann,2021-01-02,-8")), "2021-06-30").frame
    assert frame.loc["ann", ["frequency", "monetary_total", "monetary_mean"]].tolist() == [1, -3, -3]


def test_nobody_has_bought_yet(shop):
    with pytest.raises(ParameterError, match=r"2020-12-31 lies before the first purchase on 2021-01-01"):
        customer_table(shop(), "2020-12-31")
    returned = shop(lines("ann,2021-01-01,-5", "ann,2021-03-01,5"))
    with pytest.raises(DataError, match=r"bought by the cut-off 2021-02-01; the first purchase is of 2021-03-01"):
        customer_table(returned, "2021-02-01")
    with pytest.raises(DataError, match=r"Every line of the file is a return"):
        customer_table(shop(lines("ann,2021-01-01,-5")), "2021-02-01")


@pytest.mark.parametrize("cutoff", ["2020-12-31", "2022-01-01", "2021-12-31"])
def test_a_cut_off_that_cannot_work_is_answered_by_one_that_can(shop, cutoff):
    purchases = shop(lines("ann,2021-01-01,5", "ann,2021-12-20,5"))
    with pytest.raises(ParameterError) as refused:
        customer_table(purchases, cutoff, "2021-12-31" if cutoff < "2021-12-31" else "2022-01-02")
    proposed = re.search(r"such as (\d{4}-\d\d-\d\d)", str(refused.value))
    assert customer_table(purchases, proposed[1], "2021-12-31").frame["holdout_purchases"].tolist() == [1]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"cutoff": "30.6.2021"}, "`cutoff` must be a date such as 1997-09-30"),
        ({"holdout_end": 7}, "`holdout_end` must be a date"),
        ({"holdout_end": "2021-06-30"}, "not after the cut-off 2021-06-30"),
        ({"windows": (0,)}, "one of them is 0"),
        ({"windows": (91.5,)}, "whole numbers of days"),
        ({"windows": (91, 91)}, "twice"),
        ({"unit_days": 0}, "`unit_days` must be a number of days above 0"),
        ({"attributes": ["city"]}, "no attribute 'city'; there are town"),
        (
            {"cutoff": "2022-01-01"},
            "The cut-off, 2022-01-01, lies after the data: purchases are known until 2021",
        ),
        ({"holdout_end": "2022-01-01"}, "The end of the holdout, 2022-01-01, lies after the data"),
        ({"cutoff": "9999-12-31", "holdout_end": "9999-12-31"}, "lies after the data"),
    ],
)
def test_impossible_parameters(shop, arguments, reason):
    with pytest.raises(ParameterError) as caught:
        customer_table(shop(), **{"cutoff": "2021-06-30", **arguments})
    assert reason in str(caught.value)


def test_a_window_may_end_after_the_last_purchase_only_where_the_data_are_said_to(shop):
    data = lines("ann,2021-01-01,5", "bob,2021-12-20,5")
    complete = shop(data)
    assert complete.known_until == date(2021, 12, 31)
    table = customer_table(complete, "2021-12-25", "2021-12-31").frame
    assert table["holdout_purchases"].tolist() == [0, 0]
    unsaid = shop(data, replace=('last_day: "2021-12-31"\n', ""))
    assert customer_table(unsaid, "2021-06-30", "2021-12-20").frame["holdout_purchases"].tolist() == [0]
    sentence = r"The end of the holdout, 2021-12-21, lies after the data: the last purchase is of 2021-12-20; .*"
    with pytest.raises(ParameterError, match=sentence + r"complete until 2021-12-21, set `last_day` in "):
        customer_table(unsaid, "2021-06-30", "2021-12-21")


@pytest.mark.parametrize(("end", "engine_asked_twice"), [(None, True), ("2021-05-31", True), ("2021-12-31", False)])
@pytest.mark.long
def test_customers_who_come_after_the_cut_off_are_counted_whatever_the_holdout(shop, end, engine_asked_twice):
    # by the cut-off: ann; after it: bob, cid, dan; rita only brings back
    data = lines("ann,2021-01-01,5", "bob,2021-05-15,5", "cid,2021-07-01,5", "dan,2021-12-31,0", "rita,2021-08-01,-5")
    transactions = shop(data)
    counts = customer_table(transactions, "2021-04-30", end).counts.set_index("rule")["rows"]
    assert counts["customers in the table"] == 1
    assert counts["customers whose first purchase is after 2021-04-30"] == 3
    # at 50 million lines a second look takes seconds: none where the chain has seen everybody
    assert ("buyers" in vars(transactions)) == engine_asked_twice


INTERNAL = ["parts", "bought", "gross", "off", "of_0", "at_1", "previous", "first", "last", "first_parts", "n"]


def test_attributes_by_the_names_of_the_chain_keep_their_values(shop):
    attributes = "attributes: {" + ", ".join(f"{name}: {{en: A}}" for name in INTERNAL if name != "off") + "}"
    names = [name for name in INTERNAL if name != "off"]  # off is this shop's discount
    head = ",".join(["who,when,paid,kind,off", *names])
    data = f"{head}\n" + "".join(
        ",".join([f"c{i},2021-0{i}-01,{i}.5,tea,1", *(f"{name}-{i}" for name in names)]) + "\n" for i in (1, 2)
    )
    transactions = shop(data, replace=("attributes: {town: {en: Town}}", attributes))
    frame = customer_table(transactions, "2021-06-30", "2021-12-31", categories=["tea"], attributes=names).frame
    assert frame["monetary_total"].tolist() == [1.5, 2.5]
    assert {name: frame[name].tolist() for name in names} == {name: [f"{name}-1", f"{name}-2"] for name in names}


@pytest.mark.long
def test_every_column_of_a_table_is_a_name_no_attribute_can_have(shop):
    transactions = shop()
    table = customer_table(transactions, "2021-06-30", "2021-12-31", (7, 91), categories=["tea"])
    forecast = forecast_customers(customer_table(load_transactions("cdnow"), "1997-09-30", "1998-06-30"), 0.1)
    made = {*table.frame, *transactions.table.columns, *forecast.beside(table.frame.iloc[:0]), "rule"} - {"town"}
    assert {"spend_last_7", "share_tea", "p_alive", "discount_share", "day"} <= made
    for name in sorted(made):
        for spelled in (name, name.upper()):
            sentence = rf"attributes\.{spelled}: is the name of a column the project makes; rename it in the file"
            with pytest.raises(CodebookError, match=sentence):
                shop(replace=("attributes: {town:", f"attributes: {{{spelled}:"))


def test_categories_that_differ_in_case_are_two(shop):
    data = TOY.replace("20,tea", "20,Tea")
    frame = customer_table(shop(data), "2021-06-30", categories=["tea", "Tea"]).frame
    assert frame.loc["ann", ["share_tea", "share_Tea"]].tolist() == [70 / 120, 20 / 120]


def test_categories_are_named_by_spend(shop):
    assert shop().categories(2) == ["tea", "wine"]
    with pytest.raises(ParameterError, match=r"cdnow has no column of categories"):
        customer_table(load_transactions("cdnow"), "1997-09-30", categories=["tea"])


LEVELS = ("town: {en: Town}}", "town: {en: Town}}\nlevels: {town: [Rome, Oslo, Bonn, Pisa, Kyiv]}")


def test_of_several_values_of_a_customer_the_highest_level_counts(shop):
    data = TOY.replace("ann,2021-01-11,30,cake,0,Rome", "ann,2021-01-11,30,cake,0,Bonn").replace("0,Oslo", "0,")
    data = data.replace("25,Oslo", "25,")
    town = customer_table(shop(data, replace=LEVELS), "2021-06-30", attributes=["town"]).frame["town"]
    assert town.cat.ordered
    assert list(town.cat.categories) == ["Rome", "Oslo", "Bonn", "Pisa", "Kyiv"]
    # ann by her level (the alphabet says Rome), cid without any
    assert town.astype("str").fillna("?").to_dict() == {"ann": "Bonn", "bob": "Bonn", "cid": "?", "eve": "Pisa"}


def test_a_value_without_a_level_is_named(shop):
    data = TOY.replace("eve,2021-03-31,12.345,,0,Pisa", "eve,2021-03-31,12.345,,0,Atlantis")
    with pytest.raises(
        DataError, match=r"Column town holds 'Atlantis', which levels\.town does not name; add it there"
    ):
        customer_table(shop(data, replace=LEVELS), "2021-06-30", attributes=["town"])


@pytest.fixture(scope="module")
def spark():
    """An ibis connection to Spark with two local workers."""
    pytest.importorskip("pyspark", reason="pyspark is not installed (extra `spark`)")
    import ibis
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        # of a few lines: what is compiled is run once
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield ibis.pyspark.connect(session)
    session.stop()


@pytest.mark.long
def test_spark_gives_the_same_table(shop, spark):
    ours, theirs = shop(), shop(connection=spark)
    pd.testing.assert_frame_equal(ours.counts, theirs.counts)
    pd.testing.assert_frame_equal(toy_table(ours).frame, toy_table(theirs).frame, rtol=1e-14)
    tables = [
        customer_table(load_transactions("cdnow", engine), "1997-09-30", "1998-06-30", attributes=["published_sample"])
        for engine in (None, spark)
    ]  # fmt: skip
    pd.testing.assert_frame_equal(tables[0].frame, tables[1].frame, rtol=1e-14)
    pd.testing.assert_frame_equal(tables[0].counts, tables[1].counts)


@pytest.mark.long
def test_spark_reads_formats_and_zones_alike(shop, spark):
    data = lines("ann,2/3/2021 8:26,1.5", "bob,3/14/2021 7:30,2", "bob,14.3.2021,2", "cid,12/31/2020 23:00,1_0")
    keys = "currency: EUR\ntime_format: '%m/%d/%Y %H:%M'\nday_zone: America/New_York"
    ours, theirs = (shop(data, connection, ("currency: EUR", keys)) for connection in (None, spark))
    pd.testing.assert_frame_equal(ours.counts, theirs.counts)
    kept = [t.table.select("customer", "time", "amount").order_by("customer").execute() for t in (ours, theirs)]
    pd.testing.assert_frame_equal(*kept, check_dtype=False)
    assert ours.rows == 2


@pytest.mark.long
def test_spark_counts_clocks_marks_and_lines_left_out_alike(shop, spark):
    data = "who,when,paid,kind,off,town\n" + "".join(
        f"{line},tea,,Rome\n"
        for line in ["a,2021-03-14 02:30:00,\"1,234.5\"", "b,2021-11-07 01:30:00,2", "b,2021-11-07 01:30:00,2",
                     "c,9999-12-31,1", "d,0001-01-01,1", ",2021-01-01,1", "e,2021-01-01,\"12,50\"", "f,2021-01-01,-3"]
    )  # fmt: skip
    keys = "returns: drop, duplicates: drop}\ntime_zone: America/New_York\nday_zone: UTC"
    both = [shop(data, connection, ("returns: net, duplicates: keep}", keys)) for connection in (None, spark)]
    pd.testing.assert_frame_equal(both[0].counts, both[1].counts)
    assert both[0].counts["rows"].tolist() == [8, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 2]
    kept = [t.table.select("customer", "time", "amount").order_by("customer").execute() for t in both]
    pd.testing.assert_frame_equal(*kept, check_dtype=False)
    assert both[0].examples() == both[1].examples()
    assert len(both[0].examples()) == 6


@pytest.mark.long
def test_spark_knows_a_zoned_column_from_one_without(tmp_path, spark):
    instants = pd.to_datetime(["2021-03-14 03:30:00", "2021-03-14 07:30:00"])
    for zone in ("America/New_York", None):
        times = (instants if zone is None else instants.tz_localize("UTC").tz_convert(zone)).as_unit("us")
        name = f"{zone is None}.parquet"
        pd.DataFrame({"who": ["a", "b"], "when": times, "paid": [1.0, 2.0]}).to_parquet(tmp_path / name)
        for keys in ("", "time_zone: Europe/Berlin\nday_zone: Asia/Shanghai\n"):
            text = CODEBOOK.replace("shop.csv", name).replace(", category: kind, discount: off", "")
            text = text.replace("attributes: {town: {en: Town}}\n", "") + keys
            (tmp_path / "codebook.yaml").write_text(text, encoding="utf-8")
            ours, theirs = (load_transactions(str(tmp_path), connection) for connection in (None, spark))
            read = [list(t.table.order_by("customer").execute()["time"]) for t in (ours, theirs)]
            hours = 0 if not keys else 8 if zone else 7  # Berlin is an hour east of UTC
            assert read[0] == read[1] == list(instants + pd.Timedelta(hours=hours))
            assert ours.notes == theirs.notes
            assert len(ours.notes) == (1 if zone or keys else 0)
