"""Bounds of chance: a hand case, one rate of false alarms for the index and all segments, all but empty segments."""

import numpy as np
import pytest

from crmresearch.segmentation.monitoring.alarm import chance_bounds
from crmresearch.segmentation.monitoring.drift import stability


def test_the_bounds_by_hand() -> None:
    """Shares ½ ± k/1000, k = 1…19 and 0: with two segments the index and the deviation rank alike.

    Counting the actual shares as a 21st, 80 % are 17 of the 20 simulations.
    """
    k = np.array([0, *range(1, 20)]) * np.tile([1, -1], 10)
    first = 0.5 + k / 1000
    simulated = np.column_stack([first, 1 - first])
    found = chance_bounds(simulated, 1000, 0.8)
    assert found.expected == pytest.approx(simulated.mean(axis=0))
    assert found.spread == pytest.approx(simulated.std(axis=0, ddof=1))
    others = [np.delete(simulated, i, axis=0) for i in range(20)]
    psi = sorted(float(stability(rest.mean(axis=0), one)) for rest, one in zip(others, simulated, strict=True))
    away = [
        abs(one[0] - rest[:, 0].mean()) / rest[:, 0].std(ddof=1) for rest, one in zip(others, simulated, strict=True)
    ]
    assert found.psi == pytest.approx(psi[16])
    assert found.deviations == pytest.approx(sorted(away)[16])
    lower, upper = found.intervals
    assert upper - lower == pytest.approx(2 * found.deviations * found.spread)
    assert not found.alarm(found.expected)
    assert found.alarm(upper + np.array([0.001, -0.001]))


def test_unchanged_shares_raise_the_alarm_5_times_of_100() -> None:
    """Multinomial shares of eight segments, 600 worlds: ±2 % is over two standard errors of that rate."""
    p, rng = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.049, 0.001]), np.random.default_rng(1)
    worlds = (rng.multinomial(1500, p, size=61) / 1500 for _ in range(600))
    raised = np.mean([chance_bounds(shares[:60], 1500, 0.95).alarm(shares[60]) for shares in worlds])
    assert 0.03 <= raised <= 0.07


def test_one_segment_far_off_is_an_alarm_though_the_index_is_not() -> None:
    """One of 20 equal segments 3.8 standard deviations up adds 14 to a χ² that chance takes to 30 (19 degrees)."""
    found = chance_bounds(np.random.default_rng(2).multinomial(4000, np.full(20, 0.05), size=200) / 4000, 4000, 0.95)
    shares = found.expected + 0.013 * np.array([1, *[-1 / 19] * 19])
    assert list(np.flatnonzero(found.outside(shares))) == [0]
    assert stability(found.expected, shares) < found.psi
    assert found.alarm(shares)


def test_an_empty_segment_varies_by_one_customer() -> None:
    simulated = np.tile([1.0, 0.0], (20, 1))
    assert chance_bounds(simulated, 500, 0.95).spread.tolist() == [1 / 500, 1 / 500]
