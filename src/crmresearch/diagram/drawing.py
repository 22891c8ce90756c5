"""The ink of a path diagram: what stands where is decided elsewhere."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse as EllipsePatch
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text

from crmresearch.diagram import lettering
from crmresearch.diagram.elements import Arrow, Ellipse, Moderation, holds_zero
from crmresearch.diagram.geometry import Array, bezier, part_of_bezier
from crmresearch.diagram.lettering import Lettering
from crmresearch.diagram.placement import MARGIN, Model, Placement
from crmresearch.diagram.routing import Routes
from crmresearch.diagram.shapes import LINE, Block, Connector, Shape, stage_heading
from crmresearch.palette import INK, MUTED, NEGATIVE, POSITIVE

# Contrast on white: ink 14.7, muted 7.2, positive 9.3, negative 6.9 (WCAG asks 4.5 of text, 3 of lines)
_FACE, _BOX, _LINE, _BAND = "#eef3f8", "#ffffff", "#6b7885", "#f5f5f2"
_WORDS = {
    "width": "path coefficient",
    "zero": "interval includes zero",
    "negative": "negative",
    "loading": "loading",
    "weight": "weight",
}


def line_width(estimate: float) -> float:
    """The width of an arrow in points; a missing estimate gets the thinnest."""
    return 0.8 + 3.4 * min(abs(estimate), 1.2) if math.isfinite(estimate) else 0.8


class Sheet:
    """One diagram on its page, in points from the upper left corner; every part carries a gid."""

    def __init__(self, text: Lettering, placement: Placement, routes: Routes, words: Mapping[str, str]) -> None:
        self._text, self._placement, self._routes = text, placement, routes
        self._words = {**_WORDS, **words}
        self._artists: list[Artist] = []
        self._top, self._bottom = 0.0, placement.height
        self._zorder = 1.0

    def _add(self, artist: Artist, gid: str, zorder: float) -> None:
        artist.set_gid(gid)
        artist.set_zorder(zorder)
        self._artists.append(artist)

    def _write(
        self,
        x: float,
        y: float,
        string: str,
        size: float,
        gid: str,
        *,
        align: str = "center",
        color: str = INK,
        rotation: float = 0.0,
        block: bool = False,
    ) -> None:
        # centred on the height of a capital letter, so that numbers and words sit on one line
        text = Text(
            x, y if block else y + 0.365 * size, string, fontsize=size, family=list(lettering.families()),
            color=color, ha=align, va="center" if block else "baseline", multialignment="center",
            rotation=rotation, linespacing=1.15, parse_math=False,
        )  # fmt: skip
        self._add(text, gid, 6)

    def stages(self, ellipses: Sequence[Ellipse], model: Model) -> None:
        """A band with a heading behind the constructs of each stage."""
        headings = list(dict.fromkeys(e.stage for e in ellipses if e.stage))
        for heading in headings:
            members = [i for i, e in enumerate(ellipses) if e.stage == heading]
            corners = np.array([_frame(model.shapes[i], self._placement, i) for i in members])
            left, top = MARGIN, corners[:, 1].min() - 3.5
            right, bottom = corners[:, 2].max() + 4, corners[:, 3].max() + 3.5
            band = FancyBboxPatch(
                (left, top), right - left, bottom - top, boxstyle="round,pad=0,rounding_size=4",
                facecolor=_BAND, edgecolor="#dcdcd6", linewidth=0.6,
            )  # fmt: skip
            self._add(band, f"stage:{heading}", 0.5)
            heading_text = stage_heading(heading, headings, bottom - top - 6, self._text)
            self._write(left + 3 + 5 * heading_text.columns, (top + bottom) / 2, heading_text.text,
                        lettering.ESTIMATE, f"heading:{heading}", color=MUTED, rotation=heading_text.rotation,
                        block=True)  # fmt: skip

    def measurement(self, ellipses: Sequence[Ellipse], model: Model) -> None:
        """The boxes of the indicators, their values and the thin arrows to or from them."""
        for i, (ellipse, shape) in enumerate(zip(ellipses, model.shapes, strict=True)):
            block = shape.blocks.get(self._placement.sides[i])
            if block is None:
                continue
            centre = self._placement.centres[i]
            for connector in block.connectors:
                self._connector(connector, centre, ellipse.key)
            for item, value, box in zip(ellipse.indicators, shape.values, block.boxes, strict=True):
                self._indicator(f"{ellipse.key}:{item.name}", item.name, value, box + np.tile(centre, 2), block)

    def _indicator(self, gid: str, name: str, value: str, box: Array, block: Block) -> None:
        left, top, right, bottom = box
        frame = Rectangle((left, top), right - left, bottom - top, facecolor=_BOX, edgecolor=_LINE, linewidth=0.6)
        self._add(frame, f"box:{gid}", 3)
        size, middle = lettering.INDICATOR, (top + bottom) / 2
        if block.stacked:
            across = (left + right) / 2
            self._write(across, middle - size * LINE / 2, name, size, f"name:{gid}")
            self._write(across, middle + size * LINE / 2, value, size, f"value:{gid}", color=POSITIVE)
        else:
            self._write(left + 3.2, middle, name, size, f"name:{gid}", align="left")
            self._write(right - 3.2, middle, value, size, f"value:{gid}", align="right", color=POSITIVE)

    def _connector(self, connector: Connector, centre: Array, key: str) -> None:
        points = connector.points + centre
        for at_box, head in enumerate(connector.heads):
            if head:
                tip = points[-1] if at_box else points[0]
                back = points[-2] if at_box else points[1]
                self._add(
                    Polygon(_arrow_head(back, tip, 4.2, 3.2), facecolor=_LINE, edgecolor="none"),
                    f"tip:{key}", 2,
                )  # fmt: skip
                towards = (back - tip) / np.hypot(*(back - tip))
                points = points.copy()
                points[-1 if at_box else 0] = tip + 3.4 * towards
        line = PathPatch(Path(points), facecolor="none", edgecolor=_LINE, linewidth=0.6, capstyle="butt")
        self._add(line, f"connector:{key}", 2)

    def paths(self, items: Sequence[Arrow | Moderation], strings: Sequence[str]) -> None:
        """The arrows of the structural model and their labels."""
        for item, string, curve, label in zip(items, strings, self._routes.curves, self._routes.labels, strict=True):
            gid = f"{item.predictor}:{item.outcome}"
            if isinstance(item, Moderation):
                gid = f"{item.moderator}:{gid}"
            negative = math.isfinite(item.estimate) and item.estimate < 0
            self._arrow(curve, line_width(item.estimate), gid, negative, holds_zero(item))
            if label is not None:
                left, top, right, bottom = label
                halo = Rectangle((left, top), right - left, bottom - top, facecolor="white", edgecolor="none")
                self._add(halo, f"halo:{gid}", 5)
                self._write((left + right) / 2, (top + bottom) / 2, string, lettering.ESTIMATE, f"label:{gid}",
                            color=NEGATIVE if negative else INK)  # fmt: skip

    def _arrow(self, curve: Array, width: float, gid: str, negative: bool, dashed: bool) -> None:
        colour = NEGATIVE if negative else POSITIVE
        points = bezier(curve, 81)
        length, breadth = 5.0 + 1.7 * width, 3.6 + 1.9 * width
        length = min(length, 0.6 * float(np.hypot(*np.diff(points, axis=0).T).sum()))
        distance = np.hypot(*(points - points[-1]).T)
        t = float(np.flatnonzero(distance >= length)[-1] / 80) if (distance >= length).any() else 0.0
        shaft = part_of_bezier(curve, 0.0, t)
        line = PathPatch(
            Path(shaft, [Path.MOVETO, Path.CURVE3, Path.CURVE3]), facecolor="none", edgecolor=colour,
            linewidth=width, capstyle="butt", linestyle=_dashes(width) if dashed else "solid",
        )  # fmt: skip
        self._add(line, f"path:{gid}", 4)
        head = Polygon(
            _arrow_head(shaft[-1], curve[-1], length, breadth), joinstyle="miter",
            facecolor="white" if negative else colour, edgecolor=colour, linewidth=0.9 if negative else 0.0,
        )  # fmt: skip
        self._add(head, f"head:{gid}", 4.5)

    def constructs(self, ellipses: Sequence[Ellipse], model: Model) -> None:
        """The ellipses with their labels and R²."""
        for ellipse, shape, (x, y) in zip(ellipses, model.shapes, self._placement.centres, strict=True):
            rx, ry = shape.radii
            self._add(
                EllipsePatch((x, y), 2 * rx, 2 * ry, facecolor=_FACE, edgecolor=INK, linewidth=0.9),
                f"ellipse:{ellipse.key}", 3,
            )  # fmt: skip
            lines = [(line, lettering.CONSTRUCT, INK, "construct") for line in shape.lines]
            if shape.r_squared:
                lines.append((shape.r_squared, lettering.INDICATOR, MUTED, "r_squared"))
            top = y - sum(size for _, size, _, _ in lines) * LINE / 2
            for index, (line, size, colour, kind) in enumerate(lines):
                self._write(x, top + size * LINE / 2, line, size, f"{kind}:{ellipse.key}:{index}", color=colour)
                top += size * LINE

    def key(self, ellipses: Sequence[Ellipse], items: Sequence[Arrow | Moderation]) -> None:
        """One line under the diagram: what width, dashes, hollow heads and thin arrows mean."""
        words, entries = self._words, []
        if items:
            entries += [(0.1, False, False, "0.1"), (0.3, False, False, "0.3"),
                        (0.6, False, False, f"0.6 {words['width']}")]  # fmt: skip
        if any(holds_zero(item) for item in items):
            entries.append((0.2, False, True, words["zero"]))
        if any(item.estimate < 0 for item in items):
            entries.append((-0.3, True, False, words["negative"]))
        modes = {i.mode for e in ellipses for i in e.indicators}
        size, sample, space = lettering.INDICATOR, 26.0, 13.0
        thin = [(mode, words[word]) for mode, word in (("reflective", "loading"), ("formative", "weight"))
                if mode in modes]  # fmt: skip
        widths = [sample + 3 + self._text.width(entry[3], size) for entry in entries]
        widths += [sample + 3 + self._text.width(word, size) for _, word in thin]
        if not widths:
            return
        rows = _rows([width + space for width in widths], self._placement.width - 2 * MARGIN + space)
        y = self._placement.height + 12
        for row in rows:
            x = (self._placement.width - sum(widths[i] + space for i in row) + space) / 2
            for index in row:
                start, end = np.array([x, y]), np.array([x + sample, y])
                gid = f"key{index}"
                if index < len(entries):
                    estimate, negative, dashed, word = entries[index]
                    curve = np.array([start, (start + end) / 2, end])
                    self._arrow(curve, line_width(estimate), gid, negative, dashed)
                else:
                    mode, word = thin[index - len(entries)]
                    self._thin_sample(start, end, mode == "formative", gid)
                self._write(x + sample + 3, y, word, size, f"key-text:{index}", align="left", color=MUTED)
                x += widths[index] + space
            y += 12
        self._bottom = y

    def _thin_sample(self, start: Array, end: Array, formative: bool, gid: str) -> None:
        """A box and an ellipse with the thin arrow between them."""
        self._add(Rectangle((end[0] - 6, end[1] - 3), 6, 6, facecolor=_BOX, edgecolor=_LINE, linewidth=0.6),
                  gid, 3)  # fmt: skip
        self._add(EllipsePatch((start[0] + 4.5, start[1]), 9, 6, facecolor=_FACE, edgecolor=INK, linewidth=0.6),
                  gid, 3)  # fmt: skip
        line = np.array([[start[0] + 9, start[1]], [end[0] - 6, end[1]]])
        self._connector(Connector(line, (formative, not formative)), np.zeros(2), gid)

    def figure(self, title: str | None) -> Figure:
        """The figure with everything on it, in its final size."""
        if title and lettering.drawable(title):
            lines = self._text.wrap(title, lettering.HEADING, self._placement.width - 2 * MARGIN)
            self._top -= 8 + 14 * len(lines)
            for index, line in enumerate(lines):
                y = self._top + 12 + 14 * index
                self._write(MARGIN, y, line, lettering.HEADING, f"title:{index}", align="left")
        width, height = self._placement.width, self._bottom - self._top
        figure = Figure(figsize=(width / 72, height / 72), facecolor="white")
        FigureCanvasAgg(figure)
        axes: Axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(self._bottom, self._top)
        for artist in self._artists:
            axes.add_artist(artist)
        return figure


def _rows(widths: list[float], room: float) -> list[list[int]]:
    """The entries in as few rows as there is room for, the rows about equally long."""
    for count in range(1, len(widths) + 1):
        rows: list[list[int]] = [[]]
        for index, width in enumerate(widths):
            used = sum(widths[i] for i in rows[-1])
            full = used + width > room or (len(rows) < count and used + width / 2 > sum(widths) / count)
            if rows[-1] and full:
                rows.append([])
            rows[-1].append(index)
        if len(rows) <= count:
            return rows
    return [[index] for index in range(len(widths))]


def _frame(shape: Shape, placement: Placement, index: int) -> Array:
    """The box around a construct and its indicators."""
    rx, ry = shape.radii
    bounds = np.array([-rx, -ry, rx, ry])
    if block := shape.blocks.get(placement.sides[index]):
        bounds = np.concatenate([np.minimum(bounds[:2], block.bounds[:2]), np.maximum(bounds[2:], block.bounds[2:])])
    framed: Array = bounds + np.tile(placement.centres[index], 2)
    return framed


def _arrow_head(back: Array, tip: Array, length: float, breadth: float) -> Array:
    direction = (tip - back) / max(float(np.hypot(*(tip - back))), 1e-9)
    normal = np.array([-direction[1], direction[0]]) * breadth / 2
    base = tip - direction * length
    return np.array([tip, base + normal, base - normal])


def _dashes(width: float) -> tuple[float, tuple[float, float]]:
    """Dashes of one length in points, whatever the width of the line."""
    return (0.0, (4.0 / width, 2.6 / width))
