"""All tables of a report as one workbook and one document: what they hold, read back by the programs' own libraries."""

import gzip
import io
import json
import re
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from docx import Document
from openpyxl import load_workbook

from crmresearch.report.make.downloads import Shown, word_document, workbook, write_downloads
from crmresearch.report.record import FOLDER_VARIABLE
from crmresearch.report.show import tables
from crmresearch.report.show.tables import WrittenTable, show_table, write_table

PATHS = pd.DataFrame(
    {"path": ["=1+1", "image → loyalty"], "estimate": [-0.5432109876, 1.25], "n": [250, 249], "p_value": [0.0004, None]}
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_long_table_is_written_part_by_part_to_the_same_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"customer": ["=1+1", "b", "c,d", "e", "f"], "spend": [1.5, None, 1 / 3, 1e15, -2]})
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 2)
    write_table(frame, "customers")
    write_table(frame[:0], "nobody")
    assert (folder / "tables" / "customers.csv").read_text(encoding="utf-8") == tables.csv_text(frame)
    assert (folder / "tables" / "nobody.csv").read_text(encoding="utf-8") == "customer,spend\n"


def test_a_very_long_table_is_packed_to_the_same_bytes_and_said_to_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"customer": [f"c{i}" for i in range(6)], "spend": np.arange(6) / 3})
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(tables, "_PACKED", 5)
    file = write_table(frame, "customers")
    assert (file, write_table(frame[:5], "few")) == ("customers.csv.gz", "few.csv")
    packed = (folder / "tables" / file).read_bytes()
    assert gzip.decompress(packed).decode() == tables.csv_text(frame)
    assert packed[4:8] == bytes(4)  # no date
    pd.testing.assert_frame_equal(pd.read_csv(folder / "tables" / file).round(9), frame.round(9))
    link = WrittenTable(file, "All customers.", "en")._repr_html_()
    assert 'download="customers.csv.gz"' in link
    assert "gzip" in link
    assert "gzip" not in WrittenTable("few.csv", "Few.", "en")._repr_html_()
    book = load_workbook(write_downloads(folder, "mine", "My report", "Table")[0])
    assert [row[0].value for row in book["customers"].rows][:2] == ["customer", "c0"]


def test_a_workbook_holds_every_table_in_full(folder: Path) -> None:
    show_table(PATHS, "paths", "Paths of the model", note="n = 250")
    write_table(pd.DataFrame({"customer": ["0012", "12", "1e5"], "spend": [1.5, 2.0, None]}), "customers")
    made = write_downloads(folder, "mine", "My report", "Table")
    assert [path.name for path in made] == ["mine.xlsx", "mine.docx"]
    assert not (folder / "tables.jsonl").exists()
    book = load_workbook(made[0])
    assert book.sheetnames == ["contents", "paths", "customers"]
    rows = [[cell.value for cell in row] for row in book["paths"].rows]
    assert rows == [["path", "estimate", "n", "p_value"], ["=1+1", -0.5432109876, 250, 0.0004],
                    ["image → loyalty", 1.25, 249, None]]  # fmt: skip
    assert book["paths"]["A2"].data_type == "s"  # no formula
    assert [cell.value for cell in book["customers"]["A"]] == ["customer", "0012", "12", "1e5"]
    assert [cell.value for cell in book["contents"]["B"]] == ["Paths of the model", "customers"]


def test_a_document_holds_the_tables_as_printed_in_apa_style(folder: Path) -> None:
    show_table(PATHS, "paths", "Paths of the model", note="Percentile intervals.")
    _, path = write_downloads(folder, "mine", "My report", "Table")
    document = Document(str(path))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts == ["My report", "Table 1", "Paths of the model", "Note. Percentile intervals."]
    assert document.paragraphs[1].runs[0].bold
    assert document.paragraphs[2].runs[0].italic
    (table,) = document.tables
    assert [cell.text for cell in table.rows[1].cells] == ["=1+1", "−0.543", "250", "< .001"]
    rules = [[sorted(rule.tag.split("}")[1] for rule in cell._tc.iter() if rule.tag.endswith(("}top", "}bottom")))
              for cell in row.cells] for row in table.rows]  # fmt: skip
    assert rules == [[["bottom", "top"]] * 4, [[]] * 4, [["bottom"]] * 4]


def test_the_same_tables_are_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = [("paths", PATHS, 2)]
    shown = [Shown("paths", "Paths", ["path"], [["a"]], [False])]
    first = (workbook(frame, {}), word_document("T", shown))
    monkeypatch.setattr(time, "time", lambda: 1e9)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(1e9))
    assert (workbook(frame, {}), word_document("T", shown)) == first
    for content in first:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            dates = re.findall(r"\d{4}-\d\d-\d\dT", archive.read("docProps/core.xml").decode())
            assert set(dates) == {"2000-01-01T"}


def test_characters_that_no_document_holds_are_left_out() -> None:
    odd = "a\x00b\x0bcd\uffffe"
    frame = pd.DataFrame({odd: [odd, "=1"]})
    book = load_workbook(io.BytesIO(workbook([("t", frame, 2)], {"t": odd})))
    assert [cell.value for cell in book["t"]["A"]] == ["abcde", "abcde", "=1"]
    written = word_document(f"{odd}\ud800", [Shown("t", odd, [odd], [[odd]], [False], odd)])
    document = Document(io.BytesIO(written))
    assert [paragraph.text for paragraph in document.paragraphs] == ["abcde", "Table 1", "abcde", "Note. abcde"]
    assert [cell.text for row in document.tables[0].rows for cell in row.cells] == ["abcde", "abcde"]


def test_long_tables_are_named_and_long_names_cut(folder: Path) -> None:
    name = "a_table_with_a_name_longer_than_sheets_may_have"
    write_table(pd.DataFrame({"a": [1]}), name)
    write_table(pd.DataFrame({"a": [1]}), f"{name}_too")
    line = json.loads((folder / "tables.jsonl").read_text().splitlines()[0])
    (folder / "tables.jsonl").open("a").write(
        json.dumps(line | {"name": "long", "rows_written": 100_001, "file": "long.csv"}) + "\n"
    )
    write_table(pd.DataFrame({"a": [1]}), "long")
    lines = (folder / "tables.jsonl").read_text().splitlines()
    (folder / "tables.jsonl").write_text("\n".join(lines[:3]) + "\n")
    made, _ = write_downloads(folder, "mine", "My report", "Table")
    book = load_workbook(io.BytesIO(made.read_bytes()))
    assert book.sheetnames == ["contents", name[:31], f"{name[:28]}_2"]
    assert book["contents"]["B3"].value is not None
    assert "100,001 rows: long.csv" in book["contents"]["B3"].value


def test_a_report_without_tables_has_no_such_files(tmp_path: Path) -> None:
    assert write_downloads(tmp_path, "mine", "My report", "Table") == []
