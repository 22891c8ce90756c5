"""Plane geometry of a path diagram on arrays: crossings, hits, clipped Bézier curves; y points down."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def crossings(a: Array, b: Array) -> NDArray[np.bool_]:
    """Which of the segments a (… m × 4) properly cross which of the segments b (… k × 4): … m × k."""

    def side(px: Array, py: Array, qx: Array, qy: Array, rx: Array, ry: Array) -> Array:
        return (qx - px) * (ry - py) - (qy - py) * (rx - px)

    # coordinates apart: numpy is slow along an axis of two
    px, py, qx, qy = np.moveaxis(a[..., :, None, :], -1, 0).copy()
    rx, ry, sx, sy = np.moveaxis(b[..., None, :, :], -1, 0).copy()
    across: NDArray[np.bool_] = side(px, py, qx, qy, rx, ry) * side(px, py, qx, qy, sx, sy) < 0
    across &= side(rx, ry, sx, sy, px, py) * side(rx, ry, sx, sy, qx, qy) < 0
    return across


def through_ellipses(segments: Array, centres: Array, radii: Array) -> NDArray[np.bool_]:
    """Which segments (… m × 4) enter which ellipses (… k × 2 centres, k × 2 radii): … m × k."""
    start = [(segments[..., :, None, i] - centres[..., None, :, i]) / radii[:, i] for i in (0, 1)]
    step = [(segments[..., :, None, 2 + i] - segments[..., :, None, i]) / radii[:, i] for i in (0, 1)]
    squared = np.maximum(step[0] ** 2 + step[1] ** 2, 1e-12)
    nearest = np.clip(-(start[0] * step[0] + start[1] * step[1]) / squared, 0, 1)
    x, y = (start[i] + nearest * step[i] for i in (0, 1))
    inside: NDArray[np.bool_] = x**2 + y**2 < 1
    return inside


def through_boxes(segments: Array, boxes: Array) -> NDArray[np.bool_]:
    """Which segments (… m × 4) enter which boxes (… k × 4: left, top, right, bottom): … m × k."""
    near, far = [], []
    for i in (0, 1):
        start = segments[..., :, None, i]
        step = segments[..., :, None, 2 + i] - start
        step = np.where(np.abs(step) < 1e-9, 1e-9, step)
        one, other = ((boxes[..., None, :, k] - start) / step for k in (i, 2 + i))
        near.append(np.minimum(one, other))
        far.append(np.maximum(one, other))
    enter, leave = np.maximum(*near), np.minimum(*far)
    inside: NDArray[np.bool_] = (enter < leave) & (leave > 0) & (enter < 1)
    return inside


def overlaps(a: Array, b: Array, gap: float = 0.0) -> NDArray[np.bool_]:
    """Which boxes a (… m × 4) come nearer than `gap` to which boxes b (… k × 4): … m × k."""
    a, b = a[..., :, None, :], b[..., None, :, :]
    touching: NDArray[np.bool_] = (
        (a[..., 0] < b[..., 2] + gap)
        & (b[..., 0] < a[..., 2] + gap)
        & (a[..., 1] < b[..., 3] + gap)
        & (b[..., 1] < a[..., 3] + gap)
    )
    return touching


def boxes_on_ellipses(boxes: Array, centres: Array, radii: Array) -> NDArray[np.bool_]:
    """Which boxes (m × 4) touch which ellipses: m × k."""
    corner = np.clip(centres, boxes[:, None, :2], boxes[:, None, 2:])
    # the nearest point in the metric of the ellipse is the clipped centre: the axes are parallel
    touching: NDArray[np.bool_] = (((corner - centres) / radii) ** 2).sum(-1) < 1
    return touching


def bezier(control: Array, samples: int) -> Array:
    """Points on quadratic Bézier curves: (..., 3, 2) → (..., samples, 2)."""
    t = np.linspace(0, 1, samples)[:, None]
    p, q, r = (control[..., None, i, :] for i in range(3))
    points: Array = (1 - t) ** 2 * p + 2 * t * (1 - t) * q + t**2 * r
    return points


def part_of_bezier(control: Array, start: float, end: float) -> Array:
    """The control points of the part of a quadratic Bézier curve between two parameters."""
    p, q, r = control

    def blossom(u: float, v: float) -> Array:
        point: Array = (1 - u) * (1 - v) * p + ((1 - u) * v + u * (1 - v)) * q + u * v * r
        return point

    return np.array([blossom(start, start), blossom(start, end), blossom(end, end)])


def leaves_ellipse(control: Array, centre: Array, radii: Array) -> float:
    """The parameter at which a curve that starts inside an ellipse leaves it."""
    inside, outside = 0.0, 1.0
    points = bezier(control, 65)
    out = np.flatnonzero((((points - centre) / radii) ** 2).sum(-1) > 1)
    if not len(out):
        return 1.0
    inside, outside = max(out[0] - 1, 0) / 64, out[0] / 64
    for _ in range(30):
        middle = (inside + outside) / 2
        point = part_of_bezier(control, middle, middle)[0]
        if (((point - centre) / radii) ** 2).sum() > 1:
            outside = middle
        else:
            inside = middle
    return outside


def polyline(points: Array) -> Array:
    """The segments (… m × 4) of a line through points (… (m + 1) × 2)."""
    return np.concatenate([points[..., :-1, :], points[..., 1:, :]], axis=-1)
