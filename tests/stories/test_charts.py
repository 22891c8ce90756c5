"""The charts that stories share: what is drawn is what the numbers say, in one palette."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch, Rectangle

from crmresearch.palette import WARM, contrast
from crmresearch.paths import PACKAGE
from crmresearch.stories import charts, foretold
from crmresearch.stories.charts import spread
from crmresearch.stories.pictures import picture
from crmresearch.stories.story import Story
from crmresearch.texts import Texts


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def test_no_story_has_a_colour_of_its_own() -> None:
    modules = (PACKAGE / "stories").rglob("*.py")
    assert [path.name for path in modules if re.search(r"#[0-9a-f]{6}", path.read_text(encoding="utf-8"))] == []


def test_every_kind_of_chart_says_how_to_read_it_and_what_it_shows_and_every_figure_has_a_kind() -> None:
    """Static: the modules that draw name a kind for each figure, and the texts know it."""
    drawing = [*(PACKAGE / "stories").rglob("*.py"), PACKAGE / "sem" / "picture.py"]
    source = "\n".join(path.read_text(encoding="utf-8") for path in drawing)
    kinds = set(re.findall(r'(?:kind(?:: str = |=)|set_label\()"(\w+)"', source))
    kinds -= {"stable", "kind"}  # of sorting, and a column
    shared = Texts(PACKAGE / "stories")
    assert kinds == shared.section("chart_reading").keys()
    assert kinds == shared.section("picture").keys() - {"range", "drawn", "named", "panel"}
    bare = re.findall(r"plt\.subplots\((?:(?!set_label|def ).)*?\ndef ", source, re.DOTALL)
    assert bare == []
    for path in (PACKAGE / "stories").glob("*/en.yaml"):
        texts = Texts(path.parent)
        assert texts.section("reading").keys() <= texts.section("figure").keys()


@dataclass
class Told(Story):
    """A story that says nothing but what all share."""

    texts = Texts(PACKAGE / "stories")
    language: str = "en"


def test_a_figure_is_told_by_what_is_drawn_and_needs_a_kind() -> None:
    story = Told()
    figure, axes, heights = charts.row_chart(["a", "b"], "Share", top=1, row=0.3)
    charts.draw_interval(axes, heights, [0.2, 0.4], [0.1, 0.3], [0.3, 0.5], charts.WARM)
    axes.set_xlim(-0.5, 1)
    assert picture(story, figure) == "Dots on intervals, a row each for a and b; across, Share (−0.5 to 1)."
    table = pd.DataFrame([[1.0, 2.0]], index=["one"], columns=["c", "d"])
    heat = charts.heat_map(table, (1, 1), (2, 2), ("Percent", "Letters", ""))
    told = "Heat map with a row each for one and a column each for c and d (Letters); its shade is Percent."
    assert picture(story, heat) == told
    with pytest.raises(KeyError):
        story.show_figure("nothing", plt.figure())


def test_the_first_row_is_on_top_and_every_row_has_its_label() -> None:
    _, axes, heights = charts.row_chart(["first", "second", "third"], "Share", top=1, row=0.3)
    assert list(heights) == [0, 1, 2]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second", "third"]
    assert axes.transData.transform((0, 0))[1] > axes.transData.transform((0, 2))[1]


def test_a_mark_stands_on_its_interval() -> None:
    _, axes = charts.chart(4, 3)
    charts.draw_interval(axes, 1.0, 0.4, 0.1, 0.9, WARM, "s")
    assert axes.collections[0].get_segments()[0].tolist() == [[0.1, 1.0], [0.9, 1.0]]
    assert axes.lines[0].get_xydata().tolist() == [[0.4, 1.0]]
    assert to_hex(axes.lines[0].get_color()) == WARM


@pytest.mark.parametrize(("turned", "aligned"), [(0, "center"), (40, "right"), (90, "center")])
def test_a_heat_map_has_a_number_in_every_cell_that_has_one(turned: int, aligned: str) -> None:
    table = pd.DataFrame([[1.0, np.nan], [3.0, 4.0]], index=["a", "b"], columns=["c", "d"])
    axes, shades = charts.heat_map(table, (1, 1), (2, 2), ("Share", "below", "beside"), turned=turned).axes
    assert [text.get_text() for text in axes.texts] == ["1", "3", "4"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["c", "d"]
    assert (axes.get_xlabel(), axes.get_ylabel(), shades.get_ylabel()) == ("below", "beside", "Share")
    assert {label.get_ha() for label in axes.get_xticklabels()} == {aligned}


def test_numbers_of_a_heat_map_are_read_on_every_shade() -> None:
    table = pd.DataFrame(np.arange(40.0).reshape(5, 8))
    axes = charts.heat_map(table, (0.5, 0.5), (2, 2), ("Share", "below", "beside")).axes[0]
    faces = [to_hex(face) for face in axes.collections[0].get_facecolor()]
    assert min(contrast(text.get_color(), face) for text, face in zip(axes.texts, faces, strict=True)) > 3.8


def test_ribbons_are_as_wide_as_the_customers_who_move() -> None:
    before = pd.Series(["a", "a", "a", "b"], index=[1, 2, 3, 4], dtype="category")
    after = pd.Series(["x", "x", "y", "y", "y"], index=[1, 2, 3, 4, 5], dtype="category")  # 5 was not there before
    figure = charts.ribbons((4, 3), [before, after], [{"a": "A"}, {}], ["then", "now"], {"a": "red", "b": "blue"})
    patches = figure.axes[0].patches
    assert sorted(p.get_height() for p in patches if isinstance(p, Rectangle)) == [0.25, 0.5, 0.5, 0.75]
    moves = [p for p in patches if isinstance(p, PathPatch)]
    widths = {to_hex(p.get_facecolor()): [] for p in moves}
    for patch in moves:
        y = patch.get_path().vertices[:, 1]
        widths[to_hex(patch.get_facecolor())].append(round(y[0] - y[7], 6))
    assert widths == {"#ff0000": [0.5, 0.25], "#0000ff": [0.25]}
    assert {"A (75%)", "b (25%)", "x (50%)", "y (50%)"} <= {text.get_text() for text in figure.axes[0].texts}


def test_every_block_of_ribbons_is_named_and_no_name_covers_another() -> None:
    sizes = {"large": 950, "tiny": 4, "small": 6, "least": 1, "other": 39}
    stage = pd.Series(np.repeat(list(sizes), list(sizes.values())), dtype=pd.CategoricalDtype(list(sizes)))
    figure = charts.ribbons((8.4, 5.6), [stage, stage], [{}, {}], ["then", "now"])
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if "%" in text.get_text()]
    assert sorted(text.get_text() for text in texts) == sorted(
        2 * ["large (95%)", "tiny (0.4%)", "small (1%)", "least (0.1%)", "other (4%)"]
    )
    boxes = [text.get_window_extent() for text in texts]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_names_beside_are_in_the_order_of_their_points() -> None:
    _, axes = charts.chart(4, 3)
    axes.set_ylim(0, 1)
    charts.name_beside(axes, np.array([0.5, 0.7, 0.9]), np.array([0.5, 0.1, 0.5]), list("abc"), ["k"] * 3, 1.0)
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert heights["b"] == pytest.approx(0.1)
    assert heights["c"] - heights["a"] == pytest.approx(1 / (3 * charts.NAMES_AN_INCH))


def test_names_are_moved_apart_as_little_as_possible() -> None:
    assert spread(np.array([0.0, 5.0, 9.0]), 1.0) == pytest.approx([0.0, 5.0, 9.0])
    assert spread(np.array([2.0, 2.0]), 1.0) == pytest.approx([1.5, 2.5])
    moved = spread(np.sort(np.random.default_rng(0).normal(size=30)), 0.2)
    assert np.diff(moved).min() >= 0.2 - 1e-12


def test_a_matrix_has_its_words_in_its_cells_that_can_be_read() -> None:
    cells = [[("keep", "0.5", "#1f5f8b"), ("open", "0.1", "#eef1f4")], [("drop", "0.0", "#c9ced4")] * 2]
    figure = charts.matrix(["a", "b"], ["all", "some"], cells, after=[0])
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["keep", "0.5", "open", "0.1"] + ["drop", "0.0"] * 2
    faces = [to_hex(patch.get_facecolor()) for patch in axes.patches for _ in range(2)]
    inks = [to_hex(text.get_color()) for text in axes.texts]
    assert all(
        contrast(face) / contrast(ink) > 4 or contrast(ink) / contrast(face) > 4
        for face, ink in zip(faces, inks, strict=True)
    )
    assert [line.get_ydata()[0] for line in axes.get_lines()] == [0.5]
    told = picture(Told(), figure)
    assert "row each for a and b" in told
    assert "column each for all and some" in told


@pytest.mark.parametrize(("titles", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3)])
def test_panels_of_rows_share_their_rows(titles: int, columns: int) -> None:
    figure, panels, height = charts.row_panels([f"t{i}" for i in range(titles)], ["a", "b"], "Share")
    assert [axes.get_title(loc="left") for axes in panels] == [f"t{i}" for i in range(titles)]
    assert len(figure.axes) == titles
    assert panels[0].get_subplotspec().get_gridspec().ncols == columns  # type: ignore[union-attr]
    assert height.tolist() == [0, 1]


def test_what_came_stands_over_what_was_foretold_within_the_axes_of_shares() -> None:
    table = pd.DataFrame({"expected": [0.2, 0.9], "came": [0.1, 0.95], "ci_lower": [0, 0.9], "ci_upper": [0.3, 1.0]})
    figure = foretold.calibration(table, "foretold", "came", "came", shares=True)
    line, dots = figure.axes[0].lines
    assert figure.axes[0].get_xlim() == figure.axes[0].get_ylim() == (0, 1)
    assert list(line.get_xdata()) == list(line.get_ydata()) == [0, 1]
    assert list(dots.get_ydata()) == [0.1, 0.95]
    figure = foretold.calibration(table * 100, "foretold", "came", "came")
    assert max(figure.axes[0].lines[0].get_xdata()) == pytest.approx(103)
