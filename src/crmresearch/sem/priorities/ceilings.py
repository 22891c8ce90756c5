"""Ceilings over the points of a condition x and an outcome y, above which nobody lies: CE-FDH and CR-FDH.

Dul (2016), Necessary condition analysis (NCA): logic and methodology of "necessary but not sufficient" causality,
Organizational Research Methods 19, 10–52.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CeilingName = Literal["ce_fdh", "cr_fdh"]
CEILINGS: tuple[CeilingName, ...] = ("ce_fdh", "cr_fdh")
NEAR = 1e-9  # of the range of y: what lies higher above a line is above it


class Points(NamedTuple):
    """n points in the order of ascending x, of equal x the highest y first."""

    x: Floats
    y: Floats


@dataclass(frozen=True)
class Ceiling:
    """One ceiling: its `effect` size d, the zone above it as a share of the scope, the rectangle of all points.

    `peers` (k, 2) are the points that carry it. `intercept` and `slope` are those of the line, NaN of CE-FDH and where
    there is a single peer (d = 0). `above`: points above it; `accuracy`: the share of those that are not.
    """

    name: CeilingName
    effect: float
    accuracy: float
    above: int
    peers: Floats
    intercept: float
    slope: float

    def drawn(self, points: Points) -> Floats:
        """Places (m, 2) whose connexion is the ceiling, from the lowest to the highest x: the corners of the steps of
        CE-FDH, the ends of the line of CR-FDH (NaN where there is none)."""
        if self.name == "cr_fdh":
            ends = points.x[[0, -1]]
            return np.column_stack([ends, self.intercept + self.slope * ends])
        x, y = self.peers.T
        return np.column_stack([np.repeat(np.append(x, points.x[-1]), 2)[1:-1], np.repeat(y, 2)])

    def required(self, levels: Floats, points: Points) -> Floats:
        """The least x (levels,) with which an outcome of each level occurs: −inf where any x does, NaN where none.

        CE-FDH: the x of the first peer whose y reaches the level. CR-FDH: (level − intercept) / slope. NaN above the
        highest y, and where the line asks for more than the highest x.
        """
        low, high, top = points.x[0], points.x[-1], points.y.max()
        near = NEAR * max(top - points.y.min(), 1e-300)
        x, y = self.peers.T
        if self.name == "ce_fdh" or len(self.peers) == 1:
            need = np.append(x, np.nan)[np.searchsorted(y, levels - near)]
        else:
            need = (levels - self.intercept) / self.slope
        need = np.where((levels > top + near) | (need > high + NEAR * (high - low)), np.nan, need)
        return np.where(need <= low + NEAR * (high - low), -np.inf, need)


def order_of(x: Floats, y: Floats) -> NDArray[np.intp]:
    """The rows (n,) in the order in which ceilings are read."""
    return np.lexsort((-y, x))


def ordered(x: Floats, y: Floats) -> Points:
    """The points in the order in which ceilings are read."""
    order = order_of(x, y)
    return Points(x[order], y[order])


def peers_of(points: Points) -> Floats:
    """The peers (k, 2): points with a higher y than every point of smaller or equal x; each place counts once.

    The R package NCA keeps every copy of a peer that several respondents share, so that it counts double in the line;
    here, as in Dul (2016), peers are places of the plane.
    """
    before = np.maximum.accumulate(points.y)[:-1]
    new = np.append(True, points.y[1:] > before)
    return np.column_stack([points.x[new], points.y[new]])


def effect_size(name: CeilingName, points: Points) -> float:
    """d of one ceiling; NaN where x or y does not vary. 40 µs for 8,000 points, for it is asked for often."""
    peers = peers_of(points)
    low, high, bottom, top = points.x[0], points.x[-1], points.y.min(), peers[-1, 1]
    if not (high > low and top > bottom):
        return float("nan")
    if name == "ce_fdh":
        zone = float(((peers[1:, 0] - low) * np.diff(peers[:, 1])).sum())
    else:
        sums = np.array([len(peers), *peers.sum(axis=0), (peers[:, 0] ** 2).sum(), (peers[:, 0] * peers[:, 1]).sum()])
        zone = float(zone_above_lines(*lines(*sums[:, None]), (low, high), (bottom, top))[0])
    return zone / float((high - low) * (top - bottom))


def ceiling(name: CeilingName, points: Points) -> Ceiling:
    """One ceiling over points whose x and y vary."""
    peers = peers_of(points)
    intercept = slope = float("nan")
    above = 0
    if name == "cr_fdh" and len(peers) > 1:
        x, y = peers.T
        slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
        intercept = float(y.mean() - slope * x.mean())
        span = points.y.max() - points.y.min()
        above = int((points.y - (intercept + slope * points.x) > NEAR * span).sum())
    d, n = effect_size(name, points), len(points.x)
    return Ceiling(name, d, (n - above) / n, above, peers, intercept, slope)


def lines(count: Floats, x: Floats, y: Floats, xx: Floats, xy: Floats) -> tuple[Floats, Floats]:
    """Intercepts and slopes (B,) of least squares from counts and sums; NaN of a single point."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (xy - x * y / count) / (xx - x * x / count)
        slope = np.where(count > 1, slope, np.nan)
    return (y - slope * x) / count, slope


def zone_above_lines(intercept: Floats, slope: Floats, x: tuple[float, float], y: tuple[float, float]) -> Floats:
    """Area (B,) of the rectangle of `x` and `y` (lowest, highest) above lines that rise; 0 where there is none.

    Peers rise in both directions, and so does every line through them. The height above the line, cut off at the
    rectangle, is integrated in closed form.
    """
    height = y[1] - y[0]

    def integral(u: Floats) -> Floats:  # of the height u, cut to 0 … height
        inside = np.clip(u, 0, height)
        return np.asarray(inside**2 / 2 + height * np.maximum(u - height, 0))

    with np.errstate(invalid="ignore"):
        ends = [integral(y[1] - intercept - slope * end) for end in x]
        return np.nan_to_num((ends[0] - ends[1]) / slope)
