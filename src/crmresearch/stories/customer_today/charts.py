"""The figures of today: who holds the expected value, and the forecast against what came one window back."""

import numpy as np
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, INK, QUIET, WARM
from crmresearch.stories import charts, foretold
from crmresearch.stories.customer_today.story import TodayStory


def plot_half(story: TodayStory) -> Figure:
    """Share of the expected value over the share of customers, most first, with the list that holds half of it."""
    figure, axes = charts.chart(
        5.2, 4.2, story.say("chart.share_first"), story.say("chart.share_value"), grid="both", kind="gains"
    )
    ranked = np.sort(story.customers["expected_value"].fillna(0).clip(lower=0))[::-1]
    share, count = np.concatenate([[0], ranked.cumsum() / ranked.sum()]), len(story.half)
    axes.plot(np.linspace(0, 1, len(share)), share, color=ACCENT, linewidth=2)
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle="--")
    axes.plot(count / len(ranked), share[count], "o", color=WARM)
    told, place = story.say("chart.half", count=count), (count / len(ranked), share[count])
    axes.annotate(told, place, (12, -12), textcoords="offset points", color=INK)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    return figure


def plot_calibration(story: TodayStory) -> Figure:
    """Mean purchases that came, with their interval, over those expected, in groups of customers; the line is right."""
    words = story.say("chart.foretold"), story.say("chart.came")
    return foretold.calibration(story.checks[0].calibration(), *words, "actual")
