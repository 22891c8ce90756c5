"""The figures of new customers: money foretold and come, the second purchase by day and by week, and who stays."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crmresearch.mining.retention import MONTH
from crmresearch.mining.trial_scores import Tested
from crmresearch.palette import ACCENT, INK, WARM
from crmresearch.stories import charts, foretold
from crmresearch.stories.new_customers.story import NewCustomersStory
from crmresearch.stories.new_customers.tables import calibration


def plot_calibration(story: NewCustomersStory, one: Tested) -> Figure:
    """Mean money that came, with its interval, over the money foretold, in groups of customers; the line is right."""
    table = calibration(one)
    words = story.tell("new_chart.foretold"), story.tell("new_chart.came")
    return foretold.calibration(table, *words, "actual")


def plot_second(story: NewCustomersStory) -> Figure:
    """Share that has bought a second time by the days since the first purchase, with its band and the day to remind."""
    found = story.found.conversion
    assert found is not None
    words = story.say("new_chart.days"), story.say("new_chart.second")
    figure, axes = charts.chart(6.6, 3.9, *words, grid="both")
    curve = _read(found.curve, found.until)
    _steps(axes, curve["time"], 1 - curve[["survival", "ci_upper", "ci_lower"]])
    if found.remind is not None:
        axes.axvline(found.remind, color=WARM, linewidth=1.2, linestyle="--")
        told = story.tell("new_chart.remind", day=found.remind, most=found.most)
        axes.annotate(told, (found.remind, 2), (6, 0), textcoords="offset points", color=INK, fontsize=charts.FONT)
    axes.set(xlim=(0, found.until), ylim=(0, None))
    return figure


def plot_weeks(story: NewCustomersStory) -> Figure:
    """The chance of a second purchase in each week, of those who have not bought again before it."""
    assert story.found.conversion is not None
    weeks = story.found.conversion.weeks
    words = story.say("new_chart.week"), story.say("new_chart.hazard")
    figure, axes = charts.chart(6.6, 3.2, *words, grid="y", kind="points")
    number = weeks["to"] / 7
    axes.vlines(number, 100 * weeks["ci_lower"], 100 * weeks["ci_upper"], color=ACCENT, linewidth=1.8)
    axes.plot(number, 100 * weeks["hazard"], "o", color=ACCENT, markersize=4.5)
    axes.set(ylim=(0, None))
    return figure


def plot_stay(story: NewCustomersStory) -> Figure:
    """Share that has not fallen silent yet by the months since the first purchase, and the model beside it."""
    found = story.found.retention
    assert found is not None
    words = story.say("new_chart.months"), story.say("new_chart.stay")
    figure, axes = charts.chart(6.6, 3.9, *words, grid="both")
    curve = _read(found.curve, found.until)
    seen = story.say("new_chart.seen")
    _steps(axes, curve["time"] / MONTH, curve[["survival", "ci_lower", "ci_upper"]], seen)
    if found.months["model"].notna().any():
        told = story.say("new_chart.model")
        axes.plot(found.months["months"], 100 * found.months["model"], "s--", color=WARM, markersize=5, label=told)
        charts.legend_above(axes)
    axes.set(xlim=(0, found.until / MONTH), ylim=(0, 100))
    return figure


def _read(curve: pd.DataFrame, until: float) -> pd.DataFrame:
    """The curve from 1 on the first day up to the last on which it is read."""
    begin = pd.DataFrame({"time": [0.0], "survival": [1.0], "ci_lower": [1.0], "ci_upper": [1.0]})
    read = curve[curve["time"] <= until]
    return pd.concat([begin, read[list(begin)]], ignore_index=True) if read["time"].gt(0).all() else read


def _steps(axes: Axes, time: pd.Series, shares: pd.DataFrame, label: str | None = None) -> None:
    """A line of steps in its band: the columns are the shares and both ends of their intervals."""
    middle, lower, upper = (100 * shares.to_numpy(dtype=float)).T
    axes.fill_between(np.asarray(time), lower, upper, step="post", color=ACCENT, alpha=0.2, linewidth=0)
    axes.step(np.asarray(time), middle, where="post", color=ACCENT, linewidth=2, label=label)
