"""The figures of new customers: money foretold and come, the second purchase by day and by week, and who stays."""

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.mining.newcomers.conversion import Conversion
from crmresearch.mining.newcomers.retention import MONTH, Retention
from crmresearch.mining.newcomers.survival import read_until
from crmresearch.mining.newcomers.trial_scores import Tested
from crmresearch.palette import INK, WARM
from crmresearch.stories import charts, foretold
from crmresearch.stories.curves import dots, steps
from crmresearch.stories.new_customers.story import NewCustomersStory


def plot_calibration(story: NewCustomersStory, one: Tested) -> Figure:
    """Mean money that came, with its interval, over the money foretold, in groups of customers; the line is right."""
    words = story.say("new_chart.foretold"), story.say("new_chart.came")
    return foretold.calibration(one.calibration(), *words, "actual")


def plot_second(story: NewCustomersStory, found: Conversion) -> Figure:
    """Share that has bought a second time by the days since the first purchase, with its band and the day to remind."""
    words = story.say("new_chart.days"), story.say("new_chart.second")
    figure, axes = charts.chart(6.6, 3.9, *words, grid="both")
    curve = read_until(found.curve, found.until)
    steps(axes, curve["time"], 1 - curve[["survival", "ci_upper", "ci_lower"]])
    if found.remind is not None:
        axes.axvline(found.remind, color=WARM, linewidth=1.2, linestyle="--")
        told, at = story.say("new_chart.remind"), (found.remind, 2)
        offset, side = (6, "left") if found.remind < found.until / 2 else (-6, "right")  # where there is room
        axes.annotate(told, at, (offset, 0), textcoords="offset points", ha=side, color=INK, fontsize=charts.FONT)
    axes.set(xlim=(0, found.until), ylim=(0, None))
    return figure


def plot_weeks(story: NewCustomersStory, weeks: pd.DataFrame) -> Figure:
    """The chance of a second purchase in each week, of those who have not bought again before it."""
    words = story.say("new_chart.week"), story.say("new_chart.hazard")
    figure, axes = charts.chart(6.6, 3.2, *words, grid="y", kind="points")
    dots(axes, weeks["to"] / 7, 100 * weeks[["hazard", "ci_lower", "ci_upper"]], size=4.5)
    axes.set(ylim=(0, None))
    return figure


def plot_stay(story: NewCustomersStory, found: Retention) -> Figure:
    """Share that has not fallen silent yet by the months since the first purchase, and the model beside it."""
    words = story.say("new_chart.months"), story.say("new_chart.stay")
    figure, axes = charts.chart(6.6, 3.9, *words, grid="both")
    curve, months = read_until(found.curve, found.until), found.months.dropna(subset="model")
    steps(axes, curve["time"] / MONTH, curve[["survival", "ci_lower", "ci_upper"]], label=story.say("new_chart.seen"))
    if len(months):
        told = story.say("new_chart.model")
        axes.plot(months["months"], 100 * months["model"], "s--", color=WARM, markersize=5, label=told)
        charts.legend_above(axes)
    axes.set(xlim=(0, found.until / MONTH), ylim=(0, 100))
    return figure
