"""How the arrows of a path diagram run and where their labels stand, so that nothing runs into anything."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmresearch.diagram.geometry import (
    Array,
    bezier,
    boxes_on_ellipses,
    crossings,
    leaves_ellipse,
    overlaps,
    part_of_bezier,
    polyline,
    through_boxes,
    through_ellipses,
)
from crmresearch.diagram.placement import MARGIN, Model, Placement

CLEARANCE = 1.5  # least points between an arrow and what it does not belong to
_COMFORT = 5.0  # and as many as there is room for
_SAMPLES = 72
_BENDS = (0.0, 9.0, 18.0, 28.0, 40.0, 54.0, 70.0, 90.0, 115.0, 145.0)
_SKEWS = (0.5, 0.28, 0.72)
_HARD = 1000.0


@dataclass(frozen=True)
class Routes:
    """Curves (control points, ellipse border to ellipse border), label boxes, and what is still wrong."""

    curves: tuple[Array, ...]  # 3 × 2 each; the paths, then the moderations
    labels: tuple[Array | None, ...]  # left, top, right, bottom
    hits: int
    cost: float


@dataclass(frozen=True)
class _Obstacles:
    centres: Array
    radii: Array
    boxes: Array
    owner: NDArray[np.int64]
    connectors: Array
    connected: NDArray[np.int64]
    size: tuple[float, float]


def route(model: Model, placement: Placement, label_sizes: list[tuple[float, float] | None]) -> Routes:
    """The routes of all paths and then all moderations; a label size of None asks for no label."""
    obstacles = _obstacles(model, placement)
    curves, cost, hits = _curves(model, obstacles)
    labels, label_cost, label_hits = _labels(curves, label_sizes, obstacles)
    hits += placement.clashes + _strays(obstacles)
    return Routes(tuple(curves), tuple(labels), hits + label_hits, cost + label_cost)


def _strays(obstacles: _Obstacles) -> int:
    """How many lines of the measurement model run into a construct or box that is not their own."""
    foreign = obstacles.connected[:, None] != np.arange(len(obstacles.centres))
    strays = through_ellipses(obstacles.connectors, obstacles.centres, obstacles.radii + 1.0) & foreign
    foreign = obstacles.connected[:, None] != obstacles.owner
    return int(strays.sum() + (through_boxes(obstacles.connectors, obstacles.boxes) & foreign).sum())


def _obstacles(model: Model, placement: Placement) -> _Obstacles:
    boxes, connectors = [np.zeros((0, 4))], [np.zeros((0, 4))]
    owner: list[int] = []
    connected: list[int] = []
    for i, (shape, side, centre) in enumerate(zip(model.shapes, placement.sides, placement.centres, strict=True)):
        if block := shape.blocks.get(side):
            boxes.append(block.boxes + np.tile(centre, 2))
            owner += [i] * len(block.boxes)
            connectors += [polyline(c.points + centre) for c in block.connectors]
            connected += [i] * len(block.connectors)
    return _Obstacles(
        placement.centres,
        model.radii,
        np.concatenate(boxes),
        np.array(owner, dtype=np.int64),
        np.concatenate(connectors),
        np.array(connected, dtype=np.int64),
        (placement.width, placement.height),
    )


def _curves(model: Model, obstacles: _Obstacles) -> tuple[list[Array], float, int]:
    pairs, moderated = model.pairs, model.moderated
    curves: list[Array] = []
    options: list[Array] = []
    for a, b in pairs:
        options.append(_candidates(obstacles.centres[a], obstacles.centres[b]))
        curves.append(options[-1][0])
    lonely = [_alone(c, {int(a), int(b)}, obstacles) for c, (a, b) in zip(options, pairs, strict=True)]
    order = np.argsort([np.hypot(*(c[0, 2] - c[0, 0])) for c in options], kind="stable")
    chosen: dict[int, tuple[float, int]] = {}
    # the short arrows find their way first, then every arrow twice again among all the others
    picked = [0] * len(pairs)
    known: dict[tuple[int, int, int], tuple[Array, NDArray[np.bool_]]] = {}  # most others stay where they are
    for _ in range(3):
        for i in order:
            others = [j for j in (chosen if len(chosen) < len(pairs) else range(len(pairs))) if j != i]
            for j in others:
                if (i, j, picked[j]) not in known:
                    known[i, j, picked[j]] = _meetings(options[i], curves[j])
            with_others = lonely[i][0] + _together(len(options[i]), [known[i, j, picked[j]] for j in others])
            best = int(with_others.argmin())
            chosen[int(i)] = (float(with_others[best]), int(lonely[i][1][best]))
            picked[i], curves[i] = best, options[i][best]
    clipped = [_clip(curve, obstacles, int(a), int(b)) for curve, (a, b) in zip(curves, pairs, strict=True)]
    for m, path in moderated:
        start = obstacles.centres[m]
        # to the middle of the path, or somewhat off it
        groups = [_candidates(start, bezier(clipped[path], 41)[at]) for at in (20, 16, 24, 12, 28)]
        tries = np.concatenate(groups)
        alone, wrong = _alone(tries, {int(m)}, obstacles, keep_end=True)
        away = np.repeat([0.0, 3.0, 3.0, 6.0, 6.0], [len(group) for group in groups])
        reach = np.hypot(*(tries[:, 2] - start).T) / 8
        total = (
            alone
            + away
            + reach
            + _together(len(tries), [_meetings(tries, c) for j, c in enumerate(clipped) if j != path])
        )
        total += 20.0 * (crossings_of(tries, clipped[path]) > 0)
        best = int(total.argmin())
        chosen[len(clipped)] = (float(total[best]), int(wrong[best]))
        leave = leaves_ellipse(tries[best], start, obstacles.radii[m])
        clipped.append(part_of_bezier(tries[best], leave, 1.0))
    return clipped, sum(c for c, _ in chosen.values()), sum(h for _, h in chosen.values())


def crossings_of(tries: Array, other: Array) -> NDArray[np.int64]:
    """How often each of the curves crosses another one, its own last stretch left out."""
    line = polyline(bezier(other, 25))
    return np.array([crossings(polyline(bezier(t, 33)[:-2]), line).sum() for t in tries])


def _candidates(start: Array, end: Array) -> Array:
    """Curves between two points, straight first: k × 3 × 2."""
    along = end - start
    length = float(np.hypot(*along))
    normal = np.array([-along[1], along[0]]) / max(length, 1e-9)
    curves = [np.array([start, (start + end) / 2, end])]
    for bend in _BENDS[1:]:
        if bend > 0.75 * length + 15:
            break
        curves += [
            np.array([start, start + skew * along + sign * 2 * bend * normal, end])
            for skew in _SKEWS
            for sign in (1, -1)
        ]
    return np.array(curves)


def _alone(
    curves: Array, ends: set[int], obstacles: _Obstacles, keep_end: bool = False
) -> tuple[Array, NDArray[np.int64]]:
    """The cost of each curve among ellipses, boxes and connectors, and how many things it runs into."""
    points = bezier(curves, _SAMPLES)
    strangers = [k for k in range(len(obstacles.centres)) if k not in ends]
    hits, grazes = np.zeros((2, len(curves)), dtype=np.int64)
    inside = np.zeros(points.shape[:2], dtype=bool)
    for k in range(len(obstacles.centres)):
        offset = points - obstacles.centres[k]
        if k in strangers:
            hits += (((offset / (obstacles.radii[k] + CLEARANCE)) ** 2).sum(-1) < 1).any(-1)
            grazes += (((offset / (obstacles.radii[k] + _COMFORT)) ** 2).sum(-1) < 1).any(-1)
        else:
            inside |= ((offset / obstacles.radii[k]) ** 2).sum(-1) < 1
    for box in obstacles.boxes:
        beyond = np.maximum(box[:2] - points, points - box[2:]).max(-1).min(-1)
        hits += beyond < CLEARANCE
        grazes += beyond < _COMFORT
    width, height = obstacles.size
    out = (points < MARGIN / 2) | (points > np.array([width, height]) - MARGIN / 2)
    hits += out.any((-1, -2))
    cost = _HARD * hits + 12.0 * grazes
    chord = np.hypot(*(curves[:, 2] - curves[:, 0]).T)
    bend = np.hypot(*(points[:, _SAMPLES // 2] - (curves[:, 0] + curves[:, 2]) / 2).T)
    cost += 0.22 * bend + 55 * (bend / np.maximum(chord, 1)) ** 2 + 1.5 * (bend > 0)
    if len(obstacles.connectors):
        for i, line in enumerate(points):
            visible = polyline(line)[~(inside[i, 1:] | inside[i, :-1])]
            cost[i] += 40.0 * crossings(visible, obstacles.connectors).sum()
    # an arrow that is hardly seen has no room for its label
    shown = (~inside).sum(-1) / _SAMPLES * np.maximum(chord, 1)
    cost += np.maximum(32 - shown, 0)
    return cost, hits


def _meetings(curves: Array, other: Array) -> tuple[Array, NDArray[np.bool_]]:
    """How often each curve crosses another arrow, and where it runs close beside it."""
    points, across = bezier(curves, 25), bezier(other, 25)
    crossed = crossings(polyline(points).reshape(-1, 4), polyline(across)).reshape(len(points), -1).sum(1)
    near = np.hypot(*(points[:, 5:-5, None] - across[3:-3]).transpose(3, 0, 1, 2)).min(-1) < 9
    return crossed, near


def _together(curves: int, meetings: list[tuple[Array, NDArray[np.bool_]]]) -> Array:
    """The cost of each curve beside the other arrows: crossings and long neighbourhoods."""
    if not meetings:
        return np.zeros(curves)
    crossed, near = zip(*meetings, strict=True)
    cost: Array = 16.0 * np.sum(crossed, axis=0) + 2.0 * np.any(near, axis=0).sum(-1)
    return cost


def _clip(curve: Array, obstacles: _Obstacles, start: int, end: int) -> Array:
    """The part of a curve between the borders of its two ellipses."""
    leave = leaves_ellipse(curve, obstacles.centres[start], obstacles.radii[start])
    reach = 1 - leaves_ellipse(curve[::-1], obstacles.centres[end], obstacles.radii[end])
    return part_of_bezier(curve, leave, max(reach, leave))


def _labels(
    curves: list[Array], sizes: list[tuple[float, float] | None], obstacles: _Obstacles
) -> tuple[list[Array | None], float, int]:
    """A box for every label: on its arrow where that is free, beside it where not."""
    grid = np.linspace(0.1, 0.86, 39)
    lines = [polyline(bezier(curve, 41)) for curve in curves]
    wanted = [i for i, size in enumerate(sizes) if size]
    boxes: dict[int, Array] = {}
    own: dict[int, Array] = {}
    for i in wanted:
        width, height = sizes[i] or (0.0, 0.0)
        points = np.array([part_of_bezier(curves[i], t, t)[0] for t in grid])
        ahead = np.array([part_of_bezier(curves[i], t + 1e-3, t + 1e-3)[0] for t in grid]) - points
        normal = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
        beside = np.abs(normal) @ np.array([width, height]) / 2 + 2.5
        centres = np.concatenate([points, points + normal * beside[:, None], points - normal * beside[:, None]])
        half = np.array([width, height]) / 2
        boxes[i] = np.column_stack([centres - half, centres + half])
        length = np.hypot(*np.diff(bezier(curves[i], 41), axis=0).T).sum()
        cost = np.tile(np.abs(grid - 0.47) * 5, 3) + np.repeat([0.0, 7.0, 7.0], len(grid))
        # the head of the arrow stays in sight
        cost += np.tile(np.maximum(13 + width / 2 - (1 - grid) * length, 0), 3) * np.repeat([1.2, 0, 0], len(grid))
        frame = boxes[i]
        cost += _HARD * boxes_on_ellipses(frame, obstacles.centres, obstacles.radii + 1.5).sum(-1)
        cost += _HARD * overlaps(frame, obstacles.boxes, 1.0).sum(-1)
        page = np.array([*obstacles.size]) - MARGIN / 2
        cost += _HARD * ((frame[:, :2] < MARGIN / 2).any(-1) | (frame[:, 2:] > page).any(-1))
        if len(obstacles.connectors):
            cost += 60.0 * (through_boxes(obstacles.connectors, frame).sum(0) > 0)
        for j, line in enumerate(lines):
            grown = frame + np.array([-1.5, -1.5, 1.5, 1.5])
            if j != i:
                cost += 70.0 * (through_boxes(line, grown).sum(0) > 0)
        own[i] = cost
    at: dict[int, int] = {}
    for turn in range(6):
        # first the labels with the least choice
        for i in sorted(wanted, key=lambda i: np.sort(own[i])[4] if turn == 0 else i):
            total = own[i].copy()
            for j, k in at.items():
                if j != i:
                    total += _HARD * overlaps(boxes[i], boxes[j][k : k + 1], 1.5)[:, 0]
            at[i] = int(total.argmin())
    labels = [boxes[i][at[i]] if i in at else None for i in range(len(curves))]
    cost = float(sum(own[i][at[i]] for i in wanted))
    hits = sum(int(own[i][at[i]] >= _HARD) for i in wanted)
    if wanted:
        chosen = np.array([boxes[i][at[i]] for i in wanted])
        hits += int(np.triu(overlaps(chosen, chosen, 0.5), 1).sum())
    return labels, cost, hits
