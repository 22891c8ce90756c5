"""The charts that stories share, in one palette: rows with intervals, lines, heat maps, named points and ribbons."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from scipy.optimize import isotonic_regression

from crmresearch.palette import ACCENT, BROWN, GRID, INK, LIGHT_PAPER, QUIET, SKY, WARM, contrast, in_steps, shades
from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.stability.agreement import flows

FAMILIES = {
    "rfm": ("o", ACCENT), "value": ("s", WARM), "stage": ("^", SKY), "clusters": ("D", BROWN), "tree": ("P", INK),
    "own": ("X", QUIET), "other": ("v", QUIET),
}  # fmt: skip  # marker and colour of each family of segmentations
LONG = 44  # characters of a name in one line
FONT = 8.5  # points, of labels where there are many
LETTERS_AN_INCH = 15  # of the width of a panel, in its title
NAMES_AN_INCH = 5.3  # of the height of a figure, in a column of names

BLOCK = 0.04  # width, in distances between stages
GAP = 0.02  # between blocks, in shares of all customers
LINE = 0.03  # height of a name, in shares of all customers


def chart(
    width: float, height: float, x: str = "", y: str = "", *, grid: str | None = None, kind: str = "lines"
) -> tuple[Figure, Axes]:
    """An empty chart of so many inches, its axes named, with grid lines of one axis ("x", "y"), "both" or none.

    By its `kind`, the label of the figure, a page says how to read it (`chart_reading.<kind>`) and what it shows to
    those who do not see it (`picture.<kind>`).
    """
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    figure.set_label(kind)
    axes.set(xlabel=x, ylabel=y)
    dress(axes, grid)
    return figure, axes


def dress(axes: Axes, grid: str | None = None) -> None:
    """No frame above and on the right; a light grid below everything drawn."""
    axes.spines[["top", "right"]].set_visible(False)
    if grid:
        axes.grid(axis=grid, color=GRID, linewidth=0.8)  # type: ignore[arg-type]
        axes.set_axisbelow(True)


def wrapped(name: Any) -> Any:
    """A name in lines where it is too long for a chart, as those of clusters are; others and numbers as they are."""
    return fill(name, 36) if isinstance(name, str) and len(name) > LONG else name


def label_rows(axes: Axes, labels: Sequence[str], **font: Any) -> Floats:
    """One labelled row per entry, the first on top; the heights (n,) of the rows."""
    height = np.arange(len(labels), dtype=float)
    axes.set_yticks(height, [wrapped(label) for label in labels], **font)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return height


def row_chart(
    labels: Sequence[str], x: str, *, top: float, row: float, width: float = 7.2, kind: str = "rows"
) -> tuple[Figure, Axes, Floats]:
    """An empty chart of labelled rows, `row` inches each below `top` inches: figure, axes, heights of the rows."""
    figure, axes = chart(width, top + row * len(labels), x, grid="x", kind=kind)
    return figure, axes, label_rows(axes, labels)


def draw_interval(
    axes: Axes, height: Any, estimate: Any, lower: Any, upper: Any, colour: str, marker: str = "o",
    *, size: float = 5.5, width: float = 1.8, label: str | None = None,
) -> None:  # fmt: skip
    """A mark on an interval at a height; or many, of one colour."""
    axes.hlines(height, lower, upper, color=colour, linewidth=width)
    axes.plot(estimate, height, marker, color=colour, markersize=size, label=label)


def draw_marks(
    axes: Axes, height: Floats, known: pd.DataFrame, rows: Sequence[Any],
    marks: Mapping[str, tuple[str, str, str, float]], **style: Any,
) -> None:  # fmt: skip
    """Estimates of several kinds with intervals in every row.

    `known` is indexed by kind and then as `rows`, its columns are estimate, lower and upper; `marks`: of every kind the
    name, colour, marker and place below the middle of a row.
    """
    for kind, (name, colour, marker, offset) in marks.items():
        if kind in known.index:
            middle, low, high = known.loc[kind].reindex(rows).to_numpy(float).T
            draw_interval(axes, height + offset, middle, low, high, colour, marker, label=name, **style)


def legend_above(axes: Axes, columns: int = 3, *, size: float = 9, middle: float = 0.5) -> None:
    """The legend in rows above the axes."""
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(middle, 1.0), ncols=columns, fontsize=size)


def slopes(x: str, y: str, lines: Sequence[tuple[str, float, float]]) -> Figure:
    """Three straight lines, of low, middle and high: name, height at the mean of x, slope; in standard deviations."""
    figure, axes = chart(6.2, 3.9, x, y, grid="both")
    ends = np.array([-1.0, 1.0])
    for (name, height, slope), colour, style in zip(lines, (SKY, INK, WARM), ("--", "-", ":"), strict=True):
        axes.plot(ends, height + slope * ends, style, color=colour, linewidth=2, label=name)
    legend_above(axes, 1)
    return figure


def heat_map(
    table: pd.DataFrame, cell: tuple[float, float], margin: tuple[float, float], words: tuple[str, str, str],
    *, labels: float = FONT, numbers: float = 8, turned: int = 0, **style: Any,
) -> Figure:  # fmt: skip
    """A shaded cell with its number for every value of a table; none for a missing one.

    `cell` and `margin`: width and height in inches; `words`: what the shades say, the names below and beside; `labels`
    and `numbers`: sizes of letters; `turned`: degrees by which labels below are turned; `style`: of `seaborn.heatmap`.
    """
    height, width = table.shape
    bar, x, y = words
    table = table.set_axis(table.index.map(wrapped)).set_axis(table.columns.map(wrapped), axis=1)
    lines = max((str(name).count("\n") + 1 for name in table.index), default=1)  # of a label beside
    given = {"annot": True, "fmt": ".0f", "cmap": "Blues", "xticklabels": True, "yticklabels": True, **style}
    given["cmap"] = in_steps(given["cmap"])
    shades = {"label": bar, **given.pop("cbar_kws", {})}
    import seaborn as sns  # half a second with what it imports, for one kind of figure

    size = cell[0] * width + margin[0], max(cell[1], 0.17 * lines) * height + margin[1]
    with plt.rc_context({"text.parse_math": False}):  # seaborn measures names, which are no formulas
        figure, axes = plt.subplots(figsize=size, layout="constrained")
        sns.heatmap(table, ax=axes, annot_kws={"fontsize": numbers}, cbar_kws=shades, **given)
    figure.set_label("heat_map")
    faces = axes.collections[0].get_facecolor().reshape(height, width, 4)  # type: ignore[union-attr]
    for text in axes.texts:
        across, down = text.get_position()
        face = to_hex(faces[int(down), int(across)])
        text.set_color(max((INK, LIGHT_PAPER), key=lambda ink: contrast(face, ink)))
    axes.set(xlabel=x, ylabel=y)
    axes.tick_params(axis="x", rotation=turned, labelsize=labels)
    if 0 < turned < 90:  # ends below its tick
        plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    axes.tick_params(axis="y", rotation=0, labelsize=labels)
    return figure


def panels(
    titles: Sequence[str], panel: tuple[float, float], margin: tuple[float, float], *, kind: str, sharex: bool = False
) -> tuple[Figure, list[Axes]]:
    """Empty panels, one a title, up to three beside each other, which share their y, and by `sharex` their x.

    `panel` and `margin`: width and height in inches.
    """
    columns = 2 if len(titles) == 4 else min(3, max(len(titles), 1))
    rows = max(-(-len(titles) // columns), 1)
    size = margin[0] + panel[0] * columns, margin[1] + panel[1] * rows
    figure, grid = plt.subplots(
        rows, columns, figsize=size, sharex=sharex, sharey=True, squeeze=False, layout="constrained"
    )
    figure.set_label(kind)
    for axes in grid.ravel()[len(titles) :]:
        axes.remove()
    kept = list(grid.ravel()[: len(titles)])
    for axes, title in zip(kept, titles, strict=True):
        lines = fill(title, round(LETTERS_AN_INCH * panel[0]), break_long_words=False)
        axes.set_title(lines, fontsize=9.5, loc="left", color=INK)
    return figure, kept


def row_panels(
    titles: Sequence[str], labels: Sequence[str], x: str, width: float = 1.9
) -> tuple[Figure, list[Axes], Floats]:
    """Empty panels of the same labelled rows, one a title, `width` inches each: figure, panels, heights of the rows."""
    size = width, 0.6 + 0.26 * len(labels)
    figure, kept = panels(titles, size, (2.2, 0.8), kind="rows", sharex=True)
    figure.supxlabel(x, fontsize=9.5)
    for axes in kept:
        height = label_rows(axes, labels, fontsize=FONT)
        dress(axes, "x")
    return figure, kept, height


def matrix(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[tuple[str, str, str]]], after: Sequence[int]
) -> Figure:
    """A coloured cell for every row and column: its word, a line below it, its colour; a line `after` some rows."""
    figure, axes = chart(3.0 + 1.55 * len(columns), 0.9 + 0.5 * len(rows), kind="matrix")
    label_rows(axes, rows, fontsize=FONT)
    for y, line in enumerate(cells):
        for x, (word, note, face) in enumerate(line):
            axes.add_patch(Rectangle((x - 0.49, y - 0.46), 0.98, 0.92, facecolor=face, linewidth=0))
            ink = max((INK, LIGHT_PAPER), key=lambda ink: contrast(face, ink))
            axes.text(x, y - 0.16, word, color=ink, fontsize=FONT, ha="center", va="center")
            axes.text(x, y + 0.2, note, color=ink, fontsize=7.5, ha="center", va="center")
    for y in after:
        axes.axhline(y + 0.5, color=INK, linewidth=1)
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(range(len(columns)), [fill(name, 20, break_long_words=False) for name in columns], fontsize=FONT)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0)
    axes.spines[:].set_visible(False)
    return figure


def name_beside(
    axes: Axes, x: Floats, y: Floats, names: Sequence[str], colours: Sequence[str], span: float, *, right: float = 1.0
) -> None:
    """A name for every point in one column right of x = `right`, apart from each other, tied to its point.

    `span`: the width of the chart left of the names, in units of x.
    """
    low, high = axes.get_ylim()
    figure = axes.get_figure(root=True)
    assert figure is not None
    order, lines = np.argsort(y, kind="stable"), NAMES_AN_INCH * figure.get_figheight()
    for i, height in zip(order, spread(y[order], (high - low) / lines), strict=True):
        ends = [x[i], right + 0.03 * span, right + 0.06 * span]
        axes.plot(ends, [y[i], height, height], color=colours[i], linewidth=0.6, alpha=0.6, clip_on=False)
        axes.text(right + 0.07 * span, height, names[i], fontsize=FONT, color=INK, va="center")


def spread(heights: Floats, gap: float) -> Floats:
    """Ascending heights (n,) moved apart to at least `gap`, as little as possible in squares (isotonic regression)."""
    steps = gap * np.arange(len(heights))
    placed: Floats = isotonic_regression(heights - steps).x + steps
    return placed


def ribbons(
    size: tuple[float, float],
    stages: Sequence[pd.Series],
    names: Sequence[Mapping[str, str]],
    titles: Sequence[str],
    colours: Mapping[str, Any] | None = None,
) -> Figure:
    """The same customers in the segments of successive methods or dates, from left to right: an alluvial figure.

    A named block a segment, first category at the top, a ribbon a flow in the colour of the segment it leaves, darker
    the higher that stands. `stages` hold
    the segment of every customer (categories in order), `names` the label of each segment key. Only customers of all
    stages are drawn.
    """
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    figure.set_label("flows")
    shared = stages[0].index
    for stage in stages[1:]:
        shared = shared.intersection(stage.index, sort=False)
    kept = [stage.loc[shared].astype("category").cat.remove_unused_categories() for stage in stages]
    places = [_blocks(stage) for stage in kept]
    for i, (left, right) in enumerate(pairwise(kept)):
        hues = colours or dict(zip(places[i], shades(len(places[i])), strict=True))
        _draw_flows(axes, left, right, i, places[i], places[i + 1], hues)
    last = len(kept) - 1
    for i, (place, label, title) in enumerate(zip(places, names, titles, strict=True)):
        side = -1 if i == 0 else 1
        box = None if i in (0, last) else {"facecolor": "white", "alpha": 0.75, "pad": 1, "linewidth": 0}
        middles = np.array([bottom + height / 2 for bottom, height in place.values()])[::-1]
        beside = spread(middles, LINE)[::-1]  # small blocks have a name too
        for (key, (bottom, height)), at in zip(place.items(), beside, strict=True):
            axes.add_patch(Rectangle((i - BLOCK / 2, bottom), BLOCK, height, color=INK, linewidth=0))
            share = f"{height:.0%}" if height >= 0.005 else f"{height:.1%}"
            text = wrapped(f"{label.get(key, key)} ({share})") if label.get(key, key) else share
            axes.text(i + side * (BLOCK / 2 + 0.015), at, text, fontsize=8, bbox=box, color=INK,
                      ha="right" if i == 0 else "left", va="center")  # fmt: skip
        axes.text(i, 1.02, title, ha="center", va="bottom", fontsize=9.5, fontweight="bold")
    lowest = min(bottom for place in places for bottom, _ in place.values())
    axes.set(xlim=(-0.62, last + 0.62), ylim=(lowest - LINE, 1.08))
    axes.axis("off")
    return figure


def _blocks(stage: pd.Series) -> dict[str, tuple[float, float]]:
    """Bottom and height of each segment, the first at the top."""
    shares = stage.value_counts(sort=False, normalize=True)
    tops = 1 - np.concatenate([[0], (shares.to_numpy() + GAP).cumsum()[:-1]])
    return {str(key): (top - share, share) for (key, share), top in zip(shares.items(), tops, strict=True)}


def _draw_flows(
    axes: Axes,
    left: pd.Series,
    right: pd.Series,
    i: int,
    starts: Mapping[str, tuple[float, float]],
    ends: Mapping[str, tuple[float, float]],
    colours: Mapping[str, Any],
) -> None:
    leaving = {key: bottom + height for key, (bottom, height) in starts.items()}
    arriving = {key: bottom + height for key, (bottom, height) in ends.items()}
    x0, x1 = i + BLOCK / 2, i + 1 - BLOCK / 2
    middle = (x0 + x1) / 2
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    for flow in flows(left, right).itertuples():
        a, b, share = leaving[flow.source], arriving[flow.target], flow.share
        corners = [(x0, a), (middle, a), (middle, b), (x1, b), (x1, b - share), (middle, b - share),
                   (middle, a - share), (x0, a - share), (x0, a)]  # fmt: skip
        axes.add_patch(PathPatch(Path(corners, codes), facecolor=colours[flow.source], alpha=0.55, linewidth=0))
        leaving[flow.source] -= share
        arriving[flow.target] -= share
