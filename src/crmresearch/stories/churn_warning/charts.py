"""The figures of a churn warning: who ranks best, calibration, how early, and profit by the share of customers."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crmresearch.mining.warners import NAIVE, WARNERS
from crmresearch.palette import ACCENT, QUIET, SERIES, WARM
from crmresearch.stories import charts
from crmresearch.stories.churn_warning.story import ChurnStory

STYLES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))


def plot_ranks(story: ChurnStory) -> Figure:
    """AUC of every warner with its interval; dashed where nobody is told apart."""
    assert story.study.scores is not None
    table = story.study.scores.dropna(subset="auc_upper").query("warner != 'base_rate'").sort_values("auc")[::-1]
    labels = [story.label(name) for name in table["warner"]]
    figure, axes, heights = charts.row_chart(labels, story.say("chart.auc"), top=0.9, row=0.36)
    axes.axvline(0.5, color=QUIET, linewidth=0.8, linestyle="--")
    for height, row in zip(heights, table.itertuples(), strict=True):
        colour = WARM if row.warner == NAIVE else ACCENT
        marker = "s" if row.warner == NAIVE else "o"
        charts.draw_interval(axes, height, row.auc, row.auc_lower, row.auc_upper, colour, marker)
    return figure


def plot_calibration(story: ChurnStory) -> Figure:
    """Share who churned, with its interval, over the probability foretold, by the leader; the dashed line is right."""
    assert story.study.calibration is not None
    table = story.study.calibration.query("warner == @story.study.leader")
    figure, axes = charts.chart(
        5.4, 4.2, story.say("chart.foretold"), story.say("chart.came"), grid="both", kind="points"
    )
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle="--")
    axes.vlines(table["expected"], table["ci_lower"], table["ci_upper"], color=ACCENT, linewidth=1.8)
    axes.plot(table["expected"], table["observed"], "o", color=ACCENT, markersize=5.5)
    top = min(1.0, 1.05 * float(table[["expected", "ci_upper"]].max().max()))
    axes.set(xlim=(0, top), ylim=(0, top))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


def plot_lead(story: ChurnStory) -> Figure:
    """Share of the lost customers warned of, by weeks before the silence reaches the horizon, a line a warner."""
    assert story.study.lead is not None
    figure, axes = charts.chart(7.2, 4.2, story.say("chart.weeks"), story.say("chart.warned"), grid="both")
    for name, part in story.study.lead.curve.groupby("warner", sort=False):
        place = WARNERS.index(str(name))
        style: dict[str, Any] = {"color": SERIES[place], "linestyle": STYLES[place], "label": story.label(str(name))}
        axes.plot(part["weeks"], part["share"], linewidth=2.4 if name == story.study.leader else 1.4, **style)
        if name == story.study.leader:
            axes.fill_between(part["weeks"], part["ci_lower"], part["ci_upper"], color=SERIES[place], alpha=0.15)
    axes.invert_xaxis()
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    charts.legend_above(axes, 2)
    return figure


def plot_profit(story: ChurnStory) -> Figure:
    """Profit at the assumed success over the share of customers who get the offer, a line a warner."""
    assert story.study.money is not None
    result = story.study.money[1]
    labels = story.tell("chart.contacted"), story.tell("chart.profit")
    figure, axes = charts.chart(7.2, 4.2, *labels, grid="both")
    for name, part in result.curve.groupby("warner", sort=False):
        place = WARNERS.index(str(name))
        style: dict[str, Any] = {"color": SERIES[place], "linestyle": STYLES[place], "label": story.label(str(name))}
        axes.plot(part["share"], part["realised"], linewidth=2.4 if name == story.study.leader else 1.4, **style)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    charts.legend_above(axes, 2)
    return figure
