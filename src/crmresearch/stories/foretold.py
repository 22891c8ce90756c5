"""What stories of forecasts draw alike: what came against what was foretold, and axes of shares."""

import pandas as pd
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crmresearch.palette import ACCENT, QUIET
from crmresearch.stories.charts import chart


def calibration(table: pd.DataFrame, x: str, y: str, came: str, *, shares: bool = False) -> Figure:
    """What came (column `came`) of each group with its interval, over what was `expected`; on the dashed line, right.

    `x` and `y`: names of the axes; `shares`: both are probabilities, shown as percents from 0 to 1 at most.
    """
    figure, axes = chart(5.6, 4.2, x, y, grid="both", kind="points")
    top = float(table[["expected", came, "ci_upper"]].max().max()) * 1.03
    if shares:
        top = min(1.0, top)
        axes.set(xlim=(0, top), ylim=(0, top))
        in_percent(axes.xaxis, axes.yaxis)
    axes.plot([0, top], [0, top], color=QUIET, linewidth=0.8, linestyle="--")
    axes.vlines(table["expected"], table["ci_lower"], table["ci_upper"], color=ACCENT, linewidth=1.8)
    axes.plot(table["expected"], table[came], "o", color=ACCENT, markersize=5.5)
    return figure


def in_percent(*axes: Axis) -> None:
    """Shares along these axes are shown as whole percents."""
    for axis in axes:
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
