"""Tables: what the reader sees is rounded, what she downloads is not."""

import base64
import re
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.report.record import FOLDER_VARIABLE
from crmresearch.report.show import tables
from crmresearch.report.show.latex import escape_latex
from crmresearch.report.show.number_format import (
    Probability,
    format_interval,
    format_number,
    format_p_value,
    told_p_value,
)
from crmresearch.report.show.tables import Table, csv_text, show_table


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "outcome": ["Satisfaction", "Satisfaction", "Loyalty"],
            "predictor": ["Image & <trust>", "Quality_1", "100 % of it"],
            "estimate": [0.5 + 1e-9, -0.0001, np.nan],
            "ci_lower": [0.41, -0.2, np.nan],
            "ci_upper": [0.59, 0.1999, np.nan],
            "p_value": [1e-5, 0.0123, 0.9999],
            "respondents": [250.0, 8239.0, np.nan],
            "stable": [True, False, True],
        }
    )


@pytest.fixture
def in_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRMRESEARCH_REPORT_FOLDER", str(tmp_path))
    return tmp_path


def downloads(html: str) -> dict[str, bytes]:
    links = re.findall(r'download="([^"]+)" href="data:[^;]+(?:;charset=utf-8)?;base64,([^"]+)"', html)
    return {name: base64.b64decode(content) for name, content in links}


def test_prints_numbers_as_journals_do(frame: pd.DataFrame) -> None:
    assert repr(show_table(frame, "paths", "Paths")).splitlines() == [
        "Outcome       From             Estimate         interval       p  Respondents  stable",
        "Satisfaction  Image & <trust>     0.500   [0.410, 0.590]  < .001          250  yes",
        "Satisfaction  Quality_1           0.000  [-0.200, 0.200]    .012        8,239  no",
        "Loyalty       100 % of it             –                –  > .999            –  yes",
    ]


@pytest.mark.parametrize("value", [-0.0, -1e-9, -0.0004999])
def test_negative_zero_never_appears(value: float) -> None:
    assert format_number(value, 3) == "0.000"
    assert format_interval(value, -value, 3) == "[0.000, 0.000]"
    table = show_table(pd.DataFrame({"a": [value, -0.0], "b": [1.5, 2.5]}), "t", "T")
    for text in (repr(table), table._repr_html_(), table.latex):
        assert not re.search(r"[-−]\$?0\.000", text)
    assert "-0,2.5" not in table.csv


def test_p_values() -> None:
    printed = [format_p_value(p) for p in (0.0, 0.00099, 0.001, 0.05, 0.5, 1.0, np.nan)]
    assert printed == ["< .001", "< .001", ".001", ".050", ".500", "> .999", "–"]
    with pytest.raises(ValueError, match="between 0 and 1"):
        show_table(pd.DataFrame({"p_value": [1.2]}), "t", "T")
    assert [told_p_value(p) for p in (0.0, 0.05, 1.0)] == ["< .001", "= .050", "> .999"]
    # 2/1001, the least that 1,000 resamples can show, is an upper bound; 2/5001 is below what is printed anyway
    assert [told_p_value(2 / n, True) for n in (1001, 5001)] == ["≤ .002", "< .001"]
    table = show_table(
        pd.DataFrame({"p_value": [2 / 1001, 0.5, np.nan], "p_value_floor": [True, False, False]}), "t", "T"
    )
    assert [list(column.cells) for column in table.columns] == [["≤ .002", ".500", "–"]]


@pytest.mark.usefixtures("in_report")
def test_csv_keeps_the_raw_frame_at_ten_digits() -> None:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"key": list("abcd"), "x": rng.normal(size=4) * 10.0 ** np.arange(-6, 6, 3)})
    frame["ci_lower"], frame["ci_upper"] = frame["x"] - 1 / 3, frame["x"] + 1 / 3
    csv = downloads(show_table(frame, "raw", "Raw")._repr_html_())["raw.csv"]
    assert csv.startswith(b"key,x,ci_lower,ci_upper\n")
    assert b"\r" not in csv
    read = pd.read_csv(BytesIO(csv))
    pd.testing.assert_frame_equal(read, frame, rtol=5e-10, atol=0)


def test_index_becomes_columns() -> None:
    frame = pd.DataFrame({"Image": [1.0, 0.5]}, index=pd.Index(["Image", "Value"], name="construct"))
    assert show_table(frame, "t", "T").csv == "construct,Image\nImage,1\nValue,0.5\n"
    assert frame.index.name == "construct"


def test_digits_and_headings_by_column() -> None:
    frame = pd.DataFrame({"index": [73.456], "share": [0.5], "ci_lower": [1.0], "ci_upper": [2.5]})
    table = show_table(
        frame, "t", "T", digits={"index": 1, "ci_lower": 1}, headings={"index": "Index", "interval": "95 %"}
    )
    assert repr(table).splitlines() == ["Index  Share        95 %", " 73.5  0.500  [1.0, 2.5]"]
    frame = frame.rename(columns={"ci_lower": "index_lower", "ci_upper": "index_upper"})
    beside = show_table(frame, "t", "T", headings={"index": "Index", "index_range": "95 %"})
    assert [column.heading for column in beside.columns][-1] == "95 %"
    assert show_table(frame, "t", "T", headings={"index": "Index"}).columns[-1].heading == "Index"
    frame = frame.rename(columns={"index_lower": "ci_lower", "index_upper": "ci_upper"})
    apart = show_table(frame, "t", "T", headings={"ci_lower": "from", "ci_upper": "to"})
    assert [column.heading for column in apart.columns] == ["index", "Share", "from", "to"]


def test_chinese_headings_and_values() -> None:
    table = show_table(pd.DataFrame({"构念": ["满意", "忠诚度"], "se": [0.1, 0.2]}), "t", "表", language="zh")
    assert repr(table).splitlines()[0] == "构念    标准误"
    assert ">表</span>" in table._repr_html_()


def test_html_is_escaped_aligned_and_grouped(frame: pd.DataFrame) -> None:
    html = show_table(frame, "paths", "Effects <b>", note="a & b")._repr_html_()
    assert "Image &amp; &lt;trust&gt;" in html
    assert "Effects &lt;b&gt;" in html
    assert "a &amp; b" in html
    assert html.count('<th scope="row"') == 3
    assert '<td class="number">−0.0' not in html
    assert '<td class="number">[−0.200, 0.200]</td>' in html
    assert html.count('<tr class="group">') == 1
    assert 'role="region" tabindex="0" aria-labelledby="table-paths-caption"' in html


def test_a_row_without_a_name_is_no_empty_heading() -> None:
    html = show_table(pd.DataFrame({"name": ["H1", ""], "a": [1, 2]}), "rows", "Rows")._repr_html_()
    assert html.count('<th scope="row"') == 1
    assert '<tr><td></td><td class="number">2</td></tr>' in html


def test_column_without_heading_is_no_empty_heading() -> None:
    html = show_table(pd.DataFrame({"a": [1], "mark": ["*"]}), "t", "T", headings={"mark": ""})._repr_html_()
    assert '<thead><tr><th scope="col" class="number">a</th><td></td></tr></thead>' in html


@pytest.mark.usefixtures("in_report")
def test_latex_escapes_and_uses_booktabs(frame: pd.DataFrame) -> None:
    latex = downloads(show_table(frame, "paths", "50 % & more")._repr_html_())["paths.tex"].decode()
    assert r"\caption{50 \% \& more}" in latex
    assert r"\begin{tabular}{llrrrrl}" in latex
    assert r"Image \& \textless{}trust\textgreater{}" in latex
    assert r"Quality\_1 & 0.000 & [$-$0.200, 0.200]" in latex
    assert [rule for rule in ("toprule", "midrule", "bottomrule") if f"\\{rule}" in latex] == [
        "toprule",
        "midrule",
        "bottomrule",
    ]
    assert escape_latex("a_b^c~{\\}$#β→R²") == (
        r"a\_b\textasciicircum{}c\textasciitilde{}\{\textbackslash{}\}\$\#$\beta$$\rightarrow$R"
        r"\textsuperscript{2}"
    )


def test_same_bytes_twice(frame: pd.DataFrame) -> None:
    first, second = (show_table(frame.copy(), "paths", "Paths") for _ in range(2))
    assert first._repr_html_() == second._repr_html_()


def test_written_only_inside_a_report(frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRMRESEARCH_REPORT_FOLDER", raising=False)
    monkeypatch.chdir(tmp_path)
    assert "<a " not in show_table(frame, "paths", "Paths")._repr_html_()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("CRMRESEARCH_REPORT_FOLDER", str(tmp_path / "out"))
    table = show_table(frame, "paths", "Paths")
    assert "<a " in table._repr_html_()
    assert (tmp_path / "out" / "tables" / "paths.csv").read_bytes() == table.csv.encode()


@pytest.mark.parametrize("name", ["Paths", "a b", "../x", "", "1st", "a__b"])
def test_unusable_names_are_refused(frame: pd.DataFrame, name: str) -> None:
    with pytest.raises(ValueError, match="lower-case words"):
        show_table(frame, name, "Paths")


def test_frames_that_cannot_be_a_table() -> None:
    with pytest.raises(ValueError, match="no columns"):
        show_table(pd.DataFrame(index=[1, 2]), "t", "T")
    with pytest.raises(ValueError, match="repeated: \\['a'\\]"):
        show_table(pd.DataFrame([[1, 2]], columns=["a", "a"]), "t", "T")


def test_counts_and_probabilities_among_other_numbers() -> None:
    values = pd.Series([250, 575.4, Probability(0.00001), float("nan")], dtype=object)
    frame = pd.DataFrame({"measure": ["rows", "χ²", "p", "factor"], "value": values})
    table = show_table(frame, "fit", "Fit")
    assert table.columns[1].cells == ("250", "575.400", "< .001", "–")
    assert table.columns[1].numeric
    assert table.csv.splitlines()[1:] == ["rows,250", "χ²,575.4", "p,1e-05", "factor,"]


def test_a_table_without_rows_is_a_sentence_with_its_anchor() -> None:
    table: Table = show_table(pd.DataFrame({"code": [], "message": []}), "warnings", "None")
    assert repr(table) == "None: nothing to list."
    assert 'id="table-warnings"' in table._repr_html_()
    assert "<table" not in table._repr_html_()
    assert table.csv == "code,message\n"


def test_csv_can_hold_more_than_the_reader_sees(in_report: Path) -> None:
    data = pd.DataFrame({"outcome": ["loyalty"], "estimate": [1 / 3], "estimator": ["pls"]})
    table = show_table(data[["outcome", "estimate"]], "paths", "Paths", data=data)
    assert repr(table).splitlines()[0] == "Outcome  Estimate"
    assert (in_report / "tables" / "paths.csv").read_text() == (
        "outcome,estimate,estimator\nloyalty,0.3333333333,pls\n"
    )


def test_no_text_is_a_formula_to_a_spreadsheet() -> None:
    texts = ["=1+1", "+a", "-a", "@SUM(A1)", "\t=1", "\n=1", "-", "-0.5", "+2", "1e3", "a=b", "", None]
    guarded = ["'=1+1", "'+a", "'-a", "'@SUM(A1)", "'\t=1", "'\n=1", *texts[6:]]
    for kind in (object, "category"):
        frame = pd.DataFrame({"=cmd": pd.Series(texts, dtype=kind), "n": np.arange(13.0) - 6.5})
        read = pd.read_csv(StringIO(csv_text(frame), newline=""), dtype=str, keep_default_na=False)
        assert list(read) == ["'=cmd", "n"]
        assert read["'=cmd"].tolist() == [text or "" for text in guarded]
        assert read["n"].iloc[0] == "-6.5"
    plain = pd.DataFrame({"a": ["x", "–", None], "b": [-1.0, 1 / 3, np.nan]})
    assert csv_text(plain) == plain.to_csv(index=False, float_format="%.10g", lineterminator="\n")


def test_labels_from_data_head_columns_as_they_are_written() -> None:
    table = show_table(pd.DataFrame({"n": [1], "*star* _u_": [0.5], "share_of_it": [0.5]}), "a", "b")
    assert [column.heading for column in table.columns] == ["n", "*star* _u_", "share of it"]


def test_a_caption_of_several_lines_is_one_in_latex() -> None:
    assert r"\caption{a  b}" in show_table(pd.DataFrame({"n": [1]}), "a", "a\n\nb").latex


def test_a_page_links_a_large_file_beside_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine" / "out").mkdir(parents=True)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "mine" / "out"))
    frame = pd.DataFrame({"a": [1, 2]})
    html = show_table(frame, "small", "Small", data=frame)._repr_html_()
    assert 'download="small.csv" href="data:text/csv' in html
    monkeypatch.setattr(tables, "_CARRIED", 3)
    html = show_table(frame, "large", "Large", data=frame)._repr_html_()
    assert 'download="large.csv" href="mine/tables/large.csv"' in html
    assert (tmp_path / "mine" / "out" / "tables" / "large.csv").is_file()
