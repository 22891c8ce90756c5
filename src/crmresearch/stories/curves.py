"""What several stories draw: steps in their band, dots on upright intervals, and what came over what was foretold."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, QUIET
from crmresearch.stories import charts


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


def foretold(x: str, y: str, table: pd.DataFrame) -> Figure:
    """The mean that came, with its interval, over the mean expected, in groups of customers; the dashed line is right.

    `table`: expected, actual, ci_lower, ci_upper; `x` and `y` name the axes.
    """
    figure, axes = charts.chart(5.6, 4.2, x, y, grid="both", kind="points")
    top = float(table[["expected", "actual", "ci_upper"]].max().max())
    axes.plot([0, top], [0, top], color=QUIET, linewidth=0.8, linestyle="--")
    dots(axes, table["expected"], table[["actual", "ci_lower", "ci_upper"]], size=5.5)
    return figure
