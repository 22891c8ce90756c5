"""How much an effect size rests on single answers: each that could move it left out, and the fewest that undo it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.priorities.ceilings import CeilingName, Floats, Points, effect_size, peers_of

MOST_DROPPED = 10  # answers that are left out one after the other


class Influence(NamedTuple):
    """d without single rows: `rows` (m,), places among the points, and `effects` (m,) without each of them.

    `dropped`: how many answers, left out one after the other by how far each lowers d, bring it below the threshold; 0
    where it is not above, −1 where `MOST_DROPPED`, or all but two, do not.
    """

    rows: NDArray[np.intp]
    effects: Floats
    dropped: int


def influence(name: CeilingName, points: Points, threshold: float) -> Influence:
    """What leaving out answers does to d: of the peers and of the ends of the scope, as no other row can move it.

    A peer that is left out lowers the ceiling, and d rises; an end of the scope makes the rectangle smaller, and d
    mostly falls. A place with several answers moves nothing when one of them goes (outliers of NCA: Dul 2024, How to
    handle outliers in NCA, Chapman & Hall; the steps to the threshold are greedy, fewer could do).
    """
    rows, effects = _without_each(name, points)
    return Influence(rows, effects, _to_undo(name, points, threshold))


def _without_each(name: CeilingName, points: Points) -> tuple[NDArray[np.intp], Floats]:
    rows = _movers(points)
    effects = [effect_size(name, Points(*(np.delete(axis, row) for axis in points))) for row in rows]
    return rows, np.array(effects, dtype=np.float64)


def _movers(points: Points) -> NDArray[np.intp]:
    """Rows that are peers or ends of the scope, a row a place."""
    x, y = points
    at_end = [np.flatnonzero(axis == end) for axis in (x, y) for end in (axis.min(), axis.max())]
    ends = [rows for rows in at_end if len(rows) == 1]  # where several share an end, none of them moves it
    peers = [np.flatnonzero((x == px) & (y == py))[0] for px, py in peers_of(points)]
    return np.unique(np.concatenate([*ends, peers]).astype(np.intp))


def _to_undo(name: CeilingName, points: Points, threshold: float) -> int:
    if not effect_size(name, points) >= threshold:
        return 0
    for dropped in range(1, min(MOST_DROPPED, len(points.x) - 2) + 1):
        rows, effects = _without_each(name, points)
        if not len(rows) or np.isnan(effects).all():
            return -1
        lowest = int(np.nanargmin(effects))
        if effects[lowest] < threshold:
            return dropped
        points = Points(*(np.delete(axis, rows[lowest]) for axis in points))
    return -1
