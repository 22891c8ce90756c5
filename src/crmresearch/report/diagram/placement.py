"""Where the constructs of a path diagram stand once their columns and rows are chosen, and how good that is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from crmresearch.report.diagram.elements import Arrow, Ellipse, Moderation
from crmresearch.report.diagram.geometry import (
    Array,
    crossings,
    overlaps,
    through_boxes,
    through_ellipses,
)
from crmresearch.report.diagram.shapes import Shape

PAGE = 504.0  # points: the text width of a portrait A4 page
MARGIN = 6.0


# Per construct: column, row and side of the indicators. Only the order of columns and rows counts; they are
# even numbers, so that a move to an odd one opens a new column or row in between.
State = tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class Placement:
    """Centres of the constructs, the side of their indicators, the page, and how good it is (less is better)."""

    state: State
    centres: Array  # n × 2
    sides: tuple[str, ...]
    width: float
    height: float
    cost: float
    clashes: int  # frames of different constructs that overlap


@dataclass(frozen=True)
class Model:
    """The parts of a diagram as indices and arrays, ready for many evaluations."""

    shapes: tuple[Shape, ...]
    pairs: NDArray[np.int64]  # paths: predictor, outcome
    moderated: NDArray[np.int64]  # moderator, index of the moderated path
    stages: tuple[str | None, ...]
    layers: tuple[int, ...]
    left: float  # room for stage headings
    page: float = PAGE
    air: float = 1.0  # stretches the distances between rows
    radii: Array = field(init=False)  # n × 2
    bounds: tuple[dict[str, Array], ...] = field(init=False)  # of the block on each side
    fans: tuple[dict[str, Array], ...] = field(init=False)  # its outermost connectors, 2 × 4

    def __post_init__(self) -> None:
        blocks = [shape.blocks for shape in self.shapes]
        outer = [
            {
                side: np.array([block.connectors[i].points[[0, -1]].ravel() for i in (0, -1)])
                for side, block in b.items()
            }
            for b in blocks
        ]
        object.__setattr__(self, "radii", np.array([shape.radii for shape in self.shapes]))
        object.__setattr__(self, "bounds", tuple({s: block.bounds for s, block in b.items()} for b in blocks))
        object.__setattr__(self, "fans", tuple(outer))


def describe(
    ellipses: Sequence[Ellipse],
    arrows: Sequence[Arrow],
    moderations: Sequence[Moderation],
    shapes: Sequence[Shape],
    headings: float = 0.0,
) -> Model:
    """The model of a diagram: indices instead of names, layers by longest path, room for stage headings."""
    index = {ellipse.key: i for i, ellipse in enumerate(ellipses)}
    pairs = [(index[a.predictor], index[a.outcome]) for a in arrows]
    moderated = [(index[m.moderator], pairs.index((index[m.predictor], index[m.outcome]))) for m in moderations]
    layers = [0] * len(ellipses)
    for _ in ellipses:
        for a, b in pairs:
            layers[b] = max(layers[b], layers[a] + 1)
    # a construct that only moderates stands near what it moderates
    for moderator, path in moderated:
        if not any(moderator == b for _, b in pairs):
            layers[moderator] = max(layers[moderator], layers[pairs[path][1]] - 1)
    return Model(
        tuple(shapes),
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        np.array(moderated, dtype=np.int64).reshape(-1, 2),
        tuple(e.stage for e in ellipses),
        tuple(layers),
        headings,
    )


def settle(model: Model, state: State, limit: float = np.inf) -> Placement:
    """The placement of a state: coordinates, and their cost (no more of it than needed to pass the limit)."""
    columns = sorted({column for column, _, _ in state})
    rows = sorted({row for _, row, _ in state})
    column = np.array([columns.index(c) for c, _, _ in state])
    row = np.array([rows.index(r) for _, r, _ in state])
    middle = (len(rows) - 1) / 2
    sides = tuple(_side(side, c, len(columns), r, middle) for (_, r, side), c in zip(state, column, strict=True))
    blocks = [bounds.get(side) for bounds, side in zip(model.bounds, sides, strict=True)]
    x, width = _across(model, column, len(columns), blocks)
    frames, owner = _frames(model, blocks)
    y = _down(model, frames, owner, x, row)
    centres = np.column_stack([x, y])
    placed = frames + np.tile(centres, 2)[owner]
    centres[:, 1] += MARGIN - placed[:, 1].min()
    placed[:, [1, 3]] += MARGIN - placed[:, 1].min()
    height = float(placed[:, 3].max()) + MARGIN
    clash = overlaps(placed, placed, 3.0) & (owner[:, None] != owner)
    clashes = int(clash.sum()) // 2
    cost = 150.0 * clashes
    if cost <= limit:
        cost += _cost(model, column, sides, centres, blocks, placed, width, height, limit - cost)
    return Placement(state, centres, sides, width, height, cost, clashes)


def _side(side: str, column: int, columns: int, row: int, middle: float) -> str:
    if side != "outward":
        return side
    if column == 0:
        return "left"
    if column == columns - 1:
        return "right"
    return "above" if row < middle else "below"


def _across(model: Model, column: NDArray[np.int64], columns: int, blocks: list[Array | None]) -> tuple[Array, float]:
    """The x of every construct and the width of the page."""
    reach = np.array([0.0 if b is None else max(-b[0], 0.0) for b in blocks])
    right = np.array([0.0 if b is None else max(b[2], 0.0) for b in blocks])
    rx = model.radii[:, 0]
    first = MARGIN + model.left + np.maximum(reach, rx)[column == 0].max()
    last = MARGIN + np.maximum(right, rx)[column == columns - 1].max()
    if columns == 1:
        return np.full(len(column), first), float(first + last)
    # a tall fan of arrows needs width, or its outermost arrows graze their neighbours
    fan = [int((column == c).sum()) for c in range(columns - 1)]
    step = np.array([2 * rx.max() + 85.0 + 7.0 * max(count - 4, 0) for count in fan])
    step *= min(1.0, (model.page - first - last) / step.sum())
    x = first + np.concatenate([[0.0], np.cumsum(step)])[column]
    low = float((x - np.maximum(reach, rx)).min()) - MARGIN - model.left
    high = float((x + np.maximum(right, rx)).max()) + MARGIN
    if low < 0:
        x, high = x - low, high - low
    return x, max(high, float(first + last + step.sum()))


def _frames(model: Model, blocks: list[Array | None]) -> tuple[Array, NDArray[np.int64]]:
    """The boxes around every ellipse and every block, relative to the centres, and whose they are."""
    radii = model.radii
    boxes = [*np.column_stack([-radii, radii]), *(b for b in blocks if b is not None)]
    owner = [*range(len(blocks)), *(i for i, b in enumerate(blocks) if b is not None)]
    return np.array(boxes), np.array(owner)


def _down(
    model: Model,
    frames: Array,
    owner: NDArray[np.int64],
    x: Array,
    row: NDArray[np.int64],
) -> Array:
    """The y of every construct: rows as near as what stands above each other allows."""
    rows = int(row.max()) + 1
    left, right = frames[:, 0] + x[owner] - 7, frames[:, 2] + x[owner] + 7
    above = (left[:, None] < right) & (left < right[:, None]) & (row[owner][:, None] < row[owner])
    need = np.where(above, frames[:, 3][:, None] - frames[:, 1] + 9 * model.air, 0.0)
    # two ellipses above each other leave room for a labelled arrow between them
    ellipse = np.arange(len(frames)) < len(model.shapes)
    linked = np.zeros((len(frames), len(frames)), dtype=bool)
    linked[model.pairs[:, 0], model.pairs[:, 1]] = linked[model.pairs[:, 1], model.pairs[:, 0]] = True
    need += np.where(above & linked & ellipse & ellipse[:, None], 28.0 * model.air, 0.0)
    apart = np.zeros((rows, rows))
    np.maximum.at(apart, (row[owner][:, None], row[owner][None, :]), need)
    apart = np.maximum(apart, np.subtract.outer(np.arange(rows), np.arange(rows)).T * 20.0 * model.air)
    early = np.zeros(rows)
    for r in range(1, rows):
        early[r] = (early[:r] + apart[:r, r]).max()
    late = np.full(rows, early[-1])
    for r in range(rows - 2, -1, -1):
        late[r] = (late[r + 1 :] - apart[r, r + 1 :]).min()
    # both satisfy every distance, so their mean does: rows with room to spare stand in the middle of it
    y: Array = ((early + late) / 2)[row]
    return y


def _cost(
    model: Model,
    column: NDArray[np.int64],
    sides: tuple[str, ...],
    centres: Array,
    blocks: list[Array | None],
    placed: Array,
    width: float,
    height: float,
    limit: float,
) -> float:
    """Crossings, hits, lengths and disorder of straight arrows between the centres."""
    n, radii = len(centres), model.radii
    cost = max(width - model.page, 0.0) * 3 + height / 25 + max(height - 640, 0) / 10
    cost += 1.1 * len(np.unique(centres[:, 1].round(1)))
    orders = [(column[i], centres[i, 1]) for i in range(n)]
    for c in range(int(column.max()) + 1):
        stack = [orders[i][1] for i in range(n) if column[i] == c]
        cost += 0.8 * sum(a > b for i, a in enumerate(stack) for b in stack[i + 1 :])
    if not len(model.pairs) or cost > limit:
        return float(cost)
    a, b = model.pairs.T
    span = centres[b] - centres[a]
    out = 1 / np.hypot(span[:, 0] / radii[a, 0], span[:, 1] / radii[a, 1])
    into = 1 / np.hypot(span[:, 0] / radii[b, 0], span[:, 1] / radii[b, 1])
    lines = np.column_stack([centres[a] + span * out[:, None], centres[b] - span * into[:, None]])
    seen = np.hypot(*span.T) * (1 - out - into)
    cost += np.hypot(*span.T).sum() / 75 + (np.maximum(46 - seen, 0) * 0.45).sum()
    cost += np.where(span[:, 0] < -1, 22 - span[:, 0] / 10, 0).sum()
    cost += np.where(np.abs(span[:, 0]) <= 1, 1.5 + 0.3 * (span[:, 1] < 0), 0).sum()
    ends = np.concatenate([a, b])
    if len(model.moderated):
        m, path = model.moderated.T
        aim = (lines[path, :2] + lines[path, 2:]) / 2
        reach = aim - centres[m]
        exit_ = 1 / np.maximum(np.hypot(reach[:, 0] / radii[m, 0], reach[:, 1] / radii[m, 1]), 1e-9)
        extra = np.column_stack([centres[m] + reach * exit_[:, None], aim])
        cost += np.hypot(*reach.T).sum() / 60
        cost += (np.maximum(34 - np.hypot(*reach.T) * (1 - exit_), 0) * 0.45).sum()
        lines = np.concatenate([lines, extra])
        ends = np.concatenate([np.append(a, m), np.append(b, m)])
    if cost > limit:  # most neighbours of a good state already are: twice as fast
        return float(cost)
    start, stop = ends[: len(lines)], ends[len(lines) :]
    through = through_ellipses(lines, centres, radii + 4.0)
    through[np.arange(len(lines)), start] = through[np.arange(len(lines)), stop] = False
    cost += 13.0 * through.sum()
    crossed, weight = [lines], [np.full(len(lines), 5.5)]  # every crossing of two arrows is seen twice
    cost += _narrow_angles(lines, start, stop, centres)
    with_block = [i for i, block in enumerate(blocks) if block is not None]
    if with_block:
        cost += 26.0 * through_boxes(lines, placed[n:] + np.array([-3, -3, 3, 3])).sum()
        fans = np.concatenate([model.fans[i][sides[i]] for i in with_block])
        fans += np.repeat(np.tile(centres[with_block], 2), 2, axis=0)
        rays = _rays(placed[n:], [sides[i] for i in with_block])
        crossed += [fans, rays]
        weight += [np.full(len(fans), 10.0), np.full(len(rays), 26.0)]
        edge = np.where(column == 0, "left", np.where(column == column.max(), "right", ""))
        cost += sum(3.0 * ("-" in sides[i]) + 2.5 * (edge[i] not in ("", sides[i])) for i in with_block)
        cost += sum(4.0 * model.shapes[i].blocks[sides[i]].hanging for i in with_block)
    cost += (crossings(lines, np.concatenate(crossed)) @ np.concatenate(weight)).sum()
    return float(cost)


def _rays(boxes: Array, sides: list[str]) -> Array:
    """From each block outward to the edge of the page: what crosses it encloses the block."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    outward = {"left": (-1, 0), "right": (1, 0), "above": (0, -1), "below": (0, 1)}
    return np.column_stack([middle, middle + 2000.0 * np.array([outward[s.split("-")[0]] for s in sides])])


def _narrow_angles(lines: Array, start: NDArray[np.int64], stop: NDArray[np.int64], centres: Array) -> float:
    """Arrows that leave or reach the same construct in nearly the same direction."""
    heading = np.arctan2(lines[:, 3] - lines[:, 1], lines[:, 2] - lines[:, 0])
    at = np.concatenate([start, stop])
    angle = np.concatenate([heading, heading + np.pi])
    apart = np.abs(np.angle(np.exp(1j * (angle[:, None] - angle))))
    same = (at[:, None] == at) & np.triu(np.ones((len(at), len(at)), dtype=bool), 1)
    return float((np.maximum(0.24 - apart, 0) * same).sum() * 22)


def stretched(model: Model, air: float, page: float) -> Model:
    """The same model with more room."""
    return replace(model, air=air, page=page)
