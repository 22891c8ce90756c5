"""The figures of what followed from loyalty: effects on purchases and profit, and value by satisfaction."""

import numpy as np
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, INK, QUIET, SKY, WARM
from crmresearch.stories import charts
from crmresearch.stories.profit_link.story import ProfitLinkStory
from crmresearch.strategy.profit_link import CHANGE, LEVELS

STYLES = {"stated": (ACCENT, "o"), "corrected": (WARM, "s"), "true": (QUIET, "^")}
OF_VALUE = {"low": (SKY, "o", 0.2), "middle": (QUIET, "^", 0.0), "high": (WARM, "s", -0.2)}


def plot_effects(story: ProfitLinkStory) -> Figure:
    """Per cent more for each standard deviation of loyalty, a row an outcome and control, a mark a measure."""
    known = 100 * story.link.effects.set_index(["measure", "outcome", "control"])[list(CHANGE)]
    rows = list(known.index.droplevel("measure").unique())
    labels = [f"{story.say(f'outcome.{outcome}')} · {story.say(f'control.{control}')}" for outcome, control in rows]
    figure, axes, height = charts.row_chart(labels, story.say("link_chart.change"), top=1.2, row=0.62)
    measures = [measure for measure in STYLES if measure in known.index]
    places = np.linspace(-0.22, 0.22, len(measures)) if len(measures) > 1 else [0.0]
    named = {one: (story.say(f"measure.{one}"), *STYLES[one], at) for one, at in zip(measures, places, strict=True)}
    charts.draw_marks(axes, height, known, rows, named)
    for outcome, effect in (story.planted or {}).items():
        if (outcome, "none") in rows:
            y = height[rows.index((outcome, "none"))]
            label = story.say("link_chart.planted") if outcome == rows[0][0] else "_"
            axes.vlines(100 * np.expm1(effect), y - 0.4, y + 0.4, color=INK, linestyle="--", linewidth=1, label=label)
    axes.axvline(0, color=INK, linewidth=0.8)
    charts.legend_above(axes, 2)
    return figure


def plot_value(story: ProfitLinkStory) -> Figure:
    """Share of customers of high, middle and low value among the more and the less satisfied."""
    known = 100 * story.link.cells.set_index(["value", "satisfaction"])[["share", "ci_lower", "ci_upper"]]
    rows = [level for level in reversed(LEVELS) if level in known.index.unique("satisfaction")]
    labels = [story.say(f"level.{level}") for level in rows]
    figure, axes, height = charts.row_chart(labels, story.say("link_chart.share"), top=1.2, row=0.62)
    named = {level: (story.say(f"value_level.{level}"), *style) for level, style in OF_VALUE.items()}
    charts.draw_marks(axes, height, known, rows, named)
    axes.axvline(100 / 3, color=INK, linestyle="--", linewidth=1)
    charts.legend_above(axes)
    return figure
