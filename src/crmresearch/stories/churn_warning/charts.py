"""The figures of a churn warning: who ranks best, calibration, how early, and profit by the share of customers."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crmresearch.mining.churn.warners import NAIVE, WARNERS
from crmresearch.palette import ACCENT, QUIET, SERIES, WARM
from crmresearch.stories import charts, foretold
from crmresearch.stories.churn_warning.story import ChurnStory

WIDTH = 5.8  # inches: whole on a telephone
STYLES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))


def plot_ranks(story: ChurnStory) -> Figure:
    """AUC of every warner with its interval; on the dashed line nobody is told apart."""
    assert story.study.scores is not None
    table = story.study.scores.dropna(subset="auc_upper").query("warner != 'base_rate'").sort_values("auc")[::-1]
    labels = [story.label(name) for name in table["warner"]]
    figure, axes, heights = charts.row_chart(labels, story.say("chart.auc"), top=0.9, row=0.36, width=WIDTH)
    axes.axvline(0.5, color=QUIET, linewidth=0.8, linestyle="--")
    for height, row in zip(heights, table.itertuples(), strict=True):
        mark = (WARM, "s") if row.warner == NAIVE else (ACCENT, "o")
        charts.draw_interval(axes, height, row.auc, row.auc_lower, row.auc_upper, *mark)
    return figure


def plot_calibration(story: ChurnStory) -> Figure:
    """Share who churned, with its interval, over the probability foretold, by the leader; the dashed line is right."""
    table = story.study.leader_calibration
    assert table is not None
    return foretold.calibration(table, story.say("chart.foretold"), story.say("chart.came"), "observed", shares=True)


def plot_lead(story: ChurnStory) -> Figure:
    """Share of the lost customers warned of, by weeks before the silence reaches the horizon, a line a warner."""
    assert story.study.lead is not None
    figure, axes = _lines(story, story.study.lead.curve, "weeks", "share", "chart.weeks", "chart.warned")
    axes.invert_xaxis()
    foretold.in_percent(axes.yaxis)
    return figure


def plot_profit(story: ChurnStory) -> Figure:
    """Profit at the assumed success over the share of customers who get the offer, a line a warner."""
    assert story.study.money is not None
    curve = story.study.money.result.curve
    figure, axes = _lines(story, curve, "share", "realised", "chart.contacted", "chart.profit")
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    foretold.in_percent(axes.xaxis)
    return figure


def _lines(story: ChurnStory, curve: pd.DataFrame, x: str, y: str, *names: str) -> tuple[Figure, Axes]:
    """A line a warner, the leader's bold and in its interval, where there is one; `names`: of the axes, by key."""
    figure, axes = charts.chart(WIDTH, 4.2, *map(story.say, names), grid="both")
    for name, part in curve.groupby("warner", sort=False):
        place, width = WARNERS.index(str(name)), 2.4 if name == story.study.leader else 1.4
        style: dict[str, Any] = {"color": SERIES[place], "linestyle": STYLES[place], "linewidth": width}
        axes.plot(part[x], part[y], label=story.label(str(name)), **style)
        if name == story.study.leader and "ci_lower" in part:
            axes.fill_between(part[x], part["ci_lower"], part["ci_upper"], color=SERIES[place], alpha=0.15)
    charts.legend_above(axes, 2)
    return figure, axes
