"""The figures of a customer report: Lorenz curve, recency × frequency, scores, forecast against holdout, retention."""

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, INK, QUIET, WARM
from crmresearch.segmentation.methods.abc_classes import gini, lorenz_curve
from crmresearch.stories import charts
from crmresearch.stories.customer_value.story import CustomerStory

KINDS = {"segmentation": ("o", ACCENT), "forecast": ("D", WARM), "naive": ("s", QUIET)}  # mark and colour


def plot_lorenz(story: CustomerStory) -> Figure:
    """Cumulated share of spend against cumulated share of customers, before and after the cut-off."""
    figure, axes = charts.chart(
        5.2, 4.6, story.say("chart.share_customers"), story.say("chart.share_spend"), kind="gains"
    )
    for column, colour, key in (("monetary_total", ACCENT, "before"), ("holdout_spend", WARM, "after")):
        values = story.table.frame[column]
        if not values.sum() > 0:  # nothing to share
            continue
        curve = lorenz_curve(values)
        name = story.say(f"chart.{key}", gini=gini(values))
        axes.plot(curve["customers"], curve["value"], color=colour, linewidth=2, label=name)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, loc="upper left")
    return figure


def plot_recency_frequency(story: CustomerStory) -> Figure:
    """Mean holdout spend of customers by recency and frequency score, with how many they are."""
    cells = story.cells.pivot_table(index="frequency_score", columns="recency_score")[::-1]
    mean, size = cells["spend_after"], cells["customers"]
    text = mean.map("{:,.0f}\n".format) + size.map("({:,.0f})".format)
    text = text.where(mean.notna(), "")
    words = story.say("chart.mean_spend"), story.say("chart.recency_score"), story.say("chart.frequency_score")
    return charts.heat_map(mean, (0, 0.75), (6.4, 1.5), words, numbers=8.5, labels=10, annot=text, fmt="")


def plot_scores(story: CustomerStory) -> Figure:
    """R² of log holdout spend of every method with its interval, best on top, coloured by kind."""
    scores = story.scores
    names = [story.method_name(key) for key in scores.method]
    figure, axes, heights = charts.row_chart(names, story.say("chart.r2"), top=0.9, row=0.3)
    shown: set[str] = set()
    for y, row in zip(heights, scores.itertuples(), strict=True):
        group = {"learner": "forecast", "none": "naive"}.get(row.kind, row.kind)
        label = None if group in shown else story.say(f"kind.{group}")
        shown.add(group)
        marker, colour = KINDS[group]
        charts.draw_interval(axes, y, row.r2_log, row.r2_log_lower, row.r2_log_upper, colour, marker, label=label)
    charts.legend_above(axes)
    return figure


def plot_calibration(story: CustomerStory) -> Figure:
    """Expected and actual purchases in the holdout by repeat purchases before the cut-off."""
    table = story.forecast.calibration(story.table.frame)
    figure, axes = charts.chart(6.4, 3.6, story.say("chart.repeats"), story.say("chart.purchases"))
    axes.plot(table.index, table.actual, "o-", color=INK, label=story.say("chart.actual"))
    axes.plot(table.index, table.expected, "s--", color=WARM, label=story.say("chart.expected"))
    axes.set_xticks(table.index, [*map(str, table.repeat[:-1]), f"{table.repeat.iloc[-1]}+"])
    axes.legend(frameon=False)
    return figure


def plot_retention(story: CustomerStory, cohorts: pd.DataFrame) -> Figure:
    """Share of each monthly cohort that buys in the months after."""
    after = cohorts[cohorts.months > 0]
    square = 100 * after.pivot_table(index="cohort", columns="months", values="share")
    words = story.say("chart.retention"), story.say("chart.months"), story.say("chart.cohort")
    return charts.heat_map(square, (0, 0.45), (8.4, 1.4), words, labels=10, annot=square.shape[1] <= 20)
