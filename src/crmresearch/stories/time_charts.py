"""What charts over the days of the calendar share: panels one below the other, one legend, a few of the days named."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from crmresearch.palette import INK
from crmresearch.stories import charts

TICKS = 6


def places(days: Any) -> Any:
    """Where days, dates or their ISO names, stand on the axis (n,)."""
    return date2num(pd.to_datetime(days))


def name_days(axes: Axes, days: Sequence[str], label: str = "") -> None:
    """Up to six of the days below, in words that do not depend on where the page is read, and what they are."""
    chosen = [days[round(k)] for k in np.linspace(0, len(days) - 1, min(TICKS, len(days)))]
    axes.set_xticks(places(chosen), chosen)
    if label:
        axes.set_xlabel(label)


def stacked(titles: Sequence[str], height: float) -> tuple[Figure, list[Axes]]:
    """Panels of so many inches one below the other over the same days."""
    size = 7.6, height * len(titles)
    figure, grid = plt.subplots(len(titles), 1, figsize=size, sharex=True, layout="constrained", squeeze=False)
    figure.set_label("lines")
    for axes, title in zip(grid[:, 0], titles, strict=True):
        charts.dress(axes, "y")
        axes.set_title(title, loc="left", fontsize=9.5, color=INK)
        axes.yaxis.set_major_formatter("{x:,.0f}")
    return figure, list(grid[:, 0])


def legend_of_all(figure: Figure, axes: Axes) -> None:
    """What is drawn alike in all panels, above the first."""
    figure.legend(*axes.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=4, fontsize=8.5)
