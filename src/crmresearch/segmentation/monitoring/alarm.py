"""Bounds on how far chance takes segment shares, so that unchanged customers seldom raise an alarm."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.monitoring.drift import stability


@dataclass(frozen=True)
class ChanceBounds:
    """Shares to expect (segments), their spread, and the bounds that a share `level` of simulations keeps together.

    `psi` bounds the population stability index of shares against the expected ones, `deviations` the distance of any
    one segment from its expected share, in units of its spread.
    """

    expected: Floats
    spread: Floats
    psi: float
    deviations: float

    @property
    def intervals(self) -> tuple[Floats, Floats]:
        """Lower and upper bound of every share: simultaneous, so that none of them is passed at the level."""
        reach = self.deviations * self.spread
        return np.maximum(self.expected - reach, 0.0), np.minimum(self.expected + reach, 1.0)

    def outside(self, shares: Floats) -> np.ndarray:
        """Which shares lie outside their interval."""
        lower, upper = self.intervals
        return (shares < lower) | (shares > upper)

    def alarm(self, shares: Floats) -> bool:
        """Whether shares lie beyond what chance does: all together (PSI), or any one outside its interval."""
        return bool(stability(self.expected, shares) > self.psi or self.outside(shares).any())


def chance_bounds(simulated: Floats, customers: int, level: float) -> ChanceBounds:
    """The bounds that `level` of the simulated shares (simulations × segments) of so many customers keep.

    Every simulation is compared with the others as the actual shares are compared with all of them: PSI against the
    mean of the others, and the widest deviation from it over segments in units of their standard deviation. Both
    bounds stand at the same rank, the lowest at which the share of simulations beyond either is no more than
    1 − level (counting the actual shares as one more simulation): one rate of false alarms for the index and all
    segments together. The spread is at least one customer, since an all but empty segment varies by no less.
    """
    n = len(simulated)
    expected = simulated.mean(axis=0)
    away = simulated - expected
    squares = (away**2).sum(axis=0)
    others = expected - away / (n - 1)
    spread = np.sqrt(np.maximum(squares - away**2 * n / (n - 1), 0.0) / (n - 2))  # of the others
    psi = stability(others, simulated)
    deviations = (np.abs(simulated - others) / np.maximum(spread, 1 / customers)).max(axis=-1)
    worst = np.maximum(rankdata(psi, "max"), rankdata(deviations, "max")).astype(int)
    rank = np.sort(worst)[min(int(np.ceil(level * (n + 1))), n) - 1] - 1
    overall = np.maximum(np.sqrt(squares / (n - 1)), 1 / customers)
    return ChanceBounds(expected, overall, float(np.sort(psi)[rank]), float(np.sort(deviations)[rank]))
