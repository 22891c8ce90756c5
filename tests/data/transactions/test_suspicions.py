"""Suspicions: each trap planted in invented purchases is told, with the line that settles it; clean files tell none."""

from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from shop_codebook import shop_codebook

from crmresearch.__main__ import main
from crmresearch.data.catalog import find_codebook, find_data_file
from crmresearch.data.transactions.codebook import Suspicion
from crmresearch.data.transactions.left_out import every_line
from crmresearch.data.transactions.suspicions import suspicions
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import DatasetMissingError
from crmresearch.stories import TEXTS
from crmresearch.stories.data_cautions import data_cautions, sentence
from crmresearch.stories.story import Story

CODEBOOK = shop_codebook()


@pytest.fixture
def purchases() -> pd.DataFrame:
    """1,200 purchases of 200 customers in 2020 and 2021, in the order of their days, as text."""
    rng = np.random.default_rng(3)
    days = pd.to_datetime("2020-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 730, 1200)), unit="D")
    who = [f"c{number}" for number in rng.integers(1000, 1200, 1200)]
    paid = [f"{x:.2f}" for x in rng.gamma(2, 20, 1200)]
    return pd.DataFrame({"who": who, "when": days.strftime("%Y-%m-%d"), "paid": paid})


@pytest.fixture
def shop(tmp_path: Path):
    """Write a frame and a codebook with more lines; gives the folder."""

    def write(frame: pd.DataFrame, *more: str, separator: str = ",") -> str:
        frame.to_csv(tmp_path / "shop.csv", index=False, sep=separator)
        text = CODEBOOK
        for line in more:
            key = line.split(":", 1)[0]
            kept = [old for old in text.splitlines() if not old.startswith(f"{key}:")]
            text = "\n".join([*kept, line]) + "\n"
        (tmp_path / "codebook.yaml").write_text(text, encoding="utf-8")
        return str(tmp_path)

    return write


def found(dataset: str) -> dict[str, dict]:
    return {caution.code: caution.facts for caution in suspicions(load_transactions(dataset))}


def test_a_clean_file_raises_none(shop, purchases):
    assert found(shop(purchases)) == {}
    weekdays = purchases.assign(when=pd.to_datetime(purchases["when"]).dt.strftime("%d/%m/%Y"))
    assert found(shop(weekdays, 'time_format: "%d/%m/%Y"')) == {}
    fuel = purchases.assign(paid=[f"{float(x) / 10:.3f}" for x in purchases["paid"]])  # 0.815 is no thousand
    assert found(shop(fuel)) == {}


@pytest.mark.parametrize("dataset", ["cdnow", "complete_journey", "online_retail"])
def test_the_shipped_data_raise_none(dataset):
    try:
        find_data_file(find_codebook(dataset))
    except DatasetMissingError as missing:
        pytest.skip(str(missing))
    assert suspicions(load_transactions(dataset)) == ()


@pytest.mark.parametrize(
    ("write", "first", "second"),
    [
        (lambda who: f"{who[1:]}.0", "1000", "1000.0"),
        (lambda who: who.upper(), "C1000", "c1000"),
        (lambda who: f"00{who[1:]}", "001000", "1000"),
        (lambda who: f"{who[0]} {who[1:]}", "c 1000", "c1000"),
    ],
)
@pytest.mark.long
def test_ids_that_differ_only_by_format(shop, purchases, write, first, second):
    plain = purchases["who"].str.removeprefix("c") if second[0] == "1" or first[0] == "1" else purchases["who"]
    mixed = purchases.assign(who=np.where(np.arange(1200) % 4 == 0, purchases["who"].map(write), plain))
    facts = found(shop(mixed))["ids_alike"]
    people = purchases["who"].nunique()
    assert facts["count"] == mixed["who"].nunique() - people
    assert {facts["first"], facts["second"]} == {first, second}
    assert 0.15 < facts["share"] <= 0.25
    joined = load_transactions(shop(mixed, "customer_ids: alike"))
    assert joined.customers() == people
    assert suspicions(joined) == ()
    assert found(shop(mixed, "settled: [ids_alike]")) == {}


@pytest.mark.parametrize(("decimal", "other"), [(".", ","), (",", ".")])
@pytest.mark.long
def test_whole_thousands_under_the_wrong_mark(shop, purchases, decimal, other):
    whole = [f"{1000 + round(100 * float(x)):,}".replace(",", decimal) for x in purchases["paid"]]
    frame = purchases.assign(paid=whole)
    facts = found(shop(frame, f'decimal: "{decimal}"', 'separator: ";"', separator=";"))
    assert facts["thousands_as_decimals"]["lines"] == 1200
    assert facts["thousands_as_decimals"]["other"] == other
    right = load_transactions(shop(frame, f'decimal: "{other}"', 'separator: ";"', separator=";"))
    assert right.table.amount.sum().execute() == sum(1000 + round(100 * float(x)) for x in purchases["paid"])
    assert suspicions(right) == ()


@pytest.mark.long
def test_two_currencies_are_told_and_can_be_told_apart(shop, purchases):
    frame = purchases.assign(money=["JPY" if i % 3 == 0 else "EUR" for i in range(1200)])
    facts = found(shop(frame))["several_currencies"]
    assert facts == {"column": "money", "currencies": ["EUR", "JPY"], "lines": 400, "share": 1 / 3, "currency": "EUR"}
    columns = "columns: {customer: who, time: when, amount: paid, currency: money}"
    euros = load_transactions(shop(frame, columns))
    assert euros.rows == 800
    assert "money is 'JPY'" in euros.examples()["in another currency, or in none that is named"]
    assert suspicions(euros) == ()
    assert found(shop(frame.assign(money="EUR"))) == {}
    assert found(shop(frame.assign(money=["USA" if i % 3 else "DEU" for i in range(1200)]))) == {}, "countries"


def test_days_read_for_months(shop, purchases):
    days = pd.to_datetime(purchases["when"])
    frame = purchases.assign(when=days.dt.strftime("%d/%m/%Y"))
    facts = found(shop(frame, 'time_format: "%m/%d/%Y"'))["day_and_month_swapped"]
    assert facts["dropped"] == (days.dt.day > 12).sum()
    assert facts["moved"] == ((days.dt.day <= 12) & (days.dt.day != days.dt.month)).sum()
    assert facts["format"] == "%d/%m/%Y"
    right = load_transactions(shop(frame, f'time_format: "{facts["format"]}"'))
    assert right.rows == 1200
    assert suspicions(right) == ()


def test_days_read_for_months_where_every_day_is_a_month(shop, purchases):
    """Only the order of the file tells: nothing is dropped."""
    days = pd.to_datetime(purchases["when"])
    early = purchases[days.dt.day <= 12].assign(when=days[days.dt.day <= 12].dt.strftime("%d/%m/%Y"))
    dataset = shop(early, 'time_format: "%m/%d/%Y"')
    assert load_transactions(dataset).rows == len(early)
    assert found(dataset)["day_and_month_swapped"]["dropped"] == 0
    shuffled = early.sample(frac=1, random_state=1)
    assert found(shop(shuffled, 'time_format: "%m/%d/%Y"')) == {}, "nothing can be known"
    assert found(shop(early, 'time_format: "%d/%m/%Y"')) == {}


@pytest.mark.long
def test_a_total_among_the_customers(shop, purchases):
    total = f"{purchases['paid'].astype(float).sum():.2f}"
    for name, named in (("Total", True), ("grand total", True), ("c0", False)):
        frame = pd.concat([purchases, pd.DataFrame([{"who": name, "when": "2021-12-31", "paid": total}])])
        facts = found(shop(frame))["large_customer"]
        assert (facts["customer"], round(facts["share"], 6)) == (name, 0.5), named
        assert found(shop(frame, f"missing_codes: ['{name}']")) == {}


@pytest.mark.long
def test_placeholders_for_no_date(shop, purchases):
    for day in ("1900-01-01", "1970-01-01", "2000-01-01"):
        frame = purchases.assign(when=[day if i % 50 == 0 else when for i, when in enumerate(purchases["when"])])
        first = frame.loc[frame["when"] > "2019", "when"].min()
        facts = found(shop(frame))["placeholder_days"]
        assert (facts["lines"], str(facts["day"]), str(facts["next"])) == (24, day, first)
        kept = load_transactions(shop(frame, f'first_day: "{first}"'))
        assert kept.rows == 1176
        assert kept.counts.set_index("rule")["rows"][f"time before {first}"] == 24
        assert suspicions(kept) == ()


@pytest.mark.long
def test_negatives_as_accountants_write_them_are_returns(shop, purchases):
    for form in ("({})", "{}-", "-{}", "( {} )", "{} -", "\N{MINUS SIGN}{}"):
        frame = purchases.assign(paid=[form.format(x) if i % 10 == 0 else x for i, x in enumerate(purchases["paid"])])
        transactions = load_transactions(shop(frame))
        paid = purchases["paid"].astype(float)
        assert transactions.rows == 1200
        assert transactions.returns == 120
        assert transactions.table.amount.sum().execute() == pytest.approx(paid.sum() - 2 * paid[::10].sum(), rel=1e-12)
        assert suspicions(transactions) == ()
    for form in ("({}", "{})", "(-{})", "-{}-", "()", "{}--"):
        assert load_transactions(shop(purchases.assign(paid=[form.format("5"), *purchases["paid"][1:]]))).rows == 1199


def test_what_cannot_be_read_is_told_where_it_is_much(shop, purchases):
    when = [pd.Timestamp(day).strftime("%b %d %Y") if i % 20 == 0 else day for i, day in enumerate(purchases["when"])]
    facts = found(shop(purchases.assign(when=when)))["unreadable_times"]
    assert (facts["lines"], facts["share"]) == (60, 0.05)
    paid = [f"GBP {x}" if i % 20 == 0 else x for i, x in enumerate(purchases["paid"])]
    assert found(shop(purchases.assign(paid=paid)))["unreadable_amounts"]["lines"] == 60
    one = purchases.assign(paid=["free", *purchases["paid"][1:]])
    assert found(shop(one)) == {}, "one line in a thousand changes nothing, and the counts have it"


def test_check_data_says_each_in_a_sentence_with_the_line_that_settles_it(shop, purchases, capsys):
    frame = purchases.assign(who=[w.upper() if i % 4 == 0 else w for i, w in enumerate(purchases["who"])])
    assert main(["check-data", shop(frame)]) == 1
    told = capsys.readouterr().out
    assert "suspected: " in told
    assert "write customer_ids: alike in the codebook" in told
    assert "no problem found" not in told
    assert main(["check-data", shop(frame, "customer_ids: alike")]) == 0
    assert "no problem found" in capsys.readouterr().out


class Told(Story):
    texts = TEXTS
    language = "en"


def test_a_report_is_told_what_changes_more_than_one_line_in_a_hundred(shop, purchases):
    few = purchases.assign(who=["C1001", *purchases["who"][1:]])
    many = purchases.assign(who=[w.upper() if i % 2 else w for i, w in enumerate(purchases["who"])])
    for frame, severity, rows in ((few, "note", 0), (many, "weak", 1)):
        transactions = load_transactions(shop(frame))
        (caution,) = suspicions(transactions)
        assert caution.severity == severity
        assert len(list(data_cautions(Told(), transactions))) == rows
        assert sentence(caution)


def test_every_suspicion_can_be_settled(shop, purchases):
    codes = ", ".join(get_args(Suspicion))
    frame = purchases.assign(money=["JPY" if i % 3 == 0 else "EUR" for i in range(1200)])
    assert found(shop(frame, f"settled: [{codes}]")) == {}


@pytest.mark.parametrize(
    ("name", "encoding", "separator"),
    [  # each with each of the others once
        (name, encoding, ",;\t"[(i + j) % 3])
        for i, name in enumerate(["shop.csv", "shop.tsv", "shop.csv.gz"])
        for j, encoding in enumerate(["utf-8", "latin-1", "utf-16"])
    ],
)
def test_order_and_numbers_of_lines_are_those_of_any_text_file(tmp_path, purchases, name, encoding, separator):
    days = pd.to_datetime(purchases["when"])
    early = purchases.assign(when=days.dt.strftime("%d/%m/%Y"), town="Köln")[days.dt.day <= 12].reset_index(drop=True)
    early.loc[7, "paid"] = "much"
    early.to_csv(tmp_path / name, index=False, sep=separator, encoding=encoding)
    text = CODEBOOK.replace("shop.csv", name) + 'time_format: "%m/%d/%Y"\n'
    (tmp_path / "codebook.yaml").write_text(text, encoding="utf-8")
    shop = load_transactions(str(tmp_path))
    assert [caution.code for caution in suspicions(shop)] == ["day_and_month_swapped"]
    assert [line.split(",")[0] for line in shop.examples().values()] == ["line 9: paid is 'much'"]
    (line,) = every_line(shop.left_out, shop.codebook, shop.path)
    assert line.startswith("line 9: ")
    assert "paid is 'much'" in line


def test_every_line_left_out_of_several_files_is_told(tmp_path, purchases):
    for name, cell in {"shop.csv": "much", "more.csv": "little"}.items():
        purchases.replace({"paid": {purchases["paid"][3]: cell}})[:20].to_csv(tmp_path / name, index=False)
    (tmp_path / "codebook.yaml").write_text(CODEBOOK + "more_files: [more.csv]\n", encoding="utf-8")
    shop = load_transactions(str(tmp_path))
    told = list(every_line(shop.left_out, shop.codebook, shop.path))
    assert [line.split("paid is ")[1].split(" ")[0] for line in told] == ["'little'", "'much'"]
