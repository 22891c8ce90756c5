"""The sizes of a construct and of the block of indicator boxes on each possible side of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmresearch.diagram import lettering
from crmresearch.diagram.elements import Ellipse, number
from crmresearch.diagram.geometry import Array
from crmresearch.diagram.lettering import Lettering

SIDES = ("left", "right", "above", "below", "above-left", "above-right", "below-left", "below-right")
LABEL_WIDTH = 66.0  # a construct's label is wrapped to this
LINE = 1.24  # line height in font sizes
_PAD = 3.2  # between a frame and its text
_GAP = 2.6  # between boxes
_MOST_IN_ROW = 6  # more boxes than this above or below a construct hang on a common stem


@dataclass(frozen=True)
class Connector:
    """A line of the measurement model, from the ellipse outward; `heads`: (at the ellipse, at the box)."""

    points: Array
    heads: tuple[bool, bool]


@dataclass(frozen=True)
class Block:
    """The indicator boxes of a construct, relative to its centre; `stacked`: the name above
    the value; `hanging`: on a common stem."""

    boxes: Array  # k × 4
    connectors: tuple[Connector, ...]
    stacked: bool
    hanging: bool = False

    @property
    def bounds(self) -> Array:
        """The box around all boxes."""
        return np.concatenate([self.boxes[:, :2].min(0), self.boxes[:, 2:].max(0)])


@dataclass(frozen=True)
class Shape:
    """A construct as drawn: lines of text, radii, and a block for each side (none without indicators)."""

    lines: tuple[str, ...]
    r_squared: str
    values: tuple[str, ...]
    radii: tuple[float, float]
    blocks: dict[str, Block]


def shape_constructs(ellipses: Sequence[Ellipse], digits: int, text: Lettering) -> list[Shape]:
    """One shape a construct; all ellipses of a diagram have one size, all lying boxes one width."""
    wording = [
        (
            text.wrap(_readable(e), lettering.CONSTRUCT, LABEL_WIDTH),
            f"R² = {value}" if (value := number(e.r_squared, digits)) else "",
            tuple(number(i.value, digits) for i in e.indicators),
        )
        for e in ellipses
    ]
    radii = _common_radii([(lines, r_squared) for lines, r_squared, _ in wording], text)
    names = [i.name for e in ellipses for i in e.indicators]
    values = [value for _, _, values in wording for value in values]
    name_width = max([text.width(name, lettering.INDICATOR) for name in names], default=0.0)
    value_width = max([text.width(value, lettering.INDICATOR) for value in values], default=0.0)
    lying = (name_width + value_width + 3.4 * _PAD, lettering.INDICATOR * 1.2 + _PAD)
    shapes = []
    for ellipse, (lines, r_squared, strings) in zip(ellipses, wording, strict=True):
        widest = max(
            [text.width(word, lettering.INDICATOR) for i in ellipse.indicators for word in (i.name,)]
            + [text.width(word, lettering.INDICATOR) for word in strings],
            default=0.0,
        )
        standing = (widest + 2 * _PAD, 2 * lettering.INDICATOR * LINE + _PAD)
        modes = [i.mode == "formative" for i in ellipse.indicators]
        blocks = {side: _block(side, modes, radii, lying, standing) for side in SIDES} if modes else {}
        shapes.append(Shape(lines, r_squared, strings, radii, blocks))
    return shapes


@dataclass(frozen=True)
class StageHeading:
    """The heading of a stage along its band: rotated words, or ideographs below each other."""

    text: str
    rotation: float
    columns: int


def stage_heading(stage: str, stages: Sequence[str], height: float, text: Lettering) -> StageHeading:
    """The heading as it fits beside a band; the number of the stage where no font can draw its name."""
    shown = stage if lettering.drawable(stage) else str(stages.index(stage) + 1)
    size = lettering.ESTIMATE
    if all(map(lettering.is_ideograph, shown)) and len(shown) * size * 1.3 <= height:
        return StageHeading("\n".join(shown), 0.0, 1)
    lines = text.wrap(shown, size, height)
    return StageHeading("\n".join(lines), 90.0, len(lines))


def room_for_headings(ellipses: Sequence[Ellipse], shapes: Sequence[Shape], text: Lettering) -> float:
    """The width left of the first column that its stage headings need."""
    stages = list(dict.fromkeys(e.stage for e in ellipses if e.stage))
    columns = 0
    for stage in stages:
        heights = [2 * s.radii[1] for e, s in zip(ellipses, shapes, strict=True) if e.stage == stage]
        columns = max(columns, stage_heading(stage, stages, sum(heights), text).columns)
    return 8.0 + 10.0 * columns if columns else 0.0


def _readable(ellipse: Ellipse) -> str:
    """The label, or the key in words where no installed font can draw the label."""
    if lettering.drawable(ellipse.label):
        return ellipse.label
    return ellipse.key.replace("_", " ")


def _common_radii(wording: list[tuple[tuple[str, ...], str]], text: Lettering) -> tuple[float, float]:
    """Radii of the ellipse that holds every label: the corners of all lines lie within it."""
    corners = []
    for lines, r_squared in wording:
        sizes = [lettering.CONSTRUCT] * len(lines) + [lettering.INDICATOR] * bool(r_squared)
        height = sum(sizes) * LINE
        top = -height / 2
        for line, size in zip([*lines, *([r_squared] if r_squared else [])], sizes, strict=True):
            half = text.width(line, size) / 2
            corners += [(half, abs(top)), (half, abs(top + size * LINE))]
            top += size * LINE
    points = np.array(corners) + np.array([3.0, -0.6])
    # the flattest of the ellipses with sensible proportions: width is scarcer than height
    best = (np.inf, 30.0, 18.0)
    for rx in np.arange(28.0, 60.0, 1.0):
        inside = 1 - (points[:, 0] / rx) ** 2
        if (inside <= 0.05).any():
            continue
        ry = max(float((points[:, 1] / np.sqrt(inside)).max()), 0.46 * rx, 16.0)
        best = min(best, (rx * 1.25 + ry * 1.6, float(rx), ry))
    return best[1], best[2]


def _block(
    side: str,
    formative: list[bool],
    radii: tuple[float, float],
    lying: tuple[float, float],
    standing: tuple[float, float],
) -> Block:
    count, (rx, ry) = len(formative), radii
    if side in ("left", "right"):
        width, height = lying
        distance = rx + min(20 + 0.9 * count, 38)
        top = (np.arange(count) - count / 2) * (height + _GAP) + _GAP / 2
        left = np.full(count, distance if side == "right" else -distance - width)
        boxes = np.column_stack([left, top, left + width, top + height])
        near = np.column_stack([np.full(count, np.copysign(distance, left[0])), top + height / 2])
        return Block(boxes, _fan(near, formative, radii), stacked=False)
    up = side.startswith("above")
    if count <= _MOST_IN_ROW:
        width, height = standing
        distance = ry + 17
        left = (np.arange(count) - count / 2) * (width + _GAP) + _GAP / 2
        left += _shift(side, left[0], left[-1] + width, rx)
        top = np.full(count, -distance - height if up else distance)
        boxes = np.column_stack([left, top, left + width, top + height])
        near = np.column_stack([left + width / 2, np.full(count, -distance if up else distance)])
        return Block(boxes, _fan(near, formative, radii), stacked=True)
    return _hanging(up, formative, ry, lying)


def _shift(side: str, left: float, right: float, rx: float) -> float:
    """Sideways move of a row of boxes, so that arrows can reach the ellipse from the other side."""
    if side.endswith("-right"):
        return -left - 0.25 * rx
    if side.endswith("-left"):
        return -right + 0.25 * rx
    return 0.0


def _fan(near: Array, formative: list[bool], radii: tuple[float, float]) -> tuple[Connector, ...]:
    on_ellipse = near / np.hypot(near[:, 0] / radii[0], near[:, 1] / radii[1])[:, None]
    return tuple(
        Connector(np.array([start, end]), (head, not head))
        for start, end, head in zip(on_ellipse, near, formative, strict=True)
    )


def _hanging(up: bool, formative: list[bool], ry: float, lying: tuple[float, float]) -> Block:
    """Two columns of lying boxes on both sides of a stem."""
    width, height = lying
    sign = -1 if up else 1
    boxes, connectors = [], []
    for index, head in enumerate(formative):
        middle = sign * (ry + 18 + (index // 2) * (height + _GAP) + height / 2)
        near = 12.5 if index % 2 else -12.5
        far = near + np.copysign(width, near)
        boxes.append([min(near, far), middle - height / 2, max(near, far), middle + height / 2])
        connectors.append(Connector(np.array([[0.0, middle], [near, middle]]), (False, not head)))
    stem = np.array([[0.0, sign * ry], connectors[-1].points[0]])
    return Block(np.array(boxes), (Connector(stem, (any(formative), False)), *connectors), False, hanging=True)
