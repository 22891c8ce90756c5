"""The figures of cross-selling: pairs against what chance has, and how often recommendations were right."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crmresearch.palette import ACCENT, WARM
from crmresearch.stories import charts
from crmresearch.stories.cross_selling.story import CrossStory

MOST = 12


def plot_pairs(story: CrossStory) -> Figure:
    """Baskets that hold a pair, and as many as chance has given their sizes, of the surest pairs."""
    table = story.found.pairs.head(MOST)
    labels = [story.say("chart.pair", row) for row in table.itertuples()]
    figure, axes, heights = charts.row_chart(labels, story.say("chart.baskets"), top=1.0, row=0.36, kind="row_bars")
    axes.barh(heights, table["baskets"], height=0.5, color=ACCENT, label=story.say("chart.together"))
    axes.plot(table["expected"], heights, "D", color=WARM, markersize=6, label=story.say("chart.by_chance"))
    axes.set_xlim(left=0)
    charts.legend_above(axes)
    return figure


def plot_hits(story: CrossStory) -> Figure:
    """The hit rate of every way to recommend, with its interval, for all items and for new ones."""
    assert story.found.hits is not None
    table = story.found.hits.table
    names = list(dict.fromkeys(table["recommender"]))
    tasks = list(dict.fromkeys(table["task"]))
    figure, panels, heights = charts.row_panels(
        [story.say(f"task.{task}") for task in tasks], [story.recommender(name) for name in names],
        story.say("chart.hit_rate"), width=2.6,
    )  # fmt: skip
    for axes, task in zip(panels, tasks, strict=True):
        rows = table[table["task"] == task].set_index("recommender").reindex(names)
        known = np.flatnonzero(rows["hit_rate"].notna())
        part = rows.iloc[known]
        charts.draw_interval(axes, heights[known], part["hit_rate"], part["ci_lower"], part["ci_upper"], ACCENT)
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure
