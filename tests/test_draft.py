"""Codebooks drafted from bare files: they pass their own check, and say what is in the files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from notebook_cells import run_cells

from crmresearch.__main__ import main
from crmresearch.data.survey.survey import load_survey
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import CodebookError, TemplateError
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.paths import DATA, TEMPLATES
from crmresearch.templates import draft
from crmresearch.templates.draft import draft_codebook, draft_theory

AGREE = ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"]


def survey(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "ResponseId": [f"R_{i}" for i in range(rows)],
            "Satisfied 1": rng.choice(AGREE, rows),
            "Satisfied 2": rng.choice(AGREE, rows),
            "Quality 1": rng.choice([1, 2, 3, 4, 5, 99], rows),
            "Quality 2": rng.integers(2, 6, rows),
            "image_a": rng.integers(0, 11, rows),
            "Loyal-1": rng.choice(["1 - never", "2 - perhaps", "3 - always"], rows),
            "Age group": rng.choice(["18-29", "30-49", "50+"], rows),
            "Gender": rng.choice([1, 2], rows),
            "birth year": rng.integers(1940, 2005, rows),
            "comment": [f"{i} words" for i in range(rows - 1)] + ["0 words"],
            "wgt": rng.uniform(0.5, 2, rows).round(2),
        }
    )


def drafted(path: Path, **options: str) -> dict:
    return yaml.safe_load(draft_codebook(path, **options).read_text(encoding="utf-8"))


def test_a_survey_is_drafted_and_passes_its_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "Survey Export.xlsx"
    survey().to_excel(path, index=False)
    book = drafted(path)
    items = {name: (item["min"], item["max"]) for name, item in book["items"].items()}
    assert items == {
        "Satisfied 1": (1, 5), "Satisfied 2": (1, 5), "Quality 1": (1, 5), "Quality 2": (1, 5), "image_a": (0, 10),
        "Loyal-1": (1, 3),
    }  # fmt: skip
    assert book["items"]["Quality 1"]["missing_codes"] == [99]
    assert book["items"]["Satisfied 1"]["labels"] == dict(zip(AGREE, range(1, 6), strict=True))
    assert book["id"] == "ResponseId"
    assert list(book["groups"]["Age group"]["values"]) == ["18-29", "30-49", "50+"]
    assert list(book["groups"]["Gender"]["values"]) == [1, 2]
    assert "values" not in book["groups"]["birth year"]
    assert book["constructs"]["satisfaction"] == ["Satisfied 1", "Satisfied 2"]
    assert book["constructs"]["loyalty"] == ["Loyal-1"]
    assert main(["check-data", str(tmp_path)]) == 0
    found = load_survey(str(tmp_path))
    assert found.items["Quality 1"].max() == 5
    assert found.items["Satisfied 1"].tolist() == [AGREE.index(text) + 1 for text in survey()["Satisfied 1"]]


def test_a_theory_is_drafted_and_can_be_bound(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    survey().to_csv(path, index=False)
    draft_codebook(path)
    theory = load_theory(draft_theory(str(tmp_path), "mine", tmp_path))
    specification = bind(theory, load_survey(str(tmp_path)).codebook)
    assert {(p.predictor, p.outcome) for p in specification.paths} == {
        ("quality", "satisfaction"), ("image", "satisfaction"), ("satisfaction", "loyalty")
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(
    ("dataset", "file", "scales", "constructs"),
    [
        ("ecsi_mobile", "mobi.csv", {(1, 10)}, {"satisfaction", "loyalty", "quality", "value", "expectation", "image"}),
        ("corporate_reputation", "corp_rep_data.csv", {(1, 7), (1, 5)}, {"satisfaction", "loyalty", "quality"}),
    ],
)
def test_surveys_of_the_project_are_recognised(
    tmp_path: Path, dataset: str, file: str, scales: set[tuple[int, int]], constructs: set[str]
) -> None:
    (tmp_path / file).write_bytes((DATA / dataset / file).read_bytes())
    book = drafted(tmp_path / file)
    assert {(item["min"], item["max"]) for item in book["items"].values()} <= scales
    assert constructs <= book["constructs"].keys()
    assert load_survey(str(tmp_path)).respondents in (250, 344)


PURCHASES = pd.DataFrame(
    {
        "InvoiceNo": [10, 10, 11, 12, 13],
        "CustomerID": ["007", "007", "12", "12", "007"],
        "InvoiceDate": [
            "01/12/2010 08:26",
            "01/12/2010 08:26",
            "13/12/2010 09:00",
            "02/01/2011 10:00",
            "05/01/2011 11:30",
        ],
        "Quantity": [6, -1, 2, 3, 1],
        "UnitPrice": ["2,55", "3,39", "1.200,75", "4,25", "5,00"],
        "Country": ["UK", "UK", "FR", "FR", "UK"],
    }
)


def test_purchases_are_drafted_and_read(tmp_path: Path) -> None:
    path = tmp_path / "Online Retail.csv"
    PURCHASES.to_csv(path, index=False, sep=";")
    book = drafted(path)
    assert book["columns"] == {
        "customer": "CustomerID", "time": "InvoiceDate", "amount": "UnitPrice", "order": "InvoiceNo",
        "quantity": "Quantity",
    }  # fmt: skip
    assert (book["decimal"], book["time_format"], book["amount_per"]) == (",", "%d/%m/%Y %H:%M", "unit")
    assert book["last_day"] == "2011-01-05"
    shop = load_transactions(str(tmp_path))
    assert (shop.rows, shop.customers(), str(shop.first_day)) == (5, 2, "2010-12-01")
    assert shop.table.select("amount").execute()["amount"].sum() == pytest.approx(6 * 2.55 - 3.39 + 2401.5 + 12.75 + 5)


def test_the_shop_of_the_templates_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "purchases.csv").write_bytes((TEMPLATES / "my_shop" / "purchases.csv").read_bytes())
    book = drafted(tmp_path / "purchases.csv")
    assert book["columns"] == {"customer": "customer_id", "time": "purchased_at", "amount": "amount"}
    assert load_transactions(str(tmp_path)).rows > 800


def test_day_and_month_are_told_by_the_order_of_the_file(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-05", periods=20, freq="13D")
    frame = pd.DataFrame(
        {"customer": [f"c{i % 5}" for i in range(20)], "date": days.strftime("%m/%d/%Y"), "amount": 5.5}
    )
    frame = frame[days.day <= 12]  # both ways of reading are possible
    frame = pd.concat([frame] * 3).sort_index()
    frame.to_csv(tmp_path / "shop.csv", index=False)
    assert drafted(tmp_path / "shop.csv", kind="purchases")["time_format"] == "%m/%d/%Y"


def test_what_cannot_be_drafted_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("a,b\nsome text,other text\nmore,words\nand,more\n")
    with pytest.raises(TemplateError, match="no column looks like the answers"):
        draft_codebook(path)
    with pytest.raises(TemplateError, match="no column looks like the customer or the time or the amount"):
        draft_codebook(path, kind="purchases")
    (tmp_path / "empty.csv").write_text("a\n1\n")
    with pytest.raises(TemplateError, match="fewer than two rows"):
        draft_codebook(tmp_path / "empty.csv")
    (tmp_path / "codebook.yaml").write_text("key: mine\n")
    with pytest.raises(TemplateError, match="is there already and stays as it is"):
        draft_codebook(path)
    assert (tmp_path / "codebook.yaml").read_text() == "key: mine\n"


def test_columns_of_any_name_are_drafted(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    names = ["yes", "no", "q: 1", 'q "2"', "q#3", "- q4", "满意度1", "null"]
    frame = pd.DataFrame({name: rng.integers(1, 6, 40) for name in names})
    frame.columns = [*names[:-1], "q{8}"]
    frame.to_csv(tmp_path / "odd.csv", index=False)
    book = drafted(tmp_path / "odd.csv")
    assert set(book["items"]) | set(book.get("groups", {})) == set(frame.columns)
    assert main(["check-data", str(tmp_path)]) == 0


def test_no_name_or_cell_breaks_the_codebook(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"q1\nkey: x": rng.integers(1, 6, 40), "q2\u2028kind: y": rng.integers(1, 6, 40)})
    frame["note\x85id: z"] = [f"{i}\nfile: w" for i in range(39)] + ["0\nfile: w"]
    frame["Age\x07 group"] = rng.choice(["18\x85-29", "30\u2029-49"], 40)
    frame.to_csv(tmp_path / "odd.csv", index=False)
    book = drafted(tmp_path / "odd.csv")
    assert book["file"] == "odd.csv"
    assert book["key"] == "odd"
    assert list(book["items"]) == ["q1\nkey: x", "q2\u2028kind: y"]
    assert list(book["groups"]["Age\x07 group"]["values"]) == ["18\x85-29", "30\u2029-49"]


@pytest.mark.parametrize(
    ("currencies", "found"), [(["NO", "NO"], "NO"), (["", ""], "EUR"), (["a: b # c", ""], "a: b # c")]
)
def test_any_currency_is_drafted(tmp_path: Path, currencies: list[str], found: str) -> None:
    day = pd.Timestamp("2020-01-01")
    lines = [(i % 9, (day + pd.Timedelta(days=i)).date(), 9.5 + i, currencies[i % 2]) for i in range(60)]
    frame = pd.DataFrame(lines, columns=["customer", "date", "total", "currency"])
    frame.to_csv(tmp_path / "shop.csv", index=False)
    assert drafted(tmp_path / "shop.csv")["currency"] == found


def test_only_the_beginning_of_a_long_file_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = pd.Timestamp("2020-01-01")
    lines = [(i % 9, (day + pd.Timedelta(days=i)).date(), 9.5 + i) for i in range(60)]
    pd.DataFrame(lines, columns=["customer", "date", "total"]).to_csv(tmp_path / "shop.csv", index=False)
    monkeypatch.setattr(draft, "MOST", 500)
    book = drafted(tmp_path / "shop.csv")
    assert book["about"]["en"].startswith("More than 2")
    assert "last_day" not in book
    assert main(["check-data", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        ([0.5, 1.5, 1.0], "wgt"),  # a mean of 1: sampling weights
        ([61, 75, 82.5], None),  # kilograms, or inflation weights: offered in a comment
        ([0.5, 1.5, ""], None),  # one is missing
    ],
)
@pytest.mark.long
def test_a_column_of_weights_is_named_or_offered(tmp_path: Path, weights: list[float], named: str | None) -> None:
    path = tmp_path / "answers.csv"
    survey().assign(wgt=weights * 20).to_csv(path, index=False)
    assert drafted(path).get("weight") == named
    text = (tmp_path / "codebook.yaml").read_text(encoding="utf-8")
    assert ("\nweight: wgt" in text, "\n# weight: wgt" in text) == (named is not None, named is None)
    assert main(["check-data", str(tmp_path)]) == 0
    assert (load_survey(str(tmp_path)).weights is not None) == (named is not None)


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"stratum": ["n", "s"] * 30, "psu": [i // 4 for i in range(60)]}, {"stratum": "stratum", "cluster": "psu"}),
        ({"Schicht": ["n", "s", "w"] * 20}, {"stratum": "Schicht"}),
        ({"cluster": ["a", "b", "c"] * 20}, {}),  # segments of customers, rather
        ({"psu": ["", *(i // 4 for i in range(1, 60))]}, {}),  # one is missing
    ],
)
@pytest.mark.long
def test_columns_of_the_design_are_named(tmp_path: Path, columns: dict[str, list[Any]], named: dict[str, str]) -> None:
    path = tmp_path / "answers.csv"
    survey().assign(**columns).to_csv(path, index=False)
    book = drafted(path)
    assert {role: book[role] for role in ("stratum", "cluster") if role in book} == named
    assert main(["check-data", str(tmp_path)]) == 0
    design = load_survey(str(tmp_path)).design
    assert ([] if design is None else list(design)) == [role for role in ("stratum", "cluster") if role in named]


def test_a_stratum_with_one_cluster_is_offered(tmp_path: Path) -> None:
    strata = ["n"] * 4 + ["s"] * 56
    survey().assign(stratum=strata, psu=[i // 4 for i in range(60)]).to_csv(tmp_path / "answers.csv", index=False)
    assert not {"stratum", "cluster"} & drafted(tmp_path / "answers.csv").keys()
    text = (tmp_path / "codebook.yaml").read_text(encoding="utf-8")
    assert "\n# stratum: stratum    # the strata of the sample? some strata have a single cluster" in text
    assert main(["check-data", str(tmp_path)]) == 0


@pytest.mark.long
def test_a_drafted_survey_goes_through_the_reports_that_need_no_theory(tmp_path: Path) -> None:
    """Random answers in words and numbers, ids, groups and comments among them; nothing is edited."""
    survey().to_csv(tmp_path / "answers.csv", index=False)
    draft_codebook(tmp_path / "answers.csv")
    few = {"refits": 4, "starts": 2, "classes_most": 2}
    segments = run_cells("survey_segmentation", {"dataset": str(tmp_path), "theory": None, **few})
    assert segments["constructs"] == {
        key: list(items) for key, items in load_survey(str(tmp_path)).codebook.constructs.items()
    }
    assert segments["models"] is None
    quality = run_cells("survey_quality", {"dataset": str(tmp_path)})
    assert len(quality["quality"].items) == 60


def answers_in(words: Sequence[str], rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    columns = [f"{stem}_{i}" for stem in ("Zimmer", "Zufriedenheit", "Treue") for i in (1, 2)]
    return pd.DataFrame({name: rng.choice(words, rows) for name in columns}).assign(
        Reise=rng.choice(["mit", "ohne"], rows)
    )


def test_answers_in_the_words_of_another_language_are_a_scale(tmp_path: Path) -> None:
    words = ["trifft gar nicht zu", "trifft eher nicht zu", "teils, teils", "trifft eher zu", "trifft voll zu", "k. A."]
    answers_in(words).to_csv(tmp_path / "Gästebefragung 2025.csv", sep=";", index=False, encoding="cp1252")
    draft_codebook(tmp_path / "Gästebefragung 2025.csv")
    survey = load_survey(str(tmp_path))
    assert (survey.codebook.key, survey.codebook.title["en"]) == ("gastebefragung_2025", "Gästebefragung 2025")
    assert list(survey.codebook.constructs) == ["zimmer", "satisfaction", "loyalty"]
    assert list(survey.codebook.groups) == ["Reise"]
    expected = answers_in(words)["Zimmer_1"].map({word: i for i, word in enumerate(words[:5], 1)})
    assert survey.items["Zimmer_1"].tolist() == pytest.approx(expected.tolist(), nan_ok=True)


def test_words_of_no_known_order_are_asked_for_and_never_guessed(tmp_path: Path) -> None:
    answers_in(["grün", "gelb", "rot"]).to_csv(tmp_path / "ampel.csv", index=False)
    path = draft_codebook(tmp_path / "ampel.csv")
    with pytest.raises(CodebookError, match=r"labels\.rot") as refused:
        load_survey(str(tmp_path))
    assert str(refused.value).count("labels.") == 3
    text = path.read_text(encoding="utf-8")
    for number, word in enumerate(["rot", "gelb", "grün"], 1):
        text = text.replace(f'"{word}": null', f'"{word}": {number}')
    path.write_text(text, encoding="utf-8")
    survey = load_survey(str(tmp_path))
    assert survey.codebook.items["Treue_2"].max == 3
    assert set(survey.items["Treue_2"]) == {1, 2, 3}


@pytest.mark.parametrize(
    ("written", "time_format"),
    [("%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"), ("%d-%b-%Y", "%d-%b-%Y"), ("%B %d, %Y", "%b %d, %Y")],
)
def test_purchases_by_half_days_and_names_of_months_are_drafted(tmp_path: Path, written: str, time_format: str) -> None:
    times = pd.Timestamp("2024-01-20 09:30") + pd.to_timedelta(np.arange(60) * 31, "h")
    frame = pd.DataFrame({
        "Order date": times.strftime(written), "Invoice": [f"INV-{i // 2}" for i in range(60)],
        "Client no.": [f"K{i % 7}" for i in range(60)], "Product group": "Tea", "Net amount USD": "1,012.50",
    })  # fmt: skip
    frame.to_csv(tmp_path / "orders.tsv.gz", sep="\t", index=False)
    draft_codebook(tmp_path / "orders.tsv.gz")
    transactions = load_transactions(str(tmp_path))
    columns = transactions.codebook.columns
    assert (columns.order, columns.category, columns.product) == ("Invoice", "Product group", None)
    assert (transactions.codebook.time_format, transactions.codebook.currency) == (time_format, "USD")
    assert transactions.rows == 60


def test_a_file_of_purchases_without_a_readable_day_is_told_as_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer": ["a", "b"] * 30, "date": "whenever", "amount": 1.5})
    frame.to_csv(tmp_path / "shop.csv", index=False)
    with pytest.raises(TemplateError, match="no column looks like the time"):
        draft_codebook(tmp_path / "shop.csv")


def test_numbered_columns_of_places_stay_groups(tmp_path: Path) -> None:
    frame = survey().assign(
        Region_1=np.resize(["Nord", "Ost", "West"], 60), Region_2=np.resize(["West", "Nord", "Ost"], 60)
    )
    frame.to_csv(tmp_path / "a.csv", index=False)
    draft_codebook(tmp_path / "a.csv")
    assert {"Region_1", "Region_2"} <= set(load_survey(str(tmp_path)).codebook.groups)


def export(folder: Path, name: str, text: str) -> dict:
    (folder / name).write_text(text, encoding="utf-8")
    return drafted(folder / name)


SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Discount Amount,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Refunded Amount,Id,Source\n"
    "#1,a@x.org,paid,2022-06-01 09:21:28 +0200,EUR,49.00,53.90,0.00,"
    "2022-06-01 09:21:28 +0200,1,Set,49.00,0.00,71,web\n"
    "#2,b@x.org,paid,2022-12-01 13:45:41 +0100,EUR,103.50,103.50,0.00,"
    "2022-12-01 13:45:41 +0100,2,Cream,24.00,3.50,72,web\n"
    "#2,b@x.org,,,,,,,2022-12-01 13:45:41 +0100,1,Soap,6.50,,,\n"
    "#3,a@x.org,refunded,2022-12-02 01:00:00 +0100,EUR,10.00,10.00,0.00,"
    "2022-12-02 01:00:00 +0100,1,Soap,10.00,10.00,73,web\n"
    "#3,a@x.org,,,,,,,2022-12-02 01:00:00 +0100,1,Soap,6.50,,,\n"
)


def test_an_export_of_shopify_is_drafted_with_its_own_sum(tmp_path: Path) -> None:
    book = export(tmp_path, "orders_export.csv", SHOPIFY)
    assert book["columns"] == {
        "customer": "Email", "time": "Created at", "amount": "Total", "order": "Name", "channel": "Source",
        "refund": "Refunded Amount",
    }  # fmt: skip
    assert (book["amount_per"], book["day_zone"]) == ("order", "Europe/Berlin")
    assert book["leave_out"] == {"Financial Status": ["refunded"]}
    lines = load_transactions(str(tmp_path)).table.execute()
    assert lines["amount"].sum() == pytest.approx(53.90 + 103.50 - 3.50)
    assert sorted(lines["day"].astype(str)) == ["2022-06-01", "2022-12-01"]


def test_a_ledger_is_drafted_without_its_payments(tmp_path: Path) -> None:
    lines = [("RE1", "7", "Rechnung", "1.200,00", ""), ("ZE1", "7", "Zahlungseingang", "", "1.200,00")]
    lines += [("RE2", "8", "Rechnung", "80,50", ""), ("GU2", "8", "Gutschrift", "", "10,50")]
    lines += [("RE3", "7", "Rechnung", "9,00", ""), ("RE4", "9", "Rechnung", "1,00", "")]
    rows = "\n".join(f"0{day}.03.2024;" + ";".join(line) for day, line in enumerate(lines, 1))
    book = export(tmp_path, "konto.csv", f"Datum;Beleg;Debitor;Buchungstext;Soll;Haben\n{rows}\n")
    assert (book["columns"]["amount"], book["columns"]["refund"]) == ("Soll", "Haben")
    assert book["leave_out"] == {"Buchungstext": ["Zahlungseingang"]}
    purchases = load_transactions(str(tmp_path))
    assert float(purchases.table.amount.sum().execute()) == pytest.approx(1200 + 80.5 - 10.5 + 9 + 1)


def test_payments_without_a_word_are_never_subtracted(tmp_path: Path) -> None:
    rows = "\n".join(f"2024-03-0{day},{day % 3},{10 * (day % 2)},{10 * ((day + 1) % 2)}" for day in range(1, 9))
    book = export(tmp_path, "ledger.csv", f"Date,Customer,Debit,Credit\n{rows}\n")
    assert (book["columns"]["amount"], "refund" in book["columns"]) == ("Debit", False)


def test_guests_are_nobody_and_an_e_mail_is_who_they_are(tmp_path: Path) -> None:
    rows = [f"{i},{0 if i % 2 else i % 7 + 1},{i % 9}@x.org,2024-01-{i % 28 + 1:02d},{i}.50" for i in range(1, 60)]
    book = export(tmp_path, "a.csv", "order_id,customer_id,billing_email,date,order_total\n" + "\n".join(rows))
    assert book["columns"]["customer"] == "billing_email"
    (tmp_path / "b").mkdir()
    without = [",".join([*row.split(",")[:2], *row.split(",")[3:]]) for row in rows]
    book = export(tmp_path / "b", "b.csv", "order_id,customer_id,date,order_total\n" + "\n".join(without))
    assert (book["columns"]["customer"], book["missing_codes"]) == ("customer_id", ["0"])


def test_equal_amounts_of_items_are_no_sum_of_the_order(tmp_path: Path) -> None:
    rows = [f"{i},{i % 9},2024-01-{i % 28 + 1:02d},{i}.50,{2 * i + 1}.00" for i in range(1, 60) for _ in range(2)]
    frame = "\n".join(rows)
    book = export(tmp_path, "a.csv", f"order_id,customer_id,date,item_total,weight\n{frame}")
    assert "amount_per" not in book
    (tmp_path / "b").mkdir()
    book = export(tmp_path / "b", "b.csv", f"order_id,customer_id,date,order_total,weight\n{frame}")
    assert book["amount_per"] == "order"
    assert float(load_transactions(str(tmp_path / "b")).table.amount.sum().execute()) == sum(
        i + 0.5 for i in range(1, 60)
    )


def test_codes_of_kinds_are_groups_and_of_degrees_are_questions(tmp_path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    rng = np.random.default_rng(2)
    columns = {name: rng.integers(1, 5, 90).astype(float) for name in ("ward", "V1", "V2", "stay")}
    degrees = {1: "gar nicht", 2: "kaum", 3: "meist", 4: "ganz", 9: "keine Angabe"}
    labels = {"ward": {1: "Surgery", 2: "Medicine", 3: "Eyes", 4: "Births"}, "V1": degrees, "V2": degrees}
    labels["stay"] = {1: "bad", 2: "so", 3: "well", 4: "best"}
    questions = ["Ward", "Clean", "Quiet", "How satisfied are you with your stay?"]
    path = tmp_path / "clinic.sav"
    pyreadstat.write_sav(pd.DataFrame(columns), str(path), column_labels=questions, variable_value_labels=labels)
    book = drafted(path)
    assert list(book["items"]) == ["V1", "V2", "stay"]
    assert book["groups"]["ward"]["values"] == {i: {"en": text} for i, text in labels["ward"].items()}


def test_exports_of_panels_are_drafted(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    words = ["Strongly disagree", "Disagree", "Somewhat disagree", "Neither agree nor disagree", "Somewhat agree"]
    status = ["Survey Preview"] * 2 + ["IP Address"] * 48
    rows = [f"{of},R_{i},{rng.choice(words)},{rng.choice(words)},{rng.integers(2, 11)}" for i, of in enumerate(status)]
    head = 'Status,ResponseId,Q1_1,Q1_2,Q2\nResponse Type,Response ID,The quality is high,It is of good quality,"'
    head += 'From 0-10, would you recommend us?"\n' + ",".join(['"{""ImportId"":""x""}"'] * 5) + "\n"
    book = export(tmp_path, "qualtrics.csv", head + "\n".join(rows) + "\n")
    assert (book["first_row"], book["leave_out"], book["id"]) == (4, {"Status": ["Survey Preview"]}, "ResponseId")
    assert (book["items"]["Q1_1"]["max"], book["items"]["Q2"]["min"], book["items"]["Q2"]["max"]) == (7, 0, 10)
    assert book["constructs"] == {"quality": ["Q1_1", "Q1_2"], "loyalty": ["Q2"]}
    assert load_survey(str(tmp_path)).respondents == 48
    (tmp_path / "lime").mkdir()
    lime = "\n".join(f"{i},AO0{rng.integers(1, 6)},AO0{rng.integers(1, 5)},{rng.choice(list('FM'))}" for i in range(40))
    book = export(tmp_path / "lime", "results.csv", f"id,Sat[SQ001],Sat[SQ002],Sex\n{lime}\n")
    assert book["constructs"] == {"satisfaction": ["Sat[SQ001]", "Sat[SQ002]"]}
    assert {item["max"] for item in book["items"].values()} == {5}
    assert main(["check-data", str(tmp_path / "lime")]) == 0


def test_loyalty_is_asked_for_in_other_words_and_pending_payments_are_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    names = ["Recommanderiez-vous la boulangerie ? (0 à 10)", "Reviendrez-vous ? (0 à 10)", "Likely to stay again?"]
    pd.DataFrame(rng.integers(3, 11, (60, 3)), columns=names).to_csv(tmp_path / "a.csv", index=False)
    book = drafted(tmp_path / "a.csv")
    assert book["constructs"] == {"loyalty": names}
    assert [book["items"][name]["min"] for name in names] == [0, 0, 1]
    (tmp_path / "b").mkdir()
    states = ["Completed", "Pending", "Denied", "Completed"]
    rows = "\n".join(f"2024-01-0{i},{i % 3}@x.org,{i}.00,{states[i % 4]}" for i in range(1, 9))
    book = export(tmp_path / "b", "b.csv", f"Date,From Email Address,Gross,Status\n{rows}\n")
    assert book["leave_out"] == {"Status": ["Pending", "Denied"]}
    assert float(load_transactions(str(tmp_path / "b")).table.amount.sum().execute()) == 3 + 4 + 7 + 8
