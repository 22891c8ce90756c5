"""Figures: the same bytes every time, readable without our fonts, described for those who do not see them."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from crmresearch.report.show.drawing import dark_colours
from crmresearch.report.show.figures import FigureView, show_figure


def draw() -> Figure:
    figure, axes = plt.subplots(figsize=(4, 3))
    axes.plot([0, 1, 2], [1, 3, 2], marker="o", label="index")
    axes.set_xlabel("importance")
    axes.legend()
    return figure


@pytest.fixture
def view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FigureView:
    """A figure of a rendered report."""
    monkeypatch.setenv("CRMRESEARCH_REPORT_FOLDER", str(tmp_path))
    return show_figure(draw(), "importance", "Importance <and> performance", 'Three "points"', "Up is <more>.")


def test_same_bytes_twice(view: FigureView) -> None:
    again = show_figure(draw(), "importance", "Importance <and> performance", 'Three "points"', "Up is <more>.")
    assert again.svg == view.svg
    assert again.png == view.png
    assert again._repr_html_() == view._repr_html_()


def test_svg_has_outlines_and_no_date(view: FigureView) -> None:
    svg = view.svg.decode()
    assert "<text" not in svg
    assert "<dc:date>" not in svg
    # the only addresses are names of vocabularies, nothing is fetched
    assert not re.search(r'(?:href|src)="(?!#)', svg)


def test_a_drawing_on_the_page_has_ids_of_its_own_and_colours_for_dark_paper(view: FigureView) -> None:
    html = view._repr_html_()
    ids = re.findall(r' id="([^"]+)"', html[html.index("<svg") : html.index("</svg>")])
    targets = set(re.findall(r'(?:href="|url\()#([^")]+)', html))
    assert targets == set(ids)
    assert all(name.startswith("importance-") for name in ids)
    assert not re.search(r"(?:fill|stroke): #", html)
    assert "--iffffff: #14171a;" in dark_colours(html)
    assert "<style" not in html


def test_png_has_200_dots_an_inch(view: FigureView) -> None:
    at = view.png.index(b"pHYs") + 4
    per_metre = int.from_bytes(view.png[at : at + 4], "big")
    assert round(per_metre * 0.0254) == 200
    assert view.width == pytest.approx(4 * 96, abs=40)


def test_html_is_escaped_and_described(view: FigureView) -> None:
    html = view._repr_html_()
    assert 'role="img" aria-label="Three &quot;points&quot;"' in html
    assert "Importance &lt;and&gt; performance" in html
    assert "How to read this:</span> Up is &lt;more&gt;.</p>" in html
    assert html.count("<svg") == 1
    assert "data:" not in html
    assert 'download="importance.svg"' in html
    assert 'download="importance.png"' in html
    assert repr(view) == "Figure importance: Importance <and> performance"


def test_a_notebook_keeps_one_small_picture(view: FigureView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRMRESEARCH_REPORT_FOLDER")
    by_hand = show_figure(draw(), "importance", "Importance", "A line", "Up is more.")
    html = by_hand._repr_html_()
    assert '<img src="data:image/png' in html
    assert "download" not in html
    assert len(by_hand.png) < len(view.png) / 2
    assert (by_hand.width, by_hand.height) == pytest.approx((view.width, view.height), abs=3)


def test_figure_is_closed() -> None:
    before = plt.get_fignums()
    show_figure(draw(), "closed", "Closed", "A line", "Up is more.")
    assert plt.get_fignums() == before


def test_files_inside_a_report(view: FigureView, tmp_path: Path) -> None:
    assert (tmp_path / "figures" / "importance.svg").read_bytes() == view.svg
    assert (tmp_path / "figures" / "importance.png").read_bytes() == view.png


def test_alt_text_and_how_to_read_it_are_required() -> None:
    with pytest.raises(ValueError, match="alt text"):
        show_figure(draw(), "importance", "Importance", " ", "Up is more.")
    with pytest.raises(ValueError, match="how to read it"):
        show_figure(draw(), "importance", "Importance", "A line", " ")
    with pytest.raises(ValueError, match="lower-case words"):
        show_figure(draw(), "Not a name", "Importance", "A line", "Up is more.")
    plt.close("all")


@pytest.mark.long
def test_panels_stand_at_the_same_place_whatever_the_memory(view: FigureView) -> None:
    """The solver of a layout orders its equations by address: without rounding, the last bits differ at times."""
    drawn = []
    for ballast in range(8):
        kept = [bytearray(1000 + ballast) for _ in range(100 * ballast)]
        figure, panels = plt.subplots(3, 1, figsize=(8.2, 9.0), height_ratios=[12, 11, 7], layout="constrained")
        for axes in panels:
            axes.set_yticks(range(12), [f"method {i}" for i in range(12)])
            axes.plot([0.1, 0.2, 0.3], [1, 2, 3])
        drawn.append((show_figure(figure, "forest", "Forest", "A forest", "Up is more.").svg, kept))
    assert len({svg for svg, _ in drawn}) == 1


def test_dollar_signs_of_a_name_are_no_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMRESEARCH_REPORT_FOLDER", str(tmp_path))

    def drawn(name: str) -> bytes:
        figure, axes = plt.subplots()
        axes.set_xlabel(name)
        axes.set_yticks([0, 1], [name, "b"])
        axes.annotate(name, (0, 0))
        return show_figure(figure, "a", "b", "c", "d").svg

    assert drawn(r"$\frac{1$ from $5")
    assert drawn("$a$") != drawn("a")
