"""What several stories draw: steps in their band, and dots on upright intervals."""

import pandas as pd
from matplotlib.axes import Axes

from crmresearch.palette import ACCENT


def steps(axes: Axes, time: pd.Series, shares: pd.DataFrame, label: str | None = None) -> None:
    """A line of steps in its band, in per cent: the columns are the shares and both ends of their intervals."""
    middle, lower, upper = (100 * shares.to_numpy(dtype=float)).T
    axes.fill_between(time.to_numpy(), lower, upper, step="post", color=ACCENT, alpha=0.2, linewidth=0)
    axes.step(time.to_numpy(), middle, where="post", color=ACCENT, linewidth=2, label=label)


def dots(axes: Axes, x: pd.Series, estimates: pd.DataFrame, *, size: float) -> None:
    """A dot on an upright interval at every x: the columns are the estimate and both ends of its interval."""
    middle, lower, upper = estimates.to_numpy(dtype=float).T
    axes.vlines(x, lower, upper, color=ACCENT, linewidth=1.8)
    axes.plot(x, middle, "o", color=ACCENT, markersize=size)
