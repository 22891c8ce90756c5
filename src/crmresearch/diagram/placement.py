"""Where the constructs of a path diagram stand once their columns and rows are chosen, and how good that is.

Many states are settled at once, along the first axis of every array: 10 times faster than one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from crmresearch.diagram.elements import Arrow, Ellipse, Moderation
from crmresearch.diagram.geometry import Array, crossings, overlaps, through_boxes, through_ellipses
from crmresearch.diagram.shapes import SIDES, Shape

PAGE = 504.0  # points: the text width of a portrait A4 page
MARGIN = 6.0

Ints = NDArray[np.int64]
# Of every construct (column, row, side of its indicators): (states ×) n × 3. Only the order of columns and rows
# counts. Side 0 is outward, the others are counted from `_FIRST_SIDE` on: above, below, and both off centre.
State = Ints
_FIRST_SIDE = SIDES.index("above") - 1
SIDE_CHOICES = len(SIDES) - _FIRST_SIDE
_OUTWARD = np.array([(-1, 0), (1, 0), *[(0, -1), (0, 1)], *[(0, -1)] * 2, *[(0, 1)] * 2], dtype=float)


@dataclass(frozen=True)
class Model:
    """The parts of a diagram as indices and arrays, ready for many evaluations."""

    shapes: tuple[Shape, ...]
    pairs: Ints  # paths: predictor, outcome
    moderated: Ints  # moderator, index of the moderated path
    stages: tuple[str | None, ...]
    layers: tuple[int, ...]
    left: float  # room for stage headings
    page: float = PAGE
    air: float = 1.0  # stretches the distances between rows
    radii: Array = field(init=False)  # n × 2
    blocked: Ints = field(init=False)  # the constructs with indicators
    bounds: Array = field(init=False)  # of their blocks on each side: k × 8 × 4
    fans: Array = field(init=False)  # their outermost connectors: k × 8 × 2 × 4
    hanging: Array = field(init=False)  # whether these are on a common stem: k × 8

    def __post_init__(self) -> None:
        blocks = [[shape.blocks[side] for side in SIDES] for shape in self.shapes if shape.blocks]
        k = len(blocks)
        outer = [[[b.connectors[i].points[[0, -1]].ravel() for i in (0, -1)] for b in row] for row in blocks]
        known = {
            "radii": np.array([shape.radii for shape in self.shapes]),
            "blocked": np.array([i for i, shape in enumerate(self.shapes) if shape.blocks], dtype=np.int64),
            "bounds": np.array([[b.bounds for b in row] for row in blocks]).reshape(k, len(SIDES), 4),
            "fans": np.array(outer).reshape(k, len(SIDES), 2, 4),
            "hanging": np.array([[b.hanging for b in row] for row in blocks], dtype=float).reshape(k, len(SIDES)),
        }
        for name, value in known.items():
            object.__setattr__(self, name, value)


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
class Placements:
    """The same of many states at once; only the costs are public."""

    states: State
    centres: Array
    sides: Ints
    widths: Array
    heights: Array
    costs: Array
    clashes: Ints

    def one(self, index: int) -> Placement:
        """One of them by itself."""
        return Placement(
            self.states[index],
            self.centres[index],
            tuple(SIDES[side] for side in self.sides[index]),
            float(self.widths[index]),
            float(self.heights[index]),
            float(self.costs[index]),
            int(self.clashes[index]),
        )


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


def stretched(model: Model, air: float, page: float) -> Model:
    """The same model with more room."""
    return replace(model, air=air, page=page)


def ranked(values: Ints) -> Ints:
    """The dense ranks of integers ≥ −1 along the last axis: 0 for the smallest value, without gaps."""
    there = np.zeros((*values.shape[:-1], int(values.max()) + 2), dtype=np.int64)
    np.put_along_axis(there, values + 1, 1, -1)
    ranks: Ints = np.take_along_axis(np.cumsum(there, -1), values + 1, -1) - 1
    return ranks


def settle(model: Model, states: State) -> Placements:
    """Coordinates and costs of states (s × n × 3)."""
    column, row, choice = ranked(states[..., 0]), ranked(states[..., 1]), states[..., 2]
    last, bottom = column.max(1, keepdims=True), row.max(1, keepdims=True)
    inner = np.where(2 * row < bottom, SIDES.index("above"), SIDES.index("below"))
    outward = np.where(column == 0, 0, np.where(column == last, 1, inner))
    sides = np.where(choice == 0, outward, choice + _FIRST_SIDE)
    which = np.arange(len(model.blocked))
    bounds = model.bounds[which, sides[:, model.blocked]]
    x, widths = _across(model, column, bounds)
    y = _down(model, x, row, bounds)
    ellipses = np.concatenate([-model.radii, model.radii], axis=1)
    frames = np.concatenate([np.broadcast_to(ellipses, (len(states), *ellipses.shape)), bounds], axis=1)
    owner = np.concatenate([np.arange(len(model.shapes)), model.blocked])
    y += (MARGIN - (frames[..., 1] + y[:, owner]).min(1))[:, None]
    centres = np.stack([x, y], axis=-1)
    placed = frames + np.tile(centres[:, owner], 2)
    heights = placed[..., 3].max(1) + MARGIN
    clashes = (overlaps(placed, placed, 3.0) & (owner[:, None] != owner)).sum((1, 2)) // 2
    costs = 150.0 * clashes + _cost_of_page(model, column, row, sides, y, widths, heights)
    if len(model.pairs):
        costs += _cost_of_arrows(model, sides, centres, placed[:, len(model.shapes) :])
    # rounded, so that the last bits of another processor do not lead a search elsewhere
    return Placements(states, centres, sides, widths, heights, costs.round(6), clashes)


def _across(model: Model, column: Ints, bounds: Array) -> tuple[Array, Array]:
    """The x of every construct and the width of the page."""
    rx = model.radii[:, 0]
    reach, right = np.broadcast_to(rx, column.shape).copy(), np.broadcast_to(rx, column.shape).copy()
    reach[:, model.blocked] = np.maximum(reach[:, model.blocked], -bounds[..., 0])
    right[:, model.blocked] = np.maximum(right[:, model.blocked], bounds[..., 2])
    final = column.max(1, keepdims=True)
    first = MARGIN + model.left + np.where(column == 0, reach, 0).max(1)
    last = MARGIN + np.where(column == final, right, 0).max(1)
    gaps = np.arange(column.max())
    # a tall fan of arrows needs width, or its outermost arrows graze their neighbours
    fan = (column[:, :, None] == gaps).sum(1)
    step = np.where(gaps < final, 2 * rx.max() + 85.0 + 7.0 * np.maximum(fan - 4, 0), 0.0)
    room = np.maximum(model.page - first - last, 1.0)
    step *= np.minimum(1.0, room / np.maximum(step.sum(1), 1e-9))[:, None]
    at = np.concatenate([np.zeros((len(step), 1)), np.cumsum(step, 1)], axis=1)
    x = first[:, None] + np.take_along_axis(at, column, 1)
    beyond = np.maximum(MARGIN + model.left - (x - reach).min(1), 0.0)
    x += beyond[:, None]
    return x, np.maximum((x + right).max(1) + MARGIN, first + last + step.sum(1))


def _down(model: Model, x: Array, row: Ints, bounds: Array) -> Array:
    """The y of every construct: rows as near as what stands above each other allows."""
    n, k = len(model.shapes), model.blocked
    # frames as left, top, right, bottom; a construct without block has an empty one
    blocks = np.tile([np.inf, np.inf, -np.inf, -np.inf], (len(x), n, 1))
    blocks[:, k] = bounds
    ellipses = np.broadcast_to(np.concatenate([-model.radii, model.radii], axis=1), blocks.shape)
    linked = np.zeros((n, n))
    linked[model.pairs[:, 0], model.pairs[:, 1]] = linked[model.pairs[:, 1], model.pairs[:, 0]] = 1
    need = np.full((len(x), n, n), -np.inf)
    for upper in (ellipses, blocks):
        for lower in (ellipses, blocks):
            left, right = upper[..., 0] + x - 7, upper[..., 2] + x + 7
            meet = left[:, :, None] < (lower[..., 2] + x + 7)[:, None]
            meet &= (lower[..., 0] + x - 7)[:, None] < right[:, :, None]
            apart = upper[..., 3][:, :, None] - lower[..., 1][:, None] + 9 * model.air
            if upper is lower is ellipses:  # room for a labelled arrow between two linked ellipses
                apart = apart + 28.0 * model.air * linked
            need = np.maximum(need, np.where(meet, apart, -np.inf))
    pitch, final = 20.0 * model.air, row.max(1)
    early = np.zeros(row.shape)
    level = np.zeros(len(row))
    for r in range(1, int(final.max()) + 1):
        pairs = (row < r)[:, :, None] & (row == r)[:, None]
        level = np.maximum(level + pitch, np.where(pairs, early[:, :, None] + need, -np.inf).max((1, 2)))
        early = np.where(row == r, level[:, None], early)
    late = np.repeat(early.max(1, keepdims=True), n, axis=1)
    level = early.max(1)
    for r in range(int(final.max()) - 1, -1, -1):
        pairs = (row == r)[:, :, None] & (row > r)[:, None]
        lower = np.minimum(level - pitch, np.where(pairs, late[:, None] - need, np.inf).min((1, 2)))
        level = np.where(r < final, lower, level)
        late = np.where(row == r, level[:, None], late)
    # both satisfy every distance, so their mean does: rows with room to spare stand in the middle of it
    y: Array = (early + late) / 2
    return y


def _cost_of_page(model: Model, column: Ints, row: Ints, sides: Ints, y: Array, widths: Array, heights: Array) -> Array:
    """Size, disorder and oddly placed indicators."""
    cost = np.maximum(widths - model.page, 0.0) * 3 + heights / 25 + np.maximum(heights - 640, 0) / 10
    cost += 1.1 * (row.max(1) + 1) + 3.0 * (column.max(1) + 1)
    inverted = (column[:, :, None] == column[:, None]) & (y[:, :, None] > y[:, None])
    cost += 0.8 * np.triu(inverted, 1).sum((1, 2))
    k = model.blocked
    edge = np.where(column == 0, 0, np.where(column == column.max(1, keepdims=True), 1, -1))
    cost += 2.5 * ((edge >= 0) & (edge != sides))[:, k].sum(1)
    cost += 3.0 * (sides >= SIDES.index("above-left"))[:, k].sum(1)
    cost += 10.0 * model.hanging[np.arange(len(k)), sides[:, k]].sum(1)
    total: Array = cost
    return total


def _cost_of_arrows(model: Model, sides: Ints, centres: Array, blocks: Array) -> Array:
    """Crossings, hits, lengths and narrow angles of straight arrows between the centres."""
    radii, (a, b) = model.radii, model.pairs.T
    span = centres[:, b] - centres[:, a]
    length = np.hypot(span[..., 0], span[..., 1])
    out = 1 / np.maximum(np.hypot(*np.moveaxis(span / radii[a], -1, 0)), 1e-9)
    into = 1 / np.maximum(np.hypot(*np.moveaxis(span / radii[b], -1, 0)), 1e-9)
    lines = np.concatenate([centres[:, a] + span * out[..., None], centres[:, b] - span * into[..., None]], axis=-1)
    cost = length.sum(1) / 75 + (np.maximum(46 - length * (1 - out - into), 0) * 0.45).sum(1)
    cost += np.where(span[..., 0] < -1, 22 - span[..., 0] / 10, 0).sum(1)
    cost += np.where(np.abs(span[..., 0]) <= 1, 2.5 + 0.3 * (span[..., 1] < 0), 0).sum(1)
    start, stop = a, b
    if len(model.moderated):
        m, path = model.moderated.T
        aim = (lines[:, path, :2] + lines[:, path, 2:]) / 2
        reach = aim - centres[:, m]
        length = np.hypot(reach[..., 0], reach[..., 1])
        leave = 1 / np.maximum(np.hypot(*np.moveaxis(reach / radii[m], -1, 0)), 1e-9)
        lines = np.concatenate(
            [lines, np.concatenate([centres[:, m] + reach * leave[..., None], aim], axis=-1)], axis=1
        )
        cost += length.sum(1) / 60 + (np.maximum(34 - length * (1 - leave), 0) * 0.45).sum(1)
        start, stop = np.append(a, m), np.append(b, m)
    through = through_ellipses(lines, centres, radii + 4.0)
    each = np.arange(len(start))
    through[:, each, start] = through[:, each, stop] = False
    cost += 20.0 * through.sum((1, 2))
    cost += _narrow_angles(lines, start, stop)
    # every crossing of two arrows is seen twice
    crossed, weight = [lines], [np.full(len(start), 5.5)]
    if len(model.blocked):
        cost += 26.0 * through_boxes(lines, blocks + np.array([-3, -3, 3, 3])).sum((1, 2))
        which = np.arange(len(model.blocked))
        side = sides[:, model.blocked]
        fans = model.fans[which, side] + np.tile(centres[:, model.blocked], 2)[:, :, None]
        middle = (blocks[..., :2] + blocks[..., 2:]) / 2
        # from each block outward to the edge of the page: what crosses it encloses the block
        rays = np.concatenate([middle, middle + 2000.0 * _OUTWARD[side]], axis=-1)
        crossed += [fans.reshape(len(fans), -1, 4), rays]
        weight += [np.full(2 * len(which), 10.0), np.full(len(which), 26.0)]
    total: Array = cost + (crossings(lines, np.concatenate(crossed, 1)) * np.concatenate(weight)).sum((1, 2))
    return total


def _narrow_angles(lines: Array, start: Ints, stop: Ints) -> Array:
    """Arrows that leave or reach the same construct in nearly the same direction."""
    heading = np.arctan2(lines[..., 3] - lines[..., 1], lines[..., 2] - lines[..., 0])
    at = np.concatenate([start, stop])
    angle = np.concatenate([heading, heading + np.pi], axis=1)
    one, other = np.nonzero(np.triu(at[:, None] == at, 1))
    apart = np.abs((angle[:, one] - angle[:, other] + np.pi) % (2 * np.pi) - np.pi)
    cost: Array = np.maximum(0.24 - apart, 0).sum(1) * 22
    return cost
