"""The figures of segments: what they are made of, and what else sets each apart from all other customers."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, INK, QUIET
from crmresearch.stories import charts
from crmresearch.stories.customer_profiles.story import ProfilesStory

MOST = 15  # rows shown: the widest differences


def plot_made(story: ProfilesStory) -> Figure:
    """A cell a feature and segment: how far the segment lies above (or below) all other customers."""
    made = story.portrait.made.round(1) + 0.0  # what is rounded to zero has no sign
    table = made.rename(index=story.feature, columns=story.segment)
    most = max(0.5, float(np.nanmax(np.abs(table.to_numpy()))))
    words = story.say("chart.difference"), "", ""
    shades: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -most, "vmax": most}
    return charts.heat_map(table, (0.62, 0.42), (3.4, 1.9), words, turned=30, fmt=".1f", linewidths=0.5, **shades)


def plot_told(story: ProfilesStory) -> Figure:
    """A row a difference beyond chance, the widest first, with its interval."""
    rows = story.portrait.beyond_chance.head(MOST)
    names = story.differences("chart.row", rows)
    figure, axes, heights = charts.row_chart(names, story.say("chart.difference"), top=0.9, row=0.42)
    axes.axvline(0, color=QUIET, linewidth=0.9)
    charts.draw_interval(axes, heights, rows["difference"], rows["ci_lower"], rows["ci_upper"], ACCENT)
    axes.xaxis.label.set_color(INK)
    return figure
