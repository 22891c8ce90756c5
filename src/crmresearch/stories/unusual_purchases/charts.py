"""The figures of what is unusual: every day against what is usual, every order against its customer's others."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from crmresearch.palette import ACCENT, QUIET, WARM
from crmresearch.stories import charts
from crmresearch.stories.unusual_purchases.story import UnusualStory

MOST = 4_000  # usual orders that are drawn, so many of them evenly


def plot_days(story: UnusualStory) -> Figure:
    """Purchases of every day in multiples of what is usual for it, and the days listed."""
    days = story.found.days[story.found.days["p_value"].notna()]
    figure, axes = charts.chart(8.4, 3.4, "", story.say("chart.multiples"), grid="y", kind="lines")
    times = days["purchases"] / days["expected_purchases"]
    axes.plot(days["day"], times, color=QUIET, linewidth=0.9, label=story.say(f"chart.{story.unit}"))
    listed = days["listed"]
    axes.plot(days["day"][listed], times[listed], "o", color=WARM, markersize=5, label=story.say("chart.listed"))
    axes.axhline(1, color=ACCENT, linewidth=1, linestyle="--", label=story.say("chart.usual"))
    axes.set_ylim(bottom=-0.05)
    charts.legend_above(axes)
    return figure


def plot_orders(story: UnusualStory) -> Figure:
    """Amount of orders over the median they are compared with, both on the logarithm; the line is that median."""
    orders = story.found.orders
    orders = orders[(orders["amount"] > 0) & (orders["usual"] > 0) & (orders["measure"] == "amount")]
    listed, others = orders[orders["listed"]], orders[~orders["listed"]]
    others = others.iloc[:: max(1, len(others) // MOST)]
    names = story.say("chart.compared", **story.facts), story.say("chart.amount", **story.facts)
    figure, axes = charts.chart(6.4, 4.6, *names, grid="both", kind="points")
    axes.plot(
        others["usual"], others["amount"], ".", color=QUIET, markersize=3, alpha=0.35, label=story.say("chart.others")
    )
    axes.plot(listed["usual"], listed["amount"], "o", color=WARM, markersize=5.5, label=story.say("chart.listed"))
    ends = np.array([orders["usual"].min(), orders["usual"].max()])
    axes.plot(ends, ends, color=ACCENT, linewidth=1, linestyle="--")
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):  # no powers of ten
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(NullFormatter())
    charts.legend_above(axes)
    return figure
